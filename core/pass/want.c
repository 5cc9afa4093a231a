/* What PLAN (and FINALIZE) hooks say: children, pods, and what must go. Texts are copied: a hook
 * may build them on its stack. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/str.h"

#define FLAGS (RK_WANT_APART | RK_WANT_UNOWNED | RK_WANT_ANYONES | RK_WANT_ADOPT)

static bool may_want(struct rk_pass *ps, const char *what)
{
    if (ps->hook && (ps->phase == RK_PHASE_PLAN || ps->phase == RK_PHASE_FINALIZE))
        return true;
    (void)rk__hook_refuse(ps, RK_EFAIL, "%s in phase %s", what,
                          rk_phase_name(ps->phase)); /* kept there */
    return false;
}

/* What nobody watches for this kind of owner would be created again in every pass. */
static bool watched(struct rk_pass *ps, const char *gvk)
{
    for (size_t i = 0; i < ps->plugins->n_watches; i++)
        if (strcmp(ps->plugins->watches[i].gvk, gvk) == 0 &&
            rk_str_eq(ps->plugins->watches[i].owner, ps->snap->gvk))
            return true;
    (void)rk__hook_refuse(ps, RK_EFAIL, "wants a %s, which no plugin watches",
                          gvk); /* kept there */
    return false;
}

static struct rk_obj *again(struct rk_pass *ps, struct rk_obj *o, uint32_t policy)
{
    if ((o->policy | o->flags) != policy)
        (void)rk__hook_refuse(ps, RK_ECONFLICT,
                              "plugins %s and %s want %s %s with different policies", o->by->name,
                              ps->hook->plug->name, o->gvk, o->name); /* kept there */
    return o;
}

struct rk_obj *rk__want(struct rk_pass *ps, const char *gvk, const char *name, uint32_t policy)
{
    struct rk_arena *a = &ps->arena;
    if (!may_want(ps, "want"))
        gvk = NULL;
    else if (!gvk || !name || !*name || (policy & ~FLAGS) > RK_POLICY_OWNED) {
        (void)rk__hook_refuse(ps, RK_EFAIL, "wants a %s without a name, or with policy %u",
                              gvk ? gvk : "thing", (unsigned)policy); /* kept there */
        gvk = NULL;
    }
    for (struct rk_obj *o = gvk ? ps->wants : NULL; o; o = o->next)
        if (strcmp(o->gvk, gvk) == 0 && strcmp(o->name, name) == 0)
            return again(ps, o, policy);
    cJSON *root = rk_json_object(a);
    struct rk_obj *o = rk__obj_new(ps, RK__OBJ_CHILD, gvk ? rk_arena_strdup(a, gvk) : "v1/Nothing",
                                   rk_arena_strdup(a, name ? name : ""), root);
    rk__obj_identify(ps, root, o->gvk, o->name);
    o->policy = policy & ~FLAGS;
    o->flags = policy & FLAGS;
    if (o->flags & RK_WANT_UNOWNED)
        (void)rk_json_unset(rk_json_get(root, "metadata"), "ownerReferences"); /* it is there */
    rk__author_begin(o, RK__CORES);
    o->by = ps->hook ? ps->hook->plug : NULL;
    if (!gvk || !watched(ps, gvk))
        return o; /* never NULL; the hook fails and this is dropped with it */
    *ps->wants_end = o;
    ps->wants_end = &o->next;
    return o;
}

/* Each label with a key and a value, no key twice. */
static bool whole(const rk_member *m)
{
    for (uint32_t i = 0; i < m->n_labels; i++) {
        if (!m->labels[i].key || !m->labels[i].val)
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(m->labels[i].key, m->labels[k].key) == 0)
                return false;
    }
    return true;
}

