/* Which objects get no pass: those that killed two workers at the generation they have now, and those whose status says so (docs/decisions/006).
 *
 * Shared memory knows what happened under this master; the condition in the object's status knows it for ever. Once it is written, what stands there counts: whoever
 * removes it, or sets it False, gives the object one more try. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/loop/worker.h"

#define LAST_MS  10000 /* of a leadership: so long a suspect lets all others go first */
#define AGAIN_MS 200

static void put_off(struct rk_worker *w, struct rk_owner *o, int64_t after_ms)
{
    int64_t now = rk_clock_ms();
    rk_metrics_settled(w, o, RK_FLIGHT_RACED);
    rk_queue_done(w->queue, o->key, now);
    rk_queue_add_after(w->queue, o->key, RK_PRIO_LOW, now, after_ms);
}

/* What killed once may do so again: then nothing else should be under way, or wait. */
static bool waits_its_turn(struct rk_worker *w, struct rk_owner *o, const struct rk_blame *b)
{
    int64_t now = rk_clock_ms(), due = rk_blame_due_ms(b);
    if (now < due) {
        put_off(w, o, due - now);
        return true;
    }
    if (now - w->led_ms > LAST_MS || (rk_queue_depth(w->queue) == 0 && w->flights == 0))
        return false;
    put_off(w, o, AGAIN_MS);
    return true;
}

static void tell(struct rk_worker *w, struct rk_owner *o, const struct rk_snapshot *snap,
                 const struct rk_blame *b)
{
    static const struct rk_pass_conf pc = {.arena_cap = 16u << 20};
    const struct rk_quarantine q = {.plugin = b->plugin,
                                    .hook = b->hook,
                                    .how = b->how,
                                    .times = b->count,
                                    .hung = b->hung,
                                    .set = w->set};
    struct rk_plan *plan = NULL;
    struct rk_err err = RK_ERR_INIT;
    if (rk_pass_quarantine(w->plugins, &pc, snap, &q, &plan, &err) != 0) {
        rk_log_error("quarantine cannot be told", RK_KV("object", o->key), RK_KV("err", err.text));
        rk_drive_finished(w, o, RK_FLIGHT_FAILED);
        return;
    }
    rk_log_warn("quarantined", RK_KV("object", o->key), RK_KV("why", plan->problem));
    rk_drive_tell(w, o, plan);
    rk_flight_start(w, o, plan, false);
}

bool rk_quarantine_stops(struct rk_worker *w, struct rk_owner *o, const struct rk_snapshot *snap)
{
    struct rk_blame *b =
        rk_blame_find(&w->shared->blame, snap->uid, rk_pass_generation(snap), rk_clock_ms());
    bool says = rk_pass_quarantined(snap, w->set), was = o->quarantined;
    if (b && says)
        b->told = true;
    if (!says && b && b->told && rk_blame_quarantined(b)) {
        rk_log_info("quarantine lifted from outside", RK_KV("object", o->key));
        rk_blame_release(b);
    }
    o->quarantined = says || rk_blame_quarantined(b);
    if (!o->quarantined)
        return b && waits_its_turn(w, o, b);
    w->any_quarantined = true;
    if (!says && b) {
        tell(w, o, snap, b);
        return true;
    }
    if (!was)
        rk_log_warn("object is quarantined: no passes", RK_KV("object", o->key));
    rk_drive_finished(w, o, RK_FLIGHT_SETTLED);
    return true;
}
