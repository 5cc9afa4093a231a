/* /debug/state: the master's part of it, and how it comes by the worker's. Who asks waits until the worker has answered, for a second
 * at most; then he gets what it told last, and is told how old that is. */
#include "core/loop/master_in.h"

#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/state.h"
#include "core/loop/worker.h"

#define CLIENTS  8
#define ASK_MS   1000 /* a worker that takes longer is not waited for */
#define FRESH_MS 250  /* an answer serves all who ask within this time */

static void time_ago(struct rk_arena *a, cJSON *o, const char *key, int64_t then_ms)
{
    if (then_ms)
        rk_state_int(a, o, key, rk_clock_ms() - then_ms);
}

static void summary(const struct rk_master *m, struct rk_arena *a, cJSON *doc, bool answers)
{
    struct rk__check checks[RK__CHECKS];
    char words[2 * sizeof(checks[0].text)], now[RK_TIME_TEXT];
    bool well = rk__master_checks(m, checks);
    rk__master_words(m, checks, words, sizeof(words));
    rk_time_text(rk_clock_wall_us(), now);
    rk_state_text(a, doc, "version", RK_VERSION);
    rk_state_text(a, doc, "time", now);
    rk_state_int(a, doc, "uptimeMs", rk_clock_ms() - m->born_ms);
    rk_state_bool(a, doc, "well", well && (answers || m->stopping));
    rk_state_text(a, doc, "words",
                  well && !answers ? "the worker does not answer; below is what it told last"
                                   : words);
    cJSON *list = rk_state_array(a, doc, "checks");
    for (size_t i = 0; i < RK__CHECKS; i++) {
        cJSON *c = rk_state_row(a, list);
        rk_state_text(a, c, "name", checks[i].name);
        rk_state_bool(a, c, "ok", checks[i].ok);
        rk_state_text(a, c, "text", checks[i].text);
    }
}

static void processes(const struct rk_master *m, struct rk_arena *a, cJSON *doc, bool answers)
{
    struct rk_hand hand = {0};
    cJSON *o = rk_state_object(a, doc, "processes");
    rk_state_int(a, o, "master", getpid());
    rk_state_int(a, o, "worker", m->child.pid);
    rk_state_bool(a, o, "answers", answers);
    rk_state_int(a, o, "restarts", m->starts ? (int64_t)m->starts - 1 : 0);
    if (m->child.pid > 0) {
        time_ago(a, o, "workerUptimeMs", m->child.born_ms);
        time_ago(a, o, "heartbeatAgoMs", atomic_load(&m->shared->beat_ms));
    }
    if (m->ended_ms) {
        time_ago(a, o, "endedAgoMs", m->ended_ms);
        rk_state_text(a, o, "endedHow", m->ended_how);
    }
    if (!rk_shared_in_hand(m->shared, &hand))
        return;
    cJSON *h = rk_state_object(a, o, "inHand");
    rk_state_text(a, h, "plugin", hand.plugin);
    rk_state_text(a, h, "hook", hand.hook);
    rk_state_text(a, h, "object", hand.object);
}

static void leadership(const struct rk_master *m, struct rk_arena *a, cJSON *doc)
{
    int64_t renewed = atomic_load(&m->shared->renewed_ms);
    cJSON *o = rk_state_object(a, doc, "leadership");
    rk_state_bool(a, o, "elected", m->elector != NULL);
    rk_state_bool(a, o, "leads", m->leads);
    rk_state_bool(a, o, "mayWrite", m->open);
    rk_state_int(a, o, "epoch", (int64_t)atomic_load(&m->shared->epoch));
    rk_state_text(a, o, "identity", m->identity);
    rk_state_text(a, o, "lease", m->o->le.lease_name);
    rk_state_text(a, o, "namespace", m->ns);
    rk_state_text(a, o, "holder", m->leads ? m->identity : m->holder);
    time_ago(a, o, "sinceMs", m->leads ? m->term_ms : m->idle_ms);
    if (m->elector && m->leads)
        time_ago(a, o, "renewedAgoMs", renewed);
    if (m->barred_ms > rk_clock_ms())
        rk_state_int(a, o, "barredMs", m->barred_ms - rk_clock_ms());
    if (m->held == RK_HELD_BY)
        rk_state_text(a, o, "heldBy", m->held_by);
    rk_state_bool(a, o, "rivalsUnknown", m->held == RK_HELD_UNKNOWN);
}

