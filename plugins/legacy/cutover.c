/* From the old operator to raykeeper, in steps (reference legacy 8). Its pods cannot be taken over: Ray was started in them from
 * outside, and nothing in them would start it again. So: no old operator, no old pods, and then the marks are taken off each object,
 * which is what raykeeper waits for.
 *
 * Nothing is proposed unless all objects can be converted. */
#include "cut.h"

#define GONE_MS 600000 /* how long a pod may take: its own grace period, and then some */

const rk_watch lg_reads[LG_N_READS] = {
    {.gvk = LG_KIND, .plural = "rayclusters", .optional = 1},
    {.gvk = LG_DEPLOYMENT, .plural = "deployments"},
    {.gvk = RAY_POD, .plural = "pods"},
    {.gvk = RAY_CLUSTER, .plural = "rayclusters", .optional = 1},
};

const rk_json *lg_cut_all(const struct cut *c, const char *gvk)
{
    return c->rk->at(c->live, rk_under(c->rk, c->ps, "", gvk));
}

const char *lg_cut_meta(const struct cut *c, const rk_json *o, const char *key)
{
    return c->rk->str(o, c->rk->fmt(c->ps, "/metadata/%s", key), "");
}

int lg_cut_scope(const struct cut *c, const rk_json *o)
{
    return !c->ns[0] || rk_is(lg_cut_meta(c, o, "namespace"), c->ns);
}

const char *lg_cut_full(const struct cut *c, const rk_json *o)
{
    return c->rk->fmt(c->ps, "%s/%s", lg_cut_meta(c, o, "namespace"), lg_cut_meta(c, o, "name"));
}

int32_t lg_cut_step(const struct cut *c, uint32_t verb, const char *title, const char *gvk,
                    const char *plural, const rk_json *o, const rk_json *body)
{
    const rk_step s = {.size = sizeof s,
                       .verb = verb,
                       .title = title,
                       .gvk = gvk,
                       .plural = plural,
                       .ns = lg_cut_meta(c, o, "namespace"),
                       .name = lg_cut_meta(c, o, "name"),
                       .uid = lg_cut_meta(c, o, "uid"),
                       .body = body,
                       .limit_ms = GONE_MS};
    return c->rk->step(c->ps, &s);
}

static int32_t tell(const struct cut *c, const char *text)
{
    const rk_step s = {.size = sizeof s, .verb = RK_STEP_TELL, .title = text};
    return c->rk->step(c->ps, &s);
}

/* What it made belongs to the object; somebody else's may have its label or its name too. */
static int belongs(const struct cut *c, const rk_json *made, const rk_json *o)
{
    for (RK_EACH(c->rk, r, c->rk->at(made, "/metadata/ownerReferences")))
        if (rk_is(c->rk->str(r, "/uid", NULL), lg_cut_meta(c, o, "uid")))
            return 1;
    return 0;
}

/* All of them first: half a move is worse than none. */
static int32_t convertible(const struct cut *c)
{
    const rk_api *rk = c->rk;
    int32_t r = RK_OK;
    for (RK_EACH(rk, o, lg_cut_all(c, LG_KIND))) {
        struct lg_notes notes = lg_notes_new(rk, c->ps);
        if (!lg_cut_scope(c, o) || rk->at(o, "/metadata/deletionTimestamp"))
            continue;
        if (!lg_convert(rk, c->ps, o, c->how, &notes))
            r = rk->fail(c->ps, RK_EINVAL, lg_cut_full(c, o),
                         "cannot be converted as it is; nothing is done to any object");
        for (RK_EACH(rk, n, notes.notices))
            RK_TRY(rk->notice_text(
                c->ps, rk->truth(n, "/lossy", 0) ? RK_NOTE_LOSSY : RK_NOTE_TELL,
                rk->fmt(c->ps, "%s %s", lg_cut_full(c, o), rk->str(n, "/where", "")),
                rk->str(n, "/text", "")));
        for (RK_EACH(rk, ours, lg_cut_all(c, RAY_CLUSTER)))
            if (rk_is(lg_cut_full(c, ours), lg_cut_full(c, o)) && !belongs(c, ours, o))
                r = rk->fail(
                    c->ps, RK_EINVAL, lg_cut_full(c, o),
                    "there is a RayCluster of ray.io of that name already: delete that one, or this object");
    }
    return r;
}

