/* Shared inside the json room only: UTF-8 steps, the member index of large objects, number texts taken apart. */
#ifndef RK_JSON_ROOM_H
#define RK_JSON_ROOM_H

#include "core/json/json.h"

/* Objects with more members than this are looked up through an index wherever many lookups follow one another. */
#define RK__JSON_SMALL 16

/* Length of the well-formed UTF-8 sequence that starts at p (1..4), 0 when there is none. Never reads at or behind end. */
size_t rk__json_utf8(const char *p, const char *end);

/* What stands between two members of an object is found by name without walking the list: an open hash over its children,
 * seeded per process so that nobody who chooses keys can choose collisions. Scratch memory: done frees it. */
struct rk__json_index {
    cJSON **slots;
    size_t mask;
};
/* Index all members. Of two with one name the first is kept; *ret_twice (may be NULL) is the first repetition, else NULL. */
void rk__json_index_init(struct rk__json_index *ix, const cJSON *object, cJSON **ret_twice);
cJSON *rk__json_index_get(const struct rk__json_index *ix, const char *key);
void rk__json_index_done(struct rk__json_index *ix);

/* A number text as digits * 10^scale, without leading or trailing zeros; zero has count 0, scale 0. Nothing is computed, so
 * any length will do. `first` points into the text; a point may stand between the digits. */
struct rk__json_number {
    bool negative;
    bool vast; /* the exponent has more than 15 digits: scale says nothing */
    const char *first;
    size_t count;
    int64_t scale;
};
void rk__json_number(const char *text, struct rk__json_number *ret);
bool rk__json_number_valid(const char *text);

/* The kind of a tree as written in it, NULL when it says none. */
const char *rk__json_kind(const cJSON *root);

/* Link a child behind the last one. The child must not be in a tree. */
void rk__json_link(cJSON *parent, cJSON *child);
/* Take a child out of its parent, O(1); the parent is not checked. */
void rk__json_unlink(cJSON *parent, cJSON *child);
/* Put `value` where `old` is; old's name moves along. */
void rk__json_swap(cJSON *parent, cJSON *old, cJSON *value);

#endif
