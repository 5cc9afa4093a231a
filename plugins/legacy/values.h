/* What the two files that read the old chart's values share. */
#ifndef RK_PLUGIN_LEGACY_VALUES_H
#define RK_PLUGIN_LEGACY_VALUES_H

#include "convert.h"

struct lgv {
    struct lg c; /* for lg_bad, lg_tell and lg_dot */
    const rk_json *values;
    rk_json *pull_secrets;        /* NULL = none */
    uint8_t new_names, old_names; /* CPU and GPU, numCPU and numGPU */
};

/* values.c */
const rk_json *lgv_at(struct lgv *v, const rk_json *map, const char *key);

/* chart.c: one of podTypes as the template has it; adds its maxWorkers to *sum. */
rk_json *lgv_type(struct lgv *v, const rk_json *type, const char *where, size_t index,
                  int64_t *sum);
/* What the template says whatever the values are. */
void lgv_fixed(struct lgv *v, rk_json *spec);

#endif
