/* Inside the list/watch machine: what watch.c (outside), watch_machine.c (transitions),
 * watch_stream.c (requests and their clocks) and watch_event.c (bytes) share. */
#ifndef RK_KUBE_WATCH_IN_H
#define RK_KUBE_WATCH_IN_H

#include "core/json/scan.h"
#include "core/kube/backoff.h"
#include "core/kube/watch.h"

#define RK__RV_MAX 64

/* All clocks of the machine in milliseconds, so that tests can shorten them. */
struct rk__watch_timing {
    int64_t backoff_min_ms, backoff_max_ms, backoff_quiet_ms; /* client.md 17 */
    int64_t stream_min_s, stream_max_s; /* timeoutSeconds, random in between */
    int64_t kill_ms;                    /* past timeoutSeconds on our own clock (20a) */
    int64_t sync_silent_ms,
        sync_total_ms; /* bounds of a streamed list (19); the first also of a page */
    int64_t silent_ms; /* then a second watch is tried (20b) */
    int64_t stale_ms;  /* then the cache is stale (20c) */
    int64_t short_ms;  /* a stream that ended sooner, with nothing, has failed (16) */
    int64_t bad_ms;    /* errors inside streams for so long: relist (16) */
    int64_t spread_ms; /* re-watches after an early end (57) */
    int64_t absent_ms; /* between looks at a kind that is not there */
    int64_t settle_ms; /* a stream open for so long is not failing */
};
extern struct rk__watch_timing rk__watch_timing;
/* This process's API server refuses streamed lists; remembered from the first refusal. */
extern bool rk__watch_list_only;

enum rk__stream_kind { RK__STREAM_INIT, RK__STREAM_LIVE, RK__STREAM_PAGE };

/* One request under way and what it has told so far. */
struct rk__stream {
    struct rk_watcher *w;
    struct rk__stream *next_dead;
    enum rk__stream_kind kind;
    rk_call *call; /* NULL once done */
    struct rk_scan *scan;
    struct rk_timer guard;
    int64_t start_ms, last_ms; /* opened; last byte */
    int64_t due_ms, kill_ms;   /* the server should end it; we do */
    uint64_t events;
    bool dead;              /* dropped: nothing of it counts any more */
    int status;             /* code of a Status that came in the body; 0 = none */
    bool too_new;           /* that Status says ResourceVersionTooLarge */
    bool has_meta;          /* PAGE: metadata seen */
    char floor[RK__RV_MAX]; /* LIVE: events up to this one are replays */
};

enum rk__phase {
    RK__PH_IDLE,
    RK__PH_INIT,
    RK__PH_LIST,
    RK__PH_LIVE,
    RK__PH_BACKOFF,
    RK__PH_ABSENT
};

struct rk_watcher {
    struct rk_poll *poll;
    struct rk_client *client;
    struct rk_watcher_def def;
    char *api_version, *plural, *ns, *selector;

    enum rk__phase phase;
    enum rk__phase next; /* what the timer starts: INIT, LIST or LIVE */
    /* The next step; zero delay too, so that nothing starts inside a callback of the transport. */
    struct rk_timer timer;
    struct rk_timer reap;            /* cancels what is in `dead` */
    struct rk__stream *main, *spare; /* spare: the second watch of rule 20b */
    struct rk__stream *dead;
    struct rk__backoff backoff;
    struct rk_client_ear ear; /* the server answers again */
    int64_t kicked_ms;        /* when that last cut a wait short; 0 = never */
    bool told_to_wait;        /* the wait is the server's wish */

    char rv[RK__RV_MAX];      /* the stream has reached this; "" before the first sync */
    char list_rv[RK__RV_MAX]; /* of the list under way: asked of the server */
    char page_rv[RK__RV_MAX]; /* of the list under way: told by its first page */
    char cont[8192];          /* continue token of the next page; "" = first page */
    bool list_only;           /* the streamed list did not work out for this watcher */
    bool hurried;             /* this list was already restarted at once after a 410 */
    bool bookmarks_come;      /* this server sends bookmarks */
    bool failing;             /* the last attempt failed */
    bool forbidden;           /* by 403 */
    bool synced, current;     /* complete once; complete and no relist under way */
    bool present, absent;     /* the kind was there; it is known not to be */
    int init_ends;            /* streamed lists that ended before their bookmark, in a row */
    int64_t synced_ms, last_byte_ms, bad_since_ms, missing_since_ms; /* the last two: 0 = not */
    uint64_t lists, watches, events, bookmarks, errors;
    char last_error[256];
};

/* watch_machine.c: each of them ends with something scheduled or under way. */
/* List now, at least as new as rv ("" = the newest there is). */
void rk__watch_relist(struct rk_watcher *w, const char *rv);
/* The request is over; main or spare. */
void rk__watch_ended(struct rk__stream *s, const struct rk_resp *resp);
/* The bookmark at the end of the initial events came; w->rv is set. */
void rk__watch_initial_end(struct rk__stream *s);
/* The guard gave up on s; s is dropped. */
void rk__watch_timed_out(struct rk__stream *s, const char *why);

void rk__watch_server_is_back(void *watcher); /* an ear's function */

/* watch.c: count and remember; changes nothing else. */
void rk__watch_error(struct rk_watcher *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* watch_stream.c */
void rk__stream_open(struct rk_watcher *w, enum rk__stream_kind kind, struct rk__stream **ret);
void rk__stream_drop(struct rk__stream *s);    /* unlinks; cancelled and freed later */
void rk__stream_promote(struct rk__stream *s); /* the spare has spoken: it is the main one now */
void rk__stream_reap(struct rk_watcher *w);
void rk__stream_rearm(struct rk__stream *s); /* what its guard waits for has changed */

/* watch_event.c */
rk_scan_fn rk__watch_on_event, rk__watch_on_page;

#endif
