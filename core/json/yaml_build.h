/* Shared by yaml_parse.c (events in, errors, documents) and yaml_build.c (events to tree) only. */
#ifndef RK_JSON_YAML_BUILD_H
#define RK_JSON_YAML_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "core/base/map.h"
#include "core/json/yaml.h"

/* Caps (client.md 63). */
#define RK__YAML_DEPTH     64
#define RK__YAML_NODES     100000u
#define RK__YAML_EXPANSION (1024u * 1024u) /* bytes of text that aliases may add */

/* An open mapping or sequence. */
struct rk__yaml_frame {
    cJSON *node;
    const char *key; /* mapping: the key that waits for its value */
    bool merging;    /* the waiting key is << */
    cJSON *merges;   /* values of <<, in an array; NULL = none */
    yaml_mark_t merge_mark;
    size_t n_keys;
    struct rk_map keys; /* once there are many */
    bool keys_mapped;
};

struct rk__yaml_build {
    struct rk_arena *arena;
    const char *file;
    struct rk_err *err;
    size_t nodes, expanded;
    struct rk_map anchors; /* name -> cJSON * of this document */
    cJSON *root;           /* of this document */
    bool empty;            /* the root is an empty plain scalar */
    size_t depth;
    struct rk__yaml_frame frames[RK__YAML_DEPTH];
};

void rk__yaml_build_init(struct rk__yaml_build *b, struct rk_arena *a, const char *file,
                         struct rk_err *err);
void rk__yaml_build_done(struct rk__yaml_build *b);
/* Forget root and anchors: a new document begins. */
void rk__yaml_build_document(struct rk__yaml_build *b);
/* A node event (alias, scalar, start or end of a collection). */
int rk__yaml_build_event(struct rk__yaml_build *b, const yaml_event_t *ev);

/* "file:line:col: reason"; returns code. */
int rk__yaml_fail(const struct rk__yaml_build *b, yaml_mark_t at, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
