/* Randomness and backoff of the kube room: who asks again, and when (client.md 17). */
#ifndef RK_KUBE_BACKOFF_H
#define RK_KUBE_BACKOFF_H

#include <stdint.h>

/* A random number in [lo, hi]; lo when hi <= lo. */
int64_t rk__random_in(int64_t lo, int64_t hi);

/* Doubles from min to max, plus up to 100 % jitter; starts anew after `quiet` without a failure.
 * All in milliseconds. */
struct rk__backoff {
    int64_t min_ms, max_ms, quiet_ms;
    int64_t step_ms; /* of the last failure; 0 = none yet */
    int64_t last_ms; /* when that was */
};
int64_t rk__backoff_next(struct rk__backoff *b, int64_t now_ms);

#endif
