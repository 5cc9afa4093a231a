/* Binary min-heap over intrusive nodes ordered by (due, seq): the earliest first, equal times in order of insertion. */
#ifndef RK_BASE_HEAP_H
#define RK_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct rk_heap_node {
    int64_t due;  /* caller's unit, usually milliseconds of rk_clock_ms */
    uint64_t seq; /* set by the heap */
    size_t at;    /* 1-based position; 0 = not in a heap */
};

struct rk_heap {
    struct rk_heap_node **nodes;
    size_t count, cap;
    uint64_t seq;
};

void rk_heap_init(struct rk_heap *h);
void rk_heap_done(struct rk_heap *h); /* nodes belong to the caller */
void rk_heap_put(struct rk_heap *h, struct rk_heap_node *n, int64_t due); /* inserts or moves */
void rk_heap_del(struct rk_heap *h, struct rk_heap_node *n); /* not in it: nothing happens */
struct rk_heap_node *rk_heap_min(const struct rk_heap *h);   /* NULL when empty */
struct rk_heap_node *rk_heap_pop(struct rk_heap *h);

#endif
