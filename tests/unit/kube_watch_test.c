/* The list/watch machine against a scripted API server: the fault classes of client-rules that
 * concern reading. What the receiver is told is written down as one line of text per test. All
 * waits are bounded; the machine's clocks are shortened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/json/scan.h"
#include "core/kube/watch_in.h"
#include "tests/lib/fakeapi.c"

struct world {
    struct rk_poll *poll;
    struct fakeapi *api;
    struct rk_creds creds;
    struct rk_client *client;
    struct rk_watcher *w;
    struct rk_buf log;
    const char *wait_for;
    bool relist_on_item, relist_on_sync;
};

static const struct rk__watch_timing quick = {
    .backoff_min_ms = 5,
    .backoff_max_ms = 40,
    .backoff_quiet_ms = 2000,
    .stream_min_s = 300,
    .stream_max_s = 600,
    .kill_ms = 15000,
    .sync_silent_ms = 10000,
    .sync_total_ms = 20000,
    .silent_ms = 60000,
    .stale_ms = 90000,
    .short_ms = 30,
    .bad_ms = 60000,
    .spread_ms = 2,
    .absent_ms = 60,
    .settle_ms = 10000,
};

static struct rk__watch_timing as_shipped; /* the numbers of client-rules 17 */

/* --- The receiver --- */

static void on_begin(void *ctx)
{
    struct world *x = ctx;
    (void)rk_buf_adds(&x->log, "begin "); /* the log is bounded far above what a test says */
}

static void on_item(void *ctx, enum rk_watch_event what, bool listed, struct rk_span object)
{
    struct world *x = ctx;
    char name[64], rv[64];
    assert_int_equal(object.p[0], '{');
    assert_int_equal(object.p[object.n - 1], '}');
    (void)rk_scan_text(rk_scan_get(object, "metadata/name"), name, sizeof name);
    (void)rk_scan_text(rk_scan_get(object, "metadata/resourceVersion"), rv, sizeof rv);
    (void)rk_buf_addf(&x->log, "%s%c:%s@%s ", listed ? "list-" : "", "AMD"[what], name, rv);
    if (x->relist_on_item) {
        x->relist_on_item = false;
        rk_watcher_relist(x->w);
    }
}

static void on_skipped(void *ctx, struct rk_span prefix)
{
    struct world *x = ctx;
    char name[64];
    (void)rk_scan_text(rk_scan_get(prefix, "metadata/name"), name, sizeof name);
    (void)rk_buf_addf(&x->log, "skipped:%s ", name);
}

static void on_synced(void *ctx, const char *rv)
{
    struct world *x = ctx;
    (void)rk_buf_addf(&x->log, "synced@%s ", rv);
    if (x->relist_on_sync) {
        x->relist_on_sync = false;
        rk_watcher_relist(x->w);
    }
}

static void on_progress(void *ctx, const char *rv)
{
    struct world *x = ctx;
    (void)rk_buf_addf(&x->log, "^%s ", rv);
}

/* --- The stage --- */

static struct rk_watcher_def def_of(struct world *x)
{
    return (struct rk_watcher_def){
        .api_version = "v1",
        .plural = "pods",
        .begin = on_begin,
        .item = on_item,
        .skipped = on_skipped,
        .synced = on_synced,
        .progress = on_progress,
        .ctx = x,
    };
}

static void open_world(struct world *x)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_client_conf conf = {.user_agent = "test", .connect_ms = 1000, .request_ms = 3000};
    *x = (struct world){0};
    rk__watch_timing = quick;
    rk__watch_list_only = false;
    rk_buf_init(&x->log, 1 << 20);
    x->poll = rk_poll_new(&err);
    assert_non_null(x->poll);
    x->api = fakeapi_new(x->poll);
    x->creds.server = rk_strdup(fakeapi_url(x->api));
    x->client = rk_client_new(x->poll, &x->creds, &conf, &err);
    if (!x->client)
        fail_msg("%s", err.text);
}

static void start(struct world *x)
{
    struct rk_watcher_def def = def_of(x);
    x->w = rk_watcher_new(x->poll, x->client, &def);
    rk_watcher_start(x->w);
}

static void close_world(struct world *x)
{
    rk_watcher_free(x->w);
    rk_client_free(x->client);
    fakeapi_free(x->api);
    rk_poll_free(x->poll);
    rk_free(x->creds.server);
    rk_buf_done(&x->log);
}

static bool log_has(void *ctx)
{
    struct world *x = ctx;
    return strstr(rk_buf_text(&x->log), x->wait_for) != NULL;
}

/* Wait until the log contains `text`. */
static void until(struct world *x, const char *text)
{
    x->wait_for = text;
    if (!fakeapi_until(x->api, log_has, x, FAKEAPI_WAIT_MS))
        fail_msg("'%s' did not come; the log: %s", text, rk_buf_text(&x->log));
}

static bool phase_is(void *ctx)
{
    struct world *x = ctx;
    struct rk_watcher_state s;
    rk_watcher_state(x->w, &s);
    return strcmp(s.phase, x->wait_for) == 0;
}

