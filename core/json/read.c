/* Looking at trees. Every function takes NULL for "absent", so that lookups can be chained without checks between them. */
#include "core/json/json.h"

#include <string.h>

#include "core/json/room.h"

static int type_of(const cJSON *v)
{
    return v ? v->type & 0xff : cJSON_Invalid;
}

bool rk_json_is_number(const cJSON *v)
{
    return type_of(v) == cJSON_Raw;
}

bool rk_json_is_string(const cJSON *v)
{
    return type_of(v) == cJSON_String;
}

bool rk_json_is_object(const cJSON *v)
{
    return type_of(v) == cJSON_Object;
}

bool rk_json_is_array(const cJSON *v)
{
    return type_of(v) == cJSON_Array;
}

bool rk_json_is_bool(const cJSON *v)
{
    return type_of(v) == cJSON_True || type_of(v) == cJSON_False;
}

bool rk_json_is_null(const cJSON *v)
{
    return type_of(v) == cJSON_NULL;
}

cJSON *rk_json_get(const cJSON *object, const char *key)
{
    if (!rk_json_is_object(object) || !key)
        return NULL;
    for (cJSON *c = object->child; c; c = c->next)
        if (c->string[0] == key[0] && strcmp(c->string, key) == 0)
            return c;
    return NULL;
}

cJSON *rk_json_at(const cJSON *array, size_t index)
{
    if (!rk_json_is_array(array))
        return NULL;
    cJSON *c = array->child;
    while (c && index-- > 0)
        c = c->next;
    return c;
}

size_t rk_json_len(const cJSON *v)
{
    size_t n = 0;
    if (v)
        for (const cJSON *c = v->child; c; c = c->next)
            n++;
    return n;
}

const char *rk_json_str(const cJSON *v, const char *dflt)
{
    return rk_json_is_string(v) ? v->valuestring : dflt;
}

const char *rk_json_num_text(const cJSON *v)
{
    return rk_json_is_number(v) ? v->valuestring : NULL;
}

bool rk_json_int64(const cJSON *v, int64_t *ret)
{
    if (!rk_json_is_number(v))
        return false;
    struct rk__json_number n;
    rk__json_number(v->valuestring, &n);
    if (n.count == 0) {
        *ret = 0;
        return true;
    }
    if (n.vast || n.scale < 0 || n.count > 19 || n.scale > 19)
        return false;
    uint64_t value = 0;
    size_t left = n.count + (size_t)n.scale;
    for (const char *s = n.first; left > 0; left--) {
        unsigned digit = 0;
        if (n.count > 0) {
            if (*s == '.')
                s++;
            digit = (unsigned)(*s++ - '0');
            n.count--;
        }
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (value > (uint64_t)INT64_MAX + (n.negative ? 1 : 0))
        return false;
    /* In two steps: the negation of INT64_MIN does not exist. */
    *ret = n.negative ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return true;
}

const char *rk_json_type_name(const cJSON *v)
{
    switch (type_of(v)) {
    case cJSON_NULL:
        return "null";
    case cJSON_True:
    case cJSON_False:
        return "boolean";
    case cJSON_Raw:
        return "number";
    case cJSON_String:
        return "string";
    case cJSON_Array:
        return "array";
    case cJSON_Object:
        return "object";
    default:
        return "absent";
    }
}

const char *rk__json_kind(const cJSON *root)
{
    return rk_json_str(rk_json_get(root, "kind"), NULL);
}
