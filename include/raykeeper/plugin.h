/* raykeeper/plugin.h - all that a plugin may include (with sugar.h and ray.h, which are only
 * helpers over it).
 *
 * A plugin is one shared object with ONE exported symbol: a constant `rk_plugin_v0`, which
 * describes it. It links to nothing: every function it may call comes in the table `rk_api` that
 * the host hands to each hook. Handles are opaque. All descriptor structs carry their size, arrays
 * their stride, so that every struct may grow at its end without breaking what was compiled before.
 *
 * A plugin is pure: it reads the snapshot it is given, says what should be, and returns. It does no
 * IO, starts no threads, opens no files, keeps nothing of an object in `self`. That is why every
 * hook can be replayed offline by `raykeeper render`.
 *
 * Versions: major 0 means "not frozen": host and plugin must agree in major AND minor. From 1.0 on
 * a plugin states the least minor that it needs.
 *   0.1  first
 *   0.2  shape, served, gauge, announce_update, annotate; flags of want; watches of metadata only
 *   0.3  offline commands (emit, comment, notice, step); ask; optional kinds of owners
 */
#ifndef RAYKEEPER_PLUGIN_H
#define RAYKEEPER_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RK_ABI_MAJOR 0
#define RK_ABI_MINOR 3

/* ---- handles and codes ----------------------------------------------------------------------- */

/* one reconcile of one object; everything made in it dies with it */
typedef struct rk_pass rk_pass;
typedef struct rk_json rk_json; /* a JSON value; borrowed, lives as long as the pass */
/* something being shaped: a pod, a child object, the status, the start scratch */
typedef struct rk_obj rk_obj;

#define RK_OK      0
#define RK_YIELDED 1 /* an offer yielded to the user or to an earlier author: not an error */
/* verdict: not yet; the phase ends here without error (say when with wait()); what was said
 * before it is carried out; later phases are skipped but for STATUS, whose hooks cannot say it */
#define RK_WAIT 2
/* verdict: this object is not ours or needs nothing more; remaining hooks of the pass are
 * skipped, nothing is written. VALIDATE, DEFAULT, PLAN and FINALIZE only: elsewhere a failure */
#define RK_DONE 3
/* the user's spec is wrong: reported on the object, not retried until it changes */
#define RK_EINVAL    -1
#define RK_ECONFLICT -2 /* two plugins, one path, two values */
#define RK_ENOTSUP   -3
#define RK_EFAIL     -4 /* may pass later: retried with backoff */

typedef struct rk_kv {
    const char *key, *val;
} rk_kv;

/* ---- phases and ranks ------------------------------------------------------------------------ */

/* phase      runs                          how returns combine
 * VALIDATE   once                          all run, all reported; after a failure only STATUS runs
 * DEFAULT    once, on a copy of the object first failure wins
 * PLAN       once                          first failure or verdict wins
 * POD        once per pod group*           first failure wins (that group's pods are not created)
 * OBJECT     once per wanted child**       first failure wins (not written, and no pod is created)
 * STATUS     once, last***                 all run; failures are logged and reported
 * FINALIZE   once, when the object is     all run and must say RK_OK; then finalizers are released
 *            being deleted, instead of
 *            VALIDATE..PLAN
 *
 *  * once per member when a hook asks for member(); not at all when no pod is missing
 * ** pods included: with role() set, after all POD hooks; not when the child is there as wanted ONCE
 * *** not after RK_DONE, nor in a pass that patches finalizers: the next one follows at once
 * A plugin that is switched off runs FINALIZE only. A hook that failed is an event and the
 * condition raykeeper.io/HookFailed on the object. */
#define RK_PHASE_VALIDATE 1
#define RK_PHASE_DEFAULT  2
#define RK_PHASE_PLAN     3
#define RK_PHASE_POD      4
#define RK_PHASE_OBJECT   5
#define RK_PHASE_STATUS   6
#define RK_PHASE_FINALIZE 7

