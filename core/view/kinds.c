/* Birth and death of a view, and its kinds: what is kept of each, and which owners its objects wake. */
#include <string.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/json/scan.h"
#include "core/view/view_in.h"

/* Kept of every child, whatever its plugin asked for. */
static const char *const always[] = {"metadata/name", "metadata/uid", "metadata/deletionTimestamp",
                                     "metadata/creationTimestamp"};
/* Needed for the header of a record; the index labels come on top. */
static const char *const header[] = {"metadata/namespace", "metadata/resourceVersion",
                                     "metadata/ownerReferences", "status/phase"};
#define N_ALWAYS (sizeof always / sizeof *always)
#define N_HEADER (sizeof header / sizeof *header)

struct rk_view *rk_view_new(rk_view_wake_fn *wake, void *ctx)
{
    struct rk_view *v = rk_alloc(sizeof *v);
    v->wake = wake;
    v->ctx = ctx;
    /* Without entropy names could be chosen to collide; nothing else is lost. */
    if (rk_random(&v->seed, sizeof v->seed) != 0)
        v->seed = (uint64_t)(uintptr_t)v;
    rk_map_init(&v->tombs, NULL);
    rk_heap_init(&v->tomb_ages);
    rk_buf_init(&v->slim, RK__OBJECT_MAX);
    rk_buf_init(&v->json, RK__OBJECT_MAX);
    rk_buf_init(&v->packed, RK__OBJECT_MAX);
    rk_arena_init(&v->arena, 0);
    return v;
}

static void kind_done(struct rk_view *v, struct rk__kind *k)
{
    for (size_t i = 0; i < k->n_scopes; i++)
        rk__scope_done(v, &k->scopes[i]);
    rk_free(k->scopes);
    for (size_t pos = 0; k->recs.count > 0;) {
        struct rk__rec *r = rk__table_next(&k->recs, &pos);
        if (!r)
            break;
        for (size_t i = 0; i < r->n_links; i++)
            rk__rec_leave(r, i);
        rk__rec_free(v, r);
    }
    rk__table_done(&k->recs);
    for (size_t i = 0; i < k->n_edges; i++)
        rk_free(k->edges[i].label_path);
    rk_free(k->keep);
    rk_free(k->slim);
    if (k->packer)
        rk__base_put(k->packer->base);
    rk_free(k->packer);
}

void rk_view_free(struct rk_view *v)
{
    if (!v)
        return;
    for (int i = 0; i < v->n_kinds; i++)
        kind_done(v, &v->kinds[i]);
    rk__table_done(&v->owners);
    rk__table_done(&v->namespaces);
    rk__tomb_clear(v, -1);
    rk_map_done(&v->tombs);
    rk_heap_done(&v->tomb_ages);
    rk_buf_done(&v->slim);
    rk_buf_done(&v->json);
    rk_buf_done(&v->packed);
    rk_arena_done(&v->arena);
    rk_free(v);
}

uint32_t rk__hash(const struct rk_view *v, uint64_t salt, const char *text, size_t n)
{
    return (uint32_t)rk_hash64(text, n, v->seed + salt * 0x9E3779B97F4A7C15u);
}

int rk_view_kind_find(const struct rk_view *v, const char *gvk)
{
    for (int i = 0; i < v->n_kinds; i++)
        if (rk_str_eq(v->kinds[i].gvk, gvk))
            return i;
    return -1;
}

/* A set of paths; the array grows by one (kinds are few and added once). */
static void add_path(const char ***paths, size_t *n, const char *path)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*paths)[i], path) == 0)
            return;
    *paths = rk_realloc(*paths, (*n + 1) * sizeof **paths);
    (*paths)[(*n)++] = path;
}

static char *label_path(const char *label)
{
    struct rk_buf b;
    rk_buf_init(&b, 2048);
    (void)rk_buf_adds(
        &b,
        "metadata/labels/"); /* full is seen by the check of the paths: the last word is cut or empty */
    for (; *label; label++)
        (void)rk_buf_adds(&b, *label == '/' ? "~1" : *label == '~' ? "~0" : (char[]){*label, '\0'});
    return rk_buf_take(&b, NULL);
}

