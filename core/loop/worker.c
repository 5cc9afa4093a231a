/* The worker process: set up, follow the master's word on leadership, stop cleanly. */
#include "core/loop/ask.h"
#include "core/loop/skew.h"
#include "core/loop/state.h"
#include "core/loop/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"

#ifndef RK_BUILD_ID
#define RK_BUILD_ID "unknown"
#endif

#define BEAT_MS         500
#define USER_TIMEOUT_MS 5000
#define CREDS_MS        20000
#define STOP_MS         22000 /* of the usual 30 s (client.md 56); then 2 s for events */
#define STOP_LOOK_MS    20

static void tell_master(struct rk_worker *w, char what)
{
    ssize_t n;
    do
        n = write(w->link, &what, 1);
    while (n < 0 && errno == EINTR);
    /* A master that is gone ends us by EOF on the same socket. */
    (void)n;
}

static bool gate(void *ctx, uint64_t epoch)
{
    const struct rk_worker *w = ctx;
    return rk_shared_gate(w->shared, epoch);
}

/* ---- leadership ---- */

static void led(struct rk_worker *w)
{
    if (w->stopping)
        return;
    w->leads = true;
    w->led_ms = rk_clock_ms();
    w->breaker.since_ms = w->led_ms;
    w->breaker.deleted = 0;
    rk_log_info("leading", RK_KN("epoch", w->epoch));
    rk_drive_all(w, NULL);
    rk_drive_soon(w);
}

static void lead(struct rk_worker *w)
{
    w->epoch = atomic_load(&w->shared->epoch);
    if (w->leads || w->stopping)
        return;
    rk_fence_free(w->fence);
    w->fence = rk_fence_start(w, led);
}

static void lose(struct rk_worker *w)
{
    w->leads = false;
    rk_fence_free(w->fence);
    w->fence = NULL;
    rk_log_warn("leadership lost: writes stop, caches stay");
    rk_flight_abort_all(w);
    rk_asks_forget(w->asks);
    rk_client_cut_writes(w->client);
    tell_master(w, RK_LINK_CUT);
    rk_drive_forget(w);
}

/* ---- stopping ---- */

static void stop_look(void *ctx);

static void flushed(void *ctx)
{
    struct rk_worker *w = ctx;
    tell_master(w, RK_LINK_IDLE);
    w->stopped = true;
}

static void stop_look(void *ctx)
{
    struct rk_worker *w = ctx;
    bool late = rk_clock_ms() - w->stop_ms > STOP_MS;
    if (w->flights > 0 && !late) {
        rk_timer_in(w->poll, &w->stop_timer, STOP_LOOK_MS, stop_look, w);
        return;
    }
    if (w->flights >
        0) { /* not settled: the master lets the Lease run out instead of giving it away */
        rk_flight_abort_all(w);
        rk_client_cut_writes(w->client);
        w->stopped = true;
        return;
    }
    rk_recorder_flush(w->recorder, 2000, flushed, w);
}

static void stop(struct rk_worker *w)
{
    if (w->stopping)
        return;
    w->stopping =
        true; /* nothing new is taken from the queue; what flies settles while the master still renews */
    w->stop_ms = rk_clock_ms();
    rk_log_info("stopping");
    rk_asks_forget(w->asks);
    stop_look(w);
}

/* ---- link and timers ---- */

static void on_link(void *ctx, int fd, unsigned events)
{
    struct rk_worker *w = ctx;
    char what[16];
    (void)events;
    ssize_t n = read(fd, what, sizeof(what));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        rk_log_error("master is gone");
        _exit(1); /* an orphan writes nothing more, not even politely */
    }
    for (ssize_t i = 0; i < n; i++) {
        if (what[i] == RK_LINK_LEAD)
            lead(w);
        else if (what[i] == RK_LINK_LOST)
            lose(w);
        else if (what[i] == RK_LINK_STOP)
            stop(w);
        else if (what[i] == RK_LINK_TELL) {
            rk_state_tell(w);
            tell_master(w, RK_LINK_TOLD);
        }
    }
}

static void beat(void *ctx)
{
    struct rk_worker *w = ctx;
    bool synced = rk_feeds_synced(w);
    atomic_store(&w->shared->beat_ms, rk_clock_ms());
    if (synced && !atomic_load(&w->shared->synced)) {
        atomic_store(&w->shared->synced, true);
        rk_log_info("synced", RK_KN("bytes", rk_view_bytes(w->view)));
        tell_master(w, RK_LINK_SYNCED);
    }
    rk_feeds_look(w);
    char why[RK_SHARED_TEXT] = "";
    if (!rk_feeds_stale(w, why, sizeof(why)))
        why[0] = '\0';
    (void)rk_str_copy(w->shared->why_not, sizeof(w->shared->why_not), why); /* fits: same size */
    bool lacks = rk_feeds_lacking(w, why, sizeof(why));
    if (lacks && strcmp(why, w->shared->lacking) != 0)
        rk_log_warn("namespaces that may not be read are not served", RK_KV("namespaces", why));
    (void)rk_str_copy(w->shared->lacking, sizeof(w->shared->lacking), why); /* as above */
    rk_timer_in(w->poll, &w->beat_timer, synced ? BEAT_MS : 20, beat, w);
}

static void creds_due(void *ctx)
{
    struct rk_worker *w = ctx;
    rk_creds_refresh(w->creds, rk_clock_ms());
    rk_timer_in(w->poll, &w->creds_timer, CREDS_MS, creds_due, w);
}

