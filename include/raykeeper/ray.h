/* raykeeper/ray.h - names of the Ray field and small helpers over plugin.h, for plugins that shape Ray objects. No ABI: compiled into the plugin.
 * Rules: reference raycluster 3 (names, labels), 4.4 (ports), 6.2 (which pods must go). */
#ifndef RAYKEEPER_RAY_H
#define RAYKEEPER_RAY_H

#include "raykeeper/sugar.h"

#define RAY_CLUSTER     "ray.io/v1/RayCluster"
#define RAY_POD         "v1/Pod"
#define RAY_SERVICE     "v1/Service"
#define RAY_CERTIFICATE "cert-manager.io/v1/Certificate" /* of tlsOptions */

#define RAY_L_NODE        "ray.io/is-ray-node"
#define RAY_L_CLUSTER     "ray.io/cluster"
#define RAY_L_TYPE        "ray.io/node-type"
#define RAY_L_GROUP       "ray.io/group"
#define RAY_L_ID          "ray.io/identifier"
#define RAY_L_INDEX       "ray.io/worker-group-replica-index"
#define RAY_L_REPLICA     "ray.io/worker-group-replica-name" /* these two: groups with numOfHosts > 1 */
#define RAY_L_HOST        "ray.io/replica-host-index"
#define RAY_L_ORIGIN      "ray.io/originated-from-crd"     /* what made a cluster: a kind ... */
#define RAY_L_ORIGIN_NAME "ray.io/originated-from-cr-name" /* ... and a name */
#define RAY_L_SERVE       "ray.io/serve" /* may a pod of a RayService's cluster be sent requests? */
#define RAY_L_APP         "app.kubernetes.io/name"
#define RAY_L_CREATED_BY  "app.kubernetes.io/created-by"
#define RAY_APP           "kuberay" /* dashboards and selectors of the field look for these two */
#define RAY_CREATED_BY    "kuberay-operator"
#define RAY_HEAD_GROUP    "headgroup"

#define RAY_A_FT        "ray.io/ft-enabled"
#define RAY_A_OVERWRITE "ray.io/overwrite-container-cmd"
#define RAY_A_HASH      "ray.io/upgrade-strategy-recreate-hash"
#define RAY_A_VERSION   "ray.io/kuberay-version"
#define RAY_A_ONE_HEAD  "ray.io/disable-provisioned-head-restart"
#define RAY_A_STORAGE \
    "ray.io/external-storage-namespace"             /* where Redis keeps what the head knows */
#define RAY_A_TEMPLATE "raykeeper.io/template-hash" /* what a pod was made from */

/* Labels and annotations that select the pods of a cluster or tell operators apart: nobody else's to say. */
#define RAY_OWN_KEYS                                                                               \
    {                                                                                              \
        RAY_L_NODE, RAY_L_CLUSTER, RAY_L_TYPE, RAY_L_GROUP, RAY_L_ID, RAY_L_INDEX, RAY_L_REPLICA,  \
            RAY_L_HOST, RAY_L_ORIGIN, RAY_L_ORIGIN_NAME, RAY_L_SERVE, RAY_L_APP, RAY_L_CREATED_BY, \
            RAY_A_FT, RAY_A_OVERWRITE, RAY_A_HASH, RAY_A_VERSION, RAY_A_TEMPLATE, RAY_A_STORAGE    \
    }

#define RAY_C0        "/spec/containers/0" /* always the user's Ray container */
#define RAY_HEAD_SPEC "/spec/headGroupSpec"

/* The pods of a RayCluster, for `watches`: RAY_WATCH_PODS("\n/status/phase" RAY_KEEP_DEAD). `more` are paths
 * beyond labels and owner, each with a line break in front. All plugins must select the same pods: one kind
 * has one watch, and a plugin whose selector is another is refused at the start. */
#define RAY_PODS_SELECTOR "ray.io/node-type in (head,worker,redis-cleanup)"
#define RAY_WATCH_PODS(more)                                                                      \
    {                                                                                             \
        .gvk = RAY_POD, .plural = "pods", .owner = RAY_CLUSTER, .index_label = RAY_L_CLUSTER,     \
        .selector = RAY_PODS_SELECTOR, .keep = "/metadata/labels\n/metadata/ownerReferences" more \
    }
/* Paths that ray_dead and ray_ready read. */
#define RAY_KEEP_DEAD                                               \
    "\n/spec/restartPolicy\n/spec/containers/*/name\n/status/phase" \
    "\n/status/containerStatuses"
