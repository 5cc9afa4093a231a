/* Where the API server is and who we are: kubeconfig (contexts; CA, client certificate and key
 * inline or as files; token, tokenFile; namespace; tls-server-name; proxy-url;
 * insecure-skip-tls-verify) or in-cluster (rotating token and CA files). client.md section 2.
 *
 * Files are read again: token every 60 s and on 401, CA and client certificate every 5 min and on
 * 401 or distrust; an
 * empty or unreadable file keeps the old content (client.md 12, 13). A change of CA or certificate
 * raises `generation`, and the transport retires its connections. Secrets are wiped when replaced,
 * never logged. */
#ifndef RK_KUBE_CREDS_H
#define RK_KUBE_CREDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

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
};

/* path NULL: $KUBECONFIG (several files separated by ':' are read in order, missing ones skipped;
 * the first wins per name), else in-cluster when KUBERNETES_SERVICE_HOST is set, else
 * ~/.kube/config. context NULL = current-context. Errors name file and field: RK_E_NOENT for what
 * is not there, RK_E_SYNTAX, RK_E_INVAL. Relative paths stand relative to the directory of their
 * kubeconfig; inline data win over files. Users with exec, auth-provider, username or `as`:
 * RK_E_NOTSUP saying so. http:// servers are taken as they are: a kubeconfig
 * that says so means it. */
int rk_creds_load(const char *path, const char *context, struct rk_creds **ret, struct rk_err *err);
void rk_creds_free(struct rk_creds *c);
/* Re-read what is due at now_ms (rk_clock_ms). Never fails: problems are logged once per change and
 * the old content stays. */
void rk_creds_refresh(struct rk_creds *c, int64_t now_ms);
/* The server said 401 to a request that started at request_start_ms: look at the token file now if
 * it was read before that, and at a client certificate. True when one of them changed. */
bool rk_creds_rejected(struct rk_creds *c, int64_t request_start_ms);
/* The server's certificate was not trusted, or ours not: look at the files of CA and client
 * certificate now. True when they changed. */
bool rk_creds_distrusted(struct rk_creds *c, int64_t request_start_ms);

#endif
