/* autoscaler: what its files share. */
#ifndef AUTOSCALER_H
#define AUTOSCALER_H

#include <raykeeper/ray.h>

#define AUTOSCALER_OPTIONS "/spec/autoscalerOptions"
#define AUTOSCALER_NAME    "autoscaler" /* of its container: tools of the field look for it */
#define AUTOSCALER_V2_ENV  "RAY_enable_autoscaler_v2"
#define AUTOSCALER_START   "KUBERAY_GEN_AUTOSCALER_START_CMD"
#define AUTOSCALER_ACCOUNT "v1/ServiceAccount"
#define AUTOSCALER_RBAC    "rbac.authorization.k8s.io"

struct autoscaler {
    const char *cpu, *memory, *image, *pull_policy, *start, *logs;
};

static inline const rk_json *autoscaler_options(const rk_api *rk, rk_pass *ps)
{
    return rk->at(rk->object(ps), AUTOSCALER_OPTIONS);
}

/* "v1", "v2", or "": the Ray image decides. */
static inline const char *autoscaler_version(const rk_api *rk, rk_pass *ps)
{
    return rk->str(autoscaler_options(rk, ps), "/version", "");
}

/* The account that the user named for the head; "" = none. */
static inline const char *autoscaler_users_account(const rk_api *rk, rk_pass *ps)
{
    return rk->str(rk->object(ps), RAY_HEAD_SPEC "/template/spec/serviceAccountName", "");
}

/* validate.c, rights.c, sidecar.c; POD: start parameter, account, env, logs of the head; the
 * restart policy of workers */
int32_t autoscaler_validate(const rk_api *rk, rk_pass *ps, void *self);
int32_t autoscaler_rights(const rk_api *rk, rk_pass *ps, void *self);
int32_t autoscaler_sidecar(const rk_api *rk, rk_pass *ps, void *self);
int32_t autoscaler_head(const rk_api *rk, rk_pass *ps, void *self);
int32_t autoscaler_logs(const rk_api *rk, rk_pass *ps, void *self);
int32_t autoscaler_worker(const rk_api *rk, rk_pass *ps, void *self);

#endif
