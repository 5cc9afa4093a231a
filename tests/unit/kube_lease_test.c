/* Leader election against a scripted API server and, for the races, against a small Lease store
 * that checks versions as the real one does. Times are shortened: lease 600 ms rounds to 1 s in
 * the record, renew 300 ms, retry 60 ms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/json/scan.h"
#include "core/kube/lease.c"
#include "tests/lib/fakeapi.c"

#define RETRY_MS 60
#define RENEW_MS 300
#define LEASE_MS 1000

struct world;

struct party {
    struct world *x;
    struct rk_client *client;
    struct rk_elector *e;
    struct rk_buf log;
    const char *wait_for;
    int64_t renewed_ms;
    bool unwant_on_led, unwant_on_lost, gone;
};

struct world {
    struct rk_poll *poll;
    struct fakeapi *api;
    struct rk_creds creds;
    struct party a, b;
};

/* --- The electors' owner --- */

static void on_led(void *ctx)
{
    struct party *p = ctx;
    (void)rk_buf_adds(&p->log, "led "); /* the log is bounded far above what a test says */
    if (p->unwant_on_led)
        rk_elector_want(p->e, false);
}

static void on_renewed(void *ctx, int64_t send_ms)
{
    struct party *p = ctx;
    p->renewed_ms = send_ms;
    assert_true(rk_elector_leads(p->e));
    assert_true(send_ms <= rk_clock_ms());
    assert_int_equal(rk_elector_renewed_ms(p->e), send_ms);
    (void)rk_buf_adds(&p->log, "+ ");
}

static void on_lost(void *ctx, const char *why)
{
    struct party *p = ctx;
    assert_false(rk_elector_leads(p->e));
    (void)rk_buf_addf(&p->log, "lost(%s) ", why);
    if (p->unwant_on_lost)
        rk_elector_want(p->e, false);
}

static void on_waiting(void *ctx, const char *holder)
{
    struct party *p = ctx;
    (void)rk_buf_addf(&p->log, "waiting(%s) ", holder);
}

static void on_released(void *ctx)
{
    struct party *p = ctx;
    p->gone = true;
}

/* --- The stage --- */

static struct rk_elector_conf conf_of(struct party *p, const char *identity)
{
    return (struct rk_elector_conf){
        .ns = "ops",
        .name = "ray-operator-leader",
        .identity = identity,
        .lease_ms = LEASE_MS,
        .renew_ms = RENEW_MS,
        .retry_ms = RETRY_MS,
        .led = on_led,
        .renewed = on_renewed,
        .lost = on_lost,
        .waiting = on_waiting,
        .ctx = p,
    };
}

static void open_party(struct world *x, struct party *p, const char *identity)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_client_conf conf = {.user_agent = "test", .connect_ms = 1000, .request_ms = 3000};
    struct rk_elector_conf ec = conf_of(p, identity);
    p->x = x;
    rk_buf_init(&p->log, 1 << 20);
    p->client = rk_client_new(x->poll, &x->creds, &conf, &err);
    if (!p->client)
        fail_msg("%s", err.text);
    p->e = rk_elector_new(x->poll, p->client, &ec, &err);
    if (!p->e)
        fail_msg("%s", err.text);
}

static void close_party(struct party *p)
{
    rk_elector_free(p->e);
    rk_client_free(p->client);
    rk_buf_done(&p->log);
    *p = (struct party){0};
}

static void open_world(struct world *x)
{
    struct rk_err err = RK_ERR_INIT;
    *x = (struct world){0};
    x->poll = rk_poll_new(&err);
    assert_non_null(x->poll);
    x->api = fakeapi_new(x->poll);
    x->creds.server = rk_strdup(fakeapi_url(x->api));
    open_party(x, &x->a, "host_a");
}

static void close_world(struct world *x)
{
    if (x->a.e)
        close_party(&x->a);
    if (x->b.e)
        close_party(&x->b);
    fakeapi_free(x->api);
    rk_poll_free(x->poll);
    rk_free(x->creds.server);
}

static bool log_has(void *ctx)
{
    struct party *p = ctx;
    return strstr(rk_buf_text(&p->log), p->wait_for) != NULL;
}

static void until(struct party *p, const char *text)
{
    p->wait_for = text;
    if (!fakeapi_until(p->x->api, log_has, p, FAKEAPI_WAIT_MS))
        fail_msg("'%s' did not come; the log: %s", text, rk_buf_text(&p->log));
}

static bool is_gone(void *ctx)
{
    const struct party *p = ctx;
    return p->gone;
}

static void said(struct party *p, const char *text)
{
    assert_string_equal(rk_buf_text(&p->log), text);
    rk_buf_clear(&p->log);
}

#define LEASE                                                                                           \
    "{\"kind\":\"Lease\",\"apiVersion\":\"coordination.k8s.io/v1\",\"metadata\":{\"name\":\"ray-"       \
    "operator-leader\",\"namespace\":\"ops\",\"uid\":\"u1\",\"resourceVersion\":\"%d\",\"labels\":{"    \
    "\"keep\":\"me\"},\"managedFields\":[{\"manager\":\"x\"}]},\"spec\":{\"holderIdentity\":\"%s\","    \
    "\"leaseDurationSeconds\":%d,\"acquireTime\":\"2020-01-01T00:00:00.000000Z\",\"renewTime\":\"%s\"," \
    "\"leaseTransitions\":%d}}"

