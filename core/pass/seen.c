/* The observed world, as each plugin declared to see it. */
#include "core/pass/room.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

static int by_name(const void *x, const void *y)
{
    const struct rk_seen *const *a = x, *const *b = y;
    return strcmp((*a)->name, (*b)->name);
}

static struct rk__class *class_new(struct rk_pass *ps, const char *gvk, const char *keep)
{
    struct rk_arena *a = &ps->arena;
    struct rk__class *c = rk_arena_alloc(a, sizeof *c);
    c->gvk = gvk;
    c->keep = keep;
    for (size_t i = 0; i < ps->snap->n_seen; i++)
        c->n += strcmp(ps->snap->seen[i].gvk, gvk) == 0;
    c->seen = rk_arena_alloc(a, (c->n + 1) * sizeof(struct rk_seen *));
    c->trees = rk_arena_alloc(a, (c->n + 1) * sizeof(cJSON *));
    size_t n = 0;
    for (size_t i = 0; i < ps->snap->n_seen; i++)
        if (strcmp(ps->snap->seen[i].gvk, gvk) == 0)
            c->seen[n++] = &ps->snap->seen[i];
    for (size_t i = 1; i < n; i++)
        if (strcmp(c->seen[i - 1]->name, c->seen[i]->name) > 0) {
            qsort(c->seen, n, sizeof *c->seen,
                  by_name); /* the view sorts; files of an offline run may not */
            break;
        }
    if (keep)
        c->paths = rk__keep_paths(a, keep, &c->n_paths);
    c->next = ps->classes;
    ps->classes = c;
    return c;
}

static struct rk__class *class_of(struct rk_pass *ps, const char *gvk, const char *keep)
{
    for (struct rk__class *c = ps->classes; c; c = c->next)
        if (strcmp(c->gvk, gvk) == 0 && rk_str_eq(c->keep, keep))
            return c;
    return class_new(ps, gvk, keep);
}

/* The plugin's watch for gvk: the one for this kind of owner when there are several. */
const rk_watch *rk__seen_watch(const struct rk_pass *ps, const struct rk_plug *plug,
                               const char *gvk)
{
    const rk_watch *found = NULL;
    for (uint32_t i = 0; i < plug->info.n_watches; i++) {
        const rk_watch *w = &plug->watches[i];
        if (strcmp(w->gvk, gvk) == 0 && (!found || rk_str_eq(w->owner, ps->snap->gvk)))
            found = w;
    }
    return found;
}

struct rk__class *rk__seen_class(struct rk_pass *ps, const char *gvk, const rk_watch *watch)
{
    return class_of(ps, gvk, watch ? watch->keep : NULL);
}

static const struct rk_seen *const *place(const struct rk__class *c, const char *name)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int d = strcmp(c->seen[mid]->name, name);
        if (d == 0)
            return &c->seen[mid];
        if (d < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct rk_seen *rk__seen_find(struct rk_pass *ps, const char *gvk, const char *name)
{
    const struct rk_seen *const *at = place(class_of(ps, gvk, NULL), name);
    return at ? *at : NULL;
}

/* What every record has (view.h): name, namespace, uid, and when it was made and is to go. It may be read whatever was declared. */
static void complete(struct rk_arena *a, cJSON *tree, const struct rk_seen *s, const cJSON *whole)
{
    static const char *const times[] = {"creationTimestamp", "deletionTimestamp"};
    const struct {
        const char *key, *value;
    } header[] = {{"name", s->name}, {"namespace", s->ns}, {"uid", s->uid}};
    cJSON *meta = rk_json_get(tree, "metadata");
    if (!rk_json_is_object(meta)) {
        meta = rk_json_object(a);
        rk_json_set(a, tree, "metadata", meta);
    }
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        if (header[i].value && *header[i].value && !rk_json_get(meta, header[i].key))
            rk_json_add(a, meta, header[i].key, rk_json_string(a, header[i].value));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        const cJSON *time = rk_json_get(rk_json_get(whole, "metadata"), times[i]);
        if (time && !rk_json_get(meta, times[i]))
            rk_json_add(a, meta, times[i], rk_json_copy(a, time));
    }
}

/* A whole record, parsed once however many plugins look at it. */
static cJSON *whole_tree(struct rk_pass *ps, const struct rk_seen *s)
{
    struct rk_arena *a = &ps->arena;
    struct rk_err err = RK_ERR_INIT;
    cJSON *tree = NULL;
    int r = rk_json_parse(a, s->json.p ? s->json.p : "", s->json.n, NULL, &tree, &err);
    if (r == 0 && !rk_json_is_object(tree))
        r = rk_err_set(&err, RK_E_SYNTAX, "not an object");
    if (r < 0) {
        (void)rk__hook_refuse(ps, RK_EFAIL, "observed %s %s cannot be read: %s", s->gvk, s->name,
                              err.text); /* kept there */
        tree = rk_json_object(a);
    }
    complete(a, tree, s, NULL);
    return tree;
}

