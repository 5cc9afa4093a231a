/* netpolicy: who may talk to the cluster's pods, and to whom they may (reference 6.8): one policy for
 * the head, one for each worker group, as spec.networkPolicy says; kept, and taken away with it.
 *
 * Names beyond the cluster (DNS) are not opened, as with the peer: the user's egress rules do that. */
#include "netpolicy.h"

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = netpolicy_validate,
     .title = "networkPolicy"},
    {.phase = RK_PHASE_PLAN,
     .rank = 60,
     .kinds = RAY_CLUSTER,
     .run = netpolicy_plan,
     .title = "network policies"},
};

static const rk_watch watches[] = {
    {.gvk = NETPOLICY,
     .plural = "networkpolicies",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/spec"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,       .name = "netpolicy",
    .version = RK_VERSION, .summary = "network policies of the cluster's pods",
    .hooks = hooks,        .n_hooks = RK_COUNT(hooks),
    .watches = watches,    .n_watches = RK_COUNT(watches),
};
