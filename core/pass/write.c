/* The writing verbs: set, offer, append, drop, fill. */
#include "core/pass/room.h"

#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/json/path.h"

/* Is `path` the place `prefix` or inside it? `*` in a prefix stands for one word. */
static bool inside(const char *prefix, const char *path)
{
    while (*prefix) {
        if (*prefix == '*' && (prefix[1] == '/' || !prefix[1])) {
            bool bracket = *path == '[';
            while (*path && (bracket ? *path != ']' : *path != '/'))
                path++;
            path += bracket && *path == ']';
            prefix++;
        } else if (*prefix++ != *path++) {
            return false;
        }
    }
    return !*path || *path == '/';
}

static bool owned(struct rk_obj *o, const char *given, const char *canonical)
{
    const char *const *owns = o->ps->hook->plug->owns;
    if (!owns || o->what == RK__OBJ_STATUS || o->what == RK__OBJ_OWNER)
        return true;
    for (; *owns; owns++)
        if (inside(*owns, given) || inside(*owns, canonical) ||
            inside(rk__claim_path(o, *owns), canonical))
            return true;
    return false;
}

/* Identity is the core's. */
static bool core_field(const struct rk_obj *o, const char *path)
{
    static const char *const fields[] = {"",          "/apiVersion",    "/kind",
                                         "/metadata", "/metadata/name", "/metadata/namespace"};
    if (o->what == RK__OBJ_STATUS)
        return *path == '\0';
    if (o->what == RK__OBJ_START)
        return !rk_str_starts(path, "/start/");
    /* A pod without its owner would not be counted, and made again in every pass. */
    if (o->what == RK__OBJ_POD && (strcmp(path, "/metadata/ownerReferences") == 0 ||
                                   rk_str_starts(path, "/metadata/ownerReferences/")))
        return true;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i], path) == 0)
            return true;
    return false;
}

static int32_t code_of(int r)
{
    return r >= RK_EFAIL ? r : RK_EINVAL;
}

static int32_t put(struct rk_obj *o, const char *path, cJSON *value)
{
    struct rk_err err = RK_ERR_INIT;
    int r = rk_path_set(&o->ps->arena, o->root, o->kind, path, value, &err);
    return r < 0 ? rk__hook_mild(o->ps, code_of(r), path, "%s", err.text) : RK_OK;
}

static int32_t push(struct rk_obj *o, const char *path, cJSON *value, const char **ret_place)
{
    struct rk_arena *a = &o->ps->arena;
    cJSON *list = rk_path_get(o->root, path);
    if (!list || rk_json_is_null(list)) {
        list = rk_json_array(a);
        int32_t r = put(o, path, list);
        if (r != RK_OK)
            return r;
    }
    if (!rk_json_is_array(list))
        return rk__hook_mild(o->ps, RK_EINVAL, path, "not an array but %s",
                             rk_json_type_name(list));
    rk_json_push(list, value);
    *ret_place = rk_arena_fmt(a, "%s/%zu", path, rk_json_len(list) - 1);
    return RK_OK;
}

static int32_t take_out(struct rk_obj *o, const char *path, bool there)
{
    struct rk_err err = RK_ERR_INIT;
    int r = there ? rk_path_drop(o->root, path, &err) : 0;
    return r < 0 && r != RK_E_NOENT ? rk__hook_mild(o->ps, code_of(r), path, "%s", err.text)
                                    : RK_OK;
}

/* What no hook may do, whatever the verb. */
static int32_t allow(struct rk_obj *o, const char *path, const char *canonical)
{
    struct rk_pass *ps = o->ps;
    if (core_field(o, canonical))
        return rk__hook_refuse(ps, RK_ECONFLICT, "%s %s is not a plugin's to write", o->kind,
                               *path ? path : "as a whole");
    if (!owned(o, path, canonical))
        return rk__hook_refuse(ps, RK_ECONFLICT, "writes %s, which is outside of what it owns",
                               canonical);
    return RK_OK;
}

