/* Memory that master and worker share (a memfd): leadership, heartbeat, what is in hand, names used, what is unresolved. It outlives workers, not
 * the master. Written by one side each; all fields that the other side reads while running are atomics. */
#ifndef RK_LOOP_SHARED_H
#define RK_LOOP_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/loop/blame.h"

#define RK_SHARED_MAGIC 0x726b736831303031ull
#define RK_SHARED_NAMES 65536u /* power of two */
#define RK_SHARED_OPEN  1024u
#define RK_SHARED_TEXT  512u
#define RK_SHARED_TOLD \
    (512u << 10) /* 64 rows in each list, each text as long as it may be: 320 KiB */

enum rk_name_state { RK_NAME_FREE, RK_NAME_UNRESOLVED, RK_NAME_USED };

struct rk_shared {
    uint64_t magic, size;
    char build[64];
    bool pages; /* RK_WORKER_PAGES_FD is open; set before the first worker starts */

    /* written by the master */
    _Atomic uint64_t epoch; /* rises at each acquisition */
    _Atomic bool leads;
    _Atomic int64_t renewed_ms; /* rk_clock_ms: send time of the last good renewal */
    _Atomic int64_t renew_ms;   /* the gate is open until renewed_ms + renew_ms */

    /* written by the worker */
    _Atomic int64_t beat_ms; /* its loop is turning */
    _Atomic bool synced;     /* all watches have been complete at least once */
    _Atomic uint64_t passes, writes;
    _Atomic uint64_t hand_seq;   /* odd = something is in hand */
    _Atomic int64_t hand_cpu_ms; /* CPU time of the worker when the call began */
    char hand_plugin[RK_BLAME_WORD], hand_hook[RK_BLAME_WORD];
    char hand_object[RK_BLAME_OBJECT], hand_uid[RK_BLAME_UID]; /* of the pass; "" = none */
    _Atomic int64_t hand_generation;
    char why_not[RK_SHARED_TEXT]; /* why it is not synced, for /readyz */
    char lacking[RK_SHARED_TEXT]; /* namespaces that it may not read, for /readyz */

    /* What the worker last told of itself, as JSON (state.h): kept for when it does not answer. */
    struct rk_shared_told {
        _Atomic uint64_t seq;  /* odd while it is written */
        _Atomic int64_t at_ms; /* 0 = never */
        _Atomic uint32_t n;
        char text[RK_SHARED_TOLD];
    } told;

    /* by the master while no worker runs, else by the worker */
    struct rk_blames blame;

    /* names of pods that were sent: open addressing by hash; a full neighbourhood forgets one */
    _Atomic uint64_t name_hash[RK_SHARED_NAMES];
    _Atomic uint8_t name_state[RK_SHARED_NAMES];
    _Atomic uint64_t names;

    /* creates whose outcome nobody knows yet, by (owner, group, member): whatever is edited meanwhile, that place gets this name again */
    struct rk_open {
        _Atomic uint64_t key; /* 0 = free */
        char name[256];
    } open[RK_SHARED_OPEN];
};

/* Master: make it; *ret_fd is close-on-exec. */
int rk_shared_create(struct rk_shared **ret, int *ret_fd, struct rk_err *err);
/* Worker: map what the master handed over; RK_E_CONFLICT when size or build differ. */
int rk_shared_open(int fd, struct rk_shared **ret, struct rk_err *err);
void rk_shared_close(struct rk_shared *s);

/* May a write planned at this epoch leave now? (DESIGN 4: the gate.) */
bool rk_shared_gate(const struct rk_shared *s, uint64_t epoch);

void rk_shared_name_set(struct rk_shared *s, const char *gvk, const char *ns, const char *name,
                        enum rk_name_state state);
enum rk_name_state rk_shared_name_get(const struct rk_shared *s, const char *gvk, const char *ns,
                                      const char *name);

/* Worker: whom the calls that follow are about. NULL = no object. */
void rk_shared_subject(struct rk_shared *s, const char *object, const char *uid,
                       int64_t generation);
/* Worker: a create for this place is under way under that name (a full neighbourhood forgets one); it is settled; its name while it is not, else NULL. */
void rk_shared_open_set(struct rk_shared *s, const char *uid, const char *group, const char *member,
                        const char *name);
void rk_shared_open_clear(struct rk_shared *s, const char *uid, const char *group,
                          const char *member);
const char *rk_shared_open_get(const struct rk_shared *s, const char *uid, const char *group,
                               const char *member);

/* Worker: tell it. RK_E_LIMIT when it is too long: what was told before stays. */
int rk_shared_tell(struct rk_shared *s, const char *text, size_t n);
/* Master: a copy, and when it was told. Absent (and 0) when nothing was, or it is being written. rk_free it. Nothing in it is to be believed. */
char *rk_shared_told(const struct rk_shared *s, size_t *ret_n, int64_t *ret_at_ms);

/* Around each call of a plugin: who is running. plugin NULL = nobody; RK_HAND_CORE = ourselves, on behalf of the object. */
#define RK_HAND_CORE "core"
void rk_shared_hand(struct rk_shared *s, const char *plugin, const char *hook);
/* A consistent copy for the master: false when nothing is in hand. */
bool rk_shared_in_hand(const struct rk_shared *s, struct rk_hand *ret);

#endif
