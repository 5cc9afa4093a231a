/* The one event loop of a process: epoll, timers, and nothing else. One thread, no locks.
 *
 * Callbacks may add, change and delete anything, themselves included: a descriptor removed in a
 * batch gets no stale event of that batch (registrations carry a generation, because libcurl may
 * close a descriptor before telling; client.md 2). A timer or a later call made by a callback runs
 * in the next turn at the earliest. A descriptor whose peer has hung up reports RK_POLL_ERR, and
 * RK_POLL_IN when that was asked for: reading tells the rest. */
#ifndef RK_BASE_POLL_H
#define RK_BASE_POLL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/heap.h"

struct rk_poll;

#define RK_POLL_IN  1u
#define RK_POLL_OUT 2u
#define RK_POLL_ERR 4u /* always reported */

typedef void rk_poll_fd_fn(void *ctx, int fd, unsigned events);

/* A timer lives in its owner's struct; zero it before first use. Deleting an idle one is fine. */
struct rk_timer {
    struct rk_heap_node node;
    void (*fn)(void *ctx);
    void *ctx;
};

struct rk_poll *rk_poll_new(struct rk_err *err);
void rk_poll_free(struct rk_poll *p);
/* Register or change interest (events 0 = keep registered, report errors only). RK_E_IO on failure
 * of epoll_ctl. */
int rk_poll_fd(struct rk_poll *p, int fd, unsigned events, rk_poll_fd_fn *fn, void *ctx,
               struct rk_err *err);
void rk_poll_fd_del(struct rk_poll *p, int fd); /* unknown or already closed descriptors are fine */
/* due_ms is absolute (rk_clock_ms); a timer that is set already is moved. */
void rk_timer_set(struct rk_poll *p, struct rk_timer *t, int64_t due_ms, void (*fn)(void *),
                  void *ctx);
void rk_timer_in(struct rk_poll *p, struct rk_timer *t, int64_t delay_ms, void (*fn)(void *),
                 void *ctx);
void rk_timer_del(struct rk_poll *p, struct rk_timer *t);
bool rk_timer_active(const struct rk_timer *t);
/* Run something once, after the current batch of events (before sleeping again). Runs in order of
 * calls. */
void rk_poll_later(struct rk_poll *p, void (*fn)(void *ctx), void *ctx);
/* Forget all calls put off for this ctx: for owners that go away. */
void rk_poll_later_drop(struct rk_poll *p, const void *ctx);
/* One turn: wait at most max_wait_ms (-1 = until something happens), dispatch. RK_E_IO only when
 * epoll itself fails. */
int rk_poll_turn(struct rk_poll *p, int64_t max_wait_ms, struct rk_err *err);
/* Signals arrive as events (signalfd); they are blocked in the process from here on. A second call
 * replaces set and function. */
int rk_poll_signals(struct rk_poll *p, const int *signals, int n, void (*fn)(void *ctx, int signal),
                    void *ctx, struct rk_err *err);
uint64_t rk_poll_turns(const struct rk_poll *p); /* for the spin watchdog and metrics */

#endif
