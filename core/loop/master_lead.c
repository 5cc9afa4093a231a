/* The master's leadership: when it campaigns, what it tells the worker, and when it gives leadership back. */
#include "core/loop/master_in.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/loop/worker.h"

#define UNABLE_MS 30000 /* without a working worker; then leadership is given back (DESIGN 4) */
#define CUT_MS    3000  /* a worker acknowledges a lost Lease within this, or is killed */
#define ASLEEP_MS 27000 /* of UNABLE_MS: looks and heartbeats come in steps */

static void cut_late(void *ctx)
{
    struct rk_master *m = ctx;
    rk_log_error("worker does not acknowledge that it leads no more: killed");
    /* A plugin that keeps it so long is to blame as one that is found after a minute. */
    if (m->hang == RK_HANG_NO) {
        m->hang = rk_child_sleeps(&m->child, m->shared, ASLEEP_MS);
        m->hang_seq = m->child.hand_seq;
    }
    rk_child_kill(&m->child, SIGKILL);
}

/* Nothing more is written: the gate is shut, the worker resets what is under way and says so. */
static void cut(struct rk_master *m)
{
    m->leads = m->open = false;
    m->idle_ms = rk_clock_ms();
    m->beside_ms = 0;
    atomic_store(&m->shared->leads, false);
    if (m->child.pid > 0 && !m->releasing) {
        m->cutting = true;
        rk_child_send(&m->child, RK_LINK_LOST);
        rk_timer_in(m->poll, &m->cut_timer, CUT_MS, cut_late, m);
    }
}

/* Since when no worker has been able to work; 0 = one is. */
static int64_t unable_since(struct rk_master *m, int64_t now)
{
    bool runs = m->child.pid > 0 && atomic_load(&m->shared->synced) && !m->cutting;
    int64_t silent = runs ? rk__master_silent_since(m, now) : 0;
    if (runs && !silent)
        return 0;
    return m->unable_ms ? m->unable_ms : silent ? silent : now;
}

/* A worker that cannot work for so long, whatever the reason, must not keep the Lease from one that can. The Lease is let go when nothing can be
 * written any more, not before (client.md 54). */
static void campaign(struct rk_master *m, int64_t now)
{
    bool held = m->held != RK_HELD_NO, barred = held || now < m->barred_ms;
    if (!m->giving && m->leads && (barred || (m->unable_ms && now - m->unable_ms > UNABLE_MS))) {
        if (!held)
            rk_log_error("no worker can work: leadership is given to others");
        m->giving = true;
        cut(m);
    }
    if (m->cutting)
        return;
    if (m->giving || barred || (m->unable_ms && !m->leads))
        rk_elector_want(m->elector, false);
    else if (!m->unable_ms)
        rk_elector_want(m->elector, true);
    m->giving = false;
}

/* The Lease is ours, and so is the time: one epoch more, and the worker may write. */
static void open_gate(struct rk_master *m)
{
    m->open = true;
    atomic_fetch_add(&m->shared->epoch, 1);
    atomic_store(&m->shared->leads, true);
    if (atomic_load(&m->shared->synced)) /* else its RK_LINK_SYNCED will be answered */
        rk_child_send(&m->child, RK_LINK_LEAD);
}

/* Without an election whoever is synced leads. */
static void lead_alone(struct rk_master *m, int64_t now)
{
    if (m->held != RK_HELD_NO) {
        if (m->leads)
            cut(m);
    } else if (!m->unable_ms && !m->leads && !m->cutting) {
        m->leads = true;
        m->term_ms = m->rivals ? rk_rivals_known_ms(m->rivals) : now;
        atomic_store(&m->shared->renew_ms, INT64_MAX / 4);
    }
}

void rk__master_want(struct rk_master *m)
{
    int64_t now = rk_clock_ms();
    if (m->stopping)
        return;
    m->unable_ms = unable_since(m, now);
    rk__master_look_around(m, now);
    if (m->elector)
        campaign(m, now);
    else
        lead_alone(m, now);
    if (m->leads && !m->open && m->held == RK_HELD_NO && rk__master_alone(m))
        open_gate(m);
}

static void on_led(void *ctx)
{
    struct rk_master *m = ctx;
    m->leads = true;
    m->term_ms = rk_clock_ms();
    m->holder[0] = '\0';
    atomic_store(&m->shared->renewed_ms, rk_elector_renewed_ms(m->elector));
    rk_log_info("lease acquired", RK_KV("lease", m->o->le.lease_name),
                RK_KV("identity", m->identity));
    if (m->rivals) /* who waited for the same moment may lead too: the gate opens after a look */
        rk_rivals_look(m->rivals);
    else
        open_gate(m);
}

static void on_renewed(void *ctx, int64_t send_ms)
{
    struct rk_master *m = ctx;
    atomic_store(&m->shared->renewed_ms, send_ms);
}

static void on_lost(void *ctx, const char *why)
{
    struct rk_master *m = ctx;
    rk_log_warn("lease lost", RK_KV("why", why));
    if (m->leads)
        cut(m); /* else it is cut already: leadership was given back */
}

static void on_waiting(void *ctx, const char *holder)
{
    struct rk_master *m = ctx;
    rk_str_cut(m->holder, sizeof(m->holder), holder);
    rk_log_info("lease is held by another", RK_KV("holder", holder));
}

static int identity(struct rk_master *m, struct rk_err *err)
{
    char host[256] = "raykeeper", suffix[17];
    uint64_t r;
    (void)gethostname(host, sizeof(host) - 1); /* the default name serves as well */
    if (rk_rival_is_stranger(m->o->le.identity))
        return rk_err_set(err, RK_E_INVAL,
                          "[leader-election] identity: a name that ends in _<UUID> is one of "
                          "controller-runtime's: a raykeeper elsewhere would wait for it for ever");
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

int rk__master_election(struct rk_master *m, struct rk_err *err)
{
    if (identity(m, err) != 0)
        return err->code;
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
    if (!m->o->le.enabled)
        return 0;
    const struct rk_elector_conf ec = {.ns = m->ns,
                                       .name = m->o->le.lease_name,
                                       .identity = m->identity,
                                       .lease_ms = m->o->le.lease_ms,
                                       .renew_ms = m->o->le.renew_ms,
                                       .retry_ms = m->o->le.retry_ms,
                                       .watch = true,
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
