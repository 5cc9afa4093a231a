/* netpolicy: what its files share. */
#ifndef NETPOLICY_H
#define NETPOLICY_H

#include <raykeeper/ray.h>

#define NETPOLICY      "networking.k8s.io/v1/NetworkPolicy"
#define NETPOLICY_SPEC "/spec/networkPolicy"

/* Does the mode deny traffic that way ("Ingress", "Egress")? */
static inline int netpolicy_denies(const rk_api *rk, rk_pass *ps, const char *way)
{
    const char *mode = rk->str(rk->object(ps), NETPOLICY_SPEC "/mode", "DenyAll");
    return rk_is(mode, "DenyAll") || rk_is(mode, rk->fmt(ps, "DenyAll%s", way));
}

int32_t netpolicy_validate(const rk_api *rk, rk_pass *ps, void *self); /* validate.c */
int32_t netpolicy_plan(const rk_api *rk, rk_pass *ps, void *self);     /* policies.c */

#endif
