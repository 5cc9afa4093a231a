/* The rolling update itself: which outdated pods may go now. */
#include "rollout.h"

#define DOWN_MS 300000 /* as long as Kubernetes itself leaves pods on a node that is away */

/* A number of pods, a percentage, true or false; 0 = no rolling update, -1 = none of these. */
static int64_t most_missing(const rk_api *rk, rk_pass *ps, int64_t wanted)
{
    const char *text = ray_annotation(rk, ps, ROLLOUT_ROLL);
    int64_t n = 0;
    if (!text || rk_is_ci(text, "false"))
        return 0;
    if (rk_is_ci(text, "true"))
        return 1;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || (text[digits] && !rk_is(text + digits, "%")) ||
        rk->qty_value(rk->fmt(ps, "%.*s", (int)digits, text), &n) != RK_OK)
        return -1;
    if (!text[digits] || n == 0)
        return n;
    n = wanted * (n > 100 ? 100 : n) / 100;
    return n > 0 ? n : 1; /* a small part of a few is one, not none */
}

int32_t rollout_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *head = ray_annotation(rk, ps, ROLLOUT_HEAD);
    (void)self;
    if (most_missing(rk, ps, 1) < 0)
        (void)rk->fail(ps, RK_EINVAL, rk_under(rk, ps, "/metadata/annotations", ROLLOUT_ROLL),
                       "'%s' is no number of pods, no percentage and not true or false",
                       ray_annotation(rk, ps, ROLLOUT_ROLL));
    if (head && !rk_is(head, "last") && !rk_is(head, "never"))
        (void)rk->fail(ps, RK_EINVAL, rk_under(rk, ps, "/metadata/annotations", ROLLOUT_HEAD),
                       "'%s' is neither last nor never", head);
    return RK_OK;
}

static int32_t drop(const rk_api *rk, rk_pass *ps, const struct pod *pod, const char *type)
{
    return rk->drop_pod(ps, pod->name, "its template changed, rolling update",
                        rk->fmt(ps, "Deleted%sPod", type),
                        rk->fmt(ps, "FailedToDelete%sPod", type));
}

static int64_t count_ready(const struct pods *p)
{
    int64_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->pod[i].ready != 0;
    return n;
}

/* What goes with the i-th pod when that goes: a replica of several hosts goes as a whole. */
static struct pods together(const struct pods *p, size_t i, int64_t hosts)
{
    struct pods u = {.pod = p->pod + i, .n = 1};
    if (hosts > 1 && u.pod->replica[0])
        while (i + u.n < p->n && rk_is(u.pod[u.n].replica, u.pod->replica))
            u.n++;
    return u;
}

static const struct pod *outdated(const struct pods *p, const char *hash, int ready)
{
    for (size_t i = 0; i < p->n; i++)
        if (rollout_is_old(&p->pod[i], hash) && !p->pod[i].ready == !ready)
            return &p->pod[i];
    return NULL;
}

static int32_t stamp_unknown(const rk_api *rk, rk_pass *ps, const struct pods *p, const char *hash)
{
    for (size_t i = 0; i < p->n; i++)
        if (!ray_comparable(hash, p->pod[i].hash))
            RK_TRY(rk->annotate(ps, p->pod[i].name, RAY_A_TEMPLATE, hash));
    return RK_OK;
}

/* Outdated pods that are not ready go at once, and cost only what is ready of their replicas; then ready
 * ones while fewer than allowed are missing. */
static int32_t roll(const rk_api *rk, rk_pass *ps, const struct pods *p, const rk_json *g,
                    const char *hash)
{
    int64_t wanted = ray_desired(rk, g), hosts = ray_hosts(rk, g), there = count_ready(p),
            most = most_missing(rk, ps, wanted);
    int64_t room = most - (wanted > there ? wanted - there : 0);
    if (most < hosts && there >= wanted)
        room = hosts; /* less than a replica cannot go */
    RK_TRY(stamp_unknown(rk, ps, p, hash));
    for (int ready = 0; ready <= 1; ready++)
        for (size_t i = 0, n; i < p->n; i += n) {
            const struct pods all = together(p, i, hosts);
            const struct pod *old = outdated(&all, hash, ready);
            const int64_t cost = count_ready(&all);
            n = all.n;
            if (!old || (ready && (cost > room || outdated(&all, hash, 0))))
                continue; /* too much, or gone in the first round */
            room -= cost;
            RK_TRY(drop(rk, ps, old, "Worker"));
        }
    return RK_OK;
}

/* Is it down for good? A node that is away for a moment is no reason to lose what the head knows. */
static int is_down(const rk_api *rk, rk_pass *ps, const struct pod *pod)
{
    const char *made = rk->str(pod->json, "/metadata/creationTimestamp", ""),
               *since = rk->str(pod->json, "/status/conditions/[Ready]/lastTransitionTime", made);
    int64_t left = ray_time_ms(since) + DOWN_MS - rk->now_ms(ps);
    if (pod->ready || left > 0) {
        if (!pod->ready) /* the time counts, not the verdict */
            (void)rk->wait(ps, left, "an outdated head is not ready");
        return 0;
    }
    return 1;
}

/* Last: once all workers are as they should be. One that is down helps nobody, and might never let
 * them become so: it need not wait. */
static int32_t head(const rk_api *rk, rk_pass *ps, const struct pods *all, int settled)
{
    struct pods p = rollout_group(all, RAY_HEAD_GROUP);
    const char *hash = rollout_hash(rk, ps, rk->at(rk->object(ps), RAY_HEAD_SPEC));
    RK_TRY(stamp_unknown(rk, ps, &p, hash));
    for (size_t i = 0; i < p.n && rk_is(ray_annotation(rk, ps, ROLLOUT_HEAD), "last"); i++)
        if (rollout_is_old(&p.pod[i], hash) && (settled || is_down(rk, ps, &p.pod[i])))
            RK_TRY(drop(rk, ps, &p.pod[i], "Head"));
    return RK_OK;
}

int32_t rollout_plan(const rk_api *rk, rk_pass *ps, void *self)
{
    int settled = 1;
    (void)self;
    if (most_missing(rk, ps, 1) <= 0)
        return RK_OK;
    const struct pods all = rollout_collect(rk, ps);
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs"))) {
        struct pods p = rollout_group(&all, rk->str(g, "/groupName", ""));
        if (rk->truth(g, "/suspend", 0))
            continue;
        const char *hash = rollout_hash(rk, ps, g);
        RK_TRY(roll(rk, ps, &p, g, hash));
        settled =
            settled && rollout_outdated(&p, hash) == 0 && count_ready(&p) >= ray_desired(rk, g);
    }
    return head(rk, ps, &all, settled);
}
