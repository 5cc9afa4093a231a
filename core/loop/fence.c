/* The first act of a leadership: is the cache as new as the API server? (client.md 53, DESIGN 4.)
 *
 * A standby's watches are warm but may lag behind what the last leader wrote. One metadata-only consistent LIST per watch is compared with the cache by uid and version. Equal: go. Different: the watch is given LAG_MS to catch
 * up with the list's version, then the kind is listed anew; a new comparison follows. No pass runs before all watches have passed. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/version.h"
#include "core/json/scan.h"
#include "core/loop/worker.h"

#define PAGE     "500"
#define LAG_MS   3000
#define ROUNDS   5
#define ROUND_MS 200
#define LOOK_MS  20
#define ITEM_MAX (1u << 20)

struct check { /* of one watch */
    struct rk_fence *fence;
    struct rk_feed *feed;
    rk_call *call;
    struct rk_scan *scan;
    struct rk_timer timer;
    size_t listed, differ;
    char rv[128], more[2048]; /* of the list; continue token */
    char had[128];            /* what the cache had reached when the list was asked for */
    int64_t since_ms;
    bool passed;
    unsigned rounds;
};

struct rk_fence {
    struct rk_worker *w;
    void (*passed)(struct rk_worker *w);
    struct check *checks;
    size_t n, left;
};

static void ask(void *ctx);

static int on_item(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                   struct rk_err *err)
{
    struct check *c = ctx;
    char ns[256] = "", name[512] = "", uid[256] = "", rv[128] = "";
    (void)err;
    if (what == RK_SCAN_META) {
        /* A list without a version or a token keeps the empty text that is there. */
        (void)rk_scan_text(rk_scan_get(body, "resourceVersion"), c->rv, sizeof(c->rv));
        (void)rk_scan_text(rk_scan_get(body, "continue"), c->more, sizeof(c->more));
        return 0;
    }
    if (what != RK_SCAN_ITEM || skipped)
        return 0;
    c->listed++;
    if (rk_scan_text(rk_scan_get(body, "metadata/name"), name, sizeof(name)) != 0 ||
        rk_scan_text(rk_scan_get(body, "metadata/uid"), uid, sizeof(uid)) != 0 ||
        rk_scan_text(rk_scan_get(body, "metadata/resourceVersion"), rv, sizeof(rv)) != 0)
        return 0;
    (void)rk_scan_text(rk_scan_get(body, "metadata/namespace"), ns,
                       sizeof(ns)); /* cluster-scoped objects have none */
    c->differ += !rk_view_has(c->feed->w->view, c->feed->kind, ns, name, uid, rv);
    return 0;
}

static int on_data(void *ctx, const char *p, size_t n, struct rk_err *err)
{
    struct check *c = ctx;
    return rk_scan_feed(c->scan, p, n, err);
}

static void pass(struct check *c)
{
    struct rk_fence *f = c->fence;
    c->passed = true;
    if (--f->left > 0)
        return;
    struct rk_worker *w = f->w;
    void (*passed)(struct rk_worker *) = f->passed;
    rk_fence_free(f);
    w->fence = NULL;
    passed(w);
}

static void pass_later(void *ctx)
{
    pass(ctx);
}

