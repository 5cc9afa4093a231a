/* Where the API server is and who we are: kubeconfig (contexts; CA, client certificate and key
 * inline or as files; token, tokenFile, exec; namespace; tls-server-name; proxy-url;
 * insecure-skip-tls-verify) or in-cluster (rotating token and CA files). client.md section 2.
 *
 * Files are read again: token every 60 s and on 401, CA and client certificate every 5 min and on
 * 401 or distrust; an
 * empty or unreadable file keeps the old content (client.md 12, 13). A change of CA or certificate
 * raises `generation`, and the transport retires its connections. Secrets are wiped when replaced,
 * never logged.
 *
 * exec (client.md 14): a program prints the credential. It runs beside the event loop, one run at a
 * time: at rk_creds_start, a little before the credential expires, and on 401; at most 60 s and 1 MiB
 * of output. Until the first has come the credentials are not ready; while a later run fails the
 * old credential stays. Failures are tried again after 1 s, doubled up to 60 s. */
#ifndef RK_KUBE_CREDS_H
#define RK_KUBE_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/poll.h"

struct rk__exec; /* the program that is asked; creds_exec.h */

struct rk_creds {
    char *server;          /* "https://host:port[/prefix]" without trailing slash */
    char *tls_server_name; /* NULL = the host of server */
    char *proxy_url;       /* NULL = environment */
    char *ns;              /* namespace of the context, or of the service account; NULL */
    char *ca_file, *cert_file, *key_file, *token_file; /* NULL = inline or none */
    char *ca_pem, *cert_pem, *key_pem, *token;         /* current content; NULL = none */
    size_t ca_len, cert_len, key_len;
    bool insecure;
    uint64_t generation;                /* rises when CA or client certificate changed */
    uint64_t token_generation;          /* rises when the token changed */
    int64_t token_read_ms, tls_read_ms; /* rk_clock_ms of the last successful look */
    int64_t token_due_ms, tls_due_ms;   /* when to look again */
    char *token_problem, *tls_problem;  /* said last in the log; NULL = all is well */
    struct rk__exec *exec;              /* NULL = nobody needs to be asked */
};

/* path NULL: $KUBECONFIG (several files separated by ':' are read in order, missing ones skipped;
 * the first wins per name), else in-cluster when KUBERNETES_SERVICE_HOST is set, else
 * ~/.kube/config. context NULL = current-context. Errors name file and field: RK_E_NOENT for what
 * is not there, RK_E_SYNTAX, RK_E_INVAL. Relative paths (an exec command that has a slash is one) stand
 * relative to the directory of their kubeconfig; inline data win over files; a token or a client
 * certificate wins over exec, which is not run then. An exec command that is not there is
 * RK_E_NOENT and brings its installHint. Users with auth-provider, username or `as`, exec with
 * interactiveMode Always or of another API than client.authentication.k8s.io/v1 and v1beta1:
 * RK_E_NOTSUP saying so. http:// servers are taken as they are: a kubeconfig that says so means it.
 * Nothing is run here. */
int rk_creds_load(const char *path, const char *context, struct rk_creds **ret, struct rk_err *err);
void rk_creds_free(struct rk_creds *c); /* before the loop of rk_creds_start; a run is killed */
/* From now on exec keeps the credential fresh, on this loop; the first run begins at once. Without
 * exec nothing happens. A second call with the same loop is fine. */
void rk_creds_start(struct rk_creds *c, struct rk_poll *poll);
bool rk_creds_ready(const struct rk_creds *c);    /* false: exec has not yet given the first */
bool rk_creds_fetching(const struct rk_creds *c); /* exec is running: an ear will hear of its end */
/* What went wrong last with the token or with exec; NULL = nothing. For people, no secrets. */
const char *rk_creds_problem(const struct rk_creds *c);
/* For whoever reaps children of any kind by waitpid(-1): this one has ended. Pids that are not ours
 * are ignored. Without such a reaper nothing needs to be done. */
void rk_creds_reaped(struct rk_creds *c, pid_t pid, int status);

/* Who waits for the end of a run of exec, however it ended. fn is told from the loop, never from
 * inside a call; it adds and removes no ears. The struct is the listener's. */
struct rk_creds_ear {
    TAILQ_ENTRY(rk_creds_ear) link;
    void (*fn)(void *ctx);
    void *ctx;
};
void rk_creds_listen(struct rk_creds *c, struct rk_creds_ear *ear);
void rk_creds_unlisten(struct rk_creds *c, struct rk_creds_ear *ear);
/* Re-read what is due at now_ms (rk_clock_ms). Never fails: problems are logged once per change and
 * the old content stays. */
void rk_creds_refresh(struct rk_creds *c, int64_t now_ms);
/* The server said 401 to a request that started at request_start_ms: look at the token file now if
 * it was read before that, and at a client certificate; run exec again unless it ran just now. True
 * when one of them changed; with exec rk_creds_fetching says whether there is something to wait for. */
bool rk_creds_rejected(struct rk_creds *c, int64_t request_start_ms);
/* The server's certificate was not trusted, or ours not: look at the files of CA and client
 * certificate now. True when they changed. */
bool rk_creds_distrusted(struct rk_creds *c, int64_t request_start_ms);

#endif
