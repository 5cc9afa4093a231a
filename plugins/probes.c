/* probes: liveness and readiness of the Ray container, each only where the user set none (reference
 * 4.7b).
 *
 * Ray 2.53 and later answers one HTTP path of the dashboard agent; older ones are asked by wget
 * in the container. A worker of a RayService's cluster is ready while the proxy of Ray Serve on it says so,
 * too, which only wget can ask: its one failure takes it out of the Service. */
#include <raykeeper/ray.h>

struct probes {
    int64_t head_timeout, worker_timeout, gcs_wget_s, serve_wget_s;
};

static const rk_opt options[] = {
    {.key = "head-timeout",
     .dflt = "5",
     .type = RK_T_INT,
     .offset = offsetof(struct probes, head_timeout),
     .min = 1,
     .max = 600,
     .help = "seconds, of both probes of the head"},
    {.key = "worker-timeout",
     .dflt = "2",
     .type = RK_T_INT,
     .offset = offsetof(struct probes, worker_timeout),
     .min = 1,
     .max = 600,
     .help = "seconds, of both probes of workers"},
    /* The peer's 10 s are beyond its own probe timeout of 5 s; kept because pods are compared
     * with it. */
    {.key = "gcs-wget-timeout",
     .dflt = "10",
     .type = RK_T_INT,
     .offset = offsetof(struct probes, gcs_wget_s),
     .min = 1,
     .max = 600,
     .help = "seconds, of the head's check of its GCS before Ray 2.53"},
    {.key = "serve-wget-timeout",
     .dflt = "10",
     .type = RK_T_INT,
     .offset = offsetof(struct probes, serve_wget_s),
     .min = 1,
     .max = 600,
     .help = "seconds, of the check of Ray Serve's proxy on workers of a RayService's cluster"},
};

/* Digits only: what is no port number for `ray start` is none for us. */
static int64_t port(const rk_api *rk, const rk_json *start, const char *path, int64_t dflt)
{
    int64_t n;
    const char *text = rk->str(start, path, "");
    return text[strspn(text, "0123456789")] == '\0' && rk->qty_value(text, &n) == RK_OK && n > 0 &&
                   n < 65536
               ? n
               : dflt;
}

static const char *ask(const rk_api *rk, rk_pass *ps, int64_t seconds, int64_t at, const char *path)
{
    return rk->fmt(ps, "wget --tries 1 -T %lld -q -O- http://localhost:%lld/%s | grep success",
                   (long long)seconds, (long long)at, path);
}

static rk_json *exec(const rk_api *rk, rk_pass *ps, rk_json *probe, const char *text)
{
    const char *const words[] = {"bash", "-c", text};
    rk_json *command = rk->new_object(ps);
    rk->put(ps, command, "command", rk_words(rk, ps, words, RK_COUNT(words)));
    rk->put(ps, probe, "exec", command);
    return probe;
}

static int64_t agent(const rk_api *rk, rk_pass *ps)
{
    return port(rk, rk->tree(rk->start(ps)), RAY_START_PARAMS "/dashboard-agent-listen-port",
                52365);
}

static rk_json *handler(const rk_api *rk, rk_pass *ps, const struct probes *me, rk_json *probe,
                        int head)
{
    if (ray_version_at_least(rk->str(rk->object(ps), "/spec/rayVersion", NULL), 2, 53)) {
        rk_json *get = rk->new_object(ps);
        rk->put(ps, get, "path", rk->new_str(ps, "/api/healthz"));
        rk->put(ps, get, "port", rk->new_num(ps, agent(rk, ps)));
        rk->put(ps, probe, "httpGet", get);
        return probe;
    }
    const char *text = ask(rk, ps, 2, agent(rk, ps), "api/local_raylet_healthz");
    if (head)
        text =
            rk->fmt(ps, "%s && %s", text,
                    ask(rk, ps, me->gcs_wget_s,
                        port(rk, rk->tree(rk->start(ps)), RAY_START_PARAMS "/dashboard-port", 8265),
                        "api/gcs_healthz"));
    return exec(rk, ps, probe, text);
}

static rk_json *proxy(const rk_api *rk, rk_pass *ps, const struct probes *me, rk_json *probe)
{
    int64_t at = 8000;
    for (RK_EACH(rk, p, rk->at(rk->tree(rk->subject(ps)), RAY_C0 "/ports")))
        if (rk_is(rk->str(p, "/name", NULL), "serve"))
            at = rk->num(p, "/containerPort", 8000);
    return exec(rk, ps, probe,
                rk->fmt(ps, "%s && %s", ask(rk, ps, 2, agent(rk, ps), "api/local_raylet_healthz"),
                        ask(rk, ps, me->serve_wget_s, at, "-/healthz")));
}

/* times: the first delay, and how many failures count. */
static int32_t offer(const rk_api *rk, rk_pass *ps, const struct probes *me, const char *path,
                     rk_json *p, const int64_t times[2])
{
    rk->put(ps, p, "initialDelaySeconds", rk->new_num(ps, times[0]));
    rk->put(ps, p, "periodSeconds", rk->new_num(ps, 5));
    rk->put(ps, p, "successThreshold", rk->new_num(ps, 1));
    rk->put(ps, p, "failureThreshold", rk->new_num(ps, times[1]));
    rk->put(ps, p, "timeoutSeconds",
            rk->new_num(ps, rk_is(rk->role(ps), "head") ? me->head_timeout : me->worker_timeout));
    return rk->offer(rk->subject(ps), path, p);
}

static int32_t shape_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    static const int64_t live[] = {30, 120}, ready[] = {10, 10}, serves[] = {10, 1};
    const int head = rk_is(rk->role(ps), "head"), service = !head && ray_of_service(rk, ps);
    RK_TRY(offer(rk, ps, self, RAY_C0 "/livenessProbe",
                 handler(rk, ps, self, rk->new_object(ps), head), live));
    return offer(rk, ps, self, RAY_C0 "/readinessProbe",
                 service ? proxy(rk, ps, self, rk->new_object(ps))
                         : handler(rk, ps, self, rk->new_object(ps), head),
                 service ? serves : ready);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_SEAL,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = shape_pod,
     .title = "liveness and readiness"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct probes),
    .name = "probes",
    .version = RK_VERSION,
    .summary = "liveness and readiness of the Ray container",
    .owns = "/spec/containers/0/livenessProbe,/spec/containers/0/readinessProbe",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
};
