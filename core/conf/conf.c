/* The room's state: values given, options bound, problems; what is unknown at the end. */
#include "core/conf/conf.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/conf_room.h"

#define PROBLEMS_MAX  (256u * 1024u)
#define LINE_TEXT_MAX 1024

struct rk_conf *rk_conf_new(void)
{
    struct rk_conf *c = rk_alloc(sizeof *c);
    rk_arena_init(&c->arena, 0);
    rk_buf_init(&c->problems, PROBLEMS_MAX);
    return c;
}

void rk_conf_free(struct rk_conf *c)
{
    if (c == NULL)
        return;
    rk_free(c->entries);
    rk_free(c->options);
    rk_free(c->sections);
    rk_buf_done(&c->problems);
    rk_arena_done(&c->arena);
    rk_free(c);
}

static void say(struct rk_buf *out, size_t *unsaid, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void say(struct rk_buf *out, size_t *unsaid, const char *fmt, va_list ap)
{
    char line[LINE_TEXT_MAX];
    (void)vsnprintf(line, sizeof line, fmt, ap); /* a long one is cut */
    size_t n = strlen(line);
    if (*unsaid > 0 || out->full || out->max - out->len < n + 64) /* room for the last line */
        ++*unsaid;
    else
        (void)rk_buf_addf(out, "%s\n", line); /* fits */
}

void rk__conf_problem(struct rk_conf *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(&c->problems, &c->unsaid, fmt, ap);
    va_end(ap);
}

void rk_conf_reject(struct rk_conf *c, const char *section, const char *key, const char *fmt, ...)
{
    const struct rk__conf_entry *e = rk__conf_find(c, section, key);
    va_list ap;
    va_start(ap, fmt);
    const char *why = rk_arena_vfmt(&c->arena, fmt, ap);
    va_end(ap);
    rk__conf_problem(c, "%s: [%s] %s: %s", e ? e->origin : "default", section, key, why);
}

void rk__conf_add(struct rk_conf *c, const char *section, const char *key, const char *value,
                  const char *origin, enum rk__conf_rank rank)
{
    if (c->n_entries == c->cap_entries) {
        c->cap_entries = c->cap_entries == 0 ? 64 : c->cap_entries * 2;
        c->entries = rk_realloc(c->entries, c->cap_entries * sizeof *c->entries);
    }
    c->entries[c->n_entries++] = (struct rk__conf_entry){
        .section = rk_arena_strdup(&c->arena, section),
        .key = rk_arena_strdup(&c->arena, key),
        .value = rk_arena_strdup(&c->arena, value),
        .origin = rk_arena_strdup(&c->arena, origin),
        .rank = rank,
    };
}

void rk_conf_set(struct rk_conf *c, const char *assignment)
{
    const char *equals = strchr(assignment, '='), *dot = equals;
    while (dot != NULL && dot > assignment && *dot != '.')
        dot--;
    if (equals == NULL || dot == assignment || dot + 1 == equals || *dot != '.') {
        rk__conf_problem(c, "--set %s: write SECTION.KEY=VALUE", assignment);
        return;
    }
    char *section = rk_arena_strndup(&c->arena, assignment, (size_t)(dot - assignment));
    char *key = rk_arena_strndup(&c->arena, dot + 1, (size_t)(equals - dot - 1));
    rk__conf_add(c, section, key, equals + 1, "--set", RK__CONF_SET);
}

void rk_conf_give(struct rk_conf *c, const char *section, const char *key, const char *value,
                  const char *origin)
{
    rk__conf_add(c, section, key, value, origin, RK__CONF_SET);
}

struct rk__conf_entry *rk__conf_find(const struct rk_conf *c, const char *section, const char *key)
{
    struct rk__conf_entry *best = NULL;
    for (size_t i = 0; i < c->n_entries; i++) {
        struct rk__conf_entry *e = &c->entries[i];
        if (e->key != NULL && strcmp(e->key, key) == 0 && strcmp(e->section, section) == 0 &&
            (best == NULL || e->rank >= best->rank))
            best = e;
    }
    return best;
}

const char *rk_conf_raw(const struct rk_conf *c, const char *section, const char *key,
                        const char **ret_origin)
{
    const struct rk__conf_entry *e = rk__conf_find(c, section, key);
    if (e != NULL && ret_origin != NULL)
        *ret_origin = e->origin;
    return e != NULL ? e->value : NULL;
}

bool rk_conf_next_section(const struct rk_conf *c, const char *prefix, size_t *pos,
                          const char **ret_section)
{
    while (*pos < c->n_entries) {
        size_t at = (*pos)++;
        const char *name = c->entries[at].section;
        bool seen = false;
        for (size_t i = 0; i < at && !seen; i++)
            seen = strcmp(c->entries[i].section, name) == 0;
        if (!seen && rk_str_starts(name, prefix)) {
            *ret_section = name;
            return true;
        }
    }
    return false;
}

/* What was given but never bound. */

static bool section_known(const struct rk_conf *c, const char *section)
{
    for (size_t i = 0; i < c->n_sections; i++)
        if (strcmp(c->sections[i], section) == 0)
            return true;
    return false;
}

/* The only other section that has this key, NULL = none or several. */
static const char *home_of(const struct rk_conf *c, const char *key)
{
    const char *home = NULL;
    for (size_t i = 0; i < c->n_options; i++) {
        if (strcmp(c->options[i].def.key, key) != 0)
            continue;
        if (home != NULL && strcmp(home, c->options[i].section) != 0)
            return NULL;
        home = c->options[i].section;
    }
    return home;
}

struct report {
    const struct rk_conf *c;
    struct rk_buf *out;
    size_t unsaid;
    const char **names; /* scratch: as many as there are options */
};

static void report(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void report(struct report *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(r->out, &r->unsaid, fmt, ap);
    va_end(ap);
}

static void unknown_section(struct report *r, const struct rk__conf_entry *e)
{
    const char *near = rk_str_nearest(e->section, r->c->sections, r->c->n_sections);
    if (near != NULL)
        report(r, "%s: unknown section [%s] (did you mean [%s]?)", e->origin, e->section, near);
    else
        report(r, "%s: unknown section [%s]", e->origin, e->section);
}

static void unknown_key(struct report *r, const struct rk__conf_entry *e)
{
    size_t n = 0;
    for (size_t i = 0; i < r->c->n_options; i++)
        if (strcmp(r->c->options[i].section, e->section) == 0)
            r->names[n++] = r->c->options[i].def.key;
    const char *near = rk_str_nearest(e->key, r->names, n), *home = home_of(r->c, e->key);
    if (near != NULL)
        report(r, "%s: unknown key '%s' in [%s] (did you mean '%s'?)", e->origin, e->key,
               e->section, near);
    else if (home != NULL)
        report(r, "%s: unknown key '%s' in [%s] (it belongs to [%s])", e->origin, e->key,
               e->section, home);
    else
        report(r, "%s: unknown key '%s' in [%s]", e->origin, e->key, e->section);
}

/* Of an unknown section only the heading is reported; --set has none, so each of its keys is. */
static void check_entry(struct report *r, const struct rk__conf_entry *e)
{
    bool known = section_known(r->c, e->section);
    if (!known && (e->key == NULL || e->rank == RK__CONF_SET))
        unknown_section(r, e);
    else if (known && e->key != NULL && !e->used)
        unknown_key(r, e);
}

int rk_conf_check(struct rk_conf *c, struct rk_buf *out)
{
    size_t before = out->len;
    if (c->problems.len > 0)
        (void)rk_buf_add(out, c->problems.data,
                         c->problems.len); /* sticky; below only len counts */
    struct report r = {c, out, c->unsaid, rk_alloc_array(c->n_options + 1, sizeof *r.names)};
    for (size_t i = 0; i < c->n_entries; i++)
        check_entry(&r, &c->entries[i]);
    rk_free(r.names);
    if (r.unsaid > 0)
        (void)rk_buf_addf(out, "%zu more problems\n",
                          r.unsaid); /* nothing to do about a full buffer */
    return out->len > before || out->full || r.unsaid > 0 ? RK_E_INVAL : 0;
}
