/* Paths: taking their text apart, walking trees along them, and the one address every place has. */
#include "core/json/path.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/json/path_room.h"
#include "core/json/room.h"

/* The character behind ~, or NUL. JSON pointer knows 0 and 1; 2 and 3 are for the brackets, which mean something to us. */
static char unescape(char c)
{
    static const char plain[] = "~/[]";
    return c >= '0' && c <= '3' ? plain[c - '0'] : '\0';
}

static bool is_index(const char *s)
{
    if (*s == '0')
        return s[1] == '\0';
    const char *start = s;
    while (*s >= '0' && *s <= '9')
        s++;
    return s != start && *s == '\0';
}

/* One token; *at on its first character, afterwards on the slash behind it or the end. */
static int parse_token(const char **at, struct rk_path_token *tok, struct rk_err *err)
{
    const char *s = *at;
    const char *start = s;
    size_t n = 0;
    unsigned open = *s == '[' ? 1 : 0;
    bool select = open == 1;
    unsigned char seen = 0;
    for (s += open; *s && (select || *s != '/'); s++) {
        char c = *s;
        if (select && c == '[')
            open++;
        else if (select && c == ']' && --open == 0)
            break;
        if (c == '~' && (c = unescape(*++s)) == '\0')
            return rk_err_set(err, RK_E_INVAL,
                              "path: '~' must be followed by 0, 1, 2 or 3 in \"%.256s\"", start);
        if (n >= sizeof tok->text - 1)
            return rk_err_set(err, RK_E_INVAL, "path: a token has more than %zu bytes",
                              sizeof tok->text - 1);
        seen |= (unsigned char)c;
        tok->text[n++] = c;
    }
    tok->text[n] = '\0';
    if (seen >= 0x80 && !rk_str_utf8(tok->text, n))
        return rk_err_set(err, RK_E_INVAL, "path: bad UTF-8 in a token");
    if (!select) {
        tok->kind = is_index(tok->text) ? RK_PATH_INDEX_OR_KEY : RK_PATH_KEY;
        *at = s;
        return 0;
    }
    if (*s != ']' || (s[1] != '\0' && s[1] != '/'))
        return rk_err_set(err, RK_E_INVAL,
                          "path: '[' without its ']' at the end of the token in \"%.256s\"", start);
    if (n == 0)
        return rk_err_set(err, RK_E_INVAL, "path: nothing between [ and ]");
    tok->kind = RK_PATH_SELECT;
    *at = s + 1;
    return 0;
}

int rk_path_parse(const char *text, struct rk_path *ret, struct rk_err *err)
{
    if (strnlen(text, RK_PATH_MAX + 1) > RK_PATH_MAX)
        return rk_err_set(err, RK_E_INVAL, "path: more than %d bytes", RK_PATH_MAX);
    ret->n = 0;
    while (*text) {
        if (*text != '/')
            return rk_err_set(err, RK_E_INVAL, "path: must begin with '/': \"%.256s\"", text);
        if (ret->n == RK_PATH_TOKENS)
            return rk_err_set(err, RK_E_INVAL, "path: more than %d tokens", RK_PATH_TOKENS);
        text++;
        int r = parse_token(&text, &ret->tok[ret->n], err);
        if (r < 0)
            return r;
        ret->n++;
    }
    return 0;
}

/* `full` is sticky, here and below: asked by who owns the buffer. */
static const char *push_plain(struct rk_buf *path, const char *s, const char *until)
{
    size_t n = strcspn(s, until);
    (void)rk_buf_add(path, s, n);
    return s + n;
}

void rk_path_push(struct rk_buf *path, const char *key)
{
    (void)rk_buf_addc(path, '/');
    if (*key == '[') {
        (void)rk_buf_adds(path, "~2");
        key++;
    }
    while (*(key = push_plain(path, key, "~/")))
        (void)rk_buf_adds(path, *key++ == '~' ? "~0" : "~1");
}

static void push_select(struct rk_buf *path, const char *name)
{
    (void)rk_buf_adds(path, "/[");
    while (*(name = push_plain(path, name, "~[]"))) {
        (void)rk_buf_adds(path, *name == '~' ? "~0" : *name == '[' ? "~2" : "~3");
        name++;
    }
    (void)rk_buf_addc(path, ']');
}

