/* Whose the template of a pod is, before any hook writes to it: the user's, each leaf with its place in the owner; where a
 * DEFAULT hook wrote, that hook's; a template that is no part of the owner is its plugin's. */
#include <string.h>

#include "core/pass/author.h"

struct origin {
    struct rk_obj *pod;
    const struct rk_obj *owner;
    const struct rk__group *group;
    bool
        users; /* the template is a part of the owner: else the plugin that wants the pods made it */
};

static int origin_mark(const struct origin *from, const cJSON *template, const char *source)
{
    struct rk__stamp s = {.whose = RK__PLUGINS, .by = from->group->hook};
    if (from->users) {
        static const struct rk__stamp user = {.whose = RK__USERS};
        s = from->owner ? *rk__author_of(from->owner, template) : user;
        s.source = rk_arena_strdup(&from->pod->ps->arena, source);
    }
    return rk__author_stamp(from->pod, &s);
}

/* Template and copy in step. */
static void copied(const struct origin *from, struct rk__walk *w, const cJSON *template, cJSON *v)
{
    size_t i = 0;
    struct rk__walk_at at = rk__walk_at(w);
    rk_json_mark(v, origin_mark(from, template, template->child ? NULL : rk_buf_text(&w->path)));
    const cJSON *t = template->child;
    for (cJSON *c = v->child; c && t; c = c->next, t = t->next, i++) {
        rk__walk_enter(w, v, c, i);
        copied(from, w, t, c);
        rk__walk_back(w, at);
    }
}

/* Of metadata, what the core has put in its place is the core's. */
static void copied_meta(const struct origin *from, struct rk__walk *w, const cJSON *template)
{
    struct rk_obj *o = from->pod;
    cJSON *meta = rk_json_get(o->root, "metadata");
    struct rk__walk_at at = rk__walk_at(w);
    rk_json_mark(meta, origin_mark(from, template, NULL));
    for (const cJSON *t = template->child; t; t = t->next) {
        cJSON *v = rk_json_get(meta, t->string);
        struct rk__stamp core = {.whose = RK__CORES};
        bool identity =
            strcmp(t->string, "namespace") == 0 || strcmp(t->string, "ownerReferences") == 0;
        rk__walk_enter(w, meta, t, 0);
        if (v && !identity) {
            copied(from, w, t, v);
        } else if (!rk_json_is_null(t)) {
            const struct rk__stamp *was = &o->stamps[origin_mark(from, t, NULL) - 1];
            core.over = v && rk_json_equal(v, t) ? NULL : rk__author_word(was);
            if (v)
                rk__author_new(v, rk__author_stamp(o, &core));
            else
                rk__author_lose(o,
                                &(struct rk__old){
                                    .path = rk_arena_fmt(&o->ps->arena, "/metadata/%s", t->string),
                                    .value = t,
                                    .was = core.over},
                                rk__author_stamp(o, &core));
        }
        rk__walk_back(w, at);
    }
}

/* What DEFAULT hooks took out of the template. */
static void lost_before(struct rk_obj *o, const struct rk_obj *owner, const char *template)
{
    for (size_t i = 0; owner && i < owner->n_lost; i++) {
        struct rk__lost l = owner->lost[i];
        if (l.back || rk__claim_relate(l.path, template) != RK__BELOW)
            continue;
        l.path += strlen(template);
        l.stamp = (size_t)rk__author_stamp(o, &owner->stamps[l.stamp]) - 1;
        struct rk__lost *to =
            rk__grow(&o->ps->arena, &o->lost, &o->n_lost, &o->cap_lost, sizeof *to);
        *to = l;
    }
}

void rk__author_pod(struct rk_obj *o, const struct rk__group *g)
{
    if (!o->ps->conf->record)
        return;
    struct rk_pass *ps = o->ps;
    const cJSON *template = rk__in(g->g.pod_template), *meta = rk_json_get(template, "metadata");
    struct origin from = {.pod = o, .owner = ps->owner, .group = g};
    struct rk__walk w = {.kind = ps->kind};
    rk__walk_init(&w, ps->kind, "");
    from.users = rk__walk_find(&w, ps->object, template);
    if (from.users)
        lost_before(o, ps->owner, rk_buf_text(&w.name));
    struct rk__walk_at at = rk__walk_at(&w);
    (void)rk_buf_adds(&w.path, "/metadata"); /* large enough, see walk.c; so below */
    if (rk_json_is_object(meta))
        copied_meta(&from, &w, meta);
    rk__walk_back(&w, at);
    (void)rk_buf_adds(&w.path, "/spec");
    copied(&from, &w, rk_json_get(template, "spec"), rk_json_get(o->root, "spec"));
    rk__walk_done(&w);
    rk__author_begin(o, RK__CORES);
}
