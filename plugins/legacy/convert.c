/* A RayCluster of the old operator as one of ray.io/v1. Pure: what it has to say goes into notes, what cannot be into fail(). */
#include "convert.h"

/* A speed of 1 is the autoscaler's own; it knows no other but "as fast as it likes". */
static const char *upscaling(struct lg *c)
{
    static const char where[] = "spec.upscalingSpeed";
    const rk_api *rk = c->rk;
    const rk_json *v = rk->at(c->from, "/spec/upscalingSpeed");
    const char *text = rk->number_text(v);
    int64_t n = 1;
    if (text && (text[0] == '-' || rk->qty_value(text, &n) != RK_OK)) {
        lg_bad(c, where, "is not a number from 0 on");
        return "Default";
    }
    int young = ray_version_at_least(c->version, 2, 0);
    if (text && rk->num(v, "", -1) != 1)
        lg_tell(c, 1, where,
                young
                    ? rk->fmt(c->ps,
                              "%s: the autoscaler knows 1 (Conservative) and no limit "
                              "(Default) only",
                              text)
                    : rk->fmt(c->ps, "%s: the autoscaler of Ray before 2.0 has 1 whatever is said",
                              text));
    return n <= 1 ? "Conservative" : "Default";
}

static rk_json *autoscaler(struct lg *c)
{
    static const char path[] = "/spec/autoscalerOptions", where[] = "spec.idleTimeoutMinutes";
    const rk_api *rk = c->rk;
    const rk_json *v = rk->at(c->from, "/spec/idleTimeoutMinutes");
    rk_json *out = rk->new_object(c->ps);
    int64_t minutes = lg_count(c, v, where, 5);
    if (minutes > INT32_MAX / 60) {
        lg_bad(c, where, "is more seconds than fit into an integer of 32 bits");
        minutes = 5;
    }
    if (minutes != 5 && !ray_version_at_least(c->version, 2, 0))
        lg_tell(c, 1, where, "the autoscaler of Ray before 2.0 has 5 minutes whatever is said");
    rk->put(c->ps, out, "idleTimeoutSeconds", rk->new_num(c->ps, minutes * 60));
    rk->put(c->ps, out, "upscalingMode", rk->new_str(c->ps, upscaling(c)));
    lg_comment(rk, c->ps, c->n, rk->fmt(c->ps, "%s/idleTimeoutSeconds", path),
               rk->type(v) == RK_JSON_NUMBER
                   ? "idleTimeoutMinutes"
                   : "the old operator's 5 minutes; left out it would be 1");
    lg_comment(rk, c->ps, c->n, rk->fmt(c->ps, "%s/upscalingMode", path),
               "upscalingSpeed: Conservative is 1, Default knows no limit");
    return out;
}

/* The old operator always scaled. */
static int scales(struct lg *c, const struct lg_type *t, size_t n)
{
    int fixed = 1;
    for (size_t i = 0; i < n && c->how->fixed; i++)
        if (t[i].group && t[i].min != t[i].max) {
            lg_bad(c, t[i].where,
                   c->rk->fmt(c->ps,
                              "--fixed: it has %lld to %lld workers, so the autoscaler is needed",
                              (long long)t[i].min, (long long)t[i].max));
            fixed = 0;
        }
    return !(c->how->fixed && fixed);
}

static void remark(struct lg *c, const char *path, const char *key, const char *text)
{
    lg_comment(c->rk, c->ps, c->n, c->rk->fmt(c->ps, "%s/template/spec/%s", path, key), text);
}

static void explicit_remarks(struct lg *c, const struct lg_type *t, const char *path)
{
    if (!c->how->say_all)
        return;
    if (!c->rk->at(lg_container(c, t), "/lifecycle/preStop"))
        remark(c, path, "containers/0/lifecycle",
               "--explicit: plugin prestop puts it there where asked");
    remark(c, path, "initContainers",
           "--explicit: plugin gcswait puts a wait there anyway, behind these");
}

