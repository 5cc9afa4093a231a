/* JSON trees that keep what came in: cJSON nodes built by our own scanner in an arena (cJSON_Parse is banned: it turns numbers
 * into doubles, accepts trailing garbage, bad UTF-8 and duplicate keys; client.md 58-59).
 *
 * Numbers are cJSON_Raw nodes holding the text as it stood (1.50 stays 1.50, 2^53+1 stays exact). Strings are NUL-terminated UTF-8
 * (\u0000 is refused). Object order is kept. A tree lives and dies with its arena; nothing is freed node by node, so any edit is
 * pointer surgery without ownership questions. All lookups are case-sensitive. */
#ifndef RK_JSON_JSON_H
#define RK_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

struct rk_json_limits {
    size_t bytes; /* of text */
    size_t nodes;
    int depth;
};
extern const struct rk_json_limits rk_json_default_limits; /* 8 MiB, 400,000 nodes, depth 128 */

/* Parse one document; anything but white space behind it is an error. lim NULL = defaults.
 * Errors: RK_E_SYNTAX ("line 3 column 7: ..."), RK_E_LIMIT. Duplicate keys of one object are RK_E_SYNTAX naming the key. */
int rk_json_parse(struct rk_arena *a, const char *text, size_t n, const struct rk_json_limits *lim,
                  cJSON **ret, struct rk_err *err);

/* Append the minified text of a tree. Number text leaves as it came. RK_E_LIMIT when the buffer is full. */
int rk_json_print(const cJSON *v, struct rk_buf *out);
int rk_json_print_pretty(const cJSON *v, struct rk_buf *out); /* two spaces, for people */
char *rk_json_text(struct rk_arena *a, const cJSON *v);       /* minified, in the arena */
/* A quoted JSON string, whatever the bytes: what is not UTF-8 becomes U+FFFD. */
void rk_json_escape(struct rk_buf *out, const char *s, size_t n);

/* Making nodes. Names and texts are copied into the arena. */
cJSON *rk_json_object(struct rk_arena *a);
cJSON *rk_json_array(struct rk_arena *a);
cJSON *rk_json_string(struct rk_arena *a, const char *s);
cJSON *rk_json_int(struct rk_arena *a, int64_t n);
/* text must be a JSON number (asserted) */
cJSON *rk_json_number_text(struct rk_arena *a, const char *text);
cJSON *rk_json_bool(struct rk_arena *a, bool b);
cJSON *rk_json_null(struct rk_arena *a);
cJSON *rk_json_copy(struct rk_arena *a, const cJSON *v); /* deep; NULL in, NULL out */

/* Editing. `set` replaces in place (order kept) or appends at the end; the value must not be in a tree already
 * (asserted). A node that was removed may be put in again. */
void rk_json_set(struct rk_arena *a, cJSON *object, const char *key, cJSON *value);
/* As set for a key that is known to be new, without looking: O(1). */
void rk_json_add(struct rk_arena *a, cJSON *object, const char *key, cJSON *value);
bool rk_json_unset(cJSON *object, const char *key); /* false when it was not there */
void rk_json_push(cJSON *array, cJSON *value);
bool rk_json_remove(cJSON *parent, cJSON *child);

/* A number that whoever owns a tree may leave on its nodes, say whose they are: 0 on a new node and on a copy; nothing
 * in this room reads it. A node keeps it wherever it is moved to. */
void rk_json_mark(cJSON *v, int mark);
int rk_json_mark_of(const cJSON *v);

/* Reading. NULL in, NULL or the default out. */
cJSON *rk_json_get(const cJSON *object, const char *key);
cJSON *rk_json_at(const cJSON *array, size_t index);
size_t rk_json_len(const cJSON *v); /* members of an object or array, else 0 */
bool rk_json_is_number(const cJSON *v);
bool rk_json_is_string(const cJSON *v);
bool rk_json_is_object(const cJSON *v);
bool rk_json_is_array(const cJSON *v);
bool rk_json_is_bool(const cJSON *v);
bool rk_json_is_null(const cJSON *v);
const char *rk_json_str(const cJSON *v, const char *dflt); /* text of a string node, else dflt */
const char *rk_json_num_text(const cJSON *v); /* the raw number text, NULL when not a number */
/* Integer value; false when not a number, has a fraction (1.0 counts as 1, 1e3 as 1000) or leaves int64. */
bool rk_json_int64(const cJSON *v, int64_t *ret);
const char *rk_json_type_name(const cJSON *v); /* "object", "number", ..., "absent" for NULL */

/* Same value? Numbers compare by value when both are integers, else by text; object order does not matter. */
bool rk_json_equal(const cJSON *a, const cJSON *b);
/* RFC 7386 merge patch that turns `from` into `to` (arrays whole); NULL when nothing differs. Result in the arena.
 * A patch cannot say null: null members of objects in `to` count as absent. NULL for `to` gives null. */
cJSON *rk_json_merge_diff(struct rk_arena *a, const cJSON *from, const cJSON *to);
/* Apply an RFC 7386 merge patch to a copy of `target`. */
cJSON *rk_json_merge_apply(struct rk_arena *a, const cJSON *target, const cJSON *patch);
/* SHA-256 over the text with sorted keys; "1:" + 32 characters of base32hex: algorithm version and digest. In the arena. */
char *rk_json_digest(struct rk_arena *a, const cJSON *v);

#endif
