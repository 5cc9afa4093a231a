/* Settings by the three names that KubeRay gives them: in the values of its chart, in its Configuration, as a flag. */
#include "kuberay.h"

struct knob {
    const char *values, *conf, *flag;
    kr_knob *turn;
    unsigned types; /* that a value may be of; 0 = any */
};

#define OF(type) (1u << (type))
#define TEXT     OF(RK_JSON_STRING)
#define SWITCH   (OF(RK_JSON_BOOL) | TEXT)
#define FIGURE   (OF(RK_JSON_NUMBER) | TEXT)
#define LIST     OF(RK_JSON_ARRAY)
#define MAP      OF(RK_JSON_OBJECT)

static const struct knob knobs[] = {
    {"/logging/stdoutEncoder", "logStdoutEncoder", "log-stdout-encoder", kr_log_format, TEXT},
    {"/logging/fileEncoder", "logFileEncoder", "log-file-encoder", kr_ignored,
     0}, /* of a file: see below */
    {"/logging/baseDir", "logFile", "log-file-path", kr_log_file, FIGURE},
    {"/logging/fileName", NULL, NULL, kr_log_file, FIGURE},
    {"/logging/sizeLimit", NULL, NULL, kr_log_file, FIGURE},
    {"/batchScheduler/enabled", "enableBatchScheduler", "enable-batch-scheduler", kr_scheduler,
     SWITCH},
    {"/batchScheduler/name", "batchScheduler", "batch-scheduler", kr_scheduler, SWITCH},
    {NULL, "metricsAddr", "metrics-addr", kr_metrics_address, FIGURE},
    {NULL, "probeAddr", "health-probe-bind-address", kr_health_address, FIGURE},
    {"/leaderElectionEnabled", "enableLeaderElection", "enable-leader-election", kr_election,
     SWITCH},
    {NULL, "leaderElectionNamespace", "leader-election-namespace", kr_election_namespace, TEXT},
    {"/reconcileConcurrency", "reconcileConcurrency", "reconcile-concurrency", kr_concurrency,
     FIGURE},
    {"/watchNamespace", "watchNamespace", "watch-namespace", kr_watch, TEXT | LIST},
    {"/singleNamespaceInstall", NULL, NULL, kr_single, SWITCH},
    {"/useKubernetesProxy", "useKubernetesProxy", "use-kubernetes-proxy", kr_other_kinds, SWITCH},
    {NULL, "deleteRayJobAfterJobFinishes", NULL, kr_other_kinds, SWITCH},
    {"/metrics/enabled", "enableMetrics", "enable-metrics", kr_metrics, SWITCH},
    {"/metrics/serviceMonitor", NULL, NULL, NULL, 0},
    {"/kubeClient/qps", "qps", "qps", kr_qps, FIGURE},
    {"/kubeClient/burst", "burst", "burst", kr_burst, FIGURE},
    {"/configuration/enabled", NULL, NULL, kr_ignored, 0},
    {"/configuration/defaultContainerEnvs", "defaultContainerEnvs", NULL, kr_pod_env, LIST},
    {"/configuration/defaultPodLabels", "defaultPodLabels", NULL, kr_pod_labels, MAP},
    {"/configuration/defaultPodAnnotations", "defaultPodAnnotations", NULL, kr_pod_annotations,
     MAP},
    {"/configuration/headSidecarContainers", "headSidecarContainers", NULL, kr_head_sidecars, LIST},
    {"/configuration/workerSidecarContainers", "workerSidecarContainers", NULL, kr_worker_sidecars,
     LIST},
    {"/featureGates", NULL, "feature-gates", kr_gates, TEXT | LIST | MAP},
    {"/env", NULL, NULL, kr_env, LIST},
    {NULL, "apiVersion", NULL, kr_ignored, 0},
    {NULL, "kind", NULL, kr_ignored, 0},
    {NULL, "metadata", NULL, kr_ignored, 0},
    {NULL, NULL, "forced-cluster-upgrade", kr_ignored, 0}, /* does nothing there either */
};

/* Of the chart; they say how the operator is run, not what it does. */
static const char *const of_deployment[] = {"nameOverride",
                                            "fullnameOverride",
                                            "componentOverride",
                                            "replicas",
                                            "strategy",
                                            "image",
                                            "imagePullSecrets",
                                            "nodeSelector",
                                            "priorityClassName",
                                            "labels",
                                            "annotations",
                                            "affinity",
                                            "tolerations",
                                            "serviceAccount",
                                            "operatorCommand",
                                            "rbacEnable",
                                            "resources",
                                            "livenessProbe",
                                            "readinessProbe",
                                            "podSecurityContext",
                                            "securityContext",
                                            "service",
                                            "crNamespacedRbacEnable"};

