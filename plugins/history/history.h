/* history: what its files share. */
#ifndef HISTORY_H
#define HISTORY_H

#include <raykeeper/ray.h>

#define HISTORY_SPEC      "/spec/historyServerOptions"
#define HISTORY_COLLECTOR HISTORY_SPEC "/collectorOptions"
#define HISTORY_NAME      "ray-history-collector" /* of its container: tools of the field look for it */

struct history {
    const char *image, *pull_policy, *cpu, *memory, *cpu_limit, *memory_limit, *dashboard, *folder,
        *events;
    int64_t port;
};

static inline int history_wanted(const rk_api *rk, rk_pass *ps)
{
    return rk->type(rk->at(rk->object(ps), HISTORY_SPEC)) > RK_JSON_NULL;
}

/* validate.c: VALIDATE */
int32_t history_validate(const rk_api *rk, rk_pass *ps, void *self);
/* sidecar.c: POD: the container; the folder that it shares; what Ray's container is told */
int32_t history_sidecar(const rk_api *rk, rk_pass *ps, void *self);
int32_t history_logs(const rk_api *rk, rk_pass *ps, void *self);
int32_t history_env(const rk_api *rk, rk_pass *ps, void *self);

#endif
