/* The client's public calls; its lists and queues; what starts when. See client_room.h for the
 * other files. */
#include "core/kube/client_room.h"

#include <assert.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/clock.h"
#include "core/base/mem.h"

#define HTTP2_LEAST 0x080400u /* client.md 3 */

/* --- Birth and death ---------------------------------------------------- */

static void defaults(struct rk_client_conf *k)
{
    k->connect_ms = k->connect_ms > 0 ? k->connect_ms : 5000;
    k->request_ms = k->request_ms > 0 ? k->request_ms : 30000;
    k->stall_ms = k->stall_ms > 0 ? k->stall_ms : 30000;
    k->idle_ms = k->idle_ms > 0 ? k->idle_ms : 55000; /* the server closes at 90 s; client.md 6 */
    k->user_timeout_ms = k->user_timeout_ms > 0 ? k->user_timeout_ms : 5000;
}

struct rk_client *rk_client_new(struct rk_poll *poll, struct rk_creds *creds,
                                const struct rk_client_conf *conf, struct rk_err *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)rk_err_set(err, RK_E_FAIL, "curl_global_init failed"); /* NULL says that it failed */
        return NULL;
    }
    /* OpenSSL writes to sockets without MSG_NOSIGNAL (client.md 8). */
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail for SIGPIPE */
    struct rk_client *c = rk_alloc(sizeof *c);
    c->poll = poll;
    c->creds = creds;
    c->conf = *conf;
    defaults(&c->conf);
    c->user_agent = rk_strdup(conf->user_agent ? conf->user_agent : "raykeeper");
    TAILQ_INIT(&c->finished);
    TAILQ_INIT(&c->ears);
    c->creds_ear = (struct rk_creds_ear){.fn = rk__wait_over, .ctx = c};
    rk_creds_listen(creds, &c->creds_ear);
    rk__pace_init(c);
    c->http2 = c->conf.http2 && curl_version_info(CURLVERSION_NOW)->version_num >= HTTP2_LEAST;
    int rc = rk__proxy_setup(c, err);
    for (int i = 0; i < RK__LANES && rc == 0; i++)
        rc = rk__lane_init(c, &c->lanes[i], (enum rk_lane)i, err);
    if (rc != 0) {
        rk_client_free(c);
        return NULL;
    }
    rk_creds_start(creds, poll);
    return c;
}

void rk__client_uncount(struct rk_call *call)
{
    if (call->telling)
        return;
    call->telling = true;
    call->lane->n_calls--;
    call->lane->n_writes -= call->req.write;
}

void rk__client_call_free(struct rk_call *call)
{
    rk__client_uncount(call);
    rk_timer_del(call->lane->client->poll, &call->delay);
    rk_buf_done(&call->body);
    if (call->req.metadata_only && call->req.body.p)
        rk_wipe(call->texts + (call->req.body.p - call->texts), call->req.body.n);
    rk_free(call->texts);
    rk_free(call);
}

static void free_all(struct rk__calls *list)
{
    struct rk_call *call;
    while ((call = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, call, link);
        rk__client_call_free(call);
    }
}

static void free_lane(struct rk__lane *l)
{
    struct rk_call *call;
    if (!l->client)
        return; /* never came to be */
    while ((call = TAILQ_FIRST(&l->flying)) != NULL) {
        rk__lane_remove(call);
        rk__setup_undo(call);
    }
    rk__lane_done(l);
    free_all(&l->idle);
}

void rk_client_free(struct rk_client *c)
{
    if (!c)
        return;
    for (int i = 0; i < RK__LANES; i++)
        free_lane(&c->lanes[i]);
    free_all(&c->finished);
    rk_timer_del(c->poll, &c->ears_timer);
    rk_creds_unlisten(c->creds, &c->creds_ear);
    while (c->n_pool)
        curl_easy_cleanup(c->pool[--c->n_pool]);
    curl_slist_free_all(c->connect_to);
    rk_free(c->base_url);
    if (c->proxy)
        rk_wipe(c->proxy, strlen(c->proxy));
    rk_free(c->proxy);
    rk_free(c->user_agent);
    rk_free(c);
    curl_global_cleanup();
}

/* --- Queues ------------------------------------------------------------- */

