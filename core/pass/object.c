/* Objects being shaped: born with identity and owner. */
#include "core/pass/room.h"

#include <string.h>

const char *rk__gvk_kind(const char *gvk)
{
    const char *slash = strrchr(gvk, '/');
    return slash ? slash + 1 : gvk;
}

const char *rk__gvk_api_version(struct rk_arena *a, const char *gvk)
{
    const char *slash = strrchr(gvk, '/');
    return slash ? rk_arena_strndup(a, gvk, (size_t)(slash - gvk)) : "";
}

struct rk_obj *rk__obj_new(struct rk_pass *ps, enum rk__obj_what what, const char *gvk,
                           const char *name, cJSON *root)
{
    struct rk_obj *o = rk_arena_alloc(&ps->arena, sizeof *o);
    o->ps = ps;
    o->what = what;
    o->gvk = gvk;
    o->kind = rk__gvk_kind(gvk);
    o->name = name;
    o->root = root;
    return o;
}

cJSON *rk__obj_owner_reference(struct rk_pass *ps)
{
    struct rk_arena *a = &ps->arena;
    cJSON *ref = rk_json_object(a);
    rk_json_add(a, ref, "apiVersion", rk_json_string(a, ps->api_version));
    rk_json_add(a, ref, "kind", rk_json_string(a, ps->kind));
    rk_json_add(a, ref, "name", rk_json_string(a, ps->snap->name));
    if (*ps->snap->uid)
        rk_json_add(a, ref, "uid", rk_json_string(a, ps->snap->uid));
    rk_json_add(a, ref, "controller", rk_json_bool(a, true));
    rk_json_add(a, ref, "blockOwnerDeletion", rk_json_bool(a, true));
    return ref;
}

void rk__obj_identify(struct rk_pass *ps, cJSON *root, const char *gvk, const char *name)
{
    struct rk_arena *a = &ps->arena;
    rk_json_set(a, root, "apiVersion", rk_json_string(a, rk__gvk_api_version(a, gvk)));
    rk_json_set(a, root, "kind", rk_json_string(a, rk__gvk_kind(gvk)));
    cJSON *meta = rk_json_get(root, "metadata");
    if (!rk_json_is_object(meta)) {
        meta = rk_json_object(a);
        rk_json_set(a, root, "metadata", meta);
    }
    if (name)
        rk_json_set(a, meta, "name", rk_json_string(a, name));
    rk_json_set(a, meta, "namespace", rk_json_string(a, ps->snap->ns));
    cJSON *refs = rk_json_array(a);
    rk_json_push(refs, rk__obj_owner_reference(ps));
    rk_json_set(a, meta, "ownerReferences", refs);
}
