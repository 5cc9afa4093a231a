/* Byte buffer: doubles up to its maximum, then stays full. One byte more than `cap` is always owned, for the NUL. */
#include "core/base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/mem.h"

#define FIRST_CAP ((size_t)128)

/* Room for n more bytes, or the sticky error. */
static int reserve(struct rk_buf *b, size_t n)
{
    if (b->full)
        return RK_E_LIMIT;
    if (n > b->max - b->len) {
        b->full = true;
        return RK_E_LIMIT;
    }
    size_t need = b->len + n;
    if (b->data && need <= b->cap)
        return 0;
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP;
    if (cap < need)
        cap = need;
    if (cap > b->max)
        cap = b->max;
    b->data = rk_realloc(b->data, cap + 1);
    b->cap = cap;
    return 0;
}

void rk_buf_init(struct rk_buf *b, size_t max)
{
    /* The NUL has to fit into size_t too. */
    *b = (struct rk_buf){.max = max == SIZE_MAX ? max - 1 : max};
}

void rk_buf_done(struct rk_buf *b)
{
    rk_free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
    b->full = false;
}

void rk_buf_clear(struct rk_buf *b)
{
    b->len = 0;
    b->full = false;
    if (b->data)
        b->data[0] = '\0';
}

int rk_buf_add(struct rk_buf *b, const void *p, size_t n)
{
    if (reserve(b, n))
        return RK_E_LIMIT;
    if (n)
        memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
    return 0;
}

int rk_buf_adds(struct rk_buf *b, const char *s)
{
    return rk_buf_add(b, s, strlen(s));
}

int rk_buf_addc(struct rk_buf *b, char c)
{
    return rk_buf_add(b, &c, 1);
}

int rk_buf_addf(struct rk_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rc = rk_buf_vaddf(b, fmt, ap);
    va_end(ap);
    return rc;
}

int rk_buf_vaddf(struct rk_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char small[256];
    int need = vsnprintf(small, sizeof small, fmt, ap);
    assert(need >= 0); /* fails only for wide characters, which nobody here prints */
    size_t n = (size_t)need;
    int rc = 0;
    if (n < sizeof small) {
        rc = rk_buf_add(b, small, n);
    } else if (reserve(b, n)) {
        rc = RK_E_LIMIT;
    } else {
        int wrote = vsnprintf(b->data + b->len, n + 1, fmt, again);
        assert(wrote == need);
        (void)wrote;
        b->len += n;
    }
    va_end(again);
    return rc;
}

const char *rk_buf_text(const struct rk_buf *b)
{
    return b->data ? b->data : "";
}

char *rk_buf_take(struct rk_buf *b, size_t *ret_len)
{
    char *text = b->data ? b->data : rk_alloc(1);
    if (ret_len)
        *ret_len = b->len;
    b->data = NULL;
    b->len = b->cap = 0;
    b->full = false;
    return text;
}
