/* The worker: caches, queue, passes and writes; everything but the Lease. Internal to loop/. */
#ifndef RK_LOOP_WORKER_H
#define RK_LOOP_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/map.h"
#include "core/base/poll.h"
#include "core/kube/client.h"
#include "core/kube/events.h"
#include "core/kube/watch.h"
#include "core/loop/options.h"
#include "core/loop/shared.h"
#include "core/pass/pass.h"
#include "core/queue/queue.h"
#include "core/view/view.h"

struct rk_worker;

#define RK_FOUND_MAX 4
#define RK_FOUND_MS  600000 /* then it is looked at again: a create that is refused again */

struct rk_found {
    uint64_t hash;   /* of kind and name */
    int64_t when_ms; /* 0 = none */
};

/* What is remembered of one owner between passes. Lost with the process; everything else is in the API server. */
struct rk_owner {
    char *key; /* "<gvk> <ns>/<name>" */
    char *gvk, *ns, *name;
    size_t kind;                      /* its place in plugins->kinds */
    struct rk_flight *flight;         /* the plan being carried out; NULL */
    struct rk_snap_outcome *outcomes; /* texts owned */
    size_t n_outcomes;
    int64_t status_ms; /* rk_clock_ms of the last status write; 0 = none yet */
    uint32_t
        user_edits; /* edits since the last settled plan: the breaker lets what follows from them be */
    int64_t
        barred_ms;  /* rk_clock_ms: nothing is created before it, the namespace is being deleted */
    size_t charged; /* deletions of it that the breaker counted ... */
    int64_t charged_since;  /* ... in its window of this beginning */
    uint32_t races;         /* flights in a row that lost a race */
    uint32_t planned_edits; /* user_edits as the plan in flight saw it */
    uint64_t *told;         /* hashes of the events of the last plan: only new ones are told */
    size_t n_told;
    /* Objects of others that serve as ours would (RK_WANT_ANYONES), as refused creates told. */
    struct rk_found found[RK_FOUND_MAX];
    /* rk_clock_ms: something is known that is not carried out since then; something new came since it
     * was last taken up; 0 = nothing */
    int64_t dirty_ms, woken_ms;
    int64_t taken_us;           /* rk_clock_us: when it was taken in hand */
    struct rk_samples *samples; /* of gauges, as the last pass gave them; NULL */
    size_t held;                /* deletions that wait, as of the last pass */
    char *held_why;             /* NULL: nothing waits */
    int64_t held_ms;            /* rk_clock_ms: since then */
    char *problem;              /* of the last pass; NULL */
    int64_t generation;         /* that the last pass saw */
    struct rk_decided *decided; /* decide.c; NULL */
    bool quarantined;           /* the last look ran no plugin: its status is watched too */
};

struct rk_feed { /* one watch: a kind in one namespace or in all */
    struct rk_worker *w;
    struct rk_watcher *watcher;
    int kind;
    const char *child_gvk; /* of a kind of children; NULL of a kind of owners */
    const char *api_version, *plural, *selector; /* live as long as the worker */
    char *ns;                                    /* NULL = all */
    bool synced;
    const char *state; /* as people are told it, at the last look; a literal */
    int64_t since_ms;  /* it has been so since then */
};

struct rk_breaker {
    int64_t since_ms; /* start of the counting window */
    size_t deleted;   /* pods, in this window, carried out */
    size_t flying;    /* let through, not answered yet */
    size_t held;      /* ever */
};

struct rk_worker {
    struct rk_poll *poll;
    struct rk_shared *shared;
    int link; /* socket to the master */
    const struct rk_options *o;
    struct rk_plugins *plugins;
    struct rk_creds *creds;
    struct rk_client *client;
    struct rk_client_ear ear; /* the server answers again */
    struct rk_recorder *recorder;
    struct rk_view *view;
    struct rk_queue *queue;
    struct rk_map owners; /* key -> struct rk_owner */
    struct rk_feed **feeds;
    size_t n_feeds;
    size_t flights;
    struct rk_arena arena;   /* snapshots; reset before each pass */
    struct rk_arena forever; /* what lives as long as the worker: kinds, feeds */
    struct rk_breaker breaker;
    struct rk_metrics *metrics;
    int decisions;          /* descriptor; RK_DECIDE_LOG, RK_DECIDE_OFF */
    struct rk_asks *asks;   /* what plugins want to know of the API */
    struct rk_skew *skew;   /* what the API lacks of our kinds */
    struct rk_fence *fence; /* leadership has come, the cache is being compared; NULL */
    int64_t started_ms;
    struct rk_timer drive_timer, beat_timer, creds_timer, stop_timer;
    bool driving, leads, stopping, stopped;
    char set[RK_PLUGINS_STAMP]; /* which plugins we are: in conditions of quarantined objects */
    bool any_quarantined;       /* ever: only then status changes are of interest */
    uint64_t epoch;             /* of our leadership; plans carry it */
    int64_t led_ms, stop_ms;
    int exit_code;
};

