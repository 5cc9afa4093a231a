/* A kind that the API may lack, example.com/v1/Whim, whose objects own RayClusters: how many it sees of its own is told in its status. */
#include <raykeeper/sugar.h>

#define WHIM    "example.com/v1/Whim"
#define CLUSTER "ray.io/v1/RayCluster"

static int32_t tell(const rk_api *rk, rk_pass *ps, void *self)
{
    int64_t mine = 0, ready = 0;
    (void)self;
    const rk_json *list = rk->list(ps, CLUSTER);
    for (const rk_json *c = rk->item(list, 0); c; c = rk->next(c)) {
        mine += rk->mine(ps, c);
        ready += rk_is(rk->str(c, "/status/state", ""), "ready");
    }
    (void)rk->set(rk->status(ps), "/mine", rk->new_num(ps, mine)); /* a refusal fails the hook */
    return rk->set(rk->status(ps), "/ready", rk->new_num(ps, ready));
}

static const rk_kind kinds[] = {
    {.gvk = WHIM, .plural = "whims", .controller = "whim-controller", .optional = 1}};
static const rk_watch watches[] = {
    {.gvk = CLUSTER, .plural = "rayclusters", .owner = WHIM, .keep = "/status/state"}};
static const rk_hook hooks[] = {{.phase = RK_PHASE_STATUS,
                                 .rank = 600,
                                 .kinds = WHIM,
                                 .run = tell,
                                 .title = "counts its clusters"}};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,    .name = "whim",
    .version = "0.1",   .summary = "a kind that may be missing",
    .hooks = hooks,     .n_hooks = RK_COUNT(hooks),
    .kinds = kinds,     .n_kinds = RK_COUNT(kinds),
    .watches = watches, .n_watches = RK_COUNT(watches)};
