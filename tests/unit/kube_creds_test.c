/* Credentials: where they come from, what is refused with which words, and how they stay fresh.
 * Certificates are made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/json.h"
#include "core/kube/creds_room.h"

#include "tests/lib/pems.c"
#include "tests/unit/kube_kit.h"

struct dir {
    char path[64];
};

static struct pem_pair first, second;

static int make_pairs(void **state)
{
    (void)state;
    pem_make(&first, "first", NULL, NULL);
    pem_make(&second, "second", NULL, NULL);
    return 0;
}

static void open_dir(struct dir *d)
{
    make_dir(d->path, "creds");
    assert_int_equal(unsetenv("KUBECONFIG"), 0);
    assert_int_equal(unsetenv("KUBERNETES_SERVICE_HOST"), 0);
    assert_int_equal(setenv("HOME", d->path, 1), 0);
}

static void close_dir(struct dir *d)
{
    remove_dir(d->path);
}

static const char *put_config(struct dir *d, const char *name, const char *cluster,
                              const char *user)
{
    char text[32768];
    int n = snprintf(text, sizeof text,
                     "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                     "contexts:\n- name: c\n  context: {cluster: k, user: u, namespace: ns}\n"
                     "- name: lost\n  context: {cluster: nowhere, user: u}\n"
                     "- name: bare\n  context: {cluster: k}\n"
                     "- name: empty\n  context: {user: u}\n"
                     "- name: stranger\n  context: {cluster: k, user: nobody}\n"
                     "clusters:\n- name: k\n  cluster: {%s}\n"
                     "users:\n- name: u\n  user: {%s}\n",
                     cluster, user);
    assert_in_range(n, 1, sizeof text - 1);
    return put_file(d->path, name, text);
}

#define SERVER "server: 'https://h:1'"

static struct rk_creds *load(const char *path, const char *context)
{
    struct rk_creds *c = NULL;
    struct rk_err err = RK_ERR_INIT;
    if (rk_creds_load(path, context, &c, &err) != 0)
        fail_msg("%s", err.text);
    return c;
}

static void refused(const char *path, const char *context, int code, const char *const *words)
{
    struct rk_creds *c = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_creds_load(path, context, &c, &err), code);
    assert_null(c);
    for (; *words; words++)
        if (!strstr(err.text, *words))
            fail_msg("\"%s\" does not say \"%s\"", err.text, *words);
}
#define REFUSED(path, context, code, ...) \
    refused((path), (context), (code), (const char *const[]){__VA_ARGS__, NULL})

static char *base64(const char *text)
{
    size_t n = strlen(text);
    char *out = rk_alloc(4 * ((n + 2) / 3) + 1);
    rk_base64((const uint8_t *)text, n, out);
    return out;
}

/* --- Loading ------------------------------------------------------------ */

static void everything_inline_is_taken(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    char *ca = base64(second.cert), *cert = base64(first.cert), *key = base64(first.key);
    char cluster[8192], user[8192];
    (void)snprintf(
        cluster, sizeof cluster,
        "server: 'https://h:1/p//', certificate-authority-data: %s, tls-server-name: t, proxy-url: 'http://q'",
        ca);
    (void)snprintf(user, sizeof user,
                   "client-certificate-data: %s, client-key-data: %s, token: ' tok '", cert, key);
    struct rk_creds *c = load(put_config(&d, "config", cluster, user), NULL);
    assert_string_equal(c->server, "https://h:1/p");
    assert_string_equal(c->tls_server_name, "t");
    assert_string_equal(c->proxy_url, "http://q");
    assert_string_equal(c->ns, "ns");
    assert_string_equal(c->token, "tok");
    assert_string_equal(c->ca_pem, second.cert);
    assert_string_equal(c->cert_pem, first.cert);
    assert_string_equal(c->key_pem, first.key);
    assert_int_equal(c->ca_len, strlen(second.cert));
    assert_int_equal(c->key_len, strlen(first.key));
    assert_false(c->insecure);
    rk_creds_free(c);
    rk_free(ca);
    rk_free(cert);
    rk_free(key);
    close_dir(&d);
}

static void relative_paths_stand_beside_their_kubeconfig(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    put_file(d.path, "ca", second.cert);
    put_file(d.path, "cert", first.cert);
    put_file(d.path, "key", first.key);
    put_file(d.path, "token", "tok\n");
    struct rk_creds *c =
        load(put_config(&d, "config", SERVER ", certificate-authority: ca",
                        "client-certificate: cert, client-key: ./key, tokenFile: token"),
             NULL);
    assert_string_equal(c->ca_file, in_dir(d.path, "ca"));
    assert_string_equal(c->ca_pem, second.cert);
    assert_string_equal(c->cert_pem, first.cert);
    assert_string_equal(c->key_pem, first.key);
    assert_string_equal(c->token, "tok");
    rk_creds_free(c);
    close_dir(&d);
}

