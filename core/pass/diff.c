/* A wanted child that exists: what differs from what we name. Fields of others stay; with OWNED,
 * fields that we named once and name no longer go. What was named is remembered as a list of
 * paths in an annotation. A list is one field; of one that holds objects the annotation has a digest too,
 * of which fields are in it: so one that goes inside of it is seen, whatever the API server added. */
#include "core/pass/room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/str.h"
#include "core/json/path.h"

#define APPLIED  "raykeeper.io/applied"
#define VERSION  "1"
#define SHAPE    "#" /* begins the line of a shape */
#define LIST_MAX (64u * 1024)

struct walk {
    struct rk_pass *ps;
    struct rk_obj *obj;
    char path[RK_PATH_MAX + 1];
    size_t len;
    bool blind; /* something that we name is not kept by the cache */
};

static bool covers(const cJSON *have, const cJSON *want);

static bool covers_array(const cJSON *have, const cJSON *want)
{
    const cJSON *h = have->child, *w = want->child;
    for (; h && w; h = h->next, w = w->next)
        if (!covers(h, w))
            return false;
    return !h && !w;
}

/* Is everything that we name there as we name it? The API server adds defaults, also inside list
 * entries. */
static bool covers(const cJSON *have, const cJSON *want)
{
    if (rk_json_is_null(want)) /* the API server stores none */
        return !have || rk_json_is_null(have);
    if (rk_json_is_object(have) && rk_json_is_object(want)) {
        for (const cJSON *w = want->child; w; w = w->next)
            if (!covers(rk_json_get(have, w->string), w))
                return false;
        return true;
    }
    if (rk_json_is_array(have) && rk_json_is_array(want))
        return covers_array(have, want);
    return have && rk_json_equal(have, want);
}

static size_t enter(struct walk *w, const char *key)
{
    size_t before = w->len;
    struct rk_buf b;
    rk_buf_init(&b, RK_PATH_MAX);
    rk_path_push(&b, key);
    if (!b.full && w->len + b.len <= RK_PATH_MAX) {
        memcpy(w->path + w->len, rk_buf_text(&b), b.len + 1);
        w->len += b.len;
    }
    rk_buf_done(&b);
    return before;
}

static void leave(struct walk *w, size_t before)
{
    w->len = before;
    w->path[before] = '\0';
}

/* Identity and owner are settled at creation. */
static bool skipped(const char *path)
{
    return rk_str_eq(path, "/apiVersion") || rk_str_eq(path, "/kind") ||
           rk_str_eq(path, "/metadata/name") || rk_str_eq(path, "/metadata/namespace") ||
           rk_str_eq(path, "/metadata/ownerReferences");
}

static cJSON *differ(struct walk *w, const cJSON *have, const cJSON *want)
{
    struct rk_arena *a = &w->ps->arena;
    cJSON *patch = NULL;
    for (const cJSON *c = want->child; c; c = c->next) {
        size_t before = enter(w, c->string);
        const cJSON *h = rk_json_get(have, c->string);
        cJSON *part = NULL;
        if (skipped(w->path))
            ;
        else if (rk_json_is_object(c) && (c->child || !h) && (!h || rk_json_is_object(h)))
            part = c->child ? differ(w, h, c) : rk_json_object(a);
        else if (!covers(h, c)) {
            part = rk_json_copy(a, c);
            if (!h && !rk__seen_kept(w->ps, w->obj->gvk, w->path) && !w->blind) {
                w->blind = true;
                rk__fail_core(w->ps, RK_EFAIL, w->obj->by, "",
                              "%s %s: %s is kept by no watch and cannot be compared", w->obj->gvk,
                              w->obj->name, w->path);
            }
        }
        if (part) {
            patch = patch ? patch : rk_json_object(a);
            rk_json_add(a, patch, c->string, part);
        }
        leave(w, before);
    }
    return patch;
}

