/* `raykeeper conf`: what is in force, and where each value comes from; --document prints the annotated file. */
#include <getopt.h>
#include <stdio.h>

#include "core/cmd/cmd.h"

static const char help[] =
    "usage: raykeeper conf [--config FILE] [--set SECTION.KEY=VALUE]... [--document]\n\n"
    "Shows every option of the operator and of all plugins, its value in force and where it comes from.\n"
    "--document: the same options as a commented raykeeper.ini.\n\n"
    "exit codes: 0 well, 2 wrong use, 78 wrong configuration or plugin\n";

int rk_cmd_conf(int argc, char **argv)
{
    static const struct option longs[] = {
        {"document", no_argument, NULL, 'd'}, RK_SETUP_OPTIONS, {0}};
    struct rk_setup s = {0};
    bool document = false;
    int opt;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == 'd') {
            document = true;
        } else if (opt == 'h') {
            fputs(help, stdout);
            rk_setup_done(&s);
            return 0;
        } else if (!rk_setup_option(&s, opt, optarg)) {
            fputs(help, stderr);
            rk_setup_done(&s);
            return 2;
        }
    }
    int code = rk_setup_load(&s, true, true);
    if (code == 0) {
        struct rk_buf out;
        rk_buf_init(&out, 4u << 20);
        if (document)
            rk_conf_document(s.conf, &out);
        else
            rk_conf_dump(s.conf, &out);
        fputs(rk_buf_text(&out), stdout);
        rk_buf_done(&out);
    }
    rk_setup_done(&s);
    return code;
}
