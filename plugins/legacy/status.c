/* The status of an object of the old operator, in its words: phase and autoscalerRetries.
 *
 * The phase is Updating until the head of the new cluster is ready for the first time, then Running, and AutoscalingExceptionRecovery
 * while it is not. A head is counted as lost when another pod, or a pod with another address, is the head: what restarts inside of a
 * pod is not seen. While something holds us back the phase is left alone, for it may be the old operator's; a condition tells. */
#include "live.h"

#define MESSAGE "/message"

/* What is wrong with the object, all of it; "" = nothing. */
static const char *faults(const rk_api *rk, rk_pass *ps)
{
    const char *all = "", *field, *text;
    size_t n = rk->failures(ps);
    for (size_t i = 0; i < n; i++)
        if (rk->failure(ps, i, &field, &text) == RK_EINVAL)
            all = rk->fmt(ps, "%s%s%s%s%s", all, all[0] ? "; " : "", field, field[0] ? ": " : "",
                          text);
    return all;
}

static int32_t observed(const rk_api *rk, rk_pass *ps, rk_obj *st)
{
    return rk_set_num(rk, ps, st, "/observedGeneration",
                      rk->num(rk->object(ps), "/metadata/generation", 0));
}

static int32_t faulty(const rk_api *rk, rk_pass *ps, rk_obj *st, const char *why, int ours)
{
    rk->event(ps, 1, "InvalidLegacyCluster", "Convert", why);
    RK_TRY(rk_set_str(rk, ps, st, MESSAGE, why));
    if (!ours)
        return RK_OK;
    RK_TRY(rk_set_str(rk, ps, st, "/phase", "Error"));
    return observed(rk, ps, st);
}

/* Has the head been lost since we looked last? Its name and address are kept for that. */
static int32_t heads(const rk_api *rk, rk_pass *ps, rk_obj *st, const rk_json *child, int ready)
{
    static const char *const keys[] = {"/head/podName", "/head/podIP"};
    const rk_json *tree = rk->tree(st);
    int known = rk->str(tree, keys[0], "")[0] != '\0', other = 0;
    for (size_t i = 0; i < RK_COUNT(keys); i++) {
        const char *is = rk->str(child, rk->fmt(ps, "/status%s", keys[i]), "");
        other |= !rk_is(is, rk->str(tree, keys[i], ""));
        if (!is[0])
            return RK_OK; /* it is on its way */
    }
    if (!other || (!known && !ready))
        return RK_OK;
    if (known)
        RK_TRY(rk_set_num(rk, ps, st, "/autoscalerRetries",
                          ray_count(rk, tree, "/autoscalerRetries", 0) + 1));
    for (size_t i = 0; i < RK_COUNT(keys); i++)
        RK_TRY(
            rk_set_str(rk, ps, st, keys[i], rk->str(child, rk->fmt(ps, "/status%s", keys[i]), "")));
    return RK_OK;
}

/* The API server does not take what we would make: the object's user is told where he looks. */
static int32_t refused(const rk_api *rk, rk_pass *ps, rk_obj *st, int none, int *ret_error)
{
    rk_outcome o = {.size = sizeof o};
    int is = rk->outcome(ps, RAY_CLUSTER, "", &o) > 0 && o.failures > 0 &&
             (o.http == 400 || o.http == 403 || o.http == 422);
    *ret_error = is && none;
    return is ? rk_set_str(rk, ps, st, MESSAGE,
                           rk->fmt(ps, "the RayCluster is refused: %s", o.message ? o.message : ""))
              : rk->drop(st, MESSAGE);
}

static int32_t phase(const rk_api *rk, rk_pass *ps, rk_obj *st)
{
    const rk_json *child = rk->seen(ps, RAY_CLUSTER, rk->name(ps));
    int ready = child && rk->mine(ps, child) &&
                rk_is(rk->str(child, "/status/conditions/[HeadPodReady]/status", NULL), "True");
    RK_TRY(heads(rk, ps, st, child, ready));
    int error, known = rk->str(rk->tree(st), "/head/podName", "")[0] != '\0';
    RK_TRY(refused(rk, ps, st, !child, &error));
    RK_TRY(rk_set_str(rk, ps, st, "/phase",
                      error   ? "Error"
                      : ready ? "Running"
                      : known ? "AutoscalingExceptionRecovery"
                              : "Updating"));
    if (rk->type(rk->at(rk->tree(st), "/autoscalerRetries")) != RK_JSON_NUMBER)
        RK_TRY(rk_set_num(rk, ps, st, "/autoscalerRetries", 0));
    return observed(rk, ps, st);
}

int32_t lg_status(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct lg_guard g = lg_guard(rk, ps);
    const char *why = faults(rk, ps);
    rk_obj *st = rk->status(ps);
    (void)self;
    if (rk->deleting(ps))
        return RK_OK;
    if (g.hold == LG_WAIT) {
        (void)rk->wait(ps, LG_SOON_MS, g.text); /* a verdict is not this phase's to return */
        return RK_OK;
    }
    if (g.hold == LG_FREE)
        rk->drop_condition(ps, LG_HELD);
    else
        rk->condition(ps, LG_HELD, "True", g.reason, g.text);
    if (why[0])
        return faulty(rk, ps, st, why, g.hold == LG_FREE);
    return g.hold == LG_FREE ? phase(rk, ps, st) : rk->drop(st, MESSAGE);
}
