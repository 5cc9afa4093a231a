/* The event recorder: what reaches the API server, how often, and what is shed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/json/json.h"
#include "core/json/scan.h"
#include "core/kube/events_in.h"
#include "tests/lib/fakeapi.c"

struct world {
    struct rk_poll *poll;
    struct fakeapi *api;
    struct rk_creds creds;
    struct rk_client *client;
    struct rk_recorder *r;
    bool flushed, gate_shut;
};

static const struct rk_event base = {
    .controller = "ray-operator",
    .api_version = "ray.io/v1",
    .kind = "RayCluster",
    .ns = "team-a",
    .name = "demo",
    .uid = "u-1",
    .rv = "77",
    .reason = "CreatedHeadPod",
    .action = "Create",
    .note = "Created head pod demo-head",
};

static bool gate(void *ctx, uint64_t epoch)
{
    const struct world *x = ctx;
    return !x->gate_shut && epoch == 3;
}

static void open_world(struct world *x)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_client_conf conf = {
        .user_agent = "test", .connect_ms = 1000, .request_ms = 3000, .gate = gate, .gate_ctx = x};
    conf.window_min = 16;
    conf.window_max = 64;
    *x = (struct world){0};
    rk__event_timing = (struct rk__event_timing){
        .series_ms = 60000, .patch_ms = 60, .refill_ms = 60000, .retry_ms = 20};
    x->poll = rk_poll_new(&err);
    assert_non_null(x->poll);
    x->api = fakeapi_new(x->poll);
    x->creds.server = rk_strdup(fakeapi_url(x->api));
    x->client = rk_client_new(x->poll, &x->creds, &conf, &err);
    if (!x->client)
        fail_msg("%s", err.text);
    x->r = rk_recorder_new(x->poll, x->client, "raykeeper-0");
}

static void close_world(struct world *x)
{
    rk_recorder_free(x->r);
    rk_client_free(x->client);
    fakeapi_free(x->api);
    rk_poll_free(x->poll);
    rk_free(x->creds.server);
}

static void on_flushed(void *ctx)
{
    struct world *x = ctx;
    x->flushed = true;
}

static bool is_flushed(void *ctx)
{
    const struct world *x = ctx;
    return x->flushed;
}

struct drops {
    const struct rk_recorder *r;
    uint64_t want;
};

static bool has_dropped(void *ctx)
{
    const struct drops *d = ctx;
    return rk_recorder_dropped(d->r) >= d->want;
}

static void until_dropped(struct world *x, uint64_t n)
{
    struct drops d = {x->r, n};
    (void)fakeapi_until(x->api, has_dropped, &d, FAKEAPI_WAIT_MS); /* the count is looked at next */
    assert_int_equal(rk_recorder_dropped(x->r), n);
    assert_false(fakeapi_pending(x->api, NULL, NULL));
}

static void text_is(const struct fakeapi_call *c, const char *path, const char *text)
{
    char got[2048];
    if (rk_scan_text(rk_scan_get(rk_span_of(c->body), path), got, sizeof got) != 0)
        fail_msg("no text at %s in %s", path, c->body);
    assert_string_equal(got, text);
}

static void count_is(const struct fakeapi_call *c, const char *number)
{
    struct rk_span v = rk_scan_get(rk_span_of(c->body), "series/count");
    if (!number)
        assert_null(v.p);
    else if (!v.p || !rk_span_is(v, number))
        fail_msg("series of %s instead of %s", c->body, number);
}

static void ok(struct fakeapi_call *c)
{
    fakeapi_reply(c, strcmp(c->method, "POST") == 0 ? 201 : 200, NULL, "{}");
}

static void an_event_is_one_object_with_all_that_the_server_wants(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_recorder_add(x.r, &base, 3);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->method, "POST");
    assert_string_equal(c->target, "/apis/events.k8s.io/v1/namespaces/team-a/events");
    struct rk_arena a;
    cJSON *tree = NULL;
    struct rk_err err = RK_ERR_INIT;
    rk_arena_init(&a, 0);
    assert_int_equal(rk_json_parse(&a, c->body, c->body_len, NULL, &tree, &err),
                     0); /* no duplicates, no junk */
    rk_arena_done(&a);
    text_is(c, "apiVersion", "events.k8s.io/v1");
    text_is(c, "kind", "Event");
    text_is(c, "metadata/namespace", "team-a");
    text_is(c, "type", "Normal");
    text_is(c, "reason", "CreatedHeadPod");
    text_is(c, "action", "Create");
    text_is(c, "note", "Created head pod demo-head");
    text_is(c, "reportingController", "ray-operator");
    text_is(c, "reportingInstance", "raykeeper-0");
    text_is(c, "regarding/apiVersion", "ray.io/v1");
    text_is(c, "regarding/kind", "RayCluster");
    text_is(c, "regarding/namespace", "team-a");
    text_is(c, "regarding/name", "demo");
    text_is(c, "regarding/uid", "u-1");
    text_is(c, "regarding/resourceVersion", "77");
    count_is(c, NULL);
    char name[256], when[64];
    int64_t us;
    assert_int_equal(
        rk_scan_text(rk_scan_get(rk_span_of(c->body), "metadata/name"), name, sizeof name), 0);
    assert_int_equal(strlen(name), strlen("demo.") + 16);
    assert_int_equal(strspn(name + 5, "0123456789abcdef"), 16);
    assert_int_equal(rk_scan_text(rk_scan_get(rk_span_of(c->body), "eventTime"), when, sizeof when),
                     0);
    assert_int_equal(rk_time_parse(when, &us), 0);
    close_world(&x);
}

