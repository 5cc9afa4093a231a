/* Whose each value of a shaped tree is.
 *
 * Every node carries a mark, the number of a stamp of its object: the core's, the user's (with the
 * place in the owner that it was copied from), or a plugin's hook and verb. A node without a mark is
 * new: it is stamped when the write that made it is done. So the answer does not hang on paths, which
 * move when list entries go, come or get other names. What a write replaced or took away is compared
 * leaf by leaf: a leaf is over whom it replaced, what has no successor is lost, and told.
 *
 * All of this only with conf->record: `run` does without it. */
#include "core/pass/author.h"

#include <assert.h>
#include <string.h>

#include "core/json/path.h"

static bool on(const struct rk_obj *o)
{
    return o->ps->conf->record && o->what != RK__OBJ_STATUS;
}

int rk__author_stamp(struct rk_obj *o, const struct rk__stamp *s)
{
    struct rk__stamp *at =
        rk__grow(&o->ps->arena, &o->stamps, &o->n_stamps, &o->cap_stamps, sizeof *at);
    *at = *s;
    return (int)o->n_stamps;
}

const struct rk__stamp *rk__author_of(const struct rk_obj *o, const cJSON *v)
{
    static const struct rk__stamp core = {.whose = RK__CORES};
    int mark = rk_json_mark_of(v);
    return mark > 0 && (size_t)mark <= o->n_stamps ? &o->stamps[mark - 1] : &core;
}

const char *rk__author_word(const struct rk__stamp *s)
{
    return s->whose == RK__CORES ? "core" : s->whose == RK__USERS ? "user" : s->by->plug->name;
}

void rk__author_new(cJSON *v, int mark)
{
    if (rk_json_mark_of(v) == 0)
        rk_json_mark(v, mark);
    for (cJSON *c = v->child; c; c = c->next)
        rk__author_new(c, mark);
}

void rk__author_begin(struct rk_obj *o, enum rk__whose whose)
{
    if (on(o))
        rk__author_new(o->root, rk__author_stamp(o, &(struct rk__stamp){.whose = whose}));
}

/* ---- what a write changes ---- */

struct collect {
    struct rk__walk walk;
    struct rk_obj *obj;
    size_t place;
    struct rk__old *first;
};

static void collect(struct rk__walk *w, cJSON *leaf)
{
    struct collect *c = (struct collect *)w;
    struct rk_arena *a = &c->obj->ps->arena;
    const struct rk__stamp *s = rk__author_of(c->obj, leaf);
    if (rk_json_is_null(leaf))
        return; /* in Kubernetes the same as nothing */
    struct rk__old *old = rk_arena_alloc(a, sizeof *old);
    old->path = rk_arena_strdup(a, rk_buf_text(&w->name));
    old->rest = old->path + c->place;
    old->value = leaf;
    old->own = s->whose == RK__PLUGINS && s->by->plug == c->obj->ps->hook->plug;
    old->was = old->own ? s->over : rk__author_word(s);
    old->next = c->first;
    c->first = old;
}

struct rk__old *rk__author_before(struct rk_obj *o, const char *place)
{
    cJSON *there = on(o) ? rk_path_get(o->root, place) : NULL;
    if (!there)
        return NULL;
    struct collect c = {.walk.leaf = collect, .obj = o, .place = strlen(place)};
    rk__walk_init(&c.walk, o->kind, place);
    rk__walk_leaves(&c.walk, there);
    rk__walk_done(&c.walk);
    return c.first;
}

/* What a write has made. */
struct fresh {
    struct rk__walk walk;
    struct rk_obj *obj;
    enum rk_wrote verb;
    struct rk__old *old;
    size_t place, first; /* first: stamp of this write */
};

/* An equal value at the same place replaces nobody's word. */
static bool changes(enum rk__relation r, const cJSON *now, const cJSON *before)
{
    return r != RK__EQUAL || !rk_json_equal(now, before);
}

static const char *over_lost(const struct fresh *f, const cJSON *leaf, const char *path)
{
    struct rk_obj *o = f->obj;
    const char *over = NULL;
    for (size_t i = 0; i < o->n_lost; i++) {
        struct rk__lost *l = &o->lost[i];
        enum rk__relation r = l->back ? RK__APART : rk__claim_relate(l->path, path);
        if (r == RK__APART)
            continue;
        const struct rk__stamp *by = &o->stamps[l->stamp];
        bool own = by->whose == RK__PLUGINS && by->by->plug == o->ps->hook->plug;
        l->back = true;
        if (!own)
            over = rk__author_word(by);
        else if (changes(r, leaf, l->value))
            over = l->was;
    }
    return over;
}

