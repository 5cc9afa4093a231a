/* Values of the old chart as the object that its template made of them. Types of the map come in byte order of their names, as a
 * template ranges over a map. */
#include "values.h"

static const char *const top_keys[] = {"image",         "headPodType",       "podTypes",
                                       "operatorOnly",  "clusterOnly",       "namespacedOperator",
                                       "operatorImage", "operatorNamespace", "imagePullSecrets"};
static const char *const type_keys[] = {"minWorkers", "maxWorkers",   "CPU",          "memory",
                                        "GPU",        "rayResources", "nodeSelector", "tolerations",
                                        "image",      "numCPU",       "numGPU"};

/* A value that is there: null takes away what another file or the chart has. */
const rk_json *lgv_at(struct lgv *v, const rk_json *map, const char *key)
{
    const rk_json *it = v->c.rk->at(map, v->c.rk->fmt(v->c.ps, "/%s", key));
    return v->c.rk->type(it) == RK_JSON_NULL ? NULL : it;
}

static const char never[] = "the old chart has no such value: it had no effect, and is left out";

/* ---- what is the operator's ---- */

static int flag(struct lgv *v, const char *key)
{
    const rk_json *it = lgv_at(v, v->values, key);
    if (it && v->c.rk->type(it) != RK_JSON_BOOL)
        lg_bad(&v->c, key, "is neither true nor false");
    return v->c.rk->truth(it, "", 0);
}

static void operators(struct lgv *v)
{
    static const char *const keys[] = {"operatorImage", "operatorNamespace"};
    const char *said = "";
    for (size_t i = 0; i < RK_COUNT(keys); i++)
        if (lgv_at(v, v->values, keys[i]))
            said = v->c.rk->fmt(v->c.ps, "%s%s%s", said, said[0] ? ", " : "", keys[i]);
    if (flag(v, "namespacedOperator"))
        lg_tell(&v->c, 0, "namespacedOperator",
                "raykeeper serves one namespace alone with `watch = NAMESPACE` in its [operator] "
                "section");
    if (said[0])
        lg_tell(&v->c, 0, "",
                v->c.rk->fmt(v->c.ps,
                             "%s: of the old operator, raykeeper's own installation says "
                             "that",
                             said));
    (void)flag(v, "clusterOnly"); /* a cluster is all that comes out here */
}

/* Both ways of writing them: names, and objects with a name. */
static rk_json *pull_secrets(struct lgv *v)
{
    const rk_api *rk = v->c.rk;
    const rk_json *list = lgv_at(v, v->values, "imagePullSecrets");
    rk_json *out = rk->new_array(v->c.ps);
    size_t i = 0;
    if (list && rk->type(list) != RK_JSON_ARRAY)
        lg_bad(&v->c, "imagePullSecrets", "is no list");
    for (RK_EACH(rk, it, rk->type(list) == RK_JSON_ARRAY ? list : NULL)) {
        const char *name = rk->str(it, "", rk->str(it, "/name", NULL));
        rk_json *ref = rk->new_object(v->c.ps);
        if (!name)
            lg_bad(&v->c, rk->fmt(v->c.ps, "imagePullSecrets[%zu]", i), "has no name");
        else
            rk->put(v->c.ps, ref, "name", rk->new_str(v->c.ps, name));
        rk->push(v->c.ps, out, ref);
        i++;
    }
    if (i > 0)
        lg_tell(&v->c, 0, "imagePullSecrets",
                "were the old operator's alone: pods of the cluster have them too now");
    return i > 0 ? out : NULL;
}

/* ---- the object ---- */

