/* The container, right behind the template's, and what the head's other parts need for it
 * (reference 4.1 step 6, 4.3 step 3, 4.8).
 *
 * Unlike the peer: a name in autoscalerOptions.env replaces an entry of ours instead of standing
 * beside it (the effective value is the same); and where the user mounts a volume at the log
 * folder of the Ray container, this container mounts it too, instead of an empty one of its own. */
#include "autoscaler.h"

#define SIDECAR "/spec/containers/[" AUTOSCALER_NAME "]"
#define VOLUME  "/spec/volumes/[ray-logs]"

static rk_json *entry(const rk_api *rk, rk_pass *ps, const char *name, const char *value)
{
    rk_json *e = rk->new_object(ps);
    rk->put(ps, e, "name", rk->new_str(ps, name));
    rk->put(ps, e, "value", rk->new_str(ps, value));
    return e;
}

static rk_json *field(const rk_api *rk, rk_pass *ps, const char *name, const char *path)
{
    rk_json *e = rk->new_object(ps), *from = rk->new_object(ps), *ref = rk->new_object(ps);
    rk->put(ps, ref, "fieldPath", rk->new_str(ps, path));
    rk->put(ps, from, "fieldRef", ref);
    rk->put(ps, e, "name", rk->new_str(ps, name));
    rk->put(ps, e, "valueFrom", from);
    return e;
}

static rk_json *env(const rk_api *rk, rk_pass *ps, const struct autoscaler *me)
{
    const rk_json *users = rk->at(autoscaler_options(rk, ps), "/env");
    rk_json *all = rk->new_array(ps);
    rk_json *ours[] = {
        field(rk, ps, "RAY_CLUSTER_NAME", "metadata.labels['ray.io/cluster']"),
        field(rk, ps, "RAY_CLUSTER_NAMESPACE", "metadata.namespace"),
        field(rk, ps, "RAY_HEAD_POD_NAME", "metadata.name"),
        entry(rk, ps, "KUBERAY_CRD_VER", "v1"),
        entry(rk, ps, AUTOSCALER_START, me->start),
    };
    for (size_t i = 0; i < RK_COUNT(ours); i++) {
        int named = 0;
        for (RK_EACH(rk, u, users))
            named |= rk_is(rk->str(u, "/name", NULL), rk->str(ours[i], "/name", ""));
        if (!named)
            rk->push(ps, all, ours[i]);
    }
    for (RK_EACH(rk, u, users))
        rk->push(ps, all, rk->copy(ps, u));
    return all;
}

static rk_json *words(const rk_api *rk, rk_pass *ps, const char *const *word, size_t n)
{
    rk_json *list = rk->new_array(ps);
    for (size_t i = 0; i < n; i++)
        rk->push(ps, list, rk->new_str(ps, word[i]));
    return list;
}

static rk_json *resources(const rk_api *rk, rk_pass *ps, const struct autoscaler *me)
{
    static const char *const both[] = {"limits", "requests"};
    rk_json *out = rk->new_object(ps);
    for (size_t i = 0; i < RK_COUNT(both); i++) {
        rk_json *amounts = rk->new_object(ps);
        rk->put(ps, amounts, "cpu", rk->new_str(ps, me->cpu));
        rk->put(ps, amounts, "memory", rk->new_str(ps, me->memory));
        rk->put(ps, out, both[i], amounts);
    }
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
    rk->put(ps, c, "command", words(rk, ps, bash, RK_COUNT(bash)));
    rk->put(ps, c, "args", words(rk, ps, &me->start, 1));
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

/* One folder for the logs of both. A subPathExpr names variables that only the Ray container has:
 * then the logs stay apart. */
static int32_t logs(const rk_api *rk, rk_pass *ps, const struct autoscaler *me)
{
    rk_obj *pod = rk->subject(ps);
    const rk_json *now = rk->tree(pod);
    const char *ray = rk->fmt(ps, RAY_C0 "/volumeMounts/[%s]", me->logs),
               *beside = rk->fmt(ps, SIDECAR "/volumeMounts/[%s]", me->logs);
    const rk_json *users = rk->at(now, ray);
    if (me->logs[0] == '\0' || !rk->at(now, SIDECAR))
        return RK_OK;
    if (users && !rk->at(users, "/subPathExpr")) {
        rk_json *copy = rk->copy(ps, users);
        return rk->offer(pod, beside, copy);
    }
    if (users && rk->at(now, beside))
        return RK_OK;
    if (!rk->at(now, VOLUME))
        RK_TRY(rk->set(pod, VOLUME "/emptyDir", rk->new_object(ps)));
    if (!users)
        RK_TRY(rk_set_str(rk, ps, pod, rk->fmt(ps, "%s/name", ray), "ray-logs"));
    return rk->at(now, beside)
               ? RK_OK
               : rk_set_str(rk, ps, pod, rk->fmt(ps, "%s/name", beside), "ray-logs");
}

int32_t autoscaler_head(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_obj *pod = rk->subject(ps);
    const char *version = autoscaler_version(rk, ps);
    int v2 = rk_is(version, "v2");
    if (!ray_autoscaling(rk, ps))
        return RK_OK;
    RK_TRY(rk_set_str(rk, ps, rk->start(ps), RAY_START_PARAMS "/no-monitor", "true"));
    if (!autoscaler_users_account(rk, ps)[0])
        RK_TRY(rk_set_str(rk, ps, pod, "/spec/serviceAccountName", rk->name(ps)));
    if (version[0])
        RK_TRY(rk_env_force(rk, ps, pod, RAY_C0, AUTOSCALER_V2_ENV, v2 ? "true" : "false"));
    if (v2)
        RK_TRY(rk_set_str(rk, ps, pod, "/spec/restartPolicy", "Never"));
    return logs(rk, ps, self);
}

int32_t autoscaler_worker(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!ray_autoscaling(rk, ps) || !rk_is(autoscaler_version(rk, ps), "v2"))
        return RK_OK;
    return rk_set_str(rk, ps, rk->subject(ps), "/spec/restartPolicy", "Never");
}
