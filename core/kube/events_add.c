/* What happens to an event that is reported: it joins its series, starts one, or is dropped and
 * counted. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/kube/events_in.h"

#define SERIES_MAX  4096u
#define OBJECTS_MAX 4096u
#define BURST       25

struct bucket {
    int tokens;
    int64_t filled_ms;
};

static void join(struct rk__series *s, uint64_t epoch, int64_t now)
{
    struct rk_recorder *r = s->r;
    s->count++;
    s->epoch = epoch;
    s->last_us = rk_clock_wall_us();
    s->last_ms = now;
    TAILQ_REMOVE(&r->used, s, used);
    TAILQ_INSERT_TAIL(&r->used, s, used);
    if (!s->queued && !s->call)
        rk__series_arm(s);
}

/* One token of the object's bucket: a burst of 25, then one each 5 minutes. */
static bool take_token(struct rk_recorder *r, const char *object, int64_t now)
{
    struct bucket *b = rk_map_get(&r->objects, object);
    int64_t refill = rk__event_timing.refill_ms;
    if (!b) {
        if (r->objects.count >=
            OBJECTS_MAX) { /* forget them all: a new burst for whoever was noisy */
            rk_map_done(&r->objects);
            rk_map_init(&r->objects, rk_free);
        }
        b = rk_alloc(sizeof *b);
        *b = (struct bucket){BURST, now};
        rk_map_put(&r->objects, object, b);
    }
    int64_t more = (now - b->filled_ms) / refill;
    if (b->tokens + more >= BURST) {
        b->tokens = BURST;
        b->filled_ms = now;
    } else {
        b->tokens += (int)more;
        b->filled_ms += more * refill;
    }
    if (b->tokens == 0)
        return false;
    b->tokens--;
    return true;
}

/* Room for one more in the map: the least recently used one that waits ends early. */
static void evict(struct rk_recorder *r)
{
    struct rk__series *s, *next;
    for (s = TAILQ_FIRST(&r->used); s && r->series.count >= SERIES_MAX; s = next) {
        next = TAILQ_NEXT(s, used);
        if (s->ended || s->queued || s->call)
            continue;
        rk__series_end(s);
        if (rk__series_untold(s) && r->n_queue < RK__EVENT_QUEUE_MAX)
            rk__series_enqueue(s);
        else if (rk__series_untold(s))
            rk__series_give_up(s, "the queue is full");
        else
            rk__series_free(s);
    }
}

static bool start_series(struct rk_recorder *r, const struct rk_event *e, const char *key,
                         uint64_t epoch, int64_t now)
{
    struct rk_buf body;
    char name[RK__EVENT_NAME_MAX];
    uint64_t unique = (uint64_t)rk_clock_wall_us() * 1000;
    r->last_unique = unique > r->last_unique ? unique : r->last_unique + 1;
    rk__event_name(name, e->name ? e->name : "", r->last_unique);
    rk_buf_init(&body, RK__EVENT_BODY_MAX - 256);
    if (rk__event_body(&body, e, name, r->instance) != 0) {
        rk_buf_done(&body);
        return false;
    }
    struct rk__series *s = rk_alloc(sizeof *s);
    s->r = r;
    s->key = rk_strdup(key);
    s->ns = rk_strdup(e->ns && *e->ns ? e->ns : "default");
    s->body = rk_buf_take(&body, NULL);
    memcpy(s->name, name, sizeof name);
    s->count = 1;
    s->last_us = rk_clock_wall_us();
    s->last_ms = now;
    s->epoch = epoch;
    TAILQ_INSERT_TAIL(&r->used, s, used);
    rk_map_put(&r->series, key, s);
    rk__series_enqueue(s);
    return true;
}

void rk_recorder_add(struct rk_recorder *r, const struct rk_event *e, uint64_t epoch)
{
    int64_t now = rk_clock_ms();
    struct rk_buf key, object;
    rk_buf_init(&key, RK__EVENT_BODY_MAX);
    rk_buf_init(&object, RK__EVENT_BODY_MAX);
    struct rk__series *s = NULL;
    bool known = rk__event_key(&key, e) == 0 && rk__event_object_key(&object, e) == 0;
    if (known)
        s = rk_map_get(&r->series, rk_buf_text(&key));
    if (s && now - s->last_ms < rk__event_timing.series_ms) {
        join(s, epoch, now);
    } else if (known && r->n_queue < RK__EVENT_QUEUE_MAX &&
               take_token(r, rk_buf_text(&object), now)) {
        if (s)
            rk__series_end(s); /* its timer is late */
        evict(r);
        r->dropped += !start_series(r, e, rk_buf_text(&key), epoch, now);
    } else {
        r->dropped++;
    }
    rk_buf_done(&key);
    rk_buf_done(&object);
}
