/* See pems.h. */
#include "tests/lib/pems.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* Whatever fails here is the machine's fault, not the test's subject. */
static void pem_must(int ok)
{
    if (!ok)
        abort();
}

static void pem_text(BIO *b, char *out, size_t size)
{
    int n = BIO_read(b, out, (int)size - 1);
    pem_must(n > 0);
    out[n] = '\0';
    BIO_free_all(b);
}

static void pem_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    pem_must(ext && X509_add_ext(x, ext, -1) == 1);
    X509_EXTENSION_free(ext);
}

void pem_make(struct pem_pair *p, const char *common_name, const struct pem_pair *issuer,
              const char *names)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *by_key = key;
    X509 *x = X509_new(), *by = x;
    uint64_t serial = 0;
    pem_must(key && x && RAND_bytes((unsigned char *)&serial, 7) == 1);
    if (issuer) {
        BIO *c = BIO_new_mem_buf(issuer->cert, -1), *k = BIO_new_mem_buf(issuer->key, -1);
        by = PEM_read_bio_X509(c, NULL, NULL, NULL);
        by_key = PEM_read_bio_PrivateKey(k, NULL, NULL, NULL);
        pem_must(by && by_key);
        BIO_free_all(c);
        BIO_free_all(k);
    }
    pem_must(X509_set_version(x, X509_VERSION_3));
    pem_must(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial));
    pem_must(X509_gmtime_adj(X509_getm_notBefore(x), -60) != NULL);
    pem_must(X509_gmtime_adj(X509_getm_notAfter(x), 3600) != NULL);
    pem_must(X509_set_pubkey(x, key));
    pem_must(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                        (const unsigned char *)common_name, -1, -1, 0));
    pem_must(X509_set_issuer_name(x, X509_get_subject_name(by)));
    pem_extend(x, by, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (names)
        pem_extend(x, by, NID_subject_alt_name, names);
    pem_must(X509_sign(x, by_key, EVP_sha256()) > 0);
    BIO *b = BIO_new(BIO_s_mem());
    pem_must(PEM_write_bio_X509(b, x));
    pem_text(b, p->cert, sizeof p->cert);
    b = BIO_new(BIO_s_mem());
    pem_must(PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL));
    pem_text(b, p->key, sizeof p->key);
    if (issuer) {
        X509_free(by);
        EVP_PKEY_free(by_key);
    }
    X509_free(x);
    EVP_PKEY_free(key);
}
