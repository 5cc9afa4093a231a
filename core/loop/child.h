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
};

/* posix_spawn of our own binary with the shared memory and one end of a new socketpair; every other descriptor is close-on-exec. */
int rk_child_start(struct rk_child *c, int shared_fd, char *const *argv, struct rk_err *err);
void rk_child_send(struct rk_child *c, char what);
void rk_child_kill(struct rk_child *c, int signal);
/* One ended child of ours, reaped; 0 = none. As PID 1 we reap strangers too: they come back with their pid and are of no interest. */
pid_t rk_child_reap(int *ret_status);
/* CPU time the worker has used, in milliseconds; 0 when it cannot be told. */
int64_t rk_child_cpu_ms(const struct rk_child *c);
/* Has the hook in hand burned its CPU limit, or has the worker's loop not turned for a minute? Told in the log; only the former blames a plugin. */
bool rk_child_hangs(const struct rk_child *c, const struct rk_shared *s);
void rk_child_closed(struct rk_child *c);
/* Log the end of the worker: exit code or signal, and, for a crash, what was in hand. Returns true for a crash with a plugin in hand. */
bool rk_child_report(const struct rk_shared *s, pid_t pid, int status);

#endif