/* ---- life ---- */

static const char *opt(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* Bytes that nobody acknowledges are given up before others may write: lease minus renew. 0 = the client's own. */
static int64_t user_timeout(const struct rk_options *o)
{
    int64_t ms = o->le.lease_ms - o->le.renew_ms;
    return o->le.enabled && ms < USER_TIMEOUT_MS ? ms : USER_TIMEOUT_MS;
}

static int setup(struct rk_worker *w, struct rk_err *err)
{
    w->poll = rk_poll_new(err);
    if (!w->poll)
        return err->code;
    if (rk_creds_load(opt(w->o->op.kubeconfig), opt(w->o->op.context), &w->creds, err) != 0)
        return rk_err_wrap(err, "credentials");
    const struct rk_client_conf cc = {.user_agent = "raykeeper/" RK_VERSION " (worker)",
                                      .connect_ms = w->o->api.connect_ms,
                                      .request_ms = w->o->api.request_ms,
                                      .user_timeout_ms = user_timeout(w->o),
                                      .qps = (double)w->o->api.qps,
                                      .burst = w->o->api.burst,
                                      .window_min = w->o->api.window_min,
                                      .window_max = w->o->api.window_max,
                                      .http2 = w->o->api.http2,
                                      .gate = gate,
                                      .gate_ctx = w};
    w->client = rk_client_new(w->poll, w->creds, &cc, err);
    if (!w->client)
        return rk_err_wrap(err, "client");
    w->ear.fn = rk_drive_retry;
    w->ear.ctx = w;
    rk_client_listen(w->client, &w->ear);
    char host[256] = "raykeeper";
    (void)gethostname(host, sizeof(host) - 1); /* the default name serves as well */
    w->recorder = rk_recorder_new(w->poll, w->client, host);
    const struct rk_asks_conf ac = {
        .poll = w->poll, .client = w->client, .wake = rk_drive_answered, .ctx = w};
    w->asks = rk_asks_new(&ac);
    w->view = rk_view_new(rk_drive_wake, w);
    w->queue = rk_queue_new();
    rk_map_init(&w->owners, rk_owner_free);
    if (rk_poll_fd(w->poll, w->link, RK_POLL_IN, on_link, w, err) != 0)
        return err->code;
    w->skew = rk_skew_start(w);
    if (rk_metrics_start(w, err) != 0 || rk_decide_open(w, err) != 0)
        return err->code;
    return rk_feeds_start(w, err);
}

static void teardown(struct rk_worker *w)
{
    rk_metrics_free(w->metrics);
    rk_map_done(&w->owners);
    rk_fence_free(w->fence);
    rk_asks_free(w->asks);
    rk_skew_free(w->skew);
    rk_feeds_free(w);
    rk_recorder_free(w->recorder);
    if (w->client)
        rk_client_unlisten(w->client, &w->ear);
    rk_client_free(w->client);
    rk_creds_free(w->creds);
    rk_view_free(w->view);
    rk_queue_free(w->queue);
    rk_arena_done(&w->arena);
    rk_arena_done(&w->forever);
    rk_decide_close(w);
    rk_poll_free(w->poll);
}

/* We end with the master, whatever ends it. */
static int tie_to_master(struct rk_err *err)
{
    const char *parent = getenv("RAYKEEPER_MASTER");
    int64_t pid = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return rk_err_errno(err, errno, "prctl");
    if (!parent || rk_str_int(rk_span_of(parent), 1, INT32_MAX, &pid) != 0 ||
        getppid() != (pid_t)pid)
        return rk_err_set(err, RK_E_FAIL, "the master is gone");
    return 0;
}

struct rk_shared *rk_worker_share(int shared_fd)
{
    struct rk_shared *shared = NULL;
    struct rk_err err = RK_ERR_INIT;
    if (rk_shared_open(shared_fd, &shared, &err) != 0)
        rk_log_error("worker cannot start", RK_KV("err", err.text));
    return shared;
}

void rk_worker_in_hand(void *shared, const char *plugin, const char *what)
{
    rk_shared_hand(shared, plugin, what);
}

int rk_worker_run(struct rk_shared *shared, int link_fd, struct rk_conf *conf,
                  const struct rk_options *o, struct rk_plugins *plugins)
{
    struct rk_worker w = {.shared = shared, .link = link_fd, .o = o, .plugins = plugins};
    struct rk_err err = RK_ERR_INIT;
    (void)conf; /* options point into it: it outlives us */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* a terminal's ^C reaches the whole group: the master decides */
    signal(SIGTERM, SIG_IGN);
    rk_arena_init(&w.arena, 0);
    rk_arena_init(&w.forever, 0);
    rk_plugins_stamp(plugins, RK_VERSION " " RK_BUILD_ID, w.set);
    if (tie_to_master(&err) != 0 || setup(&w, &err) != 0) {
        rk_log_error("worker cannot start", RK_KV("err", err.text));
        return err.code == RK_E_INVAL || err.code == RK_E_NOENT || err.code == RK_E_SYNTAX ||
                       err.code == RK_E_NOTSUP
                   ? RK_EXIT_CONFIG
                   : 1;
    }
    rk_limit_memory();
    w.started_ms = rk_clock_ms();
    beat(&w);
    creds_due(&w);
    while (!w.stopped)
        if (rk_poll_turn(w.poll, BEAT_MS, &err) != 0) {
            rk_log_error("event loop", RK_KV("err", err.text));
            return 1;
        }
    rk_log_info("stopped");
    teardown(&w);
    return 0;
}