static void a_user_is_not_needed_and_a_context_may_be_chosen(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    const char *path =
        put_config(&d, "config", "server: 'http://h', insecure-skip-tls-verify: true", "token: t");
    struct rk_creds *c = load(path, "bare");
    assert_null(c->token);
    assert_null(c->ns);
    assert_true(c->insecure);
    assert_string_equal(c->server, "http://h");
    rk_creds_free(c);
    close_dir(&d);
}

static void every_error_names_file_and_field(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    char *half = base64("-----BEGIN CERTIFICATE-----\nAAAA\n"), *cert = base64(first.cert),
         *other = base64(second.key);
    char cluster[8192], user[8192];
    (void)snprintf(cluster, sizeof cluster, SERVER ", certificate-authority-data: %s", half);
    (void)snprintf(user, sizeof user, "client-certificate-data: %s, client-key-data: %s", cert,
                   other);
    put_file(d.path, "empty", "\n");
    put_file(d.path, "ca", "no certificate");
    put_file(d.path, "cert", first.cert);
    put_file(d.path, "key", second.key);
    const struct {
        const char *cluster, *user, *context;
        int code;
        const char *field, *why;
    } cases[] = {
        {"server: ftp://h", "token: t", NULL, RK_E_INVAL, "clusters[k].cluster.server", "ftp://h"},
        {"a: b", "token: t", NULL, RK_E_INVAL, "clusters[k].cluster.server", "\"\""},
        {"server: 17", "token: t", NULL, RK_E_INVAL, "clusters[k].cluster.server", "want a string"},
        {SERVER, "token: t", "lost", RK_E_NOENT, "contexts[lost].context.cluster",
         "no clusters[nowhere]"},
        {SERVER, "token: t", "empty", RK_E_INVAL, "contexts[empty].context.cluster", "not set"},
        {SERVER, "token: t", "stranger", RK_E_NOENT, "contexts[stranger].context.user",
         "no users[nobody]"},
        {SERVER, "token: t", "none", RK_E_NOENT, "context", "no contexts[none]"},
        {SERVER ", certificate-authority-data: '!'", "token: t", NULL, RK_E_INVAL,
         "clusters[k].cluster.certificate-authority-data", "not base64"},
        {cluster, "token: t", NULL, RK_E_INVAL, "clusters[k].cluster.certificate-authority-data",
         "certificate"},
        {SERVER ", certificate-authority: gone", "token: t", NULL, RK_E_NOENT,
         "clusters[k].cluster.certificate-authority", "gone"},
        {SERVER ", certificate-authority: ca", "token: t", NULL, RK_E_INVAL,
         "clusters[k].cluster.certificate-authority", "no PEM certificate"},
        {SERVER ", certificate-authority: ca, insecure-skip-tls-verify: true", "token: t", NULL,
         RK_E_INVAL, "clusters[k].cluster", "exclude each other"},
        {SERVER ", insecure-skip-tls-verify: 1", "token: t", NULL, RK_E_INVAL,
         "clusters[k].cluster.insecure-skip-tls-verify", "true or false"},
        {SERVER, "token: \"a\\nb\"", NULL, RK_E_INVAL, "users[u].user.token", "header"},
        {SERVER, "tokenFile: empty", NULL, RK_E_INVAL, "users[u].user.tokenFile", "empty token"},
        {SERVER, "tokenFile: gone", NULL, RK_E_NOENT, "users[u].user.tokenFile", "gone"},
        {SERVER, "client-certificate: cert", NULL, RK_E_INVAL, "users[u].user",
         "client-key is missing"},
        {SERVER, "client-key: key", NULL, RK_E_INVAL, "users[u].user",
         "client-certificate is missing"},
        {SERVER, "client-certificate: cert, client-key: key", NULL, RK_E_INVAL,
         "users[u].user.client-certificate", "do not belong together"},
        {SERVER, user, NULL, RK_E_INVAL, "users[u].user.client-certificate-data",
         "do not belong together"},
        {SERVER ", proxy-url: 'ftp://u:s3cr3t@q'", "token: t", NULL, RK_E_INVAL,
         "clusters[k].cluster.proxy-url", "want http, https or socks5"},
        {SERVER ", proxy-url: 'socks5://'", "token: t", NULL, RK_E_INVAL,
         "clusters[k].cluster.proxy-url", "want http, https or socks5"},
        {SERVER, "exec: x", NULL, RK_E_INVAL, "users[u].user.exec", "want a mapping"},
        {SERVER, "auth-provider: {name: x}", NULL, RK_E_NOTSUP, "users[u].user.auth-provider",
         "not supported"},
        {SERVER, "username: x, password: y", NULL, RK_E_NOTSUP, "users[u].user.username",
         "not supported"},
        {SERVER, "token: t, as: x", NULL, RK_E_NOTSUP, "users[u].user.as", "not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = put_config(&d, "config", cases[i].cluster, cases[i].user);
        REFUSED(path, cases[i].context, cases[i].code, path, cases[i].field, cases[i].why);
    }
    rk_free(half);
    rk_free(cert);
    rk_free(other);
    close_dir(&d);
}

static void secrets_are_not_in_error_texts(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    const char *path = put_config(&d, "config", SERVER, "token: \"s3cr\\net\"");
    struct rk_creds *c = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_creds_load(path, NULL, &c, &err), RK_E_INVAL);
    assert_null(strstr(err.text, "s3cr"));
    path = put_config(&d, "config", SERVER ", proxy-url: 'ftp://u:s3cr3t@q'", "token: t");
    assert_int_equal(rk_creds_load(path, NULL, &c, &err), RK_E_INVAL);
    assert_null(strstr(err.text, "s3cr"));
    close_dir(&d);
}

