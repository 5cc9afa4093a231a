/* Loading all plugins: files, INI, kinds, watches; and telling what was loaded. */
#include "core/plug/room.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define AT(field) (uint32_t) offsetof(struct rk_plug_conf, field)

const struct rk_opt_def rk_plug_opts[] = {
    {.key = "path",
     .dflt = "",
     .help = "directory of the bundled plugins; empty: beside the program",
     .type = RK_OPT_STR,
     .offset = AT(path)},
    {.key = "disable",
     .dflt = "",
     .help = "Plugins that are switched off; they still release finalizers.",
     .type = RK_OPT_LIST,
     .offset = AT(disable)},
    {.key = "any-owner",
     .dflt = "no",
     .help = "Load plugins that belong to others than root and us.",
     .type = RK_OPT_BOOL,
     .offset = AT(any_owner)},
};
const size_t rk_plug_n_opts = sizeof rk_plug_opts / sizeof rk_plug_opts[0];

const char *rk_phase_name(int phase)
{
    static const char *const names[] = {"?",   "VALIDATE", "DEFAULT", "PLAN",
                                        "POD", "OBJECT",   "STATUS",  "FINALIZE"};
    return phase >= RK_PHASE_VALIDATE && phase <= RK_PHASE_FINALIZE ? names[phase] : names[0];
}

void rk__plug_problem(struct rk__plug_load *l, const char *where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = rk_arena_vfmt(&l->p->arena, fmt, ap);
    va_end(ap);
    (void)rk_buf_addf(&l->problems, "%s%s: %s", l->n_problems ? "\n" : "", where,
                      text); /* cut when there are very many */
    l->n_problems++;
}

void rk__plug_hand(const struct rk_plug_conf *pc, const char *plugin, const char *what)
{
    if (pc->in_hand)
        pc->in_hand(pc->in_hand_ctx, plugin, what);
}

static void take(struct rk__plug_load *l, const struct rk__plug_file *from, const char *file,
                 const char *want_name)
{
    struct rk_plugins *p = l->p;
    if (p->n == RK_PLUGINS_MAX) {
        rk__plug_problem(l, file, "more than %d plugins", RK_PLUGINS_MAX);
        return;
    }
    struct rk_plug *plug = &p->plugs[p->n];
    if (!rk__plug_take(l, from->desc, from->known, file, plug))
        return;
    memcpy(plug->digest, from->digest, sizeof plug->digest);
    const struct rk_plug *twin = rk_plugins_find(p, plug->name);
    if (twin)
        rk__plug_problem(l, file, "plugin %s: %s has a plugin of that name too", plug->name,
                         twin->file);
    else if (want_name && strcmp(want_name, plug->name) != 0)
        rk__plug_problem(l, file, "is the plugin %s, but [plugin:%s] names it", plug->name,
                         want_name);
    else {
        plug->index = (int)p->n++;
        return;
    }
    memset(plug, 0, sizeof *plug);
}

static void take_file(struct rk__plug_load *l, const char *file, const char *want_name)
{
    struct rk__plug_file from = {0};
    struct rk_err err = RK_ERR_INIT;
    if (rk__plug_open(file, l->pc, &from, &err) < 0)
        rk__plug_problem(l, file, "%s", err.text);
    else
        take(l, &from, file, want_name);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Is <name>.so replaced by [plugin:<name>] file =? */
static bool replaced(const struct rk__plug_load *l, const char *so)
{
    char section[300] = "plugin:";
    size_t n = strlen(so) - strlen(".so");
    if (n > 255)
        return false;
    memcpy(section + strlen("plugin:"), so, n);
    section[strlen("plugin:") + n] = '\0';
    const char *file = rk_conf_raw(l->conf, section, "file", NULL);
    return file && *file;
}

static void take_bundled(struct rk__plug_load *l)
{
    const char *path = l->pc->path;
    if (!path || !*path)
        return;
    DIR *dir = opendir(path);
    if (!dir) {
        rk__plug_problem(l, path, "the directory of plugins cannot be opened: %s", strerror(errno));
        return;
    }
    const char *names[RK_PLUGINS_MAX];
    size_t n = 0;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (!rk_str_ends(e->d_name, ".so") || e->d_name[0] == '.' || replaced(l, e->d_name))
            continue;
        if (n == RK_PLUGINS_MAX) {
            rk__plug_problem(l, path, "more than %d plugins", RK_PLUGINS_MAX);
            break;
        }
        names[n++] = rk_arena_strdup(&l->p->arena, e->d_name);
    }
    (void)closedir(dir); /* only read */
    qsort(names, n, sizeof *names, by_bytes);
    for (size_t i = 0; i < n; i++)
        take_file(l, rk_arena_fmt(&l->p->arena, "%s/%s", path, names[i]), NULL);
}

