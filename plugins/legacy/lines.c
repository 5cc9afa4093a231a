/* Start lines of the old operator, which it executed in idle containers: what `ray start` is given, and what runs before it. */
#include "convert.h"

/* The word behind which options of `ray start` stand: 0 = this is no such line. */
static size_t options_at(const struct lg_word *w, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (rk_is(lg_base(w[i].plain), "ray") && rk_is(w[i + 1].plain, "start"))
            return i + 2;
    }
    return 0;
}

/* Words in front of `ray start`: variables become exports; a program that would run it cannot. */
static const char *in_front(struct lg *c, const char *where, const struct lg_word *w, size_t n)
{
    struct lg_text exports = {NULL, 0, 0};
    for (size_t i = 0; i + 2 < n; i++) {
        const char *eq = strchr(w[i].raw, '=');
        size_t name =
            strspn(w[i].raw, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (eq && name && w[i].raw + name == eq) {
            lg_add(c, &exports, exports.n ? " " : "export ");
            lg_add(c, &exports, w[i].raw);
        } else if (rk_is(w[i].plain, "exec") || rk_is(w[i].plain, "nohup"))
            continue;
        else
            lg_bad(c, where,
                   "more than variables stands in front of `ray start`: it cannot be read");
    }
    return lg_text(&exports);
}

/* ulimit -n, which the operator says too. */
static int open_files(struct lg *c, struct lg_start *s, const char *text)
{
    size_t n;
    const struct lg_word *w = lg_words(c, text, &n);
    if (n < 3 || !rk_is(w[0].plain, "ulimit") ||
        !(rk_is(w[1].plain, "-n") || rk_is(w[1].plain, "-Sn")))
        return n > 0 && rk_is(w[0].plain, "ulimit") && n == 1;
    if (w[2].plain[0] && !w[2].plain[strspn(w[2].plain, "0123456789")] &&
        !rk_is(w[2].plain, "65536"))
        s->open_files = w[2].plain;
    return 1;
}

static void and_then(struct lg *c, struct lg_text *text, const char *sep, const char *more)
{
    lg_add(c, text, text->n ? lg_between(sep) : "");
    lg_add(c, text, more);
}

/* One command. Returns how many `ray start` it has. */
static int line(struct lg *c, struct lg_start *s, const char *text, const char *where, int started)
{
    size_t n, k;
    struct lg_text before = {NULL, 0, 0};
    const char *sep = "", *secret = lg_secret(c, text);
    const struct lg_part *parts = lg_split(c, text, where, &n);
    int starts = 0;
    if (secret)
        lg_bad(c, where,
               c->rk->fmt(c->ps, "%s: a secret in plain words is not copied; put it into a Secret",
                          secret));
    for (size_t i = 0; parts && !secret && i < n; i++) {
        const char *part = parts[i].text;
        const struct lg_word *w = lg_words(c, part, &k);
        size_t at = options_at(w, k);
        if (at) {
            const char *exports = in_front(c, where, w, at);
            if (exports[0])
                and_then(c, &before, sep, exports);
            lg_start_options(c, s, where, w + at, k - at);
            starts++;
        } else if ((k > 1 && rk_is(w[0].plain, "ray") && rk_is(w[1].plain, "stop")) ||
                   open_files(c, s, part)) {
            continue;
        } else if (started + starts > 0) {
            lg_tell(c, 1, where,
                    "what runs after `ray start` is left out: Ray is the container's last word");
        } else {
            and_then(c, &before, sep, part);
        }
        sep = parts[i].sep;
    }
    if (before.n)
        c->rk->push(c->ps, s->before, c->rk->new_str(c->ps, lg_literal(c, lg_text(&before))));
    return starts;
}

static int names_head(const rk_api *rk, const rk_json *texts)
{
    int used = 0;
    for (RK_EACH(rk, t, texts))
        used |= strstr(rk->str(t, "", ""), "RAY_HEAD_IP") != NULL;
    return used;
}

rk_json *lg_head_address(struct lg *c, const struct lg_type *t, const struct lg_start *s,
                         rk_json *before)
{
    const rk_api *rk = c->rk;
    int start = names_head(rk, s->before) || names_head(rk, s->params);
    if (!start && !names_head(rk, before))
        return before;
    rk_json *all = rk->new_array(c->ps);
    rk->push(c->ps, all, rk->new_str(c->ps, "export RAY_HEAD_IP=$FQ_RAY_IP"));
    for (RK_EACH(rk, b, before))
        rk->push(c->ps, all, rk->copy(c->ps, b));
    lg_tell(c, 0, start ? s->where : t->where,
            "RAY_HEAD_IP is the name of the head's Service now, not an address");
    return all;
}

struct lg_start lg_start_lines(struct lg *c, const char *key, int head)
{
    const rk_api *rk = c->rk;
    const rk_json *list = rk->at(c->from, rk->fmt(c->ps, "/spec/%s", key));
    struct lg_start s = {.where = rk->fmt(c->ps, "spec.%s", key),
                         .params = rk->new_object(c->ps),
                         .before = rk->new_array(c->ps)};
    int starts = 0;
    size_t i = 0;
    for (RK_EACH(rk, it, list)) {
        const char *at = rk->fmt(c->ps, "%s[%zu]", s.where, i++);
        starts += line(c, &s, lg_unfolded(c, rk->str(it, "", "")), at, starts);
    }
    if (i > 0 && starts != 1 && !c->bad)
        lg_bad(c, s.where,
               starts ? "has more than one `ray start`" : "has no line with `ray start`");
    if (i == 0 && head)
        rk->put(c->ps, s.params, "dashboard-host", rk->new_str(c->ps, "0.0.0.0"));
    if (rk->len(s.before, ""))
        lg_tell(c, 0, s.where, "what stands before `ray start` runs before it in the container");
    return s;
}

void lg_setup(struct lg *c, const struct lg_type *t, rk_json *before)
{
    static const char *const keys[] = {"workerSetupCommands", "setupCommands"};
    const rk_api *rk = c->rk;
    for (size_t k = 0; k < RK_COUNT(keys); k++) {
        const rk_json *list = rk->at(t->is, rk->fmt(c->ps, "/%s", keys[k]));
        const char *where = lg_dot(c, t->where, keys[k]);
        size_t i = 0;
        if (rk->len(list, "") == 0)
            continue;
        if (k == 1 && rk->len(t->is, "/workerSetupCommands")) {
            lg_tell(c, 1, where, "workerSetupCommands stands beside it and won: left out");
            continue;
        }
        if (!t->group) {
            lg_tell(c, 1, where, "ran on workers only, and this is the head's type: left out");
            continue;
        }
        for (RK_EACH(rk, it, list)) {
            const char *text = rk->str(it, "", ""), *at = rk->fmt(c->ps, "%s[%zu]", where, i++),
                       *secret = lg_secret(c, text);
            size_t n;
            if (secret)
                lg_bad(c, at, rk->fmt(c->ps, "%s: a secret in plain words is not copied", secret));
            else if (lg_split(c, text, at, &n) && n)
                rk->push(c->ps, before, rk->new_str(c->ps, lg_literal(c, text)));
        }
        lg_tell(c, 0, where, "runs in the container before `ray start`, each time it starts");
    }
}
