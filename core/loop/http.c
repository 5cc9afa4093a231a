/* See http.h. */
#include "core/loop/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define LIFE_MS  30000 /* of a connection, however busy it looks */
#define IDLE_S   10
#define LOOK_MS  1000
#define PAGE_MAX ((size_t)16 << 20)

struct client {
    LIST_ENTRY(client) link;
    int fd;
    int64_t born_ms;
    struct MHD_Connection *waits; /* suspended until its page is known; NULL */
};

struct kept { /* the last page, which those who ask in time share */
    struct MHD_Response *response;
    int64_t made_ms;
    char path[64];
};

struct rk_http {
    LIST_HEAD(clients, client) clients;
    struct rk_poll *poll;
    struct MHD_Daemon *daemon;
    const char *type;
    rk_http_page *page;
    void *ctx;
    struct rk_timer timer;
    int fd;
    int64_t keep_ms;
    struct kept kept;
};

static struct MHD_Response *response(const struct rk_http *h, struct rk_buf *text)
{
    size_t n;
    char *bytes = rk_buf_take(text, &n);
    struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback(n, bytes, rk_free);
    if (!r) {
        rk_free(bytes);
        return NULL;
    }
    (void)MHD_add_response_header(r, "Content-Type",
                                  h->type); /* without it the answer is as good */
    return r;
}

static void forget(struct rk_http *h)
{
    if (h->kept.response)
        MHD_destroy_response(h->kept.response); /* lives on while somebody reads it */
    h->kept.response = NULL;
}

/* Takes the text. */
static enum MHD_Result reply(struct rk_http *h, struct MHD_Connection *c, unsigned status,
                             const char *path, struct rk_buf *text)
{
    if (text->full) {
        rk_buf_clear(text);
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        (void)rk_buf_addf(text, "the page is larger than %zu bytes\n", PAGE_MAX); /* fits */
    }
    struct MHD_Response *r = response(h, text);
    if (!r)
        return MHD_NO;
    enum MHD_Result rc = MHD_queue_response(c, status, r);
    if (status == MHD_HTTP_OK && h->keep_ms > 0) {
        forget(h);
        if (rk_str_copy(h->kept.path, sizeof(h->kept.path), path) == 0) {
            h->kept.response = r;
            h->kept.made_ms = rk_clock_ms();
            return rc;
        }
    }
    MHD_destroy_response(r);
    return rc;
}

/* Its page is not known yet. */
static enum MHD_Result wait(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct client *k = info ? info->socket_context : NULL;
    if (!k)
        return MHD_NO;
    k->waits = c;
    MHD_suspend_connection(c);
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **state)
{
    struct rk_http *h = ctx;
    struct rk_buf text;
    unsigned status;
    (void)version;
    (void)data;
    (void)state;
    rk_buf_init(&text, PAGE_MAX);
    if (*data_size > 0 || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)) {
        (void)rk_buf_adds(&text, "GET only\n"); /* fits */
        return reply(h, c, MHD_HTTP_METHOD_NOT_ALLOWED, url, &text);
    }
    if (h->kept.response && strcmp(h->kept.path, url) == 0 &&
        rk_clock_ms() - h->kept.made_ms < h->keep_ms)
        return MHD_queue_response(c, MHD_HTTP_OK, h->kept.response);
    const char *value;
    size_t size;
    const struct rk_http_ask ask = {
        .path = url,
        .verbose = MHD_lookup_connection_value_n(c, MHD_GET_ARGUMENT_KIND, "verbose", 7, &value,
                                                 &size) == MHD_YES};
    status = h->page(h->ctx, &ask, &text);
    if (status != 0)
        return reply(h, c, status, url, &text);
    rk_buf_done(&text);
    return wait(c);
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    struct rk_http *h = ctx;
    struct client *k = *state;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (k)
            LIST_REMOVE(k, link);
        rk_free(k);
        *state = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return;
    *state = k = rk_alloc(sizeof(*k));
    k->fd = info->connect_fd;
    k->born_ms = rk_clock_ms();
    LIST_INSERT_HEAD(&h->clients, k, link);
}

/* A client that sends or takes a byte now and then would keep its place for ever. */
static void end_old(struct rk_http *h)
{
    int64_t now = rk_clock_ms();
    for (struct client *k = LIST_FIRST(&h->clients); k; k = LIST_NEXT(k, link))
        if (now - k->born_ms > LIFE_MS)
            (void)shutdown(k->fd, SHUT_RDWR); /* MHD sees the end and closes it */
}