static void files_that_are_no_kubeconfig_are_refused_with_their_name(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    REFUSED(in_dir(d.path, "gone"), NULL, RK_E_NOENT, "kubeconfig", "gone");
    REFUSED(d.path, NULL, RK_E_IO, d.path);
    const char *path = put_file(d.path, "config", "a: [1");
    REFUSED(path, NULL, RK_E_SYNTAX, path);
    path = put_file(d.path, "config", "- 1");
    REFUSED(path, NULL, RK_E_INVAL, path, "not a mapping");
    path = put_file(d.path, "config", "a: b\n---\nc: d\n");
    REFUSED(path, NULL, RK_E_INVAL, path, "more than one document");
    path = put_file(d.path, "config", "");
    REFUSED(path, NULL, RK_E_INVAL, path, "current-context");
    path = put_file(d.path, "config", "current-context: c\ncontexts: [{name: c, context: 5}]");
    REFUSED(path, NULL, RK_E_INVAL, path, "contexts[c].context", "want a mapping");
    char *big = rk_alloc(RK__CREDS_FILE_MAX + 2);
    memset(big, ' ', RK__CREDS_FILE_MAX + 1);
    path = put_file(d.path, "config", big);
    REFUSED(path, NULL, RK_E_LIMIT, path, "1 MiB");
    rk_free(big);
    close_dir(&d);
}

static void the_places_are_looked_through_in_order(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    REFUSED(NULL, NULL, RK_E_NOENT, d.path, ".kube/config");
    assert_int_equal(mkdir(in_dir(d.path, ".kube"), 0700), 0);
    put_config(&d, ".kube/config", "server: 'https://home'", "token: t");
    struct rk_creds *c = load(NULL, NULL);
    assert_string_equal(c->server, "https://home");
    rk_creds_free(c);
    assert_int_equal(setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1), 0);
    REFUSED(NULL, NULL, RK_E_NOENT, "service account", "token");
    put_config(&d, "env", "server: 'https://env'", "token: t");
    assert_int_equal(setenv("KUBECONFIG", in_dir(d.path, "env"), 1), 0);
    c = load(NULL, NULL);
    assert_string_equal(c->server, "https://env");
    rk_creds_free(c);
    assert_int_equal(setenv("KUBECONFIG", in_dir(d.path, "gone"), 1), 0);
    REFUSED(NULL, NULL, RK_E_NOENT, "KUBECONFIG", "gone");
    close_dir(&d);
}