static bool copy_members(struct rk_pass *ps, struct rk__group *copy, const rk_group *g)
{
    struct rk_arena *a = &ps->arena;
    struct rk_map keys;
    bool good = true;
    copy->members = rk_arena_alloc(a, (g->n_members + (size_t)1) * sizeof *copy->members);
    rk_map_init(&keys, NULL);
    for (uint32_t i = 0; good && i < g->n_members; i++) {
        rk_member m = {0};
        memcpy(&m, (const char *)g->members + (size_t)i * g->member_size, sizeof m);
        good = m.key && (m.n_labels == 0 || m.labels) && !rk_map_get(&keys, m.key) && whole(&m);
        if (!good)
            break;
        rk_kv *labels = rk_arena_alloc(a, (m.n_labels + (size_t)1) * sizeof *labels);
        for (uint32_t k = 0; k < m.n_labels; k++)
            labels[k] =
                (rk_kv){rk_arena_strdup(a, m.labels[k].key), rk_arena_strdup(a, m.labels[k].val)};
        copy->members[i] = (rk_member){.size = sizeof m,
                                       .n_labels = m.n_labels,
                                       .key = rk_arena_strdup(a, m.key),
                                       .is = rk_arena_strdup(a, m.is),
                                       .labels = labels};
        rk_map_put(&keys, copy->members[i].key, copy);
    }
    rk_map_done(&keys);
    return good;
}

static const char *group_fault(const struct rk_pass *ps, const rk_group *g)
{
    if (!g || g->size < sizeof *g)
        return "too small a struct";
    if (!g->group || !*g->group)
        return "no name";
    if (g->n_members > 0 &&
        (!g->members || g->member_size < sizeof(rk_member) || g->member_size % sizeof(void *) != 0))
        return "members, but no array of them";
    if (!g->name_prefix && !g->fixed_name)
        return "neither name_prefix nor fixed_name";
    if (g->fixed_name && g->n_members > 1)
        return "one fixed name for several pods";
    if (!rk_json_is_object(rk_json_get(rk__in(g->pod_template), "spec")))
        return "a pod template without spec";
    for (const struct rk__group *have = ps->groups; have; have = have->next)
        if (strcmp(have->g.group, g->group) == 0)
            return "a name that another group has";
    return NULL;
}

int32_t rk__want_pods(struct rk_pass *ps, const rk_group *g)
{
    struct rk_arena *a = &ps->arena;
    if (!may_want(ps, "pods"))
        return RK_EFAIL;
    const char *fault = group_fault(ps, g);
    if (fault)
        return rk__hook_refuse(ps, RK_EFAIL, "pods: group %s has %s",
                               g && g->size >= sizeof *g && g->group ? g->group : "?", fault);
    struct rk__group *copy = rk_arena_alloc(a, sizeof *copy);
    copy->g = *g;
    copy->g.role = rk_arena_strdup(a, g->role ? g->role : "");
    copy->g.group = rk_arena_strdup(a, g->group);
    copy->g.name_prefix = rk_arena_strdup(a, g->name_prefix);
    copy->g.fixed_name = rk_arena_strdup(a, g->fixed_name);
    copy->g.created = rk_arena_strdup(a, g->created);
    copy->g.failed = rk_arena_strdup(a, g->failed);
    copy->by = ps->hook->plug;
    copy->hook = ps->hook;
    if (!copy_members(ps, copy, g))
        return rk__hook_refuse(ps, RK_EFAIL,
                               "pods: group %s has members without a key of their own, or with "
                               "labels that are none or there twice",
                               g->group);
    copy->g.members = copy->members;
    *ps->groups_end = copy;
    ps->groups_end = &copy->next;
    return RK_OK;
}

int32_t rk__want_note(struct rk_pass *ps, const char *pod, const char *key, const char *value)
{
    struct rk_arena *a = &ps->arena;
    if (!may_want(ps, "annotate"))
        return RK_EFAIL;
    if (!key || !*key)
        return rk__hook_refuse(ps, RK_EFAIL, "annotates a pod without a key");
    const struct rk_seen *s = pod ? rk__seen_find(ps, RK__POD_GVK, pod) : NULL;
    if (!s || s->terminating)
        return RK_OK;
    if (!s->mine)
        return RK_YIELDED;
    struct rk__note *n = rk_arena_alloc(a, sizeof *n);
    *n = (struct rk__note){s, rk_arena_strdup(a, key), rk_arena_strdup(a, value), ps->hook->plug,
                           ps->notes};
    ps->notes = n;
    return RK_OK;
}

static int32_t shape(struct rk_pass *ps, void *ctx)
{
    const struct rk__group *g = ctx;
    static const rk_member nobody = {.size = sizeof nobody, .key = ""};
    struct rk_obj *o = NULL;
    int32_t r = rk__shape_pod(ps, g, &nobody, &o);
    if (r != RK_OK)
        return r;
    rk__writes_keep(ps, o, g->g.group);
    /* Identity is not the template's. */
    static const char *const identity[] = {"name", "namespace", "ownerReferences"};
    cJSON *meta = rk_json_get(o->root, "metadata");
    for (size_t i = 0; i < sizeof identity / sizeof *identity; i++)
        (void)rk_json_unset(meta, identity[i]); /* they are there */
    (void)rk_json_unset(o->root, "apiVersion");
    (void)rk_json_unset(o->root, "kind");
    rk__fields_keep(ps, o, g, NULL, NULL, false);
    ps->shaped = o->root;
    return RK_OK;
}

