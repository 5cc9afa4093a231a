/* The cache beside somebody else's list: is what they name here, and as new? */
#include <assert.h>
#include <string.h>

#include "core/base/version.h"
#include "core/view/view_in.h"

bool rk_view_has(const struct rk_view *v, int kind, const char *ns, const char *name,
                 const char *uid, const char *rv)
{
    assert(kind >= 0 && kind < v->n_kinds);
    const struct rk__rec *r = rk__rec_find(v, kind, ns, name);
    char mine[RK__TEXT_MAX];
    if (!r)
        return false;
    rk__rec_uid_text(r, mine);
    int newer = rk_version_cmp(rk__rec_rv(r), rv);
    return strcmp(mine, uid) == 0 && (newer == 0 || newer == 1);
}

size_t rk_view_count_in(const struct rk_view *v, int kind, const char *ns)
{
    if (!ns)
        return rk_view_count(v, kind);
    const struct rk__rec *r;
    size_t n = 0;
    for (size_t pos = 0; (r = rk__table_next(&v->kinds[kind].recs, &pos));)
        n += strcmp(r->ns->text, ns) == 0;
    return n;
}
