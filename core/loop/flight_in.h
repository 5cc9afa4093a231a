/* A flight's insides: what flight*.c share. */
#ifndef RK_LOOP_FLIGHT_IN_H
#define RK_LOOP_FLIGHT_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/loop/worker.h"

/* Tries of a write whose outcome is unknown; then the flight gives up, the key backs off, and the name stays unresolved. */
#define RK_FLIGHT_TRIES_ANSWERED 4  /* the server answers 5xx: an admission webhook, etcd */
#define RK_FLIGHT_TRIES_SILENT   60 /* nobody answers */

struct rk_flight;

struct rk_leg { /* one op under way */
    struct rk_flight *f;
    const struct rk_op *op;
    rk_call *call;
    struct rk_timer again;
    uint32_t tries;
    bool seen;   /* the object of the answer is in the cache */
    bool failed; /* its group sends no more in this wave */
    bool weighs; /* a deletion that the breaker counts as under way */
};

struct rk_tally { /* events of one reason are folded */
    const char *reason, *action;
    bool warning;
    size_t n;
    struct rk_buf names;
};

struct rk_flight {
    struct rk_worker *w;
    struct rk_owner *owner;
    struct rk_plan *plan;
    struct rk_leg *steps; /* one per op */
    size_t next, in_flight, window, settled_ok, settled_bad;
    int wave, failed_wave; /* the first wave with a failure: later ones are not sent */
    bool wave_failed, aborted;
    bool raced; /* a precondition failed: plan anew soon */
    bool more;  /* plan anew at once */
    bool held;  /* deletions were taken out of the plan */
    struct rk_tally tallies[8];
    size_t n_tallies;
    struct rk_timer finish;
};

void rk__flight_send(struct rk_leg *s); /* flight_send.c */
void rk__flight_again(struct rk_leg *s, int64_t after_ms);
void rk__flight_answered(void *ctx, const struct rk_resp *resp); /* flight_answer.c */
void rk__flight_weighed(struct rk_leg *s,
                        bool gone); /* the breaker counts it no more as under way */
void rk__flight_settled(struct rk_leg *s, bool ok, const struct rk_resp *resp);
void rk__flight_advance(struct rk_flight *f); /* flight.c */
void rk__flight_finish_soon(struct rk_flight *f);
void rk__flight_failed(struct rk_flight *f, int wave); /* a write of this wave failed */
void rk__flight_tally(struct rk_flight *f, const struct rk_op *op, bool ok,
                      const char *message); /* flight_tell.c */
void rk__flight_tell(struct rk_flight *f);

#endif
