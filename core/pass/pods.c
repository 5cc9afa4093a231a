/* Wave 20: pods that must go, then pods that are missing. A group is shaped once and its pods
 * are that text with their names and own labels spliced in, unless a hook asked for the member. */
#include "core/pass/room.h"

#include <string.h>

#define WAVE 20

struct text {
    struct rk_span head, tail;
    bool labels; /* the template has labels of its own, behind the member's */
};

static void print_member(struct rk_buf *b, const char *key, const cJSON *value)
{
    rk_json_escape(b, key, strlen(key));
    (void)rk_buf_addc(b, ':'); /* full is sticky, here and below */
    (void)rk_json_print(value, b);
}

static void print_rest(struct rk_buf *b, const cJSON *object, const char *const *without)
{
    for (const cJSON *c = object ? object->child : NULL; c; c = c->next) {
        bool skip = false;
        for (const char *const *w = without; *w; w++)
            skip |= strcmp(*w, c->string) == 0;
        if (skip)
            continue;
        (void)rk_buf_addc(b, ',');
        print_member(b, c->string, c);
    }
}

/* head: up to the name. tail: the rest of labels (the object is opened by the member's part),
 * metadata, spec. */
static bool split_text(struct rk_pass *ps, const cJSON *root, struct text *ret)
{
    static const char head[] = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":";
    static const char *const in_meta[] = {"name", "labels", NULL};
    static const char *const in_root[] = {"apiVersion", "kind", "metadata", NULL};
    struct rk_buf *b = &ps->buf;
    const cJSON *meta = rk_json_get(root, "metadata"), *labels = rk_json_get(meta, "labels");
    rk_buf_clear(b);
    ret->labels = rk_json_is_object(labels) && labels->child;
    for (const cJSON *c = ret->labels ? labels->child : NULL; c; c = c->next) {
        if (c != labels->child)
            (void)rk_buf_addc(b, ',');
        print_member(b, c->string, c);
    }
    (void)rk_buf_addc(b, '}');
    print_rest(b, meta, in_meta);
    (void)rk_buf_addc(b, '}');
    print_rest(b, root, in_root);
    if (rk_buf_addc(b, '}') < 0)
        return false;
    ret->head = (struct rk_span){head, sizeof head - 1};
    ret->tail =
        (struct rk_span){rk_arena_strndup(&ps->plan->arena, rk_buf_text(b), b->len), b->len};
    return true;
}

static struct rk_span member_labels(struct rk_pass *ps, const struct text *t, const rk_member *m)
{
    struct rk_buf *b = &ps->buf;
    rk_buf_clear(b);
    (void)rk_buf_adds(b, ",\"labels\":{");
    for (uint32_t i = 0; i < m->n_labels; i++) {
        if (i > 0)
            (void)rk_buf_addc(b, ',');
        rk_json_escape(b, m->labels[i].key, strlen(m->labels[i].key));
        (void)rk_buf_addc(b, ':');
        rk_json_escape(b, m->labels[i].val, strlen(m->labels[i].val));
    }
    if (m->n_labels > 0 && t->labels)
        (void)rk_buf_addc(b, ',');
    return (struct rk_span){rk_arena_strndup(&ps->plan->arena, rk_buf_text(b), b->len), b->len};
}

/* The member's labels win over the template's: a key must not stand in both. */
static bool collides(const cJSON *root, const rk_member *m)
{
    const cJSON *labels = rk_json_get(rk_json_get(root, "metadata"), "labels");
    for (uint32_t i = 0; i < m->n_labels; i++)
        if (rk_json_get(labels, m->labels[i].key))
            return true;
    return false;
}

static void drop_labels(cJSON *root, const rk_member *m)
{
    cJSON *labels = rk_json_get(rk_json_get(root, "metadata"), "labels");
    for (uint32_t i = 0; i < m->n_labels; i++)
        (void)rk_json_unset(labels, m->labels[i].key); /* mostly not there */
}

static void too_large(struct rk_pass *ps, const struct rk__group *g)
{
    rk__fail_core(ps, RK_EFAIL, g->by, "", "a pod of group %s has more than %zu bytes", g->g.group,
                  ps->buf.max);
}

static void too_large_note(struct rk_pass *ps, const struct rk__note *n)
{
    rk__fail_core(ps, RK_EFAIL, NULL, "", "the annotations of pod %s have more than %zu bytes",
                  n->seen->name, ps->buf.max);
}

static void create(struct rk_pass *ps, const struct rk__group *g, const rk_member *m,
                   const struct rk_obj *o, const struct text *t, const char *name)
{
    struct rk_arena *a = &ps->plan->arena;
    const struct rk_op *last = ps->plan->n_ops ? &ps->plan->ops[ps->plan->n_ops - 1] : NULL;
    const char *group =
        last && strcmp(last->group, g->g.group) == 0 ? last->group : rk_arena_strdup(a, g->g.group);
    struct rk_op *op = rk__op(ps, RK_OP_CREATE, WAVE, RK__POD_GVK, name);
    op->group = group;
    op->role = rk_arena_strdup(a, g->g.role);
    op->pod = true;
    op->member = rk_arena_strdup(a, m->key);
    op->head = t->head;
    op->labels = member_labels(ps, t, m);
    op->tail = t->tail;
    op->fill_path = rk_arena_strdup(a, o->fill_path);
    op->fill_how = rk_arena_strdup(a, o->fill_how);
    op->ok_reason = rk_arena_strdup(a, g->g.created);
    op->fail_reason = rk_arena_strdup(a, g->g.failed);
    op->action = "Create";
    rk__op_by(op, g->by);
}

