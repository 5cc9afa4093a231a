/* The function table, part 1: JSON and quantities. NULL in, NULL or the default out. */
#include "core/pass/api.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/path.h"
#include "core/json/quantity.h"
#include "core/json/yaml.h"

#define PRINT_MAX (8u << 20)

/* A path of plain keys through objects, which is nearly every read: no need to take it apart first.
 * False: it has something else in it, or an array on its way. */
static bool plain_at(const cJSON *v, const char *path, const cJSON **ret)
{
    while (*path == '/') {
        size_t n = strcspn(++path, "/~[");
        if (path[n] == '~' || path[n] == '[' || rk_json_is_array(v))
            return false;
        const cJSON *c = v && rk_json_is_object(v) ? v->child : NULL;
        while (c && (strncmp(c->string, path, n) != 0 || c->string[n] != '\0'))
            c = c->next;
        v = c;
        path += n;
    }
    *ret = v;
    return *path == '\0';
}

const rk_json *rk__api_at(const rk_json *v, const char *path)
{
    const cJSON *found;
    if (!v || !path || !*path)
        return v;
    return rk__out(plain_at(rk__in(v), path, &found) ? found : rk_path_get(rk__in(v), path));
}

int32_t rk__api_type(const rk_json *value)
{
    const cJSON *v = rk__in(value);
    if (!v)
        return RK_JSON_ABSENT;
    if (rk_json_is_object(v))
        return RK_JSON_OBJECT;
    if (rk_json_is_array(v))
        return RK_JSON_ARRAY;
    if (rk_json_is_string(v))
        return RK_JSON_STRING;
    if (rk_json_is_number(v))
        return RK_JSON_NUMBER;
    return rk_json_is_bool(v) ? RK_JSON_BOOL : RK_JSON_NULL;
}

const char *rk__api_str(const rk_json *v, const char *path, const char *dflt)
{
    return rk_json_str(rk__in(rk__api_at(v, path)), dflt);
}

int64_t rk__api_num(const rk_json *v, const char *path, int64_t dflt)
{
    int64_t n;
    return rk_json_int64(rk__in(rk__api_at(v, path)), &n) ? n : dflt;
}

int rk__api_truth(const rk_json *v, const char *path, int dflt)
{
    const cJSON *b = rk__in(rk__api_at(v, path));
    return rk_json_is_bool(b) ? cJSON_IsTrue(b) != 0 : dflt;
}

const char *rk__api_number_text(const rk_json *v)
{
    return rk_json_num_text(rk__in(v));
}

size_t rk__api_len(const rk_json *v, const char *path)
{
    return rk_json_len(rk__in(rk__api_at(v, path)));
}

static bool has_items(const cJSON *v)
{
    return rk_json_is_object(v) || rk_json_is_array(v);
}

const rk_json *rk__api_item(const rk_json *v, size_t index)
{
    const cJSON *in = rk__in(v);
    const cJSON *c = has_items(in) ? in->child : NULL;
    while (c && index-- > 0)
        c = c->next;
    return rk__out(c);
}

const rk_json *rk__api_next(const rk_json *item)
{
    return item ? rk__out(rk__in(item)->next) : NULL;
}

const char *rk__api_key(const rk_json *item)
{
    return item ? rk__in(item)->string : NULL;
}

rk_json *rk__api_new_str(rk_pass *ps, const char *s)
{
    return s ? rk__out_new(rk_json_string(&ps->arena, s)) : NULL;
}

rk_json *rk__api_new_num(rk_pass *ps, int64_t n)
{
    return rk__out_new(rk_json_int(&ps->arena, n));
}

rk_json *rk__api_new_bool(rk_pass *ps, int b)
{
    return rk__out_new(rk_json_bool(&ps->arena, b != 0));
}

rk_json *rk__api_new_object(rk_pass *ps)
{
    return rk__out_new(rk_json_object(&ps->arena));
}

rk_json *rk__api_new_array(rk_pass *ps)
{
    return rk__out_new(rk_json_array(&ps->arena));
}

rk_json *rk__api_copy(rk_pass *ps, const rk_json *v)
{
    return rk__out_new(rk_json_copy(&ps->arena, rk__in(v)));
}

/* What is in a tree already (a child always knows its neighbour) is copied: better than a tree
 * with a knot. */
static cJSON *loose(rk_pass *ps, const cJSON *into, rk_json *value)
{
    cJSON *v = rk__in_new(value);
    return v->prev || v == into ? rk_json_copy(&ps->arena, v) : v;
}

