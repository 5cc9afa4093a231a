/* Is a descriptor what this host can use? It is copied out entry by entry, by its own sizes and
 * strides, so that plugins compiled against a grown header and against this one are read alike. */
#include "core/plug/room.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/str.h"

#define STRIDE_MAX 4096u
#define COUNT_MAX  256u
#define SELF_MAX   (1u << 20)
#define KEEP_MAX   128u /* what the pass can walk at once (core/pass/keep.c) */

struct taking {
    struct rk__plug_load *l;
    const char *file;
    struct rk_plug *plug;
    bool bad;
};

static void wrong(struct taking *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct taking *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *text = rk_arena_vfmt(&t->l->p->arena, fmt, ap);
    va_end(ap);
    t->bad = true;
    if (t->plug->name)
        rk__plug_problem(t->l, t->file, "plugin %s: %s", t->plug->name, text);
    else
        rk__plug_problem(t->l, t->file, "%s", text);
}

/* Entries of an array with the file's stride, copied to ours. */
static void *copy_array(struct taking *t, const char *what, const void *from, uint32_t n,
                        uint32_t stride, size_t ours)
{
    if (n == 0)
        return NULL;
    if (!from || n > COUNT_MAX) {
        wrong(t, "%u %s, but %s", (unsigned)n, what,
              from ? "more than 256 is absurd" : "no array of them");
        return NULL;
    }
    if (stride < ours || stride > STRIDE_MAX || stride % sizeof(void *) != 0) {
        wrong(t, "entries of %s have %u bytes, this host needs %zu", what, (unsigned)stride, ours);
        return NULL;
    }
    char *to = rk_arena_alloc(&t->l->p->arena, n * ours);
    for (uint32_t i = 0; i < n; i++)
        memcpy(to + i * ours, (const char *)from + (size_t)i * stride, ours);
    return to;
}

/* Version before size: "for another host" says more than "too small". */
static bool check_front(struct taking *t, const rk_plugin *desc, size_t known)
{
    size_t front = offsetof(rk_plugin, minor) + sizeof desc->minor;
    if (known < front || desc->size < front) {
        wrong(t, "the descriptor has %zu bytes, this host needs %zu",
              known < front ? known : (size_t)desc->size, sizeof *desc);
        return false;
    }
    if (desc->major != RK_ABI_MAJOR || desc->minor != RK_ABI_MINOR) {
        wrong(t, "is for plugin ABI %u.%u, this host speaks %d.%d: compile it again",
              (unsigned)desc->major, (unsigned)desc->minor, RK_ABI_MAJOR, RK_ABI_MINOR);
        return false;
    }
    if (desc->size < sizeof *desc || desc->size > STRIDE_MAX || known < sizeof *desc) {
        wrong(t, "the descriptor has %zu bytes, this host needs %zu",
              known < sizeof *desc ? known : (size_t)desc->size, sizeof *desc);
        return false;
    }
    if (!rk__plug_is_label(desc->name)) {
        wrong(t, "its name \"%.64s\" is not a DNS label (a-z, 0-9, -)",
              desc->name ? desc->name : "");
        return false;
    }
    return true;
}

static void check_hook(struct taking *t, const rk_hook *h, unsigned i)
{
    struct rk_arena *a = &t->l->p->arena;
    if (h->phase < RK_PHASE_VALIDATE || h->phase > RK_PHASE_FINALIZE)
        wrong(t, "hook %u: there is no phase %u", i, (unsigned)h->phase);
    if (!h->run)
        wrong(t, "hook %u (%s): it has no function", i, rk_phase_name(h->phase));
    const char *const *kinds = rk__plug_words(a, h->kinds, ',');
    const char *const *roles = rk__plug_words(a, h->roles, ',');
    if ((kinds && !*kinds) || (roles && !*roles))
        wrong(t, "hook %u (%s): an empty list of %s serves nothing; NULL means all", i,
              rk_phase_name(h->phase), kinds && !*kinds ? "kinds" : "roles");
    for (; kinds && *kinds; kinds++)
        if (!rk__plug_is_gvk(*kinds))
            wrong(t, "hook %u (%s): \"%.128s\" is not group/version/Kind", i,
                  rk_phase_name(h->phase), *kinds);
    if (roles && h->phase != RK_PHASE_POD && h->phase != RK_PHASE_OBJECT)
        wrong(t, "hook %u (%s): only POD and OBJECT hooks have roles", i, rk_phase_name(h->phase));
}

static size_t opt_size(uint32_t type)
{
    switch (type) {
    case RK_T_BOOL:
        return sizeof(uint8_t);
    case RK_T_INT:
    case RK_T_DURATION:
    case RK_T_SIZE:
        return sizeof(int64_t);
    default:
        return sizeof(const char *);
    }
}

/* What the host has itself: in a plugin's section, on the line of a command, and as words of its own
 * (core/cmd/main.c). */
static const char *const in_section[] = {"file", "after", NULL};
static const char *const on_line[] = {"help", "config",    "output",     "plan", "apply",
                                      "yes",  "namespace", "kubeconfig", NULL};
