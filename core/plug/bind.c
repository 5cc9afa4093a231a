/* A plugin's self: zeroed, its options bound from [plugin:<name>], then checked by the plugin.
 * The section's `file` and `after` are the host's and lie behind the plugin's own fields, so
 * that one bind knows every key of the section. */
#include "core/plug/room.h"

#include <string.h>

#include "core/base/str.h"

struct host_part {
    const char *file, *after;
};

#define CHECK_TEXT 512

/* With room for two more. */
static struct rk_opt_def *defs_of(struct rk_arena *a, const rk_opt *opts, size_t n)
{
    struct rk_opt_def *defs = rk_arena_alloc(a, (n + 2) * sizeof *defs);
    for (size_t i = 0; i < n; i++) {
        const rk_opt *o = &opts[i];
        defs[i] = (struct rk_opt_def){.key = o->key,
                                      .dflt = o->dflt ? o->dflt : "",
                                      .help = o->help ? o->help : "",
                                      .choices = o->choices,
                                      .type = o->type,
                                      .offset = o->offset,
                                      .min = o->min,
                                      .max = o->max};
    }
    return defs;
}

static struct rk_opt_def *table(struct rk_arena *a, const struct rk_plug *plug, size_t host_at,
                                size_t *ret_n)
{
    size_t n = plug->info.n_opts;
    struct rk_opt_def *defs = defs_of(a, plug->opts, n);
    defs[n] =
        (struct rk_opt_def){.key = "file",
                            .dflt = "",
                            .help = "The plugin's file; replaces the bundled one of that name.",
                            .type = RK_OPT_STR,
                            .offset = (uint32_t)(host_at + offsetof(struct host_part, file))};
    defs[n + 1] = (struct rk_opt_def){
        .key = "after",
        .dflt = "",
        .help = "Plugins it runs after, at equal phase and rank, and may override.",
        .type = RK_OPT_LIST,
        .offset = (uint32_t)(host_at + offsetof(struct host_part, after))};
    *ret_n = n + 2;
    return defs;
}

static void add_after(struct rk_arena *a, struct rk_plug *plug, const char *more)
{
    const char *const *extra = rk__plug_words(a, more ? more : "", '\n');
    size_t n = 0, m = 0;
    while (plug->after[n])
        n++;
    while (extra[m])
        m++;
    if (m == 0)
        return;
    const char **all = rk_arena_alloc(a, (n + m + 1) * sizeof *all);
    memcpy(all, plug->after, n * sizeof *all);
    memcpy(all + n, extra, m * sizeof *all);
    plug->after = all;
}

/* Where the value stands that a text of check() begins with ("size: ..."); the plugin's file when it
 * begins with no option that somebody gave. */
static const char *origin_of(const struct rk__plug_load *l, const struct rk_plug *plug,
                             const char *section, const char *text)
{
    const char *origin = NULL;
    for (uint32_t i = 0; i < plug->info.n_opts && l->conf; i++) {
        size_t n = strlen(plug->opts[i].key);
        if (strncmp(text, plug->opts[i].key, n) == 0 && text[n] == ':' &&
            rk_conf_raw(l->conf, section, plug->opts[i].key, &origin))
            return origin;
    }
    return plug->file;
}

void rk__plug_bind(struct rk__plug_load *l, struct rk_plug *plug)
{
    struct rk_arena *a = &l->p->arena;
    size_t host_at = (plug->info.self_size + (size_t)15) & ~(size_t)15, n;
    plug->self = rk_arena_alloc(a, host_at + sizeof(struct host_part));
    const struct host_part *host = (const void *)((const char *)plug->self + host_at);
    const struct rk_opt_def *defs = table(a, plug, host_at, &n);
    const char *section = rk_arena_fmt(a, "plugin:%s", plug->name);
    rk_conf_bind(l->conf, section, defs, n, plug->self);
    add_after(a, plug, host->after);
    if (!plug->info.check)
        return;
    char text[CHECK_TEXT] = "";
    rk__plug_hand(l->pc, plug->name, "check");
    int32_t r = plug->info.check(plug->self, text, sizeof text);
    rk__plug_hand(l->pc, NULL, NULL);
    text[sizeof text - 1] = '\0';
    if (r != RK_OK)
        rk__plug_problem(l, origin_of(l, plug, section, text), "plugin %s: refuses its options: %s",
                         plug->name, *text ? text : "it does not say why");
}

void rk_plug_bind_command(struct rk_arena *a, const rk_command *c, struct rk_conf *conf,
                          const char *section, void *target)
{
    struct rk_opt_def *defs = defs_of(a, c->opts, c->n_opts);
    for (uint32_t i = 0; i < c->n_opts; i++)
        if (defs[i].type == RK_OPT_LIST)
            defs[i].type = RK_OPT_STR;
    rk_conf_bind(conf, section, defs, c->n_opts, target);
}
