/* The API client against a scripted server in the same event loop: what arrives there, and what
 * done() reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/json/json.h"
#include "core/kube/client.h"
#include "core/kube/client_room.h"
#include "core/kube/verbs.h"

#include "tests/lib/emulated.h"
#include "tests/lib/fakehttp.c"
#include "tests/unit/kube_kit.h"

struct world {
    struct rk_poll *poll;
    struct fake server;
    struct rk_creds *creds;
    struct rk_client *client;
    char dir[64];
    int gate_calls, gate_shut_at; /* the n-th look finds the gate shut; 0 = never */
};

/* What a request came to. */
struct seen {
    int done;
    struct rk_resp resp;
    char *body;
    struct rk_buf stream;
    int refuse; /* data() returns this */
    struct world *w;
    rk_call *cancel; /* data() cancels this */
    struct rk_buf *order;
    char name;
};

static bool gate(void *ctx, uint64_t epoch)
{
    struct world *w = ctx;
    assert_int_equal(epoch, 7);
    return ++w->gate_calls < w->gate_shut_at || w->gate_shut_at == 0;
}

static void load_creds(struct world *w, const char *extra)
{
    struct rk_err err = RK_ERR_INIT;
    const char *file = put_kubeconfig(w->dir, extra, "tokenFile: token");
    if (rk_creds_load(file, NULL, &w->creds, &err) != 0)
        fail_msg("%s", err.text);
}

static void open_client(struct world *w, const struct rk_client_conf *conf, const char *cluster)
{
    char plain[64];
    (void)snprintf(plain, sizeof plain, "server: 'http://127.0.0.1:%d'", w->server.port);
    load_creds(w, cluster ? cluster : plain);
    struct rk_err err = RK_ERR_INIT;
    struct rk_client_conf k = conf ? *conf : (struct rk_client_conf){0};
    k.user_agent = "test/1";
    k.gate = gate;
    k.gate_ctx = w;
    w->client = rk_client_new(w->poll, w->creds, &k, &err);
    if (!w->client)
        fail_msg("%s", err.text);
}

static void open_server(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->poll = rk_poll_new(NULL);
    assert_non_null(w->poll);
    fake_open(&w->server, w->poll);
    make_dir(w->dir, "client");
    put_file(w->dir, "token", "old-token\n");
}

static void open_world(struct world *w)
{
    open_server(w);
    open_client(w, NULL, NULL);
}

static void close_world(struct world *w)
{
    rk_client_free(w->client);
    rk_creds_free(w->creds);
    fake_shut(&w->server);
    rk_poll_free(w->poll);
    remove_dir(w->dir);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct seen *s = ctx;
    s->done++;
    s->resp = *resp;
    rk_free(s->body);
    assert_non_null(resp->body.p);
    s->body = rk_strndup(resp->body.p, resp->body.n);
    if (s->order)
        assert_int_equal(rk_buf_addc(s->order, s->name), 0);
}

static int on_data(void *ctx, const char *p, size_t n, struct rk_err *err)
{
    struct seen *s = ctx;
    if (!s->stream.max)
        rk_buf_init(&s->stream, 1 << 20);
    assert_int_equal(rk_buf_add(&s->stream, p, n), 0);
    if (s->cancel)
        rk_client_cancel(s->w->client, s->cancel);
    s->cancel = NULL;
    return s->refuse ? rk_err_set(err, s->refuse, "not to my taste") : 0;
}

static void forget(struct seen *s)
{
    rk_free(s->body);
    rk_buf_done(&s->stream);
}

static struct rk_req get_req(const char *path, struct seen *s)
{
    return (struct rk_req){
        .lane = RK_LANE_UNARY, .method = "GET", .path = path, .done = on_done, .ctx = s};
}

static struct rk_req post_req(struct seen *s)
{
    struct rk_req r = get_req("/api/v1/namespaces/x/pods", s);
    r.method = "POST";
    r.body = rk_span_of("{\"a\":1}");
    r.write = true;
    r.epoch = 7;
    return r;
}

static void wait_done(struct world *w, struct seen *s, int n)
{
    WAIT(w, s->done >= n);
    assert_int_equal(s->done, n);
}

static void wait_requests(struct world *w, size_t n)
{
    WAIT(w, w->server.n_requests >= n);
    assert_int_equal(w->server.n_requests, n);
}

static void wait_idle(struct world *w)
{
    WAIT(w, rk_client_busy(w->client, RK_LANE_UNARY, false) == 0);
}

/* The first connection ends. */
static void wait_closed(struct world *w)
{
    WAIT(w, w->server.conns[0].fd < 0);
}

/* Send and wait: the usual story. */
static void run(struct world *w, const struct rk_req *req, struct seen *s)
{
    assert_non_null(rk_client_send(w->client, req));
    assert_int_equal(s->done, 0);
    wait_done(w, s, 1);
}

/* --- Plain requests ----------------------------------------------------- */

static void a_get_carries_token_and_headers_and_brings_the_body(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 200, "", "{\"kind\":\"Pod\"}");
    struct rk_req r = get_req("/api/v1/pods", &s);
    r.query = "limit=5";
    run(&w, &r, &s);
    assert_true(fake_head_is(&w.server, 0, "GET /api/v1/pods?limit=5"));
    assert_string_equal(fake_header(&w.server, 0, "Authorization"), "Bearer old-token");
    assert_string_equal(fake_header(&w.server, 0, "User-Agent"), "test/1");
    assert_string_equal(fake_header(&w.server, 0, "Accept"), "application/json");
    assert_null(fake_header(&w.server, 0, "Content-Type"));
    assert_null(fake_header(&w.server, 0, "Accept-Encoding")); /* nothing is packed */
    assert_int_equal(s.resp.code, 0);
    assert_int_equal(s.resp.http, 200);
    assert_string_equal(s.body, "{\"kind\":\"Pod\"}");
    assert_false(s.resp.unknown || s.resp.unsent);
    forget(&s);
    close_world(&w);
}

static void a_post_carries_its_body_and_connections_are_used_again(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    for (int i = 1; i <= 3; i++) {
        struct rk_req r = post_req(&s);
        assert_non_null(rk_client_send(w.client, &r));
        wait_done(&w, &s, i);
    }
    assert_int_equal(w.server.n_requests, 3);
    assert_int_equal(w.server.n_conns, 1);
    assert_string_equal(w.server.requests[2].body, "{\"a\":1}");
    assert_string_equal(fake_header(&w.server, 2, "Content-Type"), "application/json");
    assert_null(fake_header(&w.server, 2, "Expect"));
    assert_int_equal(w.gate_calls, 6); /* at the start and before it leaves */
    struct rk_client_stats st;
    rk_client_stats(w.client, &st);
    assert_int_equal(st.sent, 3);
    assert_int_equal(st.by_code[2], 3);
    assert_true(st.bytes_in > 0 && st.bytes_out > 0);
    forget(&s);
    close_world(&w);
}

