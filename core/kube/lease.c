/* The elector: one try each retry period, at most one request at a time (client.md 50). Who is
 * believed to hold the lease rests on when *we* saw its record change, never on the times in it. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/kube/lease_in.h"

bool rk__elector_mine(const struct rk_elector *e)
{
    return strcmp(e->seen.holder, e->identity) == 0;
}

void rk__elector_drop_call(struct rk_elector *e)
{
    if (e->call)
        rk_client_cancel(e->client, e->call);
    e->call = NULL;
    e->act = RK__ACT_NONE;
}

static void next_try(struct rk_elector *e)
{
    if (!e->want || e->releasing)
        return;
    int64_t retry = e->conf.retry_ms, now = rk_clock_ms();
    if (!e->leading) {
        /* Candidates spread: + 0..1.2 retry periods (client.md 50). But the end of a silent holder's
         * time is looked at when it comes: observing late, waiting and asking late would add up. */
        int64_t wait = retry + rk__random_in(0, retry * 12 / 10);
        int64_t over = e->free_ms - now;
        if (over > 0 && over < wait)
            wait = over + rk__random_in(0, retry / 4);
        rk_timer_in(e->poll, &e->timer, wait, rk__elector_try, e);
        return;
    }
    int64_t due = e->try_ms + retry, soonest = now + retry / 8;
    rk_timer_set(e->poll, &e->timer, due > soonest ? due : soonest, rk__elector_try, e);
}

void rk__elector_lose(struct rk_elector *e, const char *why)
{
    if (!e->leading)
        return;
    e->leading = false;
    rk_timer_del(e->poll, &e->deadline);
    if (e->conf.lost)
        e->conf.lost(e->conf.ctx, why);
}

static void on_deadline(void *ctx)
{
    struct rk_elector *e = ctx;
    char why[96];
    (void)snprintf(why, sizeof why, "not renewed for %" PRId64 " ms", e->conf.renew_ms); /* fits */
    rk__elector_drop_call(e); /* whatever hangs; its connection goes with it */
    rk_timer_del(e->poll, &e->timer);
    rk__elector_lose(e, why);
    next_try(e);
}

/* Sending. */

static void on_done(void *ctx, const struct rk_resp *resp);

static void send_request(struct rk_elector *e, enum rk__act act, const char *method,
                         const char *path, struct rk_span body)
{
    /* Two tries must fit into the renewal time: one hanging connection does not cost the
     * leadership. */
    struct rk_req req = {
        .lane = RK_LANE_LEASE,
        .method = method,
        .path = path,
        .body = body,
        .timeout_ms = e->conf.renew_ms / 2,
        .done = on_done,
        .ctx = e,
    };
    assert(!e->call);
    rk_timer_del(e->poll, &e->timer);
    e->act = act;
    e->asked = e->asked || act == RK__ACT_TAKE || act == RK__ACT_CREATE;
    e->send_ms = rk_clock_ms();
    e->call = rk_client_send(e->client, &req);
}

void rk__elector_get(struct rk_elector *e, enum rk__act act)
{
    send_request(e, act, "GET", e->path, (struct rk_span){0});
}

void rk__elector_put(struct rk_elector *e, enum rk__act act)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_buf body;
    bool keep = rk__elector_mine(e), create = act == RK__ACT_CREATE;
    struct rk__lease_spec s = {
        .holder = act == RK__ACT_FREE ? "" : e->identity,
        .acquire = keep && act != RK__ACT_FREE ? e->seen.acquire : NULL,
        .duration_s = act == RK__ACT_FREE ? RK__RELEASED_S : (e->conf.lease_ms + 999) / 1000,
        .transitions = create                                     ? 0
                       : keep || e->seen.transitions == INT32_MAX ? e->seen.transitions
                                                                  : e->seen.transitions + 1,
    };
    rk_buf_init(&body, RK__LEASE_OBJECT_MAX * 2);
    if (create)
        rk__lease_post(&body, e->ns, e->name, &s);
    else if (rk__lease_put(&body, &e->seen, &s, &err) != 0)
        rk_log_debug("lease cannot be written", RK_KV("name", e->name), RK_KV("err", err.text));
    if (err.code == 0)
        send_request(e, act, create ? "POST" : "PUT", create ? e->collection : e->path,
                     (struct rk_span){rk_buf_text(&body), body.len});
    else
        next_try(e);
    rk_buf_done(&body);
}

