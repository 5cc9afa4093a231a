/* One value out of a framed object, and its text. The object may be the kept prefix of an item
 * that was too long: what lies complete in the prefix is found, what is cut is absent. Brackets
 * are counted, not matched: the framer has checked the grammar. */
#include "core/json/scan.h"

#include <string.h>

#include "core/json/scan_lex.h"

static const char *space(const char *p, const char *end)
{
    while (p < end && rk__scan_space(*p))
        p++;
    return p;
}

/* p behind the opening quote; returns the closing quote, NULL when cut. */
static const char *string_end(const char *p, const char *end)
{
    for (;;) {
        p = rk__scan_plain(p, end);
        if (p == end)
            return NULL;
        if (*p == '"')
            return p;
        if (*p != '\\' || end - p < 2)
            return NULL;
        p += 2;
    }
}

/* p at the first byte of a value; returns the byte behind it, NULL when cut or not a value. */
static const char *value_end(const char *p, const char *end)
{
    size_t depth = 0;
    do {
        if (p == end)
            return NULL;
        switch (*p) {
        case '"':
            p = string_end(p + 1, end);
            if (p == NULL)
                return NULL;
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return NULL;
            depth--;
            break;
        default:
            if (depth > 0)
                break;
            const char *q = p;
            while (q < end && !rk__scan_space(*q) && *q != ',' && *q != '}' && *q != ']' &&
                   *q != ':')
                q++;
            return q == end || q == p ? NULL : q;
        }
        p++;
    } while (depth > 0);
    return p;
}

/* p at a value; returns the start of the member's value, NULL when p is no object or has no such
 * member. */
static const char *member(const char *p, const char *end, struct rk_span word)
{
    if (p == end || *p != '{')
        return NULL;
    p = space(p + 1, end);
    while (p < end && *p == '"') {
        const char *key = p + 1;
        p = string_end(key, end);
        if (p == NULL)
            return NULL;
        struct rk_span raw = {key, (size_t)(p - key)};
        p = space(p + 1, end);
        if (p == end || *p != ':')
            return NULL;
        p = space(p + 1, end);
        if (rk__scan_key_is(raw, word))
            return p;
        p = value_end(p, end);
        if (p == NULL)
            return NULL;
        p = space(p, end);
        if (p == end || *p != ',')
            return NULL;
        p = space(p + 1, end);
    }
    return NULL;
}

struct rk_span rk_scan_get(struct rk_span object, const char *path)
{
    struct rk_span none = {NULL, 0}, rest = rk_span_of(path), word;
    if (object.p == NULL || path == NULL)
        return none;
    const char *end = object.p + object.n, *p = space(object.p, end);
    while (rk_span_next(&rest, '/', &word)) {
        p = member(p, end, word);
        if (p == NULL)
            return none;
    }
    const char *stop = value_end(p, end);
    return stop == NULL ? none : (struct rk_span){p, (size_t)(stop - p)};
}

int rk_scan_text(struct rk_span raw, char *dst, size_t dst_size)
{
    if (dst_size == 0)
        return RK_E_LIMIT;
    dst[0] = '\0';
    if (raw.p == NULL || raw.n < 2 || raw.p[0] != '"' || raw.p[raw.n - 1] != '"')
        return RK_E_INVAL;
    size_t len;
    int rc = rk__scan_unescape((struct rk_span){raw.p + 1, raw.n - 2}, dst, dst_size, &len);
    if (rc < 0)
        dst[0] = '\0'; /* half a name is worse than none */
    return rc;
}
