/* Variables of the environment, and feature gates: most switch a plugin or an option of one. */
#include "kuberay.h"

/* What a variable is here. Those that are on are switched off by "false" alone, the others on by "true" alone. */
enum means { DISABLES, ON_OPTION, OFF_OPTION, DOMAIN, SECONDS, ABSENT, OTHER_KINDS };

struct variable {
    const char *name;
    enum means means;
    const char *section, *key,
        *value; /* DISABLES: section is the plugin's name; ABSENT: value is why */
};

static const struct variable variables[] = {
    {"ENABLE_INIT_CONTAINER_INJECTION", DISABLES, "gcswait", NULL, NULL},
    {"ENABLE_PROBES_INJECTION", DISABLES, "probes", NULL, NULL},
    {"ENABLE_GCS_FT_REDIS_CLEANUP", OFF_OPTION, "plugin:gcsft", "cleanup", "false"},
    {"ENABLE_RAY_HEAD_CLUSTER_IP_SERVICE", ON_OPTION, "plugin:service", "cluster-ip", "true"},
    {"ENABLE_DETERMINISTIC_HEAD_POD_NAME", ON_OPTION, "plugin:head", "name", "fixed"},
    {"ENABLE_LOGIN_SHELL", ON_OPTION, "plugin:raystart", "login-shell", "true"},
    {"USE_INGRESS_ON_OPENSHIFT", ON_OPTION, "plugin:ingress", "ingress-on-openshift", "true"},
    {"CLUSTER_DOMAIN", DOMAIN, NULL, NULL, NULL},
    {"RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV", SECONDS, "operator", "sweep", NULL},
    {"ENABLE_RANDOM_POD_DELETE", ON_OPTION, "plugin:worker", "delete-surplus", "true"},
    {"ENABLE_WEBHOOKS", ABSENT, NULL, NULL,
     "there is no admission webhook: a spec that is wrong gets a condition and an event instead"},
    {"ENABLE_ZERO_DOWNTIME", OTHER_KINDS, NULL, NULL, NULL},
    {"DELETE_RAYJOB_CR_AFTER_JOB_FINISHES", OTHER_KINDS, NULL, NULL, NULL},
    {"RAYJOB_DEPLOYMENT_STATUS_TRANSITION_GRACE_PERIOD_SECONDS", OTHER_KINDS, NULL, NULL, NULL},
    {"RAYJOB_STATUS_CHECK_TIMEOUT_SECONDS", OTHER_KINDS, NULL, NULL, NULL},
};

static const struct variable *variable(const char *name)
{
    for (size_t i = 0; i < RK_COUNT(variables); i++)
        if (rk_is(variables[i].name, name))
            return &variables[i];
    return NULL;
}

int kr_env_known(const char *name)
{
    return variable(name) != NULL;
}

/* A sweep is a minute at least and a day at most. */
static void seconds(struct kr *k, const char *where, const struct variable *v, const char *text)
{
    int64_t n = 0;
    for (const char *p = text; *p; p++)
        n = *p >= '0' && *p <= '9' && n < 1000000 ? n * 10 + (*p - '0') : INT32_MAX;
    if (n == 0 || n == INT32_MAX) {
        kr_lossy(k, where, "is no number of seconds; left out");
        return;
    }
    if (n < 60 || n > 86400)
        kr_lossy(k, where, "becomes a sweep of 1m at least and 24h at most");
    n = n < 60 ? 60 : n > 86400 ? 86400 : n;
    kr_put(k, v->section, v->key, k->rk->fmt(k->ps, "%llds", (long long)n), where);
    kr_tell(
        k, where,
        "is the time between two looks at an object that nothing has happened to: changes are acted upon at once, 30m is enough");
}

/* Of the head's name, and of the certificate for it. */
static void domain(struct kr *k, const char *where, const char *text)
{
    static const char *const sections[] = {"plugin:raystart", "plugin:tls"};
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    if (text[n] || (n && (text[0] == '.' || text[0] == '-' || strstr(text, "..")))) {
        kr_lossy(k, where, "is no DNS name; left out");
        return;
    }
    for (size_t i = 0; n && i < RK_COUNT(sections); i++)
        kr_put(k, sections[i], "cluster-domain", text, where);
}

