/* `raykeeper crds print|apply|check|diff`. */
#include "core/cmd/crds.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 60000

static const char help[] =
    "usage: raykeeper crds print|apply|check|diff [KIND...] [--kubeconfig FILE] [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "The definitions (CRDs) of the kinds that this version serves. KIND: a kind, its plural or singular, or the definition's name; none:\n"
    "all of them. A kind of somebody else, kept in a folder below, is only taken when its definition's name is given.\n\n"
    "  print   as YAML\n"
    "  apply   server-side apply as field manager raykeeper, then wait until they are served\n"
    "  check   what of them the cluster lacks: definitions, versions, fields\n"
    "  diff    what apply would add (+), remove (-) and change (~), by path\n\n"
    "apply:\n"
    "--force-conflicts  take over fields that another field manager owns, say kubectl or helm, which made the definitions before;\n"
    "                   without it these are named and nothing of that definition is changed\n"
    "--migrate-storage  where objects may be stored in a version that the definition has no more: store each again in its version now,\n"
    "                   then drop the old one; can be interrupted and run again\n"
    "--timeout TIME     of the wait (default: 60s)\n\n"
    "exit codes: 0 well, 1 failed; check: something is missing; diff: something differs; 2 wrong use, 78 wrong configuration or plugin\n";

static int print(struct rk_crds *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *text = c->at[i].text;
        size_t n = strlen(text);
        printf("%s%s%s", strncmp(text, "---\n", 4) == 0 ? "" : "---\n", text,
               n > 0 && text[n - 1] != '\n' ? "\n" : "");
    }
    return 0;
}

static const struct action {
    const char *name;
    int (*run)(struct rk_crds *c);
    bool live;
} actions[] = {{"print", print, false},
               {"apply", rk_crds_apply, true},
               {"check", rk_crds_check, true},
               {"diff", rk_crds_diff, true}};

static const struct action *action_of(const char *word)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (word && strcmp(actions[i].name, word) == 0)
            return &actions[i];
    return NULL;
}

/* -1: go on. */
static int options(struct rk_crds *c, int argc, char **argv, const struct action **ret)
{
    static const struct option longs[] = {{"kubeconfig", required_argument, NULL, 'k'},
                                          {"force-conflicts", no_argument, NULL, 'f'},
                                          {"migrate-storage", no_argument, NULL, 'm'},
                                          {"timeout", required_argument, NULL, 't'},
                                          RK_SETUP_OPTIONS,
                                          {0}};
    bool of_apply = false;
    int opt;
    while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        of_apply = of_apply || opt == 'f' || opt == 'm' || opt == 't';
        if (opt == 'k') {
            c->s.kubeconfig = optarg;
        } else if (opt == 'f') {
            c->force = true;
        } else if (opt == 'm') {
            c->migrate = true;
        } else if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        } else if (!(opt == 't' && rk_str_duration_ms(rk_span_of(optarg), &c->timeout_ms) == 0) &&
                   !rk_setup_option(&c->s, opt, optarg)) {
            fputs(help, stderr);
            return 2;
        }
    }
    *ret = action_of(argv[optind]); /* NULL behind the last one */
    if (!*ret || (of_apply && (*ret)->run != rk_crds_apply)) {
        fputs(help, stderr);
        return 2;
    }
    return -1;
}

static int act(struct rk_crds *c, const struct action *action, int argc, char **argv)
{
    struct rk_err err = RK_ERR_INIT;
    int code = rk_setup_load(&c->s, true, true);
    if (code == 0)
        code = rk_crds_choose(c, argv + optind + 1, argc - optind - 1);
    if (code == 0 && action->live && rk_live_open(&c->s, "crds", &c->a, &c->live, &err) != 0) {
        fprintf(stderr, "raykeeper crds: %s\n", err.text);
        code = 1;
    }
    return code == 0 ? action->run(c) : code;
}

int rk_cmd_crds(int argc, char **argv)
{
    struct rk_crds c = {.timeout_ms = TIMEOUT_MS};
    const struct action *action = NULL;
    rk_arena_init(&c.a, 0);
    int code = options(&c, argc, argv, &action);
    if (code < 0)
        code = act(&c, action, argc, argv);
    rk_live_close(&c.live);
    rk_arena_done(&c.a);
    rk_setup_done(&c.s);
    return code;
}