static int type_get(struct rk_view *v, const char *gvk, struct rk_err *err)
{
    int at = rk__type_find(v, gvk);
    if (at >= 0)
        return at;
    const char *kind = strrchr(gvk, '/');
    if (!kind || kind == gvk || !kind[1])
        return rk_err_set(err, RK_E_INVAL, "owner '%s' is not group/version/kind", gvk);
    if (v->n_types == RK_VIEW_KINDS)
        return rk_err_set(err, RK_E_LIMIT, "more than %d kinds of owners", RK_VIEW_KINDS);
    const char *slash = memchr(gvk, '/', (size_t)(kind - gvk));
    v->types[v->n_types] =
        (struct rk__type){gvk, {gvk, slash ? (size_t)(slash - gvk) : 0}, rk_span_of(kind + 1)};
    return v->n_types++;
}

static int add_edge(struct rk_view *v, struct rk__kind *k, const struct rk_view_kind *def,
                    struct rk_err *err)
{
    int type = type_get(v, def->owner_gvk, err);
    if (type < 0)
        return type;
    struct rk__edge *e = NULL;
    for (uint8_t i = 0; i < k->n_edges; i++) {
        if (k->edges[i].type != type)
            continue;
        /* Every edge falls back to the controller reference, so that one without label adds nothing to one with. */
        if (!def->index_label || rk_str_eq(k->edges[i].label, def->index_label))
            return 0;
        if (!k->edges[i].label)
            e = &k->edges[i];
    }
    if (!e && k->n_edges == RK__EDGES)
        return rk_err_set(err, RK_E_LIMIT, "more than %d ways to an owner", RK__EDGES);
    if (!e)
        e = &k->edges[k->n_edges++];
    e->type = (uint16_t)type;
    e->label = def->index_label;
    if (e->label) {
        e->label_path = label_path(e->label);
        add_path(&k->slim, &k->n_slim, e->label_path);
    }
    return 0;
}

static int check_paths(const struct rk_view_kind *def, struct rk_err *err)
{
    struct rk_buf out;
    rk_buf_init(&out, 64);
    int rc = rk_scan_project(rk_span_of("{}"), def->keep, def->keep ? def->n_keep : 0, &out, err);
    rk_buf_done(&out);
    return rc;
}

static int define(struct rk_view *v, struct rk__kind *k, const struct rk_view_kind *def,
                  struct rk_err *err)
{
    int rc = check_paths(def, err);
    if (rc == 0 && def->owner_gvk)
        rc = add_edge(v, k, def, err);
    if (rc < 0)
        return rc;
    k->owner |= !def->owner_gvk;
    k->whole |= !def->keep || k->owner; /* owners are whole: a pass reads all of them */
    for (size_t i = 0; i < N_ALWAYS; i++) {
        add_path(&k->keep, &k->n_keep, always[i]);
        add_path(&k->slim, &k->n_slim, always[i]);
    }
    for (size_t i = 0; i < N_HEADER; i++)
        add_path(&k->slim, &k->n_slim, header[i]);
    for (size_t i = 0; def->keep && i < def->n_keep; i++) {
        add_path(&k->keep, &k->n_keep, def->keep[i]);
        add_path(&k->slim, &k->n_slim, def->keep[i]);
    }
    struct rk_buf out;
    rk_buf_init(&out, 64);
    rc = rk_scan_project(rk_span_of("{}"), k->slim, k->n_slim, &out,
                         err); /* all of them together: the scanner's limits */
    rk_buf_done(&out);
    return rc;
}

int rk_view_kind_add(struct rk_view *v, const struct rk_view_kind *def, struct rk_err *err)
{
    if (!def->gvk || !def->gvk[0])
        return rk_err_set(err, RK_E_INVAL, "a kind without a name");
    if (v->frozen)
        return rk_err_set(err, RK_E_INVAL, "%s: the view is in use already", def->gvk);
    int at = rk_view_kind_find(v, def->gvk);
    if (at < 0 && v->n_kinds == RK_VIEW_KINDS)
        return rk_err_set(err, RK_E_LIMIT, "%s: more than %d kinds", def->gvk, RK_VIEW_KINDS);
    bool fresh = at < 0;
    if (fresh)
        at = v->n_kinds++;
    struct rk__kind *k = &v->kinds[at];
    k->gvk = def->gvk;
    int rc = define(v, k, def, err);
    if (rc < 0) {
        if (fresh) {
            kind_done(v, k);
            *k = (struct rk__kind){0};
            v->n_kinds--;
        }
        (void)rk_err_wrap(err, "%s", def->gvk); /* the code is rc */
        return rc;
    }
    if (!k->whole && !k->packer)
        k->packer = rk_alloc(sizeof *k->packer);
    if (k->whole) {
        rk_free(k->packer);
        k->packer = NULL;
    }
    return at;
}
