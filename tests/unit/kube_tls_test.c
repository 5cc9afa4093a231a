/* The way to the server: TLS and whom it trusts, names, proxies and their exceptions, certificates
 * that change. A TLS front and proxies in the test's own event loop say who came and what for.
 * Includes client_proxy.c for its reading of NO_PROXY. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/json/json.h"
#include "core/kube/client.h"
#include "core/kube/client_proxy.c"
#include "core/kube/client_room.h"

#include "tests/lib/fakehttp.c"
#include "tests/lib/pems.c"
#include "tests/lib/fakefront.c"
#include "tests/unit/kube_kit.h"

struct world {
    struct rk_poll *poll;
    struct fake server;
    struct front tls, proxy, outer; /* port 0 = not there */
    struct rk_creds *creds;
    struct rk_client *client;
    char dir[64];
};

struct seen {
    int done;
    struct rk_resp resp;
    size_t bytes;
};

static struct pem_pair ca, other_ca, api, api_by_other, loopback, loopback_by_other, me, me_later;

static int make_pairs(void **state)
{
    (void)state;
    pem_make(&ca, "ca", NULL, NULL);
    pem_make(&other_ca, "other ca", NULL, NULL);
    pem_make(&api, "api", &ca, "DNS:api.example,IP:192.0.2.7,IP:fd00::7");
    pem_make(&api_by_other, "api", &other_ca, "DNS:api.example");
    pem_make(&loopback, "loopback", &ca, "IP:127.0.0.1,IP:::1");
    pem_make(&loopback_by_other, "loopback", &other_ca, "IP:127.0.0.1");
    pem_make(&me, "me", &ca, NULL);
    pem_make(&me_later, "me later", &ca, NULL);
    return 0;
}

static void open_world(struct world *w)
{
    memset(w, 0, sizeof *w);
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(unsetenv(names[i]), 0);
    w->poll = rk_poll_new(NULL);
    assert_non_null(w->poll);
    fake_open(&w->server, w->poll);
    make_dir(w->dir, "tls");
    put_file(w->dir, "ca", ca.cert);
    put_file(w->dir, "cert", me.cert);
    put_file(w->dir, "key", me.key);
}

static void add_tls(struct world *w, const struct pem_pair *server)
{
    assert_int_equal(front_open(&w->tls, w->poll, FRONT_TLS, w->server.port, false), 0);
    front_certify(&w->tls, server, &ca);
}

static void close_client(struct world *w)
{
    rk_client_free(w->client);
    rk_creds_free(w->creds);
    w->client = NULL;
    w->creds = NULL;
}

static void close_world(struct world *w)
{
    close_client(w);
    struct front *const fronts[] = {&w->tls, &w->proxy, &w->outer};
    for (size_t i = 0; i < 3; i++)
        if (fronts[i]->port)
            front_shut(fronts[i]);
    fake_shut(&w->server);
    rk_poll_free(w->poll);
    remove_dir(w->dir);
}

/* A client for this cluster and user; the errors of the load or of the client end the test. */
static void open_client_as(struct world *w, const struct rk_client_conf *conf, const char *user,
                           const char *cluster)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_client_conf k = conf ? *conf : (struct rk_client_conf){0};
    if (rk_creds_load(put_kubeconfig(w->dir, cluster, user), NULL, &w->creds, &err) != 0)
        fail_msg("%s", err.text);
    w->client = rk_client_new(w->poll, w->creds, &k, &err);
    if (!w->client)
        fail_msg("%s", err.text);
}