static void show(struct fakeapi_call *c, int rv, const char *holder, int seconds, int n)
{
    char stamp[32];
    (void)snprintf(stamp, sizeof stamp, "renew-%d", n); /* nobody may read times */
    fakeapi_reply(c, 200, NULL, LEASE, rv, holder, seconds, stamp, n);
}

/* What the elector wrote, as the server shows it. */
static void accept_write(struct fakeapi_call *c, int rv)
{
    struct rk_span spec = rk_scan_get((struct rk_span){c->body, c->body_len}, "spec");
    assert_non_null(spec.p);
    fakeapi_reply(
        c, 200, NULL,
        "{\"metadata\":{\"name\":\"ray-operator-leader\",\"resourceVersion\":\"%d\"},\"spec\":%.*s}",
        rv, (int)spec.n, spec.p);
}

static void field_is(const struct fakeapi_call *c, const char *path, const char *raw)
{
    struct rk_span v = rk_scan_get((struct rk_span){c->body, c->body_len}, path);
    if (!v.p || !rk_span_is(v, raw))
        fail_msg("%s: %.*s instead of %s", path, (int)v.n, v.p ? v.p : "", raw);
}

/* Up to leading, at RV 1. */
static void lead(struct world *x)
{
    rk_elector_want(x->a.e, true);
    fakeapi_status(fakeapi_next_of(x->api, "GET", NULL), 404, "NotFound", "no");
    accept_write(fakeapi_next_of(x->api, "POST", NULL), 1);
    until(&x->a, "+ ");
    said(&x->a, "led + ");
}

/* --- Acquiring --- */

static void a_missing_lease_is_created_in_the_shape_of_client_go(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    fakeapi_idle(x.api, 20);
    assert_false(fakeapi_pending(x.api, NULL, NULL)); /* nobody wants it yet */
    rk_elector_want(x.a.e, true);
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->method, "GET");
    assert_string_equal(c->target,
                        "/apis/coordination.k8s.io/v1/namespaces/ops/leases/ray-operator-leader");
    fakeapi_status(c, 404, "NotFound", "no");
    c = fakeapi_next(x.api);
    assert_string_equal(c->method, "POST");
    assert_string_equal(c->target, "/apis/coordination.k8s.io/v1/namespaces/ops/leases");
    field_is(c, "metadata/name", "\"ray-operator-leader\"");
    field_is(c, "metadata/namespace", "\"ops\"");
    field_is(c, "spec/holderIdentity", "\"host_a\"");
    field_is(c, "spec/leaseDurationSeconds", "1");
    field_is(c, "spec/leaseTransitions", "0");
    char t[64];
    int64_t us;
    assert_int_equal(rk_scan_text(rk_scan_get(rk_span_of(c->body), "spec/renewTime"), t, sizeof t),
                     0);
    assert_int_equal(strlen(t), strlen("2026-01-02T03:04:05.000000Z"));
    assert_int_equal(rk_time_parse(t, &us), 0);
    accept_write(c, 1);
    until(&x.a, "led + ");
    assert_true(rk_elector_leads(x.a.e));
    assert_true(x.a.renewed_ms <= c->at_ms); /* the time of sending, not of the answer */
    close_world(&x);
}

static void renewals_are_single_puts_that_keep_acquisition_transitions_and_foreign_fields(
    void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_elector_want(x.a.e, true);
    show(fakeapi_next_of(x.api, "GET", NULL), 7, "", 1, 3); /* released by its last holder */
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->method, "PUT");
    field_is(c, "metadata/resourceVersion", "\"7\"");
    field_is(c, "metadata/labels/keep", "\"me\"");
    field_is(c, "metadata/uid", "\"u1\"");
    assert_null(strstr(c->body, "managedFields"));
    field_is(c, "spec/leaseTransitions", "4");
    assert_null(strstr(c->body, "2020-01-01")); /* a new term */
    char acquired[64];
    assert_true(rk_scan_get(rk_span_of(c->body), "spec/acquireTime").n < sizeof acquired);
    (void)snprintf(acquired, sizeof acquired, "%.*s",
                   (int)rk_scan_get(rk_span_of(c->body), "spec/acquireTime").n,
                   rk_scan_get(rk_span_of(c->body), "spec/acquireTime").p);
    accept_write(c, 8);
    int64_t before = c->at_ms;
    c = fakeapi_next(x.api);
    assert_string_equal(c->method, "PUT");
    assert_true(c->at_ms - before >= RETRY_MS - 10);
    field_is(c, "metadata/resourceVersion", "\"8\"");
    field_is(c, "spec/leaseTransitions", "4");
    field_is(c, "spec/acquireTime", acquired);
    accept_write(c, 9);
    until(&x.a, "led + + ");
    close_world(&x);
}