static struct rk_watcher_state state_of(struct world *x)
{
    struct rk_watcher_state s;
    rk_watcher_state(x->w, &s);
    return s;
}

/* The log must be exactly this; it is empty afterwards. */
static void said(struct world *x, const char *text)
{
    assert_string_equal(rk_buf_text(&x->log), text);
    rk_buf_clear(&x->log);
}

static void event(struct fakeapi_call *c, const char *type, const char *name, int rv)
{
    fakeapi_chunk(
        c,
        "{\"type\":\"%s\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
        "\"uid\":\"u-%s\",\"resourceVersion\":\"%d\"}}}\n",
        type, name, name, rv);
}

static void bookmark(struct fakeapi_call *c, int rv, bool end)
{
    fakeapi_chunk(
        c,
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
        "\"resourceVersion\":\"%d\"%s}}}\n",
        rv, end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
}

static void error_event(struct fakeapi_call *c, int code, const char *reason)
{
    fakeapi_chunk(
        c,
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
        "\"message\":\"m\",\"reason\":\"%s\",\"code\":%d}}\n",
        reason, code);
}

#define POD "{\"metadata\":{\"name\":\"%s\",\"uid\":\"u\",\"resourceVersion\":\"%d\"}}"

static void page(struct fakeapi_call *c, int rv, const char *cont, const char *name)
{
    fakeapi_reply(
        c, 200, NULL,
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\",\"continue\":"
        "\"%s\"},\"items\":[" POD "]}",
        rv, cont, name, rv - 1);
}

/* Up to a live stream that has seen pod a, at RV 100. */
static struct fakeapi_call *live(struct world *x)
{
    start(x);
    struct fakeapi_call *c = fakeapi_next(x->api);
    fakeapi_stream(c);
    event(c, "ADDED", "a", 90);
    bookmark(c, 100, true);
    until(x, "synced@100");
    said(x, "begin list-A:a@90 synced@100 ");
    return c;
}

/* --- Streamed list --- */

static void a_streamed_list_becomes_the_watch_and_takes_no_version_from_initial_events(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    start(&x);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "/api/v1/pods?"));
    assert_true(fakeapi_has(c, "watch=1"));
    assert_true(fakeapi_has(c, "sendInitialEvents=true"));
    assert_true(fakeapi_has(c, "resourceVersionMatch=NotOlderThan"));
    assert_true(fakeapi_has(c, "allowWatchBookmarks=true"));
    assert_false(fakeapi_has(c, "resourceVersion="));
    assert_false(state_of(&x).synced);
    assert_true(state_of(&x).stale);
    fakeapi_stream(c);
    event(c, "ADDED", "b", 95);
    event(c, "ADDED", "a", 7);
    bookmark(c, 100, true);
    until(&x, "synced");
    assert_true(state_of(&x).synced);
    assert_false(state_of(&x).stale);
    event(c, "MODIFIED", "a", 101);
    event(c, "DELETED", "b", 102);
    bookmark(c, 110, false);
    until(&x, "^110");
    said(&x, "begin list-A:b@95 list-A:a@7 synced@100 M:a@101 ^101 D:b@102 ^102 ^110 ");
    assert_false(fakeapi_pending(x.api, NULL, NULL));
    close_world(&x);
}

static void namespace_selector_and_metadata_only_reach_the_wire(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct rk_watcher_def def = def_of(&x);
    def.api_version = "batch/v1";
    def.plural = "jobs";
    def.ns = "team-a";
    def.selector = "ray.io/node-type in (head,worker)";
    def.metadata_only = true;
    x.w = rk_watcher_new(x.poll, x.client, &def);
    rk_watcher_start(x.w);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "/apis/batch/v1/namespaces/team-a/jobs?"));
    assert_true(fakeapi_has(c, "labelSelector=ray.io%2Fnode-type%20in%20%28head%2Cworker%29"));
    assert_non_null(strstr(c->head, "as=PartialObjectMetadata"));
    close_world(&x);
}

static void changes_during_the_initial_events_are_told_and_carry_no_version(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    start(&x);
    struct fakeapi_call *c = fakeapi_next(x.api);
    fakeapi_stream(c);
    event(c, "ADDED", "a", 90);
    event(c, "MODIFIED", "a", 98);
    event(c, "DELETED", "a", 99);
    bookmark(c, 100, true);
    until(&x, "synced");
    said(&x, "begin list-A:a@90 list-M:a@98 D:a@99 synced@100 ");
    close_world(&x);
}

