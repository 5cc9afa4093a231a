/* Included by the tests that use it. Test code: raw memory and assertions are fine here. */
#include "tests/lib/fakeapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"

struct fakeapi_conn {
    struct fakeapi *api;
    struct fakeapi_conn *next;
    int fd;
    char *in;
    size_t n;
    struct fakeapi_call *call; /* being answered */
};

struct fakeapi {
    struct rk_poll *poll;
    int fd;
    uint16_t port;
    char url[64];
    struct fakeapi_conn *conns;
    struct fakeapi_call *calls, **tail;
};

static void conn_close(struct fakeapi_conn *k, bool reset)
{
    struct fakeapi *f = k->api;
    if (reset) {
        struct linger hard = {1, 0};
        (void)setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    rk_poll_fd_del(f->poll, k->fd);
    (void)close(k->fd);
    for (struct fakeapi_call *c = f->calls; c; c = c->next)
        if (c->conn == k) {
            c->conn = NULL;
            c->gone = !c->over;
        }
    struct fakeapi_conn **at = &f->conns;
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    free(k->in);
    free(k);
}

static size_t content_length(const char *head)
{
    const char *p = strcasestr(head, "\ncontent-length:");
    return p ? strtoul(p + 16, NULL, 10) : 0;
}

/* Take one whole request off the front of the input, if there is one. */
static bool conn_request(struct fakeapi_conn *k)
{
    struct fakeapi *f = k->api;
    char *end = memmem(k->in, k->n, "\r\n\r\n", 4);
    if (!end)
        return false;
    *end = '\0';
    size_t head = (size_t)(end - k->in) + 4, body = content_length(k->in);
    if (k->n < head + body) {
        *end = '\r';
        return false;
    }
    struct fakeapi_call *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->api = f;
    c->conn = k;
    c->at_ms = rk_clock_ms();
    c->head = strdup(k->in);
    assert_int_equal(sscanf(k->in, "%7s %4095s", c->method, c->target), 2);
    c->body = strndup(k->in + head, body);
    c->body_len = body;
    k->n -= head + body;
    memmove(k->in, k->in + head + body, k->n);
    *f->tail = c;
    f->tail = &c->next;
    return true;
}

static void on_conn(void *ctx, int fd, unsigned events)
{
    struct fakeapi_conn *k = ctx;
    (void)events;
    char piece[16384];
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        conn_close(k, false);
        return;
    }
    k->in = realloc(k->in, k->n + (size_t)n + 1);
    assert_non_null(k->in);
    memcpy(k->in + k->n, piece, (size_t)n);
    k->n += (size_t)n;
    k->in[k->n] = '\0';
    assert_true(k->n < 1024 * 1024);
    while (k->n && conn_request(k))
        ;
}

static void on_listen(void *ctx, int fd, unsigned events)
{
    struct fakeapi *f = ctx;
    (void)events;
    int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (s < 0)
        return;
    struct fakeapi_conn *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->api = f;
    k->fd = s;
    k->next = f->conns;
    f->conns = k;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_fd(f->poll, s, RK_POLL_IN, on_conn, k, &err), 0);
}