static void a_held_lease_is_waited_for_by_our_own_clock_only(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_elector_want(x.a.e, true);
    int64_t from = 0;
    /* Four signs of life, then none: its second runs from the last change, whatever the times in
     * it say. */
    for (int i = 0;; i++) {
        struct fakeapi_call *c = fakeapi_next(x.api);
        if (strcmp(c->method, "PUT") == 0) {
            assert_true(c->at_ms - from >= 1000);
            field_is(c, "spec/leaseTransitions", "4");
            accept_write(c, 50);
            break;
        }
        if (i < 4)
            from = c->at_ms;
        if (i > 4) /* the end of its time is not slept through */
            assert_true(x.a.e->timer.node.due <= x.a.e->seen.stamp_ms + 1000 + RETRY_MS / 4);
        show(c, 10 + (i < 4 ? i : 3), "host_b", 1, i < 4 ? i : 3);
    }
    until(&x.a, "led");
    said(&x.a, "waiting(host_b) led + ");
    close_world(&x);
}

static void a_new_version_with_the_same_record_is_no_sign_of_life(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_elector_want(x.a.e, true);
    int64_t from = 0;
    for (int rv = 10;; rv++) {
        struct fakeapi_call *c = fakeapi_next(x.api);
        from = from ? from : c->at_ms;
        if (strcmp(c->method, "PUT") == 0)
            break;
        assert_true(c->at_ms - from < 2000);
        show(c, rv, "host_b", 1, 3); /* somebody edits labels all the time */
    }
    close_world(&x);
}

static void a_lost_race_for_a_free_lease_is_no_leadership(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_elector_want(x.a.e, true);
    fakeapi_status(fakeapi_next_of(x.api, "GET", NULL), 404, "NotFound", "no");
    fakeapi_status(fakeapi_next_of(x.api, "POST", NULL), 409, "AlreadyExists", "faster");
    show(fakeapi_next_of(x.api, "GET", NULL), 5, "host_b", 1, 0);
    until(&x.a, "waiting");
    said(&x.a, "waiting(host_b) ");
    close_world(&x);
}

/* --- Trouble while leading --- */

static void a_failed_renewal_is_looked_into_and_repaired(void **state)
{
    (void)state;
    static const int codes[] = {409, 429, 500, 503, 401};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct world x;
        open_world(&x);
        lead(&x);
        struct fakeapi_call *c = fakeapi_next_of(x.api, "PUT", NULL);
        fakeapi_status(c, codes[i], "Whatever", "m");
        show(fakeapi_next_of(x.api, "GET", NULL), 20, "host_a", 1, 2);
        c = fakeapi_next_of(x.api, "PUT", NULL);
        field_is(c, "metadata/resourceVersion", "\"20\"");
        field_is(c, "spec/leaseTransitions", "2");
        field_is(c, "spec/acquireTime", "\"2020-01-01T00:00:00.000000Z\"");
        accept_write(c, 21);
        until(&x.a, "+ ");
        said(&x.a, "+ ");
        close_world(&x);
    }
}

static void a_renewal_of_unknown_outcome_is_renewed_again(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    fakeapi_reset(fakeapi_next_of(x.api, "PUT", NULL)); /* it was committed, the answer is lost */
    /* libcurl says it again by itself (client-rules 6); the version is no longer the one. */
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 409, "Conflict",
                   "the object has been modified");
    show(fakeapi_next_of(x.api, "GET", NULL), 2, "host_a", 1, 0);
    accept_write(fakeapi_next_of(x.api, "PUT", NULL), 3);
    until(&x.a, "+ ");
    said(&x.a, "+ ");
    close_world(&x);
}

static void a_deleted_lease_is_created_again_without_losing_the_lead(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 404, "NotFound", "gone");
    fakeapi_status(fakeapi_next_of(x.api, "GET", NULL), 404, "NotFound", "gone");
    struct fakeapi_call *c = fakeapi_next_of(x.api, "POST", NULL);
    field_is(c, "spec/leaseTransitions", "0");
    accept_write(c, 30);
    until(&x.a, "+ ");
    said(&x.a, "+ ");
    close_world(&x);
}

static void a_lease_given_to_somebody_else_by_hand_is_lost_at_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 409, "Conflict", "edited");
    show(fakeapi_next_of(x.api, "GET", NULL), 40, "somebody", 1, 9);
    until(&x.a, "waiting");
    said(&x.a, "lost(the lease is held by somebody) waiting(somebody) ");
    assert_false(rk_elector_leads(x.a.e));
    close_world(&x);
}

static void a_lease_emptied_by_hand_is_a_new_term(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 409, "Conflict", "edited");
    show(fakeapi_next_of(x.api, "GET", NULL), 40, "", 1, 9);
    struct fakeapi_call *c = fakeapi_next_of(x.api, "PUT", NULL);
    field_is(c, "spec/leaseTransitions", "10");
    accept_write(c, 41);
    until(&x.a, "led");
    said(&x.a, "lost(the lease was released by somebody else) led + ");
    close_world(&x);
}

