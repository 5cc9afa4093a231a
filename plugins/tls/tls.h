/* tls: what its files share. */
#ifndef TLS_H
#define TLS_H

#include <raykeeper/ray.h>

#define TLS_ISSUER "cert-manager.io/v1/Issuer"
#define TLS_SECRET "v1/Secret"
#define TLS_SPEC   "/spec/tlsOptions"
#define TLS_VOLUME "ray-tls"
#define TLS_WAIT   "wait-for-tls-ip-san"
#define TLS_READY  "CertificatesReady" /* a condition of the cluster */

struct tls {
    const char *domain, *mount, *beside, *image, *cpu, *memory;
    int64_t interval_ms, gather_ms, ca_ms, ca_renew_ms, leaf_ms, leaf_renew_ms;
};

static inline int tls_on(const rk_api *rk, rk_pass *ps)
{
    return rk->truth(rk->object(ps), TLS_SPEC "/enabled", 0);
}

/* Of a certificate of the pods and of its Secret: type "head" or "worker", what "cert" or "secret". */
static inline const char *tls_name(const rk_api *rk, rk_pass *ps, const char *type,
                                   const char *what)
{
    return rk->fmt(ps, "ray-%s-%s-%s", type, what, rk->name(ps));
}

/* pki.c: PLAN */
int32_t tls_plan(const rk_api *rk, rk_pass *ps, void *self);
/* sets.c: words as a list, in the order that is there when it is the same set; the addresses of the live pods of
 * this type, and the own one of each */
rk_json *tls_unordered(const rk_api *rk, rk_pass *ps, const rk_json *there, const char **words,
                       size_t n);
rk_json *tls_addresses(const rk_api *rk, rk_pass *ps, const char *type, const rk_json *there);
/* state.c: are both certificates as they are asked for now, and if not, why (else ""); STATUS */
const char *tls_pending(const rk_api *rk, rk_pass *ps);
int32_t tls_status(const rk_api *rk, rk_pass *ps, void *self);
/* pod.c: POD */
int32_t tls_gate(const rk_api *rk, rk_pass *ps, void *self);
int32_t tls_wait(const rk_api *rk, rk_pass *ps, void *self);
int32_t tls_pod(const rk_api *rk, rk_pass *ps, void *self);
/* validate.c: VALIDATE */
int32_t tls_validate(const rk_api *rk, rk_pass *ps, void *self);

#endif