static int32_t yield(struct rk_obj *o, const char *canonical, const cJSON *there)
{
    if (o->ps->conf->record || o->ps->conf->whole)
        rk__claim_record(o, canonical, RK_WROTE_YIELD, NULL)->there = there;
    return RK_YIELDED;
}

int32_t rk__obj_write(struct rk_obj *o, const char *path, const cJSON *value, enum rk__verb verb)
{
    static const enum rk_wrote record[] = {[RK__SET] = RK_WROTE_SET,
                                           [RK__OFFER] = RK_WROTE_OFFER,
                                           [RK__APPEND] = RK_WROTE_APPEND,
                                           [RK__DROP] = RK_WROTE_DROP};
    if (!o || !o->ps->hook)
        return RK_EFAIL;
    struct rk_pass *ps = o->ps;
    if (!path || (!value && verb != RK__DROP))
        return rk__hook_refuse(ps, RK_EFAIL, "writes %s%s", path ? path : "nowhere",
                               value ? "" : ", but no value");
    if (verb == RK__SET && rk_str_ends(path, "/-")) {
        path = rk_arena_strndup(&ps->arena, path, strlen(path) - 2);
        verb = RK__APPEND;
    }
    const char *canonical = rk__claim_path(o, path), *place = path;
    int32_t r = allow(o, path, canonical);
    if (r != RK_OK)
        return r;
    const cJSON *there = rk_path_get(o->root, path);
    if (rk_json_is_null(there))
        there = NULL; /* in Kubernetes null is the same as nothing */
    if (verb == RK__OFFER && there)
        return yield(o, canonical, there);
    const char *over = NULL;
    bool same = verb == RK__SET && there && rk_json_equal(there, value);
    const char *before = rk__claim_before(o, canonical, there != NULL, verb);
    if (verb != RK__APPEND) /* which replaces nothing */
        over = before;
    struct rk__old *old = verb == RK__APPEND ? NULL : rk__author_before(o, canonical);
    if (verb == RK__DROP)
        r = take_out(o, path, there != NULL);
    else if (verb == RK__APPEND)
        r = push(o, path, rk_json_copy(&ps->arena, value), &place);
    else
        r = put(o, path, rk_json_copy(&ps->arena, value));
    if (r != RK_OK)
        return r;
    canonical = verb == RK__DROP ? canonical : rk__claim_path(o, place);
    rk__claim_record(o, canonical, record[verb], same ? NULL : over);
    rk__author_after(o, canonical, record[verb], old);
    return RK_OK;
}

int32_t rk__obj_fill(struct rk_obj *o, const char *path, const char *how)
{
    if (!o || !o->ps->hook)
        return RK_EFAIL;
    struct rk_pass *ps = o->ps;
    if (!path || !how || strcmp(how, "random32") != 0)
        return rk__hook_refuse(ps, RK_ENOTSUP, "cannot fill with \"%.32s\"", how ? how : "");
    if (o->what != RK__OBJ_POD && o->what != RK__OBJ_CHILD)
        return rk__hook_refuse(ps, RK_ENOTSUP, "fills %s of what is not created", path);
    const char *canonical = rk__claim_path(o, path);
    int32_t r = allow(o, path, canonical);
    if (r != RK_OK)
        return r;
    const cJSON *there = rk_path_get(o->root, path);
    if (there)
        return yield(o, canonical, there);
    if (o->fill_path && strcmp(o->fill_path, canonical) != 0)
        return rk__hook_refuse(ps, RK_ENOTSUP, "fills %s: one place per object, and it has %s",
                               path, o->fill_path);
    o->fill_path = canonical;
    o->fill_how = "random32";
    o->fill_by = ps->hook;
    rk__claim_record(o, canonical, RK_WROTE_OFFER, NULL);
    return RK_OK;
}
