/* Credentials that stay fresh: files are looked at again, and what is empty, unreadable or
 * half-written changes nothing (client.md 12, 13). */
#include "core/kube/creds_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define TOKEN_EVERY_MS 60000
#define TLS_EVERY_MS   300000

/* --- Files -------------------------------------------------------------- */

void rk__creds_drop(char **secret)
{
    if (*secret)
        rk_wipe(*secret, strlen(*secret));
    rk_free(*secret);
    *secret = NULL;
}

static int read_all(int fd, char *text, size_t *ret_n)
{
    size_t n = 0;
    while (n <= RK__CREDS_FILE_MAX) {
        ssize_t got = read(fd, text + n, RK__CREDS_FILE_MAX + 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return RK_E_IO;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *ret_n = n;
    return n > RK__CREDS_FILE_MAX ? RK_E_LIMIT : 0;
}

int rk__creds_read(const char *file, char **ret, size_t *ret_n, struct rk_err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return rk_err_errno(err, errno, "%s", file);
    char *text = rk_alloc(RK__CREDS_FILE_MAX + 2);
    size_t n = 0;
    int rc = read_all(fd, text, &n), saved = errno;
    (void)close(fd); /* it was only read */
    if (rc == RK_E_IO)
        (void)rk_err_errno(err, saved, "%s", file); /* rc says the same */
    else if (rc == RK_E_LIMIT)
        (void)rk_err_set(err, rc, "%s: larger than 1 MiB", file); /* likewise */
    if (rc == 0) {
        *ret = rk_strndup(text, n);
        *ret_n = strlen(*ret); /* a NUL in it ends it: no PEM and no token has one */
    }
    rk_wipe(text, n <= RK__CREDS_FILE_MAX ? n : RK__CREDS_FILE_MAX + 1);
    rk_free(text);
    return rc;
}

int rk__creds_token(char *text, struct rk_err *err)
{
    struct rk_span s = rk_span_trim(rk_span_of(text));
    if (s.n == 0)
        return rk_err_set(err, RK_E_INVAL, "empty token");
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f)
            return rk_err_set(err, RK_E_INVAL, "the token has characters that no header may hold");
    size_t n = s.n;
    memmove(text, s.p, n);
    text[n] = '\0';
    return 0;
}

/* --- Certificates ------------------------------------------------------- */

/* Never ask for a passphrase at a terminal. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

static BIO *bio_of(const char *pem, size_t n)
{
    return n > 0 && n <= RK__CREDS_FILE_MAX ? BIO_new_mem_buf(pem, (int)n) : NULL;
}

int rk__creds_check_ca(const char *pem, size_t n, struct rk_err *err)
{
    BIO *in = bio_of(pem, n);
    if (!in)
        return rk_err_set(err, RK_E_INVAL, "empty");
    size_t count = 0;
    for (X509 *x; (x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL; count++)
        X509_free(x);
    BIO_free_all(in);
    /* The list ends well only where no further block begins. */
    bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (count == 0)
        return rk_err_set(err, RK_E_INVAL, "no PEM certificate");
    if (!whole)
        return rk_err_set(err, RK_E_INVAL, "certificate %zu is cut off or damaged", count + 1);
    return 0;
}

int rk__creds_check_pair(const char *cert, size_t cert_n, const char *key, size_t key_n,
                         struct rk_err *err)
{
    BIO *cert_in = bio_of(cert, cert_n), *key_in = bio_of(key, key_n);
    X509 *x = cert_in ? PEM_read_bio_X509(cert_in, NULL, no_passphrase, NULL) : NULL;
    EVP_PKEY *k = key_in ? PEM_read_bio_PrivateKey(key_in, NULL, no_passphrase, NULL) : NULL;
    const char *why = !x   ? "no PEM certificate"
                      : !k ? "no PEM key without passphrase"
                      : X509_check_private_key(x, k) != 1
                          ? "certificate and key do not belong together"
                          : NULL;
    X509_free(x);
    EVP_PKEY_free(k);
    BIO_free_all(cert_in);
    BIO_free_all(key_in);
    ERR_clear_error();
    return why ? rk_err_set(err, RK_E_INVAL, "%s", why) : 0;
}

/* --- Looking again ------------------------------------------------------ */

bool rk__creds_adopt(char **slot, size_t *slot_n, char **fresh)
{
    bool differs = !rk_str_eq(*slot, *fresh);
    if (differs) {
        rk__creds_drop(slot);
        *slot = *fresh;
        *fresh = NULL;
        if (slot_n)
            *slot_n = *slot ? strlen(*slot) : 0;
    }
    rk__creds_drop(fresh);
    return differs;
}

static int look_token(struct rk_creds *c, struct rk_err *err)
{
    char *fresh = NULL;
    size_t n;
    if (!c->token_file)
        return 0;
    int rc = rk__creds_read(c->token_file, &fresh, &n, err);
    if (rc != 0)
        return rc;
    rc = rk__creds_token(fresh, err);
    if (rc != 0) {
        rk__creds_drop(&fresh);
        return rk_err_wrap(err, "%s", c->token_file);
    }
    c->token_generation += rk__creds_adopt(&c->token, NULL, &fresh);
    c->token_read_ms = rk_clock_ms();
    return 0;
}

static int look_ca(struct rk_creds *c, bool *ret_changed, struct rk_err *err)
{
    char *fresh = NULL;
    size_t n;
    if (!c->ca_file)
        return 0;
    int rc = rk__creds_read(c->ca_file, &fresh, &n, err);
    if (rc != 0)
        return rc;
    if (rk__creds_check_ca(fresh, n, err) != 0) {
        rk__creds_drop(&fresh);
        return rk_err_wrap(err, "%s", c->ca_file);
    }
    *ret_changed |= rk__creds_adopt(&c->ca_pem, &c->ca_len, &fresh);
    return 0;
}

