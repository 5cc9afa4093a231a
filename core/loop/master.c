/* See master.h. States: no worker -> worker starting -> synced (campaign) -> leading; stop: worker settles its writes while we renew, then the Lease is released. */
#include "core/loop/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/kube/client.h"
#include "core/kube/lease.h"
#include "core/loop/child.h"
#include "core/loop/health.h"
#include "core/loop/worker.h"

#define TICK_MS        500
#define NO_WORKER_MS   30000 /* then leadership is given back */
#define CUT_MS         3000  /* a worker acknowledges a lost Lease within this, or is killed */
#define STOP_MS        28000
#define CRASHES_MAX    3 /* exits within CRASHES_MS with nothing in hand: give leadership back */
#define CRASHES_MS     60000
#define RENEW_STALE_MS 35000 /* client.md 54 */

struct master {
    const struct rk_options *o;
    char *const *worker_argv;
    struct rk_poll *poll;
    struct rk_shared *shared;
    int shared_fd;
    struct rk_child child;
    struct rk_creds *creds;
    struct rk_client *client;
    struct rk_elector *elector;
    struct rk_health *health;
    struct rk_timer tick_timer, start_timer, cut_timer;
    int64_t gone_ms; /* since when no worker runs; 0 = one runs */
    int64_t exits[CRASHES_MAX];
    size_t n_exits;
    int64_t stop_ms;
    bool leads, cutting, stopping, releasing, ended;
    char identity[320], holder[320], ns[256];
    int exit_code;
};

static void worker_start(void *ctx);

/* ---- leadership ---- */

static void want(struct master *m)
{
    bool able = m->child.pid > 0 && atomic_load(&m->shared->synced) && !m->stopping && !m->cutting;
    if (m->elector) {
        if (able)
            rk_elector_want(m->elector, true);
        else if (m->gone_ms && rk_clock_ms() - m->gone_ms > NO_WORKER_MS)
            rk_elector_want(m->elector, false);
        return;
    }
    if (able && !m->leads) { /* no election: whoever is synced leads */
        m->leads = true;
        atomic_store(&m->shared->renew_ms, INT64_MAX / 4);
        atomic_fetch_add(&m->shared->epoch, 1);
        atomic_store(&m->shared->leads, true);
        rk_child_send(&m->child, RK_LINK_LEAD);
    }
}

static void on_led(void *ctx)
{
    struct master *m = ctx;
    m->leads = true;
    m->holder[0] = '\0';
    atomic_fetch_add(&m->shared->epoch, 1);
    atomic_store(&m->shared->renewed_ms, rk_elector_renewed_ms(m->elector));
    atomic_store(&m->shared->leads, true);
    rk_log_info("lease acquired", RK_KV("lease", m->o->le.lease_name),
                RK_KV("identity", m->identity));
    if (atomic_load(&m->shared->synced)) /* else its RK_LINK_SYNCED will be answered */
        rk_child_send(&m->child, RK_LINK_LEAD);
}

static void on_renewed(void *ctx, int64_t send_ms)
{
    struct master *m = ctx;
    atomic_store(&m->shared->renewed_ms, send_ms);
}

static void cut_late(void *ctx)
{
    struct master *m = ctx;
    rk_log_error("worker did not acknowledge the lost lease: killed");
    rk_child_kill(&m->child, SIGKILL);
}

static void on_lost(void *ctx, const char *why)
{
    struct master *m = ctx;
    m->leads = false;
    atomic_store(&m->shared->leads, false);
    rk_log_warn("lease lost", RK_KV("why", why));
    if (m->child.pid > 0 && !m->releasing) {
        m->cutting = true;
        rk_child_send(&m->child, RK_LINK_LOST);
        rk_timer_in(m->poll, &m->cut_timer, CUT_MS, cut_late, m);
    }
}

static void on_waiting(void *ctx, const char *holder)
{
    struct master *m = ctx;
    (void)rk_str_copyn(m->holder, sizeof(m->holder), holder,
                       strnlen(holder, sizeof(m->holder) - 1)); /* for people */
    rk_log_info("lease is held by another", RK_KV("holder", holder));
}

/* ---- the worker's life ---- */

static void on_link(void *ctx, int fd, unsigned events)
{
    struct master *m = ctx;
    char what[16];
    (void)events;
    ssize_t n = read(fd, what, sizeof(what));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        rk_poll_fd_del(m->poll, fd); /* SIGCHLD follows */
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (what[i] == RK_LINK_CUT) {
            rk_timer_del(m->poll, &m->cut_timer);
            m->cutting = false;
        } else if (what[i] == RK_LINK_SYNCED && m->leads) {
            rk_child_send(
                &m->child,
                RK_LINK_LEAD); /* its predecessor ended under a Lease that we still hold */
        }
        want(m);
    }
}

