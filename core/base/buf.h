/* Byte buffer with a maximum at birth. Past the maximum it stops growing and stays in error: check once, at the end.
 * The content is always NUL-terminated (the NUL is not counted in len). */
#ifndef RK_BASE_BUF_H
#define RK_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct rk_buf {
    char *data; /* NULL until the first byte; use rk_buf_text for a C string */
    size_t len;
    size_t cap;
    size_t max; /* bytes it may hold */
    bool full;  /* sticky: something did not fit, content is cut and must not be used */
};

void rk_buf_init(struct rk_buf *b, size_t max);
void rk_buf_done(struct rk_buf *b);  /* frees; b is empty and usable again */
void rk_buf_clear(struct rk_buf *b); /* keeps the memory, drops content and `full` */
int rk_buf_add(struct rk_buf *b, const void *p, size_t n); /* 0, or RK_E_LIMIT once full */
int rk_buf_adds(struct rk_buf *b, const char *s);
int rk_buf_addc(struct rk_buf *b, char c);
int rk_buf_addf(struct rk_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int rk_buf_vaddf(struct rk_buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
const char *rk_buf_text(const struct rk_buf *b); /* "" when empty; borrowed until the next change */
char *rk_buf_take(
    struct rk_buf *b,
    size_t *
        ret_len); /* the bytes move to the caller (rk_free), never NULL; b is empty. ret_len may be NULL */

#endif
