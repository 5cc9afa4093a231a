/* The old chart's template: what it makes of one of podTypes, and what it says itself, less what the conversion takes out again: ports,
 * the volume at /dev/shm and the like. */
#include "values.h"

static const char image_default[] = "rayproject/ray:latest";

/* The chart's own values for its two types, which a file is laid over. */
struct dflt {
    const char *type, *key, *value;
};
static const struct dflt dflts[] = {
    {"rayHeadType", "CPU", "1"},          {"rayHeadType", "memory", "1Gi"},
    {"rayWorkerType", "CPU", "1"},        {"rayWorkerType", "memory", "1Gi"},
    {"rayWorkerType", "minWorkers", "2"}, {"rayWorkerType", "maxWorkers", "3"},
};

static const char *dflt(struct lgv *v, const char *type, const char *where, const char *key)
{
    for (size_t i = 0; i < RK_COUNT(dflts); i++)
        if (rk_is(dflts[i].type, type) && rk_is(dflts[i].key, key)) {
            lg_tell(&v->c, 0, lg_dot(&v->c, where, key),
                    v->c.rk->fmt(v->c.ps, "is not there: %s, as in the chart's own values",
                                 dflts[i].value));
            return dflts[i].value;
        }
    return NULL;
}

/* A text or a number as the template printed it; NULL = neither. */
static const char *text(struct lgv *v, const rk_json *it)
{
    return v->c.rk->str(it, "", v->c.rk->number_text(it));
}

/* The template prints, so "2" and 2 are one. */
static int64_t workers(struct lgv *v, const rk_json *type, const char *where, const char *key)
{
    const rk_json *it = lgv_at(v, type, key);
    const char *own = v->c.rk->str(it, "", NULL);
    if (!it)
        own = dflt(v, v->c.rk->key(type), where, key);
    if (own)
        it = own[0] && !own[strspn(own, "0123456789")] ? v->c.rk->parse(v->c.ps, own, strlen(own))
                                                       : NULL;
    if (own && !it) /* 010 too, which is no number of JSON */
        it = v->c.rk->new_bool(v->c.ps, 0);
    return lg_count(&v->c, it, lg_dot(&v->c, where, key), 0);
}

/* CPU and numCPU, GPU and numGPU: two generations of one value. */
static const rk_json *either(struct lgv *v, const rk_json *type, const char *where, const char *key,
                             const char *old)
{
    const rk_json *now = lgv_at(v, type, key), *before = lgv_at(v, type, old);
    v->new_names |= now != NULL;
    v->old_names |= before != NULL;
    if (now && before)
        lg_tell(&v->c, 1, lg_dot(&v->c, where, old),
                v->c.rk->fmt(v->c.ps, "stands beside %s, its later spelling: left out", key));
    return now ? now : before;
}

/* An amount of a pod's, told where it stands when something is wrong with it. */
static const char *amount(struct lgv *v, const rk_json *it, const char *where, const char *fallback)
{
    const char *own = it ? text(v, it) : fallback;
    int64_t n;
    if (!own || v->c.rk->qty_value(own, &n) != RK_OK || own[0] == '-') {
        lg_bad(&v->c, where,
               it ? "is not an amount as Kubernetes has it"
                  : "is missing: the chart made no cluster");
        return "0";
    }
    return own;
}

static void gpu(struct lgv *v, const rk_json *it, const char *where, rk_json *limits,
                rk_json *requests)
{
    const rk_api *rk = v->c.rk;
    const char *own = rk->str(it, "", NULL);
    int64_t n = rk->num(it, "", -1);
    if (own && own[0] && !own[strspn(own, "0123456789")])
        n = rk->num(rk->parse(v->c.ps, own, strlen(own)), "", -1);
    if (!it || (own && !own[0]) || (rk->type(it) == RK_JSON_BOOL && !rk->truth(it, "", 0)))
        n = 0;
    if (n < 0)
        lg_bad(&v->c, where, "is not a whole number from 0 on");
    if (n <= 0)
        return;
    rk->put(v->c.ps, limits, "nvidia.com/gpu", rk->new_num(v->c.ps, n));
    rk->put(v->c.ps, requests, "nvidia.com/gpu", rk->new_num(v->c.ps, n));
}

static rk_json *resources(struct lgv *v, const rk_json *type, const char *where, const char *at)
{
    const rk_api *rk = v->c.rk;
    const char *name = rk->key(type);
    const rk_json *cpu = either(v, type, where, "CPU", "numCPU"),
                  *memory = lgv_at(v, type, "memory");
    const char *cpu_at =
                   lg_dot(&v->c, where, cpu && cpu == lgv_at(v, type, "numCPU") ? "numCPU" : "CPU"),
               *memory_at = lg_dot(&v->c, where, "memory");
    const char *c = amount(v, cpu, cpu_at, cpu ? NULL : dflt(v, name, where, "CPU")),
               *m = amount(v, memory, memory_at, memory ? NULL : dflt(v, name, where, "memory"));
    rk_json *out = rk->new_object(v->c.ps), *limits = ray_amounts(rk, v->c.ps, c, m),
            *requests = ray_amounts(rk, v->c.ps, c, m);
    int64_t whole;
    if (strchr(c, '.') || c[strlen(c) - 1] == 'm')
        if (rk->qty_value(c, &whole) == RK_OK)
            lg_tell(&v->c, 0, cpu_at,
                    rk->fmt(v->c.ps, "%s: the pod gets that, Ray counts whole ones: %lld", c,
                            (long long)whole));
    gpu(v, either(v, type, where, "GPU", "numGPU"), lg_dot(&v->c, where, "GPU"), limits, requests);
    rk->put(v->c.ps, out, "limits", limits);
    rk->put(v->c.ps, out, "requests", requests);
    rk->put(v->c.ps, v->c.n->places, at, rk->new_str(v->c.ps, memory_at));
    return out;
}

