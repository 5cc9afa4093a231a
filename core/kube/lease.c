/* The elector: one try each retry period, at most one request at a time (client.md 50). Who is
 * believed to hold the lease rests on when *we* saw its record change, never on the times in it. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/kube/backoff.h"
#include "core/kube/lease_in.h"

#define RELEASED_S 1 /* client-go: a released lease lasts one second */

enum act { ACT_NONE, ACT_RENEW, ACT_GET, ACT_TAKE, ACT_CREATE, ACT_FREE, ACT_FREE_GET };

struct rk_elector {
    struct rk_poll *poll;
    struct rk_client *client;
    struct rk_elector_conf conf;
    char *ns, *name, *identity;
    char path[RK_URL_MAX], collection[RK_URL_MAX];
    struct rk__lease seen;
    bool want, leading, releasing;
    int64_t renewed_ms; /* send time of the last good renewal */
    enum act act;       /* what `call` is */
    rk_call *call;
    int64_t send_ms;           /* when it went out */
    int64_t try_ms;            /* when this round of requests began */
    struct rk_timer timer;     /* the next try */
    struct rk_timer deadline;  /* leading ends then, whatever hangs */
    struct rk_timer bound;     /* of a release */
    struct rk_timer tell;      /* a release that is over at once is told later */
    char told[RK__HOLDER_MAX]; /* `waiting` was called for this holder */
    void (*released)(void *ctx);
    void *released_ctx;
};

static void try_now(void *ctx);
static void free_lease(void *ctx);
static void released(void *ctx);

static bool mine(const struct rk_elector *e)
{
    return strcmp(e->seen.holder, e->identity) == 0;
}

static void drop_call(struct rk_elector *e)
{
    if (e->call)
        rk_client_cancel(e->client, e->call);
    e->call = NULL;
    e->act = ACT_NONE;
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
        int64_t over = e->seen.stamp_ms + e->seen.duration_ms - now;
        if (rk__lease_valid(&e->seen, now) && !mine(e) && over < wait)
            wait = over + rk__random_in(0, retry / 4);
        rk_timer_in(e->poll, &e->timer, wait, try_now, e);
        return;
    }
    int64_t due = e->try_ms + retry, soonest = now + retry / 8;
    rk_timer_set(e->poll, &e->timer, due > soonest ? due : soonest, try_now, e);
}

static void lose(struct rk_elector *e, const char *why)
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
    drop_call(e); /* whatever hangs; its connection goes with it */
    rk_timer_del(e->poll, &e->timer);
    lose(e, why);
    next_try(e);
}

/* Sending. */

static void on_done(void *ctx, const struct rk_resp *resp);

static void send_request(struct rk_elector *e, enum act act, const char *method, const char *path,
                         struct rk_span body)
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
    e->send_ms = rk_clock_ms();
    e->call = rk_client_send(e->client, &req);
}

static void send_get(struct rk_elector *e, enum act act)
{
    send_request(e, act, "GET", e->path, (struct rk_span){0});
}

