/* Shared inside the pass room only: one pass in progress. */
#ifndef RK_PASS_ROOM_H
#define RK_PASS_ROOM_H

#include "core/base/map.h"
#include "core/pass/pass.h"

#define RK__POD_GVK RK_POD_GVK

enum rk__obj_what { RK__OBJ_POD, RK__OBJ_CHILD, RK__OBJ_OWNER, RK__OBJ_START, RK__OBJ_STATUS };

/* One write, on record. */
struct rk__write {
    struct rk_write_record rec;
    const struct rk_plugged_hook *by;
    bool gone;          /* the same author wrote there again */
    const cJSON *there; /* YIELD: what it yielded to */
};

/* Whose a value is; see author.c. */
enum rk__whose { RK__CORES, RK__USERS, RK__PLUGINS };
struct rk__stamp {
    enum rk__whose whose;
    const struct rk_plugged_hook *by; /* PLUGINS */
    enum rk_wrote verb;
    const char *over;   /* author that was overridden; NULL */
    const char *source; /* of a leaf of a pod's template: its path in the owner; NULL */
};

/* A leaf that somebody took away. */
struct rk__lost {
    const char *path;
    const cJSON *value;
    const char *was; /* its author */
    size_t stamp;    /* index: who took it */
    bool back;       /* something has been written there again */
};

struct rk_obj {
    struct rk_pass *ps;
    enum rk__obj_what what;
    cJSON *root;
    const char *gvk, *kind, *name;
    struct rk__write *writes;
    size_t n_writes, cap_writes;
    /* what follows is for wanted children and fills */
    uint32_t policy; /* without the flags */
    uint32_t flags;  /* RK_WANT_* */
    const struct rk_plug *by;
    const char *created, *failed, *updated, *not_updated;
    const char *fill_path, *fill_how;
    const struct rk_plugged_hook *fill_by;
    struct rk_obj *next;
    struct rk_obj *start; /* of a pod: its scratch */
    /* conf->record: whose the nodes of root are */
    struct rk__stamp *stamps;
    struct rk__lost *lost;
    size_t n_stamps, cap_stamps, n_lost, cap_lost;
};

/* A place that an equal of the hook in hand wrote: it must look the same when the hook returns. */
struct rk__pledge {
    const struct rk_obj *obj;
    const char *path;
    const struct rk_plugged_hook *by;
    const cJSON *before; /* NULL = nothing was there */
    struct rk__pledge *next;
};

/* One kept path, taken apart. */
struct rk__keep {
    const char *const *words; /* "*" = every member or element; ended by NULL */
};

/* How a plugin sees the objects of one gvk: only the paths that it declared. Plugins that
 * declared the same share the trees. */
struct rk__class {
    const char *gvk, *keep;
    const struct rk__keep *paths; /* NULL = whole */
    size_t n_paths, n;
    const struct rk_seen **seen; /* by name */
    cJSON **trees;               /* parsed when first asked for */
    cJSON *list;
    struct rk__class *next;
};

struct rk__group {
    rk_group g; /* copied; members too */
    rk_member *members;
    const struct rk_plug *by;
    const struct rk_plugged_hook *hook; /* by's, that wants it */
    struct rk__group *next;
};

struct rk__gone { /* an observed object that must go */
    const struct rk_seen *seen;
    const char *why, *ok_reason, *fail_reason;
    const struct rk_plug *by;
    struct rk__gone *next;
};

struct rk__note { /* an annotation of an observed pod */
    const struct rk_seen *seen;
    const char *key, *value;
    const struct rk_plug *by;
    struct rk__note *next;
};

struct rk__failure {
    int32_t code;
    int phase;
    const struct rk_plug *plug;
    const char *field, *text;
};

struct rk__fact { /* what the question of the same place in plan->asks was answered */
    bool there;
    struct rk_snap_answer answer;
    const cJSON *body; /* NULL = there is none, or it is no JSON */
};

struct rk__word {
    const char *text;
    struct rk__word *next;
};

struct rk__command {
    const rk_command *c;
    const void *opts;
    const cJSON *inputs;
    struct rk_command_result r;
    size_t cap_documents, cap_comments, cap_notices, cap_steps;
};

