/* Is the object legal? Types of all fields that raykeeper reads, names, counts, quantities; all failures of one object together (reference 2). What only the
 * API server can judge of a pod template it judges when the pod is created. */
#include "raycluster.h"

struct rule {
    const char *path; /* below its prefix; `*` = every member */
    int32_t type;
    int needed;
};

static const struct rule cluster_rules[] = {
    {"/spec", RK_JSON_OBJECT, 1},
    {"/spec/headGroupSpec", RK_JSON_OBJECT, 1},
    {"/spec/workerGroupSpecs", RK_JSON_ARRAY, 0},
    {"/spec/workerGroupSpecs/*", RK_JSON_OBJECT, 0},
    {"/spec/rayVersion", RK_JSON_STRING, 0},
    {"/spec/managedBy", RK_JSON_STRING, 0},
    {"/spec/suspend", RK_JSON_BOOL, 0},
    {"/spec/enableInTreeAutoscaling", RK_JSON_BOOL, 0},
    {"/spec/autoscalerOptions", RK_JSON_OBJECT, 0},
    {"/spec/gcsFaultToleranceOptions", RK_JSON_OBJECT, 0},
    {"/spec/headServiceAnnotations", RK_JSON_OBJECT, 0},
    {"/spec/headServiceAnnotations/*", RK_JSON_STRING, 0},
    {"/spec/upgradeStrategy", RK_JSON_OBJECT, 0},
    {"/metadata/labels/*", RK_JSON_STRING, 0},
    {"/metadata/annotations/*", RK_JSON_STRING, 0},
    {"/spec/headGroupSpec/serviceType", RK_JSON_STRING, 0},
    {"/spec/headGroupSpec/headService", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/metadata", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/metadata/name", RK_JSON_STRING, 0},
    {"/spec/headGroupSpec/headService/metadata/labels", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/metadata/annotations", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/spec", RK_JSON_OBJECT, 0},
    {"/spec/headGroupSpec/headService/spec/ports", RK_JSON_ARRAY, 0},
    {"/spec/headGroupSpec/headService/spec/ports/*", RK_JSON_OBJECT, 0},
};

static const struct rule worker_rules[] = {
    {"/groupName", RK_JSON_STRING, 1},
    {"/replicas", RK_JSON_NUMBER, 0},
    {"/minReplicas", RK_JSON_NUMBER, 0},
    {"/maxReplicas", RK_JSON_NUMBER, 0},
    {"/numOfHosts", RK_JSON_NUMBER, 0},
    {"/idleTimeoutSeconds", RK_JSON_NUMBER, 0},
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
    {"/template/spec/tolerations/*", RK_JSON_OBJECT, 0},
    {"/template/spec/volumes", RK_JSON_ARRAY, 0},
    {"/template/spec/volumes/*", RK_JSON_OBJECT, 0},
    {"/template/spec/volumes/*/name", RK_JSON_STRING, 0},
    {"/template/spec/containers", RK_JSON_ARRAY, 1},
    {"/template/spec/containers/*", RK_JSON_OBJECT, 0},
    {"/template/spec/initContainers", RK_JSON_ARRAY, 0},
    {"/template/spec/initContainers/*", RK_JSON_OBJECT, 0},
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
    {"/env/*", RK_JSON_OBJECT, 0},
    {"/env/*/name", RK_JSON_STRING, 1},
    {"/env/*/value", RK_JSON_STRING, 0},
    {"/envFrom", RK_JSON_ARRAY, 0},
    {"/ports", RK_JSON_ARRAY, 0},
    {"/ports/*", RK_JSON_OBJECT, 0},
    {"/ports/*/containerPort", RK_JSON_NUMBER, 1},
    {"/ports/*/name", RK_JSON_STRING, 0},
    {"/volumeMounts", RK_JSON_ARRAY, 0},
    {"/volumeMounts/*", RK_JSON_OBJECT, 0},
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

static const char *const type_names[] = {"absent",   "null",   "a boolean", "a number",
                                         "a string", "a list", "an object"};

/* One rule from `at` on; `rest` is what remains of its path. Null counts as absent, as the API server has it. */
static void walk(const rk_api *rk, rk_pass *ps, const rk_json *at, const char *where,
                 const char *rest, const struct rule *r)
{
    if (rest[0] == '\0') {
        int32_t type = rk->type(at);
        if (type == RK_JSON_ABSENT || type == RK_JSON_NULL) {
            if (r->needed)
                (void)rk->fail(ps, RK_EINVAL, where, "is missing, %s is wanted",
                               type_names[r->type]);
        } else if (type != r->type) {
            (void)rk->fail(ps, RK_EINVAL, where, "is %s, %s is wanted", type_names[type],
                           type_names[r->type]);
        }
        return;
    }
    const char *end = strchr(rest + 1, '/');
    size_t n = end ? (size_t)(end - rest) : strlen(rest);
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
        walk(rk, ps, it, key ? rk_under(rk, ps, where, key) : rk->fmt(ps, "%s/%zu", where, i),
             rest + n, r);
        i++;
    }
}