static void cluster_scoped_objects_and_missing_fields_have_their_defaults(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct rk_event e = base;
    e.ns = NULL;
    e.rv = NULL;
    e.action = NULL;
    e.warning = true;
    e.name = "Not:A-Name";
    rk_recorder_add(x.r, &e, 3);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->target, "/apis/events.k8s.io/v1/namespaces/default/events");
    text_is(c, "metadata/namespace", "default");
    text_is(c, "type", "Warning");
    text_is(c, "action", "CreatedHeadPod");
    text_is(c, "regarding/name", "Not:A-Name");
    assert_null(rk_scan_get(rk_span_of(c->body), "regarding/namespace").p);
    assert_null(rk_scan_get(rk_span_of(c->body), "regarding/resourceVersion").p);
    char name[256];
    assert_int_equal(
        rk_scan_text(rk_scan_get(rk_span_of(c->body), "metadata/name"), name, sizeof name), 0);
    assert_true(rk_str_starts(name, "event."));
    close_world(&x);
}

static void repeats_are_one_patch_at_a_time_and_the_last_count_is_told(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_recorder_add(x.r, &base, 3);
    struct fakeapi_call *c = fakeapi_next(x.api);
    char name[256];
    assert_int_equal(
        rk_scan_text(rk_scan_get(rk_span_of(c->body), "metadata/name"), name, sizeof name), 0);
    rk_recorder_add(x.r, &base, 3); /* while it is under way */
    ok(c);
    int64_t told = rk_clock_ms();
    struct rk_event other = base;
    rk_recorder_add(x.r, &other, 3);
    c = fakeapi_next(x.api);
    assert_string_equal(c->method, "PATCH");
    assert_true(c->at_ms - told >= 60);
    assert_true(rk_str_starts(c->target, "/apis/events.k8s.io/v1/namespaces/team-a/events/demo."));
    assert_true(rk_str_ends(c->target, name));
    assert_non_null(strstr(c->head, "merge-patch+json"));
    count_is(c, "3");
    rk_recorder_add(x.r, &base, 3);
    ok(c);
    told = rk_clock_ms();
    c = fakeapi_next(x.api);
    assert_true(c->at_ms - told >= 60);
    count_is(c, "4");
    ok(c);
    fakeapi_idle(x.api, 150);
    assert_false(fakeapi_pending(x.api, NULL, NULL)); /* no news, no request */
    assert_int_equal(rk_recorder_dropped(x.r), 0);
    close_world(&x);
}

static void whatever_distinguishes_a_series_makes_another_event(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct rk_event e[8] = {base, base, base, base, base, base, base, base};
    e[1].warning = true;
    e[2].reason = "Other";
    e[3].action = "Other";
    e[4].controller = "other";
    e[5].uid = "u-2";
    e[6].rv = "78"; /* the object has changed since */
    e[7].note = "Created another";
    for (int i = 0; i < 8; i++)
        rk_recorder_add(x.r, &e[i], 3);
    for (int i = 0; i < 8; i++) {
        struct fakeapi_call *c = fakeapi_next(x.api);
        assert_string_equal(c->method, "POST");
        ok(c);
    }
    close_world(&x);
}

static void a_series_ends_after_silence_with_its_count_told(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__event_timing.series_ms = 80;
    rk__event_timing.patch_ms = 60000;
    rk_recorder_add(x.r, &base, 3);
    rk_recorder_add(x.r, &base, 3);
    struct fakeapi_call *c = fakeapi_next(x.api);
    ok(c);
    rk_recorder_add(x.r, &base, 3);
    c = fakeapi_next(x.api); /* the end of the series, not the time of the next PATCH */
    assert_string_equal(c->method, "PATCH");
    count_is(c, "3");
    ok(c);
    fakeapi_idle(x.api, 20);
    rk_recorder_add(x.r, &base, 3);
    c = fakeapi_next(x.api);
    assert_string_equal(c->method, "POST"); /* a new one */
    count_is(c, NULL);
    close_world(&x);
}