static void apply(struct kr *k, const char *where, const struct variable *v, const char *text)
{
    switch (v->means) {
    case DISABLES:
        if (rk_is_ci(text, "false"))
            kr_disable(k, v->section, where);
        break;
    case OFF_OPTION:
        if (rk_is_ci(text, "false"))
            kr_put(k, v->section, v->key, v->value, where);
        break;
    case ON_OPTION:
        if (rk_is_ci(text, "true"))
            kr_put(k, v->section, v->key, v->value, where);
        break;
    case DOMAIN:
        domain(k, where, text);
        break;
    case SECONDS:
        seconds(k, where, v, text);
        break;
    case ABSENT:
        if (rk_is_ci(text, "true"))
            kr_lossy(k, where, v->value);
        break;
    case OTHER_KINDS:
        k->rk->put(k->ps, k->kinds, v->name, k->rk->new_bool(k->ps, 1));
    }
}

void kr_env(struct kr *k, const char *where, const rk_json *list)
{
    const rk_api *rk = k->rk;
    for (RK_EACH(rk, e, list)) {
        const char *name = rk->str(e, "/name", NULL);
        const struct variable *v = name ? variable(name) : NULL;
        const char *at = rk->fmt(k->ps, "%s.%s", where, name ? name : "?");
        if (!name)
            kr_lossy(k, where, "has an entry without a name; left out");
        else if (!v)
            rk->put(k->ps, k->deployment, at, rk->new_bool(k->ps, 1));
        else if (rk->type(rk->at(e, "/value")) != RK_JSON_STRING)
            kr_lossy(k, at, "has no value that is a text: what it is cannot be known here");
        else
            apply(k, at, v, rk->str(e, "/value", ""));
    }
}

struct gate {
    const char *name, *plugin; /* plugin: switched off with it */
    const char *off, *on;      /* what is lost when it is off, or on; NULL: nothing */
    int kinds;                 /* of kinds that are not served here */
};

static const struct gate gates[] = {
    {"RayClusterStatusConditions", NULL, "conditions are always written", NULL, 0},
    {"RayMultiHostIndexing", NULL, "replicas of several hosts always have their labels", NULL, 0},
    {"RayClusterNetworkPolicy", "netpolicy", NULL, NULL, 0},
    {"RayClusterHistoryServer", "history", NULL, NULL, 0},
    {"GCSFaultToleranceEmbeddedStorage", NULL, NULL, NULL,
     0}, /* always on; a spec that does not ask for it has none */
    {"RayClusterMTLS", "tls", NULL, NULL, 0},
    {"KubernetesWAS", NULL, NULL, "no scheduler of gangs is served by this version", 0},
    {"RayJobDeletionPolicy", NULL, NULL, NULL, 1},
    {"RayCronJob", NULL, NULL, NULL, 1},
    {"SidecarSubmitterRestart", NULL, NULL, NULL, 1},
    {"RayServiceIncrementalUpgrade", NULL, NULL, NULL, 1},
};

static void gate(struct kr *k, const char *where, const char *name, int on)
{
    const struct gate *g = NULL;
    for (size_t i = 0; i < RK_COUNT(gates); i++)
        if (rk_is(gates[i].name, name))
            g = &gates[i];
    const char *at = k->rk->fmt(k->ps, "%s.%s", where, name);
    if (!g || on < 0) {
        kr_lossy(k, at,
                 g ? "is neither true nor false; left out"
                   : "is no gate that is known here; left out");
        return;
    }
    const char *lost = on ? g->on : g->off;
    if (lost)
        kr_lossy(k, at, lost);
    if (g->kinds)
        k->rk->put(k->ps, k->kinds, g->name, k->rk->new_bool(k->ps, 1));
    if (g->plugin && !on) {
        kr_disable(k, g->plugin, at);
        kr_tell(k, at,
                k->rk->fmt(k->ps, "is off, so the plugin %s is; without a line here it would be on",
                           g->plugin));
    }
}

void kr_gates(struct kr *k, const char *where, const rk_json *v)
{
    const rk_api *rk = k->rk;
    for (const char *at = rk->str(v, "", ""); *at;) {
        size_t n = strcspn(at, ","), name = strcspn(at, "=");
        const char *word = rk->fmt(k->ps, "%.*s", (int)(name < n ? name : n), at);
        int on = name < n
                     ? kr_truth(k, rk->new_str(k->ps, rk->fmt(k->ps, "%.*s", (int)(n - name - 1),
                                                              at + name + 1)))
                     : -1;
        gate(k, where, word, on);
        at += n + (at[n] == ',');
    }
    for (RK_EACH(rk, g, v))
        if (rk->key(g))
            gate(k, where, rk->key(g), kr_truth(k, g));
        else
            gate(k, where, rk->str(g, "/name", "?"), kr_truth(k, rk->at(g, "/enabled")));
}
