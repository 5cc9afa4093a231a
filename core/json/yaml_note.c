/* YAML with comments, which the emitter cannot write: the text is printed without, read again for the lines where values begin,
 * and printed line by line with the comments in between. */
#include <string.h>

#include <yaml.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/yaml.h"

#define TEXT_MAX (64u << 20)

struct noting {
    yaml_parser_t parser;
    const struct rk_yaml_note *notes;
    size_t n;
    size_t *lines; /* of each note, from 1; 0 = not found */
    bool bad;
};

static bool next(struct noting *k, yaml_event_t *ev)
{
    if (!k->bad && yaml_parser_parse(&k->parser, ev))
        return true;
    k->bad = true;
    return false;
}

/* The event that follows, of which only the line counts. */
static size_t skip(struct noting *k)
{
    yaml_event_t ev;
    if (!next(k, &ev))
        return 0;
    size_t line = ev.start_mark.line + 1;
    yaml_event_delete(&ev);
    return line;
}

static void note(struct noting *k, const cJSON *v, size_t line)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->notes[i].at == v)
            k->lines[i] = line;
}

/* What was printed of v comes next; `line`: where its key stands, 0 = it has none. Depth is bounded by whoever made the tree. */
static void walk(struct noting *k, const cJSON *v, size_t line)
{
    size_t own = skip(k);
    note(k, v, line ? line : own);
    if (!rk_json_is_object(v) && !rk_json_is_array(v))
        return;
    for (const cJSON *c = v->child; c != NULL && !k->bad; c = c->next)
        walk(k, c, rk_json_is_object(v) ? skip(k) : 0);
    (void)skip(k); /* its end */
}

static void find_lines(struct noting *k, const cJSON *v, const struct rk_buf *plain)
{
    if (!yaml_parser_initialize(&k->parser)) {
        k->bad = true;
        return;
    }
    yaml_parser_set_input_string(&k->parser, (const unsigned char *)rk_buf_text(plain), plain->len);
    (void)skip(k); /* stream and document begin; `bad` tells what went wrong */
    (void)skip(k);
    walk(k, v, 0);
    yaml_parser_delete(&k->parser);
}

/* May this character (of n bytes, 0 = it is none) stand in a comment? Breaks besides the line feed would end it, and readers refuse
 * control characters even there. */
static bool is_fit(const char *p, size_t n)
{
    const unsigned char *c = (const unsigned char *)p;
    switch (n) {
    case 0:
        return false;
    case 1:
        return c[0] == '\t' || (c[0] >= ' ' && c[0] != 0x7F);
    case 2:
        return c[0] != 0xC2 || c[1] >= 0xA0;
    case 3:
        return !(c[0] == 0xE2 && c[1] == 0x80 && (c[2] == 0xA8 || c[2] == 0xA9)) &&
               !(c[0] == 0xEF && c[1] == 0xBF && c[2] >= 0xBE);
    default:
        return true;
    }
}

static void put_note(const char *text, size_t indent, struct rk_buf *out)
{
    struct rk_span rest = rk_span_of(text), line;
    while (rk_span_next(&rest, '\n', &line)) {
        (void)rk_buf_addf(out, "%*s# ", (int)indent, ""); /* a full buffer is told at the end */
        for (size_t i = 0, n; i < line.n; i += n ? n : 1) {
            n = rk_str_utf8_char(line.p + i, line.n - i);
            bool fit = is_fit(line.p + i, n);
            (void)rk_buf_add(out, fit ? line.p + i : " ", fit ? n : 1); /* as above */
        }
        (void)rk_buf_adds(out, "\n");
    }
}

static void weave(const struct noting *k, const struct rk_buf *plain, struct rk_buf *out)
{
    struct rk_span rest = {rk_buf_text(plain), plain->len}, line;
    for (size_t at = 1; rk_span_next(&rest, '\n', &line); at++) {
        size_t indent = 0;
        while (indent < line.n && line.p[indent] == ' ')
            indent++;
        for (size_t i = 0; i < k->n; i++)
            if (k->lines[i] == at)
                put_note(k->notes[i].text, indent, out);
        (void)rk_buf_add(out, line.p, line.n); /* as above */
        (void)rk_buf_adds(out, "\n");
    }
}

int rk_yaml_print_noted(const cJSON *v, const struct rk_yaml_note *notes, size_t n,
                        struct rk_buf *out)
{
    struct rk_buf plain;
    struct noting k = {.notes = notes, .n = n, .lines = rk_alloc_array(n + 1, sizeof *k.lines)};
    rk_buf_init(&plain, TEXT_MAX);
    int r = rk_yaml_print(v, &plain);
    if (r == 0) {
        find_lines(&k, v, &plain);
        weave(&k, &plain, out);
    }
    rk_buf_done(&plain);
    rk_free(k.lines);
    return r == 0 && !out->full ? 0 : RK_E_LIMIT;
}
