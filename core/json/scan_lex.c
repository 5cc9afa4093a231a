/* Lexical pieces of the scanner: number grammar, unescaping, key comparison. See scan_lex.h. */
#include "core/json/scan_lex.h"

#include "core/base/err.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum rk__scan_num rk__scan_num_step(enum rk__scan_num st, char c)
{
    switch (st) {
    case RK__NUM_START:
        if (c == '-')
            return RK__NUM_MINUS;
        /* fall through */
    case RK__NUM_MINUS:
        if (c == '0')
            return RK__NUM_ZERO;
        return is_digit(c) ? RK__NUM_INT : RK__NUM_NONE;
    case RK__NUM_INT:
        if (is_digit(c))
            return RK__NUM_INT;
        /* fall through */
    case RK__NUM_ZERO:
        if (c == '.')
            return RK__NUM_DOT;
        return c == 'e' || c == 'E' ? RK__NUM_E : RK__NUM_NONE;
    case RK__NUM_DOT:
        return is_digit(c) ? RK__NUM_FRAC : RK__NUM_NONE;
    case RK__NUM_FRAC:
        if (is_digit(c))
            return RK__NUM_FRAC;
        return c == 'e' || c == 'E' ? RK__NUM_E : RK__NUM_NONE;
    case RK__NUM_E:
        if (c == '+' || c == '-')
            return RK__NUM_ESIGN;
        /* fall through */
    case RK__NUM_ESIGN:
    case RK__NUM_EXP:
        return is_digit(c) ? RK__NUM_EXP : RK__NUM_NONE;
    case RK__NUM_NONE:
        break;
    }
    return RK__NUM_NONE;
}

static int hex4(const char *p, const char *end, uint32_t *ret)
{
    if (end - p < 4)
        return RK_E_INVAL;
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if (!rk__scan_is_hex(c))
            return RK_E_INVAL;
        uint32_t digit = is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a') + 10;
        v = v << 4 | digit;
    }
    *ret = v;
    return 0;
}

/* One code point behind "\u": p stands behind the u. Surrogate pairs are joined; a lone half is
 * an error. */
static int code_point(const char **p, const char *end, uint32_t *ret)
{
    uint32_t hi, lo;
    if (hex4(*p, end, &hi) < 0 || hi == 0)
        return RK_E_INVAL;
    *p += 4;
    if (hi < 0xD800 || hi > 0xDFFF) {
        *ret = hi;
        return 0;
    }
    if (hi > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u' ||
        hex4(*p + 2, end, &lo) < 0 || lo < 0xDC00 || lo > 0xDFFF)
        return RK_E_INVAL;
    *p += 6;
    *ret = 0x10000 + ((hi - 0xD800) << 10) + (lo - 0xDC00);
    return 0;
}

static size_t utf8(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, cp >>= 6)
        out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)(lead[n] | cp);
    return n;
}

/* One escape; *p stands behind the backslash. */
static int escape(const char **p, const char *end, char out[4], size_t *ret_n)
{
    if (*p == end)
        return RK_E_INVAL;
    char c = *(*p)++;
    if (c == 'u') {
        uint32_t cp;
        int rc = code_point(p, end, &cp);
        if (rc == 0)
            *ret_n = utf8(cp, out);
        return rc;
    }
    if (!rk__scan_is_escape(c))
        return RK_E_INVAL;
    switch (c) {
    case 'b':
        out[0] = '\b';
        break;
    case 'f':
        out[0] = '\f';
        break;
    case 'n':
        out[0] = '\n';
        break;
    case 'r':
        out[0] = '\r';
        break;
    case 't':
        out[0] = '\t';
        break;
    default:
        out[0] = c;
        break;
    }
    *ret_n = 1;
    return 0;
}

int rk__scan_unescape(struct rk_span in, char *dst, size_t dst_size, size_t *ret_len)
{
    const char *p = in.p, *end = in.p + in.n;
    size_t n = 0;
    while (p < end) {
        const char *q = rk__scan_plain(p, end);
        char code[4];
        const char *from = p;
        size_t add = (size_t)(q - p);
        p = q;
        if (add == 0) {
            if (*p != '\\')
                return RK_E_INVAL;
            p++;
            if (escape(&p, end, code, &add) < 0)
                return RK_E_INVAL;
            from = code;
        }
        if (add >= dst_size - n)
            return RK_E_LIMIT;
        memcpy(dst + n, from, add);
        n += add;
    }
    dst[n] = '\0';
    *ret_len = n;
    return 0;
}

/* Path word to plain text: ~1 is /, ~0 is ~ (as in JSON pointers, because label keys hold
 * slashes). False: malformed or too long. */
static bool word_text(struct rk_span word, char *dst, size_t dst_size, size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        if (c == '~') {
            if (++i == word.n || (word.p[i] != '0' && word.p[i] != '1'))
                return false;
            c = word.p[i] == '1' ? '/' : '~';
        }
        if (n == dst_size)
            return false;
        dst[n++] = c;
    }
    *ret_len = n;
    return true;
}

bool rk__scan_key_is(struct rk_span raw, struct rk_span word)
{
    bool plain = raw.n == 0 || memchr(raw.p, '\\', raw.n) == NULL;
    if (plain && (word.n == 0 || memchr(word.p, '~', word.n) == NULL))
        return raw.n == word.n && (raw.n == 0 || memcmp(raw.p, word.p, raw.n) == 0);
    char key[RK__SCAN_KEY_MAX + 1], want[RK__SCAN_KEY_MAX];
    size_t key_len, want_len;
    if (!word_text(word, want, sizeof want, &want_len) ||
        rk__scan_unescape(raw, key, sizeof key, &key_len) < 0)
        return false;
    return key_len == want_len && memcmp(key, want, key_len) == 0;
}
