/* A flight's insides: what flight*.c share. */
#ifndef RK_LOOP_FLIGHT_IN_H
#define RK_LOOP_FLIGHT_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/loop/worker.h"

#define RK_FLIGHT_RESEND_MAX \
    60 /* then the flight gives up and the key backs off; the name stays unresolved */

struct rk_flight;

struct rk_step { /* one op under way */
    struct rk_flight *f;
    const struct rk_op *op;
    rk_call *call;
    struct rk_timer again;
    uint32_t tries;
    bool resolving; /* a GET after 409 */
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
    struct rk_step *steps; /* one per op */
    size_t next, in_flight, window, settled_ok, settled_bad;
    int wave;
    bool wave_failed, aborted, raced,
        more; /* raced: a precondition failed, plan anew soon; more: at once */
    struct rk_tally tallies[8];
    size_t n_tallies;
    struct rk_timer finish;
};

void rk__flight_send(struct rk_step *s); /* flight_send.c */
void rk__flight_again(struct rk_step *s, int64_t after_ms);
void rk__flight_answered(void *ctx, const struct rk_resp *resp); /* flight_answer.c */
void rk__flight_settled(struct rk_step *s, bool ok, const struct rk_resp *resp);
void rk__flight_advance(struct rk_flight *f); /* flight.c */
void rk__flight_finish_soon(struct rk_flight *f);
void rk__flight_tally(struct rk_flight *f, const struct rk_op *op, bool ok,
                      const char *message); /* flight_tell.c */
void rk__flight_tell(struct rk_flight *f);

#endif
