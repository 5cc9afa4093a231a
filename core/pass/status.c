/* The owner's status: starts as observed, ends as a merge patch of what changed. Conditions are
 * one array, which a merge patch carries whole: only then the patch names the resourceVersion
 * that it was made from. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/str.h"
#include "core/json/path.h"

#define MESSAGE_MAX 32768

void rk__status_begin(struct rk_pass *ps)
{
    struct rk_arena *a = &ps->arena;
    const cJSON *observed = rk_json_get(ps->object, "status");
    ps->status_before = rk_json_is_object(observed) ? rk_json_copy(a, observed) : rk_json_object(a);
    ps->status =
        rk__obj_new(ps, RK__OBJ_STATUS, ps->snap->gvk, "", rk_json_copy(a, ps->status_before));
}

static cJSON *condition_find(const cJSON *list, const char *type)
{
    for (cJSON *c = list ? list->child : NULL; c; c = c->next)
        if (rk_str_eq(rk_json_str(rk_json_get(c, "type"), NULL), type))
            return c;
    return NULL;
}

static cJSON *conditions(struct rk_pass *ps, bool make)
{
    cJSON *list = rk_json_get(ps->status->root, "conditions");
    if (rk_json_is_array(list) || !make)
        return rk_json_is_array(list) ? list : NULL;
    list = rk_json_array(&ps->arena);
    rk_json_set(&ps->arena, ps->status->root, "conditions", list);
    return list;
}

static void put_text(struct rk_pass *ps, cJSON *object, const char *key, const char *text)
{
    if (!rk_str_eq(rk_json_str(rk_json_get(object, key), NULL), text))
        rk_json_set(&ps->arena, object, key, rk_json_string(&ps->arena, text));
}

/* At most MESSAGE_MAX bytes, whole characters: the schema of conditions refuses longer ones, and
 * with them the status. */
static const char *short_message(struct rk_pass *ps, const char *msg)
{
    size_t n = strlen(msg);
    if (n <= MESSAGE_MAX)
        return msg;
    for (n = MESSAGE_MAX - 3; n > 0 && ((unsigned char)msg[n] & 0xc0) == 0x80; n--)
        ;
    return rk_arena_fmt(&ps->arena, "%.*s...", (int)n, msg);
}

/* lastTransitionTime follows the observed status, so that hooks that change their mind within
 * one pass leave it alone. */
void rk__status_condition(struct rk_pass *ps, const char *type, const char *status,
                          const char *reason, const char *msg)
{
    cJSON *list = conditions(ps, true), *c = condition_find(list, type);
    const cJSON *old = condition_find(rk_json_get(ps->status_before, "conditions"), type);
    if (!c) {
        c = rk_json_object(&ps->arena);
        rk_json_push(list, c);
        put_text(ps, c, "type", type);
    }
    bool kept = old && rk_str_eq(rk_json_str(rk_json_get(old, "status"), NULL), status);
    put_text(ps, c, "status", status);
    put_text(ps, c, "reason", reason ? reason : "");
    put_text(ps, c, "message", short_message(ps, msg ? msg : ""));
    put_text(ps, c, "lastTransitionTime",
             rk_json_str(kept ? rk_json_get(old, "lastTransitionTime") : NULL, ps->now_text));
}

void rk__status_observed(struct rk_pass *ps, const char *type)
{
    cJSON *c = condition_find(conditions(ps, false), type);
    if (c)
        rk_json_set(&ps->arena, c, "observedGeneration",
                    rk_json_number_text(&ps->arena, ps->generation));
}

bool rk__status_drop_condition(struct rk_pass *ps, const char *type)
{
    cJSON *list = conditions(ps, false), *c = condition_find(list, type);
    return c && rk_json_remove(list, c);
}

static void stamp_all(struct rk_pass *ps)
{
    for (const struct rk__word *s = ps->stamps; s; s = s->next) {
        struct rk_err err = RK_ERR_INIT;
        cJSON *now = rk_json_string(&ps->arena, ps->now_text);
        if (rk_path_set(&ps->arena, ps->status->root, ps->kind, s->text, now, &err) < 0)
            rk__fail_core(ps, RK_EFAIL, NULL, s->text, "cannot be stamped: %s", err.text);
    }
}

void rk__status_emit(struct rk_pass *ps)
{
    struct rk_arena *a = &ps->arena;
    if (!rk_json_merge_diff(a, ps->status_before, ps->status->root))
        return;
    stamp_all(ps);
    cJSON *diff = rk_json_merge_diff(a, ps->status_before, ps->status->root),
          *body = rk_json_object(a);
    ps->plan->conditions_changed = rk_json_get(diff, "conditions") != NULL;
    if (ps->plan->conditions_changed && *ps->plan->rv) {
        cJSON *meta = rk_json_object(a);
        rk_json_add(a, meta, "resourceVersion", rk_json_string(a, ps->plan->rv));
        rk_json_add(a, body, "metadata", meta);
    }
    rk_json_add(a, body, "status", diff);
    (void)rk__op_owner(ps, RK_OP_STATUS, 0, body); /* a body that is too large is told there */
}
