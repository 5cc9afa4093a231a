/* What exec printed: the credential on its output, the last line of its complaints. */
#include "core/kube/creds_exec.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/yaml.h"

/* --- The credential ----------------------------------------------------- */

static int text_of(const cJSON *status, const char *field, const char **ret, struct rk_err *err)
{
    const cJSON *v = rk_json_get(status, field);
    *ret = NULL;
    if (!v || rk_json_is_null(v))
        return 0;
    if (!rk_json_is_string(v))
        return rk_err_set(err, RK_E_INVAL, "status.%s: want a string, have %s", field,
                          rk_json_type_name(v));
    const char *s = rk_json_str(v, "");
    *ret = s[0] ? s : NULL;
    return 0;
}

static int check_kind(const cJSON *root, const char *api_version, struct rk_err *err)
{
    const char *kind = rk_json_str(rk_json_get(root, "kind"), "");
    const char *api = rk_json_str(rk_json_get(root, "apiVersion"), "");
    if (!rk_json_is_object(root) || strcmp(kind, "ExecCredential") != 0)
        return rk_err_set(err, RK_E_INVAL, "its output is no ExecCredential");
    if (strcmp(api, api_version) == 0)
        return 0;
    bool known = rk_str_starts(api, "client.authentication.k8s.io/") && strlen(api) < 40;
    return rk_err_set(err, RK_E_INVAL, "its output has apiVersion %s, want %s",
                      known ? api : "of something else", api_version);
}

static int take_status(const cJSON *status, struct rk__exec_cred *k, struct rk_err *err)
{
    const char *token, *cert, *key, *until;
    int rc = text_of(status, "token", &token, err);
    rc = rc ? rc : text_of(status, "clientCertificateData", &cert, err);
    rc = rc ? rc : text_of(status, "clientKeyData", &key, err);
    rc = rc ? rc : text_of(status, "expirationTimestamp", &until, err);
    if (rc != 0)
        return rc;
    if (!cert != !key)
        return rk_err_set(err, RK_E_INVAL, "status: %s comes without %s",
                          cert ? "clientCertificateData" : "clientKeyData",
                          cert ? "clientKeyData" : "clientCertificateData");
    if (!token && !cert)
        return rk_err_set(err, RK_E_INVAL,
                          "status: neither token nor clientCertificateData and clientKeyData");
    k->expires = until != NULL;
    if (until && rk_time_parse(until, &k->expires_us) != 0)
        return rk_err_set(err, RK_E_INVAL, "status.expirationTimestamp: not a time");
    k->token = rk_strdup(token);
    k->cert = rk_strdup(cert);
    k->key = rk_strdup(key);
    if (k->token && rk__creds_token(k->token, err) != 0)
        return rk_err_wrap(err, "status.token");
    if (k->cert && rk__creds_check_pair(k->cert, strlen(k->cert), k->key, strlen(k->key), err) != 0)
        return rk_err_wrap(err, "status.clientCertificateData");
    return 0;
}

int rk__exec_read(const char *api_version, const char *text, size_t n, struct rk__exec_cred *ret,
                  struct rk_err *err)
{
    if (rk_span_trim((struct rk_span){text, n}).n == 0)
        return rk_err_set(err, RK_E_INVAL, "it printed nothing");
    struct rk_arena a;
    struct rk_yaml_doc *docs = NULL;
    struct rk_err quotes = RK_ERR_INIT; /* a parser may quote what it stumbled over */
    struct rk__exec_cred k = {.token = NULL};
    size_t n_docs = 0;
    rk_arena_init(&a, 0);
    int rc = 0;
    if (rk_yaml_parse(&a, "output", text, n, &docs, &n_docs, &quotes) != 0)
        rc = rk_err_set(err, RK_E_SYNTAX, "its output is not JSON");
    else if (n_docs != 1)
        rc = rk_err_set(err, RK_E_INVAL, "its output is no ExecCredential");
    else
        rc = check_kind(docs[0].root, api_version, err);
    if (rc == 0) {
        const cJSON *status = rk_json_get(docs[0].root, "status");
        rc = rk_json_is_object(status) ? take_status(status, &k, err)
                                       : rk_err_set(err, RK_E_INVAL, "its output has no status");
    }
    rk_wipe(&quotes, sizeof quotes);
    rk_arena_wipe(&a);
    rk_arena_done(&a);
    if (rc == 0)
        *ret = k;
    else
        rk__exec_cred_drop(&k);
    return rc;
}

void rk__exec_cred_drop(struct rk__exec_cred *k)
{
    rk__creds_drop(&k->token);
    rk__creds_drop(&k->cert);
    rk__creds_drop(&k->key);
}

/* --- The last line ------------------------------------------------------ */

static bool is_break(char c)
{
    return (unsigned char)c <= 0x20 || strchr("\"'`,;:=&?()<>[]{}|", c) != NULL;
}

/* Long words of letters and digits are what keys and tokens look like; a path may fall with them. */
static bool looks_secret(struct rk_span w, const char *secret)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < w.n; i++) {
        digit |= w.p[i] >= '0' && w.p[i] <= '9';
        letter |= (w.p[i] | 0x20) >= 'a' && (w.p[i] | 0x20) <= 'z';
    }
    if (w.n >= 16 && digit && letter)
        return true;
    return secret && secret[0] && memmem(w.p, w.n, secret, strlen(secret)) != NULL;
}

static bool ends_with(struct rk_span w, const char *word)
{
    size_t n = strlen(word);
    if (w.n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((w.p[w.n - n + i] | 0x20) != word[i])
            return false;
    return true;
}

/* Does a secret follow this word? `gap` is what stands between it and the next; an option needs only a blank. */
static bool announces(struct rk_span w, struct rk_span gap)
{
    static const char *const names[] = {"token", "password",  "passwd",        "secret",
                                        "key",   "assertion", "authorization", "credential"};
    if (w.n == 0)
        return false;
    if (ends_with(w, "bearer") || ends_with(w, "basic"))
        return true;
    if (!gap.n || (w.p[0] != '-' && !memchr(gap.p, ':', gap.n) && !memchr(gap.p, '=', gap.n)))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ends_with(w, names[i]))
            return true;
    return false;
}

static void put(char *ret, size_t size, size_t *at, struct rk_span s)
{
    for (size_t i = 0; i < s.n && *at + 1 < size; i++) {
        unsigned char c = (unsigned char)s.p[i];
        ret[(*at)++] = c < 0x20 || c == 0x7f ? ' ' : s.p[i];
    }
    ret[*at] = '\0';
}

static struct rk_span last_line(const char *text, size_t n)
{
    struct rk_span rest = {text, n}, one, found = {text, 0};
    while (rk_span_next(&rest, '\n', &one)) {
        one = rk_span_trim(one);
        found = one.n ? one : found;
    }
    return found;
}

void rk__exec_last_line(const char *text, size_t n, const char *secret, char *ret, size_t size)
{
    struct rk_span line = last_line(text, n), word = {line.p, 0};
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < line.n;) {
        size_t start = i;
        while (i < line.n && is_break(line.p[i]))
            i++;
        struct rk_span gap = {line.p + start, i - start};
        put(ret, size, &at, gap);
        start = i;
        while (i < line.n && !is_break(line.p[i]))
            i++;
        struct rk_span next = {line.p + start, i - start};
        if (next.n && announces(word, gap)) {
            /* where a secret ends is its own matter (blanks and commas may be in it): no more of this line */
            put(ret, size, &at, rk_span_of("***"));
            return;
        }
        put(ret, size, &at, next.n && looks_secret(next, secret) ? rk_span_of("***") : next);
        word = next;
    }
}
