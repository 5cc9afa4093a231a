/* What is true of every cluster that is converted, told once each. */
#include "convert.h"

static void cleaned(struct lg *c)
{
    static const char *const words[] = {"the command that waits",
                                        "the volume at /dev/shm",
                                        "restartPolicy Never",
                                        "Ray's usual ports",
                                        "env RAY_gcs_server_rpc_server_thread_num",
                                        "serviceAccountName autoscaler",
                                        "labels of the old operator",
                                        "names and owners of pods"};
    const char *all = "";
    for (size_t i = 0; i < RK_COUNT(words); i++)
        if (c->cleaned & (1u << i))
            all = c->rk->fmt(c->ps, "%s%s%s", all, all[0] ? ", " : "", words[i]);
    if (all[0] && c->rk->len(c->n->places, "") == 0) /* not of the chart: nobody wrote them */
        lg_tell(c, 0, "",
                c->rk->fmt(c->ps,
                           "left out of podConfig, as raykeeper has them itself or needs them "
                           "no more: %s",
                           all));
}

void lg_differences(struct lg *c)
{
    cleaned(c);
    if (c->memory)
        lg_tell(c, 0, "",
                "Ray counts the whole memory limit of a pod; the old operator told it of 70 % "
                "(--exact keeps that)");
    if (!c->how->compat_service)
        lg_tell(
            c, 0, "",
            "the head's Service is <cluster>-head-svc, headless where nothing else is asked for; "
            "<cluster>-ray-head goes (--compat-service keeps a Service of that name)");
    lg_tell(c, 0, "",
            c->how->old_labels
                ? "pods are called <cluster>-head-... and <cluster>-<group>-worker-...; of the old "
                  "labels ray-cluster-name is not kept"
                : "pods are called <cluster>-head-... and <cluster>-<group>-worker-..., and have "
                  "labels ray.io/... in place of ray-...: selectors and dashboards follow "
                  "(--old-labels keeps some)");
    lg_tell(c, 0, "",
            "pods have probes, and workers wait for the head's GCS: an image that is slow to start "
            "may need probes of its own");
}
