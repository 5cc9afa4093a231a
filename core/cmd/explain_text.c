/* `explain` for people: a line per field, aligned; a subtree of one author is one line where its value is short. */
#include <raykeeper/plugin.h>

#include <string.h>

#include "core/base/str.h"
#include "core/cmd/explain.h"

#define FOLD_MAX  56 /* characters of the value of a subtree on one line */
#define CUT_AT    56 /* longer values end with ... when everything is shown */
#define PATH_WIDE 72 /* longer paths push the rest to the right */

struct line {
    const char *path, *value, *author, *how;
};

struct page {
    const struct rk_section *s;
    struct rk_arena a;
    struct line *lines;
    size_t n, cap, at; /* at: the field that the walk has come to */
};

static size_t width(const char *s)
{
    size_t n = strlen(s), chars = 0;
    for (size_t i = 0; i < n; chars++) {
        size_t step = rk_str_utf8_char(s + i, n - i);
        i += step ? step : 1;
    }
    return chars;
}

static const char *shortened(struct rk_arena *a, const char *s, size_t most)
{
    size_t n = strlen(s), i = 0;
    if (width(s) <= most)
        return s;
    for (size_t chars = 0; chars + 3 < most; chars++) {
        size_t step = rk_str_utf8_char(s + i, n - i);
        i += step ? step : 1;
    }
    return rk_arena_fmt(a, "%.*s...", (int)i, s);
}

/* The first `depth` words of a path; `/` inside [ ] ends none. */
static size_t head(const char *path, size_t depth)
{
    size_t i = 0;
    for (; depth > 0 && path[i]; depth--) {
        i++;
        if (path[i] == '[')
            i += strcspn(path + i, "]");
        i += strcspn(path + i, "/");
    }
    return i;
}

/* ---- one author's subtree ---- */

static bool same_offers(const struct rk_plan_field *a, const struct rk_plan_field *b)
{
    bool same = a->n_yielded == b->n_yielded;
    for (size_t i = 0; same && i < a->n_yielded; i++)
        same = strcmp(a->yielded[i].author, b->yielded[i].author) == 0 &&
               a->yielded[i].phase == b->yielded[i].phase &&
               a->yielded[i].rank == b->yielded[i].rank;
    return same;
}

/* Where a subtree came from: its leaf's source without what lies below the subtree. NULL = they differ. */
static const char *source(struct rk_arena *a, const struct rk_plan_field *f, size_t depth)
{
    if (!f->source)
        return "";
    const char *below = f->path + head(f->path, depth);
    size_t n = strlen(f->source), m = strlen(below);
    return m <= n && strcmp(f->source + n - m, below) == 0 ? rk_arena_strndup(a, f->source, n - m)
                                                           : NULL;
}

static bool one_authors(struct page *p, size_t n, size_t depth)
{
    const struct rk_plan_field *first = &p->s->shape->fields[p->at];
    const char *from = source(&p->a, first, depth);
    for (size_t i = 0; i < n; i++) {
        const struct rk_plan_field *f = first + i;
        if (!p->s->field[p->at + i] || strcmp(f->author, first->author) != 0 ||
            f->title != first->title || f->phase != first->phase || f->rank != first->rank ||
            f->verb != first->verb || !rk_str_eq(f->over, first->over) || f->each || !from ||
            !rk_str_eq(source(&p->a, f, depth), from) || !same_offers(f, first))
            return false;
    }
    return true;
}

/* ---- lines ---- */

static void put(struct page *p, struct line l)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        struct line *more = rk_arena_alloc(&p->a, cap * sizeof *more);
        if (p->n > 0)
            memcpy(more, p->lines, p->n * sizeof *more);
        p->lines = more;
        p->cap = cap;
    }
    p->lines[p->n++] = l;
}

static const char *hook(struct rk_arena *a, uint16_t phase, uint16_t rank, const char *title)
{
    return rk_arena_fmt(a, "%s %u%s%s", rk_phase_name(phase), (unsigned)rank,
                        title && *title ? ", " : "", title ? title : "");
}

static const char *how(struct page *p, const struct rk_plan_field *f, size_t depth)
{
    static const char *const verbs[] = {[RK_WROTE_SET] = "",
                                        [RK_WROTE_OFFER] = " (offered)",
                                        [RK_WROTE_YIELD] = "",
                                        [RK_WROTE_APPEND] = " (appended)",
                                        [RK_WROTE_DROP] = " (emptied)"};
    struct rk_arena *a = &p->a;
    const char *text = "", *from = source(a, f, depth);
    if (f->phase)
        text = rk_arena_fmt(a, "%s%s", hook(a, f->phase, f->rank, f->title), verbs[f->verb]);
    if (from && *from)
        text = rk_arena_fmt(a, "%s%s%s", text, *text ? ", from " : "", from);
    if (f->over)
        text = rk_arena_fmt(a, "%s%sover %s", text, *text ? "; " : "", f->over);
    for (size_t i = 0; i < f->n_yielded; i++) {
        const struct rk_plan_offer *y = &f->yielded[i];
        const char *before = i ? ", " : *text ? "; yielded: " : "yielded: ";
        text = rk_arena_fmt(a, "%s%s%s (%s %u)", text, before, y->author, rk_phase_name(y->phase),
                            (unsigned)y->rank);
    }
    if (f->each)
        text = rk_arena_fmt(a, "%s%seach pod has its own", text, *text ? "; " : "");
    return text;
}

