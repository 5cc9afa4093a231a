/* Start parameters: the user's, the group's resources and labels (reference 4.5), then defaults
 * and detection (reference 4.4). */
#include "raystart.h"

/* ---- BASE: what the spec says ---- */

static int32_t group_resources(const rk_api *rk, rk_pass *ps)
{
    rk_json *custom = rk->new_object(ps);
    int64_t n;
    for (RK_EACH_MEMBER(rk, r, rk->at(rk->group(ps), "/resources"))) {
        const char *name = rk->key(r), *text = quantity(rk, r, "");
        if (!text || rk->qty_value(text, &n) != RK_OK)
            continue; /* reference 4.5: unparsable ones are skipped */
        size_t len = strlen(name);
        if (rk_is_ci(name, "cpu"))
            RK_TRY(param_set(rk, ps, "num-cpus", rk->fmt(ps, "%lld", (long long)n)));
        else if (rk_is_ci(name, "memory"))
            RK_TRY(param_set(rk, ps, "memory", rk->fmt(ps, "%lld", (long long)n)));
        else if (ray_is_gpu(name) || (len >= 3 && rk_is_ci(name + len - 3, "gpu")))
            RK_TRY(param_set(rk, ps, "num-gpus", rk->fmt(ps, "%lld", (long long)n)));
        else
            rk->put(ps, custom, name, rk->new_num(ps, n));
    }
    return rk->len(custom, "")
               ? param_set(rk, ps, "resources", rk->fmt(ps, "'%s'", rk->print_sorted(ps, custom)))
               : RK_OK;
}

static int32_t group_labels(const rk_api *rk, rk_pass *ps)
{
    const rk_json *labels = rk->at(rk->group(ps), "/labels");
    if (rk->type(labels) != RK_JSON_OBJECT || rk->len(labels, "") == 0)
        return RK_OK;
    size_t n, k = 0;
    const struct member *m = raystart_sorted(rk, ps, labels, &n);
    const char **parts = rk->alloc(ps, n * 4 * sizeof(*parts));
    for (size_t i = 0; i < n; i++) {
        parts[k++] = i ? "," : "";
        parts[k++] = m[i].key;
        parts[k++] = "=";
        parts[k++] = rk->str(m[i].value, "", "");
    }
    return param_set(rk, ps, "labels", rk->join(ps, parts, k));
}

int32_t raystart_base(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct raystart *me = self;
    rk_obj *start = rk->start(ps);
    const char *fqdn =
        rk->fmt(ps, "%s.%s.svc.%s", ray_head_service(rk, ps), rk->ns(ps), me->domain);
    const char *dot = strchr(fqdn, '.');
    const char *port = rk->str(rk->object(ps), RAY_HEAD_SPEC "/rayStartParams/port", "6379");
    RK_TRY(rk_set_str(rk, ps, start, RAY_START_FQDN, fqdn));
    RK_TRY(
        rk_set_str(rk, ps, start, RAY_START_SERVICE, rk->fmt(ps, "%.*s", (int)(dot - fqdn), fqdn)));
    RK_TRY(rk_set_str(rk, ps, start, RAY_START_HEAD_PORT, port));
    for (RK_EACH_MEMBER(rk, p, rk->at(rk->group(ps), "/rayStartParams")))
        RK_TRY(param_set(rk, ps, rk->key(p), rk->str(p, "", "")));
    RK_TRY(group_resources(rk, ps));
    return group_labels(rk, ps);
}

/* ---- COMPOSE: what the container says ---- */

static const char *nonzero(const rk_api *rk, const char *text, int64_t *ret)
{
    return text && rk->qty_value(text, ret) == RK_OK && *ret != 0 ? text : NULL;
}

