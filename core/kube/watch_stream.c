/* One request of a watcher: its URL, its bytes, its clocks.
 *
 * The transport's callbacks never start or cancel a request: what has to end is marked dead and
 * reaped by a timer, what has to begin waits for the watcher's timer. So no libcurl handle is
 * touched from inside libcurl (client.md 1). */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/kube/watch_in.h"

#define ITEM_MAX   ((size_t)8 * 1024 * 1024) /* client.md 31 */
#define EVENT_MORE 256u                      /* what stands around an object in an event */
#define QUERY_MAX  65536u

static void stream_free(struct rk__stream *s)
{
    rk_timer_del(s->w->poll, &s->guard);
    rk_scan_free(s->scan);
    rk_free(s);
}

void rk__stream_reap(struct rk_watcher *w)
{
    rk_timer_del(w->poll, &w->reap);
    while (w->dead) {
        struct rk__stream *s = w->dead;
        w->dead = s->next_dead;
        if (s->call)
            rk_client_cancel(w->client, s->call);
        stream_free(s);
    }
}

static void reap(void *ctx)
{
    rk__stream_reap(ctx);
}

void rk__stream_drop(struct rk__stream *s)
{
    struct rk_watcher *w = s->w;
    assert(!s->dead);
    if (w->main == s)
        w->main = NULL;
    if (w->spare == s)
        w->spare = NULL;
    s->dead = true;
    s->next_dead = w->dead;
    w->dead = s;
    rk_timer_del(w->poll, &s->guard);
    rk_timer_in(w->poll, &w->reap, 0, reap, w);
}

void rk__stream_promote(struct rk__stream *s)
{
    struct rk_watcher *w = s->w;
    assert(w->spare == s);
    w->spare = NULL;
    if (w->main)
        rk__stream_drop(w->main);
    w->main = s;
    /* The old stream may have woken up meanwhile and told some of what this one is about to
     * tell. */
    (void)rk_str_copy(s->floor, sizeof s->floor, w->rv); /* fits: same size */
}

static int on_data(void *ctx, const char *p, size_t n, struct rk_err *err)
{
    struct rk__stream *s = ctx;
    if (s->dead)
        return rk_err_set(err, RK_E_FAIL, "superseded");
    s->last_ms = s->w->last_byte_ms = rk_clock_ms();
    return rk_scan_feed(s->scan, p, n, err);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct rk__stream *s = ctx;
    s->call = NULL;
    if (s->dead)
        return; /* the reaper is on its way */
    rk__watch_ended(s, resp);
}

/* The earliest moment at which this stream could be found wanting. */
static int64_t guard_due(const struct rk__stream *s)
{
    const struct rk__watch_timing *t = &rk__watch_timing;
    int64_t due = s->kill_ms;
    if (s->kind == RK__STREAM_LIVE) {
        if (s->w->bookmarks_come && s->last_ms + t->silent_ms < due &&
            !(s->w->main == s && s->w->spare))
            due = s->last_ms + t->silent_ms;
        return due;
    }
    if (s->last_ms + t->sync_silent_ms < due)
        due = s->last_ms + t->sync_silent_ms;
    return due;
}

static void on_guard(void *ctx)
{
    struct rk__stream *s = ctx;
    struct rk_watcher *w = s->w;
    int64_t now = rk_clock_ms();
    if (now < guard_due(s)) {
        rk__stream_rearm(s);
        return;
    }
    if (now >= s->kill_ms) {
        rk__watch_timed_out(s, s->kind == RK__STREAM_INIT
                                   ? "the initial events do not end"
                                   : "the server did not end the stream in time");
    } else if (s->kind != RK__STREAM_LIVE) {
        rk__watch_timed_out(s, "no byte in time");
    } else if (s == w->spare) {
        rk__watch_timed_out(s, "two streams in a row are silent");
    } else {
        /* client.md 20b: bookmarks used to come and do not. Ask a second time from where we are;
         * who answers first is right. */
        rk__watch_error(w, "stream is silent, trying a second one");
        rk__stream_open(w, RK__STREAM_LIVE, &w->spare);
        rk__stream_rearm(s);
    }
}

