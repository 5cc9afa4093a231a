/* Every field of what was shaped, with its author, into the plan: for explain. The tree is that of the object as it is sent. */
#include <assert.h>
#include <string.h>

#include "core/json/path.h"
#include "core/pass/author.h"

struct telling {
    struct rk__walk walk;
    struct rk_pass *ps;
    struct rk_obj *obj;
    struct rk_plan_shape *shape;
    const struct rk__group *group;
    const rk_member *member;
    bool own;
    const char **places; /* of what offers yielded to, by number of the write; NULL */
    size_t cap_fields, cap_lost;
};

/* Marks go with it. */
static cJSON *copy_marked(struct rk_arena *a, const cJSON *v)
{
    cJSON *copy = rk_json_is_object(v)  ? rk_json_object(a)
                  : rk_json_is_array(v) ? rk_json_array(a)
                                        : rk_json_copy(a, v);
    rk_json_mark(copy, rk_json_mark_of(v));
    for (const cJSON *c = v->child; c; c = c->next) {
        cJSON *inner = copy_marked(a, c);
        if (rk_json_is_object(v))
            rk_json_add(a, copy, c->string, inner);
        else
            rk_json_push(copy, inner);
    }
    return copy;
}

static void move(struct rk_arena *a, cJSON *from, cJSON *to, const char *key)
{
    cJSON *v = rk_json_get(from, key);
    (void)rk_json_remove(from, v); /* it is there */
    rk_json_add(a, to, key, v);
}

/* The member's own labels in front of the template's, as ops have them (pods.c). */
static cJSON *labels_of(struct telling *t, cJSON *meta)
{
    struct rk_arena *a = &t->ps->plan->arena;
    cJSON *template = rk_json_get(meta, "labels"), *labels = rk_json_object(a);
    const rk_member *m = t->member;
    if (!rk_json_is_object(template))
        template = NULL;
    rk_json_mark(labels, template ? rk_json_mark_of(template) : 0);
    for (uint32_t i = 0; i < m->n_labels; i++) {
        cJSON *v = rk_json_string(a, m->labels[i].val);
        const cJSON *had = rk_json_get(template, m->labels[i].key);
        struct rk__stamp s = {.whose = RK__PLUGINS, .by = t->group->hook};
        if (had && !rk_json_equal(had, v))
            s.over = rk__author_word(rk__author_of(t->obj, had));
        rk_json_mark(v, rk__author_stamp(t->obj, &s));
        rk_json_add(a, labels, m->labels[i].key, v);
    }
    while (template && template->child) {
        cJSON *c = template->child;
        if (rk_json_get(labels, c->string))
            (void)rk_json_remove(template, c); /* it is there */
        else
            move(a, template, labels, c->string);
    }
    return labels;
}

static void name_pod(struct telling *t, cJSON *root, const char *name)
{
    struct rk_arena *a = &t->ps->plan->arena;
    cJSON *meta = rk_json_get(root, "metadata"), *now = rk_json_object(a);
    rk_json_mark(now, rk_json_mark_of(meta));
    if (name)
        rk_json_add(a, now, "name", rk_json_string(a, name)); /* no mark: the core's */
    rk_json_add(a, now, "labels", labels_of(t, meta));
    (void)rk_json_unset(meta, "labels"); /* mostly there */
    while (meta->child)
        move(a, meta, now, meta->child->string);
    rk_json_set(a, root, "metadata", now);
}

/* ---- offers that yielded ---- */

/* What they yielded to is found where it is now; once it has been replaced, where it was. */
static void find_places(struct telling *t)
{
    struct rk_obj *o = t->obj;
    t->places = rk_arena_alloc(&t->ps->arena, (o->n_writes + 1) * sizeof *t->places);
    for (size_t i = 0; i < o->n_writes; i++) {
        const struct rk__write *w = &o->writes[i];
        struct rk__walk walk = {.leaf = NULL};
        if (w->rec.verb != RK_WROTE_YIELD)
            continue;
        rk__walk_init(&walk, o->kind, "");
        t->places[i] = rk__walk_find(&walk, o->root, w->there)
                           ? rk_arena_strdup(&t->ps->arena, rk_buf_text(&walk.name))
                           : w->rec.path;
        rk__walk_done(&walk);
    }
}

static bool yielded_at(const struct telling *t, size_t i, const char *name)
{
    enum rk__relation r = t->places[i] ? rk__claim_relate(t->places[i], name) : RK__APART;
    return r == RK__EQUAL || r == RK__ABOVE;
}

static void offers(struct telling *t, struct rk_plan_field *f)
{
    const struct rk_obj *o = t->obj;
    for (size_t i = 0; i < o->n_writes; i++)
        f->n_yielded += yielded_at(t, i, f->name);
    if (f->n_yielded == 0)
        return;
    struct rk_plan_offer *all = rk_arena_alloc(&t->ps->plan->arena, f->n_yielded * sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < o->n_writes; i++)
        if (yielded_at(t, i, f->name)) {
            const struct rk_write_record *r = &o->writes[i].rec;
            all[n++] = (struct rk_plan_offer){r->author, r->phase, r->rank};
        }
    f->yielded = all;
}

/* ---- fields ---- */