static void open_client(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void open_client(struct world *w, const char *fmt, ...)
{
    char cluster[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(cluster, sizeof cluster, fmt, ap);
    va_end(ap);
    open_client_as(w, NULL, "token: tok", cluster);
}

/* At the TLS front, believed by our authority. */
static void open_loopback(struct world *w)
{
    open_client(w, "server: 'https://127.0.0.1:%d', certificate-authority: ca", w->tls.port);
}

static void open_loopback_as(struct world *w, const struct rk_client_conf *conf, const char *user)
{
    char cluster[128];
    (void)snprintf(cluster, sizeof cluster,
                   "server: 'https://127.0.0.1:%d', certificate-authority: ca", w->tls.port);
    open_client_as(w, conf, user, cluster);
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct seen *s = ctx;
    s->done++;
    s->resp = *resp;
}

/* A POST: nothing is tried again inside. */
static int post(struct world *w, struct seen *s)
{
    struct rk_req r = {.lane = RK_LANE_UNARY,
                       .method = "POST",
                       .path = "/x",
                       .body = rk_span_of("{}"),
                       .done = on_done,
                       .ctx = s};
    int before = s->done;
    assert_non_null(rk_client_send(w->client, &r));
    WAIT(w, s->done > before);
    return s->resp.code;
}

/* --- Trust and names ---------------------------------------------------- */

static void the_server_is_believed_by_the_clusters_authority_alone(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    add_tls(&w, &loopback);
    open_loopback(&w);
    assert_int_equal(post(&w, &s), 0);
    assert_string_equal(w.tls.conns[0].sni, ""); /* an address is no name */
    assert_string_equal(fake_header(&w.server, 0, "Authorization"), "Bearer tok");
    close_client(&w);
    front_certify(&w.tls, &loopback_by_other, NULL);
    open_loopback(&w);
    assert_int_equal(post(&w, &s), RK_E_IO);
    assert_true(s.resp.unsent);
    close_client(&w);
    open_client(&w, "server: 'https://127.0.0.1:%d'", w.tls.port); /* nor by the system's */
    assert_int_equal(post(&w, &s), RK_E_IO);
    close_client(&w);
    front_certify(&w.tls, &api, NULL); /* ours, but for another name */
    open_loopback(&w);
    assert_int_equal(post(&w, &s), RK_E_IO);
    assert_int_equal(w.server.n_requests, 1);
    close_client(&w);
    open_client(&w, "server: 'https://127.0.0.1:%d', insecure-skip-tls-verify: true", w.tls.port);
    assert_int_equal(post(&w, &s), 0);
    close_world(&w);
}

static void a_tls_server_name_is_asked_for_and_verified_at_the_servers_address(void **state)
{
    (void)state;
    static const struct {
        const char *name, *sni;
        int code;
    } cases[] = {
        {"api.example", "api.example", 0},
        {"192.0.2.7", "", 0},
        {"'fd00::7'", "", 0},
        {"other.example", "other.example", RK_E_IO},
        {"127.0.0.1", "", RK_E_IO},
    };
    struct world w;
    open_world(&w);
    add_tls(&w, &api);
    size_t good = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen s = {0};
        char host[64];
        open_client(
            &w, "server: 'https://127.0.0.1:%d/p', certificate-authority: ca, tls-server-name: %s",
            w.tls.port, cases[i].name);
        assert_int_equal(post(&w, &s), cases[i].code);
        assert_int_equal(s.resp.unsent, cases[i].code != 0);
        if (cases[i].code == 0) {
            bool v6 = cases[i].name[0] == '\'';
            (void)snprintf(host, sizeof host, "%s:%d", v6 ? "[fd00::7]" : cases[i].name,
                           w.tls.port);
            assert_true(fake_head_is(&w.server, good, "POST /p/x"));
            assert_string_equal(fake_header(&w.server, good, "Host"), host);
            assert_string_equal(w.tls.conns[i].sni, cases[i].sni);
            good++;
        }
        assert_int_equal(w.tls.n_conns, i + 1); /* they all came to that address */
        close_client(&w);
    }
    assert_int_equal(w.server.n_requests, good);
    close_world(&w);
}

static void a_tls_server_name_goes_with_an_ipv6_server(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    if (front_open(&w.tls, w.poll, FRONT_TLS, w.server.port, true) != 0) {
        w.tls.port = 0;
        close_world(&w);
        skip();
    }
    front_certify(&w.tls, &api, NULL);
    open_client(
        &w, "server: 'https://[::1]:%d', certificate-authority: ca, tls-server-name: api.example",
        w.tls.port);
    assert_int_equal(post(&w, &s), 0);
    assert_string_equal(w.tls.conns[0].sni, "api.example");
    close_client(&w);
    front_certify(&w.tls, &loopback, NULL);
    open_client(&w, "server: 'https://[::1]:%d', certificate-authority: ca", w.tls.port);
    assert_int_equal(post(&w, &s), 0);
    close_world(&w);
}

static void the_port_that_is_not_said_is_the_servers_own(void **state)
{
    (void)state;
    static const struct {
        const char *server, *name, *base, *to;
    } cases[] = {
        {"https://h", "t", "https://t", "t:443:h:443"},
        {"https://h/", "t", "https://t", "t:443:h:443"},
        {"http://h", "t", "http://t", "t:80:h:80"},
        {"https://h:6443/a/b", "t", "https://t:6443/a/b", "t:6443:h:6443"},
        {"https://[fd00::1]", "t", "https://t", "t:443:[fd00::1]:443"},
        {"https://10.0.0.1:6443", "fd00::2", "https://[fd00::2]:6443",
         "[fd00::2]:6443:10.0.0.1:6443"},
        {"https://h", NULL, "https://h", NULL},
    };
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_client(&w, "server: '%s', tls-server-name: '%s'", cases[i].server,
                    cases[i].name ? cases[i].name : "");
        assert_string_equal(w.client->base_url, cases[i].base);
        if (cases[i].to)
            assert_string_equal(w.client->connect_to->data, cases[i].to);
        else
            assert_null(w.client->connect_to);
        close_client(&w);
    }
    close_world(&w);
}