/* A server that refuses WatchList, in the two ways there are. */
static void a_refused_streamed_list_falls_back_to_pages_and_is_remembered(void **state)
{
    (void)state;
    struct world x, y;
    open_world(&x);
    start(&x);
    struct fakeapi_call *c = fakeapi_next_of(x.api, "GET", "sendInitialEvents");
    fakeapi_status(
        c, 422, "Invalid",
        "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "limit=500"));
    assert_false(fakeapi_has(c, "watch=1"));
    page(c, 100, "tok==", "a");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "continue=tok%3D%3D"));
    assert_false(fakeapi_has(c, "resourceVersion="));
    page(c, 100, "", "b");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "watch=1"));
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    assert_false(fakeapi_has(c, "sendInitialEvents"));
    said(&x, "begin begin list-A:a@99 list-A:b@99 synced@100 ");
    assert_true(rk__watch_list_only);
    y = x;
    y.w = NULL;
    struct rk_watcher_def def = def_of(&x);
    y.w = rk_watcher_new(x.poll, x.client, &def);
    rk_watcher_start(y.w);
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "limit=500")); /* the other watcher does not even try */
    rk_watcher_free(y.w);
    close_world(&x);
}

static void an_initial_bookmark_that_never_comes_ends_in_a_list(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.sync_silent_ms = 60;
    start(&x);
    struct fakeapi_call *c = fakeapi_next(x.api);
    fakeapi_stream(c);
    event(c, "ADDED", "a", 90);
    struct fakeapi_call *l = fakeapi_next(x.api);
    assert_true(fakeapi_has(l, "limit=500"));
    page(l, 100, "", "a");
    until(&x, "synced");
    said(&x, "begin list-A:a@90 begin list-A:a@99 synced@100 ");
    assert_true(c->gone);
    assert_false(rk__watch_list_only); /* perhaps this stream only */
    close_world(&x);
}

static void initial_events_without_end_are_bounded_too(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.sync_total_ms = 80;
    start(&x);
    struct fakeapi_call *c = fakeapi_next(x.api);
    fakeapi_stream(c);
    for (int i = 0; i < 200 && !fakeapi_pending(x.api, "GET", "limit="); i++) {
        event(c, "ADDED", "a", 90);
        fakeapi_idle(x.api, 5);
    }
    assert_true(fakeapi_has(fakeapi_next(x.api), "limit=500"));
    close_world(&x);
}

static void a_stream_cut_before_its_bookmark_is_tried_again_then_listed(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    start(&x);
    for (int i = 0; i < 3; i++) {
        struct fakeapi_call *c = fakeapi_next_of(x.api, "GET", "sendInitialEvents");
        fakeapi_stream(c);
        event(c, "ADDED", "a", 90);
        fakeapi_end(c);
    }
    assert_true(fakeapi_has(fakeapi_next(x.api), "limit=500"));
    assert_false(state_of(&x).synced);
    close_world(&x);
}

/* --- 410 --- */

static void gone_at_watch_start_relists_from_the_last_version_then_the_newest(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    rk__watch_timing.short_ms = 0; /* or the relist would be patient */
    event(c, "MODIFIED", "a", 105);
    until(&x, "^105");
    fakeapi_end(c);
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=105"));
    fakeapi_status(c, 410, "Expired", "too old resource version");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "sendInitialEvents=true"));
    assert_true(fakeapi_has(c, "resourceVersion=105"));
    assert_true(state_of(&x).synced); /* the cache is kept ... */
    assert_true(state_of(&x).stale);  /* ... and known to be old */
    fakeapi_status(c, 410, "Gone", "still too old");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "sendInitialEvents=true"));
    assert_false(fakeapi_has(c, "resourceVersion="));
    fakeapi_stream(c);
    event(c, "ADDED", "b", 120);
    bookmark(c, 130, true);
    until(&x, "synced@130");
    said(&x, "M:a@105 ^105 begin begin list-A:b@120 synced@130 ");
    assert_false(state_of(&x).stale);
    close_world(&x);
}

static void gone_inside_the_stream_relists_without_losing_the_cache(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    error_event(c, 410, "Expired");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "sendInitialEvents=true"));
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    fakeapi_stream(c);
    bookmark(c, 140, true);
    until(&x, "synced@140");
    said(&x, "begin synced@140 "); /* no deletes but by the sweep */
    close_world(&x);
}

static void gone_on_page_three_starts_over_from_page_one(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_list_only = true;
    start(&x);
    page(fakeapi_next(x.api), 100, "t1", "a");
    page(fakeapi_next_of(x.api, "GET", "continue=t1"), 100, "t2", "b");
    fakeapi_status(fakeapi_next_of(x.api, "GET", "continue=t2"), 410, "Expired",
                   "continue too old");
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_false(fakeapi_has(c, "continue="));
    page(c, 200, "", "c");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=200"));
    said(&x, "begin list-A:a@99 list-A:b@99 begin list-A:c@199 synced@200 ");
    close_world(&x);
}

static void a_list_that_is_always_gone_is_asked_for_with_patience(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.backoff_min_ms = rk__watch_timing.backoff_max_ms = 40;
    start(&x);
    int64_t from = rk_clock_ms();
    for (int i = 0; i < 4; i++)
        fakeapi_status(fakeapi_next(x.api), 410, "Expired", "never");
    (void)fakeapi_next(x.api);
    assert_true(rk_clock_ms() - from >= 4 * 40);
    close_world(&x);
}

