/* Shared inside creds*.c only: a user whose credential a program gives (client.md 14).
 *
 * creds_exec.c       when it runs, and what becomes of what it gave
 * creds_exec_conf.c  what to run: users[].user.exec, the environment of the program
 * creds_exec_run.c   one run: the child process on the event loop
 * creds_exec_read.c  what it printed */
#ifndef RK_KUBE_CREDS_EXEC_H
#define RK_KUBE_CREDS_EXEC_H

#include "core/kube/backoff.h"
#include "core/kube/creds_room.h"

#define RK__EXEC_OUT_MAX  ((size_t)1 << 20) /* of its output */
#define RK__EXEC_TAIL_MAX ((size_t)2048)    /* kept of the end of what it complains */
#define RK__EXEC_LINE_MAX 256               /* of that, shown */

/* --- creds_exec_conf.c -------------------------------------------------- */

struct rk__exec_conf {
    char *command, *api_version, *hint; /* hint NULL = none */
    char **argv, **env;                 /* env: "NAME=value"; both end with NULL */
    bool with_cluster;                  /* provideClusterInfo */
    char *cluster_extra;                /* JSON for spec.cluster.config; NULL */
};
/* `user` is the entry that has an exec, `cluster` the one it is used with. */
int rk__exec_conf_read(const struct rk__creds_entry *user, const struct rk__creds_entry *cluster,
                       struct rk__exec_conf *ret, struct rk_err *err);
void rk__exec_conf_done(struct rk__exec_conf *k);
/* Is the command there? RK_E_NOENT with the hint. */
int rk__exec_conf_find(const struct rk__exec_conf *k, struct rk_err *err);
/* Ours, `env` over it, KUBERNETES_EXEC_INFO over both. One block with its texts: wipe nothing, free
 * it with rk__exec_env_free. */
char **rk__exec_env(const struct rk__exec_conf *k, const struct rk_creds *c);
void rk__exec_env_free(char **env);

/* --- creds_exec_run.c --------------------------------------------------- */

struct rk__exec_run {
    struct rk_poll *poll;
    pid_t pid;         /* 0 = nothing runs */
    int pidfd;         /* -1 = the kernel has none: `look` asks */
    int out, complain; /* read ends; -1 = closed */
    char *text;        /* its output, one byte more than the maximum; NULL when nothing runs */
    size_t n;
    char tail[RK__EXEC_TAIL_MAX]; /* the end of what it complained */
    size_t tail_n;
    struct rk_timer limit, look;
    const char *killed; /* why we ended it; NULL */
    /* It has ended: *why is "" when its output counts (`text`, `n`), else what was wrong. Text and
     * tail live until done returns. */
    void (*done)(void *ctx, const char *why);
    void *ctx;
};
/* poll, done and ctx are set by the caller; the rest is zero, or left by an earlier run. RK_E_NOENT
 * when the program is not there, RK_E_IO. */
int rk__exec_run_start(struct rk__exec_run *r, const char *command, char **argv, char **env,
                       int64_t limit_ms, struct rk_err *err);
/* Killed with its group, nothing is told. Fine when nothing runs. */
void rk__exec_run_stop(struct rk__exec_run *r);
void rk__exec_run_reaped(struct rk__exec_run *r, pid_t pid, int status);

/* --- creds_exec_read.c -------------------------------------------------- */

struct rk__exec_cred {
    char *token, *cert, *key; /* each NULL = not given; to be dropped */
    bool expires;
    int64_t expires_us; /* wall clock */
};
/* Errors never hold anything of the text but an API version. */
int rk__exec_read(const char *api_version, const char *text, size_t n, struct rk__exec_cred *ret,
                  struct rk_err *err);
void rk__exec_cred_drop(struct rk__exec_cred *k);
/* The last line of a text that says something, made fit for a log: one line, and what may be a secret
 * (long words with digits, what follows "token=" and the like, `secret` itself) is "***". */
void rk__exec_last_line(const char *text, size_t n, const char *secret, char *ret, size_t size);

/* --- creds_exec.c ------------------------------------------------------- */

struct rk__exec {
    struct rk_creds *creds;
    struct rk__exec_conf conf;
    struct rk_poll *poll; /* NULL until rk_creds_start */
    struct rk__exec_run run;
    struct rk_timer due; /* the next run */
    struct rk__backoff backoff;
    bool have;             /* a credential has come */
    int64_t got_ms;        /* when the one in use did */
    int64_t not_before_ms; /* no run for a 401 before */
    bool for_401;          /* why this run is on */
    TAILQ_HEAD(rk__creds_ears, rk_creds_ear) ears;
    struct rk_timer tell; /* the ears, from the loop */
};

struct rk__exec *rk__exec_new(struct rk_creds *c, struct rk__exec_conf *conf); /* conf moves in */
void rk__exec_free(struct rk__exec *e);
/* The server turned away a request that started then: ask again, unless the credential came later
 * or there was a run just now. */
void rk__exec_refused(struct rk__exec *e, int64_t request_start_ms);

#endif