/* Ranks order the hooks of a phase; any number is legal, these are the landmarks. */
#define RK_RANK_BASE 100 /* identity: labels, annotations, start parameters from the spec */
/* containers and init containers, seen with the user's own env and mounts only */
#define RK_RANK_ADD     200
#define RK_RANK_INJECT  300 /* env, volumes, mounts, ports, start parameters */
#define RK_RANK_COMPOSE 350 /* the start command is rendered from the start scratch */
/* what must see the finished pod: probes, schedulers, vendors' last word */
#define RK_RANK_SEAL 400

/* ---- reading what is there ------------------------------------------------------------------- */

#define RK_JSON_ABSENT 0
#define RK_JSON_NULL   1
#define RK_JSON_BOOL   2
#define RK_JSON_NUMBER 3
#define RK_JSON_STRING 4
#define RK_JSON_ARRAY  5
#define RK_JSON_OBJECT 6

/* Last outcome of IO for this owner and (gvk, group): creates of pods are under the name of their group, all
 * else is under "", deletes of pods and their annotations too. */
typedef struct rk_outcome {
    uint32_t size;
    int32_t http;      /* last status; 0 = no answer at all */
    uint32_t failures; /* in a row; 0 = the last one went well */
    const char *verb;  /* "create", "delete", "patch" */
    /* the API's machine reason: "Forbidden", "AlreadyExists"; "" when there was no answer */
    const char *reason;
    const char *message; /* the API's words (quota, webhook), cut at 1 KiB */
    /* wall clock, ms since 1970, of the first and last failure of this row */
    int64_t first_ms, last_ms;
} rk_outcome;

/* ---- wants ----------------------------------------------------------------------------------- */

/* What happens to a wanted child that already exists. */
#define RK_POLICY_ONCE 0 /* created when missing, never touched again */
/* the fields we name are kept as we name them; everything else is left alone */
#define RK_POLICY_SUBSET 1
/* as SUBSET, and fields we stopped naming are removed (we remember what we named by a hash
 * annotation) */
#define RK_POLICY_OWNED 2

/* May be added to a policy. */
/* pods do not wait for it: that it cannot be made, or belongs to someone else, is reported and tried
 * again, no more */
#define RK_WANT_APART 0x100u
/* it outlives its owner: without an owner reference; one of ours that is there is taken away */
#define RK_WANT_UNOWNED 0x200u
/* an object of that name is the one that is wanted, whoever made it, also where no watch shows it */
#define RK_WANT_ANYONES 0x400u
/* one that is there without a controller becomes ours */
#define RK_WANT_ADOPT 0x800u

/* One pod that should exist. The core creates it when `is` is NULL. */
typedef struct rk_member {
    uint32_t size;
    uint32_t n_labels;
    /* identity inside the group: "0", "3/1"; part of the pod's name hash; stable while the
     * intent is the same */
    const char *key;
    const char *is;      /* name of the observed pod that fills this place; NULL = missing */
    const rk_kv *labels; /* only this member has these (replica index ...) */
} rk_member;

/* A group of pods of one template. */
typedef struct rk_group {
    uint32_t size;
    uint32_t n_members;
    uint32_t member_size;        /* sizeof(rk_member) as the plugin was compiled */
    uint32_t flags;              /* 0 */
    const char *role;            /* "head", "worker", ...: the core knows none of them */
    const char *group;           /* name; unique within the object */
    const rk_json *spec;         /* what group() returns to POD hooks */
    const rk_json *pod_template; /* {metadata, spec}: copied, shaped, sent */
    /* visible beginning of the names, up to where the 5 chosen characters follow ("demo-head-") */
    const char *name_prefix;
    const char *fixed_name; /* whole name, no suffix; NULL = chosen */
    /* array of names that must not be used (workersToDelete); may be NULL */
    const rk_json *avoid;
    const rk_member *members;
    const char *created, *failed; /* event reasons for a create; NULL = no event */
} rk_group;

/* ---- facts from elsewhere ---------------------------------------------------------------------- */

/* A question that neither the object nor a watch answers. Plugins do no IO: the host asks, with its own rate,
 * cache and deadline, and the answer is read in a later pass. Questions of one path are one question. */
typedef struct rk_ask {
    uint32_t size, reserved;
    const char *path; /* of a GET on the API server: "/api/v1/pods?labelSelector=a%3Db&limit=1" */
    int64_t fresh_ms; /* an answer that is older is asked for again; at least 1000 */
} rk_ask;

