/* What is in force, section by section, in order of binding. */
#include <string.h>

#include "core/conf/conf_room.h"

#define COLUMN_MAX 44 /* origins stand no further right than this when values are longer */

bool rk__conf_starts_section(const struct rk_conf *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(c->options[k].section, c->options[i].section) == 0)
            return false;
    return true;
}

size_t rk__conf_next_in_section(const struct rk_conf *c, size_t i, size_t at)
{
    do {
        at++;
    } while (at < c->n_options && strcmp(c->options[at].section, c->options[i].section) != 0);
    return at;
}

static bool is_long(const char *text)
{
    return strchr(text, '\n') != NULL;
}

static size_t width_of(const struct rk__conf_option *o)
{
    return strlen(o->def.key) + 3 + (is_long(o->text) ? 0 : strlen(o->text));
}

void rk__conf_put_lines(struct rk_buf *out, const char *text, const char *prefix)
{
    struct rk_span rest = rk_span_of(text), line;
    while (rk_span_next(&rest, '\n', &line))
        (void)rk_buf_addf(out, "%s    %.*s\n", prefix, (int)line.n,
                          line.p); /* full is sticky: the caller looks */
}

static void dump_option(const struct rk__conf_option *o, size_t column, struct rk_buf *out)
{
    size_t width = width_of(o);
    (void)rk_buf_addf(out, "%s = %s%*s  ; %s\n", o->def.key, is_long(o->text) ? "" : o->text,
                      (int)(column > width ? column - width : 0), "",
                      o->origin); /* full is sticky */
    if (is_long(o->text))
        rk__conf_put_lines(out, o->text, "");
}

void rk_conf_dump(const struct rk_conf *c, struct rk_buf *out)
{
    for (size_t i = 0; i < c->n_options; i++) {
        if (!rk__conf_starts_section(c, i))
            continue;
        size_t column = 0;
        for (size_t k = i; k < c->n_options; k = rk__conf_next_in_section(c, i, k))
            if (width_of(&c->options[k]) > column && width_of(&c->options[k]) <= COLUMN_MAX)
                column = width_of(&c->options[k]);
        (void)rk_buf_addf(out, "%s[%s]\n", i > 0 ? "\n" : "",
                          c->options[i].section); /* full is sticky */
        for (size_t k = i; k < c->n_options; k = rk__conf_next_in_section(c, i, k))
            dump_option(&c->options[k], column, out);
    }
}
