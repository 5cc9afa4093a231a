/* The parser's leaves: strings, numbers, and the places named in errors. */
#include "core/json/parse.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/json/room.h"

/* Lines and characters (not bytes), from 1. */
int rk__json_fail(const struct rk__json_parser *p, const char *where, int code, const char *fmt,
                  ...)
{
    size_t line = 1;
    size_t column = 1;
    for (const char *s = p->text, *e = p->text + (where - p->base); s < e; s++) {
        if (*s == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*s & 0xc0) != 0x80) {
            column++;
        }
    }
    va_list ap;
    va_start(ap, fmt);
    char what[RK_ERR_TEXT_MAX];
    int n = vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    assert(n >= 0);
    return rk_err_set(p->err, code, "line %zu column %zu: %s", line, column, what);
}

int rk__json_unexpected(const struct rk__json_parser *p, const char *wanted)
{
    unsigned char c = (unsigned char)*p->at;
    if (p->at == p->end)
        return rk__json_fail(p, p->at, RK_E_SYNTAX, "expected %s, found the end of the text",
                             wanted);
    if (c > 0x20 && c < 0x7f)
        return rk__json_fail(p, p->at, RK_E_SYNTAX, "expected %s, found '%c'", wanted, (int)c);
    return rk__json_fail(p, p->at, RK_E_SYNTAX, "expected %s, found byte 0x%02x", wanted,
                         (unsigned)c);
}

static int hex4(const char *s, unsigned *ret)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)s[i];
        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v * 16 + ((c | 0x20) - 'a' + 10);
        else
            return RK_E_SYNTAX; /* the NUL behind the text ends up here too */
    }
    *ret = v;
    return 0;
}

static char *put_utf8(char *w, unsigned c)
{
    if (c < 0x80) {
        *w++ = (char)c;
    } else if (c < 0x800) {
        *w++ = (char)(0xc0 | (c >> 6));
        *w++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *w++ = (char)(0xe0 | (c >> 12));
        *w++ = (char)(0x80 | ((c >> 6) & 0x3f));
        *w++ = (char)(0x80 | (c & 0x3f));
    } else {
        *w++ = (char)(0xf0 | (c >> 18));
        *w++ = (char)(0x80 | ((c >> 12) & 0x3f));
        *w++ = (char)(0x80 | ((c >> 6) & 0x3f));
        *w++ = (char)(0x80 | (c & 0x3f));
    }
    return w;
}

/* \uXXXX, p->at behind the u. */
static int parse_unicode(struct rk__json_parser *p, char **w)
{
    const char *start = p->at - 2;
    unsigned c;
    if (hex4(p->at, &c) < 0)
        return rk__json_fail(p, start, RK_E_SYNTAX, "\\u needs four hexadecimal digits");
    p->at += 4;
    if (c == 0)
        return rk__json_fail(p, start, RK_E_SYNTAX, "\\u0000 in a string");
    if (c >= 0xdc00 && c < 0xe000)
        return rk__json_fail(p, start, RK_E_SYNTAX, "low surrogate without a high one");
    if (c >= 0xd800 && c < 0xdc00) {
        unsigned low;
        if (p->at[0] != '\\' || p->at[1] != 'u' || hex4(p->at + 2, &low) < 0 || low < 0xdc00 ||
            low >= 0xe000)
            return rk__json_fail(p, start, RK_E_SYNTAX, "high surrogate without a low one");
        p->at += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    *w = put_utf8(*w, c);
    return 0;
}

static int parse_escape(struct rk__json_parser *p, char **w)
{
    char c = p->at[1];
    p->at += 2;
    switch (c) {
    case '"':
    case '\\':
    case '/':
        break;
    case 'b':
        c = '\b';
        break;
    case 'f':
        c = '\f';
        break;
    case 'n':
        c = '\n';
        break;
    case 'r':
        c = '\r';
        break;
    case 't':
        c = '\t';
        break;
    case 'u':
        return parse_unicode(p, w);
    default:
        return rk__json_fail(p, p->at - 2, RK_E_SYNTAX, "unknown escape in a string");
    }
    *(*w)++ = c;
    return 0;
}

/* Bytes of eight that end a plain run: quote, backslash, control, or beyond ASCII. Exact up to the first hit, which is all
 * that is used of it. */
static inline uint64_t special(uint64_t x)
{
    const uint64_t ones = 0x0101010101010101U;
    uint64_t quote = x ^ (ones * '"');
    uint64_t slash = x ^ (ones * '\\');
    return ((quote - ones) | (slash - ones) | (x - ones * 0x20) | x) & (ones * 0x80);
}

static inline char *skip_plain(char *s)
{
    for (;;) {
        uint64_t x;
        memcpy(&x, s, sizeof x);
        if (special(x))
            break;
        s += sizeof x;
    }
    while ((unsigned char)*s >= 0x20 && (unsigned char)*s < 0x80 && *s != '"' && *s != '\\')
        s++;
    return s;
}

/* p->at on the opening quote; the text is left unescaped and terminated in place. */
int rk__json_scan_string(struct rk__json_parser *p, char **ret)
{
    char *open = p->at++;
    char *start = p->at;
    char *w = p->at = skip_plain(p->at);
    while (*p->at != '"') {
        unsigned char c = (unsigned char)*p->at;
        if (c == '\\') {
            int r = parse_escape(p, &w);
            if (r < 0)
                return r;
        } else if (c >= 0x80) {
            size_t n = rk__json_utf8(p->at, p->end);
            if (n == 0)
                return rk__json_fail(p, p->at, RK_E_SYNTAX, "bad UTF-8 in a string");
            memmove(w, p->at, n);
            w += n;
            p->at += n;
        } else if (p->at == p->end) {
            return rk__json_fail(p, open, RK_E_SYNTAX, "string without an end");
        } else if (c < 0x20) {
            return rk__json_fail(p, p->at, RK_E_SYNTAX,
                                 "control character in a string (it must be escaped)");
        } else {
            char *run = p->at;
            p->at = skip_plain(run);
            memmove(w, run, (size_t)(p->at - run));
            w += p->at - run;
        }
    }
    *w = '\0';
    p->at++;
    *ret = start;
    return 0;
}

static inline char *skip_digits(char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

/* The text moves one byte to the left, onto the separator that has been read already, so that a NUL fits behind it. */
int rk__json_scan_number(struct rk__json_parser *p, char **ret)
{
    char *start = p->at;
    char *s = *start == '-' ? start + 1 : start;
    char *digits = s;
    s = skip_digits(s);
    if (s == digits)
        return rk__json_fail(p, start, RK_E_SYNTAX, "'-' without a digit");
    if (*digits == '0' && s - digits > 1)
        return rk__json_fail(p, start, RK_E_SYNTAX, "number with a leading zero");
    if (*s == '.') {
        char *fraction = ++s;
        s = skip_digits(s);
        if (s == fraction)
            return rk__json_fail(p, start, RK_E_SYNTAX, "number without a digit behind the point");
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-')
            s++;
        char *exponent = s;
        s = skip_digits(s);
        if (s == exponent)
            return rk__json_fail(p, start, RK_E_SYNTAX, "number without a digit in the exponent");
    }
    size_t n = (size_t)(s - start);
    memmove(start - 1, start, n);
    start[n - 1] = '\0';
    p->at = s;
    *ret = start - 1;
    return 0;
}
