/* gcsft: the head's state outlives the head (reference 4.9, 4.13, 6.1): in a Redis of the user's, or in
 * RocksDB on a claim. What pods need for it (pods.c), the claim (claim.c), Redis being cleaned up when
 * the cluster is deleted (cleanup.c), whether the options are legal (validate.c). */
#include "gcsft.h"

static const rk_opt options[] = {
    {.key = "cleanup",
     .dflt = "true",
     .type = RK_T_BOOL,
     .offset = offsetof(struct gcsft, cleanup),
     .help = "delete the cluster's keys from Redis, by a Job, before the cluster is gone"},
    {.key = "cleanup-deadline",
     .dflt = "5m",
     .type = RK_T_DURATION,
     .offset = offsetof(struct gcsft, deadline_ms),
     .min = 1000,
     .max = 604800000,
     .help = "since the deletion; then the cluster goes, cleaned up or not. Annotation "
             "ray.io/gcs-ft-deletion-timeout (seconds) says otherwise for one cluster"},
    {.key = "cleanup-job-deadline",
     .dflt = "5m",
     .type = RK_T_DURATION,
     .offset = offsetof(struct gcsft, job_ms),
     .min = 1000,
     .max = 604800000,
     .help = "activeDeadlineSeconds of the Job"},
    {.key = "cleanup-cpu",
     .dflt = "200m",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct gcsft, cpu),
     .help = "request and limit of the Job's container"},
    {.key = "cleanup-memory",
     .dflt = "256Mi",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct gcsft, memory),
     .help = "request and limit of the Job's container"},
    {.key = "claim-size",
     .dflt = "1Gi",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct gcsft, size),
     .help = "of the RocksDB claim, where the cluster says nothing"},
    {.key = "reconnect-timeout",
     .dflt = "600",
     .type = RK_T_STR,
     .offset = offsetof(struct gcsft, reconnect),
     .help = "seconds that a worker waits for a head that is being replaced"},
};

int gcsft_rocksdb(const rk_api *rk, rk_pass *ps)
{
    return rk_is(rk->str(rk->object(ps), GCSFT_OPTIONS "/backend", "redis"), "rocksdb");
}

/* Under which name the keys of this cluster stand in Redis. */
const char *gcsft_storage_namespace(const rk_api *rk, rk_pass *ps)
{
    const char *own = rk->str(rk->object(ps), GCSFT_OPTIONS "/externalStorageNamespace", "");
    if (!own[0])
        own = ray_annotation(rk, ps, RAY_A_STORAGE);
    return own && own[0] ? own : rk->uid(ps);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = gcsft_validate,
     .title = "options of fault tolerance"},
    {.phase = RK_PHASE_PLAN,
     .rank = 20,
     .kinds = RAY_CLUSTER,
     .run = gcsft_hold,
     .title = "finalizer, before anything is made"},
    {.phase = RK_PHASE_PLAN,
     .rank = 120,
     .kinds = RAY_CLUSTER,
     .run = gcsft_claim,
     .title = "the RocksDB claim"},
    {.phase = RK_PHASE_POD,
     .rank = 260, /* after the version of the autoscaler, before auth */
     .kinds = RAY_CLUSTER,
     .roles = "head",
     .run = gcsft_head,
     .title = "where the head keeps its state"},
    {.phase = RK_PHASE_POD,
     .rank = 260,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = gcsft_worker,
     .title = "patience with a head that restarts"},
    {.phase = RK_PHASE_FINALIZE,
     .rank = RK_RANK_BASE,
     .kinds = RAY_CLUSTER,
     .run = gcsft_finalize,
     .title = "the cluster's keys leave Redis"},
};

static const rk_kind kinds[] = {
    {.gvk = RAY_CLUSTER,
     .plural = "rayclusters",
     .controller = "raycluster-controller",
     .finalizers = GCSFT_FINALIZER},
};

static const rk_watch watches[] = {
    RAY_WATCH_PODS(""),
    {.gvk = GCSFT_JOB,
     .plural = "jobs",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = "ray.io/node-type=redis-cleanup",
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/status/conditions"},
    {.gvk = GCSFT_CLAIM,
     .plural = "persistentvolumeclaims",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .keep = "/metadata/ownerReferences\n/spec/accessModes\n/spec/storageClassName\n"
             "/spec/resources/requests/storage"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct gcsft),
    .name = "gcsft",
    .version = RK_VERSION,
    .summary = "GCS fault tolerance over Redis or RocksDB",
    .after = "autoscaler",
    .owns = "/metadata/annotations,/metadata/labels,/spec,/start/params",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .kinds = kinds,
    .n_kinds = RK_COUNT(kinds),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
};
