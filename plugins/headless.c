/* headless: the Service that gives the hosts of a multi-host group names of their own (reference 5):
 * made as soon as a group has numOfHosts > 1 and none with its label exists, then left alone. */
#include <raykeeper/ray.h>

#define LABEL "ray.io/headless-worker-svc"

static int wanted(const rk_api *rk, rk_pass *ps)
{
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        if (ray_hosts(rk, g) > 1)
            return 1;
    return 0;
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!wanted(rk, ps))
        return RK_OK;
    for (RK_EACH(rk, s, rk->list(ps, RAY_SERVICE)))
        if (rk_is(ray_label(rk, ps, s, LABEL), rk->name(ps)) && !ray_terminating(rk, s))
            return RK_OK;
    rk_obj *svc =
        rk->want(ps, RAY_SERVICE, rk->fmt(ps, "%s-headless", rk->name(ps)), RK_POLICY_ONCE);
    rk->announce(ps, svc, "CreatedService", "FailedToCreateService");
    RK_TRY(rk_set_str(rk, ps, svc, rk_under(rk, ps, "/metadata/labels", LABEL), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, svc, "/spec/clusterIP", "None"));
    RK_TRY(rk_set_bool(rk, ps, svc, "/spec/publishNotReadyAddresses", 1));
    RK_TRY(
        rk_set_str(rk, ps, svc, rk_under(rk, ps, "/spec/selector", RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, svc, rk_under(rk, ps, "/spec/selector", RAY_L_TYPE), "worker"));
    return rk_set_str(rk, ps, svc, "/spec/type", "ClusterIP");
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = 110,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "the headless worker Service"},
};

/* Its label is not the cluster's, as the peer's is not: it is found by its owner. */
static const rk_watch watches[] = {
    {.gvk = RAY_SERVICE,
     .plural = "services",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/metadata/deletionTimestamp"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .name = "headless",
    .version = RK_VERSION,
    .summary = "the headless Service of multi-host groups",
    .owns = "/metadata/labels,/spec",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