/* The cache differed: has the watch reached the list's version by now? */
static void look(void *ctx)
{
    struct check *c = ctx;
    if (rk_view_reached(c->feed->w->view, c->feed->kind, c->feed->ns, c->rv)) {
        pass(c);
        return;
    }
    if (rk_clock_ms() - c->since_ms > LAG_MS) {
        rk_log_info("cache lags behind, listing anew", RK_KN("kind", c->feed->kind));
        rk_watcher_relist(c->feed->watcher);
        rk_timer_in(c->feed->w->poll, &c->timer, LAG_MS, ask, c);
        return;
    }
    rk_timer_in(c->feed->w->poll, &c->timer, LOOK_MS, look, c);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct check *c = ctx;
    struct rk_worker *w = c->fence->w;
    struct rk_watcher_state st;
    c->call = NULL;
    rk_watcher_state(c->feed->watcher, &st);
    if ((resp->code == RK_E_NOENT || resp->http == 403) && st.absent) {
        pass(c); /* an optional kind that is not there, or not for us */
        return;
    }
    if (resp->http == 403 && c->feed->ns) {
        /* Rights were taken away. That namespace has to be listed again, once we may, and the others go on. */
        c->feed->synced = false;
        rk_watcher_relist(c->feed->watcher);
        pass(c);
        return;
    }
    struct rk_err err = RK_ERR_INIT;
    if (resp->code != 0 || rk_scan_end(c->scan, &err) != 0) {
        rk_log_warn("cannot compare the cache with the API server, asking again",
                    RK_KN("kind", c->feed->kind),
                    RK_KV("err", resp->code ? resp->message : err.text));
        c->more[0] = '\0';
        rk_timer_in(w->poll, &c->timer, 1000, ask, c);
        return;
    }
    if (c->more[0]) {
        ask(c);
        return;
    }
    if (rk_version_cmp(c->rv, c->had) == -1) {
        /* The store was restored to an older state: the watch waits for versions that it will not tell (client.md 23). */
        rk_log_warn("the API server is older than the cache, listing anew",
                    RK_KN("kind", c->feed->kind));
        rk_watcher_relist(c->feed->watcher);
        rk_timer_in(w->poll, &c->timer, 1000, ask, c);
        return;
    }
    /* Where objects change all the time no comparison is ever equal; but a watch that has told the list's version has told all before it. */
    if ((c->differ == 0 && c->listed == rk_view_count_in(w->view, c->feed->kind, c->feed->ns)) ||
        rk_version_cmp(rk_view_version(w->view, c->feed->kind, c->feed->ns), c->rv) >= 0) {
        pass(c);
        return;
    }
    if (c->rounds++ < ROUNDS) { /* usually the watch is only some milliseconds behind */
        rk_timer_in(w->poll, &c->timer, ROUND_MS, ask, c);
        return;
    }
    c->since_ms = rk_clock_ms();
    look(c);
}

static void ask(void *ctx)
{
    struct check *c = ctx;
    struct rk_worker *w = c->fence->w;
    char path[RK_URL_MAX];
    struct rk_buf query;
    if (!c->feed->synced) { /* we may not read it; its first list will be as new as can be */
        rk_timer_in(w->poll, &c->timer, 0, pass_later, c);
        return;
    }
    rk_buf_init(&query, 8192);
    (void)rk_buf_adds(&query, "limit=" PAGE); /* a full buffer is told below */
    if (c->feed->selector) {
        (void)rk_buf_adds(&query, "&labelSelector=");
        rk_url_escape(&query, c->feed->selector);
    }
    if (c->more[0]) {
        (void)rk_buf_adds(&query, "&continue=");
        rk_url_escape(&query, c->more);
    } else {
        c->listed = c->differ = 0;
        /* Versions are short; one that is not cannot be compared, and "" compares with nothing. */
        (void)rk_str_copy(c->had, sizeof(c->had),
                          rk_view_version(w->view, c->feed->kind, c->feed->ns));
    }
    c->more[0] = '\0';
    rk_scan_free(c->scan);
    c->scan = rk_scan_new(RK_SCAN_LIST, ITEM_MAX, on_item, c);
    if (rk_url(path, c->feed->api_version, c->feed->plural, c->feed->ns, NULL, NULL) == 0 &&
        !query.full) {
        const struct rk_req req = {.lane = RK_LANE_UNARY,
                                   .method = "GET",
                                   .path = path,
                                   .query = rk_buf_text(&query),
                                   .priority = RK_PRIO_HIGH,
                                   .metadata_only = true,
                                   .data = on_data,
                                   .done = on_done,
                                   .ctx = c};
        c->call = rk_client_send(w->client, &req);
    } else {
        rk_log_error("cannot compare the cache: illegal request", RK_KN("kind", c->feed->kind));
        rk_timer_in(w->poll, &c->timer, 30000, ask, c);
    }
    rk_buf_done(&query);
}

struct rk_fence *rk_fence_start(struct rk_worker *w, void (*passed)(struct rk_worker *w))
{
    struct rk_fence *f = rk_alloc(sizeof(*f));
    f->w = w;
    f->passed = passed;
    f->n = f->left = w->n_feeds;
    f->checks = rk_alloc_array(f->n + 1, sizeof(*f->checks));
    for (size_t i = 0; i < f->n; i++) {
        f->checks[i].fence = f;
        f->checks[i].feed = w->feeds[i];
        ask(&f->checks[i]);
    }
    return f;
}

void rk_fence_free(struct rk_fence *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++) {
        struct check *c = &f->checks[i];
        if (c->call)
            rk_client_cancel(f->w->client, c->call);
        rk_timer_del(f->w->poll, &c->timer);
        rk_scan_free(c->scan);
    }
    rk_free(f->checks);
    rk_free(f);
}
