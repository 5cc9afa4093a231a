/* Arena: a chain of blocks, newest first. Release builds bump a pointer inside the newest block; with RK_DEBUG every
 * allocation is a block of its own, which is overwritten and freed on reset, so that AddressSanitizer reports a stale borrow
 * at the line that made it. Both count the same bytes, so caps are reached at the same place. */
#include "core/base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define ALIGN      ((size_t)16)
#define BLOCK_MIN  ((size_t)16 * 1024)
#define BLOCK_MAX  ((size_t)1024 * 1024)
#define HARD_TIMES 8 /* past this many caps something runs away: die before the machine does */

struct rk_arena_block {
    struct rk_arena_block *next;
    size_t size, used;
    _Alignas(16) unsigned char data[];
};

/* Running out is nobody's fault, unless the arena is past its cap: then whoever fills it has taken what others need. That is a crash, with a name in hand. */
static void *past_cap(size_t n)
{
    void *p = realloc(NULL, n);
    if (p)
        return p;
    (void)fputs("raykeeper: out of memory in an arena past its cap\n", stderr); /* abort follows */
    abort();
}

static struct rk_arena_block *block_new(struct rk_arena *a, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct rk_arena_block))
        abort();
    struct rk_arena_block *b =
        a->over ? past_cap(sizeof *b + size) : rk_realloc(NULL, sizeof *b + size);
    b->size = size;
    b->used = 0;
    b->next = a->head;
    a->head = b;
    return b;
}

#ifdef RK_DEBUG
static void *take(struct rk_arena *a, size_t n)
{
    return block_new(a, n)->data;
}

static void block_free(struct rk_arena_block *b)
{
    /* Without a sanitizer a stale reader sees this pattern instead of what looks like good data. */
    volatile unsigned char *p = b->data;
    for (size_t i = 0; i < b->size; i++)
        p[i] = 0xDB;
    rk_free(b);
}
#else
static void *take(struct rk_arena *a, size_t n)
{
    struct rk_arena_block *b = a->head;
    if (!b || n > b->size - b->used) {
        size_t size = b ? b->size : BLOCK_MIN / 2;
        size = size >= BLOCK_MAX / 2 ? BLOCK_MAX : size * 2;
        b = block_new(a, size > n ? size : n);
    }
    void *p = b->data + b->used;
    b->used += n;
    return p;
}

static void block_free(struct rk_arena_block *b)
{
    rk_free(b);
}
#endif

static void account(struct rk_arena *a, size_t n)
{
    if (__builtin_add_overflow(a->used, n, &a->used))
        abort();
    if (!a->cap || a->used <= a->cap)
        return;
    a->over = true;
    if (a->used / HARD_TIMES >= a->cap) {
        (void)fputs("raykeeper: an arena went past eight times its cap\n",
                    stderr); /* abort follows */
        abort();
    }
}

void rk_arena_init(struct rk_arena *a, size_t cap)
{
    *a = (struct rk_arena){.cap = cap};
}

/* The block worth keeping between passes; none in debug builds, where every block is one allocation. */
static struct rk_arena_block *largest(const struct rk_arena *a)
{
#ifdef RK_DEBUG
    (void)a;
    return NULL;
#else
    struct rk_arena_block *best = a->head;
    for (struct rk_arena_block *b = a->head; b; b = b->next)
        if (b->size > best->size)
            best = b;
    return best;
#endif
}

static void drop_all_but(struct rk_arena *a, struct rk_arena_block *keep)
{
    struct rk_arena_block *next;
    for (struct rk_arena_block *b = a->head; b; b = next) {
        next = b->next;
        if (b != keep)
            block_free(b);
    }
    a->head = NULL;
    a->used = 0;
    a->over = false;
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
        a->head = keep;
    }
}

void rk_arena_reset(struct rk_arena *a)
{
    drop_all_but(a, largest(a));
}

void rk_arena_done(struct rk_arena *a)
{
    drop_all_but(a, NULL);
}

void rk_arena_wipe(struct rk_arena *a)
{
    for (struct rk_arena_block *b = a->head; b; b = b->next)
        rk_wipe(b->data, b->size);
}

void *rk_arena_alloc(struct rk_arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN)
        abort();
    size_t whole = n ? (n + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
    account(a, whole);
#ifdef RK_DEBUG
    whole = n ? n : 1; /* no padding: reading one byte past the end is caught */
#endif
    void *p = take(a, whole);
    memset(p, 0, whole);
    return p;
}

char *rk_arena_strdup(struct rk_arena *a, const char *s)
{
    return s ? rk_arena_strndup(a, s, strlen(s)) : NULL;
}

char *rk_arena_strndup(struct rk_arena *a, const char *s, size_t n)
{
    if (n == SIZE_MAX)
        abort();
    char *copy = rk_arena_alloc(a, n + 1);
    if (n)
        memcpy(copy, s, n);
    return copy;
}

char *rk_arena_fmt(struct rk_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = rk_arena_vfmt(a, fmt, ap);
    va_end(ap);
    return text;
}

char *rk_arena_vfmt(struct rk_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char small[256];
    int need = vsnprintf(small, sizeof small, fmt, ap);
    assert(need >= 0); /* fails only for wide characters, which nobody here prints */
    size_t n = (size_t)need;
    char *text;
    if (n < sizeof small) {
        text = rk_arena_strndup(a, small, n);
    } else {
        text = rk_arena_alloc(a, n + 1);
        int wrote = vsnprintf(text, n + 1, fmt, again);
        assert(wrote == need);
        (void)wrote;
    }
    va_end(again);
    return text;
}
