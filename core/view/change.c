/* Every change of the indexes, and who is woken by it. The wakes come last: whoever looks at the view from one sees it whole. */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/json/scan.h"
#include "core/view/view_in.h"

static void wake_owner(struct rk_view *v, const struct rk__owner *o, enum rk_view_cause cause)
{
    if (o && v->wake)
        v->wake(v->ctx, v->types[o->type].gvk, o->ns->text, o->name, cause);
}

static void wake_self(struct rk_view *v, const struct rk__rec *r, enum rk_view_cause cause)
{
    if (v->kinds[r->kind].owner && v->wake)
        v->wake(v->ctx, v->kinds[r->kind].gvk, r->ns->text, rk__rec_name(r), cause);
}

void rk__insert(struct rk_view *v, struct rk__rec *r, bool initial)
{
    rk__table_put(&v->kinds[r->kind].recs, r);
    for (size_t i = 0; i < r->n_links; i++)
        rk__rec_enter(r, i);
    for (size_t i = 0; i < r->n_links; i++)
        wake_owner(v, r->links[i].owner, initial ? RK_CAUSE_LIST : RK_CAUSE_CHILD);
    wake_self(v, r,
              r->flags & RK__TERMINATING ? RK_CAUSE_DELETED
              : initial                  ? RK_CAUSE_LIST
                                         : RK_CAUSE_USER);
}

void rk__remove(struct rk_view *v, struct rk__rec *r)
{
    rk__table_del(&v->kinds[r->kind].recs, r);
    for (size_t i = 0; i < r->n_links; i++)
        rk__rec_leave(r, i);
    for (size_t i = 0; i < r->n_links; i++)
        wake_owner(v, r->links[i].owner, RK_CAUSE_CHILD_GONE);
    wake_self(v, r, RK_CAUSE_DELETED);
    rk__rec_free(v, r);
}

/* The kept bytes of a whole object hold its version: without it two of them may be equal. */
static struct rk_span comparable(const struct rk__kind *k, struct rk_span json,
                                 struct rk_buf *scratch)
{
    static const char *const version[] = {"metadata/resourceVersion"};
    if (!k->whole || rk_scan_without(json, version, 1, scratch, NULL) < 0)
        return json;
    return (struct rk_span){rk_buf_text(scratch), scratch->len};
}

static bool same_json(struct rk_view *v, const struct rk__rec *a, const struct rk__rec *b)
{
    const struct rk__kind *k = &v->kinds[a->kind];
    if (!k->whole && a->plain_n != b->plain_n)
        return false;
    if (a->base == b->base && a->packed_n == b->packed_n && a->plain_n == b->plain_n &&
        memcmp(rk__rec_packed(a).p, rk__rec_packed(b).p, a->packed_n) == 0)
        return true;
    char *plain = rk_alloc((size_t)a->plain_n + b->plain_n);
    rk__rec_plain(a, plain);
    rk__rec_plain(b, plain + a->plain_n);
    struct rk_buf sa, sb;
    rk_buf_init(&sa, RK__OBJECT_MAX);
    rk_buf_init(&sb, RK__OBJECT_MAX);
    bool same = rk_span_eq(comparable(k, (struct rk_span){plain, a->plain_n}, &sa),
                           comparable(k, (struct rk_span){plain + a->plain_n, b->plain_n}, &sb));
    rk_buf_done(&sa);
    rk_buf_done(&sb);
    rk_free(plain);
    return same;
}

bool rk__rec_same_content(struct rk_view *v, const struct rk__rec *a, const struct rk__rec *b)
{
    return a->flags == b->flags && a->ctl_edge == b->ctl_edge && a->ctl_n == b->ctl_n &&
           memcmp(rk__rec_ctl(a), rk__rec_ctl(b), a->ctl_n) == 0 && same_json(v, a, b);
}

static enum rk_view_cause edit(const struct rk__rec *old, const struct rk__rec *r)
{
    if (((old->flags ^ r->flags) & RK__TERMINATING) == 0 && old->parts == r->parts)
        return RK_CAUSE_STATUS;
    return r->flags & RK__TERMINATING ? RK_CAUSE_DELETED : RK_CAUSE_USER;
}

static void wake_edge(struct rk_view *v, const struct rk__owner *was, const struct rk__owner *is,
                      bool same, bool failed)
{
    if (was != is) { /* it was given to another owner */
        wake_owner(v, was, RK_CAUSE_CHILD_GONE);
        wake_owner(v, is, RK_CAUSE_CHILD);
    } else if (!same) {
        wake_owner(v, is, failed ? RK_CAUSE_CHILD_GONE : RK_CAUSE_CHILD);
    }
}

/* Is anybody there who would be woken? Most objects that have owners of their own belong to nobody. */
static bool has_owner(const struct rk__rec *old, const struct rk__rec *r)
{
    bool found = false;
    for (size_t i = 0; i < r->n_links; i++)
        found = found || old->links[i].owner || r->links[i].owner;
    return found;
}

void rk__replace(struct rk_view *v, struct rk__rec *old, struct rk__rec *r)
{
    assert(old->kind == r->kind && old->n_links == r->n_links && old->ns == r->ns);
    bool same = !has_owner(old, r) || rk__rec_same_content(v, old, r);
    bool failed = (r->flags & RK__FAILED) && !(old->flags & RK__FAILED);
    if (r->seen < old->seen)
        r->seen = old->seen;
    if (r->fresh < old->fresh)
        r->fresh = old->fresh;
    rk__table_swap(&v->kinds[r->kind].recs, old, r);
    for (size_t i = 0; i < r->n_links; i++) {
        if (r->links[i].owner && r->links[i].owner == old->links[i].owner) {
            rk__rec_succeed(old, r, i);
            continue;
        }
        rk__rec_leave(old, i);
        rk__rec_enter(r, i);
    }
    for (size_t i = 0; i < r->n_links; i++)
        wake_edge(v, old->links[i].owner, r->links[i].owner, same, failed);
    wake_self(v, r, edit(old, r));
    rk__rec_free(v, old);
}

void rk__store(struct rk_view *v, struct rk__rec *old, struct rk__rec *r, bool initial)
{
    if (old && rk__rec_same_uid(old, r)) {
        rk__replace(v, old, r);
        return;
    }
    if (old) { /* a new life under an old name (client.md 24) */
        if (rk_version_cmp(rk__rec_rv(old), rk__rec_rv(r)) == RK_VERSION_NONE) {
            char uid[RK__TEXT_MAX]; /* echoes of the old life cannot be told by their versions */
            rk__rec_uid_text(old, uid);
            rk__tomb_put(v, old->kind, uid, NULL);
        }
        rk__remove(v, old);
    }
    rk__insert(v, r, initial);
}