/* Certificate and key change together or not at all: between the two renames of a rotation they do
 * not match. */
static int look_pair(struct rk_creds *c, bool *ret_changed, struct rk_err *err)
{
    if (!c->cert_file && !c->key_file)
        return 0;
    char *cert = NULL, *key = NULL;
    size_t n;
    int rc = c->cert_file ? rk__creds_read(c->cert_file, &cert, &n, err) : 0;
    if (rc == 0 && c->key_file)
        rc = rk__creds_read(c->key_file, &key, &n, err);
    const char *use_cert = cert ? cert : c->cert_pem, *use_key = key ? key : c->key_pem;
    if (rc == 0) {
        rc = rk__creds_check_pair(use_cert, strlen(use_cert), use_key, strlen(use_key), err);
        if (rc != 0)
            (void)rk_err_wrap(err, "%s",
                              c->cert_file ? c->cert_file : c->key_file); /* rc says so */
    }
    if (rc == 0 && cert)
        *ret_changed |= rk__creds_adopt(&c->cert_pem, &c->cert_len, &cert);
    if (rc == 0 && key)
        *ret_changed |= rk__creds_adopt(&c->key_pem, &c->key_len, &key);
    rk__creds_drop(&cert);
    rk__creds_drop(&key);
    return rc;
}

static int look_tls(struct rk_creds *c, struct rk_err *err)
{
    bool changed = false;
    struct rk_err pair_err = RK_ERR_INIT;
    int rc = look_ca(c, &changed, err);
    int pair_rc = look_pair(c, &changed, &pair_err);
    c->generation += changed;
    if (rc == 0 && pair_rc != 0)
        rc = rk_err_set(err, pair_rc, "%s", pair_err.text);
    return rc;
}

/* Say it once, until it is something else or over. */
static void complain(char **last, int rc, const struct rk_err *err, const char *what)
{
    if (rc == 0) {
        rk_free(*last);
        *last = NULL;
    } else if (!rk_str_eq(*last, err->text)) {
        rk_free(*last);
        *last = rk_strdup(err->text);
        rk_log_warn("credentials not refreshed, the old ones stay", RK_KV("what", what),
                    RK_KV("err", err->text));
    }
}

static void renew_tls(struct rk_creds *c)
{
    struct rk_err err = RK_ERR_INIT;
    int rc = look_tls(c, &err);
    if (rc == 0)
        c->tls_read_ms = rk_clock_ms();
    complain(&c->tls_problem, rc, &err, "certificates");
}

void rk_creds_refresh(struct rk_creds *c, int64_t now_ms)
{
    struct rk_err err = RK_ERR_INIT;
    if (c->token_file && now_ms >= c->token_due_ms) {
        c->token_due_ms = now_ms + TOKEN_EVERY_MS;
        complain(&c->token_problem, look_token(c, &err), &err, "token");
    }
    if ((c->ca_file || c->cert_file || c->key_file) && now_ms >= c->tls_due_ms) {
        c->tls_due_ms = now_ms + TLS_EVERY_MS;
        renew_tls(c);
    }
}

bool rk_creds_distrusted(struct rk_creds *c, int64_t request_start_ms)
{
    if (c->exec && c->cert_pem)
        rk__exec_refused(c->exec, request_start_ms);
    if ((!c->ca_file && !c->cert_file && !c->key_file) || c->tls_read_ms > request_start_ms)
        return false;
    uint64_t before = c->generation;
    renew_tls(c);
    return c->generation != before;
}

bool rk_creds_rejected(struct rk_creds *c, int64_t request_start_ms)
{
    uint64_t before = c->token_generation;
    struct rk_err err = RK_ERR_INIT;
    if (c->exec)
        rk__exec_refused(c->exec, request_start_ms);
    if (c->token_file && c->token_read_ms <= request_start_ms)
        complain(&c->token_problem, look_token(c, &err), &err, "token");
    bool renewed = c->cert_file && rk_creds_distrusted(c, request_start_ms);
    return renewed || c->token_generation != before;
}

int rk__creds_first(struct rk_creds *c, const char *file, const struct rk__creds_fields *f,
                    struct rk_err *err)
{
    bool changed = false;
    int rc = look_token(c, err);
    if (rc != 0 && !c->token)
        return rk_err_wrap(err, "%s: %s", file, f->token);
    complain(&c->token_problem, rc, err, "token");
    if (look_ca(c, &changed, err) != 0)
        return rk_err_wrap(err, "%s: %s", file, f->ca);
    if (look_pair(c, &changed, err) != 0)
        return rk_err_wrap(err, "%s: %s", file, c->cert_file ? f->cert : f->key);
    int64_t now = rk_clock_ms();
    c->tls_read_ms = now;
    c->token_due_ms = now + TOKEN_EVERY_MS;
    c->tls_due_ms = now + TLS_EVERY_MS;
    return 0;
}

void rk_creds_free(struct rk_creds *c)
{
    if (!c)
        return;
    rk__exec_free(c->exec);
    rk__creds_drop(&c->token);
    rk__creds_drop(&c->key_pem);
    rk_free(c->ca_pem);
    rk_free(c->cert_pem);
    rk_free(c->server);
    rk_free(c->tls_server_name);
    rk__creds_drop(&c->proxy_url); /* may hold a password */
    rk_free(c->ns);
    rk_free(c->ca_file);
    rk_free(c->cert_file);
    rk_free(c->key_file);
    rk_free(c->token_file);
    rk_free(c->token_problem);
    rk_free(c->tls_problem);
    rk_free(c);
}
