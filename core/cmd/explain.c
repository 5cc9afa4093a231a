/* `raykeeper explain`: who set each field of what is made of an object, over whom, and who yielded. The pass is that of `render`. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cmd/explain.h"
#include "core/cmd/live.h"

#define OUT_MAX (1u << 30)

static const char help[] =
    "usage: raykeeper explain FILE|KIND/NAME [FIELD] [--group GROUP] [--object KIND[/NAME]] [-o text|json]\n"
    "                         [--namespace NS] [--kubeconfig FILE] [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "Shows, for every field of every pod and other object that `run` would make, who set it: a plugin with its phase, rank\n"
    "and hook, the user with the place in the object that it comes from, or the core; whom that overrode; whose offer yielded;\n"
    "what was removed, and by whom; and the start scratch, of which the start command is made.\n\n"
    "FILE            a manifest (- reads standard input); when there is no such file,\n"
    "KIND/NAME       an object of the cluster, read once; nothing is written (kind or plural, any case)\n"
    "FIELD           only this field and what is below it: /spec/containers/0/image, 'spec.containers[0].image',\n"
    "                '/spec/containers/0/env/[NAME]', or a part of a path: image. Values are shown whole then\n"
    "--group GROUP   only the pods of this group\n"
    "--object KIND[/NAME]  only these: Pod, Pod/GROUP, Service, Start (the scratch) ...\n"
    "--namespace NS  of objects that name none; for KIND/NAME the default is the context's\n"
    "--kubeconfig FILE  without it: $KUBECONFIG, the pod's service account, ~/.kube/config\n\n"
    "exit codes: 0 well, 1 a file or object is unusable, not there or may not be read, or there is no such field, 2 wrong use,\n"
    "            78 wrong configuration or plugin\n";

struct explain {
    struct rk_setup s;
    struct rk_manifest m;
    const char *target, *ns, *group, *object;
    bool json;
    struct rk_query q;
    struct rk_miss miss;
    struct rk_arena a; /* as long as the command */
    struct rk_buf out, removed;
    size_t shapes, narrowed, told; /* objects made; after --group and --object; with the field */
    struct rk_buf there;           /* names of the objects, for who asks for another */
};

/* ---- what is wanted ---- */

/* The first words must be equal, case ignored; the rest may be a beginning. */
static bool wants_object(const struct explain *e, const struct rk_plan_shape *sh,
                         const char *object)
{
    size_t n = strcspn(object, "/"), m = e->object ? strcspn(e->object, "/") : 0;
    if (e->group && !rk_str_eq(sh->group, e->group))
        return false;
    if (!e->object)
        return true;
    return n == m && strncasecmp(object, e->object, n) == 0 &&
           (!e->object[m] || rk_str_starts(object + n + 1, e->object + m + 1));
}

static void section(struct explain *e, const struct rk_plan *plan, const struct rk_plan_shape *sh,
                    struct rk_arena *a, const char *where)
{
    const char *kind = strrchr(sh->gvk, '/') + 1;
    const char *object = rk_arena_fmt(a, "%s/%s%s%s", kind, sh->group[0] ? sh->group : sh->name,
                                      sh->member ? "/" : "", sh->member ? sh->member : "");
    bool *field = rk_arena_alloc(a, sh->n_fields + 1), *lost = rk_arena_alloc(a, sh->n_lost + 1);
    struct rk_section s = {.plan = plan,
                           .shape = sh,
                           .object = object,
                           .where = where,
                           .field = field,
                           .lost = lost,
                           .all = !e->q.text};
    e->shapes++;
    (void)rk_buf_addf(&e->there, "%s%s", e->there.len ? ", " : "", object); /* cut when long */
    if (!wants_object(e, sh, object))
        return;
    e->narrowed++;
    for (size_t i = 0; i < sh->n_fields; i++) {
        const struct rk_plan_field *f = &sh->fields[i];
        field[i] = rk_query_match(&e->q, f->path, f->name);
        s.n_field += field[i];
        if (!field[i])
            rk_query_miss(&e->q, &e->a, f, &e->miss);
    }
    for (size_t i = 0; i < sh->n_lost; i++) {
        lost[i] = rk_query_match(&e->q, NULL, sh->lost[i].name);
        s.n_lost += lost[i];
    }
    if (s.n_field + s.n_lost == 0)
        return;
    e->told++;
    if (e->json)
        rk_explain_json(&s, &e->out, &e->removed);
    else
        rk_explain_text(&s, &e->out);
}

static void made(void *ctx, const struct rk_plan *plan, struct rk_arena *a, const char *where)
{
    struct explain *e = ctx;
    if (plan->n_shapes == 0)
        fprintf(stderr, "%s: %s/%s: nothing is made of it%s\n", where, plan->ns, plan->name,
                plan->done ? ": a plugin says that it is not ours" : "");
    for (size_t i = 0; i < plan->n_shapes; i++) {
        section(e, plan, &plan->shapes[i], a, where);
        if (plan->shapes[i].start)
            section(e, plan, plan->shapes[i].start, a, where);
    }
}

/* ---- where it comes from ---- */

