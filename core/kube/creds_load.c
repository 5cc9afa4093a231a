/* Where credentials come from: kubeconfig files, or the mount of a service account. Errors name
 * file and field. */
#include "core/kube/creds_exec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/yaml.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
#define FILES_MAX       16

struct file {
    const char *path;
    const cJSON *root; /* NULL = an empty file */
};

/* Files of one load, read in order; of equal names the first file's counts. */
struct config {
    struct rk_arena arena;
    struct file files[FILES_MAX];
    size_t n;
};

/* --- Reading ------------------------------------------------------------ */

static int read_file(struct config *k, const char *path, struct rk_err *err)
{
    if (k->n == FILES_MAX)
        return rk_err_set(err, RK_E_LIMIT, "KUBECONFIG: more than %d files", FILES_MAX);
    char *text = NULL;
    size_t n = 0, n_docs = 0;
    int rc = rk__creds_read(path, &text, &n, err);
    if (rc != 0)
        return rc;
    struct rk_yaml_doc *docs = NULL;
    rc = rk_yaml_parse(&k->arena, path, text, n, &docs, &n_docs, err);
    rk__creds_drop(&text);
    if (rc != 0)
        return rc;
    const cJSON *root = n_docs ? docs[0].root : NULL;
    if (n_docs > 1)
        return rk_err_set(err, RK_E_INVAL, "%s: more than one document", path);
    if (root && !rk_json_is_null(root) && !rk_json_is_object(root))
        return rk_err_set(err, RK_E_INVAL, "%s: not a mapping", path);
    k->files[k->n++] = (struct file){rk_arena_strdup(&k->arena, path), root};
    return 0;
}

/* Several files separated by colons; those that are not there do not count, as long as one is. */
static int read_list(struct config *k, const char *list, struct rk_err *err)
{
    struct rk_span rest = rk_span_of(list), one;
    while (rk_span_next(&rest, ':', &one)) {
        if (one.n == 0)
            continue;
        int rc = read_file(k, rk_arena_strndup(&k->arena, one.p, one.n), err);
        if (rc != 0 && rc != RK_E_NOENT)
            return rk_err_wrap(err, "kubeconfig");
    }
    if (k->n == 0)
        return rk_err_set(err, RK_E_NOENT, "KUBECONFIG %s: no such file", list);
    return 0;
}

int rk__creds_text(const struct rk__creds_entry *e, const char *field, const char **ret,
                   struct rk_err *err)
{
    assert(e->file); /* find() filled it */
    const cJSON *v = rk_json_get(e->body, field);
    *ret = NULL;
    if (!v || rk_json_is_null(v))
        return 0;
    if (!rk_json_is_string(v))
        return rk_err_set(err, RK_E_INVAL, "%s: %s.%s: want a string, have %s", e->file, e->where,
                          field, rk_json_type_name(v));
    const char *s = rk_json_str(v, "");
    *ret = s[0] ? s : NULL;
    return 0;
}

static int find(struct config *k, const char *list, const char *inner, const char *name,
                const char *asked_by, struct rk__creds_entry *ret, struct rk_err *err)
{
    for (size_t i = 0; i < k->n; i++) {
        const cJSON *all = rk_json_get(k->files[i].root, list);
        for (const cJSON *e = rk_json_at(all, 0); e; e = e->next) {
            if (!rk_str_eq(rk_json_str(rk_json_get(e, "name"), NULL), name))
                continue;
            ret->file = k->files[i].path;
            ret->where = rk_arena_fmt(&k->arena, "%s[%s].%s", list, name, inner);
            ret->body = rk_json_get(e, inner);
            if (!rk_json_is_object(ret->body))
                return rk_err_set(err, RK_E_INVAL, "%s: %s: want a mapping, have %s", ret->file,
                                  ret->where, rk_json_type_name(ret->body));
            return 0;
        }
    }
    return rk_err_set(err, RK_E_NOENT, "%s: %s: no %s[%s]", k->files[0].path, asked_by, list, name);
}

/* --- Fields ------------------------------------------------------------- */

char *rk__creds_beside(const struct rk__creds_entry *e, const char *path)
{
    const char *slash = strrchr(e->file, '/');
    if (path[0] == '/' || !slash)
        return rk_strdup(path);
    struct rk_buf b;
    rk_buf_init(&b, 8192);
    (void)rk_buf_add(&b, e->file, (size_t)(slash - e->file) + 1);
    (void)rk_buf_adds(
        &b, path); /* cut at 8 KiB: longer than the system allows, the file will not be found */
    return rk_buf_take(&b, NULL);
}

