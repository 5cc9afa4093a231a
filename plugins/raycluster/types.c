/* Types of all fields that we read. The API server judges the rest when a pod is created. */
#include "raycluster.h"

static const struct rule cluster_rules[] = {
    {"/spec", RK_JSON_OBJECT, 1},
    {"/spec/headGroupSpec", RK_JSON_OBJECT, 1},
    {"/spec/workerGroupSpecs", RK_JSON_ARRAY, 0},
    {"/spec/workerGroupSpecs/*", RK_JSON_OBJECT, 1},
    {"/spec/rayVersion", RK_JSON_STRING, 0},
    {"/spec/managedBy", RK_JSON_STRING, 0},
    {"/spec/suspend", RK_JSON_BOOL, 0},
    {"/spec/enableInTreeAutoscaling", RK_JSON_BOOL, 0},
    {"/spec/gcsFaultToleranceOptions", RK_JSON_OBJECT, 0},
    {"/spec/headServiceAnnotations", RK_JSON_OBJECT, 0},
    {"/spec/headServiceAnnotations/*", RK_JSON_STRING, 0},
    {"/spec/upgradeStrategy", RK_JSON_OBJECT, 0},
    {"/metadata/namespace", RK_JSON_STRING, 0},
    {"/metadata/labels", RK_JSON_OBJECT, 0},
    {"/metadata/labels/*", RK_JSON_STRING, 0},
    {"/metadata/annotations", RK_JSON_OBJECT, 0},
    {"/metadata/annotations/*", RK_JSON_STRING, 0},
    {"/spec/headGroupSpec/serviceType", RK_JSON_STRING, 0},
    {"/spec/headGroupSpec/headService", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/metadata", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/metadata/name", RK_JSON_STRING, 0},
    {"/spec/headGroupSpec/headService/metadata/labels", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/metadata/annotations", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/spec", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/spec/ports", RK_JSON_ARRAY, 0},
    {"/spec/headGroupSpec/headService/spec/ports/*", RK_JSON_OBJECT, 1},
};

static const struct rule worker_rules[] = {
    {"/groupName", RK_JSON_STRING, 1},
    {"/replicas", RK_JSON_NUMBER, 0},
    {"/minReplicas", RK_JSON_NUMBER, 0},
    {"/maxReplicas", RK_JSON_NUMBER, 0},
    {"/numOfHosts", RK_JSON_NUMBER, 0},
    {"/idleTimeoutSeconds", RK_JSON_NUMBER, 0},
    {"/priority", RK_JSON_NUMBER, 0},
    {"/suspend", RK_JSON_BOOL, 0},
    {"/scaleStrategy", RK_JSON_OBJECT, 0},
    {"/scaleStrategy/workersToDelete", RK_JSON_ARRAY, 0},
    {"/scaleStrategy/workersToDelete/*", RK_JSON_STRING, 0},
};

/* Of the head group and of each worker group. */
static const struct rule group_rules[] = {
    {"/rayStartParams", RK_JSON_OBJECT, 0},
    {"/rayStartParams/*", RK_JSON_STRING, 0},
    {"/resources", RK_JSON_OBJECT, 0},
    {"/resources/*", RK_JSON_STRING, 0},
    {"/labels", RK_JSON_OBJECT, 0},
    {"/labels/*", RK_JSON_STRING, 0},
    {"/template", RK_JSON_OBJECT, 1},
    {"/template/metadata", RK_JSON_OBJECT, 0},
    {"/template/metadata/labels", RK_JSON_OBJECT, 0},
    {"/template/metadata/labels/*", RK_JSON_STRING, 0},
    {"/template/metadata/annotations", RK_JSON_OBJECT, 0},
    {"/template/metadata/annotations/*", RK_JSON_STRING, 0},
    {"/template/spec", RK_JSON_OBJECT, 1},
    {"/template/spec/restartPolicy", RK_JSON_STRING, 0},
    {"/template/spec/serviceAccountName", RK_JSON_STRING, 0},
    {"/template/spec/nodeSelector", RK_JSON_OBJECT, 0},
    {"/template/spec/nodeSelector/*", RK_JSON_STRING, 0},
    {"/template/spec/affinity", RK_JSON_OBJECT, 0},
    {"/template/spec/tolerations", RK_JSON_ARRAY, 0},
    {"/template/spec/tolerations/*", RK_JSON_OBJECT, 1},
    {"/template/spec/volumes", RK_JSON_ARRAY, 0},
    {"/template/spec/volumes/*", RK_JSON_OBJECT, 1},
    {"/template/spec/volumes/*/name", RK_JSON_STRING, 0},
    {"/template/spec/containers", RK_JSON_ARRAY, 1},
    {"/template/spec/containers/*", RK_JSON_OBJECT, 1},
    {"/template/spec/initContainers", RK_JSON_ARRAY, 0},
    {"/template/spec/initContainers/*", RK_JSON_OBJECT, 1},
};

/* Of every container and init container. */
static const struct rule container_rules[] = {
    {"/name", RK_JSON_STRING, 1},
    {"/image", RK_JSON_STRING, 0},
    {"/imagePullPolicy", RK_JSON_STRING, 0},
    {"/command", RK_JSON_ARRAY, 0},
    {"/command/*", RK_JSON_STRING, 0},
    {"/args", RK_JSON_ARRAY, 0},
    {"/args/*", RK_JSON_STRING, 0},
    {"/env", RK_JSON_ARRAY, 0},
    {"/env/*", RK_JSON_OBJECT, 1},
    {"/env/*/name", RK_JSON_STRING, 1},
    {"/env/*/value", RK_JSON_STRING, 0},
    {"/envFrom", RK_JSON_ARRAY, 0},
    {"/ports", RK_JSON_ARRAY, 0},
    {"/ports/*", RK_JSON_OBJECT, 1},
    {"/ports/*/containerPort", RK_JSON_NUMBER, 1},
    {"/ports/*/name", RK_JSON_STRING, 0},
    {"/volumeMounts", RK_JSON_ARRAY, 0},
    {"/volumeMounts/*", RK_JSON_OBJECT, 1},
    {"/volumeMounts/*/name", RK_JSON_STRING, 1},
    {"/volumeMounts/*/mountPath", RK_JSON_STRING, 1},
    {"/resources", RK_JSON_OBJECT, 0},
    {"/resources/limits", RK_JSON_OBJECT, 0},
    {"/resources/requests", RK_JSON_OBJECT, 0},
    {"/livenessProbe", RK_JSON_OBJECT, 0},
    {"/readinessProbe", RK_JSON_OBJECT, 0},
    {"/lifecycle", RK_JSON_OBJECT, 0},
    {"/securityContext", RK_JSON_OBJECT, 0},
};

static const char *const type_words[] = {"absent",   "null",   "a boolean", "a number",
                                         "a string", "a list", "an object"};

/* One rule from `at` on; `rest` is what remains of its path. Null counts as absent, as the API
 * server has it. */
static void walk(const rk_api *rk, rk_pass *ps, const rk_json *at, const char *where,
                 const char *rest, const struct rule *r)
{
    if (rest[0] == '\0') {
        int32_t type = rk->type(at);
        int none = type == RK_JSON_ABSENT || type == RK_JSON_NULL;
        if (none ? r->needed : type != r->type)
            (void)rk->fail(ps, RK_EINVAL, where, "is %s, %s is wanted",
                           none ? "missing" : type_words[type], type_words[r->type]);
        return;
    }
    size_t n = strcspn(rest + 1, "/") + 1;
    const char *word = rk->fmt(ps, "%.*s", (int)n, rest);
    if (!rk_is(word, "/*")) {
        const rk_json *next = rk->at(at, word);
        if (next || (r->needed && rest[n] == '\0'))
            walk(rk, ps, next, rk->fmt(ps, "%s%s", where, word), rest + n, r);
        return;
    }
    size_t i = 0;
    if (rk->type(at) != RK_JSON_ARRAY && rk->type(at) != RK_JSON_OBJECT)
        return; /* its own rule says so */
    for (RK_EACH(rk, it, at)) {
        const char *key = rk->key(it);
        walk(rk, ps, it, key ? rk_under(rk, ps, where, key) : rk->fmt(ps, "%s/%zu", where, i++),
             rest + n, r);
    }
}

void raycluster_rules(const rk_api *rk, rk_pass *ps, const char *prefix, const struct rule *r,
                      size_t n)
{
    const rk_json *at = rk->at(rk->object(ps), prefix);
    for (size_t i = 0; i < n; i++)
        walk(rk, ps, at, prefix, r[i].path, &r[i]);
}

void raycluster_quantities(const rk_api *rk, rk_pass *ps, const char *path)
{
    const rk_json *all = rk->at(rk->object(ps), path);
    for (RK_EACH(rk, q, rk->type(all) == RK_JSON_OBJECT ? all : NULL)) {
        int64_t n;
        const char *where = rk_under(rk, ps, path, rk->key(q));
        const char *text = rk->str(q, "", rk->number_text(q));
        if (!text)
            (void)rk->fail(ps, RK_EINVAL, where, "is %s, a quantity is wanted",
                           type_words[rk->type(q)]);
        else if (rk->qty_value(text, &n) != RK_OK)
            (void)rk->fail(ps, RK_EINVAL, where, "'%s' is not a quantity", text);
        else if (n < 0)
            (void)rk->fail(ps, RK_EINVAL, where, "'%s' is negative", text);
    }
}

static void containers(const rk_api *rk, rk_pass *ps, const char *path)
{
    const rk_json *all = rk->at(rk->object(ps), path);
    size_t n = rk->type(all) == RK_JSON_ARRAY ? rk->len(all, "") : 0;
    for (size_t i = 0; i < n; i++) {
        const char *c = rk->fmt(ps, "%s/%zu", path, i);
        raycluster_rules(rk, ps, c, container_rules, RK_COUNT(container_rules));
        raycluster_quantities(rk, ps, rk->fmt(ps, "%s/resources/limits", c));
        raycluster_quantities(rk, ps, rk->fmt(ps, "%s/resources/requests", c));
    }
}

void raycluster_types(const rk_api *rk, rk_pass *ps)
{
    raycluster_rules(rk, ps, "", cluster_rules, RK_COUNT(cluster_rules));
    raycluster_option_types(rk, ps);
}

void raycluster_group_types(const rk_api *rk, rk_pass *ps, const char *path, int worker)
{
    const char *list = rk->fmt(ps, "%s/template/spec/containers", path);
    if (worker)
        raycluster_rules(rk, ps, path, worker_rules, RK_COUNT(worker_rules));
    raycluster_rules(rk, ps, path, group_rules, RK_COUNT(group_rules));
    const rk_json *all = rk->at(rk->object(ps), list);
    if (rk->type(all) == RK_JSON_ARRAY && rk->len(all, "") == 0)
        (void)rk->fail(ps, RK_EINVAL, list, "is empty: the first container runs Ray");
    containers(rk, ps, list);
    containers(rk, ps, rk->fmt(ps, "%s/template/spec/initContainers", path));
}
