/* Kubernetes quantities (k8s.io/apimachinery pkg/api/resource). Go keeps an int64 with a scale, or a big decimal; 128 bits of nano units
 * hold every value that either can take up to 1.7e29 units, and all rounding there is: up to the next nano. */
#include "core/json/quantity.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"

#define NANO 1000000000

__extension__ typedef unsigned __int128 uint128;

/* 1.7e29 units. A round number below 2^127, so that a saturated value still has a short text. */
static const uint128 nano_max = (uint128)170 * 1000000000000000000U * 1000000000000000000U;
static const uint128 binary_max = (uint128)INT64_MAX * NANO;

struct number {
    bool negative;
    struct rk_span whole;    /* digits before the point, without leading zeros */
    struct rk_span fraction; /* and behind it */
    const char *suffix;
};

struct suffix {
    char text[3];
    int exponent;
    enum rk_quantity_format format;
};

static const struct suffix suffixes[] = {
    {"", 0, RK_QUANTITY_DECIMAL_SI},   {"n", -9, RK_QUANTITY_DECIMAL_SI},
    {"u", -6, RK_QUANTITY_DECIMAL_SI}, {"m", -3, RK_QUANTITY_DECIMAL_SI},
    {"k", 3, RK_QUANTITY_DECIMAL_SI},  {"M", 6, RK_QUANTITY_DECIMAL_SI},
    {"G", 9, RK_QUANTITY_DECIMAL_SI},  {"T", 12, RK_QUANTITY_DECIMAL_SI},
    {"P", 15, RK_QUANTITY_DECIMAL_SI}, {"E", 18, RK_QUANTITY_DECIMAL_SI},
    {"Ki", 10, RK_QUANTITY_BINARY_SI}, {"Mi", 20, RK_QUANTITY_BINARY_SI},
    {"Gi", 30, RK_QUANTITY_BINARY_SI}, {"Ti", 40, RK_QUANTITY_BINARY_SI},
    {"Pi", 50, RK_QUANTITY_BINARY_SI}, {"Ei", 60, RK_QUANTITY_BINARY_SI},
};

static const char *suffix_text(int exponent, enum rk_quantity_format format)
{
    size_t i = 0;
    while (suffixes[i].exponent != exponent || suffixes[i].format != format) {
        i++;
        assert(i < sizeof suffixes /
                       sizeof suffixes[0]); /* only exponents of the table are asked for */
    }
    return suffixes[i].text;
}

static struct rk_span digits_at(const char *s)
{
    size_t n = 0;
    while (s[n] >= '0' && s[n] <= '9')
        n++;
    return (struct rk_span){s, n};
}

/* false: no digit */
static bool split(const char *text, struct number *ret)
{
    struct number n = {.negative = *text == '-'};
    const char *s = text;
    if (*s == '-' || *s == '+')
        s++;
    n.whole = digits_at(s);
    s += n.whole.n;
    n.fraction = (struct rk_span){s, 0};
    if (*s == '.') {
        n.fraction = digits_at(s + 1);
        s = n.fraction.p + n.fraction.n;
    }
    if (n.whole.n + n.fraction.n == 0)
        return false;
    while (n.whole.n > 0 && *n.whole.p == '0') {
        n.whole.p++;
        n.whole.n--;
    }
    n.suffix = s;
    *ret = n;
    return true;
}

/* "e3", "E-2": beyond +-1000000 every value has become zero or the bound, so larger exponents are read as that. */
static bool exponent_of(const char *s, int *ret)
{
    if (*s != 'e' && *s != 'E')
        return false;
    s++;
    bool negative = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    struct rk_span digits = digits_at(s);
    if (digits.n == 0 || s[digits.n] != '\0')
        return false;
    int e = 0;
    for (size_t i = 0; i < digits.n && e < 1000000; i++)
        e = e * 10 + (s[i] - '0');
    *ret = negative ? -e : e;
    return true;
}

static bool scale_of(const struct number *n, struct suffix *ret)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (strcmp(n->suffix, suffixes[i].text) == 0) {
            *ret = suffixes[i];
            return true;
        }
    }
    ret->format = RK_QUANTITY_DECIMAL_EXPONENT;
    return exponent_of(n->suffix, &ret->exponent);
}

/* value * 10 + digit, at most max */
static uint128 shift_in(uint128 value, unsigned digit, uint128 max)
{
    return value > (max - digit) / 10 ? max : value * 10 + digit;
}

/* Digits with the point moved exponent places, in nano; what is finer rounds up. */
static uint128 decimal_nano(const struct number *n, int exponent)
{
    int64_t total = (int64_t)(n->whole.n + n->fraction.n);
    int64_t point = (int64_t)n->whole.n + exponent + 9;
    uint128 value = 0;
    bool finer = false;
    for (int64_t i = 0; i < total; i++) {
        size_t at = (size_t)i;
        char c = at < n->whole.n ? n->whole.p[at] : n->fraction.p[at - n->whole.n];
        if (i < point)
            value = shift_in(value, (unsigned)(c - '0'), nano_max);
        else
            finer = finer || c != '0';
    }
    for (int64_t i = total; i < point && value != 0 && value != nano_max; i++)
        value = shift_in(value, 0, nano_max);
    return finer && value < nano_max ? value + 1 : value;
}

/* Digits times 2^exponent, in nano. The fraction is taken from its last digit on: (digit * unit + rest) / 10 each, which is exact
 * but for remainders, and those can only mean "a little more". */
