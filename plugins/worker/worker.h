/* worker: what its files share. */
#ifndef WORKER_H
#define WORKER_H

#include <raykeeper/ray.h>

struct worker {
    int64_t most_pods;
};

struct pod { /* an observed worker that is not going already */
    const rk_json *json;
    const char *name, *group;
    const char *why; /* goes, and why; NULL = stays */
    int64_t index;   /* replica index; -1 = none readable */
};

struct pods {
    struct pod *pod;
    size_t n;
};

/* choose.c: the workers of the cluster, looked at once however many groups there are; those of one
 * group (a part of `all`), the named ones marked; then the `surplus` that go first. */
struct pods worker_collect(const rk_api *rk, rk_pass *ps);
struct pods worker_of_group(const rk_api *rk, rk_pass *ps, const struct pods *all,
                            const rk_json *group);
void worker_shrink(const rk_api *rk, rk_pass *ps, struct pods *p, size_t surplus);

#endif