static struct rk_plan_field *field(struct telling *t, const struct rk__stamp *s, const char *path,
                                   const char *name)
{
    struct rk_arena *a = &t->ps->plan->arena;
    struct rk_plan_shape *shape = t->shape;
    struct rk_plan_field *f =
        rk__grow(a, &shape->fields, &shape->n_fields, &t->cap_fields, sizeof *f);
    f->path = rk_arena_strdup(a, path);
    f->name = rk_arena_strdup(a, name);
    f->author = rk__author_word(s);
    f->over = s->over;
    f->source = rk_arena_strdup(a, s->source);
    f->verb = s->verb;
    if (s->whose == RK__PLUGINS) {
        f->phase = s->by->hook.phase;
        f->rank = s->by->hook.rank;
        f->title = s->by->hook.title;
    }
    offers(t, f);
    return f;
}

static bool is_each(const struct telling *t, const char *path)
{
    const rk_member *m = t->member;
    if (!m || t->own || t->shape->pods < 2)
        return false;
    if (strcmp(path, "/metadata/name") == 0)
        return true;
    for (uint32_t i = 0; i < m->n_labels; i++) {
        struct rk_buf key;
        rk_buf_init(&key, 1024);
        (void)rk_buf_adds(&key, "/metadata/labels"); /* a label's key is shorter than that */
        rk_path_push(&key, m->labels[i].key);
        bool same = strcmp(rk_buf_text(&key), path) == 0;
        rk_buf_done(&key);
        if (same)
            return true;
    }
    return false;
}

static void tell(struct rk__walk *w, cJSON *leaf)
{
    struct telling *t = (struct telling *)w;
    const char *path = rk_buf_text(&w->path);
    struct rk_plan_field *f = field(t, rk__author_of(t->obj, leaf), path, rk_buf_text(&w->name));
    f->value = leaf;
    f->each = is_each(t, path);
}

/* An absent field that gets its content when the object is sent. */
static void tell_fill(struct telling *t)
{
    struct rk_obj *o = t->obj;
    const cJSON *there = o->fill_path ? rk_path_get(o->root, o->fill_path) : NULL;
    if (!o->fill_path || (there && !rk_json_is_null(there)))
        return;
    const struct rk__stamp s = {.whose = RK__PLUGINS, .by = o->fill_by, .verb = RK_WROTE_OFFER};
    struct rk_plan_field *f = field(t, &s, o->fill_path, o->fill_path);
    f->fill = rk_arena_strdup(&t->ps->plan->arena, o->fill_how);
}

static void tell_lost(struct telling *t)
{
    struct rk_obj *o = t->obj;
    struct rk_arena *a = &t->ps->plan->arena;
    for (size_t i = 0; i < o->n_lost; i++) {
        const struct rk__lost *l = &o->lost[i];
        const struct rk__stamp *by = &o->stamps[l->stamp];
        if (l->back)
            continue;
        struct rk_plan_lost *out =
            rk__grow(a, &t->shape->lost, &t->shape->n_lost, &t->cap_lost, sizeof *out);
        out->name = rk_arena_strdup(a, l->path);
        out->value = rk_json_copy(a, l->value);
        out->was = l->was;
        out->author = rk__author_word(by);
        if (by->whose == RK__PLUGINS) {
            out->title = by->by->hook.title;
            out->phase = by->by->hook.phase;
            out->rank = by->by->hook.rank;
        }
    }
}

static void fill_shape(struct telling *t, cJSON *tree)
{
    t->shape->tree = tree;
    t->walk.leaf = tell;
    find_places(t);
    rk__walk_init(&t->walk, t->obj->kind, "");
    rk__walk_leaves(&t->walk, tree);
    rk__walk_done(&t->walk);
    tell_fill(t);
    tell_lost(t);
}

static const struct rk_plan_shape *scratch(struct rk_pass *ps, struct rk_obj *start,
                                           const struct rk_plan_shape *of)
{
    struct rk_plan_shape *s = rk_arena_alloc(&ps->plan->arena, sizeof *s);
    *s = (struct rk_plan_shape){.gvk = start->gvk,
                                .name = "",
                                .group = of->group,
                                .role = of->role,
                                .member = of->member,
                                .template = of->template,
                                .pods = of->pods};
    struct telling t = {.ps = ps, .obj = start, .shape = s};
    fill_shape(&t, copy_marked(&ps->plan->arena, start->root));
    return s;
}

void rk__fields_keep(struct rk_pass *ps, struct rk_obj *o, const struct rk__group *g,
                     const rk_member *m, const char *name, bool own)
{
    struct rk_plan *p = ps->plan;
    struct rk_arena *a = &p->arena;
    assert(!m || g); /* a member is one of a group */
    if (!ps->conf->record)
        return;
    struct rk_plan_shape *s = rk__grow(a, &p->shapes, &p->n_shapes, &ps->cap_shapes, sizeof *s);
    struct telling t = {.ps = ps, .obj = o, .shape = s, .group = g, .member = m, .own = own};
    s->gvk = rk_arena_strdup(a, o->gvk);
    s->name = rk_arena_strdup(a, name ? name : "");
    s->group = rk_arena_strdup(a, g ? g->g.group : "");
    s->role = rk_arena_strdup(a, g ? g->g.role : "");
    s->template = g && !m;
    s->member = m && own ? rk_arena_strdup(a, m->key) : NULL;
    s->pods = !m ? 0 : own ? name != NULL : g->g.n_members;
    cJSON *tree = copy_marked(a, o->root);
    if (m)
        name_pod(&t, tree, name);
    fill_shape(&t, tree);
    if (o->start)
        s->start = scratch(ps, o->start, s);
}
