/* Same value? Order of members does not matter; large objects are matched through an index, so that hostile ones stay cheap. */
#include "core/json/json.h"

#include <string.h>

#include "core/json/room.h"

static bool numbers_equal(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    struct rk__json_number x;
    struct rk__json_number y;
    rk__json_number(a, &x);
    rk__json_number(b, &y);
    if (x.count == 0 || y.count == 0)
        return x.count == y.count; /* zero has many spellings, and no sign here */
    if (x.vast || y.vast || x.scale < 0 || y.scale < 0)
        return false; /* not integers: the texts decide, and they differ */
    if (x.negative != y.negative || x.count != y.count || x.scale != y.scale)
        return false;
    for (size_t n = x.count; n > 0; n--, x.first++, y.first++) {
        x.first += *x.first == '.';
        y.first += *y.first == '.';
        if (*x.first != *y.first)
            return false;
    }
    return true;
}

static bool arrays_equal(const cJSON *a, const cJSON *b)
{
    const cJSON *x = a->child;
    const cJSON *y = b->child;
    for (; x && y; x = x->next, y = y->next)
        if (!rk_json_equal(x, y))
            return false;
    return !x && !y;
}

static bool members_equal(const cJSON *a, const cJSON *b, const struct rk__json_index *ix)
{
    const cJSON *beside = b->child; /* usually both have one order */
    for (const cJSON *x = a->child; x; x = x->next) {
        const cJSON *y = beside;
        if (!y || strcmp(x->string, y->string) != 0)
            y = ix ? rk__json_index_get(ix, x->string) : rk_json_get(b, x->string);
        if (!y || !rk_json_equal(x, y))
            return false;
        beside = y->next;
    }
    return true;
}

static bool same_order(const cJSON *a, const cJSON *b)
{
    const cJSON *y = b->child;
    for (const cJSON *x = a->child; x && y; x = x->next, y = y->next)
        if (strcmp(x->string, y->string) != 0)
            return false;
    return true;
}

static bool objects_equal(const cJSON *a, const cJSON *b)
{
    size_t n = rk_json_len(a);
    if (n != rk_json_len(b))
        return false;
    if (n <= RK__JSON_SMALL || same_order(a, b))
        return members_equal(a, b, NULL);
    struct rk__json_index ix;
    rk__json_index_init(&ix, b, NULL);
    bool equal = members_equal(a, b, &ix);
    rk__json_index_done(&ix);
    return equal;
}

bool rk_json_equal(const cJSON *a, const cJSON *b)
{
    if (a == b)
        return true;
    if (!a || !b || (a->type & 0xff) != (b->type & 0xff))
        return false;
    switch (a->type & 0xff) {
    case cJSON_Raw:
        return numbers_equal(a->valuestring, b->valuestring);
    case cJSON_String:
        return strcmp(a->valuestring, b->valuestring) == 0;
    case cJSON_Array:
        return arrays_equal(a, b);
    case cJSON_Object:
        return objects_equal(a, b);
    default:
        return true; /* null, true and false say everything by their type */
    }
}
