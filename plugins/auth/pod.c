/* What the containers of a pod get (reference 4.10): each entry where there is none of its name. */
#include "auth.h"

#define VOLUME "ray-token"

static rk_json *from_secret(const rk_api *rk, rk_pass *ps, const struct auth *me)
{
    rk_json *e = rk->new_object(ps), *from = rk->new_object(ps), *ref = rk->new_object(ps);
    rk->put(ps, ref, "name", rk->new_str(ps, auth_secret_name(rk, ps)));
    rk->put(ps, ref, "key", rk->new_str(ps, me->key));
    rk->put(ps, from, "secretKeyRef", ref);
    rk->put(ps, e, "name", rk->new_str(ps, "RAY_AUTH_TOKEN"));
    rk->put(ps, e, "valueFrom", from);
    return e;
}

static int32_t container(const rk_api *rk, rk_pass *ps, const void *self, const char *path)
{
    const struct auth *me = self;
    rk_obj *pod = rk->subject(ps);
    RK_TRY(rk_env_offer(rk, ps, pod, path, "RAY_AUTH_MODE", "token"));
    if (!auth_by_kubernetes(rk, ps))
        return rk->offer(pod, rk_env_path(rk, ps, path, "RAY_AUTH_TOKEN"), from_secret(rk, ps, me));
    RK_TRY(rk_env_offer(rk, ps, pod, path, "RAY_ENABLE_K8S_TOKEN_AUTH", "true"));
    rk_json *mount = rk->new_object(ps);
    rk->put(ps, mount, "name", rk->new_str(ps, VOLUME));
    rk->put(ps, mount, "mountPath", rk->new_str(ps, me->mount));
    rk->put(ps, mount, "readOnly", rk->new_bool(ps, 1));
    return rk->offer(pod, rk->fmt(ps, "%s/volumeMounts/[%s]", path, me->mount), mount);
}

static int32_t volume(const rk_api *rk, rk_pass *ps, const struct auth *me)
{
    rk_json *v = rk->new_object(ps), *projected = rk->new_object(ps), *sources = rk->new_array(ps),
            *source = rk->new_object(ps), *token = rk->new_object(ps);
    rk->put(ps, token, "path", rk->new_str(ps, "token"));
    if (me->expiry_ms)
        rk->put(ps, token, "expirationSeconds", rk->new_num(ps, me->expiry_ms / 1000));
    rk->put(ps, source, "serviceAccountToken", token);
    rk->push(ps, sources, source);
    rk->put(ps, projected, "sources", sources);
    rk->put(ps, v, "name", rk->new_str(ps, VOLUME));
    rk->put(ps, v, "projected", projected);
    return rk->offer(rk->subject(ps), "/spec/volumes/[" VOLUME "]", v);
}

int32_t auth_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct auth *me = self;
    if (!auth_by_token(rk, ps))
        return RK_OK;
    RK_TRY(ray_containers(rk, ps, me->beside, container, me));
    return auth_by_kubernetes(rk, ps) ? volume(rk, ps, me) : RK_OK;
}