struct rk_pass {
    struct rk_arena arena;
    const struct rk_plugins *plugins;
    const struct rk_pass_conf *conf;
    const struct rk_snapshot *snap;
    struct rk_plan *plan;
    struct rk_buf buf; /* scratch for texts of objects */

    cJSON *object;        /* the owner, private copy */
    struct rk_obj *owner; /* the same for DEFAULT hooks; NULL when it is being deleted */
    const char *api_version, *kind, *now_text, *generation;
    bool deleting;

    const struct rk_plugged_hook *hook; /* in hand; NULL = the core itself */
    int phase;
    int32_t refused; /* a call that a hook must not survive, whatever it returns */
    const char *refused_text;
    cJSON *shaped;   /* what shape() has made */
    const char *why; /* words of the last call that was refused mildly */
    const char *why_field;
    struct rk__pledge *pledges;

    struct rk_obj *subject, *start;
    const struct rk__group *group;
    const rk_member *member;
    bool asked; /* a hook asked for the member */

    struct rk__class *classes;
    struct rk_map taken; /* names given in this plan */

    struct rk_obj *wants, **wants_end;
    struct rk__group *groups, **groups_end;
    const struct rk_plug *stopper; /* the last whose hook said RK_WAIT; NULL */
    struct rk__gone *drops, **drops_end;
    struct rk__gone *unwants, **unwants_end;
    struct rk__note *notes; /* latest first */
    bool *going;            /* by place in the snapshot: is in one of these two lists */
    struct rk__word *holds, *releases, *stamps;
    bool child_left_out;   /* a child could not be shaped: no pods before it is there */
    size_t budget;         /* creates and deletes that the slice still takes */
    struct rk__fact *told; /* NULL = nothing was asked yet */
    size_t cap_ops, cap_events, cap_wrote, cap_gauges, cap_shapes, cap_asks;

    struct rk__failure *failures;
    size_t n_failures, cap_failures;
    bool failures_asked; /* somebody reports them on the object */
    struct rk_obj *status;
    cJSON *status_before;

    struct rk__command *command; /* it is a command's; NULL */
};

/* Grow an array in an arena by one element; returns the place for it (zeroed). */
void *rk__grow(struct rk_arena *a, void *array_at, size_t *n, size_t *cap, size_t size);

