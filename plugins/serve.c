/* serve: the Service of Ray Serve on a plain cluster, where the annotation ray.io/enable-serve-service
 * asks for it (reference 5), made once; and on the pods of a RayService's cluster the label by which its own
 * Service finds those that may be sent requests (reference 4.3 step 1): workers from the start, the head not.
 *
 * Unlike the peer: a head that declares ports and none for Serve gets no such Service and a warning, and
 * its pods are made all the same. */
#include <raykeeper/ray.h>

/* Ports named serve or serve-*; a head that declares none has the field's own. */
static rk_json *ports(const rk_api *rk, rk_pass *ps)
{
    const rk_json *own = rk->at(rk->object(ps), RAY_HEAD_SPEC "/template" RAY_C0 "/ports");
    rk_json *all = rk->new_array(ps);
    for (RK_EACH(rk, p, own)) {
        const char *name = rk->str(p, "/name", "");
        if (!rk_is(name, "serve") && strncmp(name, "serve-", 6) != 0)
            continue;
        rk_json *it = rk->new_object(ps);
        rk->put(ps, it, "name", rk->new_str(ps, name));
        rk->put(ps, it, "port", rk->new_num(ps, rk->num(p, "/containerPort", 0)));
        rk->push(ps, all, it);
    }
    if (rk->len(own, "") == 0) {
        rk_json *it = rk->new_object(ps);
        rk->put(ps, it, "name", rk->new_str(ps, "serve"));
        rk->put(ps, it, "port", rk->new_num(ps, 8000));
        rk->push(ps, all, it);
    }
    return all;
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char labels[] = "/metadata/labels";
    const char *type = rk->str(rk->object(ps), RAY_HEAD_SPEC "/serviceType", "");
    (void)self;
    if (!rk_is(ray_annotation(rk, ps, "ray.io/enable-serve-service"), "true"))
        return RK_OK;
    rk_json *all = ports(rk, ps);
    if (rk->len(all, "") == 0) {
        rk->event(
            ps, 1, "FailedToCreateService", "Create",
            rk->fmt(ps,
                    "%s/%s: ray.io/enable-serve-service is set, but the head's Ray container has "
                    "no port named serve",
                    rk->ns(ps), rk->name(ps)));
        return RK_OK;
    }
    rk_obj *svc = rk->want(ps, RAY_SERVICE, rk->fmt(ps, "%s-serve-svc", rk->name(ps)),
                           RK_POLICY_ONCE | RK_WANT_APART | RK_WANT_ANYONES);
    RK_TRY(rk_set_str(rk, ps, svc, rk_under(rk, ps, labels, RAY_L_ORIGIN_NAME), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, svc, rk_under(rk, ps, labels, RAY_L_ORIGIN), "RayCluster"));
    RK_TRY(rk_set_str(rk, ps, svc, rk_under(rk, ps, labels, RAY_L_SERVE),
                      rk->fmt(ps, "%s-serve", rk->name(ps))));
    RK_TRY(
        rk_set_str(rk, ps, svc, rk_under(rk, ps, "/spec/selector", RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk->set(svc, "/spec/ports", all));
    return type[0] ? rk_set_str(rk, ps, svc, "/spec/type", type) : RK_OK;
}

static int32_t label(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!ray_of_service(rk, ps))
        return RK_OK;
    return rk_set_str(rk, ps, rk->subject(ps), rk_under(rk, ps, "/metadata/labels", RAY_L_SERVE),
                      rk_is(rk->role(ps), "head") ? "false" : "true");
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = 130,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "the Service of Ray Serve"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT, /* over the labels of templates and groups */
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = label,
     .title = "may it be sent requests"},
};

static const rk_watch watches[] = {
    {.gvk = RAY_SERVICE,
     .plural = "services",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .name = "serve",
    .version = RK_VERSION,
    .summary = "Ray Serve: the Service of a plain cluster, the label of a RayService's pods",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
