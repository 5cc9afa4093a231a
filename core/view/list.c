/* Lists and progress: mark and sweep in place (client.md 30), and how far the watch of a kind has come. */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/view/view_in.h"

struct rk__scope *rk__scope_find(const struct rk_view *v, int kind, const char *ns)
{
    const struct rk__kind *k = &v->kinds[kind];
    for (size_t i = 0; i < k->n_scopes; i++)
        if (rk_str_eq(k->scopes[i].ns, ns))
            return &k->scopes[i];
    return NULL;
}

struct rk__scope *rk__scope_of(const struct rk_view *v, int kind, const char *ns)
{
    struct rk__scope *s = rk__scope_find(v, kind, ns);
    return s ? s : rk__scope_find(v, kind, NULL);
}

static void drop_stash(struct rk_view *v, struct rk__scope *s)
{
    for (size_t i = 0; i < s->n_stash; i++)
        rk__rec_free(v, s->stash[i]);
    rk_free(s->stash);
    s->stash = NULL;
    s->n_stash = s->cap_stash = 0;
}

void rk__scope_done(struct rk_view *v, struct rk__scope *s)
{
    drop_stash(v, s);
    rk_free(s->ns);
}

void rk_view_list_begin(struct rk_view *v, int kind, const char *scope_ns)
{
    assert(kind >= 0 && kind < v->n_kinds);
    v->frozen = true;
    struct rk__scope *s = rk__scope_find(v, kind, scope_ns);
    if (!s) {
        struct rk__kind *k = &v->kinds[kind];
        k->scopes = rk_realloc(k->scopes, (k->n_scopes + 1) * sizeof *k->scopes);
        s = &k->scopes[k->n_scopes++];
        *s = (struct rk__scope){.ns = rk_strdup(scope_ns)};
    }
    drop_stash(v, s); /* of a list that began and never ended */
    s->listing = true;
    s->epoch = ++v->epoch;
}

/* What was listed in an older version than we have: is the list right? Yes if the store went back in time, and also if the list is
 * no older than the version we have and still shows another one. Where that one is gone since, the list is the best we have: the
 * watch goes on from it. */
static bool list_is_right(const struct rk_view *v, const struct rk__scope *s,
                          const struct rk__rec *old, const struct rk__rec *r, bool restored)
{
    if (!old)
        return !rk__tomb_holds(v, r);
    int c = rk_version_cmp(rk__rec_rv(old), s->rv);
    return c == 0 || c == -1 || (restored && old->fresh < s->epoch);
}

static void settle_stash(struct rk_view *v, struct rk__scope *s, bool restored)
{
    size_t n = s->n_stash;
    struct rk__rec **stash = s->stash;
    s->stash = NULL;
    s->n_stash = s->cap_stash = 0;
    for (size_t i = 0; i < n; i++) {
        struct rk__rec *r = stash[i];
        struct rk__rec *old = rk__rec_find(v, r->kind, r->ns->text, rk__rec_name(r));
        if (list_is_right(v, s, old, r, restored))
            rk__store(v, old, r, false);
        else
            rk__rec_free(v, r);
    }
    rk_free(stash);
}

static bool swept(const struct rk__rec *r, const struct rk__scope *s, bool restored)
{
    if (s->ns && strcmp(r->ns->text, s->ns) != 0)
        return false;
    if (r->seen >= s->epoch)
        return false;
    bool fresh = r->fresh >= s->epoch;
    switch (rk_version_cmp(rk__rec_rv(r), s->rv)) {
    case 1: /* newer than the list: a response, the watch will tell of it */
        return restored && !fresh;
    case RK_VERSION_NONE:
        return !fresh;
    default:
        return true;
    }
}

static void sweep(struct rk_view *v, int kind, const struct rk__scope *s, bool restored)
{
    /* Deletion moves entries of the table, so that the doomed are collected first. */
    struct rk__table *recs = &v->kinds[kind].recs;
    struct rk__rec **doomed = NULL;
    size_t n = 0, cap = 0;
    struct rk__rec *r;
    for (size_t pos = 0; (r = rk__table_next(recs, &pos));) {
        if (!swept(r, s, restored))
            continue;
        if (n == cap) {
            cap = cap ? cap * 2 : 16;
            doomed = rk_realloc(doomed, cap * sizeof *doomed);
        }
        doomed[n++] = r;
    }
    for (size_t i = 0; i < n; i++) {
        /* Late responses are told by their versions; only where these do not compare a tomb is needed. */
        if (rk_version_cmp(rk__rec_rv(doomed[i]), s->rv) == RK_VERSION_NONE) {
            char uid[RK__TEXT_MAX];
            rk__rec_uid_text(doomed[i], uid);
            rk__tomb_put(v, kind, uid, rk__rec_rv(doomed[i]));
        }
        rk__remove(v, doomed[i]);
    }
    rk_free(doomed);
}

static void set_rv(char dst[RK__TEXT_MAX], const char *rv)
{
    if (rk_str_copy(dst, RK__TEXT_MAX, rv ? rv : "") < 0)
        dst[0] = '\0'; /* longer than any version: then it cannot be compared */
}

void rk_view_list_end(struct rk_view *v, int kind, const char *scope_ns, const char *rv)
{
    assert(kind >= 0 && kind < v->n_kinds);
    struct rk__scope *s = rk__scope_find(v, kind, scope_ns);
    if (!s || !s->listing)
        return;
    bool restored = s->synced && rk_version_cmp(rv, s->rv) == -1;
    set_rv(s->rv, rv);
    set_rv(s->list_rv, rv);
    s->listing = false;
    s->synced = true;
    if (restored)
        rk__tomb_clear(v, kind);
    settle_stash(v, s, restored);
    sweep(v, kind, s, restored);
}

void rk_view_progress(struct rk_view *v, int kind, const char *scope_ns, const char *rv)
{
    assert(kind >= 0 && kind < v->n_kinds);
    struct rk__scope *s = rk__scope_find(v, kind, scope_ns);
    if (s && s->synced && rk_version_cmp(rv, s->rv) != -1)
        set_rv(s->rv, rv);
}

const char *rk_view_version(const struct rk_view *v, int kind, const char *ns)
{
    assert(kind >= 0 && kind < v->n_kinds);
    const struct rk__scope *s = rk__scope_of(v, kind, ns ? ns : "");
    return s && s->synced ? s->rv : "";
}

bool rk_view_reached(const struct rk_view *v, int kind, const char *ns, const char *rv)
{
    assert(kind >= 0 && kind < v->n_kinds);
    const struct rk__scope *s = rk__scope_of(v, kind, ns ? ns : "");
    return s && s->synced && rk_version_cmp(s->rv, rv) != -1;
}