static cJSON *tree_at(struct rk_pass *ps, struct rk__class *c, size_t i)
{
    if (c->trees[i])
        return c->trees[i];
    if (!c->paths) {
        c->trees[i] = whole_tree(ps, c->seen[i]);
        return c->trees[i];
    }
    /* Classes of one gvk hold the same records in the same order. */
    const cJSON *whole = tree_at(ps, class_of(ps, c->gvk, NULL), i);
    c->trees[i] = rk__keep_tree(&ps->arena, whole, c->paths, c->n_paths);
    complete(&ps->arena, c->trees[i], c->seen[i], whole);
    return c->trees[i];
}

/* The class that the plugin in hand may read; the core reads whole records. NULL: it declared
 * none. */
static struct rk__class *readable(struct rk_pass *ps, const char *gvk)
{
    if (!ps->hook)
        return class_of(ps, gvk, NULL);
    const rk_watch *w = rk__seen_watch(ps, ps->hook->plug, gvk);
    if (w)
        return rk__seen_class(ps, gvk, w);
    (void)rk__hook_refuse(ps, RK_EFAIL, "plugin %s reads %s, which it does not watch",
                          ps->hook->plug->name, gvk); /* kept there */
    return NULL;
}

/* What nothing ties to this owner, but has the name: an account that the user made, say. */
static const cJSON *stranger(struct rk_pass *ps, const struct rk__class *c, const char *name)
{
    const struct rk_snapshot *snap = ps->snap;
    struct rk_seen s;
    if (!snap->find || !snap->find(snap->ctx, c->gvk, snap->ns, name, &ps->arena, &s))
        return NULL;
    cJSON *whole = whole_tree(ps, &s);
    if (!c->paths)
        return whole;
    cJSON *kept = rk__keep_tree(&ps->arena, whole, c->paths, c->n_paths);
    complete(&ps->arena, kept, &s, whole);
    return kept;
}

const cJSON *rk__seen_get(struct rk_pass *ps, const char *gvk, const char *name)
{
    struct rk__class *c = gvk && name ? readable(ps, gvk) : NULL;
    if (!c)
        return NULL;
    const struct rk_seen *const *at = place(c, name);
    return at ? tree_at(ps, c, (size_t)(at - (const struct rk_seen *const *)c->seen))
              : stranger(ps, c, name);
}

const cJSON *rk__seen_list(struct rk_pass *ps, const char *gvk)
{
    struct rk__class *c = gvk ? readable(ps, gvk) : NULL;
    if (!c)
        return NULL;
    if (!c->list) {
        c->list = rk_json_array(&ps->arena);
        for (size_t i = 0; i < c->n; i++)
            rk_json_push(c->list, tree_at(ps, c, i));
    }
    return c->list;
}

bool rk__seen_mine(struct rk_pass *ps, const cJSON *tree)
{
    const char *name = rk_json_str(rk_json_get(rk_json_get(tree, "metadata"), "name"), NULL);
    for (const struct rk__class *c = ps->classes; name && c; c = c->next) {
        const struct rk_seen *const *at = place(c, name);
        if (at && c->trees[at - (const struct rk_seen *const *)c->seen] == tree)
            return (*at)->mine;
    }
    return false;
}

const char *rk__seen_plural(const struct rk_pass *ps, const char *gvk)
{
    for (size_t i = 0; i < ps->plugins->n_watches; i++)
        if (strcmp(ps->plugins->watches[i].gvk, gvk) == 0)
            return ps->plugins->watches[i].plural;
    const rk_kind *k = rk_plugins_kind(ps->plugins, gvk);
    if (k)
        return k->plural;
    return strcmp(gvk, RK__POD_GVK) == 0 ? "pods" : NULL;
}

/* One kept path ("a/b", `*` = any word) against a place ("/a/b/c"): kept when it is at or above
 * the place. */
static bool covers(struct rk_span keep, const char *path)
{
    struct rk_span words = rk_span_of(path + 1), want, have;
    while (rk_span_next(&keep, '/', &want)) {
        if (!rk_span_next(&words, '/', &have))
            return false;
        if (!rk_span_is(want, "*") && !rk_span_eq(want, have))
            return false;
    }
    return true;
}

bool rk__seen_kept(const struct rk_pass *ps, const char *gvk, const char *path)
{
    for (size_t i = 0; i < ps->plugins->n_watches; i++) {
        const rk_watch *w = &ps->plugins->watches[i];
        if (strcmp(w->gvk, gvk) != 0)
            continue;
        if (!w->keep)
            return true;
        struct rk_span rest = rk_span_of(w->keep), line;
        while (rk_span_next(&rest, '\n', &line))
            if (covers(line, path))
                return true;
    }
    return false;
}
