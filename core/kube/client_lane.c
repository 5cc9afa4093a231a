/* One curl multi on the event loop (client.md 1, 2): libcurl says which sockets and which time it
 * waits for, the loop tells it when. The two callbacks in which libcurl says so only write that
 * down; they never call libcurl. */
#include "core/kube/client_room.h"

#include <assert.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"

#define SPIN_ROUNDS 20000 /* without a byte, in one second: libcurl turns in circles */
#define SPIN_MS     1000

static const char *const lane_names[RK__LANES] = {"lease", "unary", "watch"};

/* Tell callers of what is through. */
static void drain(struct rk__lane *l)
{
    CURLMsg *msg;
    int left;
    while ((msg = curl_multi_info_read(l->multi, &left)) != NULL) {
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURLcode rc = msg->data.result;
        CURL *easy = msg->easy_handle;
        char *found = NULL;
        CURLcode got = curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
        struct rk_call *call = (struct rk_call *)(void *)found;
        assert(got == CURLE_OK && call && call->easy == easy);
        rk__lane_moved(l);
        rk__lane_remove(call);
        rk__finish(call, rc);
    }
    rk__finish_tell(l->client);
}

static void watchdog(struct rk__lane *l)
{
    if (l->idle_rounds++ == 0) {
        l->idle_since_ms = rk_clock_ms();
    } else if (l->idle_rounds % SPIN_ROUNDS == 0) {
        if (rk_clock_ms() - l->idle_since_ms <= SPIN_MS) {
            rk_log_debug("libcurl spins: its connections are dropped",
                         RK_KV("lane", lane_names[l->kind]));
            l->broken = true;
            rk__client_kick(l);
        }
        l->idle_rounds = 0;
    }
}

static void act(struct rk__lane *l, curl_socket_t fd, int what)
{
    int running;
    watchdog(l);
    CURLMcode rc = curl_multi_socket_action(l->multi, fd, what, &running);
    if (rc != CURLM_OK) {
        rk_log_debug("libcurl failed", RK_KV("lane", lane_names[l->kind]),
                     RK_KV("err", curl_multi_strerror(rc)));
        l->broken = true;
        rk__client_kick(l);
    }
    drain(l);
}

static void socket_ready(void *ctx, int fd, unsigned events)
{
    int what = 0;
    if (events & RK_POLL_IN)
        what |= CURL_CSELECT_IN;
    if (events & RK_POLL_OUT)
        what |= CURL_CSELECT_OUT;
    if (events & RK_POLL_ERR)
        what |= CURL_CSELECT_ERR;
    if ((events & RK_POLL_OUT) && rk__client_cut_half(ctx, fd))
        return;
    act(ctx, fd, what);
}

