/* Hash map from text keys to pointers. Keys are copied; values are borrowed unless a free function was given.
 * Seeded per process, so that nobody who chooses object names can choose collisions. */
#ifndef RK_BASE_MAP_H
#define RK_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_map_slot;

struct rk_map {
    struct rk_map_slot *slots;
    size_t count;
    size_t cap;
    size_t dead;
    void (*free_value)(void *); /* NULL = values are borrowed */
};

void rk_map_init(struct rk_map *m, void (*free_value)(void *));
void rk_map_done(struct rk_map *m);
void *rk_map_get(const struct rk_map *m, const char *key); /* NULL when absent */
void *rk_map_getn(const struct rk_map *m, const char *key, size_t n);
void rk_map_put(struct rk_map *m, const char *key,
                void *value); /* replaces (and frees) an earlier value; value != NULL */
bool rk_map_del(struct rk_map *m, const char *key); /* frees the value; false when absent */
void *rk_map_take(struct rk_map *m,
                  const char *key); /* removes, hands the value over; NULL when absent */
/* Visit all: for (size_t i = 0; rk_map_next(m, &i, &key, &value);). Deleting the visited key meanwhile is allowed, adding is not. */
bool rk_map_next(const struct rk_map *m, size_t *pos, const char **ret_key, void **ret_value);

uint64_t rk_hash64(const void *p, size_t n,
                   uint64_t seed); /* stable for equal seed, across processes and machines */

#endif
