/* Inside the recorder: series and how they are told (events.c), how they begin (events_add.c),
 * their JSON (events_body.c). */
#ifndef RK_KUBE_EVENTS_IN_H
#define RK_KUBE_EVENTS_IN_H

#include <sys/queue.h>

#include "core/base/heap.h"
#include "core/base/map.h"
#include "core/kube/events.h"

#define RK__EVENT_BODY_MAX  ((size_t)16 * 1024)
#define RK__EVENT_NAME_MAX  254
#define RK__EVENT_QUEUE_MAX 1000u

/* All clocks in milliseconds, so that tests can shorten them. */
struct rk__event_timing {
    int64_t series_ms; /* silence that ends a series (client.md 55) */
    int64_t patch_ms;  /* between two PATCHes of one series */
    int64_t refill_ms; /* one more event per object */
    int64_t retry_ms;  /* between tries; the first is random within */
};
extern struct rk__event_timing rk__event_timing;

struct rk__series {
    struct rk_heap_node node;
    TAILQ_ENTRY(rk__series) used; /* all of them, least recently used first */
    TAILQ_ENTRY(rk__series) waiting;
    struct rk_recorder *r;
    rk_call *call;
    char *key, *ns;
    char *body; /* without series and last brace; for another POST when the Event has expired */
    char name[RK__EVENT_NAME_MAX];
    uint64_t count, sent, sending; /* seen; told; being told */
    int64_t last_us;               /* wall time of the last one */
    int64_t last_ms, sent_ms, retry_ms;
    uint64_t epoch;
    int tries;
    bool created, queued;
    bool ended; /* not in the map any more: nothing joins it, it leaves when told */
};

TAILQ_HEAD(rk__series_list, rk__series);

struct rk_recorder {
    struct rk_poll *poll;
    struct rk_client *client;
    char *instance;
    struct rk_map series;  /* by key: struct rk__series, borrowed */
    struct rk_map objects; /* struct bucket of events_add.c, owned */
    struct rk__series_list used, queue;
    size_t n_queue, n_flying;
    struct rk_heap heap;
    struct rk_timer timer, pump;
    struct rk_timer flush_timer; /* its bound, or its end */
    void (*flushed)(void *ctx);
    void *flushed_ctx;
    uint64_t last_unique, dropped;
};

/* events.c */
void rk__series_end(struct rk__series *s); /* nothing joins it any more */
void rk__series_free(struct rk__series *s);
bool rk__series_untold(const struct rk__series *s);
void rk__series_enqueue(struct rk__series *s);
void rk__series_arm(struct rk__series *s); /* idle: wait for what comes first */
void rk__series_give_up(struct rk__series *s, const char *why);

/* events_body.c */
/* Names are "<regarding>.<16 hex digits>" as client-go makes them, within 253 bytes. */
void rk__event_name(char out[RK__EVENT_NAME_MAX], const char *regarding, uint64_t unique);
/* What distinguishes a series; an object. RK_E_LIMIT when it does not fit. */
int rk__event_key(struct rk_buf *out, const struct rk_event *e);
int rk__event_object_key(struct rk_buf *out, const struct rk_event *e);
/* The object without its series and without its last brace. RK_E_LIMIT, RK_E_INVAL. */
int rk__event_body(struct rk_buf *out, const struct rk_event *e, const char *name,
                   const char *instance);
void rk__event_series(struct rk_buf *out, uint64_t count, int64_t last_us); /* "series":{...} */

#endif