static void a_server_that_is_behind_us_is_asked_for_what_it_has(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.short_ms = 0;
    struct fakeapi_call *c = live(&x);
    error_event(c, 410, "Expired");
    c = fakeapi_next_of(x.api, "GET", "resourceVersion=100");
    fakeapi_reply(
        c, 504, NULL,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"Too large resource "
        "version: 100, current: 50\",\"reason\":\"Timeout\",\"details\":{\"causes\":[{\"reason\":"
        "\"ResourceVersionTooLarge\",\"message\":\"Too large resource version\"}]},\"code\":504}");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "sendInitialEvents=true"));
    assert_false(fakeapi_has(c, "resourceVersion="));
    fakeapi_stream(c);
    bookmark(c, 50, true); /* etcd was restored: lower than before, and true */
    until(&x, "synced@50");
    event(c, "ADDED", "n", 51);
    until(&x, "^51");
    said(&x, "begin begin synced@50 A:n@51 ^51 ");
    close_world(&x);
}

/* --- Streams that end --- */

static void a_clean_end_rewatches_from_the_last_version_without_a_list(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    bookmark(c, 150, false);
    until(&x, "^150");
    fakeapi_end(c);
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=150"));
    assert_false(fakeapi_has(c, "sendInitialEvents"));
    assert_false(state_of(&x).stale);
    said(&x, "^150 ");
    close_world(&x);
}

static void a_reset_in_mid_event_caches_nothing_of_it(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    event(c, "MODIFIED", "a", 101);
    fakeapi_chunk(
        c,
        "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"102\"");
    until(&x, "^101");
    fakeapi_idle(x.api, 20);
    fakeapi_reset(c);
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=101"));
    assert_true(state_of(&x).stale); /* nobody knows what was missed */
    fakeapi_stream(c);
    event(c, "MODIFIED", "a", 102);
    until(&x, "^102");
    assert_false(state_of(&x).stale);
    said(&x, "M:a@101 ^101 M:a@102 ^102 ");
    close_world(&x);
}

static void a_clean_end_behind_half_an_event_is_a_truncation(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    fakeapi_chunk(c, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"a\"");
    fakeapi_end(c);
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    assert_non_null(strstr(state_of(&x).last_error, "stream broke"));
    said(&x, "");
    close_world(&x);
}

static void a_reset_in_mid_page_asks_for_the_same_page_again(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_list_only = true;
    start(&x);
    page(fakeapi_next(x.api), 100, "t1", "a");
    struct fakeapi_call *c = fakeapi_next_of(x.api, "GET", "continue=t1");
    fakeapi_stream(c);
    fakeapi_chunk(c, "{\"metadata\":{\"resourceVersion\":\"100\"},\"items\":[" POD ",{\"meta", "b",
                  60);
    until(&x, "b@60");
    fakeapi_reset(c);
    page(fakeapi_next_of(x.api, "GET", "continue=t1"), 100, "", "b");
    until(&x, "synced");
    said(&x, "begin list-A:a@99 list-A:b@60 list-A:b@99 synced@100 ");
    close_world(&x);
}

static void streams_that_end_at_once_are_failures_and_slow_down(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    rk__watch_timing.short_ms = 10000;
    x.w->backoff.min_ms = 20;
    fakeapi_end(c); /* this one had events */
    for (int i = 0; i < 3; i++) {
        c = fakeapi_next(x.api);
        fakeapi_stream(c);
        fakeapi_end(c);
    }
    int64_t ended = rk_clock_ms();
    c = fakeapi_next(x.api);
    assert_true(c->at_ms - ended >= 20);
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    assert_string_equal(state_of(&x).last_error, "stream ended at once");
    said(&x, "");
    close_world(&x);
}

static void waits_double_to_the_longest_with_jitter_and_start_anew_after_quiet(void **state)
{
    (void)state;
    const struct rk__watch_timing *t = &as_shipped;
    struct rk__backoff b = {t->backoff_min_ms, t->backoff_max_ms, t->backoff_quiet_ms, 0, 0};
    int64_t now = 1000000, base = 800;
    bool jitter = false;
    for (int i = 0; i < 20; i++) {
        int64_t wait = rk__backoff_next(&b, now);
        assert_in_range(wait, base, 2 * base);
        jitter |= wait != base;
        now += wait;
        base = base * 2 < 30000 ? base * 2 : 30000;
    }
    assert_true(jitter);
    now += 121000;
    assert_in_range(rk__backoff_next(&b, now), 800, 1600);
}

static void streams_last_five_to_ten_minutes_and_never_all_the_same(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.stream_min_s = as_shipped.stream_min_s;
    rk__watch_timing.stream_max_s = as_shipped.stream_max_s;
    struct fakeapi_call *c = live(&x);
    long first = 0, seconds = 0;
    bool differ = false;
    for (int i = 0; i < 10; i++) {
        const char *at = strstr(c->target, "timeoutSeconds=");
        assert_non_null(at);
        seconds = strtol(at + 15, NULL, 10);
        assert_in_range(seconds, 300, 600);
        first = first ? first : seconds;
        differ |= seconds != first;
        if (i > 0)
            fakeapi_stream(c);
        event(c, "MODIFIED", "a", 101 + i); /* a stream that works is not slowed down */
        fakeapi_end(c);
        c = fakeapi_next(x.api);
        assert_false(fakeapi_has(c, "sendInitialEvents"));
    }
    assert_true(differ);
    close_world(&x);
}