static const char *const subcommands[] = {"run",     "render", "explain", "plugin", "conf",
                                          "version", "worker", "help",    NULL};

static bool is_key(const char *s)
{
    return rk__plug_is_label(s) && s[0] >= 'a';
}

/* One of several, that are bound to a struct of `size` bytes; `hosts`: names that the host has there itself. */
static void check_opt(struct taking *t, const rk_opt *opts, unsigned i, size_t size,
                      const char *const *hosts)
{
    const rk_opt *o = &opts[i];
    if (!is_key(o->key)) {
        wrong(t, "option %u: its key \"%.64s\" is not of a-z, 0-9, -", i, o->key ? o->key : "");
        return;
    }
    if (rk__plug_has(hosts, o->key))
        wrong(t, "option %s: the host has an option of that name", o->key);
    for (unsigned k = 0; k < i; k++)
        if (rk_str_eq(opts[k].key, o->key))
            wrong(t, "option %s: there twice", o->key);
    if (o->type < RK_T_STR || o->type > RK_T_QUANTITY) {
        wrong(t, "option %s: there is no type %u", o->key, (unsigned)o->type);
        return;
    }
    size_t n = opt_size(o->type);
    if (size < n || o->offset > size - n || o->offset % n != 0)
        wrong(t, "option %s: offset %u is not a place for it in a self of %zu bytes", o->key,
              (unsigned)o->offset, size);
    if (o->min > o->max)
        wrong(t, "option %s: its least value is above its greatest", o->key);
    if (o->type == RK_T_ENUM && (!o->choices || !*o->choices))
        wrong(t, "option %s: a choice without choices", o->key);
}

static void check_kind(struct taking *t, const rk_kind *k, unsigned i)
{
    if (!rk__plug_is_gvk(k->gvk)) {
        wrong(t, "kind %u: \"%.128s\" is not group/version/Kind", i, k->gvk ? k->gvk : "");
        return;
    }
    if (!rk__plug_is_label(k->plural))
        wrong(t, "kind %s: its plural \"%.64s\" is not a name", k->gvk, k->plural ? k->plural : "");
    const char *const *f = rk__plug_words(&t->l->p->arena, k->finalizers, ',');
    for (; f && *f; f++)
        if (!strchr(*f, '/') || strlen(*f) > 253)
            wrong(t, "kind %s: finalizer \"%.128s\" must be domain/name", k->gvk, *f);
}

static bool only_metadata(const char *keep)
{
    struct rk_span rest = rk_span_of(keep), line;
    if (!keep)
        return false; /* NULL keeps all, also of a response that has more than metadata */
    while (rk_span_next(&rest, '\n', &line))
        if (!rk_span_is(line, "metadata") && strncmp(line.p, "metadata/", 9) != 0)
            return false;
    return true;
}

static void check_watch(struct taking *t, rk_watch *w, unsigned i)
{
    struct rk_arena *a = &t->l->p->arena;
    if (!rk__plug_is_gvk(w->gvk)) {
        wrong(t, "watch %u: \"%.128s\" is not group/version/Kind", i, w->gvk ? w->gvk : "");
        return;
    }
    if (!rk__plug_is_label(w->plural))
        wrong(t, "watch %s: its plural \"%.64s\" is not a name", w->gvk,
              w->plural ? w->plural : "");
    if (!rk__plug_is_gvk(w->owner))
        wrong(t, "watch %s: its owner \"%.128s\" is not group/version/Kind", w->gvk,
              w->owner ? w->owner : "");
    if (w->index_label && !*w->index_label)
        wrong(t, "watch %s: an empty index label; NULL means none", w->gvk);
    w->keep = rk__plug_paths(a, w->keep);
    if (w->keep && !*w->keep)
        wrong(t, "watch %s: keeps no path; NULL means the whole object", w->gvk);
    unsigned lines = 1;
    for (const char *s = w->keep; s && *s; s++)
        lines += *s == '\n';
    if (lines > KEEP_MAX)
        wrong(t, "watch %s: keeps %u paths, at most %u are possible", w->gvk, lines, KEEP_MAX);
    if (w->metadata_only && !only_metadata(w->keep))
        wrong(t, "watch %s: of metadata only, but it keeps other paths or all", w->gvk);
}

/* A name that Prometheus takes. */
static void check_gauge(struct taking *t, const rk_gauge *g, unsigned i)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    size_t n = g->name ? strlen(g->name) : 0;
    if (n == 0 || n > 128 || strspn(g->name, legal) != n ||
        (g->name[0] >= '0' && g->name[0] <= '9'))
        wrong(t, "gauge %u: \"%.64s\" is not a metric's name", i, g->name ? g->name : "");
    /* Each family stands once in a page, and these are the core's. */
    static const char *const ours[] = {"controller_runtime_", "workqueue_",
                                       "rest_client_",        "process_",
                                       "leader_election_",    "raykeeper_"};
    for (size_t k = 0; n && k < sizeof(ours) / sizeof(ours[0]); k++)
        if (rk_str_starts(g->name, ours[k]))
            wrong(t, "gauge %.64s: names that begin with %s are the core's", g->name, ours[k]);
    if (g->help && strpbrk(g->help, "\n\\"))
        wrong(t, "gauge %.64s: its help is one line without backslashes", g->name ? g->name : "");
    for (unsigned k = 0; k < i; k++)
        if (rk_str_eq(t->plug->gauges[k].name, g->name))
            wrong(t, "gauge %s: there twice", g->name);
}

