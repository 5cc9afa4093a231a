/* head: the one head pod of a cluster: that it exists, who it is, and that a dead one goes
 * (reference 4.1, 6.2). */
#include "head.h"

static const rk_opt options[] = {
    {.key = "name",
     .dflt = "random",
     .type = RK_T_ENUM,
     .choices = "random|fixed",
     .offset = offsetof(struct head, name),
     .help = "random: <cluster>-head-<5 characters>; fixed: <cluster>-head, the same after each "
             "replacement"},
    {.key = "crash-budget",
     .dflt = "5",
     .type = RK_T_INT,
     .offset = offsetof(struct head, budget),
     .min = 0,
     .max = 1000,
     .help = "so many heads may fail one after the other and are replaced at once; 0: any number"},
    {.key = "crash-calm",
     .dflt = "10m",
     .type = RK_T_DURATION,
     .offset = offsetof(struct head, calm_ms),
     .min = 1000,
     .max = 604800000,
     .help = "a head that was ready for so long ends the count"},
    {.key = "crash-delay",
     .dflt = "30s",
     .type = RK_T_DURATION,
     .offset = offsetof(struct head, delay_ms),
     .min = 1000,
     .max = 86400000,
     .help = "over the budget a dead head stays so long before it is replaced, twice as long each "
             "time"},
    {.key = "crash-delay-most",
     .dflt = "10m",
     .type = RK_T_DURATION,
     .offset = offsetof(struct head, delay_max_ms),
     .min = 1000,
     .max = 604800000,
     .help = "and never longer than that"},
};

/* A terminating head counts until it is gone: two heads of one cluster must not meet behind one
 * Service. */
static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct head *me = self;
    const rk_json *spec = rk->at(rk->object(ps), RAY_HEAD_SPEC), *there = NULL;
    if (ray_head_stays_away(rk, ps))
        return RK_OK;
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
    if (!why || ray_terminating(rk, there) || !head_may_go(rk, ps, me, there))
        return RK_OK;
    return rk->drop_pod(ps, is, why, "DeletedHeadPod", "FailedToDeleteHeadPod");
}

static int32_t identify(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_obj *pod = rk->subject(ps);
    static const char annotations[] = "/metadata/annotations";
    (void)self;
    RK_TRY(ray_identify(rk, ps, "head"));
    return rk_set_str(rk, ps, pod, rk_under(rk, ps, annotations, RAY_A_FT),
                      ray_ft_enabled(rk, ps) ? "true" : "false");
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
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = head_status,
     .title = "heads that fail again and again"},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS(RAY_KEEP_DEAD RAY_KEEP_READY),
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
