/* Is the object legal? Names, counts, labels, and with types.c the types of all fields; all
 * failures of one object together (reference 2). */
#include "raycluster.h"

#define MOST          1000   /* entries of a list */
#define LOOK_AGAIN_MS 300000 /* a kind that appears wakes nobody */

/* DNS label: lower case letters, digits, '-'; ends with no '-'; begins with a letter (DNS-1035), or
 * with a digit where `digit` says so (DNS-1123). */
static const char *bad_name(const rk_api *rk, rk_pass *ps, const char *name, size_t max, int digit)
{
    size_t n = strlen(name);
    if (n == 0)
        return "is empty";
    if (n > max)
        return rk->fmt(ps, "has %zu characters, at most %zu are possible", n, max);
    if ((name[0] < 'a' || name[0] > 'z') && !(digit && name[0] >= '0' && name[0] <= '9'))
        return rk->fmt(ps, "'%s' does not begin with a lower case letter%s", name,
                       digit ? " or a digit" : "");
    for (size_t i = 0; i < n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              (name[i] == '-' && i + 1 < n)))
            return rk->fmt(
                ps, "'%s' is not a DNS label: lower case letters, digits and inner '-' are", name);
    return NULL;
}

/* A label's value, or the name in its key: letters, digits, '-', '_', '.', at most 63,
 * alphanumeric at both ends. */
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

/* [prefix/]name, the prefix a DNS name. */
static const char *bad_label_key(const rk_api *rk, rk_pass *ps, const char *key)
{
    const char *slash = strchr(key, '/');
    if (!slash)
        return bad_label(rk, ps, key);
    size_t n = (size_t)(slash - key);
    for (size_t i = 0; i < n; i++) {
        int alnum = (key[i] >= 'a' && key[i] <= 'z') || (key[i] >= '0' && key[i] <= '9');
        int inner = i > 0 && i + 1 < n && (key[i] == '-' || key[i] == '.');
        if (!alnum && !inner)
            n = 0;
    }
    return n == 0 || n > 253 ? rk->fmt(ps, "'%s' has no DNS name before the '/'", key)
                             : bad_label(rk, ps, slash + 1);
}

/* The group's own labels and resources, which become start parameters: legal, and not given twice
 * (reference 2, rule 2). */
static void own(const rk_api *rk, rk_pass *ps, const char *path)
{
    static const char *const params[] = {"num-cpus", "num-gpus", "memory", "resources"};
    const rk_json *g = rk->at(rk->object(ps), path);
    for (size_t i = 0; i < RK_COUNT(params) && rk->len(g, "/resources") > 0; i++)
        if (rk->str(g, rk->fmt(ps, "/rayStartParams/%s", params[i]), "")[0])
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/rayStartParams/%s", path, params[i]),
                           "the group's resources are given: one of the two");
    if (rk->type(rk->at(g, "/rayStartParams/labels")) == RK_JSON_STRING)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/rayStartParams/labels", path),
                       "labels belong into the group's labels");
    for (RK_EACH(rk, l, rk->at(g, "/labels"))) {
        const char *key = rk->key(l), *value = rk->str(l, "", "");
        const char *where = rk_under(rk, ps, rk->fmt(ps, "%s/labels", path), key ? key : "");
        const char *bad = bad_label_key(rk, ps, key ? key : "");
        if (bad)
            (void)rk->fail(ps, RK_EINVAL, where, "the key %s", bad);
        bad = value[0] ? bad_label(rk, ps, value) : NULL;
        if (bad)
            (void)rk->fail(ps, RK_EINVAL, where, "the value %s", bad);
    }
}

static void integer(const rk_api *rk, rk_pass *ps, const char *where, int64_t least)
{
    const rk_json *v = rk->at(rk->object(ps), where);
    int64_t n = rk->num(v, "", INT64_MIN);
    if (rk->type(v) == RK_JSON_NUMBER && (n == INT64_MIN || n < least || n > INT32_MAX))
        (void)rk->fail(ps, RK_EINVAL, where, "%s is not an integer from %lld to %d",
                       rk->number_text(v), (long long)least, INT32_MAX);
}

/* Plugins look for their own entries in these lists, some of them entry by entry: what no pod, Service
 * or cluster has is refused before a pass takes its whole time for one object. */
static int too_many(const rk_api *rk, rk_pass *ps, const char *path, size_t most)
{
    size_t n = rk->len(rk->object(ps), path);
    if (n <= most)
        return 0;
    (void)rk->fail(ps, RK_EINVAL, path, "has %zu entries, at most %zu are possible", n, most);
    return 1;
}

