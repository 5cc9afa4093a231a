/* Samples of gauges: said by STATUS hooks, carried by the plan. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/str.h"

#define SAMPLES_MAX 4096 /* of one object */
#define LABELS_MAX  4096 /* bytes of one sample */

static const rk_gauge *declared(const struct rk_plug *plug, const char *name)
{
    for (uint32_t i = 0; i < plug->info.n_gauges; i++)
        if (rk_str_eq(plug->gauges[i].name, name))
            return &plug->gauges[i];
    return NULL;
}

/* A decimal number, as it will stand in the page: digits, one dot, a sign. */
static bool is_number(const char *s)
{
    size_t digits = 0, dots = 0;
    for (s += *s == '-'; *s; s++) {
        digits += *s >= '0' && *s <= '9';
        dots += *s == '.';
        if ((*s < '0' || *s > '9') && *s != '.')
            return false;
    }
    return digits > 0 && dots < 2;
}

static bool is_label(const char *s)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return s && *s && strspn(s, legal) == strlen(s) && (*s < '0' || *s > '9') &&
           !rk_str_starts(s, "__"); /* those are Prometheus' own */
}

static bool repeats(const rk_kv *labels, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(labels[k].key, labels[i].key) == 0)
            return true;
    return false;
}

void rk_gauge_escape(struct rk_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '\n')
            (void)rk_buf_adds(b, "\\n"); /* full is sticky, here and below */
        else if (*s == '"' || *s == '\\')
            (void)rk_buf_addf(b, "\\%c", *s);
        else
            (void)rk_buf_addc(b, *s);
    }
}

int32_t rk__status_gauge(struct rk_pass *ps, const char *name, const rk_kv *labels, size_t n,
                         const char *value)
{
    struct rk_plan *p = ps->plan;
    const rk_gauge *g = declared(ps->hook->plug, name);
    if (!g || !value || !is_number(value) || (n > 0 && !labels))
        return rk__hook_refuse(ps, RK_EFAIL, "gauge %.64s is \"%.32s\": %s", name ? name : "",
                               value ? value : "",
                               g ? "no number" : "the plugin declares no such one");
    if (p->n_gauges == SAMPLES_MAX)
        return rk__hook_refuse(ps, RK_EFAIL, "more than %d samples of gauges", SAMPLES_MAX);
    struct rk_buf b;
    rk_buf_init(&b, LABELS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!is_label(labels[i].key) || repeats(labels, i)) {
            rk_buf_done(&b);
            return rk__hook_refuse(ps, RK_EFAIL,
                                   "gauge %s: \"%.64s\" is not a label's name, or twice", name,
                                   labels[i].key ? labels[i].key : "");
        }
        (void)rk_buf_addf(&b, "%s%s=\"", i ? "," : "", labels[i].key);
        rk_gauge_escape(&b, labels[i].val ? labels[i].val : "");
        (void)rk_buf_addc(&b, '"');
    }
    bool full = b.full;
    const char *text = rk_arena_strdup(&p->arena, rk_buf_text(&b));
    rk_buf_done(&b);
    if (full)
        return rk__hook_refuse(ps, RK_EFAIL, "gauge %s: its labels have more than %d bytes", name,
                               LABELS_MAX);
    struct rk_plan_gauge *at =
        rk__grow(&p->arena, &p->gauges, &p->n_gauges, &ps->cap_gauges, sizeof *at);
    *at = (struct rk_plan_gauge){.name = g->name,
                                 .help = g->help ? g->help : "",
                                 .labels = text,
                                 .value = rk_arena_strdup(&p->arena, value)};
    return RK_OK;
}
