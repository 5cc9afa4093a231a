/* See fakehttp.h. */
#include "tests/lib/fakehttp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"

#define FAKE_BUFFER ((size_t)64 << 20)

static void fake_conn_close(struct fake_conn *c, bool reset)
{
    if (c->fd < 0)
        return;
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none); /* a test double */
    rk_poll_fd_del(c->fake->poll, c->fd);
    (void)close(c->fd);
    c->fd = -1;
    c->fake->held -= c->held;
    c->held = false;
}

/* Replies are small next to a loopback socket's buffer, except where the client is meant to give up
 * reading. */
static void fake_conn_write(struct fake_conn *c, const char *p, size_t n)
{
    while (n && c->fd >= 0) {
        ssize_t put = send(c->fd, p, n, MSG_NOSIGNAL);
        if (put < 0)
            return;
        p += put;
        n -= (size_t)put;
    }
}

static void fake_conn_ready(void *ctx, int fd, unsigned events);

void fake_resume(struct fake *f)
{
    for (size_t i = 0; i < f->n_conns; i++) {
        struct fake_conn *c = &f->conns[i];
        if (c->fd < 0 || c->reading)
            continue;
        c->reading = true;
        int rc = rk_poll_fd(f->poll, c->fd, RK_POLL_IN, fake_conn_ready, c, NULL);
        assert(rc == 0);
        (void)rc;
    }
}

static void fake_conn_respond(struct fake_conn *c)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    struct fake *f = c->fake;
    if (f->at_step == f->n_steps) {
        fake_conn_write(c, ok, sizeof ok - 1);
        return;
    }
    struct fake_step *s = &f->steps[f->at_step++];
    if (s->reply)
        fake_conn_write(c, s->reply, s->n);
    if (s->after == FAKE_HOLD) {
        c->held = true;
        f->held++;
        f->held_max = f->held > f->held_max ? f->held : f->held_max;
    } else if (s->after != FAKE_KEEP) {
        fake_conn_close(c, s->after == FAKE_RESET);
    }
}

static size_t fake_body_length(const char *head)
{
    const char *line = strcasestr(head, "\r\nContent-Length:");
    return line ? (size_t)strtoul(line + 17, NULL, 10) : 0;
}

/* One request off the front of the input; false when none is complete. */
static bool fake_conn_parse(struct fake_conn *c)
{
    struct fake *f = c->fake;
    const char *text = rk_buf_text(&c->in);
    const char *end = strstr(text, "\r\n\r\n");
    if (!end)
        return false;
    size_t head_n = (size_t)(end - text) + 4;
    assert(f->n_requests < FAKE_REQUESTS);
    struct fake_request *r = &f->requests[f->n_requests];
    char *head = rk_strndup(text, head_n);
    size_t body_n = f->heads_only ? 0 : fake_body_length(head);
    if (c->in.len < head_n + body_n) {
        rk_free(head);
        return false;
    }
    *r = (struct fake_request){head, rk_strndup(text + head_n, body_n), body_n, c->number};
    f->n_requests++;
    size_t rest = c->in.len - head_n - body_n;
    char *left = rk_strndup(text + head_n + body_n, rest);
    rk_buf_clear(&c->in);
    (void)rk_buf_add(&c->in, left, rest); /* it fitted before */
    rk_free(left);
    if (f->heads_only) {
        c->reading = false;
        rk_poll_fd_del(f->poll, c->fd);
    }
    fake_conn_respond(c);
    return c->fd >= 0 && c->reading;
}

static void fake_conn_ready(void *ctx, int fd, unsigned events)
{
    struct fake_conn *c = ctx;
    char chunk[65536];
    (void)events; /* reading tells what it is */
    ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        c->saw_eof = n == 0;
        c->saw_reset = n < 0 && errno == ECONNRESET;
        fake_conn_close(c, false);
        return;
    }
    int rc = rk_buf_add(&c->in, chunk, (size_t)n);
    assert(rc == 0);
    (void)rc;
    while (fake_conn_parse(c))
        ;
}

