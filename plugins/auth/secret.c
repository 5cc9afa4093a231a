/* The Secret (reference 4.10): made when there is none of its name, then left alone. */
#include "auth.h"

const char *auth_secret_name(const rk_api *rk, rk_pass *ps)
{
    const char *users = auth_users_secret(rk, ps);
    return users[0] ? users : ray_own_name(rk, ps, AUTH_SECRET, rk->name(ps));
}

int32_t auth_plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct auth *me = self;
    int pods = 0;
    if (!auth_by_token(rk, ps) || auth_by_kubernetes(rk, ps) || auth_users_secret(rk, ps)[0])
        return RK_OK;
    rk_obj *secret =
        rk->want(ps, AUTH_SECRET, auth_secret_name(rk, ps), RK_POLICY_ONCE | RK_WANT_ANYONES);
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD)))
        pods |= rk->mine(ps, pod);
    /* Without pods it is no news. With them, they do not know this token. */
    rk->announce(ps, secret, pods ? "CreatedSecret" : NULL, "FailedToCreateSecret");
    RK_TRY(rk_set_str(rk, ps, secret, rk_under(rk, ps, "/metadata/labels", RAY_L_CLUSTER),
                      rk->name(ps)));
    /* The API server encodes stringData: the token is the text that fill makes, base64 of the
     * bytes, as the peer's and its tools have it. */
    return rk->fill(secret, rk->fmt(ps, "/stringData/%s", me->key), "random32");
}