static void pod_types(struct lgv *v, rk_json *spec)
{
    const rk_api *rk = v->c.rk;
    const rk_json *map = lgv_at(v, v->values, "podTypes");
    rk_json *list = rk->new_array(v->c.ps);
    int64_t sum = 0;
    if (rk->type(map) != RK_JSON_OBJECT || rk->len(map, "") == 0 || rk->len(map, "") > 1000) {
        lg_bad(&v->c, "podTypes",
               rk->type(map) != RK_JSON_OBJECT ? "is no map of names to settings"
               : rk->len(map, "")              ? "has more than 1000 entries"
                                               : "is empty");
        return;
    }
    const char *sorted = rk->print_sorted(v->c.ps, map);
    for (RK_EACH(rk, it, rk->parse(v->c.ps, sorted, strlen(sorted)))) {
        const char *where = lg_dot(&v->c, "podTypes", rk->key(it));
        if (rk->type(it) == RK_JSON_NULL)
            continue;
        if (rk->type(it) != RK_JSON_OBJECT || rk->len(it, "") > 1000) {
            lg_bad(&v->c, where, "is no map of settings");
            continue;
        }
        lg_strangers(&v->c, it, where, type_keys, RK_COUNT(type_keys), never);
        rk->push(v->c.ps, list, lgv_type(v, it, where, rk->len(list, ""), &sum));
    }
    rk->put(v->c.ps, spec, "maxWorkers", rk->new_num(v->c.ps, sum > INT32_MAX ? INT32_MAX : sum));
    rk->put(v->c.ps, spec, "podTypes", list);
}

/* What a file that is only laid over the chart's own says nothing of. */
static void whole_file(struct lgv *v)
{
    const rk_json *map = lgv_at(v, v->values, "podTypes");
    if (!v->c.rk->at(map, "/rayWorkerType") && v->c.rk->type(map) == RK_JSON_OBJECT)
        lg_tell(
            &v->c, 0, "podTypes",
            "is taken as all there is: laid over the chart's own values there was a rayWorkerType "
            "too, of 2 to 3 workers (give the chart's values.yaml as first FILE for that)");
}

static rk_json *metadata(struct lgv *v)
{
    const char *name = v->c.how->name;
    rk_json *out = v->c.rk->new_object(v->c.ps);
    if (!name || !name[0]) {
        name = LG_CHART_NAME;
        lg_tell(&v->c, 0, "",
                "values do not tell the name of the release: --name does; the cluster is "
                "called " LG_CHART_NAME);
    }
    v->c.rk->put(v->c.ps, out, "name", v->c.rk->new_str(v->c.ps, name));
    return out;
}

static void place(struct lgv *v, const char *from, const char *to)
{
    v->c.rk->put(v->c.ps, v->c.n->places, from, v->c.rk->new_str(v->c.ps, to));
}

rk_json *lg_values(const rk_api *rk, rk_pass *ps, const rk_json *values, const struct lg_how *how,
                   struct lg_notes *n)
{
    struct lgv v = {.c = {.rk = rk, .ps = ps, .how = how, .n = n}, .values = values};
    rk_json *out = rk->new_object(ps), *spec = rk->new_object(ps);
    if (rk->type(values) != RK_JSON_OBJECT || rk->len(values, "") > 1000) {
        lg_bad(&v.c, "", "values are a map of at most 1000 entries");
        return NULL;
    }
    lg_strangers(&v.c, values, "", top_keys, RK_COUNT(top_keys), never);
    operators(&v);
    if (flag(&v, "operatorOnly")) {
        lg_tell(&v.c, 0, "operatorOnly", "there is no cluster in these values: nothing comes out");
        return v.c.bad ? NULL : out;
    }
    place(&v, "spec", "values");
    place(&v, "metadata.name", "--name");
    place(&v, "spec.headPodType", "headPodType");
    const rk_json *head = lgv_at(&v, values, "headPodType");
    if (head && rk->type(head) != RK_JSON_STRING)
        lg_bad(&v.c, "headPodType", "is no text");
    v.pull_secrets = pull_secrets(&v);
    rk->put(ps, out, "apiVersion", rk->new_str(ps, "cluster.ray.io/v1"));
    rk->put(ps, out, "kind", rk->new_str(ps, "RayCluster"));
    rk->put(ps, out, "metadata", metadata(&v));
    rk->put(ps, spec, "headPodType", rk->new_str(ps, rk->str(head, "", "rayHeadType")));
    pod_types(&v, spec);
    whole_file(&v);
    lgv_fixed(&v, spec);
    rk->put(ps, out, "spec", spec);
    return v.c.bad ? NULL : out;
}