static void a_hanging_request_delays_the_loss_by_nothing(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    int64_t renewed = x.a.renewed_ms;
    x.a.unwant_on_lost = true;
    assert_int_equal(x.a.e->deadline.node.due, renewed + RENEW_MS); /* a timer of its own */
    until(&x.a, "lost");                                            /* every request hangs */
    assert_in_range(rk_clock_ms() - renewed, RENEW_MS, RENEW_MS + 1000);
    said(&x.a, "lost(not renewed for 300 ms) ");
    /* More than one connection was tried within that time. */
    struct fakeapi_call *c = fakeapi_next_of(x.api, "PUT", NULL);
    assert_true(c->gone);
    (void)fakeapi_next_of(x.api, "GET", NULL);
    close_world(&x);
}

static void after_a_loss_it_campaigns_again_and_leads_anew(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    fakeapi_down(x.api);
    until(&x.a, "lost");
    fakeapi_up(x.api);
    struct fakeapi_call *c = fakeapi_next(x.api);
    while (strcmp(c->method, "GET") == 0) {
        show(c, 1, "host_a", 1, 0);
        c = fakeapi_next(x.api);
    }
    accept_write(c, 60);
    until(&x.a, "led");
    said(&x.a, "lost(not renewed for 300 ms) led + ");
    close_world(&x);
}

static void an_answer_that_comes_too_late_is_no_renewal(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    struct fakeapi_call *c = fakeapi_next_of(x.api, "PUT", NULL);
    accept_write(c, 2); /* it lies in our socket while the process is stopped */
    x.a.e->send_ms -= RENEW_MS;
    until(&x.a, "lost");
    said(&x.a, "lost(renewed too late) ");
    close_world(&x);
}

static void junk_instead_of_a_lease_is_a_failed_try(void **state)
{
    (void)state;
    static const char *const junk[] = {"",
                                       "junk",
                                       "{}",
                                       "[1]",
                                       "{\"metadata\":{\"resourceVersion\":5}}",
                                       "{\"metadata\":{\"resourceVersion\":\"5\"},\"spec\":7}"};
    struct world x;
    open_world(&x);
    rk_elector_want(x.a.e, true);
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        fakeapi_reply(fakeapi_next_of(x.api, "GET", NULL), 200, NULL, "%s", junk[i]);
    fakeapi_status(fakeapi_next_of(x.api, "GET", NULL), 404, "NotFound", "no");
    accept_write(fakeapi_next_of(x.api, "POST", NULL), 1);
    until(&x.a, "led");
    close_world(&x);
}

static void a_holder_that_cannot_be_read_is_somebody(void **state)
{
    (void)state;
    struct rk__lease l;
    struct rk_err err = RK_ERR_INIT;
    char text[2048], name[1024];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(text, sizeof text, LEASE, 1, name, 15, "t", 0);
    rk__lease_init(&l);
    assert_int_equal(rk__lease_observe(&l, rk_span_of(text), 1000, &err), 0);
    assert_true(rk__lease_valid(&l, 1000 + 14999));
    assert_false(rk__lease_valid(&l, 1000 + 15000));
    assert_true(l.holder[0]);
    rk__lease_done(&l);
}

/* --- A record edited by hand: who had it may still be writing --- */

/* The candidate has seen host_b; then `then` happens. How long until it writes? */
static int64_t waits_after(struct world *x, void (*then)(struct fakeapi_call *))
{
    rk_elector_want(x->a.e, true);
    show(fakeapi_next_of(x->api, "GET", NULL), 1, "host_b", 1, 0);
    int64_t from = 0;
    for (;;) {
        struct fakeapi_call *c = fakeapi_next(x->api);
        from = from ? from : c->at_ms;
        if (strcmp(c->method, "GET") != 0)
            return c->at_ms - from;
        assert_true(c->at_ms - from < 5000);
        then(c);
    }
}

static void emptied(struct fakeapi_call *c)
{
    show(c, 2, "", 2, 0);
}

static void shortened(struct fakeapi_call *c)
{
    show(c, 2, "host_b", 1, 1);
}

static void given_to_us(struct fakeapi_call *c)
{
    show(c, 2, "host_a", 1, 0);
}

static void deleted(struct fakeapi_call *c)
{
    fakeapi_status(c, 404, "NotFound", "gone");
}

static void junk_spec(struct fakeapi_call *c)
{
    fakeapi_reply(c, 200, NULL,
                  "{\"metadata\":{\"resourceVersion\":\"2\"},\"spec\":{\"leaseDurationSeconds\":-1,"
                  "\"renewTime\":\"tomorrow\"}}");
}

static void released_properly(struct fakeapi_call *c)
{
    show(c, 2, "", 1, 0);
}

static void whatever_is_done_to_the_record_by_hand_its_holder_has_the_whole_time(void **state)
{
    (void)state;
    static void (*const edits[])(struct fakeapi_call *) = {emptied, shortened, given_to_us, deleted,
                                                           junk_spec};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct world x;
        open_world(&x);
        x.a.e->conf.lease_ms = 2000;
        assert_in_range(waits_after(&x, edits[i]), 2000, 2000 + RETRY_MS + 1000);
        close_world(&x);
    }
    struct world x;
    open_world(&x);
    x.a.e->conf.lease_ms = 10000;
    assert_true(waits_after(&x, released_properly) < 4000); /* they said it: no more writes */
    close_world(&x);
}