static void a_refused_connection_is_tried_again_until_the_server_is_back(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    (void)live(&x);
    fakeapi_down(x.api);
    x.wait_for = "backoff";
    assert_true(fakeapi_until(x.api, phase_is, &x, FAKEAPI_WAIT_MS));
    fakeapi_idle(x.api, 60);
    assert_true(state_of(&x).stale);
    assert_true(state_of(&x).synced);
    fakeapi_up(x.api);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    assert_false(fakeapi_has(c, "sendInitialEvents"));
    fakeapi_stream(c);
    bookmark(c, 160, false);
    until(&x, "^160");
    assert_false(state_of(&x).stale);
    said(&x, "^160 ");
    close_world(&x);
}

static void cut(struct fakeapi_call *c)
{
    fakeapi_stream(c);
    fakeapi_reset(c);
}

static void an_answer_to_anybody_ends_a_long_wait_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    rk__watch_timing.backoff_max_ms = 60000;
    x.w->backoff.min_ms = 20000; /* the wait that a long outage has led to */
    x.w->backoff.max_ms = 60000;
    fakeapi_down(x.api);
    x.wait_for = "backoff";
    assert_true(fakeapi_until(x.api, phase_is, &x, FAKEAPI_WAIT_MS));
    fakeapi_idle(x.api, 30);
    fakeapi_up(x.api);
    fakeapi_idle(x.api, 30);
    assert_false(fakeapi_pending(x.api, NULL, NULL));
    struct rk_req other = {.lane = RK_LANE_LEASE, .method = "GET", .path = "/other"};
    (void)rk_client_send(x.client, &other);
    fakeapi_reply(fakeapi_next_of(x.api, "GET", "/other"), 404, NULL, "{}");
    c = fakeapi_next_of(x.api, "GET", "watch=1");
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    /* A server that answers others and cuts us is not asked faster for that. */
    x.w->backoff.min_ms = 20000;
    cut(c);
    assert_true(fakeapi_until(x.api, phase_is, &x, FAKEAPI_WAIT_MS));
    fakeapi_reset((rk_client_send(x.client, &other), fakeapi_next_of(x.api, "GET", "/other")));
    (void)rk_client_send(x.client, &other);
    fakeapi_reply(fakeapi_next_of(x.api, "GET", "/other"), 404, NULL, "{}");
    fakeapi_idle(x.api, 60);
    assert_false(fakeapi_pending(x.api, "GET", "watch=1"));
    close_world(&x);
}

static void a_stream_that_worked_and_was_cut_is_no_growing_failure(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    rk__watch_timing.bad_ms = 50; /* past which persisting trouble would be a list */
    int64_t from = rk_clock_ms();
    for (int rv = 101; rv < 111; rv++) {
        event(c, "MODIFIED", "a", rv);
        fakeapi_reset(c);
        c = fakeapi_next(x.api);
        assert_false(fakeapi_has(c, "sendInitialEvents"));
        assert_true(x.w->backoff.step_ms <= 5);
        fakeapi_stream(c);
    }
    assert_true(rk_clock_ms() - from >= 50);
    close_world(&x);
}

static void an_outage_behind_a_cut_stream_is_no_reason_for_a_list(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    rk__watch_timing.bad_ms = 50;
    fakeapi_reset(c);
    cut(fakeapi_next(x.api)); /* nothing came: that may be the server's inside */
    fakeapi_down(x.api);
    fakeapi_idle(x.api, 150);
    fakeapi_up(x.api);
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    assert_false(fakeapi_has(c, "sendInitialEvents"));
    close_world(&x);
}

static void too_many_requests_waits_as_long_as_it_says(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    fakeapi_end(live(&x));
    struct fakeapi_call *c = fakeapi_next(x.api);
    fakeapi_reply(c, 429, "Retry-After: 1\r\n",
                  "{\"kind\":\"Status\",\"code\":429,\"reason\":\"TooManyRequests\"}");
    int64_t from = rk_clock_ms();
    c = fakeapi_next(x.api);
    assert_true(c->at_ms - from >= 950);
    assert_true(fakeapi_has(c, "resourceVersion=100"));
    close_world(&x);
}

static void server_errors_back_off_with_the_same_version(void **state)
{
    (void)state;
    static const int codes[] = {500, 503, 504, 401, 403};
    struct world x;
    open_world(&x);
    fakeapi_end(live(&x));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct fakeapi_call *c = fakeapi_next(x.api);
        assert_true(fakeapi_has(c, "resourceVersion=100"));
        assert_false(fakeapi_has(c, "sendInitialEvents"));
        fakeapi_status(c, codes[i], "Whatever", "etcdserver: leader changed");
    }
    assert_true(fakeapi_has(fakeapi_next(x.api), "resourceVersion=100"));
    assert_true(state_of(&x).synced);
    assert_true(state_of(&x).stale);
    said(&x, "");
    close_world(&x);
}

