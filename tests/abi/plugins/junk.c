/* A hook that returns a code that does not exist: only the object in hand fails. */
#include <raykeeper/sugar.h>

static int32_t run(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk_is(rk->name(ps), "good") ? RK_OK : 37;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN, .rank = RK_RANK_BASE, .run = run, .title = "returns junk"}};
static const rk_kind kinds[] = {{.gvk = "example.io/v1/Thing", .plural = "things"}};

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES,
                                .name = "junk",
                                .version = "9",
                                .hooks = hooks,
                                .n_hooks = RK_COUNT(hooks),
                                .kinds = kinds,
                                .n_kinds = RK_COUNT(kinds)};
