/* Text: spans, comparisons, bounded copies, numbers, durations, nearest spelling, UTF-8. ASCII rules throughout: the
 * process never leaves the C locale. */
#include "core/base/str.h"

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
    if (!rest->p)
        return false;
    /* n = 0 with p still set is the field behind a trailing separator, or an empty text that gives nothing: the two are
     * told apart by `p`, which becomes NULL when the last field was handed out. */
    const char *cut = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    if (cut) {
        size_t n = (size_t)(cut - rest->p);
        *ret_field = (struct rk_span){rest->p, n};
        rest->p += n + 1;
        rest->n -= n + 1;
        if (!rest->n)
            *rest = (struct rk_span){NULL, 1}; /* one empty field is still to come */
        return true;
    }
    return false;
}
