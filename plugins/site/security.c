/* What Kubernetes' restricted profile wants of a container, for those that the user did not write:
 * field by field, where there is none. */
#include "site.h"

static int users(const rk_api *rk, rk_pass *ps, const char *list, const char *name)
{
    for (RK_EACH(rk, c, rk->at(rk->group(ps), rk->fmt(ps, "/template%s", list))))
        if (rk_is(rk->str(c, "/name", NULL), name))
            return 1;
    return 0;
}

static int32_t restrict_to(const rk_api *rk, rk_pass *ps, const char *path)
{
    static const char *const all[] = {"ALL"};
    rk_obj *pod = rk->subject(ps);
    const char *ctx = rk->fmt(ps, "%s/securityContext", path);
    RK_TRY(rk->offer(pod, rk->fmt(ps, "%s/allowPrivilegeEscalation", ctx), rk->new_bool(ps, 0)));
    RK_TRY(rk->offer(pod, rk->fmt(ps, "%s/runAsNonRoot", ctx), rk->new_bool(ps, 1)));
    RK_TRY(rk->offer(pod, rk->fmt(ps, "%s/capabilities/drop", ctx), rk_words(rk, ps, all, 1)));
    return rk_offer_str(rk, ps, pod, rk->fmt(ps, "%s/seccompProfile/type", ctx), "RuntimeDefault");
}

int32_t site_security(const rk_api *rk, rk_pass *ps, const struct site *me)
{
    static const char *const lists[] = {"/spec/containers", "/spec/initContainers"};
    const rk_json *now = rk->tree(rk->subject(ps));
    for (size_t l = 0; l < RK_COUNT(lists) && rk_is(me->security, "restricted"); l++)
        for (size_t i = 0; i < rk->len(now, lists[l]); i++) {
            const char *path = rk->fmt(ps, "%s/%zu", lists[l], i);
            if (!users(rk, ps, lists[l], rk->str(now, rk->fmt(ps, "%s/name", path), "")))
                RK_TRY(restrict_to(rk, ps, path));
        }
    return RK_OK;
}
