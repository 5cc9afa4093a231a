/* Commands that plugins bring: `raykeeper NAME FILE... [--option VALUE]...`. The host reads, binds and prints; the plugin turns trees into trees. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cmd/command.h"
#include "core/cmd/manifest.h"
#include "core/json/yaml.h"

#define FILES_MAX (64u << 20)

enum { OPT_PLAN = 0x1000, OPT_APPLY, OPT_YES, OPT_FIRST };

static const struct option hosts[] = {{"help", no_argument, NULL, 'h'},
                                      {"config", required_argument, NULL, 'c'},
                                      {"output", required_argument, NULL, 'o'}};
static const struct option live_ones[] = {{"plan", no_argument, NULL, OPT_PLAN},
                                          {"apply", no_argument, NULL, OPT_APPLY},
                                          {"yes", no_argument, NULL, OPT_YES},
                                          {"namespace", required_argument, NULL, 'n'},
                                          {"kubeconfig", required_argument, NULL, 'k'}};
#define HOSTS (sizeof hosts / sizeof hosts[0])
#define LIVE  (sizeof live_ones / sizeof live_ones[0])

/* ---- help ---- */

static const char *first_line(struct rk_arena *a, const char *help)
{
    return rk_arena_strndup(a, help ? help : "", strcspn(help ? help : "", "\n"));
}

static void help(struct rk_command_run *r, FILE *to)
{
    const rk_command *c = r->c;
    fprintf(to, "usage: raykeeper %s%s%s [OPTION]...\n\n%s\n\n", c->name, c->args ? " " : "",
            c->args ? c->args : "", c->help ? c->help : "");
    for (uint32_t i = 0; i < c->n_opts; i++) {
        const rk_opt *o = &c->opts[i];
        const char *value = o->type == RK_T_BOOL ? "" : o->choices ? o->choices : "VALUE";
        fprintf(to, "  --%s%s%s\n      %s\n", o->key, value[0] ? " " : "", value,
                o->help ? o->help : "");
    }
    fputs(
        "  -o, --output yaml|json\n  --config FILE\n      the operator's configuration: which plugins there are\n",
        to);
    if (c->n_reads)
        fputs("  --plan\n      list, step by step, what would be done in a cluster\n"
              "  --apply\n      do it, after a question (--yes: without)\n"
              "  -n, --namespace NAME, --kubeconfig FILE\n      for these two\n",
              to);
    fputs(
        "\nexit codes: 0 well, 2 well but lossy (see the notices on stderr), 1 unusable input, wrong use or a failed step, 78 wrong configuration or plugin\n",
        to);
}

void rk_commands_help(const struct rk_plugins *p, FILE *to)
{
    struct rk_arena a;
    rk_arena_init(&a, 0);
    for (size_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; !p->plugs[i].disabled && k < p->plugs[i].info.n_commands; k++)
            fprintf(to, "  %-9s %s\n", p->plugs[i].commands[k].name,
                    first_line(&a, p->plugs[i].commands[k].help));
    rk_arena_done(&a);
}

/* ---- options ---- */

static struct option *long_options(struct rk_command_run *r)
{
    size_t n = 0;
    struct option *all = rk_arena_alloc(&r->a, (HOSTS + LIVE + r->c->n_opts + 1) * sizeof *all);
    memcpy(all, hosts, sizeof hosts);
    n += HOSTS;
    if (r->c->n_reads) {
        memcpy(all + n, live_ones, sizeof live_ones);
        n += LIVE;
    }
    for (uint32_t i = 0; i < r->c->n_opts; i++)
        all[n++] = (struct option){
            r->c->opts[i].key, r->c->opts[i].type == RK_T_BOOL ? no_argument : required_argument,
            NULL, OPT_FIRST + (int)i};
    return all;
}

static void give(struct rk_command_run *r, const rk_opt *o, const char *value)
{
    const char *before =
        o->type == RK_T_LIST ? rk_conf_raw(r->conf, r->c->name, o->key, NULL) : NULL;
    if (before)
        value = rk_arena_fmt(&r->a, "%s\n%s", before, value);
    rk_conf_give(r->conf, r->c->name, o->key, value, rk_arena_fmt(&r->a, "--%s", o->key));
}

/* True when it is one of the host's. */
static bool host_option(struct rk_command_run *r, int opt, const char *arg)
{
    if (opt == 'o' && arg && (strcmp(arg, "json") == 0 || strcmp(arg, "yaml") == 0))
        r->json = strcmp(arg, "json") == 0;
    else if (opt == 'n')
        r->ns = arg;
    else if (opt == 'k')
        r->s.o.op.kubeconfig = arg;
    else if (opt == OPT_PLAN)
        r->plan = true;
    else if (opt == OPT_APPLY)
        r->plan = r->apply = true;
    else if (opt == OPT_YES)
        r->yes = true;
    else
        return opt == 'c'; /* read before the plugins were there */
    return true;
}

static int wrong_use(struct rk_command_run *r, const char *why)
{
    fprintf(stderr, "raykeeper %s: %s (raykeeper %s --help tells more)\n", r->c->name, why,
            r->c->name);
    return 1;
}