static void send_record(struct rk_elector *e, enum act act)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_buf body;
    bool keep = mine(e), create = act == ACT_CREATE;
    struct rk__lease_spec s = {
        .holder = act == ACT_FREE ? "" : e->identity,
        .acquire = keep && act != ACT_FREE ? e->seen.acquire : NULL,
        .duration_s = act == ACT_FREE ? RELEASED_S : (e->conf.lease_ms + 999) / 1000,
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

static void try_now(void *ctx)
{
    struct rk_elector *e = ctx;
    if (e->call || !e->want || e->releasing)
        return;
    e->try_ms = rk_clock_ms();
    /* Rule 50 (a): while the lease is ours by our own clock, one PUT over the known version is
     * all it takes. */
    if (e->seen.object.len && mine(e) && rk__lease_valid(&e->seen, rk_clock_ms()))
        send_record(e, ACT_RENEW);
    else
        send_get(e, ACT_GET);
}

/* Answers. */

static void won(struct rk_elector *e)
{
    if (rk_clock_ms() - e->send_ms >= e->conf.renew_ms) {
        lose(e, "renewed too late"); /* we were stopped in between */
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

/* Rule 50 (c) to (e): the record is fresh in e->seen. */
static void judge(struct rk_elector *e)
{
    if (!mine(e) && e->leading) {
        char why[RK__HOLDER_MAX + 64];
        (void)snprintf(why, sizeof why,
                       e->seen.holder[0] ? "the lease is held by %s"
                                         : "the lease was released by somebody else%s",
                       e->seen.holder); /* fits */
        lose(e, why);
        if (!e->want || e->releasing)
            return;
    }
    if (mine(e) || !rk__lease_valid(&e->seen, rk_clock_ms())) {
        send_record(e, ACT_TAKE);
        return;
    }
    next_try(e);
    if (strcmp(e->told, e->seen.holder) != 0) {
        memcpy(e->told, e->seen.holder, sizeof e->told);
        if (e->conf.waiting)
            e->conf.waiting(e->conf.ctx, e->told);
    }
}

static bool observe(struct rk_elector *e, const struct rk_resp *resp)
{
    struct rk_err err = RK_ERR_INIT;
    if (resp->code != 0)
        return false;
    if (rk__lease_observe(&e->seen, resp->body, rk_clock_ms(), &err) == 0)
        return true;
    rk_log_debug("lease is unreadable", RK_KV("name", e->name), RK_KV("err", err.text));
    return false;
}

static void on_free(struct rk_elector *e, enum act act, const struct rk_resp *resp)
{
    bool good = observe(e, resp);
    if (resp->http == 404 || (good && !mine(e))) {
        released(e);
    } else if (good) {
        send_record(e, ACT_FREE); /* it was a look: now for the write */
    } else if (act == ACT_FREE && resp->http == 409) {
        send_get(e, ACT_FREE_GET); /* a renewal of ours was still under way */
    } else {
        rk_timer_in(e->poll, &e->timer, e->conf.retry_ms / 8, free_lease, e);
    }
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct rk_elector *e = ctx;
    enum act act = e->act;
    e->call = NULL;
    e->act = ACT_NONE;
    if (resp->code != 0)
        rk_log_debug("lease request failed", RK_KV("name", e->name), RK_KN("http", resp->http),
                     RK_KV("err", resp->message));
    if (e->releasing) {
        on_free(e, act, resp);
        return;
    }
    switch (act) {
    case ACT_RENEW:
        if (observe(e, resp))
            won(e);
        else
            send_get(e, ACT_GET);
        break;
    case ACT_GET:
        if (resp->http == 404) {
            rk__lease_forget(&e->seen);
            send_record(e, ACT_CREATE);
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

/* Letting go. */

static void released(void *ctx)
{
    struct rk_elector *e = ctx;
    drop_call(e);
    rk_timer_del(e->poll, &e->timer);
    rk_timer_del(e->poll, &e->bound);
    rk_timer_del(e->poll, &e->tell);
    e->releasing = false;
    void (*done)(void *) = e->released;
    e->released = NULL;
    if (e->want)
        rk_timer_in(e->poll, &e->timer, 0, try_now, e);
    if (done)
        done(e->released_ctx);
}

static void free_lease(void *ctx)
{
    struct rk_elector *e = ctx;
    if (e->seen.object.len && mine(e))
        send_record(e, ACT_FREE);
    else
        send_get(e, ACT_FREE_GET);
}

static void let_go(struct rk_elector *e)
{
    if (e->releasing)
        return;
    /* A write under way may have made it ours without our knowing. */
    bool maybe = mine(e) || e->act == ACT_TAKE || e->act == ACT_CREATE;
    drop_call(e);
    rk_timer_del(e->poll, &e->timer);
    e->releasing = true;
    if (!maybe) {
        rk_timer_in(e->poll, &e->tell, 0, released, e);
    } else {
        rk_timer_in(e->poll, &e->bound, e->conf.retry_ms * 2, released, e);
        rk_timer_in(e->poll, &e->timer, 0, free_lease, e);
    }
    lose(e, "released");
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
        rk_url(e->collection, api, "leases", conf->ns, NULL, NULL) != 0) {
        (void)rk_err_set(err, RK_E_INVAL, "lease: illegal name %s/%s", conf->ns,
                         conf->name); /* NULL says it */
        rk_free(e);
        return NULL;
    }
    e->ns = rk_strdup(conf->ns);
    e->name = rk_strdup(conf->name);
    e->identity = rk_strdup(conf->identity);
    rk__lease_init(&e->seen);
    return e;
}

void rk_elector_free(struct rk_elector *e)
{
    if (!e)
        return;
    drop_call(e);
    rk_timer_del(e->poll, &e->timer);
    rk_timer_del(e->poll, &e->deadline);
    rk_timer_del(e->poll, &e->bound);
    rk_timer_del(e->poll, &e->tell);
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
    if (!want)
        let_go(e);
    else if (!e->releasing) /* a release ends first, and looks whether it is wanted again */
        rk_timer_in(e->poll, &e->timer, 0, try_now, e);
}

void rk_elector_release(struct rk_elector *e, void (*done)(void *ctx), void *ctx)
{
    e->want = false;
    e->released = done;
    e->released_ctx = ctx;
    let_go(e);
}

bool rk_elector_leads(const struct rk_elector *e)
{
    return e->leading;
}

int64_t rk_elector_renewed_ms(const struct rk_elector *e)
{
    return e->renewed_ms;
}
