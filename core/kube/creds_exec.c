/* When exec runs, and what becomes of what it gave: the credential in use changes only when a whole
 * and valid one has come (client.md 14). */
#include "core/kube/creds_exec.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define LIMIT_MS  60000 /* of one run */
#define EARLY_MS  60000 /* before the credential expires, or a fifth of its life if that is less */
#define FAIL_MIN  1000
#define FAIL_MAX  60000
#define FAIL_GONE 300000 /* more than the longest wait with its jitter */
#define AGAIN_MS  5000   /* a new credential that is turned away too is not replaced before */
#define LEAST_MS  1000   /* what is born expired is not asked for in circles */

struct rk__exec *rk__exec_new(struct rk_creds *c, struct rk__exec_conf *conf)
{
    struct rk__exec *e = rk_alloc(sizeof *e);
    e->creds = c;
    e->conf = *conf;
    *conf = (struct rk__exec_conf){.command = NULL};
    e->backoff =
        (struct rk__backoff){.min_ms = FAIL_MIN, .max_ms = FAIL_MAX, .quiet_ms = FAIL_GONE};
    TAILQ_INIT(&e->ears);
    return e;
}

void rk__exec_free(struct rk__exec *e)
{
    if (!e)
        return;
    if (e->poll) {
        rk__exec_run_stop(&e->run);
        rk_timer_del(e->poll, &e->due);
        rk_timer_del(e->poll, &e->tell);
    }
    rk__exec_conf_done(&e->conf);
    rk_free(e);
}

/* --- A run is over ------------------------------------------------------ */

static void tell(void *ctx)
{
    struct rk__exec *e = ctx;
    for (struct rk_creds_ear *ear = TAILQ_FIRST(&e->ears); ear; ear = TAILQ_NEXT(ear, link))
        ear->fn(ear->ctx);
}

static void begin(void *ctx);

static void again_in(struct rk__exec *e, int64_t ms)
{
    rk_timer_in(e->poll, &e->due, ms, begin, e);
}

static void plan_next(struct rk__exec *e, const struct rk__exec_cred *k, bool changed, int64_t now)
{
    /* Turned away and given once more: whoever is to know better needs time. */
    e->not_before_ms =
        now + (changed || !e->for_401 ? AGAIN_MS : rk__backoff_next(&e->backoff, now));
    rk_timer_del(e->poll, &e->due);
    if (!k->expires) { /* until it is turned away */
        e->backoff.step_ms = changed ? 0 : e->backoff.step_ms;
        return;
    }
    int64_t life = (k->expires_us - rk_clock_wall_us()) / 1000;
    int64_t early = life / 5 < EARLY_MS ? life / 5 : EARLY_MS;
    int64_t wait = life - early;
    if (wait < LEAST_MS) /* expired at birth, or our clock is wrong */
        wait = LEAST_MS + rk__backoff_next(&e->backoff, now);
    else if (changed)
        e->backoff.step_ms = 0;
    again_in(e, wait);
}

static void succeed(struct rk__exec *e, struct rk__exec_cred *k)
{
    struct rk_creds *c = e->creds;
    int64_t now = rk_clock_ms();
    bool expires_known = k->expires;
    bool token = rk__creds_adopt(&c->token, NULL, &k->token);
    bool cert = rk__creds_adopt(&c->cert_pem, &c->cert_len, &k->cert);
    cert |= rk__creds_adopt(&c->key_pem, &c->key_len, &k->key);
    c->token_generation += token;
    c->generation += cert; /* the transport retires its connections for this alone */
    e->have = true;
    e->got_ms = now;
    plan_next(e, k, token || cert, now);
    rk_free(c->token_problem);
    c->token_problem = NULL;
    rk_log_debug("exec gave a credential", RK_KV("command", e->conf.command),
                 RK_KN("new", token || cert), RK_KN("expires", expires_known));
}

