/* recreate: upgradeStrategy Recreate (reference 6.5): an edit of the spec, counts aside, replaces
 * all pods of the cluster.
 *
 * Writes on each head pod what it was made from (a hash) and by whom. A hash of another algorithm
 * tells nothing, whoever wrote it: the pod gets ours and stays, as the peer does with heads of
 * ours. So an edit made while the operators change hands is not acted upon; one made while this
 * operator is merely down, or replaced by a newer version of itself, is. */
#include <raykeeper/ray.h>

#define HASH    "/metadata/annotations/ray.io~1upgrade-strategy-recreate-hash"
#define VERSION "/metadata/annotations/ray.io~1kuberay-version"

static int one_of(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (rk_is(key, *keys))
            return 1;
    return 0;
}

/* A copy without some members, and without empty maps: those are defaults, or as good as absent. */
static rk_json *without(const rk_api *rk, rk_pass *ps, const rk_json *o, const char *const *keys)
{
    rk_json *out = rk->new_object(ps);
    for (RK_EACH_MEMBER(rk, m, o))
        if (!one_of(rk->key(m), keys) && (rk->type(m) != RK_JSON_OBJECT || rk->len(m, "") > 0))
            rk->put(ps, out, rk->key(m), rk->copy(ps, m));
    return out;
}

/* Counts are the autoscaler's; tolerations and gates are edited under running pods by queues. */
static rk_json *group(const rk_api *rk, rk_pass *ps, const rk_json *g)
{
    static const char *const counts[] = {"replicas",      "minReplicas", "maxReplicas",
                                         "scaleStrategy", "suspend",     NULL};
    static const char *const queues[] = {"tolerations", "schedulingGates", NULL};
    static const char *const spec[] = {"spec", NULL};
    rk_json *out = without(rk, ps, g, counts);
    const rk_json *template = rk->at(g, "/template");
    rk_json *kept = without(rk, ps, template, spec);
    rk->put(ps, kept, "spec", without(rk, ps, rk->at(template, "/spec"), queues));
    rk->put(ps, out, "template", kept);
    return out;
}

/* The user's intent. Our own algorithm: no other operator reads it. */
static const char *intent(const rk_api *rk, rk_pass *ps)
{
    static const char *const other[] = {"upgradeStrategy", "suspend", "headGroupSpec",
                                        "workerGroupSpecs", NULL};
    rk_json *out = without(rk, ps, rk->at(rk->object(ps), "/spec"), other);
    rk_json *groups = rk->new_array(ps);
    rk->put(ps, out, "headGroupSpec", group(rk, ps, rk->at(rk->object(ps), RAY_HEAD_SPEC)));
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        rk->push(ps, groups, group(rk, ps, g));
    rk->put(ps, out, "workerGroupSpecs", groups);
    return ray_digest(rk, ps, out);
}

static int32_t validate(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char path[] = "/spec/upgradeStrategy/type";
    const rk_json *o = rk->object(ps);
    const char *type = rk->str(o, path, NULL), *from = ray_label(rk, ps, o, RAY_L_ORIGIN);
    (void)self;
    (void)ray_typed(rk, ps, path, RK_JSON_STRING); /* told there */
    if (!type)
        return RK_OK;
    if (!rk_is(type, "Recreate") && !rk_is(type, "None"))
        (void)rk->fail(ps, RK_EINVAL, path, "'%s' is neither Recreate nor None", type);
    if (rk_is(from, "RayJob") || rk_is(from, "RayService"))
        (void)rk->fail(ps, RK_EINVAL, path, "the cluster belongs to a %s, which decides itself",
                       from);
    return RK_OK;
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *head = NULL, *all = rk->list(ps, RAY_POD);
    (void)self;
    if (!rk_is(rk->str(rk->object(ps), "/spec/upgradeStrategy/type", NULL), "Recreate"))
        return RK_OK;
    for (RK_EACH(rk, pod, all))
        if (!head && ray_is(rk, ps, pod, "head"))
            head = pod;
    if (!head)
        return RK_OK;
    const char *now = intent(rk, ps), *was = rk->str(head, HASH, ""),
               *name = rk->str(head, "/metadata/name", "");
    if (!ray_comparable(now, was)) {
        RK_TRY(rk->annotate(ps, name, RAY_A_HASH, now));
        return rk->annotate(ps, name, RAY_A_VERSION, RAY_OPERATOR_VERSION);
    }
    if (rk_is(now, was))
        return RK_OK;
    for (RK_EACH(rk, pod, all))
        if (ray_is(rk, ps, pod, NULL))
            RK_TRY(rk->drop_pod(ps, rk->str(pod, "/metadata/name", ""),
                                "the spec changed, upgradeStrategy Recreate", "DeletedPod",
                                "FailedToDeletePodCollection"));
    return RK_WAIT; /* until the old head is gone nothing new is made */
}

static int32_t stamp(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    RK_TRY(rk_set_str(rk, ps, rk->subject(ps), HASH, intent(rk, ps)));
    return rk_set_str(rk, ps, rk->subject(ps), VERSION, RAY_OPERATOR_VERSION);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = validate,
     .title = "upgradeStrategy"},
    {.phase = RK_PHASE_PLAN,
     .rank = 160,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "all pods anew after an edit"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = stamp,
     .title = "what the head was made from"},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS("\n" HASH),
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .name = "recreate",
    .version = RK_VERSION,
    .summary = "upgradeStrategy Recreate",
    .owns = HASH "," VERSION,
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