static void what_is_no_host_name_is_refused_when_the_client_is_made(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    struct rk_err err = RK_ERR_INIT;
    const char *path = put_kubeconfig(w.dir, "server: 'https://h', tls-server-name: 'a b'", "");
    assert_int_equal(rk_creds_load(path, NULL, &w.creds, &err), 0);
    assert_null(rk_client_new(w.poll, w.creds, &(struct rk_client_conf){0}, &err));
    assert_int_equal(err.code, RK_E_INVAL);
    assert_string_equal(err.text, "tls-server-name a b: not a host name");
    close_world(&w);
}

/* --- Proxies ------------------------------------------------------------ */

static void a_tunnel_leads_through_the_clusters_proxy_to_the_server(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    add_tls(&w, &api);
    assert_int_equal(front_open(&w.proxy, w.poll, FRONT_HTTP_PROXY, w.tls.port, false), 0);
    assert_int_equal(setenv("no_proxy", "*", 1) | setenv("https_proxy", "http://127.0.0.1:1", 1),
                     0);
    open_client(&w,
                "server: 'https://api.example:6443', certificate-authority: ca, "
                "proxy-url: 'http://127.0.0.1:%d'",
                w.proxy.port);
    assert_int_equal(post(&w, &s), 0);
    assert_string_equal(w.proxy.conns[0].target, "api.example:6443");
    assert_string_equal(w.tls.conns[0].sni, "api.example");
    assert_int_equal(w.tls.n_conns, w.proxy.n_conns); /* nobody went past it */
    close_world(&w);
}

static void through_a_tunnel_a_tls_server_name_still_stands_at_the_servers_address(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    add_tls(&w, &api);
    assert_int_equal(front_open(&w.proxy, w.poll, FRONT_HTTP_PROXY, w.tls.port, false), 0);
    const char *const servers[] = {"10.9.8.7:6443", "[fd00::1]:6443", "bastion.example:7"};
    for (size_t i = 0; i < 3; i++) {
        open_client(&w,
                    "server: 'https://%s', certificate-authority: ca, "
                    "proxy-url: 'http://127.0.0.1:%d', tls-server-name: api.example",
                    servers[i], w.proxy.port);
        assert_int_equal(post(&w, &s), 0);
        assert_string_equal(w.proxy.conns[i].target, servers[i]);
        assert_string_equal(w.tls.conns[i].sni, "api.example");
        close_client(&w);
    }
    open_client(&w,
                "server: 'https://10.9.8.7:6443', certificate-authority: ca, "
                "proxy-url: 'http://127.0.0.1:%d', tls-server-name: other.example",
                w.proxy.port);
    assert_int_equal(post(&w, &s), RK_E_IO);
    assert_true(s.resp.unsent);
    close_world(&w);
}

