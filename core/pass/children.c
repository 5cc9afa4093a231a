/* Waves 10 and 11: wanted children that are missing or differ, unwanted ones that are there. */
#include "core/pass/room.h"

#include <string.h>

#define WAVE       10
#define WAVE_BINDS 11

/* The API server judges a binding by the role that it names: that has to be there before. */
static int wave_of(const struct rk_obj *o)
{
    return strcmp(o->kind, "RoleBinding") == 0 ? WAVE_BINDS : WAVE;
}

static void create(struct rk_pass *ps, struct rk_obj *o)
{
    struct rk_arena *a = &ps->plan->arena;
    struct rk_span text;
    if (!rk__op_budget(ps))
        return;
    if (o->policy == RK_POLICY_OWNED)
        rk__diff_remember(ps, o->root);
    if (!rk__op_text(ps, o->root, &text)) {
        rk__fail_core(ps, RK_EFAIL, o->by, "", "%s %s has more than %zu bytes", o->gvk, o->name,
                      ps->buf.max);
        return;
    }
    struct rk_op *op = rk__op(ps, RK_OP_CREATE, wave_of(o), o->gvk, o->name);
    op->head = text;
    op->fill_path = rk_arena_strdup(a, o->fill_path);
    op->fill_how = rk_arena_strdup(a, o->fill_how);
    op->apart = o->flags & RK_WANT_APART;
    op->anyones = o->flags & RK_WANT_ANYONES;
    op->ok_reason = rk_arena_strdup(a, o->created);
    op->fail_reason = rk_arena_strdup(a, o->failed);
    op->action = "Create";
    rk__op_by(op, o->by);
}

static void patch(struct rk_pass *ps, struct rk_obj *o, const struct rk_seen *s)
{
    struct rk_err err = RK_ERR_INIT;
    cJSON *observed, *diff = NULL;
    struct rk_span text;
    int r = rk_json_parse(&ps->arena, s->json.p, s->json.n, NULL, &observed, &err);
    if (r < 0) {
        rk__fail_core(ps, RK_EFAIL, o->by, "", "observed %s %s cannot be read: %s", o->gvk, o->name,
                      err.text);
        return;
    }
    if (o->policy != RK_POLICY_ONCE && s->mine != !(o->flags & RK_WANT_UNOWNED))
        diff = NULL; /* whose it is comes first: what it looks like follows once that is settled */
    else if (o->policy != RK_POLICY_ONCE && rk__diff_child(ps, o, observed, &diff) < 0)
        return;
    diff = rk__diff_owners(ps, o, s, observed, diff);
    if (!diff)
        return;
    rk__diff_guard(ps, s, diff);
    if (!rk__op_text(ps, diff, &text)) {
        rk__fail_core(ps, RK_EFAIL, o->by, "", "the patch of %s %s has more than %zu bytes", o->gvk,
                      o->name, ps->buf.max);
        return;
    }
    struct rk_op *op = rk__op(ps, RK_OP_PATCH, wave_of(o), o->gvk, o->name);
    op->uid = rk_arena_strdup(&ps->plan->arena, s->uid);
    op->rv =
        rk_arena_strdup(&ps->plan->arena, s->rv); /* an answer at this version changed nothing */
    op->patch_type = "merge";
    op->head = text;
    op->apart = o->flags & RK_WANT_APART;
    op->ok_reason = rk_arena_strdup(&ps->plan->arena, o->updated);
    op->fail_reason = rk_arena_strdup(&ps->plan->arena, o->not_updated);
    op->action = "Update";
    rk__op_by(op, o->by);
}

static bool unwanted(struct rk_pass *ps, const struct rk_obj *o)
{
    for (const struct rk__gone *g = ps->unwants; g; g = g->next)
        if (strcmp(g->seen->gvk, o->gvk) == 0 && strcmp(g->seen->name, o->name) == 0) {
            rk__fail_core(ps, RK_ECONFLICT, o->by, "", "wants %s %s, which plugin %s wants gone",
                          o->gvk, o->name, g->by->name);
            return true;
        }
    return false;
}

/* What is there has to be looked at: a field or an owner may have to change. */
static bool kept_up(const struct rk_obj *o, const struct rk_seen *s)
{
    if (s->terminating || (!s->mine && (o->flags & RK_WANT_ANYONES)))
        return false;
    return o->policy != RK_POLICY_ONCE || (o->flags & (RK_WANT_UNOWNED | RK_WANT_ADOPT));
}

static void child(struct rk_pass *ps, struct rk_obj *o)
{
    const struct rk_seen *s = rk__seen_find(ps, o->gvk, o->name);
    const struct rk_snapshot *snap = ps->snap;
    bool elsewhere = !s && (o->flags & RK_WANT_ANYONES) && snap->taken &&
                     snap->taken(snap->ctx, o->gvk, o->name);
    bool needed = s ? kept_up(o, s) : !elsewhere;
    if (s && needed && !s->mine && !(o->flags & (RK_WANT_UNOWNED | RK_WANT_ADOPT))) {
        rk__fail_core(ps, RK_EFAIL, o->by, "", "%s %s exists and belongs to someone else", o->gvk,
                      o->name);
        ps->child_left_out |= !(o->flags & RK_WANT_APART);
        return;
    }
    if (!needed && !ps->conf->whole)
        return;
    if (rk__shape_child(ps, o) != RK_OK) {
        ps->child_left_out |= needed && !(o->flags & RK_WANT_APART);
        return;
    }
    rk__writes_keep(ps, o, rk_arena_fmt(&ps->arena, "%s/%s", o->gvk, o->name));
    if (!s && !elsewhere)
        create(ps, o);
    else if (needed)
        patch(ps, o, s);
    rk__fields_keep(ps, o, NULL, NULL, o->name, true);
}

void rk__children(struct rk_pass *ps)
{
    bool clash = false;
    for (struct rk_obj *o = ps->wants; o; o = o->next)
        clash |= unwanted(ps, o);
    if (clash) {
        ps->child_left_out = true;
        return;
    }
    for (const struct rk__gone *g = ps->unwants; g; g = g->next)
        (void)rk__op_gone(ps, g, WAVE); /* NULL: held back by the slice, and counted */
    for (int wave = WAVE; wave <= WAVE_BINDS; wave++)
        for (struct rk_obj *o = ps->wants; o && !ps->arena.over; o = o->next)
            if (wave_of(o) == wave)
                child(ps, o);
}
