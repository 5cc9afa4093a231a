/* See master.h. States: no worker -> worker starting -> synced (campaign) -> leading; stop: the worker settles its writes while we renew, then the Lease is released. */
#include "core/loop/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/loop/master_in.h"
#include "core/loop/worker.h"

#define TICK_MS        500
#define STOP_MS        26000 /* the worker gives up after 22 s; Kubernetes kills after 30 */
#define EXITS_MS       60000
#define CRASHES_MS     5000
#define BARRED_MS      30000
#define HEALTH_CLIENTS 32
#define SLEPT_MS \
    5000 /* between two ticks: we were stopped, frozen or starved, and so was the worker */
#define SLEPT_GRACE 60000

static void worker_start(void *ctx);

/* ---- the worker's life ---- */

static void on_link(void *ctx, int fd, unsigned events)
{
    struct rk_master *m = ctx;
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
        } else if (what[i] == RK_LINK_SYNCED && m->open) {
            rk_child_send(
                &m->child,
                RK_LINK_LEAD); /* its predecessor ended under a Lease that we still hold */
        }
        if (what[i] == RK_LINK_IDLE)
            m->idle = true;
        if (what[i] == RK_LINK_TOLD) {
            rk__master_state_told(m);
            continue;
        }
        rk__master_want(m);
    }
}

/* For people: how it ended, and over what. */
static void note_end(struct rk_master *m, int status, const struct rk_end *end, bool blamed)
{
    static const char *const hangs[] = {[RK_HANG_NO] = "",
                                        [RK_HANG_LOOP] = "killed: its loop did not turn",
                                        [RK_HANG_BURNS] = "killed: a hook was busy for too long",
                                        [RK_HANG_SLEEPS] = "killed: a hook slept for too long"};
    char code[32];
    int n = snprintf(code, sizeof(code), "exit code %d", WEXITSTATUS(status));
    (void)n; /* it fits */
    const char *how = blamed                  ? end->how
                      : m->hang != RK_HANG_NO ? hangs[m->hang]
                      : WIFSIGNALED(status)   ? strsignal(WTERMSIG(status))
                                              : code;
    n = snprintf(m->ended_how, sizeof(m->ended_how), "%s%s%s%s%s%s%.128s", how,
                 blamed ? ", in plugin " : "", blamed ? end->hand.plugin : "",
                 blamed ? ", hook " : "", blamed ? end->hand.hook : "",
                 blamed && end->hand.object[0] ? ", over " : "", blamed ? end->hand.object : "");
    (void)n; /* cut when too long */
    m->ended_ms = rk_clock_ms();
}

/* What was in hand when the worker ended, and whether an object is to blame. */
static bool blame(struct rk_master *m, int status)
{
    struct rk_end end;
    bool blamed = rk_child_report(&m->child, m->shared, status, m->hang, m->hang_seq, &end);
    note_end(m, status, &end, blamed);
    m->hang = RK_HANG_NO;
    rk_shared_subject(m->shared, NULL, NULL, 0);
    const struct rk_blame *b =
        blamed ? rk_blame_add(&m->shared->blame, &end.hand, end.hung, end.how, rk_clock_ms())
               : NULL;
    if (b)
        rk_log_warn(rk_blame_quarantined(b) ? "object quarantined" : "object suspected",
                    RK_KV("object", b->object), RK_KN("generation", b->generation),
                    RK_KV("plugin", b->plugin), RK_KV("hook", b->hook), RK_KV("how", b->how),
                    RK_KN("times", b->count));
    return b != NULL;
}