static void who_led_takes_an_emptied_lease_at_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.e->conf.lease_ms = 10000;
    lead(&x);
    int64_t from = rk_clock_ms();
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 409, "Conflict", "edited");
    show(fakeapi_next_of(x.api, "GET", NULL), 40, "", 15, 9);
    accept_write(fakeapi_next_of(x.api, "PUT", NULL), 41);
    until(&x.a, "led");
    assert_true(rk_clock_ms() - from < 4000);
    close_world(&x);
}

static void an_acquisition_of_unknown_outcome_was_ours(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.e->conf.lease_ms = 10000;
    rk_elector_want(x.a.e, true);
    show(fakeapi_next_of(x.api, "GET", NULL), 1, "", 1, 0);
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 504, "Timeout", "done all the same");
    int64_t from = rk_clock_ms();
    show(fakeapi_next_of(x.api, "GET", NULL), 2, "host_a", 1, 1);
    accept_write(fakeapi_next_of(x.api, "PUT", NULL), 3);
    until(&x.a, "led");
    assert_true(rk_clock_ms() - from < 4000);
    close_world(&x);
}

/* --- The watch --- */

static void tell(struct fakeapi_call *w, const char *type, int rv, const char *holder, int seconds,
                 int n)
{
    char stamp[32];
    (void)snprintf(stamp, sizeof stamp, "renew-%d", n);
    fakeapi_chunk(w, "{\"type\":\"%s\",\"object\":" LEASE "}\n", type, rv, holder, seconds, stamp,
                  n);
}

static struct fakeapi_call *watched(struct world *x)
{
    x->a.e->conf.watch = true;
    rk_elector_want(x->a.e, true);
    struct fakeapi_call *w = fakeapi_next_of(x->api, "GET", "watch=1");
    assert_true(
        fakeapi_has(w, "/leases?watch=1&timeoutSeconds=300&fieldSelector=metadata.name%3Dray"));
    fakeapi_stream(w);
    return w;
}

/* Up to leading, at version `rv`, while the watch stands. */
static struct fakeapi_call *lead_watched(struct world *x, int rv)
{
    struct fakeapi_call *w = watched(x);
    fakeapi_status(fakeapi_next_of(x->api, "GET", NULL), 404, "NotFound", "no");
    accept_write(fakeapi_next_of(x->api, "POST", NULL), rv);
    until(&x->a, "+ ");
    return w;
}

static void a_release_that_the_watch_tells_is_taken_up_at_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.e->conf.retry_ms = 60000; /* by looking it would take a minute */
    struct fakeapi_call *w = watched(&x);
    show(fakeapi_next_of(x.api, "GET", NULL), 1, "host_b", 15, 0);
    until(&x.a, "waiting");
    tell(w, "MODIFIED", 2, "host_b", 15, 1);
    tell(w, "MODIFIED", 3, "", 1, 2);
    struct fakeapi_call *c = fakeapi_next_of(x.api, "PUT", NULL);
    field_is(c, "metadata/resourceVersion", "\"3\"");
    accept_write(c, 4);
    until(&x.a, "led");
    close_world(&x);
}

static void what_the_watch_tells_is_not_asked_for(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *w = watched(&x);
    show(fakeapi_next_of(x.api, "GET", NULL), 1, "host_b", 15, 0);
    until(&x.a, "waiting");
    for (int i = 2; i < 12; i++) {
        tell(w, "MODIFIED", i, "host_b", 15, i);
        fakeapi_idle(x.api, RETRY_MS / 2);
    }
    assert_false(fakeapi_pending(x.api, "GET", NULL));
    (void)fakeapi_next_of(x.api, "GET", NULL); /* it falls silent: then it looks again */
    close_world(&x);
}

static void a_leader_that_is_told_of_another_holder_loses_at_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.e->conf.retry_ms = 60000;
    struct fakeapi_call *w = lead_watched(&x, 5);
    tell(w, "ADDED", 4, "long_ago", 15, 1); /* older than what we wrote: no news */
    tell(w, "ADDED", 5, "host_a", 1, 0);
    fakeapi_idle(x.api, 30);
    said(&x.a, "led + ");
    tell(w, "MODIFIED", 6, "host_b", 15, 2);
    until(&x.a, "waiting");
    said(&x.a, "lost(the lease is held by host_b) waiting(host_b) ");
    close_world(&x);
}

static void a_leader_that_is_told_of_a_deletion_makes_it_anew_at_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.e->conf.retry_ms = 60000;
    struct fakeapi_call *w = lead_watched(&x, 5);
    tell(w, "DELETED", 6, "host_a", 1, 0);
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 404, "NotFound", "no");
    fakeapi_status(fakeapi_next_of(x.api, "GET", NULL), 404, "NotFound", "no");
    accept_write(fakeapi_next_of(x.api, "POST", NULL), 7);
    until(&x.a, "+ + ");
    said(&x.a, "led + + ");
    close_world(&x);
}

static void without_the_right_to_watch_it_looks(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.e->conf.watch = true;
    rk_elector_want(x.a.e, true);
    fakeapi_status(fakeapi_next_of(x.api, "GET", "watch=1"), 403, "Forbidden", "no");
    show(fakeapi_next_of(x.api, "GET", NULL), 1, "host_b", 15, 0);
    show(fakeapi_next_of(x.api, "GET", NULL), 2, "host_b", 15, 1);
    show(fakeapi_next_of(x.api, "GET", NULL), 3, "", 1, 1);
    accept_write(fakeapi_next_of(x.api, "PUT", NULL), 4);
    until(&x.a, "led");
    assert_false(fakeapi_pending(x.api, "GET", "watch=1")); /* not again within a minute */
    close_world(&x);
}

