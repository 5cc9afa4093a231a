/* The grammar of the streaming framer: a machine that can stop and go on at any byte. The whole
 * of JSON is checked (a broken stream must never look like an object); values near the top are
 * reported to scan.c, all others just go by. */
#include "core/json/scan_state.h"

#include <string.h>

/* Grammar. Each of the following eats bytes from q and returns where it stopped, NULL on
 * failure. */

static void push(struct rk_scan *s, char c)
{
    if (s->depth < s->depth_max) {
        s->stack[s->depth++] = c;
        s->st = c == '{' ? ST_KEY_OR_END : ST_VALUE_OR_END;
        return;
    }
    s->st = ST_DEEP;
    s->deep = 1;
    s->item.skipped = s->meta.skipped = s->doc.skipped = true;
}

static const char *value(struct rk_scan *s, const char *q)
{
    char c = *q;
    if (s->depth <= s->shallow && !rk__scan_value_starts(s, c, q))
        return NULL;
    switch (c) {
    case '"':
        s->st = ST_STRING;
        s->in_key = false;
        return q + 1;
    case '{':
    case '[':
        push(s, c);
        return q + 1;
    case 't':
        s->literal = "rue";
        break;
    case 'f':
        s->literal = "alse";
        break;
    case 'n':
        s->literal = "ull";
        break;
    default:
        s->num = rk__scan_num_step(RK__NUM_START, c);
        if (s->num == RK__NUM_NONE)
            return rk__scan_fail(s, q, "expected a value");
        s->st = ST_NUMBER;
        return q + 1;
    }
    s->st = ST_LITERAL;
    return q + 1;
}

static const char *close_bracket(struct rk_scan *s, const char *q)
{
    char open = s->stack[s->depth - 1];
    if (*q != (open == '{' ? '}' : ']'))
        return rk__scan_fail(s, q, open == '{' ? "expected ',' or '}'" : "expected ',' or ']'");
    s->depth--;
    s->st = ST_AFTER;
    if (s->depth <= s->shallow && !rk__scan_value_ends(s, q + 1))
        return NULL;
    return q + 1;
}

static const char *structure(struct rk_scan *s, const char *q)
{
    char c = *q;
    if (rk__scan_space(c))
        return q + 1;
    switch (s->st) {
    case ST_AFTER:
        if (c != ',')
            return close_bracket(s, q);
        s->st = s->stack[s->depth - 1] == '{' ? ST_KEY : ST_VALUE;
        return q + 1;
    case ST_COLON:
        if (c != ':')
            return rk__scan_fail(s, q, "expected ':'");
        s->st = ST_VALUE;
        return q + 1;
    case ST_KEY_OR_END:
    case ST_KEY:
        if (c == '}' && s->st == ST_KEY_OR_END)
            return close_bracket(s, q);
        if (c != '"')
            return rk__scan_fail(s, q, "expected a key");
        s->st = ST_STRING;
        s->in_key = true;
        s->key_len = 0;
        return q + 1;
    case ST_VALUE_OR_END:
        return c == ']' ? close_bracket(s, q) : value(s, q);
    case ST_DONE:
        return rk__scan_fail(s, q, "text behind the document");
    default:
        return value(s, q);
    }
}

/* LIST: remember the raw keys of the top level; a longer one is none that we look for. */
static void keep_key(struct rk_scan *s, const char *from, const char *to)
{
    size_t n = (size_t)(to - from);
    if (n > sizeof s->key || s->key_len > sizeof s->key - n) {
        s->key_len = sizeof s->key + 1;
        return;
    }
    memcpy(s->key + s->key_len, from, n);
    s->key_len += n;
}

static const char *string(struct rk_scan *s, const char *q, const char *end)
{
    const char *from = q;
    for (;;) {
        q = rk__scan_plain(q, end);
        if (q == end)
            break;
        if (*q == '"') {
            s->st = s->deep > 0 ? ST_DEEP : s->in_key ? ST_COLON : ST_AFTER;
            break;
        }
        if (*q != '\\')
            return rk__scan_fail(s, q, "a control character in a string");
        if (end - q < 2 || !rk__scan_is_escape(q[1])) {
            s->st = ST_ESCAPE;
            q++;
            break;
        }
        q += 2;
    }
    if (s->in_key && s->depth == 1)
        keep_key(s, from, q);
    return q < end && s->st != ST_ESCAPE ? q + 1 : q;
}

static const char *escape(struct rk_scan *s, const char *q)
{
    if (s->in_key && s->depth == 1)
        keep_key(s, q, q + 1);
    if (s->st == ST_ESCAPE && *q == 'u') {
        s->st = ST_HEX;
        s->hex_left = 4;
    } else if (s->st == ST_ESCAPE) {
        if (!rk__scan_is_escape(*q))
            return rk__scan_fail(s, q, "an unknown escape");
        s->st = ST_STRING;
    } else {
        if (!rk__scan_is_hex(*q))
            return rk__scan_fail(s, q, "expected four hexadecimal digits behind \\u");
        if (--s->hex_left == 0)
            s->st = ST_STRING;
    }
    return q + 1;
}

static const char *scalar(struct rk_scan *s, const char *q)
{
    if (s->st == ST_LITERAL) {
        if (*q != *s->literal)
            return rk__scan_fail(s, q, "expected true, false or null");
        if (*++s->literal == '\0')
            s->st = ST_AFTER;
        return q + 1;
    }
    enum rk__scan_num next = rk__scan_num_step(s->num, *q);
    if (next != RK__NUM_NONE) {
        s->num = next;
        return q + 1;
    }
    if (!rk__scan_num_done(s->num))
        return rk__scan_fail(s, q, "a malformed number");
    s->st = ST_AFTER;
    return q; /* the byte behind the number is looked at again */
}

static const char *deep(struct rk_scan *s, const char *q)
{
    if (*q == '"') {
        s->st = ST_STRING;
        s->in_key = false;
    } else if (*q == '{' || *q == '[') {
        s->deep++;
    } else if ((*q == '}' || *q == ']') && --s->deep == 0) {
        s->st = ST_AFTER;
    }
    return q + 1;
}

void rk__scan_run(struct rk_scan *s, const char *q, const char *end)
{
    while (q < end) {
        switch (s->st) {
        case ST_STRING:
            q = string(s, q, end);
            break;
        case ST_ESCAPE:
        case ST_HEX:
            q = escape(s, q);
            break;
        case ST_NUMBER:
        case ST_LITERAL:
            q = scalar(s, q);
            break;
        case ST_DEEP:
            q = deep(s, q);
            break;
        default:
            q = structure(s, q);
            break;
        }
        if (q == NULL)
            return;
    }
}
