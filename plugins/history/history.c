/* history: a container beside Ray's that keeps logs and events beyond the cluster's end, where
 * historyServerOptions asks for it (reference 4.12; 4.3 step 4; 4.6 item 15; 2, rule 12). */
#include "history.h"

#define QUANTITY(name, value, field, what)                                        \
    {                                                                             \
        .key = name, .dflt = value, .type = RK_T_QUANTITY,                        \
        .offset = offsetof(struct history, field),                                \
        .help = what " of the container, where collectorOptions has no resources" \
    }

static const rk_opt options[] = {
    {.key = "image",
     .dflt = "",
     .type = RK_T_STR,
     .offset = offsetof(struct history, image),
     .help = "where collectorOptions has none; empty: a cluster must name one"},
    {.key = "image-pull-policy",
     .dflt = "IfNotPresent",
     .type = RK_T_ENUM,
     .choices = "Always|IfNotPresent|Never",
     .offset = offsetof(struct history, pull_policy),
     .help = "where collectorOptions has none"},
    QUANTITY("cpu", "50m", cpu, "request"),
    QUANTITY("memory", "64Mi", memory, "request"),
    QUANTITY("cpu-limit", "200m", cpu_limit, "limit"),
    QUANTITY("memory-limit", "256Mi", memory_limit, "limit"),
    {.key = "port",
     .dflt = "8084",
     .type = RK_T_INT,
     .offset = offsetof(struct history, port),
     .min = 1,
     .max = 65535,
     .help = "where the container takes events from Ray"},
    {.key = "dashboard",
     .dflt = "http://localhost:8265",
     .type = RK_T_STR,
     .offset = offsetof(struct history, dashboard),
     .help = "of the head, for its container, where RAY_DASHBOARD_ADDRESS is not set"},
    {.key = "folder",
     .dflt = "/tmp/ray",
     .type = RK_T_STR,
     .offset = offsetof(struct history, folder),
     .help = "of Ray's logs, which the two containers share"},
    {.key = "events",
     .dflt = "TASK_DEFINITION_EVENT, TASK_LIFECYCLE_EVENT, ACTOR_TASK_DEFINITION_EVENT, "
             "TASK_PROFILE_EVENT, DRIVER_JOB_DEFINITION_EVENT, DRIVER_JOB_LIFECYCLE_EVENT, "
             "ACTOR_DEFINITION_EVENT, ACTOR_LIFECYCLE_EVENT, NODE_DEFINITION_EVENT, "
             "NODE_LIFECYCLE_EVENT",
     .type = RK_T_LIST,
     .offset = offsetof(struct history, events),
     .help = "types of events that Ray hands over"},
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    static const char text[] = "folder: an absolute path without ']' is wanted";
    const struct history *me = self;
    if (me->folder[0] == '/' && !strchr(me->folder, ']'))
        return RK_OK;
    if (err_size >= sizeof(text))
        memcpy(err, text, sizeof(text));
    return RK_EINVAL;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = history_validate,
     .title = "options of the collector"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = history_sidecar,
     .title = "the collector's container"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = history_logs,
     .title = "the folder of Ray's logs"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_COMPOSE + 10, /* behind the environment that raystart writes */
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = history_env,
     .title = "Ray hands over its events"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct history),
    .name = "history",
    .version = RK_VERSION,
    .summary = "the collector of the history server",
    .after = "autoscaler,gcswait,raystart,shm",
    .owns = "/spec/containers,/spec/volumes",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .check = check,
};