#define RAY_KEEP_READY "\n/status/conditions"

/* What raystart leaves in the start scratch at rank BASE for everybody: */
#define RAY_START_FQDN      "/start/fqdn"      /* head service, fully qualified */
#define RAY_START_SERVICE   "/start/service"   /* its first label */
#define RAY_START_HEAD_PORT "/start/head-port" /* text */
#define RAY_START_PARAMS    "/start/params"    /* of `ray start`, texts */
#define RAY_START_RESOURCES "/start/resources" /* custom Ray resources, numbers */

/* Which version made a pod: never equal to a version of the peer, so that it adopts our heads and we adopt its (reference 6.5). */
#define RAY_OPERATOR_VERSION "raykeeper-" RK_VERSION

/* A label value of at most 63 bytes: the last 63, no punctuation in front (reference 3.1 CheckLabel). */
static inline const char *ray_check_label(const rk_api *rk, rk_pass *ps, const char *text)
{
    size_t n = strlen(text);
    if (n <= 63)
        return text;
    const char *tail = text + (n - 63);
    if ((*tail >= '0' && *tail <= '9') || (*tail >= 'a' && *tail <= 'z') ||
        (*tail >= 'A' && *tail <= 'Z'))
        return tail;
    return rk->fmt(ps, "r%s", tail + 1);
}

/* A name of at most 50 bytes: the last 50, no digit or punctuation in front (reference 3.1
 * CheckName). */
static inline const char *ray_check_name(const rk_api *rk, rk_pass *ps, const char *text)
{
    size_t n = strlen(text);
    const char *tail = n > 50 ? text + (n - 50) : text;
    int letter = (*tail >= 'a' && *tail <= 'z') || (*tail >= 'A' && *tail <= 'Z');
    return letter || !*tail ? tail : rk->fmt(ps, "r%s", tail + 1);
}

/* Name of a child that is called `whole`; an earlier version or the peer cut it, and one of that name that is
 * this object's stays in use. The plugin must watch the kind. */
static inline const char *ray_own_name(const rk_api *rk, rk_pass *ps, const char *gvk,
                                       const char *whole)
{
    const char *cut = ray_check_name(rk, ps, whole);
    return rk_is(cut, whole) || !rk->mine(ps, rk->seen(ps, gvk, cut)) ? whole : cut;
}

/* Value of RAY_L_ID of the cluster's pods and Services of this type ("head", "worker"): what their names would
 * be, as a label may have it. */
static inline const char *ray_identifier(const rk_api *rk, rk_pass *ps, const char *type)
{
    return ray_check_label(rk, ps, rk->fmt(ps, "%s-%s", rk->name(ps), type));
}

/* Visible beginning of pod names: the first 50 characters of prefix, "-head-" or "-worker-", lower
 * case (reference 3.1 PodName). What no name may have and a group's may (`_`, a dot beside a dash)
 * becomes a dash. */
static inline const char *ray_pod_prefix(const rk_api *rk, rk_pass *ps, const char *prefix,
                                         const char *type)
{
    const char *text = rk->fmt(ps, "%.50s-%s-", prefix, type);
    char *out = (char *)rk->alloc(ps, strlen(text) + 1);
    for (size_t i = 0; text[i]; i++) {
        char c = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
        int word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        int dot = c == '.' && i > 0 && out[i - 1] != '-' && out[i - 1] != '.' &&
                  !strchr("-_.", text[i + 1]);
        out[i] = (char)(word || dot ? c : '-');
    }
    return out;
}

/* Name of the head Service: the user's (headService), else the cluster's and "-head-svc". */
static inline const char *ray_head_service(const rk_api *rk, rk_pass *ps)
{
    const char *own = rk->str(rk->object(ps), RAY_HEAD_SPEC "/headService/metadata/name", NULL);
    return own && own[0] ? own : rk->fmt(ps, "%s-head-svc", rk->name(ps));
}

/* Value of a label of any object, observed or the owner; "" = it has none. */
static inline const char *ray_label(const rk_api *rk, rk_pass *ps, const rk_json *o,
                                    const char *label)
{
    return rk->str(o, rk_under(rk, ps, "/metadata/labels", label), "");
}

/* Is the cluster the work of a RayService? */
static inline int ray_of_service(const rk_api *rk, rk_pass *ps)
{
    return rk_is(ray_label(rk, ps, rk->object(ps), RAY_L_ORIGIN), "RayService");
}