static void time_is_up(void *ctx)
{
    act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* Which call waits for which socket: rk_client_cut_writes resets it. Only few fly, so we look them
 * through. */
static void remember(struct rk__lane *l, const CURL *easy, int fd, bool gone)
{
    struct rk_call *call;
    TAILQ_FOREACH(call, &l->flying, link)
    {
        if (gone && call->fd == fd)
            call->fd = -1;
        else if (!gone && call->easy == easy)
            call->fd = fd;
    }
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    (void)unused; /* curl_multi_assign is not used */
    struct rk__lane *l = ctx;
    remember(l, easy, fd, what == CURL_POLL_REMOVE);
    if (what == CURL_POLL_REMOVE) {
        rk_poll_fd_del(l->client->poll, fd);
        return 0;
    }
    unsigned events = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= RK_POLL_IN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= RK_POLL_OUT;
    struct rk_err err = RK_ERR_INIT;
    if (rk_poll_fd(l->client->poll, fd, events, socket_ready, l, &err) != 0) {
        rk_log_debug("socket not watched", RK_KV("lane", lane_names[l->kind]),
                     RK_KV("err", err.text));
        l->broken = true;
        rk__client_kick(l);
    }
    return 0;
}

static int time_wanted(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi; /* the lane's */
    struct rk__lane *l = ctx;
    if (timeout_ms < 0)
        rk_timer_del(l->client->poll, &l->curl_timer);
    else
        rk_timer_in(l->client->poll, &l->curl_timer, timeout_ms, time_is_up, l);
    return 0;
}

static int open_multi(struct rk__lane *l, struct rk_err *err)
{
    CURLM *m = curl_multi_init();
    if (!m)
        return rk_err_set(err, RK_E_IO, "curl_multi_init failed");
    const struct rk_client *c = l->client;
    long conns = l->kind == RK_LANE_LEASE ? 2L : (long)c->conf.window_max;
    CURLMcode rc = curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    rc = rc ? rc : curl_multi_setopt(m, CURLMOPT_SOCKETDATA, l);
    rc = rc ? rc : curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, time_wanted);
    rc = rc ? rc : curl_multi_setopt(m, CURLMOPT_TIMERDATA, l);
    rc = rc ? rc : curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, conns);
    rc = rc ? rc
            : curl_multi_setopt(m, CURLMOPT_PIPELINING,
                                c->http2 ? (long)CURLPIPE_MULTIPLEX : (long)CURLPIPE_NOTHING);
    if (rc != CURLM_OK) {
        (void)curl_multi_cleanup(m); /* nothing is in it */
        return rk_err_set(err, RK_E_IO, "curl_multi_setopt: %s", curl_multi_strerror(rc));
    }
    l->multi = m;
    return 0;
}

int rk__lane_init(struct rk_client *c, struct rk__lane *l, enum rk_lane kind, struct rk_err *err)
{
    l->client = c;
    l->kind = kind;
    rk_heap_init(&l->queue);
    TAILQ_INIT(&l->idle);
    TAILQ_INIT(&l->flying);
    return open_multi(l, err);
}

static void close_multi(struct rk__lane *l)
{
    (void)curl_multi_cleanup(l->multi); /* it may be broken; there is nothing else to do with it */
    l->multi = NULL;
    rk_timer_del(l->client->poll, &l->curl_timer);
}

void rk__lane_done(struct rk__lane *l)
{
    if (l->multi)
        close_multi(l);
    if (l->client)
        rk_timer_del(l->client->poll, &l->pump);
    rk_heap_done(&l->queue);
}

int rk__lane_add(struct rk_call *call)
{
    struct rk__lane *l = call->lane;
    TAILQ_REMOVE(&l->idle, call, link);
    TAILQ_INSERT_TAIL(&l->flying, call, link);
    l->n_flying++;
    call->state = RK__CALL_FLYING;
    call->fd = -1;
    if (curl_multi_add_handle(l->multi, call->easy) == CURLM_OK)
        return 0;
    l->broken = true;
    rk__client_kick(l);
    return RK_E_IO;
}

void rk__lane_remove(struct rk_call *call)
{
    struct rk__lane *l = call->lane;
    assert(call->state == RK__CALL_FLYING);
    (void)curl_multi_remove_handle(l->multi,
                                   call->easy); /* fails only for a handle that is not in it */
    if (call->cancelled || call->cut)
        l->n_condemned--;
    TAILQ_REMOVE(&l->flying, call, link);
    l->n_flying--;
    TAILQ_INSERT_TAIL(&l->idle, call, link);
    call->state = RK__CALL_DELAYED;
    call->fd = -1;
}

void rk__lane_renew(struct rk__lane *l)
{
    struct rk_call *call;
    while ((call = TAILQ_FIRST(&l->flying)) != NULL) {
        rk__lane_remove(call);
        rk__finish(call, CURLE_ABORTED_BY_CALLBACK);
    }
    close_multi(l);
    l->broken = false;
    l->idle_rounds = 0;
    struct rk_err err = RK_ERR_INIT;
    int rc = open_multi(l, &err); /* fails when memory is out, and then the process ends (77) */
    assert(rc == 0);
    (void)rc;
}
