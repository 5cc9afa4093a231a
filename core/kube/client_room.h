/* Shared inside the client's own files only.
 *
 * client.c        the public calls; lists and queues; starts what may start
 * client_lane.c   one curl multi on the event loop
 * client_setup.c  what a request looks like to libcurl: URL, TLS, headers, callbacks
 * client_proxy.c  which way leads to the server: its proxy, its name and its address
 * client_finish.c what came of it: outcome, one more try, the caller is told
 * client_wait.c   calls that wait until exec has given a credential
 * client_pace.c   how much may be in flight in the unary lane
 *
 * A call is in exactly one list: `idle` of its lane (queued, or waiting for its next try), `flying`
 * of its lane (owned by libcurl), or `finished` of the client (its caller is about to be told).
 * Callers are only told from the loop, never from within one of their calls. */
#ifndef RK_KUBE_CLIENT_ROOM_H
#define RK_KUBE_CLIENT_ROOM_H

#include <sys/queue.h>

#include <curl/curl.h>

#include "core/base/heap.h"
#include "core/kube/client.h"

#define RK__LANES          3
#define RK__BODY_MAX       ((size_t)16 << 20) /* of a collected answer */
#define RK__ERROR_BODY_MAX ((size_t)64 << 10) /* of a refusal to a streaming request */
#define RK__TRIES_MAX      5                  /* of a GET; client.md 37 */
#define RK__PAUSE_MAX_MS   60000              /* no Retry-After stops us for longer */
#define RK__POOL_MAX       64                 /* idle easy handles */

TAILQ_HEAD(rk__calls, rk_call);

struct rk__lane {
    struct rk_client *client;
    enum rk_lane kind;
    CURLM *multi;
    struct rk_heap queue; /* of idle calls that may start; by (-priority, age) */
    struct rk__calls idle, flying;
    size_t n_flying;
    size_t n_condemned;         /* flying calls that are cancelled or cut */
    size_t n_calls, n_writes;   /* whose callers wait for us */
    struct rk_timer curl_timer; /* libcurl's own */
    struct rk_timer pump;       /* condemned calls leave, waiting ones start */
    bool broken;                /* the multi is beyond use: a new one at the next pump */
    /* The spin watchdog (client.md 2): rounds of libcurl that moved nothing. */
    uint64_t idle_rounds;
    int64_t idle_since_ms;
};

enum rk__call_state { RK__CALL_QUEUED, RK__CALL_DELAYED, RK__CALL_FLYING, RK__CALL_FINISHED };

struct rk_call {
    TAILQ_ENTRY(rk_call) link;
    struct rk_heap_node turn; /* in lane->queue */
    struct rk_timer delay;    /* before its next try */
    struct rk__lane *lane;
    enum rk__call_state state;
    struct rk_req req; /* texts are copies, in one block: `texts` */
    char *texts;
    struct rk_resp resp;
    struct rk_buf body;
    CURL *easy; /* while flying */
    struct curl_slist *headers;
    int fd;                     /* its socket as far as libcurl has said; -1 */
    int64_t first_ms, start_ms; /* rk_clock_ms of send; of this try */
    uint64_t token_generation;  /* of the token that went with this try */
    uint64_t tls_generation;    /* of its authorities and certificate */
    int tries;
    bool gate_shut; /* the gate stopped this try */
    bool left;      /* a try passed the gate: bytes may be out */
    bool head_over; /* the answer's headers came to their end */
    bool cancelled, cut;
    bool too_big;
    bool renewed;  /* the one more try with changed credentials is used up */
    bool awaits;   /* turned away; exec is running, and then there may be one more try */
    bool telling;  /* done() is running, or has run */
    int data_code; /* the consumer's refusal */
    struct rk_err data_err;
    char curl_text[CURL_ERROR_SIZE];
};