/* Value of an annotation of the owner (not of what is shaped); NULL = it has none. */
static inline const char *ray_annotation(const rk_api *rk, rk_pass *ps, const char *key)
{
    return rk->str(rk->object(ps), rk_under(rk, ps, "/metadata/annotations", key), NULL);
}

/* Is Ray's own autoscaler asked for? Then replicas and workersToDelete are its words. */
static inline int ray_autoscaling(const rk_api *rk, rk_pass *ps)
{
    return rk->truth(rk->object(ps), "/spec/enableInTreeAutoscaling", 0);
}

/* Is what the head knows kept beyond the head: by the options, or by the annotation alone? */
static inline int ray_ft_enabled(const rk_api *rk, rk_pass *ps)
{
    return rk_is_ci(ray_annotation(rk, ps, RAY_A_FT), "true") ||
           rk->type(rk->at(rk->object(ps), "/spec/gcsFaultToleranceOptions")) == RK_JSON_OBJECT;
}

/* {cpu, memory}: requests or limits of a container. */
static inline rk_json *ray_amounts(const rk_api *rk, rk_pass *ps, const char *cpu,
                                   const char *memory)
{
    rk_json *out = rk->new_object(ps);
    rk->put(ps, out, "cpu", rk->new_str(ps, cpu));
    rk->put(ps, out, "memory", rk->new_str(ps, memory));
    return out;
}

/* Is the version at least that one? "v2.53" and "2.53.0rc1" are 2.53; "nightly" and nothing are no
 * version (reference 2, version parsing). */
static inline int ray_version_at_least(const char *version, long major, long minor)
{
    long part[2] = {0, 0};
    const char *p = version && *version == 'v' ? version + 1 : version;
    for (int i = 0; p && i < 2; i++) {
        if (*p < '0' || *p > '9')
            return 0;
        while (*p >= '0' && *p <= '9' && part[i] < 100000)
            part[i] = part[i] * 10 + (*p++ - '0');
        if (i == 0 && *p++ != '.')
            return 0;
    }
    return p && (part[0] > major || (part[0] == major && part[1] >= minor));
}

/* For VALIDATE: is a field of the owner of this type, or absent (null counts as absent)? If not,
 * that is told. */
static inline int ray_typed(const rk_api *rk, rk_pass *ps, const char *path, int32_t type)
{
    static const char *const words[] = {"absent",   "null",   "a boolean", "a number",
                                        "a string", "a list", "an object"};
    int32_t is = rk->type(rk->at(rk->object(ps), path));
    if (is != type && is > RK_JSON_NULL)
        (void)rk->fail(ps, RK_EINVAL, path, "is %s, %s is wanted", words[is], words[type]);
    return is == type || is <= RK_JSON_NULL;
}

/* A pod of this cluster: ours, and of this type ("head", "worker"; NULL = any). */
static inline int ray_is(const rk_api *rk, rk_pass *ps, const rk_json *pod, const char *type)
{
    return rk->mine(ps, pod) && (!type || rk_is(ray_label(rk, ps, pod, RAY_L_TYPE), type));
}

/* Has the cluster lost a head that is not to come back? So it is with whatever runs in the head and
 * must not run twice: once all pods ran, neither a head nor workers are made without it. The caller
 * watches pods. */
static inline int ray_head_stays_away(const rk_api *rk, rk_pass *ps)
{
    if (!rk_is(ray_annotation(rk, ps, RAY_A_ONE_HEAD), "true") ||
        !rk_is(rk->str(rk->object(ps), "/status/conditions/[RayClusterProvisioned]/status", ""),
               "True"))
        return 0;
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD)))
        if (ray_is(rk, ps, pod, "head"))
            return 0;
    return 1;
}

/* A name of a GPU: ends in gpu, or as an NVIDIA MIG slice (nvidia.com/mig-<digits>g.<digits>gb; reference 4.4). */
static inline int ray_is_gpu(const char *name)
{
    static const char mig[] = "nvidia.com/mig-";
    size_t n = strlen(name);
    if (n >= 3 && strcmp(name + n - 3, "gpu") == 0)
        return 1;
    const char *p = strstr(name, mig), *from = p ? p += sizeof(mig) - 1 : NULL;
    if (!p)
        return 0;
    while (*p >= '0' && *p <= '9')
        p++;
    if (p == from || strncmp(p, "g.", 2) != 0)
        return 0;
    from = p += 2;
    while (*p >= '0' && *p <= '9')
        p++;
    return p > from && strcmp(p, "gb") == 0;
}

