/* Which pods of a group must go: dead ones, those that the autoscaler named, and those too many
 * (reference 6.2). */
#include "worker.h"

static int64_t index_of(const rk_api *rk, rk_pass *ps, const rk_json *pod)
{
    int64_t n = -1;
    const char *text = ray_label(rk, ps, pod, RAY_L_INDEX);
    return text[0] && rk->qty_value(text, &n) == RK_OK && n >= 0 ? n : -1;
}

static int named(const rk_api *rk, const rk_json *list, const char *name)
{
    for (RK_EACH(rk, it, list))
        if (rk_is(rk->str(it, "", NULL), name))
            return 1;
    return 0;
}

void worker_collect(const rk_api *rk, rk_pass *ps, const rk_json *group, struct pods *ret)
{
    const rk_json *all = rk->list(ps, RAY_POD),
                  *reap = rk->at(group, "/scaleStrategy/workersToDelete");
    const char *name = rk->str(group, "/groupName", "");
    size_t room = rk->len(all, "") + 1;
    ret->pod = rk->alloc(ps, room * sizeof(*ret->pod));
    ret->why = rk->alloc(ps, room * sizeof(*ret->why));
    ret->index = rk->alloc(ps, room * sizeof(*ret->index));
    for (RK_EACH(rk, pod, all)) {
        if (!ray_is(rk, ps, pod, "worker") || ray_terminating(rk, pod) ||
            !rk_is(ray_label(rk, ps, pod, RAY_L_GROUP), name))
            continue;
        ret->pod[ret->n] = pod;
        ret->index[ret->n] = index_of(rk, ps, pod);
        ret->why[ret->n] = ray_dead(rk, ps, pod);
        if (!ret->why[ret->n] && named(rk, reap, rk->str(pod, "/metadata/name", "")))
            ret->why[ret->n] = "named in workersToDelete";
        ret->n++;
    }
}

/* Who goes first of too many: pending, then not ready, then the youngest (reference users 7). */
static int rank_of(const rk_api *rk, const rk_json *pod)
{
    if (!rk_is(rk->str(pod, "/status/phase", ""), "Running"))
        return 0;
    for (RK_EACH(rk, c, rk->at(pod, "/status/conditions")))
        if (rk_is(rk->str(c, "/type", NULL), "Ready"))
            return rk_is(rk->str(c, "/status", NULL), "True") ? 2 : 1;
    return 1;
}

void worker_shrink(const rk_api *rk, struct pods *p, int64_t surplus)
{
    for (; surplus > 0; surplus--) {
        uint32_t best = p->n;
        for (uint32_t i = 0; i < p->n; i++) {
            if (p->why[i])
                continue;
            int a = rank_of(rk, p->pod[i]), b = best < p->n ? rank_of(rk, p->pod[best]) : 3;
            if (a < b ||
                (a == b && strcmp(rk->str(p->pod[i], "/metadata/creationTimestamp", ""),
                                  rk->str(p->pod[best], "/metadata/creationTimestamp", "")) > 0))
                best = i;
        }
        if (best == p->n)
            return;
        p->why[best] = "more workers than wanted";
    }
}