static int has_name(const struct cut *c, const rk_json *pod, const rk_json *o)
{
    return rk_is(lg_cut_meta(c, pod, "namespace"), lg_cut_meta(c, o, "namespace")) &&
           rk_is(ray_label(c->rk, c->ps, pod, LG_L_CLUSTER), lg_cut_meta(c, o, "name")) &&
           !ray_label(c->rk, c->ps, pod, RAY_L_CLUSTER)[0];
}

static int32_t pods(const struct cut *c, const rk_json *o, uint32_t verb)
{
    const rk_api *rk = c->rk;
    for (RK_EACH(rk, p, lg_cut_all(c, RAY_POD)))
        if (has_name(c, p, o) && belongs(c, p, o))
            RK_TRY(lg_cut_step(c, verb,
                               rk->fmt(c->ps,
                                       verb == RK_STEP_GONE ? "wait for %s to end"
                                                            : "delete %s, made by the old operator",
                                       lg_cut_full(c, p)),
                               RAY_POD, "pods", p, NULL));
    return RK_OK;
}

static int32_t tell_strangers(const struct cut *c, const rk_json *o)
{
    for (RK_EACH(c->rk, p, lg_cut_all(c, RAY_POD)))
        if (has_name(c, p, o) && !belongs(c, p, o))
            RK_TRY(c->rk->notice(
                c->ps, RK_NOTE_TELL, lg_cut_full(c, p),
                "has the label " LG_L_CLUSTER
                " and does not belong to the object, as those of `ray up`: it is left as it is"));
    return RK_OK;
}

static int is_marked(const struct cut *c, const rk_json *o)
{
    const char *note = rk_under(c->rk, c->ps, "/metadata/annotations", LG_KOPF_ANNOTATION);
    return lg_has_finalizer(c->rk, o) || c->rk->at(o, note) != NULL;
}

static int32_t unmark(const struct cut *c, const rk_json *o)
{
    const rk_api *rk = c->rk;
    rk_json *body = rk->new_object(c->ps), *m = rk->new_object(c->ps),
            *notes = rk->new_object(c->ps), *left = rk->new_array(c->ps);
    for (RK_EACH(rk, f, rk->at(o, "/metadata/finalizers")))
        if (!rk_is(rk->str(f, "", NULL), LG_KOPF_FINALIZER))
            rk->push(c->ps, left, rk->copy(c->ps, f));
    rk->put(c->ps, notes, LG_KOPF_ANNOTATION, rk->parse(c->ps, "null", 4));
    rk->put(c->ps, m, "annotations", notes);
    if (lg_has_finalizer(rk, o)) /* else those of others are nobody's business */
        rk->put(c->ps, m, "finalizers", rk->len(left, "") ? left : rk->parse(c->ps, "null", 4));
    rk->put(c->ps, body, "metadata", m);
    return lg_cut_step(c, RK_STEP_PATCH,
                       rk->fmt(c->ps, "take the old operator's finalizer and annotation off %s",
                               lg_cut_full(c, o)),
                       LG_KIND, "rayclusters", o, body);
}

int32_t lg_cutover(const rk_api *rk, rk_pass *ps, const struct lg_how *how, const rk_json *live,
                   const char *ns)
{
    const struct cut c = {.rk = rk, .ps = ps, .how = how, .live = live, .ns = ns ? ns : ""};
    size_t n = 0;
    RK_TRY(convertible(&c));
    RK_TRY(lg_cut_stop(&c));
    for (RK_EACH(rk, o, lg_cut_all(&c, LG_KIND)))
        if (lg_cut_scope(&c, o)) {
            RK_TRY(tell_strangers(&c, o));
            RK_TRY(pods(&c, o, RK_STEP_DELETE));
        }
    for (RK_EACH(rk, o, lg_cut_all(&c, LG_KIND))) {
        if (!lg_cut_scope(&c, o))
            continue;
        RK_TRY(pods(&c, o, RK_STEP_GONE));
        if (is_marked(&c, o))
            RK_TRY(unmark(&c, o));
        if (!rk->at(o, "/metadata/deletionTimestamp"))
            RK_TRY(tell(
                &c,
                rk->fmt(
                    ps,
                    "raykeeper now makes a RayCluster of %s: kubectl get rayclusters.ray.io -n %s %s",
                    lg_cut_full(&c, o), lg_cut_meta(&c, o, "namespace"),
                    lg_cut_meta(&c, o, "name"))));
        n++;
    }
    return n ? tell(&c,
                    "once all of them run, remove the old operator's Deployment, account and roles")
             : rk->notice(ps, RK_NOTE_TELL, "", "there is no RayCluster of cluster.ray.io in %s",
                          c.ns[0] ? c.ns : "any namespace");
}