static void rules(const rk_api *rk, rk_pass *ps, const char *prefix, const struct rule *r, size_t n)
{
    const rk_json *at = rk->at(rk->object(ps), prefix);
    for (size_t i = 0; i < n; i++)
        walk(rk, ps, at, prefix, r[i].path, &r[i]);
}

static void quantities(const rk_api *rk, rk_pass *ps, const char *path)
{
    int64_t n;
    for (RK_EACH(rk, q, rk->at(rk->object(ps), path))) {
        const char *where = rk_under(rk, ps, path, rk->key(q)),
                   *text = rk->str(q, "", rk->number_text(q));
        if (!text)
            (void)rk->fail(ps, RK_EINVAL, where, "is %s, a quantity is wanted",
                           type_names[rk->type(q)]);
        else if (rk->qty_value(text, &n) != RK_OK)
            (void)rk->fail(ps, RK_EINVAL, where, "'%s' is not a quantity", text);
        else if (n < 0)
            (void)rk->fail(ps, RK_EINVAL, where, "'%s' is negative", text);
    }
}

static void containers(const rk_api *rk, rk_pass *ps, const char *path)
{
    size_t n = rk->len(rk->object(ps), path);
    if (rk->type(rk->at(rk->object(ps), path)) != RK_JSON_ARRAY)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *c = rk->fmt(ps, "%s/%zu", path, i);
        rules(rk, ps, c, container_rules, RK_COUNT(container_rules));
        quantities(rk, ps, rk->fmt(ps, "%s/resources/limits", c));
        quantities(rk, ps, rk->fmt(ps, "%s/resources/requests", c));
    }
}

static void group(const rk_api *rk, rk_pass *ps, const char *path)
{
    const char *list = rk->fmt(ps, "%s/template/spec/containers", path);
    rules(rk, ps, path, group_rules, RK_COUNT(group_rules));
    if (rk->type(rk->at(rk->object(ps), list)) == RK_JSON_ARRAY &&
        rk->len(rk->object(ps), list) == 0)
        (void)rk->fail(ps, RK_EINVAL, list, "is empty: the first container runs Ray");
    containers(rk, ps, list);
    containers(rk, ps, rk->fmt(ps, "%s/template/spec/initContainers", path));
}

/* DNS-1035 label: lower case letters, digits, '-'; begins with a letter, ends with no '-'. */
static const char *bad_name(const rk_api *rk, rk_pass *ps, const char *name, size_t max)
{
    size_t n = strlen(name);
    if (n == 0)
        return "is empty";
    if (n > max)
        return rk->fmt(ps, "has %zu characters, at most %zu are possible", n, max);
    if (name[0] < 'a' || name[0] > 'z')
        return rk->fmt(ps, "'%s' does not begin with a lower case letter", name);
    for (size_t i = 0; i < n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              (name[i] == '-' && i + 1 < n)))
            return rk->fmt(
                ps, "'%s' is not a DNS label: lower case letters, digits and inner '-' are", name);
    return NULL;
}

