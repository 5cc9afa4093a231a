/* The command line of `ray start`, command and args of the container, its environment (reference
 * 4.3-4.6). */
#include "raystart.h"

#include <stdlib.h>

static int by_key(const void *a, const void *b)
{
    const struct member *l = a, *r = b;
    return strcmp(l->key, r->key);
}

const struct member *raystart_sorted(const rk_api *rk, rk_pass *ps, const rk_json *object,
                                     size_t *ret_n)
{
    struct member *m = rk->alloc(ps, (rk->len(object, "") + 1) * sizeof(*m));
    size_t n = 0;
    for (RK_EACH_MEMBER(rk, it, object))
        m[n++] = (struct member){rk->key(it), it};
    qsort(m, n, sizeof(*m), by_key);
    *ret_n = n;
    return m;
}

/* Keys in byte order; true becomes a bare flag, false nothing, but for three flags that take a
 * value; no shell quoting (reference 4.4). */
const char *raystart_render(const rk_api *rk, rk_pass *ps)
{
    static const char *const valued[] = {"log-color", "include-dashboard", "include-log-monitor"};
    size_t n, k = 0;
    const struct member *m =
        raystart_sorted(rk, ps, rk->at(rk->tree(rk->start(ps)), RAY_START_PARAMS), &n);
    const char **parts = rk->alloc(ps, (n * 5 + 1) * sizeof(*parts));
    parts[k++] = is_head(rk, ps) ? "ray start --head " : "ray start ";
    for (size_t i = 0; i < n; i++) {
        const char *value = rk->str(m[i].value, "", "");
        int takes = 0;
        for (size_t j = 0; j < RK_COUNT(valued); j++)
            takes |= rk_is(m[i].key, valued[j]);
        int bare = !takes && rk_is_ci(value, "true");
        if (!bare && !takes && rk_is_ci(value, "false"))
            continue;
        parts[k++] = " --";
        parts[k++] = m[i].key;
        parts[k++] = bare ? "" : "=";
        parts[k++] = bare ? "" : value;
        parts[k++] = " ";
    }
    return rk->join(ps, parts, k);
}

/* Command and args of the container in one line: "" when there are none. */
static const char *own_words(const rk_api *rk, rk_pass *ps, const rk_json *pod)
{
    const rk_json *command = rk->at(pod, RAY_C0 "/command"), *args = rk->at(pod, RAY_C0 "/args");
    const char **parts =
        rk->alloc(ps, (rk->len(command, "") + rk->len(args, "") + 1) * 3 * sizeof(*parts));
    size_t k = 0;
    for (int list = 0; list < 2; list++)
        for (RK_EACH(rk, w, list ? args : command)) {
            parts[k++] = " ";
            parts[k++] = rk->str(w, "", "");
            parts[k++] = " ";
        }
    return k ? rk->join(ps, parts, k) : "";
}

int32_t raystart_command(const rk_api *rk, rk_pass *ps, const struct raystart *me,
                         const char *start)
{
    rk_obj *pod = rk->subject(ps);
    const rk_json *now = rk->tree(pod);
    const char *own = own_words(rk, ps, now);
    if (rk_is_ci(rk->str(now, rk_under(rk, ps, "/metadata/annotations", RAY_A_OVERWRITE), NULL),
                 "true") ||
        strstr(own, "ray start"))
        return RK_OK;
    const char *const bash[] = {"/bin/bash", me->login_shell ? "-cl" : "-c", "--"};
    const char *line = rk->fmt(ps, "%s%sulimit -n ${RAY_START_ULIMIT_OPEN_FILES:-%lld}; %s", own,
                               own[0] ? " && " : "", (long long)me->ulimit, start);
    RK_TRY(rk->set(pod, RAY_C0 "/command", rk_words(rk, ps, bash, RK_COUNT(bash))));
    return rk->set(pod, RAY_C0 "/args", rk_words(rk, ps, &line, 1));
}

/* Ray Serve notices a head that is gone, and goes on, sooner than other work would (reference 4.6 item 10). */
static int32_t service_env(const rk_api *rk, rk_pass *ps)
{
    static const rk_kv entries[] = {{"RAY_timeout_ms_task_wait_for_death_info", "0"},
                                    {"RAY_gcs_server_request_timeout_seconds", "5"},
                                    {"RAY_SERVE_KV_TIMEOUT_S", "5"}};
    for (size_t i = 0; ray_of_service(rk, ps) && i < RK_COUNT(entries); i++)
        RK_TRY(rk_env_offer(rk, ps, rk->subject(ps), RAY_C0, entries[i].key, entries[i].val));
    return RK_OK;
}

int32_t raystart_env(const rk_api *rk, rk_pass *ps, const char *start)
{
    rk_obj *pod = rk->subject(ps);
    const rk_json *scratch = rk->tree(rk->start(ps));
    const char *fqdn = rk->str(scratch, RAY_START_FQDN, ""),
               *port = rk->str(scratch, RAY_START_HEAD_PORT, "");
    const char *crd =
        rk->str(rk->object(ps), rk_under(rk, ps, "/metadata/labels", RAY_L_ORIGIN), "RayCluster");
    const int head = is_head(rk, ps);
    size_t inits = rk->len(rk->tree(pod), "/spec/initContainers");
    for (size_t i = 0; i < inits; i++) {
        const char *path = rk->fmt(ps, "/spec/initContainers/%zu", i);
        RK_TRY(rk_env_force(rk, ps, pod, path, "FQ_RAY_IP", fqdn));
        RK_TRY(rk_env_force(rk, ps, pod, path, "RAY_IP", rk->str(scratch, RAY_START_SERVICE, "")));
    }
    if (!head) {
        RK_TRY(rk_env_force(rk, ps, pod, RAY_C0, "FQ_RAY_IP", fqdn));
        RK_TRY(
            rk_env_force(rk, ps, pod, RAY_C0, "RAY_IP", rk->str(scratch, RAY_START_SERVICE, "")));
    }
    RK_TRY(
        rk_env_field(rk, ps, pod, RAY_C0, "RAY_CLUSTER_NAME", "metadata.labels['ray.io/cluster']"));
    RK_TRY(rk_env_field(rk, ps, pod, RAY_C0, "RAY_CLUSTER_NAMESPACE", "metadata.namespace"));
    RK_TRY(rk_env_field(rk, ps, pod, RAY_C0, "RAY_CLOUD_INSTANCE_ID", "metadata.name"));
    RK_TRY(
        rk_env_field(rk, ps, pod, RAY_C0, "RAY_NODE_TYPE_NAME", "metadata.labels['ray.io/group']"));
    RK_TRY(rk_env_force(rk, ps, pod, RAY_C0, "KUBERAY_GEN_RAY_START_CMD", start));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_PORT", port));
    RK_TRY(service_env(rk, ps));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_ADDRESS",
                        rk->fmt(ps, "%s:%s", head ? "127.0.0.1" : fqdn, port)));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_USAGE_STATS_KUBERAY_IN_USE", "1"));
    if (!rk_is(crd, "RayJob") && !rk_is(crd, "RayService"))
        crd = "RayCluster";
    if (head)
        RK_TRY(rk_env_force(
            rk, ps, pod, RAY_C0, "RAY_USAGE_STATS_EXTRA_TAGS",
            rk->fmt(ps, "kuberay_version=%s;kuberay_crd=%s", RAY_OPERATOR_VERSION, crd)));
    return rk_env_offer(rk, ps, pod, RAY_C0, "RAY_DASHBOARD_ENABLE_K8S_DISK_USAGE", "1");
}
