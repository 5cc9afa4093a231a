/* Hash map: open addressing, linear probing, tombstones, at most three quarters used. The hash is SipHash-1-3 with a key
 * drawn once per process: object names come from users, and users must not be able to aim at one bucket. */
#include "core/base/map.h"

#include <assert.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/mem.h"

#define FIRST_CAP ((size_t)16)

struct rk_map_slot {
    char *key; /* NULL = never used; the address of `grave` = deleted */
    void *value;
    uint64_t hash;
};

static char grave[1];

/* --- hash --- */

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

static void sip_mix(struct sip *s, unsigned rounds)
{
    while (rounds--) {
        s->a += s->b;
        s->c += s->d;
        s->b = rotate(s->b, 13) ^ s->a;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a = rotate(s->a, 32) + s->d;
        s->c += s->b;
        s->d = rotate(s->d, 21) ^ s->a;
        s->b = rotate(s->b, 17) ^ s->c;
        s->c = rotate(s->c, 32);
    }
}

/* Little-endian on every machine: the value goes into names. */
static uint64_t load(const unsigned char *p, size_t n)
{
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++)
        x |= (uint64_t)p[i] << (8 * i);
    return x;
}

static uint64_t sip_hash(const void *data, size_t n, const uint64_t key[2], unsigned per_word,
                         unsigned at_end)
{
    const unsigned char *p = data;
    struct sip s = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                    key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    for (size_t left = n;; left -= 8, p += 8) {
        uint64_t word = left >= 8 ? load(p, 8) : load(p, left) | (uint64_t)(n & 0xFF) << 56;
        s.d ^= word;
        sip_mix(&s, per_word);
        s.a ^= word;
        if (left < 8)
            break;
    }
    s.c ^= 0xFF;
    sip_mix(&s, at_end);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t rk_hash64(const void *p, size_t n, uint64_t seed)
{
    /* The second half of the key is a fixed function of the first: one seed, one hash. */
    const uint64_t key[2] = {seed, seed * 0x9E3779B97F4A7C15u ^ 0xD1B54A32D192ED03u};
    return sip_hash(p, n, key, 1, 3);
}

static uint64_t key_hash(const char *key, size_t n)
{
    static uint64_t seed;
    static bool drawn;
    if (!drawn) {
        /* Without entropy the maps still work; only the protection against chosen keys is gone. */
        if (rk_random(&seed, sizeof seed) != 0)
            seed = (uint64_t)(uintptr_t)&seed;
        drawn = true;
    }
    return rk_hash64(key, n, seed);
}

/* --- slots --- */

static bool live(const struct rk_map_slot *s)
{
    return s->key && s->key != grave;
}

static struct rk_map_slot *find(const struct rk_map *m, const char *key, size_t n)
{
    if (!m->count)
        return NULL;
    uint64_t hash = key_hash(key, n);
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct rk_map_slot *s = &m->slots[i];
        if (!s->key)
            return NULL;
        if (s->key != grave && s->hash == hash && strlen(s->key) == n &&
            memcmp(s->key, key, n) == 0)
            return s;
    }
}

/* The first slot that is free for a key known to be absent. There always is one. */
static struct rk_map_slot *vacant(struct rk_map_slot *slots, size_t cap, uint64_t hash)
{
    size_t i = hash & (cap - 1);
    while (live(&slots[i]))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static void make_room(struct rk_map *m)
{
    if ((m->count + m->dead + 1) * 4 <= m->cap * 3)
        return;
    /* Many graves and few keys: same size, swept clean. */
    size_t cap = m->cap ? m->cap : FIRST_CAP;
    while ((m->count + 1) * 2 > cap)
        cap *= 2;
    struct rk_map_slot *slots = rk_alloc_array(cap, sizeof *slots);
    for (size_t i = 0; i < m->cap; i++)
        if (live(&m->slots[i]))
            *vacant(slots, cap, m->slots[i].hash) = m->slots[i];
    rk_free(m->slots);
    m->slots = slots;
    m->cap = cap;
    m->dead = 0;
}

/* Empty the slot and hand the value over. The caller's key may be the slot's own, so the bytes go last. */
static void *bury(struct rk_map *m, struct rk_map_slot *s)
{
    void *value = s->value;
    char *key = s->key;
    *s = (struct rk_map_slot){.key = grave};
    m->count--;
    m->dead++;
    rk_free(key);
    return value;
}

void rk_map_init(struct rk_map *m, void (*free_value)(void *))
{
    *m = (struct rk_map){.free_value = free_value};
}

void rk_map_done(struct rk_map *m)
{
    for (size_t i = 0; i < m->cap; i++) {
        struct rk_map_slot *s = &m->slots[i];
        if (!live(s))
            continue;
        if (m->free_value)
            m->free_value(s->value);
        rk_free(s->key);
    }
    rk_free(m->slots);
    rk_map_init(m, m->free_value);
}

void *rk_map_get(const struct rk_map *m, const char *key)
{
    return rk_map_getn(m, key, strlen(key));
}

void *rk_map_getn(const struct rk_map *m, const char *key, size_t n)
{
    struct rk_map_slot *s = find(m, key, n);
    return s ? s->value : NULL;
}

void rk_map_put(struct rk_map *m, const char *key, void *value)
{
    assert(value);
    size_t n = strlen(key);
    struct rk_map_slot *s = find(m, key, n);
    if (s) {
        void *old = s->value;
        s->value = value;
        if (m->free_value && old != value)
            m->free_value(old);
        return;
    }
    make_room(m);
    uint64_t hash = key_hash(key, n);
    s = vacant(m->slots, m->cap, hash);
    if (s->key == grave)
        m->dead--;
    *s = (struct rk_map_slot){rk_strndup(key, n), value, hash};
    m->count++;
}

bool rk_map_del(struct rk_map *m, const char *key)
{
    struct rk_map_slot *s = find(m, key, strlen(key));
    if (!s)
        return false;
    void *value = bury(m, s);
    if (m->free_value)
        m->free_value(value);
    return true;
}

void *rk_map_take(struct rk_map *m, const char *key)
{
    struct rk_map_slot *s = find(m, key, strlen(key));
    return s ? bury(m, s) : NULL;
}

bool rk_map_next(const struct rk_map *m, size_t *pos, const char **ret_key, void **ret_value)
{
    for (size_t i = *pos; i < m->cap; i++) {
        if (!live(&m->slots[i]))
            continue;
        *pos = i + 1;
        if (ret_key)
            *ret_key = m->slots[i].key;
        if (ret_value)
            *ret_value = m->slots[i].value;
        return true;
    }
    *pos = m->cap;
    return false;
}
