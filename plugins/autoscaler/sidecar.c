/* The container, right behind the template's, and what the head's other parts need for it
 * (reference 4.1 step 6, 4.3 step 3, 4.8).
 *
 * Unlike the peer: a name in autoscalerOptions.env replaces an entry of ours instead of standing
 * beside it (the effective value is the same); and where the user mounts a volume at the log
 * folder of the Ray container, this container mounts it too, instead of an empty one of its own. */
#include "autoscaler.h"

#define SIDECAR "/spec/containers/[" AUTOSCALER_NAME "]"

static rk_json *env(const rk_api *rk, rk_pass *ps, const struct autoscaler *me)
{
    const rk_json *options = autoscaler_options(rk, ps);
    rk_json *all = rk->new_array(ps);
    rk_json *ours[] = {
        rk_env_from_field(rk, ps, "RAY_CLUSTER_NAME", "metadata.labels['ray.io/cluster']"),
        rk_env_from_field(rk, ps, "RAY_CLUSTER_NAMESPACE", "metadata.namespace"),
        rk_env_from_field(rk, ps, "RAY_HEAD_POD_NAME", "metadata.name"),
        rk_env_value(rk, ps, "KUBERAY_CRD_VER", "v1"),
        rk_env_value(rk, ps, AUTOSCALER_START, me->start),
    };
    for (size_t i = 0; i < RK_COUNT(ours); i++)
        if (!rk->at(options, rk_env_path(rk, ps, "", rk->str(ours[i], "/name", ""))))
            rk->push(ps, all, ours[i]);
    for (RK_EACH(rk, u, rk->at(options, "/env")))
        rk->push(ps, all, rk->copy(ps, u));
    return all;
}

static rk_json *resources(const rk_api *rk, rk_pass *ps, const struct autoscaler *me)
{
    rk_json *out = rk->new_object(ps);
    rk->put(ps, out, "limits", ray_amounts(rk, ps, me->cpu, me->memory));
    rk->put(ps, out, "requests", ray_amounts(rk, ps, me->cpu, me->memory));
    return out;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a[0] ? a : b[0] ? b : c;
}

/* What the user gives as a whole takes the place of ours; an empty list is no wish. */
static void replace(const rk_api *rk, rk_pass *ps, rk_json *c, const char *key, int32_t type)
{
    const rk_json *v = rk->at(autoscaler_options(rk, ps), rk_under(rk, ps, "", key));
    if (rk->type(v) == type && (type == RK_JSON_OBJECT || rk->len(v, "") > 0))
        rk->put(ps, c, key, rk->copy(ps, v));
}

int32_t autoscaler_sidecar(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char *const bash[] = {"/bin/bash", "-c", "--"};
    const struct autoscaler *me = self;
    const rk_json *o = autoscaler_options(rk, ps), *now = rk->tree(rk->subject(ps));
    if (!ray_autoscaling(rk, ps))
        return RK_OK;
    rk_json *c = rk->new_object(ps);
    rk->put(ps, c, "name", rk->new_str(ps, AUTOSCALER_NAME));
    rk->put(ps, c, "image",
            rk->new_str(ps, first_of(rk->str(o, "/image", ""), me->image,
                                     rk->str(now, RAY_C0 "/image", ""))));
    rk->put(ps, c, "imagePullPolicy",
            rk->new_str(ps, first_of(rk->str(o, "/imagePullPolicy", ""), me->pull_policy, "")));
    rk->put(ps, c, "command", rk_words(rk, ps, bash, RK_COUNT(bash)));
    rk->put(ps, c, "args", rk_words(rk, ps, &me->start, 1));
    rk->put(ps, c, "env", env(rk, ps, me));
    rk->put(ps, c, "resources", resources(rk, ps, me));
    replace(rk, ps, c, "command", RK_JSON_ARRAY);
    replace(rk, ps, c, "args", RK_JSON_ARRAY);
    replace(rk, ps, c, "envFrom", RK_JSON_ARRAY);
    replace(rk, ps, c, "volumeMounts", RK_JSON_ARRAY);
    replace(rk, ps, c, "resources", RK_JSON_OBJECT);
    replace(rk, ps, c, "securityContext", RK_JSON_OBJECT);
    return rk->append(rk->subject(ps), "/spec/containers", c);
}

int32_t autoscaler_head(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_obj *pod = rk->subject(ps);
    const char *version = autoscaler_version(rk, ps);
    int v2 = rk_is(version, "v2");
    (void)self;
    if (!ray_autoscaling(rk, ps))
        return RK_OK;
    RK_TRY(rk_set_str(rk, ps, rk->start(ps), RAY_START_PARAMS "/no-monitor", "true"));
    if (!autoscaler_users_account(rk, ps)[0])
        RK_TRY(rk_set_str(rk, ps, pod, "/spec/serviceAccountName", rk->name(ps)));
    if (version[0])
        RK_TRY(rk_env_force(rk, ps, pod, RAY_C0, AUTOSCALER_V2_ENV, v2 ? "true" : "false"));
    if (v2)
        RK_TRY(rk_set_str(rk, ps, pod, "/spec/restartPolicy", "Never"));
    return RK_OK;
}

int32_t autoscaler_logs(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct autoscaler *me = self;
    if (!ray_autoscaling(rk, ps) || !me->logs[0] || !rk->at(rk->tree(rk->subject(ps)), SIDECAR))
        return RK_OK;
    return ray_share_logs(rk, ps, SIDECAR, me->logs);
}

int32_t autoscaler_worker(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!ray_autoscaling(rk, ps) || !rk_is(autoscaler_version(rk, ps), "v2"))
        return RK_OK;
    return rk_set_str(rk, ps, rk->subject(ps), "/spec/restartPolicy", "Never");
}