static void a_watch_that_ends_breaks_or_talks_nonsense_is_opened_again(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *w = watched(&x);
    fakeapi_end(w);
    w = fakeapi_next_of(x.api, "GET", "watch=1");
    fakeapi_stream(w);
    fakeapi_chunk(w, "{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n");
    w = fakeapi_next_of(x.api, "GET", "watch=1");
    fakeapi_stream(w);
    fakeapi_chunk(w, "{\"type\":\"ADDED\"}\n{\"type\":\"NEW\",\"object\":{}}\n{\"type\":\"ADDED\","
                     "\"object\":{\"metadata\":{\"resourceVersion\":\"9\"},\"spec\":7}}\nnonsense");
    (void)fakeapi_next_of(x.api, "GET", "watch=1");
    close_world(&x);
}

static void unwanted_from_inside_the_news_of_the_watch(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    struct fakeapi_call *w = lead_watched(&x, 5);
    x.a.unwant_on_lost = true;
    x.a.e->conf.retry_ms = 60000;
    tell(w, "MODIFIED", 6, "host_b", 15, 2);
    tell(w, "MODIFIED", 7, "host_c", 15, 2);
    until(&x.a, "lost");
    fakeapi_idle(x.api, 30);
    said(&x.a, "led + lost(the lease is held by host_b) ");
    assert_true(w->gone);
    rk_elector_want(x.a.e, true);
    (void)fakeapi_next_of(x.api, "GET", "watch=1");
    close_world(&x);
}

/* --- Letting go --- */

static void unwanted_while_leading_releases_and_says_so(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    rk_elector_want(x.a.e, false);
    assert_false(rk_elector_leads(x.a.e));
    said(&x.a, "lost(released) ");
    struct fakeapi_call *c = fakeapi_next(x.api);
    assert_string_equal(c->method, "PUT");
    field_is(c, "spec/holderIdentity", "\"\"");
    field_is(c, "spec/leaseDurationSeconds", "1");
    field_is(c, "spec/leaseTransitions", "0");
    accept_write(c, 2);
    fakeapi_idle(x.api, 3 * RETRY_MS);
    assert_false(fakeapi_pending(x.api, NULL, NULL));
    rk_elector_want(x.a.e, true);
    show(fakeapi_next_of(x.api, "GET", NULL), 2, "", 1, 0);
    accept_write(fakeapi_next_of(x.api, "PUT", NULL), 3);
    until(&x.a, "led");
    close_world(&x);
}

static void a_release_goes_on_over_a_conflict(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    struct fakeapi_call *c = fakeapi_next_of(x.api, "PUT", NULL); /* a renewal is under way */
    x.a.e->conf.retry_ms = 60000; /* twice of it bounds a release: not what this is about */
    rk_elector_release(x.a.e, on_released, &x.a);
    c = fakeapi_next_of(x.api, "PUT", NULL);
    field_is(c, "spec/holderIdentity", "\"\"");
    fakeapi_status(c, 409, "Conflict", "the renewal was faster");
    show(fakeapi_next_of(x.api, "GET", NULL), 2, "host_a", 1, 0);
    c = fakeapi_next_of(x.api, "PUT", NULL);
    field_is(c, "metadata/resourceVersion", "\"2\"");
    field_is(c, "spec/holderIdentity", "\"\"");
    assert_false(x.a.gone);
    accept_write(c, 3);
    assert_true(fakeapi_until(x.api, is_gone, &x.a, FAKEAPI_WAIT_MS));
    close_world(&x);
}

static void a_release_is_bounded_and_touches_nobody_elses_lease(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    lead(&x);
    int64_t from = rk_clock_ms();
    rk_elector_release(x.a.e, on_released, &x.a);
    assert_true(fakeapi_until(x.api, is_gone, &x.a, FAKEAPI_WAIT_MS)); /* nobody answers */
    assert_in_range(rk_clock_ms() - from, 2 * RETRY_MS, 2 * RETRY_MS + 1000);
    close_world(&x);

    open_world(&x);
    lead(&x);
    x.a.e->conf.retry_ms = 60000;
    rk_elector_release(x.a.e, on_released, &x.a);
    fakeapi_status(fakeapi_next_of(x.api, "PUT", NULL), 409, "Conflict", "taken");
    show(fakeapi_next_of(x.api, "GET", NULL), 9, "host_b", 1, 1);
    assert_true(fakeapi_until(x.api, is_gone, &x.a, FAKEAPI_WAIT_MS));
    assert_false(fakeapi_pending(x.api, "PUT", NULL));
    close_world(&x);
}

static void a_release_with_nothing_to_release_is_told_later(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_elector_release(x.a.e, on_released, &x.a);
    assert_false(x.a.gone);
    assert_true(fakeapi_until(x.api, is_gone, &x.a, FAKEAPI_WAIT_MS));
    assert_false(fakeapi_pending(x.api, NULL, NULL));
    close_world(&x);
}

