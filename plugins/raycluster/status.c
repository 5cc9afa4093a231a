/* State, counts, endpoints, head (reference 7). */
#include "raycluster.h"

struct tally {
    int64_t pods, running, ready; /* of these two only workers count */
    int64_t all_running; /* each pod Running, none with a Ready condition other than True */
    const rk_json *head;
};

static struct tally count(const rk_api *rk, rk_pass *ps)
{
    struct tally t = {.all_running = 1};
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD))) {
        if (!ray_is(rk, ps, pod, NULL))
            continue;
        int runs = rk_is(rk->str(pod, "/status/phase", NULL), "Running");
        t.pods++;
        if (!runs || (rk->at(pod, RAYCLUSTER_READY) && !ray_ready(rk, pod)))
            t.all_running = 0;
        if (ray_is(rk, ps, pod, "head"))
            t.head = pod;
        if (!ray_is(rk, ps, pod, "worker"))
            continue;
        t.running += runs;
        t.ready += runs && ray_ready(rk, pod);
    }
    t.all_running = t.all_running && t.pods > 0;
    return t;
}

static int64_t capped(int64_t n)
{
    return n > INT32_MAX ? INT32_MAX : n;
}

/* int32 fields are absent at 0, as a Go writer leaves them. */
static void number(const rk_api *rk, rk_pass *ps, const char *path, int64_t n)
{
    rk_obj *st = rk->status(ps);
    if (n == 0)
        (void)rk->drop(st, path); /* not there: well */
    else
        (void)rk_set_num(rk, ps, st, path, capped(n)); /* our own path: cannot be refused */
}

static void text(const rk_api *rk, rk_pass *ps, const char *path, const char *s)
{
    (void)rk_set_str(rk, ps, rk->status(ps), path, s); /* as above */
}

struct wanted {
    const char *cpu, *memory, *gpu, *tpu;
};

/* Requests, else limits, of the containers of one template, `times` over. */
static void add_template(const rk_api *rk, rk_pass *ps, const rk_json *group, int64_t times,
                         struct wanted *w)
{
    for (RK_EACH(rk, c, rk->at(group, "/template/spec/containers"))) {
        const rk_json *requests = rk->at(c, "/resources/requests"),
                      *limits = rk->at(c, "/resources/limits");
        for (int pass = 0; pass < 2; pass++)
            for (RK_EACH_MEMBER(rk, r, pass ? limits : requests)) {
                const char *name = rk->key(r), *q = rk->str(r, "", rk->number_text(r));
                if (!name || !q || (pass && rk->at(requests, rk_under(rk, ps, "", name))))
                    continue;
                const char **slot = rk_is(name, "cpu")              ? &w->cpu
                                    : rk_is(name, "memory")         ? &w->memory
                                    : rk_is(name, "google.com/tpu") ? &w->tpu
                                    : ray_is_gpu(name)              ? &w->gpu
                                                                    : NULL;
                const char *sum = slot ? rk->qty_add(ps, *slot, rk->qty_mul(ps, q, times)) : NULL;
                if (sum)
                    *slot = sum;
            }
    }
}

/* Raw replicas, not clamped: what the peer shows and boards are used to. Suspended groups count nothing. */
static void desired(const rk_api *rk, rk_pass *ps)
{
    struct wanted w = {"0", "0", "0", "0"};
    int64_t pods = 0, min = 0, max = 0;
    add_template(rk, ps, rk->at(rk->object(ps), RAY_HEAD_SPEC), 1, &w);
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs"))) {
        int64_t hosts = ray_hosts(rk, g);
        if (ray_suspended(rk, g))
            continue;
        add_template(rk, ps, g, ray_count(rk, g, "/replicas", 0) * hosts, &w);
        pods = capped(pods + ray_desired(rk, g));
        min = capped(min + ray_count(rk, g, "/minReplicas", 0) * hosts);
        max = capped(max + ray_count(rk, g, "/maxReplicas", INT32_MAX) * hosts);
    }
    text(rk, ps, "/desiredCPU", w.cpu);
    text(rk, ps, "/desiredMemory", w.memory);
    text(rk, ps, "/desiredGPU", w.gpu);
    text(rk, ps, "/desiredTPU", w.tpu);
    number(rk, ps, "/desiredWorkerReplicas", pods);
    number(rk, ps, "/minWorkerReplicas", min);
    number(rk, ps, "/maxWorkerReplicas", max);
}