static void several_files_are_merged_and_the_first_wins_per_name(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    assert_int_equal(mkdir(in_dir(d.path, "sub"), 0700), 0);
    put_file(
        d.path, "one",
        "contexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://one'}}]\n");
    put_file(
        d.path, "sub/two",
        "current-context: c\ncontexts: [{name: c, context: {cluster: other}}]\n"
        "clusters: [{name: k, cluster: {server: 'https://two'}}]\nusers: [{name: u, user: {tokenFile: token}}]\n");
    put_file(d.path, "sub/token", "beside two");
    char list[512];
    (void)snprintf(list, sizeof list, "%s/one::%s/gone:%s/sub/two", d.path, d.path, d.path);
    assert_int_equal(setenv("KUBECONFIG", list, 1), 0);
    REFUSED(NULL, NULL, RK_E_INVAL, "sub/two", "users[u].user.tokenFile",
            "header"); /* "beside two" has a blank */
    put_file(d.path, "sub/token", "beside-two");
    struct rk_creds *c = load(NULL, NULL);
    assert_string_equal(c->server, "https://one");
    assert_string_equal(c->token, "beside-two");
    rk_creds_free(c);
    close_dir(&d);
}

static void in_a_cluster_the_service_account_speaks(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    struct rk_creds *c = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk__creds_in_cluster(d.path, &c, &err), RK_E_NOENT);
    assert_int_equal(setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1), 0);
    assert_int_equal(setenv("KUBERNETES_SERVICE_PORT", "6443", 1), 0);
    put_file(d.path, "token", "tok");
    put_file(d.path, "ca.crt", first.cert);
    assert_int_equal(rk__creds_in_cluster(d.path, &c, &err), 0);
    assert_string_equal(c->server, "https://[fd00::1]:6443");
    assert_null(c->ns);
    rk_creds_free(c);
    put_file(d.path, "namespace", "ns\n");
    assert_int_equal(rk__creds_in_cluster(d.path, &c, &err), 0);
    assert_string_equal(c->ns, "ns");
    assert_string_equal(c->token, "tok");
    assert_string_equal(c->ca_pem, first.cert);
    rk_creds_free(c);
    assert_int_equal(unsetenv("KUBERNETES_SERVICE_PORT"), 0);
    close_dir(&d);
}

/* --- Staying fresh ------------------------------------------------------ */

static struct rk_creds *load_files(struct dir *d)
{
    put_file(d->path, "ca", first.cert);
    put_file(d->path, "cert", first.cert);
    put_file(d->path, "key", first.key);
    put_file(d->path, "token", "one");
    return load(put_config(d, "config", SERVER ", certificate-authority: ca",
                           "client-certificate: cert, client-key: key, tokenFile: token"),
                NULL);
}

static void a_token_is_read_again_after_a_minute_and_an_empty_one_changes_nothing(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    struct rk_creds *c = load_files(&d);
    int64_t now = rk_clock_ms();
    uint64_t g = c->token_generation;
    put_file(d.path, "token", "two");
    rk_creds_refresh(c, now + 58000);
    assert_string_equal(c->token, "one");
    rk_creds_refresh(c, now + 61000);
    assert_string_equal(c->token, "two");
    assert_int_equal(c->token_generation, g + 1);
    put_file(d.path, "token", "");
    rk_creds_refresh(c, now + 130000);
    assert_string_equal(c->token, "two");
    assert_non_null(strstr(c->token_problem, "empty token"));
    assert_int_equal(unlink(in_dir(d.path, "token")), 0);
    rk_creds_refresh(c, now + 200000);
    assert_string_equal(c->token, "two");
    put_file(d.path, "token", "three");
    rk_creds_refresh(c, now + 270000);
    assert_string_equal(c->token, "three");
    assert_null(c->token_problem);
    assert_int_equal(c->generation, 0); /* a token is no reason to drop connections */
    rk_creds_free(c);
    close_dir(&d);
}

static void certificates_are_read_again_after_five_minutes_and_raise_the_generation(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    struct rk_creds *c = load_files(&d);
    uint64_t g = c->generation;
    int64_t now = rk_clock_ms();
    put_file(d.path, "ca", second.cert);
    rk_creds_refresh(c, now + 290000);
    assert_string_equal(c->ca_pem, first.cert);
    rk_creds_refresh(c, now + 310000);
    assert_string_equal(c->ca_pem, second.cert);
    assert_int_equal(c->ca_len, strlen(second.cert));
    assert_int_equal(c->generation, g + 1);
    put_file(d.path, "cert", second.cert);
    put_file(d.path, "key", second.key);
    rk_creds_refresh(c, now + 620000);
    assert_string_equal(c->cert_pem, second.cert);
    assert_string_equal(c->key_pem, second.key);
    assert_int_equal(c->generation, g + 2);
    rk_creds_refresh(c, now + 930000);
    assert_int_equal(c->generation, g + 2);
    rk_creds_free(c);
    close_dir(&d);
}

