/* From a key to a plan: queue -> snapshot -> pass -> flight. Runs only while we lead; bounded time per turn, so that IO is never kept waiting. */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/scan.h"
#include "core/loop/ask.h"
#include "core/loop/worker.h"

#define GATE_MS     200
#define HELD_MS     10000 /* held deletions are looked at again */
#define FULL_MS     60000 /* questions for which there is no place */
#define PROBLEM_MAX 300   /* bytes of it that are kept */
#define TURN_MS     15    /* of passes per turn of the event loop */
#define FLIGHTS_MAX 256   /* plans carried out at once; the client's window bounds requests */

static int priority_of(enum rk_view_cause cause)
{
    switch (cause) {
    case RK_CAUSE_LIST:
        return RK_PRIO_LOW;
    case RK_CAUSE_CHILD:
    case RK_CAUSE_STATUS:
        return RK_PRIO_NORMAL;
    case RK_CAUSE_CHILD_GONE:
    case RK_CAUSE_USER:
    case RK_CAUSE_DELETED:
        return RK_PRIO_HIGH;
    }
    return RK_PRIO_NORMAL;
}

static char *make_key(const char *gvk, const char *ns, const char *name)
{
    struct rk_buf b;
    rk_buf_init(&b, 2048);
    (void)rk_buf_addf(&b, "%s %s/%s", gvk, ns, name); /* API names are far below the bound */
    return rk_buf_take(&b, NULL);
}

void rk_owner_free(void *p)
{
    struct rk_owner *o = p;
    if (!o)
        return;
    rk_flight_free(o->flight);
    for (size_t i = 0; i < o->n_outcomes; i++) {
        rk_free((void *)(uintptr_t)o->outcomes[i].gvk);
        rk_free((void *)(uintptr_t)o->outcomes[i].group);
        rk_free((void *)(uintptr_t)o->outcomes[i].verb);
        rk_free((void *)(uintptr_t)o->outcomes[i].reason);
        rk_free((void *)(uintptr_t)o->outcomes[i].message);
    }
    rk_free(o->outcomes);
    rk_free(o->told);
    rk_free(o->samples);
    rk_free(o->held_why);
    rk_free(o->problem);
    rk_decide_free(o->decided);
    rk_free(o->key);
    rk_free(o->gvk);
    rk_free(o->ns);
    rk_free(o->name);
    rk_free(o);
}

static struct rk_owner *owner_get(struct rk_worker *w, const char *key, const char *gvk,
                                  const char *ns, const char *name)
{
    struct rk_owner *o = rk_map_get(&w->owners, key);
    if (o)
        return o;
    o = rk_alloc(sizeof(*o));
    o->key = rk_strdup(key);
    o->gvk = rk_strdup(gvk);
    o->ns = rk_strdup(ns);
    o->name = rk_strdup(name);
    while (o->kind + 1 < w->plugins->n_kinds && strcmp(w->plugins->kinds[o->kind].gvk, gvk) != 0)
        o->kind++;
    rk_map_put(&w->owners, key, o);
    return o;
}

void rk_drive_forget(struct rk_worker *w)
{
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);) {
        if (((struct rk_owner *)value)->flight)
            continue; /* aborted: its end finds the queue as it is */
        rk_queue_drop(w->queue, key);
        rk_map_del(&w->owners, key);
    }
}

void rk_drive_wake(void *ctx, const char *gvk, const char *ns, const char *name,
                   enum rk_view_cause cause)
{
    struct rk_worker *w = ctx;
    if (!w->leads || !rk_feeds_whole(w, ns))
        return; /* leadership, or a namespace that is complete, looks at everything (rk_drive_all) */
    if (cause == RK_CAUSE_STATUS && !w->any_quarantined)
        return; /* our own echo, or somebody's status edit: nothing that a pass reads has changed */
    char *key = make_key(gvk, ns, name);
    struct rk_owner *o = owner_get(w, key, gvk, ns, name);
    if (cause == RK_CAUSE_STATUS && !o->quarantined) {
        rk_free(key);
        return;
    }
    if (cause == RK_CAUSE_USER || cause == RK_CAUSE_DELETED)
        o->user_edits++;
    int64_t now = rk_clock_ms();
    o->woken_ms = o->woken_ms ? o->woken_ms : now;
    o->dirty_ms = o->dirty_ms ? o->dirty_ms : now;
    rk_queue_add(w->queue, key, priority_of(cause), now);
    rk_free(key);
    rk_drive_soon(w);
}

