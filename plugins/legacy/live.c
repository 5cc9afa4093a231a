/* The RayCluster of an object of the old operator: made from it, and kept as it says.
 *
 * Edits go one way, from the old object to ours. Two things of ours are Ray's autoscaler's to write, and stay as they are: how many
 * workers a group has, and which of them are to go. */
#include "live.h"

#define HELD_MS   10000
#define LATER_MS  30000
#define RARELY_MS 600000 /* an edit wakes us before */
#define NOTE_MAX  900    /* of 1024 bytes of an event */

struct lg_how lg_how_of(const struct legacy *me)
{
    return (struct lg_how){.from = "cr",
                           .name = "",
                           .set = "",
                           .ray_version = me->ray_version,
                           .exact = me->exact,
                           .clip = me->clip,
                           .old_labels = me->old_labels};
}

int32_t lg_validate(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct lg_how how = lg_how_of(self);
    struct lg_notes notes = lg_notes_new(rk, ps);
    return lg_convert(rk, ps, rk->object(ps), &how, &notes) ? RK_OK : RK_EINVAL;
}

/* What a conversion loses, once for each edit: the status says of which one it was told. */
static void tell_lossy(const rk_api *rk, rk_pass *ps, const struct lg_notes *notes)
{
    const rk_json *o = rk->object(ps);
    const char *all = "";
    size_t n = 0;
    if (rk->num(o, "/status/observedGeneration", 0) == rk->num(o, "/metadata/generation", 0))
        return;
    for (RK_EACH(rk, note, notes->notices)) {
        if (!rk->truth(note, "/lossy", 0))
            continue;
        if (strlen(all) < NOTE_MAX)
            all = rk->fmt(ps, "%s%s%s: %s", all, n ? "; " : "", rk->str(note, "/where", ""),
                          rk->str(note, "/text", ""));
        n++;
    }
    if (n > 0)
        rk->event(ps, 1, "LossyConversion", "Convert",
                  rk->fmt(ps, "%.*s (raykeeper migrate tells all)", NOTE_MAX, all));
}

static const rk_json *group_of(const rk_api *rk, const rk_json *cluster, const char *name)
{
    for (RK_EACH(rk, g, rk->at(cluster, "/spec/workerGroupSpecs")))
        if (rk_is(rk->str(g, "/groupName", NULL), name))
            return g;
    return NULL;
}

/* The autoscaler's words, within what the group may have now. */
static rk_json *with_scale(const rk_api *rk, rk_pass *ps, const rk_json *group, const rk_json *seen)
{
    rk_json *out = rk->copy(ps, group);
    const rk_json *strategy = rk->at(seen, "/scaleStrategy");
    if (rk->type(rk->at(seen, "/replicas")) == RK_JSON_NUMBER) {
        int64_t n = ray_count(rk, seen, "/replicas", 0),
                min = ray_count(rk, group, "/minReplicas", 0),
                max = ray_count(rk, group, "/maxReplicas", INT32_MAX);
        rk->put(ps, out, "replicas", rk->new_num(ps, n < min ? min : n > max ? max : n));
    }
    if (rk->type(strategy) == RK_JSON_OBJECT)
        rk->put(ps, out, "scaleStrategy", rk->copy(ps, strategy));
    return out;
}

static const rk_json *groups(const rk_api *rk, rk_pass *ps, const rk_json *made)
{
    const rk_json *seen = rk->seen(ps, RAY_CLUSTER, rk->name(ps)),
                  *list = rk->at(made, "/spec/workerGroupSpecs");
    if (!seen || !rk->truth(made, "/spec/enableInTreeAutoscaling", 0))
        return list;
    rk_json *out = rk->new_array(ps);
    for (RK_EACH(rk, g, list)) {
        const rk_json *old = group_of(rk, seen, rk->str(g, "/groupName", ""));
        rk->push(ps, out, old ? with_scale(rk, ps, g, old) : rk->copy(ps, g));
    }
    return out;
}

static int32_t want_cluster(const rk_api *rk, rk_pass *ps, const rk_json *made)
{
    static const char *const maps[] = {"/metadata/labels", "/metadata/annotations", "/spec"};
    rk_obj *c = rk->want(ps, RAY_CLUSTER, rk->name(ps), RK_POLICY_OWNED);
    rk->announce(ps, c, "CreatedRayCluster", "FailedToCreateRayCluster");
    rk->announce_update(ps, c, "UpdatedRayCluster", "FailedToUpdateRayCluster");
    for (size_t i = 0; i < RK_COUNT(maps); i++)
        for (RK_EACH_MEMBER(rk, m, rk->at(made, maps[i])))
            RK_TRY(rk->set(c, rk_under(rk, ps, maps[i], rk->key(m)), m));
    const rk_json *list = groups(rk, ps, made);
    return list ? rk->set(c, "/spec/workerGroupSpecs", list) : RK_OK;
}