struct rk_client {
    struct rk_poll *poll;
    struct rk_creds *creds;
    struct rk_client_conf conf;
    char *user_agent;
    char *base_url;                /* creds->server, its host replaced by tls_server_name */
    struct curl_slist *connect_to; /* where that host really is; NULL */
    char *proxy;                   /* NULL = the environment's; may hold a password */
    const char *noproxy;           /* hosts without it; NULL = the environment's; a literal */
    bool http2;
    struct rk__lane lanes[RK__LANES];
    struct rk__calls finished;
    CURL *pool[RK__POOL_MAX];
    size_t n_pool;
    struct rk_client_stats stats;
    struct rk_client_tally tallies[RK_CLIENT_TALLIES];
    size_t n_tallies;
    struct rk_creds_ear creds_ear; /* a run of exec is over */
    /* client_pace.c: is the server there? */
    TAILQ_HEAD(rk__ears, rk_client_ear) ears;
    struct rk_timer ears_timer;
    bool dark; /* a request failed, and none has been answered since */
    /* client_pace.c */
    double window;     /* calls that may be in flight in the unary lane */
    int64_t shrunk_ms; /* when the window last shrank */
    int64_t paused_until_ms;
    int unreachable; /* pauses in a row because nobody answered */
    double tokens;   /* of the qps ceiling */
    int64_t tokens_ms;
};

/* client.c */
void rk__client_pump(void *lane);         /* timer function */
void rk__client_kick(struct rk__lane *l); /* pump in the next turn */
/* Take a call out of wherever it is. It must not be with libcurl. */
void rk__client_unlink(struct rk_call *call);
void rk__client_enqueue(struct rk_call *call); /* idle, may start */
void rk__client_uncount(struct rk_call *call); /* its caller waits no more */
void rk__client_call_free(struct rk_call *call);
/* A write that waits to send on this socket may be half out. When its gate has shut meanwhile (we were
 * stopped, or slow), the other half stays here. True when there was one. */
bool rk__client_cut_half(struct rk__lane *l, int fd);
/* Like rk_client_send for a request that cannot be made: done() will say so. */
rk_call *rk__client_refuse(struct rk_client *c, const struct rk_req *req, int code,
                           const char *why);

/* client_lane.c */
int rk__lane_init(struct rk_client *c, struct rk__lane *l, enum rk_lane kind, struct rk_err *err);
void rk__lane_done(struct rk__lane *l);
int rk__lane_add(struct rk_call *call); /* RK_E_IO when libcurl does not take it */
/* Out of libcurl; ends its connection when it is not through. */
void rk__lane_remove(struct rk_call *call);
void rk__lane_renew(struct rk__lane *l); /* fail what is flying, start with a new multi */
static inline void rk__lane_moved(struct rk__lane *l)
{
    l->idle_rounds = 0;
}

/* client_setup.c */
int rk__setup_call(struct rk_call *call);  /* gives it an easy handle; RK_E_IO */
void rk__setup_undo(struct rk_call *call); /* takes the easy handle back */

/* client_proxy.c */
/* Sets base_url, connect_to, proxy and noproxy from the credentials. RK_E_INVAL naming the field. */
int rk__proxy_setup(struct rk_client *c, struct rk_err *err);

/* client_wait.c */
/* No credential yet: refuse what has waited long enough, or everything when exec has failed.
 * *ret_at_ms: when to ask again. */
void rk__wait_pending(struct rk__lane *l, int64_t now, int64_t *ret_at_ms);
/* Turned away, and exec is running: true when the call waits for its end. */
bool rk__wait_for_exec(struct rk_call *call);
void rk__wait_over(void *client); /* exec's run is over: an ear */

/* client_finish.c */
/* After rk__lane_remove, with the easy handle still there. */
void rk__finish(struct rk_call *call, CURLcode rc);
void rk__finish_unsent(struct rk_call *call, int code, const char *why);
void rk__finish_tell(struct rk_client *c); /* call the callers back */
/* Of an idle call: resp is what its caller will hear. */
void rk__finish_settle(struct rk_call *call);
int64_t rk__finish_budget_ms(const struct rk_call *call); /* of one try */

/* client_pace.c */
void rk__pace_init(struct rk_client *c);
/* May one more unary call start now? If not, *ret_at_ms is when to ask again (INT64_MAX: when
 * something finishes). */
bool rk__pace_may_start(struct rk_client *c, size_t flying, int64_t now, int64_t *ret_at_ms);
void rk__pace_started(struct rk_client *c);
void rk__pace_good(struct rk_client *c, size_t flying, int64_t server_ms);
void rk__pace_bad(struct rk_client *c, const struct rk_call *call, int64_t retry_after_ms);
void rk__pace_unreachable(struct rk_client *c, const struct rk_call *call);
int64_t rk__pace_jitter(int64_t up_to_ms); /* 0..up_to_ms */
/* The status line of an answer, in any lane; 0 = there was none. Also from inside libcurl. */
void rk__pace_heard(struct rk_client *c, int http);

#endif
