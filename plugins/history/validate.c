/* What a cluster may say about its collector (reference 2, rule 12). */
#include "history.h"

#define ENV HISTORY_COLLECTOR "/env"

/* What a backend must be told; one of two where `either` is set. */
struct need {
    const char *backend, *name, *either;
};

static const struct need needs[] = {
    {"GCS", "GCS_BUCKET", NULL},
    {"S3", "S3_REGION", NULL},
    {"AZUREBLOB", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT_URL"},
    {"ALIYUNOSS", "OSS_BUCKET", NULL},
    {"ALIYUNOSS", "OSS_ENDPOINT", NULL},
    {"ALIYUNOSS", "OSS_REGION", NULL},
};

static const rk_json *given(const rk_api *rk, rk_pass *ps, const char *name)
{
    for (RK_EACH(rk, e, rk->at(rk->object(ps), ENV)))
        if (rk_is(rk->str(e, "/name", NULL), name) &&
            (rk->str(e, "/value", "")[0] || rk->at(e, "/valueFrom")))
            return e;
    return NULL;
}

static const char *literal(const rk_api *rk, rk_pass *ps, const char *name)
{
    return rk->str(given(rk, ps, name), "/value", "");
}

static void backend(const rk_api *rk, rk_pass *ps)
{
    const char *is = literal(rk, ps, "STORAGE_BACKEND"),
               *mode = literal(rk, ps, "AZURE_STORAGE_AUTH_MODE");
    if (!is[0])
        (void)rk->fail(ps, RK_EINVAL, ENV, "STORAGE_BACKEND is missing, or has no literal value");
    for (size_t i = 0; i < RK_COUNT(needs); i++) {
        const char *name = needs[i].name, *either = needs[i].either;
        if (!rk_is_ci(is, needs[i].backend))
            continue;
        if (either && rk_is_ci(mode, "connection_string"))
            either = NULL;
        else if (either && (rk_is_ci(mode, "workload_identity") || rk_is_ci(mode, "default")))
            name = either, either = NULL;
        if (!given(rk, ps, name) && !(either && given(rk, ps, either)))
            (void)rk->fail(ps, RK_EINVAL, ENV, "STORAGE_BACKEND %s needs %s%s%s", is, name,
                           either ? " or " : "", either ? either : "");
    }
}

static void env(const rk_api *rk, rk_pass *ps)
{
    static const char *const ours[] = {"POD_IP",     "FQ_RAY_IP",  "RAY_CLUSTER_NAME",
                                       "RAY_ROLE",   "OWNER_KIND", "RAY_CLUSTER_NAMESPACE",
                                       "OWNER_NAME", "EVENTS_PORT"};
    size_t n = ray_typed(rk, ps, ENV, RK_JSON_ARRAY) ? rk->len(rk->object(ps), ENV) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *path = rk->fmt(ps, ENV "/%zu", i), *at = rk->fmt(ps, "%s/name", path);
        const char *name = rk->str(rk->object(ps), at, "");
        (void)ray_typed(rk, ps, rk->fmt(ps, "%s/value", path), RK_JSON_STRING);
        if (!name[0])
            (void)rk->fail(ps, RK_EINVAL, at, "is missing or not a name");
        for (size_t k = 0; k < RK_COUNT(ours); k++)
            if (rk_is(name, ours[k]))
                (void)rk->fail(ps, RK_EINVAL, at, "%s is set by the operator", name);
    }
    backend(rk, ps);
}

/* Nobody else's container may have the collector's name. */
static void clash(const rk_api *rk, rk_pass *ps, const char *group)
{
    const char *list = rk->fmt(ps, "%s/template/spec/containers", group);
    size_t i = 0;
    for (RK_EACH(rk, c, rk->at(rk->object(ps), list))) {
        if (rk_is(rk->str(c, "/name", NULL), HISTORY_NAME))
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/%zu/name", list, i),
                           "'" HISTORY_NAME "' is the name of the collector's own container");
        i++;
    }
}

int32_t history_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct history *me = self;
    const rk_json *o = rk->object(ps);
    if (!history_wanted(rk, ps) || !ray_typed(rk, ps, HISTORY_SPEC, RK_JSON_OBJECT) ||
        !ray_typed(rk, ps, HISTORY_COLLECTOR, RK_JSON_OBJECT))
        return RK_OK; /* fail() has been told what there was to tell, here and below */
    if (rk->type(rk->at(o, HISTORY_COLLECTOR)) != RK_JSON_OBJECT)
        return rk->fail(ps, RK_EINVAL, HISTORY_COLLECTOR, "is missing");
    int text = ray_typed(rk, ps, HISTORY_COLLECTOR "/image", RK_JSON_STRING);
    if (text && !rk->str(o, HISTORY_COLLECTOR "/image", "")[0] && !me->image[0])
        (void)rk->fail(ps, RK_EINVAL, HISTORY_COLLECTOR "/image", "is missing");
    (void)ray_typed(rk, ps, HISTORY_COLLECTOR "/imagePullPolicy", RK_JSON_STRING);
    (void)ray_typed(rk, ps, HISTORY_COLLECTOR "/resources", RK_JSON_OBJECT);
    env(rk, ps);
    clash(rk, ps, RAY_HEAD_SPEC);
    size_t n = rk->len(o, "/spec/workerGroupSpecs");
    for (size_t i = 0; i < n; i++)
        clash(rk, ps, rk->fmt(ps, "/spec/workerGroupSpecs/%zu", i));
    return RK_OK;
}