/* What the worker told. It stands where a plugin that runs wild can write: what is no JSON is left out, with a word. */
static void work(const struct rk_master *m, struct rk_arena *a, cJSON *doc)
{
    struct rk_err err = RK_ERR_INIT;
    cJSON *tree = NULL;
    int64_t at_ms;
    size_t n;
    char *text = rk_shared_told(m->shared, &n, &at_ms);
    int rc = text ? rk_json_parse(a, text, n, NULL, &tree, &err) : RK_E_NOENT;
    rk_free(text);
    if (rc != 0 || !rk_json_is_object(tree)) {
        rk_state_text(a, doc, "workMissing",
                      rc == RK_E_NOENT ? "the worker has told nothing yet"
                                       : "what the worker told is damaged");
        return;
    }
    time_ago(a, doc, "workAgoMs", at_ms);
    /* Of the one before: it is dead. */
    rk_state_bool(a, doc, "workOfThisWorker", m->child.pid > 0 && at_ms >= m->child.born_ms);
    rk_json_add(a, doc, "work", tree);
}

static void given_up(void *ctx)
{
    rk__master_state_told(ctx);
}

static unsigned page(void *ctx, const struct rk_http_ask *ask, struct rk_buf *text)
{
    struct rk_master *m = ctx;
    int64_t now = rk_clock_ms();
    if (strcmp(ask->path, "/debug/state") != 0) {
        (void)rk_buf_adds(text, "{\"error\":\"here is /debug/state\"}\n"); /* fits */
        return 404;
    }
    if (m->asked_ms)
        return 0;
    if (m->child.pid > 0 && now - m->heard_ms > FRESH_MS) {
        m->asked_ms = now;
        rk_child_send(&m->child, RK_LINK_TELL);
        rk_timer_in(m->poll, &m->ask_timer, ASK_MS, given_up, m);
        return 0;
    }
    struct rk_arena a;
    rk_arena_init(&a, 0);
    int64_t at_ms = atomic_load(&m->shared->told.at_ms);
    bool answers = m->child.pid > 0 && now - at_ms <= ASK_MS + FRESH_MS;
    cJSON *doc = rk_json_object(&a);
    summary(m, &a, doc, answers);
    processes(m, &a, doc, answers);
    leadership(m, &a, doc);
    work(m, &a, doc);
    (void)rk_json_print(doc, text); /* what is too large is the page's matter */
    (void)rk_buf_addc(text, '\n');
    rk_arena_done(&a);
    return 200;
}

void rk__master_state_told(struct rk_master *m)
{
    if (!m->asked_ms)
        return;
    rk_timer_del(m->poll, &m->ask_timer);
    m->asked_ms = 0;
    m->heard_ms = rk_clock_ms();
    rk_http_wake(m->state);
}

void rk__master_state_open(struct rk_master *m)
{
    struct rk_err err = RK_ERR_INIT;
    int fd = -1;
    if (!m->o->debug.socket[0])
        return;
    if (rk_local_listen(m->o->debug.socket, &m->local, &fd, &err) != 0 ||
        rk_http_new(m->poll, fd, "application/json", CLIENTS, page, m, &m->state, &err) != 0)
        rk_log_warn("no local socket: `raykeeper status` finds nobody", RK_KV("err", err.text));
}

void rk__master_state_close(struct rk_master *m)
{
    if (m->poll)
        rk_timer_del(m->poll, &m->ask_timer);
    m->asked_ms = 0;
    rk_local_done(&m->local);
    rk_http_free(m->state);
    m->state = NULL;
}
