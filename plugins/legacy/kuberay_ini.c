/* The text of raykeeper.ini: sections in a fixed order, a comment above each value.
 *
 * The reader takes no ` ;` or ` #` inside a value, no control characters, no line over 8 KiB, and may cut a long line only
 * where no blanks and no comment signs stand in a row. JSON can say the same in other letters; a plain text cannot. */
#include <stdlib.h>

#include "kuberay.h"

#define LINE_MOST 8000 /* of the reader's 8192, with indent and key */
#define FOLD_AT   100

static int mark(char c)
{
    return c == ';' || c == '#';
}

/* Would the reader lose this byte, behind that one? */
static int lost(char before, char c)
{
    unsigned char b = (unsigned char)c;
    return b < 0x20 || b == 0x7f || (c == ' ' && before == ' ') ||
           (mark(c) && (before == ' ' || mark(before)));
}

int kr_plain(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > LINE_MOST || text[0] == ' ' || mark(text[0]) || text[n - 1] == ' ')
        return 0;
    for (size_t i = 0; i < n; i++)
        if (lost(i ? text[i - 1] : 'x', text[i]))
            return 0;
    return 1;
}

const char *kr_json(struct kr *k, const rk_json *v, int fold)
{
    const char *in = k->rk->print(k->ps, v);
    size_t n = strlen(in);
    char *out = k->rk->alloc(k->ps, n * 6 + 1), *w = out, *line = out;
    int inside = 0, escaped = 0;
    for (size_t i = 0; i < n; i++) {
        /* What is lost inside of a text has another spelling; outside there is none of it. */
        if (inside && lost(i ? in[i - 1] : 'x', in[i]) && !escaped) {
            static const char hex[] = "0123456789abcdef";
            memcpy(w, "\\u00", 4);
            w[4] = hex[(unsigned char)in[i] >> 4];
            w[5] = hex[in[i] & 15];
            w += 6;
            continue;
        }
        *w++ = in[i];
        inside ^= in[i] == '"' && !escaped;
        escaped = inside && in[i] == '\\' && !escaped;
        if (fold && !inside && in[i] == ',' && w - line > FOLD_AT) {
            *w++ = '\n';
            line = w;
        }
        if (w - line > LINE_MOST)
            return NULL;
    }
    return out;
}

static int lines_fit(const char *value)
{
    for (const char *at = value; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strcspn(at, "\n") > LINE_MOST)
            return 0;
    return 1;
}

void kr_put_list(struct kr *k, const char *section, const char *key, const char *lines,
                 const char *why)
{
    const char *all = "", *value = lines;
    for (const char *at = lines; *at && strlen(lines) < FOLD_AT;) {
        size_t n = strcspn(at, "\n");
        all = k->rk->fmt(k->ps, "%s%s%.*s", all, all[0] ? ", " : "", (int)n, at);
        at += n + (at[n] == '\n');
        value = all;
    }
    kr_put(k, section, key, value, why);
}

void kr_put(struct kr *k, const char *section, const char *key, const char *value, const char *why)
{
    const rk_api *rk = k->rk;
    value += value[0] == '\n';
    int single = strchr(value, '\n') == NULL;
    if (value[0] && (single ? !kr_plain(value) : !lines_fit(value))) {
        kr_lossy(k, why, "has a value that an INI file cannot hold; left out");
        return;
    }
    rk_json *entry = rk->new_object(k->ps), *all = NULL;
    rk->put(k->ps, entry, "value", rk->new_str(k->ps, value));
    rk->put(k->ps, entry, "why", rk->new_str(k->ps, why));
    const rk_json *have = rk->at(k->sections, rk_under(rk, k->ps, "", section));
    all = have ? rk->copy(k->ps, have) : rk->new_object(k->ps);
    rk->put(k->ps, all, key, entry);
    rk->put(k->ps, k->sections, section, all);
}

void kr_disable(struct kr *k, const char *plugin, const char *why)
{
    const rk_api *rk = k->rk;
    const char *names = "", *whys = "";
    rk->put(k->ps, k->disabled, plugin, rk->new_str(k->ps, why));
    for (RK_EACH_MEMBER(rk, d, k->disabled)) {
        names = rk->fmt(k->ps, "%s%s%s", names, names[0] ? ", " : "", rk->key(d));
        whys = rk->fmt(k->ps, "%s%s%s", whys, whys[0] ? ", " : "", rk->str(d, "", ""));
    }
    kr_put(k, "plugins", "disable", names, whys);
}

/* Growing text: pieces that are joined once. */
struct pieces {
    const char **p;
    size_t n, room;
};

static void add(struct kr *k, struct pieces *t, const char *text)
{
    if (t->n == t->room) {
        size_t room = t->room ? t->room * 2 : 64;
        const char **p = k->rk->alloc(k->ps, room * sizeof *p);
        if (t->n)
            memcpy(p, t->p, t->n * sizeof *p);
        t->p = p;
        t->room = room;
    }
    t->p[t->n++] = text;
}

static void add_value(struct kr *k, struct pieces *t, const rk_json *entry)
{
    const rk_api *rk = k->rk;
    const char *value = rk->str(entry, "/value", "");
    add(k, t, rk->fmt(k->ps, "; %s\n%s =", rk->str(entry, "/why", ""), rk->key(entry)));
    if (!strchr(value, '\n')) {
        add(k, t, rk->fmt(k->ps, "%s%s\n", value[0] ? " " : "", value));
        return;
    }
    add(k, t, "\n");
    for (const char *at = value; *at;) {
        size_t n = strcspn(at, "\n");
        if (n > 0)
            add(k, t, rk->fmt(k->ps, "    %.*s\n", (int)n, at));
        at += n + (at[n] == '\n');
    }
}

const char *kr_text(struct kr *k)
{
    static const char *const order[] = {
        "operator",       "leader-election", "api",           "health",         "metrics",
        "plugins",        "plugin:gcsft",    "plugin:head",   "plugin:ingress", "plugin:raystart",
        "plugin:service", "plugin:tls",      "plugin:worker", "plugin:site"};
    const rk_api *rk = k->rk;
    struct pieces t = {NULL, 0, 0};
    add(k, &t,
        "; From the settings of the KubeRay operator. What is not here keeps raykeeper's default.\n");
    for (size_t i = 0; i < RK_COUNT(order); i++) {
        const rk_json *section = rk->at(k->sections, rk_under(rk, k->ps, "", order[i]));
        if (!section)
            continue;
        add(k, &t, rk->fmt(k->ps, "\n[%s]\n", order[i]));
        for (RK_EACH_MEMBER(rk, e, section))
            add_value(k, &t, e);
    }
    return rk->join(k->ps, t.p, t.n);
}