int rk__path_fail(const struct rk_path *path, size_t i, struct rk_err *err, int code,
                  const char *fmt, ...)
{
    if (!err)
        return code;
    struct rk_buf b;
    rk_buf_init(&b, (size_t)4 * RK_PATH_MAX); /* no text reaches that: escapes double it at most */
    for (size_t k = 0; k <= i && k < path->n; k++) {
        if (path->tok[k].kind == RK_PATH_SELECT)
            push_select(&b, path->tok[k].text);
        else
            rk_path_push(&b, path->tok[k].text);
    }
    char what[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    int r = rk_err_set(err, code, "%.600s: %s", rk_buf_text(&b), n < 0 ? "?" : what);
    rk_buf_done(&b);
    return r;
}

bool rk__path_is_append(const struct rk_path_token *tok)
{
    return tok->kind == RK_PATH_KEY && strcmp(tok->text, "-") == 0;
}

static cJSON *entry_at(const cJSON *list, const char *digits)
{
    size_t index = 0;
    if (strlen(digits) > 9)
        return NULL; /* no list is that long */
    for (; *digits; digits++)
        index = index * 10 + (size_t)(*digits - '0');
    return rk_json_at(list, index);
}

int rk__path_step(const struct rk_path *path, size_t i, const char *kind, const cJSON *at,
                  cJSON **ret, struct rk_err *err)
{
    const struct rk_path_token *tok = &path->tok[i];
    cJSON *next = NULL;
    if (rk_json_is_array(at) && tok->kind == RK_PATH_SELECT) {
        const struct rk__merge_rule *rule = rk__merge_rule(kind, path->tok, i);
        char scratch[RK__MERGE_NAME];
        if (!rule)
            return rk__path_fail(path, i, err, RK_E_INVAL, "this list's entries have no names");
        if (!rk__merge_spell(rule, tok->text, scratch))
            return rk__path_fail(path, i, err, RK_E_INVAL, "not a %s of this list", rule->key);
        next = rk__merge_find(rule, at, tok->text);
    } else if (rk_json_is_array(at)) {
        if (tok->kind == RK_PATH_INDEX_OR_KEY)
            next = entry_at(at, tok->text);
        else if (!rk__path_is_append(tok))
            return rk__path_fail(path, i, err, RK_E_INVAL, "an array takes an index, [x] or -");
    } else if (rk_json_is_object(at)) {
        if (tok->kind == RK_PATH_SELECT)
            return rk__path_fail(path, i, err, RK_E_INVAL,
                                 "[x] selects in an array, this is an object");
        next = rk_json_get(at, tok->text);
    }
    if (!next)
        return RK_E_NOENT;
    *ret = next;
    return 0;
}

cJSON *rk_path_get(const cJSON *root, const char *text)
{
    struct rk_path path;
    if (!root || !text || rk_path_parse(text, &path, NULL) < 0)
        return NULL;
    const char *kind = rk__json_kind(root);
    union { /* the root itself, when the path is empty: what is lent is as const as it came */
        const cJSON *lent;
        cJSON *found;
    } at = {.lent = root};
    for (size_t i = 0; i < path.n; i++)
        if (rk__path_step(&path, i, kind, at.lent, &at.found, NULL) < 0)
            return NULL;
    return at.found;
}

static int absent(const struct rk_path *path, size_t i, struct rk_err *err)
{
    return rk__path_fail(path, i, err, RK_E_NOENT, "not there");
}

int rk_path_drop(cJSON *root, const char *text, struct rk_err *err)
{
    struct rk_path path;
    int r = rk_path_parse(text, &path, err);
    if (r < 0)
        return r;
    if (path.n == 0)
        return rk_err_set(err, RK_E_INVAL, "path: the root cannot be removed");
    const char *kind = rk__json_kind(root);
    cJSON *parent = NULL;
    cJSON *at = root;
    for (size_t i = 0; i < path.n; i++) {
        parent = at;
        if ((r = rk__path_step(&path, i, kind, parent, &at, err)) < 0)
            return r == RK_E_NOENT ? absent(&path, i, err) : r;
    }
    rk__json_unlink(parent, at);
    return 0;
}

/* The address of `node`, an entry of `list`: by name when the name leads to it, else by index. */
static void push_entry(struct rk_buf *out, const struct rk__merge_rule *rule, const cJSON *list,
                       const cJSON *node)
{
    char scratch[RK__MERGE_NAME];
    const char *name = rule ? rk__merge_name(rule, node, scratch) : NULL;
    if (name && rk__merge_find(rule, list, name) == node) {
        push_select(out, name);
        return;
    }
    size_t index = 0;
    for (const cJSON *c = list->child; c != node; c = c->next)
        index++;
    (void)rk_buf_addf(out, "/%zu", index); /* `full` is sticky */
}

void rk_path_push_entry(struct rk_buf *path, const char *kind, const cJSON *list,
                        const cJSON *entry)
{
    struct rk_path parsed;
    const struct rk__merge_rule *rule = NULL;
    if (rk_path_parse(rk_buf_text(path), &parsed, NULL) == 0)
        rule = rk__merge_rule(kind, parsed.tok, parsed.n);
    push_entry(path, rule, list, entry);
}

int rk_path_canonical(const cJSON *root, const char *kind, const char *text, struct rk_buf *out,
                      struct rk_err *err)
{
    struct rk_path path;
    int r = rk_path_parse(text, &path, err);
    if (r < 0)
        return r;
    if (!kind)
        kind = rk__json_kind(root);
    struct rk_buf b;
    rk_buf_init(&b, RK_PATH_MAX);
    const cJSON *at = root;
    for (size_t i = 0; i < path.n; i++) {
        cJSON *next = NULL;
        if ((r = rk__path_step(&path, i, kind, at, &next, err)) < 0) {
            rk_buf_done(&b);
            return r == RK_E_NOENT ? absent(&path, i, err) : r;
        }
        assert(at && next);
        if (rk_json_is_array(at))
            push_entry(&b, rk__merge_rule(kind, path.tok, i), at, next);
        else
            rk_path_push(&b, next->string);
        at = next;
    }
    if (b.full)
        r = rk_err_set(err, RK_E_LIMIT, "path: its canonical form has more than %d bytes",
                       RK_PATH_MAX);
    else if ((r = rk_buf_adds(out, rk_buf_text(&b))) < 0)
        r = rk_err_set(err, r, "path: no room for its canonical form");
    rk_buf_done(&b);
    return r;
}

const char *rk_path_merge_key(const char *kind, const char *text)
{
    struct rk_path path;
    if (rk_path_parse(text, &path, NULL) < 0)
        return NULL;
    const struct rk__merge_rule *rule = rk__merge_rule(kind, path.tok, path.n);
    return rule ? rule->key : NULL;
}
