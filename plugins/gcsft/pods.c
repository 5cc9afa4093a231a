/* What pods need: the head, where its state is kept; workers, patience while it restarts (reference
 * 4.9). */
#include "gcsft.h"

/* {name, value} or {name, valueFrom}, as the options have it; NULL when they have neither. */
static rk_json *credential(const rk_api *rk, rk_pass *ps, const char *path, const char *name)
{
    const rk_json *given = rk->at(rk->object(ps), path), *from = rk->at(given, "/valueFrom");
    const char *value = rk->str(given, "/value", NULL);
    if (!from && !value)
        return NULL;
    rk_json *e = rk->new_object(ps);
    rk->put(ps, e, "name", rk->new_str(ps, name));
    rk->put(ps, e, from ? "valueFrom" : "value",
            from ? rk->copy(ps, from) : rk->new_str(ps, value));
    return e;
}

static int32_t use(const rk_api *rk, rk_pass *ps, const char *path, const char *name,
                   const char *param)
{
    rk_json *e = credential(rk, ps, path, name);
    if (!e)
        return RK_OK;
    RK_TRY(rk->set(rk->subject(ps), rk_env_path(rk, ps, RAY_C0, name), e));
    return rk_set_str(rk, ps, rk->start(ps), rk_under(rk, ps, RAY_START_PARAMS, param),
                      rk->fmt(ps, "$%s", name));
}

static int32_t redis(const rk_api *rk, rk_pass *ps)
{
    rk_obj *pod = rk->subject(ps);
    const char *ns = gcsft_storage_namespace(rk, ps);
    const rk_json *options = rk->at(rk->object(ps), GCSFT_OPTIONS);
    RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, "/metadata/annotations", RAY_A_STORAGE), ns));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_external_storage_namespace", ns));
    if (rk->type(options) == RK_JSON_OBJECT) {
        RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_REDIS_ADDRESS",
                            rk->str(options, "/redisAddress", "")));
        RK_TRY(use(rk, ps, GCSFT_OPTIONS "/redisUsername", "REDIS_USERNAME", "redis-username"));
        return use(rk, ps, GCSFT_OPTIONS "/redisPassword", "REDIS_PASSWORD", "redis-password");
    }
    const char *password = rk->str(rk->tree(rk->start(ps)),
                                   rk_under(rk, ps, RAY_START_PARAMS, "redis-password"), NULL);
    return password ? rk_env_offer(rk, ps, pod, RAY_C0, "REDIS_PASSWORD", password) : RK_OK;
}

static int32_t rocksdb(const rk_api *rk, rk_pass *ps)
{
    static const char volume[] = "/spec/volumes/[gcs-storage]",
                      mount[] = RAY_C0 "/volumeMounts/[/data/gcs]";
    rk_obj *pod = rk->subject(ps);
    const char *sub = rk->str(rk->object(ps), GCSFT_OPTIONS "/storage/subPath", "");
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_gcs_storage", "rocksdb"));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_gcs_storage_path", "/data/gcs"));
    RK_TRY(rk_set_str(rk, ps, pod, rk->fmt(ps, "%s/persistentVolumeClaim/claimName", volume),
                      gcsft_claim_name(rk, ps)));
    if (sub[0])
        RK_TRY(rk_set_str(rk, ps, pod, rk->fmt(ps, "%s/subPath", mount), sub));
    return rk_set_str(rk, ps, pod, rk->fmt(ps, "%s/name", mount), "gcs-storage");
}

int32_t gcsft_head(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!ray_ft_enabled(rk, ps))
        return RK_OK;
    return gcsft_rocksdb(rk, ps) ? rocksdb(rk, ps) : redis(rk, ps);
}

int32_t gcsft_worker(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct gcsft *me = self;
    if (!ray_ft_enabled(rk, ps))
        return RK_OK;
    return rk_env_offer(rk, ps, rk->subject(ps), RAY_C0, "RAY_gcs_rpc_server_reconnect_timeout_s",
                        me->reconnect);
}