/* Which fields are named inside of a list, values and order of names aside. 0: it holds no objects. */
static uint64_t shape_of(const cJSON *v, uint64_t place)
{
    uint64_t sum = 0, i = 0;
    for (const cJSON *c = v->child; c; c = c->next, i++) {
        uint64_t at = c->string ? rk_hash64(c->string, strlen(c->string), place)
                                : rk_hash64(&i, sizeof i, place);
        if (c->string || c->child)
            sum += at + shape_of(c, at);
    }
    return sum;
}

/* Named leaves, one path per line: an array is one, and has its shape on a line behind it. */
static void list_leaves(struct walk *w, const cJSON *v, struct rk_buf *out)
{
    for (const cJSON *c = v->child; c; c = c->next) {
        size_t before = enter(w, c->string);
        if (rk_json_is_object(c) && c->child)
            list_leaves(w, c, out);
        else if (!skipped(w->path) &&
                 !rk_str_eq(w->path, "/metadata/annotations/raykeeper.io~1applied"))
            (void)rk_buf_addf(out, "\n%s", w->path); /* full is sticky, asked below */
        if (rk_json_is_array(c) && !skipped(w->path) && shape_of(c, 0) != 0)
            (void)rk_buf_addf(out, "\n" SHAPE "%016" PRIx64 " %s", shape_of(c, 0), w->path);
        leave(w, before);
    }
}

void rk__diff_remember(struct rk_pass *ps, cJSON *root)
{
    struct rk_arena *a = &ps->arena;
    struct walk w = {.ps = ps};
    struct rk_buf list;
    rk_buf_init(&list, LIST_MAX);
    (void)rk_buf_adds(&list, VERSION); /* full is asked below */
    list_leaves(&w, root, &list);
    cJSON *meta = rk_json_get(root, "metadata"), *notes = rk_json_get(meta, "annotations");
    if (!rk_json_is_object(notes)) {
        notes = rk_json_object(a);
        rk_json_set(a, meta, "annotations", notes);
    }
    /* Too many to remember: then nothing is removed later, which harms least. */
    rk_json_set(a, notes, APPLIED, rk_json_string(a, list.full ? VERSION : rk_buf_text(&list)));
    rk_buf_done(&list);
}

/* A value at a path of plain keys, making objects on the way: but where the patch replaces the whole
 * by something else. */
static void put_at(struct rk_arena *a, cJSON *patch, const struct rk_path *path, cJSON *value)
{
    for (size_t i = 0; i + 1 < path->n; i++) {
        cJSON *next = rk_json_get(patch, path->tok[i].text);
        if (next && !rk_json_is_object(next))
            return;
        if (!next) {
            next = rk_json_object(a);
            rk_json_set(a, patch, path->tok[i].text, next);
        }
        patch = next;
    }
    rk_json_set(a, patch, path->tok[path->n - 1].text, value);
}

/* A list inside of which we named more once: all of it, as it is to be. NULL: there is nothing to say of that line. */
static cJSON *shrunk(struct rk_pass *ps, const struct rk_obj *o, const char *line,
                     const char **ret_path)
{
    char *end;
    uint64_t was = strtoull(line + strlen(SHAPE), &end, 16);
    const cJSON *want = *end == ' ' ? rk_path_get(o->root, end + 1) : NULL;
    *ret_path = end + 1;
    return want && rk_json_is_array(want) && shape_of(want, 0) != was
               ? rk_json_copy(&ps->arena, want)
               : NULL;
}

static cJSON *remove_forgotten(struct rk_pass *ps, const struct rk_obj *o, const cJSON *observed,
                               cJSON *patch)
{
    struct rk_arena *a = &ps->arena;
    const cJSON *notes = rk_json_get(rk_json_get(observed, "metadata"), "annotations");
    struct rk_span rest = rk_span_of(rk_json_str(rk_json_get(notes, APPLIED), "")), line;
    if (!rk_span_next(&rest, '\n', &line) || !rk_span_is(line, VERSION))
        return patch;
    while (rk_span_next(&rest, '\n', &line)) {
        struct rk_path path;
        const char *text = rk_arena_strndup(a, line.p, line.n);
        cJSON *value = rk_str_starts(text, SHAPE) ? shrunk(ps, o, text, &text) : rk_json_null(a);
        if (!value || skipped(text) || rk_path_parse(text, &path, NULL) < 0 || path.n == 0)
            continue;
        if (rk_json_is_null(value) && (rk_path_get(o->root, text) || !rk_path_get(observed, text)))
            continue;
        patch = patch ? patch : rk_json_object(a);
        put_at(a, patch, &path, value);
    }
    return patch;
}

