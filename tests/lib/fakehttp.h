/* A scripted HTTP/1.1 server on loopback that lives in the test's own event loop: no threads, no
 * sleeps.
 *
 * Every request takes the next step of the script, in order of arrival; when none is left, requests
 * are answered with 200 {}. What arrived is recorded. The test file includes fakehttp.c. */
#ifndef RK_TESTS_FAKEHTTP_H
#define RK_TESTS_FAKEHTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/poll.h"

enum fake_after {
    FAKE_KEEP,  /* the connection stays open */
    FAKE_CLOSE, /* closed behind the reply */
    FAKE_RESET, /* reset behind the reply */
    FAKE_HOLD,  /* no reply; fake_answer may give one later */
};

struct fake_step {
    char *reply; /* raw bytes, owned; NULL = none */
    size_t n;
    enum fake_after after;
};

struct fake_request {
    char *head; /* request line and headers, owned */
    char *body; /* owned */
    size_t body_n;
    int conn; /* number of the connection, from 1 */
};

#define FAKE_STEPS    256
#define FAKE_REQUESTS 1024
#define FAKE_CONNS    256

struct fake_conn {
    struct fake *fake;
    int fd; /* -1 = closed */
    int number;
    struct rk_buf in;
    bool reading;   /* false: a body is left in the socket on purpose */
    bool held;      /* its request waits for fake_answer */
    bool saw_eof;   /* the client closed */
    bool saw_reset; /* the client reset */
};

struct fake {
    struct rk_poll *poll;
    int fd, port;
    struct fake_step steps[FAKE_STEPS];
    size_t n_steps, at_step;
    struct fake_request requests[FAKE_REQUESTS];
    size_t n_requests;
    struct fake_conn conns[FAKE_CONNS];
    size_t n_conns;
    size_t held, held_max; /* requests without an answer, now and at most */
    bool heads_only; /* read no bodies: a request counts when its head is there, and its connection
                        is read no further */
};

void fake_open(struct fake *f, struct rk_poll *p);
void fake_shut(struct fake *f);
/* Append a step. `reply` are raw bytes (NULL = none). */
void fake_step(struct fake *f, const char *reply, enum fake_after after);
/* Append a step: status line, Content-Length, these further header lines ("Retry-After: 1\r\n", may
 * be "") and the body. */
void fake_reply(struct fake *f, int status, const char *headers, const char *body);
/* Read on where heads_only had stopped. */
void fake_resume(struct fake *f);
/* Answer all held requests: with these raw bytes, or with 200 and this body. */
void fake_release(struct fake *f, const char *reply);
void fake_answer(struct fake *f, const char *body);
/* Header of request i, NULL when it has none. Borrowed until the next call. */
const char *fake_header(const struct fake *f, size_t i, const char *name);
bool fake_head_is(const struct fake *f, size_t i, const char *method_and_path); /* "GET /version" */

#endif
