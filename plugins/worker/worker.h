/* worker: what its files share. */
#ifndef WORKER_H
#define WORKER_H

#include <raykeeper/ray.h>

struct worker {
    int64_t most_pods;
};

struct pods { /* of one group */
    const rk_json **pod;
    const char **why; /* goes, and why; NULL = stays */
    int64_t *index;   /* replica index; -1 = none readable */
    uint32_t n;
};

/* choose.c: the pods of a group and which of them must go; then the `surplus` that go first. */
void worker_collect(const rk_api *rk, rk_pass *ps, const rk_json *group, struct pods *ret);
void worker_shrink(const rk_api *rk, struct pods *p, int64_t surplus);

#endif
