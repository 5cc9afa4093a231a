/* Who has this object: we, or the operator that was part of Ray?
 *
 * Two operators that serve one object make two clusters of it. So nothing is made while a pod of the old one lives, or a Deployment
 * that would make one; and none of an object that the old one had, until the cut-over has taken its marks away: an operator that
 * was removed long ago left objects behind that nobody may want any more. */
#include "live.h"

#define LIVE_PODS                                         \
    "pods?labelSelector=cluster.ray.io%2Fcomponent%3D"    \
    "operator&fieldSelector=status.phase%21%3DSucceeded%" \
    "2Cstatus.phase%21%3DFailed&limit=50"
#define DEPLOYMENTS "deployments?fieldSelector=metadata.name%3Dray-operator&limit=100"
#define HELD_MS     10000  /* how old an answer may be, while it decides */
#define SERVED_MS   300000 /* and where a cluster of ours is there already */
#define LATE_MS     10000  /* the time that a newer one may take */
#define YOUNG_MS    15000  /* of an object whose first answer is on its way */
#define YOUNG_LOOK  2000
#define SETTLE_MS   3000 /* one chart makes the object and its operator */

static int64_t created_ms(const rk_api *rk, rk_pass *ps)
{
    return ray_time_ms(rk->str(rk->object(ps), "/metadata/creationTimestamp", ""));
}

/* In all namespaces or, where that is forbidden, in the object's own. */
static int32_t ask(const rk_api *rk, rk_pass *ps, const char *group, const char *what,
                   int64_t fresh_ms, rk_answer *ret)
{
    const char *paths[] = {rk->fmt(ps, "%s/%s", group, what),
                           rk->fmt(ps, "%s/namespaces/%s/%s", group, rk->ns(ps), what)};
    int32_t r = RK_OK;
    for (size_t i = 0; i < RK_COUNT(paths); i++) {
        const rk_ask q = {.size = sizeof q, .path = paths[i], .fresh_ms = fresh_ms};
        *ret = (rk_answer){.size = sizeof *ret};
        r = rk->ask(ps, &q, ret);
        if (r != RK_OK || ret->http != 403)
            break;
    }
    int old = ret->age_ms > fresh_ms + LATE_MS ||
              rk->now_ms(ps) - ret->age_ms < created_ms(rk, ps) + SETTLE_MS;
    return r == RK_OK && old ? RK_WAIT : r;
}

/* One in its own namespace alone is chosen by a variable. */
int lg_serves(const rk_api *rk, const rk_json *pod_spec, const char *its_ns, const char *ns)
{
    for (RK_EACH(rk, c, rk->at(pod_spec, "/containers"))) {
        const rk_json *e = rk->at(c, "/env/[RAY_OPERATOR_POD_NAMESPACE]");
        if (e && ns[0])
            return rk_is(rk->str(e, "/value", its_ns), ns);
    }
    return 1;
}

/* All of the list, and it is one. */
static int whole(const rk_api *rk, const rk_answer *a)
{
    return a->http == 200 && rk->type(rk->at(a->body, "/items")) == RK_JSON_ARRAY &&
           !rk->str(a->body, "/metadata/continue", "")[0];
}

/* Would it make pods of the old operator? */
static int makes_operators(const rk_api *rk, rk_pass *ps, const rk_json *deployment)
{
    const char *label = rk_under(rk, ps, "/spec/template/metadata/labels", LG_L_COMPONENT);
    return rk_is(rk->str(deployment, label, NULL), "operator") &&
           rk->num(deployment, "/spec/replicas", 1) != 0;
}

static struct lg_guard alive(const rk_api *rk, rk_pass *ps, const char *what, const rk_json *o)
{
    return (struct lg_guard){
        LG_ALIVE, "LegacyOperatorAlive",
        rk->fmt(
            ps,
            "the old operator is alive: %s %s/%s; nothing is made beside it (raykeeper migrate --plan tells how to stop it)",
            what, rk->str(o, "/metadata/namespace", ""), rk->str(o, "/metadata/name", ""))};
}