static void worker_gone(struct master *m, int status)
{
    int64_t now = rk_clock_ms();
    bool crash = rk_child_report(m->shared, m->child.pid, status);
    rk_poll_fd_del(m->poll, m->child.link);
    rk_child_closed(&m->child);
    rk_timer_del(m->poll, &m->cut_timer);
    m->cutting = false;
    atomic_store(&m->shared->synced, false);
    rk_shared_hand(m->shared, NULL, NULL, NULL);
    m->gone_ms = now;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (m->stopping)
        return;
    if (code == RK_EXIT_CONFIG || code == RK_EXIT_BUILD) {
        m->exit_code = code; /* starting it again cannot help: it said why */
        m->stopping = true;
        return;
    }
    (void)crash;
    memmove(m->exits, m->exits + 1, sizeof(m->exits) - sizeof(m->exits[0]));
    m->exits[CRASHES_MAX - 1] = now;
    if (m->exits[0] && now - m->exits[0] < CRASHES_MS && m->elector) {
        rk_log_error("worker ends again and again: leadership is given to others");
        rk_elector_want(m->elector, false);
    }
    int64_t delay =
        m->exits[CRASHES_MAX - 2] && now - m->exits[CRASHES_MAX - 2] < CRASHES_MS ? 2000 : 100;
    rk_timer_in(m->poll, &m->start_timer, delay, worker_start, m);
}

static void worker_start(void *ctx)
{
    struct master *m = ctx;
    struct rk_err err = RK_ERR_INIT;
    if (m->stopping || m->child.pid > 0)
        return;
    atomic_store(&m->shared->beat_ms, rk_clock_ms());
    if (rk_child_start(&m->child, m->shared_fd, m->worker_argv, &err) != 0 ||
        rk_poll_fd(m->poll, m->child.link, RK_POLL_IN, on_link, m, &err) != 0) {
        rk_log_error("worker not started", RK_KV("err", err.text));
        rk_timer_in(m->poll, &m->start_timer, 2000, worker_start, m);
        return;
    }
    m->gone_ms = 0;
    rk_log_info("worker started", RK_KN("pid", m->child.pid));
    /* Its epoch is told when it is synced; a Lease that we still hold is used at once. */
    if (m->leads)
        atomic_fetch_add(&m->shared->epoch, 1);
}

static void reap(struct master *m)
{
    int status;
    pid_t pid;
    while ((pid = rk_child_reap(&status)) > 0)
        if (pid == m->child.pid)
            worker_gone(m, status);
}

/* ---- stopping ---- */

static void released(void *ctx)
{
    struct master *m = ctx;
    m->ended = true;
}

static void stop_step(struct master *m)
{
    if (!m->stopping || m->releasing)
        return;
    if (m->child.pid > 0) {
        if (rk_clock_ms() - m->stop_ms > STOP_MS)
            rk_child_kill(&m->child, SIGKILL);
        return; /* still settling: we go on renewing */
    }
    m->releasing = true;
    if (m->elector)
        rk_elector_release(m->elector, released, m);
    else
        m->ended = true;
}

static void on_signal(void *ctx, int sig)
{
    struct master *m = ctx;
    if (sig == SIGCHLD) {
        reap(m);
        stop_step(m);
        return;
    }
    if (m->stopping) {
        rk_log_warn("second signal: ending at once");
        rk_child_kill(&m->child, SIGKILL);
        _exit(1);
    }
    rk_log_info("stopping", RK_KV("signal", strsignal(sig)));
    m->stopping = true;
    m->stop_ms = rk_clock_ms();
    rk_child_send(&m->child, RK_LINK_STOP);
    stop_step(m);
}

/* ---- watching ---- */

static void tick(void *ctx)
{
    struct master *m = ctx;
    int64_t now = rk_clock_ms();
    rk_creds_refresh(m->creds, now);
    reap(m);
    if (m->child.pid > 0 && rk_child_hangs(&m->child, m->shared))
        rk_child_kill(&m->child, SIGKILL);
    want(m);
    stop_step(m);
    rk_timer_in(m->poll, &m->tick_timer, TICK_MS, tick, m);
}

static bool healthy(void *ctx, char *text, size_t size)
{
    struct master *m = ctx;
    int64_t renewed = atomic_load(&m->shared->renewed_ms), now = rk_clock_ms();
    bool ok = !(m->elector && m->leads && now - renewed > RENEW_STALE_MS);
    int n = snprintf(text, size, "%s",
                     ok ? "ok" : "leading, but the lease has not been renewed for 35 s");
    (void)n; /* fits */
    return ok;
}

static bool ready(void *ctx, char *text, size_t size)
{
    struct master *m = ctx;
    char late[RK_SHARED_TEXT]; /* a copy: the worker may be writing it */
    (void)rk_str_copyn(late, sizeof(late), m->shared->why_not,
                       strnlen(m->shared->why_not, sizeof(late) - 1)); /* fits */
    bool synced = atomic_load(&m->shared->synced),
         ok = synced && m->child.pid > 0 && !m->stopping && !late[0];
    const char *why = m->stopping         ? "stopping"
                      : m->child.pid == 0 ? "no worker runs"
                      : late[0]           ? late
                                          : "the first lists are not complete";
    int n;
    if (ok)
        n = snprintf(text, size, "ok: %s%s%s", m->leads ? "leading" : "standby",
                     m->holder[0] && !m->leads ? ", leader is " : "", m->leads ? "" : m->holder);
    else
        n = snprintf(text, size, "not synced: %s", why);
    (void)n; /* cut when too long */
    return ok;
}

