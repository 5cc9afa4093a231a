/* head: the one head pod of a cluster: that it exists, who it is, and that a dead one goes
 * (reference 4.1, 6.2). */
#include <raykeeper/ray.h>

struct head {
    const char *name;
};

static const rk_opt options[] = {
    {.key = "name",
     .dflt = "random",
     .type = RK_T_ENUM,
     .choices = "random|fixed",
     .offset = offsetof(struct head, name),
     .help = "random: <cluster>-head-<5 characters>; fixed: <cluster>-head, the same after each "
             "replacement"},
};

/* A terminating head counts until it is gone: two heads of one cluster must not meet behind one
 * Service. */
static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct head *me = self;
    const rk_json *spec = rk->at(rk->object(ps), RAY_HEAD_SPEC), *there = NULL;
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD))) {
        if (!ray_is(rk, ps, pod, "head"))
            continue;
        if (there)
            return rk->fail(ps, RK_EFAIL, "", "two head pods: %s and %s",
                            rk->str(there, "/metadata/name", ""),
                            rk->str(pod, "/metadata/name", ""));
        there = pod;
    }
    const char *is = rk->str(there, "/metadata/name", NULL),
               *why = there ? ray_dead(rk, ps, there) : NULL;
    const rk_member member = {.size = sizeof(member), .key = "0", .is = is};
    const char *prefix = ray_pod_prefix(rk, ps, rk->name(ps), "head");
    const rk_group group = {.size = sizeof(group),
                            .role = "head",
                            .group = RAY_HEAD_GROUP,
                            .spec = spec,
                            .pod_template = rk->at(spec, "/template"),
                            .name_prefix = prefix,
                            .fixed_name = rk_is(me->name, "fixed")
                                              ? rk->fmt(ps, "%.*s", (int)strlen(prefix) - 1, prefix)
                                              : NULL,
                            .members = &member,
                            .n_members = 1,
                            .member_size = sizeof(member),
                            .created = "CreatedHeadPod",
                            .failed = "FailedToCreateHeadPod"};
    RK_TRY(rk->pods(ps, &group));
    return why ? rk->drop_pod(ps, is, why, "DeletedHeadPod", "FailedToDeleteHeadPod") : RK_OK;
}

static int ft_enabled(const rk_api *rk, rk_pass *ps)
{
    return rk_is_ci(ray_annotation(rk, ps, RAY_A_FT), "true") ||
           rk->type(rk->at(rk->object(ps), "/spec/gcsFaultToleranceOptions")) == RK_JSON_OBJECT;
}

/* The user's intent without what may change under a running cluster: counts, tolerations, gates
 * (reference 6.5). Our own algorithm: no other reads it. */
static const char *intent(const rk_api *rk, rk_pass *ps)
{
    static const char *const counts[] = {"replicas", "minReplicas", "maxReplicas", "scaleStrategy"};
    rk_json *out = rk->new_object(ps);
    for (RK_EACH_MEMBER(rk, part, rk->at(rk->object(ps), "/spec"))) {
        const char *key = rk->key(part);
        if (rk_is(key, "upgradeStrategy") || rk_is(key, "suspend"))
            continue;
        if (!rk_is(key, "workerGroupSpecs")) {
            rk->put(ps, out, key, rk->copy(ps, part));
            continue;
        }
        rk_json *groups = rk->new_array(ps);
        for (RK_EACH(rk, g, part)) {
            rk_json *kept = rk->new_object(ps);
            for (RK_EACH_MEMBER(rk, field, g)) {
                int skip = 0;
                for (size_t i = 0; i < RK_COUNT(counts); i++)
                    skip |= rk_is(rk->key(field), counts[i]);
                if (!skip)
                    rk->put(ps, kept, rk->key(field), rk->copy(ps, field));
            }
            rk->push(ps, groups, kept);
        }
        rk->put(ps, out, key, groups);
    }
    return rk->digest(ps, out);
}

static int32_t identify(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_obj *pod = rk->subject(ps);
    static const char annotations[] = "/metadata/annotations";
    (void)self;
    RK_TRY(ray_identify(rk, ps, "head"));
    RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, annotations, RAY_A_FT),
                      ft_enabled(rk, ps) ? "true" : "false"));
    RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, annotations, RAY_A_HASH), intent(rk, ps)));
    return rk_set_str(rk, ps, pod, rk_under(rk, ps, annotations, RAY_A_VERSION),
                      RAY_OPERATOR_VERSION);
}

static int32_t ports(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return ray_metrics_port(rk, ps);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "one head pod"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = identify,
     .title = "labels and annotations"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = ports,
     .title = "metrics port"},
};

static const rk_watch watches[] = {
    {.gvk = RAY_POD,
     .plural = "pods",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = "ray.io/node-type in (head,worker,redis-cleanup)",
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/metadata/creationTimestamp\n"
             "/metadata/deletionTimestamp\n/spec/restartPolicy\n"
             "/spec/containers/*/name\n/status/phase\n/status/containerStatuses"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct head),
    .name = "head",
    .version = RK_VERSION,
    .summary = "the head pod",
    .owns = "/metadata/labels,/metadata/annotations,/spec/containers/0/ports",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
