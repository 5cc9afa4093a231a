/* Caches of what is in the cluster: slim records, indexed by owner; snapshots for the pass. No tree is kept (client.md 28-30).
 *
 * A record is a header plus kept bytes: owners are minified JSON without managedFields and last-applied; children are projected to the paths that plugins declared. The
 * apply rules are client.md 18, 23, 24, 30: an event whose resourceVersion is not newer than the stored one of that uid is dropped; a new uid under an old name is
 * delete + add; a write's response is applied like an event (read your writes), unless the watch has already passed its version and does not have the object. */
#ifndef RK_VIEW_VIEW_H
#define RK_VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/str.h"

struct rk_view;

#define RK_VIEW_KINDS 64

struct rk_view_kind { /* a watched kind; strings are borrowed for the life of the view */
    const char *gvk;  /* "v1/Pod", "example.io/v1/Thing" */
    const char *api_version, *kind, *plural;
    const char
        *owner_gvk; /* of the owners its objects wake; NULL = this kind is itself an owner kind */
    const char *index_label; /* value = owner's name; NULL = controller owner reference only */
    const char *const *
        keep; /* projection (paths of core/json/scan.h); NULL = everything but managedFields and last-applied. Always
                                  * kept: metadata/name, uid, deletionTimestamp, creationTimestamp. Owner kinds are kept whole */
    size_t n_keep;
};

/* Why an owner is woken; the queue's priority follows from it. */
enum rk_view_cause {
    RK_CAUSE_LIST, /* first list of its kind: the owner or an owned object is there. An unchanged relist wakes nobody */
    RK_CAUSE_CHILD,      /* an owned object changed */
    RK_CAUSE_CHILD_GONE, /* an owned object was deleted or failed */
    RK_CAUSE_USER,       /* the owner's generation, labels or annotations changed, or it is new */
    RK_CAUSE_DELETED,    /* the owner is being deleted or is gone */
    RK_CAUSE_STATUS,     /* only the owner's status changed (often our own echo): usually ignored */
};
/* Called when the change is complete; it may read the view, not change it. Texts are borrowed for the call. */
typedef void rk_view_wake_fn(void *ctx, const char *owner_gvk, const char *ns, const char *name,
                             enum rk_view_cause cause);

struct rk_view *rk_view_new(rk_view_wake_fn *wake, void *ctx);
void rk_view_free(struct rk_view *v);
/* Returns the kind's id (>= 0) or RK_E_LIMIT, RK_E_INVAL. The same gvk twice merges the keep lists (NULL wins: everything) and the ways
 * to owners, so that one object may wake owners of several kinds, and a kind may be an owner and owned. Only before the first apply. */
int rk_view_kind_add(struct rk_view *v, const struct rk_view_kind *k, struct rk_err *err);
int rk_view_kind_find(const struct rk_view *v, const char *gvk); /* -1 */

enum rk_view_what { RK_VIEW_UPSERT, RK_VIEW_DELETE };
enum rk_view_source { RK_FROM_LIST, RK_FROM_WATCH, RK_FROM_RESPONSE };
/* Apply one whole object as it came from the API. Malformed or nameless objects: RK_E_SYNTAX, too deep or large ones RK_E_LIMIT
 * (counted; nothing changes). The object of a DELETE's response that is still there because of its grace period is an UPSERT. */
int rk_view_apply(struct rk_view *v, int kind, enum rk_view_what what, enum rk_view_source source,
                  struct rk_span object, struct rk_err *err);
/* A 404 told us that this uid is gone before the watch did. */
void rk_view_forget(struct rk_view *v, int kind, const char *ns, const char *name, const char *uid);
void rk_view_list_begin(
    struct rk_view *v, int kind,
    const char *scope_ns); /* scope_ns NULL = all; several scopes may be listed independently */
void rk_view_list_end(struct rk_view *v, int kind, const char *scope_ns,
                      const char *rv); /* sweeps what was not seen; emits the missed deletes */
void rk_view_progress(struct rk_view *v, int kind, const char *scope_ns, const char *rv);
/* Has the watch of this kind (in that namespace) reached rv? True for versions that cannot be compared. */
/* False before the first list of the kind is complete. */
bool rk_view_reached(const struct rk_view *v, int kind, const char *ns, const char *rv);
size_t rk_view_count(const struct rk_view *v, int kind);
/* What the lists and the watch of this kind (in that namespace) have reached; "" before the first list. Borrowed until the next apply. */
const char *rk_view_version(const struct rk_view *v, int kind, const char *ns);
/* Is this very object (uid) here, at this version or a newer one? For comparing the cache with a list (client.md 53). */
bool rk_view_has(const struct rk_view *v, int kind, const char *ns, const char *name,
                 const char *uid, const char *rv);
