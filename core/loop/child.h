/* The worker process as the master sees it: start, link, end and why. Internal to loop/. */
#ifndef RK_LOOP_CHILD_H
#define RK_LOOP_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/loop/shared.h"

struct rk_child {
    pid_t pid; /* 0 = none */
    int link;  /* our end of the socketpair; -1 */
    int64_t born_ms;
    uint64_t hand_seq; /* the call that is watched, and how long it was seen asleep */
    int64_t asleep_ms, looked_ms;
};

enum rk_hang {
    RK_HANG_NO,
    RK_HANG_LOOP,  /* its loop has not turned for a minute; stopped, throttled: nobody's fault */
    RK_HANG_BURNS, /* the call in hand burned its CPU limit */
    RK_HANG_SLEEPS /* the call in hand has been asleep for a minute */
};

/* Why a worker ended, as far as somebody is to blame. */
struct rk_end {
    bool hung;
    char how[RK_BLAME_WORD];
    struct rk_hand hand;
};

/* posix_spawn of our own binary with the shared memory, one end of a new socketpair and, unless it is -1, pages_fd; every other descriptor is close-on-exec. */
int rk_child_start(struct rk_child *c, int shared_fd, int pages_fd, char *const *argv,
                   struct rk_err *err);
void rk_child_send(struct rk_child *c, char what);
void rk_child_kill(struct rk_child *c, int signal);
/* One ended child of ours, reaped; 0 = none. Credential programs of ours (creds.h) and, as PID 1, strangers come back with their pid too. */
pid_t rk_child_reap(int *ret_status);
/* CPU time the worker has used, in milliseconds; 0 when it cannot be told. */
int64_t rk_child_cpu_ms(const struct rk_child *c);
/* To be called every half second or so. `patient`: only what does not depend on the wall clock. Told in the log. */
enum rk_hang rk_child_hangs(struct rk_child *c, const struct rk_shared *s, bool patient);
/* It is about to be killed for not working: does it sleep in a plugin, and did it for `ms` at least as far as was looked? Says so in the log. */
enum rk_hang rk_child_sleeps(const struct rk_child *c, const struct rk_shared *s, int64_t ms);
void rk_child_closed(struct rk_child *c);
/* Log the end of the worker. True when what was in hand is to blame: a crash (SEGV, BUS, ILL, TRAP, FPE, ABRT, SYS), an exit that a plugin called, or `hang`, for
 * which it was killed while that very call (hang_seq) was in hand. SIGKILL by others and want of memory blame nobody. */
bool rk_child_report(const struct rk_child *c, const struct rk_shared *s, int status,
                     enum rk_hang hang, uint64_t hang_seq, struct rk_end *ret);

#endif
