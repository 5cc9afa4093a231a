/* `raykeeper render FILE...`: the pass, offline. Owners of kinds that plugins introduced become their children; other objects of the files are left out. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cmd/cmd.h"
#include "core/json/yaml.h"
#include "core/pass/pass.h"

#define FILE_MAX_BYTES (16u << 20)

static const char help[] =
    "usage: raykeeper render FILE... [--namespace NS] [--now TIME] [-o yaml|json] [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "Shows, without a cluster, the objects that `run` would create for the manifests (- reads standard input).\n"
    "--namespace NS  for objects that name none (default: default)\n"
    "--now TIME      the time the pass sees, RFC 3339 (default: the clock)\n\n"
    "exit codes: 0 well, 1 a file or object is unusable (file, line or path and reason on stderr), 2 wrong use, 78 wrong configuration or plugin\n";

struct render {
    struct rk_setup s;
    const char *ns;
    int64_t now_us;
    bool json, failed;
    struct rk_buf out;
    size_t n_out;
};

static int read_all(const char *file, struct rk_buf *b)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    char chunk[65536];
    size_t n;
    if (!f) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return -1;
    }
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && rk_buf_add(b, chunk, n) == 0)
        ;
    bool bad = ferror(f) != 0;
    if (f != stdin)
        fclose(f);
    if (bad || b->full) {
        fprintf(stderr, "%s: %s\n", file, b->full ? "larger than 16 MiB" : "cannot be read");
        return -1;
    }
    return 0;
}

static bool is_owner(const struct render *r, const char *gvk)
{
    for (size_t i = 0; i < r->s.plugins->n_kinds; i++)
        if (strcmp(r->s.plugins->kinds[i].gvk, gvk) == 0)
            return true;
    return false;
}

static void print_object(struct render *r, const cJSON *o)
{
    if (r->json) {
        (void)rk_buf_adds(&r->out, r->n_out++ ? ",\n" : "");
        (void)rk_json_print_pretty(o, &r->out); /* a full buffer is told at the end */
        return;
    }
    (void)rk_buf_adds(&r->out, "---\n");
    (void)rk_yaml_print(o, &r->out); /* as above */
    r->n_out++;
}

static void render_object(struct render *r, struct rk_arena *a, const char *file, int line,
                          const cJSON *doc, const char *gvk)
{
    const cJSON *meta = rk_json_get(doc, "metadata");
    const char *name = rk_json_str(rk_json_get(meta, "name"), NULL);
    struct rk_err err = RK_ERR_INIT;
    struct rk_plan *plan = NULL;
    if (!name || !name[0]) {
        fprintf(stderr, "%s:%d: /metadata/name: a name is needed\n", file, line);
        r->failed = true;
        return;
    }
    const char *text = rk_json_text(a, doc);
    const struct rk_snapshot snap = {.gvk = gvk,
                                     .ns = rk_json_str(rk_json_get(meta, "namespace"), r->ns),
                                     .name = name,
                                     .uid = "",
                                     .rv = "",
                                     .object = {text, strlen(text)},
                                     .now_us = r->now_us};
    const struct rk_pass_conf pc = {.arena_cap = 256u << 20, .whole = true};
    int rc = rk_pass_run(r->s.plugins, &pc, &snap, &plan, &err);
    if (rc != 0 || plan->problem) {
        fprintf(stderr, "%s:%d: %s/%s: %s\n", file, line, snap.ns, name,
                rc ? err.text : plan->problem);
        r->failed = true;
    }
    for (size_t i = 0; rc == 0 && i < plan->n_events; i++) /* also of what is legal */
        if (plan->events[i].warning)
            fprintf(stderr, "%s:%d: %s/%s: %s: %s\n", file, line, snap.ns, name,
                    plan->events[i].reason, plan->events[i].note);
    cJSON *objects = NULL;
    if (rc == 0 && !plan->problem) {
        if (rk_plan_objects(plan, a, &objects, &err) != 0) {
            fprintf(stderr, "%s:%d: %s/%s: %s\n", file, line, snap.ns, name, err.text);
            r->failed = true;
        }
        for (const cJSON *o = objects ? objects->child : NULL; o; o = o->next)
            print_object(r, o);
    }
    rk_plan_free(plan);
}