static void put_field(struct page *p, const cJSON *v, size_t depth)
{
    const struct rk_plan_field *f = &p->s->shape->fields[p->at];
    const char *value =
        v ? rk_json_text(&p->a, v) : rk_arena_fmt(&p->a, "(%s, made when it is sent)", f->fill);
    put(p, (struct line){rk_arena_strndup(&p->a, f->name, head(f->name, depth)),
                         p->s->all ? shortened(&p->a, value, CUT_AT) : value, f->author,
                         how(p, f, depth)});
}

static size_t count_leaves(const cJSON *v)
{
    size_t n = v->child == NULL;
    for (const cJSON *c = v->child; c; c = c->next)
        n += count_leaves(c);
    return n;
}

static void walk(struct page *p, const cJSON *v, size_t depth)
{
    size_t n = count_leaves(v);
    bool fold = n == 1 && !v->child;
    if (v->child && depth > 0 && one_authors(p, n, depth))
        fold = width(rk_json_text(&p->a, v)) <= FOLD_MAX;
    if (!fold) {
        for (const cJSON *c = v->child; c; c = c->next)
            walk(p, c, depth + 1);
        return;
    }
    if (p->s->field[p->at])
        put_field(p, v, depth);
    p->at += n;
}

/* ---- the page ---- */

static void title(const struct rk_section *s, struct rk_buf *out)
{
    const struct rk_plan *p = s->plan;
    const struct rk_plan_shape *sh = s->shape;
    (void)rk_buf_addf(out, "%s%s: %s of %s %s/%s", out->len ? "\n" : "", s->where, s->object,
                      strrchr(p->gvk, '/') + 1, p->ns, p->name); /* full is sticky, so below */
    if (sh->template)
        (void)rk_buf_adds(out, ", a template for what another object makes");
    else if (sh->group[0] && !sh->member)
        (void)rk_buf_addf(out, ", %zu pod%s", sh->pods, sh->pods == 1 ? "" : "s");
    if (strcmp(sh->gvk, "start/Start") == 0)
        (void)rk_buf_adds(out, ", never sent: what the start command is made of");
    (void)rk_buf_addc(out, '\n');
}

static size_t pad(struct rk_buf *out, const char *text, size_t wide)
{
    size_t n = width(text);
    (void)rk_buf_adds(out, text);
    for (; n < wide; n++)
        (void)rk_buf_addc(out, ' ');
    return n;
}

static void print(const struct page *p, struct rk_buf *out)
{
    size_t path = 0, value = 0, author = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t n = width(p->lines[i].path), v = width(p->lines[i].value),
               a = width(p->lines[i].author);
        path = n > path && n <= PATH_WIDE ? n : path;
        value = v > value && v <= CUT_AT ? v : value;
        author = a > author ? a : author;
    }
    for (size_t i = 0; i < p->n; i++) {
        const struct line *l = &p->lines[i];
        (void)rk_buf_adds(out, "  ");
        (void)pad(out, l->path, path); /* how wide it came out is nobody's business */
        (void)rk_buf_adds(out, "  ");
        (void)pad(out, l->value, value);
        (void)rk_buf_adds(out, "  ");
        (void)pad(out, l->author, *l->how ? author : 0);
        (void)rk_buf_addf(out, "%s%s\n", *l->how ? "  " : "", l->how);
    }
}

void rk_explain_text(const struct rk_section *s, struct rk_buf *out)
{
    struct page p = {.s = s};
    rk_arena_init(&p.a, 0);
    title(s, out);
    if (s->shape->tree)
        walk(&p, s->shape->tree, 0);
    for (; p.at < s->shape->n_fields; p.at++) /* fills: in no tree yet */
        if (s->field[p.at])
            put_field(&p, NULL, SIZE_MAX);
    print(&p, out);
    p.n = 0;
    for (size_t i = 0; i < s->shape->n_lost; i++) {
        const struct rk_plan_lost *l = &s->shape->lost[i];
        const char *value = rk_json_text(&p.a, l->value);
        if (s->lost[i])
            put(&p,
                (struct line){l->name, s->all ? shortened(&p.a, value, CUT_AT) : value, l->author,
                              rk_arena_fmt(&p.a, "%s%swas %s",
                                           l->phase ? hook(&p.a, l->phase, l->rank, l->title) : "",
                                           l->phase ? "; " : "", l->was)});
    }
    if (p.n > 0)
        (void)rk_buf_addf(out, "  -- removed from %s, and by whom\n", s->object);
    print(&p, out);
    rk_arena_done(&p.a);
}
