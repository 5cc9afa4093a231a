/* List and watch: the outside of a watcher. What it does is in watch_machine.c (transitions),
 * watch_stream.c (requests and their clocks) and watch_event.c (bytes). */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/kube/watch_in.h"

struct rk__watch_timing rk__watch_timing = {
    .backoff_min_ms = 800,
    .backoff_max_ms = 30 * 1000,
    .backoff_quiet_ms = 120 * 1000,
    .stream_min_s = 300,
    .stream_max_s = 600,
    .kill_ms = 15 * 1000,
    .sync_silent_ms = 30 * 1000,
    .sync_total_ms = 300 * 1000,
    .silent_ms = 150 * 1000,
    .stale_ms = 180 * 1000,
    .short_ms = 1000,
    .bad_ms = 60 * 1000,
    .spread_ms = 2000,
    .absent_ms = 60 * 1000,
    .settle_ms = 10 * 1000,
};
bool rk__watch_list_only;

void rk__watch_error(struct rk_watcher *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(w->last_error, sizeof w->last_error, fmt,
                    ap); /* cut is fine: a text for people */
    va_end(ap);
    w->errors++;
    rk_log_debug("watch error", RK_KV("plural", w->plural), RK_KV("ns", w->ns),
                 RK_KV("err", w->last_error));
}

struct rk_watcher *rk_watcher_new(struct rk_poll *poll, struct rk_client *c,
                                  const struct rk_watcher_def *def)
{
    const struct rk__watch_timing *t = &rk__watch_timing;
    assert(def->item && def->api_version && def->plural);
    struct rk_watcher *w = rk_alloc(sizeof *w);
    w->poll = poll;
    w->client = c;
    w->def = *def;
    w->api_version = rk_strdup(def->api_version);
    w->plural = rk_strdup(def->plural);
    w->ns = rk_strdup(def->ns);
    w->selector = rk_strdup(def->selector);
    w->phase = RK__PH_IDLE;
    w->backoff =
        (struct rk__backoff){t->backoff_min_ms, t->backoff_max_ms, t->backoff_quiet_ms, 0, 0};
    w->last_byte_ms = rk_clock_ms();
    w->ear.fn = rk__watch_server_is_back;
    w->ear.ctx = w;
    rk_client_listen(c, &w->ear);
    return w;
}

void rk_watcher_start(struct rk_watcher *w)
{
    if (w->phase == RK__PH_IDLE)
        rk__watch_relist(w, "");
}

void rk_watcher_free(struct rk_watcher *w)
{
    if (!w)
        return;
    rk_timer_del(w->poll, &w->timer);
    if (w->main)
        rk__stream_drop(w->main);
    if (w->spare)
        rk__stream_drop(w->spare);
    rk__stream_reap(w);
    rk_client_unlisten(w->client, &w->ear);
    rk_free(w->api_version);
    rk_free(w->plural);
    rk_free(w->ns);
    rk_free(w->selector);
    rk_free(w);
}

void rk_watcher_relist(struct rk_watcher *w)
{
    bool live = w->phase == RK__PH_LIVE || (w->phase == RK__PH_BACKOFF && w->next == RK__PH_LIVE);
    if (!live && w->phase != RK__PH_ABSENT)
        return; /* not started, or a list is what it is at already */
    if (w->main)
        rk__stream_drop(w->main);
    if (w->spare)
        rk__stream_drop(w->spare);
    rk__watch_relist(w, "");
}

void rk_watcher_state(const struct rk_watcher *w, struct rk_watcher_state *ret)
{
    static const char *const names[] = {"idle", "init", "list", "live", "backoff", "absent"};
    const struct rk__watch_timing *t = &rk__watch_timing;
    int64_t now = rk_clock_ms();
    bool settled = w->main && now - w->main->start_ms >= t->settle_ms;
    *ret = (struct rk_watcher_state){
        .synced = w->synced,
        .absent = w->absent,
        .forbidden = w->failing && w->forbidden,
        .phase = names[w->phase],
        .silent_ms = now - w->last_byte_ms,
        .lists = w->lists,
        .watches = w->watches,
        .events = w->events,
        .bookmarks = w->bookmarks,
        .errors = w->errors,
    };
    ret->stale =
        !w->current || (w->failing && !settled) || (!w->absent && ret->silent_ms >= t->stale_ms);
    (void)rk_str_copy(ret->last_error, sizeof ret->last_error, w->last_error); /* fits: same size */
}
