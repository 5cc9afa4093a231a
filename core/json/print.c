/* Tree -> text. Numbers leave as they came; strings are written as UTF-8 and only what JSON demands is escaped, so that a
 * document read and printed differs in white space and escapes at most. */
#include "core/json/json.h"

#include <assert.h>
#include <string.h>

#include "core/json/room.h"

static void escape_one(struct rk_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    size_t n = 2;
    switch (c) {
    case '"':
    case '\\':
        text[1] = (char)c;
        break;
    case '\b':
        text[1] = 'b';
        break;
    case '\f':
        text[1] = 'f';
        break;
    case '\n':
        text[1] = 'n';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '\t':
        text[1] = 't';
        break;
    default:
        n = sizeof text;
    }
    (void)rk_buf_add(out, text, n); /* `full` is sticky: asked once, at the end */
}

void rk_json_escape(struct rk_buf *out, const char *s, size_t n)
{
    (void)rk_buf_addc(out, '"'); /* here and below: `full` is sticky */
    const char *end = s + n;
    const char *run = s;
    while (s < end) {
        unsigned char c = (unsigned char)*s;
        size_t step = 1;
        if (c >= 0x80 && (step = rk__json_utf8(s, end)) > 0) {
            s += step;
            continue;
        }
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            s++;
            continue;
        }
        (void)rk_buf_add(out, run, (size_t)(s - run));
        if (c >= 0x80)
            (void)rk_buf_adds(out, "\\ufffd"); /* the text must stay JSON whatever is put in */
        else
            escape_one(out, c);
        run = ++s;
    }
    (void)rk_buf_add(out, run, (size_t)(end - run));
    (void)rk_buf_addc(out, '"');
}

static void line_break(struct rk_buf *out, int indent)
{
    if (indent < 0)
        return;
    (void)rk_buf_addc(out, '\n');
    for (int i = 0; i < indent; i++)
        (void)rk_buf_add(out, "  ", 2);
}

/* indent < 0: minified. Recursion is as deep as the tree, which the parser and the path writer bound. */
static void print_value(const cJSON *v, struct rk_buf *out, int indent)
{
    bool object = false;
    switch (v->type & 0xff) {
    case cJSON_NULL:
        (void)rk_buf_add(out, "null", 4);
        return;
    case cJSON_True:
        (void)rk_buf_add(out, "true", 4);
        return;
    case cJSON_False:
        (void)rk_buf_add(out, "false", 5);
        return;
    case cJSON_Raw:
        (void)rk_buf_adds(out, v->valuestring);
        return;
    case cJSON_String:
        rk_json_escape(out, v->valuestring, strlen(v->valuestring));
        return;
    case cJSON_Object:
        object = true;
        break;
    default:
        assert((v->type & 0xff) ==
               cJSON_Array); /* cJSON_Number is never made: it would be a double */
    }
    (void)rk_buf_addc(out, object ? '{' : '[');
    int inner = indent < 0 ? -1 : indent + 1;
    for (const cJSON *c = v->child; c && !out->full; c = c->next) {
        if (c != v->child)
            (void)rk_buf_addc(out, ',');
        line_break(out, inner);
        if (object) {
            rk_json_escape(out, c->string, strlen(c->string));
            (void)rk_buf_add(out, ": ", indent < 0 ? 1 : 2);
        }
        print_value(c, out, inner);
    }
    if (v->child)
        line_break(out, indent);
    (void)rk_buf_addc(out, object ? '}' : ']');
}

int rk_json_print(const cJSON *v, struct rk_buf *out)
{
    print_value(v, out, -1);
    return out->full ? RK_E_LIMIT : 0;
}

int rk_json_print_pretty(const cJSON *v, struct rk_buf *out)
{
    print_value(v, out, 0);
    return out->full ? RK_E_LIMIT : 0;
}

char *rk_json_text(struct rk_arena *a, const cJSON *v)
{
    struct rk_buf b;
    rk_buf_init(&b, SIZE_MAX / 4);
    int r = rk_json_print(v, &b);
    assert(r == 0); /* no text reaches that bound */
    char *text = rk_arena_strndup(a, rk_buf_text(&b), b.len);
    rk_buf_done(&b);
    return text;
}
