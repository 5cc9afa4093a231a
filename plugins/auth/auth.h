/* auth: what its files share. */
#ifndef AUTH_H
#define AUTH_H

#include <raykeeper/ray.h>

#define AUTH_SPEC   "/spec/authOptions"
#define AUTH_SECRET "v1/Secret"

struct auth {
    const char *key, *mount, *beside;
    int64_t expiry_ms;
};

/* Without a mode nothing is on: pods that know of no token need none. */
static inline int auth_by_token(const rk_api *rk, rk_pass *ps)
{
    return rk_is(rk->str(rk->object(ps), AUTH_SPEC "/mode", ""), "token");
}

/* Tokens are those of service accounts, and the API server judges them: there is no Secret. */
static inline int auth_by_kubernetes(const rk_api *rk, rk_pass *ps)
{
    return rk->truth(rk->object(ps), AUTH_SPEC "/enableK8sTokenAuth", 0);
}

/* The user's Secret; "" = none is named. */
static inline const char *auth_users_secret(const rk_api *rk, rk_pass *ps)
{
    return rk->str(rk->object(ps), AUTH_SPEC "/secretName", "");
}

/* secret.c: PLAN; the name of the Secret that the pods use */
int32_t auth_plan(const rk_api *rk, rk_pass *ps, void *self);
const char *auth_secret_name(const rk_api *rk, rk_pass *ps);
/* pod.c: POD */
int32_t auth_pod(const rk_api *rk, rk_pass *ps, void *self);

#endif
