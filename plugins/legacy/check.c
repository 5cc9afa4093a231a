/* Is a legacy object what its CRD lets through? Types of all that the conversion reads and of what our own CRD has a word about; and
 * what is in none of its fields. */
#include "convert.h"

#define TYPES "/spec/podTypes/*"
#define POD   TYPES "/podConfig"
#define C     "/*"
#define MOST  1000 /* podTypes, containers and the like: more makes no cluster */

struct rule {
    const char *path; /* `*`: every member */
    int32_t type;
    int needed;
};

static const struct rule rules[] = {
    {"/metadata", RK_JSON_OBJECT, 0},
    {"/metadata/name", RK_JSON_STRING, 0},
    {"/metadata/namespace", RK_JSON_STRING, 0},
    {"/metadata/labels", RK_JSON_OBJECT, 0},
    {"/metadata/labels/*", RK_JSON_STRING, 0},
    {"/metadata/annotations", RK_JSON_OBJECT, 0},
    {"/metadata/annotations/*", RK_JSON_STRING, 0},
    {"/metadata/finalizers", RK_JSON_ARRAY, 0},
    {"/metadata/ownerReferences", RK_JSON_ARRAY, 0},
    {"/spec", RK_JSON_OBJECT, 1},
    {"/spec/headPodType", RK_JSON_STRING, 1},
    {"/spec/upscalingSpeed", RK_JSON_NUMBER, 0},
    {"/spec/headStartRayCommands", RK_JSON_ARRAY, 0},
    {"/spec/headStartRayCommands/*", RK_JSON_STRING, 1},
    {"/spec/workerStartRayCommands", RK_JSON_ARRAY, 0},
    {"/spec/workerStartRayCommands/*", RK_JSON_STRING, 1},
    {"/spec/headServicePorts", RK_JSON_ARRAY, 0},
    {"/spec/headServicePorts/*", RK_JSON_OBJECT, 1},
    {"/spec/headServicePorts/*/name", RK_JSON_STRING, 1},
    {"/spec/headServicePorts/*/port", RK_JSON_NUMBER, 1},
    {"/spec/podTypes", RK_JSON_ARRAY, 1},
    {TYPES, RK_JSON_OBJECT, 1},
    {TYPES "/name", RK_JSON_STRING, 1},
    {TYPES "/rayResources", RK_JSON_OBJECT, 0},
    {TYPES "/setupCommands", RK_JSON_ARRAY, 0},
    {TYPES "/setupCommands/*", RK_JSON_STRING, 1},
    {TYPES "/workerSetupCommands", RK_JSON_ARRAY, 0},
    {TYPES "/workerSetupCommands/*", RK_JSON_STRING, 1},
    {POD, RK_JSON_OBJECT, 1},
    {POD "/metadata", RK_JSON_OBJECT, 0},
    {POD "/metadata/labels", RK_JSON_OBJECT, 0},
    {POD "/metadata/labels/*", RK_JSON_STRING, 0},
    {POD "/metadata/annotations", RK_JSON_OBJECT, 0},
    {POD "/metadata/annotations/*", RK_JSON_STRING, 0},
    {POD "/metadata/finalizers", RK_JSON_ARRAY, 0},
    {POD "/metadata/finalizers/*", RK_JSON_STRING, 1},
    {POD "/spec", RK_JSON_OBJECT, 1},
    {POD "/spec/restartPolicy", RK_JSON_STRING, 0},
    {POD "/spec/serviceAccountName", RK_JSON_STRING, 0},
    {POD "/spec/serviceAccount", RK_JSON_STRING, 0},
    {POD "/spec/nodeSelector", RK_JSON_OBJECT, 0},
    {POD "/spec/nodeSelector/*", RK_JSON_STRING, 0},
    {POD "/spec/affinity", RK_JSON_OBJECT, 0},
    {POD "/spec/tolerations", RK_JSON_ARRAY, 0},
    {POD "/spec/tolerations/*", RK_JSON_OBJECT, 1},
    {POD "/spec/tolerations/*/key", RK_JSON_STRING, 0},
    {POD "/spec/tolerations/*/operator", RK_JSON_STRING, 0},
    {POD "/spec/tolerations/*/value", RK_JSON_STRING, 0},
    {POD "/spec/tolerations/*/effect", RK_JSON_STRING, 0},
    {POD "/spec/tolerations/*/tolerationSeconds", RK_JSON_NUMBER, 0},
    {POD "/spec/imagePullSecrets", RK_JSON_ARRAY, 0},
    {POD "/spec/imagePullSecrets/*", RK_JSON_OBJECT, 1},
    {POD "/spec/imagePullSecrets/*/name", RK_JSON_STRING, 0},
    {POD "/spec/volumes", RK_JSON_ARRAY, 0},
    {POD "/spec/volumes/*", RK_JSON_OBJECT, 1},
    {POD "/spec/volumes/*/name", RK_JSON_STRING, 1},
    {POD "/spec/containers", RK_JSON_ARRAY, 1},
    {POD "/spec/containers/*", RK_JSON_OBJECT, 1},
    {POD "/spec/initContainers", RK_JSON_ARRAY, 0},
    {POD "/spec/initContainers/*", RK_JSON_OBJECT, 1},
};