static const struct knob *find(const char *values, const char *conf, const char *flag)
{
    for (size_t i = 0; i < RK_COUNT(knobs); i++) {
        const struct knob *n = &knobs[i];
        if ((values && rk_is(n->values, values)) || (conf && rk_is(n->conf, conf)) ||
            (flag && rk_is(n->flag, flag)))
            return n;
    }
    return NULL;
}

/* Where a setting stands, as one reads it: "logging.baseDir". */
static const char *dotted(struct kr *k, const char *path)
{
    char *out = k->rk->alloc(k->ps, strlen(path) + 1);
    for (size_t i = 0; path[1 + i]; i++)
        out[i] = (char)(path[1 + i] == '/' ? '.' : path[1 + i]);
    return out;
}

static void turn(struct kr *k, const struct knob *n, const char *where, const rk_json *v)
{
    int32_t type = k->rk->type(v);
    if (n->types && type > RK_JSON_NULL && !(n->types & OF(type)))
        kr_lossy(k, where, "is not of the type that this setting has; left out");
    else if (type > RK_JSON_NULL)
        n->turn(k, where, v);
}

static void unknown(struct kr *k, const char *where)
{
    kr_lossy(k, where, "is no setting that is known here; left out");
}

/* A map that holds settings, "/logging": each of its members is one. */
static int is_box(const char *path)
{
    static const char *const boxes[] = {"/logging", "/batchScheduler", "/metrics", "/kubeClient",
                                        "/configuration"};
    for (size_t i = 0; i < RK_COUNT(boxes); i++)
        if (rk_is(path, boxes[i]))
            return 1;
    return 0;
}

static void value(struct kr *k, const char *path, const rk_json *v)
{
    const rk_api *rk = k->rk;
    const struct knob *n = find(path, NULL, NULL);
    const char *where = dotted(k, path);
    if (rk->type(v) == RK_JSON_NULL)
        return;
    if (!n && is_box(path) && rk->type(v) == RK_JSON_OBJECT) {
        if (rk_is(path, "/configuration") && kr_truth(k, rk->at(v, "/enabled")) != 1) {
            if (rk->len(v, "") > (size_t)(rk->at(v, "/enabled") != NULL))
                kr_tell(k, where, "is not enabled, so that nothing of it was in force; left out");
            return;
        }
        for (RK_EACH_MEMBER(rk, m, v))
            value(k, rk->fmt(k->ps, "%s%s", path, rk_under(rk, k->ps, "", rk->key(m))), m);
        return;
    }
    for (size_t i = 0; !n && i < RK_COUNT(of_deployment); i++)
        if (rk_is(path + 1, of_deployment[i])) {
            rk->put(k->ps, k->deployment, where, rk->copy(k->ps, v));
            return;
        }
    if (!n)
        unknown(k, where);
    else if (n->turn)
        turn(k, n, where, v);
    else
        rk->put(k->ps, k->deployment, where, rk->copy(k->ps, v));
}

void kr_values(struct kr *k, const rk_json *values)
{
    for (RK_EACH_MEMBER(k->rk, m, values))
        value(k, rk_under(k->rk, k->ps, "", k->rk->key(m)), m);
}

void kr_configuration(struct kr *k, const rk_json *conf)
{
    for (RK_EACH_MEMBER(k->rk, m, conf)) {
        const struct knob *n = find(NULL, k->rk->key(m), NULL);
        if (!n)
            unknown(k, k->rk->key(m));
        else
            turn(k, n, k->rk->key(m), m);
    }
}

static int stands_alone(const char *name)
{
    return strncmp(name, "enable-", 7) == 0 || strncmp(name, "use-", 4) == 0 ||
           strncmp(name, "forced-", 7) == 0;
}

/* The program itself is no flag, and what zap's flags say is not logged here. */
void kr_flag(struct kr *k, const char *flag, const char *next)
{
    size_t dashes = strspn(flag, "-"), n = strcspn(flag, "=");
    if (dashes == 0)
        return;
    const char *name = k->rk->fmt(k->ps, "%.*s", (int)(n - dashes), flag + dashes),
               *text = flag[n]                              ? flag + n + 1
                       : stands_alone(name) || *next == '-' ? "true"
                                                            : next,
               *where = k->rk->fmt(k->ps, "%.*s", (int)n, flag);
    const struct knob *knob = find(NULL, NULL, name);
    const rk_json *v = k->rk->new_str(k->ps, text);
    if (rk_is(name, "config"))
        kr_tell(k, where, "names a file that replaces most flags: give that file as well");
    else if (knob)
        knob->turn(k, where, v);
    else
        unknown(k, where);
}
