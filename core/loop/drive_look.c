/* What a pass may ask beside its snapshot: of names, of the API, of what was met on the way. */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/map.h"
#include "core/loop/ask.h"
#include "core/loop/skew.h"
#include "core/loop/worker.h"

static uint64_t found_hash(const char *gvk, const char *name)
{
    return rk_hash64(name, strlen(name), rk_hash64(gvk, strlen(gvk), 1));
}

/* The oldest makes room. */
void rk_owner_found(struct rk_owner *o, const char *gvk, const char *name)
{
    uint64_t hash = found_hash(gvk, name);
    struct rk_found *at = &o->found[0];
    for (size_t i = 0; i < RK_FOUND_MAX && at->hash != hash; i++)
        if (o->found[i].hash == hash || o->found[i].when_ms < at->when_ms)
            at = &o->found[i];
    *at = (struct rk_found){hash, rk_clock_ms()};
}

static bool taken(void *ctx, const char *gvk, const char *name)
{
    const struct rk_look *l = ctx;
    uint64_t hash = found_hash(gvk, name);
    for (size_t i = 0; i < RK_FOUND_MAX; i++)
        if (l->o->found[i].hash == hash && l->o->found[i].when_ms &&
            rk_clock_ms() - l->o->found[i].when_ms < RK_FOUND_MS)
            return true;
    return false;
}

static bool served(void *ctx, const char *gvk)
{
    const struct rk_look *l = ctx;
    return rk_feeds_served(l->w, gvk);
}

static bool name_used(void *ctx, const char *gvk, const char *ns, const char *name)
{
    struct rk_worker *w = ((const struct rk_look *)ctx)->w;
    /* An unresolved name is given back to the same intent: its POST is repeated, never doubled (DESIGN 4). */
    return rk_shared_name_get(w->shared, gvk, ns, name) == RK_NAME_USED;
}

static const char *unresolved(void *ctx, const char *group, const char *member)
{
    const struct rk_look *l = ctx;
    return rk_shared_open_get(l->w->shared, l->uid, group, member);
}

static bool find(void *ctx, const char *gvk, const char *ns, const char *name, struct rk_arena *a,
                 struct rk_seen *ret)
{
    const struct rk_look *l = ctx;
    return rk_view_find(l->w->view, gvk, ns, name, a, ret);
}

static bool answer(void *ctx, const char *path, struct rk_snap_answer *ret)
{
    const struct rk_look *l = ctx;
    return rk_asks_answer(l->w->asks, path, ret);
}

void rk_drive_look(struct rk_look *l, struct rk_snapshot *snap)
{
    snap->name_used = name_used;
    snap->taken = taken;
    snap->served = served;
    snap->find = find;
    snap->unresolved = unresolved;
    snap->answer = answer;
    snap->lacks = rk_skew_lacks(l->w->skew, l->o->kind);
    snap->ctx = l;
}