/* One member: shaped anew when the shape is its own, else the group's text. False when shaping
 * failed. */
static bool one(struct rk_pass *ps, const struct rk__group *g, const rk_member *m,
                struct rk_obj **shaped, struct text *t, const char *name)
{
    if (!*shaped || ps->asked) {
        if (rk__shape_pod(ps, g, m, shaped) != RK_OK)
            return false;
        t->tail.p = NULL;
    }
    struct text own = *t;
    if (collides((*shaped)->root, m)) {
        cJSON *copy = rk_json_copy(&ps->arena, (*shaped)->root);
        drop_labels(copy, m);
        own.tail.p = NULL;
        if (!split_text(ps, copy, &own)) {
            too_large(ps, g);
            return false;
        }
    } else if (!t->tail.p) {
        if (!split_text(ps, (*shaped)->root, t)) {
            too_large(ps, g);
            return false;
        }
        own = *t;
    }
    create(ps, g, m, *shaped, &own, name);
    return true;
}

static void keep(struct rk_pass *ps, const struct rk__group *g, const rk_member *m,
                 struct rk_obj *o, const char *name)
{
    rk__writes_keep(ps, o, g->g.group);
    rk__fields_keep(ps, o, g, m, name, ps->asked);
}

/* Ops of the group and what they held are taken back when a member cannot be shaped: first
 * failure wins. */
static void group_pods(struct rk_pass *ps, const struct rk__group *g)
{
    struct rk_obj *shaped = NULL, *kept = NULL;
    struct text t = {0};
    struct rk_plan *p = ps->plan;
    size_t ops = p->n_ops, budget = ps->budget, held = p->n_held, wrote = p->n_wrote,
           shapes = p->n_shapes;
    ps->asked = false;
    for (uint32_t i = 0; i < g->g.n_members; i++) {
        const rk_member *m = &g->members[i];
        if (m->is || (ps->budget == 0 && !rk__op_budget(ps)))
            continue; /* no name is worked out for what is held back */
        const char *name = rk__pod_name(ps, g, m);
        if (!name || !rk__op_budget(ps))
            continue;
        if (!one(ps, g, m, &shaped, &t, name)) {
            p->n_ops = ops;
            ps->budget = budget;
            p->n_held = held;
            p->n_wrote = wrote;
            p->n_shapes = shapes;
            return;
        }
        if (shaped != kept)
            keep(ps, g, m, shaped, name);
        kept = shaped;
    }
    if (!kept && ps->conf->whole) { /* to know who would write what */
        static const rk_member nobody = {.size = sizeof nobody, .key = ""};
        const rk_member *m = g->g.n_members ? &g->members[0] : &nobody;
        if (rk__shape_pod(ps, g, m, &kept) == RK_OK) /* failures are told */
            keep(ps, g, m, kept, NULL);
    }
}

/* All annotations of one pod in one patch, under its uid. */
static void annotate(struct rk_pass *ps, const struct rk__note *n)
{
    struct rk_arena *a = &ps->arena;
    struct rk_span text;
    cJSON *body = rk_json_object(a), *meta = rk_json_object(a), *notes = rk_json_object(a);
    rk_json_add(a, meta, "uid", rk_json_string(a, n->seen->uid));
    for (const struct rk__note *m = n; m; m = m->next)
        if (m->seen == n->seen && !rk_json_get(notes, m->key))
            rk_json_add(a, notes, m->key, m->value ? rk_json_string(a, m->value) : rk_json_null(a));
    rk_json_add(a, meta, "annotations", notes);
    rk_json_add(a, body, "metadata", meta);
    if (!rk__op_text(ps, body, &text)) {
        too_large_note(ps, n);
        return;
    }
    struct rk_op *op = rk__op(ps, RK_OP_PATCH, WAVE, RK__POD_GVK, n->seen->name);
    op->uid = rk_arena_strdup(&ps->plan->arena, n->seen->uid);
    op->rv = rk_arena_strdup(&ps->plan->arena, n->seen->rv);
    op->patch_type = "merge";
    op->head = text;
    op->apart = true;
    op->action = "Update";
    rk__op_by(op, n->by);
}

/* The first note of each pod carries all of its; a pod that goes needs none. */
static void notes(struct rk_pass *ps)
{
    bool *told = ps->notes ? rk_arena_alloc(&ps->arena, ps->snap->n_seen * sizeof *told) : NULL;
    for (const struct rk__note *n = ps->notes; n; n = n->next) {
        size_t i = (size_t)(n->seen - ps->snap->seen);
        if (told[i] || (ps->going && ps->going[i]))
            continue;
        told[i] = true;
        if (rk__op_budget(ps))
            annotate(ps, n);
    }
}

void rk__pods(struct rk_pass *ps)
{
    notes(ps);
    for (const struct rk__gone *d = ps->drops; d; d = d->next)
        (void)rk__op_gone(ps, d, WAVE); /* NULL: held back by the slice, and counted */
    for (const struct rk__group *g = ps->groups; g && !ps->child_left_out && !ps->arena.over;
         g = g->next)
        group_pods(ps, g);
}
