/* Shared by the scan*.c files only: the lexical pieces of JSON (RFC 8259) that both the
 * streaming framer and the in-memory cursor need: finding the end of a plain run inside a
 * string, number grammar, key comparison after unescaping. */
#ifndef RK_JSON_SCAN_LEX_H
#define RK_JSON_SCAN_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/str.h"

#define RK__SCAN_DEPTH   128 /* brackets inside one item; client.md 31 */
#define RK__SCAN_KEY_MAX 512 /* bytes of a key that can be asked for: a label key has at most 317 */

static inline bool rk__scan_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A byte that ends a plain run inside a string: quote, backslash or control character. */
static inline bool rk__scan_special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

/* First special byte in [p, end), or end. This is where most of the bytes of an API body go by. */
static inline const char *rk__scan_plain(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        int mask = _mm_movemask_epi8(hit);
        if (mask != 0)
            return p + __builtin_ctz((unsigned)mask);
        p += 16;
    }
#else
    const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
    while (end - p >= 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');
        uint64_t hit =
            ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((x - ones * 0x20) & ~x);
        if (hit & tops)
            break;
        p += 8;
    }
#endif
    while (p < end && !rk__scan_special(*p))
        p++;
    return p;
}

static inline bool rk__scan_is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Legal behind a backslash, `u` excepted. */
static inline bool rk__scan_is_escape(char c)
{
    return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' ||
           c == 't';
}

/* Number grammar, one byte at a time, so that a number may be split anywhere. */
enum rk__scan_num {
    RK__NUM_START,
    RK__NUM_MINUS,
    RK__NUM_ZERO,
    RK__NUM_INT,
    RK__NUM_DOT,
    RK__NUM_FRAC,
    RK__NUM_E,
    RK__NUM_ESIGN,
    RK__NUM_EXP,
    RK__NUM_NONE, /* the byte does not belong to the number */
};
enum rk__scan_num rk__scan_num_step(enum rk__scan_num st, char c);
static inline bool rk__scan_num_done(enum rk__scan_num st)
{
    return st == RK__NUM_ZERO || st == RK__NUM_INT || st == RK__NUM_FRAC || st == RK__NUM_EXP;
}

/* Unescape the inside of a string (without quotes) into dst. RK_E_INVAL: bad escape, lone
 * surrogate, \u0000; RK_E_LIMIT: no room. The text is terminated; *ret_len does not count the
 * NUL. */
int rk__scan_unescape(struct rk_span in, char *dst, size_t dst_size, size_t *ret_len);
/* Is this raw key (inside of the quotes) the path word (~1 is /, ~0 is ~)? */
bool rk__scan_key_is(struct rk_span raw, struct rk_span word);

#endif