static void a_socks_proxy_looks_names_up_itself(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    add_tls(&w, &api);
    assert_int_equal(front_open(&w.proxy, w.poll, FRONT_SOCKS5, w.tls.port, false), 0);
    open_client(&w,
                "server: 'https://api.example:6443', certificate-authority: ca, "
                "proxy-url: 'socks5://127.0.0.1:%d'",
                w.proxy.port);
    assert_int_equal(post(&w, &s), 0);
    assert_string_equal(w.proxy.conns[0].target, "api.example:6443");
    close_client(&w);
    open_client(&w,
                "server: 'https://10.9.8.7:6443', certificate-authority: ca, "
                "proxy-url: 'socks5://127.0.0.1:%d', tls-server-name: api.example",
                w.proxy.port);
    assert_int_equal(post(&w, &s), 0);
    assert_string_equal(w.proxy.conns[1].target, "address 10.9.8.7:6443");
    close_world(&w);
}

static void an_https_proxy_may_be_of_the_clusters_authority(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    add_tls(&w, &api);
    assert_int_equal(front_open(&w.proxy, w.poll, FRONT_HTTP_PROXY, w.tls.port, false), 0);
    assert_int_equal(front_open(&w.outer, w.poll, FRONT_TLS, w.proxy.port, false), 0);
    front_certify(&w.outer, &loopback, NULL);
    char text[256];
    (void)snprintf(text, sizeof text,
                   "server: 'https://api.example:6443', certificate-authority: ca, "
                   "proxy-url: 'https://127.0.0.1:%d'",
                   w.outer.port);
    open_client_as(&w, NULL, "token: tok", text);
    assert_int_equal(post(&w, &s), 0);
    assert_string_equal(w.proxy.conns[0].target, "api.example:6443");
    close_client(&w);
    front_certify(&w.outer, &loopback_by_other, NULL);
    open_client_as(&w, NULL, "token: tok", text);
    assert_int_equal(post(&w, &s), RK_E_IO);
    assert_int_equal(w.proxy.n_conns, 1);
    close_world(&w);
}