void rk__elector_try(void *ctx)
{
    struct rk_elector *e = ctx;
    if (e->call || !e->want || e->releasing)
        return;
    int64_t now = e->try_ms = rk_clock_ms();
    bool heard = e->heard, open = now >= e->free_ms;
    e->heard = false;
    /* Rule 50 (a): while the lease is ours by our own clock, one PUT over the known version is
     * all it takes. */
    if (e->seen.object.len && open && rk__elector_mine(e) && rk__lease_valid(&e->seen, now))
        rk__elector_put(e, RK__ACT_RENEW);
    else if (heard && !open && !e->leading)
        next_try(e); /* the watch has told that it is held: there is nothing to ask */
    else
        rk__elector_get(e, RK__ACT_GET);
}

/* Answers. */

static void won(struct rk_elector *e)
{
    if (rk_clock_ms() - e->send_ms >= e->conf.renew_ms) {
        rk__elector_lose(e, "renewed too late"); /* we were stopped in between */
        next_try(e);
        return;
    }
    e->renewed_ms = e->send_ms;
    e->told[0] = '\0';
    rk_timer_set(e->poll, &e->deadline, e->send_ms + e->conf.renew_ms, on_deadline, e);
    bool news = !e->leading;
    e->leading = true;
    next_try(e);
    /* First the new term, then its time: a gate opens only for whoever knows the term. */
    if (news && e->conf.led)
        e->conf.led(e->conf.ctx);
    if (e->leading && e->conf.renewed)
        e->conf.renewed(e->conf.ctx, e->renewed_ms);
}

/* The record has changed. Whoever had it may go on writing until their time is over by our clock,
 * whatever became of the record: emptied, shortened or given away by hand it is no more free than
 * before. Free it is when they said so (a release), or when it was ours. */
static void claim(struct rk_elector *e, bool known, bool was_mine)
{
    const struct rk__lease *l = &e->seen;
    bool nobody = !l->holder[0], mine = rk__elector_mine(e);
    bool released = nobody && l->duration_ms == RK__RELEASED_S * 1000;
    bool ours = mine ? was_mine || !known || e->asked : nobody && was_mine && e->leading;
    int64_t time = l->duration_ms > e->conf.lease_ms ? l->duration_ms : e->conf.lease_ms;
    e->free_ms = released || ours ? 0 : l->stamp_ms + time;
    e->asked = e->asked && mine;
}

bool rk__elector_observe(struct rk_elector *e, struct rk_span object)
{
    struct rk_err err = RK_ERR_INIT;
    bool known = e->seen.object.len > 0, was_mine = known && rk__elector_mine(e);
    uint64_t changes = e->seen.changes;
    if (rk__lease_observe(&e->seen, object, rk_clock_ms(), &err) != 0) {
        rk_log_debug("lease is unreadable", RK_KV("name", e->name), RK_KV("err", err.text));
        return false;
    }
    if (e->seen.changes != changes)
        claim(e, known, was_mine);
    return true;
}

static bool observe(struct rk_elector *e, const struct rk_resp *resp)
{
    return resp->code == 0 && rk__elector_observe(e, resp->body);
}

/* The object is gone. Its holder, if it had one, will make it anew, and writes until then. */
static void forget(struct rk_elector *e)
{
    if (e->seen.object.len && !e->leading && (e->free_ms || rk__elector_mine(e)))
        e->free_ms = rk_clock_ms() + e->conf.lease_ms;
    rk__lease_forget(&e->seen);
}

static bool lost_it(struct rk_elector *e)
{
    char why[RK__HOLDER_MAX + 64];
    if (!e->leading || rk__elector_mine(e))
        return false;
    (void)snprintf(why, sizeof why,
                   e->seen.holder[0] ? "the lease is held by %s"
                                     : "the lease was released by somebody else%s",
                   e->seen.holder); /* fits */
    rk__elector_lose(e, why);
    return true;
}

/* Rule 50 (c) to (e): the record is fresh in e->seen. */
static void judge(struct rk_elector *e)
{
    if (lost_it(e) && (!e->want || e->releasing))
        return;
    if (rk_clock_ms() >= e->free_ms) {
        rk__elector_put(e, RK__ACT_TAKE);
        return;
    }
    next_try(e);
    if (strcmp(e->told, e->seen.holder) != 0) {
        memcpy(e->told, e->seen.holder, sizeof e->told);
        if (e->conf.waiting)
            e->conf.waiting(e->conf.ctx, e->told);
    }
}

