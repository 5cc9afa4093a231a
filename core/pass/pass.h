/* One pass over one object: snapshot in, plan out. Pure: no IO, no clock, no memory of earlier
 * passes; the same code runs offline (`raykeeper render`).
 *
 * Phases in order: (deleting: FINALIZE, STATUS) else VALIDATE, DEFAULT, PLAN, POD per group,
 * OBJECT per child, diff, STATUS. See include/raykeeper/plugin.h for what hooks may do and how
 * their returns combine. */
#ifndef RK_PASS_PASS_H
#define RK_PASS_PASS_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/plug/plug.h"
#include "core/view/view.h"

#define RK_POD_GVK "v1/Pod"

enum rk_op_verb { RK_OP_CREATE, RK_OP_DELETE, RK_OP_PATCH, RK_OP_STATUS };

/* A plan outlives its pass: it owns an arena. Pods of a group share one template text; each is
 * template + splices (name, its own labels). */
struct rk_op {
    enum rk_op_verb verb;
    /* children before pods; a failed wave stops the next. Lower goes first. Deletes of pods: the
     * wave of pods. STATUS has no wave */
    int wave;
    const char *gvk, *api_version, *plural, *ns, *name;
    /* DELETE: preconditions (rv NULL = uid only). PATCH: rv is the version that was looked at, or NULL */
    const char *uid, *rv;
    const char *group, *role; /* "" for objects without */
    const char *member;       /* rk_member.key */
    const char *patch_type;   /* "merge" or "json" */
    /* body = head + quoted name + labels + tail when there is a tail; else head alone */
    struct rk_span head, labels, tail;
    const char *fill_path, *fill_how; /* see rk_api.fill; NULL */
    bool apart;                       /* its failure stops no later wave (RK_WANT_APART) */
    bool pod;     /* of a group, or named by drop_pod: its deletion may be held (loop) */
    bool willed;  /* DELETE: the object as a whole says so, no count (RK_WAIT, or its own end) */
    bool anyones; /* CREATE: an object of that name is as good (RK_WANT_ANYONES) */
    const char *ok_reason, *fail_reason, *action; /* events; NULL = none */
    const char *note;                             /* DELETE: why */
    const char *author;                           /* the plugin that says so; "core" */
};
/* Compose the request body of op. */
int rk_op_body(const struct rk_op *op, struct rk_buf *out);

struct rk_plan_event {
    bool warning;
    const char *reason, *action, *note;
};

struct rk_plan_gauge {
    const char *name, *help;
    const char *labels; /* "a=\"b\",c=\"d\"", escaped; "" */
    const char *value;
};

/* A label's value as the page of metrics has it; a full buffer is left to its own mark. */
void rk_gauge_escape(struct rk_buf *b, const char *value);

struct rk_plan_ask { /* a question: whether it was answered or not, it is to be kept fresh */
    const char *path;
    int64_t fresh_ms;
};

struct rk_plan_wrote {
    const char *key;
    const struct rk_write_record *records;
    size_t n;
};

/* ---- who set what, for explain: made when conf->record is set ---- */

enum rk_wrote { RK_WROTE_SET, RK_WROTE_OFFER, RK_WROTE_YIELD, RK_WROTE_APPEND, RK_WROTE_DROP };

/* An offer that yielded to what was there. */
struct rk_plan_offer {
    const char *author;
    uint16_t phase, rank;
};

/* A leaf of an object that the plan makes: a scalar, or an object or array that is empty. */
struct rk_plan_field {
    const char *path;     /* JSON pointer, list entries by index */
    const char *name;     /* the same, list entries as [x] where the list has a merge key */
    const cJSON *value;   /* NULL = made when the object is sent: see fill */
    const char *author;   /* a plugin; "user": it stood in the owner; "core" */
    uint16_t phase, rank; /* of the plugin's hook; 0 for others */
    const char *title;    /* of that hook; NULL */
    enum rk_wrote verb;   /* DROP: it is empty because its last entry went */
    const char *over;     /* author that was overridden (core, user or a plugin); NULL */
    const char *source;   /* JSON pointer into the owner where the value was taken from; NULL */
    const char *fill;     /* "random32"; NULL */
    bool each;            /* every pod of the group has a value of its own */
    const struct rk_plan_offer *yielded;
    size_t n_yielded;
};

/* A leaf that somebody took away, or replaced by something that has no such leaf. */
struct rk_plan_lost {
    const char *name; /* as it was called then */
    const cJSON *value;
    const char *was; /* its author */
    const char *author, *title;
    uint16_t phase, rank;
};

struct rk_plan_shape {
    const char *gvk;          /* "start/Start" for a start scratch */
    const char *name;         /* a pod: of the first one; "" when none is made now */
    const char *group, *role; /* of a pod; "" */
    const char *member;       /* of a pod whose group is shaped pod by pod; NULL */
    bool template; /* a pod that is not made: what a plugin was given for its own template */
    size_t pods;   /* made in this shape */
    cJSON *tree;   /* as it is sent, in the plan's arena */
    struct rk_plan_field *fields; /* in the order of the tree, then fills */
    size_t n_fields;
    struct rk_plan_lost *lost;
    size_t n_lost;
    const struct rk_plan_shape *start; /* of a pod: its start scratch; NULL */
};

