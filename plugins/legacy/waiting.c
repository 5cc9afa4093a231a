/* Lines that a container of the old operator waited with: what waits for ever, and what is done beside it. Loops and conditions are
 * taken as they are, whole. */
#include "convert.h"

/* Words of a piece, behind those that only begin the body of a loop or a condition. */
static const struct lg_word *body(struct lg *c, const char *piece, size_t *ret_n)
{
    static const char *const first[] = {"do", "then", "else", "exec"};
    const struct lg_word *w = lg_words(c, piece, ret_n);
    for (; *ret_n && rk_among(w->plain, first, RK_COUNT(first)); w++)
        --*ret_n;
    return w;
}

/* infinity, or a day and more */
static int is_long(const char *time)
{
    size_t n = strspn(time, "0123456789");
    return strncmp(time, "inf", 3) == 0 || (n > 0 && (time[n] == 'd' || n > 5)) ||
           (n == 5 && !time[n] && strcmp(time, "86400") >= 0);
}

/* 2 = waits for ever, 1 = belongs to such a line, 0 = does something. */
static int idles(struct lg *c, const char *piece)
{
    size_t n;
    const struct lg_word *w = body(c, piece, &n);
    const char *name = n ? lg_base(w->plain) : "wait";
    if (n > 1 && rk_is(name, "sleep"))
        return is_long(w[1].plain) ? 2 : 0;
    if (n > 2 && rk_is(name, "tail") && rk_is_ci(w[1].plain, "-f") &&
        rk_is(w[2].plain, "/dev/null"))
        return 2;
    if (n > 1 && rk_is(name, "trap")) /* one that does something is kept */
        return !w[1].plain[0] || rk_is(w[1].plain, ":") || strncmp(w[1].plain, "exit", 4) == 0;
    return rk_is(name, "wait");
}

/* Behind the loop or condition that begins at i, or behind the piece; 0 = it has no end. */
static size_t behind(struct lg *c, const struct lg_part *parts, size_t n, size_t i)
{
    static const char *const open[] = {"while", "until", "for", "if", "case", "select", "{"};
    static const char *const close[] = {"done", "fi", "esac", "}"};
    int depth = 0;
    for (; i < n; i++) {
        size_t words;
        const struct lg_word *w = body(c, parts[i].text, &words);
        depth += words && rk_among(w->raw, open, RK_COUNT(open));
        depth -= words && rk_among(w->raw, close, RK_COUNT(close));
        if (depth <= 0)
            return i + 1;
    }
    return 0;
}

/* Of a loop or condition: 2 = waits and does nothing else, 1 = never ends, and does something; 0 = ends. */
static int loop(struct lg *c, const struct lg_part *parts, size_t from, size_t to)
{
    static const char *const nothing[] = {"sleep", ":", "true", "wait", "done"};
    size_t n;
    const struct lg_word *w = lg_words(c, parts[from].text, &n);
    int ever = n > 1 && ((rk_is(w->raw, "while") && rk_among(w[1].raw, nothing, 3)) ||
                         (rk_is(w->raw, "until") && rk_is(w[1].raw, "false")));
    int idle = ever, over = 0, waits = 0;
    for (size_t i = from + 1; i < to; i++) {
        w = body(c, parts[i].text, &n);
        idle &= !n || rk_among(lg_base(w->plain), nothing, RK_COUNT(nothing));
        over |= n && (rk_is(w->raw, "break") || rk_is(w->raw, "exit"));
        waits |= idles(c, parts[i].text) == 2;
    }
    return idle ? 2 : (ever && !over) || waits;
}

const char *lg_beside_waiting(struct lg *c, const char *text, const char *where)
{
    size_t n, end;
    const struct lg_part *parts = lg_split(c, text, where, &n);
    const char *sep = "";
    struct lg_text kept = {NULL, 0, 0};
    int ever = 0;
    for (size_t i = 0; parts && i < n; i = end) {
        end = behind(c, parts, n, i);
        int alone = end == i + 1, idle = alone ? idles(c, parts[i].text) : 0;
        if (end > i + 1) {
            idle = loop(c, parts, i, end);
            if (idle == 1)
                return NULL;
        }
        if (end == 0)
            return NULL;
        ever |= idle == 2;
        for (size_t k = i; !idle && k < end; k++) {
            lg_add(c, &kept, kept.n ? lg_between(sep) : "");
            lg_add(c, &kept, parts[k].text);
            sep = parts[k].sep;
        }
    }
    return ever ? lg_text(&kept) : NULL;
}