/* From the watch. Answers to our own requests overtake it: what is not newer says nothing. */
static void on_news(void *ctx, struct rk_span object, bool gone)
{
    struct rk_elector *e = ctx;
    char rv[64];
    if (!e->want || e->releasing ||
        rk_scan_text(rk_scan_get(object, "metadata/resourceVersion"), rv, sizeof rv) != 0 ||
        (e->seen.object.len && rk_version_cmp(rv, e->seen.rv) != 1))
        return;
    if (!gone && !rk__elector_observe(e, object))
        return;
    e->heard = !gone;
    (void)lost_it(e); /* at once; a request under way says what comes next */
    if (e->call || !e->want || e->releasing)
        return;
    if (gone)
        rk_timer_in(e->poll, &e->timer, 0, rk__elector_try, e);
    else if (!e->leading)
        judge(e);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct rk_elector *e = ctx;
    enum rk__act act = e->act;
    e->call = NULL;
    e->act = RK__ACT_NONE;
    if (resp->code != 0)
        rk_log_debug("lease request failed", RK_KV("name", e->name), RK_KN("http", resp->http),
                     RK_KV("err", resp->message));
    if (e->releasing) {
        rk__elector_on_free(e, act, resp);
        return;
    }
    switch (act) {
    case RK__ACT_RENEW:
        if (observe(e, resp))
            won(e);
        else
            rk__elector_get(e, RK__ACT_GET);
        break;
    case RK__ACT_GET:
        if (resp->http == 404) {
            forget(e);
            if (rk_clock_ms() >= e->free_ms)
                rk__elector_put(e, RK__ACT_CREATE);
            else
                next_try(e);
        } else if (observe(e, resp)) {
            judge(e);
        } else {
            next_try(e);
        }
        break;
    default:
        if (observe(e, resp))
            won(e);
        else
            next_try(e);
        break;
    }
}

/* The outside. */

struct rk_elector *rk_elector_new(struct rk_poll *poll, struct rk_client *c,
                                  const struct rk_elector_conf *conf, struct rk_err *err)
{
    const char *api = "coordination.k8s.io/v1";
    if (!(conf->lease_ms > conf->renew_ms && conf->renew_ms * 10 > conf->retry_ms * 12 &&
          conf->retry_ms > 0)) {
        (void)rk_err_set(err, RK_E_INVAL,
                         "lease times: need lease > renew > 1.2 x retry > 0"); /* NULL says it */
        return NULL;
    }
    if (!conf->identity || !*conf->identity || strlen(conf->identity) >= RK__HOLDER_MAX) {
        (void)rk_err_set(err, RK_E_INVAL, "lease identity: empty or too long"); /* NULL says it */
        return NULL;
    }
    struct rk_elector *e = rk_alloc(sizeof *e);
    e->poll = poll;
    e->client = c;
    e->conf = *conf;
    if (rk_url(e->path, api, "leases", conf->ns, conf->name, NULL) != 0 ||
        rk_url(e->collection, api, "leases", conf->ns, NULL, NULL) != 0 ||
        rk__lease_watch_init(&e->watch, e->collection, conf->name) != 0) {
        (void)rk_err_set(err, RK_E_INVAL, "lease: illegal name %s/%s", conf->ns,
                         conf->name); /* NULL says it */
        rk_free(e);
        return NULL;
    }
    e->ns = rk_strdup(conf->ns);
    e->name = rk_strdup(conf->name);
    e->identity = rk_strdup(conf->identity);
    rk__lease_init(&e->seen);
    e->watch.poll = poll;
    e->watch.client = c;
    e->watch.silent_ms = 2 * conf->lease_ms;
    e->watch.news = on_news;
    e->watch.ctx = e;
    return e;
}

void rk_elector_free(struct rk_elector *e)
{
    if (!e)
        return;
    rk__elector_drop_call(e);
    rk_timer_del(e->poll, &e->timer);
    rk_timer_del(e->poll, &e->deadline);
    rk_timer_del(e->poll, &e->bound);
    rk_timer_del(e->poll, &e->tell);
    rk__lease_watch_done(&e->watch);
    rk__lease_done(&e->seen);
    rk_free(e->ns);
    rk_free(e->name);
    rk_free(e->identity);
    rk_free(e);
}

void rk_elector_want(struct rk_elector *e, bool want)
{
    if (e->want == want)
        return;
    e->want = want;
    if (want && e->conf.watch)
        rk__lease_watch_start(&e->watch);
    else
        rk__lease_watch_stop(&e->watch);
    if (!want)
        rk__elector_let_go(e, false);
    else if (!e->releasing) /* a release ends first, and looks whether it is wanted again */
        rk_timer_in(e->poll, &e->timer, 0, rk__elector_try, e);
}

void rk_elector_release(struct rk_elector *e, void (*done)(void *ctx), void *ctx)
{
    e->want = false;
    e->released = done;
    e->released_ctx = ctx;
    rk__lease_watch_stop(&e->watch);
    rk__elector_let_go(e, true);
}

bool rk_elector_leads(const struct rk_elector *e)
{
    return e->leading;
}

int64_t rk_elector_renewed_ms(const struct rk_elector *e)
{
    return e->renewed_ms;
}
