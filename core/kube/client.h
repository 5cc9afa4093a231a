/* Kubernetes API client: requests over libcurl multi on the process's event loop (client.md
 * sections 1 and 6).
 *
 * Three lanes, each a curl multi of its own, so that none can starve another: LEASE, UNARY, WATCH.
 * The unary lane honours 429 and Retry-After for all its requests, adapts its in-flight window
 * (16..64; halved on 429, 5xx or latency over 1 s; client.md 48) and has an optional qps ceiling.
 * Requests wait in order of priority, then age. A request is sent, or completed with an error,
 * exactly once; libcurl's silent resend of requests on a dead reused connection is safe because
 * every write has a name or a precondition (client.md 6, 36-38).
 *
 * Where no Lease is held its lane is for what must neither wait nor slow down the others.
 *
 * While no connection can be made at all the unary lane pauses (100 ms, doubled up to 1.6 s), so
 * that what waits does not fail in a storm.
 *
 * Tried again inside: a GET of the unary lane without
 * `data` (connection errors, 429, 5xx: five tries within its timeout), and once any request that
 * met 401, or found the server's certificate untrusted, when the credentials have changed since.
 *
 * Codes: 400 422 413 and other 4xx INVAL, 401 403 AUTH,
 * 404 NOENT, 409 CONFLICT, 410 GONE, 429 503 BUSY, 408, other 5xx, 3xx and transport IO. */
#ifndef RK_KUBE_CLIENT_H
#define RK_KUBE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/base/err.h"
#include "core/base/buf.h"
#include "core/base/poll.h"
#include "core/base/str.h"
#include "core/kube/creds.h"

struct rk_client;

enum rk_lane { RK_LANE_LEASE, RK_LANE_UNARY, RK_LANE_WATCH };

struct rk_client_conf {     /* 0 = the value named here */
    const char *user_agent; /* "raykeeper/0.1.0 (worker)" */
    int64_t connect_ms;     /* 5,000 */
    int64_t request_ms;     /* total of one try without `data`: 30,000 */
    int64_t stall_ms;       /* a list under 1 KB/s for so long is given up: 30,000; whole seconds */
    int64_t idle_ms;        /* a connection idle for longer is not used again: 55,000; likewise */
    int64_t user_timeout_ms; /* TCP_USER_TIMEOUT of the lease and unary lanes: at most lease minus
                                renew; 5,000 */
    double qps;              /* 0 = no ceiling */
    int64_t burst;
    int64_t window_min, window_max; /* 16, 64 */
    bool http2;                     /* only honoured with libcurl >= 8.4 (client.md 3) */
    /* Last look before a write leaves (CURLOPT_PREREQFUNCTION): false cancels it unsent. NULL =
     * always open. */
    bool (*gate)(void *ctx, uint64_t epoch);
    void *gate_ctx;
};

struct rk_client *rk_client_new(struct rk_poll *poll, struct rk_creds *creds,
                                const struct rk_client_conf *conf, struct rk_err *err);
/* Cancels everything without calling back; not from inside a callback. creds and poll stay the
 * caller's. SIGPIPE is ignored from rk_client_new on. */
void rk_client_free(struct rk_client *c);

struct rk_resp {
    int code;               /* 0 for 2xx, else an RK_E_* */
    int http;               /* 0 = no status line was seen */
    bool unknown;           /* a write whose outcome nobody knows: timeout, reset, 5xx after sending
                               (client.md 34) */
    bool unsent;            /* it never left: gate, cut, refused name, no connection */
    int64_t retry_after_ms; /* -1 = none given; at most 60,000 */
    int64_t took_ms;        /* since rk_client_send */
    struct rk_span body;    /* borrowed during the callback, never absent; bounded (16 MiB, else
                               RK_E_LIMIT; a refusal of a `data` request 64 KiB) */
    char reason[64];        /* of a Status body: "AlreadyExists", "Conflict", "Forbidden"; "" */
    char message[1024];     /* of a Status body, or our words for a transport error */
};