static const char *image(struct lgv *v, const rk_json *type, const char *where, const char *at)
{
    const rk_json *own = lgv_at(v, type, "image"), *all = lgv_at(v, v->values, "image");
    const char *place = own ? lg_dot(&v->c, where, "image") : "image";
    const char *is = v->c.rk->str(own ? own : all, "", own || all ? NULL : image_default);
    v->c.rk->put(v->c.ps, v->c.n->places, at, v->c.rk->new_str(v->c.ps, place));
    if (!is || !is[0])
        lg_bad(&v->c, place, "is not the name of an image");
    return is ? is : "";
}

static void copied(struct lgv *v, const rk_json *type, const char *where, const char *key,
                   int32_t wanted, rk_json *out)
{
    const rk_json *it = lgv_at(v, type, key);
    if (it && v->c.rk->type(it) != wanted)
        lg_bad(&v->c, lg_dot(&v->c, where, key),
               wanted == RK_JSON_OBJECT ? "is no map" : "is no list");
    if (it && v->c.rk->len(it, ""))
        v->c.rk->put(v->c.ps, out, key, lg_copy(&v->c, it));
}

rk_json *lgv_type(struct lgv *v, const rk_json *type, const char *where, size_t index, int64_t *sum)
{
    static const char *const idle[] = {"/bin/bash", "-c", "--"};
    static const char *const wait = "trap : TERM INT; sleep infinity & wait;";
    const rk_api *rk = v->c.rk;
    rk_pass *ps = v->c.ps;
    rk_json *out = rk->new_object(ps), *pod = rk->new_object(ps), *spec = rk->new_object(ps),
            *ray = rk->new_object(ps), *list = rk->new_array(ps);
    const char *at = rk->fmt(ps, "spec.podTypes[%zu]", index),
               *ray_at = rk->fmt(ps, "%s.podConfig.spec.containers[0]", at);
    int64_t min = workers(v, type, where, "minWorkers"),
            max = workers(v, type, where, "maxWorkers");
    *sum += max;
    rk->put(ps, v->c.n->places, at, rk->new_str(ps, where));
    rk->put(ps, v->c.n->places, rk->fmt(ps, "%s.name", at), rk->new_str(ps, where));
    rk->put(ps, out, "name", rk->new_str(ps, rk->key(type)));
    rk->put(ps, out, "minWorkers", rk->new_num(ps, min));
    rk->put(ps, out, "maxWorkers", rk->new_num(ps, max));
    copied(v, type, where, "rayResources", RK_JSON_OBJECT, out);
    rk->put(ps, ray, "name", rk->new_str(ps, "ray-node"));
    rk->put(ps, ray, "image",
            rk->new_str(ps, image(v, type, where, rk->fmt(ps, "%s.image", ray_at))));
    rk->put(ps, ray, "command", rk_words(rk, ps, idle, RK_COUNT(idle)));
    rk->put(ps, ray, "args", rk_words(rk, ps, &wait, 1));
    rk->put(ps, ray, "resources", resources(v, type, where, rk->fmt(ps, "%s.resources", ray_at)));
    rk->push(ps, list, ray);
    rk->put(ps, spec, "restartPolicy", rk->new_str(ps, "Never"));
    if (v->pull_secrets)
        rk->put(ps, spec, "imagePullSecrets", rk->copy(ps, v->pull_secrets));
    copied(v, type, where, "nodeSelector", RK_JSON_OBJECT, spec);
    copied(v, type, where, "tolerations", RK_JSON_ARRAY, spec);
    rk->put(ps, spec, "containers", list);
    rk->put(ps, pod, "spec", spec);
    rk->put(ps, out, "podConfig", pod);
    return out;
}

void lgv_fixed(struct lgv *v, rk_json *spec)
{
    static const char *const head =
        "ulimit -n 65536; ray start --head --no-monitor --dashboard-host 0.0.0.0";
    static const char *const worker = "ulimit -n 65536; ray start --address=$RAY_HEAD_IP:6379";
    const rk_api *rk = v->c.rk;
    rk->put(v->c.ps, spec, "headStartRayCommands", rk_words(rk, v->c.ps, &head, 1));
    rk->put(v->c.ps, spec, "workerStartRayCommands", rk_words(rk, v->c.ps, &worker, 1));
    lg_comment(
        rk, v->c.ps, v->c.n, RAY_HEAD_SPEC "/template" RAY_C0 "/image",
        "the chart said imagePullPolicy Always, which is left out: Kubernetes decides by the "
        "tag");
    if (v->new_names && v->old_names)
        lg_tell(
            &v->c, 0, "podTypes",
            "CPU and numCPU, GPU and numGPU are mixed: one generation of the chart reads one of "
            "them");
}
