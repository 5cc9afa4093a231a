/* The master: holds the Lease, answers /healthz and /readyz, starts and watches the worker. It loads no plugin and caches nothing. */
#ifndef RK_LOOP_MASTER_H
#define RK_LOOP_MASTER_H

#include "core/loop/options.h"

/* Run until SIGTERM or SIGINT (a second one ends at once). worker_argv: what a worker is started with (our own binary is argv[0]'s place), ending in NULL; it
 * gets shared memory as descriptor 3, the link as 4 and where metrics are asked for as 5. Returns the exit code. */
int rk_master_run(const struct rk_options *o, char *const *worker_argv);

#define RK_WORKER_SHARED_FD 3
#define RK_WORKER_LINK_FD   4
#define RK_WORKER_PAGES_FD  5 /* it listens there for its metrics; only where shared->pages */

#endif
