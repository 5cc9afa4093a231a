/* The function table, part 2: memory, where we are, what is said. */
#include "core/pass/api.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/str.h"

#define LOG_PAIRS 8

void *rk__api_alloc(rk_pass *ps, size_t n)
{
    return rk_arena_alloc(&ps->arena, n);
}

const char *rk__api_fmt(rk_pass *ps, const char *f, ...)
{
    va_list ap;
    va_start(ap, f);
    const char *text = rk_arena_vfmt(&ps->arena, f, ap);
    va_end(ap);
    return text;
}

const char *rk__api_join(rk_pass *ps, const char *const *parts, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += parts[i] ? strlen(parts[i]) : 0;
    char *out = rk_arena_alloc(&ps->arena, total + 1), *w = out;
    for (size_t i = 0; i < n; i++) {
        size_t len = parts[i] ? strlen(parts[i]) : 0;
        if (len > 0)
            memcpy(w, parts[i], len);
        w += len;
    }
    return out;
}

const rk_json *rk__api_object(rk_pass *ps)
{
    return rk__out(ps->object);
}

const char *rk__api_name(rk_pass *ps)
{
    return ps->plan->name;
}

const char *rk__api_ns(rk_pass *ps)
{
    return ps->plan->ns;
}

const char *rk__api_uid(rk_pass *ps)
{
    return ps->plan->uid;
}

const char *rk__api_kind(rk_pass *ps)
{
    return ps->plan->gvk;
}

int64_t rk__api_now_ms(rk_pass *ps)
{
    return ps->snap->now_us / 1000;
}

const char *rk__api_now_text(rk_pass *ps)
{
    return ps->now_text;
}

int rk__api_deleting(rk_pass *ps)
{
    return ps->deleting;
}

const char *rk__api_role(rk_pass *ps)
{
    return ps->group ? ps->group->g.role : NULL;
}

const char *rk__api_group_name(rk_pass *ps)
{
    return ps->group ? ps->group->g.group : NULL;
}

const rk_json *rk__api_group(rk_pass *ps)
{
    return ps->group ? ps->group->g.spec : NULL;
}

const rk_member *rk__api_member(rk_pass *ps)
{
    ps->asked = true;
    return ps->member;
}

rk_obj *rk__api_subject(rk_pass *ps)
{
    return ps->subject;
}

rk_obj *rk__api_start(rk_pass *ps)
{
    return ps->start;
}

const char *rk__api_subject_gvk(rk_pass *ps)
{
    return ps->subject ? ps->subject->gvk : NULL;
}

size_t rk__api_failures(rk_pass *ps)
{
    ps->failures_asked = true;
    return ps->n_failures;
}

int32_t rk__api_failure(rk_pass *ps, size_t i, const char **ret_field, const char **ret_text)
{
    if (i >= ps->n_failures)
        return RK_OK;
    if (ret_field)
        *ret_field = ps->failures[i].field;
    if (ret_text)
        *ret_text = ps->failures[i].text;
    return ps->failures[i].code;
}

int32_t rk__api_fail_text(rk_pass *ps, int32_t code, const char *field, const char *text)
{
    if (code >= 0 || !rk__code_known(code))
        return rk__hook_refuse(ps, RK_EFAIL, "fails with code %d: %s", (int)code, text ? text : "");
    rk__fail(ps, code, field, text);
    return code;
}

int32_t rk__api_fail(rk_pass *ps, int32_t code, const char *field, const char *f, ...)
{
    va_list ap;
    va_start(ap, f);
    const char *text = rk_arena_vfmt(&ps->arena, f, ap);
    va_end(ap);
    return rk__api_fail_text(ps, code, field, text);
}

int32_t rk__api_wait(rk_pass *ps, int64_t after_ms, const char *why)
{
    struct rk_plan *p = ps->plan;
    after_ms = after_ms < 0 ? 0 : after_ms;
    if (p->again_ms < 0 || after_ms < p->again_ms) {
        p->again_ms = after_ms;
        p->again_why = rk_arena_strdup(&p->arena, why ? why : "");
    }
    return RK_WAIT;
}

void rk__api_event(rk_pass *ps, int warning, const char *reason, const char *action,
                   const char *note)
{
    rk__event(ps, warning != 0, reason, action, note);
}

int32_t rk__api_notice(rk_pass *ps, int32_t level, const char *where, const char *f, ...)
{
    va_list ap;
    va_start(ap, f);
    const char *text = rk_arena_vfmt(&ps->arena, f, ap);
    va_end(ap);
    return rk__command_notice(ps, level, where, text);
}

void rk__api_log(rk_pass *ps, int level, const char *msg, const rk_kv *kv, size_t n)
{
    static const enum rk_log_level levels[] = {RK_LOG_DEBUG, RK_LOG_INFO, RK_LOG_WARN,
                                               RK_LOG_ERROR};
    struct rk_log_kv pairs[LOG_PAIRS + 3];
    size_t k = 0;
    pairs[k++] = RK_KV("plugin", ps->hook ? ps->hook->plug->name : "");
    pairs[k++] = RK_KV("ns", ps->plan->ns);
    pairs[k++] = RK_KV("name", ps->plan->name);
    for (size_t i = 0; kv && i < n && i < LOG_PAIRS; i++)
        pairs[k++] = RK_KV(kv[i].key ? kv[i].key : "", kv[i].val);
    rk_log_write(levels[level < 0 ? 0 : level > 3 ? 3 : level], msg ? msg : "", pairs, k);
}
