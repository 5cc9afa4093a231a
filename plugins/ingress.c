/* ingress: the dashboard from outside (reference 5): an Ingress, or a Route where the API has those.
 * An Ingress is kept as the cluster says, a Route is made once; both go with enableIngress; pods do not
 * wait for them; somebody else's is told and left alone. An Ingress has its whole name, unless ours of
 * an older, cut one (50 characters) is there. A Route's name and namespace make a host name's first
 * part: it is cut to fit, unless there is one of ours by any name. */
#include <raykeeper/ray.h>

#define INGRESS "networking.k8s.io/v1/Ingress"
#define ROUTE   "route.openshift.io/v1/Route"
#define OPTIONS RAY_HEAD_SPEC "/ingressOptions"
#define CLASS   "kubernetes.io/ingress.class"

struct ingress {
    uint8_t on_openshift;
};

static const rk_opt options[] = {
    {.key = "ingress-on-openshift",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct ingress, on_openshift),
     .help = "an Ingress also where the API has Routes"},
};

static int wanted(const rk_api *rk, rk_pass *ps)
{
    return rk->truth(rk->object(ps), RAY_HEAD_SPEC "/enableIngress", 0);
}

static const char *ingress_name(const rk_api *rk, rk_pass *ps)
{
    return ray_own_name(rk, ps, INGRESS, rk->fmt(ps, "%s-head-ingress", rk->name(ps)));
}

/* A cut may leave a dash at the end, which no name may have. */
static const char *route_name(const rk_api *rk, rk_pass *ps)
{
    const char *whole = rk->fmt(ps, "%s-head-route", rk->name(ps));
    size_t ns = strlen(rk->ns(ps)), room = ns < 50 ? 51 - ns : 1, n = strlen(whole);
    n = n < room ? n : room;
    while (n > 1 && whole[n - 1] == '-')
        n--;
    return rk->fmt(ps, "%.*s", (int)n, whole);
}

static int32_t identify(const rk_api *rk, rk_pass *ps, rk_obj *o)
{
    static const char labels[] = "/metadata/labels";
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(
        rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_ID), ray_identifier(rk, ps, "head")));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_APP), RAY_APP));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CREATED_BY), RAY_CREATED_BY));
    for (RK_EACH_MEMBER(rk, a, rk->at(rk->object(ps), "/metadata/annotations")))
        if (!rk_is(rk->key(a), CLASS) &&
            !rk_is(rk->key(a), "kubectl.kubernetes.io/last-applied-configuration"))
            RK_TRY(rk->set(o, rk_under(rk, ps, "/metadata/annotations", rk->key(a)), a));
    return RK_OK;
}

static int foreign(const rk_api *rk, rk_pass *ps, const char *gvk, const char *name,
                   const char *kind)
{
    const rk_json *there = rk->seen(ps, gvk, name);
    if (!there || rk->mine(ps, there))
        return 0;
    rk->event(ps, 1, rk->fmt(ps, "FailedToCreate%s", kind), "Create",
              rk->fmt(ps, "%s/%s: %s %s is there and belongs to someone else", rk->ns(ps),
                      rk->name(ps), kind, name));
    return 1;
}

static int64_t dashboard(const rk_api *rk, rk_pass *ps)
{
    for (RK_EACH(rk, p, rk->at(rk->object(ps), RAY_HEAD_SPEC "/template" RAY_C0 "/ports")))
        if (rk_is(rk->str(p, "/name", NULL), "dashboard"))
            return rk->num(p, "/containerPort", 8265);
    return 8265;
}

