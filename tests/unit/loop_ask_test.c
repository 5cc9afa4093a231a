/* The table of questions against a scripted API server: what is asked, how often, who is woken, and what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/loop/ask.c"
#include "core/kube/client.h"
#include "tests/lib/fakeapi.c"

#define PODS "/api/v1/pods?labelSelector=a%3Db"
#define SOON 20 /* ms: the passes of these tests are impatient */

struct world {
    struct rk_poll *poll;
    struct fakeapi *api;
    struct rk_creds creds;
    struct rk_client *client;
    struct rk_asks *asks;
    char wakes[256]; /* owners, each with a space behind it */
    int server_back;
    struct rk_client_ear ear;
};

static void wake(void *ctx, const char *owner)
{
    struct world *w = ctx;
    size_t n = strlen(w->wakes);
    int m = snprintf(w->wakes + n, sizeof(w->wakes) - n, "%s ", owner);
    assert_true(m > 0 && (size_t)m < sizeof(w->wakes) - n);
}

static void server_back(void *ctx)
{
    ((struct world *)ctx)->server_back++;
}

static void open_bounded(struct world *w, size_t questions, size_t bytes)
{
    struct rk_err err = RK_ERR_INIT;
    const struct rk_client_conf cc = {.user_agent = "test", .request_ms = 3000};
    *w = (struct world){.poll = rk_poll_new(&err)};
    w->api = fakeapi_new(w->poll);
    w->creds.server = (char *)(uintptr_t)fakeapi_url(w->api);
    w->client = rk_client_new(w->poll, &w->creds, &cc, &err);
    w->ear = (struct rk_client_ear){.fn = server_back, .ctx = w};
    rk_client_listen(w->client, &w->ear);
    const struct rk_asks_conf conf = {.poll = w->poll,
                                      .client = w->client,
                                      .wake = wake,
                                      .ctx = w,
                                      .questions = questions,
                                      .bytes = bytes};
    w->asks = rk_asks_new(&conf);
}

static void open_world(struct world *w)
{
    open_bounded(w, 0, 0);
}

static void close_world(struct world *w)
{
    rk_asks_free(w->asks);
    rk_client_unlisten(w->client, &w->ear);
    rk_client_free(w->client);
    fakeapi_free(w->api);
    rk_poll_free(w->poll);
}

/* A pass of this owner asked one thing. */
static void passed(struct world *w, const char *owner, const char *path, int64_t fresh_ms)
{
    const struct rk_plan_ask a = {path, fresh_ms};
    assert_true(rk_asks_note(w->asks, owner, &a, 1));
}

static void asks_nothing(struct world *w, const char *owner)
{
    assert_true(rk_asks_note(w->asks, owner, NULL, 0));
}

static struct fakeapi_call *next(struct world *w)
{
    return fakeapi_next_of(w->api, "GET", NULL);
}

static bool is_quiet(void *ctx)
{
    const struct world *w = ctx;
    return w->asks->flying == 0;
}

/* What was answered has been taken in. */
static void settle(struct world *w)
{
    assert_true(fakeapi_until(w->api, is_quiet, w, FAKEAPI_WAIT_MS));
}

static void reply(struct world *w, int code, const char *body)
{
    fakeapi_reply(next(w), code, NULL, "%s", body);
    settle(w);
}

static void ignore(void *ctx, const struct rk_resp *resp)
{
    (void)ctx;
    (void)resp;
}

/* Who was woken since the last call. */
static const char *woken(struct world *w)
{
    static char text[256];
    memcpy(text, w->wakes, sizeof(text));
    w->wakes[0] = '\0';
    return text;
}

/* "200 {} error", "-" when there is no answer. */
static const char *known(struct world *w, const char *path)
{
    static char text[512];
    struct rk_snap_answer a;
    if (!rk_asks_answer(w->asks, path, &a))
        return "-";
    (void)snprintf(text, sizeof(text), "%d %.*s %s", a.http, (int)a.body.n,
                   a.body.p ? a.body.p : "", a.error);
    return text;
}

