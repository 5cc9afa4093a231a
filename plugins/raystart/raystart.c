/* raystart: the start command of the Ray container, and the environment that goes with it
 * (reference 4.3-4.6).
 *
 * BASE puts the user's start parameters, and what the group's resources and labels say, into the
 * start scratch, where other plugins add theirs. COMPOSE completes them from the container's
 * resources, renders the command and writes command, args and env. A user's env entry of a name
 * that the reference sets unconditionally is replaced at the end of the list instead of doubled:
 * the effective value is the same. */
#include "raystart.h"

static const rk_opt options[] = {
    {.key = "cluster-domain",
     .dflt = "cluster.local",
     .type = RK_T_STR,
     .offset = offsetof(struct raystart, domain),
     .help = "DNS domain of the cluster"},
    {.key = "login-shell",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct raystart, login_shell),
     .help = "start Ray in a login shell (bash -cl)"},
    {.key = "open-files",
     .dflt = "65536",
     .type = RK_T_INT,
     .offset = offsetof(struct raystart, ulimit),
     .min = 1,
     .max = INT32_MAX,
     .help = "ulimit -n before ray start, where the container has no RAY_START_ULIMIT_OPEN_FILES"},
};

static int32_t compose(const rk_api *rk, rk_pass *ps, void *self)
{
    RK_TRY(raystart_complete(rk, ps));
    const char *start = raystart_render(rk, ps);
    RK_TRY(raystart_command(rk, ps, self, start));
    return raystart_env(rk, ps, start);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = raystart_base,
     .title = "start parameters of the spec"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_COMPOSE,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = compose,
     .title = "start command and environment"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct raystart),
    .name = "raystart",
    .version = RK_VERSION,
    .summary = "start command and environment of the Ray container",
    .owns = "/start,/spec/containers,/spec/initContainers",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
};