typedef struct rk_answer {
    uint32_t size;
    int32_t http;   /* status; 0 = no answer came (why: error) */
    int64_t age_ms; /* of the answer, at the snapshot's time */
    /* NULL when there is none, or it is no JSON, or has over 100,000 values; at most 1 MiB */
    const rk_json *body;
    const char *error; /* "" when http is 2xx, else words for people */
} rk_answer;

/* ---- offline commands -------------------------------------------------------------------------- */

/* One step of what a command proposes to do in a live cluster: listed by --plan, carried out in
 * this order by --apply. */
#define RK_STEP_CREATE 1
#define RK_STEP_PATCH  2 /* merge patch */
#define RK_STEP_DELETE 3
#define RK_STEP_GONE   4 /* wait until it is not there any more */
#define RK_STEP_TELL   5 /* nothing is done: words for the one who reads the plan */
typedef struct rk_step {
    uint32_t size, verb;
    const char *title;        /* one line: what and why */
    const char *gvk, *plural; /* of the object; NULL for TELL */
    const char *ns, *name;
    /* precondition of PATCH and DELETE, which need one; which one must be GONE ("" = any) */
    const char *uid;
    const rk_json *body; /* CREATE, PATCH */
    int64_t limit_ms;    /* GONE: how long it may take, at most a day */
} rk_step;

#define RK_NOTE_TELL  0 /* worth knowing, nothing is lost */
#define RK_NOTE_LOSSY 1 /* something of the input has no place in the output, or another meaning */

/* ---- functions the host hands in. Append only. ----------------------------------------------- */