/* Milliseconds since 1970 of an RFC 3339 time in UTC ("2026-01-02T03:04:05Z"); 0 when it is none. */
static inline int64_t ray_time_ms(const char *text)
{
    int64_t part[6] = {0}, days = 0;
    static const char seps[] = "--T::Z";
    for (int i = 0; i < 6; i++) {
        const char *from = text;
        while (*text >= '0' && *text <= '9' && text - from < 4)
            part[i] = part[i] * 10 + (*text++ - '0');
        if (text == from || (*text != seps[i] && !(i == 5 && *text == '.')))
            return 0;
        text++;
    }
    /* Days of the civil calendar: years begin in March, so that the leap day is the last. */
    int64_t year = part[0] - (part[1] <= 2), era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (part[1] + (part[1] > 2 ? -3 : 9)) + 2) / 5 + part[2] - 1;
    days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return (((days * 24 + part[3]) * 60 + part[4]) * 60 + part[5]) * 1000;
}

/* Is this observed object being deleted? It is there until it has ended. */
static inline int ray_terminating(const rk_api *rk, const rk_json *pod)
{
    return rk->at(pod, "/metadata/deletionTimestamp") != NULL;
}

/* Is the pod's condition Ready true? */
static inline int ray_ready(const rk_api *rk, const rk_json *pod)
{
    return rk_is(rk->str(pod, "/status/conditions/[Ready]/status", NULL), "True");
}

/* Must this pod go, and why? Failed or Succeeded whatever its restartPolicy; Running with restartPolicy Never and a terminated Ray container (reference 6.2). */
static inline const char *ray_dead(const rk_api *rk, rk_pass *ps, const rk_json *pod)
{
    const char *phase = rk->str(pod, "/status/phase", ""),
               *policy = rk->str(pod, "/spec/restartPolicy", "Always");
    const char *c0 = rk->str(pod, RAY_C0 "/name", "");
    if (rk_is(phase, "Failed") || rk_is(phase, "Succeeded"))
        return rk->fmt(ps, "phase %s, restartPolicy %s", phase, policy);
    if (!rk_is(phase, "Running") || !rk_is(policy, "Never"))
        return NULL;
    for (RK_EACH(rk, s, rk->at(pod, "/status/containerStatuses")))
        if (rk_is(rk->str(s, "/name", NULL), c0) && rk->at(s, "/state/terminated"))
            return rk->fmt(
                ps,
                "phase Running, restartPolicy Never, Ray container terminated with exit code %lld",
                (long long)rk->num(s, "/state/terminated/exitCode", 0));
    return NULL;
}

/* A count of a spec that nobody may have validated yet: within 0 and INT32_MAX, so that a product
 * of two cannot overflow. */
static inline int64_t ray_count(const rk_api *rk, const rk_json *group, const char *path,
                                int64_t dflt)
{
    int64_t n = rk->num(group, path, dflt);
    return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : n;
}

/* numOfHosts; an absent or senseless one counts as 1. */
static inline int64_t ray_hosts(const rk_api *rk, const rk_json *group)
{
    int64_t hosts = ray_count(rk, group, "/numOfHosts", 1);
    return hosts > 0 ? hosts : 1;
}

static inline int ray_suspended(const rk_api *rk, const rk_json *group)
{
    return rk->truth(group, "/suspend", 0);
}

/* Wanted pods of a worker group: none when it is suspended, else replicas clamped to [min, max], times hosts (reference 6.2 desired). */
static inline int64_t ray_desired(const rk_api *rk, const rk_json *group)
{
    int64_t min = ray_count(rk, group, "/minReplicas", 0),
            max = ray_count(rk, group, "/maxReplicas", INT32_MAX);
    int64_t n = ray_count(rk, group, "/replicas", min);
    if (n < min)
        n = min;
    if (n > max)
        n = max;
    n *= ray_suspended(rk, group) ? 0 : ray_hosts(rk, group);
    return n > INT32_MAX ? INT32_MAX : n;
}