struct rk_plan {
    struct rk_arena arena;
    const char *gvk, *ns, *name, *uid, *rv; /* of the owner */
    const char *controller;                 /* reportingController for its events */
    struct rk_op *ops;                      /* by wave; STATUS last */
    size_t n_ops;
    /* creates and deletes left out because the slice was full: pass again at once */
    size_t n_held;
    struct rk_plan_event *events;
    size_t n_events;
    /* run again after that; -1 = only when something changes */
    int64_t again_ms;
    const char *again_why;
    /* a hook failed with RK_EFAIL, RK_ECONFLICT or RK_ENOTSUP: backoff */
    bool failed;
    /* a hook said RK_EINVAL: no retry until the object changes, unless `failed` too */
    bool invalid;
    bool done; /* a hook said RK_DONE: nothing is written */
    /* the status op is urgent; else it may be delayed (counters at most 1/s) */
    bool conditions_changed;
    /* text of the first failure, for log and tests; NULL */
    const char *problem;
    struct rk_plan_gauge *gauges; /* samples */
    size_t n_gauges;
    struct rk_plan_ask *asks; /* each path once */
    size_t n_asks;
    struct rk_plan_wrote *wrote; /* see rk_plan_writes */
    size_t n_wrote;
    struct rk_plan_shape *shapes; /* conf->record: templates, children, pods */
    size_t n_shapes;
};
void rk_plan_free(struct rk_plan *p); /* NULL is fine */

/* A write as it was made, for conflict reports and tests; whose a field is at the end is in shapes. */
struct rk_write_record {
    const char *path;   /* canonical */
    const char *author; /* plugin name */
    uint16_t phase, rank;
    enum rk_wrote verb;
    /* author that was overridden, "user" (what stood in the template), or NULL */
    const char *over;
};
/* Records of one shaped object, oldest first, in the plan's arena: kept when conf->record or
 * conf->whole. `group` is a pod group's name, or "gvk/name" of a wanted child. What no record
 * covers is the user's or the core's. Returns how many; 0 when there is nothing. */
size_t rk_plan_writes(const struct rk_plan *p, const char *group,
                      const struct rk_write_record **ret);

struct rk_pass_conf {
    size_t
        arena_cap; /* bytes, beside what the trees of owner and observed objects may take; 16 MiB */
    size_t slice;  /* creates plus deletes of one plan; 64 */
    /* Around every hook: what is in hand (plugin, hook title); NULL after. */
    void (*in_hand)(void *ctx, const char *plugin, const char *hook);
    /* For counting, NULL = nobody counts: which hook runs from now on (NULL = none; the outer one again
     * after one inside it), and what one came to, its failures counted in. */
    void (*hook_runs)(void *ctx, const struct rk_plugged_hook *h);
    void (*hook_ended)(void *ctx, const struct rk_plugged_hook *h, int32_t verdict);
    void *ctx;
    /* render: no slice, every group and child is shaped, also when nothing is missing;
     * finalizers count as held */
    bool whole;
    bool
        record; /* keep who wrote what, and whose every field is: a tree is walked for each write */
};

/* Run. Returns 0 with a plan (failures of hooks are inside the plan), or RK_E_SYNTAX/RK_E_LIMIT
 * when the object itself cannot be read: then *ret is NULL. */
int rk_pass_run(const struct rk_plugins *plugins, const struct rk_pass_conf *conf,
                const struct rk_snapshot *snap, struct rk_plan **ret, struct rk_err *err);

/* The condition of an object whose kind the API server keeps only in part (rk_snapshot.lacks): there as long as that is so, then it goes. */
#define RK_SCHEMA_OUTDATED "raykeeper.io/SchemaOutdated"

/* ---- quarantine: an object over which plugins crash or hang. No plugin runs here. ---- */

#define RK_QUARANTINED "raykeeper.io/Quarantined" /* the condition that tells it, and keeps it */

struct rk_quarantine {
    const char *plugin, *hook, *how; /* what was in hand, and how it ended */
    uint32_t times;
    bool hung;
    const char *set; /* rk_plugins_stamp: other plugins get a try of their own */
};
/* metadata.generation; 0 when there is none */
int64_t rk_pass_generation(const struct rk_snapshot *snap);
/* Does the object's status say that it is quarantined, at the generation that it has now, under
 * this set of plugins? A pass that comes to its end takes the condition away. */
bool rk_pass_quarantined(const struct rk_snapshot *snap, const char *set);
/* A plan that writes the condition and an event, and nothing else. Errors as of rk_pass_run. */
int rk_pass_quarantine(const struct rk_plugins *plugins, const struct rk_pass_conf *conf,
                       const struct rk_snapshot *snap, const struct rk_quarantine *q,
                       struct rk_plan **ret, struct rk_err *err);

/* ---- commands that plugins bring: no object, no phases, the same function table ---- */

struct rk_told { /* rk_api.notice, and fail */
    bool lossy;
    const char *where, *text;
};
struct rk_comment {
    const cJSON *document;
    const char *path, *text;
};
struct rk_command_result { /* in the order in which it was said */
    const cJSON **documents;
    size_t n_documents;
    struct rk_comment *comments;
    size_t n_comments;
    struct rk_told *notices, *failures;
    size_t n_notices, n_failures;
    rk_step *steps; /* title, verb, kind, name are checked: whole, or the command failed */
    size_t n_steps;
};
/* Run one. `opts`: bound; `inputs`: an array, borrowed. What it said is handed to `done`, and lives until that returns. */
void rk_pass_command(const struct rk_plugins *plugins, const struct rk_pass_conf *conf,
                     const struct rk_plug *plug, const rk_command *c, const void *opts,
                     const cJSON *inputs, int64_t now_us,
                     void (*done)(void *ctx, const struct rk_command_result *r), void *ctx);

/* Offline helpers for `render`: all objects of a plan as JSON trees in the arena, in sending
 * order. */
int rk_plan_objects(const struct rk_plan *p, struct rk_arena *a, cJSON **ret_array,
                    struct rk_err *err);

#endif
