/* The Lease as it changes. One object, so there is nothing to list: a watch without a version begins
 * with what is there. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/kube/lease_in.h"

#define FORBIDDEN_MS 60000
#define ENDED_MS     1000 /* a stream that came to its end is opened again within this */

static void open_stream(void *ctx);

int rk__lease_watch_init(struct rk__lease_watch *w, const char *collection, const char *name)
{
    struct rk_buf q;
    rk_buf_init(&q, sizeof w->query);
    (void)rk_buf_adds(&q, "watch=1&timeoutSeconds=300&fieldSelector="); /* `full` is looked at */
    rk_url_escape(&q, "metadata.name=");
    rk_url_escape(&q, name);
    int rc = rk_str_copy(w->path, sizeof w->path, collection);
    rc = rc || q.full ? RK_E_INVAL : rk_str_copy(w->query, sizeof w->query, rk_buf_text(&q));
    rk_buf_done(&q);
    w->backoff = (struct rk__backoff){.min_ms = 1000, .max_ms = 30000, .quiet_ms = 120000};
    return rc ? RK_E_INVAL : 0;
}

static int on_item(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                   struct rk_err *err)
{
    struct rk__lease_watch *w = ctx;
    struct rk_span type = rk_scan_get(body, "type"), object = rk_scan_get(body, "object");
    if (!w->call || what != RK_SCAN_ITEM || skipped || !object.p)
        return 0; /* stopped from inside news(), or nothing that we know */
    if (rk_span_is(type, "\"ERROR\""))
        return rk_err_set(err, RK_E_GONE, "the watch was ended");
    bool gone = rk_span_is(type, "\"DELETED\"");
    if (gone || rk_span_is(type, "\"ADDED\"") || rk_span_is(type, "\"MODIFIED\"")) {
        rk_timer_in(w->poll, &w->timer, w->silent_ms, open_stream, w);
        w->news(w->ctx, object, gone);
    }
    return 0;
}

static int on_data(void *ctx, const char *p, size_t n, struct rk_err *err)
{
    struct rk__lease_watch *w = ctx;
    return rk_scan_feed(w->scan, p, n, err);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct rk__lease_watch *w = ctx;
    w->call = NULL;
    int64_t wait = rk__random_in(0, ENDED_MS);
    if (resp->code == RK_E_AUTH) {
        if (!w->told)
            rk_log_info("the lease cannot be watched, it is looked at instead",
                        RK_KV("err", resp->message));
        w->told = true;
        wait = FORBIDDEN_MS;
    } else if (resp->code != 0) {
        wait = rk__backoff_next(&w->backoff, rk_clock_ms());
    }
    rk_timer_in(w->poll, &w->timer, wait, open_stream, w);
}

static void open_stream(void *ctx)
{
    struct rk__lease_watch *w = ctx;
    if (w->call)
        rk_client_cancel(w->client, w->call); /* silent for too long */
    rk_scan_free(w->scan);
    w->scan = rk_scan_new(RK_SCAN_WATCH, RK__LEASE_OBJECT_MAX, on_item, w);
    const struct rk_req req = {.lane = RK_LANE_WATCH,
                               .method = "GET",
                               .path = w->path,
                               .query = w->query,
                               .data = on_data,
                               .done = on_done,
                               .ctx = w};
    w->call = rk_client_send(w->client, &req);
    rk_timer_in(w->poll, &w->timer, w->silent_ms, open_stream, w);
}

void rk__lease_watch_start(struct rk__lease_watch *w)
{
    if (!w->wanted)
        rk_timer_in(w->poll, &w->timer, 0, open_stream, w);
    w->wanted = true;
}

void rk__lease_watch_stop(struct rk__lease_watch *w)
{
    w->wanted = false;
    if (w->call)
        rk_client_cancel(w->client, w->call);
    w->call = NULL; /* the scan stays: we may be in it */
    rk_timer_del(w->poll, &w->timer);
}

void rk__lease_watch_done(struct rk__lease_watch *w)
{
    rk__lease_watch_stop(w);
    rk_scan_free(w->scan);
    w->scan = NULL;
}