/* Labels and annotations of every Ray pod (reference 3.2, 3.3): the template's and the group's own win but for the three that identify the pod. */
static inline int32_t ray_identify(const rk_api *rk, rk_pass *ps, const char *type)
{
    static const char labels[] = "/metadata/labels";
    rk_obj *pod = rk->subject(ps);
    for (RK_EACH_MEMBER(rk, l, rk->at(rk->group(ps), "/labels")))
        RK_TRY(rk->set(pod, rk_under(rk, ps, labels, rk->key(l)), l));
    RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_TYPE), type));
    RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_GROUP), rk->group_name(ps)));
    RK_TRY(rk_offer_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_NODE), "yes"));
    RK_TRY(rk_offer_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_ID),
                        ray_identifier(rk, ps, type)));
    RK_TRY(rk_offer_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_APP), RAY_APP));
    RK_TRY(rk_offer_str(rk, ps, pod, rk_under(rk, ps, labels, RAY_L_CREATED_BY), RAY_CREATED_BY));
    if (rk_is_ci(ray_annotation(rk, ps, RAY_A_OVERWRITE), "true"))
        RK_TRY(rk_set_str(rk, ps, pod, rk_under(rk, ps, "/metadata/annotations", RAY_A_OVERWRITE),
                          "true"));
    return RK_OK;
}

/* A port named `metrics` on the Ray container, unless there is one (reference 4.1 step 8). */
static inline int32_t ray_metrics_port(const rk_api *rk, rk_pass *ps)
{
    rk_obj *pod = rk->subject(ps);
    for (RK_EACH(rk, p, rk->at(rk->tree(pod), RAY_C0 "/ports")))
        if (rk_is(rk->str(p, "/name", NULL), "metrics"))
            return RK_OK;
    rk_json *port = rk->new_object(ps);
    rk->put(ps, port, "containerPort", rk->new_num(ps, 8080));
    rk->put(ps, port, "name", rk->new_str(ps, "metrics"));
    return rk->append(pod, RAY_C0 "/ports", port);
}

/* Calls `each` with the paths of the Ray container and of those containers and init containers whose names
 * are lines of `beside`; ends with its first failure. */
static inline int32_t ray_containers(const rk_api *rk, rk_pass *ps, const char *beside,
                                     int32_t (*each)(const rk_api *, rk_pass *, const void *self,
                                                     const char *path),
                                     const void *self)
{
    static const char *const lists[] = {"/spec/containers", "/spec/initContainers"};
    const rk_json *now = rk->tree(rk->subject(ps));
    RK_TRY(each(rk, ps, self, RAY_C0));
    for (size_t l = 0; l < RK_COUNT(lists); l++)
        for (size_t i = 0; i < rk->len(now, lists[l]); i++) {
            const char *path = rk->fmt(ps, "%s/%zu", lists[l], i);
            if (rk_listed(beside, rk->str(now, rk->fmt(ps, "%s/name", path), "")))
                RK_TRY(each(rk, ps, self, path));
        }
    return RK_OK;
}

/* Both the Ray container and `container` (its path) mount the folder of Ray's logs: an own volume
 * `ray-logs`, or what the user mounts there (reference 4.3 steps 3 and 4; where the user mounts
 * something the peer leaves the other container alone). A subPathExpr names variables that only the
 * Ray container has: then the two stay apart. */
static inline int32_t ray_share_logs(const rk_api *rk, rk_pass *ps, const char *container,
                                     const char *folder)
{
    rk_obj *pod = rk->subject(ps);
    const char *ray = rk->fmt(ps, RAY_C0 "/volumeMounts/[%s]", folder),
               *beside = rk->fmt(ps, "%s/volumeMounts/[%s]", container, folder);
    const rk_json *users = rk->at(rk->tree(pod), ray);
    if (users && !rk->at(users, "/subPathExpr"))
        return rk->offer(pod, beside, rk->copy(ps, users));
    if (users && rk->at(rk->tree(pod), beside))
        return RK_OK;
    if (!rk->at(rk->tree(pod), "/spec/volumes/[ray-logs]"))
        RK_TRY(rk->set(pod, "/spec/volumes/[ray-logs]/emptyDir", rk->new_object(ps)));
    if (!users)
        RK_TRY(rk_set_str(rk, ps, pod, rk->fmt(ps, "%s/name", ray), "ray-logs"));
    return rk_offer_str(rk, ps, pod, rk->fmt(ps, "%s/name", beside), "ray-logs");
}

/* -- what a part of a spec means, for digests ----------------------------------------------------
 * Clients with types (`kubectl ray scale` is one) read a cluster and write all of it back: amounts in
 * their shortest form, nothing of what is as good as absent, and empty maps where nobody wrote any.
 * None of that is an edit. A `false`, "" or 0 that means another thing than absence stays. */

