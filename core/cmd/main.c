/* raykeeper: one program, several commands. */
#include <stdio.h>
#include <string.h>

#include "core/cmd/cmd.h"

struct command {
    const char *name, *help;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"run", "run the operator against a cluster", rk_cmd_run},
    {"render", "show, offline, the objects that would be made of manifests", rk_cmd_render},
    {"explain", "show who set each field of these objects, over whom, and who yielded",
     rk_cmd_explain},
    {"plugin", "list: the hooks of all plugins in the order they run", rk_cmd_plugin},
    {"conf", "show the effective configuration and where each value comes from", rk_cmd_conf},
    {"crds", "print, apply, check, diff: the definitions (CRDs) of the kinds", rk_cmd_crds},
    {"metrics", "show what /metrics tells, with the gauges of plugins", rk_cmd_metrics},
    {"status", "show how the operator on this machine is, and why", rk_cmd_status},
    {"version", "show version and build", rk_cmd_version},
    {"worker", NULL, rk_cmd_worker}, /* started by the master */
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int usage(FILE *to, int code)
{
    fprintf(to, "usage: raykeeper COMMAND [OPTION]... (raykeeper COMMAND --help tells more)\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].help)
            fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].help);
    struct rk_setup s = {0};
    if (rk_setup_load(&s, true, false) == 0) /* else it has told on stderr why there are none */
        rk_commands_help(s.plugins, to);
    rk_setup_done(&s);
    fprintf(
        to,
        "\nexit codes: 0 well, 1 failed or bad input, 2 wrong use, 78 wrong configuration or plugin\n");
    return code;
}

/* A file that is short without a word would be taken for whole. */
static int written(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "raykeeper: the output could not be written\n");
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return written(usage(stdout, 0));
    if (strcmp(argv[1], "--version") == 0)
        return written(rk_cmd_version(argc - 1, argv + 1));
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return written(commands[i].run(argc - 1, argv + 1));
    bool known = false;
    int code = rk_cmd_of_plugin(argc - 1, argv + 1, &known);
    if (known)
        return written(code);
    fprintf(stderr, "raykeeper: unknown command '%s'\n\n", argv[1]);
    return usage(stderr, 2);
}