typedef struct rk_api {
    uint32_t size;
    uint16_t major, minor;

    /* -- memory and text, alive as long as the pass; never NULL -- */
    void *(*alloc)(rk_pass *, size_t n); /* zeroed */
    const char *(*fmt)(rk_pass *, const char *f, ...);
    /* twin of fmt for languages without variadics */
    const char *(*join)(rk_pass *, const char *const *parts, size_t n);

    /* -- the owner -- */
    /* the owner: {metadata, spec, status}; spec defaulted after DEFAULT, a copy always */
    const rk_json *(*object)(rk_pass *);
    const char *(*name)(rk_pass *);
    const char *(*ns)(rk_pass *);
    const char *(*uid)(rk_pass *);  /* "" offline */
    const char *(*kind)(rk_pass *); /* gvk of the owner: "example.io/v1/Thing" */
    /* the snapshot's wall time, ms since 1970: an input, equal for all hooks of a pass */
    int64_t (*now_ms)(rk_pass *);
    const char *(*now_text)(rk_pass *); /* the same as RFC 3339, seconds */
    int (*deleting)(rk_pass *);         /* metadata.deletionTimestamp is set */

    /* -- where we are; NULL or absent outside POD and OBJECT -- */
    const char *(*role)(rk_pass *);
    const char *(*group_name)(rk_pass *);
    const rk_json *(*group)(rk_pass *);    /* rk_group.spec */
    const rk_member *(*member)(rk_pass *); /* asking for it makes the group shaped pod by pod */
    /* POD, OBJECT: what is being shaped; DEFAULT: the copy of the owner; else NULL */
    rk_obj *(*subject)(rk_pass *);
    /* POD, and OBJECT of a pod: the start scratch {"start": {"params": {}, "resources": {},
     * "before": []}}; same verbs and authorship ("/start/params/x"), never sent */
    rk_obj *(*start)(rk_pass *);
    const char *(*subject_gvk)(rk_pass *); /* OBJECT: gvk of the subject */

    /* -- reading JSON: paths are JSON pointers, `[x]` selects a list entry by merge key; NULL in,
     * NULL or the default out -- */
    const rk_json *(*at)(const rk_json *, const char *path);
    int32_t (*type)(const rk_json *);
    const char *(*str)(const rk_json *, const char *path, const char *dflt); /* strings only */
    int64_t (*num)(const rk_json *, const char *path, int64_t dflt);         /* integers only */
    int (*truth)(const rk_json *, const char *path, int dflt);               /* booleans only */
    /* exact text of a number, else NULL */
    const char *(*number_text)(const rk_json *);
    /* members of an object or array */
    size_t (*len)(const rk_json *, const char *path);
    /* of an object or array */
    const rk_json *(*item)(const rk_json *, size_t index);
    /* the following member; NULL at the end. O(1) */
    const rk_json *(*next)(const rk_json *item);
    /* member name; NULL in arrays */
    const char *(*key)(const rk_json *item);

    /* -- making JSON (owned by the pass); put and push take a value that is in no tree yet -- */
    rk_json *(*new_str)(rk_pass *, const char *);
    rk_json *(*new_num)(rk_pass *, int64_t);
    rk_json *(*new_bool)(rk_pass *, int);
    rk_json *(*new_object)(rk_pass *);
    rk_json *(*new_array)(rk_pass *);
    rk_json *(*copy)(rk_pass *, const rk_json *);
    void (*put)(rk_pass *, rk_json *object, const char *key, rk_json *value); /* replaces */
    void (*push)(rk_pass *, rk_json *array, rk_json *value);
    /* NULL when it is not JSON */
    rk_json *(*parse)(rk_pass *, const char *text, size_t n);
    /* minified, order kept */
    const char *(*print)(rk_pass *, const rk_json *);
    /* minified, keys in byte order */
    const char *(*print_sorted)(rk_pass *, const rk_json *);
    /* "1:" + base32hex, order-independent */
    const char *(*digest)(rk_pass *, const rk_json *);
    int (*equal)(const rk_json *, const rk_json *);

    /* -- quantities: texts in, texts out ("1500m", "2Gi"); NULL text counts as zero, an illegal one
     * gives RK_EINVAL / NULL -- */
    /* whole units, rounded up */
    int32_t (*qty_value)(const char *text, int64_t *ret);
    /* canonical; format of the first non-zero one */
    const char *(*qty_add)(rk_pass *, const char *a, const char *b);
    const char *(*qty_mul)(rk_pass *, const char *a, int64_t times);

    /* -- the world: only kinds and paths this plugin declared in `watches` may be read; name,
     * namespace, uid, creationTimestamp and deletionTimestamp always. For a kind that it does not
     * watch seen and list are NULL, and the hook fails -- */
    /* in the owner's namespace, whoever it belongs to; NULL = not there. What nothing ties to the
     * owner wakes nobody: wait() says when to look again */
    const rk_json *(*seen)(rk_pass *, const char *gvk, const char *name);
    /* array of all that the watch's index ties to this owner, by name */
    const rk_json *(*list)(rk_pass *, const char *gvk);
    /* its controller owner is this very object (uid) */
    int (*mine)(rk_pass *, const rk_json *observed);
    /* 1 = there was one; caller sets ret->size */
    int (*outcome)(rk_pass *, const char *gvk, const char *group, rk_outcome *ret);
    /* how many failures there are so far in this pass, of hooks and of the core (256 are kept); who
     * asks reports those of VALIDATE with RK_EINVAL on the object: the core then does not */
    size_t (*failures)(rk_pass *);
    /* returns its code; RK_OK when there is no such one, and nothing is set. Texts live as long as
     * the pass; "" when there is none */
    int32_t (*failure)(rk_pass *, size_t i, const char **ret_field, const char **ret_text);

    /* -- wanting: PLAN and FINALIZE; texts and structs are copied, they may stand on the stack -- */
    /* apiVersion, kind, name, namespace and owner are filled in; some plugin must watch the kind for
     * this kind of owner. A name that somebody else's object has is a failure (ONCE: unless it is
     * seen), and while a child fails no pod is created. Never NULL; wanted twice, it is the same
     * one */
    rk_obj *(*want)(rk_pass *, const char *gvk, const char *name, uint32_t policy);
    /* event reasons for its creation; NULL = none */
    void (*announce)(rk_pass *, rk_obj *, const char *created, const char *failed);
    /* the pods of one group. RK_EFAIL, and the hook fails: the struct is too small, its name is none
     * or another group's, members are without a key of their own or have a label twice, there is
     * neither name_prefix nor fixed_name, a fixed_name for several, or a template without spec */
    int32_t (*pods)(rk_pass *, const rk_group *);
    /* an observed pod must go; event reasons. RK_OK also when it is not there or goes already;
     * RK_YIELDED: it is not ours and stays. The deletion breaker counts it, unless the
     * hook ends the phase with RK_WAIT: then it is what the object says that makes its pods go, not a count of them */
    int32_t (*drop_pod)(rk_pass *, const char *name, const char *why, const char *deleted,
                        const char *failed);
    /* an observed child of a kind that this plugin watches must go. RK_OK also when it is not there or
     * goes already; RK_YIELDED: it is not ours and stays */
    int32_t (*unwant)(rk_pass *, const char *gvk, const char *name, const char *why);

    /* -- shaping: `value` is copied. Each write is recorded with its author. Out-of-place writes
     * (see rk_plugin.owns) are RK_ECONFLICT; two equals that want different things are told when
     * the second one's hook returns -- */
    /* its root as it is now: what is written afterwards shows in it, so what was read of it may be out
     * of date then. NULL in, NULL out */
    const rk_json *(*tree)(rk_obj *);
    /* wins over the user, on record; a path that ends in "/-" appends */
    int32_t (*set)(rk_obj *, const char *path, const rk_json *value);
    /* RK_YIELDED when something is there; null counts as nothing */
    int32_t (*offer)(rk_obj *, const char *path, const rk_json *value);
    /* to the array at path, made when missing; never de-duplicates */
    int32_t (*append)(rk_obj *, const char *path, const rk_json *value);
    /* RK_OK also when it was not there */
    int32_t (*drop)(rk_obj *, const char *path);
    /* "random32": made at send time, absent-only, never in a pass, hash or log; one place of a pod
     * or wanted child. RK_YIELDED when something is there */
    int32_t (*fill)(rk_obj *, const char *path, const char *how);

    /* -- saying -- */
    /* returns code; field is a path into object(), or "". The hook has failed, whatever it returns */
    int32_t (*fail)(rk_pass *, int32_t code, const char *field, const char *f, ...);
    int32_t (*fail_text)(rk_pass *, int32_t code, const char *field, const char *text);
    /* run again after that at the latest; returns RK_WAIT */
    int32_t (*wait)(rk_pass *, int64_t after_ms, const char *why);
    void (*event)(rk_pass *, int warning, const char *reason, const char *action, const char *note);
    /* 0 debug, 1 info, 2 warning, 3 error */
    void (*log)(rk_pass *, int level, const char *msg, const rk_kv *, size_t n);

    /* -- status (STATUS; in another phase the hook fails, status() is NULL and stamp RK_EFAIL): an
     * rk_obj that starts as the observed status; what differs afterwards is patched. What one hook
     * says is there for the next, a condition with its lastTransitionTime -- */
    rk_obj *(*status)(rk_pass *);
    /* status: "True" "False" "Unknown"; reason: a word (letters, digits, `_`), the API refuses
     * others and the whole status with them; msg is cut at 32 KiB */
    void (*condition)(rk_pass *, const char *type, const char *status, const char *reason,
                      const char *msg);
    void (*drop_condition)(rk_pass *, const char *type);
    /* the snapshot's time there, only if anything else in the status changes */
    int32_t (*stamp)(rk_pass *, const char *path);

    /* -- finalizers that this plugin declared in its kinds, on the owner -- */
    /* PLAN: must be there before any child is made; when it is not, the pass ends with this hook
     * and writes only it */
    int32_t (*hold)(rk_pass *, const char *finalizer);
    /* PLAN: is needed no more. FINALIZE releases all without it, once all hooks say RK_OK */
    int32_t (*release)(rk_pass *, const char *finalizer);

    /* -- since 0.2 -- */
    /* PLAN and FINALIZE: {metadata, spec} of a pod of this group as the POD and OBJECT hooks of its
     * role make it; for the template of something that makes pods (a Job). Neither its name nor its
     * members count, and no pod is made. NULL when a hook failed: then the caller fails too */
    rk_json *(*shape)(rk_pass *, const rk_group *);
    /* Does the API have this kind? 1 for watches that are not optional; 0 for optional ones offline.
     * "" asks whether there is an API: 0 offline, where nothing is observed (render, explain) */
    int (*served)(rk_pass *, const char *gvk);
    /* STATUS: a sample of a gauge that this plugin declares; in another phase, or with what is no number
     * or no label's name, RK_EFAIL, and the hook fails. It stands until the next pass over this object, or
     * until the object is gone. value: a decimal number */
    int32_t (*gauge)(rk_pass *, const char *name, const rk_kv *labels, size_t n, const char *value);
    /* event reasons for a change of it (SUBSET, OWNED); NULL = none */
    void (*announce_update)(rk_pass *, rk_obj *, const char *updated, const char *failed);
    /* PLAN: an annotation on an observed pod, for what was decided about it; value NULL takes it away.
     * Nothing else of a pod that runs is ever changed. RK_OK also when it is not there or goes already;
     * RK_YIELDED: it is not ours and stays */
    int32_t (*annotate)(rk_pass *, const char *pod, const char *key, const char *value);

    /* -- since 0.3 -- */
    /* PLAN, FINALIZE and STATUS. RK_OK: *ret is the last answer, also when it is a refusal or out of date (then it is
     * asked for again); RK_WAIT: there is none yet. Either way the object is passed again when a newer one is there.
     * Offline there never is one. Caller sets ret->size */
    int32_t (*ask)(rk_pass *, const rk_ask *, rk_answer *ret);

    /* The rest: in a command only (rk_command); elsewhere RK_EFAIL, and the hook fails. */
    /* one more document of the output: an object or array, as YAML or JSON as the user wants; a text as it is */
    int32_t (*emit)(rk_pass *, const rk_json *document);
    /* words above the value at `path` of a document that was or will be emitted, in YAML; "" = above the document.
     * What is not there gets none */
    int32_t (*comment)(rk_pass *, const rk_json *document, const char *path, const char *text);
    /* a numbered line on stderr; one RK_NOTE_LOSSY makes the exit code 2. `where`: a place of the input, or "" */
    int32_t (*notice)(rk_pass *, int32_t level, const char *where, const char *f, ...);
    int32_t (*notice_text)(rk_pass *, int32_t level, const char *where, const char *text);
    int32_t (*step)(rk_pass *, const rk_step *);
    /* Anywhere: the first document of a YAML text (a value of a ConfigMap); NULL when it is none */
    rk_json *(*yaml)(rk_pass *, const char *text, size_t n);
} rk_api;