/* Said once, until it is something else or over. */
static void fail(struct rk__exec *e, const struct rk_err *err)
{
    struct rk_creds *c = e->creds;
    char line[RK__EXEC_LINE_MAX];
    int64_t now = rk_clock_ms(), wait = rk__backoff_next(&e->backoff, now);
    e->not_before_ms = now + wait;
    again_in(e, wait);
    if (rk_str_eq(c->token_problem, err->text))
        return;
    rk_free(c->token_problem);
    c->token_problem = rk_strdup(err->text);
    rk__exec_last_line(e->run.tail, e->run.tail_n, c->token, line, sizeof line);
    rk_log_warn(e->have ? "credentials not refreshed, the old ones stay" : "no credentials yet",
                RK_KV("err", err->text), RK_KV("stderr", line));
}

static void run_over(void *ctx, const char *why)
{
    struct rk__exec *e = ctx;
    struct rk_err err = RK_ERR_INIT;
    struct rk__exec_cred k = {.token = NULL};
    int rc = why[0] ? rk_err_set(&err, RK_E_FAIL, "%s", why)
                    : rk__exec_read(e->conf.api_version, e->run.text, e->run.n, &k, &err);
    if (rc == 0) {
        succeed(e, &k);
    } else {
        (void)rk_err_wrap(&err, "exec %s", e->conf.command); /* rc says so */
        fail(e, &err);
    }
    rk__exec_cred_drop(&k);
    e->for_401 = false;
    rk_timer_in(e->poll, &e->tell, 0, tell, e);
}

/* --- A run begins ------------------------------------------------------- */

static void begin(void *ctx)
{
    struct rk__exec *e = ctx;
    if (e->run.pid > 0)
        return; /* one at a time */
    rk_timer_del(e->poll, &e->due);
    struct rk_err err = RK_ERR_INIT;
    char **env = rk__exec_env(&e->conf, e->creds);
    e->run.poll = e->poll;
    e->run.done = run_over;
    e->run.ctx = e;
    int rc = rk__exec_run_start(&e->run, e->conf.command, e->conf.argv, env, LIMIT_MS, &err);
    rk__exec_env_free(env);
    if (rc == 0)
        return;
    if (rc == RK_E_NOENT && e->conf.hint)
        (void)rk_err_set(&err, rc, "%s: no such program; %s", e->conf.command, e->conf.hint);
    (void)rk_err_wrap(&err, "exec"); /* rc says so */
    fail(e, &err);
    e->for_401 = false;
    rk_timer_in(e->poll, &e->tell, 0, tell, e);
}

void rk__exec_refused(struct rk__exec *e, int64_t request_start_ms)
{
    int64_t now = rk_clock_ms();
    if (!e->poll || e->run.pid > 0 || !e->have || e->got_ms > request_start_ms ||
        now < e->not_before_ms)
        return;
    e->for_401 = true;
    begin(e);
}

/* --- For the owner of the credentials ----------------------------------- */

void rk_creds_start(struct rk_creds *c, struct rk_poll *poll)
{
    if (!c->exec || c->exec->poll)
        return;
    c->exec->poll = poll;
    begin(c->exec);
}

bool rk_creds_ready(const struct rk_creds *c)
{
    return !c->exec || c->exec->have;
}

bool rk_creds_fetching(const struct rk_creds *c)
{
    return c->exec && c->exec->run.pid > 0;
}

const char *rk_creds_problem(const struct rk_creds *c)
{
    return c->token_problem;
}

void rk_creds_reaped(struct rk_creds *c, pid_t pid, int status)
{
    if (c->exec)
        rk__exec_run_reaped(&c->exec->run, pid, status);
}

void rk_creds_listen(struct rk_creds *c, struct rk_creds_ear *ear)
{
    if (c->exec)
        TAILQ_INSERT_TAIL(&c->exec->ears, ear, link);
}

void rk_creds_unlisten(struct rk_creds *c, struct rk_creds_ear *ear)
{
    if (c->exec)
        TAILQ_REMOVE(&c->exec->ears, ear, link);
}