static void an_expired_event_is_made_anew_with_the_whole_count(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_recorder_add(x.r, &base, 3);
    ok(fakeapi_next(x.api));
    fakeapi_idle(x.api, 5);
    rk_recorder_add(x.r, &base, 3);
    fakeapi_status(fakeapi_next_of(x.api, "PATCH", NULL), 404, "NotFound", "expired");
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->method, "POST");
    count_is(c, "2");
    text_is(c, "note", base.note);
    ok(c);
    close_world(&x);
}

static void trouble_is_tried_again_with_the_same_name_and_a_conflict_is_success(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_recorder_add(x.r, &base, 3);
    char name[256], again[256];
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_int_equal(
        rk_scan_text(rk_scan_get(rk_span_of(c->body), "metadata/name"), name, sizeof name), 0);
    fakeapi_status(c, 500, "InternalError",
                   "etcdserver: request timed out"); /* committed all the same */
    rk_recorder_add(x.r, &base, 3);
    c = fakeapi_next(x.api);
    assert_string_equal(c->method, "POST");
    assert_int_equal(
        rk_scan_text(rk_scan_get(rk_span_of(c->body), "metadata/name"), again, sizeof again), 0);
    assert_string_equal(name, again);
    fakeapi_status(c, 409, "AlreadyExists", "is there");
    c = fakeapi_next(x.api);
    assert_string_equal(c->method, "PATCH");
    count_is(c, "2");
    ok(c);
    assert_int_equal(rk_recorder_dropped(x.r), 0);
    close_world(&x);
}

static void tries_are_bounded_and_refusals_are_final(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__event_timing.retry_ms = 1;
    rk_recorder_add(x.r, &base, 3);
    for (int i = 0; i < 12; i++)
        fakeapi_status(fakeapi_next(x.api), 500, "InternalError", "no");
    until_dropped(&x, 1);
    static const int codes[] = {400, 403, 404, 413, 422};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        rk_recorder_add(x.r, &base, 3);
        fakeapi_status(fakeapi_next(x.api), codes[i], "Whatever", "namespace is being terminated");
        until_dropped(&x, 2 + i);
    }
    close_world(&x);
}

static bool has_failed(void *ctx)
{
    struct rk_client_stats s;
    rk_client_stats(ctx, &s);
    return s.by_code[0] > 0;
}

static void an_event_of_an_outage_is_told_after_it(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__event_timing.retry_ms = 200;
    fakeapi_down(x.api);
    rk_recorder_add(x.r, &base, 3);
    assert_true(fakeapi_until(x.api, has_failed, x.client, FAKEAPI_WAIT_MS));
    fakeapi_up(x.api);
    ok(fakeapi_next(x.api));
    assert_int_equal(rk_recorder_dropped(x.r), 0);
    close_world(&x);
}

static void the_write_gate_holds_for_events_too(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_recorder_add(x.r, &base, 2); /* of an earlier term */
    until_dropped(&x, 1);
    close_world(&x);
}

static void one_noisy_object_has_a_burst_and_leaves_others_alone(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk__event_timing.refill_ms = 100;
    char reason[16];
    for (int i = 0; i < 40; i++) {
        struct rk_event e = base;
        (void)snprintf(reason, sizeof reason, "R%d", i);
        e.reason = reason;
        rk_recorder_add(x.r, &e, 3);
    }
    assert_int_equal(rk_recorder_dropped(x.r), 15);
    struct rk_event other = base;
    other.uid = "u-2";
    rk_recorder_add(x.r, &other, 3);
    for (int i = 0; i < 26; i++)
        ok(fakeapi_next(x.api));
    fakeapi_idle(x.api, 120);
    struct rk_event e = base;
    e.reason = "Later";
    rk_recorder_add(x.r, &e, 3); /* one token has come back */
    ok(fakeapi_next(x.api));
    assert_int_equal(rk_recorder_dropped(x.r), 15);
    close_world(&x);
}

static void the_queue_is_bounded_and_few_are_under_way(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    char uid[16];
    for (int i = 0; i < 1200; i++) {
        struct rk_event e = base;
        (void)snprintf(uid, sizeof uid, "u-%d", i);
        e.uid = uid;
        rk_recorder_add(x.r, &e, 3);
    }
    assert_int_equal(rk_recorder_dropped(x.r), 200);
    struct fakeapi_call *c = fakeapi_next(x.api);
    fakeapi_idle(x.api, 60);
    for (int i = 0; i < 3; i++)
        (void)fakeapi_next(x.api);
    assert_false(fakeapi_pending(x.api, NULL, NULL));
    ok(c);
    (void)fakeapi_next(x.api);
    close_world(&x);
}

