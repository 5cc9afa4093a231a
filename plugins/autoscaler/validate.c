/* What a cluster may not say about its autoscaler (reference 2, spec rules 3, 9, 10, 11). Types are
 * the kind's own to judge (raycluster). */
#include "autoscaler.h"

#define HEAD_POD RAY_HEAD_SPEC "/template/spec"
#define GROUPS   "/spec/workerGroupSpecs"

struct asked {
    const char *version, *env_path;
    int on, v2, env_v2;
};

/* The path of an env entry of that name; NULL = none. */
static const char *find_env(const rk_api *rk, rk_pass *ps, const char *list, const char *name)
{
    size_t i = 0;
    for (RK_EACH(rk, e, rk->at(rk->object(ps), list))) {
        if (rk_is(rk->str(e, "/name", NULL), name))
            return rk->fmt(ps, "%s/%zu", list, i);
        i++;
    }
    return NULL;
}

static struct asked asked(const rk_api *rk, rk_pass *ps)
{
    struct asked a = {.version = autoscaler_version(rk, ps), .on = ray_autoscaling(rk, ps)};
    a.env_path = find_env(rk, ps, HEAD_POD "/containers/0/env", AUTOSCALER_V2_ENV);
    const char *value =
        rk->str(rk->at(rk->object(ps), a.env_path ? a.env_path : "/none"), "/value", "");
    a.env_v2 = rk_is(value, "1") || rk_is(value, "true");
    a.v2 = rk_is(a.version, "v2") || a.env_v2;
    return a;
}

static void one_of(const rk_api *rk, rk_pass *ps, const char *key, const char *const *words,
                   size_t n)
{
    const char *path = rk->fmt(ps, AUTOSCALER_OPTIONS "/%s", key), *all = "";
    const char *value = rk->str(rk->object(ps), path, "");
    int known = value[0] == '\0';
    for (size_t i = 0; i < n; i++) {
        known |= rk_is(value, words[i]);
        all = rk->fmt(ps, "%s%s%s", all, i ? ", " : "", words[i]);
    }
    if (!known)
        (void)rk->fail(ps, RK_EINVAL, path, "'%s' is none of %s", value, all);
}

static void options(const rk_api *rk, rk_pass *ps)
{
    static const char *const versions[] = {"v1", "v2"}, *const modes[] = {"Default", "Aggressive",
                                                                          "Conservative"};
    static const char idle[] = AUTOSCALER_OPTIONS "/idleTimeoutSeconds";
    const rk_json *n = rk->at(rk->object(ps), idle);
    int64_t s = rk->num(n, "", -1);
    one_of(rk, ps, "version", versions, RK_COUNT(versions));
    one_of(rk, ps, "upscalingMode", modes, RK_COUNT(modes));
    if (rk->type(n) == RK_JSON_NUMBER && (s < 0 || s > INT32_MAX))
        (void)rk->fail(ps, RK_EINVAL, idle, "%s is not an integer from 0 to %d", rk->number_text(n),
                       INT32_MAX);
    const char *start = find_env(rk, ps, AUTOSCALER_OPTIONS "/env", AUTOSCALER_START);
    if (start)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/name", start),
                       AUTOSCALER_START " is set by the operator; command and args of "
                                        "autoscalerOptions change what is run");
}

/* Per-group settings that only the second autoscaler knows, whether one runs or not. */
static void group(const rk_api *rk, rk_pass *ps, const rk_json *g, const char *path,
                  const struct asked *a)
{
    static const char v2[] = "autoscalerOptions.version v2 is needed for it";
    const char *text = rk->str(rk->object(ps), "/spec/rayVersion", "");
    if (rk->type(rk->at(g, "/idleTimeoutSeconds")) == RK_JSON_NUMBER && !a->v2)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/idleTimeoutSeconds", path), "%s", v2);
    const rk_json *priority = rk->at(g, "/priority");
    if (rk->type(priority) != RK_JSON_NUMBER || rk->num(priority, "", 1) == 0)
        return;
    path = rk->fmt(ps, "%s/priority", path);
    int64_t n = rk->num(priority, "", INT64_MAX);
    if (n < INT32_MIN || n > INT32_MAX)
        (void)rk->fail(ps, RK_EINVAL, path, "%s is not an integer of 32 bits",
                       rk->number_text(priority));
    else if (!ray_version_at_least(text, 2, 56))
        (void)rk->fail(ps, RK_EINVAL, path, "rayVersion 2.56.0 or later is needed for it, not '%s'",
                       text);
    else if (!a->v2)
        (void)rk->fail(ps, RK_EINVAL, path, "%s", v2);
}

