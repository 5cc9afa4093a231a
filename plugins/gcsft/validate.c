/* Are the options of fault tolerance legal, and said once? (reference 2, rules 4 to 7) */
#include "gcsft.h"

#define TEMPLATE RAY_HEAD_SPEC "/template"
#define VOLUME   TEMPLATE "/spec/volumes/[gcs-storage]"

static void no_env(const rk_api *rk, rk_pass *ps, const char *name, const char *instead)
{
    const char *path = rk_env_path(rk, ps, TEMPLATE RAY_C0, name);
    if (rk->at(rk->object(ps), path))
        (void)rk->fail(ps, RK_EINVAL, path, "%s", instead);
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

static void with_rocksdb(const rk_api *rk, rk_pass *ps)
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
    if (rk->at(o, VOLUME))
        (void)rk->fail(ps, RK_EINVAL, VOLUME, "is the operator's volume");
}

/* What is of another type would be read as absent. */
static void types(const rk_api *rk, rk_pass *ps)
{
    static const char *const texts[] = {"backend", "redisAddress", "externalStorageNamespace"};
    static const char *const objects[] = {"redisUsername", "redisPassword", "storage"};
    for (size_t i = 0; i < RK_COUNT(texts); i++)
        (void)ray_typed(rk, ps, rk->fmt(ps, GCSFT_OPTIONS "/%s", texts[i]),
                        RK_JSON_STRING); /* told there, here and below */
    for (size_t i = 0; i < RK_COUNT(objects); i++)
        (void)ray_typed(rk, ps, rk->fmt(ps, GCSFT_OPTIONS "/%s", objects[i]), RK_JSON_OBJECT);
}

static void with_options(const rk_api *rk, rk_pass *ps)
{
    const rk_json *o = rk->object(ps);
    const char *ft = ray_annotation(rk, ps, RAY_A_FT),
               *backend = rk->str(o, GCSFT_OPTIONS "/backend", "redis");
    types(rk, ps);
    if (ft && ft[0])
        (void)rk->fail(ps, RK_EINVAL, rk_under(rk, ps, "/metadata/annotations", RAY_A_FT),
                       "gcsFaultToleranceOptions is there: one of the two");
    no_param(rk, ps, "redis-password", "goes into gcsFaultToleranceOptions.redisPassword");
    no_env(rk, ps, "REDIS_PASSWORD", "goes into gcsFaultToleranceOptions.redisPassword");
    no_env(rk, ps, "RAY_REDIS_ADDRESS", "goes into gcsFaultToleranceOptions.redisAddress");
    if (ray_annotation(rk, ps, RAY_A_STORAGE))
        (void)rk->fail(ps, RK_EINVAL, rk_under(rk, ps, "/metadata/annotations", RAY_A_STORAGE),
                       "goes into gcsFaultToleranceOptions.externalStorageNamespace");
    if (rk_is(backend, "rocksdb"))
        with_rocksdb(rk, ps);
    else if (!rk_is(backend, "redis"))
        (void)rk->fail(ps, RK_EINVAL, GCSFT_OPTIONS "/backend", "'%s' is neither redis nor rocksdb",
                       backend);
    else if (rk->at(o, GCSFT_OPTIONS "/storage"))
        (void)rk->fail(ps, RK_EINVAL, GCSFT_OPTIONS "/storage",
                       "is RocksDB's, and the backend is redis");
}

/* A positive number of seconds, of four months at most; 0 = it is none. */
int64_t gcsft_timeout_s(const rk_api *rk, const char *text)
{
    int64_t n = 0;
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (digits == 0 || digits > 7 || text[digits] || text[0] == '0' ||
        rk->qty_value(text, &n) != RK_OK)
        return 0;
    return n;
}

int32_t gcsft_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *timeout = ray_annotation(rk, ps, GCSFT_TIMEOUT);
    (void)self;
    (void)ray_typed(rk, ps, GCSFT_OPTIONS, RK_JSON_OBJECT); /* told there */
    if (rk->type(rk->at(rk->object(ps), GCSFT_OPTIONS)) == RK_JSON_OBJECT)
        with_options(rk, ps);
    if (!ray_ft_enabled(rk, ps))
        no_env(
            rk, ps, "RAY_REDIS_ADDRESS",
            "only with fault tolerance: annotation ray.io/ft-enabled or gcsFaultToleranceOptions");
    no_param(rk, ps, "redis-username", "goes into gcsFaultToleranceOptions.redisUsername");
    no_env(rk, ps, "REDIS_USERNAME", "goes into gcsFaultToleranceOptions.redisUsername");
    if (timeout && gcsft_timeout_s(rk, timeout) == 0)
        rk->event(ps, 1, "InvalidRayClusterSpec", "Validate",
                  rk->fmt(ps,
                          "%s/%s: annotation " GCSFT_TIMEOUT ": '%.64s' is no number of seconds "
                          "from 1 to 9999999, the operator's own deadline holds",
                          rk->ns(ps), rk->name(ps), timeout));
    return RK_OK;
}
