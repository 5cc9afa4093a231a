/* gcsft: what its files share. */
#ifndef GCSFT_H
#define GCSFT_H

#include <raykeeper/ray.h>

#define GCSFT_OPTIONS   "/spec/gcsFaultToleranceOptions"
#define GCSFT_FINALIZER "ray.io/gcs-ft-redis-cleanup-finalizer"
#define GCSFT_JOB       "batch/v1/Job"
#define GCSFT_CLAIM     "v1/PersistentVolumeClaim"
#define GCSFT_TIMEOUT   "ray.io/gcs-ft-deletion-timeout"

struct gcsft {
    const char *cpu, *memory, *size, *reconnect;
    int64_t deadline_ms, job_ms;
    uint8_t cleanup;
};

/* gcsft.c */
int gcsft_rocksdb(const rk_api *rk, rk_pass *ps);
const char *gcsft_storage_namespace(const rk_api *rk, rk_pass *ps);
/* validate.c */
int32_t gcsft_validate(const rk_api *rk, rk_pass *ps, void *self);
int64_t gcsft_timeout_s(const rk_api *rk, const char *text);
/* pods.c */
int32_t gcsft_head(const rk_api *rk, rk_pass *ps, void *self);
int32_t gcsft_worker(const rk_api *rk, rk_pass *ps, void *self);
/* claim.c */
const char *gcsft_claim_name(const rk_api *rk, rk_pass *ps);
int32_t gcsft_claim(const rk_api *rk, rk_pass *ps, void *self);
/* cleanup.c */
int32_t gcsft_hold(const rk_api *rk, rk_pass *ps, void *self);
int32_t gcsft_finalize(const rk_api *rk, rk_pass *ps, void *self);

#endif
