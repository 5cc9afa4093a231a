/* Writing along a path. Everything that can be refused is refused before the tree changes: the walk stops where the tree ends, the
 * rest of the path is checked, then built from its end and hung in at once. */
#include "core/json/path.h"

#include <assert.h>
#include <string.h>

#include "core/json/path_room.h"
#include "core/json/room.h"

struct writer {
    struct rk_arena *arena;
    const struct rk_path *path;
    const char *kind;
    cJSON *value;
    struct rk_err *err;
};

static bool is_last(const struct writer *w, size_t i)
{
    return i + 1 == w->path->n;
}

/* Does token i, when nothing is there yet, want to stand in an array? */
static bool wants_array(const struct writer *w, size_t i)
{
    const struct rk_path_token *tok = &w->path->tok[i];
    return tok->kind == RK_PATH_SELECT || (is_last(w, i) && rk__path_is_append(tok));
}

/* Does the value, put at the end of the path, leave the name x to the entry of token i? */
static bool keeps_name(const struct writer *w, size_t i, const struct rk__merge_rule *rule,
                       const char *wanted)
{
    const char *fields[] = {rule->key, rule->port ? "protocol" : rule->key};
    char scratch[RK__MERGE_NAME];
    cJSON *trial = rk_json_object(w->arena);
    rk__merge_fill(w->arena, rule, trial, wanted);
    for (size_t k = 0; k < 2; k++) {
        const cJSON *field = NULL;
        if (is_last(w, i)) {
            field = rk_json_get(w->value, fields[k]);
        } else if (strcmp(w->path->tok[i + 1].text, fields[k]) == 0) {
            if (!is_last(w, i + 1))
                return false; /* it would become an object */
            field = w->value;
        }
        if (field)
            rk_json_set(w->arena, trial, fields[k], rk_json_copy(w->arena, field));
    }
    const char *name = rk__merge_name(rule, trial, scratch);
    return name && strcmp(name, wanted) == 0;
}

/* May what comes below token i be the entry that [x] names? A named field of an entry that is there already may change. */
static int check_entry(const struct writer *w, size_t i, const struct rk__merge_rule *rule)
{
    char scratch[RK__MERGE_NAME];
    const char *wanted = rk__merge_spell(rule, w->path->tok[i].text, scratch);
    if (!wanted)
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL, "not a %s of this list", rule->key);
    if (!is_last(w, i) && wants_array(w, i + 1))
        return rk__path_fail(w->path, i + 1, w->err, RK_E_INVAL,
                             "a list entry is an object, not an array");
    if (is_last(w, i) && !rk_json_is_object(w->value))
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL, "a list entry is an object, not a %s",
                             rk_json_type_name(w->value));
    if (!keeps_name(w, i, rule, wanted))
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL, "the value has another %s", rule->key);
    return 0;
}

/* Token i where nothing stands yet. */
static int check_new(const struct writer *w, size_t i)
{
    const struct rk_path_token *tok = &w->path->tok[i];
    const struct rk__merge_rule *rule = rk__merge_rule(w->kind, w->path->tok, i);
    if (tok->kind == RK_PATH_SELECT) {
        if (!rule)
            return rk__path_fail(w->path, i, w->err, RK_E_INVAL,
                                 "this list's entries have no names");
        return check_entry(w, i, rule);
    }
    if (rk__path_is_append(tok)) {
        if (!is_last(w, i))
            return rk__path_fail(w->path, i, w->err, RK_E_INVAL,
                                 "- is only good at the end of a path");
        return 0;
    }
    if (rule && tok->kind == RK_PATH_INDEX_OR_KEY)
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL,
                             "beyond the end: the list has 0 entries");
    if (rule)
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL, "an array takes an index, [x] or -");
    return 0;
}