/* `<field>-data` inline, else `<field>` as a file. Data win, as in the reference client. */
static int pem_of(const struct rk__creds_entry *e, const char *field, char **ret_pem, size_t *ret_n,
                  char **ret_file, struct rk_err *err)
{
    char data_field[64];
    (void)snprintf(data_field, sizeof data_field, "%s-data", field); /* our own, short words */
    const char *data, *file;
    int rc = rk__creds_text(e, data_field, &data, err);
    rc = rc ? rc : rk__creds_text(e, field, &file, err);
    if (rc != 0)
        return rc;
    if (data) {
        size_t n = strlen(data), len = 0;
        uint8_t *pem = rk_alloc(n + 2);
        if (rk_base64_decode(data, n, pem, &len) != 0 || memchr(pem, 0, len)) {
            rk_wipe(pem, n);
            rk_free(pem);
            return rk_err_set(err, RK_E_INVAL, "%s: %s.%s: not base64", e->file, e->where,
                              data_field);
        }
        *ret_pem = (char *)pem;
        *ret_n = len;
    } else if (file) {
        *ret_file = rk__creds_beside(e, file);
    }
    return 0;
}

static int server_of(struct rk_creds *c, const struct rk__creds_entry *e, struct rk_err *err)
{
    const char *server;
    int rc = rk__creds_text(e, "server", &server, err);
    if (rc != 0)
        return rc;
    if (!server || (!rk_str_starts(server, "https://") && !rk_str_starts(server, "http://")))
        return rk_err_set(err, RK_E_INVAL, "%s: %s.server: want http(s)://host[:port], have \"%s\"",
                          e->file, e->where, server ? server : "");
    size_t n = strlen(server);
    while (n && server[n - 1] == '/')
        n--;
    c->server = rk_strndup(server, n);
    return 0;
}

/* The schemes of the reference client; what stands in it may be a password, so it is not repeated. */
static int check_proxy(const struct rk__creds_entry *e, const char *proxy, struct rk_err *err)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (!proxy || (rk_str_starts(proxy, schemes[i]) && proxy[strlen(schemes[i])]))
            return 0;
    return rk_err_set(err, RK_E_INVAL, "%s: %s.proxy-url: want http, https or socks5://host[:port]",
                      e->file, e->where);
}

static int take_cluster(struct rk_creds *c, const struct rk__creds_entry *e, struct rk_err *err)
{
    const char *name, *proxy;
    int rc = server_of(c, e, err);
    rc = rc ? rc : pem_of(e, "certificate-authority", &c->ca_pem, &c->ca_len, &c->ca_file, err);
    rc = rc ? rc : rk__creds_text(e, "tls-server-name", &name, err);
    rc = rc ? rc : rk__creds_text(e, "proxy-url", &proxy, err);
    rc = rc ? rc : check_proxy(e, proxy, err);
    if (rc != 0)
        return rc;
    c->tls_server_name = rk_strdup(name);
    c->proxy_url = rk_strdup(proxy);
    const cJSON *insecure = rk_json_get(e->body, "insecure-skip-tls-verify");
    if (insecure && !rk_json_is_bool(insecure) && !rk_json_is_null(insecure))
        return rk_err_set(err, RK_E_INVAL, "%s: %s.insecure-skip-tls-verify: want true or false",
                          e->file, e->where);
    c->insecure = cJSON_IsTrue(insecure);
    if (c->insecure && (c->ca_pem || c->ca_file))
        return rk_err_set(
            err, RK_E_INVAL,
            "%s: %s: certificate-authority and insecure-skip-tls-verify exclude each other",
            e->file, e->where);
    struct rk_err why = RK_ERR_INIT;
    if (c->ca_pem && rk__creds_check_ca(c->ca_pem, c->ca_len, &why) != 0)
        return rk_err_set(err, RK_E_INVAL, "%s: %s.certificate-authority-data: %s", e->file,
                          e->where, why.text);
    return 0;
}