cJSON *rk__diff_owners(struct rk_pass *ps, const struct rk_obj *o, const struct rk_seen *s,
                       const cJSON *observed, cJSON *patch)
{
    struct rk_arena *a = &ps->arena;
    bool want = !(o->flags & RK_WANT_UNOWNED);
    const cJSON *refs = rk_json_get(rk_json_get(observed, "metadata"), "ownerReferences");
    if (!(o->flags & (RK_WANT_UNOWNED | RK_WANT_ADOPT)) || s->mine == want)
        return patch;
    if (!rk__seen_kept(ps, o->gvk, "/metadata/ownerReferences")) {
        rk__fail_core(ps, RK_EFAIL, o->by, "", "%s %s: no watch keeps its owner references", o->gvk,
                      o->name);
        return NULL;
    }
    cJSON *list = rk_json_array(a);
    for (const cJSON *r = rk_json_is_array(refs) ? refs->child : NULL; r; r = r->next) {
        if (rk_str_eq(rk_json_str(rk_json_get(r, "uid"), NULL), ps->snap->uid))
            continue;
        if (want && cJSON_IsTrue(rk_json_get(r, "controller"))) {
            rk__fail_core(ps, RK_EFAIL, o->by, "", "%s %s exists and belongs to someone else",
                          o->gvk, o->name);
            return NULL;
        }
        rk_json_push(list, rk_json_copy(a, r));
    }
    if (want)
        rk_json_push(list, rk__obj_owner_reference(ps));
    patch = patch ? patch : rk_json_object(a);
    cJSON *meta = rk_json_get(patch, "metadata");
    if (!meta) {
        meta = rk_json_object(a);
        rk_json_add(a, patch, "metadata", meta);
    }
    rk_json_set(a, meta, "ownerReferences", list->child ? list : rk_json_null(a));
    if (s->rv && *s->rv)
        rk_json_set(a, meta, "resourceVersion", rk_json_string(a, s->rv));
    return patch;
}

static bool has_list(const cJSON *v)
{
    bool found = rk_json_is_array(v);
    for (const cJSON *c = rk_json_is_object(v) ? v->child : NULL; c && !found; c = c->next)
        found = has_list(c);
    return found;
}

/* A patch replaces lists as a whole: what somebody wrote into one since we looked would be lost. */
void rk__diff_guard(struct rk_pass *ps, const struct rk_seen *s, cJSON *patch)
{
    struct rk_arena *a = &ps->arena;
    if (!s->rv || !*s->rv || !has_list(patch))
        return;
    cJSON *meta = rk_json_get(patch, "metadata");
    if (!meta) {
        meta = rk_json_object(a);
        rk_json_add(a, patch, "metadata", meta);
    }
    rk_json_set(a, meta, "resourceVersion", rk_json_string(a, s->rv));
}

int rk__diff_child(struct rk_pass *ps, struct rk_obj *o, const cJSON *observed, cJSON **ret_patch)
{
    struct walk w = {.ps = ps, .obj = o};
    if (o->policy == RK_POLICY_OWNED)
        rk__diff_remember(ps, o->root);
    cJSON *patch = differ(&w, observed, o->root);
    if (w.blind)
        return RK_E_FAIL;
    if (o->policy == RK_POLICY_OWNED)
        patch = remove_forgotten(ps, o, observed, patch);
    *ret_patch = patch;
    return 0;
}
