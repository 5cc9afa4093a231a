/* The transitions of the list/watch machine: what follows when a request of a watcher ends
 * (client.md 16). At any time a started watcher has either a request under way or its timer set. */
#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/kube/watch_in.h"

static void step(void *ctx);

static void go(struct rk_watcher *w, enum rk__phase phase, enum rk__phase next, int64_t delay_ms)
{
    w->phase = phase;
    w->next = next;
    rk_timer_in(w->poll, &w->timer, delay_ms, step, w);
}

static void retry(struct rk_watcher *w, enum rk__phase next, int64_t at_least_ms)
{
    w->failing = true;
    w->told_to_wait = at_least_ms > 0;
    int64_t delay = rk__backoff_next(&w->backoff, rk_clock_ms());
    if (at_least_ms > delay)
        delay = at_least_ms + rk__random_in(0, at_least_ms / 2);
    go(w, RK__PH_BACKOFF, next, delay);
}

/* After a long outage a watcher might sleep for a minute more; somebody else's request has just
 * shown that this is in vain. A server that answers others and not us is not asked faster: one
 * such wait is cut short in the longest. */
void rk__watch_server_is_back(void *watcher)
{
    struct rk_watcher *w = watcher;
    const struct rk__watch_timing *t = &rk__watch_timing;
    int64_t now = rk_clock_ms();
    if (w->phase != RK__PH_BACKOFF || w->told_to_wait ||
        (w->kicked_ms && now - w->kicked_ms < t->backoff_max_ms))
        return;
    w->kicked_ms = now;
    w->backoff.step_ms = 0;
    int64_t delay = rk__random_in(0, t->spread_ms);
    if (now + delay < w->timer.node.due)
        go(w, RK__PH_BACKOFF, w->next, delay);
}

static enum rk__phase list_phase(const struct rk_watcher *w)
{
    return w->list_only || rk__watch_list_only ? RK__PH_LIST : RK__PH_INIT;
}

/* Prepare a list at least as new as rv; "" is the newest there is (client.md 21). */
static void aim(struct rk_watcher *w, const char *rv)
{
    char copy[RK__RV_MAX];
    (void)rk_str_copy(copy, sizeof copy, rv); /* fits: same size; rv may be ours */
    (void)rk_str_copy(w->list_rv, sizeof w->list_rv, copy);
    w->cont[0] = '\0';
    w->current = w->absent;
}

void rk__watch_relist(struct rk_watcher *w, const char *rv)
{
    aim(w, rv);
    go(w, list_phase(w), list_phase(w), 0);
}

static void relist_later(struct rk_watcher *w, const char *rv)
{
    aim(w, rv);
    retry(w, list_phase(w), 0);
}

static void begin(struct rk_watcher *w)
{
    w->page_rv[0] = '\0';
    w->lists++;
    if (w->def.begin)
        w->def.begin(w->def.ctx);
}

static void step(void *ctx)
{
    struct rk_watcher *w = ctx;
    char path[RK_URL_MAX];
    assert(!w->main && !w->spare);
    if (rk_url(path, w->api_version, w->plural, w->ns, NULL, NULL) != 0) {
        rk__watch_error(w, "no such kind or namespace can be: %s %s in %s", w->api_version,
                        w->plural, w->ns ? w->ns : "all");
        retry(w, w->next, 0);
        return;
    }
    w->phase = w->next;
    switch (w->next) {
    case RK__PH_INIT:
        begin(w);
        rk__stream_open(w, RK__STREAM_INIT, &w->main);
        break;
    case RK__PH_LIST:
        if (!*w->cont)
            begin(w);
        rk__stream_open(w, RK__STREAM_PAGE, &w->main);
        break;
    default:
        rk__stream_open(w, RK__STREAM_LIVE, &w->main);
        break;
    }
}

static void complete(struct rk_watcher *w)
{
    w->synced = w->current = w->present = true;
    w->absent = w->failing = w->hurried = false;
    w->init_ends = 0;
    w->missing_since_ms = w->bad_since_ms = 0;
    w->synced_ms = rk_clock_ms();
    w->phase = RK__PH_LIVE;
    if (w->def.synced)
        w->def.synced(w->def.ctx, w->rv);
}

void rk__watch_initial_end(struct rk__stream *s)
{
    s->kind = RK__STREAM_LIVE;
    s->kill_ms = s->due_ms + rk__watch_timing.kill_ms;
    (void)rk_str_copy(s->floor, sizeof s->floor, s->w->rv); /* fits: same size */
    rk__stream_rearm(s);
    complete(s->w);
}