static int refuse_unsupported(const struct rk__creds_entry *e, struct rk_err *err)
{
    static const char *const not_ours[] = {"auth-provider", "username", "password", "as"};
    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++) {
        const cJSON *v = rk_json_get(e->body, not_ours[i]);
        if (v && !rk_json_is_null(v))
            return rk_err_set(
                err, RK_E_NOTSUP,
                "%s: %s.%s is not supported: use a token, a token file, a client certificate or exec",
                e->file, e->where, not_ours[i]);
    }
    return 0;
}

/* A program is asked only by users that have nothing else, as in the reference client. */
static int take_exec(struct rk_creds *c, const struct rk__creds_entry *e,
                     const struct rk__creds_entry *cluster, struct rk_err *err)
{
    const cJSON *exec = rk_json_get(e->body, "exec");
    if (!exec || rk_json_is_null(exec) || c->token || c->token_file || c->cert_pem || c->cert_file)
        return 0;
    struct rk__exec_conf conf;
    int rc = rk__exec_conf_read(e, cluster, &conf, err);
    if (rc == 0)
        c->exec = rk__exec_new(c, &conf);
    return rc;
}

static int take_user(struct rk_creds *c, const struct rk__creds_entry *e,
                     const struct rk__creds_entry *cluster, struct rk_err *err)
{
    const char *token, *token_file;
    int rc = refuse_unsupported(e, err);
    rc = rc ? rc : pem_of(e, "client-certificate", &c->cert_pem, &c->cert_len, &c->cert_file, err);
    rc = rc ? rc : pem_of(e, "client-key", &c->key_pem, &c->key_len, &c->key_file, err);
    rc = rc ? rc : rk__creds_text(e, "token", &token, err);
    rc = rc ? rc : rk__creds_text(e, "tokenFile", &token_file, err);
    if (rc != 0)
        return rc;
    bool cert = c->cert_pem || c->cert_file, key = c->key_pem || c->key_file;
    if (cert != key)
        return rk_err_set(err, RK_E_INVAL,
                          "%s: %s: client-certificate and client-key come together, %s is missing",
                          e->file, e->where, cert ? "client-key" : "client-certificate");
    struct rk_err why = RK_ERR_INIT;
    if (c->cert_pem && c->key_pem &&
        rk__creds_check_pair(c->cert_pem, c->cert_len, c->key_pem, c->key_len, &why) != 0)
        return rk_err_set(err, RK_E_INVAL, "%s: %s.client-certificate-data: %s", e->file, e->where,
                          why.text);
    /* With both, the file counts and the text is what there is until it has been read. */
    c->token_file = token_file ? rk__creds_beside(e, token_file) : NULL;
    c->token = rk_strdup(token);
    if (c->token && rk__creds_token(c->token, &why) != 0)
        return rk_err_set(err, RK_E_INVAL, "%s: %s.token: %s", e->file, e->where, why.text);
    return take_exec(c, e, cluster, err);
}

/* --- Putting it together ------------------------------------------------ */

static int find_context(struct config *k, const char *name, struct rk__creds_entry *ret,
                        struct rk_err *err)
{
    const char *by = "context";
    for (size_t i = 0; i < k->n && !name; i++) {
        struct rk__creds_entry top = {k->files[i].path, k->files[i].root, "kubeconfig"};
        if (rk__creds_text(&top, "current-context", &name, err) != 0)
            return err->code;
        by = "current-context";
    }
    if (!name)
        return rk_err_set(err, RK_E_INVAL, "%s: current-context: not set", k->files[0].path);
    return find(k, "contexts", "context", name, by, ret, err);
}

