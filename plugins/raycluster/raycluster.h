/* raycluster: what its files share. */
#ifndef RAYCLUSTER_H
#define RAYCLUSTER_H

#include <raykeeper/ray.h>

struct raycluster {
    uint8_t reserved;
};

int32_t raycluster_validate(const rk_api *rk, rk_pass *ps, void *self);
int32_t raycluster_default(const rk_api *rk, rk_pass *ps, void *self);
int32_t raycluster_status(const rk_api *rk, rk_pass *ps, void *self);
/* types.c: each failure is told to fail(); `path` is that of a group. */
void raycluster_types(const rk_api *rk, rk_pass *ps);
void raycluster_group_types(const rk_api *rk, rk_pass *ps, const char *path, int worker);
/* conditions.c */
const rk_json *raycluster_condition(const rk_api *rk, const rk_json *o, const char *type);
void raycluster_head_condition(const rk_api *rk, rk_pass *ps, const rk_json *head);
void raycluster_provisioned(const rk_api *rk, rk_pass *ps, int all_running);
int32_t raycluster_report(const rk_api *rk, rk_pass *ps, void *self);

#endif
