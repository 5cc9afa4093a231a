/* auth: tokens between the parts of a cluster and its clients, where authOptions asks for them
 * (reference 4.10; 2, rule 13): the Secret with the token, and the environment that names it.
 *
 * The Secret is made once, under the cluster's name, of 32 random bytes; one that is there is
 * trusted, whoever made it. What is in it is never read: it is watched by its metadata. One that
 * was deleted is made again, with another token: running pods keep the one that they started with.
 *
 * Unlike the peer: a name of over 50 characters is not cut, so that clusters with long names never
 * share a token (one that the peer made under the cut name stays in use); without a mode no Secret
 * is made, for no pod would use it. */
#include "auth.h"

static const rk_opt options[] = {
    {.key = "secret-key",
     .dflt = "auth_token",
     .type = RK_T_STR,
     .offset = offsetof(struct auth, key),
     .help = "entry of the Secret that holds the token"},
    {.key = "containers",
     .dflt = "wait-gcs-ready, autoscaler, ray-history-collector",
     .type = RK_T_LIST,
     .offset = offsetof(struct auth, beside),
     .help = "what gets the token beside the Ray container: containers and init containers"},
    {.key = "mount",
     .dflt = "/var/run/secrets/ray.io/serviceaccount",
     .type = RK_T_STR,
     .offset = offsetof(struct auth, mount),
     .help = "where the Kubernetes token is, with enableK8sTokenAuth"},
    {.key = "token-expiry",
     .dflt = "0",
     .type = RK_T_DURATION,
     .offset = offsetof(struct auth, expiry_ms),
     .min = 0,
     .max = 31536000000,
     .help = "life of a Kubernetes token, which the kubelet renews; at least 10m. 0: the API "
             "server's own"},
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const struct auth *me = self;
    const char *text = NULL;
    if (me->key[0] == '\0' || me->key[strspn(me->key, legal)])
        text = "secret-key: letters, digits, '-', '_' and '.' are wanted";
    else if (me->mount[0] != '/' || strchr(me->mount, ']'))
        text = "mount: an absolute path without ']' is wanted";
    else if (me->expiry_ms != 0 && me->expiry_ms < 600000)
        text = "token-expiry: at least 10m, or 0";
    if (text && strlen(text) < err_size)
        memcpy(err, text, strlen(text) + 1);
    return text ? RK_EINVAL : RK_OK;
}

static int32_t validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *mode = rk->str(rk->object(ps), AUTH_SPEC "/mode", ""),
               *version = rk->str(rk->object(ps), "/spec/rayVersion", "");
    const int kubernetes = auth_by_kubernetes(rk, ps);
    (void)self;
    (void)ray_typed(rk, ps, AUTH_SPEC, RK_JSON_OBJECT);
    (void)ray_typed(rk, ps, AUTH_SPEC "/mode", RK_JSON_STRING);
    (void)ray_typed(rk, ps, AUTH_SPEC "/secretName", RK_JSON_STRING);
    (void)ray_typed(rk, ps, AUTH_SPEC "/enableK8sTokenAuth", RK_JSON_BOOL);
    if (mode[0] && !rk_is(mode, "token") && !rk_is(mode, "disabled"))
        (void)rk->fail(ps, RK_EINVAL, AUTH_SPEC "/mode", "'%s' is none of disabled, token", mode);
    if (kubernetes && !auth_by_token(rk, ps))
        (void)rk->fail(ps, RK_EINVAL, AUTH_SPEC "/enableK8sTokenAuth",
                       "mode token is needed for it");
    if (auth_by_token(rk, ps) && !ray_version_at_least(version, 2, kubernetes ? 55 : 52))
        (void)rk->fail(ps, RK_EINVAL, "/spec/rayVersion", "%s needs 2.%d.0 or later here, not '%s'",
                       kubernetes ? "enableK8sTokenAuth" : "token authentication",
                       kubernetes ? 55 : 52, version);
    if (kubernetes && auth_users_secret(rk, ps)[0])
        (void)rk->fail(ps, RK_EINVAL, AUTH_SPEC "/secretName",
                       "is not used with enableK8sTokenAuth");
    return RK_OK; /* fail() has been told what there was to tell */
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = validate,
     .title = "mode and version"},
    {.phase = RK_PHASE_PLAN,
     .rank = 90, /* before the head Service, as the peer has it */
     .kinds = RAY_CLUSTER,
     .run = auth_plan,
     .title = "the Secret with the token"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = auth_pod,
     .title = "who may talk to Ray"},
};

static const rk_watch watches[] = {
    {.gvk = AUTH_SECRET,
     .plural = "secrets",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = "/metadata/labels\n/metadata/ownerReferences\n/metadata/deletionTimestamp",
     .metadata_only = 1},
    RAY_WATCH_PODS(""),
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct auth),
    .name = "auth",
    .version = RK_VERSION,
    .summary = "tokens between the parts of a cluster and its clients",
    .after = "autoscaler,gcsft,shm",
    .owns = "/spec/containers,/spec/initContainers,/spec/volumes,/metadata/labels,/stringData",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
    .check = check,
};