void rk__api_put(rk_pass *ps, rk_json *object, const char *key, rk_json *value)
{
    cJSON *o = rk__in_new(object);
    if (!rk_json_is_object(o) || !key || !value)
        (void)rk__hook_refuse(ps, RK_EFAIL, "puts %s into %s", value ? "a value" : "nothing",
                              rk_json_type_name(o)); /* kept there */
    else
        rk_json_set(&ps->arena, o, key, loose(ps, o, value));
}

void rk__api_push(rk_pass *ps, rk_json *array, rk_json *value)
{
    cJSON *o = rk__in_new(array);
    if (!rk_json_is_array(o) || !value)
        (void)rk__hook_refuse(ps, RK_EFAIL, "pushes %s on %s", value ? "a value" : "nothing",
                              rk_json_type_name(o)); /* kept there */
    else
        rk_json_push(o, loose(ps, o, value));
}

rk_json *rk__api_parse(rk_pass *ps, const char *text, size_t n)
{
    cJSON *v;
    if (!text || rk_json_parse(&ps->arena, text, n, NULL, &v, NULL) < 0)
        return NULL;
    return rk__out_new(v);
}

rk_json *rk__api_yaml(rk_pass *ps, const char *text, size_t n)
{
    struct rk_yaml_doc *docs;
    size_t count;
    if (!text || rk_yaml_parse(&ps->arena, "", text, n, &docs, &count, NULL) < 0 || count == 0)
        return NULL;
    return rk__out_new(docs[0].root);
}

const char *rk__api_print(rk_pass *ps, const rk_json *v)
{
    return v ? rk_json_text(&ps->arena, rk__in(v)) : "";
}

static int by_key(const void *x, const void *y)
{
    const cJSON *const *a = x, *const *b = y;
    return strcmp((*a)->string, (*b)->string);
}

/* A copy whose members stand in byte order of their keys. */
static cJSON *sorted(struct rk_arena *a, const cJSON *v)
{
    if (!has_items(v))
        return rk_json_copy(a, v);
    if (rk_json_is_array(v)) {
        cJSON *list = rk_json_array(a);
        for (const cJSON *c = v->child; c; c = c->next)
            rk_json_push(list, sorted(a, c));
        return list;
    }
    size_t n = 0;
    cJSON *object = rk_json_object(a);
    const cJSON **all = rk_arena_alloc(a, (rk_json_len(v) + 1) * sizeof *all);
    for (const cJSON *c = v->child; c; c = c->next)
        all[n++] = c;
    qsort(all, n, sizeof *all, by_key);
    for (size_t i = 0; i < n; i++)
        rk_json_add(a, object, all[i]->string, sorted(a, all[i]));
    return object;
}

const char *rk__api_print_sorted(rk_pass *ps, const rk_json *v)
{
    return v ? rk_json_text(&ps->arena, sorted(&ps->arena, rk__in(v))) : "";
}

const char *rk__api_digest(rk_pass *ps, const rk_json *v)
{
    return v ? rk_json_digest(&ps->arena, rk__in(v)) : "";
}

int rk__api_equal(const rk_json *a, const rk_json *b)
{
    return a && b ? rk_json_equal(rk__in(a), rk__in(b)) : a == b;
}

static int parse_quantity(const char *text, struct rk_quantity *ret)
{
    return rk_quantity_parse(text ? text : "0", ret, NULL);
}

static const char *quantity_text(rk_pass *ps, struct rk_quantity q)
{
    char text[RK_QUANTITY_TEXT];
    rk_quantity_text(q, text);
    return rk_arena_strdup(&ps->arena, text);
}

int32_t rk__api_qty_value(const char *text, int64_t *ret)
{
    struct rk_quantity q;
    if (!ret || parse_quantity(text, &q) < 0)
        return RK_EINVAL;
    *ret = rk_quantity_ceil(q);
    return RK_OK;
}

const char *rk__api_qty_add(rk_pass *ps, const char *a, const char *b)
{
    struct rk_quantity x, y;
    if (parse_quantity(a, &x) < 0 || parse_quantity(b, &y) < 0)
        return NULL;
    return quantity_text(ps, rk_quantity_add(x, y));
}

const char *rk__api_qty_mul(rk_pass *ps, const char *a, int64_t times)
{
    struct rk_quantity x;
    return parse_quantity(a, &x) < 0 ? NULL : quantity_text(ps, rk_quantity_mul(x, times));
}