/* ---- the descriptor -------------------------------------------------------------------------- */

typedef int32_t rk_run(const rk_api *, rk_pass *, void *self);

typedef struct rk_hook {
    uint16_t phase, rank;
    uint32_t reserved;
    const char *kinds; /* gvks of owners it serves, comma separated; NULL = all */
    const char *roles; /* POD, and OBJECT of a pod: roles it serves, comma separated; NULL = all */
    rk_run *run;
    const char *title; /* five words for `raykeeper plugin list` */
} rk_hook;

#define RK_T_STR      1 /* const char * */
#define RK_T_INT      2 /* int64_t */
#define RK_T_BOOL     3 /* uint8_t: 0 or 1 (C's bool) */
#define RK_T_DURATION 4 /* int64_t milliseconds */
#define RK_T_SIZE     5 /* int64_t bytes */
#define RK_T_LIST     6 /* const char *: one word per line */
#define RK_T_ENUM     7 /* const char *: one of `choices`, "a|b|c" */
#define RK_T_QUANTITY 8 /* const char *: a Kubernetes quantity */

typedef struct rk_opt { /* an option of INI section [plugin:<name>] */
    const char *key, *dflt, *help, *choices;
    uint32_t type, offset; /* offset of the field in self */
    int64_t min, max;      /* both 0 = no bound */
} rk_opt;

