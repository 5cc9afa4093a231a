/* Structural schemas, as a CRD has them and an API server's OpenAPI document tells them: which fields there are, and what differs between two.
 *
 * A field is named by its path below the object: "spec.groups[].hosts"; `[]` is what a list holds, `*` a member of a map. */
#ifndef RK_JSON_SCHEMA_H
#define RK_JSON_SCHEMA_H

#include "core/json/json.h"

#define RK_SCHEMA_PATH_MAX 1024 /* of a path; what lies deeper is not told */

/* Is a value at that path kept? So it is, too, below an object that keeps fields it does not know. */
bool rk_schema_has(const cJSON *schema, struct rk_span path);

enum rk_schema_what { RK_SCHEMA_ADDED, RK_SCHEMA_REMOVED, RK_SCHEMA_CHANGED };

struct rk_schema_change {
    enum rk_schema_what what;
    const char *path;       /* of the field; "" = the object itself. Borrowed during the call */
    const char *word;       /* CHANGED: what of it, say "type" */
    const cJSON *from, *to; /* CHANGED: its values; NULL = absent */
    bool kept; /* ADDED: the other schema drops no field there, though it does not know this one */
};
/* What turns `from` into `to`, in the order of `to`, what is removed at the end of each object. Of a field that is added or removed nothing below
 * it is told. Descriptions are not compared. */
void rk_schema_compare(const cJSON *from, const cJSON *to,
                       void (*fn)(void *ctx, const struct rk_schema_change *c), void *ctx);

#endif