struct rk_req {
    enum rk_lane lane;
    const char *method;       /* GET POST PUT PATCH DELETE */
    const char *path;         /* percent-encoded where needed: build it with rk_url_* */
    const char *query;        /* "a=b&c=d", encoded; NULL */
    const char *content_type; /* NULL = application/json */
    struct rk_span body;      /* copied; absent = none */
    int priority;             /* higher goes first in its lane */
    bool write;               /* goes through the gate with `epoch` */
    uint64_t epoch;
    int64_t timeout_ms; /* of one try; 0 = request_ms, or none with `data` or watch=1 */
    bool metadata_only; /* Accept: PartialObjectMetadata(List); our copy of `body` is wiped */
    bool absent_ok;     /* 404 completes with code 0 */
    /* Somebody else may answer behind that path (the API server's proxy): 401 and 5xx say nothing
     * about the API server, nor about our credentials */
    bool hearsay;
    /* Streaming (watch, long lists): bytes of a 2xx answer as they come; a negative return ends the
     * request with that code (no done() before the loop turns). NULL = collected into resp.body.
     * With data and without watch=1 an answer under 1 KB/s for stall_ms is given up. */
    int (*data)(void *ctx, const char *p, size_t n, struct rk_err *err);
    /* Exactly once, never from inside rk_client_send or rk_client_cancel. */
    void (*done)(void *ctx, const struct rk_resp *resp);
    void *ctx;
};

typedef struct rk_call rk_call; /* a request under way; valid until done() returns */

rk_call *rk_client_send(struct rk_client *c, const struct rk_req *req); /* everything is copied */
/* No callback will come; the connection is closed. */
void rk_client_cancel(struct rk_client *c, rk_call *call);
/* Leadership is lost: cancel every write, queued or in flight, reset their connections (SO_LINGER
 * 0: a plain close still delivers queued bytes after a partition; DESIGN 4) and complete them with
 * unsent or unknown set. */
void rk_client_cut_writes(struct rk_client *c);
/* Requests queued, in flight (cancelled ones too) or not yet told. O(1). */
size_t rk_client_busy(const struct rk_client *c, enum rk_lane lane, bool writes_only);

/* Who wants to know that the server answers again after any request of this client failed (no
 * answer, 401, 5xx): whoever backs off has then waited long enough. Told from the loop; fn sends and
 * sets timers as it likes, but adds and removes no ears. The struct is the listener's. */
struct rk_client_ear {
    TAILQ_ENTRY(rk_client_ear) link;
    void (*fn)(void *ctx);
    void *ctx;
};
void rk_client_listen(struct rk_client *c, struct rk_client_ear *ear);
void rk_client_unlisten(struct rk_client *c, struct rk_client_ear *ear);

struct rk_client_stats {
    uint64_t sent, by_code[6]; /* [0] transport errors, [1]..[5] 1xx..5xx */
    uint64_t bytes_in, bytes_out, resets, throttled;
    int64_t window;    /* of the unary lane now */
    int64_t paused_ms; /* it sends nothing for so long; 0 */
    bool unreachable;  /* the pause is for want of a connection; else the server asked for it */
};
void rk_client_stats(const struct rk_client *c, struct rk_client_stats *ret);

#define RK_CLIENT_TALLIES 64
struct rk_client_tally { /* tries that came to their end, by method and status */
    char method[8];
    int http; /* 0 = no answer */
    uint64_t n;
};
/* The table as it is, in the order of first appearance; what finds no place in it any more is in its last row. Borrowed until the loop
 * turns. */
size_t rk_client_tallies(const struct rk_client *c, const struct rk_client_tally **ret);

/* URLs. kind: "v1" or "group/version" + plural. RK_E_LIMIT never: the buffer is bounded at 2 KiB
 * which fits any legal name; returns RK_E_INVAL for illegal names. */
#define RK_URL_MAX 2048
int rk_url(char *out, const char *api_version, const char *plural, const char *ns, const char *name,
           const char *subresource);
void rk_url_escape(struct rk_buf *out, const char *text); /* for query values */

#endif
