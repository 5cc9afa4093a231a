/* Values as Helm merges them. */
#include "convert.h"

/* Keys may look like anything, brackets of a path too. */
const rk_json *lg_member(const rk_api *rk, const rk_json *map, const char *key)
{
    for (RK_EACH_MEMBER(rk, it, map))
        if (rk_is(rk->key(it), key))
            return it;
    return NULL;
}

/* Depth is bounded by whoever read the file. */
rk_json *lg_merge(const rk_api *rk, rk_pass *ps, const rk_json *under, const rk_json *over)
{
    if (rk->type(under) != RK_JSON_OBJECT || rk->type(over) != RK_JSON_OBJECT)
        return rk->copy(ps, over);
    rk_json *out = rk->new_object(ps);
    for (RK_EACH(rk, it, under)) {
        const rk_json *other = lg_member(rk, over, rk->key(it));
        rk->put(ps, out, rk->key(it), other ? lg_merge(rk, ps, it, other) : rk->copy(ps, it));
    }
    for (RK_EACH(rk, it, over))
        if (!lg_member(rk, under, rk->key(it)))
            rk->put(ps, out, rk->key(it), rk->copy(ps, it));
    return out;
}
