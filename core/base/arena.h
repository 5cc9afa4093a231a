/* Arena: memory that lives exactly as long as one pass (or one request, or one file) and is dropped whole.
 *
 * Debug builds give each allocation its own block so that AddressSanitizer sees stale borrows; release builds bump a pointer.
 * An arena has a cap in bytes. Passing it does not fail the allocation (call sites stay free of error paths): `over` becomes
 * true and whoever runs the pass checks it between hooks and fails that object (DESIGN 4, Memory). At 8 x cap it aborts. */
#ifndef RK_BASE_ARENA_H
#define RK_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct rk_arena_block;

struct rk_arena {
    struct rk_arena_block *head;
    size_t used; /* bytes handed out since the last reset */
    size_t cap;  /* soft limit in bytes; 0 = none */
    bool over;   /* used went past cap */
};

void rk_arena_init(struct rk_arena *a, size_t cap);
void rk_arena_reset(
    struct rk_arena *a); /* everything handed out is gone; the largest block is kept */
void rk_arena_done(struct rk_arena *a);
/* Overwrite all that was handed out, for arenas that held a secret. Only rk_arena_reset and rk_arena_done may follow. */
void rk_arena_wipe(struct rk_arena *a);
void *rk_arena_alloc(struct rk_arena *a, size_t n);       /* zeroed, aligned to 16, never NULL */
char *rk_arena_strdup(struct rk_arena *a, const char *s); /* NULL in, NULL out */
char *rk_arena_strndup(struct rk_arena *a, const char *s,
                       size_t n); /* copies n bytes, adds a NUL */
char *rk_arena_fmt(struct rk_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *rk_arena_vfmt(struct rk_arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
