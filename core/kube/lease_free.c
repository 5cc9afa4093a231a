/* Letting the lease go: a record that says nobody, for one second, is taken up at once by whoever
 * waits (client.md 54). Whoever calls has settled all writes before. */
#include "core/kube/lease_in.h"

static void free_lease(void *ctx);

static void released(void *ctx)
{
    struct rk_elector *e = ctx;
    rk__elector_drop_call(e);
    rk_timer_del(e->poll, &e->timer);
    rk_timer_del(e->poll, &e->bound);
    rk_timer_del(e->poll, &e->tell);
    e->releasing = false;
    void (*done)(void *) = e->released;
    e->released = NULL;
    if (e->want)
        rk_timer_in(e->poll, &e->timer, 0, rk__elector_try, e);
    if (done)
        done(e->released_ctx);
}

static void free_lease(void *ctx)
{
    struct rk_elector *e = ctx;
    if (e->seen.object.len && rk__elector_mine(e))
        rk__elector_put(e, RK__ACT_FREE);
    else
        rk__elector_get(e, RK__ACT_FREE_GET);
}

void rk__elector_on_free(struct rk_elector *e, enum rk__act act, const struct rk_resp *resp)
{
    bool good = resp->code == 0 && rk__elector_observe(e, resp->body);
    if (resp->http == 404 || (good && !rk__elector_mine(e))) {
        released(e);
    } else if (good) {
        rk__elector_put(e, RK__ACT_FREE); /* it was a look: now for the write */
    } else if (act == RK__ACT_FREE && resp->http == 409) {
        rk__elector_get(e, RK__ACT_FREE_GET); /* a renewal of ours was still under way */
    } else {
        rk_timer_in(e->poll, &e->timer, e->conf.retry_ms / 8, free_lease, e);
    }
}

void rk__elector_let_go(struct rk_elector *e, bool all)
{
    if (e->releasing)
        return;
    /* A write under way may have made it ours without our knowing. */
    bool maybe = e->leading || e->act == RK__ACT_TAKE || e->act == RK__ACT_CREATE ||
                 (all && rk__elector_mine(e));
    rk__elector_drop_call(e);
    rk_timer_del(e->poll, &e->timer);
    e->releasing = true;
    if (!maybe) {
        rk_timer_in(e->poll, &e->tell, 0, released, e);
    } else {
        rk_timer_in(e->poll, &e->bound, e->conf.retry_ms * 2, released, e);
        rk_timer_in(e->poll, &e->timer, 0, free_lease, e);
    }
    rk__elector_lose(e, "released");
}
