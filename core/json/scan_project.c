/* Copies of an object with only some paths, or without some. One walk over the bytes, no tree:
 * at every level it holds the set of paths that agree so far, one bit each (all of them have
 * used up equally many words, so the level selects the word to compare). The whole input is
 * checked against the grammar, dropped parts included; runs without white space are copied in
 * one go. */
#include "core/json/scan.h"

#include <inttypes.h>
#include <string.h>

#include "core/json/scan_lex.h"

#define PATHS_MAX 128
#define WORDS_MAX 12
#define SET_WORDS (PATHS_MAX / 64)

struct set {
    uint64_t bits[SET_WORDS];
};

struct walk {
    const char *start, *p, *end;
    const char *from; /* while copying: what is not yet written starts here; NULL = not copying */
    struct rk_buf *out;
    bool keep; /* project (the named stay) or without (the named go) */
    int depth;
    struct rk_err *err;
    size_t n_words[PATHS_MAX];
    struct rk_span words[WORDS_MAX][PATHS_MAX];
};

static int bad(struct walk *w, const char *what)
{
    size_t at = (size_t)(w->p - w->start);
    if (w->p == w->end)
        return rk_err_set(w->err, RK_E_SYNTAX, "byte %zu: %s, found the end", at, what);
    unsigned char c = (unsigned char)*w->p;
    if (c > 0x20 && c < 0x7f)
        return rk_err_set(w->err, RK_E_SYNTAX, "byte %zu: %s, found '%c'", at, what, c);
    return rk_err_set(w->err, RK_E_SYNTAX, "byte %zu: %s, found 0x%02x", at, what, c);
}

static void add(struct walk *w, const char *from, const char *to)
{
    (void)rk_buf_add(w->out, from, (size_t)(to - from)); /* full is sticky and checked at the end */
}

static char peek(const struct walk *w)
{
    return w->p < w->end ? *w->p : '\0';
}

static void space(struct walk *w)
{
    if (!rk__scan_space(peek(w)))
        return;
    if (w->from != NULL)
        add(w, w->from, w->p);
    while (rk__scan_space(peek(w)))
        w->p++;
    if (w->from != NULL)
        w->from = w->p;
}

/* Checked values: nothing but grammar. */

static int string(struct walk *w)
{
    w->p++;
    for (;;) {
        w->p = rk__scan_plain(w->p, w->end);
        char c = peek(w);
        if (w->p < w->end && c == '"') {
            w->p++;
            return 0;
        }
        if (w->p == w->end || c != '\\')
            return bad(w, "expected the rest of a string");
        w->p++;
        if (peek(w) == 'u') {
            for (int i = 0; i < 4; i++) {
                w->p++;
                if (!rk__scan_is_hex(peek(w)))
                    return bad(w, "expected four hexadecimal digits behind \\u");
            }
        } else if (!rk__scan_is_escape(peek(w))) {
            return bad(w, "an unknown escape");
        }
        w->p++;
    }
}

static int literal(struct walk *w, const char *text)
{
    for (; *text != '\0'; text++, w->p++)
        if (peek(w) != *text)
            return bad(w, "expected true, false or null");
    return 0;
}

static int number(struct walk *w)
{
    enum rk__scan_num st = RK__NUM_START, next;
    while (w->p < w->end && (next = rk__scan_num_step(st, *w->p)) != RK__NUM_NONE) {
        st = next;
        w->p++;
    }
    return rk__scan_num_done(st) ? 0 : bad(w, "expected a value");
}

static int scalar(struct walk *w)
{
    switch (peek(w)) {
    case '"':
        return string(w);
    case 't':
        return literal(w, "true");
    case 'f':
        return literal(w, "false");
    case 'n':
        return literal(w, "null");
    default:
        return number(w);
    }
}