static void errors_inside_streams_relist_only_when_they_persist(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    rk__watch_timing.bad_ms = 50;
    int64_t from = rk_clock_ms();
    int rewatches = 0;
    for (;; rewatches++) {
        error_event(c, 500, "InternalError");
        c = fakeapi_next(x.api);
        if (fakeapi_has(c, "sendInitialEvents"))
            break;
        assert_true(fakeapi_has(c, "resourceVersion=100"));
        assert_true(rewatches < 100);
        fakeapi_stream(c);
    }
    assert_true(rewatches > 0 && c->at_ms - from >= 50);
    assert_false(fakeapi_has(c, "resourceVersion="));
    close_world(&x);
}

/* --- Events that are not what they should be --- */

static void replays_unknown_types_and_junk_do_no_harm(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    event(c, "MODIFIED", "a", 99); /* before where we are: a replay */
    event(c, "MODIFIED", "a", 100);
    event(c, "FROBBED", "a", 101);
    event(c, "MODIFIED", "a", 103);
    event(c, "MODIFIED", "b", 102); /* out of order: told, the version does not go back */
    event(c, "MODIFIED", "a", 103); /* twice: the receiver compares per object */
    until(&x, "M:b@102 M:a@103");
    assert_non_null(strstr(state_of(&x).last_error, "FROBBED"));
    said(&x, "M:a@103 ^103 M:b@102 M:a@103 ^103 ");
    fakeapi_chunk(c, "junk");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=103"));
    fakeapi_stream(c);
    fakeapi_chunk(c, "{\"no\":\"event\"}");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "resourceVersion=103"));
    close_world(&x);
}

static void an_item_over_the_bound_is_skipped_by_name_and_a_deletion_is_not(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    static const char *const types[] = {"ADDED", "DELETED"};
    static char blob[60 * 1024];
    memset(blob, 'x', sizeof blob - 1);
    for (int i = 0; i < 2; i++) {
        fakeapi_chunk(
            c,
            "{\"type\":\"%s\",\"object\":{\"metadata\":{\"name\":\"big\",\"namespace\":\"n\",\"uid\":\"u\","
            "\"resourceVersion\":\"%d\"},\"data\":[\"\"",
            types[i], 200 + i);
        for (int k = 0; k < 150; k++) {
            fakeapi_chunk(c, ",\"%s\"", blob);
            fakeapi_idle(x.api, 1);
        }
        fakeapi_chunk(c, "]}}\n");
    }
    until(&x, "^201");
    said(&x, "skipped:big ^200 D:big@201 ^201 ");
    close_world(&x);
}

static void versions_compare_as_long_decimals_and_not_otherwise(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int want;
    } t[] = {
        {"1", "1", 0},
        {"2", "1", 1},
        {"9", "10", -1},
        {"100", "99", 1},
        {"abc", "abc", 0},
        {"abc", "1", -2},
        {"01", "1", -2},
        {"", "1", -2},
        {"", "", 0},
        {"1", NULL, -2},
        {"0", "1", -1},
        {"1.5", "1", -2},
        {"9007199254740993", "9007199254740992", 1},
        {"18446744073709551617", "18446744073709551616", 1},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_int_equal(rk_rv_cmp(t[i].a, t[i].b), t[i].want);
        assert_int_equal(rk_rv_cmp(t[i].b, t[i].a), t[i].want == 1    ? -1
                                                    : t[i].want == -1 ? 1
                                                                      : t[i].want);
    }
}

/* --- Silence --- */

static void a_silent_stream_gets_a_second_one_and_the_first_is_dropped_when_it_answers(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.silent_ms = 50;
    struct fakeapi_call *c = live(&x);
    struct fakeapi_call *second = fakeapi_next(x.api);
    assert_true(fakeapi_has(second, "resourceVersion=100"));
    assert_false(c->gone);
    fakeapi_stream(second);
    event(c, "MODIFIED", "a", 101); /* the first wakes up and tells what the second is about to */
    until(&x, "^101");
    event(second, "MODIFIED", "a", 101);
    event(second, "MODIFIED", "a", 102);
    until(&x, "^102");
    fakeapi_idle(x.api, 20);
    assert_true(c->gone);
    assert_false(second->gone);
    said(&x, "M:a@101 ^101 M:a@102 ^102 ");
    close_world(&x);
}

/* A reader of lines would wait for the rest of this one for ever. */
static void half_an_event_and_then_silence_is_found_out(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.silent_ms = 50;
    struct fakeapi_call *c = live(&x);
    fakeapi_chunk(c, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"a\",");
    struct fakeapi_call *second = fakeapi_next(x.api);
    assert_true(fakeapi_has(second, "resourceVersion=100"));
    fakeapi_stream(second);
    event(second, "MODIFIED", "a", 101);
    until(&x, "^101");
    fakeapi_idle(x.api, 5);
    assert_true(c->gone);
    said(&x, "M:a@101 ^101 ");
    close_world(&x);
}

