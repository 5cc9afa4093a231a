/* What keeps large objects cheap: a throw-away hash over the members. Also the room's UTF-8 step. */
#include "core/json/room.h"

#include <string.h>

#include "core/base/digest.h"
#include "core/base/map.h"
#include "core/base/mem.h"

static uint64_t seed(void)
{
    static uint64_t value;
    if (value == 0) {
        /* Without randomness lookups still work; only the defence against chosen collisions is gone. */
        (void)rk_random(&value, sizeof value);
        value |= 1;
    }
    return value;
}

/* The slot that holds the key, or the empty one where it belongs. */
static cJSON **slot_of(const struct rk__json_index *ix, const char *key)
{
    size_t at = (size_t)rk_hash64(key, strlen(key), seed()) & ix->mask;
    while (ix->slots[at] && strcmp(ix->slots[at]->string, key) != 0)
        at = (at + 1) & ix->mask;
    return &ix->slots[at];
}

void rk__json_index_init(struct rk__json_index *ix, const cJSON *object, cJSON **ret_twice)
{
    size_t n = rk_json_len(object);
    size_t cap = 64;
    while (cap < n * 2)
        cap *= 2;
    ix->slots = rk_alloc_array(cap, sizeof *ix->slots);
    ix->mask = cap - 1;
    cJSON *twice = NULL;
    for (cJSON *c = object ? object->child : NULL; c; c = c->next) {
        cJSON **slot = slot_of(ix, c->string);
        if (!*slot)
            *slot = c;
        else if (!twice)
            twice = c;
    }
    if (ret_twice)
        *ret_twice = twice;
}

cJSON *rk__json_index_get(const struct rk__json_index *ix, const char *key)
{
    return *slot_of(ix, key);
}

void rk__json_index_done(struct rk__json_index *ix)
{
    rk_free(ix->slots);
    ix->slots = NULL;
}

static bool tail(const char *p)
{
    return ((unsigned char)*p & 0xc0) == 0x80;
}

size_t rk__json_utf8(const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    size_t left = (size_t)(end - p);
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4 || left < 2 || !tail(p + 1))
        return 0;
    if (c < 0xe0)
        return 2;
    unsigned char d = (unsigned char)p[1];
    if (left < 3 || !tail(p + 2))
        return 0;
    if (c < 0xf0) /* neither overlong nor a surrogate */
        return (c == 0xe0 && d < 0xa0) || (c == 0xed && d >= 0xa0) ? 0 : 3;
    if (left < 4 || !tail(p + 3))
        return 0;
    return (c == 0xf0 && d < 0x90) || (c == 0xf4 && d >= 0x90) ? 0 : 4;
}
