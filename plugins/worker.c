/* worker: the pods of each worker group: how many, which must go, who they are (reference 4.2, 6.2).
 *
 * Unlike the peer: names in workersToDelete bind only pods of their own group, and terminating pods do not count, so that a pod that cannot end (dead
 * node, stuck finalizer) does not block its successor. */
#include <raykeeper/ray.h>

struct pods { /* of one group */
    const rk_json **pod;
    const char **why; /* goes, and why; NULL = stays */
    int64_t *index;   /* replica index; -1 = none readable */
    uint32_t n;
};

static int64_t index_of(const rk_api *rk, rk_pass *ps, const rk_json *pod)
{
    int64_t n = -1;
    const char *text = ray_label(rk, ps, pod, RAY_L_INDEX);
    return text[0] && rk->qty_value(text, &n) == RK_OK && n >= 0 ? n : -1;
}

static int named(const rk_api *rk, const rk_json *list, const char *name)
{
    for (RK_EACH(rk, it, list))
        if (rk_is(rk->str(it, "", NULL), name))
            return 1;
    return 0;
}

static void collect(const rk_api *rk, rk_pass *ps, const rk_json *group, struct pods *ret)
{
    const rk_json *all = rk->list(ps, RAY_POD),
                  *reap = rk->at(group, "/scaleStrategy/workersToDelete");
    const char *name = rk->str(group, "/groupName", "");
    size_t room = rk->len(all, "") + 1;
    ret->pod = rk->alloc(ps, room * sizeof(*ret->pod));
    ret->why = rk->alloc(ps, room * sizeof(*ret->why));
    ret->index = rk->alloc(ps, room * sizeof(*ret->index));
    for (RK_EACH(rk, pod, all)) {
        if (!ray_is(rk, ps, pod, "worker") || ray_terminating(rk, pod) ||
            !rk_is(ray_label(rk, ps, pod, RAY_L_GROUP), name))
            continue;
        ret->pod[ret->n] = pod;
        ret->index[ret->n] = index_of(rk, ps, pod);
        ret->why[ret->n] = ray_dead(rk, ps, pod);
        if (!ret->why[ret->n] && named(rk, reap, rk->str(pod, "/metadata/name", "")))
            ret->why[ret->n] = "named in workersToDelete";
        ret->n++;
    }
}

/* Who goes first when there are too many: pending, then not ready, then the youngest (reference users 7). */
static int rank_of(const rk_api *rk, const rk_json *pod)
{
    if (!rk_is(rk->str(pod, "/status/phase", ""), "Running"))
        return 0;
    for (RK_EACH(rk, c, rk->at(pod, "/status/conditions")))
        if (rk_is(rk->str(c, "/type", NULL), "Ready"))
            return rk_is(rk->str(c, "/status", NULL), "True") ? 2 : 1;
    return 1;
}

static void shrink(const rk_api *rk, struct pods *p, int64_t surplus)
{
    for (; surplus > 0; surplus--) {
        uint32_t best = p->n;
        for (uint32_t i = 0; i < p->n; i++) {
            if (p->why[i])
                continue;
            int a = rank_of(rk, p->pod[i]), b = best < p->n ? rank_of(rk, p->pod[best]) : 3;
            if (a < b ||
                (a == b && strcmp(rk->str(p->pod[i], "/metadata/creationTimestamp", ""),
                                  rk->str(p->pod[best], "/metadata/creationTimestamp", "")) > 0))
                best = i;
        }
        if (best == p->n)
            return;
        p->why[best] = "more workers than wanted";
    }
}

/* Places of the group: those that pods fill, then new ones with the lowest free indexes. */
static rk_member *places(const rk_api *rk, rk_pass *ps, const struct pods *p, int64_t missing,
                         uint32_t *ret_n)
{
    rk_member *m = rk->alloc(ps, ((size_t)p->n + (size_t)missing + 1) * sizeof(*m));
    size_t top = (size_t)p->n + (size_t)missing + 1;
    char *taken = rk->alloc(ps, top);
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->why[i])
            continue; /* its successor takes its place, as vendors that number hosts by the index expect */
        if (p->index[i] >= 0 && (size_t)p->index[i] < top)
            taken[p->index[i]] = 1;
        m[n++] = (rk_member){.size = sizeof(*m),
                             .key = ray_label(rk, ps, p->pod[i], RAY_L_INDEX),
                             .is = rk->str(p->pod[i], "/metadata/name", "")};
    }
    for (size_t at = 0; missing > 0 && at < top; at++) {
        if (taken[at])
            continue;
        rk_kv *label = rk->alloc(ps, sizeof(*label));
        label->key = RAY_L_INDEX;
        label->val = rk->fmt(ps, "%zu", at);
        m[n++] = (rk_member){.size = sizeof(*m), .key = label->val, .labels = label, .n_labels = 1};
        missing--;
    }
    *ret_n = n;
    return m;
}

static int32_t plan_group(const rk_api *rk, rk_pass *ps, const rk_json *spec)
{
    struct pods p = {0};
    const char *name = rk->str(spec, "/groupName", "");
    collect(rk, ps, spec, &p);
    int64_t stay = 0, desired = ray_desired(rk, spec);
    for (uint32_t i = 0; i < p.n; i++)
        stay += !p.why[i];
    if (stay > desired && !ray_autoscaling(rk, ps))
        shrink(rk, &p, stay - desired); /* with it only the autoscaler chooses */
    uint32_t n;
    const rk_member *members = places(rk, ps, &p, desired > stay ? desired - stay : 0, &n);
    const rk_group group = {
        .size = sizeof(group),
        .role = "worker",
        .group = name,
        .spec = spec,
        .pod_template = rk->at(spec, "/template"),
        .name_prefix = ray_pod_prefix(rk, ps, rk->fmt(ps, "%s-%s", rk->name(ps), name), "worker"),
        .avoid = rk->at(spec, "/scaleStrategy/workersToDelete"),
        .members = members,
        .n_members = n,
        .member_size = sizeof(*members),
        .created = "CreatedWorkerPod",
        .failed = "FailedToCreateWorkerPod"};
    RK_TRY(rk->pods(ps, &group));
    for (uint32_t i = 0; i < p.n; i++)
        if (p.why[i])
            RK_TRY(rk->drop_pod(ps, rk->str(p.pod[i], "/metadata/name", ""), p.why[i],
                                "DeletedWorkerPod", "FailedToDeleteWorkerPod"));
    return RK_OK;
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        RK_TRY(plan_group(rk, ps, g));
    return RK_OK;
}

static int32_t identify(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return ray_identify(rk, ps, "worker");
}

static int32_t ports(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return ray_metrics_port(rk, ps);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "pods of each worker group"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = identify,
     .title = "labels and annotations"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = ports,
     .title = "metrics port"},
};

static const rk_watch watches[] = {
    {.gvk = RAY_POD,
     .plural = "pods",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = "ray.io/node-type in (head,worker,redis-cleanup)",
     .keep =
         "/metadata/labels\n/metadata/ownerReferences\n/spec/restartPolicy\n/spec/containers/*/name\n/status/phase\n/status/conditions\n/status/containerStatuses"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = 1,
    .name = "worker",
    .version = RK_VERSION,
    .summary = "the pods of the worker groups",
    .owns = "/metadata/labels,/metadata/annotations,/spec/containers/0/ports",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
