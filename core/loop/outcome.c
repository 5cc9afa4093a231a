/* What became of the last write, by (kind, group): read by STATUS hooks, which is how a pure pass reports a failed create. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/worker.h"

static struct rk_snap_outcome *row(struct rk_owner *owner, const char *gvk, const char *group)
{
    for (size_t i = 0; i < owner->n_outcomes; i++)
        if (rk_str_eq(owner->outcomes[i].gvk, gvk) && rk_str_eq(owner->outcomes[i].group, group))
            return &owner->outcomes[i];
    return NULL;
}

static void replace(const char **slot, const char *text)
{
    char *old = (char *)(uintptr_t)*slot; /* ours: made by rk_strdup below */
    *slot = rk_strdup(text);
    rk_free(old);
}

void rk_outcome_note(struct rk_owner *owner, const char *gvk, const char *group, const char *verb,
                     const struct rk_resp *resp)
{
    struct rk_snap_outcome *o = row(owner, gvk, group);
    if (!o) {
        if (resp->code == 0)
            return; /* nothing has ever failed here: nothing to remember */
        owner->outcomes = rk_realloc(owner->outcomes, (owner->n_outcomes + 1) * sizeof(*o));
        o = &owner->outcomes[owner->n_outcomes++];
        memset(o, 0, sizeof(*o));
        o->gvk = rk_strdup(gvk);
        o->group = rk_strdup(group);
    }
    int64_t now = rk_clock_wall_us() / 1000;
    replace(&o->verb, verb);
    replace(&o->reason, resp->code ? resp->reason : "");
    replace(&o->message, resp->code ? resp->message : "");
    o->http = resp->http;
    if (resp->code == 0) {
        o->failures = 0;
        return;
    }
    if (o->failures == 0)
        o->first_ms = now;
    o->failures++;
    o->last_ms = now;
}