static void a_flush_tells_what_is_untold_and_is_bounded(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_recorder_flush(x.r, 1000, on_flushed, &x); /* nothing to tell */
    assert_false(x.flushed);
    assert_true(fakeapi_until(x.api, is_flushed, &x, FAKEAPI_WAIT_MS));
    x.flushed = false;
    rk__event_timing.patch_ms = 60000;
    rk_recorder_add(x.r, &base, 3);
    ok(fakeapi_next(x.api));
    fakeapi_idle(x.api, 10);
    rk_recorder_add(x.r, &base, 3);
    rk_recorder_flush(x.r, 3000, on_flushed, &x);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->method, "PATCH");
    assert_false(x.flushed);
    ok(c);
    assert_true(fakeapi_until(x.api, is_flushed, &x, FAKEAPI_WAIT_MS));
    x.flushed = false;
    rk_recorder_add(x.r, &base, 3);
    int64_t from = rk_clock_ms();
    rk_recorder_flush(x.r, 60, on_flushed, &x); /* nobody answers */
    assert_true(fakeapi_until(x.api, is_flushed, &x, FAKEAPI_WAIT_MS));
    assert_true(rk_clock_ms() - from >= 60);
    close_world(&x);
}

static void texts_are_cut_at_characters_and_names_at_labels(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    char note[3000], got[2048], name[RK__EVENT_NAME_MAX], long_name[300];
    memset(note, 'n', 1023);
    (void)snprintf(note + 1023, sizeof note - 1023,
                   "\xc3\xa9 and more"); /* the last character would be half */
    struct rk_event e = base;
    e.note = note;
    rk_recorder_add(x.r, &e, 3);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_int_equal(rk_scan_text(rk_scan_get(rk_span_of(c->body), "note"), got, sizeof got), 0);
    assert_int_equal(strlen(got), 1023);
    ok(c);
    memset(note, 0xff, 1000); /* not UTF-8 at all */
    note[1000] = '\0';
    e.reason = "Bytes";
    rk_recorder_add(x.r, &e, 3);
    c = fakeapi_next(x.api);
    assert_int_equal(rk_scan_text(rk_scan_get(rk_span_of(c->body), "note"), got, sizeof got), 0);
    assert_true(strlen(got) <= 1024 && strlen(got) > 1000);
    assert_true(rk_str_utf8(got, strlen(got)));
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    long_name[235] = '-';
    rk__event_name(name, long_name, 0xabc);
    assert_int_equal(strlen(name), 252); /* 253 and the hyphen less */
    assert_true(rk_str_ends(name, "a.0000000000000abc"));
    rk__event_name(name, "x", UINT64_MAX);
    assert_string_equal(name, "x.ffffffffffffffff");
    close_world(&x);
}

static void incomplete_events_are_dropped_and_counted(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct rk_event e = base;
    e.reason = "";
    rk_recorder_add(x.r, &e, 3);
    e = base;
    e.name = NULL;
    rk_recorder_add(x.r, &e, 3);
    e = base;
    e.ns = "No Such/Namespace";
    rk_recorder_add(x.r, &e, 3);
    until_dropped(&x, 3);
    rk_recorder_free(NULL);
    close_world(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_object_with_all_that_the_server_wants),
        cmocka_unit_test(cluster_scoped_objects_and_missing_fields_have_their_defaults),
        cmocka_unit_test(repeats_are_one_patch_at_a_time_and_the_last_count_is_told),
        cmocka_unit_test(whatever_distinguishes_a_series_makes_another_event),
        cmocka_unit_test(a_series_ends_after_silence_with_its_count_told),
        cmocka_unit_test(an_expired_event_is_made_anew_with_the_whole_count),
        cmocka_unit_test(trouble_is_tried_again_with_the_same_name_and_a_conflict_is_success),
        cmocka_unit_test(tries_are_bounded_and_refusals_are_final),
        cmocka_unit_test(an_event_of_an_outage_is_told_after_it),
        cmocka_unit_test(the_write_gate_holds_for_events_too),
        cmocka_unit_test(one_noisy_object_has_a_burst_and_leaves_others_alone),
        cmocka_unit_test(the_queue_is_bounded_and_few_are_under_way),
        cmocka_unit_test(a_flush_tells_what_is_untold_and_is_bounded),
        cmocka_unit_test(texts_are_cut_at_characters_and_names_at_labels),
        cmocka_unit_test(incomplete_events_are_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
