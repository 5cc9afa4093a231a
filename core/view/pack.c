/* Children of one kind look alike: the same keys, mostly the same values. A record's JSON is therefore kept as literals and copies
 * from a window that is an earlier record's JSON (the base, shared and counted) followed by what has been written so far.
 *
 *   0lllllll             l+1 literal bytes follow
 *   1lllllll oo oo       copy l+MIN bytes from the window's offset oo oo (little-endian); 127: one byte more of length follows
 *
 * Unpacking is a row of copies. Texts over 32 KiB and kinds kept whole are not packed: base NULL and the bytes as they are. */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/view/view_in.h"

#define MIN_COPY  6
#define MAX_COPY  (MIN_COPY + 127 + 255)
#define MAX_LIT   128
#define PLAIN_MAX 32768u
#define PLAIN_MIN 64u
#define PATIENCE  32 /* bad fits in a row before the base is changed */

struct rk__base {
    uint32_t refs;
    uint32_t n;
    char text[];
};

static unsigned gram(const char *p)
{
    uint64_t x = 0;
    memcpy(&x, p, MIN_COPY);
    return (unsigned)((x * 0x9E3779B97F4A7C15u) >> (64 - RK__PACK_BITS));
}

void rk__base_put(struct rk__base *base)
{
    if (base && --base->refs == 0)
        rk_free(base);
}

size_t rk__base_bytes(const struct rk__base *base)
{
    return base ? sizeof *base + base->n : 0;
}

static void new_base(struct rk__packer *k, struct rk_span text)
{
    rk__base_put(k->base);
    struct rk__base *b = rk_alloc(sizeof *b + text.n);
    b->refs = 1;
    b->n = (uint32_t)text.n;
    memcpy(b->text, text.p, text.n);
    k->base = b;
    k->misfits = 0;
    memset(k->index, 0, sizeof k->index);
    for (size_t i = 0; i + MIN_COPY <= text.n; i++)
        k->index[gram(b->text + i)] = (uint16_t)(i + 1);
}

static void literals(struct rk_buf *out, const char *from, const char *to)
{
    while (from < to) {
        size_t n = (size_t)(to - from) < MAX_LIT ? (size_t)(to - from) : MAX_LIT;
        (void)rk_buf_addc(out,
                          (char)(n - 1)); /* full is sticky; the caller's buffer holds any record */
        (void)rk_buf_add(out, from, n);   /* as above */
        from += n;
    }
}

static void copied(struct rk_buf *out, size_t offset, size_t n)
{
    size_t l = n - MIN_COPY, more = l >= 127 ? l - 127 : 0;
    (void)rk_buf_addc(out, (char)(0x80 | (l < 127 ? l : 127))); /* as in literals() */
    (void)rk_buf_addc(out, (char)(offset & 0xFF));
    (void)rk_buf_addc(out, (char)(offset >> 8));
    if (l >= 127)
        (void)rk_buf_addc(out, (char)more);
}

static size_t same_bytes(const char *a, const char *a_end, const char *b, const char *b_end)
{
    size_t max = (size_t)(a_end - a), n = 0;
    if ((size_t)(b_end - b) < max)
        max = (size_t)(b_end - b);
    if (max > MAX_COPY)
        max = MAX_COPY;
    while (n < max && a[n] == b[n])
        n++;
    return n;
}

static void encode(const struct rk__packer *k, struct rk_span plain, struct rk_buf *out)
{
    const struct rk__base *base = k->base;
    uint16_t own[1u << RK__PACK_BITS] = {0};
    const char *p = plain.p, *end = p + plain.n, *lit = p;
    while (end - p >= MIN_COPY) {
        unsigned h = gram(p);
        size_t best = 0, offset = 0;
        if (k->index[h]) {
            offset = k->index[h] - 1u;
            best = same_bytes(base->text + offset, base->text + base->n, p, end);
        }
        if (own[h]) {
            size_t n = same_bytes(plain.p + own[h] - 1, p, p, end);
            if (n > best) {
                best = n;
                offset = base->n + own[h] - 1u;
            }
        }
        own[h] = (uint16_t)(p - plain.p + 1);
        if (best < MIN_COPY) {
            p++;
            continue;
        }
        literals(out, lit, p);
        copied(out, offset, best);
        p += best;
        lit = p;
    }
    literals(out, lit, end);
}

struct rk__base *rk__pack(struct rk__packer *k, struct rk_span plain, struct rk_buf *out)
{
    if (plain.n > PLAIN_MAX || plain.n < PLAIN_MIN) {
        (void)rk_buf_add(out, plain.p, plain.n); /* as in literals() */
        return NULL;
    }
    if (!k->base)
        new_base(k, plain);
    size_t before = out->len;
    encode(k, plain, out);
    struct rk__base *used = k->base;
    used->refs++;
    /* The world has changed (another image, another layout of the objects): start from what it looks like now. */
    k->misfits = (out->len - before) * 2 > plain.n ? k->misfits + 1 : 0;
    if (k->misfits > PATIENCE)
        new_base(k, plain);
    return used;
}

void rk__unpack(const struct rk__base *base, struct rk_span packed, char *dst, size_t n)
{
    if (!base) {
        assert(packed.n == n);
        if (n > 0)
            memcpy(dst, packed.p, n);
        return;
    }
    const unsigned char *p = (const unsigned char *)packed.p, *end = p + packed.n;
    size_t at = 0;
    while (p < end) {
        size_t l = *p & 0x7Fu;
        if (!(*p++ & 0x80)) {
            l++;
            assert((size_t)(end - p) >= l && n - at >= l);
            memcpy(dst + at, p, l);
            p += l;
            at += l;
            continue;
        }
        assert(end - p >= 2);
        size_t offset = (size_t)p[0] | (size_t)p[1] << 8;
        p += 2;
        if (l == 127) {
            assert(p < end);
            l += *p++;
        }
        l += MIN_COPY;
        const char *from = offset < base->n ? base->text + offset : dst + (offset - base->n);
        assert(n - at >= l &&
               (offset < base->n ? base->n - offset >= l : offset - base->n + l <= at));
        memcpy(dst + at, from, l);
        at += l;
    }
    assert(at == n);
}