static void a_question_is_asked_at_once_and_its_first_answer_wakes_who_asked(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    assert_string_equal(known(&w, PODS), "-");
    passed(&w, "one", PODS, 60000);
    passed(&w, "two", PODS, 60000);
    struct fakeapi_call *c = next(&w);
    assert_string_equal(c->target, PODS);
    assert_string_equal(known(&w, PODS), "-");
    fakeapi_reply(c, 200, NULL, "{\"items\":[]}");
    settle(&w);
    assert_string_equal(woken(&w), "one two ");
    assert_string_equal(known(&w, PODS), "200 {\"items\":[]} ");
    assert_false(fakeapi_pending(w.api, "GET", NULL)); /* two asked, one question */
    passed(&w, "one", PODS, 60000);
    fakeapi_idle(w.api, 50);
    assert_false(fakeapi_pending(w.api, "GET", NULL)); /* it is fresh */
    close_world(&w);
}

static void it_is_asked_again_when_due_and_only_a_change_wakes(void **state)
{
    struct world w;
    struct rk_snap_answer a, b;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    reply(&w, 200, "{\"metadata\":{\"resourceVersion\":\"1\",\"continue\":\"a\"},\"items\":[1]}");
    assert_string_equal(woken(&w), "one ");
    assert_true(rk_asks_answer(w.asks, PODS, &a));
    int64_t then = a.at_us;
    reply(&w, 200, "{\"metadata\":{\"resourceVersion\":\"2\",\"continue\":\"b\"},\"items\":[1]}");
    assert_string_equal(woken(&w), ""); /* the list's own version is no news */
    assert_true(rk_asks_answer(w.asks, PODS, &b));
    assert_true(b.at_us > then);
    assert_non_null(strstr(b.body.p, "\"2\""));
    reply(&w, 200, "{\"metadata\":{\"resourceVersion\":\"3\",\"continue\":\"b\"},\"items\":[2]}");
    assert_string_equal(woken(&w), "one ");
    reply(&w, 200, "no json");
    assert_string_equal(woken(&w), "one ");
    reply(&w, 200, "no json");
    assert_string_equal(woken(&w), "");
    reply(&w, 201, "no json");
    assert_string_equal(woken(&w), "one ");
    close_world(&w);
}

static void who_is_in_a_hurry_sets_the_pace_until_it_asks_no_more(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "slow", PODS, 60000);
    reply(&w, 200, "{}");
    passed(&w, "quick", PODS, SOON);
    reply(&w, 200, "{}");
    reply(&w, 200, "{}");
    asks_nothing(&w, "quick");
    reply(&w, 200, "{}"); /* its turn was set already */
    fakeapi_idle(w.api, 5 * SOON);
    assert_false(fakeapi_pending(w.api, "GET", NULL));
    assert_string_equal(known(&w, PODS), "200 {} ");
    close_world(&w);
}

static void what_nobody_asks_any_more_is_forgotten_also_in_flight(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    passed(&w, "two", PODS, SOON);
    reply(&w, 200, "{}");
    passed(&w, "one", "/api/v1/nodes", 60000); /* in place of the pods */
    assert_string_equal(known(&w, PODS), "200 {} ");
    struct fakeapi_call *nodes = fakeapi_next_of(w.api, "GET", "/nodes");
    asks_nothing(&w, "one");
    assert_string_equal(known(&w, PODS), "200 {} ");
    asks_nothing(&w, "two");
    asks_nothing(&w, "nobody");
    assert_string_equal(known(&w, PODS), "-");
    assert_int_equal(w.asks->questions.count + w.asks->askers.count, 0);
    assert_int_equal(w.asks->bytes, 0);
    (void)woken(&w);
    fakeapi_reply(nodes, 200, NULL, "{}");
    fakeapi_idle(w.api, 5 * SOON);
    assert_string_equal(woken(&w), "");
    close_world(&w);
}

static void a_refusal_is_an_answer(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    fakeapi_status(next(&w), 403, "Forbidden", "pods is forbidden");
    settle(&w);
    assert_string_equal(woken(&w), "one ");
    assert_non_null(strstr(known(&w, PODS), "403 {"));
    assert_non_null(strstr(known(&w, PODS), "} pods is forbidden"));
    fakeapi_status(next(&w), 403, "Forbidden", "pods is forbidden");
    settle(&w);
    assert_string_equal(woken(&w), "");
    reply(&w, 200, "{}"); /* asked on at its pace: somebody has given the right */
    assert_string_equal(woken(&w), "one ");
    assert_string_equal(known(&w, PODS), "200 {} ");
    close_world(&w);
}