cJSON *rk__want_shape(struct rk_pass *ps, const rk_group *g)
{
    if (!may_want(ps, "shape"))
        return NULL;
    if (!g || g->size < sizeof *g || !g->role ||
        !rk_json_is_object(rk_json_get(rk__in(g->pod_template), "spec"))) {
        (void)rk__hook_refuse(
            ps, RK_EFAIL,
            "shape: a group without role, or a pod template without spec"); /* kept there */
        return NULL;
    }
    struct rk__group *copy = rk_arena_alloc(&ps->arena, sizeof *copy);
    copy->g = *g;
    copy->g.role = rk_arena_strdup(&ps->arena, g->role);
    copy->g.group = rk_arena_strdup(&ps->arena, g->group ? g->group : g->role);
    copy->by = ps->hook->plug;
    copy->hook = ps->hook;
    ps->shaped = NULL;
    return rk__hooks_within(ps, shape, copy) == RK_OK ? ps->shaped : NULL;
}

bool rk__served(const struct rk_pass *ps, const char *gvk)
{
    if (*gvk == '\0')
        return ps->snap->served != NULL;
    return ps->snap->served ? ps->snap->served(ps->snap->ctx, gvk)
                            : !rk_plugins_optional(ps->plugins, gvk);
}

static void gone_add(struct rk_pass *ps, struct rk__gone ***end_at, const struct rk_seen *s,
                     const char *why, const char *ok, const char *fail)
{
    struct rk_arena *a = &ps->arena;
    struct rk__gone *g = rk_arena_alloc(a, sizeof *g);
    *g = (struct rk__gone){.seen = s,
                           .why = rk_arena_strdup(a, why ? why : ""),
                           .ok_reason = rk_arena_strdup(a, ok),
                           .fail_reason = rk_arena_strdup(a, fail),
                           .by = ps->hook->plug};
    **end_at = g;
    *end_at = &g->next;
}

/* Is it to go already? Notes that it is: a flag for each observed object, as thousands may have
 * to. */
static bool said(struct rk_pass *ps, const struct rk_seen *s)
{
    if (!ps->going)
        ps->going = rk_arena_alloc(&ps->arena, (ps->snap->n_seen + 1) * sizeof *ps->going);
    bool *flag = &ps->going[s - ps->snap->seen], before = *flag;
    *flag = true;
    return before;
}

/* Not there, going already, said before: nothing to do. Not ours: nothing is done either,
 * whoever names it. */
int32_t rk__want_drop_pod(struct rk_pass *ps, const char *name, const char *why, const char *ok,
                          const char *fail)
{
    if (!may_want(ps, "drop_pod"))
        return RK_EFAIL;
    const struct rk_seen *s = name ? rk__seen_find(ps, RK__POD_GVK, name) : NULL;
    if (!s || s->terminating)
        return RK_OK;
    if (!s->mine)
        return RK_YIELDED;
    if (said(ps, s))
        return RK_OK;
    gone_add(ps, &ps->drops_end, s, why, ok, fail);
    return RK_OK;
}

int32_t rk__want_not(struct rk_pass *ps, const char *gvk, const char *name, const char *why)
{
    if (!may_want(ps, "unwant"))
        return RK_EFAIL;
    if (!gvk || !name)
        return rk__hook_refuse(ps, RK_EFAIL, "unwant: no kind or no name");
    if (!rk__seen_watch(ps, ps->hook->plug, gvk))
        return rk__hook_refuse(ps, RK_EFAIL, "plugin %s unwants a %s, which it does not watch",
                               ps->hook->plug->name, gvk);
    const struct rk_seen *s = rk__seen_find(ps, gvk, name);
    if (!s || s->terminating)
        return RK_OK;
    if (!s->mine)
        return RK_YIELDED;
    if (said(ps, s))
        return RK_OK;
    gone_add(ps, &ps->unwants_end, s, why, NULL, NULL);
    return RK_OK;
}
