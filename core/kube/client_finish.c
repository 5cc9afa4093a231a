/* What came of a try: HTTP status or transport error to one outcome, one more try where that is
 * safe, and telling the caller.
 *
 * Only two things are tried again here: a GET that is collected (client.md 37), and once anything
 * that met 401 or distrust with credentials that have changed since. Everything else is the caller's decision, who
 * gets to know whether a write may have happened (`unknown`). */
#include "core/kube/client_room.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/json/scan.h"

#define RETRY_BASE_MS 50

/* The only place where HTTP statuses become codes. */
static int code_of(int http)
{
    if (http >= 200 && http < 300)
        return 0;
    switch (http) {
    case 401:
    case 403:
        return RK_E_AUTH;
    case 404:
        return RK_E_NOENT;
    case 409:
        return RK_E_CONFLICT;
    case 410:
        return RK_E_GONE;
    case 429:
    case 503:
        return RK_E_BUSY;
    case 408:
        return RK_E_IO;
    default:
        return http >= 400 && http < 500 ? RK_E_INVAL : RK_E_IO;
    }
}

/* A text of somebody else's for people and logs: one line, whole characters. */
static void copy_text(char *dst, size_t size, const char *p, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        size_t step = rk_str_utf8_char(p + i, n - i);
        bool plain = step > 1 || (step == 1 && (unsigned char)p[i] >= 0x20 && p[i] != 0x7f);
        size_t len = plain ? step : 1;
        if (out + len >= size)
            break;
        if (plain)
            memcpy(dst + out, p + i, len);
        else
            dst[out] = ' ';
        out += len;
        i += step ? step : 1;
    }
    dst[out] = '\0';
}

static void status_text(struct rk_span doc, const char *path, char *dst, size_t size)
{
    struct rk_span raw = rk_scan_get(doc, path);
    if (!raw.p)
        return;
    char *text = rk_alloc(raw.n + 1);
    if (rk_scan_text(raw, text, raw.n + 1) == 0)
        copy_text(dst, size, text, strlen(text));
    rk_free(text);
}

/* A refusal: the Status object that the API server sends, or whatever a proxy in between says. */
static void read_refusal(struct rk_call *call)
{
    struct rk_resp *r = &call->resp;
    struct rk_span doc = r->body;
    char kind[16] = "";
    status_text(doc, "kind", kind, sizeof kind);
    if (rk_str_eq(kind, "Status")) {
        status_text(doc, "reason", r->reason, sizeof r->reason);
        status_text(doc, "message", r->message, sizeof r->message);
        int64_t s;
        if (r->retry_after_ms < 0 &&
            rk_str_int(rk_scan_get(doc, "details/retryAfterSeconds"), 1, 1000000, &s) == 0)
            r->retry_after_ms = s * 1000;
    }
    if (!r->message[0]) {
        int n = snprintf(r->message, sizeof r->message, "HTTP %d%s", r->http, doc.n ? ": " : "");
        assert(n > 0 && (size_t)n < sizeof r->message);
        copy_text(r->message + n, 256, doc.p, doc.n > 200 ? 200 : doc.n);
    }
    if (r->retry_after_ms > RK__PAUSE_MAX_MS)
        r->retry_after_ms = RK__PAUSE_MAX_MS;
}

static void set_message(struct rk_call *call, const char *text)
{
    copy_text(call->resp.message, sizeof call->resp.message, text, strlen(text));
}

/* The request did not run to its end. */
static void read_failure(struct rk_call *call, CURLcode rc)
{
    struct rk_resp *r = &call->resp;
    r->unsent = !call->left;
    r->code = RK_E_IO;
    if (call->data_code) {
        r->code = call->data_code;
        set_message(call, call->data_err.text);
    } else if (call->too_big) {
        r->code = RK_E_LIMIT;
        set_message(call, "the answer is larger than 16 MiB");
    } else if (call->gate_shut) {
        r->code = RK_E_FAIL;
        set_message(call, "the write gate is shut");
    } else if (call->cut) {
        set_message(call, "cut: leadership is lost");
    } else if (r->http >= 400 && r->http < 500) {
        r->code = code_of(r->http); /* refused for certain, though the reason is cut off */
        read_refusal(call);
    } else {
        set_message(call, call->curl_text[0] ? call->curl_text : curl_easy_strerror(rc));
    }
}