static void without_a_word_the_last_answer_stands_and_grows_old(void **state)
{
    struct world w;
    struct rk_snap_answer a, b;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    reply(&w, 200, "{}");
    assert_string_equal(woken(&w), "one ");
    assert_true(rk_asks_answer(w.asks, PODS, &a));
    fakeapi_status(next(&w), 429, "TooManyRequests", "no");
    settle(&w);
    assert_true(rk_asks_answer(w.asks, PODS, &b));
    assert_int_equal(a.at_us, b.at_us);
    assert_string_equal(known(&w, PODS), "200 {} ");
    assert_string_equal(woken(&w), "");
    fakeapi_status(next(&w), 408, "Timeout", "no");
    settle(&w);
    assert_string_equal(known(&w, PODS), "200 {} ");
    assert_string_equal(woken(&w), "");
    close_world(&w);
}

static void when_there_never_was_a_word_that_is_told_once(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    fakeapi_reset(next(&w));
    settle(&w);
    assert_string_equal(woken(&w), "one ");
    assert_true(strncmp(known(&w, PODS), "0  ", 3) == 0 && strlen(known(&w, PODS)) > 3);
    fakeapi_reset(next(&w));
    settle(&w);
    assert_string_equal(woken(&w), "");
    close_world(&w);
}

static void an_answer_that_breaks_off_is_none(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    struct fakeapi_call *c = next(&w);
    fakeapi_stream(c);
    fakeapi_chunk(c, "{\"items\":[");
    fakeapi_reset(c);
    settle(&w);
    assert_true(strncmp(known(&w, PODS), "0  ", 3) == 0);
    close_world(&w);
}

static void after_a_failure_it_is_left_alone_for_longer_and_longer(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    int64_t from = rk_clock_ms();
    fakeapi_status(next(&w), 500, "InternalError", "no");
    settle(&w);
    assert_non_null(strstr(known(&w, PODS), "500 "));
    struct fakeapi_call *c = next(&w);
    assert_true(c->at_ms - from >= 1000);
    from = c->at_ms;
    fakeapi_status(c, 503, "ServiceUnavailable", "no");
    settle(&w);
    c = next(&w);
    assert_true(c->at_ms - from >= 2000);
    from = c->at_ms;
    fakeapi_reply(c, 200, NULL, "{}");
    settle(&w);
    assert_true(next(&w)->at_ms - from < 1000); /* all is well */
    close_world(&w);
}

static void a_server_that_names_a_time_has_it_and_nobody_waits_longer_than_a_minute(void **state)
{
    static const struct {
        int64_t before, said, wait;
    } cases[] = {{0, -1, 1000},   {1000, -1, 2000},    {32000, -1, 60000}, {60000, -1, 60000},
                 {0, 5000, 5000}, {8000, 5000, 16000}, {0, 3600000, 60000}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct question q = {.backoff_ms = cases[i].before};
        const struct rk_resp r = {.retry_after_ms = cases[i].said};
        assert_int_equal(longer(&q, &r), cases[i].wait);
    }
}

/* A pause that it was told to make is its own. */
static void who_asks_too_much_holds_up_no_write(void **state)
{
    struct world w;
    const struct rk_req req = {
        .lane = RK_LANE_UNARY, .method = "GET", .path = "/api/v1/nodes", .done = ignore};
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    fakeapi_reply(next(&w), 429, "Retry-After: 30\r\n", "{}");
    settle(&w);
    (void)rk_client_send(w.client, &req);
    fakeapi_reply(fakeapi_next_of(w.api, "GET", "/nodes"), 200, NULL, "{}");
    close_world(&w);
}