/* An end with an object in hand is that object's matter (DESIGN 4): it costs a restart, which is quick unless they follow each other. */
static int64_t restart_ms(struct rk_master *m, bool objects_matter)
{
    int64_t now = rk_clock_ms(), *e = m->exits;
    if (objects_matter) {
        bool again = m->crash_ms && now - m->crash_ms < CRASHES_MS;
        m->crash_ms = now;
        return again ? 500 : 100;
    }
    memmove(e, e + 1, sizeof(m->exits) - sizeof(*e));
    e[RK_MASTER_EXITS - 1] = now;
    if (e[0] && now - e[0] < EXITS_MS) {
        rk_log_error("worker ends again and again: leadership is given to others");
        m->barred_ms = now + BARRED_MS;
    }
    return e[RK_MASTER_EXITS - 2] && now - e[RK_MASTER_EXITS - 2] < EXITS_MS ? 2000 : 100;
}

static void worker_gone(struct rk_master *m, int status)
{
    bool objects_matter = blame(m, status);
    rk_poll_fd_del(m->poll, m->child.link);
    rk_child_closed(&m->child);
    rk_timer_del(m->poll, &m->cut_timer);
    m->cutting = false;
    atomic_store(&m->shared->synced, false);
    rk__master_state_told(m);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (m->stopping)
        return;
    if (!objects_matter && (code == RK_EXIT_CONFIG || code == RK_EXIT_BUILD)) {
        m->exit_code = code; /* starting it again cannot help: it said why */
        m->stopping = m->idle = true;
        return;
    }
    int64_t delay = restart_ms(m, objects_matter);
    rk__master_want(m);
    rk_timer_in(m->poll, &m->start_timer, delay, worker_start, m);
}

static void worker_start(void *ctx)
{
    struct rk_master *m = ctx;
    struct rk_err err = RK_ERR_INIT;
    if (m->stopping || m->child.pid > 0)
        return;
    atomic_store(&m->shared->beat_ms, rk_clock_ms());
    if (rk_child_start(&m->child, m->shared_fd, m->metrics_fd, m->worker_argv, &err) != 0) {
        rk_log_error("worker not started", RK_KV("err", err.text));
        rk_timer_in(m->poll, &m->start_timer, 2000, worker_start, m);
        return;
    }
    if (rk_poll_fd(m->poll, m->child.link, RK_POLL_IN, on_link, m, &err) != 0) {
        rk_log_error("worker not linked: killed", RK_KV("err", err.text));
        rk_child_kill(&m->child, SIGKILL); /* its end starts another */
    }
    m->starts++;
    rk_log_info("worker started", RK_KN("pid", m->child.pid));
    /* Its epoch is told when it is synced; a Lease that we still hold is used at once. */
    if (m->leads)
        atomic_fetch_add(&m->shared->epoch, 1);
}

static void reap(struct rk_master *m)
{
    int status;
    pid_t pid;
    while ((pid = rk_child_reap(&status)) > 0)
        if (pid == m->child.pid)
            worker_gone(m, status);
        else if (m->creds)
            rk_creds_reaped(m->creds, pid, status); /* exec's, unless it is a stranger */
}

/* ---- stopping ---- */

static void released(void *ctx)
{
    struct rk_master *m = ctx;
    m->ended = true;
}

static void stop_step(struct rk_master *m)
{
    if (!m->stopping || m->releasing)
        return;
    if (m->child.pid > 0) {
        if (rk_clock_ms() - m->stop_ms > STOP_MS)
            rk_child_kill(&m->child, SIGKILL);
        return; /* still settling: we go on renewing */
    }
    m->releasing = true;
    /* Writes of a worker that had to be killed may still arrive: then the Lease runs out by itself (client.md 54). */
    if (m->elector && (m->idle || !m->leads))
        rk_elector_release(m->elector, released, m);
    else
        m->ended = true;
}

static void on_signal(void *ctx, int sig)
{
    struct rk_master *m = ctx;
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
    struct rk_master *m = ctx;
    int64_t now = rk_clock_ms();
    rk_creds_refresh(m->creds, now);
    reap(m);
    if (now - m->tick_ms > SLEPT_MS)
        m->grace_ms = now + SLEPT_GRACE;
    m->tick_ms = now;
    if (m->child.pid > 0 && m->hang == RK_HANG_NO) {
        m->hang = rk_child_hangs(&m->child, m->shared, now <= m->grace_ms);
        m->hang_seq = m->child.hand_seq;
        if (m->hang != RK_HANG_NO)
            rk_child_kill(&m->child, SIGKILL);
    }
    rk__master_want(m);
    stop_step(m);
    rk_timer_in(m->poll, &m->tick_timer, TICK_MS, tick, m);
}