static void metadata_is_asked_for_by_the_shape_of_the_path(void **state)
{
    (void)state;
    static const struct {
        const char *path, *query, *as;
    } cases[] = {
        {"/api/v1/pods", NULL, "as=PartialObjectMetadataList;"},
        {"/api/v1/namespaces/x/pods", NULL, "as=PartialObjectMetadataList;"},
        {"/api/v1/namespaces/x/pods/y", NULL, "as=PartialObjectMetadata;"},
        {"/api/v1/nodes/y", NULL, "as=PartialObjectMetadata;"},
        {"/apis/g.io/v1/namespaces/x/things", NULL, "as=PartialObjectMetadataList;"},
        {"/apis/g.io/v1/things/y", NULL, "as=PartialObjectMetadata;"},
        {"/apis/g.io/v1/things", "watch=1", "as=PartialObjectMetadata;"},
    };
    struct world w;
    struct seen s = {0};
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rk_req r = get_req(cases[i].path, &s);
        r.query = cases[i].query;
        r.metadata_only = true;
        assert_non_null(rk_client_send(w.client, &r));
        wait_done(&w, &s, (int)i + 1);
        assert_non_null(strstr(fake_header(&w.server, i, "Accept"), cases[i].as));
    }
    forget(&s);
    close_world(&w);
}

static void statuses_become_codes_and_status_bodies_reason_and_message(void **state)
{
    (void)state;
    static const struct {
        int http, code;
        bool unknown;
    } cases[] = {
        {201, 0, false},          {302, RK_E_IO, false},    {400, RK_E_INVAL, false},
        {401, RK_E_AUTH, false},  {403, RK_E_AUTH, false},  {404, RK_E_NOENT, false},
        {405, RK_E_INVAL, false}, {408, RK_E_IO, true},     {409, RK_E_CONFLICT, false},
        {410, RK_E_GONE, false},  {413, RK_E_INVAL, false}, {422, RK_E_INVAL, false},
        {429, RK_E_BUSY, false},  {500, RK_E_IO, true},     {502, RK_E_IO, true},
        {503, RK_E_BUSY, true},   {504, RK_E_IO, true},
    };
    struct world w;
    struct seen s = {0};
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_reply(
            &w.server, cases[i].http, "",
            "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"pods \\\"a\\\"\\nexist\",\"reason\":\"AlreadyExists\"}");
        struct rk_req r = post_req(&s);
        assert_non_null(rk_client_send(w.client, &r));
        wait_done(&w, &s, (int)i + 1);
        assert_int_equal(s.resp.http, cases[i].http);
        assert_int_equal(s.resp.code, cases[i].code);
        assert_int_equal(s.resp.unknown, cases[i].unknown);
        assert_string_equal(s.resp.reason, s.resp.code ? "AlreadyExists" : "");
        assert_string_equal(s.resp.message, s.resp.code ? "pods \"a\" exist" : "");
    }
    assert_int_equal(w.server.n_requests, sizeof cases / sizeof *cases); /* nothing is sent twice */
    forget(&s);
    close_world(&w);
}

static void a_refusal_that_is_no_status_is_quoted(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 502, "", "<html>\nno \xff upstream");
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    assert_string_equal(s.resp.message, "HTTP 502: <html> no   upstream");
    assert_string_equal(s.resp.reason, "");
    forget(&s);
    close_world(&w);
}

/* --- Failures on the way ------------------------------------------------ */

static void a_get_is_tried_again_after_500_503_and_resets(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 500, "", "{}");
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nContent-Le", FAKE_RESET);
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"cut\"", FAKE_CLOSE);
    fake_reply(&w.server, 503, "", "{}");
    fake_reply(&w.server, 200, "", "[\"whole\"]");
    struct rk_req r = get_req("/version", &s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, 0);
    assert_string_equal(s.body, "[\"whole\"]");
    assert_int_equal(w.server.n_requests, 5);
    forget(&s);
    close_world(&w);
}

static void a_get_is_given_up_after_five_tries(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    for (int i = 0; i < 9; i++)
        fake_reply(&w.server, 500, "", "{}");
    struct rk_req r = get_req("/version", &s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_IO);
    assert_int_equal(s.resp.http, 500);
    assert_int_equal(w.server.n_requests, 5);
    forget(&s);
    close_world(&w);
}

static void a_version_from_the_future_is_not_waited_for(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(
        &w.server, 504, "",
        "{\"kind\":\"Status\",\"reason\":\"Timeout\",\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}],\"retryAfterSeconds\":1}}");
    struct rk_req r = get_req("/api/v1/pods", &s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.http, 504);
    assert_int_equal(s.resp.retry_after_ms, 1000);
    assert_int_equal(w.server.n_requests, 1);
    forget(&s);
    close_world(&w);
}

static void a_write_that_is_cut_off_anywhere_is_unknown_and_not_sent_again(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        enum fake_after after;
    } cases[] = {
        {"HTTP/1.1 201 Cre", FAKE_RESET},
        {"HTTP/1.1 201 Created\r\nContent-Le", FAKE_CLOSE},
        {"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"a\"", FAKE_CLOSE},
        {"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":", FAKE_CLOSE},
        {"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n", FAKE_RESET},
        {"\x15\x03\x01 nonsense\r\n\r\n", FAKE_CLOSE},
    };
    struct world w;
    struct seen s = {0};
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_step(&w.server, cases[i].reply, cases[i].after);
        struct rk_req r = post_req(&s);
        assert_non_null(rk_client_send(w.client, &r));
        wait_done(&w, &s, (int)i + 1);
        assert_int_equal(s.resp.code, RK_E_IO);
        assert_true(s.resp.unknown);
        assert_false(s.resp.unsent);
        assert_true(s.resp.message[0] != '\0');
        assert_int_equal(w.server.n_requests, i + 1);
    }
    forget(&s);
    close_world(&w);
}

static void a_refusal_that_is_cut_off_is_still_a_refusal(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_step(&w.server,
              "HTTP/1.1 409 Conflict\r\nContent-Length: 100\r\n\r\n{\"kind\":", FAKE_CLOSE);
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_CONFLICT);
    assert_int_equal(s.resp.http, 409);
    assert_false(s.resp.unknown);
    forget(&s);
    close_world(&w);
}

/* client-rules 6: libcurl resends on a fresh connection when a reused one dies before any byte.
 * The gate is asked again. */
