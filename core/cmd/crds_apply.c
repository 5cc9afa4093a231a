/* `raykeeper crds apply`: one definition after the other; one that fails stops no other. */
#include "core/cmd/crds.h"

#include <stdio.h>
#include <string.h>

static const char *list_of(struct rk_crds *c, const struct rk_crd *crd, const cJSON *live)
{
    const char *names = "", *name;
    for (size_t pos = 0; (name = rk_crd_foreign(crd, live, &pos)) != NULL;)
        names = rk_arena_fmt(&c->a, "%s%s%s", names, names[0] ? ", " : "", name);
    return names;
}

static int refuse(struct rk_crds *c, const struct rk_crd *crd, const cJSON *live,
                  struct rk_err *err)
{
    const char *to = rk_crd_stored(crd->doc);
    return rk_err_set(
        err, RK_E_INVAL,
        "objects may be stored as %s (status.storedVersions), which this definition has no more; the API server refuses to drop a version "
        "that is in that list, so nothing was changed\n--migrate-storage stores every object again as %s, takes the old version out of the "
        "list and then applies",
        list_of(c, crd, live), to);
}

static int one(struct rk_crds *c, const struct rk_crd *crd, const char **ret_word,
               struct rk_err *err)
{
    cJSON *before = NULL, *after = NULL;
    size_t pos = 0;
    int r = rk_crds_get(c, crd, &c->a, &before, err);
    if (r == 0 && rk_crd_foreign(crd, before, &pos))
        r = c->migrate ? rk_crds_migrate(c, crd, before, err) : refuse(c, crd, before, err);
    if (r == 0)
        r = rk_crds_put(c, crd, crd->doc, false, err);
    if (r == 0)
        r = rk_crds_established(c, crd, &after, err);
    *ret_word = !before                                                 ? "created"
                : rk_crd_generation(before) != rk_crd_generation(after) ? "changed"
                                                                        : "unchanged";
    return r;
}

int rk_crds_apply(struct rk_crds *c)
{
    int code = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct rk_err err = RK_ERR_INIT;
        const char *word = "";
        if (one(c, &c->at[i], &word, &err) == 0) {
            printf("%s: %s\n", c->at[i].name, word);
            (void)fflush(stdout); /* looked at in the end */
            continue;
        }
        fprintf(stderr, "%s: %s (%s, %s)\n", c->at[i].name, err.text, c->live.server,
                c->live.whence);
        code = 1;
    }
    return code;
}