static void two_silent_streams_in_a_row_end_in_a_relist(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.silent_ms = 40;
    rk__watch_timing.stale_ms = 60;
    struct fakeapi_call *c = live(&x);
    struct fakeapi_call *second = fakeapi_next(x.api);
    struct fakeapi_call *third = fakeapi_next(x.api);
    assert_true(fakeapi_has(third, "sendInitialEvents"));
    assert_false(fakeapi_has(third, "resourceVersion="));
    assert_true(c->gone && second->gone);
    assert_true(state_of(&x).stale);
    assert_true(state_of(&x).silent_ms >= 80);
    close_world(&x);
}

static void a_server_that_forgets_to_end_a_stream_is_not_waited_for(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__watch_timing.stream_min_s = rk__watch_timing.stream_max_s = 0;
    rk__watch_timing.kill_ms = 40;
    int64_t begin =
        rk_clock_ms(); /* before it is sent: arrival may be late, and the difference of two arrivals short */
    (void)live(&x);
    struct fakeapi_call *next = fakeapi_next(x.api);
    assert_true(fakeapi_has(next, "resourceVersion=100"));
    assert_true(next->at_ms - begin >= 40);
    said(&x, "");
    close_world(&x);
}

/* --- Kinds that are not there; relists on request --- */

static void open_optional(struct world *x)
{
    open_world(x);
    struct rk_watcher_def def = def_of(x);
    def.optional = true;
    x->w = rk_watcher_new(x->poll, x->client, &def);
    rk_watcher_start(x->w);
}

static void an_optional_kind_that_is_absent_counts_as_synced_and_is_looked_for(void **state)
{
    (void)state;
    struct world x;
    open_optional(&x);
    fakeapi_reply(fakeapi_next(x.api), 404, NULL, "404 page not found");
    until(&x, "synced@ ");
    assert_true(state_of(&x).synced && state_of(&x).absent && !state_of(&x).stale);
    assert_string_equal(state_of(&x).phase, "absent");
    struct fakeapi_call *c = fakeapi_next(x.api); /* somebody installs the CRD */
    assert_true(state_of(&x).synced && !state_of(&x).stale);
    fakeapi_stream(c);
    event(c, "ADDED", "a", 90);
    bookmark(c, 100, true);
    until(&x, "synced@100");
    assert_false(state_of(&x).absent);
    said(&x, "begin synced@ begin list-A:a@90 synced@100 ");
    close_world(&x);
}

static void an_optional_kind_that_may_not_be_read_holds_nobody_up_until_it_may(void **state)
{
    (void)state;
    struct world x;
    open_optional(&x);
    fakeapi_reply(fakeapi_next(x.api), 403, NULL, "no");
    until(&x, "synced@ ");
    assert_true(state_of(&x).synced && state_of(&x).absent && !state_of(&x).stale);
    struct fakeapi_call *c = fakeapi_next(x.api); /* somebody gives the right */
    fakeapi_stream(c);
    event(c, "ADDED", "a", 90);
    bookmark(c, 100, true);
    until(&x, "synced@100");
    assert_false(state_of(&x).absent);
    fakeapi_end(c);
    fakeapi_reply(fakeapi_next(x.api), 403, NULL,
                  "no"); /* and takes it away: what we know is old, not gone */
    while (!state_of(&x).forbidden)
        fakeapi_idle(x.api, 10);
    assert_true(!state_of(&x).absent && state_of(&x).stale);
    close_world(&x);
}

static void a_kind_that_was_there_is_believed_gone_only_after_a_while(void **state)
{
    (void)state;
    struct world x;
    open_optional(&x);
    rk__watch_timing.absent_ms = 100;
    struct fakeapi_call *c = fakeapi_next(x.api);
    fakeapi_stream(c);
    event(c, "ADDED", "a", 90);
    bookmark(c, 100, true);
    until(&x, "synced@100");
    fakeapi_end(c);
    int64_t from = 0;
    while (!strstr(rk_buf_text(&x.log), "synced@ ")) {
        c = fakeapi_next(x.api);
        from = from ? from : c->at_ms;
        fakeapi_reply(c, 404, NULL, "404 page not found");
        fakeapi_idle(x.api, 10);
    }
    assert_true(rk_clock_ms() - from >= 100);
    assert_true(state_of(&x).absent);
    close_world(&x);
}

static void a_kind_that_must_be_there_is_asked_for_for_ever(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    start(&x);
    for (int i = 0; i < 5; i++)
        fakeapi_reply(fakeapi_next(x.api), 404, NULL, "404 page not found");
    (void)fakeapi_next(x.api);
    assert_false(state_of(&x).synced);
    close_world(&x);
}