/* Token i in an existing array; old is what it leads to, or NULL. */
static int check_in_array(const struct writer *w, size_t i, const cJSON *array, const cJSON *old)
{
    const struct rk_path_token *tok = &w->path->tok[i];
    const struct rk__merge_rule *rule = rk__merge_rule(w->kind, w->path->tok, i);
    if (tok->kind == RK_PATH_SELECT)
        return check_entry(w, i, rule);
    if (!old && !rk__path_is_append(tok))
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL,
                             "beyond the end: the list has %zu entries", rk_json_len(array));
    if (!old)
        return check_new(w, i);
    /* Entries keep their places: what is put on an index must be the same entry (DESIGN 3: container 0 stays the user's). */
    char old_text[RK__MERGE_NAME];
    char new_text[RK__MERGE_NAME];
    const char *before = rule ? rk__merge_name(rule, old, old_text) : NULL;
    const char *after = before ? rk__merge_name(rule, w->value, new_text) : NULL;
    if (before && is_last(w, i) && (!after || strcmp(before, after) != 0))
        return rk__path_fail(w->path, i, w->err, RK_E_INVAL,
                             "the place of %.100s: an entry cannot be put before it", before);
    return 0;
}

/* The container around `node` that token i asks for. */
static cJSON *wrap(const struct writer *w, size_t i, cJSON *node)
{
    const struct rk_path_token *tok = &w->path->tok[i];
    cJSON *box = wants_array(w, i) ? rk_json_array(w->arena) : rk_json_object(w->arena);
    if (!wants_array(w, i))
        rk_json_add(w->arena, box, tok->text, node);
    else
        rk_json_push(box, node);
    return box;
}

/* An entry made or given under [x] carries its name. */
static cJSON *named(const struct writer *w, size_t i, cJSON *node)
{
    const struct rk_path_token *tok = &w->path->tok[i];
    if (tok->kind != RK_PATH_SELECT)
        return node;
    const struct rk__merge_rule *rule = rk__merge_rule(w->kind, w->path->tok, i);
    char wanted_text[RK__MERGE_NAME];
    char name_text[RK__MERGE_NAME];
    const char *wanted = rk__merge_spell(rule, tok->text, wanted_text);
    const char *name = rk__merge_name(rule, node, name_text);
    if (name && strcmp(name, wanted) == 0)
        return node;
    if (is_last(w, i)) {
        rk__merge_fill(w->arena, rule, node, wanted);
        return node;
    }
    /* Ours: the name reads best in front. */
    cJSON *entry = rk_json_object(w->arena);
    rk__merge_fill(w->arena, rule, entry, wanted);
    for (cJSON *c = node->child; c; c = node->child) {
        rk__json_unlink(node, c);
        rk_json_set(w->arena, entry, c->string, c);
    }
    return entry;
}

int rk_path_set(struct rk_arena *a, cJSON *root, const char *kind, const char *text, cJSON *value,
                struct rk_err *err)
{
    assert(value && value->prev == NULL && value != root);
    struct rk_path path;
    int r = rk_path_parse(text, &path, err);
    if (r < 0)
        return r;
    struct writer w = {.arena = a,
                       .path = &path,
                       .kind = kind ? kind : rk__json_kind(root),
                       .value = value,
                       .err = err};
    if (path.n == 0)
        return rk_err_set(err, RK_E_INVAL, "path: the root cannot be replaced");
    cJSON *at = root;
    cJSON *old = NULL;
    size_t i = 0;
    for (;; i++, at = old) {
        if (!rk_json_is_object(at) && !rk_json_is_array(at))
            return rk__path_fail(&path, i, err, RK_E_INVAL, "nothing can stand below a %s",
                                 rk_json_type_name(at));
        old = NULL;
        r = rk__path_step(&path, i, w.kind, at, &old, err);
        if (r == RK_E_INVAL)
            return r;
        /* null is how Go writes what is empty: it gives way like nothing. */
        if (!old || is_last(&w, i) || rk_json_is_null(old))
            break;
    }
    if (rk_json_is_array(at) && (r = check_in_array(&w, i, at, old)) < 0)
        return r;
    for (size_t k = i + 1; k < path.n; k++)
        if ((r = check_new(&w, k)) < 0)
            return r;
    cJSON *node = value;
    for (size_t k = path.n - 1; k > i; k--)
        node = wrap(&w, k, named(&w, k, node));
    node = named(&w, i, node);
    if (old)
        rk__json_swap(at, old, node);
    else if (rk_json_is_array(at))
        rk_json_push(at, node);
    else
        rk_json_add(a, at, path.tok[i].text, node);
    return 0;
}