/* A refusal below 500 has changed nothing for certain; 408 says that the server gave up waiting. */
static bool may_have_happened(const struct rk_call *call, CURLcode rc)
{
    int http = call->resp.http;
    if (strcmp(call->req.method, "GET") == 0 || !call->left)
        return false;
    return http == 408 || http >= 500 || (rc != CURLE_OK && (http < 300 || http >= 500));
}

static long info_long(CURL *easy, CURLINFO what)
{
    long v = 0;
    return curl_easy_getinfo(easy, what, &v) == CURLE_OK ? v : 0;
}

static int64_t info_off(CURL *easy, CURLINFO what)
{
    curl_off_t v = 0;
    return curl_easy_getinfo(easy, what, &v) == CURLE_OK ? v : 0;
}

static void tally(struct rk_client *c, const char *method, int http)
{
    size_t i = 0;
    while (i < c->n_tallies &&
           (c->tallies[i].http != http || strcmp(c->tallies[i].method, method) != 0))
        i++;
    if (i == RK_CLIENT_TALLIES)
        i--;
    if (i == c->n_tallies) {
        c->n_tallies++;
        c->tallies[i].http = http;
        rk_str_cut(c->tallies[i].method, sizeof(c->tallies[i].method), method);
    }
    c->tallies[i].n++;
}

static void count(struct rk_call *call, CURLcode rc)
{
    struct rk_client_stats *s = &call->lane->client->stats;
    int http = call->resp.http;
    tally(call->lane->client, call->req.method, rc == CURLE_OK ? http : 0);
    s->by_code[rc == CURLE_OK && http >= 100 && http < 600 ? http / 100 : 0]++;
    s->throttled += http == 429;
    s->resets += rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR || rc == CURLE_GOT_NOTHING ||
                 rc == CURLE_PARTIAL_FILE;
    s->bytes_in += (uint64_t)info_long(call->easy, CURLINFO_HEADER_SIZE);
    s->bytes_out += (uint64_t)info_long(call->easy, CURLINFO_REQUEST_SIZE);
}

/* What the unary lane learns about the server's health. */
static void learn(struct rk_call *call, CURLcode rc)
{
    struct rk__lane *l = call->lane;
    struct rk_client *c = l->client;
    const struct rk_resp *r = &call->resp;
    if (call->gate_shut || call->cut)
        return;
    /* An answer has been heard already, when its head came; this is about what was none. */
    bool broke = rc != CURLE_OK && !call->data_code && !call->too_big;
    if (!call->cancelled && !call->req.hearsay && (broke || r->http >= 500))
        rk__pace_heard(c, broke ? 0 : r->http);
    if (l->kind != RK_LANE_UNARY)
        return;
    if (r->http)
        c->unreachable = 0;
    if (!call->cancelled && (r->unsent || rc == CURLE_COULDNT_CONNECT)) {
        rk__pace_unreachable(c, call);
    } else if (r->http == 429 || r->http >= 500) {
        rk__pace_bad(c, call, r->retry_after_ms);
    } else if (rc == CURLE_OPERATION_TIMEDOUT) {
        rk__pace_bad(c, call, -1);
    } else if (rc == CURLE_OK && !call->req.data) {
        int64_t us = info_off(call->easy, CURLINFO_STARTTRANSFER_TIME_T) -
                     info_off(call->easy, CURLINFO_PRETRANSFER_TIME_T);
        rk__pace_good(c, l->n_flying + 1, us / 1000);
    }
}

static void evaluate(struct rk_call *call, CURLcode rc)
{
    struct rk_resp *r = &call->resp;
    *r = (struct rk_resp){.retry_after_ms = -1};
    r->http = (int)info_long(call->easy, CURLINFO_RESPONSE_CODE);
    if (!call->body.full && (!call->req.data || r->http >= 300))
        r->body = (struct rk_span){rk_buf_text(&call->body), call->body.len};
    else
        r->body = rk_span_of("");
    int64_t after_s = info_off(call->easy, CURLINFO_RETRY_AFTER);
    if (after_s > 0)
        r->retry_after_ms = after_s < RK__PAUSE_MAX_MS / 1000 ? after_s * 1000 : RK__PAUSE_MAX_MS;
    if (rc == CURLE_OK) {
        r->code = code_of(r->http);
        if (r->code)
            read_refusal(call);
    } else {
        read_failure(call, rc);
    }
    r->unknown = may_have_happened(call, rc);
    if (r->http == 404 && call->req.absent_ok)
        r->code = 0;
}