void rk__client_kick(struct rk__lane *l)
{
    rk_timer_in(l->client->poll, &l->pump, 0, rk__client_pump, l);
}

void rk__client_unlink(struct rk_call *call)
{
    assert(call->state == RK__CALL_QUEUED || call->state == RK__CALL_DELAYED);
    rk_heap_del(&call->lane->queue, &call->turn);
    rk_timer_del(call->lane->client->poll, &call->delay);
    TAILQ_REMOVE(&call->lane->idle, call, link);
}

void rk__client_enqueue(struct rk_call *call)
{
    call->state = RK__CALL_QUEUED;
    rk_heap_put(&call->lane->queue, &call->turn, -(int64_t)call->req.priority);
    rk__client_kick(call->lane);
}

/* Cancelled and cut calls leave libcurl; that closes their connections. */
static void remove_condemned(struct rk__lane *l)
{
    struct rk_call *call = TAILQ_FIRST(&l->flying), *next;
    for (; call && l->n_condemned; call = next) {
        next = TAILQ_NEXT(call, link);
        if (!call->cancelled && !call->cut)
            continue;
        rk__lane_remove(call);
        rk__finish(call, CURLE_ABORTED_BY_CALLBACK);
    }
}

static bool gate_open(const struct rk_client *c, const struct rk_req *req)
{
    return !req->write || !c->conf.gate || c->conf.gate(c->conf.gate_ctx, req->epoch);
}

static void start(struct rk_call *call, int64_t now)
{
    struct rk__lane *l = call->lane;
    struct rk_client *c = l->client;
    (void)rk_heap_pop(&l->queue); /* the call itself */
    call->state = RK__CALL_DELAYED;
    if (!gate_open(c, &call->req)) {
        rk__finish_unsent(call, RK_E_FAIL, "the write gate is shut");
        return;
    }
    call->start_ms = now;
    call->tries++;
    if (rk__setup_call(call) != 0) {
        rk__finish_unsent(call, RK_E_INVAL, "libcurl refuses the request");
    } else if (rk__lane_add(call) != 0) {
        rk__lane_remove(call);
        rk__finish_unsent(call, RK_E_IO, "libcurl does not take the request");
    } else {
        c->stats.sent++;
        if (l->kind == RK_LANE_UNARY)
            rk__pace_started(c);
    }
}

void rk__client_pump(void *ctx)
{
    struct rk__lane *l = ctx;
    struct rk_client *c = l->client;
    remove_condemned(l);
    if (l->broken)
        rk__lane_renew(l);
    int64_t now = rk_clock_ms(), at = INT64_MAX;
    rk_creds_refresh(c->creds, now);
    struct rk_heap_node *first;
    bool ready = rk_creds_ready(c->creds);
    if (!ready)
        rk__wait_pending(l, now, &at);
    while (ready && !l->broken && (first = rk_heap_min(&l->queue)) != NULL) {
        if (l->kind == RK_LANE_UNARY && !rk__pace_may_start(c, l->n_flying, now, &at))
            break;
        start((struct rk_call *)(void *)((char *)first - offsetof(struct rk_call, turn)), now);
    }
    if (at != INT64_MAX)
        rk_timer_set(c->poll, &l->pump, at, rk__client_pump, l);
    rk__finish_tell(c);
}

/* --- Requests ----------------------------------------------------------- */

