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
int32_t raycluster_report(const rk_api *rk, rk_pass *ps, void *self);

#endif
