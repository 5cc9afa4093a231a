/* `raykeeper plugin list`. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cmd/cmd.h"

static const char help[] =
    "usage: raykeeper plugin list [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "Loads all plugins as `run` would and shows their hooks in the order they run.\n\n"
    "exit codes: 0 well, 2 wrong use, 78 wrong configuration or plugin\n";

int rk_cmd_plugin(int argc, char **argv)
{
    static const struct option longs[] = {RK_SETUP_OPTIONS, {0}};
    struct rk_setup s = {0};
    int opt;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == 'h') {
            fputs(help, stdout);
            rk_setup_done(&s);
            return 0;
        }
        if (!rk_setup_option(&s, opt, optarg)) {
            fputs(help, stderr);
            rk_setup_done(&s);
            return 2;
        }
    }
    if (optind + 1 != argc || strcmp(argv[optind], "list") != 0) {
        fputs(help, stderr);
        rk_setup_done(&s);
        return 2;
    }
    int code = rk_setup_load(&s, true, true);
    if (code == 0) {
        struct rk_buf out;
        rk_buf_init(&out, 1u << 20);
        rk_plugins_print(s.plugins, &out);
        fputs(rk_buf_text(&out), stdout);
        rk_buf_done(&out);
    }
    rk_setup_done(&s);
    return code;
}
