/* Lines of a shell, taken apart as far as a `ray start` line needs it: pieces between `;`, `&&` and line breaks, and words. */
#include "convert.h"

#define PIECES_MAX 1000

static int blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Behind what a quote, a backslash or a bracket at p keeps together; p itself = it is none of them; NULL = it has no end. `depth`: of
 * what stands in brackets in brackets. */
static const char *skip(const char *p, int depth)
{
    if (*p == '\\')
        return p[1] ? p + 2 : p + 1;
    if (*p == '\'') {
        const char *end = strchr(p + 1, '\'');
        return end ? end + 1 : NULL;
    }
    if (*p != '"' && *p != '`' && *p != '(')
        return p;
    char close = (char)(*p == '(' ? ')' : *p);
    if (depth > 32)
        return NULL;
    for (const char *s = p + 1; *s;) {
        if (*s == close)
            return s + 1;
        /* Between double quotes only a backslash and $( ) mean something. */
        int plain = close == '"' && *s != '\\' && *s != '`' && !(*s == '(' && s[-1] == '$');
        const char *next = plain ? s + 1 : skip(s, depth + 1);
        if (!next)
            return NULL;
        s = next == s ? s + 1 : next;
    }
    return NULL;
}

static const char *trimmed(struct lg *c, const char *from, const char *to)
{
    while (from < to && (blank(*from) || *from == '\n'))
        from++;
    while (to > from && (blank(to[-1]) || to[-1] == '\n'))
        to--;
    char *out = c->rk->alloc(c->ps, (size_t)(to - from) + 1);
    memcpy(out, from, (size_t)(to - from));
    return out;
}

const struct lg_part *lg_split(struct lg *c, const char *text, const char *where, size_t *ret_n)
{
    struct lg_part *parts = c->rk->alloc(c->ps, PIECES_MAX * sizeof(*parts));
    const char *from = text, *p = text;
    size_t n = 0;
    while (n < PIECES_MAX) {
        int two = (*p == '&' || *p == ';') && p[1] == *p; /* ;; ends a case */
        size_t len = two ? 2 : *p == ';' || *p == '\n' ? 1 : 0;
        if (len || !*p) {
            const char *piece = trimmed(c, from, p);
            if (piece[0])
                parts[n++] = (struct lg_part){piece, c->rk->fmt(c->ps, "%.*s", (int)len, p)};
            if (!*p) {
                *ret_n = n;
                return parts;
            }
            from = p += len;
            continue;
        }
        const char *next = skip(p, 0);
        if (!next)
            break;
        p = next == p ? p + 1 : next;
    }
    lg_bad(c, where, n < PIECES_MAX ? "a quote or bracket in it has no end" : "is too long a line");
    return NULL;
}

/* Between two pieces that belong together. */
const char *lg_between(const char *sep)
{
    return rk_is(sep, "&&") ? " && " : rk_is(sep, ";;") ? ";; " : rk_is(sep, "\n") ? "\n" : "; ";
}

/* Lines that a backslash continues are one. */
const char *lg_unfolded(struct lg *c, const char *text)
{
    char *out = c->rk->alloc(c->ps, strlen(text) + 1), quote = '\0';
    size_t k = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1] == '\n' && quote != '\'') {
            p++;
            continue;
        }
        if (*p == '\\' && p[1] && quote != '\'')
            out[k++] = *p++;
        else if ((*p == '\'' || *p == '"') && (!quote || quote == *p))
            quote = (char)(quote ? '\0' : *p);
        out[k++] = *p;
    }
    return out;
}

/* Would a shell end this word before its end, as that of --port=1>log? */
int lg_breaks(const char *raw)
{
    for (const char *p = raw; *p;) {
        const char *next = skip(p, 0);
        if (!next || (next == p && strchr("<>&|)", *p)))
            return 1;
        p = next == p ? p + 1 : next;
    }
    return 0;
}

/* Without quotes and backslashes, as the shell hands the word on. */
static const char *unquoted(struct lg *c, const char *raw)
{
    char *out = c->rk->alloc(c->ps, strlen(raw) + 1), quote = '\0';
    size_t k = 0;
    for (const char *p = raw; *p; p++) {
        if (*p == '\\' && quote != '\'' && p[1] && (!quote || strchr("\"\\$`", p[1])))
            out[k++] = *++p;
        else if ((*p == '\'' || *p == '"') && (!quote || quote == *p))
            quote = (char)(quote ? '\0' : *p);
        else
            out[k++] = *p;
    }
    return out;
}

const struct lg_word *lg_words(struct lg *c, const char *text, size_t *ret_n)
{
    size_t n = 0;
    struct lg_word *words = c->rk->alloc(c->ps, (strlen(text) / 2 + 2) * sizeof(*words));
    for (const char *p = text; *p;) {
        const char *from = p;
        while (*p && !blank(*p) && *p != '\n') {
            const char *next = skip(p, 0);
            p = !next ? p + strlen(p) : next == p ? p + 1 : next;
        }
        if (p > from) {
            words[n].raw = c->rk->fmt(c->ps, "%.*s", (int)(p - from), from);
            words[n].plain = unquoted(c, words[n].raw);
            n++;
        }
        while (blank(*p) || *p == '\n')
            p++;
    }
    *ret_n = n;
    return words;
}

static int only_comments(const char *text)
{
    while (*text) {
        text += strspn(text, " \t\r\n");
        if (*text && *text != '#')
            return 0;
        text += strcspn(text, "\n");
    }
    return 1;
}

/* `a; b` and `a || b` count as one thing, a comment ends before what follows, and `a &` needs no more `;`. */
const char *lg_grouped(struct lg *c, const char *text)
{
    size_t n = strlen(text), odd = 0;
    while (n > odd && text[n - 1 - odd] == '\\')
        odd++;
    n -= odd % 2; /* it would take in what is put behind */
    while (n > 0 && (blank(text[n - 1]) || text[n - 1] == '\n' || text[n - 1] == ';'))
        n--;
    text = c->rk->fmt(c->ps, "%.*s", (int)n, text);
    if (!strpbrk(text, ";#\n&|"))
        return text;
    if (only_comments(text))
        return "true";
    if (strpbrk(text, "#\n"))
        return c->rk->fmt(c->ps, "{ %s\n}", text);
    return c->rk->fmt(c->ps, "{ %s%s }", text, n && text[n - 1] == '&' ? "" : ";");
}

/* As a container's command has it, where `$$` is one `$`; executed lines had no such rule. */
const char *lg_literal(struct lg *c, const char *text)
{
    char *out = c->rk->alloc(c->ps, 2 * strlen(text) + 1);
    size_t k = 0;
    for (const char *p = text; *p; p++) {
        int two = *p == '$' && p[1] == '$';
        memcpy(out + k, "$$$$", two ? 4 : 0);
        k += two ? 4u : 0u;
        if (two)
            p++;
        else
            out[k++] = *p;
    }
    return out;
}
