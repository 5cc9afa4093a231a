/* A scripted HTTP server on loopback, driven by the event loop of the test itself: no threads,
 * no sleeps, every wait bounded.
 *
 * The test takes each request (fakeapi_next), looks at it and answers when and how it likes:
 * whole, in chunks, cut short, or never. HTTP/1.1 with keep-alive, requests up to 1 MiB. Test
 * code: failures are cmocka assertions. */
#ifndef FAKEAPI_H
#define FAKEAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/poll.h"

#define FAKEAPI_WAIT_MS 5000

struct fakeapi;

/* One request, kept until fakeapi_free. */
struct fakeapi_call {
    struct fakeapi *api;
    struct fakeapi_call *next;
    struct fakeapi_conn *conn; /* NULL when the connection is gone */
    char method[8];
    char target[4096]; /* path and query as they came */
    char *head, *body; /* header lines; body, terminated */
    size_t body_len;
    int64_t at_ms; /* rk_clock_ms of its arrival */
    bool taken, chunked, over;
    bool gone; /* the client closed before the answer was over */
};

struct fakeapi *fakeapi_new(struct rk_poll *p);
void fakeapi_free(struct fakeapi *f);
const char *fakeapi_url(const struct fakeapi *f);
/* Stop and start listening (same port): connections are refused meanwhile, open ones are reset. */
void fakeapi_down(struct fakeapi *f);
void fakeapi_up(struct fakeapi *f);

/* The oldest request not yet taken; fails the test when none comes in time. */
struct fakeapi_call *fakeapi_next(struct fakeapi *f);
/* The same, only requests whose method and target match: "GET", "watch=1" (NULL = any). Others
 * stay. */
struct fakeapi_call *fakeapi_next_of(struct fakeapi *f, const char *method, const char *part);
bool fakeapi_pending(struct fakeapi *f, const char *method, const char *part); /* without waiting */
/* Turn the loop until cond(ctx) or the time is over; returns the last cond. */
bool fakeapi_until(struct fakeapi *f, bool (*cond)(void *), void *ctx, int64_t wait_ms);
void fakeapi_idle(struct fakeapi *f,
                  int64_t ms); /* let the loop run for so long: to show that nothing happens */

void fakeapi_reply(struct fakeapi_call *c, int status, const char *headers, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void fakeapi_status(struct fakeapi_call *c, int code, const char *reason,
                    const char *message);    /* a v1 Status */
void fakeapi_stream(struct fakeapi_call *c); /* 200, chunked */
void fakeapi_chunk(struct fakeapi_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void fakeapi_end(struct fakeapi_call *c);                         /* a clean end of the chunks */
void fakeapi_reset(struct fakeapi_call *c);                       /* RST */
bool fakeapi_has(const struct fakeapi_call *c, const char *part); /* the target contains */

#endif