/* ---- life ---- */

static int identity(struct master *m, struct rk_err *err)
{
    char host[256] = "raykeeper", suffix[17];
    uint64_t r;
    (void)gethostname(host, sizeof(host) - 1); /* the default name serves as well */
    if (m->o->le.identity[0])
        return rk_str_copy(m->identity, sizeof(m->identity), m->o->le.identity);
    if (rk_random(&r, sizeof(r)) != 0)
        return rk_err_set(err, RK_E_IO, "no random numbers");
    rk_suffix(r, suffix, 16);
    int n = snprintf(m->identity, sizeof(m->identity), "%s_%s", host, suffix);
    return n > 0 && (size_t)n < sizeof(m->identity)
               ? 0
               : rk_err_set(err, RK_E_LIMIT, "host name is too long");
}

static int setup_election(struct master *m, struct rk_err *err)
{
    if (!m->o->le.enabled)
        return 0;
    const char *ns = m->o->le.ns[0] ? m->o->le.ns : m->creds->ns ? m->creds->ns : "default";
    const struct rk_client_conf cc = {.user_agent = "raykeeper/" RK_VERSION " (master)",
                                      .connect_ms = m->o->api.connect_ms,
                                      .request_ms = m->o->le.renew_ms / 2,
                                      .window_min = 4,
                                      .window_max = 4};
    m->client = rk_client_new(m->poll, m->creds, &cc, err);
    if (!m->client)
        return rk_err_wrap(err, "client");
    if (rk_str_copy(m->ns, sizeof(m->ns), ns) != 0)
        return rk_err_set(err, RK_E_INVAL, "[leader-election] namespace is too long");
    const struct rk_elector_conf ec = {.ns = m->ns,
                                       .name = m->o->le.lease_name,
                                       .identity = m->identity,
                                       .lease_ms = m->o->le.lease_ms,
                                       .renew_ms = m->o->le.renew_ms,
                                       .retry_ms = m->o->le.retry_ms,
                                       .led = on_led,
                                       .renewed = on_renewed,
                                       .lost = on_lost,
                                       .waiting = on_waiting,
                                       .ctx = m};
    m->elector = rk_elector_new(m->poll, m->client, &ec, err);
    if (!m->elector)
        return rk_err_wrap(err, "[leader-election]");
    atomic_store(&m->shared->renew_ms, m->o->le.renew_ms);
    return 0;
}

static int setup(struct master *m, struct rk_err *err)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGCHLD};
    m->poll = rk_poll_new(err);
    if (!m->poll)
        return err->code;
    if (rk_shared_create(&m->shared, &m->shared_fd, err) != 0 || identity(m, err) != 0 ||
        rk_poll_signals(m->poll, signals, 3, on_signal, m, err) != 0)
        return err->code;
    if (rk_creds_load(m->o->op.kubeconfig[0] ? m->o->op.kubeconfig : NULL,
                      m->o->op.context[0] ? m->o->op.context : NULL, &m->creds, err) != 0)
        return rk_err_wrap(err, "credentials");
    if (setup_election(m, err) != 0)
        return err->code;
    int port = 0;
    if (m->o->health.address[0] && rk_health_new(m->poll, m->o->health.address, healthy, ready, m,
                                                 &m->health, &port, err) != 0)
        return err->code;
    rk_log_info("started", RK_KV("version", RK_VERSION), RK_KV("server", m->creds->server),
                RK_KN("health-port", port));
    return 0;
}

int rk_master_run(const struct rk_options *o, char *const *worker_argv)
{
    struct master m = {.o = o, .worker_argv = worker_argv, .child = {.link = -1}};
    struct rk_err err = RK_ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    if (setup(&m, &err) != 0) {
        rk_log_error("cannot start", RK_KV("err", err.text));
        return err.code == RK_E_INVAL || err.code == RK_E_NOENT || err.code == RK_E_SYNTAX
                   ? RK_EXIT_CONFIG
                   : 1;
    }
    worker_start(&m);
    tick(&m);
    while (!m.ended)
        if (rk_poll_turn(m.poll, TICK_MS, &err) != 0) {
            rk_log_error("event loop", RK_KV("err", err.text));
            return 1;
        }
    rk_log_info("ended", RK_KN("code", m.exit_code));
    rk_health_free(m.health);
    rk_elector_free(m.elector);
    rk_client_free(m.client);
    rk_creds_free(m.creds);
    rk_shared_close(m.shared);
    rk_poll_free(m.poll);
    close(m.shared_fd);
    return m.exit_code;
}
