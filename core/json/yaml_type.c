/* Typing of plain scalars as sigs.k8s.io/yaml does it (go.yaml.in/yaml/v2, then encoding/json):
 * booleans of YAML 1.1 with y and n, integers in Go's spellings (0b1, 0o7, 07, 0x1F, 1_000), no
 * sexagesimals, timestamps stay texts, 1e400 is a text. */
#include "core/json/yaml_room.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool word(const char *text, enum rk__yaml_type *ret)
{
    static const struct {
        const char *text;
        enum rk__yaml_type type;
    } words[] = {
        {"y", RK__YAML_TRUE},        {"Y", RK__YAML_TRUE},        {"yes", RK__YAML_TRUE},
        {"Yes", RK__YAML_TRUE},      {"YES", RK__YAML_TRUE},      {"true", RK__YAML_TRUE},
        {"True", RK__YAML_TRUE},     {"TRUE", RK__YAML_TRUE},     {"on", RK__YAML_TRUE},
        {"On", RK__YAML_TRUE},       {"ON", RK__YAML_TRUE},       {"n", RK__YAML_FALSE},
        {"N", RK__YAML_FALSE},       {"no", RK__YAML_FALSE},      {"No", RK__YAML_FALSE},
        {"NO", RK__YAML_FALSE},      {"false", RK__YAML_FALSE},   {"False", RK__YAML_FALSE},
        {"FALSE", RK__YAML_FALSE},   {"off", RK__YAML_FALSE},     {"Off", RK__YAML_FALSE},
        {"OFF", RK__YAML_FALSE},     {"", RK__YAML_NULL},         {"~", RK__YAML_NULL},
        {"null", RK__YAML_NULL},     {"Null", RK__YAML_NULL},     {"NULL", RK__YAML_NULL},
        {".nan", RK__YAML_ENDLESS},  {".NaN", RK__YAML_ENDLESS},  {".NAN", RK__YAML_ENDLESS},
        {".inf", RK__YAML_ENDLESS},  {".Inf", RK__YAML_ENDLESS},  {".INF", RK__YAML_ENDLESS},
        {"+.inf", RK__YAML_ENDLESS}, {"+.Inf", RK__YAML_ENDLESS}, {"+.INF", RK__YAML_ENDLESS},
        {"-.inf", RK__YAML_ENDLESS}, {"-.Inf", RK__YAML_ENDLESS}, {"-.INF", RK__YAML_ENDLESS},
        {"<<", RK__YAML_MERGE},
    };
    if (strlen(text) > 5)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].text) == 0) {
            *ret = words[i].type;
            return true;
        }
    }
    return false;
}

/* Underscores may stand anywhere behind a digit or sign; behind a leading point only between
 * digits. */
static bool without_underscores(const char *text, char *out)
{
    size_t n = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] != '_')
            out[n++] = text[i];
        else if (text[0] == '.' && (!is_digit(text[i - 1]) || !is_digit(text[i + 1])))
            return false;
    }
    out[n] = '\0';
    return true;
}

static int digit_of(char c)
{
    if (is_digit(c))
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return 99;
}

/* Integers as Go's ParseInt and ParseUint read them with base 0. Decimals keep any number of
 * digits. */
static bool integer(const char *p, char *out)
{
    char sign = *p == '-' || *p == '+' ? *p++ : '\0';
    if (!is_digit(*p))
        return false;
    if (p[0] != '0' || p[1] == '\0') {
        size_t n = strspn(p, "0123456789");
        if (p[n] != '\0')
            return false;
        bool minus = sign == '-' && p[0] != '0';
        out[0] = '-';
        memcpy(out + (minus ? 1 : 0), p, n + 1);
        return true;
    }
    char mark = (char)(p[1] | 0x20);
    int base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    p += base == 0 ? 1 : 2;
    if (base == 0)
        base = 8;
    if (*p == '\0')
        return false;
    uint64_t v = 0;
    for (; *p != '\0'; p++) {
        int d = digit_of(*p);
        if (d >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)d, &v))
            return false;
    }
    uint64_t top = (uint64_t)INT64_MAX + (sign == '-' ? 1 : 0);
    if (sign != '\0' && v > top)
        return false;
    (void)snprintf(out, RK__YAML_NUMBER_BUF, "%s%" PRIu64, sign == '-' && v != 0 ? "-" : "",
                   v); /* fits: 21 bytes */
    return true;
}

/* ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$ and finite; out becomes a JSON number of
 * the same digits. */