static rk_json *rule(const rk_api *rk, rk_pass *ps)
{
    const rk_json *o = rk->at(rk->object(ps), OPTIONS);
    rk_json *rules = rk->new_array(ps), *r = rk->new_object(ps), *http = rk->new_object(ps),
            *paths = rk->new_array(ps), *path = rk->new_object(ps), *backend = rk->new_object(ps),
            *service = rk->new_object(ps), *port = rk->new_object(ps);
    rk->put(ps, port, "number", rk->new_num(ps, dashboard(rk, ps)));
    rk->put(ps, service, "name", rk->new_str(ps, ray_head_service(rk, ps)));
    rk->put(ps, service, "port", port);
    rk->put(ps, backend, "service", service);
    rk->put(ps, path, "path", rk->new_str(ps, rk->str(o, "/path", "/")));
    rk->put(ps, path, "pathType", rk->new_str(ps, rk->str(o, "/pathType", "Prefix")));
    rk->put(ps, path, "backend", backend);
    rk->push(ps, paths, path);
    rk->put(ps, http, "paths", paths);
    if (rk->str(o, "/host", "")[0])
        rk->put(ps, r, "host", rk->new_str(ps, rk->str(o, "/host", "")));
    rk->put(ps, r, "http", http);
    rk->push(ps, rules, r);
    return rules;
}

static int32_t ingress(const rk_api *rk, rk_pass *ps)
{
    const char *name = ingress_name(rk, ps), *class = ray_annotation(rk, ps, CLASS);
    const rk_json *tls = rk->at(rk->object(ps), OPTIONS "/tls");
    if (foreign(rk, ps, INGRESS, name, "Ingress"))
        return RK_OK;
    rk_obj *o = rk->want(ps, INGRESS, name, RK_POLICY_OWNED | RK_WANT_APART);
    rk->announce(ps, o, "CreatedIngress", "FailedToCreateIngress");
    rk->announce_update(ps, o, "UpdatedIngress", "FailedToUpdateIngress");
    RK_TRY(identify(rk, ps, o));
    if (class && class[0])
        RK_TRY(rk_set_str(rk, ps, o, "/spec/ingressClassName", class));
    RK_TRY(rk->set(o, "/spec/rules", rule(rk, ps)));
    return rk->len(tls, "") ? rk->set(o, "/spec/tls", tls) : RK_OK;
}

static int32_t route(const rk_api *rk, rk_pass *ps)
{
    const char *name = route_name(rk, ps);
    for (RK_EACH(rk, r, rk->list(ps, ROUTE)))
        if (rk->mine(ps, r))
            name = rk->str(r, "/metadata/name", name);
    if (foreign(rk, ps, ROUTE, name, "Route"))
        return RK_OK;
    rk_obj *o = rk->want(ps, ROUTE, name, RK_POLICY_ONCE | RK_WANT_APART);
    rk->announce(ps, o, "CreatedRoute", "FailedToCreateRoute");
    RK_TRY(identify(rk, ps, o));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/to/kind", "Service"));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/to/name", ray_head_service(rk, ps)));
    RK_TRY(rk_set_num(rk, ps, o, "/spec/to/weight", 100));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/port/targetPort", "dashboard"));
    return rk_set_str(rk, ps, o, "/spec/wildcardPolicy", "None");
}

static int32_t gone(const rk_api *rk, rk_pass *ps, const char *gvk)
{
    for (RK_EACH(rk, o, rk->list(ps, gvk)))
        if (rk->mine(ps, o))
            RK_TRY(rk->unwant(ps, gvk, rk->str(o, "/metadata/name", ""), "enableIngress is off"));
    return RK_OK;
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct ingress *me = self;
    int routes = !me->on_openshift && rk->served(ps, ROUTE);
    if (!wanted(rk, ps) || routes)
        RK_TRY(gone(rk, ps, INGRESS));
    if (!wanted(rk, ps) || !routes)
        RK_TRY(gone(rk, ps, ROUTE));
    if (!wanted(rk, ps))
        return RK_OK;
    return routes ? route(rk, ps) : ingress(rk, ps);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = 110,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "the dashboard from outside"},
};

#define KEEP "/metadata/labels\n/metadata/annotations\n/metadata/ownerReferences\n/spec"

static const rk_watch watches[] = {
    {.gvk = INGRESS,
     .plural = "ingresses",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = KEEP},
    {.gvk = ROUTE,
     .plural = "routes",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences",
     .optional = 1},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct ingress),
    .name = "ingress",
    .version = RK_VERSION,
    .summary = "an Ingress or Route to the dashboard",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
