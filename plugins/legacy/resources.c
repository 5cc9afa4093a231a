/* What Ray is told of a pod's resources: the old operator's figures, where those that KubeRay would find are others. */
#include "convert.h"

/* Both sides of one figure. */
struct figure {
    int64_t old, ours;
};

static const char *amount(struct lg *c, const rk_json *at, const char *path)
{
    const rk_json *v = c->rk->at(at, path);
    return c->rk->str(v, "", c->rk->number_text(v));
}

/* Whole units; LG_NONE when there is none. Amounts are legal: check.c has looked. */
static int64_t units(struct lg *c, const char *text)
{
    int64_t n;
    return text && c->rk->qty_value(text, &n) == RK_OK ? n : LG_NONE;
}

/* The old operator counted K, M, G, T and P as powers of 1024, with and without an i. */
static int64_t bytes(struct lg *c, const char *text, int *loose)
{
    size_t n = text ? strlen(text) : 0;
    if (n == 0 || !strchr("KkMGTP", text[n - 1]))
        return units(c, text);
    *loose = 1;
    return units(
        c, c->rk->fmt(c->ps, "%.*s%ci", (int)n - 1, text, text[n - 1] == 'k' ? 'K' : text[n - 1]));
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a == LG_NONE || (b != LG_NONE && b < a) ? b : a;
}

/* The first name in byte order that the peer takes for a GPU, and what the old operator took for one: with "gpu" in it. */
static struct figure gpus(struct lg *c, const rk_json *res, const char *where)
{
    static const char *const maps[] = {"/limits", "/requests"};
    const rk_api *rk = c->rk;
    const char *name = NULL, *first = NULL;
    struct figure f = {LG_NONE, LG_NONE};
    for (size_t i = 0; i < RK_COUNT(maps); i++)
        for (RK_EACH_MEMBER(rk, it, rk->at(res, maps[i]))) {
            const char *key = rk->key(it);
            int64_t n = units(c, amount(c, it, ""));
            if (i == 0 && ray_is_gpu(key) && n > 0 && (!first || strcmp(key, first) < 0)) {
                first = key;
                f.ours = n;
            }
            if (!strstr(key, "gpu"))
                continue;
            if (name && !rk_is(name, key))
                lg_bad(
                    c, where,
                    "has two kinds of GPU: the old operator refused it, and which one Ray should "
                    "count is not clear");
            name = key;
            f.old = smaller(f.old, n);
        }
    return f;
}

static void put(struct lg *c, rk_json *params, const char *key, int64_t n)
{
    c->rk->put(c->ps, params, key, c->rk->new_str(c->ps, c->rk->fmt(c->ps, "%lld", (long long)n)));
}

static void remark(struct lg *c, const char *path, const char *key, const char *text)
{
    lg_comment(c->rk, c->ps, c->n, c->rk->fmt(c->ps, "%s/rayStartParams/%s", path, key), text);
}

/* Of the start line what stood: the old operator's own figures went over it. */
static void of_line(struct lg *c, const struct lg_start *s, const rk_json *said, int gpu, int mem,
                    rk_json *params)
{
    const rk_api *rk = c->rk;
    for (RK_EACH_MEMBER(rk, p, s->params)) {
        const char *key = rk->key(p);
        int over = rk_is(key, "num-cpus") || (gpu && rk_is(key, "num-gpus")) ||
                   (mem && rk_is(key, "memory")) || rk->at(said, rk_under(rk, c->ps, "", key));
        if (over)
            lg_tell(
                c, 0, s->where,
                rk->fmt(c->ps, "--%s had no effect beside the pod's own amounts: left out", key));
        else if (!rk_is(key, "resources"))
            rk->put(c->ps, params, key, rk->copy(c->ps, p));
    }
}

