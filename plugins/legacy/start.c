/* Words behind `ray start`: parameters of ours. */
#include "convert.h"

#define WORDS_MOST 2000

/* What the operator says itself. */
static int its_own(const char *key)
{
    static const char *const own[] = {"head", "address", "block", "no-monitor",
                                      "autoscaling-config"};
    return rk_among(key, own, RK_COUNT(own));
}

/* Parameters are not quoted when they are rendered: what the shell would take apart keeps the quotes it had. */
static const char *value_of(const char *raw, const char *plain)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "._:/,@%+=-";
    return plain[strspn(plain, safe)] ? raw : plain;
}

static void option(struct lg *c, struct lg_start *s, const char *where, const char *key,
                   const char *value)
{
    const rk_api *rk = c->rk;
    char *name = rk->alloc(c->ps, strlen(key) + 1);
    for (size_t i = 0; key[i]; i++)
        name[i] = (char)(key[i] == '_' ? '-' : key[i]);
    if (!name[0] || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")]) {
        lg_bad(c, where, "has an option of `ray start` that cannot be read");
        return;
    }
    if (its_own(name) || (rk_is(name, "port") && rk_is(value, "6379")))
        return;
    if (rk_is(name, "redis-password") || rk_is(name, "redis-username"))
        lg_bad(c, where,
               "--redis-password and --redis-username: take them out of the line; a Secret and "
               "gcsFaultToleranceOptions are their place");
    else if (rk_is(name, "labels"))
        lg_tell(c, 1, where, "--labels is left out: labels belong into the group's labels");
    else
        rk->put(c->ps, s->params, name, rk->new_str(c->ps, value));
}

/* A redirection, or the end of what belongs to `ray start`; 0 = neither; 2 = the file comes as the next word. */
static size_t redirection(const char *raw)
{
    const char *p = raw + strspn(raw, "0123456789&");
    if (rk_is(raw, "&"))
        return 1;
    if (*p != '>' && *p != '<')
        return 0;
    p += strspn(p, "<>&");
    return *p ? 1 : 2;
}

void lg_start_options(struct lg *c, struct lg_start *s, const char *where, const struct lg_word *w,
                      size_t n)
{
    if (n > WORDS_MOST)
        lg_bad(c, where, "has more words behind `ray start` than make sense");
    for (size_t i = 0; i < n && !c->bad;) {
        size_t skip = redirection(w[i].raw);
        const char *eq = strchr(w[i].plain, '='), *raw_eq = strchr(w[i].raw, '=');
        if (skip) {
            i += skip;
        } else if (w[i].raw[0] != '|' && lg_breaks(w[i].raw)) {
            lg_bad(
                c, where,
                c->rk->fmt(c->ps,
                           "word %zu behind `ray start` has a redirection, a pipe or an & in it: "
                           "put a blank before that",
                           i + 1));
        } else if (w[i].raw[0] == '|') {
            lg_tell(c, 1, where, "what `ray start` is piped into is left out");
            return;
        } else if (rk_is(w[i].plain, "-v")) {
            option(c, s, where, "verbose", "true");
            i++;
        } else if (strncmp(w[i].raw, "--", 2) != 0) {
            lg_bad(c, where,
                   c->rk->fmt(c->ps,
                              "word %zu behind `ray start` is neither an option nor its value",
                              i + 1));
        } else if (eq && raw_eq) {
            option(c, s, where,
                   c->rk->fmt(c->ps, "%.*s", (int)(eq - w[i].plain - 2), w[i].plain + 2),
                   value_of(raw_eq + 1, eq + 1));
            i++;
        } else {
            int takes = i + 1 < n && w[i + 1].raw[0] != '-' && w[i + 1].raw[0] != '|' &&
                        !redirection(w[i + 1].raw);
            option(c, s, where, w[i].plain + 2,
                   takes ? value_of(w[i + 1].raw, w[i + 1].plain) : "true");
            i += takes ? 2 : 1;
        }
    }
}