static struct lg_guard unknown(const rk_api *rk, rk_pass *ps, const char *what, const rk_answer *a)
{
    return (struct lg_guard){
        LG_ALIVE, "LegacyOperatorUnknown",
        rk->fmt(ps, "whether the old operator is alive cannot be known: %s: %s", what,
                a->error && a->error[0] ? a->error
                : a->body               ? "not all of them are told"
                                        : "the answer cannot be read")};
}

struct lg_guard lg_operator(const rk_api *rk, rk_pass *ps, int64_t fresh_ms)
{
    rk_answer pods, deployments;
    int32_t p = ask(rk, ps, "/api/v1", LIVE_PODS, fresh_ms, &pods),
            d = ask(rk, ps, "/apis/apps/v1", DEPLOYMENTS, fresh_ms, &deployments);
    if (p == RK_OK && pods.http == 200)
        for (RK_EACH(rk, pod, rk->at(pods.body, "/items")))
            if (lg_serves(rk, rk->at(pod, "/spec"), rk->str(pod, "/metadata/namespace", ""),
                          rk->ns(ps)))
                return alive(rk, ps, "pod", pod);
    if (d == RK_OK && deployments.http == 200)
        for (RK_EACH(rk, o, rk->at(deployments.body, "/items")))
            if (makes_operators(rk, ps, o) &&
                lg_serves(rk, rk->at(o, "/spec/template/spec"),
                          rk->str(o, "/metadata/namespace", ""), rk->ns(ps)))
                return alive(rk, ps, "Deployment", o);
    if (p != RK_OK || d != RK_OK)
        return (struct lg_guard){LG_WAIT, "", "is the old operator alive?"};
    if (!whole(rk, &pods))
        return unknown(rk, ps, "pods", &pods);
    if (!whole(rk, &deployments))
        return unknown(rk, ps, "deployments", &deployments);
    return (struct lg_guard){LG_FREE, "", ""};
}

int lg_has_finalizer(const rk_api *rk, const rk_json *legacy)
{
    for (RK_EACH(rk, f, rk->at(legacy, "/metadata/finalizers")))
        if (rk_is(rk->str(f, "", NULL), LG_KOPF_FINALIZER))
            return 1;
    return 0;
}

struct lg_guard lg_guard(const rk_api *rk, rk_pass *ps)
{
    const rk_json *child = rk->seen(ps, RAY_CLUSTER, rk->name(ps));
    if (!rk->uid(ps)[0])
        return (struct lg_guard){LG_FREE, "", ""}; /* offline: what would be made */
    int served = child && rk->mine(ps, child),
        young = rk->now_ms(ps) - created_ms(rk, ps) < YOUNG_MS;
    const struct lg_guard g = lg_operator(rk, ps,
                                          served  ? SERVED_MS
                                          : young ? YOUNG_LOOK
                                                  : HELD_MS);
    if (g.hold == LG_ALIVE || (g.hold == LG_WAIT && !served))
        return g;
    if (lg_has_finalizer(rk, rk->object(ps)) || ray_annotation(rk, ps, LG_KOPF_ANNOTATION))
        return (struct lg_guard){
            LG_MARKED, "CutOverNeeded",
            rk->fmt(
                ps,
                "the old operator had this object and may have left pods of it: raykeeper migrate --plan -n %s tells what to do, --apply does it",
                rk->ns(ps))};
    if (child && !served)
        return (struct lg_guard){
            LG_TAKEN, "RayClusterExists",
            rk->fmt(
                ps,
                "there is a RayCluster %s (ray.io) that was not made from this object: whoever moved by hand deletes this one, else that one is in the way",
                rk->name(ps))};
    return (struct lg_guard){LG_FREE, "", ""};
}