static void a_relist_can_be_asked_for_at_any_time_even_from_a_callback(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *c = live(&x);
    x.relist_on_item = true;
    x.relist_on_sync = true;
    fakeapi_chunk(
        c,
        "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"101\"}}}"
        "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"102\"}}}");
    c = fakeapi_next(x.api);
    assert_true(fakeapi_has(c, "sendInitialEvents"));
    assert_false(fakeapi_has(c, "resourceVersion="));
    assert_true(state_of(&x).stale);
    fakeapi_stream(c);
    bookmark(c, 110, true);
    c = fakeapi_next(x.api); /* the one that was asked for at the sync */
    fakeapi_stream(c);
    bookmark(c, 120, true);
    until(&x, "synced@120");
    said(&x, "M:a@101 ^101 begin synced@110 begin synced@120 ");
    rk_watcher_relist(x.w);
    rk_watcher_relist(x.w);
    c = fakeapi_next(x.api);
    rk_watcher_relist(x.w); /* it is at it */
    fakeapi_idle(x.api, 30);
    assert_false(fakeapi_pending(x.api, NULL, NULL));
    close_world(&x);
}

static void it_can_be_freed_in_every_phase(void **state)
{
    (void)state;
    struct world x;
    for (int i = 0; i < 5; i++) {
        open_world(&x);
        start(&x);
        if (i > 0)
            fakeapi_stream(fakeapi_next(x.api));
        if (i > 1)
            fakeapi_down(x.api);
        fakeapi_idle(x.api, i > 2 ? 20 : 1);
        if (i == 4)
            fakeapi_up(x.api);
        close_world(&x);
    }
}

int main(void)
{
    as_shipped = rk__watch_timing;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_streamed_list_becomes_the_watch_and_takes_no_version_from_initial_events),
        cmocka_unit_test(namespace_selector_and_metadata_only_reach_the_wire),
        cmocka_unit_test(changes_during_the_initial_events_are_told_and_carry_no_version),
        cmocka_unit_test(a_refused_streamed_list_falls_back_to_pages_and_is_remembered),
        cmocka_unit_test(an_initial_bookmark_that_never_comes_ends_in_a_list),
        cmocka_unit_test(initial_events_without_end_are_bounded_too),
        cmocka_unit_test(a_stream_cut_before_its_bookmark_is_tried_again_then_listed),
        cmocka_unit_test(gone_at_watch_start_relists_from_the_last_version_then_the_newest),
        cmocka_unit_test(gone_inside_the_stream_relists_without_losing_the_cache),
        cmocka_unit_test(gone_on_page_three_starts_over_from_page_one),
        cmocka_unit_test(a_list_that_is_always_gone_is_asked_for_with_patience),
        cmocka_unit_test(a_server_that_is_behind_us_is_asked_for_what_it_has),
        cmocka_unit_test(a_clean_end_rewatches_from_the_last_version_without_a_list),
        cmocka_unit_test(a_reset_in_mid_event_caches_nothing_of_it),
        cmocka_unit_test(a_clean_end_behind_half_an_event_is_a_truncation),
        cmocka_unit_test(a_reset_in_mid_page_asks_for_the_same_page_again),
        cmocka_unit_test(streams_that_end_at_once_are_failures_and_slow_down),
        cmocka_unit_test(waits_double_to_the_longest_with_jitter_and_start_anew_after_quiet),
        cmocka_unit_test(streams_last_five_to_ten_minutes_and_never_all_the_same),
        cmocka_unit_test(a_refused_connection_is_tried_again_until_the_server_is_back),
        cmocka_unit_test(an_answer_to_anybody_ends_a_long_wait_once),
        cmocka_unit_test(a_stream_that_worked_and_was_cut_is_no_growing_failure),
        cmocka_unit_test(an_outage_behind_a_cut_stream_is_no_reason_for_a_list),
        cmocka_unit_test(too_many_requests_waits_as_long_as_it_says),
        cmocka_unit_test(server_errors_back_off_with_the_same_version),
        cmocka_unit_test(errors_inside_streams_relist_only_when_they_persist),
        cmocka_unit_test(replays_unknown_types_and_junk_do_no_harm),
        cmocka_unit_test(an_item_over_the_bound_is_skipped_by_name_and_a_deletion_is_not),
        cmocka_unit_test(versions_compare_as_long_decimals_and_not_otherwise),
        cmocka_unit_test(
            a_silent_stream_gets_a_second_one_and_the_first_is_dropped_when_it_answers),
        cmocka_unit_test(half_an_event_and_then_silence_is_found_out),
        cmocka_unit_test(two_silent_streams_in_a_row_end_in_a_relist),
        cmocka_unit_test(a_server_that_forgets_to_end_a_stream_is_not_waited_for),
        cmocka_unit_test(an_optional_kind_that_is_absent_counts_as_synced_and_is_looked_for),
        cmocka_unit_test(an_optional_kind_that_may_not_be_read_holds_nobody_up_until_it_may),
        cmocka_unit_test(a_kind_that_was_there_is_believed_gone_only_after_a_while),
        cmocka_unit_test(a_kind_that_must_be_there_is_asked_for_for_ever),
        cmocka_unit_test(a_relist_can_be_asked_for_at_any_time_even_from_a_callback),
        cmocka_unit_test(it_can_be_freed_in_every_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