static void an_acquisition_under_way_is_taken_back_too(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    rk_elector_want(x.a.e, true);
    fakeapi_status(fakeapi_next_of(x.api, "GET", NULL), 404, "NotFound", "no");
    (void)fakeapi_next_of(x.api, "POST", NULL); /* committed, not answered */
    rk_elector_want(x.a.e, false);
    show(fakeapi_next_of(x.api, "GET", NULL), 1, "host_a", 1, 0);
    field_is(fakeapi_next_of(x.api, "PUT", NULL), "spec/holderIdentity", "\"\"");
    said(&x.a, "");
    close_world(&x);
}

static void it_may_be_unwanted_from_inside_its_own_news(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    x.a.unwant_on_led = true;
    rk_elector_want(x.a.e, true);
    fakeapi_status(fakeapi_next_of(x.api, "GET", NULL), 404, "NotFound", "no");
    accept_write(fakeapi_next_of(x.api, "POST", NULL), 1);
    until(&x.a, "lost");
    said(&x.a, "led lost(released) ");
    field_is(fakeapi_next_of(x.api, "PUT", NULL), "spec/holderIdentity", "\"\"");
    close_world(&x);
}

static void impossible_times_and_names_are_refused(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    static const int64_t bad[][3] = {
        {1000, 1000, 10}, {1000, 120, 100}, {1000, 500, 0}, {0, 0, 0}, {900, 1000, 100}};
    struct rk_err err = RK_ERR_INIT;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rk_elector_conf c = conf_of(&x.a, "me");
        c.lease_ms = bad[i][0];
        c.renew_ms = bad[i][1];
        c.retry_ms = bad[i][2];
        assert_null(rk_elector_new(x.poll, x.a.client, &c, &err));
        assert_int_equal(err.code, RK_E_INVAL);
    }
    struct rk_elector_conf c = conf_of(&x.a, "");
    assert_null(rk_elector_new(x.poll, x.a.client, &c, &err));
    c = conf_of(&x.a, "me");
    c.ns = "../x";
    assert_null(rk_elector_new(x.poll, x.a.client, &c, &err));
    assert_int_equal(err.code, RK_E_INVAL);
    rk_elector_free(NULL);
    close_world(&x);
}

/* --- Two electors, one Lease --- */

/* The store checks resourceVersion as the real one does, and hangs on every `hang`th request. */
struct store {
    struct world *x;
    char spec[2048];
    int rv, served, hang;
    int overlaps;
    int64_t leader_until[2]; /* by the gate's rule: send time + renew_ms */
};

static void serve(struct store *s)
{
    struct world *x = s->x;
    if (!fakeapi_pending(x->api, NULL, NULL))
        return;
    struct fakeapi_call *c = fakeapi_next(x->api);
    s->served++;
    bool hang = s->hang && s->served % s->hang == 0;
    bool create = strcmp(c->method, "POST") == 0, put = strcmp(c->method, "PUT") == 0;
    struct rk_span body = {c->body, c->body_len};
    if (create && s->rv) {
        fakeapi_status(c, 409, "AlreadyExists", "is there");
        return;
    }
    if (!create && !s->rv) {
        fakeapi_status(c, 404, "NotFound", "is not there");
        return;
    }
    if (put) {
        char rv[16];
        (void)snprintf(rv, sizeof rv, "\"%d\"", s->rv);
        if (!rk_span_is(rk_scan_get(body, "metadata/resourceVersion"), rv)) {
            fakeapi_status(c, 409, "Conflict", "the object has been modified");
            return;
        }
    }
    if (create || put) {
        struct rk_span spec = rk_scan_get(body, "spec");
        assert_true(spec.p && spec.n < sizeof s->spec);
        (void)snprintf(s->spec, sizeof s->spec, "%.*s", (int)spec.n, spec.p);
        s->rv++;
    }
    if (!hang) /* else it is done and never told */
        fakeapi_reply(c, 200, NULL,
                      "{\"metadata\":{\"name\":\"l\",\"resourceVersion\":\"%d\"},\"spec\":%s}",
                      s->rv, s->spec);
}

static bool gate_open(const struct party *p)
{
    return p->e && rk_elector_leads(p->e) && rk_clock_ms() < rk_elector_renewed_ms(p->e) + RENEW_MS;
}

static bool step(void *ctx)
{
    struct store *s = ctx;
    serve(s);
    s->overlaps += gate_open(&s->x->a) && gate_open(&s->x->b);
    return s->overlaps > 0 || (s->x->b.e && rk_elector_leads(s->x->b.e));
}

static bool step_only(void *ctx)
{
    struct store *s = ctx;
    (void)step(s);
    return s->overlaps > 0;
}

static bool a_leads(void *ctx)
{
    struct store *s = ctx;
    (void)step(s);
    return rk_elector_leads(s->x->a.e);
}

