/* podTypes: the head's and the worker groups: names and counts. */
#include "convert.h"

static int alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The name as a group may have it: what no pod's name may have becomes '-', and it begins with a letter. Case stays: pods are
 * lower-cased anyway. */
static const char *group_name(struct lg *c, const struct lg_type *t)
{
    size_t n = strlen(t->name), k = 0;
    char *out = c->rk->alloc(c->ps, n + 2);
    const char *p = t->name;
    while (*p && !alnum(*p))
        p++;
    if (*p >= '0' && *p <= '9')
        out[k++] = 'g';
    for (; *p && k < 63; p++) {
        int dot = *p == '.' && alnum(p[-1]) && alnum(p[1]);
        out[k++] = (char)(alnum(*p) || dot ? *p : '-');
    }
    while (k > 0 && !alnum(out[k - 1]))
        out[--k] = '\0';
    out[k] = '\0';
    if (k == 0)
        lg_bad(c, lg_dot(c, t->where, "name"), "has no letter or digit a group could be named by");
    else if (!rk_is(out, t->name))
        lg_tell(c, 1, lg_dot(c, t->where, "name"),
                c->rk->fmt(c->ps,
                           "'%.100s' cannot be part of a pod's name: the group is called '%s'",
                           t->name, out));
    if (rk_is_ci(out, "head-group") || rk_is_ci(out, RAY_HEAD_GROUP))
        lg_bad(c, lg_dot(c, t->where, "name"),
               c->rk->fmt(c->ps, "'%s' is the head's: call the type otherwise", out));
    return out;
}

static void counts(struct lg *c, struct lg_type *t, int64_t dflt_max)
{
    const char *max = lg_dot(c, t->where, "maxWorkers"), *min = lg_dot(c, t->where, "minWorkers");
    t->max = lg_count(c, c->rk->at(t->is, "/maxWorkers"), max, dflt_max);
    t->min = lg_count(c, c->rk->at(t->is, "/minWorkers"), min, 0);
    if (t->min > t->max && !t->head)
        lg_tell(c, 0, min,
                c->rk->fmt(c->ps, "%lld is more than maxWorkers, %lld, which won: lowered",
                           (long long)t->min, (long long)t->max));
    if (t->min > t->max)
        t->min = t->max;
}

static void twins(struct lg *c, const struct lg_type *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (rk_is(t[i].name, t[k].name) || rk_is_ci(t[i].group, t[k].group)) {
                lg_bad(c, lg_dot(c, t[i].where, "name"),
                       c->rk->fmt(c->ps,
                                  "'%.100s' and '%.100s' are one group's name: names of pods are "
                                  "lower case",
                                  t[k].name, t[i].name));
                break;
            }
}

/* Group maxima that together are at most `global`: each keeps its minimum and as much of the rest as its share is. */
static void clip(struct lg_type *t, size_t n, int64_t global)
{
    int64_t mins = 0, span = 0, carry = 0;
    for (size_t i = 0; i < n; i++)
        if (t[i].group) {
            mins += t[i].min;
            span += t[i].max - t[i].min;
        }
    int64_t room = global > mins ? global - mins : 0;
    for (size_t i = 0; i < n && span > 0; i++)
        if (t[i].group) {
            int64_t part =
                (t[i].max - t[i].min) * room + carry; /* 2^62 and less than 1000 times 2^31 */
            t[i].max = t[i].min + part / span;
            carry = part % span;
        }
}

/* The cap on all workers together has no place: KubeRay knows caps of groups only. */
static void global_cap(struct lg *c, struct lg_type *t, size_t n, int64_t global)
{
    const rk_api *rk = c->rk;
    static const char where[] = "spec.maxWorkers";
    int64_t sum = 0, mins = 0;
    for (size_t i = 0; i < n; i++) {
        sum += t[i].group ? t[i].max : 0;
        mins += t[i].group ? t[i].min : 0;
    }
    if (global >= sum)
        return;
    if (!c->how->clip) {
        lg_tell(c, 1, where,
                rk->fmt(c->ps,
                        "%lld workers at most in all groups together: there is no such limit any "
                        "more, the groups may reach %lld (--clip lowers them)",
                        (long long)global, (long long)sum));
        return;
    }
    clip(t, n, global);
    lg_tell(c, 1, where,
            mins > global
                ? "the groups' minima alone are more than it: their maxima are lowered to "
                  "the minima"
                : rk->fmt(c->ps,
                          "the groups' maxima are lowered from %lld to %lld together: a "
                          "group cannot take what another leaves",
                          (long long)sum, (long long)global));
}

struct lg_type *lg_types(struct lg *c, size_t *ret_n)
{
    const rk_api *rk = c->rk;
    const rk_json *list = rk->at(c->from, "/spec/podTypes");
    const char *head = rk->str(c->from, "/spec/headPodType", "");
    int64_t global = lg_count(c, rk->at(c->from, "/spec/maxWorkers"), "spec.maxWorkers", 2);
    struct lg_type *t = rk->alloc(c->ps, (rk->len(list, "") + 1) * sizeof(*t));
    size_t n = 0, heads = 0;
    for (RK_EACH(rk, it, list)) {
        struct lg_type *x = &t[n];
        x->is = it;
        x->where = rk->fmt(c->ps, "spec.podTypes[%zu]", n++);
        x->name = rk->str(it, "/name", "");
        x->head = rk_is(x->name, head);
        heads += x->head != 0;
        counts(c, x, x->head ? 0 : global);
        x->group = x->head && x->max == 0 ? NULL : group_name(c, x);
        if (x->head && x->group)
            lg_tell(c, 0, lg_dot(c, x->where, "maxWorkers"),
                    "the old operator could start workers of the head's type: they are a group of "
                    "their own");
    }
    if (heads == 0)
        lg_bad(c, "spec.headPodType",
               rk->fmt(c->ps, "'%.100s' is the name of none of the podTypes", head));
    twins(c, t, n);
    global_cap(c, t, n, global);
    *ret_n = n;
    return t;
}
