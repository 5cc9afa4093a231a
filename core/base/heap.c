/* Binary min-heap. Position i (from 1) has children 2i and 2i+1; every move updates the node's own position. */
#include "core/base/heap.h"

#include <assert.h>
#include <stdbool.h>

#include "core/base/mem.h"

static bool before(const struct rk_heap_node *a, const struct rk_heap_node *b)
{
    return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void place(struct rk_heap *h, struct rk_heap_node *n, size_t at)
{
    h->nodes[at - 1] = n;
    n->at = at;
}

static void sift(struct rk_heap *h, struct rk_heap_node *n, size_t at)
{
    while (at > 1 && before(n, h->nodes[at / 2 - 1])) {
        place(h, h->nodes[at / 2 - 1], at);
        at /= 2;
    }
    for (size_t child = at * 2; child <= h->count; child = at * 2) {
        if (child < h->count && before(h->nodes[child], h->nodes[child - 1]))
            child++;
        if (!before(h->nodes[child - 1], n))
            break;
        place(h, h->nodes[child - 1], at);
        at = child;
    }
    place(h, n, at);
}

void rk_heap_init(struct rk_heap *h)
{
    *h = (struct rk_heap){0};
}

void rk_heap_done(struct rk_heap *h)
{
    for (size_t i = 0; i < h->count; i++)
        h->nodes[i]->at = 0;
    rk_free(h->nodes);
    rk_heap_init(h);
}

void rk_heap_put(struct rk_heap *h, struct rk_heap_node *n, int64_t due)
{
    size_t at = n->at;
    if (!at) {
        if (h->count == h->cap) {
            size_t cap = h->cap ? h->cap * 2 : 16;
            assert(cap <= SIZE_MAX / sizeof(struct rk_heap_node *));
            h->nodes = rk_realloc(h->nodes, cap * sizeof(struct rk_heap_node *));
            h->cap = cap;
        }
        at = ++h->count;
    }
    assert(at <= h->count && (at == h->count || h->nodes[at - 1] == n));
    n->due = due;
    n->seq = ++h->seq;
    sift(h, n, at);
}

void rk_heap_del(struct rk_heap *h, struct rk_heap_node *n)
{
    size_t at = n->at;
    if (!at)
        return;
    assert(at <= h->count && h->nodes[at - 1] == n);
    struct rk_heap_node *last = h->nodes[--h->count];
    n->at = 0;
    if (last != n)
        sift(h, last, at);
}

struct rk_heap_node *rk_heap_min(const struct rk_heap *h)
{
    return h->count ? h->nodes[0] : NULL;
}

struct rk_heap_node *rk_heap_pop(struct rk_heap *h)
{
    struct rk_heap_node *n = rk_heap_min(h);
    if (n)
        rk_heap_del(h, n);
    return n;
}
