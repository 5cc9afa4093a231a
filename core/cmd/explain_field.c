/* FIELD of `explain`: /spec/containers/0/image, spec.containers[0].image, /spec/containers/[main]/env/[A], or a part of it: image. */
#include <string.h>

#include "core/base/str.h"
#include "core/cmd/explain.h"
#include "core/json/path.h"

static int add(struct rk_arena *a, struct rk_query *q, const char *word, size_t n, bool escape,
               struct rk_err *err)
{
    const char *text = rk_arena_strndup(a, word, n);
    if (n == 0 || q->n == RK_QUERY_WORDS)
        return rk_err_set(err, RK_E_INVAL, n ? "more than %d words" : "a word of it is empty",
                          RK_QUERY_WORDS);
    q->entry[q->n] = text[0] == '[' ? text : rk_arena_fmt(a, "[%s]", text);
    if (escape) {
        struct rk_buf b;
        rk_buf_init(&b, 4 * n + 8); /* escapes double it at most */
        rk_path_push(&b, text);
        text = rk_arena_strdup(a, rk_buf_text(&b) + 1);
        rk_buf_done(&b);
    }
    q->word[q->n++] = text;
    return 0;
}

/* The end of the word at s; `/` inside [ ] is no end. */
static size_t word_len(const char *s)
{
    if (*s != '[')
        return strcspn(s, "/");
    for (size_t i = 1; s[i]; i++)
        if (s[i] == ']' && (s[i + 1] == '/' || !s[i + 1]))
            return i + 1;
    return strlen(s);
}

static int pointer(struct rk_arena *a, const char *s, struct rk_query *q, struct rk_err *err)
{
    q->anchored = true;
    while (*s == '/' && s[1]) { /* one slash at the end is forgiven */
        size_t n = word_len(++s);
        int r = add(a, q, s, n, false, err);
        if (r < 0)
            return r;
        s += n;
    }
    return 0;
}

/* a.b[0].c["x.y/z"] */
static int dotted(struct rk_arena *a, const char *s, struct rk_query *q, struct rk_err *err)
{
    q->anchored = *s == '.';
    s += *s == '.';
    while (*s) {
        size_t n, skip;
        if (*s == '[') {
            char quote = s[1] == '"' || s[1] == '\'' ? s[1] : '\0';
            s += quote ? 2 : 1;
            const char *end = strchr(s, quote ? quote : ']');
            if (!end || (quote && end[1] != ']'))
                return rk_err_set(err, RK_E_INVAL, "'[' without its end");
            n = (size_t)(end - s);
            skip = n + (quote ? 2 : 1);
        } else {
            n = skip = strcspn(s, ".[");
        }
        int r = add(a, q, s, n, true, err);
        if (r < 0)
            return r;
        s += skip;
        s += *s == '.' && s[1];
    }
    return 0;
}

int rk_query_parse(struct rk_arena *a, const char *text, struct rk_query *ret, struct rk_err *err)
{
    *ret = (struct rk_query){.text = text};
    if (*text == '/')
        return pointer(a, text, ret, err);
    struct rk_query one = {0};
    int r = *text == '.' ? 0 : add(a, &one, text, strlen(text), true, err);
    if (r == 0) {
        ret->whole = one.n ? one.word[0] : NULL;
        r = dotted(a, strncmp(text, "$.", 2) == 0 ? text + 1 : text, ret, err);
    }
    return r;
}

/* ---- matching ---- */

/* The next word of a path; empty at its end. */
static struct rk_span next(const char **path)
{
    const char *s = *path && **path == '/' ? *path + 1 : NULL;
    if (!s)
        return (struct rk_span){"", 0};
    struct rk_span word = {s, word_len(s)};
    *path = s + word.n;
    return word;
}

static bool is(const struct rk_query *q, size_t i, struct rk_span plain, struct rk_span named)
{
    return rk_span_is(plain, q->word[i]) || rk_span_is(named, q->word[i]) ||
           rk_span_is(named, q->entry[i]);
}

/* How many of FIELD's words the beginning of a path is. */
static size_t depth(const struct rk_query *q, const char *path, const char *name)
{
    size_t i = 0;
    for (; i < q->n; i++) {
        struct rk_span plain = next(&path), named = next(&name);
        if (named.n == 0 || !is(q, i, plain, named))
            break;
    }
    return i;
}

bool rk_query_match(const struct rk_query *q, const char *path, const char *name)
{
    if (!q->text || q->n == 0 || depth(q, path, name) == q->n)
        return true;
    while (!q->anchored && *name) {
        struct rk_span plain = next(&path), named = next(&name);
        if (depth(q, path, name) == q->n || rk_span_is(plain, q->whole) ||
            rk_span_is(named, q->whole))
            return true;
    }
    return false;
}

static void note(struct rk_miss *m, struct rk_arena *a, struct rk_span word)
{
    for (size_t i = 0; i < m->n; i++)
        if (rk_span_is(word, m->word[i]))
            return;
    if (word.n > 0 && m->n < RK_MISS_WORDS)
        m->word[m->n++] = rk_arena_strndup(a, word.p, word.n);
}

void rk_query_miss(const struct rk_query *q, struct rk_arena *a, const struct rk_plan_field *f,
                   struct rk_miss *m)
{
    const char *name = f->name;
    size_t d = q->anchored ? depth(q, f->path, f->name) : 0;
    if (!q->anchored) {
        while (*name)
            note(m, a, next(&name));
        return;
    }
    if (d < m->depth)
        return;
    if (d > m->depth)
        *m = (struct rk_miss){.depth = d};
    for (size_t i = 0; i < d; i++)
        (void)next(&name); /* to where the paths part */
    m->at = rk_arena_strndup(a, f->name, (size_t)(name - f->name));
    note(m, a, next(&name));
}

void rk_query_tell(const struct rk_query *q, const struct rk_miss *m, struct rk_buf *out)
{
    const char *wanted = q->anchored ? q->word[m->depth] : q->whole;
    const char *near = rk_str_nearest(wanted ? wanted : q->text, m->word, m->n);
    (void)rk_buf_addf(out, "no field %s", q->text); /* for people: cut when it is too long */
    if (near)
        (void)rk_buf_addf(out, "; did you mean %s%s%s?", q->anchored ? m->at : "",
                          q->anchored ? "/" : "", near);
    if (q->anchored && m->n > 0)
        (void)rk_buf_addf(out, " Below %s there are:", m->depth ? m->at : "/");
    for (size_t i = 0; q->anchored && i < m->n; i++)
        (void)rk_buf_addf(out, "%s %s", i ? "," : "", m->word[i]);
    (void)rk_buf_addc(out, '\n');
}
