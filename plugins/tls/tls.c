/* tls: pods that know each other by certificates, where tlsOptions asks for it (reference 4.11, extras 3):
 * what cert-manager is asked for (pki.c), how far it is (state.c), what pods get (pod.c), and what a cluster may
 * not say itself (validate.c). Where the API has no cert-manager.io/v1, `raycluster` refuses such a cluster.
 *
 * No pod is made before both certificates are issued as they were asked for when the pass began (what it asks for
 * itself counts from the next one on: each pod waits for its own address); pods that run stay, whatever becomes
 * of the certificates. Keys are never read: Secrets are watched by their metadata.
 *
 * Unlike the peer's, which looks once a minute, a new pod's address is asked for at once: pods are watched.
 * While a certificate is being issued, further addresses are gathered, so that a cluster that grows does not
 * begin it anew with each of its pods. */
#include "tls.h"

#define HOURS 3600000

/* cert-manager refuses less than an hour of life, and less than five minutes before its end. */
#define LIFE(name, value, field, what)                                                            \
    {                                                                                             \
        .key = name, .dflt = value, .type = RK_T_DURATION, .offset = offsetof(struct tls, field), \
        .min = 300000, .max = 876000LL * HOURS, .help = what                                      \
    }

static const rk_opt options[] = {
    {.key = "cluster-domain",
     .dflt = "cluster.local",
     .type = RK_T_STR,
     .offset = offsetof(struct tls, domain),
     .help = "DNS domain of the cluster, in the head's certificate; that of [plugin:raystart]"},
    {.key = "mount",
     .dflt = "/etc/ray/tls",
     .type = RK_T_STR,
     .offset = offsetof(struct tls, mount),
     .help = "where certificate and key are in the containers"},
    {.key = "containers",
     .dflt = "wait-gcs-ready, autoscaler",
     .type = RK_T_LIST,
     .offset = offsetof(struct tls, beside),
     .help = "what gets them beside the Ray container: containers and init containers"},
    {.key = "wait-image",
     .dflt = "",
     .type = RK_T_STR,
     .offset = offsetof(struct tls, image),
     .help =
         "of the init container that waits for its pod's address in the certificate: sh, grep and "
         "openssl are needed; empty: the Ray container's"},
    {.key = "wait-cpu",
     .dflt = "50m",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct tls, cpu),
     .help = "request and limit of that init container"},
    {.key = "wait-memory",
     .dflt = "64Mi",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct tls, memory),
     .help = "request and limit of that init container"},
    {.key = "wait-interval",
     .dflt = "5s",
     .type = RK_T_DURATION,
     .offset = offsetof(struct tls, interval_ms),
     .min = 1000,
     .max = 600000,
     .help = "between two of its looks"},
    {.key = "gather",
     .dflt = "30s",
     .type = RK_T_DURATION,
     .offset = offsetof(struct tls, gather_ms),
     .min = 0,
     .max = 3600000,
     .help =
         "so long a certificate that is being issued is not asked for anew, with more addresses"},
    LIFE("ca-duration", "87600h", ca_ms, "life of the cluster's own authority"),
    LIFE("ca-renew-before", "720h", ca_renew_ms, "it is renewed so long before its end"),
    LIFE("duration", "2160h", leaf_ms,
         "life of the pods' certificates; Ray reads them once, when it starts"),
    LIFE("renew-before", "360h", leaf_renew_ms, "they are renewed so long before their end"),
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct tls *me = self;
    const char *text = NULL;
    /* It stands in a shell's script, and between brackets in a path. */
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    if (me->mount[0] != '/' || !me->mount[1] || me->mount[strspn(me->mount, plain)])
        text = "mount: an absolute path of letters, digits, '/', '.', '_' and '-' is wanted";
    else if (!me->domain[0])
        text = "cluster-domain: a DNS name is wanted";
    else if (me->ca_ms < HOURS || me->ca_renew_ms >= me->ca_ms)
        text = "ca-duration: at least 1h, and more than ca-renew-before, is wanted";
    else if (me->leaf_ms < HOURS || me->leaf_renew_ms >= me->leaf_ms)
        text = "duration: at least 1h, and more than renew-before, is wanted";
    if (text && strlen(text) < err_size)
        memcpy(err, text, strlen(text) + 1);
    return text ? RK_EINVAL : RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_VALIDATE,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = tls_validate,
     .title = "what is the operator's with TLS"},
    {.phase = RK_PHASE_PLAN,
     .rank = 95,
     .kinds = RAY_CLUSTER,
     .run = tls_plan,
     .title = "issuers and certificates"},
    {.phase = RK_PHASE_POD,
     .rank = 50, /* before anything is shaped in vain */
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = tls_gate,
     .title = "no pod without certificates"},
    {.phase = RK_PHASE_POD,
     .rank = 190, /* the first init container: before others are added */
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = tls_wait,
     .title = "wait for the pod's own address"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = tls_pod,
     .title = "certificate, key and where they are"},
    {.phase = RK_PHASE_STATUS,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .run = tls_status,
     .title = "are the certificates issued"},
};

#define OWNERS "/metadata/labels\n/metadata/ownerReferences"

static const rk_watch watches[] = {
    RAY_WATCH_PODS("\n/status/podIPs\n/status/phase"),
    {.gvk = TLS_ISSUER,
     .plural = "issuers",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = OWNERS,
     .optional = 1},
    {.gvk = RAY_CERTIFICATE,
     .plural = "certificates",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = OWNERS "\n/metadata/generation\n/spec\n/status/conditions\n/status/notAfter",
     .optional = 1},
    {.gvk = TLS_SECRET,
     .plural = "secrets",
     .owner = RAY_CLUSTER,
     .index_label = RAY_L_CLUSTER,
     .selector = RAY_L_CLUSTER,
     .keep = OWNERS "\n/metadata/deletionTimestamp",
     .metadata_only = 1},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct tls),
    .name = "tls",
    .version = RK_VERSION,
    .summary = "certificates of the pods, by cert-manager",
    .after = "autoscaler,gcsft,auth,shm",
    .owns = "/metadata/labels,/spec",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .watches = watches,
    .n_watches = RK_COUNT(watches),
    .check = check,
};
