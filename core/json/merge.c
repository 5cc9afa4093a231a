/* RFC 7386 merge patches. null means "remove" in a patch, so a null member of the wanted tree cannot be asked for: it counts as
 * absent, which is also how the API server reads it. Arrays are taken whole. */
#include "core/json/json.h"

#include <string.h>

#include "core/json/room.h"

/* Lookups in one object, through an index when both sides are large. */
struct lookup {
    const cJSON *object;
    bool indexed;
    struct rk__json_index ix;
};

static void lookup_init(struct lookup *l, const cJSON *object, const cJSON *other)
{
    *l = (struct lookup){.object = object};
    l->indexed = rk_json_len(object) > RK__JSON_SMALL && rk_json_len(other) > RK__JSON_SMALL;
    if (l->indexed)
        rk__json_index_init(&l->ix, object, NULL);
}

static cJSON *lookup_get(const struct lookup *l, const char *key)
{
    return l->indexed ? rk__json_index_get(&l->ix, key) : rk_json_get(l->object, key);
}

static void lookup_done(struct lookup *l)
{
    if (l->indexed)
        rk__json_index_done(&l->ix);
}

static cJSON *diff_objects(struct rk_arena *a, const cJSON *from, const cJSON *to)
{
    cJSON *patch = rk_json_object(a);
    struct lookup in_from;
    struct lookup in_to;
    lookup_init(&in_from, from, to);
    lookup_init(&in_to, to, from);
    for (const cJSON *t = to->child; t; t = t->next) {
        const cJSON *f = lookup_get(&in_from, t->string);
        if (!f && rk_json_is_null(t))
            continue;
        cJSON *change = f ? rk_json_merge_diff(a, f, t) : rk_json_copy(a, t);
        if (change)
            rk_json_add(a, patch, t->string, change);
    }
    for (const cJSON *f = from->child; f; f = f->next)
        if (!lookup_get(&in_to, f->string))
            rk_json_add(a, patch, f->string, rk_json_null(a));
    lookup_done(&in_to);
    lookup_done(&in_from);
    return patch->child ? patch : NULL;
}

cJSON *rk_json_merge_diff(struct rk_arena *a, const cJSON *from, const cJSON *to)
{
    if (rk_json_is_object(from) && rk_json_is_object(to))
        return diff_objects(a, from, to);
    if (rk_json_equal(from, to))
        return NULL;
    return to ? rk_json_copy(a, to) : rk_json_null(a);
}

/* `target` is ours to change, or NULL. */
static cJSON *apply(struct rk_arena *a, cJSON *target, const cJSON *patch)
{
    if (!rk_json_is_object(patch))
        return rk_json_copy(a, patch);
    if (!rk_json_is_object(target))
        target = rk_json_object(a);
    struct lookup in_target;
    lookup_init(&in_target, target, patch);
    /* The index stays good although members go: a patch names each key once. */
    for (const cJSON *p = patch->child; p; p = p->next) {
        cJSON *old = lookup_get(&in_target, p->string);
        if (rk_json_is_null(p)) {
            if (old)
                rk__json_unlink(target, old);
            continue;
        }
        cJSON *value = apply(a, old, p);
        if (!old)
            rk_json_add(a, target, p->string, value);
        else if (value != old)
            rk__json_swap(target, old, value);
    }
    lookup_done(&in_target);
    return target;
}

cJSON *rk_json_merge_apply(struct rk_arena *a, const cJSON *target, const cJSON *patch)
{
    return patch ? apply(a, rk_json_copy(a, target), patch) : rk_json_copy(a, target);
}