void fakeapi_up(struct fakeapi *f)
{
    struct rk_err err = RK_ERR_INIT;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(f->fd >= 0);
    int on = 1;
    (void)setsockopt(f->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(f->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(f->fd, 64), 0);
    socklen_t n = sizeof a;
    assert_int_equal(getsockname(f->fd, (struct sockaddr *)&a, &n), 0);
    f->port = ntohs(a.sin_port);
    (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u", f->port);
    assert_int_equal(rk_poll_fd(f->poll, f->fd, RK_POLL_IN, on_listen, f, &err), 0);
}

void fakeapi_down(struct fakeapi *f)
{
    rk_poll_fd_del(f->poll, f->fd);
    (void)close(f->fd);
    f->fd = -1;
    while (f->conns)
        conn_close(f->conns, true);
}

struct fakeapi *fakeapi_new(struct rk_poll *p)
{
    struct fakeapi *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->poll = p;
    f->tail = &f->calls;
    fakeapi_up(f);
    return f;
}

void fakeapi_free(struct fakeapi *f)
{
    if (f->fd >= 0)
        fakeapi_down(f);
    while (f->calls) {
        struct fakeapi_call *c = f->calls;
        f->calls = c->next;
        free(c->head);
        free(c->body);
        free(c);
    }
    free(f);
}

const char *fakeapi_url(const struct fakeapi *f)
{
    return f->url;
}

bool fakeapi_until(struct fakeapi *f, bool (*cond)(void *), void *ctx, int64_t wait_ms)
{
    struct rk_err err = RK_ERR_INIT;
    int64_t until = rk_clock_ms() + wait_ms;
    for (;;) {
        if (cond(ctx))
            return true;
        int64_t left = until - rk_clock_ms();
        if (left <= 0)
            return false;
        assert_int_equal(rk_poll_turn(f->poll, left < 50 ? left : 50, &err), 0);
    }
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void fakeapi_idle(struct fakeapi *f, int64_t ms)
{
    (void)fakeapi_until(f, never, NULL, ms); /* the time is always used up */
}

struct fakeapi_want {
    struct fakeapi *api;
    const char *method, *part;
    struct fakeapi_call *found;
};

static bool arrived(void *ctx)
{
    struct fakeapi_want *w = ctx;
    for (struct fakeapi_call *c = w->api->calls; c; c = c->next)
        if (!c->taken && (!w->method || strcmp(c->method, w->method) == 0) &&
            (!w->part || strstr(c->target, w->part))) {
            w->found = c;
            return true;
        }
    return false;
}

bool fakeapi_pending(struct fakeapi *f, const char *method, const char *part)
{
    struct fakeapi_want w = {f, method, part, NULL};
    return arrived(&w);
}

struct fakeapi_call *fakeapi_next_of(struct fakeapi *f, const char *method, const char *part)
{
    struct fakeapi_want w = {f, method, part, NULL};
    if (!fakeapi_until(f, arrived, &w, FAKEAPI_WAIT_MS))
        fail_msg("no request %s %s came", method ? method : "", part ? part : "");
    w.found->taken = true;
    return w.found;
}

struct fakeapi_call *fakeapi_next(struct fakeapi *f)
{
    return fakeapi_next_of(f, NULL, NULL);
}

bool fakeapi_has(const struct fakeapi_call *c, const char *part)
{
    return strstr(c->target, part) != NULL;
}

static void put(struct fakeapi_call *c, const char *p, size_t n)
{
    while (n && c->conn) {
        ssize_t done = send(c->conn->fd, p, n, MSG_NOSIGNAL);
        if (done <= 0) {
            c->gone = true;
            return;
        }
        p += done;
        n -= (size_t)done;
    }
}

static void put_text(struct fakeapi_call *c, const char *text)
{
    put(c, text, strlen(text));
}

void fakeapi_reply(struct fakeapi_call *c, int status, const char *headers, const char *fmt, ...)
{
    char *body = NULL, head[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&body, fmt, ap);
    va_end(ap);
    assert_true(n >= 0);
    (void)snprintf(
        head, sizeof head,
        "HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n",
        status, headers ? headers : "", n);
    put_text(c, head);
    put(c, body, (size_t)n);
    c->over = true;
    c->conn = NULL; /* the connection goes on to its next request */
    free(body);
}

void fakeapi_status(struct fakeapi_call *c, int code, const char *reason, const char *message)
{
    fakeapi_reply(
        c, code, NULL,
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"%s\","
        "\"reason\":\"%s\",\"code\":%d}",
        message, reason, code);
}

void fakeapi_stream(struct fakeapi_call *c)
{
    put_text(
        c,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    c->chunked = true;
}

void fakeapi_chunk(struct fakeapi_call *c, const char *fmt, ...)
{
    char *text = NULL, size[32];
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    assert_true(n > 0 && c->chunked);
    (void)snprintf(size, sizeof size, "%x\r\n", (unsigned)n);
    put_text(c, size);
    put(c, text, (size_t)n);
    put_text(c, "\r\n");
    free(text);
}

void fakeapi_end(struct fakeapi_call *c)
{
    assert_true(c->chunked);
    put_text(c, "0\r\n\r\n");
    c->over = true;
    c->conn = NULL;
}

void fakeapi_reset(struct fakeapi_call *c)
{
    if (c->conn)
        conn_close(c->conn, true);
}