/* One document; a List (what `kubectl get -o yaml` prints) is what it lists. */
static void render_doc(struct render *r, struct rk_arena *a, const char *file, int line,
                       const cJSON *doc, size_t *owners)
{
    const char *gv = rk_json_str(rk_json_get(doc, "apiVersion"), ""),
               *kind = rk_json_str(rk_json_get(doc, "kind"), "");
    const cJSON *items = rk_json_get(doc, "items");
    const char *gvk = rk_arena_fmt(a, "%s/%s", gv, kind);
    if (!rk_json_is_object(doc) || !gv[0] || !kind[0]) {
        fprintf(stderr, "%s:%d: not a Kubernetes object: apiVersion and kind are needed\n", file,
                line);
        r->failed = true;
    } else if (rk_str_ends(kind, "List") && rk_json_is_array(items)) {
        for (const cJSON *it = items->child; it; it = it->next)
            if (!rk_str_ends(rk_json_str(rk_json_get(it, "kind"), ""), "List"))
                render_doc(r, a, file, line, it, owners);
    } else if (is_owner(r, gvk)) {
        (*owners)++;
        render_object(r, a, file, line, doc, gvk);
    }
}

static void render_file(struct render *r, const char *file)
{
    struct rk_buf b;
    struct rk_arena a;
    struct rk_yaml_doc *docs;
    size_t n, owners = 0;
    struct rk_err err = RK_ERR_INIT;
    rk_buf_init(&b, FILE_MAX_BYTES);
    rk_arena_init(&a, 0);
    if (read_all(file, &b) != 0) {
        r->failed = true;
    } else if (rk_yaml_parse(&a, file, rk_buf_text(&b), b.len, &docs, &n, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        r->failed = true;
    } else {
        for (size_t i = 0; i < n; i++)
            render_doc(r, &a, file, docs[i].line, docs[i].root, &owners);
        if (owners == 0 && !r->failed) {
            fprintf(stderr, "%s: no object of a kind that the loaded plugins serve\n", file);
            r->failed = true;
        }
    }
    rk_arena_done(&a);
    rk_buf_done(&b);
}

static int options(struct render *r, int argc, char **argv)
{
    static const struct option longs[] = {{"namespace", required_argument, NULL, 'n'},
                                          {"now", required_argument, NULL, 't'},
                                          {"output", required_argument, NULL, 'o'},
                                          RK_SETUP_OPTIONS,
                                          {0}};
    int opt;
    while ((opt = getopt_long(argc, argv, "n:o:", longs, NULL)) != -1) {
        if (opt == 'n') {
            r->ns = optarg;
        } else if (opt == 't' && rk_time_parse(optarg, &r->now_us) == 0) {
            continue;
        } else if (opt == 'o' && (strcmp(optarg, "json") == 0 || strcmp(optarg, "yaml") == 0)) {
            r->json = strcmp(optarg, "json") == 0;
        } else if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        } else if (!rk_setup_option(&r->s, opt, optarg)) {
            fputs(help, stderr);
            return 2;
        }
    }
    if (optind == argc) {
        fputs(help, stderr);
        return 2;
    }
    return -1;
}

int rk_cmd_render(int argc, char **argv)
{
    struct render r = {.ns = "default", .now_us = rk_clock_wall_us()};
    rk_buf_init(&r.out, 1u << 30);
    int code = options(&r, argc, argv);
    if (code < 0)
        code = rk_setup_load(&r.s, true, true);
    if (code == 0 && r.s.plugins) {
        for (int i = optind; i < argc; i++)
            render_file(&r, argv[i]);
        if (r.out.full) {
            fprintf(stderr, "raykeeper render: over 1 GiB of output\n");
            r.failed = true;
        }
        if (r.json)
            printf("[%s]\n", rk_buf_text(&r.out));
        else
            fputs(rk_buf_text(&r.out), stdout);
        code = r.failed ? 1 : 0;
    }
    rk_buf_done(&r.out);
    rk_setup_done(&r.s);
    return code;
}
