/* What is to be done, is being done, waits or fails, as /debug/state tells it: queue, flights, held deletions, quarantine, last errors. */
#include "core/loop/flight_in.h"
#include "core/loop/state.h"

#include <string.h>

#include "core/base/clock.h"

void rk__state_queue(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    struct rk_queue_row rows[RK_STATE_ROWS];
    int64_t now = rk_clock_ms();
    size_t backing_off, n = rk_queue_rows(w->queue, now, rows, RK_STATE_ROWS, &backing_off);
    cJSON *o = rk_state_object(a, doc, "queue");
    rk_state_int(a, o, "ready", (int64_t)rk_queue_depth(w->queue));
    rk_state_int(a, o, "oldestMs", rk_queue_oldest_ms(w->queue, now));
    rk_state_int(a, o, "backingOff", (int64_t)backing_off);
    rk_state_int(a, o, "later", (int64_t)(rk_queue_waiting(w->queue) - backing_off));
    rk_state_int(a, o, "inHand", (int64_t)rk_queue_in_hand(w->queue));
    cJSON *list = rk_state_array(a, o, "list");
    for (size_t i = 0; i < n; i++) {
        cJSON *row = rk_state_row(a, list);
        rk_state_text(a, row, "object", rows[i].key);
        rk_state_text(a, row, "state", rows[i].backs_off ? "backs off" : "ready");
        rk_state_int(a, row, rows[i].backs_off ? "nextInMs" : "sinceMs", rows[i].ms);
        rk_state_int(a, row, "failures", rows[i].failures);
    }
}

static void flight(const struct rk_owner *o, struct rk_arena *a, cJSON *list)
{
    const struct rk_flight *f = o->flight;
    cJSON *row = rk_state_row(a, list);
    rk_state_text(a, row, "object", o->key);
    rk_state_int(a, row, "sinceMs", (rk_clock_us() - o->taken_us) / 1000);
    rk_state_int(a, row, "writes", (int64_t)f->plan->n_ops);
    rk_state_int(a, row, "done", (int64_t)f->settled_ok);
    rk_state_int(a, row, "failed", (int64_t)f->settled_bad);
    rk_state_int(a, row, "inFlight", (int64_t)f->in_flight);
    rk_state_int(a, row, "wave", f->wave);
}

static void holding(const struct rk_owner *o, struct rk_arena *a, cJSON *list)
{
    cJSON *row = rk_state_row(a, list);
    rk_state_text(a, row, "object", o->key);
    rk_state_int(a, row, "deletions", (int64_t)o->held);
    rk_state_text(a, row, "why", o->held_why);
    rk_state_int(a, row, "sinceMs", rk_clock_ms() - o->held_ms);
}

/* Memory of this master knows plugin and hook; of one before us the object's own condition tells. */
static void quarantine(const struct rk_worker *w, const struct rk_owner *o, struct rk_arena *a,
                       cJSON *list)
{
    const struct rk_blames *t = &w->shared->blame;
    cJSON *row = rk_state_row(a, list);
    rk_state_text(a, row, "object", o->key);
    for (uint32_t i = 0; i < t->used && i < RK_BLAME_ROWS; i++) {
        const struct rk_blame *b = &t->row[i];
        if (strncmp(b->object, o->key, sizeof(b->object)) != 0)
            continue;
        rk_state_text(a, row, "plugin", b->plugin);
        rk_state_text(a, row, "hook", b->hook);
        rk_state_text(a, row, "how", b->how);
        rk_state_int(a, row, "times", b->count);
        rk_state_int(a, row, "generation", b->generation);
        return;
    }
    rk_state_text(a, row, "how", "see the object's condition " RK_QUARANTINED);
}

static void problem(const struct rk_owner *o, struct rk_arena *a, cJSON *list)
{
    cJSON *row = rk_state_row(a, list);
    rk_state_text(a, row, "object", o->key);
    rk_state_text(a, row, "what", "pass");
    rk_state_text(a, row, "message", o->problem);
}

static void outcome(const struct rk_owner *o, const struct rk_snap_outcome *u, struct rk_arena *a,
                    cJSON *list)
{
    int64_t now = rk_clock_wall_us() / 1000;
    cJSON *row = rk_state_row(a, list);
    rk_state_text(a, row, "object", o->key);
    rk_state_text(a, row, "what", u->verb);
    rk_state_text(a, row, "kind", u->gvk);
    rk_state_text(a, row, "group", u->group);
    rk_state_int(a, row, "code", u->http);
    rk_state_text(a, row, "message", u->message);
    rk_state_int(a, row, "failures", u->failures);
    rk_state_int(a, row, "firstAgoMs", now - u->first_ms);
    rk_state_int(a, row, "lastAgoMs", now - u->last_ms);
}

struct part {
    cJSON *object, *list;
    size_t total, told;
};

static struct part part(struct rk_arena *a, cJSON *doc, const char *key)
{
    struct part p = {.object = rk_state_object(a, doc, key)};
    p.list = rk_state_array(a, p.object, "list");
    return p;
}

static bool room(struct part *p)
{
    p->total++;
    return p->told < RK_STATE_ROWS && ++p->told;
}

void rk__state_owners(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    struct part flights = part(a, doc, "flights"), held = part(a, doc, "held"),
                quarantined = part(a, doc, "quarantine"), errors = part(a, doc, "errors");
    struct part *all[] = {&flights, &held, &quarantined, &errors};
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);) {
        const struct rk_owner *o = value;
        if (o->flight && room(&flights))
            flight(o, a, flights.list);
        if (o->held && room(&held))
            holding(o, a, held.list);
        if (o->quarantined && room(&quarantined))
            quarantine(w, o, a, quarantined.list);
        if (o->problem && room(&errors))
            problem(o, a, errors.list);
        for (size_t k = 0; k < o->n_outcomes; k++)
            if (o->outcomes[k].failures && room(&errors))
                outcome(o, &o->outcomes[k], a, errors.list);
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        rk_state_int(a, all[i]->object, "total", (int64_t)all[i]->total);
    rk_state_int(a, doc, "owners", (int64_t)w->owners.count);
}
