/* What cert-manager is asked for: an authority of the cluster's own, made once, and under it a certificate for the
 * head and one for all workers, which follow the addresses of the live pods (extras 3). */
#include "tls.h"

#define GROUP "cert-manager.io"

static const char labels[] = "/metadata/labels";

static const char *authority(const rk_api *rk, rk_pass *ps)
{
    return rk->fmt(ps, "ray-ca-certificate-%s", rk->name(ps));
}

static const char *issuer(const rk_api *rk, rk_pass *ps, const char *which)
{
    return rk->fmt(ps, "ray-%s-issuer-%s", which, rk->name(ps));
}

/* With the uid, so that no authority outlives its cluster; offline there is none. */
static const char *authority_secret(const rk_api *rk, rk_pass *ps)
{
    const char *uid = rk->uid(ps);
    return rk->fmt(ps, "%s-ca-secret-%.8s", rk->name(ps), uid[0] ? uid : "00000000");
}

static int32_t identify(const rk_api *rk, rk_pass *ps, rk_obj *o)
{
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_APP), RAY_APP));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CREATED_BY), RAY_CREATED_BY));
    return rk_set_str(rk, ps, o, rk_under(rk, ps, labels, "app.kubernetes.io/component"),
                      TLS_VOLUME);
}

/* What goes with an earlier cluster of this name, as soon as the garbage collector comes to it, signs nothing for
 * this one: what it signed would stay, and not fit what its successor signs. Without an owner it serves as it is. */
static int32_t is_free(const rk_api *rk, rk_pass *ps, const char *gvk, const char *name)
{
    const rk_json *there = rk->seen(ps, gvk, name);
    if (!there || rk->mine(ps, there) || rk->len(there, "/metadata/ownerReferences") == 0)
        return RK_OK;
    return rk->fail(ps, RK_EFAIL, "", "%s %s exists and belongs to someone else", gvk, name);
}

static int32_t want_issuer(const rk_api *rk, rk_pass *ps, const char *which, const char *secret)
{
    const char *name = issuer(rk, ps, which);
    RK_TRY(is_free(rk, ps, TLS_ISSUER, name));
    rk_obj *o = rk->want(ps, TLS_ISSUER, name, RK_POLICY_ONCE);
    rk->announce(ps, o, NULL, "FailedToCreateIssuer");
    RK_TRY(identify(rk, ps, o));
    return secret ? rk_set_str(rk, ps, o, "/spec/ca/secretName", secret)
                  : rk->set(o, "/spec/selfSigned", rk->new_object(ps));
}

/* As Go prints it: who compares texts finds the peer's. */
static const char *hours(const rk_api *rk, rk_pass *ps, int64_t ms)
{
    long long s = (long long)(ms / 1000);
    return s < 3600 ? rk->fmt(ps, "%lldm%llds", s / 60, s % 60)
                    : rk->fmt(ps, "%lldh%lldm%llds", s / 3600, s / 60 % 60, s % 60);
}

static rk_obj *want_certificate(const rk_api *rk, rk_pass *ps, const char *name, uint32_t policy)
{
    rk_obj *o = rk->want(ps, RAY_CERTIFICATE, name, policy);
    rk->announce(ps, o, NULL, "FailedToCreateCertificate");
    rk->announce_update(ps, o, NULL, "FailedToUpdateCertificate");
    return o;
}

/* What all certificates have. The label brings their Secrets into sight. */
static int32_t describe(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *secret,
                        const char *by, const char *const *usages)
{
    RK_TRY(identify(rk, ps, o));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/secretName", secret));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, "/spec/secretTemplate/labels", RAY_L_CLUSTER),
                      rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/issuerRef/name", issuer(rk, ps, by)));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/issuerRef/kind", "Issuer"));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/issuerRef/group", GROUP));
    return rk->set(o, "/spec/usages", rk_words(rk, ps, usages, 4));
}

