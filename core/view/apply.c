/* The apply rules (client.md 18, 23, 24, 30): what an object that came from somewhere does to what is known of its name. */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/view/view_in.h"

#define KEEP_SCRATCH (256u * 1024u) /* buffers that grew larger are given back */

static bool same_uid(const struct rk__rec *r, const struct rk__in *in)
{
    return in->uid.text == ((r->flags & RK__UID_TEXT) != 0) && in->uid.n == r->uid_n &&
           memcmp(in->uid.b, rk__rec_uid(r), r->uid_n) == 0;
}

static struct rk__rec *make(struct rk_view *v, enum rk_view_source source)
{
    struct rk__rec *r = rk__rec_make(v);
    if (source == RK_FROM_LIST)
        r->seen = v->epoch;
    else
        r->fresh = v->epoch;
    return r;
}

/* A list shows something older than we have. Usually our own write overtook the list; but if the store was restored from a backup,
 * the list is right. list_end knows. */
static void stash(struct rk_view *v, struct rk__scope *s)
{
    if (!s || !s->listing)
        return;
    if (s->n_stash == s->cap_stash) {
        s->cap_stash = s->cap_stash ? s->cap_stash * 2 : 8;
        assert(s->cap_stash <= SIZE_MAX / sizeof(struct rk__rec *));
        s->stash = rk_realloc(s->stash, s->cap_stash * sizeof(struct rk__rec *));
    }
    s->stash[s->n_stash++] = make(v, RK_FROM_LIST);
}

/* Of an object that is not here: has its end been seen already? A response is told by how far the watch has come, a watch's event
 * (replayed) by the list that the watch began at. */
static bool over(const struct rk__scope *s, enum rk_view_source source, const char *rv)
{
    if (!s || !s->synced || source == RK_FROM_LIST)
        return false;
    return rk_version_cmp(source == RK_FROM_RESPONSE ? s->rv : s->list_rv, rv) >= 0;
}

static void upsert(struct rk_view *v, enum rk_view_source source)
{
    const struct rk__in *in = &v->in;
    struct rk__scope *s = rk__scope_of(v, in->kind, in->ns);
    if (rk__tomb_blocks(v, source, s))
        return;
    struct rk__rec *old = rk__rec_find(v, in->kind, in->ns, in->name);
    if (!old) {
        if (over(s, source, in->rv))
            return;
        rk__insert(v, make(v, source), source == RK_FROM_LIST && s && !s->synced);
        return;
    }
    if (source == RK_FROM_LIST && same_uid(old, in))
        old->seen = v->epoch;
    int c = rk_version_cmp(in->rv, rk__rec_rv(old));
    if (c == -1) {
        if (source == RK_FROM_LIST)
            stash(v, s);
        return;
    }
    if (c == 0 && same_uid(old, in) && source != RK_FROM_LIST)
        return;
    struct rk__rec *r = make(v, source);
    if (c == 0 && rk__rec_same_uid(old, r) && rk__rec_same_content(v, old, r)) {
        rk__rec_free(v, r);
        return;
    }
    rk__store(v, old, r, false);
}

static void gone(struct rk_view *v, enum rk_view_source source)
{
    const struct rk__in *in = &v->in;
    struct rk__rec *old = rk__rec_find(v, in->kind, in->ns, in->name);
    int c = old ? rk_version_cmp(in->rv, rk__rec_rv(old)) : 0;
    bool same = old && same_uid(old, in);
    if (same && c == -1 && source != RK_FROM_RESPONSE)
        return; /* it left the selector and came back since, or the event is a replay */
    rk__tomb_put(v, in->kind, in->uid_text, source == RK_FROM_RESPONSE ? NULL : in->rv);
    /* An event of another life of this name at a later version: the life that we know ended unseen. */
    if (same || (old && c == 1))
        rk__remove(v, old);
}

static void trim(struct rk_buf *b)
{
    if (b->cap > KEEP_SCRATCH)
        rk_buf_done(b);
}

int rk_view_apply(struct rk_view *v, int kind, enum rk_view_what what, enum rk_view_source source,
                  struct rk_span object, struct rk_err *err)
{
    assert(kind >= 0 && kind < v->n_kinds);
    v->frozen = true;
    int rc = rk__read(v, kind, object, err);
    if (rc < 0)
        v->bad++;
    else if (what == RK_VIEW_DELETE)
        gone(v, source);
    else
        upsert(v, source);
    rk_arena_reset(&v->arena);
    trim(&v->slim);
    trim(&v->json);
    trim(&v->packed);
    return rc;
}

void rk_view_forget(struct rk_view *v, int kind, const char *ns, const char *name, const char *uid)
{
    assert(kind >= 0 && kind < v->n_kinds);
    struct rk__rec *r = rk__rec_find(v, kind, ns ? ns : "", name);
    char known[RK__TEXT_MAX] = "";
    if (r)
        rk__rec_uid_text(r, known);
    if (uid && uid[0] && strcmp(uid, known) != 0)
        r = NULL; /* the name has another life already */
    rk__tomb_put(v, kind, uid && uid[0] ? uid : known, NULL);
    if (r)
        rk__remove(v, r);
}
