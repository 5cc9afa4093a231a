/* Hash tables of the view: eight bytes per slot, no keys of their own (an entry begins with its hash and knows its key), linear
 * probing, and deletion by moving back, so that nothing but entries is ever in them. Interned namespaces are the first user. */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/view/view_in.h"

#define FIRST_CAP ((size_t)16)

static uint32_t hash_of(const void *entry)
{
    return *(const uint32_t *)entry;
}

void rk__table_done(struct rk__table *t)
{
    rk_free(t->slots);
    *t = (struct rk__table){0};
}

void *rk__table_find(const struct rk__table *t, uint32_t hash, rk__same_fn *same, const void *key)
{
    if (t->count == 0)
        return NULL;
    for (size_t i = hash & (t->cap - 1); t->slots[i]; i = (i + 1) & (t->cap - 1))
        if (hash_of(t->slots[i]) == hash && same(t->slots[i], key))
            return t->slots[i];
    return NULL;
}

static void drop_in(struct rk__table *t, void *entry)
{
    size_t i = hash_of(entry) & (t->cap - 1);
    while (t->slots[i])
        i = (i + 1) & (t->cap - 1);
    t->slots[i] = entry;
}

static void resize(struct rk__table *t, size_t cap)
{
    struct rk__table bigger = {rk_alloc_array(cap, sizeof(void *)), t->count, cap};
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i])
            drop_in(&bigger, t->slots[i]);
    rk_free(t->slots);
    *t = bigger;
}

void rk__table_put(struct rk__table *t, void *entry)
{
    if ((t->count + 1) * 4 > t->cap * 3)
        resize(t, t->cap ? t->cap * 2 : FIRST_CAP);
    drop_in(t, entry);
    t->count++;
}

static size_t slot_of(const struct rk__table *t, const void *entry)
{
    assert(t->count > 0);
    size_t i = hash_of(entry) & (t->cap - 1);
    while (t->slots[i] != entry) {
        assert(t->slots[i]);
        i = (i + 1) & (t->cap - 1);
    }
    return i;
}

void rk__table_swap(struct rk__table *t, const void *old, void *entry)
{
    assert(hash_of(old) == hash_of(entry));
    t->slots[slot_of(t, old)] = entry;
}

void rk__table_del(struct rk__table *t, const void *entry)
{
    size_t hole = slot_of(t, entry), mask = t->cap - 1;
    t->slots[hole] = NULL;
    t->count--;
    /* What stands behind the hole and was pushed over it moves into it. */
    for (size_t i = (hole + 1) & mask; t->slots[i]; i = (i + 1) & mask) {
        size_t home = hash_of(t->slots[i]) & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        t->slots[hole] = t->slots[i];
        t->slots[i] = NULL;
        hole = i;
    }
}

void *rk__table_next(const struct rk__table *t, size_t *pos)
{
    for (size_t i = *pos; i < t->cap; i++)
        if (t->slots[i]) {
            *pos = i + 1;
            return t->slots[i];
        }
    *pos = t->cap;
    return NULL;
}

/* Namespaces. */

static bool ns_same(const void *entry, const void *key)
{
    return strcmp(((const struct rk__ns *)entry)->text, key) == 0;
}

struct rk__ns *rk__ns_find(const struct rk_view *v, const char *text)
{
    return rk__table_find(&v->namespaces, rk__hash(v, 0, text, strlen(text)), ns_same, text);
}

struct rk__ns *rk__ns_get(struct rk_view *v, const char *text)
{
    struct rk__ns *ns = rk__ns_find(v, text);
    if (!ns) {
        size_t n = strlen(text);
        ns = rk_alloc(sizeof *ns + n + 1);
        ns->hash = rk__hash(v, 0, text, n);
        memcpy(ns->text, text, n + 1);
        rk__table_put(&v->namespaces, ns);
    }
    ns->refs++;
    return ns;
}

void rk__ns_put(struct rk_view *v, struct rk__ns *ns)
{
    assert(ns->refs > 0);
    if (--ns->refs > 0)
        return;
    rk__table_del(&v->namespaces, ns);
    rk_free(ns);
}