static void long_lists(const rk_api *rk, rk_pass *ps, const char *path)
{
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t l = 0; l < RK_COUNT(lists); l++) {
        const char *list = rk->fmt(ps, "%s/template/spec/%s", path, lists[l]);
        size_t n = too_many(rk, ps, list, MOST) ? 0 : rk->len(rk->object(ps), list);
        for (size_t i = 0; i < n; i++) {
            (void)too_many(rk, ps, rk->fmt(ps, "%s/%zu/ports", list, i), MOST); /* told there */
            (void)too_many(rk, ps, rk->fmt(ps, "%s/%zu/env", list, i), MOST);
        }
    }
}

static void worker_group(const rk_api *rk, rk_pass *ps, const char *path, const rk_json *g)
{
    static const char *const counts[] = {"/replicas", "/minReplicas", "/maxReplicas",
                                         "/idleTimeoutSeconds"};
    const char *name = rk->str(g, "/groupName", NULL), *bad = name ? bad_label(rk, ps, name) : NULL;
    raycluster_group_types(rk, ps, path, 1);
    long_lists(rk, ps, path);
    own(rk, ps, path);
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path), "%s", bad);
    if (name && rk_is(name, RAY_HEAD_GROUP))
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path),
                       "'" RAY_HEAD_GROUP "' is the head's");
    for (size_t i = 0; i < RK_COUNT(counts); i++)
        integer(rk, ps, rk->fmt(ps, "%s%s", path, counts[i]), 0);
    integer(rk, ps, rk->fmt(ps, "%s/numOfHosts", path), 1);
    int64_t min = rk->num(g, "/minReplicas", 0), max = rk->num(g, "/maxReplicas", INT32_MAX);
    if (min > max)
        (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/minReplicas", path),
                       "%lld is more than maxReplicas %lld", (long long)min, (long long)max);
}

static void worker_groups(const rk_api *rk, rk_pass *ps)
{
    static const char list[] = "/spec/workerGroupSpecs";
    const rk_json *groups = rk->at(rk->object(ps), list);
    if (rk->type(groups) != RK_JSON_ARRAY || too_many(rk, ps, list, MOST))
        return;
    size_t i = 0;
    rk_json *names = rk->new_object(ps);
    for (RK_EACH(rk, g, groups)) {
        const char *path = rk->fmt(ps, "%s/%zu", list, i++), *name = rk->str(g, "/groupName", "");
        if (rk->type(g) != RK_JSON_OBJECT)
            continue;
        worker_group(rk, ps, path, g);
        if (rk->at(names, rk_under(rk, ps, "", name)))
            (void)rk->fail(ps, RK_EINVAL, rk->fmt(ps, "%s/groupName", path),
                           "'%s' is the name of two groups", name);
        else
            rk->put(ps, names, name, rk->new_bool(ps, 1));
    }
}

/* Pods that talk in the clear are not what was asked for (reference 2). Offline nobody knows what there is. */
static void no_certificates(const rk_api *rk, rk_pass *ps)
{
    static const char path[] = "/spec/tlsOptions/enabled";
    if (!rk->truth(rk->object(ps), path, 0) || !rk->served(ps, "") ||
        rk->served(ps, RAY_CERTIFICATE))
        return;
    (void)rk->fail(ps, RK_EINVAL, path,
                   "needs cert-manager.io/v1, which is not there, and a plugin for it");
    (void)rk->wait(ps, LOOK_AGAIN_MS, "for cert-manager"); /* the time counts, not the verdict */
}

int32_t raycluster_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_json *o = rk->object(ps);
    const char *bad = bad_name(rk, ps, rk->name(ps), 53, 0),
               *svc = rk->str(o, RAY_HEAD_SPEC "/headService/metadata/name", "");
    (void)self;
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, "/metadata/name", "%s", bad);
    bad = bad_name(rk, ps, rk->ns(ps), 63, 1);
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, "/metadata/namespace", "%s", bad);
    raycluster_types(rk, ps);
    bad = svc[0] ? bad_name(rk, ps, svc, 63, 0) : NULL;
    if (bad)
        (void)rk->fail(ps, RK_EINVAL, RAY_HEAD_SPEC "/headService/metadata/name", "%s", bad);
    no_certificates(rk, ps);
    if (rk->type(rk->at(o, RAY_HEAD_SPEC)) == RK_JSON_OBJECT) {
        raycluster_group_types(rk, ps, RAY_HEAD_SPEC, 0);
        long_lists(rk, ps, RAY_HEAD_SPEC);
        own(rk, ps, RAY_HEAD_SPEC);
    }
    (void)too_many(rk, ps, RAY_HEAD_SPEC "/headService/spec/ports", MOST);
    worker_groups(rk, ps);
    return RK_OK; /* fail() has been told what there was to tell */
}
