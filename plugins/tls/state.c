/* How far cert-manager is. Its word counts: a certificate that it calls Ready at the present generation is in its
 * Secret, with key and authority; the Secret itself is not read. */
#include "tls.h"

#define SOON_MS 86400000 /* before the end: renewal, which comes long before, has failed */

static const char *const types[] = {"head", "worker"};

static const char *pending(const rk_api *rk, rk_pass *ps, const char *name)
{
    const rk_json *there = rk->seen(ps, RAY_CERTIFICATE, name),
                  *ready = rk->at(there, "/status/conditions/[Ready]");
    if (!there)
        return rk->fmt(ps, "%s is not there yet", name);
    if (!rk_is(rk->str(ready, "/status", ""), "True"))
        return rk->fmt(ps, "%s: %s", name, rk->str(ready, "/message", "is not issued yet"));
    if (rk->num(ready, "/observedGeneration", -1) != rk->num(there, "/metadata/generation", 0))
        return rk->fmt(ps, "%s is being issued anew", name);
    return NULL;
}

const char *tls_pending(const rk_api *rk, rk_pass *ps)
{
    const char *all = "";
    for (size_t i = 0; i < RK_COUNT(types); i++) {
        const char *why = pending(rk, ps, tls_name(rk, ps, types[i], "cert"));
        if (why)
            all = rk->fmt(ps, "%s%s%s", all, all[0] ? "; " : "", why);
    }
    return all;
}

static void expiry(const rk_api *rk, rk_pass *ps, const char *name)
{
    const char *end = rk->str(rk->seen(ps, RAY_CERTIFICATE, name), "/status/notAfter", "");
    int64_t at = ray_time_ms(end);
    if (at && at - rk->now_ms(ps) < SOON_MS)
        rk->event(ps, 1, "CertificateExpiring", "Validate",
                  rk->fmt(ps, "%s/%s: Certificate %s ends at %s and is not renewed", rk->ns(ps),
                          rk->name(ps), name, end));
}

int32_t tls_status(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (rk->deleting(ps))
        return RK_OK;
    if (!tls_on(rk, ps)) {
        rk->drop_condition(ps, TLS_READY);
        return RK_OK;
    }
    const char *why = tls_pending(rk, ps);
    rk->condition(ps, TLS_READY, why[0] ? "False" : "True", why[0] ? "Pending" : "Issued", why);
    for (size_t i = 0; i < RK_COUNT(types); i++)
        expiry(rk, ps, tls_name(rk, ps, types[i], "cert"));
    return RK_OK;
}