/* A kind of owner that this plugin introduces, or adds a finalizer to: several may name one. */
typedef struct rk_kind {
    const char *gvk;        /* "example.io/v1/Thing" */
    const char *plural;     /* "things" */
    const char *controller; /* reportingController of its events */
    const char *finalizers; /* it may put on the object, comma separated; NULL = none */
    uint32_t optional;      /* 1 = the API may lack this kind: all that name it must say so */
    uint32_t reserved;
} rk_kind;

typedef struct rk_watch {
    const char *gvk, *plural;
    const char *owner; /* gvk of the owners that its objects wake */
    /* its value is the owner's name; NULL = by controller owner reference only */
    const char *index_label;
    const char *selector; /* label selector on the wire; NULL = all */
    /* paths kept, one per line, at most 128, `*` for every element; NULL = whole object without
     * managedFields */
    const char *keep;
    uint32_t optional; /* 1 = the API may lack this kind */
    /* 1 = nothing but metadata ever leaves the API server (Secrets); `keep` names paths in it */
    uint32_t metadata_only;
} rk_watch;

/* A gauge that STATUS hooks give samples of. Names of the page's other families are refused (those that
 * begin with controller_runtime_, workqueue_, rest_client_, process_, leader_election_, raykeeper_). */
typedef struct rk_gauge {
    const char *name, *help; /* "kuberay_cluster_info"; one line without backslashes */
} rk_gauge;