static void cpus(struct lg *c, const rk_json *res, const char *path, rk_json *params)
{
    int64_t limit = units(c, amount(c, res, "/limits/cpu")),
            request = units(c, amount(c, res, "/requests/cpu"));
    int64_t old = smaller(limit, request), ours = limit > 0 ? limit : request > 0 ? request : 0;
    if (old == LG_NONE || ours == 0) {
        put(c, params, "num-cpus", 0);
        remark(c, path, "num-cpus", "no amount of CPU: the old operator counted none");
    } else if (old != ours) {
        put(c, params, "num-cpus", old);
        remark(c, path, "num-cpus",
               "the smaller of request and limit, as the old operator counted");
    } else if (limit <= 0) {
        put(c, params, "num-cpus", old);
        remark(c, path, "num-cpus", "no limit of CPU, for which Ray's autoscaler looks");
    }
}

static void gpu_figure(struct lg *c, struct figure f, int custom, const char *path, rk_json *params)
{
    int64_t old = f.old > 0 ? f.old : 0, seen = f.ours > 0 && !custom ? f.ours : 0;
    int young = ray_version_at_least(c->version, 2, 0);
    if (old == seen && (young || old == 0))
        return;
    put(c, params, "num-gpus", old);
    remark(c, path, "num-gpus",
           !young && old == seen ? "Ray before 2.0 does not look at limits"
           : custom && old == f.ours
               ? "written out: beside custom resources nobody looks at the limits"
               : "as the old operator counted");
}

/* The old operator advertised 70 % of it. */
static void memory(struct lg *c, const rk_json *res, const char *where, const char *path,
                   rk_json *params)
{
    int loose = 0;
    int64_t limit = bytes(c, amount(c, res, "/limits/memory"), &loose),
            request = bytes(c, amount(c, res, "/requests/memory"), &loose),
            all = smaller(limit, request);
    if (all == LG_NONE)
        return;
    if (c->how->exact) {
        put(c, params, "memory", all / 10 * 7 + all % 10 * 7 / 10);
        remark(c, path, "memory", "70 % of the container's, as the old operator counted");
        return;
    }
    c->memory = 1;
    if (loose)
        lg_tell(c, 1, where,
                "an amount of memory without an i: the old operator counted powers of 1024 for it, "
                "Kubernetes means powers of 1000 (--exact keeps the old figure)");
}

rk_json *lg_params(struct lg *c, const struct lg_type *t, int head, const struct lg_start *s,
                   const char *path)
{
    const rk_api *rk = c->rk;
    const char *where = lg_dot(c, lg_container_place(c, t), "resources");
    const rk_json *res = rk->at(lg_container(c, t), "/resources");
    rk_json *params = rk->new_object(c->ps), *said = rk->new_object(c->ps),
            *custom = rk->new_object(c->ps);
    struct figure gpu = gpus(c, res, where);
    int has_memory = amount(c, res, "/limits/memory") || amount(c, res, "/requests/memory");
    lg_custom_of_line(c, s->params, custom, s->where);
    lg_given(c, t, said, custom);
    of_line(c, s, said, gpu.old != LG_NONE, has_memory, params);
    rk->put(c->ps, params, "block", rk->new_str(c->ps, "true"));
    for (RK_EACH_MEMBER(rk, it, said)) {
        rk->put(c->ps, params, rk->key(it), rk->copy(c->ps, it));
        remark(c, path, rk->key(it), "rayResources");
    }
    if (!rk->at(said, "/num-cpus"))
        cpus(c, res, path, params);
    if (!rk->at(said, "/num-gpus") && !rk->at(params, "/num-gpus"))
        gpu_figure(c, gpu, rk->len(custom, "") > 0, path, params);
    if (!rk->at(said, "/memory"))
        memory(c, res, where, path, params);
    if (rk->len(custom, "")) {
        rk->put(c->ps, params, "resources", rk->new_str(c->ps, lg_custom_text(c, custom)));
        remark(c, path, "resources", "rayResources, in the one shape that Ray's autoscaler reads");
    }
    if (head && rk_is(rk->str(params, "/num-cpus", ""), "0") &&
        !ray_version_at_least(c->version, 2, 0))
        lg_tell(c, 1, lg_dot(c, t->where, "rayResources"),
                "the autoscaler of Ray before 2.0 does not see that the head has no CPU: it counts "
                "the limit");
    return params;
}