static void half_written_certificates_change_nothing(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    struct rk_creds *c = load_files(&d);
    uint64_t g = c->generation;
    int64_t now = rk_clock_ms();
    char bundle[8192];
    (void)snprintf(bundle, sizeof bundle, "%s%.*s", second.cert, (int)strlen(first.cert) / 2,
                   first.cert);
    const char *const broken[] = {"", "-----BEGIN CERTIFICATE-----\n", bundle};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        put_file(d.path, "ca", broken[i]);
        now += 310000;
        rk_creds_refresh(c, now);
        assert_string_equal(c->ca_pem, first.cert);
        assert_non_null(c->tls_problem);
    }
    put_file(d.path, "ca", first.cert);
    put_file(d.path, "cert", second.cert); /* the key comes a moment later */
    now += 310000;
    rk_creds_refresh(c, now);
    assert_string_equal(c->cert_pem, first.cert);
    assert_string_equal(c->key_pem, first.key);
    assert_non_null(strstr(c->tls_problem, "belong together"));
    assert_int_equal(c->generation, g);
    put_file(d.path, "key", second.key);
    now += 310000;
    rk_creds_refresh(c, now);
    assert_string_equal(c->cert_pem, second.cert);
    assert_null(c->tls_problem);
    assert_int_equal(c->generation, g + 1);
    rk_creds_free(c);
    close_dir(&d);
}

static void a_rejected_token_is_looked_at_once_unless_it_was_read_since(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    struct rk_creds *c = load_files(&d);
    int64_t start = rk_clock_ms() + 5;
    assert_false(rk_creds_rejected(c, start));
    put_file(d.path, "token", "two");
    assert_false(rk_creds_rejected(c, c->token_read_ms - 1)); /* read since: nothing new to find */
    assert_string_equal(c->token, "one");
    assert_true(rk_creds_rejected(c, start + 1000));
    assert_string_equal(c->token, "two");
    rk_creds_free(c);
    c = load(put_config(&d, "config", SERVER, "token: fixed"), NULL);
    assert_false(rk_creds_rejected(c, start));
    rk_creds_free(c);
    rk_creds_free(NULL);
    close_dir(&d);
}

static void distrust_is_reason_enough_to_look_at_the_certificates(void **state)
{
    (void)state;
    struct dir d;
    open_dir(&d);
    struct rk_creds *c = load_files(&d);
    int64_t later = rk_clock_ms() + 1000;
    assert_false(rk_creds_distrusted(c, later)); /* nothing new */
    put_file(d.path, "ca", second.cert);
    assert_false(rk_creds_distrusted(c, c->tls_read_ms - 1)); /* read since */
    assert_true(rk_creds_distrusted(c, later));
    assert_string_equal(c->ca_pem, second.cert);
    assert_int_equal(c->generation, 1);
    put_file(d.path, "ca", "half");
    assert_false(rk_creds_distrusted(c, later));
    assert_string_equal(c->ca_pem, second.cert);
    put_file(d.path, "cert", second.cert);
    put_file(d.path, "key", second.key);
    put_file(d.path, "ca", second.cert);
    assert_true(rk_creds_rejected(c, later)); /* a 401 may mean the certificate */
    assert_string_equal(c->cert_pem, second.cert);
    rk_creds_free(c);
    c = load(put_config(&d, "config", SERVER, "token: fixed"), NULL);
    assert_false(rk_creds_distrusted(c, later));
    rk_creds_free(c);
    close_dir(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_inline_is_taken),
        cmocka_unit_test(relative_paths_stand_beside_their_kubeconfig),
        cmocka_unit_test(a_user_is_not_needed_and_a_context_may_be_chosen),
        cmocka_unit_test(every_error_names_file_and_field),
        cmocka_unit_test(secrets_are_not_in_error_texts),
        cmocka_unit_test(files_that_are_no_kubeconfig_are_refused_with_their_name),
        cmocka_unit_test(the_places_are_looked_through_in_order),
        cmocka_unit_test(several_files_are_merged_and_the_first_wins_per_name),
        cmocka_unit_test(in_a_cluster_the_service_account_speaks),
        cmocka_unit_test(a_token_is_read_again_after_a_minute_and_an_empty_one_changes_nothing),
        cmocka_unit_test(certificates_are_read_again_after_five_minutes_and_raise_the_generation),
        cmocka_unit_test(half_written_certificates_change_nothing),
        cmocka_unit_test(a_rejected_token_is_looked_at_once_unless_it_was_read_since),
        cmocka_unit_test(distrust_is_reason_enough_to_look_at_the_certificates),
    };
    return cmocka_run_group_tests(tests, make_pairs, NULL);
}
