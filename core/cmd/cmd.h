/* The subcommands. Each returns the process's exit code: 0 well, 1 failed or bad input, 2 wrong use, 78 wrong configuration. Internal to cmd/. */
#ifndef RK_CMD_CMD_H
#define RK_CMD_CMD_H

#include <stdio.h>

#include "core/base/arena.h"
#include "core/conf/conf.h"
#include "core/loop/options.h"
#include "core/plug/plug.h"

int rk_cmd_run(int argc, char **argv);
int rk_cmd_worker(int argc, char **argv); /* what the master starts; not for people */
int rk_cmd_render(int argc, char **argv);
int rk_cmd_explain(int argc, char **argv);
int rk_cmd_plugin(int argc, char **argv);
int rk_cmd_conf(int argc, char **argv);
int rk_cmd_metrics(int argc, char **argv);
int rk_cmd_status(int argc, char **argv);
int rk_cmd_crds(int argc, char **argv);
int rk_cmd_version(int argc, char **argv);
/* A word that is none of these: a command that a plugin brings? *ret_known false: nobody does, nothing was told. Its exit codes are its own, see its
 * help: 2 is a lossy result there. */
int rk_cmd_of_plugin(int argc, char **argv, bool *ret_known);
/* One line for each that there is. */
void rk_commands_help(const struct rk_plugins *p, FILE *to);

/* What the commands share: --config FILE, --set SECTION.KEY=VALUE, plugins. Zero it; done with rk_setup_done. */
struct rk_setup {
    struct rk_conf *conf;
    struct rk_options o;
    struct rk_plugins *plugins;
    const char *config;     /* --config; NULL = the default file when it exists */
    const char *kubeconfig; /* --kubeconfig */
};

#define RK_SETUP_OPTIONS                                                             \
    {"config", required_argument, NULL, 'c'}, {"set", required_argument, NULL, 's'}, \
    {                                                                                \
        "help", no_argument, NULL, 'h'                                               \
    }
/* Take one of the options above; false when it is none of them. */
bool rk_setup_option(struct rk_setup *s, int opt, const char *arg);
/* Read files, bind all sections, load plugins when wanted, check. Problems go to stderr. Returns 0 or the exit code. */
int rk_setup_load(struct rk_setup *s, bool with_plugins, bool check);
void rk_setup_done(struct rk_setup *s);

#endif
