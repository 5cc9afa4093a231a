/* raycluster: what its files share. */
#ifndef RAYCLUSTER_H
#define RAYCLUSTER_H

#include <raykeeper/ray.h>

#define RAYCLUSTER_READY "/status/conditions/[Ready]" /* of a pod */

#define RAYCLUSTER_INFO        "kuberay_cluster_info"
#define RAYCLUSTER_PROVISIONED "kuberay_cluster_condition_provisioned"
#define RAYCLUSTER_DURATION    "kuberay_cluster_provisioned_duration_seconds"

/* Hooks, of the files with these names. */
int32_t raycluster_validate(const rk_api *rk, rk_pass *ps, void *self);
int32_t raycluster_default(const rk_api *rk, rk_pass *ps, void *self);
int32_t raycluster_status(const rk_api *rk, rk_pass *ps, void *self);
int32_t raycluster_gauges(const rk_api *rk, rk_pass *ps, void *self);

struct rule {
    const char *path; /* below its prefix; `*` = every member */
    int32_t type;
    int needed;
};

/* types.c, options.c: each failure is told to fail(); `path` is that of a group. */
void raycluster_rules(const rk_api *rk, rk_pass *ps, const char *prefix, const struct rule *r,
                      size_t n);
void raycluster_quantities(const rk_api *rk, rk_pass *ps, const char *path);
void raycluster_option_types(const rk_api *rk, rk_pass *ps);
void raycluster_types(const rk_api *rk, rk_pass *ps);
void raycluster_group_types(const rk_api *rk, rk_pass *ps, const char *path, int worker);
/* conditions.c */
void raycluster_head_condition(const rk_api *rk, rk_pass *ps, const rk_json *head);
void raycluster_provisioned(const rk_api *rk, rk_pass *ps, int all_running);
/* ready.c: condition Ready */
int32_t raycluster_ready(const rk_api *rk, rk_pass *ps, void *self);
int32_t raycluster_report(const rk_api *rk, rk_pass *ps, void *self);

#endif
