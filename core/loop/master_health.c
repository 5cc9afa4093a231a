/* How well we are: /healthz (shall somebody restart us?) and /readyz (does a worker know the cluster?), each check with its reason. */
#include "core/loop/master_in.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/str.h"

#define RENEW_STALE_MS 35000 /* client.md 54 */
#define FROZEN_MS      5000  /* without a heartbeat: it does not run, whatever the reason */

/* When we were stopped ourselves, its heartbeat is as old as ours: that says nothing. */
int64_t rk__master_silent_since(const struct rk_master *m, int64_t now)
{
    int64_t beat = atomic_load(&m->shared->beat_ms);
    return m->child.pid > 0 && now > m->grace_ms && now - beat > FROZEN_MS ? beat : 0;
}

static void lease(const struct rk_master *m, struct rk__check *c)
{
    int64_t renewed = atomic_load(&m->shared->renewed_ms), now = rk_clock_ms();
    c->ok = !(m->elector && m->leads && now - renewed > RENEW_STALE_MS);
    if (!c->ok)
        rk_str_cut(c->text, sizeof(c->text),
                   "leading, but the lease has not been renewed for 35 s");
}

static void worker(const struct rk_master *m, struct rk__check *c)
{
    int64_t now = rk_clock_ms(), silent = rk__master_silent_since(m, now);
    int n = 0;
    c->ok = m->child.pid > 0 && !silent;
    if (m->child.pid == 0 && m->ended_ms)
        n = snprintf(c->text, sizeof(c->text), "no worker runs: the last one ended %lld s ago: %s",
                     (long long)(now - m->ended_ms) / 1000, m->ended_how);
    else if (m->child.pid == 0)
        n = snprintf(c->text, sizeof(c->text), "no worker runs");
    else if (silent)
        n = snprintf(c->text, sizeof(c->text), "the worker hangs: no heartbeat for %lld s",
                     (long long)(now - silent) / 1000);
    (void)n; /* cut when too long */
}

static void watches(const struct rk_master *m, struct rk__check *c)
{
    char late[RK_SHARED_TEXT];
    rk_str_cut(late, sizeof(late), m->shared->why_not);
    bool synced = atomic_load(&m->shared->synced);
    c->ok = synced && !late[0];
    if (!c->ok)
        rk_str_cut(c->text, sizeof(c->text), late[0] ? late : "the first lists are not complete");
}

static void namespaces(const struct rk_master *m, struct rk__check *c)
{
    char lacking[RK_SHARED_TEXT];
    rk_str_cut(lacking, sizeof(lacking), m->shared->lacking);
    int n = lacking[0] ? snprintf(c->text, sizeof(c->text), "may not read %s", lacking) : 0;
    (void)n; /* fits */
}

static void leadership(const struct rk_master *m, struct rk__check *c)
{
    static const char *const held[] = {
        [RK_HELD_NO] = "",
        [RK_HELD_UNKNOWN] = "; not known yet whether an operator lives in another namespace",
        [RK_HELD_BY] = "; held by an operator in namespace "};
    bool other = m->holder[0] && !m->leads;
    /* While another of our own namespace leads, that is all that keeps us. */
    const char *by = other && m->held == RK_HELD_UNKNOWN ? "" : held[m->held];
    int n = snprintf(c->text, sizeof(c->text), "%s%s%s%s%.*s", m->leads ? "leading" : "standby",
                     other ? ", leader is " : "", other ? m->holder : "", by,
                     (int)strcspn(m->held_by, " "), m->held_by);
    (void)n; /* fits */
}

bool rk__master_checks(const struct rk_master *m, struct rk__check *ret)
{
    static const struct {
        const char *name;
        void (*look)(const struct rk_master *m, struct rk__check *c);
    } table[RK__CHECKS] = {[RK__CHECK_LEASE] = {"lease-renewal", lease},
                           [RK__CHECK_STOP] = {"running", NULL},
                           [RK__CHECK_WORKER] = {"worker", worker},
                           [RK__CHECK_WATCHES] = {"watches", watches},
                           [RK__CHECK_NAMESPACES] = {"namespaces", namespaces},
                           [RK__CHECK_LEADERSHIP] = {"leadership", leadership}};
    bool well = true;
    for (size_t i = 0; i < RK__CHECKS; i++) {
        ret[i].name = table[i].name;
        ret[i].ok = true;
        ret[i].text[0] = '\0';
        if (table[i].look)
            table[i].look(m, &ret[i]);
        else if (m->stopping) {
            ret[i].ok = false;
            rk_str_cut(ret[i].text, sizeof(ret[i].text), "stopping");
        }
        well = well && ret[i].ok;
    }
    return well;
}

/* The first that fails of those from `from` up to `to`; NULL: none. */
static const struct rk__check *failing(const struct rk__check *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (!c[i].ok)
            return &c[i];
    return NULL;
}

void rk__master_words(const struct rk_master *m, const struct rk__check *checks, char *out,
                      size_t size)
{
    const struct rk__check *bad = failing(checks, RK__CHECK_STOP, RK__CHECKS);
    if (!bad)
        bad = failing(checks, 0, RK__CHECKS);
    bool unsynced = bad == &checks[RK__CHECK_WATCHES];
    int n = bad ? snprintf(out, size, "%s%s", unsynced ? "not synced: " : "", bad->text)
                : snprintf(out, size, "%s%s", checks[RK__CHECK_LEADERSHIP].text,
                           m->leads && !m->open ? "; nothing is written before it is known "
                                                  "whether another operator lives"
                                                : "");
    (void)n; /* cut when too long */
}

/* As Kubernetes' own programs say it: a line for each check, then the sum. */
static void verbose(const struct rk__check *c, size_t from, size_t to, const char *name,
                    struct rk_buf *text)
{
    for (size_t i = from; i < to; i++)
        (void)rk_buf_addf(text, "[%c]%s %s%s%s\n", c[i].ok ? '+' : '-', c[i].name,
                          c[i].ok ? "ok" : "failed", c[i].text[0] ? ": " : "", c[i].text);
    (void)rk_buf_addf(text, "%s check %s\n", name, failing(c, from, to) ? "failed" : "passed");
}

static void ready(const struct rk__check *c, const struct rk__check *bad, struct rk_buf *text)
{
    if (bad)
        (void)rk_buf_addf(text, "not synced: %s\n", bad->text);
    else
        (void)rk_buf_addf(text, "ok: %s%s%s\n", c[RK__CHECK_LEADERSHIP].text,
                          c[RK__CHECK_NAMESPACES].text[0] ? "; " : "",
                          c[RK__CHECK_NAMESPACES].text);
}

/* No text here comes near the bound of a page. */
unsigned rk__master_page(void *ctx, const struct rk_http_ask *ask, struct rk_buf *text)
{
    const struct rk_master *m = ctx;
    bool health = strcmp(ask->path, "/healthz") == 0;
    if (!health && strcmp(ask->path, "/readyz") != 0) {
        (void)rk_buf_adds(text, "here are /healthz and /readyz, both also with ?verbose\n");
        return 404;
    }
    struct rk__check checks[RK__CHECKS];
    (void)rk__master_checks(m, checks); /* each page has its own sum */
    size_t from = health ? 0 : RK__CHECK_STOP, to = health ? RK__CHECK_STOP : RK__CHECKS;
    const struct rk__check *bad = failing(checks, from, to);
    if (ask->verbose)
        verbose(checks, from, to, ask->path + 1, text);
    else if (health)
        (void)rk_buf_addf(text, "%s\n", bad ? bad->text : "ok");
    else
        ready(checks, bad, text);
    return bad ? 503 : 200;
}
