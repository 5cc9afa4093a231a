/* Deletions of pods that must wait: the cache may be old (client.md 35), or there are too many of them (DESIGN 4, deletion breaker). */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/loop/worker.h"

bool rk_breaker_counts(const struct rk_owner *o)
{
    return !o->planned_edits && rk_clock_ms() >= o->barred_ms;
}

void rk_breaker_pardon(struct rk_worker *w, struct rk_owner *o, int64_t until_ms)
{
    o->barred_ms = until_ms;
    if (o->charged_since == w->breaker.since_ms)
        w->breaker.deleted -= o->charged;
    o->charged = 0;
}

/* Does this deletion exceed the share of known pods that may go without a user's edit? (DESIGN 4, deletion breaker.) */
static bool breaker_trips(const struct rk_worker *w, const struct rk_owner *o,
                          const struct rk_op *op, size_t *admitted)
{
    if (!w->o->breaker.enabled || !rk_breaker_counts(o))
        return false;
    int kind = rk_view_kind_find(w->view, op->gvk);
    size_t known = kind >= 0 ? rk_view_count(w->view, kind) : 0;
    size_t share = known * (size_t)w->o->breaker.percent / 100, floor = (size_t)w->o->breaker.floor;
    if (w->breaker.deleted + w->breaker.flying + *admitted >= (share > floor ? share : floor))
        return true;
    ++*admitted;
    return false;
}

/* One more event of the plan; said again with each pass, and told when it is new. */
static void tell(struct rk_plan *plan, const char *why)
{
    struct rk_plan_event *events =
        rk_arena_alloc(&plan->arena, (plan->n_events + 1) * sizeof(*events));
    if (plan->n_events)
        memcpy(events, plan->events, plan->n_events * sizeof(*events));
    events[plan->n_events++] = (struct rk_plan_event){
        .warning = true,
        .reason = "DeletionsHeld",
        .action = "Delete",
        .note = rk_arena_fmt(&plan->arena, "Pods that should go are not deleted yet: %s", why)};
    plan->events = events;
}

static const char may_be_old[] = "what is known of the cluster may be old";
static const char too_many[] = "too many at once without a user's edit";

/* For people. */
static void note(struct rk_owner *o, size_t held, const char *why)
{
    if (held && !o->held_why)
        o->held_ms = rk_clock_ms();
    rk_free(o->held_why);
    o->held_why = held ? rk_strdup(why) : NULL;
    o->held = held;
}

size_t rk_hold_deletions(struct rk_worker *w, struct rk_owner *o, struct rk_plan *plan)
{
    char why[RK_SHARED_TEXT];
    int64_t now = rk_clock_ms();
    /* Of the owner and of the pods: what else is watched (accounts, services) decides over no pod. */
    bool stale = rk_feeds_stale_of(w, o->gvk, o->ns, why, sizeof(why));
    if (now - w->breaker.since_ms > w->o->breaker.window_ms) {
        w->breaker.since_ms = now;
        w->breaker.deleted = 0;
    }
    size_t held = 0, kept = 0, admitted = 0;
    for (size_t i = 0; i < plan->n_ops; i++) {
        struct rk_op *op = &plan->ops[i];
        bool pod = op->verb == RK_OP_DELETE && op->pod;
        stale = stale || (pod && rk_feeds_stale_of(w, op->gvk, o->ns, why, sizeof(why)));
        if (pod && (stale || (!op->willed && breaker_trips(w, o, op, &admitted)))) {
            rk_decide_held(w, o, plan, op, stale ? may_be_old : too_many);
            held++;
        } else
            plan->ops[kept++] = *op;
    }
    plan->n_ops = kept;
    note(o, held, stale ? why : too_many);
    if (held == 0)
        return 0;
    w->breaker.held += held;
    rk_log_warn("deletions held", RK_KV("object", o->key), RK_KV("why", stale ? why : too_many),
                RK_KN("held", held));
    tell(plan,
         stale ? may_be_old : "too many at once without an edit of the object; see [breaker]");
    return held;
}
