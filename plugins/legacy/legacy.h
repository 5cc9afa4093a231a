/* What the files of the legacy plugin share: the old Ray operator's objects and chart values become ray.io/v1 (reference legacy). */
#ifndef RK_PLUGIN_LEGACY_H
#define RK_PLUGIN_LEGACY_H

#include <raykeeper/ray.h>

#define LG_KIND "cluster.ray.io/v1/RayCluster"

#define LG_KOPF_FINALIZER  "kopf.zalando.org/KopfFinalizerMarker"
#define LG_KOPF_ANNOTATION "kopf.zalando.org/last-handled-configuration"
#define LG_L_COMPONENT     "cluster.ray.io/component" /* "operator", or "<cluster>-ray-head" */
#define LG_L_CLUSTER       "ray-cluster-name"         /* of pods that the old operator made */

/* How to convert; also what `raykeeper migrate` binds its options to. */
struct lg_how {
    const char *from, *name, *ray_version;
    const char *set;        /* one PATH=VALUE per line, as Helm has it */
    uint8_t say_all;        /* --explicit: what the operator would inject is written out */
    uint8_t exact;          /* legacy resource figures, where the peer's rules give others */
    uint8_t compat_service; /* the old Service's name goes on answering */
    uint8_t clip;           /* group maxima are lowered to the old global one */
    uint8_t fixed;          /* no autoscaler, where every group has as many as it may have */
    uint8_t chart_values;   /* of KubeRay's settings those of the Deployment, instead of the INI */
    uint8_t old_labels;     /* pods keep those labels of the old operator that select them */
};

/* What a conversion has to say. Lists of {"lossy", "where", "text"} and {"path", "text"}: the command prints them, the live
 * plugin makes events of the first. Made by lg_notes_new. */
struct lg_notes {
    rk_json *notices, *comments;
    rk_json *places;  /* values.c: place in the object that it made -> place in the values */
    size_t count;     /* of notices */
    const char *file; /* in front of places; NULL = there is one input only */
};
struct lg_notes lg_notes_new(const rk_api *rk, rk_pass *ps);
void lg_note(const rk_api *rk, rk_pass *ps, struct lg_notes *n, int lossy, const char *where,
             const char *text);
/* `path`: into the converted object. */
void lg_comment(const rk_api *rk, rk_pass *ps, struct lg_notes *n, const char *path,
                const char *text);

/* The place as the user knows it: in the values, and behind the name of a file. */
const char *lg_place(const rk_api *rk, rk_pass *ps, const struct lg_notes *n, const char *where);

/* merge.c: values of one file over those of another, as Helm does it: maps merge, all else replaces (null too, which values.c takes for
 * absent). lg_set (set.c) applies the lines of --set; NULL: fail() has told why. */
rk_json *lg_merge(const rk_api *rk, rk_pass *ps, const rk_json *under, const rk_json *over);
rk_json *lg_set(const rk_api *rk, rk_pass *ps, const rk_json *values, const char *lines);

/* values.c: the old chart's values (overlays are merged and `set` is applied already) as the cluster.ray.io/v1 object that its template
 * made of them, less what the conversion takes out again; NULL: fail() has told why. operatorOnly gives an empty object: there is no cluster. */
rk_json *lg_values(const rk_api *rk, rk_pass *ps, const rk_json *values, const struct lg_how *how,
                   struct lg_notes *n);
/* convert.c: a cluster.ray.io/v1 object as a ray.io/v1 RayCluster {apiVersion, kind, metadata, spec}; NULL: fail() has told why. */
rk_json *lg_convert(const rk_api *rk, rk_pass *ps, const rk_json *legacy, const struct lg_how *how,
                    struct lg_notes *n);
/* compat.c: {apiVersion, kind, metadata, spec} of the Service `<cluster>-ray-head` over the new head's pods. */
rk_json *lg_compat_service(const rk_api *rk, rk_pass *ps, const rk_json *legacy);

/* kuberay.c: values of the kuberay-operator chart, or its Configuration file, as raykeeper.ini, emitted as a text. */
int lg_is_kuberay(const rk_api *rk, const rk_json *document);
int32_t lg_kuberay(const rk_api *rk, rk_pass *ps, const struct lg_how *how, const rk_json *inputs);

/* cutover.c: the steps from the old operator's objects to ours, of `live` objects of one namespace ("" = all). */
int32_t lg_cutover(const rk_api *rk, rk_pass *ps, const struct lg_how *how, const rk_json *live,
                   const char *ns);
#define LG_N_READS 4
extern const rk_watch lg_reads[LG_N_READS]; /* what of the cluster it wants to be given */

/* command.c */
extern const rk_command lg_command;

#endif
