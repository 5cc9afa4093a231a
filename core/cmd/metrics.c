/* `raykeeper metrics`: the families of the page of metrics; --document prints them as the page of documentation. */
#include <getopt.h>
#include <stdio.h>

#include "core/cmd/cmd.h"
#include "core/loop/metrics.h"

#define DOCUMENT_MAX (4u << 20)

static const char help[] =
    "usage: raykeeper metrics [--config FILE] [--set SECTION.KEY=VALUE]... [--document]\n\n"
    "Shows what /metrics tells: name, type, labels and meaning, with the gauges of the plugins that are loaded.\n"
    "--document: as docs/metrics.md.\n\n"
    "exit codes: 0 well, 1 failed, 2 wrong use, 78 wrong configuration or plugin\n";

static void list(const struct rk_plugins *ps)
{
    const rk_gauge *g;
    size_t plug = 0;
    uint32_t at = 0;
    for (size_t i = 0; i < RK_METRICS; i++) {
        const struct rk_metric_def *d = &rk_metric_defs[i];
        printf("%-42s %-9s %-22s %s\n", d->name, d->type, d->labels, d->help);
    }
    while ((g = rk_metrics_gauge(ps, &plug, &at)))
        printf("%-42s %-9s %-22s %s\n", g->name, "gauge", "", g->help ? g->help : "");
}

int rk_cmd_metrics(int argc, char **argv)
{
    static const struct option longs[] = {
        {"document", no_argument, NULL, 'd'}, RK_SETUP_OPTIONS, {0}};
    struct rk_setup s = {0};
    bool document = false, wrong = false;
    int opt;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == 'd') {
            document = true;
        } else if (opt == 'h') {
            fputs(help, stdout);
            rk_setup_done(&s);
            return 0;
        } else {
            wrong = wrong || !rk_setup_option(&s, opt, optarg);
        }
    }
    if (wrong || optind < argc) {
        fputs(help, stderr);
        rk_setup_done(&s);
        return 2;
    }
    int code = rk_setup_load(&s, true, true);
    if (code == 0 && document) {
        struct rk_buf out;
        rk_buf_init(&out, DOCUMENT_MAX);
        rk_metrics_document(s.plugins, &out);
        if (out.full) {
            fprintf(stderr, "raykeeper metrics: more than %u bytes\n", DOCUMENT_MAX);
            code = 1;
        }
        fputs(rk_buf_text(&out), stdout);
        rk_buf_done(&out);
    } else if (code == 0) {
        list(s.plugins);
    }
    rk_setup_done(&s);
    return code;
}