/* How a stream ended: the status line's code or that of a Status in the body. */
struct ending {
    int http;
    bool clean;   /* a 2xx whose body is whole */
    bool too_new; /* this server has not got as far as we have */
    bool garbled; /* a 2xx that went wrong inside */
    bool cut;     /* a 2xx whose connection broke: what came was right as far as it came */
    int64_t retry_after_ms;
    int64_t lived_ms, early_ms;
    uint64_t events;
};

static struct ending judge(struct rk__stream *s, const struct rk_resp *resp)
{
    struct rk_watcher *w = s->w;
    struct rk_err err = RK_ERR_INIT;
    int64_t now = rk_clock_ms();
    struct ending e = {
        .http = s->status ? s->status : resp->http,
        .too_new = s->too_new,
        .retry_after_ms = resp->retry_after_ms,
        .lived_ms = now - s->start_ms,
        .early_ms = s->due_ms - now,
        .events = s->events,
    };
    bool ok = resp->http >= 200 && resp->http < 300;
    if (!ok) {
        if (resp->body.p)
            e.too_new |= memmem(resp->body.p, resp->body.n, "ResourceVersionTooLarge", 23) != NULL;
        e.too_new |= strstr(resp->message, "Too large resource version") != NULL;
        if (!s->status)
            rk__watch_error(w, "%d %s: %s", resp->http, resp->reason, resp->message);
        return e;
    }
    /* A whole list is a whole list even when the connection broke right behind it. */
    bool whole = rk_scan_end(s->scan, &err) == 0 &&
                 (s->kind == RK__STREAM_PAGE ? s->has_meta : resp->code == 0);
    e.clean = whole && !s->status;
    e.garbled = !e.clean && (s->status == 0 || s->status >= 500);
    e.cut = !e.clean && !s->status && (resp->code == 0 || resp->code == RK_E_IO);
    if (!e.clean && !s->status)
        rk__watch_error(w, "stream broke: %s",
                        resp->code ? resp->message
                        : err.code ? err.text
                                   : "list is not whole");
    return e;
}

/* An optional kind is absent at once when it never was there; one that was must be missing for a
 * while, because all its objects are then gone: a starting API server answers 404 too. One that we
 * may not read is as good as absent as long as it never was there: rights that an older version did
 * not need keep nothing else from working. */
static void missing(struct rk_watcher *w)
{
    int64_t now = rk_clock_ms();
    if (w->present && w->missing_since_ms == 0)
        w->missing_since_ms = now;
    if (w->present && now - w->missing_since_ms < rk__watch_timing.absent_ms) {
        relist_later(w, "");
        return;
    }
    w->present = w->failing = false;
    w->rv[0] = '\0';
    bool news = !w->absent;
    if (news && w->forbidden)
        rk_log_warn("may not be read, and is taken for absent", RK_KV("kind", w->def.plural),
                    RK_KV("api", w->def.api_version), RK_KV("err", w->last_error));
    w->absent = w->synced = true;
    aim(w, "");
    int64_t delay = rk__watch_timing.absent_ms;
    go(w, RK__PH_ABSENT, list_phase(w), delay + rk__random_in(0, delay / 10));
    if (news && w->def.synced)
        w->def.synced(w->def.ctx, ""); /* of a list that has begun, and is empty */
}

static bool is_missing(const struct rk_watcher *w, const struct ending *e)
{
    return w->def.optional && (e->http == 404 || (e->http == 403 && !w->present));
}

/* 410, or the server is behind us: once at once with the newest there is, then with patience. */
static bool hurry(struct rk_watcher *w, const struct ending *e)
{
    if (e->http != 410 && !e->too_new)
        return false;
    if (!w->hurried && (*w->list_rv || *w->cont)) {
        w->hurried = true;
        rk__watch_relist(w, "");
    } else {
        relist_later(w, "");
    }
    return true;
}

static void init_ended(struct rk_watcher *w, const struct ending *e)
{
    if (is_missing(w, e)) {
        missing(w);
    } else if (hurry(w, e)) {
        return;
    } else if (e->http == 400 || e->http == 405 || e->http == 422) {
        w->list_only = true;
        /* Only when it is the parameter that displeased does it concern the other kinds. */
        if (strstr(w->last_error, "sendInitialEvents") || strstr(w->last_error, "WatchList"))
            rk__watch_list_only = true;
        rk__watch_relist(w, w->list_rv);
    } else if (e->http >= 200 && e->http < 300 && ++w->init_ends >= 3) {
        w->list_only = true; /* something in between cuts streams before their bookmark */
        relist_later(w, w->list_rv);
    } else {
        retry(w, RK__PH_INIT, e->retry_after_ms);
    }
}

