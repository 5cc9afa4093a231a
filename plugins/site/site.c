/* site: what a platform wants of every Ray pod, said once in the INI and not in each cluster
 * (reference users 2; 4.1 step 12, 4.6 item 6, 8.2). Everything is off by default.
 *
 * A value of the user stands: the site only fills what is not there. For the options named in
 * `site-wins` it is the other way round. Tolerations and pull secrets only add up. An image mirror
 * and the containers' security context have no user's side: they are done to what is there. */
#include "site.h"

#define OPTION(option, kind, field, text)                                                \
    {                                                                                    \
        .key = option, .dflt = "", .type = kind, .offset = offsetof(struct site, field), \
        .help = text                                                                     \
    }

static const rk_opt options[] = {
    OPTION("namespaces", RK_T_LIST, namespaces, "clusters of these namespaces only; empty: of all"),
    OPTION("site-wins", RK_T_LIST, wins,
           "options whose values win over the user's: env, labels, annotations, node-selector "
           "(of roles too), priority-class, scheduler-name, runtime-class"),
    OPTION("env", RK_T_STR, env,
           "of the Ray container: NAME=value, or an entry as a JSON object; one a line"),
    OPTION("labels", RK_T_LIST, labels, "of pods: key=value"),
    OPTION("annotations", RK_T_STR, annotations, "of pods: key=value, one a line"),
    OPTION("node-selector", RK_T_LIST, node_selector[SITE_BOTH], "of pods: key=value"),
    OPTION("head-node-selector", RK_T_LIST, node_selector[SITE_HEAD],
           "of heads, before node-selector"),
    OPTION("worker-node-selector", RK_T_LIST, node_selector[SITE_WORKER],
           "of workers, before node-selector"),
    OPTION("tolerations", RK_T_LIST, tolerations[SITE_BOTH],
           "of pods, added: key=value:Effect or key:Effect, with seconds key:NoExecute:300; key "
           "alone: every effect"),
    OPTION("head-tolerations", RK_T_LIST, tolerations[SITE_HEAD], "of heads, as well"),
    OPTION("worker-tolerations", RK_T_LIST, tolerations[SITE_WORKER], "of workers, as well"),
    OPTION("image-mirror", RK_T_LIST, mirror,
           "prefixes of image names: from/ -> to/, for every container; names without a registry "
           "are those of docker.io/; the longest prefix wins"),
    OPTION("image-pull-secrets", RK_T_LIST, pull_secrets, "of pods, added: names of Secrets"),
    OPTION("priority-class", RK_T_STR, priority_class, "of pods"),
    OPTION("scheduler-name", RK_T_STR, scheduler, "of pods"),
    OPTION("runtime-class", RK_T_STR, runtime_class, "of pods"),
    {.key = "security-context",
     .dflt = "none",
     .type = RK_T_ENUM,
     .choices = "none|restricted",
     .offset = offsetof(struct site, security),
     .help = "of containers that the cluster's template has not; restricted: what Kubernetes' "
             "restricted profile wants, where there is nothing"},
    OPTION("head-sidecars", RK_T_STR, sidecars[SITE_HEAD],
           "containers of heads: a JSON list, added as it is; one whose name is there is not"),
    OPTION("worker-sidecars", RK_T_STR, sidecars[SITE_WORKER], "the same of workers"),
};

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = site_sidecars,
     .title = "containers of the site"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_COMPOSE - 10, /* behind what plugins inject, before what raystart writes */
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = site_env,
     .title = "environment of the site"},
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_SEAL + 100, /* sees what every other plugin has made */
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = site_pod,
     .title = "labels, places, images of the site"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct site),
    .name = "site",
    .version = RK_VERSION,
    .summary = "what a platform wants of every pod",
    .after = "autoscaler,gcswait,history",
    .owns = "/metadata/labels,/metadata/annotations,/spec",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .check = site_check,
};
