/* A plugin that says when it is asked, and that aborts at the start of a worker while a certain file exists. It writes nothing. */
#include <stdlib.h>
#include <unistd.h>

#include <raykeeper/sugar.h>

struct brittle {
    const char *trigger;
};

static const rk_opt opts[] = {
    {.key = "trigger",
     .dflt = "",
     .help = "a file: while it is there, workers abort when they start",
     .type = RK_T_STR,
     .offset = offsetof(struct brittle, trigger)},
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct brittle *me = self;
    (void)err, (void)err_size;
    if (me->trigger[0] && access(me->trigger, F_OK) == 0)
        abort();
    return RK_OK;
}

static int32_t look(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk->log(ps, 1, "brittle was asked", NULL, 0);
    return RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_BASE,
     .run = look,
     .title = "says that it was asked"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES,
                                          .self_size = sizeof(struct brittle),
                                          .name = "brittle",
                                          .version = "0.1",
                                          .summary = "aborts when told to",
                                          .hooks = hooks,
                                          .n_hooks = RK_COUNT(hooks),
                                          .opts = opts,
                                          .n_opts = RK_COUNT(opts),
                                          .check = check};