/* Records of a kind in one namespace; ns NULL = all. Walks the records of the kind. */
size_t rk_view_count_in(const struct rk_view *v, int kind, const char *ns);
size_t rk_view_bytes(const struct rk_view *v); /* of records, headers included */
uint64_t rk_view_bad(const struct rk_view *v); /* malformed objects met */

/* ---- snapshots: what a pass sees; texts are copied into the arena, so that a snapshot outlives changes ---- */

struct rk_seen { /* one observed object */
    int kind;    /* view's id */
    const char *gvk, *ns, *name, *uid, *rv;
    bool mine; /* its controller owner is this owner (uid) */
    bool terminating;
    struct rk_span json; /* the kept bytes */
};

struct rk_snap_answer;

struct rk_snapshot {
    const char *gvk, *ns, *name, *uid, *rv; /* of the owner; uid "" offline */
    struct rk_span object;                  /* owner's JSON */
    bool deleting;
    const struct rk_seen *seen; /* by kind, then name */
    size_t n_seen;
    int64_t now_us; /* wall clock */
    /* Fields that the API server drops of objects of this kind, for people; "" = none, NULL = not known */
    const char *lacks;
    const struct rk_snap_outcome *outcomes;
    size_t n_outcomes;
    /* Is this name out of use (observed, or used before)? Offline: NULL. A name whose POST is
     * unresolved is not used: the same intent gets it back. */
    bool (*name_used)(void *ctx, const char *gvk, const char *ns, const char *name);
    /* The name under which a pod for this place was sent before, and nobody knows whether it was made;
     * NULL. Whatever was edited since: another name would be a second pod. Offline: NULL. */
    const char *(*unresolved)(void *ctx, const char *group, const char *member);
    /* Is an object of that name there that is not tied to this owner, as a refused create told?
     * Offline: NULL. */
    bool (*taken)(void *ctx, const char *gvk, const char *name);
    /* Does the API have this kind? Offline: NULL, then it has all but the optional ones. */
    bool (*served)(void *ctx, const char *gvk);
    /* An observed object of the owner's namespace that is not among `seen`, by name: copied into
     * the arena, `mine` false. Offline: NULL. */
    bool (*find)(void *ctx, const char *gvk, const char *ns, const char *name, struct rk_arena *a,
                 struct rk_seen *ret);
    /* The last answer to a question (rk_api.ask), by its path; lent until the pass is over. False =
     * there is none yet. Offline: NULL. */
    bool (*answer)(void *ctx, const char *path, struct rk_snap_answer *ret);
    void *ctx; /* of all of them */
};

struct rk_snap_outcome { /* see rk_outcome in plugin.h */
    const char *gvk, *group, *verb, *reason, *message;
    int http;
    uint32_t failures;
    int64_t first_ms, last_ms;
};

struct rk_snap_answer { /* see rk_answer in plugin.h */
    int http;
    int64_t at_us;       /* wall clock: when it came */
    struct rk_span body; /* absent = none */
    const char *error;   /* "" = none */
};

/* RK_E_NOENT when the owner is not in the cache. now_us, outcomes and the functions are the caller's to fill. */
int rk_view_snapshot(const struct rk_view *v, const char *owner_gvk, const char *ns,
                     const char *name, struct rk_arena *a, struct rk_snapshot *ret);
/* One object by its name, whoever it belongs to; `mine` is false: no owner is asked about. False = not there. */
bool rk_view_find(const struct rk_view *v, const char *gvk, const char *ns, const char *name,
                  struct rk_arena *a, struct rk_seen *ret);
/* Visit all objects of a kind: for (size_t pos = 0; rk_view_next_owner(...);). In no order; the view must not change meanwhile. */
bool rk_view_next_owner(const struct rk_view *v, int kind, size_t *pos, const char **ret_ns,
                        const char **ret_name);
/* How many children of a kind (-1 = any) carry this owner's name, whether the owner is there or not: for reports. */
size_t rk_view_children(const struct rk_view *v, const char *owner_gvk, const char *ns,
                        const char *name, int kind);

#endif
