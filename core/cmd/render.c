/* `raykeeper render FILE...`: the pass, offline. Owners of kinds that plugins introduced become their children; other objects of the files are left out. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/cmd/cmd.h"
#include "core/cmd/manifest.h"
#include "core/json/yaml.h"

static const char help[] =
    "usage: raykeeper render FILE... [--namespace NS] [--now TIME] [-o yaml|json] [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "Shows, without a cluster, the objects that `run` would create for the manifests (- reads standard input).\n"
    "--namespace NS  for objects that name none (default: default)\n"
    "--now TIME      the time the pass sees, RFC 3339 (default: the clock)\n\n"
    "exit codes: 0 well, 1 a file or object is unusable (file, line or path and reason on stderr), 2 wrong use, 78 wrong configuration or plugin\n";

struct render {
    struct rk_setup s;
    struct rk_manifest m;
    bool json;
    struct rk_buf out;
    size_t n_out;
};

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

static void made(void *ctx, const struct rk_plan *plan, struct rk_arena *a, const char *where)
{
    struct render *r = ctx;
    struct rk_err err = RK_ERR_INIT;
    cJSON *objects = NULL;
    if (rk_plan_objects(plan, a, &objects, &err) != 0) {
        fprintf(stderr, "%s: %s/%s: %s\n", where, plan->ns, plan->name, err.text);
        r->m.failed = true;
    }
    for (const cJSON *o = objects ? objects->child : NULL; o; o = o->next)
        print_object(r, o);
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
            r->m.ns = optarg;
        } else if (opt == 't' && rk_time_parse(optarg, &r->m.now_us) == 0) {
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
    struct render r = {.m = {.ns = "default", .now_us = rk_clock_wall_us(), .made = made}};
    r.m.ctx = &r;
    rk_buf_init(&r.out, 1u << 30);
    int code = options(&r, argc, argv);
    if (code < 0)
        code = rk_setup_load(&r.s, true, true);
    if (code == 0 && r.s.plugins) {
        r.m.plugins = r.s.plugins;
        for (int i = optind; i < argc; i++)
            rk_manifest_file(&r.m, argv[i]);
        if (r.out.full) {
            fprintf(stderr, "raykeeper render: over 1 GiB of output\n");
            r.m.failed = true;
        }
        if (r.json)
            printf("[%s]\n", rk_buf_text(&r.out));
        else
            fputs(rk_buf_text(&r.out), stdout);
        code = r.m.failed ? 1 : 0;
    }
    rk_buf_done(&r.out);
    rk_setup_done(&r.s);
    return code;
}
