/* A plugin that links to what is not there. */
#include <raykeeper/sugar.h>

extern int32_t there_is_no_such_function(rk_pass *ps);

static int32_t run(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)rk;
    (void)self;
    return there_is_no_such_function(ps);
}

static const rk_hook hooks[] = {{.phase = RK_PHASE_PLAN, .rank = RK_RANK_BASE, .run = run}};

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "unresolved", .hooks = hooks,
                                .n_hooks = RK_COUNT(hooks)};
