/* Metadata of a group's template. */
#include "convert.h"

/* Labels by which the old operator knew its pods. */
static int old_label(const char *key)
{
    static const char *const all[] = {
        "ray-cluster-name",  "ray-node-type",      "ray-user-node-type",
        "ray-node-name",     "ray-node-uuid",      "ray-node-status",
        "ray-launch-config", "ray-runtime-config", "ray-file-mounts-contents",
        "component",         LG_L_COMPONENT};
    int found = 0;
    for (size_t i = 0; i < RK_COUNT(all); i++)
        found |= rk_is(key, all[i]);
    return found;
}

static int alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int label_value(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 63 || !alnum(s[0]) || !alnum(s[n - 1]))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!alnum(s[i]) && !strchr("-_.", s[i]))
            return 0;
    return 1;
}

/* --old-labels: selectors go on finding pods. Not ray-cluster-name: by that one the old operator's pods are deleted at the cut-over. */
static void kept_labels(struct lg *c, const struct lg_type *t, int head, rk_json *labels)
{
    const rk_api *rk = c->rk;
    const char *type = head ? "head" : "worker";
    if (!c->how->old_labels)
        return;
    rk->put(c->ps, labels, "ray-node-type", rk->new_str(c->ps, type));
    if (label_value(t->name))
        rk->put(c->ps, labels, "ray-user-node-type", rk->new_str(c->ps, t->name));
    rk->put(
        c->ps, labels, "ray-node-name",
        rk->new_str(c->ps, ray_check_label(rk, c->ps, rk->fmt(c->ps, "ray-%s-%s", c->name, type))));
    if (head)
        rk->put(c->ps, labels, LG_L_COMPONENT,
                rk->new_str(c->ps, rk->fmt(c->ps, "%s-ray-head", c->name)));
}

static void labels(struct lg *c, const struct lg_type *t, int head, rk_json *meta)
{
    const rk_api *rk = c->rk;
    rk_json *out = rk->new_object(c->ps);
    for (RK_EACH_MEMBER(rk, l, rk->at(t->is, "/podConfig/metadata/labels"))) {
        if (old_label(rk->key(l)))
            c->cleaned |= LG_LABELS;
        else if (rk->type(l) == RK_JSON_STRING)
            rk->put(c->ps, out, rk->key(l), lg_copy(c, l));
    }
    kept_labels(c, t, head, out);
    if (rk->len(out, ""))
        rk->put(c->ps, meta, "labels", out);
}

/* `name`: of the Ray container now, which an annotation may name. */
static void annotations(struct lg *c, const struct lg_type *t, const char *name, rk_json *meta)
{
    const rk_api *rk = c->rk;
    rk_json *out = rk->new_object(c->ps);
    for (RK_EACH_MEMBER(rk, a, rk->at(t->is, "/podConfig/metadata/annotations")))
        if (rk->type(a) == RK_JSON_STRING)
            rk->put(c->ps, out, rk->key(a),
                    rk_is(rk->key(a), DEFAULT_CONTAINER) ? rk->new_str(c->ps, name)
                                                         : lg_copy(c, a));
    if (rk->len(out, ""))
        rk->put(c->ps, meta, "annotations", out);
}

void lg_template_metadata(struct lg *c, const struct lg_type *t, int head, const char *container,
                          rk_json *template)
{
    static const char *const known[] = {"labels",       "annotations",       "finalizers",
                                        "generateName", "creationTimestamp", "name",
                                        "namespace",    "ownerReferences"};
    const rk_api *rk = c->rk;
    const rk_json *old = rk->at(t->is, "/podConfig/metadata");
    rk_json *meta = rk->new_object(c->ps);
    labels(c, t, head, meta);
    annotations(c, t, container, meta);
    if (rk->len(old, "/finalizers"))
        rk->put(c->ps, meta, "finalizers", lg_copy(c, rk->at(old, "/finalizers")));
    for (RK_EACH_MEMBER(rk, m, old)) {
        size_t i = 0;
        while (i < RK_COUNT(known) && !rk_is(known[i], rk->key(m)))
            i++;
        if (i == RK_COUNT(known))
            lg_tell(c, 1, lg_dot(c, rk->fmt(c->ps, "%s.podConfig.metadata", t->where), rk->key(m)),
                    "is no part of a template's metadata: left out");
        c->cleaned |= i > 4 && i < RK_COUNT(known) ? LG_IDENTITY : 0u;
    }
    if (rk->len(meta, ""))
        rk->put(c->ps, template, "metadata", meta);
}
