/* Errors: a function returns 0 or a negative RK_E* code and fills a caller-owned struct whose text reads from the outside in.
 *
 * The innermost layer sets the cause, every layer above prepends its noun: "demo: pod head: create: 409 already exists".
 * No allocation: an error can be reported when memory is what failed. */
#ifndef RK_BASE_ERR_H
#define RK_BASE_ERR_H

#include <stdarg.h>

/* Codes 1..15 are also the plugin ABI's (include/raykeeper/plugin.h); the rest never leave the core. */
enum {
    RK_E_OK = 0,
    RK_E_INVAL = -1,    /* the input is wrong; retrying the same input cannot help */
    RK_E_CONFLICT = -2, /* two parties want different things (two authors, HTTP 409) */
    RK_E_NOTSUP = -3,   /* understood, not supported here */
    RK_E_FAIL = -4,     /* failed; may pass later */
    RK_E_LIMIT = -16,   /* a bound of ours was reached: depth, size, count */
    RK_E_SYNTAX = -17,  /* not JSON, not YAML, not INI */
    RK_E_NOENT = -18,   /* not there: a path, a file, HTTP 404 */
    RK_E_IO = -19,      /* the operating system or the network failed; the outcome may be unknown */
    RK_E_AUTH = -20,    /* HTTP 401 or 403 */
    RK_E_GONE = -21,    /* HTTP 410: the version asked for is no longer kept */
    RK_E_BUSY = -22,    /* HTTP 429 or 503: later, see Retry-After */
};

#define RK_ERR_TEXT_MAX 1024

struct rk_err {
    int code;
    char text[RK_ERR_TEXT_MAX]; /* always terminated; cut at the end when too long */
};

/* clang-format off */
#define RK_ERR_INIT {0, ""}
/* clang-format on */

/* Set code and text; returns code, so that `return rk_err_set(err, ...)` reads well. err may be NULL. */
int rk_err_set(struct rk_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Prepend "<noun>: "; returns err's code (RK_E_FAIL when err is NULL). */
int rk_err_wrap(struct rk_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Set from errno: "<what>: <strerror>". Returns RK_E_NOENT for ENOENT, else RK_E_IO. */
int rk_err_errno(struct rk_err *err, int saved_errno, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void rk_err_clear(struct rk_err *err);

/* The analyzer sees one file at a time; without this it follows paths on which a failure returns 0. */
#ifdef __clang_analyzer__
#define rk_err_set(err, code, ...) ((void)rk_err_set((err), (code), __VA_ARGS__), (code))
#define rk_err_wrap(err, ...)      ((void)rk_err_wrap((err), __VA_ARGS__), RK_E_FAIL)
#define rk_err_errno(err, saved_errno, ...) \
    ((void)rk_err_errno((err), (saved_errno), __VA_ARGS__), RK_E_IO)
#endif

#endif
