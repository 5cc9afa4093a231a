/* Text: spans, comparisons, bounded copies, numbers, durations, nearest spelling, UTF-8. ASCII rules throughout: the
 * process never leaves the C locale. */
#include "core/base/str.h"

#include <assert.h>
#include <string.h>

#include "core/base/err.h"

struct rk_span rk_span_of(const char *s)
{
    return (struct rk_span){s, s ? strlen(s) : 0};
}

bool rk_span_is(struct rk_span s, const char *text)
{
    return rk_span_eq(s, rk_span_of(text));
}

bool rk_span_eq(struct rk_span a, struct rk_span b)
{
    if (!a.p || !b.p)
        return !a.p && !b.p;
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct rk_span rk_span_trim(struct rk_span s)
{
    while (s.n && is_space(*s.p)) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool rk_span_next(struct rk_span *rest, char sep, struct rk_span *ret_field)
{
    if (!rest->p || !rest->n)
        return false;
    const char *cut = memchr(rest->p, sep, rest->n);
    size_t n = cut ? (size_t)(cut - rest->p) : rest->n;
    size_t gone = cut ? n + 1 : n;
    *ret_field = (struct rk_span){rest->p, n};
    rest->p += gone;
    rest->n -= gone;
    return true;
}

bool rk_str_eq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool rk_str_ieq(const char *a, const char *b)
{
    if (!a || !b)
        return false;
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool rk_str_starts(const char *s, const char *prefix)
{
    return s && prefix && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool rk_str_ends(const char *s, const char *suffix)
{
    if (!s || !suffix)
        return false;
    size_t n = strlen(s), k = strlen(suffix);
    return k <= n && memcmp(s + n - k, suffix, k) == 0;
}

int rk_str_copy(char *dst, size_t dst_size, const char *src)
{
    return rk_str_copyn(dst, dst_size, src, strlen(src));
}

int rk_str_copyn(char *dst, size_t dst_size, const char *src, size_t n)
{
    if (n >= dst_size) {
        if (dst_size)
            dst[0] = '\0';
        return RK_E_LIMIT;
    }
    if (n)
        memcpy(dst, src, n);
    dst[n] = '\0';
    return 0;
}

void rk_str_cut(char *dst, size_t dst_size, const char *src)
{
    assert(dst_size > 0);
    (void)rk_str_copyn(dst, dst_size, src, strnlen(src, dst_size - 1)); /* fits */
}

int rk_str_int(struct rk_span s, int64_t min, int64_t max, int64_t *ret)
{
    bool minus = s.n && *s.p == '-';
    size_t i = minus;
    if (!s.p || i == s.n)
        return RK_E_INVAL;
    int64_t value = 0; /* kept negative or positive all along, so that INT64_MIN fits */
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return RK_E_INVAL;
        int64_t digit = s.p[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, minus ? -digit : digit, &value))
            return RK_E_INVAL;
    }
    if (value < min || value > max)
        return RK_E_INVAL;
    *ret = value;
    return 0;
}

/* The unit at the start of s: its length and size, 0 when there is none. "ms" is looked for before "m". */
static size_t unit_of(struct rk_span s, int64_t *ret_ms)
{
    static const struct {
        const char *name;
        size_t n;
        int64_t ms;
    } units[] = {{"ms", 2, 1}, {"s", 1, 1000}, {"m", 1, 60 * 1000}, {"h", 1, 3600 * 1000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (s.n >= units[i].n && memcmp(s.p, units[i].name, units[i].n) == 0) {
            *ret_ms = units[i].ms;
            return units[i].n;
        }
    return 0;
}

int rk_str_duration_ms(struct rk_span s, int64_t *ret_ms)
{
    int64_t total = 0, above = INT64_MAX;
    if (rk_span_is(s, "0")) {
        *ret_ms = 0;
        return 0;
    }
    if (!s.n)
        return RK_E_INVAL;
    while (s.n) {
        struct rk_span number = {s.p, 0};
        while (number.n < s.n && s.p[number.n] >= '0' && s.p[number.n] <= '9')
            number.n++;
        s.p += number.n;
        s.n -= number.n;
        int64_t count, unit = 0;
        size_t n = unit_of(s, &unit);
        /* Units must fall: "30m1h" and "1m1m" are typing errors more often than sums. */
        if (!n || unit >= above || rk_str_int(number, 0, INT64_MAX, &count) ||
            __builtin_mul_overflow(count, unit, &count) ||
            __builtin_add_overflow(total, count, &total))
            return RK_E_INVAL;
        above = unit;
        s.p += n;
        s.n -= n;
    }
    *ret_ms = total;
    return 0;
}

int rk_str_bool(struct rk_span s, bool *ret)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"},
                                            {"true", "yes", "on", "1"}};
    char word[6];
    if (!s.p || rk_str_copyn(word, sizeof word, s.p, s.n))
        return RK_E_INVAL;
    for (int value = 0; value < 2; value++)
        for (int i = 0; i < 4; i++)
            if (rk_str_ieq(word, words[value][i]) && strlen(word) == s.n) {
                *ret = value;
                return 0;
            }
    return RK_E_INVAL;
}

#define NEAREST_MAX 96 /* longer words are not typing errors of ours */

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; both at most NEAREST_MAX long. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++)
        before[j] = above[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[nb];
}

const char *rk_str_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t len = strlen(word);
    if (!len || len > NEAREST_MAX)
        return NULL;
    size_t allowed = len / 3 ? len / 3 : 1;
    const char *best = NULL;
    size_t best_distance = allowed + 1;
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(candidates[i]);
        if (k > NEAREST_MAX || (k > len ? k - len : len - k) > allowed)
            continue;
        size_t d = distance(word, len, candidates[i], k);
        if (d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}

size_t rk_str_utf8_char(const char *p, size_t n)
{
    const unsigned char *s = (const unsigned char *)p;
    if (!n)
        return 0;
    if (s[0] < 0x80)
        return 1;
    /* The second byte's range is what rules out overlong forms, surrogates and values past U+10FFFF. */
    unsigned char low = 0x80, high = 0xBF;
    size_t need;
    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        need = 2;
    } else if (s[0] >= 0xE0 && s[0] <= 0xEF) {
        need = 3;
        low = s[0] == 0xE0 ? 0xA0 : low;
        high = s[0] == 0xED ? 0x9F : high;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        need = 4;
        low = s[0] == 0xF0 ? 0x90 : low;
        high = s[0] == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    if (n < need || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

bool rk_str_utf8(const char *p, size_t n)
{
    while (n) {
        size_t k = rk_str_utf8_char(p, n);
        if (!k)
            return false;
        p += k;
        n -= k;
    }
    return true;
}
