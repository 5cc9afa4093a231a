/* Backoff and jitter. */
#include "core/kube/backoff.h"

#include "core/base/clock.h"
#include "core/base/digest.h"

int64_t rk__random_in(int64_t lo, int64_t hi)
{
    if (hi <= lo)
        return lo;
    uint64_t r;
    /* Spreading is all this is for: without entropy the clock's low bits must do. */
    if (rk_random(&r, sizeof r) != 0)
        r = (uint64_t)rk_clock_wall_us() * UINT64_C(0x9E3779B97F4A7C15) >> 16;
    return lo + (int64_t)(r % ((uint64_t)(hi - lo) + 1));
}

int64_t rk__backoff_next(struct rk__backoff *b, int64_t now_ms)
{
    if (b->step_ms == 0 || now_ms - b->last_ms > b->quiet_ms)
        b->step_ms = b->min_ms;
    else
        b->step_ms = b->step_ms > b->max_ms / 2 ? b->max_ms : b->step_ms * 2;
    b->last_ms = now_ms;
    return b->step_ms + rk__random_in(0, b->step_ms);
}
