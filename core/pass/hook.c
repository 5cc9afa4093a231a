/* One hook at a time: who is called, what its return means, and which calls it must not survive. */
#include "core/pass/room.h"

#include <stdarg.h>
#include <string.h>

bool rk__code_known(int32_t code)
{
    return code >= RK_EFAIL && code <= RK_DONE;
}

/* The first refusal counts: what follows is often its consequence. */
int32_t rk__hook_refuse(struct rk_pass *ps, int32_t code, const char *fmt, ...)
{
    if (ps->refused != RK_OK)
        return code;
    va_list ap;
    va_start(ap, fmt);
    ps->refused_text = rk_arena_vfmt(&ps->arena, fmt, ap);
    va_end(ap);
    ps->refused = code;
    return code;
}

int32_t rk__hook_mild(struct rk_pass *ps, int32_t code, const char *field, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    ps->why = rk_arena_vfmt(&ps->arena, fmt, ap);
    va_end(ap);
    ps->why_field = field;
    return code;
}

static bool one_of(const char *const *words, const char *word)
{
    if (!words)
        return true;
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static bool serves(const struct rk_pass *ps, const struct rk_plugged_hook *h)
{
    if (!one_of(h->kinds, ps->snap->gvk))
        return false;
    bool pod = ps->subject && ps->subject->what == RK__OBJ_POD;
    return !pod || one_of(h->roles, ps->group->g.role);
}

static void in_hand(const struct rk_pass *ps, const struct rk_plugged_hook *h)
{
    if (ps->conf->in_hand)
        ps->conf->in_hand(ps->conf->ctx, h ? h->plug->name : NULL, h ? h->hook.title : NULL);
    if (ps->conf->hook_runs)
        ps->conf->hook_runs(ps->conf->ctx, h);
}

static bool verdict_fits(int32_t r, int phase)
{
    if (r == RK_DONE)
        return phase < RK_PHASE_POD || phase == RK_PHASE_FINALIZE;
    return r != RK_WAIT || phase != RK_PHASE_STATUS;
}

/* What a return means, once everything that was refused is counted in. Failures that nobody told
 * are told here. */
static int32_t judge(struct rk_pass *ps, int32_t r, size_t told_before)
{
    size_t told = ps->n_failures - told_before;
    if (ps->refused != RK_OK) {
        rk__fail(ps, ps->refused, "", ps->refused_text);
        return ps->refused;
    }
    if (!rk__code_known(r) || !verdict_fits(r, ps->phase)) {
        rk__fail(ps, RK_EFAIL, "",
                 rk_arena_fmt(&ps->arena, "returned %d, which means nothing here", (int)r));
        return RK_EFAIL;
    }
    if (r < 0 && told == 0)
        rk__fail(ps, r, ps->why_field,
                 ps->why ? ps->why
                         : rk_arena_fmt(&ps->arena, "returned %d without a word", (int)r));
    if (r < 0)
        return r;
    if (told > 0)
        return ps->failures[told_before].code; /* fail() is a failure, returned or not */
    return r == RK_YIELDED ? RK_OK : r;
}

int32_t rk__hook_run(struct rk_pass *ps, const struct rk_plugged_hook *h)
{
    size_t told = ps->n_failures;
    ps->hook = h;
    ps->refused = RK_OK;
    ps->refused_text = ps->why = ps->why_field = NULL;
    ps->pledges = NULL;
    in_hand(ps, h);
    int32_t r = h->hook.run(&rk__api, ps, h->plug->self);
    in_hand(ps, NULL);
    rk__claim_settle(ps);
    if (ps->arena.over)
        (void)rk__hook_refuse(ps, RK_EFAIL, "%s %s/%s needs more than %zu bytes", ps->snap->gvk,
                              ps->snap->ns, ps->snap->name,
                              ps->arena.cap); /* the code is in ps->refused */
    r = judge(ps, r, told);
    if (ps->conf->hook_ended)
        ps->conf->hook_ended(ps->conf->ctx, h, r);
    ps->hook = NULL;
    return r;
}

int32_t rk__hooks_within(struct rk_pass *ps, int32_t (*run)(struct rk_pass *ps, void *ctx),
                         void *ctx)
{
    const struct rk_plugged_hook *hook = ps->hook;
    const struct rk__group *group = ps->group;
    const rk_member *member = ps->member;
    struct rk_obj *subject = ps->subject, *start = ps->start;
    struct rk__pledge *pledges = ps->pledges;
    const char *refused_text = ps->refused_text, *why = ps->why, *why_field = ps->why_field;
    int32_t refused = ps->refused;
    int phase = ps->phase;
    int32_t r = run(ps, ctx);
    ps->hook = hook;
    ps->group = group;
    ps->member = member;
    ps->subject = subject;
    ps->start = start;
    ps->pledges = pledges;
    ps->refused = refused;
    ps->refused_text = refused_text;
    ps->why = why;
    ps->why_field = why_field;
    ps->phase = phase;
    in_hand(ps, hook);
    return r;
}

int32_t rk__hooks(struct rk_pass *ps, int phase, bool all)
{
    int32_t sum = RK_OK;
    ps->phase = phase;
    for (size_t i = 0; i < ps->plugins->n_hooks; i++) {
        const struct rk_plugged_hook *h = &ps->plugins->hooks[i];
        if (h->hook.phase != phase || !serves(ps, h))
            continue;
        int32_t r = rk__hook_run(ps, h);
        if (r == RK_DONE || ps->arena.over)
            return r;
        if (r == RK_WAIT)
            ps->stopper = h->plug;
        if ((r < 0 && sum >= 0) || (r == RK_WAIT && sum == RK_OK))
            sum = r;
        if (sum != RK_OK && !all)
            return sum;
        if (ps->holds && phase == RK_PHASE_PLAN)
            return RK_OK; /* nothing before the finalizer is there */
    }
    return sum;
}
