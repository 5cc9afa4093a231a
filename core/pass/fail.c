/* Failures of hooks: collected, told in the plan, and put on the object so that its owner sees
 * them. */
#include "core/pass/room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SAID_MAX     1024
#define NOTE_MAX     4096
#define CONDITION    "raykeeper.io/HookFailed"
#define REASON       "HookFailed"
#define EVENTS_MAX   8
#define FAILURES_MAX 256
#define TEXT_MAX     1024

void *rk__grow(struct rk_arena *a, void *array_at, size_t *n, size_t *cap, size_t size)
{
    void *old;
    memcpy(&old, array_at, sizeof old);
    if (*n == *cap) {
        size_t more = *cap ? *cap * 2 : 8;
        void *bigger = rk_arena_alloc(a, more * size);
        if (*n > 0)
            memcpy(bigger, old, *n * size);
        memcpy(array_at, &bigger, sizeof bigger);
        old = bigger;
        *cap = more;
    }
    return (char *)old + size * (*n)++;
}

static const char *full_text(struct rk_pass *ps, const struct rk__failure *f)
{
    const char *who = f->plug ? f->plug->name : "core";
    const char *colon = *f->field ? ": " : "";
    return rk_arena_fmt(&ps->arena, "%s: %s: %s%s%.*s", who, rk_phase_name(f->phase), f->field,
                        colon, TEXT_MAX, f->text);
}

/* VALIDATE hooks tell the user what is wrong with the spec, and a STATUS hook that asks for the
 * failures reports them in its kind's own way. What nobody asks for is the core's to report. */
static bool reports_itself(const struct rk_pass *ps, const struct rk__failure *f)
{
    return f->phase == RK_PHASE_VALIDATE && f->code == RK_EINVAL && ps->failures_asked;
}

static void add(struct rk_pass *ps, int32_t code, const struct rk_plug *plug, const char *field,
                const char *text)
{
    if (code == RK_EINVAL)
        ps->plan->invalid = true;
    else
        ps->plan->failed = true;
    if (ps->n_failures >= FAILURES_MAX)
        return;
    struct rk__failure *f =
        rk__grow(&ps->arena, &ps->failures, &ps->n_failures, &ps->cap_failures, sizeof *f);
    *f = (struct rk__failure){.code = code,
                              .phase = ps->phase,
                              .plug = plug,
                              .field = rk_arena_strdup(&ps->arena, field ? field : ""),
                              .text = rk_arena_strdup(&ps->arena, text ? text : "")};
    if (!ps->plan->problem)
        ps->plan->problem = rk_arena_strdup(&ps->plan->arena, full_text(ps, f));
}

void rk__fail(struct rk_pass *ps, int32_t code, const char *field, const char *text)
{
    add(ps, code, ps->hook ? ps->hook->plug : NULL, field, text);
}

void rk__fail_core(struct rk_pass *ps, int32_t code, const struct rk_plug *plug, const char *field,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = rk_arena_vfmt(&ps->arena, fmt, ap);
    va_end(ap);
    add(ps, code, plug, field, text);
}

void rk__event(struct rk_pass *ps, bool warning, const char *reason, const char *action,
               const char *note)
{
    struct rk_plan *p = ps->plan;
    if (p->n_events >= SAID_MAX) { /* the plan's memory is bounded by what may stand in it */
        (void)rk__hook_refuse(ps, RK_EFAIL, "more than %d events", SAID_MAX); /* kept there */
        return;
    }
    size_t n = note ? strnlen(note, NOTE_MAX) : 0;
    struct rk_plan_event *e =
        rk__grow(&p->arena, &p->events, &p->n_events, &ps->cap_events, sizeof *e);
    *e = (struct rk_plan_event){.warning = warning,
                                .reason = rk_arena_strdup(&p->arena, reason ? reason : ""),
                                .action = rk_arena_strdup(&p->arena, action ? action : ""),
                                .note = rk_arena_strndup(&p->arena, note ? note : "", n)};
}

void rk__fail_report(struct rk_pass *ps)
{
    const char *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < ps->n_failures; i++) {
        if (reports_itself(ps, &ps->failures[i]))
            continue;
        const char *text = full_text(ps, &ps->failures[i]);
        first = first ? first : text;
        if (n++ < EVENTS_MAX)
            rk__event(ps, true, REASON, "Reconcile", text);
    }
    if (!first) {
        (void)rk__status_drop_condition(ps, CONDITION); /* mostly not there */
        return;
    }
    const char *more = n > 1 ? rk_arena_fmt(&ps->arena, "%s (and %zu more)", first, n - 1) : first;
    rk__status_condition(ps, CONDITION, "True", REASON, more);
}