/* Behind a member or element: 1 = another follows, 0 = the closing bracket was eaten. */
static int more(struct walk *w, char close)
{
    space(w);
    char c = peek(w);
    if (c != ',' && c != close)
        return bad(w, close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
    w->p++;
    if (c == close) {
        w->depth--;
        return 0;
    }
    space(w);
    return 1;
}

/* An opening bracket: 1 = members follow, 0 = empty and closed. */
static int enter(struct walk *w, char close)
{
    if (++w->depth > RK__SCAN_DEPTH + 1) /* one more than an item: watch events wrap theirs */
        return rk_err_set(w->err, RK_E_LIMIT, "byte %zu: nested deeper than %d",
                          (size_t)(w->p - w->start), RK__SCAN_DEPTH + 1);
    w->p++;
    space(w);
    if (peek(w) != close)
        return 1;
    w->p++;
    w->depth--;
    return 0;
}

/* "key": up to the first byte of the value; *ret is the inside of the quotes. */
static int key(struct walk *w, struct rk_span *ret)
{
    if (peek(w) != '"')
        return bad(w, "expected a key");
    const char *at = w->p + 1;
    int rc = string(w);
    if (rc < 0)
        return rc;
    *ret = (struct rk_span){at, (size_t)(w->p - 1 - at)};
    space(w);
    if (peek(w) != ':')
        return bad(w, "expected ':'");
    w->p++;
    space(w);
    return 0;
}

static int whole(struct walk *w)
{
    char c = peek(w);
    if (c != '{' && c != '[')
        return scalar(w);
    char close = c == '{' ? '}' : ']';
    int rc = enter(w, close);
    while (rc > 0) {
        struct rk_span unused;
        if (c == '{')
            rc = key(w, &unused);
        if (rc >= 0)
            rc = whole(w);
        if (rc >= 0)
            rc = more(w, close);
    }
    return rc;
}

static int copy(struct walk *w)
{
    w->from = w->p;
    int rc = whole(w);
    if (rc == 0)
        add(w, w->from, w->p);
    w->from = NULL;
    return rc;
}

/* Selection. */

enum action { DROP, COPY, DESCEND };

/* Which of the paths in `in` go on with this member; word.p NULL = an array element, which only
 * `*` names. *dup: a path names this key and had found it before. */
static enum action choose(const struct walk *w, size_t level, const struct set *in,
                          struct rk_span word, struct set *seen, struct set *ret_next,
                          bool *ret_dup)
{
    bool any = false, ends = false;
    memset(ret_next, 0, sizeof *ret_next);
    *ret_dup = false;
    for (size_t i = 0; i < PATHS_MAX; i++) {
        uint64_t bit = (uint64_t)1 << (i % 64);
        if (in->bits[i / 64] == 0) {
            i |= 63;
            continue;
        }
        if (!(in->bits[i / 64] & bit))
            continue;
        struct rk_span want = w->words[level][i];
        bool star = want.n == 1 && want.p[0] == '*';
        if (!star && (word.p == NULL || !rk__scan_key_is(word, want)))
            continue;
        if (!star && (seen->bits[i / 64] & bit))
            *ret_dup = true;
        if (!star)
            seen->bits[i / 64] |= bit;
        any = true;
        if (w->n_words[i] == level + 1)
            ends = true;
        else
            ret_next->bits[i / 64] |= bit;
    }
    if (ends)
        return w->keep ? COPY : DROP;
    return any ? DESCEND : w->keep ? DROP : COPY;
}

static int descend(struct walk *w, size_t level, const struct set *in);

/* A member or element whose value starts at p; `name` is its key, absent for elements. */
static int member(struct walk *w, size_t level, const struct set *in, struct rk_span name,
                  struct set *seen, bool *first)
{
    struct set next;
    bool dup;
    enum action what = choose(w, level, in, name, seen, &next, &dup);
    if (dup)
        return bad(w, "a key is there twice");
    if (what == DESCEND && peek(w) != '{' && peek(w) != '[')
        what = w->keep ? DROP : COPY; /* the path goes on, the value does not */
    if (what == DROP)
        return whole(w);
    if (!*first)
        (void)rk_buf_addc(w->out, ','); /* full is sticky and checked at the end */
    *first = false;
    if (name.p != NULL) {
        add(w, name.p - 1, name.p + name.n + 1);
        (void)rk_buf_addc(w->out, ':'); /* as above */
    }
    return what == COPY ? copy(w) : descend(w, level + 1, &next);
}

static int descend(struct walk *w, size_t level, const struct set *in)
{
    char open = peek(w), close = open == '{' ? '}' : ']';
    struct set seen = {{0}};
    bool first = true;
    (void)rk_buf_addc(w->out, open); /* full is sticky and checked at the end */
    int rc = enter(w, close);
    while (rc > 0) {
        struct rk_span name = {NULL, 0};
        if (open == '{')
            rc = key(w, &name);
        if (rc >= 0)
            rc = member(w, level, in, name, &seen, &first);
        if (rc >= 0)
            rc = more(w, close);
    }
    (void)rk_buf_addc(w->out, close); /* as above */
    return rc;
}

static int split_paths(struct walk *w, const char *const *paths, size_t n, struct set *ret_all)
{
    if (n > PATHS_MAX)
        return rk_err_set(w->err, RK_E_LIMIT, "%zu paths, at most %d", n, PATHS_MAX);
    for (size_t i = 0; i < n; i++) {
        struct rk_span rest = rk_span_of(paths[i]), word;
        size_t level = 0;
        for (; rk_span_next(&rest, '/', &word); level++) {
            if (level == WORDS_MAX || word.n == 0 || word.n > RK__SCAN_KEY_MAX)
                return rk_err_set(w->err, RK_E_INVAL, "path '%s': an empty, long or surplus word",
                                  paths[i]);
            w->words[level][i] = word;
        }
        if (level == 0)
            return rk_err_set(w->err, RK_E_INVAL, "an empty path");
        w->n_words[i] = level;
        ret_all->bits[i / 64] |= (uint64_t)1 << (i % 64);
    }
    return 0;
}

static int select_paths(struct rk_span object, bool keep, const char *const *paths, size_t n,
                        struct rk_buf *out, struct rk_err *err)
{
    struct walk w;
    w.start = w.p = object.p;
    w.end = object.p == NULL ? NULL : object.p + object.n;
    w.from = NULL;
    w.out = out;
    w.keep = keep;
    w.depth = 0;
    w.err = err;
    struct set all = {{0}};
    size_t len = out->len;
    int rc = split_paths(&w, paths, n, &all);
    if (rc < 0)
        return rc;
    space(&w);
    if (peek(&w) == '{' || peek(&w) == '[')
        rc = descend(&w, 0, &all);
    else
        rc = bad(&w, "expected an object");
    if (rc == 0) {
        space(&w);
        if (w.p != w.end)
            rc = bad(&w, "text behind the object");
        else if (out->full)
            rc = rk_err_set(err, RK_E_LIMIT, "the copy is over %zu bytes", out->max);
    }
    if (rc < 0 && out->len > len) { /* nothing of a failed copy stays */
        out->len = len;
        out->data[len] = '\0';
    }
    return rc;
}

int rk_scan_project(struct rk_span object, const char *const *keep, size_t n_keep,
                    struct rk_buf *out, struct rk_err *err)
{
    return select_paths(object, true, keep, n_keep, out, err);
}

int rk_scan_without(struct rk_span object, const char *const *drop, size_t n_drop,
                    struct rk_buf *out, struct rk_err *err)
{
    return select_paths(object, false, drop, n_drop, out, err);
}