static bool decimal(const char *p, char *out)
{
    size_t n = 0;
    if (*p == '-')
        out[n++] = '-';
    if (*p == '-' || *p == '+')
        p++;
    size_t whole = strspn(p, "0123456789"), zeros = strspn(p, "0");
    const char *frac = p + whole + (p[whole] == '.' ? 1 : 0);
    size_t n_frac = frac == p + whole ? 0 : strspn(frac, "0123456789");
    if (whole == 0 && n_frac == 0)
        return false;
    if (zeros == whole)
        out[n++] = '0';
    memcpy(out + n, p + zeros, whole - zeros);
    n += whole - zeros;
    if (n_frac > 0)
        out[n++] = '.';
    memcpy(out + n, frac, n_frac);
    n += n_frac;
    const char *exp = frac + n_frac;
    if (*exp == 'e' || *exp == 'E') {
        size_t sign = exp[1] == '-' || exp[1] == '+' ? 1 : 0,
               digits = strspn(exp + 1 + sign, "0123456789");
        if (digits == 0)
            return false;
        memcpy(out + n, exp, 1 + sign + digits);
        n += 1 + sign + digits;
        exp += 1 + sign + digits;
    }
    out[n] = '\0';
    return *exp == '\0' && isfinite(strtod(out, NULL));
}

enum rk__yaml_type rk__yaml_resolve(const char *text, char number[RK__YAML_NUMBER_BUF])
{
    enum rk__yaml_type type;
    if (word(text, &type))
        return type;
    char c = text[0], plain[RK__YAML_NUMBER_MAX + 1];
    if (!is_digit(c) && c != '+' && c != '-' && c != '.')
        return RK__YAML_STR;
    if (strlen(text) > RK__YAML_NUMBER_MAX || !without_underscores(text, plain))
        return RK__YAML_STR;
    if (c != '.' && integer(plain, number))
        return RK__YAML_INT;
    return decimal(plain, number) ? RK__YAML_FLOAT : RK__YAML_STR;
}

/* Float keys go through float32 and Go's shortest 'g' format: the fewest digits that read back,
 * an exponent when it is below -4 or above 5. */
static const char *float_key(const char *number, char out[RK__YAML_NUMBER_BUF])
{
    float v = strtof(number, NULL);
    if (!isfinite(v))
        return v < 0 ? "-.inf" : ".inf";
    char e[64];
    int digits = 0;
    do {
        (void)snprintf(e, sizeof e, "%.*e", digits,
                       (double)v); /* fits: at most 8 digits and an exponent */
    } while (strtof(e, NULL) != v && ++digits < 9);
    long exp = strtol(strchr(e, 'e') + 1, NULL, 10);
    if (exp < -4 || exp >= 6) {
        (void)snprintf(out, RK__YAML_NUMBER_BUF, "%s", e); /* fits as e did */
        return out;
    }
    long places = (long)digits - exp;
    (void)snprintf(out, RK__YAML_NUMBER_BUF, "%.*f", places > 0 ? (int)places : 0, (double)v);
    return out;
}

static const char *endless_key(const char *text)
{
    if (text[0] == '-')
        return "-.inf";
    return text[1] == 'n' || text[1] == 'N' ? ".nan" : ".inf";
}

const char *rk__yaml_key_text(const char *text, char out[RK__YAML_NUMBER_BUF])
{
    char number[RK__YAML_NUMBER_BUF];
    switch (rk__yaml_resolve(text, number)) {
    case RK__YAML_NULL:
        return NULL;
    case RK__YAML_TRUE:
        return "true";
    case RK__YAML_FALSE:
        return "false";
    case RK__YAML_ENDLESS:
        return endless_key(text);
    case RK__YAML_FLOAT:
        return float_key(number, out);
    case RK__YAML_INT:
        memcpy(out, number, sizeof number);
        return out;
    default:
        return text;
    }
}

bool rk__yaml_ambiguous(const char *text)
{
    char number[RK__YAML_NUMBER_BUF];
    if (rk__yaml_resolve(text, number) != RK__YAML_STR)
        return true;
    size_t digits = strspn(text, "0123456789");
    if (digits == 4 && text[4] == '-') /* a date */
        return true;
    size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
    size_t first = strspn(text + sign, "0123456789_");
    if (first > 0 && text[sign + first] == ':') /* 1:30, sexagesimal to a YAML 1.1 reader */
        return true;
    return strcmp(text, "=") == 0; /* the value key of YAML 1.1 */
}
