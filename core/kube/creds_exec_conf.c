/* What exec is to run: users[].user.exec of a kubeconfig, and the environment that the program gets.
 * Field names and meanings are those of the reference client's kubeconfig. */
#include "core/kube/creds_exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define INFO     "KUBERNETES_EXEC_INFO"
#define INFO_MAX ((size_t)4 << 20) /* a CA of 1 MiB in base64, and the rest */

extern char **environ;

/* --- The kubeconfig ----------------------------------------------------- */

static int fail(const struct rk__creds_entry *e, const char *field, int code, const char *why,
                struct rk_err *err)
{
    return rk_err_set(err, code, "%s: %s.%s: %s", e->file, e->where, field, why);
}

static int read_command(const struct rk__creds_entry *e, struct rk__exec_conf *k,
                        struct rk_err *err)
{
    const char *command;
    int rc = rk__creds_text(e, "command", &command, err);
    if (rc != 0)
        return rc;
    if (!command)
        return fail(e, "command", RK_E_INVAL, "not set", err);
    /* Without a slash it is looked for in PATH. */
    k->command = strchr(command, '/') ? rk__creds_beside(e, command) : rk_strdup(command);
    const cJSON *args = rk_json_get(e->body, "args");
    if (args && !rk_json_is_null(args) && !rk_json_is_array(args))
        return fail(e, "args", RK_E_INVAL, "want a list of strings", err);
    size_t n = rk_json_len(args), i = 1;
    k->argv = rk_alloc_array(n + 2, sizeof *k->argv);
    k->argv[0] = rk_strdup(k->command);
    for (const cJSON *a = rk_json_at(args, 0); a; a = a->next) {
        if (!rk_json_is_string(a))
            return fail(e, "args", RK_E_INVAL, "want a list of strings", err);
        k->argv[i++] = rk_strdup(rk_json_str(a, ""));
    }
    return 0;
}

static int read_env(const struct rk__creds_entry *e, struct rk__exec_conf *k, struct rk_err *err)
{
    const cJSON *env = rk_json_get(e->body, "env");
    if (env && !rk_json_is_null(env) && !rk_json_is_array(env))
        return fail(e, "env", RK_E_INVAL, "want a list of names and values", err);
    size_t i = 0;
    k->env = rk_alloc_array(rk_json_len(env) + 1, sizeof *k->env);
    for (const cJSON *one = rk_json_at(env, 0); one; one = one->next) {
        const char *name = rk_json_str(rk_json_get(one, "name"), "");
        const cJSON *value = rk_json_get(one, "value");
        if (!name[0] || strchr(name, '='))
            return fail(e, "env", RK_E_INVAL, "an entry without a name", err);
        if (value && !rk_json_is_null(value) && !rk_json_is_string(value))
            return rk_err_set(err, RK_E_INVAL, "%s: %s.env[%s]: want a string, have %s", e->file,
                              e->where, name, rk_json_type_name(value));
        struct rk_buf b;
        rk_buf_init(&b, INFO_MAX);
        (void)rk_buf_addf(&b, "%s=%s", name, rk_json_str(value, "")); /* files have 1 MiB */
        k->env[i++] = rk_buf_take(&b, NULL);
    }
    return 0;
}

static int read_modes(const struct rk__creds_entry *e, struct rk__exec_conf *k, struct rk_err *err)
{
    const char *api, *mode, *hint;
    int rc = rk__creds_text(e, "apiVersion", &api, err);
    rc = rc ? rc : rk__creds_text(e, "interactiveMode", &mode, err);
    rc = rc ? rc : rk__creds_text(e, "installHint", &hint, err);
    if (rc != 0)
        return rc;
    if (!api)
        return fail(e, "apiVersion", RK_E_INVAL, "not set", err);
    if (strcmp(api, "client.authentication.k8s.io/v1") != 0 &&
        strcmp(api, "client.authentication.k8s.io/v1beta1") != 0)
        return rk_err_set(
            err, RK_E_NOTSUP,
            "%s: %s.apiVersion: %s is not supported: use client.authentication.k8s.io/v1", e->file,
            e->where, api);
    if (rk_str_eq(mode, "Always"))
        return fail(e, "interactiveMode", RK_E_NOTSUP,
                    "Always is not supported: nobody sits at a terminal here", err);
    if (mode && strcmp(mode, "Never") != 0 && strcmp(mode, "IfAvailable") != 0)
        return fail(e, "interactiveMode", RK_E_INVAL, "want Never, IfAvailable or Always", err);
    const cJSON *with = rk_json_get(e->body, "provideClusterInfo");
    if (with && !rk_json_is_null(with) && !rk_json_is_bool(with))
        return fail(e, "provideClusterInfo", RK_E_INVAL, "want true or false", err);
    k->with_cluster = cJSON_IsTrue(with);
    k->api_version = rk_strdup(api);
    k->hint = rk_strdup(hint);
    return 0;
}

/* What a cluster keeps for its users' programs stands under a reserved name. */
static char *extra_of(const struct rk__creds_entry *cluster)
{
    const cJSON *all = rk_json_get(cluster->body, "extensions");
    for (const cJSON *x = rk_json_at(all, 0); x; x = x->next) {
        const cJSON *v = rk_json_get(x, "extension");
        if (!v || !rk_str_eq(rk_json_str(rk_json_get(x, "name"), NULL),
                             "client.authentication.k8s.io/exec"))
            continue;
        struct rk_buf b;
        rk_buf_init(&b, INFO_MAX);
        if (rk_json_print(v, &b) == 0)
            return rk_buf_take(&b, NULL);
        rk_buf_done(&b);
    }
    return NULL;
}

