/* rollout: what its files share. */
#ifndef ROLLOUT_H
#define ROLLOUT_H

#include <raykeeper/ray.h>

#define ROLLOUT_HASH "/metadata/annotations/raykeeper.io~1template-hash"
#define ROLLOUT_ROLL "raykeeper.io/rolling-update"
#define ROLLOUT_HEAD "raykeeper.io/rolling-update-head"

struct pod { /* an observed one that neither goes nor is dead */
    const rk_json *json;
    const char *name, *group;
    const char *replica; /* of several hosts: its name; "" = none */
    const char *hash;    /* of the template it was made from; "" = nobody knows */
    int ready;
};

struct pods {
    struct pod *pod;
    size_t n;
};

/* rollout.c: all pods of the cluster, looked at once however many groups there are, those of a replica side
 * by side; those of one group (a part of `all`); the hash of what a pod of a group is made from. */
struct pods rollout_collect(const rk_api *rk, rk_pass *ps);
struct pods rollout_group(const struct pods *all, const char *group);
const char *rollout_hash(const rk_api *rk, rk_pass *ps, const rk_json *group);
/* Made from another template than that of the hash, as far as its own tells. */
int rollout_is_old(const struct pod *pod, const char *hash);
size_t rollout_outdated(const struct pods *p, const char *hash);

/* roll.c */
int32_t rollout_validate(const rk_api *rk, rk_pass *ps, void *self);
int32_t rollout_plan(const rk_api *rk, rk_pass *ps, void *self);

#endif