/* Is the member `key` of a map called `parent` an amount? */
static inline int ray_amount(const char *parent, const char *key)
{
    return rk_listed("limits\nrequests\noverhead", parent) ||
           (rk_is(parent, "emptyDir") && rk_is(key, "sizeLimit")) ||
           (rk_is(parent, "resourceFieldRef") && rk_is(key, "divisor"));
}

/* What our definition (CRD) gives who does not write it, and an older one, or the peer's, does not: a definition that comes or goes is no edit. */
static inline int ray_given(const char *parent, const char *key, const char *text)
{
    return (rk_is(key, "numOfHosts") && rk_is(text, "1")) ||
           (rk_is(parent, "workerGroupSpecs") && rk_is(key, "priority") && rk_is(text, "0")) ||
           (rk_is(parent, "azureDisk") && rk_is(key, "kind") && rk_is(text, "Shared")) ||
           (rk_is(parent, "azureDisk") && rk_is(key, "cachingMode") && rk_is(text, "ReadWrite"));
}

static inline int ray_as_absent(const rk_api *rk, const char *parent, const char *key,
                                const rk_json *v)
{
    switch (rk->type(v)) {
    case RK_JSON_NULL:
        return 1;
    case RK_JSON_ARRAY:
        return rk->len(v, "") == 0;
    case RK_JSON_OBJECT: /* emptyDir: {} and selectors say something */
        return rk->len(v, "") == 0 &&
               rk_listed("metadata\nresources\nlimits\nrequests\noverhead\nspec\nstatus\n"
                         "loadBalancer\nscaleStrategy\nrayStartParams\nlabels\nannotations\n"
                         "nodeSelector\nmatchLabels",
                         key);
    case RK_JSON_STRING: /* of a map with free keys each member counts */
        if (ray_given(parent, key, rk->str(v, "", "")))
            return 1;
        return rk_is(rk->str(v, "", NULL), "") && !rk_is(key, "storageClassName") &&
               !rk_listed("labels\nannotations\nnodeSelector\nmatchLabels\nrayStartParams\n"
                          "resources\nvolumeAttributes",
                          parent);
    case RK_JSON_BOOL: /* others are true where they are absent */
        return !rk->truth(v, "", 1) &&
               rk_listed("hostNetwork\nhostPID\nhostIPC\nreadOnly\nstdin\nstdinOnce\ntty", key);
    case RK_JSON_NUMBER:
        if (ray_given(parent, key, rk->number_text(v)))
            return 1;
        return rk_is(rk->number_text(v), "0") &&
               rk_listed("hostPort\ninitialDelaySeconds\ntimeoutSeconds\nperiodSeconds\n"
                         "successThreshold\nfailureThreshold",
                         key);
    default:
        return 0;
    }
}

/* A copy. `parent`: what the map or list is called. */
static inline rk_json *ray_meaning(const rk_api *rk, rk_pass *ps, const char *parent,
                                   const rk_json *o)
{
    if (rk->type(o) == RK_JSON_ARRAY) {
        rk_json *list = rk->new_array(ps);
        for (RK_EACH(rk, it, o))
            rk->push(ps, list, ray_meaning(rk, ps, parent, it));
        return list;
    }
    if (rk->type(o) != RK_JSON_OBJECT)
        return rk->copy(ps, o);
    rk_json *out = rk->new_object(ps);
    for (RK_EACH_MEMBER(rk, m, o)) {
        const char *key = rk->key(m), *text = rk->str(m, "", rk->number_text(m)),
                   *amount = text && ray_amount(parent, key) ? rk->qty_add(ps, text, NULL) : NULL;
        rk_json *value = amount ? rk->new_str(ps, amount) : ray_meaning(rk, ps, key, m);
        if (!ray_as_absent(rk, parent, key, value))
            rk->put(ps, out, key, value);
    }
    return out;
}

/* The digest of what it means. The algorithm's name, which ends at the ':', is another than that of a digest of the text. */
static inline const char *ray_digest(const rk_api *rk, rk_pass *ps, const rk_json *o)
{
    return rk->fmt(ps, "m%s", rk->digest(ps, ray_meaning(rk, ps, "", o)));
}

/* Are both of one algorithm? One of another tells nothing, whoever wrote it. */
static inline int ray_comparable(const char *a, const char *b)
{
    size_t n = strcspn(a, ":");
    return a[n] == ':' && strncmp(a, b, n + 1) == 0;
}

#endif
