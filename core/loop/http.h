/* Small pages over libmicrohttpd on the process's event loop: no threads, bounded connections;
 * slow clients do no harm: a connection that nobody moves for 10 s ends, and any after 30 s. */
#ifndef RK_LOOP_HTTP_H
#define RK_LOOP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/poll.h"

struct rk_http;

struct rk_http_ask {
    const char *path; /* without what follows a question mark */
    bool verbose;     /* ?verbose */
};

/* What stands at this path: writes the text, returns the HTTP status. 0: not known yet; whoever asked
 * waits until rk_http_wake, and then this is called again. */
typedef unsigned rk_http_page(void *ctx, const struct rk_http_ask *ask, struct rk_buf *text);

/* address: "host:port" ("[::]:8082", "0.0.0.0:0"). *ret_port is the port that was bound, *ret_fd
 * is close-on-exec and the caller's. RK_E_INVAL for an unusable address, RK_E_IO when it cannot
 * be bound. */
int rk_http_listen(const char *address, int *ret_fd, int *ret_port, struct rk_err *err);
/* Serves GET and HEAD on fd, which it closes at its end, also when it fails. `type` is the
 * Content-Type of all pages, a literal; `clients` are served at a time, each may keep a page in
 * memory while it reads, at most 16 MiB. RK_E_IO. */
int rk_http_new(struct rk_poll *poll, int fd, const char *type, unsigned clients,
                rk_http_page *page, void *ctx, struct rk_http **ret, struct rk_err *err);
/* A page that was there (200) is given to whoever asks for the same path within so long after it was
 * made: all of them read the one copy in memory, however slowly. 0, the default: each has his own. */
void rk_http_keep(struct rk_http *h, int64_t ms);
/* Pages that were not known are asked for again. NULL is fine; not from inside a page. */
void rk_http_wake(struct rk_http *h);
void rk_http_free(struct rk_http *h); /* NULL is fine */

#endif