static void live(struct explain *e, const rk_kind *kind, const char *name)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_buf text;
    cJSON *doc;
    rk_log_setup(RK_LOG_ERROR, RK_LOG_TEXT, 2, "raykeeper"); /* what fails is told in words */
    rk_buf_init(&text, 16u << 20);
    if (rk_live_get(&e->s, kind, name, e->ns, &e->a, &text, &e->m.ns) != 0) {
        e->m.failed = true;
    } else if (rk_json_parse(&e->a, rk_buf_text(&text), text.len, NULL, &doc, &err) != 0) {
        fprintf(stderr, "%s: %s\n", e->target, err.text);
        e->m.failed = true;
    } else {
        e->m.live = true;
        rk_manifest_object(&e->m, &e->a, e->target, doc, kind->gvk);
    }
    rk_buf_done(&text);
}

static void find(struct explain *e)
{
    const char *slash = strchr(e->target, '/');
    if (strcmp(e->target, "-") == 0 || !slash || access(e->target, F_OK) == 0) {
        e->m.ns = e->ns ? e->ns : "default";
        rk_manifest_file(&e->m, e->target);
        return;
    }
    const rk_kind *kind = rk_plugins_kind_called(
        e->s.plugins, rk_arena_strndup(&e->a, e->target, (size_t)(slash - e->target)));
    if (kind && slash[1] && !strchr(slash + 1, '/')) {
        live(e, kind, slash + 1);
        return;
    }
    struct rk_buf kinds;
    rk_buf_init(&kinds, 4096);
    for (size_t i = 0; i < e->s.plugins->n_kinds; i++)
        (void)rk_buf_addf(&kinds, "%s%s", i ? ", " : "",
                          e->s.plugins->kinds[i].plural); /* cut when long */
    fprintf(stderr,
            "%s: no such file, and no KIND/NAME of a kind that the loaded plugins serve (%s)\n",
            e->target, rk_buf_text(&kinds));
    rk_buf_done(&kinds);
    e->m.failed = true;
}

/* ---- the command ---- */

static void tell_nothing(struct explain *e)
{
    struct rk_buf b;
    if (e->m.failed || e->told > 0 || (e->shapes == 0 && !e->q.text && !e->group && !e->object))
        return;
    e->m.failed = true;
    rk_buf_init(&b, 8192);
    if (e->narrowed == 0)
        (void)rk_buf_addf(&b, "no object%s%s%s%s; there are: %s\n", e->group ? " of group " : "",
                          e->group ? e->group : "", e->object ? " " : "",
                          e->object ? e->object : "", rk_buf_text(&e->there)); /* cut when long */
    else
        rk_query_tell(&e->q, &e->miss, &b);
    fprintf(stderr, "%s: %s", e->target, rk_buf_text(&b));
    rk_buf_done(&b);
}

static int options(struct explain *e, int argc, char **argv)
{
    static const struct option longs[] = {{"namespace", required_argument, NULL, 'n'},
                                          {"kubeconfig", required_argument, NULL, 'k'},
                                          {"group", required_argument, NULL, 'g'},
                                          {"object", required_argument, NULL, 'b'},
                                          {"output", required_argument, NULL, 'o'},
                                          RK_SETUP_OPTIONS,
                                          {0}};
    int opt;
    while ((opt = getopt_long(argc, argv, "n:o:", longs, NULL)) != -1) {
        if (opt == 'n') {
            e->ns = optarg;
        } else if (opt == 'k') {
            e->s.kubeconfig = optarg;
        } else if (opt == 'g') {
            e->group = optarg;
        } else if (opt == 'b') {
            e->object = optarg;
        } else if (opt == 'o' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "text") == 0)) {
            e->json = strcmp(optarg, "json") == 0;
        } else if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        } else if (!rk_setup_option(&e->s, opt, optarg)) {
            fputs(help, stderr);
            return 2;
        }
    }
    struct rk_err err = RK_ERR_INIT;
    if (optind == argc || argc - optind > 2) {
        fputs(help, stderr);
        return 2;
    }
    e->target = argv[optind];
    if (optind + 1 < argc && rk_query_parse(&e->a, argv[optind + 1], &e->q, &err) != 0) {
        fprintf(stderr, "raykeeper explain: FIELD %s: %s\n", argv[optind + 1], err.text);
        return 2;
    }
    return -1;
}

static void print(struct explain *e)
{
    if (e->out.full || e->removed.full) {
        fprintf(stderr, "raykeeper explain: over 1 GiB of output\n");
        e->m.failed = true;
    } else if (e->json) {
        printf("{\"fields\":[%s],\n\"removed\":[%s]}\n", rk_buf_text(&e->out),
               rk_buf_text(&e->removed));
    } else {
        fputs(rk_buf_text(&e->out), stdout);
    }
}

int rk_cmd_explain(int argc, char **argv)
{
    struct explain e = {.m = {.now_us = rk_clock_wall_us(), .record = true, .made = made}};
    e.m.ctx = &e;
    rk_arena_init(&e.a, 0);
    rk_buf_init(&e.out, OUT_MAX);
    rk_buf_init(&e.removed, OUT_MAX);
    rk_buf_init(&e.there, 4096);
    int code = options(&e, argc, argv);
    if (code < 0)
        code = rk_setup_load(&e.s, true, true);
    if (code == 0 && e.s.plugins) {
        e.m.plugins = e.s.plugins;
        find(&e);
        tell_nothing(&e);
        print(&e);
        code = e.m.failed ? 1 : 0;
    }
    rk_buf_done(&e.out);
    rk_buf_done(&e.removed);
    rk_buf_done(&e.there);
    rk_arena_done(&e.a);
    rk_setup_done(&e.s);
    return code;
}
