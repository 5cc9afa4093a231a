/* See fakefront.h. What is relayed is small next to a loopback socket's buffer. */
#include "tests/lib/fakefront.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "core/base/err.h"

static void front_end(struct front_conn *c)
{
    int *const fds[] = {&c->in, &c->out};
    for (size_t i = 0; i < 2; i++) {
        if (*fds[i] < 0)
            continue;
        rk_poll_fd_del(c->front->poll, *fds[i]);
        (void)close(*fds[i]);
        *fds[i] = -1;
    }
    SSL_free(c->ssl);
    c->ssl = NULL;
}

static void front_back(struct front_conn *c, const void *p, size_t n)
{
    if (c->ssl)
        (void)SSL_write(c->ssl, p, (int)n); /* what fails shows at the client */
    else
        (void)send(c->in, p, n, MSG_NOSIGNAL);
}

static void front_out_ready(void *ctx, int fd, unsigned events)
{
    struct front_conn *c = ctx;
    char piece[16384];
    (void)events; /* reading tells */
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        front_end(c);
    else
        front_back(c, piece, (size_t)n);
}

static void front_dial(struct front_conn *c)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)c->front->to_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(c->out, (struct sockaddr *)&at, sizeof at) != 0 ||
        rk_poll_fd(c->front->poll, c->out, RK_POLL_IN, front_out_ready, c, NULL) != 0)
        front_end(c);
}

/* --- The first words ---------------------------------------------------- */

static void front_drop_head(struct front_conn *c, size_t n)
{
    c->n -= n;
    memmove(c->head, c->head + n, c->n);
}

/* CONNECT host:port, then headers. */
static bool front_http(struct front_conn *c)
{
    c->head[c->n] = '\0';
    const char *end = strstr(c->head, "\r\n\r\n");
    if (!end)
        return false;
    if (sscanf(c->head, "CONNECT %255s", c->target) != 1) {
        front_end(c);
        return false;
    }
    front_drop_head(c, (size_t)(end - c->head) + 4);
    static const char ok[] = "HTTP/1.1 200 Connected\r\n\r\n";
    front_back(c, ok, sizeof ok - 1);
    return true;
}

/* RFC 1928 without a password. */
static bool front_socks(struct front_conn *c)
{
    const unsigned char *h = (const unsigned char *)c->head;
    if (!c->greeted) {
        if (c->n < 2 || c->n < (size_t)h[1] + 2)
            return false;
        front_drop_head(c, (size_t)h[1] + 2);
        c->greeted = true;
        front_back(c, "\x05\x00", 2);
    }
    if (c->n < 5)
        return false;
    size_t name = h[3] == 3 ? (size_t)h[4] + 1 : h[3] == 1 ? 4 : 16;
    if (c->n < 4 + name + 2)
        return false;
    int port = h[4 + name] << 8 | h[5 + name];
    char address[INET6_ADDRSTRLEN] = "";
    if (h[3] == 3)
        (void)snprintf(c->target, sizeof c->target, "%.*s:%d", (int)h[4], (const char *)h + 5,
                       port);
    else if (inet_ntop(h[3] == 1 ? AF_INET : AF_INET6, h + 4, address, sizeof address))
        (void)snprintf(c->target, sizeof c->target, "address %s:%d", address, port);
    front_drop_head(c, 4 + name + 2);
    front_back(c, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);
    return true;
}

static void front_take(struct front_conn *c, const char *p, size_t n)
{
    if (c->out >= 0) {
        (void)send(c->out, p, n, MSG_NOSIGNAL);
        return;
    }
    assert(n < sizeof c->head - c->n);
    memcpy(c->head + c->n, p, n);
    c->n += n;
    if (!(c->front->kind == FRONT_HTTP_PROXY ? front_http(c) : front_socks(c)))
        return;
    front_dial(c);
    if (c->out >= 0 && c->n)
        (void)send(c->out, c->head, c->n, MSG_NOSIGNAL);
}

/* --- TLS ---------------------------------------------------------------- */

static int front_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                      const unsigned char *in, unsigned in_n, void *unused)
{
    (void)unused;
    struct front_conn *c = SSL_get_app_data(ssl);
    c->alpn[0] = '\0';
    for (unsigned i = 0; i + in[i] < in_n; i += in[i] + 1u) {
        size_t at = strlen(c->alpn);
        (void)snprintf(c->alpn + at, sizeof c->alpn - at, "%s%.*s", at ? "," : "", (int)in[i],
                       (const char *)in + i + 1);
        if (in[i] == 8 && memcmp(in + i + 1, "http/1.1", 8) == 0) {
            *out = in + i + 1;
            *out_n = in[i];
        }
        if (i + in[i] + 1u >= in_n)
            break;
    }
    return *out ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void front_shaken(struct front_conn *c)
{
    const char *name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
    X509 *peer = SSL_get1_peer_certificate(c->ssl);
    c->shaken = true;
    (void)snprintf(c->sni, sizeof c->sni, "%s", name ? name : "");
    if (peer)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, c->peer,
                                        sizeof c->peer);
    X509_free(peer);
    front_dial(c);
}