/* `raykeeper <name> FILE... [--option VALUE]...`: trees in, trees and notices out. The host reads the files, binds
 * the options and prints. It runs as a pass over no object (object() is {}), so that code of hooks serves here too;
 * of what a pass can do it may read JSON, make JSON, and use the calls for commands.
 * With `reads` it has a live side: `--plan` and `--apply` list these kinds in the cluster, and give the objects with the inputs. */
typedef struct rk_command {
    const char *name; /* a word; not one of the host's commands */
    const char *args; /* "FILE..."; NULL = it takes no files */
    const char *
        help; /* first line for `raykeeper --help`, the rest for its own; what the exit codes mean is the host's */
    const rk_opt *opts;
    uint32_t n_opts, opts_size; /* size of what `offset` of opts points into */
    const rk_watch *reads;      /* of these gvk, plural, selector and optional count */
    uint32_t n_reads, reserved;
    /* inputs: array of {"file", "line", "document"} in the order they were given, documents of one file in theirs. With --plan
     * or --apply there is one more, {"live": {"<gvk>": [object, ...]}, "namespace": "x"}: of all namespaces where they may be read.
     * A fail() says that the input is unusable: nothing is printed but the failures, exit code 1 */
    int32_t (*run)(const rk_api *, rk_pass *, const void *opts, const rk_json *inputs);
} rk_command;

typedef struct rk_plugin {
    uint32_t size, hook_size, opt_size, kind_size, watch_size, self_size;
    uint16_t major, minor;
    const char *name, *version, *summary;
    /* plugin names, comma separated: in equal phase and rank this one runs later and may
     * override them. A name that is not loaded orders nothing */
    const char *after;
    /* path prefixes of pods, children and the start scratch it may write, comma separated, `*`
     * for one word; NULL = anywhere */
    const char *owns;
    const rk_hook *hooks;
    const rk_opt *opts;
    const rk_kind *kinds;
    const rk_watch *watches;
    uint32_t n_hooks, n_opts, n_kinds, n_watches;
    /* after options are bound: RK_OK, or RK_EINVAL and a text; may be NULL. A text that begins with
     * "<option>: " is told with the place of that option's value */
    int32_t (*check)(const void *self, char *err, size_t err_size);
    const rk_gauge *gauges;
    uint32_t n_gauges, gauge_size;
    const rk_command *commands;
    uint32_t n_commands, command_size;
} rk_plugin;

#if defined(_WIN32)
#error "raykeeper plugins are ELF shared objects"
#else
#define RK_EXPORT __attribute__((visibility("default")))
#endif

extern RK_EXPORT const rk_plugin rk_plugin_v0; /* the only exported symbol */

#define RK_PLUGIN_SIZES                                                                           \
    .size = sizeof(rk_plugin), .hook_size = sizeof(rk_hook), .opt_size = sizeof(rk_opt),          \
    .kind_size = sizeof(rk_kind), .watch_size = sizeof(rk_watch), .gauge_size = sizeof(rk_gauge), \
    .command_size = sizeof(rk_command), .major = RK_ABI_MAJOR, .minor = RK_ABI_MINOR

#ifdef __cplusplus
}
#endif
#endif
