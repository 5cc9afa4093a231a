/* Paths: JSON pointer (`~1` is /, `~0` is ~, decimal tokens index arrays) plus `[x]`, which selects or creates the list entry whose
 * merge key equals x: /spec/containers/[main]/env/[PORT]/value. `/` inside [ ] is literal. Which key a list is merged by
 * depends on its place: a table of (last path words) -> key, below. Atomic lists (tolerations, command, args ...) refuse [x].
 * Brackets inside [ ] may stand when they are balanced; `~2` is [ and `~3` is ] anywhere, which a key that begins with [ needs.
 *
 * Merge keys: containers, initContainers, ephemeralContainers, env, volumes, imagePullSecrets: name; volumeMounts: mountPath; container ports: containerPort
 * + protocol ([8080] means TCP, [8080/UDP] says it); Service /spec/ports: port + protocol; ownerReferences: uid; conditions: type; hostAliases: ip;
 * topologySpreadConstraints: topologyKey; volumeDevices: devicePath; resourceClaims: name. (Kubernetes API conventions, patchMergeKey.) */
#ifndef RK_JSON_PATH_H
#define RK_JSON_PATH_H

#include "core/json/json.h"

#define RK_PATH_MAX    1024
#define RK_PATH_TOKENS 32

struct rk_path_token {
    enum { RK_PATH_KEY, RK_PATH_INDEX_OR_KEY, RK_PATH_SELECT } kind;
    char text[320]; /* unescaped; an annotation key may have 317 bytes */
};
struct rk_path {
    size_t n;
    struct rk_path_token tok[RK_PATH_TOKENS];
};

/* RK_E_INVAL: no leading slash, too long (255 bytes a token), too many tokens, unbalanced [ ], a bad escape. "" is the root. */
int rk_path_parse(const char *text, struct rk_path *ret, struct rk_err *err);
/* NULL when absent, and for any malformed path. The kind that selects the merge table is the root's own (a root that has none: any). */
cJSON *rk_path_get(const cJSON *root, const char *path);
/* Put value at path, making objects and [x] entries on the way ("-" as the last token appends to an array). `kind` is the object's kind
 * ("Pod", "Service"): it selects the merge table; NULL = the root's own. The value is linked, not copied; an entry put under [x] gets the
 * merge fields that it lacks. null on the way counts as absent. A refused path leaves the tree as it was.
 * RK_E_INVAL: an index beyond the end, a scalar on the way, [x] on a list without merge key or with a value of another name, putting an entry
 * of another name on an existing index of a list with merge key. The text begins with the path up to the token that is wrong. */
int rk_path_set(struct rk_arena *a, cJSON *root, const char *kind, const char *path, cJSON *value,
                struct rk_err *err);
/* Remove; RK_E_NOENT when it was not there. Removing an [x] entry removes the list entry; an emptied list stays.
 * RK_E_INVAL for the root and for tokens that cannot lead anywhere ([x] in an atomic list). */
int rk_path_drop(cJSON *root, const char *path, struct rk_err *err);
/* Append one reference token to a path text with escaping; for walkers that build paths. */
void rk_path_push(struct rk_buf *path, const char *key);
/* The same for an entry of `list`, whose own path stands in `path`: [name] when the name leads to it, else its index (see
 * rk_path_canonical). kind: of the object that the path begins in. */
void rk_path_push_entry(struct rk_buf *path, const char *kind, const cJSON *list,
                        const cJSON *entry);
/* The canonical address of an existing node: select tokens turned to [name] form where the list has a merge key, so that two ways of
 * naming one place compare equal ("/spec/containers/0/env/3" -> "/spec/containers/[main]/env/[A]"). Entries without a usable name, and
 * all but the first of one name, keep their index. Appended to out on success only.
 * RK_E_NOENT when absent, RK_E_LIMIT when it is too long. kind NULL = the root's own. */
int rk_path_canonical(const cJSON *root, const char *kind, const char *path, struct rk_buf *out,
                      struct rk_err *err);
/* Merge key of the list at this (canonical or plain) path for this kind: "name", "containerPort" ...; NULL = atomic. */
const char *rk_path_merge_key(const char *kind, const char *path);

#endif