static rk_json *worker_group(struct lg *c, const struct lg_type *t, const struct lg_start *start,
                             size_t index)
{
    const rk_api *rk = c->rk;
    const char *path = rk->fmt(c->ps, "/spec/workerGroupSpecs/%zu", index);
    rk_json *out = rk->new_object(c->ps);
    rk->put(c->ps, out, "groupName", rk->new_str(c->ps, t->group));
    rk->put(c->ps, out, "replicas", rk->new_num(c->ps, t->min));
    rk->put(c->ps, out, "minReplicas", rk->new_num(c->ps, t->min));
    rk->put(c->ps, out, "maxReplicas", rk->new_num(c->ps, t->max));
    rk->put(c->ps, out, "rayStartParams", lg_params(c, t, 0, start, path));
    lg_template(c, t, 0, start, out);
    explicit_remarks(c, t, path);
    if (t->head)
        lg_comment(rk, c->ps, c->n, path, "workers of the head's type");
    const char *image = rk->str(out, "/template/spec/containers/0/image", ""),
               *version = lg_tag_version(c, image);
    if (version && !rk_is(version, c->version))
        lg_tell(c, 0, lg_dot(c, lg_container_place(c, t), "image"),
                rk->fmt(c->ps, "Ray %s, where rayVersion is %s: one cluster needs one version",
                        version, c->version));
    return out;
}

static rk_json *head_group(struct lg *c, const struct lg_type *t, const struct lg_start *start)
{
    const rk_api *rk = c->rk;
    rk_json *out = rk->new_object(c->ps);
    rk->put(c->ps, out, "serviceType", rk->new_str(c->ps, "ClusterIP"));
    rk->put(c->ps, out, "rayStartParams", lg_params(c, t, 1, start, RAY_HEAD_SPEC));
    lg_template(c, t, 1, start, out);
    explicit_remarks(c, t, RAY_HEAD_SPEC);
    return out;
}

static rk_json *groups(struct lg *c, const struct lg_type *t, size_t n)
{
    const rk_api *rk = c->rk;
    rk_json *spec = rk->new_object(c->ps), *workers = rk->new_array(c->ps);
    const struct lg_start head = lg_start_lines(c, "headStartRayCommands", 1),
                          worker = lg_start_lines(c, "workerStartRayCommands", 0);
    size_t k = 0, index = 0;
    while (k + 1 < n && !t[k].head)
        k++;
    c->version = lg_version(c, lg_container(c, &t[k]), lg_container_place(c, &t[k]));
    c->port = rk->str(head.params, "/port", "6379");
    int scaled = scales(c, t, n);
    rk->put(c->ps, spec, "rayVersion", rk->new_str(c->ps, c->version));
    rk->put(c->ps, spec, "enableInTreeAutoscaling", rk->new_bool(c->ps, scaled));
    if (!c->how->ray_version || !c->how->ray_version[0])
        lg_comment(rk, c->ps, c->n, "/spec/rayVersion", "from the tag of the head's image");
    if (scaled)
        rk->put(c->ps, spec, "autoscalerOptions", autoscaler(c));
    rk->put(c->ps, spec, "headGroupSpec", head_group(c, &t[k], &head));
    for (size_t i = 0; i < n; i++)
        if (t[i].group)
            rk->push(c->ps, workers, worker_group(c, &t[i], &worker, index++));
    rk->put(c->ps, spec, "workerGroupSpecs", workers);
    if (scaled && !ray_version_at_least(c->version, 1, 11))
        lg_tell(c, 1, "", "the autoscaler of KubeRay's clusters needs Ray 1.11 or later");
    return spec;
}

rk_json *lg_convert(const rk_api *rk, rk_pass *ps, const rk_json *legacy, const struct lg_how *how,
                    struct lg_notes *n)
{
    struct lg c = {.rk = rk, .ps = ps, .how = how, .n = n, .from = legacy, .version = "0.0.0"};
    size_t count = 0;
    if (rk->type(legacy) != RK_JSON_OBJECT)
        lg_bad(&c, "", "is no object");
    lg_check(&c);
    if (c.bad)
        return NULL;
    lg_strange(&c);
    c.name = lg_name(&c);
    const struct lg_type *types = lg_types(&c, &count);
    if (c.bad)
        return NULL;
    rk_json *out = rk->new_object(ps);
    rk->put(ps, out, "apiVersion", rk->new_str(ps, "ray.io/v1"));
    rk->put(ps, out, "kind", rk->new_str(ps, "RayCluster"));
    rk->put(ps, out, "metadata", lg_metadata(&c));
    rk->put(ps, out, "spec", groups(&c, types, count));
    lg_differences(&c);
    return c.bad ? NULL : out;
}
