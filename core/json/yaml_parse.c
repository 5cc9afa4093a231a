/* YAML text to documents: libyaml's event loop, error places, and the way JSON takes. */
#include "core/base/str.h"
#include "core/json/yaml.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/json/yaml_build.h"

int rk__yaml_fail(const struct rk__yaml_build *b, yaml_mark_t at, int code, const char *fmt, ...)
{
    char reason[RK_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, ap); /* a long reason is cut */
    va_end(ap);
    return rk_err_set(b->err, code, "%s:%zu:%zu: %s", b->file, at.line + 1, at.column + 1, reason);
}

/* The input itself is bad (encoding, control characters): libyaml gives a byte offset only. */
static int bad_bytes(const struct rk__yaml_build *b, const yaml_parser_t *p, const char *text,
                     size_t n)
{
    yaml_mark_t at = {0, 0, 0};
    for (size_t i = 0; i < p->problem_offset && i < n; i++) {
        bool newline = text[i] == '\n', tail = ((unsigned char)text[i] & 0xC0) == 0x80;
        at.line += newline ? 1 : 0;
        at.column = newline ? 0 : at.column + (tail ? 0 : 1);
    }
    if (p->problem_value >= 0)
        return rk__yaml_fail(b, at, RK_E_SYNTAX, "%s (0x%x)", p->problem,
                             (unsigned)p->problem_value);
    return rk__yaml_fail(b, at, RK_E_SYNTAX, "%s", p->problem);
}

static int parser_failed(const struct rk__yaml_build *b, const yaml_parser_t *p, const char *text,
                         size_t n)
{
    if (p->error == YAML_READER_ERROR)
        return bad_bytes(b, p, text, n);
    if (p->error == YAML_MEMORY_ERROR || p->problem == NULL)
        return rk_err_set(b->err, RK_E_LIMIT, "%s: out of memory", b->file);
    if (p->context == NULL)
        return rk__yaml_fail(b, p->problem_mark, RK_E_SYNTAX, "%s", p->problem);
    return rk__yaml_fail(b, p->problem_mark, RK_E_SYNTAX, "%s from line %zu: %s", p->context,
                         p->context_mark.line + 1, p->problem);
}

struct docs {
    struct rk_arena *arena;
    struct rk_yaml_doc *list;
    size_t n, cap;
};

static void add_doc(struct docs *d, cJSON *root, size_t line)
{
    if (d->n == d->cap) {
        size_t cap = d->cap == 0 ? 4 : d->cap * 2;
        struct rk_yaml_doc *list = rk_arena_alloc(d->arena, cap * sizeof *list);
        if (d->n > 0)
            memcpy(list, d->list, d->n * sizeof *list);
        d->list = list;
        d->cap = cap;
    }
    d->list[d->n++] = (struct rk_yaml_doc){root, (int)line};
}

/* 1 = the stream has ended. */
static int one_event(struct rk__yaml_build *b, yaml_event_t *ev, struct docs *docs, size_t *line)
{
    switch (ev->type) {
    case YAML_STREAM_END_EVENT:
        return 1;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
        return 0;
    case YAML_DOCUMENT_START_EVENT:
        rk__yaml_build_document(b);
        *line = ev->start_mark.line + 1;
        return 0;
    case YAML_DOCUMENT_END_EVENT:
        if (!b->empty)
            add_doc(docs, b->root, *line);
        return 0;
    default:
        return rk__yaml_build_event(b, ev);
    }
}

static int parse_yaml(struct rk__yaml_build *b, const char *text, size_t n, struct docs *docs)
{
    yaml_parser_t p;
    if (!yaml_parser_initialize(&p))
        return rk_err_set(b->err, RK_E_LIMIT, "%s: out of memory", b->file);
    yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p, (const unsigned char *)text, n);
    int rc = 0;
    size_t line = 1;
    while (rc == 0) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&p, &ev)) {
            rc = parser_failed(b, &p, text, n);
            break;
        }
        rc = one_event(b, &ev, docs, &line);
        yaml_event_delete(&ev);
    }
    yaml_parser_delete(&p);
    return rc < 0 ? rc : 0;
}

/* The number behind `word`, up to `end`; *at moves behind it. */
static bool take_number(const char **at, const char *word, char end, int64_t *ret)
{
    size_t n = strlen(word);
    const char *stop = rk_str_starts(*at, word) ? strchr(*at + n, end) : NULL;
    if (!stop ||
        rk_str_int((struct rk_span){*at + n, (size_t)(stop - *at) - n}, 0, INT32_MAX, ret) != 0)
        return false;
    *at = stop;
    return true;
}

/* A JSON error says "line L column C: reason"; ours is file:L:C: reason. */
static int json_failed(const struct rk_err *json, const char *file, struct rk_err *err)
{
    int64_t line, column;
    const char *at = json->text;
    if (take_number(&at, "line ", ' ', &line) && take_number(&at, " column ", ':', &column))
        return rk_err_set(err, json->code, "%s:%d:%d%s", file, (int)line, (int)column, at);
    return rk_err_set(err, json->code, "%s: %s", file, json->text);
}

static bool skip_to_json(const char *text, size_t n, size_t *ret_line)
{
    size_t i = 0;
    *ret_line = 1;
    for (; i < n && (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t'); i++)
        *ret_line += text[i] == '\n' ? 1 : 0;
    return i < n && (text[i] == '{' || text[i] == '[');
}

int rk_yaml_parse(struct rk_arena *a, const char *file, const char *text, size_t n,
                  struct rk_yaml_doc **ret, size_t *ret_n, struct rk_err *err)
{
    if (n > rk_json_default_limits.bytes)
        return rk_err_set(err, RK_E_LIMIT, "%s: %zu bytes, at most %zu", file, n,
                          rk_json_default_limits.bytes);
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        n -= 3;
    }
    struct docs docs = {a, NULL, 0, 0};
    struct rk_err json = RK_ERR_INIT;
    size_t line;
    bool like_json = skip_to_json(text, n, &line);
    cJSON *root = NULL;
    if (like_json && rk_json_parse(a, text, n, NULL, &root, &json) == 0) {
        add_doc(&docs, root, line);
    } else if (like_json && json.code != RK_E_SYNTAX) {
        return json_failed(&json, file, err);
    } else {
        /* YAML in flow style starts like JSON; when it is not that either, the error of JSON
         * says more. */
        struct rk__yaml_build *b = rk_alloc(sizeof *b);
        rk__yaml_build_init(b, a, file, err);
        int rc = parse_yaml(b, text, n, &docs);
        rk__yaml_build_done(b);
        rk_free(b);
        if (rc < 0)
            return like_json ? json_failed(&json, file, err) : rc;
    }
    *ret = docs.list;
    *ret_n = docs.n;
    return 0;
}
