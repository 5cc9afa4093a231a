/* Shaping: hooks over a pod of a group, or over a wanted child. */
#include "core/pass/room.h"

#include <string.h>

static cJSON *pod_root(struct rk_pass *ps, const struct rk__group *g)
{
    struct rk_arena *a = &ps->arena;
    const cJSON *template = rk__in(g->g.pod_template);
    cJSON *root = rk_json_object(a);
    rk_json_add(a, root, "apiVersion", rk_json_string(a, "v1"));
    rk_json_add(a, root, "kind", rk_json_string(a, "Pod"));
    cJSON *meta = rk_json_copy(a, rk_json_get(template, "metadata"));
    rk_json_add(a, root, "metadata", rk_json_is_object(meta) ? meta : rk_json_object(a));
    rk_json_add(a, root, "spec", rk_json_copy(a, rk_json_get(template, "spec")));
    rk__obj_identify(ps, root, RK__POD_GVK, NULL);
    /* The name is chosen by the core, whatever the template says. */
    (void)rk_json_unset(rk_json_get(root, "metadata"), "name");         /* mostly not there */
    (void)rk_json_unset(rk_json_get(root, "metadata"), "generateName"); /* as above */
    return root;
}

static struct rk_obj *start_scratch(struct rk_pass *ps)
{
    struct rk_arena *a = &ps->arena;
    cJSON *root = rk_json_object(a), *start = rk_json_object(a);
    rk_json_add(a, start, "params", rk_json_object(a));
    rk_json_add(a, start, "resources", rk_json_object(a));
    rk_json_add(a, start, "before", rk_json_array(a));
    rk_json_add(a, root, "start", start);
    struct rk_obj *o = rk__obj_new(ps, RK__OBJ_START, "start/Start", "", root);
    rk__author_begin(o, RK__CORES);
    return o;
}

int32_t rk__shape_pod(struct rk_pass *ps, const struct rk__group *g, const rk_member *m,
                      struct rk_obj **ret)
{
    struct rk_obj *o = rk__obj_new(ps, RK__OBJ_POD, RK__POD_GVK, "", pod_root(ps, g));
    ps->group = g;
    ps->member = m;
    ps->subject = o;
    ps->start = o->start = start_scratch(ps);
    rk__author_pod(o, g);
    int phase = ps->phase;
    int32_t r = rk__hooks(ps, RK_PHASE_POD, false);
    if (r == RK_OK)
        r = rk__hooks(ps, RK_PHASE_OBJECT, false);
    ps->phase = phase;
    ps->group = NULL;
    ps->member = NULL;
    ps->subject = ps->start = NULL;
    if (r == RK_OK)
        *ret = o;
    return r;
}

int32_t rk__shape_child(struct rk_pass *ps, struct rk_obj *o)
{
    int phase = ps->phase;
    ps->subject = o;
    int32_t r = rk__hooks(ps, RK_PHASE_OBJECT, false);
    ps->phase = phase;
    ps->subject = NULL;
    return r;
}