void rk_drive_answered(void *worker, const char *key)
{
    struct rk_worker *w = worker;
    const struct rk_owner *o = rk_map_get(&w->owners, key);
    if (o)
        rk_drive_wake(w, o->gvk, o->ns, o->name, RK_CAUSE_CHILD);
}

void rk_drive_retry(void *worker)
{
    struct rk_worker *w = worker;
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);)
        if (rk_queue_failures(w->queue, key) > 0)
            rk_queue_add(w->queue, key, RK_PRIO_HIGH, rk_clock_ms());
    rk_drive_soon(w);
}

void rk_drive_all(struct rk_worker *w, const char *only_ns)
{
    for (size_t k = 0; k < w->plugins->n_kinds; k++) {
        int kind = rk_view_kind_find(w->view, w->plugins->kinds[k].gvk);
        const char *ns, *name;
        for (size_t pos = 0; kind >= 0 && rk_view_next_owner(w->view, kind, &pos, &ns, &name);)
            if (!only_ns || strcmp(ns, only_ns) == 0)
                rk_drive_wake(w, w->plugins->kinds[k].gvk, ns, name, RK_CAUSE_LIST);
    }
}

static void again_after(struct rk_plan *plan, int64_t ms)
{
    if (plan->again_ms < 0 || plan->again_ms > ms)
        plan->again_ms = ms;
}

/* Between two hooks it is we who work for the object: a crash there is its matter as well. */
static void in_hand(void *ctx, const char *plugin, const char *hook)
{
    struct rk_worker *w = ctx;
    rk_shared_hand(w->shared, plugin ? plugin : RK_HAND_CORE, plugin ? hook : "pass");
}

static void hook_runs(void *ctx, const struct rk_plugged_hook *h)
{
    rk_metrics_hook_runs(ctx, h);
}

static void hook_ended(void *ctx, const struct rk_plugged_hook *h, int32_t verdict)
{
    rk_metrics_hook_ended(ctx, h, verdict);
}

/* One pass, with the object in hand from its beginning to its end. */
static int run_pass(struct rk_worker *w, const struct rk_owner *o, const struct rk_snapshot *snap,
                    struct rk_plan **ret, struct rk_err *err)
{
    const struct rk_pass_conf pc = {.arena_cap = 16u << 20,
                                    .slice = 64,
                                    .in_hand = in_hand,
                                    .hook_runs = hook_runs,
                                    .hook_ended = hook_ended,
                                    .ctx = w};
    atomic_fetch_add(&w->shared->passes, 1);
    rk_shared_subject(w->shared, o->key, snap->uid, rk_pass_generation(snap));
    in_hand(w, NULL, NULL);
    int r = rk_pass_run(w->plugins, &pc, snap, ret, err);
    rk_shared_subject(w->shared, NULL, NULL, 0);
    return r;
}

/* Pods that are there resolve their names: a create whose answer we never got has happened. */
static void resolve_names(struct rk_worker *w, const struct rk_snapshot *snap)
{
    for (size_t i = 0; i < snap->n_seen; i++) {
        const struct rk_seen *s = &snap->seen[i];
        if (rk_shared_name_get(w->shared, s->gvk, s->ns, s->name) == RK_NAME_UNRESOLVED)
            rk_shared_name_set(w->shared, s->gvk, s->ns, s->name, RK_NAME_USED);
    }
}

/* Was the spec edited while nobody looked? The status tells how far its writer had come. */
static bool edited_unseen(const struct rk_snapshot *snap)
{
    struct rk_span now = rk_scan_get(snap->object, "metadata/generation"),
                   seen = rk_scan_get(snap->object, "status/observedGeneration");
    return now.p && seen.p && (now.n != seen.n || memcmp(now.p, seen.p, now.n) != 0);
}

/* For people, until the next pass. */
static void note_problem(struct rk_owner *o, const char *text)
{
    rk_free(o->problem);
    o->problem = text ? rk_strndup(text, strnlen(text, PROBLEM_MAX)) : NULL;
}