static const char *over_whom(const struct fresh *f, const cJSON *leaf, const char *path)
{
    const char *over = NULL;
    bool found = false;
    assert(!f->old || strlen(path) >= f->place); /* something stood there: nothing above is new */
    for (struct rk__old *old = f->old; old; old = old->next) {
        enum rk__relation r = rk__claim_relate(old->rest, path + f->place);
        if (r == RK__APART)
            continue;
        if (!over && (old->own || changes(r, leaf, old->value)))
            over = old->was; /* of one's own: whom that had replaced */
        old->kept = found = true;
    }
    return found || f->verb == RK_WROTE_APPEND ? over : over_lost(f, leaf, path);
}

static void stamp_leaf(struct rk__walk *w, cJSON *leaf)
{
    struct fresh *f = (struct fresh *)w;
    struct rk_obj *o = f->obj;
    const char *over = over_whom(f, leaf, rk_buf_text(&w->name));
    int mark = 0;
    for (size_t i = f->first; mark == 0 && i < o->n_stamps; i++)
        if (rk_str_eq(o->stamps[i].over, over))
            mark = (int)i + 1;
    if (mark == 0)
        mark = rk__author_stamp(
            o, &(struct rk__stamp){
                   .whose = RK__PLUGINS, .by = o->ps->hook, .verb = f->verb, .over = over});
    rk_json_mark(leaf, mark);
}

/* The uppermost new node on the way to a place that has just been written; its path is cut to it.
 * NULL: the place cannot be reached, its path is too long. */
static cJSON *uppermost(struct rk_obj *o, char *place)
{
    cJSON *top = NULL;
    for (size_t n = strlen(place); n > 0; n = rk__claim_parent(place, n)) {
        place[n] = '\0';
        cJSON *v = rk_path_get(o->root, place);
        if (!v || rk_json_mark_of(v) != 0) {
            place[n] = top ? '/' : '\0';
            break;
        }
        top = v;
    }
    return top;
}

void rk__author_lose(struct rk_obj *o, const struct rk__old *old, int mark)
{
    if (!old->was)
        return;
    struct rk__lost *l = rk__grow(&o->ps->arena, &o->lost, &o->n_lost, &o->cap_lost, sizeof *l);
    *l = (struct rk__lost){
        .path = old->path, .value = old->value, .was = old->was, .stamp = (size_t)mark - 1};
}

/* A list or object that a drop has emptied stays, as the dropper left it. */
static void emptied(struct rk_obj *o, const char *place, int mark)
{
    cJSON *box = rk_path_get(
        o->root, rk_arena_strndup(&o->ps->arena, place, rk__claim_parent(place, strlen(place))));
    if (!box || box->child)
        return;
    const struct rk__stamp *s = rk__author_of(o, box);
    bool own = s->whose == RK__PLUGINS && s->by->plug == o->ps->hook->plug;
    struct rk__stamp now = o->stamps[mark - 1];
    now.over = own ? s->over : rk__author_word(s);
    rk_json_mark(box, rk__author_stamp(o, &now));
}

void rk__author_after(struct rk_obj *o, const char *place, enum rk_wrote verb, struct rk__old *old)
{
    if (!on(o))
        return;
    struct rk_arena *a = &o->ps->arena;
    struct fresh f = {.walk.leaf = stamp_leaf, .obj = o, .verb = verb, .old = old};
    f.place = strlen(place);
    f.first = o->n_stamps;
    int mark = rk__author_stamp(
        o, &(struct rk__stamp){.whose = RK__PLUGINS, .by = o->ps->hook, .verb = verb});
    if (verb != RK_WROTE_DROP) {
        char *path = rk_arena_strdup(a, place);
        cJSON *top = uppermost(o, path);
        if (top) {
            rk__walk_init(&f.walk, o->kind, path);
            rk__walk_leaves(&f.walk, top);
            rk__walk_done(&f.walk);
        }
        rk__author_new(top ? top : o->root, mark);
    }
    bool any = false;
    for (; old; old = old->next)
        if (!old->kept) {
            rk__author_lose(o, old, mark);
            any = true;
        }
    if (verb == RK_WROTE_DROP && any)
        emptied(o, place, mark);
}