static uint128 binary_nano(const struct number *n, int exponent)
{
    uint128 unit = ((uint128)1 << exponent) * NANO;
    uint128 whole = 0;
    for (size_t i = 0; i < n->whole.n; i++)
        whole = shift_in(whole, (unsigned)(n->whole.p[i] - '0'), binary_max);
    if (whole > binary_max / unit)
        return binary_max;
    uint128 part = 0;
    bool finer = false;
    for (size_t i = n->fraction.n; i > 0; i--) {
        uint128 sum = (uint128)(unsigned)(n->fraction.p[i - 1] - '0') * unit + part;
        finer = finer || sum % 10 != 0;
        part = sum / 10;
    }
    uint128 value = whole * unit + part + (finer ? 1 : 0);
    return value < binary_max ? value : binary_max;
}

int rk_quantity_parse(const char *text, struct rk_quantity *ret, struct rk_err *err)
{
    struct number n;
    struct suffix s;
    if (!split(text, &n))
        return rk_err_set(err, RK_E_INVAL, "quantity '%.64s' has no digit", text);
    if (!scale_of(&n, &s))
        return rk_err_set(err, RK_E_INVAL, "unknown suffix '%.64s'", n.suffix);
    uint128 value;
    if (s.format == RK_QUANTITY_BINARY_SI)
        value = binary_nano(&n, s.exponent);
    else
        value = decimal_nano(&n, s.exponent);
    if (s.format == RK_QUANTITY_BINARY_SI && value < NANO && value > 0)
        s.format = RK_QUANTITY_DECIMAL_SI; /* as Go: less than one byte reads better so */
    ret->nano = n.negative ? -(rk_int128)value : (rk_int128)value;
    ret->format = s.format;
    return 0;
}

static uint128 magnitude(rk_int128 v)
{
    return v < 0 ? -(uint128)v : (uint128)v;
}

static rk_int128 bounded(bool negative, uint128 value)
{
    if (value > nano_max)
        value = nano_max;
    return negative ? -(rk_int128)value : (rk_int128)value;
}

int64_t rk_quantity_ceil(struct rk_quantity q)
{
    uint128 value = magnitude(q.nano);
    value = value / NANO + (value % NANO != 0 ? 1 : 0);
    if (q.nano >= 0)
        return value > INT64_MAX ? INT64_MAX : (int64_t)value;
    return value > INT64_MAX ? INT64_MIN : -(int64_t)value;
}

struct rk_quantity rk_quantity_add(struct rk_quantity a, struct rk_quantity b)
{
    struct rk_quantity sum = {0, a.nano == 0 && b.nano != 0 ? b.format : a.format};
    if (__builtin_add_overflow(a.nano, b.nano, &sum.nano))
        sum.nano = bounded(a.nano < 0, nano_max);
    else
        sum.nano = bounded(sum.nano < 0, magnitude(sum.nano));
    return sum;
}

struct rk_quantity rk_quantity_mul(struct rk_quantity a, int64_t times)
{
    struct rk_quantity product = {0, a.format};
    if (__builtin_mul_overflow(a.nano, (rk_int128)times, &product.nano))
        product.nano = bounded((a.nano < 0) != (times < 0), nano_max);
    else
        product.nano = bounded(product.nano < 0, magnitude(product.nano));
    return product;
}

int rk_quantity_cmp(struct rk_quantity a, struct rk_quantity b)
{
    return (a.nano > b.nano) - (a.nano < b.nano);
}

/* sign, value in decimal, suffix */
static void write_text(char *out, bool negative, uint128 value, const char *suffix)
{
    char digits[48];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    int n = snprintf(out, RK_QUANTITY_TEXT, "%s%s%s", negative ? "-" : "", digits + at, suffix);
    assert(n > 0 && n < RK_QUANTITY_TEXT);
}

static void write_decimal(char *out, bool negative, uint128 value, enum rk_quantity_format format)
{
    int exponent = -9;
    while (value % 1000 == 0 && (format == RK_QUANTITY_DECIMAL_EXPONENT || exponent < 18)) {
        value /= 1000;
        exponent += 3;
    }
    char suffix[16] = "";
    if (format == RK_QUANTITY_DECIMAL_SI) {
        write_text(out, negative, value, suffix_text(exponent, format));
        return;
    }
    if (exponent != 0) {
        int n = snprintf(suffix, sizeof suffix, "e%d", exponent);
        assert(n > 0 && (size_t)n < sizeof suffix);
    }
    write_text(out, negative, value, suffix);
}

void rk_quantity_text(struct rk_quantity q, char *out)
{
    uint128 value = magnitude(q.nano);
    bool negative = q.nano < 0;
    if (value == 0) {
        write_text(out, false, 0, "");
        return;
    }
    /* Below 1024 and with a fraction, binary quantities read as decimal ones: Go would have to round otherwise. */
    if (q.format != RK_QUANTITY_BINARY_SI || value < (uint128)1024 * NANO || value % NANO != 0) {
        bool exponent = q.format == RK_QUANTITY_DECIMAL_EXPONENT;
        write_decimal(out, negative, value,
                      exponent ? RK_QUANTITY_DECIMAL_EXPONENT : RK_QUANTITY_DECIMAL_SI);
        return;
    }
    value /= NANO;
    int exponent = 0;
    for (; value % 1024 == 0 && exponent < 60; exponent += 10)
        value /= 1024;
    write_text(out, negative, value, exponent ? suffix_text(exponent, RK_QUANTITY_BINARY_SI) : "");
}
