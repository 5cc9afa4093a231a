/* What of the values of KubeRay's chart is said to the Deployment: it has the same name and meaning in a chart of ours. */
#include "kuberay.h"

/* Not these: they are names of that operator, and of its program. */
static const char *const theirs[] = {"nameOverride", "fullnameOverride", "componentOverride",
                                     "operatorCommand"};

/* Of the image all but which one it is. */
static rk_json *image(struct kr *k, const rk_json *v)
{
    rk_json *out = k->rk->new_object(k->ps);
    for (RK_EACH_MEMBER(k->rk, m, v))
        if (!rk_is(k->rk->key(m), "repository") && !rk_is(k->rk->key(m), "tag"))
            k->rk->put(k->ps, out, k->rk->key(m), k->rk->copy(k->ps, m));
    return out;
}

static void put(struct kr *k, rk_json *out, const char *where, const rk_json *v)
{
    const rk_api *rk = k->rk;
    const char *dot = strchr(where, '.');
    if (!dot) {
        rk->put(k->ps, out, where, rk_is(where, "image") ? image(k, v) : rk->copy(k->ps, v));
        return;
    }
    const char *front = rk->fmt(k->ps, "%.*s", (int)(dot - where), where);
    rk_json *box = rk->new_object(k->ps);
    for (RK_EACH_MEMBER(rk, m, rk->at(out, rk_under(rk, k->ps, "", front))))
        rk->put(k->ps, box, rk->key(m), rk->copy(k->ps, m));
    put(k, box, dot + 1, v);
    rk->put(k->ps, out, front, box);
}

rk_json *kr_chart(struct kr *k)
{
    rk_json *out = k->rk->new_object(k->ps);
    const char *gone = "";
    for (RK_EACH_MEMBER(k->rk, m, k->deployment)) {
        const char *where = k->rk->key(m);
        int all = rk_among(where, theirs, RK_COUNT(theirs));
        if (all || rk_is(where, "image"))
            gone = k->rk->fmt(k->ps, "%s%s%s", gone, gone[0] ? ", " : "",
                              all ? where : "image.repository, image.tag");
        if (!all)
            put(k, out, where, m);
    }
    if (gone[0])
        kr_tell(k, "", k->rk->fmt(k->ps, "name KubeRay's operator, and are left out: %s", gone));
    return out;
}
