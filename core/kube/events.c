/* The event recorder. A series is one Event object; it is in the map while equal events may join
 * it. At any time it is queued, under way, or waiting in the heap: for its next PATCH, its next
 * try, or its end (client.md 55). */
#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/kube/backoff.h"
#include "core/kube/events_in.h"

#define FLYING_MAX 4u /* of the unary lane's window: events must not fill it */
#define TRIES_MAX  12
#define PRIORITY   (-200) /* shed first (client.md 48) */

struct rk__event_timing rk__event_timing = {
    .series_ms = 6 * 60 * 1000,
    .patch_ms = 30 * 1000,
    .refill_ms = 5 * 60 * 1000,
    .retry_ms = 10 * 1000,
};

static void on_timer(void *ctx);
static void pump(void *ctx);

/* --- Series --- */

void rk__series_end(struct rk__series *s)
{
    if (!s->ended)
        (void)rk_map_del(&s->r->series, s->key); /* it is there: ended says so */
    s->ended = true;
}

void rk__series_free(struct rk__series *s)
{
    struct rk_recorder *r = s->r;
    rk__series_end(s);
    assert(!s->call);
    if (s->queued) {
        TAILQ_REMOVE(&r->queue, s, waiting);
        r->n_queue--;
    }
    rk_heap_del(&r->heap, &s->node);
    TAILQ_REMOVE(&r->used, s, used);
    rk_free(s->key);
    rk_free(s->ns);
    rk_free(s->body);
    rk_free(s);
}

bool rk__series_untold(const struct rk__series *s)
{
    return !s->created || s->count > s->sent;
}

static void set_timer(struct rk_recorder *r)
{
    const struct rk_heap_node *first = rk_heap_min(&r->heap);
    if (first)
        rk_timer_set(r->poll, &r->timer, first->due, on_timer, r);
    else
        rk_timer_del(r->poll, &r->timer);
}

void rk__series_enqueue(struct rk__series *s)
{
    struct rk_recorder *r = s->r;
    assert(!s->queued && !s->call);
    rk_heap_del(&r->heap, &s->node);
    s->queued = true;
    TAILQ_INSERT_TAIL(&r->queue, s, waiting);
    r->n_queue++;
    rk_timer_in(r->poll, &r->pump, 0, pump, r);
}

/* An idle series waits for what comes first. */
void rk__series_arm(struct rk__series *s)
{
    const struct rk__event_timing *t = &rk__event_timing;
    int64_t due = s->last_ms + t->series_ms;
    if (s->tries)
        due = s->retry_ms;
    else if (rk__series_untold(s) && s->sent_ms + t->patch_ms < due)
        due = s->sent_ms + t->patch_ms;
    rk_heap_put(&s->r->heap, &s->node, due);
    set_timer(s->r);
}

static struct rk__series *series_of(struct rk_heap_node *n)
{
    return (struct rk__series *)(void *)((char *)n - offsetof(struct rk__series, node));
}

static void on_timer(void *ctx)
{
    struct rk_recorder *r = ctx;
    int64_t now = rk_clock_ms();
    struct rk_heap_node *first;
    while ((first = rk_heap_min(&r->heap)) != NULL && first->due <= now) {
        struct rk__series *s = series_of(rk_heap_pop(&r->heap));
        if (now - s->last_ms >= rk__event_timing.series_ms)
            rk__series_end(s);
        if (rk__series_untold(s))
            rk__series_enqueue(s);
        else if (s->ended)
            rk__series_free(s);
        else
            rk__series_arm(s);
    }
    set_timer(r);
}

/* --- Telling --- */

static void check_flushed(struct rk_recorder *r);

void rk__series_give_up(struct rk__series *s, const char *why)
{
    s->r->dropped++;
    rk_log_debug("event dropped", RK_KV("name", s->name), RK_KV("err", why));
    rk__series_free(s);
}

/* What was never sent for want of a connection is sent later; behind a shut gate, or under a name
 * that cannot be, it is not. */
static bool may_pass(const struct rk_resp *resp)
{
    if (resp->unsent)
        return resp->code == RK_E_IO;
    return resp->http == 0 || resp->http == 408 || resp->http == 429 || resp->http >= 500;
}

static void told(struct rk__series *s)
{
    s->sent = s->sending;
    s->created = true;
    s->tries = 0;
    s->sent_ms = rk_clock_ms();
    if (s->ended && !rk__series_untold(s))
        rk__series_free(s);
    else if (s->ended)
        rk__series_enqueue(s);
    else
        rk__series_arm(s);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct rk__series *s = ctx;
    struct rk_recorder *r = s->r;
    const struct rk__event_timing *t = &rk__event_timing;
    s->call = NULL;
    r->n_flying--;
    if (resp->code == 0) {
        told(s);
    } else if (!s->created && resp->http == 409) {
        s->sending = 1; /* an earlier POST of ours came through; how much it said is not sure */
        told(s);
    } else if (s->created && resp->http == 404 && s->tries + 1 < TRIES_MAX) {
        s->created =
            false; /* it has outlived its time in the server: a new one, with the whole count */
        s->tries++;
        rk__series_enqueue(s);
    } else if (may_pass(resp) && s->tries + 1 < TRIES_MAX) {
        int64_t wait = s->tries++ ? t->retry_ms : rk__random_in(0, t->retry_ms);
        s->retry_ms = rk_clock_ms() + (resp->retry_after_ms > wait ? resp->retry_after_ms : wait);
        rk__series_arm(s);
    } else {
        rk__series_give_up(s, resp->message);
    }
    rk_timer_in(r->poll, &r->pump, 0, pump, r);
}

