/* Operations of a plan: making them, their bodies, and what the plan tells afterwards. */
#include "core/pass/room.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"

struct rk_op *rk__op(struct rk_pass *ps, enum rk_op_verb verb, int wave, const char *gvk,
                     const char *name)
{
    struct rk_plan *p = ps->plan;
    struct rk_arena *a = &p->arena;
    const struct rk_op *last = p->n_ops ? &p->ops[p->n_ops - 1] : NULL;
    bool alike = last && strcmp(last->gvk, gvk) == 0; /* mostly: a group's pods share these texts */
    const char *plural = alike ? last->plural : rk__seen_plural(ps, gvk);
    const char *api_version = alike ? last->api_version : rk__gvk_api_version(a, gvk);
    gvk = alike ? last->gvk : rk_arena_strdup(a, gvk);
    struct rk_op *op = rk__grow(a, &p->ops, &p->n_ops, &ps->cap_ops, sizeof *op);
    *op = (struct rk_op){.verb = verb,
                         .wave = wave,
                         .gvk = gvk,
                         .api_version = api_version,
                         .plural = plural ? plural : "",
                         .ns = p->ns,
                         .name = rk_arena_strdup(a, name),
                         .group = "",
                         .role = "",
                         .member = "",
                         .author = "core"};
    return op;
}

void rk__op_by(struct rk_op *op, const struct rk_plug *plug)
{
    if (plug)
        op->author = plug->name; /* plugins outlive plans */
}

bool rk__op_budget(struct rk_pass *ps)
{
    if (ps->budget == 0) {
        ps->plan->n_held++;
        return false;
    }
    ps->budget--;
    return true;
}

bool rk__op_text(struct rk_pass *ps, const cJSON *v, struct rk_span *ret)
{
    rk_buf_clear(&ps->buf);
    if (rk_json_print(v, &ps->buf) < 0)
        return false;
    *ret = (struct rk_span){rk_arena_strndup(&ps->plan->arena, rk_buf_text(&ps->buf), ps->buf.len),
                            ps->buf.len};
    return true;
}

struct rk_op *rk__op_owner(struct rk_pass *ps, enum rk_op_verb verb, int wave, const cJSON *body)
{
    struct rk_span text;
    if (!rk__op_text(ps, body, &text)) {
        rk__fail_core(ps, RK_EFAIL, NULL, "", "what is to be written to %s has more than %zu bytes",
                      ps->snap->name, ps->buf.max);
        return NULL;
    }
    struct rk_op *op = rk__op(ps, verb, wave, ps->snap->gvk, ps->snap->name);
    op->uid = ps->plan->uid;
    op->patch_type = "merge";
    op->head = text;
    return op;
}

struct rk_op *rk__op_gone(struct rk_pass *ps, const struct rk__gone *g, int wave)
{
    struct rk_arena *a = &ps->plan->arena;
    if (!rk__op_budget(ps))
        return NULL;
    struct rk_op *op = rk__op(ps, RK_OP_DELETE, wave, g->seen->gvk, g->seen->name);
    op->uid = rk_arena_strdup(a, g->seen->uid);
    op->ok_reason = rk_arena_strdup(a, g->ok_reason);
    op->fail_reason = rk_arena_strdup(a, g->fail_reason);
    op->action = "Delete";
    op->pod = strcmp(g->seen->gvk, RK_POD_GVK) == 0; /* whoever says so, and how */
    op->willed = ps->snap->deleting || (ps->stopper && ps->stopper == g->by);
    op->note = rk_arena_strdup(a, g->why);
    rk__op_by(op, g->by);
    return op;
}

int rk_op_body(const struct rk_op *op, struct rk_buf *out)
{
    int r = rk_buf_add(out, op->head.p ? op->head.p : "", op->head.n);
    if (!op->tail.p)
        return r;
    rk_json_escape(out, op->name, strlen(op->name));
    (void)rk_buf_add(out, op->labels.p ? op->labels.p : "", op->labels.n); /* full is sticky */
    return rk_buf_add(out, op->tail.p, op->tail.n);
}

int rk_plan_objects(const struct rk_plan *p, struct rk_arena *a, cJSON **ret_array,
                    struct rk_err *err)
{
    cJSON *all = rk_json_array(a);
    struct rk_buf body;
    int r = 0;
    rk_buf_init(&body, rk_json_default_limits.bytes);
    for (size_t i = 0; r == 0 && i < p->n_ops; i++) {
        const struct rk_op *op = &p->ops[i];
        cJSON *tree;
        if (op->verb != RK_OP_CREATE)
            continue;
        rk_buf_clear(&body);
        r = rk_op_body(op, &body) < 0
                ? rk_err_set(err, RK_E_LIMIT, "more than %zu bytes", body.max)
                : rk_json_parse(a, rk_buf_text(&body), body.len, NULL, &tree, err);
        if (r < 0)
            (void)rk_err_wrap(err, "%s %s", op->gvk, op->name); /* the code is r */
        else
            rk_json_push(all, tree);
    }
    rk_buf_done(&body);
    if (r == 0)
        *ret_array = all;
    return r;
}

size_t rk_plan_writes(const struct rk_plan *p, const char *group,
                      const struct rk_write_record **ret)
{
    for (size_t i = 0; i < p->n_wrote; i++)
        if (strcmp(p->wrote[i].key, group) == 0) {
            *ret = p->wrote[i].records;
            return p->wrote[i].n;
        }
    return 0;
}

void rk_plan_free(struct rk_plan *p)
{
    if (!p)
        return;
    rk_arena_done(&p->arena);
    rk_free(p);
}