static void a_connection_closed_between_requests_costs_nothing_but_a_resend(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 200, "", "{}");
    fake_step(&w.server, NULL, FAKE_CLOSE);
    fake_reply(&w.server, 409, "", "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\"}");
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    assert_non_null(rk_client_send(w.client, &r));
    wait_done(&w, &s, 2);
    assert_int_equal(s.resp.code, RK_E_CONFLICT);
    assert_int_equal(w.server.n_requests, 3);
    assert_string_equal(w.server.requests[1].body, w.server.requests[2].body);
    assert_int_equal(w.server.n_conns, 2);
    assert_int_equal(w.gate_calls, 6); /* of the resend: while it connects, and before it leaves */
    forget(&s);
    close_world(&w);
}

static void a_resend_that_meets_a_shut_gate_is_unknown(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 200, "", "{}");
    fake_step(&w.server, NULL, FAKE_CLOSE);
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    w.gate_shut_at = 5;
    assert_non_null(rk_client_send(w.client, &r));
    wait_done(&w, &s, 2);
    assert_true(s.resp.unknown);
    assert_false(s.resp.unsent);
    assert_int_equal(w.server.n_requests, 2);
    forget(&s);
    close_world(&w);
}

static void a_slow_answer_to_a_write_is_unknown(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = post_req(&s);
    r.timeout_ms = 100;
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_IO);
    assert_int_equal(s.resp.http, 0);
    assert_true(s.resp.unknown);
    assert_true(s.resp.took_ms >= 99);
    forget(&s);
    close_world(&w);
}

static void a_server_that_is_not_there_leaves_writes_unsent_and_reads_failed(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, g = {0};
    open_server(&w);
    open_client(&w, NULL, "server: 'http://127.0.0.1:1'");
    struct rk_req r = post_req(&s), q = get_req("/version", &g);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_IO);
    assert_true(s.resp.unsent);
    assert_false(s.resp.unknown);
    assert_int_equal(w.gate_calls, 1);
    run(&w, &q, &g);
    assert_int_equal(g.resp.code, RK_E_IO);
    assert_true(g.resp.unsent);
    assert_true(g.resp.took_ms >= 1500); /* nobody storms a wall: 100, 200, 400, 800 ms */
    struct rk_client_stats st;
    rk_client_stats(w.client, &st);
    assert_int_equal(st.by_code[0], 1 + 5);
    forget(&s);
    forget(&g);
    close_world(&w);
}

static void a_body_over_the_bound_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    size_t n = ((size_t)16 << 20) + 1;
    char *big = rk_alloc(n + 1);
    memset(big, 'x', n);
    /* Announced and not sent in full: the loop that serves must not block. The head start is over
     * the bound already. */
    fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = get_req("/api/v1/pods", &s);
    assert_non_null(rk_client_send(w.client, &r));
    wait_requests(&w, 1);
    int fd = w.server.conns[0].fd;
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    char head[128];
    int head_n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    assert_int_equal(send(fd, head, (size_t)head_n, MSG_NOSIGNAL), head_n);
    size_t put = 0;
    for (int64_t end = rk_clock_ms() + BOUND_MS; !s.done && rk_clock_ms() < end; turn(w.poll)) {
        ssize_t one = put < n ? send(fd, big + put, n - put, MSG_NOSIGNAL) : 0;
        put += one > 0 ? (size_t)one : 0;
    }
    assert_int_equal(s.resp.code, RK_E_LIMIT);
    assert_int_equal(s.resp.body.n, 0);
    rk_free(big);
    forget(&s);
    close_world(&w);
}

/* --- Throttling --------------------------------------------------------- */

static void retry_after_stops_the_unary_lane_but_not_the_lease(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, other = {0}, lease = {0};
    open_world(&w);
    fake_reply(&w.server, 429, "Retry-After: 1\r\n", "{}");
    struct rk_req r = get_req("/version", &s), o = get_req("/other", &other),
                  l = get_req("/lease", &lease);
    l.lane = RK_LANE_LEASE;
    int64_t from = rk_clock_ms();
    assert_non_null(rk_client_send(w.client, &r));
    wait_requests(&w, 1);
    struct rk_client_stats st;
    for (rk_client_stats(w.client, &st); !st.throttled; rk_client_stats(w.client, &st))
        turn(w.poll);
    assert_non_null(rk_client_send(w.client, &o));
    assert_non_null(rk_client_send(w.client, &l));
    wait_done(&w, &lease, 1);
    assert_true(fake_head_is(&w.server, 1, "GET /lease"));
    assert_int_equal(w.server.n_requests, 2);
    wait_done(&w, &s, 1);
    wait_done(&w, &other, 1);
    assert_true(rk_clock_ms() - from >= 1000);
    assert_true(other.resp.took_ms >= 900);
    assert_int_equal(s.resp.code, 0);
    assert_int_equal(w.server.n_requests, 4);
    forget(&s);
    forget(&other);
    forget(&lease);
    close_world(&w);
}

static void a_throttled_write_is_reported_with_its_time_and_never_sent_again(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 429, "", "{}");
    fake_reply(&w.server, 429, "Retry-After: 99999\r\n", "{}");
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_BUSY);
    assert_int_equal(s.resp.retry_after_ms, -1);
    assert_false(s.resp.unknown);
    assert_non_null(rk_client_send(w.client, &r));
    wait_done(&w, &s, 2);
    assert_int_equal(s.resp.retry_after_ms, 60000);
    assert_int_equal(w.server.n_requests, 2);
    forget(&s);
    close_world(&w);
}

static void the_window_bounds_what_is_in_flight_grows_and_halves(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.window_min = 2, .window_max = 8}, NULL);
    for (int i = 0; i < 200; i++)
        fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = get_req("/version", &s);
    for (int i = 0; i < 200; i++)
        assert_non_null(rk_client_send(w.client, &r));
    assert_int_equal(rk_client_busy(w.client, RK_LANE_UNARY, false), 200);
    wait_requests(&w, 2);
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_turn(w.poll, 0, &err), 0);
    assert_int_equal(w.server.held, 2);
    struct rk_client_stats st;
    for (int64_t end = rk_clock_ms() + BOUND_MS; s.done < 200 && rk_clock_ms() < end;) {
        turn(w.poll);
        rk_client_stats(w.client, &st);
        if (w.server.held == (size_t)st.window || w.server.held == (size_t)(200 - s.done))
            fake_answer(&w.server, "{}");
    }
    assert_int_equal(s.done, 200);
    assert_int_equal(w.server.held_max, 8);
    assert_true(w.server.n_conns <= 8);
    rk_client_stats(w.client, &st);
    assert_int_equal(st.window, 8);
    fake_reply(&w.server, 500, "", "{}");
    struct rk_req p = post_req(&s);
    assert_non_null(rk_client_send(w.client, &p));
    wait_done(&w, &s, 201);
    rk_client_stats(w.client, &st);
    assert_int_equal(st.window, 4);
    forget(&s);
    close_world(&w);
}

