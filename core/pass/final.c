/* Finalizers on the owner: held before anything is made, released when every FINALIZE hook
 * agrees. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/str.h"

#define WAVE_HOLD    0
#define WAVE_RELEASE 30

static bool in_words(const char *words, const char *word)
{
    struct rk_span rest = rk_span_of(words), w;
    while (words && rk_span_next(&rest, ',', &w))
        if (rk_span_is(rk_span_trim(w), word))
            return true;
    return false;
}

static bool declared(const struct rk_pass *ps, const struct rk_plug *plug, const char *finalizer)
{
    for (uint32_t i = 0; i < plug->info.n_kinds; i++)
        if (strcmp(plug->kinds[i].gvk, ps->snap->gvk) == 0 &&
            in_words(plug->kinds[i].finalizers, finalizer))
            return true;
    return false;
}

static const cJSON *finalizers(const struct rk_pass *ps)
{
    return rk_json_get(rk_json_get(ps->object, "metadata"), "finalizers");
}

static bool present(const struct rk_pass *ps, const char *finalizer)
{
    const cJSON *list = finalizers(ps);
    for (const cJSON *c = list ? list->child : NULL; c; c = c->next)
        if (rk_str_eq(rk_json_str(c, NULL), finalizer))
            return true;
    return false;
}

static bool has_word(const struct rk__word *w, const char *text)
{
    while (w && strcmp(w->text, text) != 0)
        w = w->next;
    return w != NULL;
}

static void add_word(struct rk_pass *ps, struct rk__word **list, const char *text)
{
    if (has_word(*list, text))
        return;
    struct rk__word *w = rk_arena_alloc(&ps->arena, sizeof *w);
    *w = (struct rk__word){rk_arena_strdup(&ps->arena, text), *list};
    *list = w;
}

static int32_t refuse_foreign(struct rk_pass *ps, const char *finalizer, const char *verb)
{
    if (finalizer && declared(ps, ps->hook->plug, finalizer))
        return RK_OK;
    return rk__hook_refuse(ps, RK_EFAIL,
                           "plugin %s %s finalizer %s, which it does not declare for %s",
                           ps->hook->plug->name, verb, finalizer ? finalizer : "", ps->snap->gvk);
}

int32_t rk__final_hold(struct rk_pass *ps, const char *finalizer)
{
    if (!ps->hook || ps->phase != RK_PHASE_PLAN)
        return rk__hook_refuse(ps, RK_EFAIL, "hold in phase %s", rk_phase_name(ps->phase));
    int32_t r = refuse_foreign(ps, finalizer, "holds");
    if (r == RK_OK && !present(ps, finalizer) && !ps->conf->whole)
        add_word(ps, &ps->holds, finalizer); /* a whole run shows what comes after it */
    return r;
}

int32_t rk__final_release(struct rk_pass *ps, const char *finalizer)
{
    if (!ps->hook || (ps->phase != RK_PHASE_PLAN && ps->phase != RK_PHASE_FINALIZE))
        return rk__hook_refuse(ps, RK_EFAIL, "release in phase %s", rk_phase_name(ps->phase));
    int32_t r = refuse_foreign(ps, finalizer, "releases");
    if (r == RK_OK && present(ps, finalizer))
        add_word(ps, &ps->releases, finalizer);
    return r;
}

/* The list of finalizers is one array: the patch carries it whole, and the version that it was
 * made from. */
static void emit(struct rk_pass *ps, cJSON *list, int wave)
{
    struct rk_arena *a = &ps->arena;
    cJSON *meta = rk_json_object(a), *body = rk_json_object(a);
    if (*ps->plan->rv)
        rk_json_add(a, meta, "resourceVersion", rk_json_string(a, ps->plan->rv));
    rk_json_add(a, meta, "finalizers", list->child ? list : rk_json_null(a));
    rk_json_add(a, body, "metadata", meta);
    (void)rk__op_owner(ps, RK_OP_PATCH, wave, body); /* a body that is too large is told there */
}

void rk__final_emit_hold(struct rk_pass *ps)
{
    cJSON *list = rk_json_copy(&ps->arena, finalizers(ps));
    if (!rk_json_is_array(list))
        list = rk_json_array(&ps->arena);
    for (const struct rk__word *w = ps->holds; w; w = w->next)
        rk_json_push(list, rk_json_string(&ps->arena, w->text));
    emit(ps, list, WAVE_HOLD);
}

static bool served(const struct rk_pass *ps, const char *finalizer)
{
    const rk_kind *k = rk_plugins_kind(ps->plugins, ps->snap->gvk);
    return k && in_words(k->finalizers, finalizer);
}

bool rk__final_emit_release(struct rk_pass *ps, bool all)
{
    const cJSON *have = finalizers(ps);
    cJSON *left = rk_json_array(&ps->arena);
    bool any = false;
    for (const cJSON *c = have ? have->child : NULL; c; c = c->next) {
        const char *name = rk_json_str(c, "");
        if (has_word(ps->releases, name) || (all && served(ps, name)))
            any = true;
        else
            rk_json_push(left, rk_json_copy(&ps->arena, c));
    }
    if (any)
        emit(ps, left, WAVE_RELEASE);
    return any;
}

/* A finalizer in the API group of the kind that no plugin serves holds the object for ever: its
 * owner must hear of it. */
void rk__final_unserved(struct rk_pass *ps)
{
    const char *slash = strchr(ps->snap->gvk, '/');
    const cJSON *have = finalizers(ps);
    size_t n = slash ? (size_t)(slash - ps->snap->gvk) : 0;
    if (!slash || slash == strrchr(ps->snap->gvk, '/'))
        return; /* the core group has no domain */
    for (const cJSON *c = have ? have->child : NULL; c; c = c->next) {
        const char *name = rk_json_str(c, "");
        if (strncmp(name, ps->snap->gvk, n) == 0 && name[n] == '/' && !served(ps, name))
            rk__fail_core(ps, RK_EINVAL, NULL, "/metadata/finalizers",
                          "no plugin serves the finalizer %s: load the one that does, or remove it",
                          name);
    }
}
