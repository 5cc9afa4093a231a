/* /healthz and /readyz over libmicrohttpd on the process's event loop: no threads, bounded connections; slow clients do no harm. */
#ifndef RK_LOOP_HEALTH_H
#define RK_LOOP_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/base/poll.h"

struct rk_health;

/* Is it well? Writes a line that says why or why not into text. */
typedef bool rk_health_fn(void *ctx, char *text, size_t text_size);

/* address: "host:port" ("[::]:8082", "0.0.0.0:0"). *ret_port is the port that was bound. RK_E_INVAL for an unusable address, RK_E_IO when it cannot be bound. */
int rk_health_new(struct rk_poll *poll, const char *address, rk_health_fn *healthy,
                  rk_health_fn *ready, void *ctx, struct rk_health **ret, int *ret_port,
                  struct rk_err *err);
void rk_health_free(struct rk_health *h);

#endif