static void check_command(struct taking *t, rk_command *c, unsigned i)
{
    const rk_plugin *d = &t->plug->info;
    if (!is_key(c->name)) {
        wrong(t, "command %u: its name \"%.64s\" is not of a-z, 0-9, -", i, c->name ? c->name : "");
        return;
    }
    if (rk__plug_has(subcommands, c->name))
        wrong(t, "command %s: the host has a command of that name", c->name);
    if (!c->run)
        wrong(t, "command %s: it has no function", c->name);
    if (c->opts_size > SELF_MAX)
        wrong(t, "command %s: options of %u bytes", c->name, (unsigned)c->opts_size);
    const char *what = rk_arena_fmt(&t->l->p->arena, "options of %s", c->name);
    rk_opt *opts = copy_array(t, what, c->opts, c->n_opts, d->opt_size, sizeof(rk_opt));
    what = rk_arena_fmt(&t->l->p->arena, "reads of %s", c->name);
    rk_watch *reads = copy_array(t, what, c->reads, c->n_reads, d->watch_size, sizeof(rk_watch));
    for (unsigned k = 0; opts && k < c->n_opts; k++)
        check_opt(t, opts, k, c->opts_size, on_line);
    for (unsigned k = 0; reads && k < c->n_reads; k++)
        if (!rk__plug_is_gvk(reads[k].gvk) || !rk__plug_is_label(reads[k].plural))
            wrong(t, "command %s: read %u is no kind with a plural", c->name, k);
    c->opts = opts;
    c->reads = reads;
}

static void check_owns(struct taking *t)
{
    for (const char *const *o = t->plug->owns; o && *o; o++)
        if (**o != '/')
            wrong(t, "owns \"%.128s\", which does not begin with /", *o);
}

bool rk__plug_take(struct rk__plug_load *l, const rk_plugin *desc, size_t known, const char *file,
                   struct rk_plug *plug)
{
    struct rk_arena *a = &l->p->arena;
    struct taking t = {.l = l, .file = file, .plug = plug};
    memset(plug, 0, sizeof *plug);
    plug->desc = desc;
    plug->file = file;
    if (!check_front(&t, desc, known))
        return false;
    memcpy(&plug->info, desc, sizeof plug->info);
    rk_plugin *d = &plug->info;
    plug->name = d->name;
    d->version = d->version ? d->version : "";
    d->summary = d->summary ? d->summary : "";
    if (d->self_size > SELF_MAX)
        wrong(&t, "wants a self of %u bytes", (unsigned)d->self_size);
    plug->hooks = copy_array(&t, "hooks", d->hooks, d->n_hooks, d->hook_size, sizeof(rk_hook));
    plug->opts = copy_array(&t, "opts", d->opts, d->n_opts, d->opt_size, sizeof(rk_opt));
    plug->kinds = copy_array(&t, "kinds", d->kinds, d->n_kinds, d->kind_size, sizeof(rk_kind));
    rk_watch *watches =
        copy_array(&t, "watches", d->watches, d->n_watches, d->watch_size, sizeof(rk_watch));
    plug->watches = watches;
    plug->gauges =
        copy_array(&t, "gauges", d->gauges, d->n_gauges, d->gauge_size, sizeof(rk_gauge));
    rk_command *commands =
        copy_array(&t, "commands", d->commands, d->n_commands, d->command_size, sizeof(rk_command));
    plug->commands = commands;
    for (unsigned i = 0; plug->hooks && i < d->n_hooks; i++)
        check_hook(&t, &plug->hooks[i], i);
    for (unsigned i = 0; plug->opts && i < d->n_opts; i++)
        check_opt(&t, plug->opts, i, d->self_size, in_section);
    for (unsigned i = 0; plug->kinds && i < d->n_kinds; i++)
        check_kind(&t, &plug->kinds[i], i);
    for (unsigned i = 0; watches && i < d->n_watches; i++)
        check_watch(&t, &watches[i], i);
    for (unsigned i = 0; plug->gauges && i < d->n_gauges; i++)
        check_gauge(&t, &plug->gauges[i], i);
    for (unsigned i = 0; commands && i < d->n_commands; i++)
        check_command(&t, &commands[i], i);
    plug->owns = rk__plug_words(a, d->owns, ',');
    plug->after = rk__plug_words(a, d->after ? d->after : "", ',');
    check_owns(&t);
    return !t.bad;
}
