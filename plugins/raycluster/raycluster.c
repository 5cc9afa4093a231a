/* raycluster: owns the kind RayCluster: is the object legal (validate.c), what is its state
 * (status.c), what went wrong (report.c), what is measured (gauges.c). Shapes no pod. */
#include "raycluster.h"

/* A missing rayStartParams is an empty one (reference 2). */
int32_t raycluster_default(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_obj *cluster = rk->subject(ps);
    (void)self;
    if (rk->type(rk->at(rk->object(ps), RAY_HEAD_SPEC "/rayStartParams")) != RK_JSON_OBJECT)
        RK_TRY(rk->set(cluster, RAY_HEAD_SPEC "/rayStartParams", rk->new_object(ps)));
    size_t n = rk->len(rk->object(ps), "/spec/workerGroupSpecs");
    for (size_t i = 0; i < n; i++) {
        const char *path = rk->fmt(ps, "/spec/workerGroupSpecs/%zu/rayStartParams", i);
        if (rk->type(rk->at(rk->object(ps), path)) != RK_JSON_OBJECT)
            RK_TRY(rk->set(cluster, path, rk->new_object(ps)));
    }
    return RK_OK;
}

/* An object that another controller manages is none of our business, finalizers included
 * (reference 6.1). */
static int32_t managed(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    const char *by = rk->str(rk->object(ps), "/spec/managedBy", "ray.io/kuberay-operator");
    return rk_is(by, "ray.io/kuberay-operator") ? RK_OK : RK_DONE;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = 1,
     .kinds = RAY_CLUSTER,
     .run = managed,
     .title = "is it ours"},
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .run = raycluster_validate,
     .title = "names, types, counts"},
    {.phase = RK_PHASE_DEFAULT,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .run = raycluster_default,
     .title = "empty start parameters"},
    {.phase = RK_PHASE_FINALIZE,
     .rank = 1,
     .kinds = RAY_CLUSTER,
     .run = managed,
     .title = "is it ours"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .run = raycluster_status,
     .title = "state, counts, endpoints"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .run = raycluster_ready,
     .title = "do all wanted pods run"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_SEAL,
     .kinds = RAY_CLUSTER,
     .run = raycluster_report,
     .title = "what is wrong"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_SEAL + 100, /* what the conditions are in the end */
     .kinds = RAY_CLUSTER,
     .run = raycluster_gauges,
     .title = "gauges of the cluster"},
};

static const rk_gauge gauges[] = {
    {RAYCLUSTER_INFO,
     "1 for each cluster, by name, namespace, uid and owner_kind: the kind that made it, None without"},
    {RAYCLUSTER_PROVISIONED,
     "1 for each cluster, by name, namespace, uid and condition: is RayClusterProvisioned true or false"},
    {RAYCLUSTER_DURATION,
     "from the cluster's creation to the condition RayClusterProvisioned, while it is True; by name, namespace and uid"},
};

static const rk_kind kinds[] = {
    {.gvk = RAY_CLUSTER, .plural = "rayclusters", .controller = "raycluster-controller"},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS(RAY_KEEP_READY "\n/status/phase\n/status/podIP\n/status/containerStatuses"),
    {.gvk = RAY_SERVICE,
     .plural = "services",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/metadata/creationTimestamp\n"
             "/metadata/deletionTimestamp\n/spec/ports\n/spec/clusterIP"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,       .name = "raycluster",
    .version = RK_VERSION, .summary = "the kind RayCluster: validation, state, events",
    .hooks = hooks,        .n_hooks = RK_COUNT(hooks),
    .kinds = kinds,        .n_kinds = RK_COUNT(kinds),
    .watches = watches,    .n_watches = RK_COUNT(watches),
    .gauges = gauges,      .n_gauges = RK_COUNT(gauges),
};
