/* service: the head Service (reference 5): made when none with its labels exists, then left alone.
 *
 * Unlike the peer, a port that headService already has (same number and protocol, or same name)
 * is not generated once more: the peer sends both and the API server refuses. */
#include "service.h"

static const rk_opt options[] = {
    {.key = "cluster-ip",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct service, cluster_ip),
     .help = "give the head Service a cluster IP; false: headless"},
};

/* The Service's own labels: it is found again by the first three. */
static rk_json *labels(const rk_api *rk, rk_pass *ps)
{
    rk_json *l = rk->new_object(ps);
    const char *app =
        rk->str(rk->object(ps),
                rk_under(rk, ps, RAY_HEAD_SPEC "/template/metadata/labels", RAY_L_APP), RAY_APP);
    rk->put(ps, l, RAY_L_CLUSTER, rk->new_str(ps, rk->name(ps)));
    rk->put(ps, l, RAY_L_TYPE, rk->new_str(ps, "head"));
    rk->put(ps, l, RAY_L_ID, rk->new_str(ps, ray_identifier(rk, ps, "head")));
    rk->put(ps, l, RAY_L_APP, rk->new_str(ps, app));
    rk->put(ps, l, RAY_L_CREATED_BY, rk->new_str(ps, RAY_CREATED_BY));
    return l;
}

/* What the head pod carries for this label: the group's own wins over the template's, that over
 * ours. */
static const char *effective(const rk_api *rk, rk_pass *ps, const char *label, const char *ours)
{
    const rk_json *head = rk->at(rk->object(ps), RAY_HEAD_SPEC);
    const char *its = rk->str(head, rk_under(rk, ps, "/template/metadata/labels", label), ours);
    return rk->str(head, rk_under(rk, ps, "/labels", label), its);
}

/* The peer follows the user only in app.kubernetes.io/name; its Service then misses the head. */
static rk_json *selector(const rk_api *rk, rk_pass *ps)
{
    static const char *const users[] = {RAY_L_ID, RAY_L_APP, RAY_L_CREATED_BY};
    rk_json *l = labels(rk, ps);
    for (size_t i = 0; i < RK_COUNT(users); i++) {
        const char *ours = rk->str(l, rk_under(rk, ps, "", users[i]), "");
        rk->put(ps, l, users[i], rk->new_str(ps, effective(rk, ps, users[i], ours)));
    }
    return l;
}

static int32_t copy_members(const rk_api *rk, rk_pass *ps, rk_obj *to, const char *path,
                            const rk_json *from)
{
    for (RK_EACH_MEMBER(rk, m, from))
        RK_TRY(rk->set(to, rk_under(rk, ps, path, rk->key(m)), m));
    return RK_OK;
}

static int32_t write_service(const rk_api *rk, rk_pass *ps, const struct service *me)
{
    const rk_json *head = rk->at(rk->object(ps), RAY_HEAD_SPEC),
                  *own = rk->at(head, "/headService"), *meta = rk->at(own, "/metadata");
    const char *type = rk->str(own, "/spec/type", ""), *wanted = rk->str(head, "/serviceType", "");
    rk_obj *svc = rk->want(ps, RAY_SERVICE, ray_head_service(rk, ps), RK_POLICY_ONCE);
    rk->announce(ps, svc, "CreatedService", "FailedToCreateService");
    RK_TRY(copy_members(rk, ps, svc, "/metadata/labels", rk->at(meta, "/labels")));
    RK_TRY(copy_members(rk, ps, svc, "/metadata/annotations", rk->at(meta, "/annotations")));
    if (rk->type(rk->at(meta, "/finalizers")) == RK_JSON_ARRAY)
        RK_TRY(rk->set(svc, "/metadata/finalizers", rk->at(meta, "/finalizers")));
    RK_TRY(copy_members(rk, ps, svc, "/spec", rk->at(own, "/spec")));
    RK_TRY(copy_members(rk, ps, svc, "/metadata/labels", labels(rk, ps)));
    RK_TRY(copy_members(rk, ps, svc, "/metadata/annotations",
                        rk->at(rk->object(ps), "/spec/headServiceAnnotations")));
    RK_TRY(rk->set(svc, "/spec/selector", selector(rk, ps)));
    RK_TRY(service_ports(rk, ps, svc));
    if (!type[0] && wanted[0])
        RK_TRY(rk_set_str(rk, ps, svc, "/spec/type", wanted));
    if (rk->type(own) == RK_JSON_OBJECT || me->cluster_ip ||
        (wanted[0] && !rk_is(wanted, "ClusterIP")))
        return RK_OK;
    RK_TRY(rk_set_str(rk, ps, svc, "/spec/clusterIP", "None"));
    return rk_set_bool(rk, ps, svc, "/spec/publishNotReadyAddresses", 1);
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *first = NULL;
    for (RK_EACH(rk, s, rk->list(ps, RAY_SERVICE))) {
        if (!rk_is(ray_label(rk, ps, s, RAY_L_TYPE), "head") ||
            !rk_is(ray_label(rk, ps, s, RAY_L_ID), ray_identifier(rk, ps, "head")) ||
            ray_terminating(rk, s))
            continue;
        const char *name = rk->str(s, "/metadata/name", "");
        if (first)
            return rk->fail(ps, RK_EFAIL, "", "two head services: %s and %s", first, name);
        first = name;
    }
    return first ? RK_OK : write_service(rk, ps, self);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "the head Service"},
};

static const rk_watch watches[] = {
    {.gvk = RAY_SERVICE,
     .plural = "services",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/metadata/creationTimestamp\n"
             "/metadata/deletionTimestamp\n/spec/ports\n/spec/clusterIP"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct service),
    .name = "service",
    .version = RK_VERSION,
    .summary = "the head Service",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
