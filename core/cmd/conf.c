/* `raykeeper conf`: what is in force, and where each value comes from; --document: all options, with what they are for. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/cmd/cmd.h"

#define DOCUMENT_MAX (4u << 20)

static const char help[] =
    "usage: raykeeper conf [--config FILE] [--set SECTION.KEY=VALUE]... [--document[=FORM]]\n\n"
    "Shows every option of the operator and of all plugins, its value in force and where it comes from.\n"
    "--document[=FORM]  the same options with their types, ranges, defaults and meanings: as a commented raykeeper.ini (ini,\n"
    "                without FORM too), as tables (markdown), or as a part of a manual page (mdoc)\n\n"
    "exit codes: 0 well, 1 failed, 2 wrong use, 78 wrong configuration or plugin\n";

/* 0: there is no such one. */
static int form_of(const char *word)
{
    static const char *const words[] = {
        [RK_CONF_INI] = "ini", [RK_CONF_MARKDOWN] = "markdown", [RK_CONF_MDOC] = "mdoc"};
    for (int i = RK_CONF_INI; word && i <= RK_CONF_MDOC; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return word ? 0 : RK_CONF_INI;
}

int rk_cmd_conf(int argc, char **argv)
{
    static const struct option longs[] = {
        {"document", optional_argument, NULL, 'd'}, RK_SETUP_OPTIONS, {0}};
    struct rk_setup s = {0};
    int opt, document = 0; /* as one of rk_conf_form */
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == 'd' && form_of(optarg) != 0) {
            document = form_of(optarg);
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
        rk_buf_init(&out, DOCUMENT_MAX);
        if (document != 0)
            rk_conf_document(s.conf, (enum rk_conf_form)document, &out);
        else
            rk_conf_dump(s.conf, &out);
        if (out.full) {
            fprintf(stderr, "raykeeper conf: more than %u bytes\n", DOCUMENT_MAX);
            code = 1;
        }
        fputs(rk_buf_text(&out), stdout);
        rk_buf_done(&out);
    }
    rk_setup_done(&s);
    return code;
}
