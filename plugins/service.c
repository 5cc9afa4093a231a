/* service: the head Service (reference 5): made when none with its labels exists, then left alone.
 *
 * Unlike the peer, a port that headService already has (same number and protocol, or same name)
 * is not generated once more: the peer sends both and the API server refuses. */
#include <raykeeper/ray.h>

struct service {
    uint8_t cluster_ip;
};

static const rk_opt options[] = {
    {.key = "cluster-ip",
     .dflt = "false",
     .type = RK_T_BOOL,
     .offset = offsetof(struct service, cluster_ip),
     .help = "give the head Service a cluster IP; false: headless"},
};

struct port {
    const char *name;
    int64_t number;
};

/* Ports of the head's Ray container or the field's five, by name. metrics always, but where the user
 * has 8080 under another name: the peer doubles it and is refused. */
static struct port *ports(const rk_api *rk, rk_pass *ps, uint32_t *ret_n)
{
    static const struct port usual[] = {{"client", 10001},
                                        {"dashboard", 8265},
                                        {"gcs-server", 6379},
                                        {"metrics", 8080},
                                        {"serve", 8000}};
    const rk_json *own = rk->at(rk->object(ps), RAY_HEAD_SPEC "/template" RAY_C0 "/ports");
    struct port *p = rk->alloc(ps, (rk->len(own, "") + RK_COUNT(usual) + 1) * sizeof(*p));
    uint32_t n = 0;
    int metrics = 0;
    for (RK_EACH(rk, it, own)) {
        int64_t number = rk->num(it, "/containerPort", 0);
        const char *name = rk->str(it, "/name", "");
        p[n++] =
            (struct port){name[0] ? name : rk->fmt(ps, "%lld-port", (long long)number), number};
        metrics |= rk_is(p[n - 1].name, "metrics") || number == usual[3].number;
    }
    if (n == 0)
        for (; n < RK_COUNT(usual); n++)
            p[n] = usual[n];
    else if (!metrics)
        p[n++] = usual[3];
    for (uint32_t i = 1; i < n; i++)
        for (uint32_t j = i; j > 0 && strcmp(p[j].name, p[j - 1].name) < 0; j--) {
            struct port swap = p[j];
            p[j] = p[j - 1];
            p[j - 1] = swap;
        }
    *ret_n = n;
    return p;
}

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

static int has_port(const rk_api *rk, const rk_json *list, const struct port *p)
{
    for (RK_EACH(rk, it, list))
        if (rk_is(rk->str(it, "/name", NULL), p->name) ||
            (rk->num(it, "/port", 0) == p->number && rk_is(rk->str(it, "/protocol", "TCP"), "TCP")))
            return 1;
    return 0;
}

static int32_t write_ports(const rk_api *rk, rk_pass *ps, rk_obj *svc)
{
    uint32_t n;
    const struct port *p = ports(rk, ps, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (has_port(rk, rk->at(rk->tree(svc), "/spec/ports"), &p[i]))
            continue;
        rk_json *it = rk->new_object(ps);
        rk->put(ps, it, "name", rk->new_str(ps, p[i].name));
        rk->put(ps, it, "port", rk->new_num(ps, p[i].number));
        rk->put(ps, it, "appProtocol", rk->new_str(ps, "tcp"));
        RK_TRY(rk->append(svc, "/spec/ports", it));
    }
    return RK_OK;
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
    RK_TRY(write_ports(rk, ps, svc));
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
