/* legacy: clusters of the operator that was part of Ray until 2.0 (reference legacy), offline as the command `migrate`, and live:
 * an object of its kind is served by a RayCluster that is made from it. */
#include "live.h"

static const rk_opt options[] = {
    {.key = "ray-version",
     .dflt = "",
     .type = RK_T_STR,
     .offset = offsetof(struct legacy, ray_version),
     .help = "of clusters whose image does not tell it"},
    {.key = "exact",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct legacy, exact),
     .help = "Ray is told the amounts of resources that the old operator told it"},
    {.key = "clip",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct legacy, clip),
     .help =
         "the most workers of each group are lowered until all together fit into the old limit"},
    {.key = "old-labels",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct legacy, old_labels),
     .help = "pods keep ray-node-type, ray-user-node-type, ray-node-name and the head's "
             "cluster.ray.io/component"},
    {.key = "compat-service",
     .dflt = "true",
     .type = RK_T_BOOL,
     .offset = offsetof(struct legacy, compat_service),
     .help = "keep a Service of the old name, which leads to the new head"},
};

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_BASE,
     .kinds = LG_KIND,
     .run = lg_validate,
     .title = "can it be converted"},
    {.phase = RK_PHASE_PLAN,
     .rank = RK_RANK_BASE,
     .kinds = LG_KIND,
     .run = lg_plan,
     .title = "the RayCluster of an old one"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_BASE,
     .kinds = LG_KIND,
     .run = lg_status,
     .title = "phase, lost heads"},
    {.phase = RK_PHASE_FINALIZE,
     .rank = RK_RANK_BASE,
     .kinds = LG_KIND,
     .run = lg_finalize,
     .title = "not beside the old operator"},
};

static const rk_kind kinds[] = {
    {.gvk = LG_KIND,
     .plural = "rayclusters",
     .controller = "legacy-raycluster-controller",
     .finalizers = LG_KOPF_FINALIZER,
     .optional = 1},
};

static const rk_watch watches[] = {
    {.gvk = RAY_CLUSTER, .plural = "rayclusters", .owner = LG_KIND},
    {.gvk = RAY_SERVICE,
     .plural = "services",
     .owner = LG_KIND,
     .keep = "/metadata/ownerReferences\n/metadata/creationTimestamp\n/metadata/deletionTimestamp\n"
             "/spec/ports\n/spec/selector"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct legacy),
    .name = "legacy",
    .version = RK_VERSION,
    .summary = "clusters of the operator that was part of Ray",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .kinds = kinds,
    .n_kinds = RK_COUNT(kinds),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
    .commands = &lg_command,
    .n_commands = 1,
};