/* The old operator's, also where it has lost its owner; or ours, that somebody took the owner from. */
static int was_its(const rk_api *rk, rk_pass *ps, const rk_json *seen, const rk_json *made)
{
    const rk_json *selector = rk->at(seen, "/spec/selector");
    const char *name = rk->str(made, "/metadata/name", ""),
               *label = rk->str(selector, rk_under(rk, ps, "", LG_L_COMPONENT), NULL);
    return (rk->len(selector, "") == 1 && rk_is(label, name)) ||
           rk_is(rk->str(selector, rk_under(rk, ps, "", RAY_L_CLUSTER), NULL), rk->name(ps));
}

/* The Service of the old name leads to the new head. One that the old operator made selects by a label that no pod has any more. */
static int32_t want_service(const rk_api *rk, rk_pass *ps, const struct legacy *me)
{
    static const char *const kept[] = {"/spec/ports", "/spec/selector"};
    const rk_json *made = lg_compat_service(rk, ps, rk->object(ps));
    const char *name = rk->str(made, "/metadata/name", "");
    const rk_json *seen = rk->seen(ps, RAY_SERVICE, name);
    if (!me->compat_service)
        return seen && rk->mine(ps, seen)
                   ? rk->unwant(ps, RAY_SERVICE, name, "compat-service is off")
                   : RK_OK;
    if (seen && !rk->mine(ps, seen) && !was_its(rk, ps, seen, made)) {
        rk->event(ps, 1, "ServiceExists", "Convert",
                  rk->fmt(ps, "the Service %s is somebody else's: it is left as it is", name));
        return RK_OK;
    }
    rk_obj *svc = rk->want(ps, RAY_SERVICE, name, RK_POLICY_SUBSET | RK_WANT_APART | RK_WANT_ADOPT);
    rk->announce(ps, svc, "CreatedService", "FailedToCreateService");
    rk->announce_update(ps, svc, "UpdatedService", "FailedToUpdateService");
    for (size_t i = 0; i < RK_COUNT(kept); i++)
        RK_TRY(rk->set(svc, kept[i], rk->at(made, kept[i])));
    for (RK_EACH_MEMBER(rk, s, rk->at(seen, "/spec/selector"))) {
        const char *path = rk_under(rk, ps, "/spec/selector", rk->key(s));
        if (!rk->at(made, path))
            RK_TRY(rk->set(svc, path, rk->parse(ps, "null", 4)));
    }
    return RK_OK;
}

int32_t lg_plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct lg_how how = lg_how_of(self);
    static const int64_t look_again[] = {[LG_WAIT] = LG_SOON_MS,
                                         [LG_ALIVE] = HELD_MS,
                                         [LG_MARKED] = RARELY_MS,
                                         [LG_TAKEN] = LATER_MS};
    const struct lg_guard g = lg_guard(rk, ps);
    struct lg_notes notes = lg_notes_new(rk, ps);
    if (g.hold != LG_FREE && g.hold != LG_WAIT)
        rk->event(ps, g.hold != LG_MARKED, g.reason, "Hold", g.text);
    if (g.hold != LG_FREE)
        return rk->wait(ps, look_again[g.hold], g.text);
    const rk_json *made = lg_convert(rk, ps, rk->object(ps), &how, &notes);
    if (!made)
        return RK_EINVAL;
    tell_lossy(rk, ps, &notes);
    RK_TRY(want_cluster(rk, ps, made));
    return want_service(rk, ps, self);
}

/* Cluster and Service go by themselves, with their owner. The old operator's finalizer is its own to release while it lives. */
int32_t lg_finalize(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!lg_has_finalizer(rk, rk->object(ps)))
        return RK_OK;
    const struct lg_guard g = lg_operator(rk, ps, HELD_MS);
    if (g.hold == LG_ALIVE)
        rk->event(ps, 1, g.reason, "Hold", g.text);
    return g.hold == LG_FREE ? RK_OK
                             : rk->wait(ps, g.hold == LG_WAIT ? LG_SOON_MS : HELD_MS, g.text);
}
