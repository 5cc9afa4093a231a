/* Quarantine: an object over which plugins crash or hang gets no passes. Its status keeps that, so
 * that a fresh process, or another replica, knows it before it tries (DESIGN 4). */
#include "core/pass/room.h"

#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/json/scan.h"

#define SET_OPEN  "(set "
#define SET_CLOSE ")"

int64_t rk_pass_generation(const struct rk_snapshot *snap)
{
    int64_t n = 0;
    /* A number that is none counts as none. */
    (void)rk_str_int(rk_scan_get(snap->object, "metadata/generation"), 0, INT64_MAX, &n);
    return n;
}

static bool same_set(const char *message, const char *set)
{
    char want[64];
    int n = snprintf(want, sizeof want, SET_OPEN "%s" SET_CLOSE, set);
    return n > 0 && (size_t)n < sizeof want && strstr(message, want) != NULL;
}

bool rk_pass_quarantined(const struct rk_snapshot *snap, const char *set)
{
    if (!snap->object.p ||
        !memmem(snap->object.p, snap->object.n, RK_QUARANTINED, strlen(RK_QUARANTINED)))
        return false; /* nearly always: nothing is parsed */
    struct rk_span list = rk_scan_get(snap->object, "status/conditions");
    struct rk_arena a;
    cJSON *tree;
    bool holds = false;
    rk_arena_init(&a, 0);
    if (list.p && rk_json_parse(&a, list.p, list.n, NULL, &tree, NULL) == 0 &&
        rk_json_is_array(tree))
        for (const cJSON *c = tree->child; c && !holds; c = c->next) {
            int64_t seen = -1;
            holds = rk_str_eq(rk_json_str(rk_json_get(c, "type"), NULL), RK_QUARANTINED) &&
                    rk_str_eq(rk_json_str(rk_json_get(c, "status"), NULL), "True") &&
                    rk_json_int64(rk_json_get(c, "observedGeneration"), &seen) &&
                    seen == rk_pass_generation(snap) &&
                    same_set(rk_json_str(rk_json_get(c, "message"), ""), set);
        }
    rk_arena_done(&a);
    return holds;
}

int rk_pass_quarantine(const struct rk_plugins *plugins, const struct rk_pass_conf *conf,
                       const struct rk_snapshot *snap, const struct rk_quarantine *q,
                       struct rk_plan **ret, struct rk_err *err)
{
    struct rk_pass pass, *ps = &pass;
    *ret = NULL;
    int r = rk__pass_open(ps, plugins, conf, snap, err);
    if (r < 0)
        return r;
    const char *what = rk_arena_fmt(
        &ps->arena, "plugin %s %s in '%s': %s; %u times, the last at generation %s", q->plugin,
        q->hung ? "hung" : "crashed", q->hook, q->how, (unsigned)q->times, ps->generation);
    const char *message = rk_arena_fmt(
        &ps->arena,
        "%s. Nothing is done for this object until its spec is edited, the plugins or their options "
        "change, or this condition is removed " SET_OPEN "%s" SET_CLOSE,
        what, q->set);
    ps->phase = RK_PHASE_STATUS;
    rk__status_begin(ps);
    rk__status_condition(ps, RK_QUARANTINED, "True", q->hung ? "PluginHung" : "PluginCrashed",
                         message);
    rk__status_observed(ps, RK_QUARANTINED);
    rk__status_emit(ps);
    rk__event(ps, true, "Quarantined", "Quarantine", what);
    ps->plan->problem = rk_arena_strdup(&ps->plan->arena, what);
    *ret = ps->plan;
    rk__pass_done(ps);
    return 0;
}

void rk__quarantine_over(struct rk_pass *ps)
{
    if (rk__status_drop_condition(ps, RK_QUARANTINED))
        rk__event(ps, false, "QuarantineLifted", "Reconcile",
                  "every plugin came back from a pass over this object: it is served again");
}