static void run(void *ctx)
{
    struct rk_http *h = ctx;
    MHD_UNSIGNED_LONG_LONG ms;
    end_old(h);
    (void)MHD_run(h->daemon); /* a failed connection is that client's matter */
    /* When all places were taken, MHD listens again only in the run after the one that threw the
     * silent ones out, and asks for no timeout: so we look at least once in LOOK_MS. */
    int64_t wait = LOOK_MS;
    if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && ms < LOOK_MS)
        wait = ms < 1 ? 1 : (int64_t)ms;
    rk_timer_in(h->poll, &h->timer, wait, run, h);
}

void rk_http_keep(struct rk_http *h, int64_t ms)
{
    h->keep_ms = ms;
}

static bool resume(struct rk_http *h)
{
    bool any = false;
    for (struct client *k = LIST_FIRST(&h->clients); k; k = LIST_NEXT(k, link)) {
        if (!k->waits)
            continue;
        MHD_resume_connection(k->waits);
        k->waits = NULL;
        any = true;
    }
    return any;
}

void rk_http_wake(struct rk_http *h)
{
    if (h && resume(h))
        run(h);
}

static void on_fd(void *ctx, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    run(ctx);
}

static int split_address(const char *address, char *host, size_t host_size, const char **ret_port,
                         struct rk_err *err)
{
    const char *colon = strrchr(address, ':');
    int64_t port;
    if (!colon || rk_str_int(rk_span_of(colon + 1), 0, 65535, &port) != 0)
        return rk_err_set(err, RK_E_INVAL, "address '%s': host:port is wanted", address);
    const char *from = address;
    size_t n = (size_t)(colon - address);
    if (n >= 2 && from[0] == '[' && from[n - 1] == ']') {
        from++;
        n -= 2;
    }
    if (rk_str_copyn(host, host_size, from, n) != 0)
        return rk_err_set(err, RK_E_INVAL, "address '%s': host is too long", address);
    *ret_port = colon + 1;
    return 0;
}

int rk_http_listen(const char *address, int *ret_fd, int *ret_port, struct rk_err *err)
{
    char host[256];
    const char *port = NULL;
    int rc = split_address(address, host, sizeof(host), &port, err);
    if (rc != 0)
        return rc;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV},
                    *ai;
    if (getaddrinfo(host[0] ? host : NULL, port, &hints, &ai) != 0)
        return rk_err_set(err, RK_E_INVAL, "address '%s': the host must be an IP address", address);
    int one = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } sa = {.room = {0}};
    socklen_t len = sizeof(sa);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, &sa.any, &len) != 0) {
        int saved = errno;
        if (fd >= 0)
            close(fd);
        freeaddrinfo(ai);
        return rk_err_errno(err, saved, "address '%s'", address);
    }
    freeaddrinfo(ai);
    *ret_port = ntohs(sa.any.sa_family == AF_INET6 ? sa.v6.sin6_port : sa.v4.sin_port);
    *ret_fd = fd;
    return 0;
}

int rk_http_new(struct rk_poll *poll, int fd, const char *type, unsigned clients,
                rk_http_page *page, void *ctx, struct rk_http **ret, struct rk_err *err)
{
    struct rk_http *h = rk_alloc(sizeof(*h));
    LIST_INIT(&h->clients);
    h->poll = poll;
    h->type = type;
    h->page = page;
    h->ctx = ctx;
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, h,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, clients,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)16384, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
    if (!h->daemon) {
        close(fd);
        rk_free(h);
        return rk_err_set(err, RK_E_IO, "the HTTP server does not start");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    h->fd = info ? info->epoll_fd : -1;
    if (rk_poll_fd(poll, h->fd, RK_POLL_IN, on_fd, h, err) != 0) {
        rk_http_free(h);
        return rk_err_wrap(err, "the HTTP server");
    }
    *ret = h;
    return 0;
}

void rk_http_free(struct rk_http *h)
{
    if (!h)
        return;
    rk_timer_del(h->poll, &h->timer);
    rk_poll_fd_del(h->poll, h->fd);
    (void)resume(h); /* a daemon with suspended connections cannot be stopped */
    MHD_stop_daemon(h->daemon);
    forget(h);
    rk_free(h);
}
