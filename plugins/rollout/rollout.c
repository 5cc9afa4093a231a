/* rollout: which pods were made from another template than the spec has now, and, where the user
 * asks for it, their replacement, some at a time.
 *
 * Each pod carries a hash of its group as it was. Condition OutdatedPods counts, by group, the pods
 * whose hash is another: with upgradeStrategy None (the default) an edit changes no running pod, and
 * here a user sees it. The annotation raykeeper.io/rolling-update on the RayCluster replaces workers:
 * its value is how many of a group may be missing at once ("1", "25%"; "true" is 1). The head follows
 * last, and only where raykeeper.io/rolling-update-head is "last": it takes the cluster's state along.
 * Pods without a hash of ours, which another operator made, count as made from the spec; the first look with
 * the annotation stamps them. */
#include <stdlib.h>

#include "rollout.h"

#define MOST_TOLD 10 /* groups in a message: a condition may not have any length */

/* What a pod of the group is made from: not how many there are, nor what queues edit. */
const char *rollout_hash(const rk_api *rk, rk_pass *ps, const rk_json *group)
{
    static const char *const made_of[] = {"template", "rayStartParams", "resources", "labels",
                                          "numOfHosts"};
    static const char *const queues[] = {"tolerations", "schedulingGates"};
    rk_json *out = rk->new_object(ps), *spec = rk->new_object(ps);
    for (size_t i = 1; i < RK_COUNT(made_of); i++) {
        const rk_json *part = rk->at(group, rk_under(rk, ps, "", made_of[i]));
        if (rk->type(part) == RK_JSON_NUMBER || rk->len(part, "") > 0) /* {} is as absent */
            rk->put(ps, out, made_of[i], rk->copy(ps, part));
    }
    for (RK_EACH_MEMBER(rk, m, rk->at(group, "/template/spec")))
        if (!rk_is(rk->key(m), queues[0]) && !rk_is(rk->key(m), queues[1]))
            rk->put(ps, spec, rk->key(m), rk->copy(ps, m));
    rk->put(ps, out, "spec", spec);
    if (rk->at(group, "/template/metadata"))
        rk->put(ps, out, "metadata", rk->copy(ps, rk->at(group, "/template/metadata")));
    return ray_digest(rk, ps, out);
}

int rollout_is_old(const struct pod *pod, const char *hash)
{
    return ray_comparable(hash, pod->hash) && !rk_is(pod->hash, hash);
}

size_t rollout_outdated(const struct pods *p, const char *hash)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += rollout_is_old(&p->pod[i], hash) ? 1 : 0;
    return n;
}

static int by_group(const void *x, const void *y)
{
    const struct pod *a = x, *b = y;
    int d = strcmp(a->group, b->group);
    d = d ? d : strcmp(a->replica, b->replica);
    return d ? d : strcmp(a->name, b->name);
}

struct pods rollout_collect(const rk_api *rk, rk_pass *ps)
{
    const rk_json *all = rk->list(ps, RAY_POD);
    struct pods p = {.pod = rk->alloc(ps, (rk->len(all, "") + 1) * sizeof(*p.pod))};
    for (RK_EACH(rk, pod, all))
        if (ray_is(rk, ps, pod, NULL) && !ray_terminating(rk, pod) && !ray_dead(rk, ps, pod))
            p.pod[p.n++] = (struct pod){.json = pod,
                                        .name = rk->str(pod, "/metadata/name", ""),
                                        .group = ray_label(rk, ps, pod, RAY_L_GROUP),
                                        .replica = ray_label(rk, ps, pod, RAY_L_REPLICA),
                                        .hash = rk->str(pod, ROLLOUT_HASH, ""),
                                        .ready = ray_ready(rk, pod)};
    qsort(p.pod, p.n, sizeof(*p.pod), by_group);
    return p;
}

struct pods rollout_group(const struct pods *all, const char *group)
{
    size_t low = 0, high = all->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(all->pod[mid].group, group) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    struct pods p = {.pod = all->pod + low};
    while (p.pod + p.n < all->pod + all->n && rk_is(p.pod[p.n].group, group))
        p.n++;
    return p;
}

static int32_t stamp(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk_set_str(rk, ps, rk->subject(ps), ROLLOUT_HASH, rollout_hash(rk, ps, rk->group(ps)));
}

struct told {
    const char *text;
    size_t n; /* groups */
};

static void tell(const rk_api *rk, rk_pass *ps, const struct pods *all, const rk_json *spec,
                 const char *group, struct told *t)
{
    struct pods p = rollout_group(all, group);
    size_t old = p.n ? rollout_outdated(&p, rollout_hash(rk, ps, spec)) : 0;
    if (old > 0 && t->n++ < MOST_TOLD)
        t->text = rk->fmt(ps, "%s%s%s: %zu of %zu", t->text, t->n > 1 ? ", " : "", group, old, p.n);
}

static int32_t status(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *o = rk->object(ps);
    struct told t = {.text = ""};
    (void)self;
    if (rk->deleting(ps))
        return RK_OK;
    const struct pods all = rollout_collect(rk, ps);
    tell(rk, ps, &all, rk->at(o, RAY_HEAD_SPEC), RAY_HEAD_GROUP, &t);
    for (RK_EACH(rk, g, rk->at(o, "/spec/workerGroupSpecs")))
        tell(rk, ps, &all, g, rk->str(g, "/groupName", ""), &t);
    if (t.n > MOST_TOLD)
        t.text = rk->fmt(ps, "%s, and %zu more", t.text, t.n - MOST_TOLD);
    if (t.n > 0)
        rk->condition(ps, "OutdatedPods", "True", "TemplateChanged",
                      rk->fmt(ps, "pods made from an earlier template: %s", t.text));
    else
        rk->drop_condition(ps, "OutdatedPods");
    return RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = rollout_validate,
     .title = "rolling-update annotations"},
    {.phase = RK_PHASE_PLAN,
     .rank = 320,
     .kinds = RAY_CLUSTER,
     .run = rollout_plan,
     .title = "outdated pods, some at a time"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = stamp,
     .title = "hash of the template"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = status,
     .title = "outdated pods"},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS("\n" ROLLOUT_HASH RAY_KEEP_DEAD RAY_KEEP_READY),
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .name = "rollout",
    .version = RK_VERSION,
    .summary = "outdated pods: told, and replaced where asked for",
    .owns = ROLLOUT_HASH,
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