static void run_key(struct rk_worker *w, const char *key, int64_t waited_ms)
{
    struct rk_owner *o = rk_map_get(&w->owners, key);
    struct rk_snapshot snap;
    rk_arena_reset(&w->arena);
    memset(&snap, 0, sizeof(snap));
    if (!o || rk_view_snapshot(w->view, o->gvk, o->ns, o->name, &w->arena, &snap) != 0) {
        /* Gone: the garbage collector takes the children. The key leaves our hand, or a new object of this name would wait for it for ever. */
        (void)rk_asks_note(w->asks, key, NULL, 0); /* nothing needs no place; here and below */
        rk_queue_forget(w->queue, key);
        rk_queue_drop(w->queue, key);
        rk_blame_drop(&w->shared->blame, key);
        rk_map_del(&w->owners, key); /* the key is the queue's until done */
        rk_queue_done(w->queue, key, rk_clock_ms());
        return;
    }
    rk_metrics_taken(w, o, waited_ms);
    o->woken_ms = 0;
    resolve_names(w, &snap);
    if (o->user_edits == 0 && edited_unseen(&snap))
        o->user_edits = 1;
    o->planned_edits = o->user_edits;
    o->generation = rk_pass_generation(&snap);
    rk_decide_begin(w, o);
    snap.now_us = rk_clock_wall_us();
    if (rk_quarantine_stops(w, o, &snap))
        return;
    snap.outcomes = o->outcomes;
    snap.n_outcomes = o->n_outcomes;
    struct rk_look look = {w, o, snap.uid};
    rk_drive_look(&look, &snap);
    struct rk_plan *plan = NULL;
    struct rk_err err = RK_ERR_INIT;
    if (run_pass(w, o, &snap, &plan, &err) != 0) {
        note_problem(o, err.text);
        rk_log_error("object cannot be read", RK_KV("object", key), RK_KV("err", err.text));
        (void)rk_asks_note(w->asks, o->key, NULL, 0);
        rk_drive_tell_unreadable(w, o, &snap, &err);
        rk_drive_finished(w, o, RK_FLIGHT_FAILED);
        return;
    }
    note_problem(o, plan->problem);
    if (plan->problem)
        rk_log_warn("pass failed", RK_KV("object", key), RK_KV("err", plan->problem));
    rk_metrics_sampled(o, plan);
    bool held = rk_hold_deletions(w, o, plan) > 0;
    rk_drive_tell(w, o, plan);
    if (held)
        again_after(plan, HELD_MS);
    if (!rk_asks_note(w->asks, o->key, plan->asks, plan->n_asks))
        again_after(plan, FULL_MS);
    rk_flight_start(w, o, plan, held);
}

void rk_drive_finished(struct rk_worker *w, struct rk_owner *o, enum rk_flight_end end)
{
    int64_t now = rk_clock_ms();
    rk_metrics_settled(w, o, end);
    rk_queue_done(w->queue, o->key, now);
    if (!w->leads) { /* leadership went meanwhile; see rk_drive_forget */
        rk_queue_drop(w->queue, o->key);
        rk_map_del(&w->owners, o->key);
        return;
    }
    if (end == RK_FLIGHT_FAILED)
        (void)rk_queue_retry(w->queue, o->key, now); /* the delay is the queue's matter */
    else
        rk_queue_forget(w->queue, o->key);
    if (end == RK_FLIGHT_MORE)
        rk_queue_add(w->queue, o->key, RK_PRIO_NORMAL, now);
    if (end == RK_FLIGHT_SETTLED) {
        o->user_edits -= o->planned_edits;
        o->dirty_ms = o->woken_ms;
    }
    uint32_t r = 0;
    (void)rk_random(&r, sizeof(r)); /* without it the sweep is merely less spread */
    int64_t sweep = w->o->op.sweep_ms - w->o->op.sweep_ms / 10 +
                    (int64_t)(r % 1000) * (w->o->op.sweep_ms / 5) / 1000;
    rk_queue_add_after(w->queue, o->key, RK_PRIO_LOW, now, sweep);
    rk_drive_soon(w);
}

static void drive(void *ctx)
{
    struct rk_worker *w = ctx;
    int64_t start = rk_clock_ms(), due = INT64_MAX;
    w->driving = true; /* what a key asks for meanwhile, this turn sees */
    while (w->leads && !w->stopping && w->flights < FLIGHTS_MAX) {
        int priority;
        int64_t waited, now = rk_clock_ms();
        if (!rk_shared_gate(w->shared, w->epoch)) {
            /* It shut without a word (a late renewal), and opens without one. */
            due = now + GATE_MS;
            break;
        }
        if (now - start >= TURN_MS) {
            due = now;
            break;
        }
        const char *key = rk_queue_next(w->queue, now, &priority, &waited);
        if (!key) {
            due = rk_queue_due_ms(w->queue);
            break;
        }
        run_key(w, key, waited);
    }
    w->driving = false;
    if (due != INT64_MAX)
        rk_timer_set(w->poll, &w->drive_timer, due, drive, w);
}

void rk_drive_soon(struct rk_worker *w)
{
    if (w->driving || !w->leads)
        return;
    w->driving = true;
    rk_timer_in(w->poll, &w->drive_timer, 0, drive, w);
}
