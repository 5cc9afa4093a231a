/* The autoscaler's account, role and binding (reference 3.1, 3.2, 4.8, 6.1 step 4): made when
 * there are none of that name, and then left alone, whoever made them.
 *
 * Unlike the peer: names are not cut at 50 characters, so two clusters with long names never share
 * rights; and the role names this one cluster. Pods cannot be named, their names are not known. */
#include "autoscaler.h"

#define STRANGER_MS   60000 /* what is not ours wakes nobody when it goes */
#define LOOK_AGAIN_MS 5000  /* an account that the user will make: nothing else wakes us */

struct right {
    const char *group, *resource;
    const char *verbs[4];
    int named;
};

static const struct right rights[] = {
    {"", "pods", {"get", "list", "watch", "patch"}, 0},
    {"", "pods/resize", {"patch"}, 0},
    {"ray.io", "rayclusters", {"get", "patch"}, 1},
};

static rk_json *rules(const rk_api *rk, rk_pass *ps)
{
    const char *name = rk->name(ps);
    rk_json *all = rk->new_array(ps);
    for (size_t i = 0; i < RK_COUNT(rights); i++) {
        const struct right *r = &rights[i];
        rk_json *rule = rk->new_object(ps);
        rk->put(ps, rule, "apiGroups", rk_words(rk, ps, &r->group, 1));
        rk->put(ps, rule, "resources", rk_words(rk, ps, &r->resource, 1));
        if (r->named)
            rk->put(ps, rule, "resourceNames", rk_words(rk, ps, &name, 1));
        rk->put(ps, rule, "verbs", rk_words(rk, ps, r->verbs, RK_COUNT(r->verbs)));
        rk->push(ps, all, rule);
    }
    return all;
}

/* NULL: somebody else's has the name, and is used as it is; one that we do not see yet is as good. */
static rk_obj *child(const rk_api *rk, rk_pass *ps, const char *gvk, const char *name)
{
    const rk_json *there = rk->seen(ps, gvk, name);
    if (there && !rk->mine(ps, there)) {
        (void)rk->wait(ps, STRANGER_MS, "is it still there"); /* the time counts, not the verdict */
        return NULL;
    }
    return rk->want(ps, gvk, name, RK_POLICY_ONCE | RK_WANT_ANYONES);
}

static int32_t label(const rk_api *rk, rk_pass *ps, rk_obj *o)
{
    static const char labels[] = "/metadata/labels";
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_APP), RAY_APP));
    return rk_set_str(rk, ps, o, rk_under(rk, ps, labels, RAY_L_CREATED_BY), RAY_CREATED_BY);
}

static int32_t role(const rk_api *rk, rk_pass *ps)
{
    rk_obj *o = child(rk, ps, AUTOSCALER_RBAC "/v1/Role", rk->name(ps));
    if (!o)
        return RK_OK;
    rk->announce(ps, o, "CreatedRole", "FailedToCreateRole");
    RK_TRY(label(rk, ps, o));
    return rk->set(o, "/rules", rules(rk, ps));
}

static int32_t binding(const rk_api *rk, rk_pass *ps, const char *account)
{
    rk_obj *o = child(rk, ps, AUTOSCALER_RBAC "/v1/RoleBinding", rk->name(ps));
    if (!o)
        return RK_OK;
    rk_json *subject = rk->new_object(ps), *subjects = rk->new_array(ps);
    rk->put(ps, subject, "kind", rk->new_str(ps, "ServiceAccount"));
    rk->put(ps, subject, "name", rk->new_str(ps, account));
    rk->put(ps, subject, "namespace", rk->new_str(ps, rk->ns(ps)));
    rk->push(ps, subjects, subject);
    rk->announce(ps, o, "CreatedRoleBinding", "FailedToCreateRoleBinding");
    RK_TRY(label(rk, ps, o));
    RK_TRY(rk->set(o, "/subjects", subjects));
    RK_TRY(rk_set_str(rk, ps, o, "/roleRef/apiGroup", AUTOSCALER_RBAC));
    RK_TRY(rk_set_str(rk, ps, o, "/roleRef/kind", "Role"));
    return rk_set_str(rk, ps, o, "/roleRef/name", rk->name(ps));
}

static int head_lives(const rk_api *rk, rk_pass *ps)
{
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD)))
        if (ray_is(rk, ps, pod, "head") && !ray_terminating(rk, pod))
            return 1;
    return 0;
}

/* The user's own account is the user's to make: without it no head can be. A head that is there
 * already is no reason to leave its workers alone. */
static int32_t users_account(const rk_api *rk, rk_pass *ps, const char *name)
{
    if (rk->uid(ps)[0] == '\0' || rk->seen(ps, AUTOSCALER_ACCOUNT, name))
        return RK_OK; /* offline nothing is seen, and nothing is made */
    rk->event(ps, 1, "AutoscalerServiceAccountNotFound", "Validate",
              rk->fmt(ps,
                      "%s/%s: ServiceAccount %s, which the head's template names, is not there: "
                      "make it, or leave serviceAccountName out",
                      rk->ns(ps), rk->name(ps), name));
    (void)rk->wait(ps, LOOK_AGAIN_MS, "for the ServiceAccount"); /* the verdict is below */
    if (head_lives(rk, ps))
        return RK_OK;
    return rk->fail(ps, RK_EFAIL, RAY_HEAD_SPEC "/template/spec/serviceAccountName",
                    "ServiceAccount %s is not there", name);
}

int32_t autoscaler_rights(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *account = autoscaler_users_account(rk, ps);
    (void)self;
    if (!ray_autoscaling(rk, ps))
        return RK_OK;
    if (account[0]) {
        RK_TRY(users_account(rk, ps, account));
    } else {
        account = rk->name(ps);
        rk_obj *o = child(rk, ps, AUTOSCALER_ACCOUNT, account);
        if (o) {
            rk->announce(ps, o, "CreatedServiceAccount", "FailedToCreateServiceAccount");
            RK_TRY(label(rk, ps, o));
        }
    }
    RK_TRY(role(rk, ps));
    return binding(rk, ps, account);
}
