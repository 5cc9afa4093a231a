/* What may stand before a server, in the test's own event loop: TLS, an HTTP proxy, a SOCKS5 proxy.
 * Each connection is relayed to one port on loopback, wherever its client wanted to go; who came and
 * what for is recorded. Fronts may be chained. The test file includes fakefront.c. */
#ifndef RK_TESTS_FAKEFRONT_H
#define RK_TESTS_FAKEFRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "core/base/poll.h"

#include "tests/lib/pems.h"

enum front_kind { FRONT_TLS, FRONT_HTTP_PROXY, FRONT_SOCKS5 };

#define FRONT_CONNS 64
#define FRONT_HEAD  4096

struct front;

struct front_conn {
    struct front *front;
    int in, out; /* -1 = closed, or not open yet */
    SSL *ssl;
    bool greeted; /* SOCKS5: its first words are over */
    char head[FRONT_HEAD];
    size_t n;
    /* The record. */
    char target[256]; /* of CONNECT or SOCKS5: host:port */
    char sni[256];    /* TLS: the name it asked for, "" = none */
    char peer[64];    /* TLS: common name of its certificate, "" = none */
    char alpn[64];    /* TLS: the protocols it offered, joined by commas */
    bool shaken;      /* TLS: the handshake is over */
};

struct front {
    struct rk_poll *poll;
    enum front_kind kind;
    int fd, port, to_port;
    SSL_CTX *tls;
    struct front_conn conns[FRONT_CONNS];
    size_t n_conns;
};

/* `v6`: on ::1. RK_E_IO when there is no such address here. */
int front_open(struct front *f, struct rk_poll *p, enum front_kind kind, int to_port, bool v6);
void front_shut(struct front *f);
/* FRONT_TLS: the certificate from now on; `clients` not NULL: the authority whose certificates are
 * asked for (not insisted on, as the API server does it). */
void front_certify(struct front *f, const struct pem_pair *server, const struct pem_pair *clients);

#endif
