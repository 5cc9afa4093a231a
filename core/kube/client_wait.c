/* Calls that wait for a credential: before exec has given the first, and after the server turned one
 * away while exec is asked for the next. Both waits end with the call's own time, or with the run. */
#include "core/kube/client_room.h"

#include <stdio.h>

#include "core/base/clock.h"

static void refuse(struct rk_call *call)
{
    struct rk_client *c = call->lane->client;
    const char *problem = rk_creds_problem(c->creds);
    char why[512];
    int n = snprintf(why, sizeof why, "no credentials yet: %s",
                     problem ? problem : "exec has not answered");
    (void)n;        /* cut when too long */
    c->dark = true; /* whoever backs off now wants to hear of the first answer */
    rk__finish_unsent(call, RK_E_AUTH, why);
}

void rk__wait_pending(struct rk__lane *l, int64_t now, int64_t *ret_at_ms)
{
    bool fetching = rk_creds_fetching(l->client->creds);
    struct rk_call *call, *next;
    for (call = TAILQ_FIRST(&l->idle); call; call = next) {
        next = TAILQ_NEXT(call, link);
        if (call->state != RK__CALL_QUEUED)
            continue;
        int64_t due = call->first_ms + rk__finish_budget_ms(call);
        if (!fetching || due <= now)
            refuse(call);
        else if (due < *ret_at_ms)
            *ret_at_ms = due;
    }
}

static bool is_newer(const struct rk_call *call)
{
    const struct rk_creds *k = call->lane->client->creds;
    return k->token_generation != call->token_generation || k->generation != call->tls_generation;
}

static void too_late(void *ctx)
{
    struct rk_call *call = ctx;
    call->awaits = false;
    rk__finish_settle(call); /* with the 401 that it met */
    rk__client_kick(call->lane);
}

bool rk__wait_for_exec(struct rk_call *call)
{
    struct rk_client *c = call->lane->client;
    if (call->cancelled || call->cut || call->renewed || call->req.hearsay ||
        call->resp.http != 401 || !rk_creds_fetching(c->creds))
        return false;
    call->awaits = true;
    rk_timer_set(c->poll, &call->delay, call->first_ms + rk__finish_budget_ms(call), too_late,
                 call);
    return true;
}

static void settle(struct rk__lane *l)
{
    struct rk_call *call, *next;
    for (call = TAILQ_FIRST(&l->idle); call; call = next) {
        next = TAILQ_NEXT(call, link);
        if (!call->awaits)
            continue;
        call->awaits = false;
        rk_timer_del(l->client->poll, &call->delay);
        if (is_newer(call)) {
            call->renewed = true;
            rk__client_enqueue(call);
        } else {
            rk__finish_settle(call);
        }
    }
    rk__client_kick(l);
}

void rk__wait_over(void *client)
{
    struct rk_client *c = client;
    for (int i = 0; i < RK__LANES; i++)
        settle(&c->lanes[i]);
}