/* One that stays, if there is one: its successor is made while the other still goes. */
static const rk_json *head_service(const rk_api *rk, rk_pass *ps)
{
    const rk_json *going = NULL;
    for (RK_EACH(rk, s, rk->list(ps, RAY_SERVICE))) {
        if (!rk_is(ray_label(rk, ps, s, RAY_L_TYPE), "head") ||
            !rk_is(ray_label(rk, ps, s, RAY_L_ID), ray_identifier(rk, ps, "head")))
            continue;
        if (!ray_terminating(rk, s))
            return s;
        going = s;
    }
    return going;
}

/* Of the head nothing is told that is not known yet: no field, not an empty one. */
static void of_head(const rk_api *rk, rk_pass *ps, const char *path, const char *s)
{
    if (s[0])
        text(rk, ps, path, s);
    else
        (void)rk->drop(rk->status(ps), path); /* not there: well */
}

static void addresses(const rk_api *rk, rk_pass *ps, const rk_json *svc, const rk_json *head)
{
    const char *ip = rk->str(svc, "/spec/clusterIP", ""),
               *pod_ip = rk->str(head, "/status/podIP", "");
    for (RK_EACH(rk, p, rk->at(svc, "/spec/ports"))) {
        const char *name = rk->str(p, "/name", "");
        int64_t node = rk->num(p, "/nodePort", 0), target = rk->num(p, "/targetPort", 0);
        const char *value = node     ? rk->fmt(ps, "%lld", (long long)node)
                            : target ? rk->fmt(ps, "%lld", (long long)target)
                                     : rk->str(p, "/targetPort", "");
        if (name[0] && value[0])
            text(rk, ps, rk_under(rk, ps, "/endpoints", name), value);
    }
    of_head(rk, ps, "/head/podIP", pod_ip);
    of_head(rk, ps, "/head/podName", rk->str(head, "/metadata/name", ""));
    of_head(rk, ps, "/head/serviceName", rk->str(svc, "/metadata/name", ""));
    of_head(rk, ps, "/head/serviceIP", rk_is(ip, "None") ? pod_ip : ip);
}

int32_t raycluster_status(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *svc = head_service(rk, ps), *o = rk->object(ps);
    struct tally t = count(rk, ps);
    rk_outcome failed = {.size = sizeof(failed)};
    (void)self;
    /* Before the first Service there is nothing to tell; one that cannot be made is told. */
    if (!svc && rk->failures(ps) == 0 &&
        !(rk->outcome(ps, RAY_SERVICE, "", &failed) && failed.failures))
        return RK_OK;
    if (rk->deleting(ps))
        return RK_OK;
    (void)rk_set_num(rk, ps, rk->status(ps), "/observedGeneration",
                     rk->num(o, "/metadata/generation", 0)); /* our own path */
    number(rk, ps, "/readyWorkerReplicas", t.ready);
    number(rk, ps, "/availableWorkerReplicas", t.running);
    desired(rk, ps);
    int64_t want = rk->num(rk->tree(rk->status(ps)), "/desiredWorkerReplicas", 0) + 1;
    int well = rk->failures(ps) == 0 && t.all_running && t.pods == want;
    if (well && !rk_is(rk->str(o, "/status/state", NULL), "ready")) {
        text(rk, ps, "/state", "ready");
        text(rk, ps, "/stateTransitionTimes/ready", rk->now_text(ps));
    }
    raycluster_head_condition(rk, ps, t.head);
    raycluster_provisioned(rk, ps, t.all_running && t.pods == want);
    if (svc)
        addresses(rk, ps, svc, t.head);
    return rk->stamp(ps, "/lastUpdateTime");
}
