/* What is in force, and the annotated file. Both go section by section, in order of binding. */
#include <string.h>

#include "core/conf/conf_room.h"

#define COLUMN_MAX 44 /* origins stand no further right than this when values are longer */

/* Is option i the first of its section? */
static bool starts_section(const struct rk_conf *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(c->options[k].section, c->options[i].section) == 0)
            return false;
    return true;
}

/* The next option of i's section behind `at`; n_options at the end. */
static size_t next_in_section(const struct rk_conf *c, size_t i, size_t at)
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

/* Lines of a value that has several, each indented behind `prefix`. */
static void put_lines(struct rk_buf *out, const char *text, const char *prefix)
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
        put_lines(out, o->text, "");
}

void rk_conf_dump(const struct rk_conf *c, struct rk_buf *out)
{
    for (size_t i = 0; i < c->n_options; i++) {
        if (!starts_section(c, i))
            continue;
        size_t column = 0;
        for (size_t k = i; k < c->n_options; k = next_in_section(c, i, k))
            if (width_of(&c->options[k]) > column && width_of(&c->options[k]) <= COLUMN_MAX)
                column = width_of(&c->options[k]);
        (void)rk_buf_addf(out, "%s[%s]\n", i > 0 ? "\n" : "",
                          c->options[i].section); /* full is sticky */
        for (size_t k = i; k < c->n_options; k = next_in_section(c, i, k))
            dump_option(&c->options[k], column, out);
    }
}

static void document_option(const struct rk_opt_def *def, struct rk_buf *out)
{
    char type[512];
    rk__conf_type_text(def, type, sizeof type);
    if (def->help[0] != '\0')
        (void)rk_buf_addf(out, "\n; %s\n; (%s)\n", def->help,
                          type); /* full is sticky: the caller looks */
    else
        (void)rk_buf_addf(out, "\n; (%s)\n", type); /* as above */
    if (is_long(def->dflt)) {
        (void)rk_buf_addf(out, ";%s =\n", def->key); /* as above */
        put_lines(out, def->dflt, ";");
    } else {
        (void)rk_buf_addf(out, ";%s =%s%s\n", def->key, def->dflt[0] != '\0' ? " " : "",
                          def->dflt); /* as above */
    }
}

void rk_conf_document(const struct rk_conf *c, struct rk_buf *out)
{
    for (size_t i = 0; i < c->n_options; i++) {
        if (!starts_section(c, i))
            continue;
        (void)rk_buf_addf(out, "%s[%s]\n", i > 0 ? "\n" : "",
                          c->options[i].section); /* full is sticky */
        for (size_t k = i; k < c->n_options; k = next_in_section(c, i, k))
            document_option(&c->options[k].def, out);
    }
}
