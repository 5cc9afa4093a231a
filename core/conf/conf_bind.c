/* Binding a table to a struct: each option takes the value in force, or its default. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/conf_room.h"

#define WHY_MAX 512

static struct rk_opt_def copy_def(struct rk_arena *a, const struct rk_opt_def *def)
{
    struct rk_opt_def copy = *def;
    copy.key = rk_arena_strdup(a, def->key);
    copy.dflt = rk_arena_strdup(a, def->dflt ? def->dflt : "");
    copy.help = rk_arena_strdup(a, def->help ? def->help : "");
    copy.choices = rk_arena_strdup(a, def->choices ? def->choices : "");
    return copy;
}

static struct rk__conf_option *new_option(struct rk_conf *c, const char *section,
                                          const struct rk_opt_def *def)
{
    assert(def->key != NULL && def->type >= RK_OPT_STR && def->type <= RK_OPT_QUANTITY);
    if (c->n_options == c->cap_options) {
        c->cap_options = c->cap_options == 0 ? 64 : c->cap_options * 2;
        c->options = rk_realloc(c->options, c->cap_options * sizeof *c->options);
    }
    struct rk__conf_option *o = &c->options[c->n_options++];
    *o = (struct rk__conf_option){.section = section, .def = copy_def(&c->arena, def)};
    o->text = o->def.dflt;
    o->origin = "default";
    return o;
}

/* The section's name as we keep it. */
static const char *know_section(struct rk_conf *c, const char *section)
{
    for (size_t i = 0; i < c->n_sections; i++)
        if (strcmp(c->sections[i], section) == 0)
            return c->sections[i];
    if (c->n_sections == c->cap_sections) {
        c->cap_sections = c->cap_sections == 0 ? 32 : c->cap_sections * 2;
        c->sections = rk_realloc(c->sections, c->cap_sections * sizeof *c->sections);
    }
    return c->sections[c->n_sections++] = rk_arena_strdup(&c->arena, section);
}

static void mark_used(struct rk_conf *c, const char *section, const char *key)
{
    for (size_t i = 0; i < c->n_entries; i++) {
        struct rk__conf_entry *e = &c->entries[i];
        if (e->key != NULL && strcmp(e->key, key) == 0 && strcmp(e->section, section) == 0)
            e->used = true;
    }
}

/* A key that was indented by mistake has become part of the value above: say so when it is a key
 * of this table. */
static void check_swallowed(struct rk_conf *c, const struct rk__conf_entry *e,
                            const struct rk_opt_def *opts, size_t n)
{
    struct rk_span rest = rk_span_of(e->value), line;
    bool first = true;
    for (; rk_span_next(&rest, '\n', &line); first = false) {
        const char *equals = line.n > 0 ? memchr(line.p, '=', line.n) : NULL;
        size_t at = equals != NULL ? (size_t)(equals - line.p) : 0;
        if (first || at == 0 || (line.p[at - 1] != ' ' && at + 1 < line.n && line.p[at + 1] != ' '))
            continue; /* a=b is what lists are made of, a = b is how keys are written */
        struct rk_span word = rk_span_trim((struct rk_span){line.p, at});
        for (size_t i = 0; i < n; i++)
            if (rk_span_is(word, opts[i].key))
                rk__conf_problem(
                    c,
                    "%s: an indented line below '%s' looks like the key '%s' but continues it; "
                    "keys start at the beginning of a line",
                    e->origin, e->key, opts[i].key);
    }
}

/* A text on one line, short enough for a message. */
static const char *shown(struct rk_arena *a, const char *text)
{
    char *copy = rk_arena_strndup(a, text, strlen(text) < 120 ? strlen(text) : 120);
    for (char *p = copy; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    return copy;
}

static void bind_one(struct rk_conf *c, const char *section, const struct rk_opt_def *def,
                     void *target)
{
    char why[WHY_MAX] = "", *field = (char *)target + def->offset;
    struct rk__conf_option *o = new_option(c, section, def);
    if (def->dflt != NULL && rk__conf_parse(c, &o->def, def->dflt, field, why, sizeof why) < 0)
        rk__conf_problem(c, "[%s] %s: its default '%s' is wrong: %s", section, def->key, def->dflt,
                         why);
    const struct rk__conf_entry *e = rk__conf_find(c, section, def->key);
    mark_used(c, section, def->key);
    if (e == NULL)
        return;
    if (rk__conf_parse(c, &o->def, e->value, field, why, sizeof why) < 0) {
        rk__conf_problem(c, "%s: [%s] %s = %s: %s", e->origin, section, def->key,
                         shown(&c->arena, e->value), why);
        return;
    }
    o->text = e->value;
    o->origin = e->origin;
}

void rk_conf_bind(struct rk_conf *c, const char *section, const struct rk_opt_def *opts, size_t n,
                  void *target)
{
    const char *name = know_section(c, section);
    for (size_t i = 0; i < n; i++)
        bind_one(c, name, &opts[i], target);
    for (size_t i = 0; i < c->n_entries; i++) {
        const struct rk__conf_entry *e = &c->entries[i];
        if (e->key != NULL && e->rank != RK__CONF_SET && strcmp(e->section, section) == 0 &&
            strchr(e->value, '\n'))
            check_swallowed(c, e, opts, n);
    }
}
