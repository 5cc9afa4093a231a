/* The policies themselves, as the mode and the rules say. */
#include "netpolicy.h"

static rk_json *nested(const rk_api *rk, rk_pass *ps, const char *key, rk_json *value)
{
    rk_json *o = rk->new_object(ps);
    rk->put(ps, o, key, value);
    return o;
}

/* {way: [{podSelector: {matchLabels: {label: value}}}]} */
static rk_json *peers(const rk_api *rk, rk_pass *ps, const char *way, const char *label,
                      const char *value)
{
    rk_json *list = rk->new_array(ps);
    rk->push(ps, list,
             nested(rk, ps, "podSelector",
                    nested(rk, ps, "matchLabels", nested(rk, ps, label, rk->new_str(ps, value)))));
    return nested(rk, ps, way, list);
}

/* The Job that submits a RayJob's entry point talks to the dashboard. */
static rk_json *submitter(const rk_api *rk, rk_pass *ps)
{
    const rk_json *o = rk->object(ps);
    const char *job = ray_label(rk, ps, o, RAY_L_ORIGIN_NAME),
               *port = rk->str(o, RAY_HEAD_SPEC "/rayStartParams/dashboard-port", "8265");
    int64_t n = 8265;
    if (!rk_is(ray_label(rk, ps, o, RAY_L_ORIGIN), "RayJob") ||
        !rk_is(ray_label(rk, ps, o, "ray.io/job-submission-mode"), "K8sJobMode") || !job[0])
        return NULL;
    (void)rk->qty_value(port, &n); /* what is no number stays 8265 */
    rk_json *rule = peers(rk, ps, "from", "batch.kubernetes.io/job-name", job),
            *p = rk->new_object(ps), *list = rk->new_array(ps);
    rk->put(ps, p, "port", rk->new_num(ps, n));
    rk->put(ps, p, "protocol", rk->new_str(ps, "TCP"));
    rk->push(ps, list, p);
    rk->put(ps, rule, "ports", list);
    return rule;
}

static rk_json *rules(const rk_api *rk, rk_pass *ps, const char *way, const rk_json *own,
                      rk_json *more)
{
    rk_json *all = rk->new_array(ps);
    rk->push(ps, all, peers(rk, ps, way, RAY_L_CLUSTER, rk->name(ps)));
    if (more)
        rk->push(ps, all, more);
    for (RK_EACH(rk, r, own))
        rk->push(ps, all, rk->copy(ps, r));
    return all;
}

/* A way that is not denied has no rules: null takes away what stood there under another mode. */
static int32_t way(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *field, const char *name,
                   rk_json *all, rk_json *types)
{
    if (!netpolicy_denies(rk, ps, name))
        return rk->set(o, rk->fmt(ps, "/spec/%s", field), rk->parse(ps, "null", 4));
    rk->push(ps, types, rk->new_str(ps, name));
    return rk->set(o, rk->fmt(ps, "/spec/%s", field), all);
}

static int32_t want(const rk_api *rk, rk_pass *ps, const char *name, const char *type,
                    const char *group, const rk_json *own)
{
    static const char labels[] = "/metadata/labels";
    const rk_json *there = rk->seen(ps, NETPOLICY, name);
    rk_json *selector = nested(rk, ps, RAY_L_CLUSTER, rk->new_str(ps, rk->name(ps))),
            *types = rk->new_array(ps);
    int head = rk_is(type, "head");
    if (there && !rk->mine(ps, there)) {
        rk->event(ps, 1, "NetworkPolicyNameCollision", "Create",
                  rk->fmt(ps, "%s/%s: NetworkPolicy %s is there and belongs to someone else",
                          rk->ns(ps), rk->name(ps), name));
        return rk->fail(ps, RK_EFAIL, NETPOLICY_SPEC,
                        "NetworkPolicy %s is there and belongs to someone else", name);
    }
    rk_obj *o = rk->want(ps, NETPOLICY, name, RK_POLICY_SUBSET);
    rk->announce(ps, o, NULL, "FailedToCreateNetworkPolicy");
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_GROUP), group));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_APP), RAY_APP));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CREATED_BY), RAY_CREATED_BY));
    rk->put(ps, selector, RAY_L_TYPE, rk->new_str(ps, type));
    if (!head)
        rk->put(ps, selector, RAY_L_GROUP, rk->new_str(ps, group));
    RK_TRY(rk->set(o, "/spec/podSelector/matchLabels", selector));
    RK_TRY(way(rk, ps, o, "ingress", "Ingress",
               rules(rk, ps, "from", rk->at(own, "/ingressRules"), head ? submitter(rk, ps) : NULL),
               types));
    RK_TRY(way(rk, ps, o, "egress", "Egress",
               rules(rk, ps, "to", rk->at(own, "/egressRules"), NULL), types));
    return rk->set(o, "/spec/policyTypes", types);
}

static const rk_json *own_rules(const rk_api *rk, rk_pass *ps, const char *group)
{
    for (RK_EACH(rk, g, rk->at(rk->object(ps), NETPOLICY_SPEC "/workerGroups")))
        if (rk_is(rk->str(g, "/groupName", NULL), group))
            return g;
    return rk->at(rk->object(ps), NETPOLICY_SPEC "/worker");
}

int32_t netpolicy_plan(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_json *names = rk->new_object(ps);
    (void)self;
    if (rk->type(rk->at(rk->object(ps), NETPOLICY_SPEC)) == RK_JSON_OBJECT) {
        const char *name = rk->fmt(ps, "%s-head", rk->name(ps));
        rk->put(ps, names, name, rk->new_bool(ps, 1));
        RK_TRY(want(rk, ps, name, "head", RAY_HEAD_GROUP,
                    rk->at(rk->object(ps), NETPOLICY_SPEC "/head")));
        for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs"))) {
            const char *group = rk->str(g, "/groupName", "");
            name = rk->fmt(ps, "%s-workers-%s", rk->name(ps), group);
            rk->put(ps, names, name, rk->new_bool(ps, 1));
            RK_TRY(want(rk, ps, name, "worker", group, own_rules(rk, ps, group)));
        }
    }
    for (RK_EACH(rk, p, rk->list(ps, NETPOLICY)))
        if (rk->mine(ps, p) &&
            !rk->at(names, rk_under(rk, ps, "", rk->str(p, "/metadata/name", ""))))
            RK_TRY(rk->unwant(ps, NETPOLICY, rk->str(p, "/metadata/name", ""),
                              "the spec has none of that name"));
    return RK_OK;
}
