/* A plan in flight: its writes go out wave by wave, one group's creates concurrently (1, 2, 4 ... in flight), each settled before the plan is.
 *
 * Settled means: we know whether it happened. A create whose outcome is unknown is sent again under the same name until the answer tells (201, or 409 and
 * the object is ours); a delete likewise under its uid. Only a shut gate ends a flight with something unsettled: the names then stay `unresolved` in
 * shared memory, and the next plan of the same intent chooses the same names (client.md 34, 36-38). */
#include "core/loop/flight_in.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"

#define RACES_MAX          5
#define RACE_MS            50   /* a lost race is looked at again soon, yet is no hot loop */
#define CROWD              16   /* writes queued or in flight */
#define STATUS_QUIET_MS    1000 /* counters at most once a second (client.md 40) */
#define STATUS_COALESCE_MS 200  /* conditions at once, but one start-up's changes together */

void rk_flight_free(struct rk_flight *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->plan->n_ops; i++) {
        if (f->steps[i].call)
            rk_client_cancel(f->w->client, f->steps[i].call);
        rk__flight_weighed(&f->steps[i], false);
        rk_timer_del(f->w->poll, &f->steps[i].again);
    }
    rk_timer_del(f->w->poll, &f->finish);
    for (size_t i = 0; i < f->n_tallies; i++)
        rk_buf_done(&f->tallies[i].names);
    rk_free(f->steps);
    rk_plan_free(f->plan);
    rk_free(f);
}

/* A whole, clean look: failures that nothing was tried against any more are over (their cause left the spec). True when there were some. */
static bool settle_outcomes(struct rk_flight *f)
{
    if (f->aborted || f->raced || f->held || f->settled_bad || f->plan->failed ||
        f->plan->invalid || f->plan->n_held > 0 || rk_clock_ms() < f->owner->barred_ms)
        return false;
    bool any = false;
    for (size_t i = 0; i < f->owner->n_outcomes; i++) {
        any = any || f->owner->outcomes[i].failures > 0;
        f->owner->outcomes[i].failures = 0;
    }
    return any;
}

static void finish(void *ctx)
{
    struct rk_flight *f = ctx;
    struct rk_worker *w = f->w;
    struct rk_owner *o = f->owner;
    int64_t now = rk_clock_ms();
    if (!f->aborted)
        rk__flight_tell(f);
    enum rk_flight_end end = f->settled_bad > 0 || f->plan->failed ? RK_FLIGHT_FAILED
                             : settle_outcomes(f) || f->more || f->plan->n_held > 0
                                 ? RK_FLIGHT_MORE
                                 : RK_FLIGHT_SETTLED;
    o->races = f->raced ? o->races + 1 : 0;
    if (f->raced && end != RK_FLIGHT_FAILED) {
        /* A lost race is looked at again soon; a storm of them backs off like any failure (client.md 12). */
        end = o->races > RACES_MAX ? RK_FLIGHT_FAILED : RK_FLIGHT_RACED;
        rk_queue_add_after(w->queue, o->key, RK_PRIO_NORMAL, now, RACE_MS);
    }
    if (now < o->barred_ms && end == RK_FLIGHT_FAILED) {
        end = RK_FLIGHT_RACED;
        rk_queue_add_after(w->queue, o->key, RK_PRIO_LOW, now, o->barred_ms - now);
    }
    if (f->plan->again_ms >= 0)
        rk_queue_add_after(w->queue, o->key, RK_PRIO_NORMAL, now, f->plan->again_ms);
    if (f->held && end == RK_FLIGHT_SETTLED)
        end = RK_FLIGHT_RACED; /* its edits are not carried out yet; again_ms has queued it */
    if (f->aborted)
        end = RK_FLIGHT_MORE; /* whoever leads next, we too, looks afresh */
    o->flight = NULL;
    w->flights--;
    rk_flight_free(f);
    rk_drive_finished(w, o, end);
}

void rk__flight_finish_soon(struct rk_flight *f)
{
    rk_timer_in(f->w->poll, &f->finish, 0, finish, f);
}

