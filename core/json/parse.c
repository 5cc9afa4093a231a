/* Text -> tree. One pass over a copy of the text that lives in the arena: strings are unescaped and terminated where they
 * stand, so a tree costs its text plus one node per value. The caller's text stays untouched and is only looked at again to tell the
 * line and column of an error.
 *
 * Stricter than cJSON_Parse on purpose (client.md 59): no trailing garbage, no leading zeros, no bad UTF-8, no lone surrogates,
 * no \u0000 (it would cut C strings), no duplicate keys (Go takes the last, cJSON the first). */
#include "core/json/json.h"

#include <string.h>

#include "core/json/parse.h"
#include "core/json/room.h"

const struct rk_json_limits rk_json_default_limits = {(size_t)8 << 20, 400000, 128};

static int parse_value(struct rk__json_parser *p, cJSON *v);

static inline void skip_space(struct rk__json_parser *p)
{
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')
        p->at++;
}

/* NULL, with the error set, when there are too many: RK_E_LIMIT. */
static cJSON *new_node(struct rk__json_parser *p)
{
    if (p->nodes >= p->lim->nodes) {
        (void)rk__json_fail(p, p->at, RK_E_LIMIT, "more than %zu values", p->lim->nodes);
        return NULL;
    }
    p->nodes++;
    return rk_arena_alloc(p->arena, sizeof(cJSON));
}

static int enter(struct rk__json_parser *p)
{
    if (p->depth >= p->lim->depth)
        return rk__json_fail(p, p->at, RK_E_LIMIT, "nested deeper than %d", p->lim->depth);
    p->depth++;
    p->at++;
    skip_space(p);
    return 0;
}

static int duplicate(const struct rk__json_parser *p, const cJSON *member)
{
    struct rk_buf key;
    rk_buf_init(&key, 1024);
    size_t n = strlen(member->string);
    rk_json_escape(&key, member->string, n < 100 ? n : 100); /* six bytes each at most: fits */
    /* Keys stand where they stood in the text, one behind their quote. */
    int r =
        rk__json_fail(p, member->string - 1, RK_E_SYNTAX, "duplicate key %s", rk_buf_text(&key));
    rk_buf_done(&key);
    return r;
}

static int refuse_duplicates(const struct rk__json_parser *p, const cJSON *object, size_t n)
{
    if (n > RK__JSON_SMALL) {
        struct rk__json_index ix;
        cJSON *twice;
        rk__json_index_init(&ix, object, &twice);
        rk__json_index_done(&ix);
        return twice ? duplicate(p, twice) : 0;
    }
    for (const cJSON *m = object->child; m; m = m->next)
        for (const cJSON *o = object->child; o != m; o = o->next)
            if (o->string[0] == m->string[0] && strcmp(o->string, m->string) == 0)
                return duplicate(p, m);
    return 0;
}

static int parse_array(struct rk__json_parser *p, cJSON *v)
{
    v->type = cJSON_Array;
    int r = enter(p);
    if (r < 0)
        return r;
    if (*p->at == ']') {
        p->at++;
        p->depth--;
        return 0;
    }
    for (;;) {
        cJSON *item = new_node(p);
        if (!item)
            return RK_E_LIMIT;
        if ((r = parse_value(p, item)) < 0)
            return r;
        rk__json_link(v, item);
        skip_space(p);
        if (*p->at != ',')
            break;
        p->at++;
        skip_space(p);
    }
    if (*p->at != ']')
        return rk__json_unexpected(p, "',' or ']'");
    p->at++;
    p->depth--;
    return 0;
}

static int parse_member(struct rk__json_parser *p, cJSON *object)
{
    if (*p->at != '"')
        return rk__json_unexpected(p, "a key in quotes");
    cJSON *item = new_node(p);
    if (!item)
        return RK_E_LIMIT;
    int r = rk__json_scan_string(p, &item->string);
    if (r < 0)
        return r;
    skip_space(p);
    if (*p->at != ':')
        return rk__json_unexpected(p, "':'");
    p->at++;
    skip_space(p);
    if ((r = parse_value(p, item)) < 0)
        return r;
    rk__json_link(object, item);
    skip_space(p);
    return 0;
}

static int parse_object(struct rk__json_parser *p, cJSON *v)
{
    v->type = cJSON_Object;
    int r = enter(p);
    if (r < 0)
        return r;
    size_t n = 0;
    if (*p->at != '}') {
        for (;;) {
            if ((r = parse_member(p, v)) < 0)
                return r;
            n++;
            if (*p->at != ',')
                break;
            p->at++;
            skip_space(p);
        }
    }
    if (*p->at != '}')
        return rk__json_unexpected(p, "',' or '}'");
    p->at++;
    p->depth--;
    return refuse_duplicates(p, v, n);
}

static int parse_word(struct rk__json_parser *p, cJSON *v, const char *word, int type)
{
    size_t n = strlen(word);
    if (strncmp(p->at, word, n) != 0)
        return rk__json_unexpected(p, "a value");
    p->at += n;
    v->type = type;
    return 0;
}

static int parse_value(struct rk__json_parser *p, cJSON *v)
{
    switch (*p->at) {
    case '{':
        return parse_object(p, v);
    case '[':
        return parse_array(p, v);
    case '"':
        v->type = cJSON_String;
        return rk__json_scan_string(p, &v->valuestring);
    case 't':
        return parse_word(p, v, "true", cJSON_True);
    case 'f':
        return parse_word(p, v, "false", cJSON_False);
    case 'n':
        return parse_word(p, v, "null", cJSON_NULL);
    default:
        if (*p->at != '-' && (*p->at < '0' || *p->at > '9'))
            return rk__json_unexpected(p, "a value");
        v->type = cJSON_Raw;
        return rk__json_scan_number(p, &v->valuestring);
    }
}

int rk_json_parse(struct rk_arena *a, const char *text, size_t n, const struct rk_json_limits *lim,
                  cJSON **ret, struct rk_err *err)
{
    if (!lim)
        lim = &rk_json_default_limits;
    if (n > lim->bytes)
        return rk_err_set(err, RK_E_LIMIT, "%zu bytes of JSON, at most %zu are read", n,
                          lim->bytes);
    char *copy = rk_arena_alloc(a, n + 17);
    if (n > 0)
        memcpy(copy + 1, text, n);
    struct rk__json_parser p = {.arena = a,
                                .base = copy + 1,
                                .at = copy + 1,
                                .end = copy + 1 + n,
                                .text = text,
                                .lim = lim,
                                .err = err};
    skip_space(&p);
    cJSON *root = new_node(&p);
    if (!root)
        return RK_E_LIMIT;
    int r = parse_value(&p, root);
    if (r < 0)
        return r;
    skip_space(&p);
    if (p.at != p.end)
        return rk__json_unexpected(&p, "nothing behind the document");
    *ret = root;
    return 0;
}