static void take_named(struct rk__plug_load *l)
{
    const char *section;
    for (size_t pos = 0; rk_conf_next_section(l->conf, "plugin:", &pos, &section);) {
        const char *origin = NULL, *file = rk_conf_raw(l->conf, section, "file", &origin);
        size_t before = l->n_problems;
        if (file && *file)
            take_file(l, rk_arena_strdup(&l->p->arena, file),
                      rk_arena_strdup(&l->p->arena, section + strlen("plugin:")));
        if (l->n_problems > before && origin)
            rk__plug_problem(l, origin, "[%s] names that file", section);
    }
}

static void disable(struct rk__plug_load *l)
{
    struct rk_plugins *p = l->p;
    const char *const *names =
        rk__plug_words(&p->arena, l->pc->disable ? l->pc->disable : "", '\n');
    const char *known[RK_PLUGINS_MAX];
    for (size_t i = 0; i < p->n; i++)
        known[i] = p->plugs[i].name;
    for (; *names; names++) {
        bool found = false;
        for (size_t i = 0; i < p->n; i++)
            if (strcmp(known[i], *names) == 0)
                p->plugs[i].disabled = found = true;
        const char *near = found ? NULL : rk_str_nearest(*names, known, p->n);
        if (near)
            rk__plug_problem(l, "[plugins] disable", "there is no plugin '%s' (did you mean '%s'?)",
                             *names, near);
        else if (!found)
            rk__plug_problem(l, "[plugins] disable", "there is no plugin '%s'", *names);
    }
}

/* One entry per gvk: several plugins may name a kind, each with the finalizers that it puts on
 * it. */
static void merge_kind(struct rk__plug_load *l, struct rk_plug *plug, const rk_kind *k)
{
    struct rk_plugins *p = l->p;
    for (size_t i = 0; i < p->n_kinds; i++) {
        rk_kind *have = &p->kinds[i];
        if (strcmp(have->gvk, k->gvk) != 0)
            continue;
        if (strcmp(have->plural, k->plural) != 0)
            rk__plug_problem(l, plug->file, "plugin %s: kind %s has plural %s, plugin %s says %s",
                             plug->name, k->gvk, k->plural, p->kind_plug[i]->name, have->plural);
        if (!have->controller)
            have->controller = k->controller;
        have->optional = have->optional && k->optional; /* who needs it decides */
        if (k->finalizers)
            have->finalizers =
                have->finalizers ? rk_arena_fmt(&p->arena, "%s,%s", have->finalizers, k->finalizers)
                                 : k->finalizers;
        return;
    }
    p->kind_plug[p->n_kinds] = plug;
    p->kinds[p->n_kinds++] = *k;
}

/* Who is switched off and releases nothing needs to see nothing: no right to read it is wanted. */
static bool sees(const struct rk_plug *plug)
{
    for (uint32_t i = 0; plug->disabled && i < plug->info.n_hooks; i++)
        if (plug->hooks[i].phase == RK_PHASE_FINALIZE)
            return true;
    return !plug->disabled;
}

static void collect(struct rk__plug_load *l)
{
    struct rk_plugins *p = l->p;
    size_t kinds = 0, watches = 0;
    for (size_t i = 0; i < p->n; i++) {
        kinds += p->plugs[i].info.n_kinds;
        watches += p->plugs[i].info.n_watches;
    }
    p->kinds = rk_arena_alloc(&p->arena, (kinds + 1) * sizeof *p->kinds);
    p->kind_plug = rk_arena_alloc(&p->arena, (kinds + 1) * sizeof(struct rk_plug *));
    p->watches = rk_arena_alloc(&p->arena, (watches + 1) * sizeof *p->watches);
    p->watch_plug = rk_arena_alloc(&p->arena, (watches + 1) * sizeof(struct rk_plug *));
    for (size_t i = 0; i < p->n; i++) {
        struct rk_plug *plug = &p->plugs[i];
        for (uint32_t k = 0; k < plug->info.n_kinds; k++)
            merge_kind(l, plug, &plug->kinds[k]);
        for (uint32_t k = 0; sees(plug) && k < plug->info.n_watches; k++) {
            p->watch_plug[p->n_watches] = plug;
            p->watches[p->n_watches++] = plug->watches[k];
        }
    }
}

const rk_kind *rk_plugins_kind(const struct rk_plugins *p, const char *gvk)
{
    for (size_t i = 0; i < p->n_kinds; i++)
        if (strcmp(p->kinds[i].gvk, gvk) == 0)
            return &p->kinds[i];
    return NULL;
}