/* Status after writes that went well would tell the world before them: the pass that their answers wake tells it right. */
static bool status_later(struct rk_flight *f)
{
    if (f->settled_bad || f->plan->failed || f->plan->invalid)
        return false;
    if (f->settled_ok) {
        f->more = true;
        if (f->owner->status_ms == 0)
            f->owner->status_ms =
                rk_clock_ms(); /* the first status waits for the pods' first news */
        return true;
    }
    /* While requests queue up, news is gathered: each status write there is one create later. */
    bool crowded = rk_client_busy(f->w->client, RK_LANE_UNARY, true) > CROWD;
    bool urgent = f->plan->conditions_changed && !crowded;
    int64_t now = rk_clock_ms(), quiet = urgent ? STATUS_COALESCE_MS : STATUS_QUIET_MS;
    int64_t since = now - f->owner->status_ms;
    if (f->owner->status_ms == 0 || since >= quiet)
        return false;
    rk_queue_add_after(f->w->queue, f->owner->key, RK_PRIO_NORMAL, now, quiet - since);
    return true;
}

void rk__flight_failed(struct rk_flight *f, int wave)
{
    if (!f->wave_failed)
        f->failed_wave = wave;
    f->wave_failed = true;
}

/* After a failure: later waves are not sent (pods without their Service), and of its own wave its own group is not; other groups go on. */
static bool stopped(const struct rk_flight *f, const struct rk_op *op)
{
    if (op->verb == RK_OP_CREATE && rk_clock_ms() < f->owner->barred_ms)
        return true;
    if (!f->wave_failed || op->verb == RK_OP_STATUS)
        return false; /* status tells of the failure */
    if (op->wave != f->failed_wave)
        return true;
    for (size_t i = 0; i < f->next; i++) {
        const struct rk_op *other = f->steps[i].op;
        if (f->steps[i].failed && strcmp(other->gvk, op->gvk) == 0 &&
            strcmp(other->group, op->group) == 0)
            return true;
    }
    return false;
}

void rk__flight_advance(struct rk_flight *f)
{
    struct rk_plan *p = f->plan;
    while (!f->aborted && f->next < p->n_ops && f->in_flight < f->window) {
        const struct rk_op *op = &p->ops[f->next];
        bool status = op->verb == RK_OP_STATUS;
        if ((status || op->wave != f->wave) && f->in_flight > 0)
            break; /* the wave before must be settled */
        bool never = stopped(f, op);
        if (never || (status && status_later(f))) {
            if (never)
                rk_decide_wrote(f->w, f->owner, p, op, "skipped",
                                rk_clock_ms() < f->owner->barred_ms
                                    ? "its namespace is being deleted"
                                    : "a write before it failed",
                                NULL);
            f->next++;
            continue;
        }
        f->wave = op->wave;
        struct rk_leg *s = &f->steps[f->next++];
        f->in_flight++;
        rk__flight_send(s);
    }
    if (f->in_flight == 0 && (f->aborted || f->next >= p->n_ops))
        rk__flight_finish_soon(f);
}

void rk_flight_start(struct rk_worker *w, struct rk_owner *owner, struct rk_plan *plan, bool held)
{
    struct rk_flight *f = rk_alloc(sizeof(*f));
    f->w = w;
    f->owner = owner;
    f->plan = plan;
    f->window = 1;
    f->held = held;
    f->steps = rk_alloc_array(plan->n_ops + 1, sizeof(*f->steps));
    for (size_t i = 0; i < plan->n_ops; i++) {
        f->steps[i].f = f;
        f->steps[i].op = &plan->ops[i];
    }
    owner->flight = f;
    w->flights++;
    rk__flight_advance(f);
}

void rk_flight_abort_all(struct rk_worker *w)
{
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);) {
        struct rk_flight *f = ((struct rk_owner *)value)->flight;
        if (!f || f->aborted)
            continue;
        f->aborted = true;
        for (size_t k = 0; k < f->plan->n_ops; k++)
            if (rk_timer_active(&f->steps[k].again)) {
                rk_timer_del(w->poll, &f->steps[k].again);
                f->in_flight--;
            }
        if (f->in_flight == 0)
            rk__flight_finish_soon(f);
    }
}
