/* Shared by the files of core/view only: what a view is made of.
 *
 *   kind    -> table of records by (namespace, name), scopes (what lists and the watch have told)
 *   owner   -> (type, namespace, name) and its children; exists as long as it has children, whether the owner's object is here or not
 *   record  -> one observed object: one allocation of header, links to owners, uid, name, version, packed JSON
 *   tomb    -> a uid that is gone, remembered for a while because its echoes may still come */
#ifndef RK_VIEW_IN_H
#define RK_VIEW_IN_H

#include "core/base/buf.h"
#include "core/base/heap.h"
#include "core/base/map.h"
#include "core/json/json.h"
#include "core/view/view.h"

#define RK__EDGES      8 /* (owner type, index label) pairs of one kind */
#define RK__NO_EDGE    0xFF
#define RK__NO_KID     UINT32_MAX
#define RK__NAME_MAX   512
#define RK__TEXT_MAX   256 /* namespaces, versions, uids: lengths fit a byte */
#define RK__OBJECT_MAX (16u << 20)
#define RK__TOMBS      4096

/* --- table.c: open addressing over entries that begin with their hash --- */

struct rk__table {
    void **slots;
    size_t count, cap;
};
typedef bool rk__same_fn(const void *entry, const void *key);

void rk__table_done(struct rk__table *t); /* entries belong to the caller */
void *rk__table_find(const struct rk__table *t, uint32_t hash, rk__same_fn *same, const void *key);
void rk__table_put(struct rk__table *t, void *entry);
void rk__table_swap(struct rk__table *t, const void *old,
                    void *entry); /* equal hashes; `old` is in the table */
void rk__table_del(struct rk__table *t, const void *entry);
void *rk__table_next(const struct rk__table *t, size_t *pos); /* NULL at the end */

struct rk__ns { /* interned namespace */
    uint32_t hash;
    uint32_t refs;
    char text[];
};
struct rk__ns *rk__ns_find(const struct rk_view *v, const char *text);
struct rk__ns *rk__ns_get(struct rk_view *v, const char *text); /* takes a reference */
void rk__ns_put(struct rk_view *v, struct rk__ns *ns);

/* --- pack.c: JSON of a record, written as differences to the JSON of an earlier one --- */

#define RK__PACK_BITS 12

struct rk__base;    /* a text that packed ones refer to; counted */
struct rk__packer { /* of one kind; zeroed at first */
    struct rk__base *base;
    unsigned misfits;
    uint16_t index[1u << RK__PACK_BITS]; /* of hashed grams of the base: offset + 1 */
};
/* Append the packed form of `plain` to out. Returns the base it refers to, with a reference taken; NULL = it is not packed. */
struct rk__base *rk__pack(struct rk__packer *k, struct rk_span plain, struct rk_buf *out);
void rk__unpack(const struct rk__base *base, struct rk_span packed, char *dst, size_t n);
void rk__base_put(struct rk__base *base); /* NULL is fine */
size_t rk__base_bytes(const struct rk__base *base);

/* --- records --- */

struct rk__uid {
    bool text; /* else 16 bytes of a UUID in its usual form */
    uint8_t n;
    uint8_t b[RK__TEXT_MAX];
};

struct rk__rec;
struct rk__owner {
    uint32_t hash;
    uint16_t type;
    uint16_t name_n;
    struct rk__ns *ns;
    struct rk__rec **kids;
    uint32_t n, cap;
    uint32_t refs; /* links that lead here; the last one gone, so is this */
    char name[];
};

struct rk__link {
    struct rk__owner *owner; /* NULL = this edge leads nowhere; counted */
    uint32_t at;             /* owner->kids[at] is this record; RK__NO_KID = it is in no index */
};

enum { RK__TERMINATING = 1, RK__FAILED = 2, RK__UID_TEXT = 4, RK__CTL_TEXT = 8 };

struct rk__rec {
    uint32_t hash;
    uint8_t kind, flags, n_links;
    uint8_t ctl_edge; /* whose owner type the controller owner reference has; RK__NO_EDGE */
    struct rk__ns *ns;
    struct rk__base *base;
    uint64_t parts;       /* owner kinds: hash of what users edit */
    uint32_t seen, fresh; /* epochs of the last sight by a list, by anything else */
    uint32_t plain_n, packed_n;
    uint16_t name_n;
    uint8_t uid_n, ctl_n, rv_n;
    struct rk__link links[]; /* then uid, controller uid, name NUL, rv NUL, packed JSON */
};

const uint8_t *rk__rec_uid(const struct rk__rec *r);
const uint8_t *rk__rec_ctl(const struct rk__rec *r);
const char *rk__rec_name(const struct rk__rec *r);
const char *rk__rec_rv(const struct rk__rec *r);
struct rk_span rk__rec_packed(const struct rk__rec *r);
bool rk__rec_same_uid(const struct rk__rec *a, const struct rk__rec *b);
bool rk__rec_same_content(
    struct rk_view *v, const struct rk__rec *a,
    const struct rk__rec *b); /* kept bytes (versions aside), flags, controller; change.c */
void rk__rec_uid_text(const struct rk__rec *r, char out[RK__TEXT_MAX]);

/* --- read.c: an object as it came from the API --- */

