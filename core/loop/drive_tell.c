/* What a plan says to the owner's events, each thing once. */
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/worker.h"

/* Events of a plan are told when they are new: the pass is pure and says them each time. */
void rk_drive_tell(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *plan)
{
    uint64_t *now = plan->n_events ? rk_alloc_array(plan->n_events, sizeof(*now)) : NULL;
    for (size_t i = 0; i < plan->n_events; i++) {
        const struct rk_plan_event *e = &plan->events[i];
        now[i] = rk_hash64(e->note, strlen(e->note),
                           rk_hash64(e->reason, strlen(e->reason), e->warning));
        bool old = false;
        for (size_t j = 0; j < o->n_told && !old; j++)
            old = o->told[j] == now[i];
        if (old)
            continue;
        const char *slash = strrchr(o->gvk, '/');
        char api_version[256];
        if (!slash ||
            rk_str_copyn(api_version, sizeof(api_version), o->gvk, (size_t)(slash - o->gvk)) != 0)
            continue;
        struct rk_event ev = {.controller = plan->controller,
                              .api_version = api_version,
                              .kind = slash + 1,
                              .ns = o->ns,
                              .name = o->name,
                              .uid = plan->uid,
                              .rv = plan->rv,
                              .warning = e->warning,
                              .reason = e->reason,
                              .action = e->action,
                              .note = e->note};
        rk_recorder_add(w->recorder, &ev, w->epoch);
        rk_log_info(e->warning ? "warning event" : "event", RK_KV("object", o->key),
                    RK_KV("reason", e->reason), RK_KV("note", e->note));
    }
    rk_free(o->told);
    o->told = now;
    o->n_told = plan->n_events;
}

/* No hook has seen the object, so no status can be made: an event alone tells its user. */
void rk_drive_tell_unreadable(struct rk_worker *w, struct rk_owner *o,
                              const struct rk_snapshot *snap, const struct rk_err *err)
{
    const rk_kind *kind = rk_plugins_kind(w->plugins, o->gvk);
    struct rk_plan_event event = {
        .warning = true, .reason = "UnreadableObject", .action = "Validate", .note = err->text};
    const struct rk_plan told = {.controller =
                                     kind && kind->controller ? kind->controller : "raykeeper",
                                 .uid = snap->uid,
                                 .rv = snap->rv,
                                 .events = &event,
                                 .n_events = 1};
    rk_drive_tell(w, o, &told);
}
