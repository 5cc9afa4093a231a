/* Is spec.networkPolicy legal? (reference 2, rule 14) */
#include "netpolicy.h"

static void no_rules(const rk_api *rk, rk_pass *ps, const char *path, const char *field)
{
    if (rk->len(rk->at(rk->object(ps), path), rk->fmt(ps, "/%s", field)) > 0)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/%s", path, field),
                       "the mode %s denies no such traffic",
                       rk->str(rk->object(ps), NETPOLICY_SPEC "/mode", "DenyAll"));
}

static void allowed(const rk_api *rk, rk_pass *ps, const char *path)
{
    if (!netpolicy_denies(rk, ps, "Ingress"))
        no_rules(rk, ps, path, "ingressRules");
    if (!netpolicy_denies(rk, ps, "Egress"))
        no_rules(rk, ps, path, "egressRules");
}

/* A group's name becomes part of an object's. */
static int is_dns_label(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n <= 63 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n &&
           s[0] != '-' && s[n - 1] != '-';
}

static int is_group(const rk_api *rk, rk_pass *ps, const char *name)
{
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        if (rk_is(rk->str(g, "/groupName", NULL), name))
            return 1;
    return 0;
}

int32_t netpolicy_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *o = rk->object(ps), *policy = rk->at(o, NETPOLICY_SPEC);
    const char *mode = rk->str(policy, "/mode", "DenyAll");
    size_t i = 0;
    (void)self;
    (void)ray_typed(rk, ps, NETPOLICY_SPEC, RK_JSON_OBJECT); /* told there */
    if (rk->type(policy) != RK_JSON_OBJECT)
        return RK_OK;
    (void)ray_typed(rk, ps, NETPOLICY_SPEC "/mode", RK_JSON_STRING);
    if (!rk_is(mode, "DenyAll") && !rk_is(mode, "DenyAllIngress") && !rk_is(mode, "DenyAllEgress"))
        (void)rk->fail(ps, RK_EINVAL, NETPOLICY_SPEC "/mode",
                       "'%s' is not DenyAll, DenyAllIngress or DenyAllEgress", mode);
    allowed(rk, ps, NETPOLICY_SPEC "/head");
    allowed(rk, ps, NETPOLICY_SPEC "/worker");
    for (RK_EACH(rk, g, rk->at(policy, "/workerGroups"))) {
        const char *path = rk->fmt(ps, NETPOLICY_SPEC "/workerGroups/%zu", i++);
        allowed(rk, ps, path);
        if (!is_group(rk, ps, rk->str(g, "/groupName", "")))
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path),
                           "there is no group '%s'", rk->str(g, "/groupName", ""));
    }
    i = 0;
    for (RK_EACH(rk, g, rk->at(o, "/spec/workerGroupSpecs"))) {
        const char *path = rk->fmt(ps, "/spec/workerGroupSpecs/%zu/groupName", i++);
        if (!is_dns_label(rk->str(g, "/groupName", "")))
            (void)rk->fail(ps, RK_EINVAL, path,
                           "'%s' must be a DNS label where there is a networkPolicy",
                           rk->str(g, "/groupName", ""));
    }
    return RK_OK;
}
