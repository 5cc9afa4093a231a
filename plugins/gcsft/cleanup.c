/* Redis outlives the cluster: the cluster's keys are deleted by a Job before the cluster is gone
 * (reference 4.13, 6.1). A finalizer holds it until the Job has ended, until the deadline, or until no Job can be had.
 *
 * Unlike the peer: the deadline holds for every step, waiting for the head too; a namespace that is
 * being deleted takes no Job, so nothing waits for one there; and the finalizer goes when fault
 * tolerance, or the clean-up, was switched off. */
#include "gcsft.h"

#define LOOK_MS 2000
#define POD     "/spec/template"

static int has_finalizer(const rk_api *rk, rk_pass *ps)
{
    for (RK_EACH(rk, f, rk->at(rk->object(ps), "/metadata/finalizers")))
        if (rk_is(rk->str(f, "", NULL), GCSFT_FINALIZER))
            return 1;
    return 0;
}

static int needed(const rk_api *rk, rk_pass *ps, const struct gcsft *me)
{
    return me->cleanup && ray_ft_enabled(rk, ps) && !gcsft_rocksdb(rk, ps);
}

int32_t gcsft_hold(const rk_api *rk, rk_pass *ps, void *self)
{
    if (needed(rk, ps, self))
        return rk->hold(ps, GCSFT_FINALIZER);
    return has_finalizer(rk, ps) ? rk->release(ps, GCSFT_FINALIZER) : RK_OK;
}

/* ---- the Job ---- */

static const char script[] =
    "import os, sys\n"
    "from urllib.parse import urlparse\n"
    "from ray._private.gcs_utils import cleanup_redis_storage\n"
    "address = os.environ.get('RAY_REDIS_ADDRESS', '').split(',')[0]\n"
    "url = urlparse(address if '://' in address else 'redis://' + address)\n"
    "user = {'username': os.environ['REDIS_USERNAME']} if 'REDIS_USERNAME' in os.environ else {}\n"
    "done = cleanup_redis_storage(host=url.hostname, port=url.port, "
    "password=os.environ.get('REDIS_PASSWORD', url.password or ''), use_ssl=url.scheme == 'rediss', "
    "storage_namespace=os.environ.get('RAY_external_storage_namespace'), **user)\n"
    "print('the keys of', os.environ.get('RAY_external_storage_namespace'), "
    "'are deleted' if done else 'could not be deleted')\n"
    "sys.exit(0 if done else 1)\n";

/* Of a head pod: only the Ray container, which cleans up instead of starting Ray. */
static int32_t container(const rk_api *rk, rk_pass *ps, rk_obj *job, const struct gcsft *me)
{
    static const char *const gone[] = {"livenessProbe", "readinessProbe", "startupProbe",
                                       "lifecycle", "resources"};
    static const char *const kinds[] = {"limits", "requests"};
    static const char *const bash[] = {"/bin/bash", "-c", "--"};
    const char *line =
        rk->fmt(ps, "echo \"If this fails, delete the keys by hand.\" && python -c \"%s\"", script);
    for (size_t n = rk->len(rk->tree(job), POD "/spec/containers"); n > 1; n--)
        RK_TRY(rk->drop(job, rk->fmt(ps, POD "/spec/containers/%zu", n - 1)));
    for (size_t i = 0; i < RK_COUNT(gone); i++)
        RK_TRY(rk->drop(job, rk->fmt(ps, POD RAY_C0 "/%s", gone[i])));
    for (size_t i = 0; i < RK_COUNT(kinds); i++)
        RK_TRY(rk->set(job, rk->fmt(ps, POD RAY_C0 "/resources/%s", kinds[i]),
                       ray_amounts(rk, ps, me->cpu, me->memory)));
    RK_TRY(rk->set(job, POD RAY_C0 "/command", rk_words(rk, ps, bash, RK_COUNT(bash))));
    RK_TRY(rk->set(job, POD RAY_C0 "/args", rk_words(rk, ps, &line, 1)));
    RK_TRY(rk_env_force(rk, ps, job, POD RAY_C0, "RAY_redis_db_connect_retries", "120"));
    return rk_env_force(rk, ps, job, POD RAY_C0, "RAY_redis_db_connect_wait_milliseconds", "500");
}