static size_t text_size(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

static const char *text_put(char **at, const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *copy = memcpy(*at, s, n);
    *at += n;
    return copy;
}

static struct rk_call *new_call(struct rk_client *c, const struct rk_req *req)
{
    assert(req->method && req->path && (unsigned)req->lane < RK__LANES);
    struct rk_call *call = rk_alloc(sizeof *call);
    call->lane = &c->lanes[req->lane];
    call->req = *req;
    call->fd = -1;
    call->first_ms = rk_clock_ms();
    size_t n = text_size(req->method) + text_size(req->path) + text_size(req->query) +
               text_size(req->content_type) + (req->body.p ? req->body.n : 0);
    char *at = call->texts = rk_alloc(n);
    call->req.method = text_put(&at, req->method);
    call->req.path = text_put(&at, req->path);
    call->req.query = text_put(&at, req->query);
    call->req.content_type = text_put(&at, req->content_type);
    if (req->body.p) {
        memcpy(at, req->body.p, req->body.n);
        call->req.body.p = at;
    }
    call->lane->n_calls++;
    call->lane->n_writes += req->write;
    rk_buf_init(&call->body, req->data ? RK__ERROR_BODY_MAX : RK__BODY_MAX);
    TAILQ_INSERT_TAIL(&call->lane->idle, call, link);
    return call;
}

rk_call *rk_client_send(struct rk_client *c, const struct rk_req *req)
{
    struct rk_call *call = new_call(c, req);
    rk__client_enqueue(call);
    return call;
}

rk_call *rk__client_refuse(struct rk_client *c, const struct rk_req *req, int code, const char *why)
{
    struct rk_call *call = new_call(c, req);
    call->state = RK__CALL_DELAYED;
    rk__finish_unsent(call, code, why);
    rk__client_kick(call->lane);
    return call;
}

void rk_client_cancel(struct rk_client *c, rk_call *call)
{
    if (call->telling || call->cancelled)
        return;
    switch (call->state) {
    case RK__CALL_QUEUED:
    case RK__CALL_DELAYED:
        rk__client_unlink(call);
        rk__client_call_free(call);
        return;
    case RK__CALL_FINISHED:
        TAILQ_REMOVE(&c->finished, call, link);
        rk__client_call_free(call);
        return;
    case RK__CALL_FLYING:
        /* We may be inside a callback of libcurl's: it goes in the next turn. */
        call->lane->n_condemned += !call->cut;
        call->cancelled = true;
        rk__client_kick(call->lane);
        return;
    }
}

/* Nothing that is queued in this socket leaves any more. Disconnecting drops the queue and sends a
 * reset at once, no matter when libcurl closes; SO_LINGER 0 makes that close a reset too. Sockets
 * that are no TCP (libcurl's own pipes) refuse, which is fine. */
static void reset_socket(int fd)
{
    int protocol = 0;
    socklen_t n = sizeof protocol;
    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n) != 0 || protocol != IPPROTO_TCP)
        return;
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none,
                     sizeof none);               /* the disconnect does it alone */
    (void)connect(fd, &nowhere, sizeof nowhere); /* and the other way round */
}

static void cut_call(struct rk_call *call)
{
    if (call->fd >= 0)
        reset_socket(call->fd);
    call->lane->n_condemned += !call->cancelled;
    call->cut = true;
    rk__client_kick(call->lane);
}

bool rk__client_cut_half(struct rk__lane *l, int fd)
{
    struct rk_call *call;
    TAILQ_FOREACH(call, &l->flying, link)
    {
        if (call->fd != fd || !call->left || call->cut || gate_open(l->client, &call->req))
            continue;
        cut_call(call);
        return true;
    }
    return false;
}

static void cut_lane(struct rk__lane *l)
{
    struct rk_call *call, *next;
    for (call = TAILQ_FIRST(&l->idle); call; call = next) {
        next = TAILQ_NEXT(call, link);
        if (call->req.write)
            rk__finish_unsent(call, RK_E_FAIL, "cut: leadership is lost");
    }
    TAILQ_FOREACH(call, &l->flying, link)
    {
        if (call->req.write && !call->cut)
            cut_call(call);
    }
    rk__client_kick(l);
}

void rk_client_cut_writes(struct rk_client *c)
{
    for (int i = 0; i < RK__LANES; i++)
        cut_lane(&c->lanes[i]);
}

/* --- Figures ------------------------------------------------------------ */

size_t rk_client_busy(const struct rk_client *c, enum rk_lane lane, bool writes_only)
{
    return writes_only ? c->lanes[lane].n_writes : c->lanes[lane].n_calls;
}

void rk_client_stats(const struct rk_client *c, struct rk_client_stats *ret)
{
    *ret = c->stats;
    int64_t paused = c->paused_until_ms - rk_clock_ms();
    ret->window = (int64_t)c->window;
    ret->paused_ms = paused > 0 ? paused : 0;
    ret->unreachable = paused > 0 && c->unreachable > 0;
}

size_t rk_client_tallies(const struct rk_client *c, const struct rk_client_tally **ret)
{
    *ret = c->tallies;
    return c->n_tallies;
}