struct rk__in { /* what was read; lives in the view, one at a time */
    int kind;
    char ns[RK__TEXT_MAX], name[RK__NAME_MAX], rv[RK__TEXT_MAX], uid_text[RK__TEXT_MAX];
    struct rk__uid uid, ctl;
    uint8_t ctl_edge;
    bool terminating, failed;
    char owner[RK__EDGES][RK__NAME_MAX]; /* per edge; "" = none */
    uint64_t parts;
    struct rk_span json; /* the kept bytes, in the view's scratch */
};
/* RK_E_SYNTAX, RK_E_LIMIT. Fills v->in. */
int rk__read(struct rk_view *v, int kind, struct rk_span object, struct rk_err *err);
void rk__uid_parse(const char *text, struct rk__uid *ret);
void rk__uid_format(const uint8_t *b, size_t n, bool text, char out[RK__TEXT_MAX]);

/* --- kinds and the view --- */

struct rk__edge {
    uint16_t type;     /* index into view.types */
    const char *label; /* NULL = controller owner reference only */
    char *label_path;
};

struct rk__scope {
    char *ns; /* NULL = all */
    bool listing, synced;
    uint32_t epoch;             /* of the last list that began */
    char rv[RK__TEXT_MAX];      /* what the watch has reached */
    char list_rv[RK__TEXT_MAX]; /* of the last list: a watch tells only of what is newer */
    struct rk__rec **stash;     /* listed, but older than what we have: list_end decides */
    size_t n_stash, cap_stash;
};

struct rk__kind {
    const char *gvk;
    bool owner;        /* its own events wake it */
    bool whole;        /* no projection */
    const char **keep; /* with what is always kept */
    size_t n_keep;
    const char **slim; /* keep and what the header needs */
    size_t n_slim;
    struct rk__edge edges[RK__EDGES];
    uint8_t n_edges;
    struct rk__table recs;
    struct rk__scope *scopes;
    size_t n_scopes;
    struct rk__packer *packer; /* NULL for whole kinds */
};

struct rk__type {
    const char *gvk;
    struct rk_span group, kind; /* parts of gvk */
};

struct rk_view {
    rk_view_wake_fn *wake;
    void *ctx;
    bool frozen;    /* something was applied: kinds are fixed */
    uint32_t epoch; /* counts lists begun */
    uint64_t seed, bad;
    size_t bytes;
    struct rk__kind kinds[RK_VIEW_KINDS];
    int n_kinds;
    struct rk__type types[RK_VIEW_KINDS];
    uint16_t n_types;
    struct rk__table namespaces, owners;
    struct rk_map tombs;
    struct rk_heap tomb_ages;
    uint64_t tomb_count;
    struct rk_buf slim, json, packed; /* scratch of one apply */
    struct rk_arena arena;
    struct rk__in in;
};

uint32_t rk__hash(const struct rk_view *v, uint64_t salt, const char *text, size_t n);
struct rk__scope *rk__scope_find(const struct rk_view *v, int kind,
                                 const char *ns); /* of exactly this ns (NULL = all) */
struct rk__scope *rk__scope_of(const struct rk_view *v, int kind,
                               const char *ns); /* that covers ns; NULL */
void rk__scope_done(struct rk_view *v, struct rk__scope *s);

/* --- record.c --- */

struct rk__rec *rk__rec_find(const struct rk_view *v, int kind, const char *ns, const char *name);
struct rk__rec *rk__rec_make(struct rk_view *v);         /* from v->in, in no index yet */
void rk__rec_free(struct rk_view *v, struct rk__rec *r); /* in no index any more */
void rk__rec_plain(const struct rk__rec *r, char *dst);  /* plain_n bytes */
size_t rk__rec_bytes(const struct rk__rec *r);
/* Edge by edge: into and out of the owner's children, and into the place of an older record there. */
void rk__rec_enter(struct rk__rec *r, size_t edge);
void rk__rec_leave(struct rk__rec *r, size_t edge);
void rk__rec_succeed(struct rk__rec *old, struct rk__rec *r, size_t edge);
struct rk__owner *rk__owner_find(const struct rk_view *v, int type, const char *ns,
                                 const char *name);
int rk__type_find(const struct rk_view *v, const char *gvk); /* -1 */

/* --- change.c: every change of the indexes, and who is woken by it --- */

void rk__insert(struct rk_view *v, struct rk__rec *r, bool initial);
void rk__replace(struct rk_view *v, struct rk__rec *old,
                 struct rk__rec *r);                   /* same uid; frees old */
void rk__remove(struct rk_view *v, struct rk__rec *r); /* frees r */
/* rk__insert, rk__replace, or (another uid) rk__remove and rk__insert. */
void rk__store(struct rk_view *v, struct rk__rec *old, struct rk__rec *r, bool initial);

/* --- tomb.c --- */

void rk__tomb_put(struct rk_view *v, int kind, const char *uid,
                  const char *rv); /* rv NULL = whatever the version; uid "" = none */
/* Is what was read an echo of something gone? A list begun later, and a later version on the watch, bring it back. */
bool rk__tomb_blocks(struct rk_view *v, enum rk_view_source source, const struct rk__scope *s);
bool rk__tomb_holds(const struct rk_view *v,
                    const struct rk__rec *r);     /* the same for a record that was made earlier */
void rk__tomb_clear(struct rk_view *v, int kind); /* -1 = all */

#endif