static void page_ended(struct rk_watcher *w, const struct ending *e)
{
    if (e->clean && *w->cont) {
        w->failing = false;
        go(w, RK__PH_LIST, RK__PH_LIST, 0);
    } else if (e->clean) {
        (void)rk_str_copy(w->rv, sizeof w->rv, w->page_rv); /* fits: same size */
        go(w, RK__PH_LIVE, RK__PH_LIVE, 0);
        complete(w);
    } else if (is_missing(w, e)) {
        missing(w);
    } else if (!hurry(w, e)) {
        if (e->http == 0)
            w->list_only =
                false; /* pages do not come either: it was not the streamed list's fault */
        retry(w, RK__PH_LIST, e->retry_after_ms);
    }
}

static void live_ended(struct rk_watcher *w, const struct ending *e)
{
    const struct rk__watch_timing *t = &rk__watch_timing;
    int64_t now = rk_clock_ms();
    if (e->clean && (e->lived_ms >= t->short_ms || e->events > 0)) {
        /* Before its time: the server is going down, and everybody else comes back too
         * (client.md 57). */
        go(w, RK__PH_LIVE, RK__PH_LIVE,
           e->early_ms > t->short_ms ? rk__random_in(0, t->spread_ms) : 0);
        return;
    }
    if (e->clean)
        rk__watch_error(w, "stream ended at once");
    if (e->http == 410) {
        rk_log_debug("watch is too old, listing anew", RK_KV("plural", w->plural),
                     RK_KV("ns", w->ns), RK_KV("rv", w->rv));
        if (now - w->synced_ms < t->short_ms * 10)
            relist_later(w, w->rv); /* a list that is too old as soon as it is made must not spin */
        else
            rk__watch_relist(w, w->rv);
        return;
    }
    if (is_missing(w, e)) {
        missing(w);
        return;
    }
    /* Whatever has come through counts: a proxy that cuts every connection after some time must
     * not slow us down more and more, or make us list. */
    bool worked = e->cut && (e->lived_ms >= t->settle_ms || e->events > 0);
    if (worked)
        w->backoff.step_ms = 0;
    if (worked || !(e->garbled || e->too_new))
        w->bad_since_ms =
            0; /* not answering at all is no reason for a list either (client.md 16) */
    else if (w->bad_since_ms == 0)
        w->bad_since_ms = now;
    if (w->bad_since_ms && now - w->bad_since_ms >= t->bad_ms) {
        w->bad_since_ms = 0;
        relist_later(w, "");
        return;
    }
    retry(w, RK__PH_LIVE, e->retry_after_ms);
}

void rk__watch_ended(struct rk__stream *s, const struct rk_resp *resp)
{
    struct rk_watcher *w = s->w;
    if (s == w->spare)
        rk__stream_promote(
            s); /* the old one is silent and the new one fails: that is one failure */
    struct ending e = judge(s, resp);
    enum rk__stream_kind kind = s->kind;
    w->forbidden = e.http == 403;
    rk__stream_drop(s);
    if (w->spare)
        rk__stream_drop(w->spare);
    switch (kind) {
    case RK__STREAM_INIT:
        init_ended(w, &e);
        break;
    case RK__STREAM_PAGE:
        page_ended(w, &e);
        break;
    case RK__STREAM_LIVE:
        live_ended(w, &e);
        break;
    }
}

void rk__watch_timed_out(struct rk__stream *s, const char *why)
{
    struct rk_watcher *w = s->w;
    bool spare = s == w->spare;
    enum rk__stream_kind kind = s->kind;
    int64_t asked_ms = s->start_ms;
    rk__stream_drop(s);
    if (spare && w->main && w->main->last_ms > asked_ms) {
        rk__stream_rearm(w->main); /* the old stream woke up */
        return;
    }
    rk__watch_error(w, "%s", why);
    if (w->main)
        rk__stream_drop(w->main);
    if (w->spare)
        rk__stream_drop(w->spare);
    if (kind == RK__STREAM_INIT) {
        w->list_only = true;
        rk__watch_relist(w, w->list_rv);
    } else if (kind == RK__STREAM_PAGE) {
        w->list_only = false;
        retry(w, RK__PH_LIST, 0);
    } else if (spare) {
        relist_later(w, "");
    } else {
        go(w, RK__PH_LIVE, RK__PH_LIVE, 0);
    }
}
