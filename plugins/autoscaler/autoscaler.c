/* autoscaler: Ray's own autoscaler beside the head, where enableInTreeAutoscaling asks for it
 * (reference 4.1 step 6, 4.3 step 3, 4.8): its account and rights (rights.c), its container and
 * what the head needs for it (sidecar.c), and whether its options are legal (validate.c).
 *
 * It writes replicas and workersToDelete of the groups; `worker` does what they say. The operator
 * itself never writes to the spec, so that the two cannot fight. Switched on or off on a live
 * cluster, accounts and rights follow at once and stay, the container comes or goes with the next
 * head: a running pod is not edited. */
#include "autoscaler.h"

#include <stdio.h>

static const rk_opt options[] = {
    {.key = "cpu",
     .dflt = "500m",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct autoscaler, cpu),
     .help = "request and limit of the container, where autoscalerOptions has no resources"},
    {.key = "memory",
     .dflt = "512Mi",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct autoscaler, memory),
     .help = "request and limit of the container, where autoscalerOptions has no resources"},
    {.key = "image",
     .dflt = "",
     .type = RK_T_STR,
     .offset = offsetof(struct autoscaler, image),
     .help = "where autoscalerOptions has none; empty: the Ray container's"},
    {.key = "image-pull-policy",
     .dflt = "IfNotPresent",
     .type = RK_T_ENUM,
     .choices = "Always|IfNotPresent|Never",
     .offset = offsetof(struct autoscaler, pull_policy),
     .help = "where autoscalerOptions has none"},
    {.key = "start",
     .dflt = "ray kuberay-autoscaler --cluster-name $(RAY_CLUSTER_NAME) "
             "--cluster-namespace $(RAY_CLUSTER_NAMESPACE)",
     .type = RK_T_STR,
     .offset = offsetof(struct autoscaler, start),
     .help = "what bash runs in the container, where autoscalerOptions has no args"},
    {.key = "logs",
     .dflt = "/tmp/ray",
     .type = RK_T_STR,
     .offset = offsetof(struct autoscaler, logs),
     .help = "folder that the container shares with Ray's, so that the dashboard finds its logs; "
             "empty: none"},
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct autoscaler *me = self;
    const char *text = "logs: an absolute path without ']' is wanted, or nothing";
    if (!me->start[0])
        text = "start: something for bash is wanted";
    else if (me->logs[0] == '\0' || (me->logs[0] == '/' && !strchr(me->logs, ']')))
        return RK_OK;
    (void)snprintf(err, err_size, "%s", text); /* cut when it must */
    return RK_EINVAL;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = autoscaler_validate,
     .title = "options of the autoscaler"},
    {.phase = RK_PHASE_PLAN,
     .rank = 50, /* before the Service, as the peer has it */
     .kinds = RAY_CLUSTER,
     .run = autoscaler_rights,
     .title = "account, role and binding"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = autoscaler_sidecar,
     .title = "the container"},
    {.phase = RK_PHASE_POD,
     .rank = 250, /* its env stands before that of fault tolerance, as the peer has it */
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = autoscaler_head,
     .title = "account, no-monitor, version"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = autoscaler_logs,
     .title = "the folder of Ray's logs"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = autoscaler_worker,
     .title = "restart policy of version 2"},
};

/* Unfiltered: what the user made has no label of ours. Of each only that it is there. */
#define NAMES_OF(kind_gvk, kind_plural)                               \
    {                                                                 \
        .gvk = kind_gvk, .plural = kind_plural, .owner = RAY_CLUSTER, \
        .keep = "/metadata/deletionTimestamp", .metadata_only = 1     \
    }

static const rk_watch watches[] = {
    NAMES_OF(AUTOSCALER_ACCOUNT, "serviceaccounts"),
    NAMES_OF(AUTOSCALER_RBAC "/v1/Role", "roles"),
    NAMES_OF(AUTOSCALER_RBAC "/v1/RoleBinding", "rolebindings"),
    RAY_WATCH_PODS(""),
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct autoscaler),
    .name = "autoscaler",
    .version = RK_VERSION,
    .summary = "Ray's autoscaler: container, account, rights",
    .after = "raystart,shm",
    .owns = "/start/params/no-monitor,/spec/serviceAccountName,/spec/restartPolicy,"
            "/spec/containers,/spec/volumes,/metadata/labels,/rules,/roleRef,/subjects",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
    .check = check,
};
