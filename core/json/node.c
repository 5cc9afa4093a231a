/* Making and editing nodes. A node is a zeroed cJSON in the arena; children form cJSON's list: next ends with NULL, the first
 * child's prev is the last child, so that appending is O(1) and a node outside any tree has prev == NULL. */
#include "core/json/json.h"

#include <assert.h>
#include <stdio.h>
#include <inttypes.h>

#include "core/json/room.h"

void rk__json_link(cJSON *parent, cJSON *child)
{
    assert(child->prev == NULL && child->next == NULL);
    cJSON *first = parent->child;
    if (!first) {
        parent->child = child;
        child->prev = child;
        return;
    }
    child->prev = first->prev;
    first->prev->next = child;
    first->prev = child;
}

void rk__json_unlink(cJSON *parent, cJSON *child)
{
    cJSON *first = parent->child;
    if (child == first) {
        parent->child = child->next;
        if (child->next)
            child->next->prev = child->prev;
    } else {
        child->prev->next = child->next;
        if (child->next)
            child->next->prev = child->prev;
        else
            first->prev = child->prev;
    }
    child->next = child->prev = NULL;
}

void rk__json_swap(cJSON *parent, cJSON *old, cJSON *value)
{
    assert(value->prev == NULL && value->next == NULL && value != old);
    cJSON *first = parent->child;
    value->string = old->string;
    value->next = old->next;
    value->prev = old->prev == old ? value : old->prev;
    if (old == first)
        parent->child = value;
    else
        old->prev->next = value;
    if (old->next)
        old->next->prev = value;
    else if (old != first)
        first->prev = value;
    old->next = old->prev = NULL;
}

static cJSON *make(struct rk_arena *a, int type)
{
    cJSON *v = rk_arena_alloc(a, sizeof *v);
    v->type = type;
    return v;
}

cJSON *rk_json_object(struct rk_arena *a)
{
    return make(a, cJSON_Object);
}

cJSON *rk_json_array(struct rk_arena *a)
{
    return make(a, cJSON_Array);
}

cJSON *rk_json_string(struct rk_arena *a, const char *s)
{
    assert(s);
    cJSON *v = make(a, cJSON_String);
    v->valuestring = rk_arena_strdup(a, s);
    return v;
}

cJSON *rk_json_int(struct rk_arena *a, int64_t n)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%" PRId64, n);
    assert(len > 0 && (size_t)len < sizeof text);
    cJSON *v = make(a, cJSON_Raw);
    v->valuestring = rk_arena_strndup(a, text, (size_t)len);
    return v;
}

cJSON *rk_json_number_text(struct rk_arena *a, const char *text)
{
    assert(rk__json_number_valid(text));
    cJSON *v = make(a, cJSON_Raw);
    v->valuestring = rk_arena_strdup(a, text);
    return v;
}

cJSON *rk_json_bool(struct rk_arena *a, bool b)
{
    return make(a, b ? cJSON_True : cJSON_False);
}

cJSON *rk_json_null(struct rk_arena *a)
{
    return make(a, cJSON_NULL);
}

cJSON *rk_json_copy(struct rk_arena *a, const cJSON *v)
{
    if (!v)
        return NULL;
    cJSON *copy = make(a, v->type & 0xff);
    copy->string = rk_arena_strdup(a, v->string);
    copy->valuestring = rk_arena_strdup(a, v->valuestring);
    for (const cJSON *c = v->child; c; c = c->next)
        rk__json_link(copy, rk_json_copy(a, c));
    return copy;
}

void rk_json_add(struct rk_arena *a, cJSON *object, const char *key, cJSON *value)
{
    assert(rk_json_is_object(object));
    value->string = rk_arena_strdup(a, key);
    rk__json_link(object, value);
}

void rk_json_set(struct rk_arena *a, cJSON *object, const char *key, cJSON *value)
{
    cJSON *old = rk_json_get(object, key);
    if (old)
        rk__json_swap(object, old, value);
    else
        rk_json_add(a, object, key, value);
}

bool rk_json_unset(cJSON *object, const char *key)
{
    cJSON *old = rk_json_get(object, key);
    if (!old)
        return false;
    rk__json_unlink(object, old);
    return true;
}

void rk_json_push(cJSON *array, cJSON *value)
{
    assert(rk_json_is_array(array));
    value->string = NULL; /* it may have been a member somewhere */
    rk__json_link(array, value);
}

bool rk_json_remove(cJSON *parent, cJSON *child)
{
    if (!parent || !child)
        return false;
    for (cJSON *c = parent->child; c; c = c->next) {
        if (c == child) {
            rk__json_unlink(parent, child);
            return true;
        }
    }
    return false;
}

/* Numbers are text here, so that cJSON's own field for them is free. */
void rk_json_mark(cJSON *v, int mark)
{
    v->valueint = mark;
}

int rk_json_mark_of(const cJSON *v)
{
    return v->valueint;
}
