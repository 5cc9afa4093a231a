/* suspend: spec.suspend of a cluster (reference 6.6): its pods go, all else stays, and they come back
 * when it is lifted.
 *
 * What is decided is written into the conditions first, and the pass after that acts by it: so a
 * suspension that has begun comes to its end, whoever dies meanwhile and whatever the spec says by
 * then. The conditions are the peer's, so that either operator goes on where the other was.
 *
 * Unlike the peer, removing the field lifts the suspension as `false` does; pods that are there while
 * the cluster is suspended go; and both conditions at once, which nobody writes, are a suspension
 * that has begun. */
#include <raykeeper/ray.h>

#define SOON_MS 100 /* the next pass, once the conditions are written */

static const char suspended[] = "RayClusterSuspended", suspending[] = "RayClusterSuspending";

struct stage {
    int wanted, begun, done;
    size_t pods; /* terminating ones too: they may run for a while yet */
};

static int is_true(const rk_api *rk, rk_pass *ps, const char *type)
{
    const char *path = rk->fmt(ps, "/status/conditions/[%s]/status", type);
    return rk_is(rk->str(rk->object(ps), path, NULL), "True");
}

static struct stage look(const rk_api *rk, rk_pass *ps)
{
    struct stage s = {.wanted = rk->truth(rk->object(ps), "/spec/suspend", 0),
                      .begun = is_true(rk, ps, suspending),
                      .done = is_true(rk, ps, suspended)};
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD)))
        s.pods += (size_t)ray_is(rk, ps, pod, NULL);
    s.done = s.done && !s.begun;
    return s;
}

static int32_t drop(const rk_api *rk, rk_pass *ps)
{
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD)))
        if (ray_is(rk, ps, pod, NULL))
            RK_TRY(rk->drop_pod(ps, rk->str(pod, "/metadata/name", ""), "the cluster is suspended",
                                "DeletedPod", "FailedToDeletePodCollection"));
    return RK_WAIT; /* no head, no workers */
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct stage s = look(rk, ps);
    (void)self;
    if ((s.begun && s.pods > 0) || (s.done && s.wanted))
        return drop(rk, ps);
    if (s.begun || s.done != s.wanted)
        return rk->wait(ps, SOON_MS, "the suspension's next step is written first");
    return RK_OK;
}

/* The spec was found wrong: nothing was planned, so nothing changes. */
static int invalid(const rk_api *rk, rk_pass *ps)
{
    const char *field, *why;
    size_t n = rk->failures(ps);
    for (size_t i = 0; i < n; i++)
        if (rk->failure(ps, i, &field, &why) == RK_EINVAL)
            return 1;
    return 0;
}

static struct stage next(struct stage s)
{
    if (s.begun && s.pods == 0)
        return (struct stage){.wanted = s.wanted, .done = 1};
    if (!s.begun && s.wanted && !s.done)
        s.begun = 1;
    else if (!s.begun && !s.wanted)
        s.done = 0;
    return s;
}

static void rest(const rk_api *rk, rk_pass *ps)
{
    rk_obj *status = rk->status(ps);
    if (rk_is(rk->str(rk->tree(status), "/state", NULL), "suspended"))
        return;
    (void)rk_set_str(rk, ps, status, "/state", "suspended"); /* our own paths: cannot be refused */
    (void)rk_set_str(rk, ps, status, "/stateTransitionTimes/suspended", rk->now_text(ps));
}

static int32_t status(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *told = rk->at(rk->tree(rk->status(ps)), "/conditions");
    struct stage s = look(rk, ps);
    (void)self;
    if (rk->deleting(ps) || rk->len(told, "") == 0)
        return RK_OK; /* before the first Service there is no status to add to */
    if (!invalid(rk, ps))
        s = next(s);
    if (s.done)
        rk->condition(ps, "RayClusterProvisioned", "False", "RayClusterPodsProvisioning",
                      "RayCluster has been suspended");
    if (s.pods == 0 && (s.done || s.wanted))
        rest(rk, ps);
    rk->condition(ps, suspended, s.done ? "True" : "False", suspended, "");
    rk->condition(ps, suspending, s.begun ? "True" : "False", suspending, "");
    return RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = 150,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "no pods while suspended"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = status,
     .title = "how far the suspension is"},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS(""),
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,       .name = "suspend",
    .version = RK_VERSION, .summary = "clusters that are suspended",
    .hooks = hooks,        .n_hooks = RK_COUNT(hooks),
    .watches = watches,    .n_watches = RK_COUNT(watches),
};
