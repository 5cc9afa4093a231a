/* Is a text JSON of the shape that is wanted? The options are judged at the start, where nothing of
 * the host but this text is at hand; what it holds is read by the host when a pod is made. */
#include "site.h"

#define DEEPEST 32

static const char *value(const char *p, const char *end, int depth);

static const char *blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

static const char *escape(const char *p, const char *end)
{
    if (p < end && *p != 'u')
        return memchr("\"\\/bfnrt", *p, 8) ? p + 1 : NULL;
    if (end - p < 5)
        return NULL;
    for (int i = 1; i <= 4; i++)
        if (!memchr("0123456789abcdefABCDEF", p[i], 22))
            return NULL;
    return p + 5;
}

/* Behind the closing quote; NULL when it is no string. */
static const char *string(const char *p, const char *end)
{
    if (p >= end || *p++ != '"')
        return NULL;
    while (p && p < end && *p != '"') {
        if ((unsigned char)*p < 0x20)
            return NULL;
        p = *p == '\\' ? escape(p + 1, end) : p + 1;
    }
    return p && p < end ? p + 1 : NULL;
}

static const char *digits(const char *p, const char *end)
{
    const char *from = p;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p > from ? p : NULL;
}

static const char *number(const char *p, const char *end)
{
    p += *p == '-';
    if (p < end && *p == '0')
        p++;
    else
        p = digits(p, end);
    if (p && p < end && *p == '.')
        p = digits(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        p = digits(p, end);
    }
    return p;
}

/* A member of an object: "key": value. *named: it is a name with a text. */
static const char *member(const char *p, const char *end, int depth, int *named)
{
    const char *key = p;
    p = string(p, end);
    if (!p)
        return NULL;
    int is_name = p - key == 6 && memcmp(key, "\"name\"", 6) == 0;
    p = blanks(p, end);
    if (p >= end || *p++ != ':')
        return NULL;
    p = blanks(p, end);
    *named |= is_name && end - p > 2 && p[0] == '"' && p[1] != '"';
    return value(p, end, depth);
}

/* The members of an object or list, from its opening on. */
static const char *members(const char *p, const char *end, int depth, int *named)
{
    char close = *p == '{' ? '}' : ']';
    p = blanks(p + 1, end);
    if (depth > DEEPEST)
        return NULL;
    if (p < end && *p == close)
        return p + 1;
    while (p) {
        p = close == '}' ? member(p, end, depth + 1, named) : value(p, end, depth + 1);
        p = p ? blanks(p, end) : NULL;
        if (!p || p >= end || (*p != ',' && *p != close))
            return NULL;
        if (*p == close)
            return p + 1;
        p = blanks(p + 1, end);
    }
    return NULL;
}

static const char *value(const char *p, const char *end, int depth)
{
    static const char *const words[] = {"true", "false", "null"};
    int named = 0;
    if (p >= end)
        return NULL;
    if (*p == '"')
        return string(p, end);
    if (*p == '{' || *p == '[')
        return members(p, end, depth, &named);
    for (size_t i = 0; i < RK_COUNT(words); i++)
        if ((size_t)(end - p) >= strlen(words[i]) && memcmp(p, words[i], strlen(words[i])) == 0)
            return p + strlen(words[i]);
    return number(p, end);
}

static const char *object(const char *p, const char *end, int *named)
{
    return p < end && *p == '{' ? members(p, end, 0, named) : NULL;
}

const char *site_json_object(struct site_word w)
{
    int named = 0;
    const char *end = w.p + w.n, *p = object(blanks(w.p, end), end, &named);
    if (!p || blanks(p, end) != end)
        return "is not a JSON object";
    return named ? NULL : "has no name";
}

const char *site_json_list(const char *text)
{
    const char *end = text + strlen(text), *p = blanks(text, end);
    if (p >= end || *p != '[')
        return "is not a JSON list";
    p = blanks(p + 1, end);
    for (int more = p < end && *p != ']'; more;) {
        int named = 0;
        p = object(p, end, &named);
        if (!p)
            return "is not a JSON list of objects";
        if (!named)
            return "has an object without a name";
        p = blanks(p, end);
        more = p < end && *p == ',';
        p = more ? blanks(p + 1, end) : p;
    }
    return p < end && *p == ']' && blanks(p + 1, end) == end ? NULL
                                                             : "is not a JSON list of objects";
}
