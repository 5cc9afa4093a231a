/* The conditions HeadPodReady and RayClusterProvisioned (reference 7 steps 6 and 7). */
#include "raycluster.h"

const rk_json *raycluster_condition(const rk_api *rk, const rk_json *o, const char *type)
{
    for (RK_EACH(rk, c, rk->at(o, "/status/conditions")))
        if (rk_is(rk->str(c, "/type", NULL), type))
            return c;
    return NULL;
}

/* HeadPodReady copies the pod's Ready; for ContainersNotReady the container that is not tells
 * why. */
void raycluster_head_condition(const rk_api *rk, rk_pass *ps, const rk_json *head)
{
    const rk_json *ready = raycluster_condition(rk, head, "Ready");
    if (!head || !ready) {
        rk->condition(ps, "HeadPodReady", "False", head ? "Unknown" : "HeadPodNotFound",
                      head ? "" : "Head Pod not found");
        return;
    }
    const char *status = rk->str(ready, "/status", "Unknown"),
               *reason = rk->str(ready, "/reason", ""), *msg = rk->str(ready, "/message", "");
    if (rk_is(reason, "ContainersNotReady"))
        for (RK_EACH(rk, c, rk->at(head, "/status/containerStatuses"))) {
            const rk_json *st = rk->at(c, "/state/waiting") ? rk->at(c, "/state/waiting")
                                                            : rk->at(c, "/state/terminated");
            if (!st)
                continue;
            if (rk->str(st, "/reason", "")[0]) /* an empty one would be refused by the schema */
                reason = rk->str(st, "/reason", "");
            msg = rk->fmt(ps, "%s%s%s: %s", msg, msg[0] ? "; " : "", rk->str(c, "/name", ""),
                          rk->str(st, "/message", ""));
            break;
        }
    if (!reason[0])
        reason = rk_is(status, "True") ? "HeadPodRunningAndReady" : "Unknown";
    rk->condition(ps, "HeadPodReady", status, reason, msg);
}

void raycluster_provisioned(const rk_api *rk, rk_pass *ps, int all_running)
{
    const rk_json *c = raycluster_condition(rk, rk->object(ps), "RayClusterProvisioned");
    if (rk_is(rk->str(c, "/status", NULL), "True"))
        return; /* sticky until suspended */
    if (all_running)
        rk->condition(ps, "RayClusterProvisioned", "True", "AllPodRunningAndReadyFirstTime",
                      "All Ray Pods are ready for the first time");
    else
        rk->condition(ps, "RayClusterProvisioned", "False", "RayClusterPodsProvisioning",
                      "RayCluster Pods are being provisioned for first time");
}
