/* What the site adds to each pod. */
#include "site.h"

static int serves(const rk_api *rk, rk_pass *ps, const struct site *me)
{
    return me->namespaces[0] == '\0' || rk_listed(me->namespaces, rk->ns(ps));
}

static int role_of(const rk_api *rk, rk_pass *ps)
{
    return rk_is(rk->role(ps), "head") ? SITE_HEAD : SITE_WORKER;
}

/* The user's word stands, or the site's where the option is one of site-wins. */
static int32_t put(const rk_api *rk, rk_pass *ps, const struct site *me, const char *option,
                   const char *path, const rk_json *value)
{
    rk_obj *pod = rk->subject(ps);
    return rk_listed(me->wins, option) ? rk->set(pod, path, value) : rk->offer(pod, path, value);
}

static int32_t pairs(const rk_api *rk, rk_pass *ps, const struct site *me, const char *option,
                     const char *text, const char *map)
{
    struct site_word line, key, value;
    while (site_line(&text, &line))
        if (site_split(line, "=", &key, &value))
            RK_TRY(put(rk, ps, me, option, rk_under(rk, ps, map, site_text(rk, ps, key)),
                       rk->new_str(ps, site_text(rk, ps, value))));
    return RK_OK;
}

static int32_t name_in(const rk_api *rk, rk_pass *ps, const struct site *me, const char *option,
                       const char *text, const char *path)
{
    return text[0] ? put(rk, ps, me, option, path, rk->new_str(ps, text)) : RK_OK;
}

int32_t site_sidecars(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct site *me = self;
    const char *text = me->sidecars[role_of(rk, ps)];
    if (!text[0] || !serves(rk, ps, me))
        return RK_OK;
    const rk_json *all = rk->parse(ps, text, strlen(text));
    if (rk->type(all) != RK_JSON_ARRAY)
        return rk->fail(ps, RK_EFAIL, "", "[plugin:site] %s-sidecars is not JSON", rk->role(ps));
    for (RK_EACH(rk, c, all))
        RK_TRY(rk->offer(rk->subject(ps),
                         rk->fmt(ps, "/spec/containers/[%s]", rk->str(c, "/name", "")), c));
    return RK_OK;
}

int32_t site_env(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct site *me = self;
    const char *rest = me->env;
    struct site_word line, name, value;
    while (serves(rk, ps, me) && site_line(&rest, &line)) {
        rk_json *e = NULL;
        if (line.p[0] == '{')
            e = rk->parse(ps, line.p, line.n);
        else if (site_split(line, "=", &name, &value))
            e = rk_env_value(rk, ps, site_text(rk, ps, name), site_text(rk, ps, value));
        const char *is = rk->str(e, "/name", NULL);
        if (!is)
            return rk->fail(ps, RK_EFAIL, "", "[plugin:site] env has a line that is not JSON");
        RK_TRY(put(rk, ps, me, "env", rk_env_path(rk, ps, RAY_C0, is), e));
    }
    return RK_OK;
}

static rk_json *toleration(const rk_api *rk, rk_pass *ps, const struct site_toleration *t)
{
    rk_json *out = rk->new_object(ps);
    rk->put(ps, out, "key", rk->new_str(ps, site_text(rk, ps, t->key)));
    rk->put(ps, out, "operator", rk->new_str(ps, t->value.p ? "Equal" : "Exists"));
    if (t->value.p)
        rk->put(ps, out, "value", rk->new_str(ps, site_text(rk, ps, t->value)));
    if (t->effect.n > 0)
        rk->put(ps, out, "effect", rk->new_str(ps, site_text(rk, ps, t->effect)));
    if (t->seconds >= 0)
        rk->put(ps, out, "tolerationSeconds", rk->new_num(ps, t->seconds));
    return out;
}

/* Tolerations only add up; the same one is not said twice. */
static int32_t tolerations(const rk_api *rk, rk_pass *ps, const char *text)
{
    static const char path[] = "/spec/tolerations";
    struct site_word line;
    struct site_toleration t;
    while (site_line(&text, &line)) {
        int there = 0;
        if (!site_toleration(line, &t))
            continue; /* check() has refused it */
        const rk_json *ours = toleration(rk, ps, &t);
        for (RK_EACH(rk, have, rk->at(rk->tree(rk->subject(ps)), path)))
            there |= rk->equal(have, ours);
        if (!there)
            RK_TRY(rk->append(rk->subject(ps), path, ours));
    }
    return RK_OK;
}

static int32_t pull_secrets(const rk_api *rk, rk_pass *ps, const char *text)
{
    struct site_word line;
    while (site_line(&text, &line)) {
        const char *name = site_text(rk, ps, line);
        rk_json *ref = rk->new_object(ps);
        rk->put(ps, ref, "name", rk->new_str(ps, name));
        RK_TRY(rk->offer(rk->subject(ps), rk->fmt(ps, "/spec/imagePullSecrets/[%s]", name), ref));
    }
    return RK_OK;
}

int32_t site_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char selector[] = "/spec/nodeSelector";
    const struct site *me = self;
    const int role = role_of(rk, ps);
    if (!serves(rk, ps, me))
        return RK_OK;
    RK_TRY(pairs(rk, ps, me, "labels", me->labels, "/metadata/labels"));
    RK_TRY(pairs(rk, ps, me, "annotations", me->annotations, "/metadata/annotations"));
    RK_TRY(pairs(rk, ps, me, "node-selector", me->node_selector[role], selector));
    RK_TRY(pairs(rk, ps, me, "node-selector", me->node_selector[SITE_BOTH], selector));
    RK_TRY(tolerations(rk, ps, me->tolerations[role]));
    RK_TRY(tolerations(rk, ps, me->tolerations[SITE_BOTH]));
    RK_TRY(pull_secrets(rk, ps, me->pull_secrets));
    RK_TRY(name_in(rk, ps, me, "priority-class", me->priority_class, "/spec/priorityClassName"));
    RK_TRY(name_in(rk, ps, me, "scheduler-name", me->scheduler, "/spec/schedulerName"));
    RK_TRY(name_in(rk, ps, me, "runtime-class", me->runtime_class, "/spec/runtimeClassName"));
    RK_TRY(site_security(rk, ps, me));
    return site_images(rk, ps, me);
}
