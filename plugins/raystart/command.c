/* The command line of `ray start`, command and args of the container, its environment (reference
 * 4.3-4.6). */
#include "raystart.h"

/* Keys in byte order; true becomes a bare flag, false nothing, but for three flags that take a
 * value; no shell quoting (reference 4.4). */
const char *raystart_render(const rk_api *rk, rk_pass *ps)
{
    static const char *const valued[] = {"log-color", "include-dashboard", "include-log-monitor"};
    const rk_json *params = rk->at(rk->tree(rk->start(ps)), RAY_START_PARAMS);
    const char *text = is_head(rk, ps) ? "ray start --head " : "ray start ";
    for (const char *last = NULL;;) {
        const rk_json *best = NULL;
        for (RK_EACH_MEMBER(rk, p, params))
            if ((!last || strcmp(rk->key(p), last) > 0) &&
                (!best || strcmp(rk->key(p), rk->key(best)) < 0))
                best = p;
        if (!best)
            return text;
        last = rk->key(best);
        const char *value = rk->str(best, "", "");
        int takes = 0;
        for (size_t i = 0; i < RK_COUNT(valued); i++)
            takes |= rk_is(last, valued[i]);
        if (!takes && rk_is_ci(value, "true"))
            text = rk->fmt(ps, "%s --%s ", text, last);
        else if (takes || !rk_is_ci(value, "false"))
            text = rk->fmt(ps, "%s --%s=%s ", text, last, value);
    }
}

int32_t raystart_command(const rk_api *rk, rk_pass *ps, const struct raystart *me,
                         const char *start)
{
    rk_obj *pod = rk->subject(ps);
    const rk_json *now = rk->tree(pod);
    const char *own = "";
    for (RK_EACH(rk, w, rk->at(now, RAY_C0 "/command")))
        own = rk->fmt(ps, "%s %s ", own, rk->str(w, "", ""));
    for (RK_EACH(rk, w, rk->at(now, RAY_C0 "/args")))
        own = rk->fmt(ps, "%s %s ", own, rk->str(w, "", ""));
    if (rk_is_ci(rk->str(now, rk_under(rk, ps, "/metadata/annotations", RAY_A_OVERWRITE), NULL),
                 "true") ||
        strstr(own, "ray start"))
        return RK_OK;
    rk_json *command = rk->new_array(ps), *args = rk->new_array(ps);
    rk->push(ps, command, rk->new_str(ps, "/bin/bash"));
    rk->push(ps, command, rk->new_str(ps, me->login_shell ? "-cl" : "-c"));
    rk->push(ps, command, rk->new_str(ps, "--"));
    rk->push(ps, args,
             rk->new_str(ps, rk->fmt(ps, "%s%sulimit -n ${RAY_START_ULIMIT_OPEN_FILES:-%s}; %s",
                                     own, own[0] ? " && " : "", me->ulimit, start)));
    RK_TRY(rk->set(pod, RAY_C0 "/command", command));
    return rk->set(pod, RAY_C0 "/args", args);
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
