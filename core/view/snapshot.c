/* What a pass sees: the owner and its children at one moment, copied, in an order that does not depend on the past. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/view/view_in.h"

static int by_kind_and_name(const void *a, const void *b)
{
    const struct rk__rec *const *x = a, *const *y = b;
    if ((*x)->kind != (*y)->kind)
        return (*x)->kind < (*y)->kind ? -1 : 1;
    return strcmp(rk__rec_name(*x), rk__rec_name(*y));
}

static struct rk_span copy_json(const struct rk__rec *r, struct rk_arena *a)
{
    char *json = rk_arena_alloc(a, (size_t)r->plain_n + 1);
    rk__rec_plain(r, json);
    return (struct rk_span){json, r->plain_n};
}

static const char *copy_uid(const struct rk__rec *r, struct rk_arena *a)
{
    char uid[RK__TEXT_MAX];
    rk__rec_uid_text(r, uid);
    return rk_arena_strdup(a, uid);
}

static bool is_mine(const struct rk_view *v, const struct rk__rec *child,
                    const struct rk__rec *owner, int type)
{
    return child->ctl_edge != RK__NO_EDGE &&
           v->kinds[child->kind].edges[child->ctl_edge].type == type && child->ctl_n > 0 &&
           child->ctl_n == owner->uid_n &&
           !(child->flags & RK__CTL_TEXT) == !(owner->flags & RK__UID_TEXT) &&
           memcmp(rk__rec_ctl(child), rk__rec_uid(owner), owner->uid_n) == 0;
}

static void copy_children(const struct rk_view *v, const struct rk__owner *o,
                          const struct rk__rec *owner, struct rk_arena *a, struct rk_snapshot *out)
{
    const struct rk__rec **kids = rk_arena_alloc(a, o->n * sizeof *kids);
    memcpy(kids, o->kids, o->n * sizeof *kids);
    qsort(kids, o->n, sizeof *kids, by_kind_and_name);
    struct rk_seen *seen = rk_arena_alloc(a, o->n * sizeof *seen);
    for (size_t i = 0; i < o->n; i++) {
        const struct rk__rec *r = kids[i];
        bool first = i == 0 || kids[i - 1]->kind != r->kind;
        seen[i] = (struct rk_seen){
            .kind = r->kind,
            .gvk = first ? rk_arena_strdup(a, v->kinds[r->kind].gvk) : seen[i - 1].gvk,
            .ns = out->ns,
            .name = rk_arena_strdup(a, rk__rec_name(r)),
            .uid = copy_uid(r, a),
            .rv = rk_arena_strdup(a, rk__rec_rv(r)),
            .mine = is_mine(v, r, owner, o->type),
            .terminating = r->flags & RK__TERMINATING,
            .json = copy_json(r, a),
        };
    }
    out->seen = seen;
    out->n_seen = o->n;
}

int rk_view_snapshot(const struct rk_view *v, const char *owner_gvk, const char *ns,
                     const char *name, struct rk_arena *a, struct rk_snapshot *ret)
{
    int kind = rk_view_kind_find(v, owner_gvk);
    const struct rk__rec *r = kind < 0 ? NULL : rk__rec_find(v, kind, ns ? ns : "", name);
    if (!r)
        return RK_E_NOENT;
    struct rk_snapshot out = {
        .gvk = rk_arena_strdup(a, owner_gvk),
        .ns = rk_arena_strdup(a, r->ns->text),
        .name = rk_arena_strdup(a, rk__rec_name(r)),
        .uid = copy_uid(r, a),
        .rv = rk_arena_strdup(a, rk__rec_rv(r)),
        .object = copy_json(r, a),
        .deleting = r->flags & RK__TERMINATING,
    };
    int type = rk__type_find(v, owner_gvk);
    const struct rk__owner *o = type < 0 ? NULL : rk__owner_find(v, type, r->ns->text, out.name);
    if (o && o->n > 0)
        copy_children(v, o, r, a, &out);
    *ret = out;
    return 0;
}

bool rk_view_find(const struct rk_view *v, const char *gvk, const char *ns, const char *name,
                  struct rk_arena *a, struct rk_seen *ret)
{
    int kind = rk_view_kind_find(v, gvk);
    const struct rk__rec *r = kind < 0 ? NULL : rk__rec_find(v, kind, ns ? ns : "", name);
    if (!r)
        return false;
    *ret = (struct rk_seen){
        .kind = kind,
        .gvk = rk_arena_strdup(a, v->kinds[kind].gvk),
        .ns = rk_arena_strdup(a, r->ns->text),
        .name = rk_arena_strdup(a, rk__rec_name(r)),
        .uid = copy_uid(r, a),
        .rv = rk_arena_strdup(a, rk__rec_rv(r)),
        .terminating = r->flags & RK__TERMINATING,
        .json = copy_json(r, a),
    };
    return true;
}

bool rk_view_next_owner(const struct rk_view *v, int kind, size_t *pos, const char **ret_ns,
                        const char **ret_name)
{
    assert(kind >= 0 && kind < v->n_kinds);
    const struct rk__rec *r = rk__table_next(&v->kinds[kind].recs, pos);
    if (!r)
        return false;
    if (ret_ns)
        *ret_ns = r->ns->text;
    if (ret_name)
        *ret_name = rk__rec_name(r);
    return true;
}

size_t rk_view_children(const struct rk_view *v, const char *owner_gvk, const char *ns,
                        const char *name, int kind)
{
    int type = rk__type_find(v, owner_gvk);
    const struct rk__owner *o = type < 0 ? NULL : rk__owner_find(v, type, ns ? ns : "", name);
    size_t n = 0;
    for (uint32_t i = 0; o && i < o->n; i++)
        n += kind < 0 || o->kids[i]->kind == kind;
    return n;
}

size_t rk_view_count(const struct rk_view *v, int kind)
{
    assert(kind >= 0 && kind < v->n_kinds);
    return v->kinds[kind].recs.count;
}

size_t rk_view_bytes(const struct rk_view *v)
{
    return v->bytes;
}

uint64_t rk_view_bad(const struct rk_view *v)
{
    return v->bad;
}
