/* The verbs with their retry and precondition rules (client.md 36-42), over client.h. All
 * asynchronous. */
#ifndef RK_KUBE_VERBS_H
#define RK_KUBE_VERBS_H

#include "core/kube/client.h"

struct rk_target {
    const char *api_version, *plural, *ns, *name;
    /* secrets: answers to GET and POST hold metadata only, and what is sent is wiped */
    bool metadata_only;
};
typedef void rk_done_fn(void *ctx, const struct rk_resp *resp);

struct rk_write { /* common to all writes */
    uint64_t epoch;
    int priority;
    rk_done_fn *done;
    void *ctx;
};

/* POST a named object. GET/LIST retries do not apply; the outcome may be `unknown`: resolve it
 * before anything else with that name. */
rk_call *rk_kube_create(struct rk_client *c, const struct rk_target *t, struct rk_span body,
                        const struct rk_write *w);
/* DELETE with preconditions.uid (always) and resourceVersion (when given). 404 completes as 0.
 * grace_s < 0 = the object's own. background propagation. */
rk_call *rk_kube_delete(struct rk_client *c, const struct rk_target *t, const char *uid,
                        const char *rv, int64_t grace_s, const struct rk_write *w);
/* PATCH. type: "merge" or "json". Put metadata.resourceVersion into the body where the choice
 * depended on state. subresource NULL or "status". */
rk_call *rk_kube_patch(struct rk_client *c, const struct rk_target *t, const char *type,
                       const char *subresource, struct rk_span body, const struct rk_write *w);
rk_call *rk_kube_get(struct rk_client *c, const struct rk_target *t, int priority, rk_done_fn *done,
                     void *ctx);

#endif
