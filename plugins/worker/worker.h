/* worker: what its files share. */
#ifndef WORKER_H
#define WORKER_H

#include <raykeeper/ray.h>

struct worker {
    int64_t most_pods, replica_ms;
    uint8_t delete_surplus;
};

struct pod { /* an observed worker */
    const rk_json *json;
    const char *name, *group, *created;
    const char *why;     /* goes, and why; NULL = stays */
    const char *replica; /* of several hosts: its name, "" = none */
    int64_t index;       /* of the replica; -1 = none readable */
    int64_t host;        /* its place in the replica; -1 = none readable */
    int going;           /* it is terminating already */
};

struct pods {
    struct pod *pod;
    size_t n;
};

struct replica {     /* pods that come and go together */
    struct pod *pod; /* by host */
    size_t n;
    const char *name; /* "" = older operators gave none */
    const char *why;  /* goes, and why; NULL = stays */
    int64_t index;    /* -1 = none readable */
    int unfinished;   /* hosts are still to be made */
};

struct replicas {
    const char *group, *intent; /* what they are made for, digested: part of their names */
    int64_t hosts;              /* of each */
    struct replica *r;
    size_t n;
};

struct members {
    rk_member *m;
    uint32_t n;
};

/* choose.c: the workers of the cluster, looked at once however many groups there are, those of
 * groups that the spec has no more marked; those of one group (a part of `all`), the named ones
 * marked. When there are too many: is it for us to choose who goes? Then the `surplus` that go first. */
struct pods worker_collect(const rk_api *rk, rk_pass *ps);
struct pods worker_of_group(const rk_api *rk, rk_pass *ps, const struct pods *all,
                            const rk_json *group);
int worker_may_choose(const rk_api *rk, rk_pass *ps, const struct worker *me);
void worker_shrink(const rk_api *rk, rk_pass *ps, struct pods *p, size_t surplus);
/* A count in a label; -1 = none readable. How little is lost with this pod: 0 pending, 1 not ready,
 * 2 ready. */
int64_t worker_number(const rk_api *rk, rk_pass *ps, const rk_json *pod, const char *label);
int worker_rank(const rk_api *rk, const rk_json *pod);

/* lost.c: DEFAULT. Counts that an old definition dropped are as the pods have them. */
int32_t worker_default(const rk_api *rk, rk_pass *ps, void *self);

/* replica.c: the pods of a group as replicas; marks who goes. multihost.c: places of the group; marks
 * who is too many. What a group's replicas are made for, and the k-th name of one with that index. */
struct replicas worker_split(const rk_api *rk, rk_pass *ps, const struct worker *me,
                             const rk_json *spec, struct pods *p);
const char *worker_intent(const rk_api *rk, rk_pass *ps, const rk_json *spec);
const char *worker_replica_name(const rk_api *rk, rk_pass *ps, const struct replicas *in,
                                int64_t index, int k);
void worker_drop_replica(struct replica *r);
struct members worker_replicas(const rk_api *rk, rk_pass *ps, const struct worker *me,
                               const rk_json *spec, struct pods *p);
#define WORKER_NAMES 32 /* of replicas that have one index and are there at the same time */

#endif