static void two_electors_never_lead_at_once_and_the_second_takes_over(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    open_party(&x, &x.b, "host_b");
    struct store s = {.x = &x};
    rk_elector_want(x.a.e, true);
    assert_true(fakeapi_until(x.api, a_leads, &s, FAKEAPI_WAIT_MS));
    rk_elector_want(x.b.e, true);
    (void)fakeapi_until(x.api, step_only, &s, 1500);
    assert_true(rk_elector_leads(x.a.e));
    said(&x.b, "waiting(host_a) ");
    close_party(&x.a); /* killed: no release */
    int64_t from = rk_clock_ms();
    assert_true(fakeapi_until(x.api, step, &s, FAKEAPI_WAIT_MS));
    assert_int_equal(s.overlaps, 0);
    assert_in_range(rk_clock_ms() - from, LEASE_MS - RENEW_MS, LEASE_MS + 3 * RETRY_MS + 1000);
    close_world(&x);
}

static void a_release_hands_over_before_the_lease_runs_out(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    open_party(&x, &x.b, "host_b");
    struct store s = {.x = &x};
    rk_elector_want(x.a.e, true);
    assert_true(fakeapi_until(x.api, a_leads, &s, FAKEAPI_WAIT_MS));
    rk_elector_want(x.b.e, true);
    (void)fakeapi_until(x.api, step_only, &s, 200);
    assert_true(rk_elector_leads(x.a.e));
    int64_t from = rk_clock_ms();
    rk_elector_want(x.a.e, false);
    assert_true(fakeapi_until(x.api, step, &s, FAKEAPI_WAIT_MS));
    assert_true(rk_clock_ms() - from < LEASE_MS - RENEW_MS);
    assert_int_equal(s.overlaps, 0);
    close_world(&x);
}

static void two_electors_over_a_bad_server_never_lead_at_once(void **state)
{
    (void)state;
    struct world x;
    open_world(&x);
    open_party(&x, &x.b, "host_b");
    struct store s = {.x = &x, .hang = 5};
    rk_elector_want(x.a.e, true);
    rk_elector_want(x.b.e, true);
    (void)fakeapi_until(x.api, step_only, &s, 4000);
    assert_int_equal(s.overlaps, 0);
    assert_true(strstr(rk_buf_text(&x.a.log), "led") || strstr(rk_buf_text(&x.b.log), "led"));
    close_world(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_lease_is_created_in_the_shape_of_client_go),
        cmocka_unit_test(
            renewals_are_single_puts_that_keep_acquisition_transitions_and_foreign_fields),
        cmocka_unit_test(a_held_lease_is_waited_for_by_our_own_clock_only),
        cmocka_unit_test(a_new_version_with_the_same_record_is_no_sign_of_life),
        cmocka_unit_test(a_lost_race_for_a_free_lease_is_no_leadership),
        cmocka_unit_test(a_failed_renewal_is_looked_into_and_repaired),
        cmocka_unit_test(a_renewal_of_unknown_outcome_is_renewed_again),
        cmocka_unit_test(a_deleted_lease_is_created_again_without_losing_the_lead),
        cmocka_unit_test(a_lease_given_to_somebody_else_by_hand_is_lost_at_once),
        cmocka_unit_test(a_lease_emptied_by_hand_is_a_new_term),
        cmocka_unit_test(a_hanging_request_delays_the_loss_by_nothing),
        cmocka_unit_test(after_a_loss_it_campaigns_again_and_leads_anew),
        cmocka_unit_test(an_answer_that_comes_too_late_is_no_renewal),
        cmocka_unit_test(junk_instead_of_a_lease_is_a_failed_try),
        cmocka_unit_test(a_holder_that_cannot_be_read_is_somebody),
        cmocka_unit_test(whatever_is_done_to_the_record_by_hand_its_holder_has_the_whole_time),
        cmocka_unit_test(who_led_takes_an_emptied_lease_at_once),
        cmocka_unit_test(an_acquisition_of_unknown_outcome_was_ours),
        cmocka_unit_test(a_release_that_the_watch_tells_is_taken_up_at_once),
        cmocka_unit_test(what_the_watch_tells_is_not_asked_for),
        cmocka_unit_test(a_leader_that_is_told_of_another_holder_loses_at_once),
        cmocka_unit_test(a_leader_that_is_told_of_a_deletion_makes_it_anew_at_once),
        cmocka_unit_test(without_the_right_to_watch_it_looks),
        cmocka_unit_test(a_watch_that_ends_breaks_or_talks_nonsense_is_opened_again),
        cmocka_unit_test(unwanted_from_inside_the_news_of_the_watch),
        cmocka_unit_test(unwanted_while_leading_releases_and_says_so),
        cmocka_unit_test(a_release_goes_on_over_a_conflict),
        cmocka_unit_test(a_release_is_bounded_and_touches_nobody_elses_lease),
        cmocka_unit_test(a_release_with_nothing_to_release_is_told_later),
        cmocka_unit_test(an_acquisition_under_way_is_taken_back_too),
        cmocka_unit_test(it_may_be_unwanted_from_inside_its_own_news),
        cmocka_unit_test(impossible_times_and_names_are_refused),
        cmocka_unit_test(two_electors_never_lead_at_once_and_the_second_takes_over),
        cmocka_unit_test(a_release_hands_over_before_the_lease_runs_out),
        cmocka_unit_test(two_electors_over_a_bad_server_never_lead_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