static void front_tls_ready(void *ctx, int fd, unsigned events)
{
    struct front_conn *c = ctx;
    char piece[16384];
    (void)fd, (void)events; /* OpenSSL reads */
    int n = c->shaken ? 1 : SSL_accept(c->ssl);
    if (n == 1 && !c->shaken)
        front_shaken(c);
    while (c->ssl && c->shaken && (n = SSL_read(c->ssl, piece, sizeof piece)) > 0)
        (void)send(c->out, piece, (size_t)n, MSG_NOSIGNAL);
    if (c->ssl && n <= 0 && SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
        front_end(c);
    ERR_clear_error();
}

static int front_any_peer(int ok, X509_STORE_CTX *ctx)
{
    (void)ok, (void)ctx; /* who it is stands in the record */
    return 1;
}

void front_certify(struct front *f, const struct pem_pair *server, const struct pem_pair *clients)
{
    SSL_CTX_free(f->tls);
    f->tls = SSL_CTX_new(TLS_server_method());
    BIO *c = BIO_new_mem_buf(server->cert, -1), *k = BIO_new_mem_buf(server->key, -1);
    X509 *x = PEM_read_bio_X509(c, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);
    int ok = SSL_CTX_use_certificate(f->tls, x) & SSL_CTX_use_PrivateKey(f->tls, key);
    assert(ok == 1);
    (void)ok;
    X509_free(x);
    EVP_PKEY_free(key);
    BIO_free_all(c);
    BIO_free_all(k);
    SSL_CTX_set_alpn_select_cb(f->tls, front_alpn, NULL);
    (void)SSL_CTX_set_session_cache_mode(f->tls, SSL_SESS_CACHE_OFF);
    if (clients)
        SSL_CTX_set_verify(f->tls, SSL_VERIFY_PEER, front_any_peer);
}

/* --- Life --------------------------------------------------------------- */

static void front_in_ready(void *ctx, int fd, unsigned events)
{
    struct front_conn *c = ctx;
    char piece[FRONT_HEAD / 2];
    (void)events; /* reading tells */
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        front_end(c);
    else
        front_take(c, piece, (size_t)n);
}

static void front_accept(void *ctx, int fd, unsigned events)
{
    struct front *f = ctx;
    (void)events; /* only IN was asked for */
    bool tls = f->kind == FRONT_TLS;
    int in = accept4(fd, NULL, NULL, SOCK_CLOEXEC | (tls ? SOCK_NONBLOCK : 0));
    if (in < 0)
        return;
    assert(f->n_conns < FRONT_CONNS);
    struct front_conn *c = &f->conns[f->n_conns++];
    *c = (struct front_conn){.front = f, .in = in, .out = -1};
    if (tls) {
        c->ssl = SSL_new(f->tls);
        int ok = c->ssl && SSL_set_fd(c->ssl, in) && SSL_set_app_data(c->ssl, c);
        assert(ok);
        (void)ok;
    }
    int rc = rk_poll_fd(f->poll, in, RK_POLL_IN, tls ? front_tls_ready : front_in_ready, c, NULL);
    assert(rc == 0);
    (void)rc;
}

int front_open(struct front *f, struct rk_poll *p, enum front_kind kind, int to_port, bool v6)
{
    memset(f, 0, sizeof *f);
    f->poll = p;
    f->kind = kind;
    f->to_port = to_port;
    struct sockaddr_in at4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 at6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *at = v6 ? (struct sockaddr *)&at6 : (struct sockaddr *)&at4;
    socklen_t n = v6 ? sizeof at6 : sizeof at4;
    f->fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (f->fd < 0 || bind(f->fd, at, n) != 0 || listen(f->fd, 64) != 0 ||
        getsockname(f->fd, at, &n) != 0 ||
        rk_poll_fd(p, f->fd, RK_POLL_IN, front_accept, f, NULL) != 0) {
        if (f->fd >= 0)
            (void)close(f->fd);
        return RK_E_IO;
    }
    f->port = ntohs(v6 ? at6.sin6_port : at4.sin_port);
    return 0;
}

void front_shut(struct front *f)
{
    rk_poll_fd_del(f->poll, f->fd);
    (void)close(f->fd);
    for (size_t i = 0; i < f->n_conns; i++)
        front_end(&f->conns[i]);
    SSL_CTX_free(f->tls);
}
