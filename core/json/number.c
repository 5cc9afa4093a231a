/* Number texts: the grammar, and digits taken apart without computing (client.md 58: doubles lose what the user wrote). */
#include "core/json/room.h"

#include <string.h>

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

bool rk__json_number_valid(const char *text)
{
    const char *s = *text == '-' ? text + 1 : text;
    const char *digits = s;
    s = skip_digits(s);
    if (s == digits || (*digits == '0' && s - digits > 1))
        return false;
    if (*s == '.') {
        const char *fraction = ++s;
        s = skip_digits(s);
        if (s == fraction)
            return false;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-')
            s++;
        const char *exponent = s;
        s = skip_digits(s);
        if (s == exponent)
            return false;
    }
    return *s == '\0';
}

/* The exponent behind e, or false when it has more than 15 digits after its leading zeros. */
static bool exponent_of(const char *s, int64_t *ret)
{
    bool negative = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    while (*s == '0')
        s++;
    size_t n = strlen(s);
    if (n > 15)
        return false;
    int64_t e = 0;
    for (; *s; s++)
        e = e * 10 + (*s - '0');
    *ret = negative ? -e : e;
    return true;
}

void rk__json_number(const char *text, struct rk__json_number *ret)
{
    struct rk__json_number n = {.negative = *text == '-'};
    const char *s = n.negative ? text + 1 : text;
    const char *end = s + strcspn(s, "eE");
    const char *point = memchr(s, '.', (size_t)(end - s));
    const char *last = end; /* behind the last digit that is not zero */
    while (last > s && (last[-1] == '0' || last[-1] == '.'))
        last--;
    while (s < last && (*s == '0' || *s == '.'))
        s++;
    if (s == last) {
        *ret = (struct rk__json_number){.negative = n.negative};
        return;
    }
    n.first = s;
    n.count = (size_t)(last - s);
    if (point && point > s && point < last)
        n.count--;
    /* Power of ten of the last digit kept: digits between it and the point, whichever side. */
    const char *unit = point ? point : end;
    n.scale = last <= unit ? unit - last : -(last - unit - 1);
    if (*end) {
        int64_t e = 0;
        n.vast = !exponent_of(end + 1, &e);
        n.scale += e;
    }
    *ret = n;
}