int64_t rk__finish_budget_ms(const struct rk_call *call)
{
    return call->req.timeout_ms > 0 ? call->req.timeout_ms : call->lane->client->conf.request_ms;
}

static bool try_again(const struct rk_call *call)
{
    const struct rk_resp *r = &call->resp;
    if (call->lane->kind != RK_LANE_UNARY || strcmp(call->req.method, "GET") != 0 ||
        call->req.data || call->cut || call->tries >= RK__TRIES_MAX)
        return false;
    if (r->code != RK_E_IO && r->code != RK_E_BUSY)
        return false;
    /* 504 for a version that the server has not reached yet: the caller must ask differently
     * (client.md 16). */
    if (memmem(r->body.p, r->body.n, "ResourceVersionTooLarge", 23))
        return false;
    return rk_clock_ms() - call->first_ms < rk__finish_budget_ms(call);
}

static void delay_over(void *ctx)
{
    rk__client_enqueue(ctx);
}

void rk__finish_settle(struct rk_call *call)
{
    rk__client_unlink(call);
    if (call->cancelled) {
        rk__client_call_free(call);
        return;
    }
    struct rk_client *c = call->lane->client;
    call->resp.took_ms = rk_clock_ms() - call->first_ms;
    call->state = RK__CALL_FINISHED;
    TAILQ_INSERT_TAIL(&c->finished, call, link);
}

/* Turned away for who we are, or not believing who they are: do we know better by now? Once, and
 * nothing has happened yet, whatever the method. */
static bool renew(struct rk_call *call, CURLcode rc)
{
    struct rk_creds *k = call->lane->client->creds;
    if (call->cancelled || call->cut || call->renewed)
        return false;
    if (call->resp.http == 401 && call->req.hearsay)
        return false;
    if (call->resp.http == 401)
        call->renewed = k->token_generation != call->token_generation ||
                        k->generation != call->tls_generation ||
                        rk_creds_rejected(k, call->start_ms);
    else if (!call->left && (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR))
        call->renewed =
            k->generation != call->tls_generation || rk_creds_distrusted(k, call->start_ms);
    return call->renewed;
}

void rk__finish(struct rk_call *call, CURLcode rc)
{
    struct rk_client *c = call->lane->client;
    if (rc == CURLE_OK && !call->head_over)
        rc = CURLE_PARTIAL_FILE;
    evaluate(call, rc);
    count(call, rc);
    learn(call, rc);
    rk__setup_undo(call);
    rk__client_kick(call->lane); /* there is room */
    if (renew(call, rc)) {
        call->left = false; /* it was turned away at the door */
        rk__client_enqueue(call);
    } else if (rk__wait_for_exec(call)) {
        call->left = false; /* likewise */
    } else if (!call->cancelled && try_again(call)) {
        int64_t base = (int64_t)RETRY_BASE_MS << call->tries;
        int64_t wait = call->resp.retry_after_ms >= 0 ? 0 : base + rk__pace_jitter(base);
        rk_timer_in(c->poll, &call->delay, wait, delay_over, call);
    } else {
        rk__finish_settle(call);
    }
}

void rk__finish_unsent(struct rk_call *call, int code, const char *why)
{
    rk__setup_undo(call);
    call->resp = (struct rk_resp){.code = code, .retry_after_ms = -1, .body = rk_span_of("")};
    call->resp.unsent = !call->left;
    call->resp.unknown = call->left && strcmp(call->req.method, "GET") != 0;
    set_message(call, why);
    rk__finish_settle(call);
}

void rk__finish_tell(struct rk_client *c)
{
    struct rk_call *call;
    while ((call = TAILQ_FIRST(&c->finished)) != NULL) {
        TAILQ_REMOVE(&c->finished, call, link);
        rk__client_uncount(call);
        if (call->req.done)
            call->req.done(call->req.ctx, &call->resp);
        rk__client_call_free(call);
    }
}
