/* Fuzz target: the body of a watch, from its bytes to the cache: scanner, events, view. First byte: streamed list or live stream, and
 * how to cut the bytes. Told whole or in pieces the receiver must hear the same; versions only go forward; the view takes whatever
 * comes, and what it keeps is whole JSON, minified. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/json/scan.h"
#include "core/kube/watch_in.h"
#include "core/view/view.h"
#include "tests/fuzz/fuzz.h"

const char *const rk_fuzz_words[] = {
    "\"ADDED\"",
    "\"MODIFIED\"",
    "\"DELETED\"",
    "\"BOOKMARK\"",
    "\"ERROR\"",
    "\"resourceVersion\":\"9\"",
    "\"resourceVersion\":\"10\"",
    "\"resourceVersion\":\"x\"",
    "\"uid\":\"u-2\"",
    "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"",
    "\"k8s.io/initial-events-end\":\"true\"",
    "\"code\":410",
    "\"ownerReferences\":[{\"apiVersion\":\"e.io/v1\",\"kind\":\"Thing\",\"name\":\"t\",\"uid\":\"u\",\"controller\":true}]",
    "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"b\",\"uid\":\"u-b\",\"resourceVersion\":\"12\"}}}",
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"20\"}}}",
    NULL,
};

struct ear {
    struct rk_view *view;
    int kind;
    struct rk_buf log;
    char rv[RK__RV_MAX];
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void ignore_wake(void *ctx, const char *gvk, const char *ns, const char *name,
                        enum rk_view_cause cause)
{
    (void)ctx, (void)gvk, (void)ns, (void)name, (void)cause;
}

static void on_item(void *ctx, enum rk_watch_event what, bool listed, struct rk_span object)
{
    struct ear *e = ctx;
    struct rk_err err = RK_ERR_INIT;
    check(object.n >= 2 && object.p[0] == '{' && object.p[object.n - 1] == '}');
    (void)rk_buf_addf(&e->log, "%d%d ", (int)what, listed); /* bounded far above an input */
    (void)rk_buf_add(&e->log, object.p, object.n);
    int rc =
        rk_view_apply(e->view, e->kind, what == RK_WATCH_DELETED ? RK_VIEW_DELETE : RK_VIEW_UPSERT,
                      listed ? RK_FROM_LIST : RK_FROM_WATCH, object, &err);
    check(rc == 0 || ((rc == RK_E_SYNTAX || rc == RK_E_LIMIT) && err.code == rc && err.text[0]));
}

static void on_synced(void *ctx, const char *rv)
{
    struct ear *e = ctx;
    (void)rk_buf_addf(&e->log, "synced %s ", rv);
    (void)rk_str_copy(e->rv, sizeof e->rv, rv);
    rk_view_list_end(e->view, e->kind, NULL, rv);
}

static void on_progress(void *ctx, const char *rv)
{
    struct ear *e = ctx;
    check(rk_rv_cmp(rv, e->rv) != -1);
    (void)rk_str_copy(e->rv, sizeof e->rv, rv);
    (void)rk_buf_addf(&e->log, "^%s ", rv);
    rk_view_progress(e->view, e->kind, NULL, rv);
}

/* Every owner is a document. */
static void check_view(const struct ear *e)
{
    struct rk_arena a;
    const char *ns, *name;
    rk_arena_init(&a, 0);
    for (size_t pos = 0; rk_view_next_owner(e->view, e->kind, &pos, &ns, &name);) {
        struct rk_snapshot snap = {0};
        struct rk_buf copy;
        rk_buf_init(&copy, (size_t)1 << 20);
        check(rk_view_snapshot(e->view, "v1/Pod", ns, name, &a, &snap) == 0);
        check(rk_scan_without(snap.object, NULL, 0, &copy, NULL) == 0 && copy.len == snap.object.n);
        rk_buf_done(&copy);
    }
    rk_arena_done(&a);
}

static int hear(struct rk_poll *poll, bool live, const uint8_t *p, size_t n, size_t step,
                struct ear *e)
{
    const struct rk_view_kind pods = {
        .gvk = "v1/Pod", .api_version = "v1", .kind = "Pod", .plural = "pods"};
    e->view = rk_view_new(ignore_wake, NULL);
    e->kind = rk_view_kind_add(e->view, &pods, NULL);
    rk_buf_init(&e->log, (size_t)1 << 24);
    struct rk_watcher w = {
        .poll = poll, .plural = (char *)(uintptr_t) "pods", .phase = RK__PH_INIT};
    w.def = (struct rk_watcher_def){
        .item = on_item, .synced = on_synced, .progress = on_progress, .ctx = e};
    struct rk__stream s = {
        .w = &w, .kind = live ? RK__STREAM_LIVE : RK__STREAM_INIT, .kill_ms = INT64_MAX};
    w.main = &s;
    rk_view_list_begin(e->view, e->kind, NULL);
    if (live) {
        memcpy(w.rv, "5", 2);
        memcpy(s.floor, "5", 2);
        on_synced(e, "5");
    }
    s.scan = rk_scan_new(RK_SCAN_WATCH, 4096, rk__watch_on_event, &s);
    int rc = 0;
    for (size_t at = 0; at < n && rc == 0; at += step) {
        size_t len = n - at < step ? n - at : step;
        char *piece =
            rk_strndup((const char *)p + at, len); /* a copy: a borrow that outlives it is seen */
        rc = rk_scan_feed(s.scan, piece, len, NULL);
        rk_free(piece);
    }
    if (rc == 0)
        rc = rk_scan_end(s.scan, NULL);
    check(rk_rv_cmp(w.rv, e->rv) == 0);
    rk_timer_del(poll, &s.guard);
    rk_scan_free(s.scan);
    check_view(e);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rk_poll *poll;
    if (size < 1)
        return 0;
    if (!poll)
        poll = rk_poll_new(NULL);
    check(poll != NULL);
    struct ear whole = {0}, pieces = {0};
    bool live = data[0] & 1;
    size_t step = (size_t)(data[0] >> 1) % 17 + 1;
    int a = hear(poll, live, data + 1, size - 1, size, &whole);
    int b = hear(poll, live, data + 1, size - 1, step, &pieces);
    check(a == b && whole.log.len == pieces.log.len &&
          rk_view_bad(whole.view) == rk_view_bad(pieces.view));
    check(whole.log.len == 0 || memcmp(whole.log.data, pieces.log.data, whole.log.len) == 0);
    rk_view_free(whole.view);
    rk_view_free(pieces.view);
    rk_buf_done(&whole.log);
    rk_buf_done(&pieces.log);
    return 0;
}