static int32_t want_job(const rk_api *rk, rk_pass *ps, const struct gcsft *me)
{
    const rk_json *spec = rk->at(rk->object(ps), RAY_HEAD_SPEC);
    const rk_group head = {.size = sizeof(head),
                           .role = "head",
                           .group = RAY_HEAD_GROUP,
                           .spec = spec,
                           .pod_template = rk->at(spec, "/template")};
    rk_json *pod = rk->shape(ps, &head);
    if (!pod)
        return RK_EFAIL; /* it is on record why */
    rk_obj *job = rk->want(ps, GCSFT_JOB,
                           ray_check_label(rk, ps, rk->fmt(ps, "%s-redis-cleanup", rk->name(ps))),
                           RK_POLICY_ONCE | RK_WANT_APART);
    rk->announce(ps, job, "CreatedRedisCleanupJob", "FailedToCreateRedisCleanupJob");
    RK_TRY(rk->set(job, POD, pod));
    RK_TRY(rk_set_str(rk, ps, job, rk_under(rk, ps, POD "/metadata/labels", RAY_L_TYPE),
                      "redis-cleanup"));
    RK_TRY(rk->set(job, "/metadata/labels", rk->at(rk->tree(job), POD "/metadata/labels")));
    if (rk->at(rk->tree(job), POD "/metadata/annotations"))
        RK_TRY(rk->set(job, "/metadata/annotations",
                       rk->at(rk->tree(job), POD "/metadata/annotations")));
    RK_TRY(rk_set_str(rk, ps, job, POD "/spec/restartPolicy", "Never"));
    RK_TRY(rk_set_num(rk, ps, job, "/spec/backoffLimit", 0));
    RK_TRY(rk_set_num(rk, ps, job, "/spec/activeDeadlineSeconds", me->job_ms / 1000));
    return container(rk, ps, job, me);
}

/* ---- the end ---- */

/* 1 = it has ended, well or not. */
static int ended(const rk_api *rk, const rk_json *job, int *ret_failed)
{
    static const char *const types[] = {"Complete", "Failed", "FailureTarget"};
    for (RK_EACH(rk, c, rk->at(job, "/status/conditions")))
        for (size_t i = 0; i < RK_COUNT(types); i++)
            if (rk_is(rk->str(c, "/type", NULL), types[i]) &&
                rk_is(rk->str(c, "/status", NULL), "True")) {
                *ret_failed = i > 0;
                return 1;
            }
    return 0;
}

static int64_t deadline_ms(const rk_api *rk, rk_pass *ps, const struct gcsft *me)
{
    int64_t seconds = gcsft_timeout_s(rk, ray_annotation(rk, ps, GCSFT_TIMEOUT));
    return seconds > 0 ? seconds * 1000 : me->deadline_ms;
}

static int32_t give_up(const rk_api *rk, rk_pass *ps, const char *why)
{
    rk->event(ps, 1, "ForceDeletedStuckCluster", "Cleanup",
              rk->fmt(ps, "%s/%s: %s; the keys of %s may be left in Redis", rk->ns(ps),
                      rk->name(ps), why, gcsft_storage_namespace(rk, ps)));
    return RK_OK;
}

static int refused(const rk_api *rk, rk_pass *ps, const char *gvk, const char *group)
{
    rk_outcome o = {.size = sizeof(o)};
    return rk->outcome(ps, gvk, group, &o) && o.failures && strstr(o.message, "being terminated");
}

/* Has the API server said, to a Job or a pod, that the namespace is being deleted? */
static int namespace_goes(const rk_api *rk, rk_pass *ps)
{
    int goes = refused(rk, ps, GCSFT_JOB, "") || refused(rk, ps, RAY_POD, RAY_HEAD_GROUP);
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        goes = goes || refused(rk, ps, RAY_POD, rk->str(g, "/groupName", ""));
    return goes;
}

/* All pods go; true while a head is left, which would write its keys again. */
static int head_left(const rk_api *rk, rk_pass *ps)
{
    int left = 0;
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD))) {
        if (!ray_is(rk, ps, pod, NULL))
            continue;
        left |= ray_is(rk, ps, pod, "head");
        (void)rk->drop_pod(ps, rk->str(pod, "/metadata/name", ""), "the cluster is deleted",
                           "DeletedPod",
                           "FailedToDeletePodCollection"); /* a refusal is on record */
    }
    return left;
}

int32_t gcsft_finalize(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct gcsft *me = self;
    if (!has_finalizer(rk, ps) || !needed(rk, ps, me))
        return RK_OK;
    int64_t since = ray_time_ms(rk->str(rk->object(ps), "/metadata/deletionTimestamp", "")),
            left = since + deadline_ms(rk, ps, me) - rk->now_ms(ps);
    if (left <= 0)
        return give_up(rk, ps, "the deadline of the clean-up has passed");
    (void)rk->wait(ps, left, "the deadline of the clean-up"); /* the time counts, not the verdict */
    if (head_left(rk, ps))
        return rk->wait(ps, left < 5 * LOOK_MS ? left : 5 * LOOK_MS, "the head is going");
    int failed = 0;
    for (RK_EACH(rk, job, rk->list(ps, GCSFT_JOB))) {
        if (!rk->mine(ps, job))
            continue;
        if (!ended(rk, job, &failed))
            return rk->wait(ps, left < LOOK_MS ? left : LOOK_MS, "the clean-up runs");
        return failed ? give_up(rk, ps, "the clean-up Job failed") : RK_OK;
    }
    if (namespace_goes(rk, ps))
        return give_up(rk, ps, "the namespace is being deleted and takes no clean-up Job");
    RK_TRY(want_job(rk, ps, me));
    return rk->wait(ps, left < LOOK_MS ? left : LOOK_MS, "the clean-up begins");
}
