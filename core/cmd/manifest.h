/* What `render` and `explain` share: manifests from files, their owners, a pass over each without a cluster. Internal to cmd/. */
#ifndef RK_CMD_MANIFEST_H
#define RK_CMD_MANIFEST_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"

struct rk_manifest {
    const struct rk_plugins *plugins;
    const char *ns; /* of objects that name none */
    int64_t now_us; /* that the pass sees */
    bool record;    /* rk_pass_conf.record */
    bool live;      /* the object is the API server's: its uid counts */
    /* Every owner whose pass went well. `where` is the file and line, or whatever names the object;
     * the plan ends when it returns, the arena with the file. */
    void (*made)(void *ctx, const struct rk_plan *plan, struct rk_arena *a, const char *where);
    void *ctx;
    bool failed; /* something was wrong and has been told on stderr */
};

/* A file's bytes (- is standard input) into b; -1 when it cannot be read or b is full, told on stderr. */
int rk_manifest_read(const char *file, struct rk_buf *b);
/* All owners in a file (- is standard input): objects of the kinds that plugins introduced; a List is what it lists. */
void rk_manifest_file(struct rk_manifest *m, const char *file);
/* One owner. */
void rk_manifest_object(struct rk_manifest *m, struct rk_arena *a, const char *where,
                        const cJSON *doc, const char *gvk);

#endif