/* ---- drive.c: key -> snapshot -> pass -> flight ---- */
void rk_drive_wake(void *ctx, const char *gvk, const char *ns, const char *name,
                   enum rk_view_cause cause);          /* view's callback */
void rk_drive_answered(void *worker, const char *key); /* something that its pass asked */
void rk_drive_soon(struct rk_worker *w);
void rk_drive_retry(void *worker); /* the server answers again: what backs off has waited enough */
/* Leadership came, or a namespace (NULL: all): every owner there, low priority. */
void rk_drive_all(struct rk_worker *w, const char *ns);
/* Leadership went: rows without a flight go, the others when it ends; the next leadership makes them anew. */
void rk_drive_forget(struct rk_worker *w);
enum rk_flight_end {
    RK_FLIGHT_SETTLED, /* nothing is left to do */
    RK_FLIGHT_MORE,    /* plan again at once */
    RK_FLIGHT_RACED,   /* plan again soon: the key is queued already */
    RK_FLIGHT_FAILED,  /* back off */
    RK_FLIGHT_ENDS
};
/* The row is gone after this when we lead no more. */
void rk_drive_finished(struct rk_worker *w, struct rk_owner *owner, enum rk_flight_end end);
void rk_owner_free(void *owner);
/* drive_look.c: what a pass over this object may ask beside its snapshot; lives as long as the pass. */
struct rk_look {
    struct rk_worker *w;
    const struct rk_owner *o;
    const char *uid; /* of the object itself */
};
void rk_drive_look(struct rk_look *l, struct rk_snapshot *snap);
void rk_owner_found(struct rk_owner *o, const char *gvk, const char *name);
/* drive_tell.c: the events of a plan, those that were not told by the plan before. */
void rk_drive_tell(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *plan);

void rk_drive_tell_unreadable(struct rk_worker *w, struct rk_owner *o,
                              const struct rk_snapshot *snap, const struct rk_err *err);

/* ---- quarantine.c: objects over which workers died ---- */
/* Before a pass: true when there is to be none now, and what is to be done instead has been begun. The snapshot's key is in the queue's hand. */
bool rk_quarantine_stops(struct rk_worker *w, struct rk_owner *o, const struct rk_snapshot *snap);

/* ---- metrics.c: what is counted, and served where the master listens ---- */
int rk_metrics_start(struct rk_worker *w, struct rk_err *err);
void rk_metrics_free(struct rk_metrics *m); /* NULL is fine */
void rk_metrics_taken(struct rk_worker *w, struct rk_owner *o, int64_t waited_ms);
void rk_metrics_settled(struct rk_worker *w, const struct rk_owner *o, enum rk_flight_end end);
/* Which hook runs from now on (NULL = none), and what one came to. */
void rk_metrics_hook_runs(struct rk_worker *w, const struct rk_plugged_hook *h);
void rk_metrics_hook_ended(struct rk_worker *w, const struct rk_plugged_hook *h, int32_t verdict);
/* The plan's samples replace those of the pass before. */
void rk_metrics_sampled(struct rk_owner *o, const struct rk_plan *plan);

/* ---- hold.c ---- */
/* Its namespace is being deleted, and takes the pods along: what went of it is counted no more, and nothing for a while. */
void rk_breaker_pardon(struct rk_worker *w, struct rk_owner *o, int64_t until_ms);
/* Does the breaker count deletions of this owner's pods, which follow from no edit? */
bool rk_breaker_counts(const struct rk_owner *o);
/* Takes deletions of pods that must wait out of the plan, and says so in log and events. Returns how many. */
size_t rk_hold_deletions(struct rk_worker *w, struct rk_owner *o, struct rk_plan *plan);

/* ---- decide.c: a line for each decision, with its reason, where [operator] log-decisions says so ---- */
#define RK_DECIDE_LOG -1
#define RK_DECIDE_OFF -2
int rk_decide_open(struct rk_worker *w, struct rk_err *err);
void rk_decide_close(struct rk_worker *w);
/* A new plan of this owner: what the last one said of what was not done, and this one says again, is not told again. */
void rk_decide_begin(struct rk_worker *w, struct rk_owner *o);
/* What became of a write; resp NULL: it was not sent; `why`: the outcome's own reason, NULL = the op's says all. Status of the owner is no decision. */
void rk_decide_wrote(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *plan,
                     const struct rk_op *op, const char *outcome, const char *why,
                     const struct rk_resp *resp);
