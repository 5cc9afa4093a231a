/* Gauges of a cluster, under the names that boards of the field look for: who made it, is it provisioned, and
 * how long that took.
 *
 * They follow the conditions as this pass leaves them, so that they are the same after a restart; a
 * cluster that is suspended has no duration until it is provisioned again. */
#include "raycluster.h"

#define PROVISIONED "/conditions/[RayClusterProvisioned]"

static const char *seconds_between(const rk_api *rk, rk_pass *ps, const char *from, const char *to)
{
    int64_t begun = ray_time_ms(from), done = ray_time_ms(to);
    if (begun == 0 || done == 0)
        return NULL;
    return rk->fmt(ps, "%lld", (long long)(done > begun ? (done - begun) / 1000 : 0));
}

int32_t raycluster_gauges(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *o = rk->object(ps), *status = rk->tree(rk->status(ps));
    const char *kind = rk->str(o, rk_under(rk, ps, "/metadata/labels", RAY_L_ORIGIN), "None");
    int done = rk_is(rk->str(status, PROVISIONED "/status", NULL), "True");
    /* The last one is of the gauge at hand. */
    rk_kv labels[] = {{"name", rk->name(ps)},
                      {"namespace", rk->ns(ps)},
                      {"uid", rk->uid(ps)},
                      {"owner_kind", kind}};
    (void)self;
    if (rk->deleting(ps))
        return RK_OK;
    RK_TRY(rk->gauge(ps, RAYCLUSTER_INFO, labels, 4, "1"));
    labels[3] = (rk_kv){"condition", done ? "true" : "false"};
    RK_TRY(rk->gauge(ps, RAYCLUSTER_PROVISIONED, labels, 4, "1"));
    const char *took = seconds_between(rk, ps, rk->str(o, "/metadata/creationTimestamp", ""),
                                       rk->str(status, PROVISIONED "/lastTransitionTime", ""));
    return done && took ? rk->gauge(ps, RAYCLUSTER_DURATION, labels, 3, took) : RK_OK;
}
