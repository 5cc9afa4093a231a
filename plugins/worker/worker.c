/* worker: the pods of each worker group: how many, which go, who they are (reference 4.2, 6.2, 6.3).
 *
 * Unlike the peer: names in workersToDelete bind only pods of their own group, and terminating
 * pods do not count, so that a pod that cannot end (dead node, stuck finalizer) does not block
 * its successor. The pods of a group that was removed or renamed go. */
#include "worker.h"

static const rk_opt options[] = {
    {.key = "most-pods",
     .dflt = "20000",
     .type = RK_T_INT,
     .offset = offsetof(struct worker, most_pods),
     .min = 1,
     .max = 1000000,
     .help = "a cluster that wants more workers is refused: a slip of the finger must not fill the "
             "API server"},
    {.key = "replica-time",
     .dflt = "10m",
     .type = RK_T_DURATION,
     .offset = offsetof(struct worker, replica_ms),
     .min = 1000,
     .max = 86400000,
     .help = "a replica of several hosts (numOfHosts) whose last host is missing is finished while "
             "its youngest pod is no older than this or creates fail; after that it has lost that "
             "host and is replaced"},
    {.key = "delete-surplus",
     .dflt = "no",
     .type = RK_T_BOOL,
     .offset = offsetof(struct worker, delete_surplus),
     .help =
         "with Ray's autoscaler, too, delete workers beyond the wanted number, those first with "
         "which least is lost, instead of leaving it to the autoscaler to name them"},
};

static int32_t validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct worker *me = self;
    int64_t sum = 0;
    size_t i = 0;
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs"))) {
        sum += ray_desired(rk, g);
        if (sum > me->most_pods)
            return rk->fail(ps, RK_EINVAL, rk->fmt(ps, "/spec/workerGroupSpecs/%zu/replicas", i),
                            "%lld workers are wanted up to this group, at most %lld are possible "
                            "(option plugin:worker.most-pods)",
                            (long long)sum, (long long)me->most_pods);
        if (ray_suspended(rk, g) && ray_autoscaling(rk, ps))
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "/spec/workerGroupSpecs/%zu/suspend", i),
                           "a group cannot be suspended with enableInTreeAutoscaling");
        i++;
    }
    return RK_OK;
}

/* Places of the group: those that pods fill, then new ones with the lowest free indexes. Pods that
 * older operators made may have no index, or one that another pod has too: they fill a place all
 * the same. */
static struct members places(const rk_api *rk, rk_pass *ps, const struct pods *p, size_t missing)
{
    size_t top = p->n + missing + 1;
    struct members out = {.m = rk->alloc(ps, top * sizeof(*out.m))};
    char *taken = rk->alloc(ps, top);
    for (size_t i = 0; i < p->n; i++) {
        const struct pod *pod = &p->pod[i];
        if (pod->why)
            continue; /* its successor takes the place: vendors number hosts by the index */
        int known = pod->index >= 0 && (size_t)pod->index < top && !taken[pod->index];
        if (known)
            taken[pod->index] = 1;
        out.m[out.n++] = (rk_member){.size = sizeof(*out.m),
                                     .key = known ? rk->fmt(ps, "%lld", (long long)pod->index)
                                                  : rk->fmt(ps, "pod/%s", pod->name),
                                     .is = pod->name};
    }
    for (size_t at = 0; missing > 0 && at < top; at++) {
        if (taken[at])
            continue;
        rk_kv *label = rk->alloc(ps, sizeof(*label));
        label->key = RAY_L_INDEX;
        label->val = rk->fmt(ps, "%zu", at);
        out.m[out.n++] =
            (rk_member){.size = sizeof(*out.m), .key = label->val, .labels = label, .n_labels = 1};
        missing--;
    }
    return out;
}

static struct members single(const rk_api *rk, rk_pass *ps, const struct worker *me,
                             const rk_json *spec, struct pods *p)
{
    size_t stay = 0, desired = (size_t)ray_desired(rk, spec);
    for (size_t i = 0; i < p->n; i++)
        stay += !p->pod[i].why;
    if (stay > desired && worker_may_choose(rk, ps, me))
        worker_shrink(rk, ps, p, stay - desired);
    return places(rk, ps, p, desired > stay ? desired - stay : 0);
}

static int32_t drop(const rk_api *rk, rk_pass *ps, const struct pods *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->pod[i].why && !p->pod[i].going)
            RK_TRY(rk->drop_pod(ps, p->pod[i].name, p->pod[i].why, "DeletedWorkerPod",
                                "FailedToDeleteWorkerPod"));
    return RK_OK;
}

static int32_t plan_group(const rk_api *rk, rk_pass *ps, const struct worker *me,
                          const struct pods *all, const rk_json *spec)
{
    const char *name = rk->str(spec, "/groupName", "");
    struct pods p = worker_of_group(rk, ps, all, spec);
    const struct members members = ray_hosts(rk, spec) > 1 ? worker_replicas(rk, ps, me, spec, &p)
                                                           : single(rk, ps, me, spec, &p);
    const rk_group group = {
        .size = sizeof(group),
        .role = "worker",
        .group = name,
        .spec = spec,
        .pod_template = rk->at(spec, "/template"),
        .name_prefix = ray_pod_prefix(rk, ps, rk->fmt(ps, "%s-%s", rk->name(ps), name), "worker"),
        .avoid = rk->at(spec, "/scaleStrategy/workersToDelete"),
        .members = members.m,
        .n_members = members.n,
        .member_size = sizeof(*members.m),
        .created = "CreatedWorkerPod",
        .failed = "FailedToCreateWorkerPod"};
    return rk->pods(ps, &group);
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    if (ray_head_stays_away(rk, ps))
        return RK_OK; /* those that run stay as they are */
    const struct pods all = worker_collect(rk, ps);
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        RK_TRY(plan_group(rk, ps, self, &all, g));
    return drop(rk, ps, &all);
}

static int32_t identify(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return ray_identify(rk, ps, "worker");
}

static int32_t ports(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return ray_metrics_port(rk, ps);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = validate,
     .title = "not absurdly many pods; group suspend"},
    {.phase = RK_PHASE_DEFAULT,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = worker_default,
     .title = "counts that an old definition dropped"},
    {.phase = RK_PHASE_PLAN,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .run = plan,
     .title = "pods of each worker group"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = identify,
     .title = "labels and annotations"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = ports,
     .title = "metrics port"},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS(RAY_KEEP_DEAD RAY_KEEP_READY),
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct worker),
    .name = "worker",
    .version = RK_VERSION,
    .summary = "the pods of the worker groups",
    .owns = "/metadata/labels,/metadata/annotations,/spec/containers/0/ports",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
