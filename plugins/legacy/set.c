/* --set as Helm reads it. */
#include "convert.h"

#define DEPTH_MAX 30 /* keys in keys, as Helm has it */
#define INDEX_MAX 65536

struct step {
    const char *key; /* NULL = an index */
    int64_t index;
};

struct setting {
    const rk_api *rk;
    rk_pass *ps;
    const char *all, *p; /* the whole line, and where we are */
    const char *why;     /* NULL = nothing is wrong so far */
    struct step steps[DEPTH_MAX];
    size_t n;
};

/* Up to one of `until`; a backslash takes away what the next character means. */
static const char *word(struct setting *s, const char *until)
{
    size_t k = 0, n = 0;
    for (const char *p = s->p; *p && !strchr(until, *p); p++, n++)
        p += *p == '\\' && p[1];
    char *out = s->rk->alloc(s->ps, n + 1);
    while (*s->p && !strchr(until, *s->p)) {
        if (*s->p == '\\' && s->p[1])
            s->p++;
        out[k++] = *s->p++;
    }
    return out;
}

static void step(struct setting *s, const char *key, int64_t index)
{
    if (s->n == DEPTH_MAX)
        s->why = "is nested too deep";
    else
        s->steps[s->n++] = (struct step){key, index};
}

static void index_step(struct setting *s)
{
    const char *from = ++s->p;
    int64_t n = 0;
    while (*s->p >= '0' && *s->p <= '9' && n <= INDEX_MAX)
        n = n * 10 + (*s->p++ - '0');
    if (*s->p != ']' || s->p == from || n > INDEX_MAX) {
        s->why = "an index from 0 to 65536 and ']' are wanted";
        return;
    }
    s->p++;
    step(s, NULL, n);
}

/* a.b[0].c= */
static void path(struct setting *s)
{
    s->n = 0;
    for (;;) {
        const char *key = word(s, ".[=,");
        if (!key[0]) {
            s->why = "a key is missing";
            return;
        }
        step(s, key, 0);
        while (!s->why && *s->p == '[')
            index_step(s);
        if (s->why)
            return;
        if (*s->p == '=') {
            s->p++;
            return;
        }
        if (*s->p != '.') {
            s->why = "'=' and a value are wanted behind the key";
            return;
        }
        s->p++;
    }
}

/* true, false, null and whole numbers that begin with no 0 are what they look like; all else is a text. */
static rk_json *typed(struct setting *s, const char *text)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    size_t n = strlen(digits);
    int number = n > 0 && n <= 18 && !digits[strspn(digits, "0123456789")] &&
                 (digits[0] != '0' || rk_is(text, "0"));
    if (rk_is(text, "true") || rk_is(text, "false"))
        return s->rk->new_bool(s->ps, text[0] == 't');
    if (number || rk_is(text, "null"))
        return s->rk->parse(s->ps, text, strlen(text));
    return s->rk->new_str(s->ps, text);
}

static rk_json *value(struct setting *s)
{
    if (*s->p != '{')
        return typed(s, word(s, ","));
    rk_json *list = s->rk->new_array(s->ps);
    s->p++;
    while (*s->p != '}') {
        const char *item = word(s, ",}");
        if (!*s->p) {
            s->why = "a list without its '}'";
            break;
        }
        s->rk->push(s->ps, list, typed(s, item));
        s->p += *s->p == ',';
    }
    s->p += *s->p == '}';
    if (*s->p && *s->p != ',')
        s->why = "more stands behind '}'";
    return list;
}

/* `at` with the value in its place; what is there on the way and is neither map nor list nor nothing is in the way. */
static rk_json *placed(struct setting *s, const rk_json *at, size_t i, rk_json *v)
{
    const rk_api *rk = s->rk;
    if (i == s->n)
        return v;
    const struct step *st = &s->steps[i];
    int32_t want = st->key ? RK_JSON_OBJECT : RK_JSON_ARRAY, is = rk->type(at);
    if (is > RK_JSON_NULL && is != want) {
        s->why = st->key ? "what is there is no map" : "what is there is no list";
        return v;
    }
    if (st->key) {
        rk_json *out = is == want ? rk->copy(s->ps, at) : rk->new_object(s->ps);
        const rk_json *old = lg_member(rk, out, st->key);
        rk->put(s->ps, out, st->key, placed(s, old, i + 1, v));
        return out;
    }
    rk_json *out = rk->new_array(s->ps);
    const rk_json *old = is == want ? rk->item(at, 0) : NULL;
    for (int64_t k = 0; k <= st->index || old; k++, old = rk->next(old))
        rk->push(s->ps, out,
                 k == st->index ? placed(s, old, i + 1, v)
                 : old          ? rk->copy(s->ps, old)
                                : rk->parse(s->ps, "null", 4));
    return out;
}

/* The host has a line for each that was given, and for each that a comma parted: Helm reads a list with commas. */
rk_json *lg_set(const rk_api *rk, rk_pass *ps, const rk_json *values, const char *lines)
{
    struct setting s = {.rk = rk, .ps = ps};
    rk_json *out = rk->copy(ps, values);
    char *all = rk->alloc(ps, strlen(lines) + 1);
    memcpy(all, lines, strlen(lines));
    for (char *p = all; *p; p++)
        *p = (char)(*p == '\n' ? ',' : *p);
    s.p = all;
    while (*s.p && !s.why) {
        s.all = s.p;
        path(&s);
        size_t n = (size_t)(s.p - s.all);
        if (!s.why) {
            rk_json *v = value(&s);
            out = s.why ? out : placed(&s, out, 0, v);
        }
        if (s.why) {
            (void)rk->fail(ps, RK_EINVAL, "--set", "'%.*s': %s", (int)(n > 100 ? 100 : n), s.all,
                           s.why); /* the value is not printed */
            return NULL;
        }
        s.p += *s.p == ',';
    }
    return out;
}
