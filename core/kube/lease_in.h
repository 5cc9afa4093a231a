/* Inside the elector: the Lease as a record (lease_record.c), who holds it (lease.c), letting it go
 * (lease_free.c), being told when it changes (lease_watch.c). */
#ifndef RK_KUBE_LEASE_IN_H
#define RK_KUBE_LEASE_IN_H

#include "core/json/scan.h"
#include "core/kube/backoff.h"
#include "core/kube/lease.h"

#define RK__RELEASED_S       1 /* client-go: nobody for one second is the mark of a release */
#define RK__LEASE_OBJECT_MAX ((size_t)256 * 1024)
#define RK__HOLDER_MAX       512

/* What the API server last showed us. */
struct rk__lease {
    struct rk_buf object; /* the whole Lease; empty = never seen, or gone */
    struct rk_buf spec;   /* its spec as it stood there: any change is a sign of life */
    char rv[64];
    char holder[RK__HOLDER_MAX]; /* "" = nobody */
    char acquire[40];            /* acquireTime as it stood there; "" = none */
    int64_t duration_ms, transitions;
    int64_t stamp_ms; /* our own clock (rk_clock_ms) when the spec was last seen to change */
    uint64_t changes; /* how often it was */
};

void rk__lease_init(struct rk__lease *l);
void rk__lease_done(struct rk__lease *l);
void rk__lease_forget(struct rk__lease *l); /* the object is gone */
/* Take a Lease object in. RK_E_SYNTAX or RK_E_LIMIT: it cannot be one, `l` is unchanged. */
int rk__lease_observe(struct rk__lease *l, struct rk_span object, int64_t now_ms,
                      struct rk_err *err);
/* Held, and its time is not over by our clock. */
bool rk__lease_valid(const struct rk__lease *l, int64_t now_ms);

struct rk__lease_spec {
    const char *holder;
    const char *acquire; /* NULL = now */
    int64_t duration_s, transitions;
};
/* The body of a POST (ns, name) or of a PUT over what was observed: labels, annotations and
 * owners of the object stay. */
void rk__lease_post(struct rk_buf *out, const char *ns, const char *name,
                    const struct rk__lease_spec *s);
int rk__lease_put(struct rk_buf *out, const struct rk__lease *l, const struct rk__lease_spec *s,
                  struct rk_err *err);

/* ---- lease_watch.c: the Lease as it changes ----
 *
 * A hint, no need: an elector that may not watch, or whose stream is silent, looks by itself. */
struct rk__lease_watch {
    struct rk_poll *poll;
    struct rk_client *client;
    char path[RK_URL_MAX], query[RK_URL_MAX];
    int64_t silent_ms; /* a stream without an event for so long is opened anew */
    /* The object as it is now, or as it was when it went. Borrowed. May stop the watch. */
    void (*news)(void *ctx, struct rk_span object, bool gone);
    void *ctx;
    rk_call *call;
    struct rk_scan *scan;
    struct rk_timer timer; /* it is opened again; it has been silent for too long */
    struct rk__backoff backoff;
    bool wanted, told;
};
/* RK_E_INVAL for what is too long. The rest of the struct is the caller's to fill in. */
int rk__lease_watch_init(struct rk__lease_watch *w, const char *collection, const char *name);
void rk__lease_watch_start(struct rk__lease_watch *w);
void rk__lease_watch_stop(struct rk__lease_watch *w); /* also from inside news() */
void rk__lease_watch_done(struct rk__lease_watch *w); /* not from inside news() */

/* ---- the elector ---- */

enum rk__act {
    RK__ACT_NONE,
    RK__ACT_RENEW,
    RK__ACT_GET,
    RK__ACT_TAKE,
    RK__ACT_CREATE,
    RK__ACT_FREE,
    RK__ACT_FREE_GET
};

struct rk_elector {
    struct rk_poll *poll;
    struct rk_client *client;
    struct rk_elector_conf conf;
    char *ns, *name, *identity;
    char path[RK_URL_MAX], collection[RK_URL_MAX];
    struct rk__lease seen;
    struct rk__lease_watch watch;
    bool want, leading, releasing;
    bool asked; /* a write that may have made it ours is out, or its outcome is unknown */
    bool heard; /* the watch told something since the last try */
    /* Our own clock: before it nobody but who had the lease last may take it. 0 = it is free. */
    int64_t free_ms;
    int64_t renewed_ms; /* send time of the last good renewal */
    enum rk__act act;   /* what `call` is */
    rk_call *call;
    int64_t send_ms;           /* when it went out */
    int64_t try_ms;            /* when this round of requests began */
    struct rk_timer timer;     /* the next try */
    struct rk_timer deadline;  /* leading ends then, whatever hangs */
    struct rk_timer bound;     /* of a release */
    struct rk_timer tell;      /* a release that is over at once is told later */
    char told[RK__HOLDER_MAX]; /* `waiting` was called for this holder */
    void (*released)(void *ctx);
    void *released_ctx;
};

/* lease.c */
bool rk__elector_mine(const struct rk_elector *e);
bool rk__elector_observe(struct rk_elector *e, struct rk_span object);
void rk__elector_drop_call(struct rk_elector *e);
void rk__elector_lose(struct rk_elector *e, const char *why);
void rk__elector_try(void *elector); /* timer function */
void rk__elector_get(struct rk_elector *e, enum rk__act act);
void rk__elector_put(struct rk_elector *e, enum rk__act act);

/* lease_free.c */
/* `all`: also a lease that is ours in the record alone, for we lead no more. */
void rk__elector_let_go(struct rk_elector *e, bool all);
void rk__elector_on_free(struct rk_elector *e, enum rk__act act, const struct rk_resp *resp);

#endif