/* ---- life ---- */

/* Both are bound here: a port that is taken is told at the start, and a worker's restart does not give it away. */
static int pages(struct rk_master *m, int *ret_health, int *ret_metrics, struct rk_err *err)
{
    int fd = -1;
    if (m->o->health.address[0] &&
        (rk_http_listen(m->o->health.address, &fd, ret_health, err) != 0 ||
         rk_http_new(m->poll, fd, "text/plain; charset=utf-8", HEALTH_CLIENTS, rk__master_page, m,
                     &m->health, err) != 0))
        return rk_err_wrap(err, "[health]");
    if (m->o->metrics.address[0] &&
        rk_http_listen(m->o->metrics.address, &m->metrics_fd, ret_metrics, err) != 0)
        return rk_err_wrap(err, "[metrics]");
    m->shared->pages = m->metrics_fd >= 0;
    rk__master_state_open(m);
    return 0;
}

static int setup(struct rk_master *m, struct rk_err *err)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGCHLD};
    m->poll = rk_poll_new(err);
    if (!m->poll)
        return err->code;
    if (rk_shared_create(&m->shared, &m->shared_fd, err) != 0 ||
        rk_poll_signals(m->poll, signals, 3, on_signal, m, err) != 0)
        return err->code;
    if (rk_creds_load(m->o->op.kubeconfig[0] ? m->o->op.kubeconfig : NULL,
                      m->o->op.context[0] ? m->o->op.context : NULL, &m->creds, err) != 0)
        return rk_err_wrap(err, "credentials");
    if (rk__master_election(m, err) != 0 || rk__master_rivals(m, err) != 0)
        return err->code;
    int health = 0, metrics = 0;
    if (pages(m, &health, &metrics, err) != 0)
        return err->code;
    rk_log_info("started", RK_KV("version", RK_VERSION), RK_KV("server", m->creds->server),
                RK_KN("health-port", health), RK_KN("metrics-port", metrics));
    return 0;
}

static void drop(struct rk_master *m)
{
    rk_http_free(m->health);
    rk__master_state_close(m);
    rk_elector_free(m->elector);
    rk_rivals_free(m->rivals);
    rk_recorder_free(m->recorder);
    rk_client_free(m->client);
    rk_creds_free(m->creds);
    rk_shared_close(m->shared);
    rk_poll_free(m->poll);
    if (m->shared_fd >= 0)
        close(m->shared_fd);
    if (m->metrics_fd >= 0)
        close(m->metrics_fd);
}

int rk_master_run(const struct rk_options *o, char *const *worker_argv)
{
    struct rk_master m = {.o = o,
                          .worker_argv = worker_argv,
                          .child = {.link = -1},
                          .shared_fd = -1,
                          .metrics_fd = -1};
    struct rk_err err = RK_ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    if (setup(&m, &err) != 0) {
        rk_log_error("cannot start", RK_KV("err", err.text));
        drop(&m);
        return err.code == RK_E_INVAL || err.code == RK_E_NOENT || err.code == RK_E_SYNTAX ||
                       err.code == RK_E_NOTSUP
                   ? RK_EXIT_CONFIG
                   : 1;
    }
    m.tick_ms = m.born_ms = m.idle_ms = rk_clock_ms();
    worker_start(&m);
    tick(&m);
    while (!m.ended)
        if (rk_poll_turn(m.poll, TICK_MS, &err) != 0) {
            rk_log_error("event loop", RK_KV("err", err.text));
            return 1;
        }
    rk_log_info("ended", RK_KN("code", m.exit_code));
    drop(&m);
    return m.exit_code;
}