/* Value of the label ray.io/group: letters, digits, '-', '_', '.', at most 63, alphanumeric at both ends. */
static const char *bad_label(const rk_api *rk, rk_pass *ps, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > 63)
        return n == 0 ? "is empty" : rk->fmt(ps, "has %zu characters, a label has at most 63", n);
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        int alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (i == 0 || i + 1 == n || (c != '-' && c != '_' && c != '.')))
            return rk->fmt(ps, "'%s' is not a label value", text);
    }
    return NULL;
}

static void count(const rk_api *rk, rk_pass *ps, const char *where, int64_t least)
{
    const rk_json *v = rk->at(rk->object(ps), where);
    int64_t n = rk->num(v, "", INT64_MIN);
    if (rk->type(v) == RK_JSON_NUMBER && (n == INT64_MIN || n < least || n > INT32_MAX))
        (void)rk->fail(ps, RK_EINVAL, where, "%s is not an integer from %lld to %d",
                       rk->number_text(v), (long long)least, INT32_MAX);
}

static void worker_group(const rk_api *rk, rk_pass *ps, const char *path, const rk_json *g)
{
    static const char *const counts[] = {"/replicas", "/minReplicas", "/maxReplicas",
                                         "/idleTimeoutSeconds"};
    const char *name = rk->str(g, "/groupName", NULL), *bad = name ? bad_label(rk, ps, name) : NULL;
    rules(rk, ps, path, worker_rules, RK_COUNT(worker_rules));
    group(rk, ps, path);
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path), "%s", bad);
    if (name && rk_is(name, RAY_HEAD_GROUP))
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path),
                       "'" RAY_HEAD_GROUP "' is the head's");
    for (size_t i = 0; i < RK_COUNT(counts); i++)
        count(rk, ps, rk->fmt(ps, "%s%s", path, counts[i]), 0);
    count(rk, ps, rk->fmt(ps, "%s/numOfHosts", path), 1);
    int64_t min = rk->num(g, "/minReplicas", 0), max = rk->num(g, "/maxReplicas", INT32_MAX);
    if (min > max)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/minReplicas", path),
                       "%lld is more than maxReplicas %lld", (long long)min, (long long)max);
}

int32_t raycluster_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *o = rk->object(ps), *groups = rk->at(o, "/spec/workerGroupSpecs");
    const char *bad = bad_name(rk, ps, rk->name(ps), 53),
               *svc = rk->str(o, RAY_HEAD_SPEC "/headService/metadata/name", "");
    (void)self;
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, "/metadata/name", "%s", bad);
    rules(rk, ps, "", cluster_rules, RK_COUNT(cluster_rules));
    bad = svc[0] ? bad_name(rk, ps, svc, 63) : NULL;
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, RAY_HEAD_SPEC "/headService/metadata/name", "%s", bad);
    if (rk->type(rk->at(o, RAY_HEAD_SPEC)) == RK_JSON_OBJECT)
        group(rk, ps, RAY_HEAD_SPEC);
    if (rk->type(groups) != RK_JSON_ARRAY)
        return RK_OK; /* fail() has been told what there was to tell */
    size_t i = 0;
    rk_json *names = rk->new_object(ps);
    for (RK_EACH(rk, g, groups)) {
        const char *path = rk->fmt(ps, "/spec/workerGroupSpecs/%zu", i++),
                   *name = rk->str(g, "/groupName", "");
        if (rk->type(g) != RK_JSON_OBJECT)
            continue;
        worker_group(rk, ps, path, g);
        if (rk->at(names, rk_under(rk, ps, "", name)))
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path),
                           "'%s' is the name of two groups", name);
        else
            rk->put(ps, names, name, rk->new_bool(ps, 1));
    }
    return RK_OK;
}