static int32_t want_authority(const rk_api *rk, rk_pass *ps, const struct tls *me)
{
    static const char *const usages[4] = {"cert sign", "crl sign"};
    RK_TRY(is_free(rk, ps, RAY_CERTIFICATE, authority(rk, ps)));
    rk_obj *o = want_certificate(rk, ps, authority(rk, ps), RK_POLICY_ONCE);
    RK_TRY(describe(rk, ps, o, authority_secret(rk, ps), "selfsigned", usages));
    RK_TRY(rk_set_bool(rk, ps, o, "/spec/isCA", 1));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/commonName", rk->fmt(ps, "ray-ca-%s", rk->name(ps))));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/privateKey/algorithm", "RSA"));
    RK_TRY(rk_set_num(rk, ps, o, "/spec/privateKey/size", 4096));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/duration", hours(rk, ps, me->ca_ms)));
    return rk_set_str(rk, ps, o, "/spec/renewBefore", hours(rk, ps, me->ca_renew_ms));
}

/* ---- the pods' own ---- */

/* For how long what is being issued is left alone. A clock that is far ahead of ours holds up nothing. */
static int64_t gathering(const rk_api *rk, rk_pass *ps, const struct tls *me, const rk_json *there)
{
    const rk_json *c = rk->at(there, "/status/conditions/[Issuing]");
    int64_t since = ray_time_ms(rk->str(c, "/lastTransitionTime", "")),
            left = since + me->gather_ms - rk->now_ms(ps);
    int counts = rk_is(rk->str(c, "/status", ""), "True") && left > 0 && left <= 2 * me->gather_ms;
    return counts ? left : 0;
}

static int32_t want_leaf(const rk_api *rk, rk_pass *ps, const struct tls *me, const char *type)
{
    static const char *const usages[4] = {"digital signature", "key encipherment", "server auth",
                                          "client auth"};
    const char *name = tls_name(rk, ps, type, "cert");
    const rk_json *there = rk->seen(ps, RAY_CERTIFICATE, name),
                  *had = rk->at(there, "/spec/ipAddresses");
    const char *dns[2] = {"localhost"};
    if (rk_is(type, "head"))
        dns[1] = rk->fmt(ps, "%s.%s.svc.%s", ray_head_service(rk, ps), rk->ns(ps), me->domain);
    rk_json *ips = tls_addresses(rk, ps, type, had);
    int64_t left = had && !rk->equal(had, ips) ? gathering(rk, ps, me, there) : 0;
    if (left) {
        (void)rk->wait(ps, left,
                       "more addresses for a certificate"); /* the time counts, not the verdict */
        ips = rk->copy(ps, had);
    }
    rk_obj *o = want_certificate(rk, ps, name, RK_POLICY_SUBSET);
    RK_TRY(describe(rk, ps, o, tls_name(rk, ps, type, "secret"), "ca", usages));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/duration", hours(rk, ps, me->leaf_ms)));
    RK_TRY(rk_set_str(rk, ps, o, "/spec/renewBefore", hours(rk, ps, me->leaf_renew_ms)));
    RK_TRY(rk->set(o, "/spec/dnsNames",
                   tls_unordered(rk, ps, rk->at(there, "/spec/dnsNames"), dns, dns[1] ? 2 : 1)));
    return rk->set(o, "/spec/ipAddresses", ips);
}

/* cert-manager makes Secrets that outlive their Certificate: one that nobody owns goes with the cluster. */
static void keep_secret(const rk_api *rk, rk_pass *ps, const char *name)
{
    const rk_json *there = rk->seen(ps, TLS_SECRET, name);
    if (there && rk->len(there, "/metadata/ownerReferences") == 0)
        (void)rk->want(ps, TLS_SECRET, name, RK_POLICY_ONCE | RK_WANT_ADOPT | RK_WANT_APART);
}

int32_t tls_plan(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char *const types[] = {"head", "worker"};
    const char *secret = authority_secret(rk, ps);
    if (!tls_on(rk, ps))
        return RK_OK;
    RK_TRY(want_issuer(rk, ps, "selfsigned", NULL));
    RK_TRY(want_authority(rk, ps, self));
    RK_TRY(want_issuer(rk, ps, "ca", secret));
    keep_secret(rk, ps, secret);
    for (size_t i = 0; i < RK_COUNT(types); i++) {
        RK_TRY(want_leaf(rk, ps, self, types[i]));
        keep_secret(rk, ps, tls_name(rk, ps, types[i], "secret"));
    }
    return RK_OK;
}
