/* The function table that every hook gets, and its part 3: the world, wanting, shaping, status,
 * finalizers. */
#include "core/pass/api.h"

#include <string.h>

#include "core/base/str.h"

static const rk_json *seen(rk_pass *ps, const char *gvk, const char *name)
{
    return rk__out(rk__seen_get(ps, gvk, name));
}

static const rk_json *list(rk_pass *ps, const char *gvk)
{
    return rk__out(rk__seen_list(ps, gvk));
}

static int mine(rk_pass *ps, const rk_json *observed)
{
    return observed && rk__seen_mine(ps, rk__in(observed));
}

/* Only as many bytes as the plugin's struct has. */
static int outcome(rk_pass *ps, const char *gvk, const char *group, rk_outcome *ret)
{
    for (size_t i = 0; gvk && ret && i < ps->snap->n_outcomes; i++) {
        const struct rk_snap_outcome *o = &ps->snap->outcomes[i];
        if (!rk_str_eq(o->gvk, gvk) || !rk_str_eq(o->group ? o->group : "", group ? group : ""))
            continue;
        rk_outcome full = {.size = ret->size,
                           .http = o->http,
                           .failures = o->failures,
                           .verb = o->verb ? o->verb : "",
                           .reason = o->reason ? o->reason : "",
                           .message = o->message ? o->message : "",
                           .first_ms = o->first_ms,
                           .last_ms = o->last_ms};
        memcpy(ret, &full, ret->size < sizeof full ? ret->size : sizeof full);
        return 1;
    }
    return 0;
}

static rk_obj *want(rk_pass *ps, const char *gvk, const char *name, uint32_t policy)
{
    return rk__want(ps, gvk, name, policy);
}

static void announce(rk_pass *ps, rk_obj *o, const char *created, const char *failed)
{
    if (!o || o->what != RK__OBJ_CHILD) {
        (void)rk__hook_refuse(ps, RK_EFAIL, "announces what it does not want"); /* kept there */
        return;
    }
    o->created = rk_arena_strdup(&ps->arena, created);
    o->failed = rk_arena_strdup(&ps->arena, failed);
}

static int32_t pods(rk_pass *ps, const rk_group *g)
{
    return rk__want_pods(ps, g);
}

static int32_t drop_pod(rk_pass *ps, const char *name, const char *why, const char *deleted,
                        const char *failed)
{
    return rk__want_drop_pod(ps, name, why, deleted, failed);
}

static int32_t unwant(rk_pass *ps, const char *gvk, const char *name, const char *why)
{
    return rk__want_not(ps, gvk, name, why);
}

static const rk_json *tree(rk_obj *o)
{
    return o ? rk__out(o->root) : NULL;
}

static int32_t set(rk_obj *o, const char *path, const rk_json *value)
{
    return rk__obj_write(o, path, rk__in(value), RK__SET);
}

static int32_t offer(rk_obj *o, const char *path, const rk_json *value)
{
    return rk__obj_write(o, path, rk__in(value), RK__OFFER);
}

static int32_t append(rk_obj *o, const char *path, const rk_json *value)
{
    return rk__obj_write(o, path, rk__in(value), RK__APPEND);
}

static int32_t drop(rk_obj *o, const char *path)
{
    return rk__obj_write(o, path, NULL, RK__DROP);
}

static int32_t fill(rk_obj *o, const char *path, const char *how)
{
    return rk__obj_fill(o, path, how);
}

static bool in_status(rk_pass *ps, const char *what)
{
    if (ps->phase == RK_PHASE_STATUS && ps->status)
        return true;
    (void)rk__hook_refuse(ps, RK_EFAIL, "%s in phase %s", what,
                          rk_phase_name(ps->phase)); /* kept there */
    return false;
}

static rk_obj *status(rk_pass *ps)
{
    return in_status(ps, "status") ? ps->status : NULL;
}

static void condition(rk_pass *ps, const char *type, const char *state, const char *reason,
                      const char *msg)
{
    if (!in_status(ps, "condition"))
        return;
    if (!type || !*type || !state ||
        (strcmp(state, "True") != 0 && strcmp(state, "False") != 0 &&
         strcmp(state, "Unknown") != 0))
        (void)rk__hook_refuse(ps, RK_EFAIL, "condition %s is \"%.32s\": True, False or Unknown",
                              type ? type : "", state ? state : ""); /* kept there */
    else
        rk__status_condition(ps, type, state, reason, msg);
}

static void drop_condition(rk_pass *ps, const char *type)
{
    if (type && in_status(ps, "drop_condition"))
        (void)rk__status_drop_condition(ps, type); /* fine when it was not there */
}