static void the_ceiling_of_requests_per_second_holds_after_the_burst(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.qps = 50, .burst = 2}, NULL);
    struct rk_req r = get_req("/version", &s);
    int64_t from = rk_clock_ms();
    for (int i = 0; i < 7; i++)
        assert_non_null(rk_client_send(w.client, &r));
    wait_done(&w, &s, 7);
    assert_true(rk_clock_ms() - from >= 95); /* five of them wait 20 ms each */
    forget(&s);
    close_world(&w);
}

static void higher_priority_goes_first_then_age(void **state)
{
    (void)state;
    struct world w;
    struct rk_buf order;
    rk_buf_init(&order, 64);
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.window_min = 1, .window_max = 1}, NULL);
    struct seen s[4];
    memset(s, 0, sizeof s);
    static const int priority[4] = {0, -5, 10, 0};
    for (int i = 0; i < 4; i++) {
        struct rk_req r = get_req("/version", &s[i]);
        r.priority = priority[i];
        s[i].order = &order;
        s[i].name = (char)('a' + i);
        assert_non_null(rk_client_send(w.client, &r));
    }
    wait_idle(&w);
    assert_string_equal(rk_buf_text(&order), "cadb");
    rk_buf_done(&order);
    for (int i = 0; i < 4; i++)
        forget(&s[i]);
    close_world(&w);
}

/* --- Credentials -------------------------------------------------------- */

static void a_401_with_a_new_token_on_disk_is_tried_once_more(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 401, "", "{}");
    fake_reply(&w.server, 201, "", "{}");
    put_file(w.dir, "token", "new-token");
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, 0);
    assert_int_equal(w.server.n_requests, 2);
    assert_string_equal(fake_header(&w.server, 0, "Authorization"), "Bearer old-token");
    assert_string_equal(fake_header(&w.server, 1, "Authorization"), "Bearer new-token");
    forget(&s);
    close_world(&w);
}

static void a_401_that_is_hearsay_says_nothing_about_the_token(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 401, "", "{}");
    put_file(w.dir, "token", "new-token");
    struct rk_req r = get_req("/api/v1/namespaces/x/services/y/proxy", &s);
    r.hearsay = true;
    run(&w, &r, &s);
    assert_int_equal(s.resp.http, 401);
    assert_int_equal(w.server.n_requests, 1);
    forget(&s);
    close_world(&w);
}

static void a_401_with_the_same_token_is_reported(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 401, "", "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}");
    struct rk_req r = get_req("/version", &s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_AUTH);
    assert_string_equal(s.resp.reason, "Unauthorized");
    assert_int_equal(w.server.n_requests, 1);
    forget(&s);
    close_world(&w);
}

static void the_clusters_proxy_beats_the_environment(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    char cluster[128];
    (void)snprintf(cluster, sizeof cluster,
                   "server: 'http://api.example:99/prefix/', proxy-url: 'http://127.0.0.1:%d'",
                   w.server.port);
    assert_int_equal(setenv("no_proxy", "*", 1), 0);
    open_client(&w, NULL, cluster);
    struct rk_req r = get_req("/version", &s);
    run(&w, &r, &s);
    assert_int_equal(unsetenv("no_proxy"), 0);
    assert_int_equal(s.resp.code, 0);
    assert_true(fake_head_is(&w.server, 0, "GET http://api.example:99/prefix/version"));
    forget(&s);
    close_world(&w);
}

static void a_tls_server_name_is_asked_for_at_the_servers_address(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    char cluster[128], host[64];
    (void)snprintf(cluster, sizeof cluster,
                   "server: 'http://127.0.0.1:%d', tls-server-name: api.example", w.server.port);
    (void)snprintf(host, sizeof host, "api.example:%d", w.server.port);
    open_client(&w, NULL, cluster);
    struct rk_req r = get_req("/version", &s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, 0);
    assert_string_equal(fake_header(&w.server, 0, "Host"), host);
    forget(&s);
    close_world(&w);
}

/* --- The gate, cancelling, cutting -------------------------------------- */

static void a_gate_that_shuts_before_the_request_leaves_keeps_it_here(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    for (int look = 1; look <= 2; look++) { /* 1: at the start; 2: on the standing connection */
        w.gate_calls = 0;
        w.gate_shut_at = look;
        struct rk_req r = post_req(&s);
        assert_non_null(rk_client_send(w.client, &r));
        wait_done(&w, &s, look);
        assert_int_equal(w.gate_calls, look);
        assert_int_equal(s.resp.code, RK_E_FAIL);
        assert_true(s.resp.unsent);
        assert_false(s.resp.unknown);
    }
    assert_int_equal(w.server.n_requests, 0);
    forget(&s);
    close_world(&w);
}

static void a_cancelled_call_never_calls_back_and_its_connection_goes(void **state)
{
    (void)state;
    struct world w;
    struct seen flying = {0}, queued = {0}, after = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.window_min = 1, .window_max = 1}, NULL);
    fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = get_req("/a", &flying), q = get_req("/b", &queued), a = get_req("/c", &after);
    rk_call *first = rk_client_send(w.client, &r);
    wait_requests(&w, 1);
    rk_call *second = rk_client_send(w.client, &q);
    assert_non_null(rk_client_send(w.client, &a));
    rk_client_cancel(w.client, second);
    rk_client_cancel(w.client, first);
    rk_client_cancel(w.client, first);
    wait_done(&w, &after, 1);
    assert_int_equal(flying.done + queued.done, 0);
    assert_int_equal(w.server.n_requests, 2);
    assert_true(fake_head_is(&w.server, 1, "GET /c"));
    assert_true(w.server.conns[0].saw_eof || w.server.conns[0].saw_reset);
    assert_int_equal(rk_client_busy(w.client, RK_LANE_UNARY, false), 0);
    forget(&after);
    close_world(&w);
}