static int build(struct config *k, const char *context, struct rk_creds *c, struct rk_err *err)
{
    struct rk__creds_entry ctx = {0}, cluster = {0}, user = {0};
    const char *cluster_name, *user_name, *ns;
    int rc = find_context(k, context, &ctx, err);
    rc = rc ? rc : rk__creds_text(&ctx, "cluster", &cluster_name, err);
    rc = rc ? rc : rk__creds_text(&ctx, "user", &user_name, err);
    rc = rc ? rc : rk__creds_text(&ctx, "namespace", &ns, err);
    if (rc != 0)
        return rc;
    assert(ctx.file);
    if (!cluster_name)
        return rk_err_set(err, RK_E_INVAL, "%s: %s.cluster: not set", ctx.file, ctx.where);
    c->ns = rk_strdup(ns);
    rc = find(k, "clusters", "cluster", cluster_name,
              rk_arena_fmt(&k->arena, "%s.cluster", ctx.where), &cluster, err);
    rc = rc ? rc : take_cluster(c, &cluster, err);
    if (rc == 0 && user_name) {
        rc = find(k, "users", "user", user_name, rk_arena_fmt(&k->arena, "%s.user", ctx.where),
                  &user, err);
        rc = rc ? rc : take_user(c, &user, &cluster, err);
    }
    if (rc != 0)
        return rc;
    const char *by = user.file ? user.where : "users";
    struct rk__creds_fields f = {
        .ca = rk_arena_fmt(&k->arena, "%s.certificate-authority", cluster.where),
        .cert = rk_arena_fmt(&k->arena, "%s.client-certificate", by),
        .key = rk_arena_fmt(&k->arena, "%s.client-key", by),
        .token = rk_arena_fmt(&k->arena, "%s.tokenFile", by),
    };
    return rk__creds_first(c, user.file ? user.file : cluster.file, &f, err);
}

int rk__creds_in_cluster(const char *dir, struct rk_creds **ret, struct rk_err *err)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    if (!host || !host[0])
        return rk_err_set(err, RK_E_NOENT, "KUBERNETES_SERVICE_HOST: not set");
    struct rk_creds *c = rk_alloc(sizeof *c);
    struct rk_arena a;
    rk_arena_init(&a, 0);
    bool v6 = strchr(host, ':') && host[0] != '[';
    c->server = rk_strdup(rk_arena_fmt(&a, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
                                       port && port[0] ? port : "443"));
    c->token_file = rk_strdup(rk_arena_fmt(&a, "%s/token", dir));
    c->ca_file = rk_strdup(rk_arena_fmt(&a, "%s/ca.crt", dir));
    char *ns = NULL;
    size_t n;
    struct rk_err unimportant = RK_ERR_INIT; /* a mount without a namespace file is legal */
    if (rk__creds_read(rk_arena_fmt(&a, "%s/namespace", dir), &ns, &n, &unimportant) == 0) {
        struct rk_span s = rk_span_trim(rk_span_of(ns));
        c->ns = s.n ? rk_strndup(s.p, s.n) : NULL;
        rk_free(ns);
    }
    struct rk__creds_fields f = {"ca.crt", "", "", "token"};
    int rc = rk__creds_first(c, "service account", &f, err);
    rk_arena_done(&a);
    if (rc == 0)
        *ret = c;
    else
        rk_creds_free(c);
    return rc;
}

static int load_config(const char *path, const char *list, const char *context,
                       struct rk_creds **ret, struct rk_err *err)
{
    struct config k = {.n = 0};
    rk_arena_init(&k.arena, 0);
    int rc = path ? read_file(&k, path, err) : read_list(&k, list, err);
    struct rk_creds *c = rk_alloc(sizeof *c);
    if (rc != 0 && path)
        (void)rk_err_wrap(err, "kubeconfig"); /* rc says so */
    rc = rc ? rc : build(&k, context, c, err);
    if (rc == 0)
        *ret = c;
    else
        rk_creds_free(c);
    rk_arena_wipe(&k.arena); /* tokens and keys stood in it */
    rk_arena_done(&k.arena);
    return rc;
}

int rk_creds_load(const char *path, const char *context, struct rk_creds **ret, struct rk_err *err)
{
    struct rk_err own = RK_ERR_INIT;
    err = err ? err : &own;
    const char *list = getenv("KUBECONFIG"), *in_cluster = getenv("KUBERNETES_SERVICE_HOST");
    if (path)
        return load_config(path, NULL, context, ret, err);
    if (list && list[0])
        return load_config(NULL, list, context, ret, err);
    if (in_cluster && in_cluster[0])
        return rk__creds_in_cluster(SERVICE_ACCOUNT, ret, err);
    const char *home = getenv("HOME");
    if (!home || !home[0])
        return rk_err_set(
            err, RK_E_NOENT,
            "no kubeconfig: KUBECONFIG, KUBERNETES_SERVICE_HOST and HOME are not set");
    struct rk_arena a;
    rk_arena_init(&a, 0);
    int rc = load_config(rk_arena_fmt(&a, "%s/.kube/config", home), NULL, context, ret, err);
    rk_arena_done(&a);
    return rc;
}