/* A service behind the API server's proxy that is down, or turns us away. */
static void what_goes_wrong_behind_a_proxy_is_no_outage_of_the_api_server(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", "/api/v1/namespaces/x/services/y:1/proxy/z", 60000);
    passed(&w, "two", "/api/v1/nodes", 60000);
    passed(&w, "three", "/api/v1/things", 60000);
    fakeapi_status(fakeapi_next_of(w.api, "GET", "/proxy/z"), 503, "ServiceUnavailable", "down");
    fakeapi_status(fakeapi_next_of(w.api, "GET", "/things"), 401, "Unauthorized", "who?");
    fakeapi_reply(fakeapi_next_of(w.api, "GET", "/nodes"), 200, NULL, "{}");
    settle(&w);
    fakeapi_idle(w.api, SOON);
    assert_int_equal(w.server_back, 0);
    struct rk_client_stats s;
    rk_client_stats(w.client, &s);
    assert_int_equal(s.window, 16);
    assert_int_equal(s.sent, 3);
    assert_non_null(strstr(known(&w, "/api/v1/things"), "401 "));
    close_world(&w);
}

static void eight_are_in_flight_and_the_others_wait_their_turn(void **state)
{
    struct world w;
    char paths[12][32];
    struct rk_plan_ask asks[12];
    struct fakeapi_call *calls[8];
    (void)state;
    open_world(&w);
    for (int i = 0; i < 12; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "/api/v1/x%d", i);
        asks[i] = (struct rk_plan_ask){paths[i], 60000};
    }
    assert_true(rk_asks_note(w.asks, "one", asks, 12));
    for (int i = 0; i < 8; i++)
        calls[i] = next(&w);
    fakeapi_idle(w.api, 100);
    assert_false(fakeapi_pending(w.api, "GET", NULL));
    fakeapi_reply(calls[3], 200, NULL, "{}");
    calls[3] = next(&w);
    fakeapi_idle(w.api, 100);
    assert_false(fakeapi_pending(w.api, "GET", NULL));
    asks_nothing(&w, "one");
    assert_int_equal(w.asks->flying, 0);
    close_world(&w);
}

static void there_are_fifty_a_second_and_no_more(void **state)
{
    struct world w;
    char paths[60][32];
    struct rk_plan_ask asks[60];
    (void)state;
    open_world(&w);
    for (int i = 0; i < 60; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "/api/v1/x%d", i);
        asks[i] = (struct rk_plan_ask){paths[i], 60000};
    }
    int64_t from = rk_clock_ms();
    assert_true(rk_asks_note(w.asks, "one", asks, 60));
    struct fakeapi_call *c = NULL;
    for (int i = 0; i < 60; i++) {
        c = next(&w);
        fakeapi_reply(c, 200, NULL, "{}");
    }
    assert_true(c->at_ms - from >= 9 * EACH_MS);
    close_world(&w);
}

static void a_table_that_is_full_says_so_and_has_room_again(void **state)
{
    struct world w;
    const struct rk_plan_ask asks[] = {{"/api/v1/a", 60000}, {"/api/v1/b", 60000}};
    (void)state;
    open_bounded(&w, 1, 0);
    assert_false(rk_asks_note(w.asks, "one", asks, 2));
    assert_string_equal(known(&w, "/api/v1/a"), "-");
    assert_string_equal(known(&w, "/api/v1/b"), "0  no answer: too many questions");
    reply(&w, 200, "{}");
    asks_nothing(&w, "one");
    assert_string_equal(known(&w, "/api/v1/b"), "-");
    passed(&w, "two", "/api/v1/b", 60000);
    reply(&w, 200, "{}");
    assert_string_equal(known(&w, "/api/v1/b"), "200 {} ");
    close_world(&w);
}

