/* What the files of the conversion of KubeRay's own settings share. */
#ifndef RK_PLUGIN_LEGACY_KUBERAY_H
#define RK_PLUGIN_LEGACY_KUBERAY_H

#include "legacy.h"

struct kr {
    const rk_api *rk;
    rk_pass *ps;
    rk_json *sections;   /* {"plugin:site": {"env": {"value", "why"}}} */
    rk_json *disabled;   /* {"probes": true}: names of plugins */
    rk_json *deployment; /* {"metrics.serviceMonitor": its value}: what is told once, together */
    rk_json *kinds;      /* the same for settings of kinds that are not served here */
};

typedef void kr_knob(struct kr *k, const char *where, const rk_json *v);

/* ---- kuberay_ini.c: the text ---- */

/* One value, of one line or of several (then each stands on a line of its own). `why`: its comment. What INI cannot hold
 * is told and left out. A later value replaces an earlier one. */
void kr_put(struct kr *k, const char *section, const char *key, const char *value, const char *why);
/* Words, one a line, for an option that is a list: on one line where they fit. */
void kr_put_list(struct kr *k, const char *section, const char *key, const char *lines,
                 const char *why);
void kr_disable(struct kr *k, const char *plugin, const char *why);
const char *kr_text(struct kr *k);
/* May this be a value of one line? */
int kr_plain(const char *text);
/* JSON as the same JSON without what INI cannot hold; over several lines when `fold`. NULL: a line is too long. */
const char *kr_json(struct kr *k, const rk_json *v, int fold);

/* ---- kuberay.c ---- */
void kr_lossy(struct kr *k, const char *where, const char *text);
void kr_tell(struct kr *k, const char *where, const char *text);
void kr_bool(struct kr *k, const char *where, const rk_json *v, const char *section,
             const char *key);
/* true, "true" and "True"; -1: neither that nor its opposite */
int kr_truth(struct kr *k, const rk_json *v);

/* ---- kuberay_deployment.c ---- */
/* Of the values what is the Deployment's, under the names that it had. */
rk_json *kr_chart(struct kr *k);

/* ---- kuberay_knobs.c: settings that are one value, by their names in values, in a Configuration and as flags ---- */
void kr_values(struct kr *k, const rk_json *values);
void kr_configuration(struct kr *k, const rk_json *conf);
/* "--qps=100", or "--qps" and the next word */
void kr_flag(struct kr *k, const char *flag, const char *next);
/* kuberay_turns.c: what they do */
kr_knob kr_log_format, kr_log_file, kr_ignored, kr_scheduler, kr_metrics_address, kr_health_address,
    kr_election, kr_election_namespace, kr_concurrency, kr_watch, kr_single, kr_other_kinds,
    kr_metrics, kr_qps, kr_burst;

/* ---- kuberay_switches.c: variables of the environment, and feature gates ---- */
void kr_env(struct kr *k, const char *where, const rk_json *list);
int kr_env_known(const char *name);
void kr_gates(struct kr *k, const char *where,
              const rk_json *v); /* a list, a map, or "A=true,B=false" */

/* ---- kuberay_pods.c: what is put into each pod ---- */
void kr_pod_env(struct kr *k, const char *where, const rk_json *v);
void kr_pod_labels(struct kr *k, const char *where, const rk_json *v);
void kr_pod_annotations(struct kr *k, const char *where, const rk_json *v);
void kr_head_sidecars(struct kr *k, const char *where, const rk_json *v);
void kr_worker_sidecars(struct kr *k, const char *where, const rk_json *v);

#endif