static void cutting_writes_resets_them_and_leaves_reads_alone(void **state)
{
    (void)state;
    struct world w;
    struct seen flying = {0}, queued = {0}, read = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.window_min = 2, .window_max = 2}, NULL);
    fake_step(&w.server, NULL, FAKE_HOLD);
    fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = post_req(&flying), q = post_req(&queued), g = get_req("/read", &read);
    assert_non_null(rk_client_send(w.client, &r));
    wait_requests(&w, 1);
    assert_non_null(rk_client_send(w.client, &g));
    wait_requests(&w, 2);
    assert_non_null(rk_client_send(w.client, &q));
    turn(w.poll);
    assert_int_equal(rk_client_busy(w.client, RK_LANE_UNARY, true), 2);
    rk_client_cut_writes(w.client);
    assert_int_equal(flying.done + queued.done, 0); /* never from inside */
    wait_done(&w, &flying, 1);
    wait_done(&w, &queued, 1);
    assert_true(flying.resp.unknown);
    assert_false(flying.resp.unsent);
    assert_true(queued.resp.unsent);
    assert_false(queued.resp.unknown);
    wait_closed(&w);
    assert_true(w.server.conns[0].saw_reset);
    assert_int_equal(read.done, 0);
    fake_answer(&w.server, "{}");
    wait_done(&w, &read, 1);
    assert_int_equal(read.resp.code, 0);
    assert_int_equal(w.server.n_requests, 2);
    forget(&flying);
    forget(&queued);
    forget(&read);
    close_world(&w);
}

#define STUCK_BYTES ((size_t)24 << 20) /* more than both socket buffers take */

/* A write whose server reads the head and no more; its body is freed by the caller, at the end. */
static char *send_stuck(struct world *w, struct seen *s)
{
    w->server.heads_only = true;
    fake_step(&w->server, NULL, FAKE_HOLD);
    char *big = rk_alloc(STUCK_BYTES);
    memset(big, 'x', STUCK_BYTES);
    struct rk_req r = post_req(s);
    r.body = (struct rk_span){big, STUCK_BYTES};
    assert_non_null(rk_client_send(w->client, &r));
    wait_requests(w, 1);
    for (int i = 0; i < 5; i++) { /* until the buffers are full */
        struct rk_err err = RK_ERR_INIT;
        assert_int_equal(rk_poll_turn(w->poll, 0, &err), 0);
    }
    return big;
}

/* A plain close would still deliver what stands in the socket's queue once a partition
 * heals. */
static void bytes_queued_in_a_cut_writes_socket_are_never_delivered(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    char *big = send_stuck(&w, &s);
    rk_client_cut_writes(w.client);
    wait_done(&w, &s, 1);
    assert_true(s.resp.unknown);
    fake_resume(&w.server);
    wait_closed(&w);
    assert_true(w.server.conns[0].saw_reset);
    assert_true(w.server.conns[0].in.len < STUCK_BYTES);
    rk_free(big);
    forget(&s);
    close_world(&w);
}

/* A process that was stopped in the middle of a send wakes when others lead. */
static void the_second_half_of_a_write_stays_here_when_the_gate_has_shut(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    char *big = send_stuck(&w, &s);
    w.gate_shut_at = 1;
    fake_resume(&w.server);
    wait_done(&w, &s, 1);
    assert_true(s.resp.unknown);
    wait_closed(&w);
    assert_true(w.server.conns[0].in.len < STUCK_BYTES);
    rk_free(big);
    forget(&s);
    close_world(&w);
}

/* --- Streams ------------------------------------------------------------ */

static struct rk_req watch_req(struct seen *s)
{
    struct rk_req r = get_req("/api/v1/pods", s);
    r.lane = RK_LANE_WATCH;
    r.query = "watch=1";
    r.data = on_data;
    return r;
}

static void a_stream_hands_over_bytes_as_they_come_and_tells_a_clean_end(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_step(
        &w.server,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        FAKE_KEEP);
    struct rk_req r = watch_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, 0);
    assert_string_equal(rk_buf_text(&s.stream), "abcde");
    assert_string_equal(s.body, "");
    forget(&s);
    close_world(&w);
}

static void a_stream_whose_chunks_break_off_is_an_error(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nde",
              FAKE_CLOSE);
    struct rk_req r = watch_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_IO);
    assert_string_equal(rk_buf_text(&s.stream), "abcde");
    assert_int_equal(w.server.n_requests, 1);
    forget(&s);
    close_world(&w);
}

static void a_refused_stream_brings_its_status_and_no_bytes(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 410, "", "{\"kind\":\"Status\",\"reason\":\"Expired\"}");
    struct rk_req r = watch_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_GONE);
    assert_string_equal(s.resp.reason, "Expired");
    assert_int_equal(s.stream.len, 0);
    forget(&s);
    close_world(&w);
}

static void a_consumer_that_refuses_ends_the_stream_with_its_code(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {.refuse = RK_E_SYNTAX};
    open_world(&w);
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
              FAKE_KEEP);
    struct rk_req r = watch_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_SYNTAX);
    assert_string_equal(s.resp.message, "not to my taste");
    forget(&s);
    close_world(&w);
}

static void a_consumer_may_cancel_its_own_and_other_streams_from_within(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct seen s = {.w = &w}, other = {0};
    fake_step(&w.server, NULL, FAKE_HOLD);
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
              FAKE_KEEP);
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
              FAKE_KEEP);
    struct rk_req o = watch_req(&other), r = watch_req(&s);
    rk_call *held = rk_client_send(w.client, &o);
    wait_requests(&w, 1);
    s.cancel = held;
    rk_call *own = rk_client_send(w.client, &r);
    wait_requests(&w, 2);
    WAIT(&w, !s.cancel);
    rk_client_cancel(w.client, own);
    struct seen self = {.w = &w};
    struct rk_req m = watch_req(&self);
    self.cancel = rk_client_send(w.client, &m);
    WAIT(&w, rk_client_busy(w.client, RK_LANE_WATCH, false) == 0);
    assert_int_equal(s.done + other.done + self.done, 0);
    assert_string_equal(rk_buf_text(&self.stream), "abc");
    forget(&s);
    forget(&other);
    forget(&self);
    close_world(&w);
}

static void a_lane_that_libcurl_has_wrecked_starts_afresh(void **state)
{
    (void)state;
    struct world w;
    struct seen read = {0}, write = {0}, stream = {0}, lease = {0};
    open_world(&w);
    for (int i = 0; i < 4; i++)
        fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = get_req("/a", &read), p = post_req(&write), q = watch_req(&stream),
                  l = get_req("/lease", &lease);
    l.lane = RK_LANE_LEASE;
    assert_non_null(rk_client_send(w.client, &r));
    assert_non_null(rk_client_send(w.client, &p));
    assert_non_null(rk_client_send(w.client, &q));
    assert_non_null(rk_client_send(w.client, &l));
    wait_requests(&w, 4);
    struct rk__lane *lane = &w.client->lanes[RK_LANE_UNARY];
    lane->broken = true; /* as the spin watchdog says it */
    rk__client_kick(lane);
    wait_done(&w, &read, 1);
    wait_done(&w, &write, 1);
    assert_int_equal(read.resp.code, 0); /* tried again over the new one */
    assert_true(write.resp.unknown);
    assert_int_equal(w.server.n_requests, 5);
    assert_int_equal(stream.done + lease.done, 0);
    fake_answer(&w.server, "{}");
    wait_done(&w, &lease, 1);
    assert_int_equal(lease.resp.code, 0);
    forget(&read);
    forget(&write);
    forget(&stream);
    forget(&lease);
    close_world(&w);
}

