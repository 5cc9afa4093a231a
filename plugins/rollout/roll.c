/* The rolling update itself: which outdated pods may go now. */
#include "rollout.h"

#define BUCKET "ray.io/worker-group-replica-name"

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
    if (text[digits])
        n = wanted * (n > 100 ? 100 : n) / 100;
    return n > 0 ? n : 1;
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

/* How many pods go with this one: of a multi-host replica one host is named, all go. 0 = it goes
 * already. */
static int64_t going(const rk_api *rk, rk_pass *ps, const struct pod *pod, rk_json *begun,
                     int64_t hosts)
{
    const char *bucket = ray_label(rk, ps, pod->json, BUCKET);
    if (hosts == 1 || !bucket[0])
        return 1;
    if (rk->at(begun, rk_under(rk, ps, "", bucket)))
        return 0;
    rk->put(ps, begun, bucket, rk->new_bool(ps, 1));
    return hosts;
}

static size_t count_ready(const struct pods *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->pod[i].ready != 0;
    return n;
}

/* Outdated pods that are not ready go at once and cost nothing; ready ones while fewer than allowed
 * are missing. */
static int32_t roll(const rk_api *rk, rk_pass *ps, const struct pods *p, const rk_json *g,
                    const char *hash)
{
    int64_t wanted = ray_desired(rk, g), hosts = ray_hosts(rk, g), ready = (int64_t)count_ready(p),
            most = most_missing(rk, ps, wanted);
    int64_t room = most - (wanted > ready ? wanted - ready : 0);
    rk_json *begun = rk->new_object(ps);
    if (most < hosts && ready >= wanted)
        room = hosts; /* less than a replica cannot go */
    for (size_t i = 0; i < p->n; i++) {
        const struct pod *pod = &p->pod[i];
        if (!pod->hash) {
            RK_TRY(rk->annotate(ps, pod->name, ROLLOUT_KEY, hash));
            continue;
        }
        if (rk_is(pod->hash, hash))
            continue;
        if (!pod->ready) {
            RK_TRY(drop(rk, ps, pod, "Worker"));
            continue;
        }
        int64_t n = room > 0 ? going(rk, ps, pod, begun, hosts) : 0;
        if (n == 0 || n > room)
            continue;
        room -= n;
        RK_TRY(drop(rk, ps, pod, "Worker"));
    }
    return RK_OK;
}

static int32_t head(const rk_api *rk, rk_pass *ps, const struct pods *all, int settled)
{
    struct pods p = rollout_group(all, RAY_HEAD_GROUP);
    const char *hash = rollout_hash(rk, ps, rk->at(rk->object(ps), RAY_HEAD_SPEC));
    int last = rk_is(ray_annotation(rk, ps, ROLLOUT_HEAD), "last");
    for (size_t i = 0; i < p.n; i++) {
        if (!p.pod[i].hash)
            RK_TRY(rk->annotate(ps, p.pod[i].name, ROLLOUT_KEY, hash));
        else if (!rk_is(p.pod[i].hash, hash) && settled && last)
            RK_TRY(drop(rk, ps, &p.pod[i], "Head"));
    }
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
        settled = settled && rollout_outdated(&p, hash) == 0 &&
                  (int64_t)count_ready(&p) >= ray_desired(rk, g);
    }
    return head(rk, ps, &all, settled);
}
