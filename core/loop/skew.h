/* Is what the API server keeps of our kinds all that this version needs? A definition (CRD) that is older drops fields without a word: of what users
 * write, and of the status.
 *
 * The API server's OpenAPI document of each kind, which any account may read, is compared with a list of paths that lies beside the definitions
 * ([crds] path, fields/NAME.txt). Its index says by a hash whether a document has changed: so long nothing but the index is read. Nothing waits for
 * it, and what cannot be read stays as it was known before. Internal to loop/. */
#ifndef RK_LOOP_SKEW_H
#define RK_LOOP_SKEW_H

#include "core/loop/worker.h"

#define RK_NEEDS_MAX (256u << 10)

/* The list for a definition ("things.example.io"): paths, one a line, and lines that begin with #. RK_E_NOENT, RK_E_IO, RK_E_LIMIT. */
int rk_needs_read(const char *dir, const char *name, struct rk_buf *out);

struct rk_skew *rk_skew_start(struct rk_worker *w);
void rk_skew_free(struct rk_skew *s); /* NULL is fine */
/* What the API lacks of a kind (its place in plugins->kinds), for its objects: "" = nothing; NULL = not known, or there is no condition to tell it
 * in. Borrowed until the loop turns. */
const char *rk_skew_lacks(const struct rk_skew *s, size_t kind);
/* How many fields; false = not known. */
bool rk_skew_count(const struct rk_skew *s, size_t kind, size_t *ret);

#endif
