/* Provenance: who wrote what, over whom, and whether two plugins want different things at one
 * place.
 *
 * A conflict is judged when the hook returns, by its effect: what an equal (same phase and rank,
 * another author, neither `after` the other) had written must still be as it was. So taking a
 * value out and putting it back the same is no conflict, a subtree is compared leaf by leaf, and
 * what was removed must stay removed. An offer is no claim: it yields in whichever order. */
#include "core/pass/room.h"

#include <string.h>

#include "core/json/path.h"

size_t rk__claim_parent(const char *path, size_t n)
{
    int depth = 0;
    while (n > 0) {
        char c = path[--n];
        depth += c == ']' ? 1 : c == '[' && depth > 0 ? -1 : 0;
        if (c == '/' && depth == 0)
            break;
    }
    return n;
}

const char *rk__claim_path(struct rk_obj *o, const char *path)
{
    struct rk_arena *a = &o->ps->arena;
    struct rk_path parsed;
    if (rk_path_parse(path, &parsed, NULL) < 0)
        return rk_arena_strdup(a, path);
    struct rk_buf out;
    rk_buf_init(&out, 2 * RK_PATH_MAX);
    char head[RK_PATH_MAX + 1];
    size_t n = strlen(path);
    memcpy(head, path, n + 1);
    /* Cut words off the end until something is there. */
    while (n > 0 && rk_path_canonical(o->root, o->kind, head, &out, NULL) < 0) {
        n = rk__claim_parent(head, n);
        head[n] = '\0';
    }
    (void)rk_buf_adds(&out, path + n); /* both halves are bounded by RK_PATH_MAX */
    const char *ret = rk_arena_strdup(a, rk_buf_text(&out));
    rk_buf_done(&out);
    return ret;
}

enum rk__relation rk__claim_relate(const char *record, const char *path)
{
    size_t i = 0;
    while (record[i] && record[i] == path[i])
        i++;
    if (!record[i] && !path[i])
        return RK__EQUAL;
    if (!record[i] && path[i] == '/')
        return RK__ABOVE;
    if (!path[i] && record[i] == '/')
        return RK__BELOW;
    return RK__APART;
}

static bool equals_in_rank(const struct rk_pass *ps, const struct rk_plugged_hook *a,
                           const struct rk_plugged_hook *b)
{
    return a->hook.phase == b->hook.phase && a->hook.rank == b->hook.rank &&
           !rk_plug_later(ps->plugins, a->plug, b->plug) &&
           !rk_plug_later(ps->plugins, b->plug, a->plug);
}

static void pledge(struct rk_pass *ps, const struct rk_obj *o, const char *path,
                   const struct rk_plugged_hook *by)
{
    for (const struct rk__pledge *p = ps->pledges; p; p = p->next)
        if (p->obj == o && p->by == by && strcmp(p->path, path) == 0)
            return; /* what stood there when the hook began is known */
    struct rk__pledge *p = rk_arena_alloc(&ps->arena, sizeof *p);
    *p = (struct rk__pledge){.obj = o, .path = path, .by = by, .next = ps->pledges};
    p->before = rk_json_copy(&ps->arena, rk_path_get(o->root, path));
    ps->pledges = p;
}

static void guard(struct rk_obj *o, const struct rk__write *w, enum rk__relation rel,
                  const char *path, bool there)
{
    struct rk_pass *ps = o->ps;
    if (w->rec.verb == RK_WROTE_OFFER || !equals_in_rank(ps, w->by, ps->hook))
        return;
    if (w->rec.verb == RK_WROTE_DROP || rel != RK__ABOVE)
        pledge(ps, o, w->rec.path, w->by);
    else if (there)
        pledge(ps, o, path,
               w->by); /* inside what the other wrote: only what is there may not change */
}

/* The author whose word a write replaces: of the records that touch the place the newest; the
 * user's when something is there and no record covers it. A value that its own author took out a
 * moment ago passes on whom it had replaced. */
const char *rk__claim_before(struct rk_obj *o, const char *path, bool there, enum rk__verb verb)
{
    struct rk_pass *ps = o->ps;
    const char *over = NULL;
    bool known = false;
    for (size_t i = o->n_writes; i-- > 0;) {
        struct rk__write *w = &o->writes[i];
        enum rk__relation rel = w->gone || w->rec.verb == RK_WROTE_YIELD
                                    ? RK__APART
                                    : rk__claim_relate(w->rec.path, path);
        if (rel == RK__APART || (rel == RK__BELOW && verb == RK__APPEND))
            continue; /* what a list holds already, an append leaves alone */
        bool own = w->by->plug == ps->hook->plug;
        if (!known && (there || (own && rel == RK__EQUAL && w->rec.verb == RK_WROTE_DROP))) {
            over = own ? w->rec.over : w->rec.author;
            known = true;
        }
        if (!own)
            guard(o, w, rel, path, there);
        else if (rel != RK__ABOVE && verb != RK__APPEND)
            w->gone = true;
    }
    if (!known && there && o->what != RK__OBJ_STATUS && o->what != RK__OBJ_START)
        over = "user";
    return over;
}

struct rk__write *rk__claim_record(struct rk_obj *o, const char *path, enum rk_wrote verb,
                                   const char *over)
{
    const struct rk_plugged_hook *h = o->ps->hook;
    struct rk__write *w =
        rk__grow(&o->ps->arena, &o->writes, &o->n_writes, &o->cap_writes, sizeof *w);
    w->by = h;
    w->gone = false;
    w->rec.path = path;
    w->rec.author = h->plug->name;
    w->rec.phase = h->hook.phase;
    w->rec.rank = h->hook.rank;
    w->rec.verb = verb;
    w->rec.over = over;
    return w;
}

void rk__claim_settle(struct rk_pass *ps)
{
    for (const struct rk__pledge *p = ps->pledges; p; p = p->next) {
        const cJSON *now = rk_path_get(p->obj->root, p->path);
        bool same = p->before && now ? rk_json_equal(p->before, now) : !p->before && !now;
        if (!same)
            (void)rk__hook_refuse(
                ps, RK_ECONFLICT,
                "%s: plugin %s and plugin %s want different things there at phase %s, rank %d (`after` would order them)",
                p->path, p->by->plug->name, ps->hook->plug->name, rk_phase_name(ps->phase),
                (int)ps->hook->hook.rank); /* the code is in ps->refused */
    }
    ps->pledges = NULL;
}

void rk__writes_keep(struct rk_pass *ps, const struct rk_obj *o, const char *key)
{
    if (!ps->conf->record && !ps->conf->whole)
        return;
    struct rk_plan *p = ps->plan;
    size_t n = 0;
    struct rk_write_record *all = rk_arena_alloc(&p->arena, (o->n_writes + 1) * sizeof *all);
    for (size_t i = 0; i < o->n_writes; i++) {
        if (o->writes[i].gone)
            continue;
        all[n] = o->writes[i].rec;
        all[n].path = rk_arena_strdup(&p->arena, all[n].path);
        n++;
    }
    struct rk_plan_wrote *w =
        rk__grow(&p->arena, &p->wrote, &p->n_wrote, &ps->cap_wrote, sizeof *w);
    w->key = rk_arena_strdup(&p->arena, key);
    w->records = all;
    w->n = n;
}
