/* The old operator stops, and its pods have ended: it would make anew what is deleted. */
#include "cut.h"

static int is_operator(const struct cut *c, const rk_json *labels)
{
    return rk_is(c->rk->str(labels, rk_under(c->rk, c->ps, "", LG_L_COMPONENT), NULL), "operator");
}

/* One that serves another namespace alone goes on. */
static int serves(const struct cut *c, const rk_json *pod_spec, const rk_json *of)
{
    return lg_serves(c->rk, pod_spec, lg_cut_meta(c, of, "namespace"), c->ns);
}

/* Clusters elsewhere that may lose their operator too. */
static const char *others(const struct cut *c)
{
    const char *all = "";
    size_t n = 0;
    for (RK_EACH(c->rk, o, lg_cut_all(c, LG_KIND)))
        if (!lg_cut_scope(c, o) && n++ < 10)
            all = c->rk->fmt(c->ps, "%s%s%s", all, all[0] ? ", " : "", lg_cut_full(c, o));
    return n > 10 ? c->rk->fmt(c->ps, "%s and %zu more", all, n - 10) : all;
}

int32_t lg_cut_stop(const struct cut *c)
{
    const rk_api *rk = c->rk;
    size_t found = 0;
    for (RK_EACH(rk, d, lg_cut_all(c, LG_DEPLOYMENT))) {
        if (!is_operator(c, rk->at(d, "/spec/template/metadata/labels")) ||
            !serves(c, rk->at(d, "/spec/template/spec"), d))
            continue;
        found++;
        if (rk->num(d, "/spec/replicas", 1) == 0)
            continue;
        rk_json *body = rk->new_object(c->ps), *spec = rk->new_object(c->ps);
        rk->put(c->ps, spec, "replicas", rk->new_num(c->ps, 0));
        rk->put(c->ps, body, "spec", spec);
        RK_TRY(lg_cut_step(
            c, RK_STEP_PATCH,
            rk->fmt(c->ps, "stop the old operator: %s to 0 replicas", lg_cut_full(c, d)),
            LG_DEPLOYMENT, "deployments", d, body));
    }
    for (RK_EACH(rk, p, lg_cut_all(c, RAY_POD))) {
        if (!is_operator(c, rk->at(p, "/metadata/labels")) || !serves(c, rk->at(p, "/spec"), p))
            continue;
        found++;
        if (rk->len(p, "/metadata/ownerReferences") == 0)
            RK_TRY(lg_cut_step(c, RK_STEP_DELETE,
                               rk->fmt(c->ps, "stop the old operator: pod %s", lg_cut_full(c, p)),
                               RAY_POD, "pods", p, NULL));
        RK_TRY(lg_cut_step(c, RK_STEP_GONE,
                           rk->fmt(c->ps, "wait for its pod %s to end", lg_cut_full(c, p)), RAY_POD,
                           "pods", p, NULL));
    }
    if (found == 0)
        return rk->notice_text(
            c->ps, RK_NOTE_TELL, "",
            "no Deployment and no pod of the old operator is to be seen; one in a namespace that may not be read has to be stopped by hand");
    return others(c)[0]
               ? rk->notice(
                     c->ps, RK_NOTE_TELL, "",
                     "the old operator may serve these too, which are left as they are; they are to be cut over as well: %s",
                     others(c))
               : RK_OK;
}