static void a_client_with_everything_under_way_can_be_freed(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.window_min = 2, .window_max = 2}, NULL);
    for (int i = 0; i < 3; i++)
        fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = get_req("/a", &s), q = watch_req(&s);
    for (int i = 0; i < 5; i++)
        assert_non_null(rk_client_send(w.client, &r));
    assert_non_null(rk_client_send(w.client, &q));
    wait_requests(&w, 3);
    close_world(&w);
    assert_int_equal(s.done, 0);
}

/* --- What the transport promises (client-rules 1-8) ------------------- */

static int count_entries(const char *dir)
{
    DIR *d = opendir(dir);
    int n = 0;
    assert_non_null(d);
    while (readdir(d))
        n++;
    assert_int_equal(closedir(d), 0);
    return n - 2; /* without . and .. */
}

static void all_lanes_work_on_one_thread_and_leave_no_descriptor(void **state)
{
    (void)state;
    rk_not_emulated("qemu has a thread of its own");
    struct world w;
    struct seen s[3] = {{0}};
    int before = 0;
    for (int round = 0; round < 2; round++) { /* the first opens what libraries keep */
        if (round)
            before = count_entries("/proc/self/fd");
        memset(s, 0, sizeof s);
        open_world(&w);
        for (int i = 0; i < 3; i++) {
            struct rk_req r = get_req("/version", &s[i]);
            r.lane = (enum rk_lane)i;
            run(&w, &r, &s[i]);
            assert_int_equal(s[i].resp.code, 0);
            forget(&s[i]);
        }
        assert_int_equal(w.server.n_conns, 3); /* each lane has connections of its own */
        assert_int_equal(count_entries("/proc/self/task"), 1);
        close_world(&w);
    }
    assert_int_equal(count_entries("/proc/self/fd"), before);
}

static void a_lane_in_which_libcurl_turns_in_circles_is_renewed(void **state)
{
    (void)state;
    struct world w;
    struct seen read = {0}, stream = {0};
    open_world(&w);
    fake_step(&w.server, NULL, FAKE_HOLD);
    fake_step(&w.server, NULL, FAKE_HOLD);
    struct rk_req r = get_req("/a", &read), q = watch_req(&stream);
    assert_non_null(rk_client_send(w.client, &r));
    wait_requests(&w, 1);
    assert_non_null(rk_client_send(w.client, &q));
    wait_requests(&w, 2);
    struct rk__lane *lane = &w.client->lanes[RK_LANE_UNARY];
    assert_non_null(lane->curl_timer.fn);
    int64_t end = rk_clock_ms() + BOUND_MS;
    while (!lane->broken && rk_clock_ms() < end) /* a timer that is due, and due, and due */
        lane->curl_timer.fn(lane);
    assert_true(lane->broken);
    wait_done(&w, &read, 1);
    assert_int_equal(read.resp.code, 0); /* asked again over a new connection */
    assert_int_equal(w.server.n_requests, 3);
    assert_int_equal(stream.done, 0); /* the other lanes never knew */
    forget(&read);
    forget(&stream);
    close_world(&w);
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &n), 0);
    return value;
}

static void every_socket_finds_out_that_its_peer_is_dead(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.user_timeout_ms = 4000}, NULL);
    for (int i = 0; i < 3; i++) {
        fake_step(&w.server, NULL, FAKE_HOLD);
        struct rk_req r = get_req("/version", &s);
        r.lane = (enum rk_lane)i;
        assert_non_null(rk_client_send(w.client, &r));
        wait_requests(&w, (size_t)i + 1);
        int fd = TAILQ_FIRST(&w.client->lanes[i].flying)->fd;
        assert_true(fd >= 0);
        assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
        assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 20);
        assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 5);
        assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
        assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT),
                         i == RK_LANE_WATCH ? 30000 : 4000);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    close_world(&w);
}

static void an_idle_connection_is_not_used_again_after_its_time(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.idle_ms = 1000}, NULL);
    struct rk_req r = post_req(&s);
    for (int i = 1; i <= 2; i++) {
        assert_non_null(rk_client_send(w.client, &r));
        wait_done(&w, &s, i);
    }
    assert_int_equal(w.server.n_conns, 1);
    for (int64_t end = rk_clock_ms() + 2100; rk_clock_ms() < end;)
        turn(w.poll);
    assert_non_null(rk_client_send(w.client, &r));
    wait_done(&w, &s, 3);
    assert_int_equal(w.server.n_conns, 2);
    assert_true(w.server.conns[0].saw_eof || w.server.conns[0].saw_reset); /* closed by us */
    forget(&s);
    close_world(&w);
    open_server(&w);
    open_client(&w, NULL, NULL);
    assert_in_range(w.client->conf.idle_ms, 1, 60000); /* less than the server's 90 s */
    close_world(&w);
}

/* Its queue is full, so it answers no more. */
static int open_deaf(int *ret_port, int fillers[4])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *ret_port = ntohs(at.sin_port);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&at, sizeof at); /* some go through */
    }
    return fd;
}

