/* Are the options of fault tolerance legal, and said once? (reference 2, rules 4 to 7) */
#include "gcsft.h"

#define TEMPLATE RAY_HEAD_SPEC "/template"

static int has_env(const rk_api *rk, rk_pass *ps, const char *name)
{
    for (RK_EACH(rk, e, rk->at(rk->object(ps), TEMPLATE RAY_C0 "/env")))
        if (rk_is(rk->str(e, "/name", NULL), name))
            return 1;
    return 0;
}

static void no_env(const rk_api *rk, rk_pass *ps, const char *name, const char *instead)
{
    if (has_env(rk, ps, name))
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, TEMPLATE RAY_C0 "/env/[%s]", name), "%s",
                       instead);
}

static void no_param(const rk_api *rk, rk_pass *ps, const char *name, const char *instead)
{
    const char *path = rk_under(rk, ps, RAY_HEAD_SPEC "/rayStartParams", name);
    if (rk->at(rk->object(ps), path))
        (void)rk->fail(ps, RK_EINVAL, path, "%s", instead);
}

static void not_both(const rk_api *rk, rk_pass *ps, const char *const *fields, size_t n,
                     const char *why)
{
    for (size_t i = 0; i < n; i++) {
        const char *path = rk->fmt(ps, GCSFT_OPTIONS "%s", fields[i]);
        if (rk->at(rk->object(ps), path))
            (void)rk->fail(ps, RK_EINVAL, path, "%s", why);
    }
}

static void rocksdb(const rk_api *rk, rk_pass *ps)
{
    static const char *const redis[] = {"/redisAddress", "/redisUsername", "/redisPassword",
                                        "/externalStorageNamespace"};
    static const char *const made[] = {"/storage/size", "/storage/storageClassName",
                                       "/storage/accessModes"};
    const rk_json *o = rk->object(ps);
    not_both(rk, ps, redis, RK_COUNT(redis), "is Redis's, and the backend is rocksdb");
    if (rk->str(o, GCSFT_OPTIONS "/storage/claimName", "")[0])
        not_both(rk, ps, made, RK_COUNT(made), "claimName names a claim that is there already");
    no_env(rk, ps, "RAY_gcs_storage", "the operator sets it for the backend rocksdb");
    no_env(rk, ps, "RAY_gcs_storage_path", "the operator sets it for the backend rocksdb");
    for (RK_EACH(rk, m, rk->at(o, TEMPLATE RAY_C0 "/volumeMounts")))
        if (rk_is(rk->str(m, "/name", NULL), "gcs-storage") ||
            rk_is(rk->str(m, "/mountPath", NULL), "/data/gcs"))
            (void)rk->fail(ps, RK_EINVAL, TEMPLATE RAY_C0 "/volumeMounts",
                           "gcs-storage at /data/gcs is the operator's");
    for (RK_EACH(rk, v, rk->at(o, TEMPLATE "/spec/volumes")))
        if (rk_is(rk->str(v, "/name", NULL), "gcs-storage"))
            (void)rk->fail(ps, RK_EINVAL, TEMPLATE "/spec/volumes/[gcs-storage]",
                           "is the operator's volume");
}

static void with_options(const rk_api *rk, rk_pass *ps)
{
    const rk_json *o = rk->object(ps);
    const char *ft = ray_annotation(rk, ps, RAY_A_FT),
               *backend = rk->str(o, GCSFT_OPTIONS "/backend", "redis");
    if (ft && ft[0])
        (void)rk->fail(ps, RK_EINVAL, rk_under(rk, ps, "/metadata/annotations", RAY_A_FT),
                       "gcsFaultToleranceOptions is there: one of the two");
    no_param(rk, ps, "redis-password", "goes into gcsFaultToleranceOptions.redisPassword");
    no_env(rk, ps, "REDIS_PASSWORD", "goes into gcsFaultToleranceOptions.redisPassword");
    no_env(rk, ps, "RAY_REDIS_ADDRESS", "goes into gcsFaultToleranceOptions.redisAddress");
    if (ray_annotation(rk, ps, GCSFT_NAMESPACE))
        (void)rk->fail(ps, RK_EINVAL, rk_under(rk, ps, "/metadata/annotations", GCSFT_NAMESPACE),
                       "goes into gcsFaultToleranceOptions.externalStorageNamespace");
    if (rk_is(backend, "rocksdb"))
        rocksdb(rk, ps);
    else if (!rk_is(backend, "redis"))
        (void)rk->fail(ps, RK_EINVAL, GCSFT_OPTIONS "/backend", "'%s' is neither redis nor rocksdb",
                       backend);
    else if (rk->at(o, GCSFT_OPTIONS "/storage"))
        (void)rk->fail(ps, RK_EINVAL, GCSFT_OPTIONS "/storage",
                       "is RocksDB's, and the backend is redis");
}

int32_t gcsft_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *options = rk->at(rk->object(ps), GCSFT_OPTIONS);
    const char *timeout = ray_annotation(rk, ps, "ray.io/gcs-ft-deletion-timeout");
    int64_t n = 0;
    (void)self;
    if (options && rk->type(options) != RK_JSON_OBJECT && rk->type(options) != RK_JSON_NULL)
        (void)rk->fail(ps, RK_EINVAL, GCSFT_OPTIONS, "is not an object");
    if (rk->type(options) == RK_JSON_OBJECT)
        with_options(rk, ps);
    if (!gcsft_on(rk, ps))
        no_env(
            rk, ps, "RAY_REDIS_ADDRESS",
            "only with fault tolerance: annotation ray.io/ft-enabled or gcsFaultToleranceOptions");
    no_param(rk, ps, "redis-username", "goes into gcsFaultToleranceOptions.redisUsername");
    no_env(rk, ps, "REDIS_USERNAME", "goes into gcsFaultToleranceOptions.redisUsername");
    if (timeout && (timeout[0] < '1' || timeout[0] > '9' ||
                    timeout[strspn(timeout, "0123456789")] || rk->qty_value(timeout, &n) != RK_OK))
        rk->event(ps, 1, "InvalidRayClusterSpec", "Validate",
                  rk->fmt(ps,
                          "annotation ray.io/gcs-ft-deletion-timeout: '%.64s' is no number of "
                          "seconds, the operator's own deadline holds",
                          timeout));
    return RK_OK;
}
