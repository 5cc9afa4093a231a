/* With TLS some names are the operator's (reference 2, rule 15): in the Ray containers and in the autoscaler's
 * options variables and the mount; in pods the volume and the init container. */
#include "tls.h"

static int is_ours(const char *name)
{
    static const char *const ours[] = {"RAY_USE_TLS", "RAY_TLS_SERVER_CERT", "RAY_TLS_SERVER_KEY",
                                       "RAY_TLS_CA_CERT"};
    return rk_among(name, ours, RK_COUNT(ours));
}

/* A slash at the end is no other place. */
static int same_place(const char *path, const char *place)
{
    size_t n = strlen(path), m = strlen(place);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (m > 1 && place[m - 1] == '/')
        m--;
    return n == m && strncmp(path, place, n) == 0;
}

static void told(const rk_api *rk, rk_pass *ps, const char *list, size_t i, const char *what)
{
    (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/%zu", list, i),
                   "%s is the operator's, with tlsOptions.enabled", what);
}

/* Env and mounts of a container, or of the options of one. */
static void container(const rk_api *rk, rk_pass *ps, const struct tls *me, const char *path)
{
    const char *env = rk->fmt(ps, "%s/env", path), *mounts = rk->fmt(ps, "%s/volumeMounts", path);
    size_t i = 0;
    for (RK_EACH(rk, e, rk->at(rk->object(ps), env))) {
        if (is_ours(rk->str(e, "/name", "")))
            told(rk, ps, env, i, rk->str(e, "/name", ""));
        i++;
    }
    i = 0;
    for (RK_EACH(rk, m, rk->at(rk->object(ps), mounts))) {
        if (rk_is(rk->str(m, "/name", ""), TLS_VOLUME) ||
            same_place(rk->str(m, "/mountPath", ""), me->mount))
            told(rk, ps, mounts, i, rk->fmt(ps, "the mount " TLS_VOLUME " at %s", me->mount));
        i++;
    }
}

static void named(const rk_api *rk, rk_pass *ps, const char *list, const char *name)
{
    size_t i = 0;
    for (RK_EACH(rk, it, rk->at(rk->object(ps), list))) {
        if (rk_is(rk->str(it, "/name", ""), name))
            told(rk, ps, list, i, name);
        i++;
    }
}

static void pods(const rk_api *rk, rk_pass *ps, const struct tls *me, const char *group)
{
    container(rk, ps, me, rk->fmt(ps, "%s/template" RAY_C0, group));
    named(rk, ps, rk->fmt(ps, "%s/template/spec/volumes", group), TLS_VOLUME);
    named(rk, ps, rk->fmt(ps, "%s/template/spec/initContainers", group), TLS_WAIT);
}

int32_t tls_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    size_t n = rk->len(rk->object(ps), "/spec/workerGroupSpecs");
    (void)ray_typed(rk, ps, TLS_SPEC, RK_JSON_OBJECT); /* told there, and below */
    (void)ray_typed(rk, ps, TLS_SPEC "/enabled", RK_JSON_BOOL);
    if (!tls_on(rk, ps))
        return RK_OK;
    container(rk, ps, self, "/spec/autoscalerOptions");
    pods(rk, ps, self, RAY_HEAD_SPEC);
    for (size_t i = 0; i < n; i++)
        pods(rk, ps, self, rk->fmt(ps, "/spec/workerGroupSpecs/%zu", i));
    return RK_OK; /* fail() has been told what there was to tell */
}
