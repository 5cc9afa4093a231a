/* List and watch of one kind: the state machine of client.md section 3.
 *
 * Streamed list (sendInitialEvents) with a deadline, else LIST in pages of 500; then one watch stream. Items arrive as byte spans of whole objects.
 * Between begin and synced the receiver marks what it sees and sweeps the rest (relists never empty a cache). The stream is renewed for ever; 410, resets, stalls,
 * refused WatchList, truncated bodies are its business alone. */
#ifndef RK_KUBE_WATCH_H
#define RK_KUBE_WATCH_H

#include "core/kube/client.h"

struct rk_watcher;

enum rk_watch_event { RK_WATCH_ADDED, RK_WATCH_MODIFIED, RK_WATCH_DELETED };

struct rk_watcher_def {
    const char *api_version, *plural;
    const char *ns;       /* NULL = all */
    const char *selector; /* label selector; NULL */
    bool optional; /* 404 on the collection: stay idle, look again every 60 s, count as synced */
    bool metadata_only;
    /* A (re)list begins: everything seen from here to synced is present. */
    void (*begin)(void *ctx);
    /* One object; rv is its resourceVersion. Borrowed. `listed`: part of a list (or of the initial events), else a live event. */
    void (*item)(void *ctx, enum rk_watch_event what, bool listed, struct rk_span object);
    /* An item that was over our bounds: only what could be told of it (object prefix). */
    void (*skipped)(void *ctx, struct rk_span prefix);
    void (*synced)(void *ctx, const char *rv); /* the list is complete: sweep */
    void (*progress)(void *ctx,
                     const char *rv); /* the stream has reached rv (bookmark, or after each item) */
    void *ctx;
};

/* `begin` may come again before `synced` (a list that broke is begun anew): only synced sweeps. An optional kind that is absent is an
 * empty list with rv "". A watcher is not freed from inside its own callbacks. */
struct rk_watcher *rk_watcher_new(struct rk_poll *poll, struct rk_client *c,
                                  const struct rk_watcher_def *def);
void rk_watcher_start(struct rk_watcher *w);
void rk_watcher_free(struct rk_watcher *w);
/* E.g. the cache missed a write for 30 s (client.md 33). Also from inside a callback; nothing when a list is under way. */
void rk_watcher_relist(struct rk_watcher *w);

struct rk_watcher_state {
    bool synced; /* has been complete at least once */
    bool stale; /* no byte for 180 s, or failing: acts that destroy must wait (client.md 20c, 35) */
    bool absent;       /* optional kind that the API does not have, or that we never might read */
    bool forbidden;    /* the last answer was 403: we may not, until somebody lets us */
    const char *phase; /* "init", "list", "live", "backoff", "absent" */
    int64_t silent_ms; /* since the last byte */
    uint64_t lists, watches, events, bookmarks, errors;
    char last_error[256];
};
void rk_watcher_state(const struct rk_watcher *w, struct rk_watcher_state *ret);
/* client.md 23: 1 when a is newer, -1 older, 0 equal, -2 not comparable. */
int rk_rv_cmp(const char *a, const char *b);

#endif