/* Of every container and init container. */
static const struct rule container_rules[] = {
    {C "/name", RK_JSON_STRING, 0},
    {C "/image", RK_JSON_STRING, 0},
    {C "/imagePullPolicy", RK_JSON_STRING, 0},
    {C "/command", RK_JSON_ARRAY, 0},
    {C "/command/*", RK_JSON_STRING, 1},
    {C "/args", RK_JSON_ARRAY, 0},
    {C "/args/*", RK_JSON_STRING, 1},
    {C "/env", RK_JSON_ARRAY, 0},
    {C "/env/*", RK_JSON_OBJECT, 1},
    {C "/env/*/name", RK_JSON_STRING, 1},
    {C "/env/*/value", RK_JSON_STRING, 0},
    {C "/envFrom", RK_JSON_ARRAY, 0},
    {C "/envFrom/*", RK_JSON_OBJECT, 1},
    {C "/ports", RK_JSON_ARRAY, 0},
    {C "/ports/*", RK_JSON_OBJECT, 1},
    {C "/ports/*/containerPort", RK_JSON_NUMBER, 1},
    {C "/ports/*/name", RK_JSON_STRING, 0},
    {C "/ports/*/protocol", RK_JSON_STRING, 0},
    {C "/volumeMounts", RK_JSON_ARRAY, 0},
    {C "/volumeMounts/*", RK_JSON_OBJECT, 1},
    {C "/volumeMounts/*/name", RK_JSON_STRING, 1},
    {C "/volumeMounts/*/mountPath", RK_JSON_STRING, 1},
    {C "/resources", RK_JSON_OBJECT, 0},
    {C "/resources/limits", RK_JSON_OBJECT, 0},
    {C "/resources/requests", RK_JSON_OBJECT, 0},
    {C "/lifecycle", RK_JSON_OBJECT, 0},
    {C "/livenessProbe", RK_JSON_OBJECT, 0},
    {C "/readinessProbe", RK_JSON_OBJECT, 0},
    {C "/startupProbe", RK_JSON_OBJECT, 0},
    {C "/securityContext", RK_JSON_OBJECT, 0},
};

static void judge(struct lg *c, const rk_json *at, const char *where, const struct rule *r)
{
    static const char *const words[] = {"absent",   "null",   "a boolean", "a number",
                                        "a string", "a list", "a map"};
    int32_t type = c->rk->type(at);
    int none = type <= RK_JSON_NULL;
    if (none ? r->needed : type != r->type)
        lg_bad(c, where,
               c->rk->fmt(c->ps, "is %s, %s is wanted", none ? "missing" : words[type],
                          words[r->type]));
    else if (c->rk->len(at, "") > MOST)
        lg_bad(c, where,
               c->rk->fmt(c->ps, "has %zu entries, at most %d are possible", c->rk->len(at, ""),
                          MOST));
}

/* As in a path of the language that people write: a.b[0]["c/d"]. */
static void walk(struct lg *c, const rk_json *at, const char *where, const char *rest,
                 const struct rule *r)
{
    const rk_api *rk = c->rk;
    if (rest[0] == '\0') {
        judge(c, at, where, r);
        return;
    }
    size_t n = strcspn(rest + 1, "/") + 1, i = 0;
    const char *word = rk->fmt(c->ps, "%.*s", (int)n, rest);
    int32_t type = rk->type(at);
    if (!rk_is(word, "/*")) {
        /* What is no map where a map is wanted has a rule of its own, and what is missing is told once. */
        if (type == RK_JSON_OBJECT && (rk->at(at, word) || (r->needed && rest[n] == '\0')))
            walk(c, rk->at(at, word), lg_dot(c, where, word + 1), rest + n, r);
        return;
    }
    if (type != RK_JSON_ARRAY && type != RK_JSON_OBJECT)
        return;
    for (RK_EACH(rk, it, at)) {
        const char *key = rk->key(it);
        walk(c, it, key ? lg_dot(c, where, key) : rk->fmt(c->ps, "%s[%zu]", where, i), rest + n, r);
        if (i++ >= MOST)
            return;
    }
}

static void amounts(struct lg *c, const rk_json *map, const char *where)
{
    const rk_api *rk = c->rk;
    int64_t n;
    for (RK_EACH_MEMBER(rk, q, map)) {
        const char *text = rk->str(q, "", rk->number_text(q)), *at = lg_dot(c, where, rk->key(q));
        if (!text || rk->qty_value(text, &n) != RK_OK)
            lg_bad(c, at, "is not an amount as Kubernetes has it");
        else if (n < 0)
            lg_bad(c, at, "is negative");
    }
}

static void containers(struct lg *c, const rk_json *list, const char *where)
{
    const rk_api *rk = c->rk;
    size_t i = 0;
    if (rk->type(list) != RK_JSON_ARRAY)
        return;
    for (size_t k = 0; k < RK_COUNT(container_rules); k++)
        walk(c, list, where, container_rules[k].path, &container_rules[k]);
    for (RK_EACH(rk, it, list)) {
        const char *at = rk->fmt(c->ps, "%s[%zu].resources", where, i++);
        amounts(c, rk->at(it, "/resources/limits"), lg_dot(c, at, "limits"));
        amounts(c, rk->at(it, "/resources/requests"), lg_dot(c, at, "requests"));
    }
}

void lg_check(struct lg *c)
{
    const rk_api *rk = c->rk;
    size_t i = 0;
    for (size_t k = 0; k < RK_COUNT(rules); k++)
        walk(c, c->from, "", rules[k].path, &rules[k]);
    for (RK_EACH(rk, type, c->bad ? NULL : rk->at(c->from, "/spec/podTypes"))) {
        const char *at = rk->fmt(c->ps, "spec.podTypes[%zu].podConfig.spec", i++);
        if (rk->len(type, "/podConfig/spec/containers") == 0)
            lg_bad(c, lg_dot(c, at, "containers"), "is empty: Ray runs in the first container");
        containers(c, rk->at(type, "/podConfig/spec/containers"), lg_dot(c, at, "containers"));
        containers(c, rk->at(type, "/podConfig/spec/initContainers"),
                   lg_dot(c, at, "initContainers"));
    }
}
