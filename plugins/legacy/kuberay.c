/* KubeRay's own settings as raykeeper.ini (reference extras 8): values of the chart kuberay-operator, a Configuration file
 * (also inside of a ConfigMap), or the Deployment of the operator with its flags and variables.
 *
 * Each setting is one of these: an option of ours; something of the Deployment, which stays where that is written; something
 * that this version has not, which is told as lossy. */
#include "kuberay.h"

#define CONF_GROUP "config.ray.io/"

void kr_lossy(struct kr *k, const char *where, const char *text)
{
    (void)k->rk->notice_text(k->ps, RK_NOTE_LOSSY, where, text); /* a command may always say it */
}

void kr_tell(struct kr *k, const char *where, const char *text)
{
    (void)k->rk->notice_text(k->ps, RK_NOTE_TELL, where, text); /* as above */
}

int kr_truth(struct kr *k, const rk_json *v)
{
    const char *text = k->rk->str(v, "", NULL);
    if (k->rk->type(v) == RK_JSON_BOOL)
        return k->rk->truth(v, "", 0);
    return rk_is_ci(text, "true") ? 1 : rk_is_ci(text, "false") ? 0 : -1;
}

void kr_bool(struct kr *k, const char *where, const rk_json *v, const char *section,
             const char *key)
{
    int is = kr_truth(k, v);
    if (is < 0)
        kr_lossy(k, where, "is neither true nor false; left out");
    else
        kr_put(k, section, key, is ? "true" : "false", where);
}

/* Keys that this chart has and the other charts of the field have not. */
static int is_values(const rk_api *rk, const rk_json *v)
{
    static const char *const keys[] = {"/featureGates",
                                       "/watchNamespace",
                                       "/singleNamespaceInstall",
                                       "/crNamespacedRbacEnable",
                                       "/rbacEnable",
                                       "/reconcileConcurrency",
                                       "/batchScheduler",
                                       "/leaderElectionEnabled",
                                       "/kubeClient",
                                       "/useKubernetesProxy",
                                       "/operatorCommand",
                                       "/componentOverride",
                                       "/configuration",
                                       "/logging/stdoutEncoder"};
    if (rk->type(v) != RK_JSON_OBJECT || rk->at(v, "/podTypes") || rk->at(v, "/kind"))
        return 0;
    for (size_t i = 0; i < RK_COUNT(keys); i++)
        if (rk->at(v, keys[i]))
            return 1;
    for (RK_EACH(rk, e, rk->at(v, "/env")))
        if (kr_env_known(rk->str(e, "/name", "")))
            return 1;
    return 0;
}

static int is_configuration(const rk_api *rk, const rk_json *v)
{
    return rk_is(rk->str(v, "/kind", NULL), "Configuration") &&
           strncmp(rk->str(v, "/apiVersion", ""), CONF_GROUP, sizeof(CONF_GROUP) - 1) == 0;
}

static int is_deployment(const rk_api *rk, const rk_json *v)
{
    return rk_is(rk->str(v, "/kind", NULL), "Deployment") &&
           rk->len(v, "/spec/template/spec/containers") > 0;
}

int lg_is_kuberay(const rk_api *rk, const rk_json *document)
{
    return is_configuration(rk, document) || is_values(rk, document) ||
           rk->type(rk->at(document, "/data/config.yaml")) == RK_JSON_STRING;
}

static void deployment(struct kr *k, const rk_json *d)
{
    static const char *const lists[] = {"/command", "/args"};
    const rk_json *c = k->rk->item(k->rk->at(d, "/spec/template/spec/containers"), 0);
    for (size_t i = 0; i < RK_COUNT(lists); i++)
        for (RK_EACH(k->rk, a, k->rk->at(c, lists[i])))
            if (k->rk->type(a) == RK_JSON_STRING)
                kr_flag(k, k->rk->str(a, "", ""), k->rk->str(k->rk->next(a), "", "-"));
    kr_env(k, "env", k->rk->at(c, "/env"));
    k->rk->put(k->ps, k->deployment, "all of the Deployment but flags and variables",
               k->rk->new_bool(k->ps, 1));
}

static int32_t config_map(struct kr *k, const rk_json *map)
{
    const char *text = k->rk->str(map, "/data/config.yaml", "");
    const rk_json *conf = k->rk->yaml(k->ps, text, strlen(text));
    if (!is_configuration(k->rk, conf))
        return k->rk->fail(k->ps, RK_EINVAL, "/data/config.yaml",
                           "is no Configuration of config.ray.io");
    kr_configuration(k, conf);
    return RK_OK;
}

static void tell_list(struct kr *k, const rk_json *words, const char *text)
{
    const char *all = "";
    for (RK_EACH_MEMBER(k->rk, w, words))
        all = k->rk->fmt(k->ps, "%s%s%s", all, all[0] ? ", " : "", k->rk->key(w));
    if (all[0])
        kr_tell(k, "", k->rk->fmt(k->ps, "%s: %s", text, all));
}

static int32_t take(struct kr *k, const rk_json *doc, rk_json **values)
{
    if (is_configuration(k->rk, doc))
        kr_configuration(k, doc);
    else if (k->rk->type(k->rk->at(doc, "/data/config.yaml")) == RK_JSON_STRING)
        return config_map(k, doc);
    else if (is_deployment(k->rk, doc))
        deployment(k, doc);
    else if (k->rk->type(doc) == RK_JSON_OBJECT && !k->rk->at(doc, "/kind"))
        *values = *values ? lg_merge(k->rk, k->ps, *values, doc) : k->rk->copy(k->ps, doc);
    else
        return k->rk->fail(k->ps, RK_EINVAL, "",
                           "neither values of the chart kuberay-operator, nor a Configuration of "
                           "config.ray.io, nor the operator's Deployment");
    return RK_OK;
}

int32_t lg_kuberay(const rk_api *rk, rk_pass *ps, const struct lg_how *how, const rk_json *inputs)
{
    struct kr k = {.rk = rk,
                   .ps = ps,
                   .sections = rk->new_object(ps),
                   .disabled = rk->new_object(ps),
                   .deployment = rk->new_object(ps),
                   .kinds = rk->new_object(ps)};
    const char *set = how->set ? how->set : "";
    rk_json *values = NULL;
    for (RK_EACH(rk, in, inputs))
        if (rk->at(in, "/document"))
            RK_TRY(take(&k, rk->at(in, "/document"), &values));
    if (set[0])
        values = lg_set(rk, ps, values ? values : rk->new_object(ps), set);
    if (set[0] && !values)
        return RK_EINVAL;
    if (values)
        kr_values(&k, values);
    tell_list(&k, k.kinds, "for RayJob and RayService alone, which this version does not serve");
    if (how->chart_values && !values)
        return rk->fail(ps, RK_EINVAL, "--chart-values", "there are no values of a chart");
    if (how->chart_values)
        return rk->emit(ps, kr_chart(&k));
    tell_list(&k, k.deployment,
              "belong to the Deployment and its rights, not to this file; keep them where that is "
              "written (--chart-values prints them)");
    return rk->emit(ps, rk->new_str(ps, kr_text(&k)));
}
