/* `raykeeper run`: the master in this process, the worker in a child of the same program with the same arguments. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/cmd/cmd.h"
#include "core/loop/master.h"
#include "core/loop/worker.h"

static const char help[] =
    "usage: raykeeper run [--kubeconfig FILE] [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "Runs the operator. Without --kubeconfig: $KUBECONFIG, the pod's service account, ~/.kube/config.\n"
    "Without --config: /etc/raykeeper/raykeeper.ini when it exists. Files of the directory beside it whose name ends in .d\n"
    "(raykeeper.ini -> raykeeper.d/*.ini) are read after it, --set comes last. Plugin options: --set plugin:shm.size=1Gi.\n\n"
    "exit codes: 0 stopped by SIGTERM, 1 failed, 2 wrong use, 78 wrong configuration or plugin,\n"
    "            79 the program's file was replaced by another build meanwhile\n";

static int options(struct rk_setup *s, int argc, char **argv)
{
    static const struct option longs[] = {
        {"kubeconfig", required_argument, NULL, 'k'}, RK_SETUP_OPTIONS, {0}};
    int opt;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == 'k') {
            s->kubeconfig = optarg;
        } else if (opt == 'h') {
            fputs(help, stdout);
            return 0;
        } else if (!rk_setup_option(s, opt, optarg)) {
            fputs(help, stderr);
            return 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "raykeeper run: what is '%s'?\n%s", argv[optind], help);
        return 2;
    }
    return -1;
}

int rk_cmd_run(int argc, char **argv)
{
    struct rk_setup s = {0};
    int code = options(&s, argc, argv);
    if (code >= 0) { /* help, or wrong use */
        rk_setup_done(&s);
        return code;
    }
    /* The master loads no plugin, so [plugin:...] sections and unknown keys are the worker's to judge: it ends with 78, and so do we. */
    code = rk_setup_load(&s, false, false);
    if (code == 0) {
        char **child = rk_alloc_array((size_t)argc + 2, sizeof(*child));
        static char program[] = "raykeeper", command[] = "worker";
        child[0] = program;
        child[1] = command;
        for (int i = 1; i < argc; i++)
            child[i + 1] = argv[i];
        code = rk_master_run(&s.o, child);
        rk_free(child);
    }
    rk_setup_done(&s);
    return code;
}

int rk_cmd_worker(int argc, char **argv)
{
    struct rk_setup s = {0};
    int code = options(&s, argc, argv);
    struct rk_shared *shared = code < 0 ? rk_worker_share(RK_WORKER_SHARED_FD) : NULL;
    if (shared) {
        /* A plugin that dies while it is loaded is named by the master, which has this memory too. */
        s.o.plugins.in_hand = rk_worker_in_hand;
        s.o.plugins.in_hand_ctx = shared;
        code = rk_setup_load(&s, true, true);
        if (code == 0)
            code = rk_worker_run(shared, RK_WORKER_LINK_FD, s.conf, &s.o, s.plugins);
    } else if (code < 0) {
        code = RK_EXIT_BUILD;
    }
    rk_setup_done(&s);
    return code;
}
