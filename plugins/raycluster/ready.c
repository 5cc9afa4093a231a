/* The condition Ready: do all pods that the spec wants run and answer, now? Unlike the field's `state`,
 * which stays `ready` once it was, and RayClusterProvisioned, which is of the first time only.
 *
 * The message names the groups that are not complete, without counts: those are in the status beside
 * it, and a condition that changes with every pod would be a write with every pod. */
#include <stdlib.h>

#include "raycluster.h"

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static int serves(const rk_api *rk, const rk_json *pod)
{
    return rk_is(rk->str(pod, "/status/phase", NULL), "Running") && ray_ready(rk, pod);
}

struct names {
    const char **name; /* of the group of each ready pod, sorted */
    size_t n;
};

static struct names ready_pods(const rk_api *rk, rk_pass *ps)
{
    const rk_json *all = rk->list(ps, RAY_POD);
    struct names r = {.name = rk->alloc(ps, (rk->len(all, "") + 1) * sizeof(*r.name))};
    for (RK_EACH(rk, pod, all))
        if (ray_is(rk, ps, pod, NULL) && !ray_terminating(rk, pod) && serves(rk, pod))
            r.name[r.n++] = ray_label(rk, ps, pod, RAY_L_GROUP);
    qsort(r.name, r.n, sizeof(*r.name), by_text);
    return r;
}

static int64_t of_group(const struct names *r, const char *group)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(r->name[mid], group) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    int64_t n = 0;
    while (low < r->n && rk_is(r->name[low], group)) {
        low++;
        n++;
    }
    return n;
}

int32_t raycluster_ready(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *spec = rk->at(rk->object(ps), "/spec");
    const char *missing = "";
    size_t told = 0;
    (void)self;
    if (rk->deleting(ps) || !rk->at(rk->tree(rk->status(ps)), "/observedGeneration"))
        return RK_OK; /* there is no status yet that it could stand in */
    if (rk->truth(spec, "/suspend", 0)) {
        rk->condition(ps, "Ready", "False", "Suspended", "the cluster is suspended");
        return RK_OK;
    }
    const struct names r = ready_pods(rk, ps);
    int head = of_group(&r, RAY_HEAD_GROUP) > 0;
    for (RK_EACH(rk, g, rk->at(spec, "/workerGroupSpecs"))) {
        const char *name = rk->str(g, "/groupName", "");
        if (!rk->truth(g, "/suspend", 0) && of_group(&r, name) < ray_desired(rk, g) && told++ < 10)
            missing = rk->fmt(ps, "%s%s%s", missing, missing[0] ? ", " : "", name);
    }
    if (head && told == 0) {
        rk->condition(ps, "Ready", "True", "AllPodsReady", "all wanted pods run and are ready");
        return RK_OK;
    }
    rk->condition(ps, "Ready", "False", head ? "WorkersNotReady" : "HeadNotReady",
                  rk->fmt(ps, "not complete: %s%s%s%s", head ? "" : "head",
                          !head && told ? ", " : "", missing, told > 10 ? " and others" : ""));
    return RK_OK;
}
