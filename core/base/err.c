/* Errors that need no memory: texts are built on the stack and cut at a character's edge when they are too long. */
#include "core/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#undef rk_err_set /* the analyzer's view of the three is for callers */
#undef rk_err_wrap
#undef rk_err_errno

/* vsnprintf cuts bytes; a cut UTF-8 character would spoil the log line and the status it ends up in. */
static void trim_cut(char *text, size_t size)
{
    size_t n = strlen(text);
    if (n + 1 < size)
        return;
    size_t back = 0;
    while (back < 3 && back < n && ((unsigned char)text[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back == n)
        return;
    unsigned char lead = (unsigned char)text[n - 1 - back];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (need > back + 1)
        text[n - 1 - back] = '\0';
}

__attribute__((format(printf, 2, 0))) static void format_into(char *out, const char *fmt,
                                                              va_list ap)
{
    if (vsnprintf(out, RK_ERR_TEXT_MAX, fmt, ap) < 0)
        out[0] = '\0';
    trim_cut(out, RK_ERR_TEXT_MAX);
}

static void append(char *out, const char *tail)
{
    size_t have = strlen(out);
    size_t room = RK_ERR_TEXT_MAX - 1 - have;
    size_t n = strnlen(tail, room);
    memcpy(out + have, tail, n);
    out[have + n] = '\0';
    trim_cut(out, RK_ERR_TEXT_MAX);
}

int rk_err_set(struct rk_err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    /* Built aside first: an argument may point into err->text. */
    char text[RK_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    format_into(text, fmt, ap);
    va_end(ap);
    err->code = code;
    memcpy(err->text, text, strlen(text) + 1);
    return code;
}

int rk_err_wrap(struct rk_err *err, const char *fmt, ...)
{
    if (!err)
        return RK_E_FAIL;
    char text[RK_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    format_into(text, fmt, ap);
    va_end(ap);
    append(text, ": ");
    append(text, err->text);
    memcpy(err->text, text, strlen(text) + 1);
    /* Wrapping means failing: a layer below that forgot to set a code must not turn into success. */
    if (err->code == RK_E_OK)
        err->code = RK_E_FAIL;
    return err->code;
}

int rk_err_errno(struct rk_err *err, int saved_errno, const char *fmt, ...)
{
    int code = saved_errno == ENOENT ? RK_E_NOENT : RK_E_IO;
    if (!err)
        return code;
    char text[RK_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    format_into(text, fmt, ap);
    va_end(ap);
    char reason[128];
    append(text, ": ");
    append(text, strerror_r(saved_errno, reason, sizeof reason));
    err->code = code;
    memcpy(err->text, text, strlen(text) + 1);
    return code;
}

void rk_err_clear(struct rk_err *err)
{
    if (!err)
        return;
    err->code = RK_E_OK;
    err->text[0] = '\0';
}