static const char *trimmed(const rk_api *rk, rk_pass *ps, const char *text)
{
    static const char junk[] = "'\"` ";
    while (*text && strchr(junk, *text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && strchr(junk, text[n - 1]))
        n--;
    return rk->fmt(ps, "%.*s", (int)n, text);
}

/* GPUs and one custom accelerator from the limits, in byte order of names; other plugins'
 * resources from the scratch. */
static int32_t accelerators(const rk_api *rk, rk_pass *ps, const rk_json *limits)
{
    static const char *const known[][2] = {{"aws.amazon.com/neuroncore", "neuron_cores"},
                                           {"google.com/tpu", "TPU"}};
    const char *given = param(rk, ps, "resources"), *gpu = NULL,
               *text = given ? trimmed(rk, ps, given) : "";
    rk_json *map = given ? rk->parse(ps, text, strlen(text)) : rk->new_object(ps);
    int64_t n, gpus = 0, custom = 0;
    int changed = 0;
    if (rk->type(map) != RK_JSON_OBJECT)
        return RK_OK; /* not a map we could add to: `ray start` will judge it (reference 4.4) */
    for (RK_EACH(rk, m, map))
        if (rk->type(m) != RK_JSON_NUMBER)
            return RK_OK;
    for (RK_EACH_MEMBER(rk, l, limits))
        if (ray_is_gpu(rk->key(l)) && nonzero(rk, quantity(rk, l, ""), &n) &&
            (!gpu || strcmp(rk->key(l), gpu) < 0)) {
            gpu = rk->key(l);
            gpus = n;
        }
    if (gpu)
        RK_TRY(param_offer(rk, ps, "num-gpus", rk->fmt(ps, "%lld", (long long)gpus)));
    int present = rk->at(map, "/neuron_cores") || rk->at(map, "/TPU");
    for (size_t i = 0; i < RK_COUNT(known) && !present && !custom; i++)
        if (nonzero(rk, quantity(rk, limits, rk_under(rk, ps, "", known[i][0])), &custom)) {
            rk->put(ps, map, known[i][1], rk->new_num(ps, custom));
            changed = 1;
        }
    for (RK_EACH_MEMBER(rk, r, rk->at(rk->tree(rk->start(ps)), RAY_START_RESOURCES)))
        if (!rk->at(map, rk_under(rk, ps, "", rk->key(r)))) {
            rk->put(ps, map, rk->key(r), rk->copy(ps, r));
            changed = 1;
        }
    return changed ? param_set(rk, ps, "resources", rk->fmt(ps, "'%s'", rk->print_sorted(ps, map)))
                   : RK_OK;
}

int32_t raystart_complete(const rk_api *rk, rk_pass *ps)
{
    const rk_json *start = rk->tree(rk->start(ps)), *c0 = rk->at(rk->tree(rk->subject(ps)), RAY_C0);
    const rk_json *limits = rk->at(c0, "/resources/limits");
    int64_t n;
    if (is_head(rk, ps))
        RK_TRY(param_offer(rk, ps, "dashboard-host", "0.0.0.0"));
    else
        RK_TRY(param_offer(rk, ps, "address",
                           rk->fmt(ps, "%s:%s", rk->str(start, RAY_START_FQDN, ""),
                                   rk->str(start, RAY_START_HEAD_PORT, ""))));
    RK_TRY(param_offer(rk, ps, "metrics-export-port", "8080"));
    RK_TRY(param_offer(rk, ps, "dashboard-agent-listen-port", "52365"));
    RK_TRY(param_set(rk, ps, "block", "true"));
    if (nonzero(rk, quantity(rk, limits, "/cpu"), &n) ||
        nonzero(rk, quantity(rk, c0, "/resources/requests/cpu"), &n))
        RK_TRY(param_offer(rk, ps, "num-cpus", rk->fmt(ps, "%lld", (long long)n)));
    if (nonzero(rk, quantity(rk, limits, "/memory"), &n))
        RK_TRY(param_offer(rk, ps, "memory", rk->fmt(ps, "%lld", (long long)n)));
    return accelerators(rk, ps, limits);
}
