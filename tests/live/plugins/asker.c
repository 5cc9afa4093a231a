/* Asks the API for the path in the annotation test.raykeeper.io/ask of the object, and tells the answer in a condition; with
 * test.raykeeper.io/needs its plan waits for the answer to that path. */
#include <raykeeper/sugar.h>

#define ANNOTATION(name) "/metadata/annotations/test.raykeeper.io~1" name
#define CONDITION        "test.raykeeper.io/Asked"
#define FRESH_MS         1000

static int32_t ask(const rk_api *rk, rk_pass *ps, const char *path, rk_answer *ret)
{
    const rk_ask q = {.size = sizeof q, .path = path, .fresh_ms = FRESH_MS};
    *ret = (rk_answer){.size = sizeof *ret};
    return rk->ask(ps, &q, ret);
}

static int32_t wait_for(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *path = rk->str(rk->object(ps), ANNOTATION("needs"), NULL);
    rk_answer a;
    (void)self;
    return path ? ask(rk, ps, path, &a) : RK_OK;
}

static int32_t tell(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *path = rk->str(rk->object(ps), ANNOTATION("ask"), NULL);
    rk_answer a;
    (void)self;
    if (!path)
        return RK_OK;
    int32_t r = ask(rk, ps, path, &a);
    if (r < 0)
        return r;
    if (r == RK_WAIT)
        rk->condition(ps, CONDITION, "Unknown", "Waiting", "no answer yet");
    else if (a.http == 200)
        rk->condition(ps, CONDITION, "True", "Answered",
                      rk->fmt(ps, "%zu items", rk->len(a.body, "/items")));
    else
        rk->condition(ps, CONDITION, "False", "Refused", rk->fmt(ps, "%d: %s", a.http, a.error));
    return RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN, .rank = 1, .run = wait_for, .title = "waits for an answer"},
    {.phase = RK_PHASE_STATUS, .rank = 600, .run = tell, .title = "tells an answer"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,  .name = "asker",
    .version = "0.1", .summary = "asks what an annotation says",
    .hooks = hooks,   .n_hooks = RK_COUNT(hooks)};