static int restarts(const rk_api *rk, const rk_json *o, const char *path)
{
    const char *policy = rk->str(o, path, "");
    return policy[0] && !rk_is(policy, "Never");
}

static void never_restarts(const rk_api *rk, rk_pass *ps, const char *path)
{
    if (restarts(rk, rk->object(ps), path))
        (void)rk->fail(ps, RK_EINVAL, path, "'%s': version v2 of the autoscaler needs Never",
                       rk->str(rk->object(ps), path, ""));
}

/* What an autoscaler that runs does not get along with. */
static void running(const rk_api *rk, rk_pass *ps, const struct asked *a)
{
    size_t i = 0;
    for (RK_EACH(rk, c, rk->at(rk->object(ps), HEAD_POD "/containers"))) {
        if (rk_is(rk->str(c, "/name", NULL), AUTOSCALER_NAME))
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, HEAD_POD "/containers/%zu/name", i),
                           "'" AUTOSCALER_NAME "' is the name of the autoscaler's own container");
        i++;
    }
    if (a->version[0] && a->env_path)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/name", a->env_path),
                       AUTOSCALER_V2_ENV " and autoscalerOptions.version are both given: one of "
                                         "the two, better version");
    if (rk_is(a->version, "v2"))
        never_restarts(rk, ps, HEAD_POD "/restartPolicy");
}

static void running_group(const rk_api *rk, rk_pass *ps, const rk_json *g, const char *path,
                          const struct asked *a)
{
    if (rk->truth(g, "/suspend", 0))
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/suspend", path),
                       "a group cannot be suspended while the autoscaler runs");
    if (rk_is(a->version, "v2"))
        never_restarts(rk, ps, rk->fmt(ps, "%s/template/spec/restartPolicy", path));
}

/* Legal, but a worker that comes back by itself is one that the first autoscaler had given up. */
static void warn_v1(const rk_api *rk, rk_pass *ps)
{
    const char *names = "";
    size_t n = 0;
    for (RK_EACH(rk, g, rk->at(rk->object(ps), GROUPS)))
        if (restarts(rk, g, "/template/spec/restartPolicy") && n++ < 10)
            names =
                rk->fmt(ps, "%s%s%s", names, names[0] ? ", " : "", rk->str(g, "/groupName", ""));
    if (n > 0)
        rk->event(ps, 1, "InvalidRayClusterSpec", "Validate",
                  rk->fmt(ps,
                          "%s/%s: autoscaler v1 and a restartPolicy other than Never do not get "
                          "along: %s%s",
                          rk->ns(ps), rk->name(ps), names, n > 10 ? " and more" : ""));
}

int32_t autoscaler_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct asked a = asked(rk, ps);
    size_t i = 0;
    (void)self;
    options(rk, ps);
    for (RK_EACH(rk, g, rk->at(rk->object(ps), GROUPS))) {
        const char *path = rk->fmt(ps, GROUPS "/%zu", i++);
        group(rk, ps, g, path, &a);
        if (a.on)
            running_group(rk, ps, g, path, &a);
    }
    if (!a.on && a.env_v2)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/value", a.env_path),
                       AUTOSCALER_V2_ENV " is set, but enableInTreeAutoscaling is not");
    if (a.on)
        running(rk, ps, &a);
    if (a.on && rk_is(a.version, "v1"))
        warn_v1(rk, ps);
    return RK_OK; /* fail() has been told what there was to tell */
}
