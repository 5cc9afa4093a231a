/* What is wrong, as events and conditions: an illegal spec, pods that cannot be made or deleted
 * (reference 2, 7 step 1). */
#include "raycluster.h"

static void invalid(const rk_api *rk, rk_pass *ps)
{
    const char *field, *why, *all = "";
    size_t n = rk->failures(ps), told = 0;
    int metadata = 0;
    for (size_t i = 0; i < n; i++) {
        if (rk->failure(ps, i, &field, &why) != RK_EINVAL)
            continue;
        metadata |= strncmp(field, "/metadata", 9) == 0;
        if (told++ < 10)
            all = rk->fmt(ps, "%s%s%s %s", all, all[0] ? "; " : "", field, why);
    }
    if (told == 0) {
        rk->drop_condition(ps, "InvalidSpec");
        return;
    }
    if (told > 10)
        all = rk->fmt(ps, "%s; and %zu more", all, told - 10);
    const char *reason = metadata ? "InvalidRayClusterMetadata" : "InvalidRayClusterSpec";
    rk->event(ps, 1, reason, "Validate", rk->fmt(ps, "%s/%s: %s", rk->ns(ps), rk->name(ps), all));
    rk->condition(ps, "InvalidSpec", "True", reason, all);
}

/* Why pods are not as many as they should be: a group whose last create failed, the head before the
 * workers; else a delete that was refused, which no outcome tells the group of. */
static void replica_failure(const rk_api *rk, rk_pass *ps)
{
    rk_outcome o = {.size = sizeof(o)};
    const char *reason = NULL;
    if (rk->outcome(ps, RAY_POD, RAY_HEAD_GROUP, &o) && o.failures)
        reason = "FailedCreateHeadPod";
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs"))) {
        const char *name = rk->str(g, "/groupName", "");
        if (reason)
            break;
        if (name[0] && rk->outcome(ps, RAY_POD, name, &o) && o.failures)
            reason = "FailedCreateWorkerPod";
    }
    if (!reason && rk->outcome(ps, RAY_POD, "", &o) && o.failures && rk_is(o.verb, "delete"))
        reason = "FailedDeleteAllPods";
    if (reason)
        rk->condition(ps, "ReplicaFailure", "True", reason,
                      rk->fmt(ps, "%s\n%s", reason, o.message));
    else
        rk->drop_condition(ps, "ReplicaFailure");
}

/* Pods that cannot be made, in the API server's own words: a quota, a webhook, a missing account. It
 * stays until a create goes well or none is wanted any more. */
static void creation_failing(const rk_api *rk, rk_pass *ps)
{
    const rk_json *groups = rk->at(rk->object(ps), "/spec/workerGroupSpecs");
    const char *text = "", *reason = "";
    size_t told = 0;
    for (size_t i = 0; i <= rk->len(groups, ""); i++) {
        const char *group =
            i ? rk->str(rk->at(groups, rk->fmt(ps, "/%zu/groupName", i - 1)), "", "")
              : RAY_HEAD_GROUP;
        rk_outcome o = {.size = sizeof(o)};
        if (!rk->outcome(ps, RAY_POD, group, &o) || !o.failures || !rk_is(o.verb, "create"))
            continue;
        if (told == 0)
            reason = o.reason;
        if (told++ < 3)
            text = rk->fmt(ps, "%s%s%s: %s", text, text[0] ? "; " : "", group, o.message);
    }
    if (told == 0)
        rk->drop_condition(ps, "PodCreationFailing");
    else
        rk->condition(ps, "PodCreationFailing", "True", reason[0] ? reason : "NoAnswer",
                      told > 3 ? rk->fmt(ps, "%s; and %zu more groups", text, told - 3) : text);
}

int32_t raycluster_report(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (rk->deleting(ps))
        return RK_OK;
    invalid(rk, ps);
    replica_failure(rk, ps);
    creation_failing(rk, ps);
    return RK_OK;
}