/* hook.c */
int32_t rk__hook_refuse(struct rk_pass *ps, int32_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int32_t rk__hook_mild(struct rk_pass *ps, int32_t code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool rk__code_known(int32_t code);
/* Run the hooks of a phase that serve this kind (and role). `all`: the others run after a
 * failure too. Returns RK_OK, RK_DONE, the first failure, or RK_WAIT. */
int32_t rk__hooks(struct rk_pass *ps, int phase, bool all);
/* One of them, or what stands for one. */
int32_t rk__hook_run(struct rk_pass *ps, const struct rk_plugged_hook *h);
/* The same from inside a hook, which goes on afterwards as if nothing had been. */
int32_t rk__hooks_within(struct rk_pass *ps, int32_t (*run)(struct rk_pass *ps, void *ctx),
                         void *ctx);

/* fail.c */
void rk__fail(struct rk_pass *ps, int32_t code, const char *field, const char *text);
void rk__fail_core(struct rk_pass *ps, int32_t code, const struct rk_plug *plug, const char *field,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void rk__fail_report(struct rk_pass *ps); /* STATUS is over: event and condition for what failed */
void rk__event(struct rk_pass *ps, bool warning, const char *reason, const char *action,
               const char *note);

/* object.c */
struct rk_obj *rk__obj_new(struct rk_pass *ps, enum rk__obj_what what, const char *gvk,
                           const char *name, cJSON *root);
const char *rk__gvk_kind(const char *gvk);
const char *rk__gvk_api_version(struct rk_arena *a, const char *gvk);
/* apiVersion, kind, metadata */
void rk__obj_identify(struct rk_pass *ps, cJSON *root, const char *gvk, const char *name);
cJSON *rk__obj_owner_reference(struct rk_pass *ps);

/* write.c, claim.c */
enum rk__verb { RK__SET, RK__OFFER, RK__APPEND, RK__DROP };
int32_t rk__obj_write(struct rk_obj *o, const char *path, const cJSON *value, enum rk__verb verb);
int32_t rk__obj_fill(struct rk_obj *o, const char *path, const char *how);
/* canonical, as far as there is something */
const char *rk__claim_path(struct rk_obj *o, const char *path);
/* Length of a path of n bytes without its last word; `/` inside [ ] is no word's end. */
size_t rk__claim_parent(const char *path, size_t n);
/* Where the record stands, seen from the path. */
enum rk__relation { RK__APART, RK__EQUAL, RK__ABOVE, RK__BELOW };
enum rk__relation rk__claim_relate(const char *record, const char *path);
/* pledges; returns whom it overrides */
const char *rk__claim_before(struct rk_obj *o, const char *path, bool there, enum rk__verb verb);
struct rk__write *rk__claim_record(struct rk_obj *o, const char *path, enum rk_wrote verb,
                                   const char *over);
void rk__claim_settle(struct rk_pass *ps); /* at the end of each hook */
void rk__writes_keep(struct rk_pass *ps, const struct rk_obj *o, const char *key);

/* author.c: all of it does nothing without conf->record */
struct rk__old;
/* What has no author yet in the tree is the core's, or the user's. */
void rk__author_begin(struct rk_obj *o, enum rk__whose whose);
void rk__author_pod(struct rk_obj *o, const struct rk__group *g); /* a pod, before any hook */
/* Around a write to a canonical place: what stood there; what is there now. */
struct rk__old *rk__author_before(struct rk_obj *o, const char *place);
void rk__author_after(struct rk_obj *o, const char *place, enum rk_wrote verb, struct rk__old *old);
/* fields.c: a shaped object and its authors into the plan. A child: g and m NULL; a template: m. A pod: `name` is
 * the one chosen for m, NULL when no pod of the group is made; `own`: it is shaped for m alone. */
void rk__fields_keep(struct rk_pass *ps, struct rk_obj *o, const struct rk__group *g,
                     const rk_member *m, const char *name, bool own);

/* keep.c: the part of an observed object that was declared. What is kept whole is shared with the
 * original: both are only read. */
const struct rk__keep *rk__keep_paths(struct rk_arena *a, const char *keep, size_t *ret_n);
cJSON *rk__keep_tree(struct rk_arena *a, const cJSON *whole, const struct rk__keep *paths,
                     size_t n_paths);

/* seen.c */
struct rk__class *rk__seen_class(struct rk_pass *ps, const char *gvk, const rk_watch *watch);
const rk_watch *rk__seen_watch(const struct rk_pass *ps, const struct rk_plug *plug,
                               const char *gvk);
/* by the core: no declaration needed */
const struct rk_seen *rk__seen_find(struct rk_pass *ps, const char *gvk, const char *name);
const cJSON *rk__seen_get(struct rk_pass *ps, const char *gvk, const char *name);
const cJSON *rk__seen_list(struct rk_pass *ps, const char *gvk);
bool rk__seen_mine(struct rk_pass *ps, const cJSON *tree);
/* NULL = nobody watches it */
const char *rk__seen_plural(const struct rk_pass *ps, const char *gvk);
/* Does the cache keep this path of gvk ("/spec/x")? */
bool rk__seen_kept(const struct rk_pass *ps, const char *gvk, const char *path);

/* want.c: what PLAN hooks say */
struct rk_obj *rk__want(struct rk_pass *ps, const char *gvk, const char *name, uint32_t policy);
int32_t rk__want_pods(struct rk_pass *ps, const rk_group *g);
int32_t rk__want_drop_pod(struct rk_pass *ps, const char *name, const char *why, const char *ok,
                          const char *fail);
int32_t rk__want_not(struct rk_pass *ps, const char *gvk, const char *name, const char *why);
int32_t rk__want_note(struct rk_pass *ps, const char *pod, const char *key, const char *value);
/* {metadata, spec} of a pod of the group, which is not wanted; NULL: a hook failed, on record */
cJSON *rk__want_shape(struct rk_pass *ps, const rk_group *g);
/* Does the API have gvk? */
bool rk__served(const struct rk_pass *ps, const char *gvk);

/* shape.c, pods.c, children.c, diff.c, name.c, ops.c */
int32_t rk__shape_pod(struct rk_pass *ps, const struct rk__group *g, const rk_member *m,
                      struct rk_obj **ret);
int32_t rk__shape_child(struct rk_pass *ps, struct rk_obj *o);
void rk__children(struct rk_pass *ps); /* waves 10, 11 */
void rk__pods(struct rk_pass *ps);     /* wave 20 */
int rk__diff_child(struct rk_pass *ps, struct rk_obj *o, const cJSON *observed, cJSON **ret_patch);
/* RK_WANT_UNOWNED, RK_WANT_ADOPT: the owner references as they should be, when they are not: into the
 * patch, with the version that they were read at */
cJSON *rk__diff_owners(struct rk_pass *ps, const struct rk_obj *o, const struct rk_seen *s,
                       const cJSON *observed, cJSON *patch);
/* A patch that replaces a list: the version that was looked at becomes its precondition */
void rk__diff_guard(struct rk_pass *ps, const struct rk_seen *s, cJSON *patch);
/* OWNED: note the named paths on it */
void rk__diff_remember(struct rk_pass *ps, cJSON *root);
const char *rk__pod_name(struct rk_pass *ps, const struct rk__group *g, const rk_member *m);
struct rk_op *rk__op(struct rk_pass *ps, enum rk_op_verb verb, int wave, const char *gvk,
                     const char *name);
struct rk_op *rk__op_owner(struct rk_pass *ps, enum rk_op_verb verb, int wave, const cJSON *body);
void rk__op_by(struct rk_op *op, const struct rk_plug *plug); /* NULL: the core says so */
/* one more create or delete? counts what is held */
bool rk__op_budget(struct rk_pass *ps);
/* NULL when the slice is full. */
struct rk_op *rk__op_gone(struct rk_pass *ps, const struct rk__gone *g, int wave);
/* printed into the plan; false: too large */
bool rk__op_text(struct rk_pass *ps, const cJSON *v, struct rk_span *ret);

/* status.c, final.c */
void rk__status_begin(struct rk_pass *ps);
void rk__status_condition(struct rk_pass *ps, const char *type, const char *status,
                          const char *reason, const char *msg);
bool rk__status_drop_condition(struct rk_pass *ps, const char *type);
/* observedGeneration of a condition that is there */
void rk__status_observed(struct rk_pass *ps, const char *type);
void rk__status_emit(struct rk_pass *ps);

/* ask.c */
int32_t rk__ask(struct rk_pass *ps, const rk_ask *ask, rk_answer *ret);

/* gauge.c */
int32_t rk__status_gauge(struct rk_pass *ps, const char *name, const rk_kv *labels, size_t n,
                         const char *value);
int32_t rk__final_hold(struct rk_pass *ps, const char *finalizer);
int32_t rk__final_release(struct rk_pass *ps, const char *finalizer);
void rk__final_emit_hold(struct rk_pass *ps);
/* all: every finalizer that a plugin declared */
bool rk__final_emit_release(struct rk_pass *ps, bool all);
void rk__final_unserved(struct rk_pass *ps);

/* pass.c: parsed, with an empty plan, which the caller takes over; done frees all but the plan.
 * After a failure nothing is open. */
int rk__pass_open(struct rk_pass *ps, const struct rk_plugins *plugins,
                  const struct rk_pass_conf *conf, const struct rk_snapshot *snap,
                  struct rk_err *err);
void rk__pass_done(struct rk_pass *ps);

/* command.c */
int32_t rk__command_emit(struct rk_pass *ps, const cJSON *document);
int32_t rk__command_comment(struct rk_pass *ps, const cJSON *document, const char *path,
                            const char *text);
int32_t rk__command_notice(struct rk_pass *ps, int32_t level, const char *where, const char *text);
int32_t rk__command_step(struct rk_pass *ps, const rk_step *step);

/* quarantine.c: all hooks have come back */
void rk__quarantine_over(struct rk_pass *ps);

/* api*.c */
extern const rk_api rk__api;

static inline const cJSON *rk__in(const rk_json *v)
{
    return (const cJSON *)v;
}
static inline cJSON *rk__in_new(rk_json *v)
{
    return (cJSON *)v;
}
static inline const rk_json *rk__out(const cJSON *v)
{
    return (const rk_json *)v;
}
static inline rk_json *rk__out_new(cJSON *v)
{
    return (rk_json *)v;
}

#endif