static void a_proxy_is_read_as_the_reference_client_reads_it(void **state)
{
    (void)state;
    static const struct {
        const char *url, *want;
    } cases[] = {
        {"http://q", "http://q:80/"},   {"http://u:p%40x@q:3128", "http://u:p%40x@q:3128/"},
        {"https://q", "https://q/"},    {"socks5://q:1080", "socks5h://q:1080"},
        {"socks5h://q", "socks5h://q"}, {"http://[fd00::1]", "http://[fd00::1]:80/"},
        {"http://a b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *got = proxy_of(cases[i].url);
        if (cases[i].want && got && rk_str_starts(got, cases[i].want)) {
            rk_free(got);
            continue;
        }
        if (got || cases[i].want)
            fail_msg("%s: %s", cases[i].url, got ? got : "refused");
    }
}

static void no_proxy_is_read_by_libcurls_rules(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host;
        bool match;
    } cases[] = {
        {"*", "h", true},
        {"", "h", false},
        {"h", "h", true},
        {"a, H ,c", "h", true},
        {"h", "x.h", true},
        {".h", "x.h", true},
        {".h", "h", true},
        {"h.", "x.h", true},
        {"h", "x.h.", true},
        {"h", "xh", false},
        {"x.h", "h", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.0.0.0/8", "10.1.2.3", true},
        {"10.0.0.0/8", "11.1.2.3", false},
        {"10.1.2.0/23", "10.1.3.9", true},
        {"10.1.2.0/23", "10.1.4.9", false},
        {"0.0.0.0/0", "10.1.4.9", true},
        {"10.0.0.0/33", "10.1.2.3", false},
        {"10.0.0.0/x", "10.1.2.3", false},
        {"2.3", "10.1.2.3", false},
        {"fd00::/8", "fd12::1", true},
        {"fd00::/8", "fe80::1", false},
        {"fd00::1", "fd00:0::1", true},
        {"[fd00::1]", "fd00::1", true},
        {"10.0.0.0/8", "fd00::1", false},
        {"10.0.0.0/8", "h", false},
        {"1.2.3.4 fd00::/8\t10.1.2.3", "10.1.2.3", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (in_list(cases[i].list, rk_span_of(cases[i].host)) != cases[i].match)
            fail_msg("\"%s\" and %s", cases[i].list, cases[i].host);
}

/* 192.0.2.0/24 is nobody's: who goes there past the proxy comes to nothing. */
static void the_environments_proxy_serves_whoever_is_no_exception(void **state)
{
    (void)state;
    static const struct {
        const char *server, *name, *no_proxy;
        bool through;
    } cases[] = {
        {"http://192.0.2.1:99", "", "", true},
        {"http://192.0.2.1:99", "", "192.0.2.0/24", false},
        {"http://192.0.2.1:99", "", "198.51.100.0/24", true},
        {"http://192.0.2.1:99", "api.example", "192.0.2.0/24", false}, /* the address counts */
        {"http://192.0.2.1:99", "api.example", "api.example", true},
        {"http://localhost:1", "", "", false},
        {"http://127.0.0.2:1", "", "", false},
        {"http://[::1]:1", "api.example", "", false},
    };
    struct world w;
    open_world(&w);
    char url[64], host[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", w.server.port);
    assert_int_equal(setenv("http_proxy", url, 1), 0);
    size_t through = 0;
    assert_int_equal(front_open(&w.proxy, w.poll, FRONT_HTTP_PROXY, w.server.port, false), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen s = {0};
        char cluster[256];
        /* A tunnel is made for an alias, a plain request goes to the proxy itself. */
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%d",
                       cases[i].name[0] ? w.proxy.port : w.server.port);
        assert_int_equal(setenv("http_proxy", url, 1) | setenv("no_proxy", cases[i].no_proxy, 1),
                         0);
        (void)snprintf(cluster, sizeof cluster, "server: '%s', tls-server-name: '%s'",
                       cases[i].server, cases[i].name);
        open_client_as(&w, &(struct rk_client_conf){.connect_ms = 200}, "token: t", cluster);
        int code = post(&w, &s);
        through += cases[i].through;
        if ((code == 0) != cases[i].through || w.server.n_requests != through)
            fail_msg("%zu: %d %s", i, code, s.resp.message);
        close_client(&w);
    }
    (void)snprintf(host, sizeof host, "POST http://192.0.2.1:99/x");
    assert_true(fake_head_is(&w.server, 0, host));
    assert_string_equal(w.proxy.conns[0].target, "192.0.2.1:99");
    assert_int_equal(unsetenv("http_proxy") | unsetenv("no_proxy"), 0);
    close_world(&w);
}

/* --- Certificates that change ------------------------------------------- */

static void a_new_authority_on_disk_is_found_at_the_first_distrust(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    char half[4096];
    open_world(&w);
    add_tls(&w, &loopback);
    open_loopback(&w);
    assert_int_equal(post(&w, &s), 0);
    front_certify(&w.tls, &loopback_by_other, NULL);
    fake_step(&w.server, NULL, FAKE_CLOSE); /* the standing connection ends */
    (void)snprintf(half, sizeof half, "%.*s", (int)strlen(other_ca.cert) / 2, other_ca.cert);
    put_file(w.dir, "ca", half);
    assert_int_equal(post(&w, &s), RK_E_IO); /* half-written: nothing is believed for it */
    assert_string_equal(w.creds->ca_pem, ca.cert);
    put_file(w.dir, "ca", other_ca.cert);
    size_t n = w.server.n_requests;
    assert_int_equal(post(&w, &s), 0); /* no request is lost */
    assert_int_equal(w.server.n_requests, n + 1);
    assert_string_equal(w.creds->ca_pem, other_ca.cert);
    close_world(&w);
}

static void connections_of_a_replaced_certificate_are_not_used_again(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_world(&w);
    add_tls(&w, &loopback);
    open_loopback_as(&w, NULL, "client-certificate: cert, client-key: key");
    assert_int_equal(post(&w, &s), 0);
    assert_int_equal(post(&w, &s), 0);
    assert_int_equal(w.tls.n_conns, 1);
    assert_string_equal(w.tls.conns[0].peer, "me");
    put_file(w.dir, "cert", me_later.cert); /* half of a rotation changes nothing */
    fake_reply(&w.server, 401, "", "{}");
    assert_int_equal(post(&w, &s), RK_E_AUTH);
    assert_int_equal(w.tls.n_conns, 1);
    put_file(w.dir, "key", me_later.key);
    fake_reply(&w.server, 401, "", "{}");
    assert_int_equal(post(&w, &s), 0);
    assert_int_equal(w.tls.n_conns, 2);
    assert_string_equal(w.tls.conns[1].peer, "me later");
    assert_int_equal(post(&w, &s), 0);
    assert_int_equal(w.tls.n_conns, 2);
    assert_int_equal(w.creds->generation, 1);
    close_world(&w);
}

static int on_data(void *ctx, const char *p, size_t n, struct rk_err *err)
{
    (void)p, (void)err;
    ((struct seen *)ctx)->bytes += n;
    return 0;
}

static void a_stream_runs_on_while_the_certificate_changes(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, stream = {0};
    open_world(&w);
    add_tls(&w, &loopback);
    open_loopback_as(&w, NULL, "client-certificate: cert, client-key: key");
    fake_step(&w.server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
              FAKE_HOLD);
    struct rk_req r = {.lane = RK_LANE_WATCH,
                       .method = "GET",
                       .path = "/api/v1/pods",
                       .query = "watch=1",
                       .data = on_data,
                       .done = on_done,
                       .ctx = &stream};
    assert_non_null(rk_client_send(w.client, &r));
    WAIT(&w, stream.bytes == 3);
    put_file(w.dir, "cert", me_later.cert);
    put_file(w.dir, "key", me_later.key);
    fake_reply(&w.server, 401, "", "{}");
    assert_int_equal(post(&w, &s), 0);
    fake_release(&w.server, "2\r\nde\r\n0\r\n\r\n");
    WAIT(&w, stream.done);
    assert_int_equal(stream.resp.code, 0);
    assert_int_equal(stream.bytes, 5);
    close_world(&w);
}

/* --- Which HTTP --------------------------------------------------------- */

static void http2_is_offered_only_when_wanted_and_by_a_libcurl_that_can(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    add_tls(&w, &loopback);
    bool able = curl_version_info(CURLVERSION_NOW)->version_num >= 0x080400;
    for (int want = 0; want < 2; want++) {
        struct seen s = {0};
        open_loopback_as(&w, &(struct rk_client_conf){.http2 = want}, "token: t");
        assert_int_equal(post(&w, &s), 0); /* the server chooses HTTP/1.1 */
        assert_string_equal(w.tls.conns[want].alpn, want && able ? "h2,http/1.1" : "http/1.1");
        close_client(&w);
    }
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_is_believed_by_the_clusters_authority_alone),
        cmocka_unit_test(a_tls_server_name_is_asked_for_and_verified_at_the_servers_address),
        cmocka_unit_test(a_tls_server_name_goes_with_an_ipv6_server),
        cmocka_unit_test(the_port_that_is_not_said_is_the_servers_own),
        cmocka_unit_test(what_is_no_host_name_is_refused_when_the_client_is_made),
        cmocka_unit_test(a_tunnel_leads_through_the_clusters_proxy_to_the_server),
        cmocka_unit_test(through_a_tunnel_a_tls_server_name_still_stands_at_the_servers_address),
        cmocka_unit_test(a_socks_proxy_looks_names_up_itself),
        cmocka_unit_test(an_https_proxy_may_be_of_the_clusters_authority),
        cmocka_unit_test(a_proxy_is_read_as_the_reference_client_reads_it),
        cmocka_unit_test(no_proxy_is_read_by_libcurls_rules),
        cmocka_unit_test(the_environments_proxy_serves_whoever_is_no_exception),
        cmocka_unit_test(a_new_authority_on_disk_is_found_at_the_first_distrust),
        cmocka_unit_test(connections_of_a_replaced_certificate_are_not_used_again),
        cmocka_unit_test(a_stream_runs_on_while_the_certificate_changes),
        cmocka_unit_test(http2_is_offered_only_when_wanted_and_by_a_libcurl_that_can),
    };
    return cmocka_run_group_tests(tests, make_pairs, NULL);
}