void rk__stream_rearm(struct rk__stream *s)
{
    rk_timer_set(s->w->poll, &s->guard, guard_due(s), on_guard, s);
}

static void add_query(struct rk_buf *q, const char *key, const char *value)
{
    (void)rk_buf_addf(q, "%s%s=", q->len ? "&" : "", key); /* q->full is asserted by the caller */
    rk_url_escape(q, value);
}

static void build_query(const struct rk_watcher *w, enum rk__stream_kind kind, int64_t timeout_s,
                        struct rk_buf *q)
{
    if (kind == RK__STREAM_PAGE) {
        add_query(q, "limit", "500");
        if (*w->cont) {
            add_query(q, "continue", w->cont);
        } else if (*w->list_rv) {
            add_query(q, "resourceVersion", w->list_rv);
            add_query(q, "resourceVersionMatch", "NotOlderThan");
        }
    } else {
        char seconds[24];
        (void)snprintf(seconds, sizeof seconds, "%" PRId64, timeout_s); /* fits: 20 digits */
        add_query(q, "watch", "1");
        add_query(q, "allowWatchBookmarks", "true");
        add_query(q, "timeoutSeconds", seconds);
        if (kind == RK__STREAM_INIT) {
            add_query(q, "sendInitialEvents", "true");
            add_query(q, "resourceVersionMatch", "NotOlderThan");
        }
        const char *rv = kind == RK__STREAM_INIT ? w->list_rv : w->rv;
        if (*rv)
            add_query(q, "resourceVersion", rv);
    }
    if (w->selector)
        add_query(q, "labelSelector", w->selector);
}

static void send_request(struct rk__stream *s, const char *path, int64_t timeout_s)
{
    struct rk_watcher *w = s->w;
    struct rk_buf q;
    rk_buf_init(&q, QUERY_MAX);
    build_query(w, s->kind, timeout_s, &q);
    assert(
        !q.full); /* token 8 KiB, RV 64 B, selector bounded by its option: even escaped they fit */
    struct rk_req req = {
        .lane = RK_LANE_WATCH,
        .method = "GET",
        .path = path,
        .query = rk_buf_text(&q),
        .metadata_only = w->def.metadata_only,
        .data = on_data,
        .done = on_done,
        .ctx = s,
    };
    s->call = rk_client_send(w->client, &req);
    rk_buf_done(&q);
}

void rk__stream_open(struct rk_watcher *w, enum rk__stream_kind kind, struct rk__stream **ret)
{
    const struct rk__watch_timing *t = &rk__watch_timing;
    char path[RK_URL_MAX];
    int rc = rk_url(path, w->api_version, w->plural, w->ns, NULL, NULL);
    assert(rc == 0); /* rk_watcher_start looked */
    (void)rc;
    struct rk__stream *s = rk_alloc(sizeof *s);
    s->w = w;
    s->kind = kind;
    s->start_ms = s->last_ms = rk_clock_ms();
    int64_t timeout_s = rk__random_in(t->stream_min_s, t->stream_max_s);
    s->due_ms = s->start_ms + timeout_s * 1000;
    s->kill_ms = kind == RK__STREAM_LIVE   ? s->due_ms + t->kill_ms
                 : kind == RK__STREAM_INIT ? s->start_ms + t->sync_total_ms
                                           : INT64_MAX;
    /* A streamed list becomes the watch itself; its bound is set anew when its bookmark comes. */
    bool page = kind == RK__STREAM_PAGE;
    s->scan =
        rk_scan_new(page ? RK_SCAN_LIST : RK_SCAN_WATCH, page ? ITEM_MAX : ITEM_MAX + EVENT_MORE,
                    page ? rk__watch_on_page : rk__watch_on_event, s);
    if (kind == RK__STREAM_LIVE)
        (void)rk_str_copy(s->floor, sizeof s->floor, w->rv); /* fits: same size */
    if (!page)
        w->watches++;
    *ret = s;
    send_request(s, path, timeout_s);
    rk__stream_rearm(s);
}
