/* Shared by the files of path.h: the merge table and one step of a walk. */
#ifndef RK_JSON_PATH_ROOM_H
#define RK_JSON_PATH_ROOM_H

#include "core/json/path.h"

/* How the entries of a list are told apart. */
struct rk__merge_rule {
    const char *kind; /* of the object; NULL = any */
    const char *words
        [3];    /* the end of the list's path, last word first; "*" = any token; unused ones NULL */
    bool whole; /* the words are the whole path, not only its end */
    const char *key; /* field that names an entry */
    bool port; /* key is a port number, and "protocol" (TCP when absent) belongs to the name */
};

/* The rule of the list that the first n tokens lead to; NULL = atomic. kind NULL matches the rules of every kind. */
const struct rk__merge_rule *rk__merge_rule(const char *kind, const struct rk_path_token *tok,
                                            size_t n);

#define RK__MERGE_NAME 256
/* An entry's name as it stands between [ ], unescaped: in the entry or in scratch. NULL when it has none that a path can hold. */
const char *rk__merge_name(const struct rk__merge_rule *rule, const cJSON *entry,
                           char scratch[RK__MERGE_NAME]);
/* The one spelling of x ("80/TCP" -> "80"): x itself or another constant part of it in scratch. NULL: x names no entry here. */
const char *rk__merge_spell(const struct rk__merge_rule *rule, const char *x,
                            char scratch[RK__MERGE_NAME]);
/* The first entry of that name, x in any spelling. */
cJSON *rk__merge_find(const struct rk__merge_rule *rule, const cJSON *list, const char *x);
/* Give an entry the name x (which rk__merge_spell takes), with the fields' proper types. */
void rk__merge_fill(struct rk_arena *a, const struct rk__merge_rule *rule, cJSON *entry,
                    const char *x);

/* Error that begins with the path up to and with token i. Returns code. */
int rk__path_fail(const struct rk_path *path, size_t i, struct rk_err *err, int code,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* From `at`, which token i - 1 led to, along token i. RK_E_NOENT (err stays as it is) when nothing is there, RK_E_INVAL
 * when the token cannot lead anywhere in `at`: [x] in an object or an atomic list, a word in a list. */
int rk__path_step(const struct rk_path *path, size_t i, const char *kind, const cJSON *at,
                  cJSON **ret, struct rk_err *err);
/* "-" behind the last entry of a list. */
bool rk__path_is_append(const struct rk_path_token *tok);

#endif
