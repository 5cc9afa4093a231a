/* See schema.h. */
#include "core/json/schema.h"

#include <string.h>

#define DEPTH_MAX 64

static bool keeps_unknown(const cJSON *schema)
{
    const cJSON *v = rk_json_get(schema, "x-kubernetes-preserve-unknown-fields");
    return rk_json_is_bool(v) && cJSON_IsTrue(v);
}

static const cJSON *below(const cJSON *schema, const char *word)
{
    const cJSON *v = rk_json_get(schema, word);
    return rk_json_is_object(v) ? v : NULL;
}

static const cJSON *property(const cJSON *schema, struct rk_span name)
{
    if (rk_span_is(name, "*"))
        return below(schema, "additionalProperties");
    const cJSON *all = below(schema, "properties");
    for (const cJSON *p = all ? all->child : NULL; p; p = p->next)
        if (rk_span_is(name, p->string))
            return p;
    return NULL;
}

bool rk_schema_has(const cJSON *schema, struct rk_span path)
{
    struct rk_span word;
    while (schema && rk_span_next(&path, '.', &word)) {
        int lists = 0;
        for (; word.n >= 2 && memcmp(word.p + word.n - 2, "[]", 2) == 0; word.n -= 2)
            lists++;
        const cJSON *next = property(schema, word);
        if (!next && keeps_unknown(schema))
            return true;
        for (schema = next; schema && lists > 0; lists--) {
            if (!below(schema, "items") && keeps_unknown(schema))
                return true;
            schema = below(schema, "items");
        }
    }
    return schema != NULL;
}

/* ---- what differs ---- */

struct walk {
    void (*fn)(void *ctx, const struct rk_schema_change *c);
    void *ctx;
    char path[RK_SCHEMA_PATH_MAX];
    int depth;
};

/* Returns the length before; (size_t)-1 when it does not fit. */
static size_t go(struct walk *w, const char *dot, const char *word)
{
    size_t was = strlen(w->path), n = strlen(dot), m = strlen(word);
    if (was + n + m + 1 > sizeof w->path)
        return (size_t)-1;
    memcpy(w->path + was, dot, n);
    memcpy(w->path + was + n, word, m + 1);
    return was;
}

static void tell(struct walk *w, struct rk_schema_change c)
{
    c.path = w->path;
    w->fn(w->ctx, &c);
}

static bool is_walked(const cJSON *from, const cJSON *to, const char *word)
{
    if (rk_str_eq(word, "properties") || rk_str_eq(word, "description"))
        return true;
    const cJSON *was = rk_json_get(from, word), *is = rk_json_get(to, word);
    return (rk_str_eq(word, "items") || rk_str_eq(word, "additionalProperties")) &&
           (!was || rk_json_is_object(was)) && (!is || rk_json_is_object(is));
}

static void words(struct walk *w, const cJSON *from, const cJSON *to)
{
    for (const cJSON *v = to->child; v; v = v->next) {
        const cJSON *was = rk_json_get(from, v->string);
        if (!is_walked(from, to, v->string) && !(was && rk_json_equal(was, v)))
            tell(w, (struct rk_schema_change){
                        .what = RK_SCHEMA_CHANGED, .word = v->string, .from = was, .to = v});
    }
    for (const cJSON *v = from->child; v; v = v->next)
        if (!is_walked(from, to, v->string) && !rk_json_get(to, v->string))
            tell(w, (struct rk_schema_change){
                        .what = RK_SCHEMA_CHANGED, .word = v->string, .from = v});
}

static void compare(struct walk *w, const cJSON *from, const cJSON *to);

static void compare_at(struct walk *w, const char *dot, const char *word, const cJSON *from,
                       const cJSON *to)
{
    size_t was = w->depth < DEPTH_MAX ? go(w, dot, word) : (size_t)-1;
    if (was == (size_t)-1)
        return;
    w->depth++;
    compare(w, from, to);
    w->depth--;
    w->path[was] = '\0';
}

static void lone(struct walk *w, const char *dot, const char *name, enum rk_schema_what what,
                 bool kept)
{
    size_t was = go(w, dot, name);
    if (was == (size_t)-1)
        return;
    tell(w, (struct rk_schema_change){.what = what, .kept = kept});
    w->path[was] = '\0';
}

/* Elements of a list, values of a map: one of the two may have none. */
static void elements(struct walk *w, const cJSON *from, const cJSON *to, const char *word,
                     const char *dot, const char *name)
{
    const cJSON *was = below(from, word), *is = below(to, word);
    if (was && is)
        compare_at(w, dot, name, was, is);
    else if ((was || is) && is_walked(from, to, word))
        lone(w, dot, name, is ? RK_SCHEMA_ADDED : RK_SCHEMA_REMOVED, is && keeps_unknown(from));
}

static void compare(struct walk *w, const cJSON *from, const cJSON *to)
{
    const cJSON *before = below(from, "properties"), *after = below(to, "properties");
    const char *dot = w->path[0] ? "." : "";
    words(w, from, to);
    for (const cJSON *p = after ? after->child : NULL; p; p = p->next) {
        const cJSON *was = rk_json_get(before, p->string);
        if (was)
            compare_at(w, dot, p->string, was, p);
        else
            lone(w, dot, p->string, RK_SCHEMA_ADDED, keeps_unknown(from));
    }
    for (const cJSON *p = before ? before->child : NULL; p; p = p->next)
        if (!rk_json_get(after, p->string))
            lone(w, dot, p->string, RK_SCHEMA_REMOVED, false);
    elements(w, from, to, "items", "", "[]");
    elements(w, from, to, "additionalProperties", dot, "*");
}

void rk_schema_compare(const cJSON *from, const cJSON *to,
                       void (*fn)(void *ctx, const struct rk_schema_change *c), void *ctx)
{
    struct walk w = {.fn = fn, .ctx = ctx};
    if (rk_json_is_object(from) && rk_json_is_object(to))
        compare(&w, from, to);
}
