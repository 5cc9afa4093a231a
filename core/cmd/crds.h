/* `raykeeper crds`: the definitions that this version brings, and a cluster's. Internal to cmd/. */
#ifndef RK_CMD_CRDS_H
#define RK_CMD_CRDS_H

#include "core/cmd/live.h"

struct rk_crd { /* one of ours */
    const char *file, *name;
    const char *text; /* the file */
    const cJSON *doc;
    const char *needs; /* paths, one a line; NULL: all that the schema has */
    bool apart;        /* of a folder below: only when it is named */
};

struct rk_crds {
    struct rk_setup s;
    struct rk_arena a;
    struct rk_live live;
    struct rk_crd *at; /* the chosen ones */
    size_t n;
    bool force, migrate;
    int64_t timeout_ms; /* of the wait for Established */
};

/* crds_read.c: those of [crds] path, or of them the named ones (name, plural, singular, kind). 0 or the exit code; told on stderr. */
int rk_crds_choose(struct rk_crds *c, char **words, int n_words);
/* The version of our definition that objects are stored as; all of its text in the arena of the definition. "" when it has none. */
const char *rk_crd_stored(const cJSON *crd);
const cJSON *rk_crd_version(const cJSON *crd, const char *version); /* NULL = not there */
int64_t rk_crd_generation(const cJSON *live);                       /* 0 = unknown */
const cJSON *rk_crd_schema(const cJSON *version);
/* Is it among status.storedVersions, though our definition has no such version? *pos = 0 first. */
const char *rk_crd_foreign(const struct rk_crd *ours, const cJSON *live, size_t *pos);

/* crds_live.c: the cluster's. RK_E_*: told in err. *ret is in a; NULL = not there. */
int rk_crds_get(struct rk_crds *c, const struct rk_crd *crd, struct rk_arena *a, cJSON **ret,
                struct rk_err *err);
/* One request, waited for. ret NULL: the answer is not looked at; else in the arena. */
int rk_crds_send(struct rk_crds *c, const struct rk_req *req, struct rk_arena *a, cJSON **ret,
                 struct rk_err *err);
/* Server-side apply of a definition of that name; dry: only tried. */
int rk_crds_put(struct rk_crds *c, const struct rk_crd *crd, const cJSON *doc, bool dry,
                struct rk_err *err);
/* Until it is served. RK_E_IO after the limit, with the reason that its conditions give. */
int rk_crds_established(struct rk_crds *c, const struct rk_crd *crd, cJSON **ret,
                        struct rk_err *err);

/* Each for all chosen ones: the exit code. */
int rk_crds_apply(struct rk_crds *c);
int rk_crds_check(struct rk_crds *c);
int rk_crds_diff(struct rk_crds *c);
/* crds_migrate.c: every object is stored as the version that ours stores. Whatever interrupts it: run again, what is done costs nothing. */
int rk_crds_migrate(struct rk_crds *c, const struct rk_crd *crd, const cJSON *live,
                    struct rk_err *err);

#endif
