/* Which way leads to the server: its proxy, the name it is verified by, and where that name really is
 * (client.md 15).
 *
 * libcurl decides for the environment's proxies by the host in the URL. Behind a tls-server-name that
 * is an alias, so NO_PROXY is then read here, for the real host, by libcurl's rules (7.86 and later).
 * And as in the reference client the environment's proxies are not for this machine itself. */
#include "core/kube/client_room.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"

/* --- NO_PROXY ----------------------------------------------------------- */

struct address {
    int family; /* 0 = a name */
    uint8_t bytes[16];
};

/* `text` without brackets, zone or port. */
static struct address address_of(struct rk_span text)
{
    struct address a = {0};
    char copy[INET6_ADDRSTRLEN];
    if (rk_str_copyn(copy, sizeof copy, text.p, text.n) != 0)
        return a;
    if (inet_pton(AF_INET, copy, a.bytes) == 1)
        a.family = AF_INET;
    else if (inet_pton(AF_INET6, copy, a.bytes) == 1)
        a.family = AF_INET6;
    return a;
}

static struct rk_span unbracketed(struct rk_span s)
{
    if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        return (struct rk_span){s.p + 1, s.n - 2};
    return s;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int64_t bits)
{
    size_t whole = (size_t)bits / 8, rest = (size_t)bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] & mask) == (b[whole] & mask));
}

/* An address, or a network: 10.0.0.0/8, fd00::/8. */
static bool address_matches(const struct address *host, struct rk_span entry)
{
    int64_t most = host->family == AF_INET ? 32 : 128, bits = most;
    const char *slash = memchr(entry.p, '/', entry.n);
    struct rk_span net = {entry.p, slash ? (size_t)(slash - entry.p) : entry.n};
    if (slash && rk_str_int((struct rk_span){slash + 1, entry.n - net.n - 1}, 0, most, &bits) != 0)
        return false;
    struct address a = address_of(unbracketed(net));
    return a.family == host->family && same_bits(a.bytes, host->bytes, bits);
}

/* The name itself, or a name below it. */
static bool name_matches(struct rk_span host, struct rk_span entry)
{
    if (entry.n && entry.p[0] == '.')
        entry = (struct rk_span){entry.p + 1, entry.n - 1};
    if (entry.n && entry.p[entry.n - 1] == '.')
        entry.n--;
    if (entry.n == 0 || entry.n > host.n)
        return false;
    const char *tail = host.p + host.n - entry.n;
    return strncasecmp(tail, entry.p, entry.n) == 0 && (tail == host.p || tail[-1] == '.');
}

static bool in_list(const char *list, struct rk_span host)
{
    struct address a = address_of(host);
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    for (const char *at = list; *at;) {
        size_t n = strcspn(at, ", \t");
        struct rk_span entry = {at, n};
        if (rk_span_is(entry, "*") && n == strlen(list))
            return true;
        if (n && (a.family ? address_matches(&a, entry) : name_matches(host, entry)))
            return true;
        at += n + (at[n] != '\0');
    }
    return false;
}

static bool is_this_machine(struct rk_span host)
{
    static const uint8_t v6[16] = {[15] = 1};
    struct address a = address_of(host);
    if (a.family == AF_INET)
        return a.bytes[0] == 127;
    if (a.family == AF_INET6)
        return memcmp(a.bytes, v6, sizeof v6) == 0;
    return host.n == 9 && strncasecmp(host.p, "localhost", 9) == 0;
}

/* For the environment's proxies: "*" = none, "" = all, NULL = as libcurl says. */
static const char *exceptions(const struct rk_client *c, struct rk_span host)
{
    if (is_this_machine(host))
        return "*";
    if (!c->creds->tls_server_name)
        return NULL;
    const char *list = getenv("no_proxy");
    list = list && list[0] ? list : getenv("NO_PROXY");
    return list && in_list(list, host) ? "*" : "";
}

/* --- cluster.proxy-url -------------------------------------------------- */

/* Two things mean something else to the reference client than to libcurl: socks5 (names are the
 * proxy's to look up), and http without a port (80, not 1080). */
static char *proxy_of(const char *url)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *port = NULL, *whole = NULL, *ret = NULL;
    bool ok = u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
    if (ok && strcasecmp(scheme, "socks5") == 0)
        ok = curl_url_set(u, CURLUPART_SCHEME, "socks5h", CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    if (ok && strcasecmp(scheme, "http") == 0 &&
        curl_url_get(u, CURLUPART_PORT, &port, 0) == CURLUE_NO_PORT)
        ok = curl_url_set(u, CURLUPART_PORT, "80", 0) == CURLUE_OK;
    if (ok && curl_url_get(u, CURLUPART_URL, &whole, 0) == CURLUE_OK) {
        ret = rk_strdup(whole);
        rk_wipe(whole, strlen(whole)); /* may hold a password */
    }
    curl_free(scheme);
    curl_free(port);
    curl_free(whole);
    curl_url_cleanup(u);
    return ret;
}

/* --- The server --------------------------------------------------------- */

/* The name to verify goes into the URL, CONNECT_TO says where it is. It holds for the tunnel through
 * a proxy too. */
static int alias_host(struct rk_client *c, CURLU *u, const char *host)
{
    char *port = NULL, *url = NULL;
    struct rk_buf to, alias;
    rk_buf_init(&to, RK_URL_MAX);
    rk_buf_init(&alias, RK_URL_MAX);
    const char *name = c->creds->tls_server_name;
    bool v6 = strchr(name, ':') && name[0] != '[';
    bool ok = rk_buf_addf(&alias, "%s%s%s", v6 ? "[" : "", name, v6 ? "]" : "") == 0 &&
              curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
              curl_url_set(u, CURLUPART_HOST, rk_buf_text(&alias), 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK &&
              rk_buf_addf(&to, "%s:%s:%s:%s", rk_buf_text(&alias), port, host, port) == 0;
    if (ok) {
        c->base_url = rk_strdup(url);
        c->connect_to = curl_slist_append(NULL, rk_buf_text(&to));
        ok = c->connect_to != NULL;
    }
    rk_buf_done(&to);
    rk_buf_done(&alias);
    curl_free(port);
    curl_free(url);
    return ok ? 0 : RK_E_INVAL;
}

static int set_server(struct rk_client *c, CURLU *u, struct rk_err *err)
{
    char *host = NULL;
    if (curl_url_set(u, CURLUPART_URL, c->creds->server, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return rk_err_set(err, RK_E_INVAL, "server %s: not a URL", c->creds->server);
    int rc = 0;
    c->noproxy = c->proxy ? "" : exceptions(c, unbracketed(rk_span_of(host)));
    if (!c->creds->tls_server_name)
        c->base_url = rk_strdup(c->creds->server);
    else if (alias_host(c, u, host) != 0)
        rc = rk_err_set(err, RK_E_INVAL, "tls-server-name %s: not a host name",
                        c->creds->tls_server_name);
    curl_free(host);
    return rc;
}

int rk__proxy_setup(struct rk_client *c, struct rk_err *err)
{
    if (c->creds->proxy_url) {
        c->proxy = proxy_of(c->creds->proxy_url);
        if (!c->proxy)
            return rk_err_set(err, RK_E_INVAL, "proxy-url: not a URL");
    }
    CURLU *u = curl_url();
    if (!u)
        return rk_err_set(err, RK_E_FAIL, "curl_url failed");
    int rc = set_server(c, u, err);
    curl_url_cleanup(u);
    if (rc)
        return rc;
    size_t n = strlen(c->base_url);
    while (n && c->base_url[n - 1] == '/')
        c->base_url[--n] = '\0';
    return 0;
}
