/* /debug/state: what the operator knows of itself, as JSON, for `raykeeper status`. The master serves it; the worker's part comes through
 * shared memory when the master asks (RK_LINK_TELL), and what it told last stands there when it cannot answer. Lists are bounded and say how
 * many there are. No value of an object's spec, no token, nothing of a Secret. Internal to loop/. */
#ifndef RK_LOOP_STATE_H
#define RK_LOOP_STATE_H

#include "core/json/json.h"
#include "core/loop/worker.h"

#define RK_STATE_ROWS  64  /* of each list, plugins and requests aside */
#define RK_STATE_WORDS 300 /* bytes of a text that somebody else wrote */

/* Members; texts are cut to RK_STATE_WORDS. Keys are new ones. */
void rk_state_text(struct rk_arena *a, cJSON *o, const char *key, const char *text);
void rk_state_int(struct rk_arena *a, cJSON *o, const char *key, int64_t n);
void rk_state_bool(struct rk_arena *a, cJSON *o, const char *key, bool b);
cJSON *rk_state_object(struct rk_arena *a, cJSON *o, const char *key);
cJSON *rk_state_array(struct rk_arena *a, cJSON *o, const char *key);
cJSON *rk_state_row(struct rk_arena *a, cJSON *array);

/* ---- worker ---- */
/* All of its part, into shared memory. Takes some milliseconds at most, whatever the cluster's size. */
void rk_state_tell(struct rk_worker *w);
/* Its parts, each in its file. */
void rk__state_watches(const struct rk_worker *w, struct rk_arena *a, cJSON *doc);
void rk__state_caches(const struct rk_worker *w, struct rk_arena *a, cJSON *doc);
void rk__state_queue(const struct rk_worker *w, struct rk_arena *a, cJSON *doc);
void rk__state_owners(const struct rk_worker *w, struct rk_arena *a, cJSON *doc);

#endif