void rk_decide_held(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *plan,
                    const struct rk_op *op, const char *why);
void rk_decide_free(struct rk_decided *d); /* NULL is fine */

/* ---- flight.c: a plan is carried out ---- */
/* Takes the plan. Calls rk_drive_finished when all is settled. */
void rk_flight_start(struct rk_worker *w, struct rk_owner *owner, struct rk_plan *plan, bool held);
void rk_flight_abort_all(struct rk_worker *w); /* leadership is lost: nothing more is sent */
void rk_flight_free(struct rk_flight *f);

/* ---- outcome.c ---- */
void rk_outcome_note(struct rk_owner *owner, const char *gvk, const char *group, const char *verb,
                     const struct rk_resp *resp);

/* ---- feed.c: watches -> view ---- */
int rk_feeds_start(struct rk_worker *w, struct rk_err *err);
void rk_feeds_free(struct rk_worker *w);
/* Has everything been listed at least once, or, where single namespaces are watched, everything of at least one of them, and of the others all that we may read? */
bool rk_feeds_synced(const struct rk_worker *w);
bool rk_feeds_served(const struct rk_worker *w, const char *gvk); /* the API has this kind */
/* of this kind nothing but metadata is to leave the API server (secrets) */
bool rk_feeds_metadata_only(const struct rk_worker *w, const char *gvk);
/* Is all that belongs to this namespace listed? Without that nothing is done there: what is not seen would be made again. */
bool rk_feeds_whole(const struct rk_worker *w, const char *ns);
/* Is any cache old (but for those that we may not read)? Then why. */
size_t rk_feeds_n_stale(const struct rk_worker *w); /* of all watches */
bool rk_feeds_stale(const struct rk_worker *w, char *why, size_t why_size);
/* Looks how each watch is, and remembers since when. At each heartbeat. */
void rk_feeds_look(struct rk_worker *w);
/* Is what we know of this kind in that namespace old? Then why. */
bool rk_feeds_stale_of(const struct rk_worker *w, const char *gvk, const char *ns, char *why,
                       size_t why_size);
/* The namespaces that we may not read, and the reason of the first; false: there are none. */
bool rk_feeds_lacking(const struct rk_worker *w, char *text, size_t size);

/* ---- fence.c: is the cache as new as the API server? ---- */
/* Calls `passed` once all feeds are; never from inside this call. */
struct rk_fence *rk_fence_start(struct rk_worker *w, void (*passed)(struct rk_worker *w));
void rk_fence_free(struct rk_fence *f); /* NULL is fine */

/* ---- limit.c ---- */
/* RLIMIT_DATA below the container's memory limit, so that running out ends the worker alone, with a word, and not the container. No limit found: nothing. */
void rk_limit_memory(void);

/* What the master handed over; NULL (told in the log) when it is of another build. */
struct rk_shared *rk_worker_share(int shared_fd);
/* While plugins load, before there is a worker: what is in hand (rk_plug_conf.in_hand). ctx is the shared memory. */
void rk_worker_in_hand(void *shared, const char *plugin, const char *what);
/* Run until told to stop. argv-independent: conf and options are bound, plugins loaded. Returns the exit code. */
int rk_worker_run(struct rk_shared *shared, int link_fd, struct rk_conf *conf,
                  const struct rk_options *o, struct rk_plugins *plugins);

/* Bytes on the link. Master to worker: */
#define RK_LINK_LEAD 'L' /* you may write: epoch in shared memory */
#define RK_LINK_LOST 'X' /* stop writing, acknowledge */
#define RK_LINK_STOP 'T' /* finish and exit */
#define RK_LINK_TELL 'Q' /* how are you? (state.h) */
/* Worker to master: */
#define RK_LINK_SYNCED 'S'
#define RK_LINK_CUT    'A' /* nothing of ours can be written any more */
#define RK_LINK_TOLD   'V' /* how I am stands in shared memory */
#define RK_LINK_IDLE   'D' /* stopped cleanly: all writes are settled */

/* Exit codes of the worker that mean "do not restart me". */
#define RK_EXIT_CONFIG 78 /* the configuration or a plugin is wrong; told on stderr */
#define RK_EXIT_BUILD  79 /* master and worker are of different builds */

#endif