const rk_command *rk_plugins_command(const struct rk_plugins *p, const char *name,
                                     const struct rk_plug **ret_plug)
{
    for (size_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; !p->plugs[i].disabled && k < p->plugs[i].info.n_commands; k++)
            if (strcmp(p->plugs[i].commands[k].name, name) == 0) {
                *ret_plug = &p->plugs[i];
                return &p->plugs[i].commands[k];
            }
    return NULL;
}

/* One word, one command. */
static void check_commands(struct rk__plug_load *l)
{
    for (size_t i = 0; i < l->p->n; i++) {
        const struct rk_plug *plug = &l->p->plugs[i], *other;
        for (uint32_t k = 0; k < plug->info.n_commands; k++) {
            const rk_command *c = &plug->commands[k];
            if (!plug->disabled && rk_plugins_command(l->p, c->name, &other) != c)
                rk__plug_problem(l, plug->file, "plugin %s: command %s: plugin %s has it too",
                                 plug->name, c->name, other->name);
        }
    }
}

/* What follows once all descriptors are in hand; hands over or tells all problems. */
static int finish(struct rk__plug_load *l, struct rk_plugins **ret, struct rk_err *err)
{
    for (size_t i = 0; i < l->p->n; i++)
        rk__plug_bind(l, &l->p->plugs[i]);
    /* After a file that could not be loaded, whose plugin may be the one meant, a name that fits
     * none says nothing. */
    if (l->n_problems == 0)
        disable(l);
    check_commands(l);
    collect(l);
    rk__plug_order(l);
    int r = 0;
    if (l->n_problems > 0) {
        r = rk_err_set(err, RK_E_INVAL, "%s", rk_buf_text(&l->problems));
        rk_plugins_free(l->p);
    } else {
        *ret = l->p;
    }
    rk_buf_done(&l->problems);
    return r;
}

static void begin(struct rk__plug_load *l, struct rk_conf *conf, const struct rk_plug_conf *pc)
{
    static const struct rk_plug_conf none = {0};
    memset(l, 0, sizeof *l);
    l->conf = conf;
    l->pc = pc ? pc : &none;
    l->p = rk_alloc(sizeof *l->p);
    rk_arena_init(&l->p->arena, 0);
    l->p->plugs = rk_arena_alloc(&l->p->arena, RK_PLUGINS_MAX * sizeof *l->p->plugs);
    rk_buf_init(&l->problems, 64 * 1024);
}

int rk_plugins_load(struct rk_conf *conf, const struct rk_plug_conf *pc, struct rk_plugins **ret,
                    struct rk_err *err)
{
    struct rk__plug_load l;
    begin(&l, conf, pc);
    take_bundled(&l);
    take_named(&l);
    return finish(&l, ret, err);
}

int rk_plugins_from(const rk_plugin *const *descs, size_t n, struct rk_conf *conf,
                    const struct rk_plug_conf *pc, struct rk_plugins **ret, struct rk_err *err)
{
    struct rk__plug_load l;
    struct rk_conf *own = conf ? NULL : rk_conf_new();
    begin(&l, conf ? conf : own, pc);
    l.p->own_conf = own;
    for (size_t i = 0; i < n; i++) {
        const struct rk__plug_file from = {.desc = descs[i], .known = sizeof(rk_plugin)};
        take(&l, &from, "built in", NULL);
    }
    return finish(&l, ret, err);
}

void rk_plugins_free(struct rk_plugins *p)
{
    if (!p)
        return;
    if (p->own_conf)
        rk_conf_free(p->own_conf);
    rk_arena_done(&p->arena);
    rk_free(p);
}

static void print_hook(struct rk_buf *out, const struct rk_plug *plug, int phase, int rank,
                       const char *title)
{
    (void)rk_buf_addf(out, "%-9s %5d  %-16s %-40s %-10s %s\n", rk_phase_name(phase), rank,
                      plug->name, title, plug->info.version,
                      plug->file); /* `full` is sticky, asked by who owns the buffer */
}

void rk_plugins_print(const struct rk_plugins *p, struct rk_buf *out)
{
    (void)rk_buf_addf(out, "%-9s %5s  %-16s %-40s %-10s %s\n", "PHASE", "RANK", "PLUGIN", "HOOK",
                      "VERSION", "FILE"); /* as above */
    for (size_t i = 0; i < p->n_hooks; i++)
        print_hook(out, p->hooks[i].plug, p->hooks[i].hook.phase, p->hooks[i].hook.rank,
                   p->hooks[i].hook.title);
    for (size_t i = 0; i < p->n; i++)
        if (p->plugs[i].disabled)
            (void)rk_buf_addf(out, "%-9s %5s  %-16s %-40s %-10s %s\n", "-", "-", p->plugs[i].name,
                              "(disabled)", p->plugs[i].info.version,
                              p->plugs[i].file); /* as above */
}