/* False: this series cannot be told at all, and is gone. */
static bool tell(struct rk__series *s)
{
    struct rk_recorder *r = s->r;
    char path[RK_URL_MAX];
    struct rk_buf body;
    rk_buf_init(&body, RK__EVENT_BODY_MAX);
    bool patch = s->created;
    if (rk_url(path, "events.k8s.io/v1", "events", s->ns, patch ? s->name : NULL, NULL) != 0) {
        rk__series_give_up(s, "no such namespace or name can be");
        return false;
    }
    (void)rk_buf_adds(&body, patch ? "{" : s->body); /* body.full is asserted below */
    if (!patch && s->count > 1)
        (void)rk_buf_addc(&body, ',');
    if (s->count > 1)
        rk__event_series(&body, s->count, s->last_us);
    (void)rk_buf_addc(&body, '}');
    assert(!body.full); /* s->body was made to leave room */
    struct rk_req req = {
        .lane = RK_LANE_UNARY,
        .method = patch ? "PATCH" : "POST",
        .path = path,
        .content_type = patch ? "application/merge-patch+json" : NULL,
        .body = {rk_buf_text(&body), body.len},
        .priority = PRIORITY,
        .write = true,
        .epoch = s->epoch,
        .done = on_done,
        .ctx = s,
    };
    s->sending = s->count;
    s->call = rk_client_send(r->client, &req);
    r->n_flying++;
    rk_buf_done(&body);
    return true;
}

static void pump(void *ctx)
{
    struct rk_recorder *r = ctx;
    struct rk__series *s;
    while (r->n_flying < FLYING_MAX && (s = TAILQ_FIRST(&r->queue)) != NULL) {
        TAILQ_REMOVE(&r->queue, s, waiting);
        s->queued = false;
        r->n_queue--;
        (void)tell(s); /* false: it was dropped and counted */
    }
    check_flushed(r);
}

/* --- The outside --- */

struct rk_recorder *rk_recorder_new(struct rk_poll *poll, struct rk_client *c, const char *instance)
{
    struct rk_recorder *r = rk_alloc(sizeof *r);
    r->poll = poll;
    r->client = c;
    r->instance = rk_strdup(instance);
    rk_map_init(&r->series, NULL);
    rk_map_init(&r->objects, rk_free);
    rk_heap_init(&r->heap);
    TAILQ_INIT(&r->used);
    TAILQ_INIT(&r->queue);
    return r;
}

void rk_recorder_free(struct rk_recorder *r)
{
    if (!r)
        return;
    struct rk__series *s;
    while ((s = TAILQ_FIRST(&r->used)) != NULL) {
        if (s->call)
            rk_client_cancel(r->client, s->call);
        s->call = NULL;
        rk__series_free(s);
    }
    rk_timer_del(r->poll, &r->timer);
    rk_timer_del(r->poll, &r->pump);
    rk_timer_del(r->poll, &r->flush_timer);
    rk_heap_done(&r->heap);
    rk_map_done(&r->series);
    rk_map_done(&r->objects);
    rk_free(r->instance);
    rk_free(r);
}

static void flush_over(void *ctx)
{
    struct rk_recorder *r = ctx;
    void (*done)(void *) = r->flushed;
    rk_timer_del(r->poll, &r->flush_timer);
    r->flushed = NULL;
    if (done)
        done(r->flushed_ctx);
}

static void check_flushed(struct rk_recorder *r)
{
    if (r->flushed && r->n_queue == 0 && r->n_flying == 0)
        flush_over(r);
}

void rk_recorder_flush(struct rk_recorder *r, int64_t bound_ms, void (*done)(void *ctx), void *ctx)
{
    struct rk__series *s;
    TAILQ_FOREACH(s, &r->used, used)
    {
        if (!s->queued && !s->call && rk__series_untold(s))
            rk__series_enqueue(s);
    }
    r->flushed = done;
    r->flushed_ctx = ctx;
    rk_timer_in(r->poll, &r->flush_timer, bound_ms, flush_over, r);
    rk_timer_in(r->poll, &r->pump, 0, pump, r); /* nothing to do is told from there */
}

uint64_t rk_recorder_dropped(const struct rk_recorder *r)
{
    return r->dropped;
}
