/* The declared part of an observed object: a tree that has only the kept paths, as the cache's own
 * projection would leave it. Containers on the way are new, what is kept whole is borrowed. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/str.h"

#define PATHS_MAX 128

/* ~1 is /, ~0 is ~. */
static const char *unescaped(struct rk_arena *a, struct rk_span word)
{
    char *text = rk_arena_strndup(a, word.p, word.n), *w = text;
    for (const char *s = text; *s; s++) {
        char c = *s;
        if (c == '~' && (s[1] == '0' || s[1] == '1'))
            c = *++s == '1' ? '/' : '~';
        *w++ = c;
    }
    *w = '\0';
    return text;
}

static const char *const *split(struct rk_arena *a, struct rk_span path)
{
    size_t n = 1, k = 0;
    struct rk_span word;
    for (size_t i = 0; i < path.n; i++)
        n += path.p[i] == '/';
    const char **words = rk_arena_alloc(a, (n + 1) * sizeof *words);
    while (rk_span_next(&path, '/', &word))
        words[k++] = unescaped(a, word);
    return words;
}

const struct rk__keep *rk__keep_paths(struct rk_arena *a, const char *keep, size_t *ret_n)
{
    size_t lines = 1, n = 0;
    struct rk_span rest = rk_span_of(keep), line;
    for (const char *s = keep; *s; s++)
        lines += *s == '\n';
    struct rk__keep *paths = rk_arena_alloc(a, lines * sizeof *paths);
    while (n < PATHS_MAX && rk_span_next(&rest, '\n', &line))
        paths[n++].words = split(a, line);
    *ret_n = n;
    return paths;
}

/* The paths that go through or end at one member, each one word further. */
struct through {
    struct rk__keep at[PATHS_MAX];
    size_t n;
    bool ends;
};

static void step(struct through *t, const struct rk__keep *paths, size_t n_paths, const char *name)
{
    t->n = 0;
    t->ends = false;
    for (size_t i = 0; i < n_paths; i++) {
        const char *word = paths[i].words[0];
        if (strcmp(word, "*") != 0 && (!name || strcmp(word, name) != 0))
            continue;
        t->at[t->n++].words = paths[i].words + 1;
        t->ends |= !paths[i].words[1];
    }
}

/* The same value in another place: its children are the original's. */
static cJSON *borrowed(struct rk_arena *a, const cJSON *v)
{
    cJSON *copy = rk_arena_alloc(a, sizeof *copy);
    *copy = *v;
    copy->next = copy->prev = NULL;
    return copy;
}

/* Recursion ends with the path's words. Elements of an array keep their places. */
cJSON *rk__keep_tree(struct rk_arena *a, const cJSON *whole, const struct rk__keep *paths,
                     size_t n_paths)
{
    struct through t;
    bool array = rk_json_is_array(whole);
    cJSON *out = array ? rk_json_array(a) : rk_json_object(a);
    for (const cJSON *c = whole->child; c; c = c->next) {
        bool inner = rk_json_is_object(c) || rk_json_is_array(c);
        step(&t, paths, n_paths, c->string);
        cJSON *part = t.ends             ? borrowed(a, c)
                      : t.n > 0 && inner ? rk__keep_tree(a, c, t.at, t.n)
                                         : NULL;
        if (array && t.n > 0)
            rk_json_push(out, part ? part : rk_json_null(a));
        else if (!array && part)
            rk_json_add(a, out, c->string, part);
    }
    return out;
}