static int32_t stamp(rk_pass *ps, const char *path)
{
    if (!path || !in_status(ps, "stamp"))
        return RK_EFAIL;
    struct rk__word *w = rk_arena_alloc(&ps->arena, sizeof *w);
    *w = (struct rk__word){rk_arena_strdup(&ps->arena, path), ps->stamps};
    ps->stamps = w;
    return RK_OK;
}

static int32_t hold(rk_pass *ps, const char *finalizer)
{
    return rk__final_hold(ps, finalizer);
}

static int32_t release(rk_pass *ps, const char *finalizer)
{
    return rk__final_release(ps, finalizer);
}

static rk_json *shape(rk_pass *ps, const rk_group *g)
{
    return rk__out_new(rk__want_shape(ps, g));
}

static int served(rk_pass *ps, const char *gvk)
{
    return gvk && rk__served(ps, gvk);
}

static int32_t gauge(rk_pass *ps, const char *name, const rk_kv *labels, size_t n,
                     const char *value)
{
    return in_status(ps, "gauge") ? rk__status_gauge(ps, name, labels, n, value) : RK_EFAIL;
}

static void announce_update(rk_pass *ps, rk_obj *o, const char *updated, const char *failed)
{
    if (!o || o->what != RK__OBJ_CHILD) {
        (void)rk__hook_refuse(ps, RK_EFAIL, "announces what it does not want"); /* kept there */
        return;
    }
    o->updated = rk_arena_strdup(&ps->arena, updated);
    o->not_updated = rk_arena_strdup(&ps->arena, failed);
}

static int32_t annotate(rk_pass *ps, const char *pod, const char *key, const char *value)
{
    return rk__want_note(ps, pod, key, value);
}

static int32_t emit(rk_pass *ps, const rk_json *document)
{
    return rk__command_emit(ps, rk__in(document));
}

static int32_t comment(rk_pass *ps, const rk_json *document, const char *path, const char *text)
{
    return rk__command_comment(ps, rk__in(document), path, text);
}

const rk_api rk__api = {
    .size = sizeof(rk_api),
    .major = RK_ABI_MAJOR,
    .minor = RK_ABI_MINOR,
    .alloc = rk__api_alloc,
    .fmt = rk__api_fmt,
    .join = rk__api_join,
    .object = rk__api_object,
    .name = rk__api_name,
    .ns = rk__api_ns,
    .uid = rk__api_uid,
    .kind = rk__api_kind,
    .now_ms = rk__api_now_ms,
    .now_text = rk__api_now_text,
    .deleting = rk__api_deleting,
    .role = rk__api_role,
    .group_name = rk__api_group_name,
    .group = rk__api_group,
    .member = rk__api_member,
    .subject = rk__api_subject,
    .start = rk__api_start,
    .subject_gvk = rk__api_subject_gvk,
    .at = rk__api_at,
    .type = rk__api_type,
    .str = rk__api_str,
    .num = rk__api_num,
    .truth = rk__api_truth,
    .number_text = rk__api_number_text,
    .len = rk__api_len,
    .item = rk__api_item,
    .next = rk__api_next,
    .key = rk__api_key,
    .new_str = rk__api_new_str,
    .new_num = rk__api_new_num,
    .new_bool = rk__api_new_bool,
    .new_object = rk__api_new_object,
    .new_array = rk__api_new_array,
    .copy = rk__api_copy,
    .put = rk__api_put,
    .push = rk__api_push,
    .parse = rk__api_parse,
    .yaml = rk__api_yaml,
    .print = rk__api_print,
    .print_sorted = rk__api_print_sorted,
    .digest = rk__api_digest,
    .equal = rk__api_equal,
    .qty_value = rk__api_qty_value,
    .qty_add = rk__api_qty_add,
    .qty_mul = rk__api_qty_mul,
    .seen = seen,
    .list = list,
    .mine = mine,
    .outcome = outcome,
    .failures = rk__api_failures,
    .failure = rk__api_failure,
    .want = want,
    .announce = announce,
    .pods = pods,
    .drop_pod = drop_pod,
    .unwant = unwant,
    .tree = tree,
    .set = set,
    .offer = offer,
    .append = append,
    .drop = drop,
    .fill = fill,
    .fail = rk__api_fail,
    .fail_text = rk__api_fail_text,
    .wait = rk__api_wait,
    .event = rk__api_event,
    .log = rk__api_log,
    .status = status,
    .condition = condition,
    .drop_condition = drop_condition,
    .stamp = stamp,
    .hold = hold,
    .release = release,
    .shape = shape,
    .served = served,
    .gauge = gauge,
    .announce_update = announce_update,
    .annotate = annotate,
    .ask = rk__ask,
    .emit = emit,
    .comment = comment,
    .notice = rk__api_notice,
    .notice_text = rk__command_notice,
    .step = rk__command_step,
};
