/* Names of pods: a function of intent (DESIGN 4), so that a restart or a resent POST cannot make
 * a second pod. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/digest.h"
#include "core/base/str.h"

#define SUFFIX   5
#define NAME_MAX 253
#define TRIES    100000

static uint64_t seed_of(struct rk_pass *ps, const struct rk__group *g, const rk_member *m,
                        unsigned k)
{
    uint8_t sum[RK_SHA256_LEN];
    uint64_t seed = 0;
    /* No part can hold a newline but the last ones, which are a plugin's; lengths keep them
     * apart. */
    const char *text =
        rk_arena_fmt(&ps->arena, "%s\n%s\n%zu:%s\n%zu:%s\n%u", ps->snap->uid, ps->generation,
                     strlen(g->g.group), g->g.group, strlen(m->key), m->key, k);
    rk_sha256(text, strlen(text), sum);
    for (size_t i = 0; i < sizeof seed; i++)
        seed = seed << 8 | sum[i];
    return seed;
}

static bool avoided(const cJSON *avoid, const char *name)
{
    for (const cJSON *c = avoid ? avoid->child : NULL; c; c = c->next)
        if (rk_str_eq(rk_json_str(c, NULL), name))
            return true;
    return false;
}

static bool used(struct rk_pass *ps, const struct rk__group *g, const char *name)
{
    const struct rk_snapshot *s = ps->snap;
    return rk_map_get(&ps->taken, name) || rk__seen_find(ps, RK__POD_GVK, name) ||
           avoided(rk__in(g->g.avoid), name) ||
           (s->name_used && s->name_used(s->ctx, RK__POD_GVK, s->ns, name));
}

/* The fixed name is free; held by a pod that is going, mostly; or somebody else's, which no waiting
 * helps. */
static const char *fixed_name(struct rk_pass *ps, const struct rk__group *g)
{
    const struct rk_seen *s = rk__seen_find(ps, RK__POD_GVK, g->g.fixed_name);
    if (s && !s->mine)
        rk__fail_core(ps, RK_EFAIL, g->by, "",
                      "pod %s of group %s exists and belongs to someone else", g->g.fixed_name,
                      g->g.group);
    return s ? NULL : g->g.fixed_name;
}

/* A create for this place that nobody knows the outcome of: its name once more, unless its pod is seen by now, or named to go. */
static const char *open_name(struct rk_pass *ps, const struct rk__group *g, const rk_member *m)
{
    const struct rk_snapshot *s = ps->snap;
    const char *name = s->unresolved ? s->unresolved(s->ctx, g->g.group, m->key) : NULL;
    if (!name || rk_map_get(&ps->taken, name) ||
        (s->name_used && s->name_used(s->ctx, RK__POD_GVK, s->ns, name)) ||
        rk__seen_find(ps, RK__POD_GVK, name) || avoided(rk__in(g->g.avoid), name))
        return NULL;
    return rk_arena_strdup(&ps->arena, name);
}

/* NULL: the fixed name is held by a pod that is still there. */
const char *rk__pod_name(struct rk_pass *ps, const struct rk__group *g, const rk_member *m)
{
    char suffix[SUFFIX + 1];
    if (g->g.fixed_name)
        return fixed_name(ps, g);
    const char *open = open_name(ps, g, m);
    if (open) {
        rk_map_put(&ps->taken, open, ps);
        return open;
    }
    for (unsigned k = 0; k < TRIES; k++) {
        rk_suffix(seed_of(ps, g, m, k), suffix, SUFFIX);
        const char *name =
            rk_arena_fmt(&ps->arena, "%.*s%s", NAME_MAX - SUFFIX, g->g.name_prefix, suffix);
        if (used(ps, g, name))
            continue;
        rk_map_put(&ps->taken, name, ps);
        return name;
    }
    return NULL; /* of 27^5 names a hundred thousand in a row are taken: nobody has that many pods */
}
