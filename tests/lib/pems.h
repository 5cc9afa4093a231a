/* Certificates for tests, made on the spot: P-256, good for an hour. The test file includes pems.c. */
#ifndef RK_TESTS_PEMS_H
#define RK_TESTS_PEMS_H

struct pem_pair {
    char cert[4096], key[4096];
};

/* `issuer` NULL = self-signed, an authority. `names`: "DNS:api.example,IP:127.0.0.1"; NULL = none. */
void pem_make(struct pem_pair *p, const char *common_name, const struct pem_pair *issuer,
              const char *names);

#endif
