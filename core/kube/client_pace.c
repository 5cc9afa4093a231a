/* How much may be in flight in the unary lane (client.md 48): a window that grows by one per round
 * trip and halves on 429, 5xx or slow answers; a pause that the server asked for, for the whole
 * lane; and, if configured, a ceiling of requests per second. And for all lanes: is the server
 * there again? */
#include "core/kube/client_room.h"

#include "core/base/clock.h"
#include "core/base/digest.h"

#define SLOW_MS            1000
#define UNREACHABLE_MIN_MS 100
#define UNREACHABLE_MAX_MS 1600 /* a power of two times the minimum */

void rk__pace_init(struct rk_client *c)
{
    struct rk_client_conf *k = &c->conf;
    k->window_min = k->window_min > 0 ? k->window_min : 16;
    k->window_max = k->window_max > 0 ? k->window_max : 64;
    k->window_max = k->window_max >= k->window_min ? k->window_max : k->window_min;
    if (k->qps > 0 && k->burst < 1)
        k->burst = k->qps < 1 ? 1 : k->qps > 10000 ? 10000 : (int64_t)k->qps;
    c->window = (double)k->window_min;
    c->tokens = (double)k->burst;
    c->tokens_ms = rk_clock_ms();
}

int64_t rk__pace_jitter(int64_t up_to_ms)
{
    uint64_t r = 0;
    if (up_to_ms <= 0 || rk_random(&r, sizeof r) != 0)
        return 0;
    return (int64_t)(r % ((uint64_t)up_to_ms + 1));
}

bool rk__pace_may_start(struct rk_client *c, size_t flying, int64_t now, int64_t *ret_at_ms)
{
    if (now < c->paused_until_ms) {
        *ret_at_ms = c->paused_until_ms;
        return false;
    }
    if ((double)flying + 1 > c->window) {
        *ret_at_ms = INT64_MAX;
        return false;
    }
    if (c->conf.qps <= 0)
        return true;
    double grown = c->tokens + (double)(now - c->tokens_ms) * c->conf.qps / 1000;
    c->tokens = grown < (double)c->conf.burst ? grown : (double)c->conf.burst;
    c->tokens_ms = now;
    if (c->tokens >= 1)
        return true;
    double wait_ms = (1 - c->tokens) * 1000 / c->conf.qps;
    *ret_at_ms = now + (wait_ms < 60000 ? (int64_t)wait_ms + 1 : 60000);
    return false;
}

void rk__pace_started(struct rk_client *c)
{
    if (c->conf.qps > 0)
        c->tokens -= 1;
}

static void shrink(struct rk_client *c, int64_t sent_ms)
{
    /* Answers to what was sent under the former window say nothing about this one. */
    if (sent_ms < c->shrunk_ms)
        return;
    c->shrunk_ms = rk_clock_ms() + 1;
    double half = (double)(int64_t)(c->window / 2), least = (double)c->conf.window_min;
    c->window = half > least ? half : least;
}

/* `flying` counts the finished one too. A window that is not used up does not grow. */
void rk__pace_good(struct rk_client *c, size_t flying, int64_t server_ms)
{
    if (server_ms > SLOW_MS) {
        shrink(c, rk_clock_ms() - server_ms);
        return;
    }
    double most = (double)c->conf.window_max;
    if (2 * (double)flying >= c->window)
        c->window = c->window + 1 / c->window < most ? c->window + 1 / c->window : most;
}

static void pause_for(struct rk_client *c, int64_t ms)
{
    int64_t until = rk_clock_ms() + ms + rk__pace_jitter(ms / 2);
    if (until > c->paused_until_ms)
        c->paused_until_ms = until;
}

/* No connection at all: thousands of waiting requests must not run into that wall one by one. */
void rk__pace_unreachable(struct rk_client *c, const struct rk_call *call)
{
    if (call->start_ms < c->paused_until_ms)
        return; /* set out before the pause that is on, or over */
    int64_t ms = (int64_t)UNREACHABLE_MIN_MS << c->unreachable;
    c->unreachable += ms < UNREACHABLE_MAX_MS;
    pause_for(c, ms);
    shrink(c, call->start_ms);
}

void rk__pace_bad(struct rk_client *c, const struct rk_call *call, int64_t retry_after_ms)
{
    shrink(c, call->start_ms);
    if (retry_after_ms >= 0)
        pause_for(c, retry_after_ms);
}

static void tell_ears(void *ctx)
{
    struct rk_client *c = ctx;
    for (struct rk_client_ear *ear = TAILQ_FIRST(&c->ears); ear; ear = TAILQ_NEXT(ear, link))
        ear->fn(ear->ctx);
}

/* 401 to a stale token is an outage like any. 429 says neither: it is there, and asks to be left
 * alone. */
void rk__pace_heard(struct rk_client *c, int http)
{
    if (http == 0 || http == 401 || http >= 500) {
        c->dark = true;
    } else if (c->dark && http != 429 && http >= 200) {
        c->dark = false;
        rk_timer_in(c->poll, &c->ears_timer, 0, tell_ears, c);
    }
}

void rk_client_listen(struct rk_client *c, struct rk_client_ear *ear)
{
    TAILQ_INSERT_TAIL(&c->ears, ear, link);
}

void rk_client_unlisten(struct rk_client *c, struct rk_client_ear *ear)
{
    TAILQ_REMOVE(&c->ears, ear, link);
}