static void fake_accept(void *ctx, int fd, unsigned events)
{
    struct fake *f = ctx;
    (void)events;
    int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (conn < 0)
        return;
    assert(f->n_conns < FAKE_CONNS);
    struct fake_conn *c = &f->conns[f->n_conns++];
    *c = (struct fake_conn){.fake = f, .fd = conn, .number = (int)f->n_conns, .reading = true};
    rk_buf_init(&c->in, FAKE_BUFFER);
    int rc = rk_poll_fd(f->poll, conn, RK_POLL_IN, fake_conn_ready, c, NULL);
    assert(rc == 0);
    (void)rc;
}

void fake_open(struct fake *f, struct rk_poll *p)
{
    memset(f, 0, sizeof *f);
    f->poll = p;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = bind(f->fd, (struct sockaddr *)&at, sizeof at);
    rc = rc ? rc : listen(f->fd, 128);
    rc = rc ? rc : getsockname(f->fd, (struct sockaddr *)&at, &n);
    rc = rc ? rc : rk_poll_fd(p, f->fd, RK_POLL_IN, fake_accept, f, NULL);
    assert(rc == 0);
    (void)rc;
    f->port = ntohs(at.sin_port);
}

void fake_shut(struct fake *f)
{
    rk_poll_fd_del(f->poll, f->fd);
    (void)close(f->fd);
    for (size_t i = 0; i < f->n_conns; i++) {
        fake_conn_close(&f->conns[i], false);
        rk_buf_done(&f->conns[i].in);
    }
    for (size_t i = 0; i < f->n_requests; i++) {
        rk_free(f->requests[i].head);
        rk_free(f->requests[i].body);
    }
    for (size_t i = 0; i < f->n_steps; i++)
        rk_free(f->steps[i].reply);
}

void fake_step(struct fake *f, const char *reply, enum fake_after after)
{
    assert(f->n_steps < FAKE_STEPS);
    f->steps[f->n_steps++] = (struct fake_step){rk_strdup(reply), reply ? strlen(reply) : 0, after};
}

void fake_reply(struct fake *f, int status, const char *headers, const char *body)
{
    struct rk_buf b;
    rk_buf_init(&b, FAKE_BUFFER);
    int rc = rk_buf_addf(
        &b, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
        status, strlen(body), headers);
    rc = rc ? rc : rk_buf_adds(&b, body);
    assert(rc == 0);
    (void)rc;
    fake_step(f, rk_buf_text(&b), FAKE_KEEP);
    rk_buf_done(&b);
}

void fake_release(struct fake *f, const char *reply)
{
    for (size_t i = 0; i < f->n_conns; i++) {
        if (!f->conns[i].held)
            continue;
        f->conns[i].held = false;
        f->held--;
        fake_conn_write(&f->conns[i], reply, strlen(reply));
    }
}

void fake_answer(struct fake *f, const char *body)
{
    struct rk_buf b;
    rk_buf_init(&b, FAKE_BUFFER);
    int rc =
        rk_buf_addf(&b, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    assert(rc == 0);
    (void)rc;
    fake_release(f, rk_buf_text(&b));
    rk_buf_done(&b);
}

const char *fake_header(const struct fake *f, size_t i, const char *name)
{
    static char value[4096];
    const char *line = f->requests[i].head;
    size_t n = strlen(name);
    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, n) != 0 || line[n] != ':')
            continue;
        line += n + 1 + strspn(line + n + 1, " ");
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r"), line);
        return value;
    }
    return NULL;
}

bool fake_head_is(const struct fake *f, size_t i, const char *method_and_path)
{
    const char *head = f->requests[i].head;
    size_t n = strlen(method_and_path);
    return strncmp(head, method_and_path, n) == 0 && head[n] == ' ';
}
