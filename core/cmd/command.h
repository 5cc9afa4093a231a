/* The parts of a plugin's command. Internal to cmd/. */
#ifndef RK_CMD_COMMAND_H
#define RK_CMD_COMMAND_H

#include <stdio.h>

#include "core/cmd/live.h"
#include "core/pass/pass.h"

struct rk_command_run {
    struct rk_setup s;
    struct rk_arena a;
    const rk_command *c;
    struct rk_conf *conf; /* of its options */
    void *opts;
    char **files;
    int n_files;
    bool json, plan, apply, yes;
    const char *ns; /* --namespace; NULL */
    struct rk_live live;
    cJSON *inputs;
    int code; /* the exit code, once it has run */
};

/* command_say.c: what it said, printed; with --apply, done. */
void rk_command_said(void *run, const struct rk_command_result *r);

#endif
