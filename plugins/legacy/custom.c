/* Figures of rayResources: whole numbers, and custom resources as `ray start` and the autoscaler read them. */
#include "convert.h"

/* One figure of rayResources as a whole number; LG_NONE: told. */
int64_t lg_whole(struct lg *c, const rk_json *v, const char *where)
{
    const char *text = c->rk->number_text(v);
    int64_t n = c->rk->num(v, "", LG_NONE);
    if (n >= 0)
        return n;
    if (!text || text[0] == '-' || c->rk->qty_value(text, &n) != RK_OK || n == INT64_MAX) {
        lg_bad(c, where, "is not a whole number from 0 on");
        return LG_NONE;
    }
    lg_tell(c, 1, where,
            c->rk->fmt(c->ps, "%s: whole numbers only, it becomes %lld", text, (long long)n));
    return n;
}

/* Custom resources in the one shape that the autoscaler reads: quotes around, a backslash before each inner one. */
const char *lg_custom_text(struct lg *c, const rk_json *custom)
{
    struct lg_text text = {NULL, 0, 0};
    for (RK_EACH_MEMBER(c->rk, it, custom))
        lg_add(c, &text,
               c->rk->fmt(c->ps, "%s\\\"%s\\\": %lld", text.n ? ", " : "", c->rk->key(it),
                          (long long)c->rk->num(it, "", 0)));
    return c->rk->fmt(c->ps, "\"{%s}\"", lg_text(&text));
}

void lg_custom_put(struct lg *c, rk_json *custom, const rk_json *it, const char *where)
{
    const char *key = c->rk->key(it);
    int64_t n = lg_whole(c, it, where);
    if (!key[0] || strpbrk(key, "\"\\'$`!\n\t"))
        lg_bad(c, where, "has a name that no start line can carry");
    else if (n != LG_NONE)
        c->rk->put(c->ps, custom, key, c->rk->new_num(c->ps, n));
}

/* --resources of the start line, as JSON that a shell has unquoted. */
void lg_custom_of_line(struct lg *c, const rk_json *params, rk_json *custom, const char *where)
{
    const rk_api *rk = c->rk;
    const char *raw = rk->str(params, "/resources", NULL);
    size_t n = 0;
    if (!raw)
        return;
    const struct lg_word *w = lg_words(c, raw, &n);
    const rk_json *map = n == 1 ? rk->parse(c->ps, w[0].plain, strlen(w[0].plain)) : NULL;
    if (rk->type(map) != RK_JSON_OBJECT)
        lg_bad(c, where, "--resources is not a JSON map: it cannot be read");
    for (RK_EACH_MEMBER(rk, it, map))
        lg_custom_put(c, custom, it, where);
}

/* What rayResources says: of the four that Ray knows into `said`, by the names of their parameters; the rest is custom. */
void lg_given(struct lg *c, const struct lg_type *t, rk_json *said, rk_json *custom)
{
    static const char *const known[][2] = {{"CPU", "num-cpus"},
                                           {"GPU", "num-gpus"},
                                           {"memory", "memory"},
                                           {"object_store_memory", "object-store-memory"}};
    const char *res = lg_dot(c, t->where, "rayResources");
    for (RK_EACH_MEMBER(c->rk, it, c->rk->at(t->is, "/rayResources"))) {
        const char *key = c->rk->key(it), *where = lg_dot(c, res, key);
        size_t i = 0;
        while (i < RK_COUNT(known) && !rk_is(known[i][0], key))
            i++;
        if (i == RK_COUNT(known))
            lg_custom_put(c, custom, it, where);
        else
            c->rk->put(c->ps, said, known[i][1],
                       c->rk->new_str(
                           c->ps, c->rk->fmt(c->ps, "%lld", (long long)lg_whole(c, it, where))));
    }
}
