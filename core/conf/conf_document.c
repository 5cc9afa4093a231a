/* All options with what is told of them: as an annotated file, as a page, as a part of a manual page. Section by section, in order of binding. */
#include <string.h>

#include "core/conf/conf_room.h"

/* Full is sticky in every rk_buf_add below: the caller looks. */

static void ini_section(const char *section, bool first, struct rk_buf *out)
{
    (void)rk_buf_addf(out, "%s[%s]\n", first ? "" : "\n", section);
}

static void ini_option(const struct rk_opt_def *def, const char *type, struct rk_buf *out)
{
    if (def->help[0] != '\0')
        (void)rk_buf_addf(out, "\n; %s\n; (%s)\n", def->help, type);
    else
        (void)rk_buf_addf(out, "\n; (%s)\n", type);
    if (strchr(def->dflt, '\n') != NULL) {
        (void)rk_buf_addf(out, ";%s =\n", def->key);
        rk__conf_put_lines(out, def->dflt, ";");
    } else {
        (void)rk_buf_addf(out, ";%s =%s%s\n", def->key, def->dflt[0] != '\0' ? " " : "", def->dflt);
    }
}

/* A cell of a table: nothing in it ends the cell, opens a tag or begins a style. `marks` get a backslash. */
static void markdown(struct rk_buf *out, const char *text, const char *marks)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\n') {
            (void)rk_buf_addc(out, ' ');
            continue;
        }
        if (strchr(marks, *p) != NULL)
            (void)rk_buf_addc(out, '\\');
        (void)rk_buf_addc(out, *p);
    }
}

#define IN_TEXT "\\`*_|<>[]"
#define IN_CODE "|" /* the table's own; no other character means anything between backticks */

static void markdown_section(const char *section, bool first, struct rk_buf *out)
{
    (void)rk_buf_addf(out,
                      "%s### [%s]\n\n| option | type | default | meaning |\n|---|---|---|---|\n",
                      first ? "" : "\n", section);
}

static void markdown_option(const struct rk_opt_def *def, const char *type, struct rk_buf *out)
{
    (void)rk_buf_addf(out, "| `%s` | ", def->key);
    markdown(out, type, IN_TEXT);
    (void)rk_buf_adds(out, " | ");
    if (strchr(def->dflt, '`') != NULL) {
        markdown(out, def->dflt, IN_TEXT);
    } else if (def->dflt[0] != '\0') {
        (void)rk_buf_addc(out, '`');
        markdown(out, def->dflt, IN_CODE);
        (void)rk_buf_addc(out, '`');
    }
    (void)rk_buf_adds(out, " | ");
    markdown(out, def->help, IN_TEXT);
    (void)rk_buf_adds(out, " |\n");
}

/* Text of a manual page, a sentence a line: no character of it is a request, an escape, or a hyphen where a minus is meant. */
static void roff(struct rk_buf *out, const char *text)
{
    bool starts = true;
    for (const char *p = text; *p != '\0'; starts = *p == '\n', p++) {
        if (starts && (*p == '.' || *p == '\''))
            (void)rk_buf_adds(out, "\\&");
        if (*p == '\\')
            (void)rk_buf_adds(out, "\\e");
        else if (*p == '-')
            (void)rk_buf_adds(out, "\\-");
        else if (*p == ' ' && p > text && p[-1] == '.' && p[1] >= 'A' && p[1] <= 'Z')
            (void)rk_buf_addc(out, '\n');
        else
            (void)rk_buf_addc(out, *p);
    }
}

static void mdoc_section(const char *section, bool first, struct rk_buf *out)
{
    (void)rk_buf_addf(out, "%s.Ss \"[%s]\"\n.Bl -tag -width Ds\n", first ? "" : ".El\n", section);
}

static void mdoc_option(const struct rk_opt_def *def, const char *type, struct rk_buf *out)
{
    (void)rk_buf_addf(out, ".It Cm %s\n", def->key);
    if (def->help[0] != '\0') {
        roff(out, def->help);
        (void)rk_buf_adds(out, "\n.br\n");
    }
    (void)rk_buf_adds(out, "Type: ");
    roff(out, type);
    (void)rk_buf_adds(out, ".\n");
    if (def->dflt[0] != '\0') {
        (void)rk_buf_adds(out, ".br\nDefault: ");
        roff(out, def->dflt);
        (void)rk_buf_adds(out, "\n");
    }
}

void rk_conf_document(const struct rk_conf *c, enum rk_conf_form form, struct rk_buf *out)
{
    static const struct form {
        void (*section)(const char *section, bool first, struct rk_buf *out);
        void (*option)(const struct rk_opt_def *def, const char *type, struct rk_buf *out);
        const char *end;
    } ini = {ini_section, ini_option, ""}, markdown = {markdown_section, markdown_option, ""},
      mdoc = {mdoc_section, mdoc_option, ".El\n"};
    const struct form *f = form == RK_CONF_MDOC       ? &mdoc
                           : form == RK_CONF_MARKDOWN ? &markdown
                                                      : &ini;
    char type[512];
    for (size_t i = 0; i < c->n_options; i++) {
        if (!rk__conf_starts_section(c, i))
            continue;
        f->section(c->options[i].section, i == 0, out);
        for (size_t k = i; k < c->n_options; k = rk__conf_next_in_section(c, i, k)) {
            rk__conf_type_text(&c->options[k].def, type, sizeof type);
            f->option(&c->options[k].def, type, out);
        }
    }
    if (c->n_options > 0)
        (void)rk_buf_adds(out, f->end);
}
