/* head: what its files share. */
#ifndef HEAD_H
#define HEAD_H

#include <raykeeper/ray.h>

#define HEAD_CONDITION "HeadCrashLooping"

struct head {
    const char *name;
    int64_t budget, calm_ms, delay_ms, delay_max_ms;
};

/* budget.c: may this dead head be replaced now? 1 = yes; 0 = not yet, and the pass comes again when. */
int head_may_go(const rk_api *rk, rk_pass *ps, const struct head *me, const rk_json *dead);
int32_t head_status(const rk_api *rk, rk_pass *ps, void *self);

#endif
