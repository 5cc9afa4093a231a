/* Remote facts: the answer is the snapshot's; the question goes into the plan, so that whoever carries it out keeps the answer
 * fresh and lets the object be passed again when it changes. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/str.h"

#define ASKS_MAX     32
#define QUESTION_MAX 2048
#define FRESH_MIN_MS 1000
#define FRESH_MAX_MS 86400000
#define NODES_MAX    100000

static const struct rk_json_limits limits = {.bytes = 1u << 20, .nodes = NODES_MAX, .depth = 128};

/* Of the API server, and as it is sent: what is behind a # would not be. */
static bool is_path(const char *path)
{
    size_t n = path ? strnlen(path, QUESTION_MAX + 1) : 0;
    if (n == 0 || n > QUESTION_MAX ||
        (!rk_str_starts(path, "/api/") && !rk_str_starts(path, "/apis/")))
        return false;
    for (const char *p = path; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '#')
            return false;
    return true;
}

static bool may_ask(const struct rk_pass *ps)
{
    return ps->phase == RK_PHASE_PLAN || ps->phase == RK_PHASE_FINALIZE ||
           ps->phase == RK_PHASE_STATUS;
}

/* An answer is input like the object itself: what its tree takes is no plugin's doing. */
static const cJSON *body_of(struct rk_pass *ps, struct rk_span text)
{
    cJSON *tree = NULL;
    struct rk_err err = RK_ERR_INIT;
    if (!text.p || text.n == 0 || text.n > limits.bytes)
        return NULL;
    if (ps->arena.cap > 0)
        ps->arena.cap += text.n * 48;
    return rk_json_parse(&ps->arena, text.p, text.n, &limits, &tree, &err) == 0 ? tree : NULL;
}

/* The first time a path is asked for in this pass its answer is looked up, and read. */
static struct rk__fact *question(struct rk_pass *ps, const char *path, int64_t fresh_ms)
{
    struct rk_plan *p = ps->plan;
    for (size_t i = 0; i < p->n_asks; i++) {
        if (strcmp(p->asks[i].path, path) != 0)
            continue;
        if (fresh_ms < p->asks[i].fresh_ms)
            p->asks[i].fresh_ms = fresh_ms;
        return &ps->told[i];
    }
    if (p->n_asks == ASKS_MAX)
        return NULL;
    if (!ps->told)
        ps->told = rk_arena_alloc(&ps->arena, ASKS_MAX * sizeof *ps->told);
    struct rk__fact *t = &ps->told[p->n_asks];
    struct rk_plan_ask *a = rk__grow(&p->arena, &p->asks, &p->n_asks, &ps->cap_asks, sizeof *a);
    *a = (struct rk_plan_ask){rk_arena_strdup(&p->arena, path), fresh_ms};
    t->there = ps->snap->answer && ps->snap->answer(ps->snap->ctx, path, &t->answer);
    if (t->there)
        t->body = body_of(ps, t->answer.body);
    return t;
}

int32_t rk__ask(struct rk_pass *ps, const rk_ask *ask, rk_answer *ret)
{
    if (!may_ask(ps))
        return rk__hook_refuse(ps, RK_EFAIL, "ask in phase %s", rk_phase_name(ps->phase));
    if (!ask || ask->size < sizeof *ask || !is_path(ask->path))
        return rk__hook_refuse(ps, RK_EFAIL,
                               "asks for what is no path of the API: /api/... or /apis/..., "
                               "at most %d bytes, without blanks",
                               QUESTION_MAX);
    int64_t fresh = ask->fresh_ms < FRESH_MIN_MS   ? FRESH_MIN_MS
                    : ask->fresh_ms > FRESH_MAX_MS ? FRESH_MAX_MS
                                                   : ask->fresh_ms;
    const struct rk__fact *t = question(ps, ask->path, fresh);
    if (!t)
        return rk__hook_refuse(ps, RK_EFAIL, "more than %d questions", ASKS_MAX);
    if (!t->there)
        return RK_WAIT;
    int64_t age = (ps->snap->now_us - t->answer.at_us) / 1000;
    const rk_answer full = {.size = ret ? ret->size : 0,
                            .http = t->answer.http,
                            .age_ms = age > 0 ? age : 0,
                            .body = rk__out(t->body),
                            .error = t->answer.error ? t->answer.error : ""};
    if (ret) /* only as many bytes as the plugin's struct has */
        memcpy(ret, &full, ret->size < sizeof full ? ret->size : sizeof full);
    return RK_OK;
}
