/* The conditions HeadPodReady and RayClusterProvisioned (reference 7 steps 6 and 7). */
#include "raycluster.h"

/* What the schema of conditions takes for a reason; it refuses the whole status for another. */
static int is_reason(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                      inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_,:";
    size_t n = strlen(s);
    return n > 0 && n <= 1024 && strchr(letters, s[0]) && strspn(s, inner) == n &&
           s[n - 1] != ',' && s[n - 1] != ':';
}

/* HeadPodReady copies the pod's Ready; for ContainersNotReady the container that is not tells
 * why. */
void raycluster_head_condition(const rk_api *rk, rk_pass *ps, const rk_json *head)
{
    const rk_json *ready = rk->at(head, RAYCLUSTER_READY);
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
            if (is_reason(rk->str(st, "/reason", "")))
                reason = rk->str(st, "/reason", "");
            msg = rk->fmt(ps, "%s%s%s: %s", msg, msg[0] ? "; " : "", rk->str(c, "/name", ""),
                          rk->str(st, "/message", ""));
            break;
        }
    if (!is_reason(reason))
        reason = rk_is(status, "True") ? "HeadPodRunningAndReady" : "Unknown";
    rk->condition(ps, "HeadPodReady", status, reason, msg);
}

void raycluster_provisioned(const rk_api *rk, rk_pass *ps, int all_running)
{
    const rk_json *told = rk->at(rk->object(ps), "/status");
    if (rk_is(rk->str(told, "/conditions/[RayClusterProvisioned]/status", NULL), "True"))
        return; /* sticky until suspended */
    if (rk_is(rk->str(told, "/conditions/[RayClusterSuspending]/status", NULL), "True"))
        return; /* its pods go: nothing is being provisioned */
    if (all_running)
        rk->condition(ps, "RayClusterProvisioned", "True", "AllPodRunningAndReadyFirstTime",
                      "All Ray Pods are ready for the first time");
    else
        rk->condition(ps, "RayClusterProvisioned", "False", "RayClusterPodsProvisioning",
                      "RayCluster Pods are being provisioned for first time");
}
