/* prestop: `ray stop` before a Ray container is told to end, where the user has no preStop hook: the
 * node leaves the cluster by itself, and the head does not have to find out that it is gone.
 *
 * Off by default: the peer injects none. The hook counts against the pod's termination grace period
 * (Kubernetes' default is 30 s): what `ray stop` has not ended when it is over is killed, as without
 * the hook. Where actors need longer, give the pods more of it: in their template, or by the option
 * grace-period. */
#include <raykeeper/ray.h>

#include <stdio.h>

#define HOOK  RAY_C0 "/lifecycle/preStop"
#define GRACE "/spec/terminationGracePeriodSeconds"

struct prestop {
    const char *command;
    int64_t grace_ms;
    uint8_t enabled;
};

static const rk_opt options[] = {
    {.key = "enabled",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct prestop, enabled),
     .help = "give Ray containers a preStop hook where they have none"},
    {.key = "command",
     .dflt = "ray stop",
     .type = RK_T_STR,
     .offset = offsetof(struct prestop, command),
     .help = "what bash runs in the container before it is told to end"},
    {.key = "grace-period",
     .dflt = "0s",
     .type = RK_T_DURATION,
     .offset = offsetof(struct prestop, grace_ms),
     .min = 0,
     .max = 86400000,
     .help = "of pods whose template has no terminationGracePeriodSeconds; the hook's time counts "
             "against it. 0: Kubernetes' own, 30 s"},
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct prestop *me = self;
    if (me->command[0] && me->grace_ms % 1000 == 0)
        return RK_OK;
    (void)snprintf(err, err_size, "%s", /* cut when it must */
                   me->command[0] ? "grace-period: whole seconds are wanted"
                                  : "command: something for bash is wanted");
    return RK_EINVAL;
}

static int32_t shape_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct prestop *me = self;
    if (!me->enabled || rk->type(rk->at(rk->tree(rk->subject(ps)), HOOK)) > RK_JSON_NULL)
        return RK_OK;
    const char *const words[] = {"/bin/bash", "-c", me->command};
    rk_json *exec = rk->new_object(ps);
    rk->put(ps, exec, "command", rk_words(rk, ps, words, RK_COUNT(words)));
    RK_TRY(rk->offer(rk->subject(ps), HOOK "/exec", exec));
    return me->grace_ms >= 1000 ? rk_offer_num(rk, ps, rk->subject(ps), GRACE, me->grace_ms / 1000)
                                : RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_SEAL,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = shape_pod,
     .title = "ray stop before the end"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct prestop),
    .name = "prestop",
    .version = RK_VERSION,
    .summary = "a preStop hook that stops Ray, off by default",
    .owns = RAY_C0 "/lifecycle," GRACE,
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .check = check,
};