static int options(struct rk_command_run *r, int argc, char **argv)
{
    const struct option *longs = long_options(r);
    int opt;
    optind = 0;
    opterr = 0;
    while ((opt = getopt_long(argc, argv, "n:o:h", longs, NULL)) != -1) {
        if (opt == 'h') {
            help(r, stdout);
            return 0;
        }
        if (opt == 'c' && !rk_str_eq(optarg, r->s.config))
            return wrong_use(r, "--config is written in full, and once");
        if (opt >= OPT_FIRST)
            give(r, &r->c->opts[opt - OPT_FIRST], optarg ? optarg : "true");
        else if (opt == '?' || (opt == 'n' && !r->c->n_reads) || !host_option(r, opt, optarg))
            return wrong_use(
                r, rk_arena_fmt(&r->a, "option '%s': there is no such one, or its value is wrong",
                                argv[optind > 1 ? optind - 1 : 1]));
    }
    if (optind < argc && !r->c->args)
        return wrong_use(r, "it takes no files");
    if (optind == argc && r->c->args && !r->plan)
        return wrong_use(r, rk_arena_fmt(&r->a, "%s is needed", r->c->args));
    r->files = argv + optind;
    r->n_files = argc - optind;
    struct rk_buf out;
    rk_buf_init(&out, 1u << 16);
    r->opts = rk_arena_alloc(&r->a, r->c->opts_size + 1u);
    rk_plug_bind_command(&r->a, r->c, r->conf, r->c->name, r->opts);
    int rc = rk_conf_check(r->conf, &out);
    if (rc != 0)
        fprintf(stderr, "%s", rk_buf_text(&out));
    rk_buf_done(&out);
    return rc ? 1 : -1;
}

/* ---- inputs ---- */

static int read_file(struct rk_command_run *r, const char *file)
{
    struct rk_buf b;
    struct rk_err err = RK_ERR_INIT;
    struct rk_yaml_doc *docs = NULL;
    size_t n = 0;
    rk_buf_init(&b, FILES_MAX);
    int rc = rk_manifest_read(file, &b);
    if (rc == 0 && rk_yaml_parse(&r->a, file, rk_buf_text(&b), b.len, &docs, &n, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        rc = -1;
    }
    for (size_t i = 0; rc == 0 && i < n; i++) {
        cJSON *in = rk_json_object(&r->a);
        rk_json_set(&r->a, in, "file", rk_json_string(&r->a, file));
        rk_json_set(&r->a, in, "line", rk_json_int(&r->a, docs[i].line));
        rk_json_set(&r->a, in, "document", docs[i].root);
        rk_json_push(r->inputs, in);
    }
    rk_buf_done(&b);
    return rc;
}

static int read_live(struct rk_command_run *r)
{
    struct rk_err err = RK_ERR_INIT;
    cJSON *live = rk_json_object(&r->a), *in = rk_json_object(&r->a);
    if (rk_live_open(&r->s, r->c->name, &r->a, &r->live, &err) != 0) {
        fprintf(stderr, "raykeeper %s: %s\n", r->c->name, err.text);
        return -1;
    }
    for (uint32_t i = 0; i < r->c->n_reads; i++) {
        cJSON *all = NULL;
        if (rk_live_list(&r->live, &r->c->reads[i], r->ns ? r->ns : r->live.ns, &r->a, &all,
                         &err) != 0) {
            fprintf(stderr, "raykeeper %s: %s (%s, %s)\n", r->c->name, err.text, r->live.server,
                    r->live.whence);
            return -1;
        }
        rk_json_set(&r->a, live, r->c->reads[i].gvk, all);
    }
    rk_json_set(&r->a, in, "live", live);
    rk_json_set(&r->a, in, "namespace", rk_json_string(&r->a, r->ns ? r->ns : r->live.ns));
    rk_json_push(r->inputs, in);
    return 0;
}

static int read_inputs(struct rk_command_run *r)
{
    int rc = 0;
    r->inputs = rk_json_array(&r->a);
    for (int i = 0; rc == 0 && i < r->n_files; i++)
        rc = read_file(r, r->files[i]);
    return rc == 0 && r->plan ? read_live(r) : rc;
}

/* ---- all of it ---- */

/* Which plugins there are has to be known before the options can be. */
static const char *config_of(int argc, char **argv)
{
    const char *config = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--config=", 9) == 0)
            config = argv[i] + 9;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            config = argv[++i];
    }
    return config;
}

int rk_cmd_of_plugin(int argc, char **argv, bool *ret_known)
{
    struct rk_command_run r = {.s = {.config = config_of(argc, argv)}, .code = 1};
    const struct rk_plug *plug;
    rk_arena_init(&r.a, 0);
    r.conf = rk_conf_new();
    int code = rk_setup_load(&r.s, true, true);
    r.c = code == 0 ? rk_plugins_command(r.s.plugins, argv[0], &plug) : NULL;
    *ret_known = code != 0 || r.c != NULL;
    if (r.c) {
        code = options(&r, argc, argv);
        if (code < 0)
            code = read_inputs(&r) == 0 ? -1 : 1;
        if (code < 0) {
            const struct rk_pass_conf pc = {.arena_cap = 512u << 20};
            rk_pass_command(r.s.plugins, &pc, plug, r.c, r.opts, r.inputs, rk_clock_wall_us(),
                            rk_command_said, &r);
            code = r.code;
        }
    }
    rk_live_close(&r.live);
    rk_conf_free(r.conf);
    rk_arena_done(&r.a);
    rk_setup_done(&r.s);
    return code;
}