int rk__exec_conf_read(const struct rk__creds_entry *user, const struct rk__creds_entry *cluster,
                       struct rk__exec_conf *ret, struct rk_err *err)
{
    struct rk__exec_conf k = {.command = NULL};
    struct rk_buf where;
    rk_buf_init(&where, INFO_MAX);
    (void)rk_buf_addf(&where, "%s.exec", user->where); /* a name out of 1 MiB */
    struct rk__creds_entry e = {user->file, rk_json_get(user->body, "exec"), rk_buf_text(&where)};
    int rc = 0;
    if (!rk_json_is_object(e.body))
        rc = rk_err_set(err, RK_E_INVAL, "%s: %s: want a mapping, have %s", e.file, e.where,
                        rk_json_type_name(e.body));
    rc = rc ? rc : read_modes(&e, &k, err);
    rc = rc ? rc : read_command(&e, &k, err);
    rc = rc ? rc : read_env(&e, &k, err);
    if (rc == 0) {
        k.cluster_extra = extra_of(cluster);
        rc = rk__exec_conf_find(&k, err);
        if (rc != 0)
            (void)rk_err_wrap(err, "%s: %s.command", e.file, e.where); /* rc says so */
    }
    if (rc == 0)
        *ret = k;
    else
        rk__exec_conf_done(&k);
    rk_buf_done(&where);
    return rc;
}

static void free_texts(char **list)
{
    for (char **at = list; at && *at; at++) {
        rk_wipe(*at, strlen(*at)); /* people put secrets into env and args */
        rk_free(*at);
    }
    rk_free(list);
}

void rk__exec_conf_done(struct rk__exec_conf *k)
{
    free_texts(k->argv);
    free_texts(k->env);
    rk_free(k->command);
    rk_free(k->api_version);
    rk_free(k->hint);
    rk_free(k->cluster_extra);
    *k = (struct rk__exec_conf){.command = NULL};
}

/* --- Is it there? ------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool in_path(const char *name)
{
    const char *list = getenv("PATH");
    struct rk_span rest = rk_span_of(list ? list : "/bin:/usr/bin"), dir;
    bool found = false;
    while (!found && rk_span_next(&rest, ':', &dir)) {
        struct rk_buf b;
        rk_buf_init(&b, 8192);
        /* What does not fit is longer than any path. */
        found = rk_buf_add(&b, dir.p, dir.n) == 0 && rk_buf_addf(&b, "/%s", name) == 0 &&
                is_program(rk_buf_text(&b));
        rk_buf_done(&b);
    }
    return found;
}

int rk__exec_conf_find(const struct rk__exec_conf *k, struct rk_err *err)
{
    bool path = strchr(k->command, '/') != NULL;
    if (path ? is_program(k->command) : in_path(k->command))
        return 0;
    return rk_err_set(err, RK_E_NOENT, "%s: no such program%s%s%s", k->command,
                      path ? "" : " in PATH", k->hint ? "; " : "", k->hint ? k->hint : "");
}

/* --- Its environment ---------------------------------------------------- */

static void add_text(struct rk_buf *b, const char *name, const char *value)
{
    (void)rk_buf_addf(b, ",\"%s\":", name); /* `full` is looked at by whoever starts it: E2BIG */
    rk_json_escape(b, value, strlen(value));
}

static void add_cluster(struct rk_buf *b, const struct rk__exec_conf *k, const struct rk_creds *c)
{
    (void)rk_buf_adds(b, ",\"cluster\":{\"server\":");
    rk_json_escape(b, c->server, strlen(c->server));
    if (c->tls_server_name)
        add_text(b, "tls-server-name", c->tls_server_name);
    if (c->insecure)
        (void)rk_buf_adds(b, ",\"insecure-skip-tls-verify\":true");
    if (c->ca_pem) {
        char *ca = rk_alloc(4 * ((c->ca_len + 2) / 3) + 1);
        rk_base64((const uint8_t *)c->ca_pem, c->ca_len, ca);
        add_text(b, "certificate-authority-data", ca);
        rk_free(ca);
    }
    if (c->proxy_url)
        add_text(b, "proxy-url", c->proxy_url);
    if (k->cluster_extra)
        (void)rk_buf_addf(b, ",\"config\":%s", k->cluster_extra);
    (void)rk_buf_addc(b, '}');
}

static char *info_of(const struct rk__exec_conf *k, const struct rk_creds *c)
{
    struct rk_buf b;
    rk_buf_init(&b, INFO_MAX);
    (void)rk_buf_addf(
        &b,
        INFO "={\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\",\"spec\":{\"interactive\":false",
        k->api_version);
    if (k->with_cluster)
        add_cluster(&b, k, c);
    (void)rk_buf_adds(&b, "}}");
    return rk_buf_take(&b, NULL);
}

static bool same_name(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");
    return strcspn(b, "=") == n && strncmp(a, b, n) == 0;
}

static bool has_name(char **list, const char *entry)
{
    for (char **at = list; *at; at++)
        if (same_name(*at, entry))
            return true;
    return false;
}

char **rk__exec_env(const struct rk__exec_conf *k, const struct rk_creds *c)
{
    size_t ours = 0, theirs = 0, n = 0;
    while (environ[ours])
        ours++;
    while (k->env[theirs])
        theirs++;
    char **env = rk_alloc_array(ours + theirs + 2, sizeof *env);
    for (size_t i = 0; i < ours; i++)
        if (!same_name(environ[i], INFO) && !has_name(k->env, environ[i]))
            env[n++] = rk_strdup(environ[i]);
    for (size_t i = 0; i < theirs; i++)
        if (!same_name(k->env[i], INFO) && !has_name(k->env + i + 1, k->env[i])) /* the last wins */
            env[n++] = rk_strdup(k->env[i]);
    env[n] = info_of(k, c);
    return env;
}

void rk__exec_env_free(char **env)
{
    free_texts(env);
}