static void connecting_has_a_time_of_its_own(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    int port, fillers[4];
    char cluster[64];
    open_server(&w);
    int deaf = open_deaf(&port, fillers);
    (void)snprintf(cluster, sizeof cluster, "server: 'http://127.0.0.1:%d'", port);
    open_client(&w, &(struct rk_client_conf){.connect_ms = 200}, cluster);
    struct rk_req r = post_req(&s);
    run(&w, &r, &s);
    assert_int_equal(s.resp.code, RK_E_IO);
    assert_true(s.resp.unsent);
    assert_in_range(s.resp.took_ms, 190, 5000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(close(fillers[i]), 0);
    assert_int_equal(close(deaf), 0);
    forget(&s);
    close_world(&w);
}

static void a_request_has_a_total_time_a_list_must_keep_coming_and_a_watch_may_be_silent(
    void **state)
{
    (void)state;
    struct world w;
    struct seen total = {0}, list = {0}, watch = {0};
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    open_server(&w);
    open_client(&w, &(struct rk_client_conf){.request_ms = 300, .stall_ms = 1000}, NULL);
    fake_step(&w.server, head, FAKE_HOLD);
    struct rk_req q = watch_req(&watch);
    assert_non_null(rk_client_send(w.client, &q));
    wait_requests(&w, 1);
    fake_step(&w.server, head, FAKE_HOLD);
    struct rk_req l = watch_req(&list);
    l.query = "limit=500";
    assert_non_null(rk_client_send(w.client, &l));
    wait_requests(&w, 2);
    fake_step(&w.server, head, FAKE_HOLD);
    struct rk_req r = post_req(&total);
    assert_non_null(rk_client_send(w.client, &r));
    wait_done(&w, &total, 1);
    assert_int_equal(total.resp.code, RK_E_IO);
    assert_true(total.resp.unknown);
    assert_in_range(total.resp.took_ms, 299, 5000);
    wait_done(&w, &list, 1);
    assert_int_equal(list.resp.code, RK_E_IO);
    assert_in_range(list.resp.took_ms, 999, 10000); /* not by the 300 ms */
    assert_string_equal(rk_buf_text(&list.stream), "abc");
    assert_int_equal(watch.done, 0);
    fake_release(&w.server, "2\r\nde\r\n0\r\n\r\n");
    wait_done(&w, &watch, 1);
    assert_int_equal(watch.resp.code, 0);
    assert_string_equal(rk_buf_text(&watch.stream), "abcde");
    forget(&total);
    forget(&list);
    forget(&watch);
    close_world(&w);
}

static void a_broken_connection_raises_no_signal(void **state)
{
    (void)state;
    struct world w;
    struct sigaction now;
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    open_world(&w);
    assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
    assert_true(now.sa_handler == SIG_IGN);
    close_world(&w);
}

/* --- Verbs and URLs ----------------------------------------------------- */

static const struct rk_target pod = {"v1", "pods", "x", "a", false};

static void answers_about_a_secret_hold_metadata_only(void **state)
{
    (void)state;
    static const struct rk_target secret = {"v1", "secrets", "x", "a", true};
    struct world w;
    struct seen s = {0};
    open_world(&w);
    struct rk_write wr = {.epoch = 7, .done = on_done, .ctx = &s};
    assert_non_null(rk_kube_create(w.client, &secret, rk_span_of("{}"), &wr));
    wait_done(&w, &s, 1);
    assert_non_null(rk_kube_get(w.client, &secret, 0, on_done, &s));
    wait_done(&w, &s, 2);
    assert_string_equal(w.server.requests[0].body, "{}");
    for (size_t i = 0; i < 2; i++)
        assert_non_null(strstr(fake_header(&w.server, i, "Accept"), "as=PartialObjectMetadata;"));
    forget(&s);
    close_world(&w);
}

static void verbs_say_path_body_and_precondition(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    struct rk_write wr = {.epoch = 7, .done = on_done, .ctx = &s};
    assert_non_null(rk_kube_create(w.client, &pod, rk_span_of("{}"), &wr));
    wait_done(&w, &s, 1);
    assert_non_null(rk_kube_delete(w.client, &pod, "u-1", NULL, -1, &wr));
    wait_done(&w, &s, 2);
    assert_non_null(rk_kube_delete(w.client, &pod, "u\"1", "42", 0, &wr));
    wait_done(&w, &s, 3);
    assert_non_null(rk_kube_patch(w.client, &pod, "merge", "status", rk_span_of("{\"b\":2}"), &wr));
    wait_done(&w, &s, 4);
    assert_non_null(rk_kube_patch(w.client, &pod, "json", NULL, rk_span_of("[]"), &wr));
    wait_done(&w, &s, 5);
    assert_non_null(rk_kube_get(w.client, &pod, 0, on_done, &s));
    wait_done(&w, &s, 6);
    const struct fake_request *r = w.server.requests;
    assert_true(fake_head_is(&w.server, 0, "POST /api/v1/namespaces/x/pods"));
    assert_string_equal(r[0].body, "{}");
    assert_true(fake_head_is(&w.server, 1, "DELETE /api/v1/namespaces/x/pods/a"));
    assert_string_equal(
        r[1].body,
        "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"u-1\"},\"propagationPolicy\":\"Background\"}");
    assert_string_equal(
        r[2].body,
        "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":\"u\\\"1\",\"resourceVersion\":\"42\"},\"gracePeriodSeconds\":0,\"propagationPolicy\":\"Background\"}");
    assert_true(fake_head_is(&w.server, 3, "PATCH /api/v1/namespaces/x/pods/a/status"));
    assert_string_equal(r[3].body, "{\"b\":2}");
    assert_string_equal(fake_header(&w.server, 3, "Content-Type"), "application/merge-patch+json");
    assert_string_equal(fake_header(&w.server, 4, "Content-Type"), "application/json-patch+json");
    assert_true(fake_head_is(&w.server, 5, "GET /api/v1/namespaces/x/pods/a"));
    assert_int_equal(w.gate_calls, 10);
    forget(&s);
    close_world(&w);
}

static void a_delete_of_what_is_gone_succeeds_and_one_of_its_successor_conflicts(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    fake_reply(&w.server, 404, "", "{\"kind\":\"Status\",\"reason\":\"NotFound\"}");
    fake_reply(&w.server, 409, "", "{\"kind\":\"Status\",\"reason\":\"Conflict\"}");
    struct rk_write wr = {.epoch = 7, .done = on_done, .ctx = &s};
    assert_non_null(rk_kube_delete(w.client, &pod, "u", NULL, -1, &wr));
    wait_done(&w, &s, 1);
    assert_int_equal(s.resp.code, 0);
    assert_int_equal(s.resp.http, 404);
    assert_non_null(rk_kube_delete(w.client, &pod, "u", NULL, -1, &wr));
    wait_done(&w, &s, 2);
    assert_int_equal(s.resp.code, RK_E_CONFLICT);
    forget(&s);
    close_world(&w);
}

static void what_cannot_be_asked_for_is_refused_without_a_request(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    struct rk_write wr = {.epoch = 7, .done = on_done, .ctx = &s};
    struct rk_target bad = {"v1", "pods", "x", "a/../b", false};
    assert_non_null(rk_kube_create(w.client, &bad, rk_span_of("{}"), &wr));
    assert_non_null(rk_kube_delete(w.client, &pod, NULL, NULL, -1, &wr));
    assert_non_null(rk_kube_delete(w.client, &pod, "", NULL, -1, &wr));
    assert_int_equal(s.done, 0);
    wait_done(&w, &s, 3);
    assert_int_equal(s.resp.code, RK_E_INVAL);
    assert_true(s.resp.unsent);
    assert_int_equal(w.server.n_requests, 0);
    rk_call *call = rk_kube_get(w.client, &bad, 0, on_done, &s);
    rk_client_cancel(w.client, call);
    turn(w.poll);
    assert_int_equal(s.done, 3);
    forget(&s);
    close_world(&w);
}

static void urls_follow_the_api_and_illegal_names_make_none(void **state)
{
    (void)state;
    static const struct {
        const char *api, *plural, *ns, *name, *sub, *want;
    } cases[] = {
        {"v1", "pods", NULL, NULL, NULL, "/api/v1/pods"},
        {"v1", "pods", "x", "a.b-c", "status", "/api/v1/namespaces/x/pods/a.b-c/status"},
        {"ray.io/v1", "rayclusters", "x", NULL, NULL, "/apis/ray.io/v1/namespaces/x/rayclusters"},
        {"rbac.authorization.k8s.io/v1", "roles", "x", "system:a b?", NULL, NULL},
        {"rbac.authorization.k8s.io/v1", "roles", "x", "system:a?", NULL,
         "/apis/rbac.authorization.k8s.io/v1/namespaces/x/roles/system%3Aa%3F"},
        {"v1", "pods", "x", "..", NULL, NULL},
        {"v1", "pods", "x", "", NULL, NULL},
        {"v1", "pods", "x", "a%2fb", NULL, NULL},
        {"v1", "pods", "x/y", "a", NULL, NULL},
        {"v1", "pods", "X", "a", NULL, NULL},
        {"v1", "pods?x", "x", "a", NULL, NULL},
        {"v1/../v2", "pods", "x", "a", NULL, NULL},
        {"", "pods", "x", "a", NULL, NULL},
        {"v1", "pods", "x", NULL, "status", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[RK_URL_MAX];
        int rc =
            rk_url(out, cases[i].api, cases[i].plural, cases[i].ns, cases[i].name, cases[i].sub);
        assert_int_equal(rc, cases[i].want ? 0 : RK_E_INVAL);
        assert_string_equal(out, cases[i].want ? cases[i].want : "");
    }
    struct rk_buf b;
    rk_buf_init(&b, 64);
    rk_url_escape(&b, "a in (b,c)");
    assert_string_equal(rk_buf_text(&b), "a%20in%20%28b%2Cc%29");
    rk_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_carries_token_and_headers_and_brings_the_body),
        cmocka_unit_test(a_post_carries_its_body_and_connections_are_used_again),
        cmocka_unit_test(metadata_is_asked_for_by_the_shape_of_the_path),
        cmocka_unit_test(statuses_become_codes_and_status_bodies_reason_and_message),
        cmocka_unit_test(a_refusal_that_is_no_status_is_quoted),
        cmocka_unit_test(a_get_is_tried_again_after_500_503_and_resets),
        cmocka_unit_test(a_get_is_given_up_after_five_tries),
        cmocka_unit_test(a_version_from_the_future_is_not_waited_for),
        cmocka_unit_test(a_write_that_is_cut_off_anywhere_is_unknown_and_not_sent_again),
        cmocka_unit_test(a_refusal_that_is_cut_off_is_still_a_refusal),
        cmocka_unit_test(a_connection_closed_between_requests_costs_nothing_but_a_resend),
        cmocka_unit_test(a_resend_that_meets_a_shut_gate_is_unknown),
        cmocka_unit_test(a_slow_answer_to_a_write_is_unknown),
        cmocka_unit_test(a_server_that_is_not_there_leaves_writes_unsent_and_reads_failed),
        cmocka_unit_test(a_body_over_the_bound_is_refused),
        cmocka_unit_test(retry_after_stops_the_unary_lane_but_not_the_lease),
        cmocka_unit_test(a_throttled_write_is_reported_with_its_time_and_never_sent_again),
        cmocka_unit_test(the_window_bounds_what_is_in_flight_grows_and_halves),
        cmocka_unit_test(the_ceiling_of_requests_per_second_holds_after_the_burst),
        cmocka_unit_test(higher_priority_goes_first_then_age),
        cmocka_unit_test(a_401_with_a_new_token_on_disk_is_tried_once_more),
        cmocka_unit_test(a_401_that_is_hearsay_says_nothing_about_the_token),
        cmocka_unit_test(a_401_with_the_same_token_is_reported),
        cmocka_unit_test(the_clusters_proxy_beats_the_environment),
        cmocka_unit_test(a_tls_server_name_is_asked_for_at_the_servers_address),
        cmocka_unit_test(a_gate_that_shuts_before_the_request_leaves_keeps_it_here),
        cmocka_unit_test(a_cancelled_call_never_calls_back_and_its_connection_goes),
        cmocka_unit_test(cutting_writes_resets_them_and_leaves_reads_alone),
        cmocka_unit_test(bytes_queued_in_a_cut_writes_socket_are_never_delivered),
        cmocka_unit_test(the_second_half_of_a_write_stays_here_when_the_gate_has_shut),
        cmocka_unit_test(a_stream_hands_over_bytes_as_they_come_and_tells_a_clean_end),
        cmocka_unit_test(a_stream_whose_chunks_break_off_is_an_error),
        cmocka_unit_test(a_refused_stream_brings_its_status_and_no_bytes),
        cmocka_unit_test(a_consumer_that_refuses_ends_the_stream_with_its_code),
        cmocka_unit_test(a_consumer_may_cancel_its_own_and_other_streams_from_within),
        cmocka_unit_test(a_lane_that_libcurl_has_wrecked_starts_afresh),
        cmocka_unit_test(a_client_with_everything_under_way_can_be_freed),
        cmocka_unit_test(all_lanes_work_on_one_thread_and_leave_no_descriptor),
        cmocka_unit_test(a_lane_in_which_libcurl_turns_in_circles_is_renewed),
        cmocka_unit_test(every_socket_finds_out_that_its_peer_is_dead),
        cmocka_unit_test(an_idle_connection_is_not_used_again_after_its_time),
        cmocka_unit_test(connecting_has_a_time_of_its_own),
        cmocka_unit_test(
            a_request_has_a_total_time_a_list_must_keep_coming_and_a_watch_may_be_silent),
        cmocka_unit_test(a_broken_connection_raises_no_signal),
        cmocka_unit_test(answers_about_a_secret_hold_metadata_only),
        cmocka_unit_test(verbs_say_path_body_and_precondition),
        cmocka_unit_test(a_delete_of_what_is_gone_succeeds_and_one_of_its_successor_conflicts),
        cmocka_unit_test(what_cannot_be_asked_for_is_refused_without_a_request),
        cmocka_unit_test(urls_follow_the_api_and_illegal_names_make_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
