/* See health.h. */
#include "core/loop/health.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define CONNECTIONS 32
#define IDLE_S      10
#define LOOK_MS     1000

struct rk_health {
    struct rk_poll *poll;
    struct MHD_Daemon *daemon;
    rk_health_fn *healthy, *ready;
    void *ctx;
    struct rk_timer timer;
    int fd;
};

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, const char *text)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                             MHD_RESPMEM_MUST_COPY);
    if (!r)
        return MHD_NO;
    (void)MHD_add_response_header(
        r, "Content-Type", "text/plain; charset=utf-8"); /* without it the answer is as good */
    enum MHD_Result rc = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **state)
{
    struct rk_health *h = ctx;
    char text[768] = "";
    (void)version;
    (void)data;
    (void)state;
    if (*data_size > 0 || (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
        return reply(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
    rk_health_fn *fn = strcmp(url, "/healthz") == 0  ? h->healthy
                       : strcmp(url, "/readyz") == 0 ? h->ready
                                                     : NULL;
    if (!fn)
        return reply(c, MHD_HTTP_NOT_FOUND, "here are /healthz and /readyz\n");
    bool well = fn(h->ctx, text, sizeof(text) - 2);
    size_t n = strlen(text);
    text[n] = '\n';
    text[n + 1] = '\0';
    return reply(c, well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

static void run(void *ctx)
{
    struct rk_health *h = ctx;
    MHD_UNSIGNED_LONG_LONG ms;
    (void)MHD_run(h->daemon); /* a failed connection is that client's matter */
    /* When all places were taken, MHD listens again only in the run after the one that threw the silent ones out, and asks for no
     * timeout: so we look at least once in LOOK_MS. */
    int64_t wait = LOOK_MS;
    if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && ms < LOOK_MS)
        wait = ms < 1 ? 1 : (int64_t)ms;
    rk_timer_in(h->poll, &h->timer, wait, run, h);
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

static int listen_on(const char *address, int *ret_fd, int *ret_port, struct rk_err *err)
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

int rk_health_new(struct rk_poll *poll, const char *address, rk_health_fn *healthy,
                  rk_health_fn *ready, void *ctx, struct rk_health **ret, int *ret_port,
                  struct rk_err *err)
{
    int fd = -1, port = 0;
    if (listen_on(address, &fd, &port, err) != 0)
        return rk_err_wrap(err, "health");
    struct rk_health *h = rk_alloc(sizeof(*h));
    h->poll = poll;
    h->healthy = healthy;
    h->ready = ready;
    h->ctx = ctx;
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
    if (!h->daemon) {
        close(fd);
        rk_free(h);
        return rk_err_set(err, RK_E_IO, "health: the HTTP server does not start on '%s'", address);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    h->fd = info ? info->epoll_fd : -1;
    if (rk_poll_fd(poll, h->fd, RK_POLL_IN, on_fd, h, err) != 0) {
        rk_health_free(h);
        return rk_err_wrap(err, "health");
    }
    *ret = h;
    *ret_port = port;
    return 0;
}

void rk_health_free(struct rk_health *h)
{
    if (!h)
        return;
    rk_timer_del(h->poll, &h->timer);
    rk_poll_fd_del(h->poll, h->fd);
    MHD_stop_daemon(h->daemon);
    rk_free(h);
}
