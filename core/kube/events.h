/* Event recorder: events.k8s.io/v1 with series, bounded and shed first (client.md 55). */
#ifndef RK_KUBE_EVENTS_H
#define RK_KUBE_EVENTS_H

#include "core/kube/client.h"

struct rk_recorder;

struct rk_event {
    const char *controller;                                /* reportingController */
    const char *api_version, *kind, *ns, *name, *uid, *rv; /* regarding; rv may be NULL */
    bool warning;
    const char *reason, *action, *note; /* note cut at 1 KiB */
};

struct rk_recorder *rk_recorder_new(struct rk_poll *poll, struct rk_client *c,
                                    const char *instance); /* reportingInstance */
void rk_recorder_free(struct rk_recorder *r);
/* Equal (type, reason, action, controller, regarding uid and resourceVersion, note) within 6 min patch `series` of the first one (one PATCH at most each 30 s per series while it lasts, the
 * final count is not lost); per object a burst of 25, then one per 5 min; queue of 1,000, then dropped and counted. `epoch` gates it like any write. */
void rk_recorder_add(struct rk_recorder *r, const struct rk_event *e, uint64_t epoch);
void rk_recorder_flush(struct rk_recorder *r, int64_t bound_ms, void (*done)(void *ctx), void *ctx);
uint64_t rk_recorder_dropped(const struct rk_recorder *r);

#endif