static void an_answer_that_is_too_large_is_none_and_so_are_too_many(void **state)
{
    static char large[(1 << 20) + 2];
    struct world w;
    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    open_bounded(&w, 0, 10);
    passed(&w, "one", "/api/v1/a", SOON);
    struct fakeapi_call *c = next(&w);
    fakeapi_stream(c);
    fakeapi_chunk(c, "%s", large);
    settle(&w);
    assert_string_equal(known(&w, "/api/v1/a"), "0  no answer: it is larger than 1 MiB");
    assert_string_equal(woken(&w), "one ");
    int64_t from = rk_clock_ms();
    c = next(&w); /* not at its pace: that much is not fetched over and over */
    assert_true(c->at_ms - from >= 900);
    fakeapi_reply(c, 200, NULL, "1");
    settle(&w);
    asks_nothing(&w, "one");
    passed(&w, "one", "/api/v1/b", SOON);
    reply(&w, 200, "1234");
    reply(&w, 200, "12345678"); /* in place of the other: ten bytes are enough */
    assert_string_equal(known(&w, "/api/v1/b"), "200 12345678 ");
    passed(&w, "one", "/api/v1/b", 60000);
    reply(&w, 200, "12345678");
    passed(&w, "two", "/api/v1/c", SOON);
    from = rk_clock_ms();
    reply(&w, 200, "123");
    c = next(&w);
    assert_true(c->at_ms - from >= 900);
    fakeapi_reply(c, 200, NULL, "123");
    settle(&w);
    assert_string_equal(known(&w, "/api/v1/b"), "200 12345678 ");
    assert_string_equal(known(&w, "/api/v1/c"),
                        "0  no answer: all that is asked takes too much memory");
    close_world(&w);
}

static void forgotten_means_that_nothing_is_asked_until_somebody_does(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, SOON);
    reply(&w, 200, "{}");
    passed(&w, "two", "/api/v1/nodes", SOON);
    struct fakeapi_call *c = fakeapi_next_of(w.api, "GET", "/nodes");
    (void)woken(&w);
    rk_asks_forget(w.asks);
    fakeapi_reply(c, 200, NULL, "{}");
    fakeapi_idle(w.api, 5 * SOON);
    assert_false(fakeapi_pending(w.api, "GET", "/nodes"));
    assert_string_equal(woken(&w), "");
    assert_string_equal(known(&w, PODS), "-");
    passed(&w, "three", "/api/v1/things", SOON);
    fakeapi_reply(fakeapi_next_of(w.api, "GET", "/things"), 200, NULL, "{}");
    settle(&w);
    assert_string_equal(woken(&w), "three ");
    close_world(&w);
}

static void a_table_that_is_gone_asks_nothing(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    passed(&w, "one", PODS, 5 * SOON);
    reply(&w, 200, "{}");
    passed(&w, "two", "/api/v1/nodes", SOON);
    struct fakeapi_call *c = fakeapi_next_of(w.api, "GET", "/nodes");
    rk_asks_free(w.asks); /* one has its turn soon, the other is in flight */
    w.asks = NULL;
    fakeapi_reply(c, 200, NULL, "{}");
    fakeapi_idle(w.api, 10 * SOON);
    assert_false(fakeapi_pending(w.api, "GET", NULL));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_asked_at_once_and_its_first_answer_wakes_who_asked),
        cmocka_unit_test(it_is_asked_again_when_due_and_only_a_change_wakes),
        cmocka_unit_test(who_is_in_a_hurry_sets_the_pace_until_it_asks_no_more),
        cmocka_unit_test(what_nobody_asks_any_more_is_forgotten_also_in_flight),
        cmocka_unit_test(a_refusal_is_an_answer),
        cmocka_unit_test(without_a_word_the_last_answer_stands_and_grows_old),
        cmocka_unit_test(when_there_never_was_a_word_that_is_told_once),
        cmocka_unit_test(an_answer_that_breaks_off_is_none),
        cmocka_unit_test(after_a_failure_it_is_left_alone_for_longer_and_longer),
        cmocka_unit_test(a_server_that_names_a_time_has_it_and_nobody_waits_longer_than_a_minute),
        cmocka_unit_test(who_asks_too_much_holds_up_no_write),
        cmocka_unit_test(what_goes_wrong_behind_a_proxy_is_no_outage_of_the_api_server),
        cmocka_unit_test(eight_are_in_flight_and_the_others_wait_their_turn),
        cmocka_unit_test(there_are_fifty_a_second_and_no_more),
        cmocka_unit_test(a_table_that_is_full_says_so_and_has_room_again),
        cmocka_unit_test(an_answer_that_is_too_large_is_none_and_so_are_too_many),
        cmocka_unit_test(forgotten_means_that_nothing_is_asked_until_somebody_does),
        cmocka_unit_test(a_table_that_is_gone_asks_nothing),
    };
    return cmocka_run_group_tests_name("loop ask", tests, NULL, NULL);
}
