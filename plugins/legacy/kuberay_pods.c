/* What KubeRay's configuration puts into each pod, as options of the plugin site, which does the same: what the user has
 * wins. The site's own checks are kept here, since a file that stops the start is worth nothing. */
#include "kuberay.h"

#define SITE    "plugin:site"
#define DEEPEST 32 /* lists and maps inside each other, as site reads them */
#define MOST    "has a text of over 8000 bytes, which no line of an INI file holds; left out"

static int alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters and digits at both ends, `inner` between them as well. */
static int made_of(const char *s, size_t n, const char *inner, size_t most)
{
    int good = n > 0 && n <= most && alnum(s[0]) && alnum(s[n - 1]);
    for (size_t i = 0; good && i < n; i++)
        good = alnum(s[i]) || strchr(inner, s[i]);
    return good;
}

static int is_label_key(const char *key)
{
    size_t n = strcspn(key, "/");
    if (!key[n])
        return made_of(key, n, "-_.", 63);
    for (size_t i = 0; i < n; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            return 0;
    return made_of(key, n, "-.", 253) && made_of(key + n + 1, strlen(key + n + 1), "-_.", 63);
}

static int is_ours(const char *key)
{
    static const char *const ours[] = RAY_OWN_KEYS;
    return rk_among(key, ours, RK_COUNT(ours));
}

static void pairs(struct kr *k, const char *where, const rk_json *v, const char *option, int labels)
{
    const rk_api *rk = k->rk;
    const char *all = "";
    for (RK_EACH_MEMBER(rk, m, v)) {
        const char *key = rk->key(m), *text = rk->str(m, "", NULL),
                   *at = rk->fmt(k->ps, "%s.%s", where, key);
        if (!text)
            kr_lossy(k, at, "is no text; left out");
        else if (is_ours(key))
            kr_lossy(k, at, "is the operator's own; left out");
        else if (!is_label_key(key) ||
                 (labels && text[0] && !made_of(text, strlen(text), "-_.", 63)))
            kr_lossy(k, at,
                     labels ? "is not a label; left out"
                            : "is not the key of an annotation; left out");
        else if (text[0] && !kr_plain(text))
            kr_lossy(k, at, "has a value that an INI file cannot hold; left out");
        else
            all = rk->fmt(k->ps, "%s\n%s=%s", all, key, text);
    }
    if (all[0])
        (labels ? kr_put_list : kr_put)(k, SITE, option, all + 1, where);
}

void kr_pod_labels(struct kr *k, const char *where, const rk_json *v)
{
    pairs(k, where, v, "labels", 1);
}

void kr_pod_annotations(struct kr *k, const char *where, const rk_json *v)
{
    pairs(k, where, v, "annotations", 0);
}

/* NAME=value where a line can hold it, else the entry as JSON. NULL: neither can. */
static const char *env_line(struct kr *k, const rk_json *e)
{
    const rk_api *rk = k->rk;
    const char *name = rk->str(e, "/name", ""), *value = rk->str(e, "/value", "");
    int named = alnum(name[0]) || name[0] == '_';
    for (const char *p = name; named && *p; p++)
        named = alnum(*p) || strchr("-_.", *p);
    if (named && !(name[0] >= '0' && name[0] <= '9') && rk->len(e, "") == 2 &&
        rk->at(e, "/value") && (!value[0] || kr_plain(value)))
        return rk->fmt(k->ps, "%s=%s", name, value);
    return kr_json(k, e, 0);
}

static int too_deep(const rk_api *rk, const rk_json *v, int depth)
{
    if (depth > DEEPEST)
        return 1;
    for (RK_EACH(rk, m, v))
        if (rk->type(m) >= RK_JSON_ARRAY && too_deep(rk, m, depth + 1))
            return 1;
    return 0;
}

void kr_pod_env(struct kr *k, const char *where, const rk_json *v)
{
    const rk_api *rk = k->rk;
    const char *all = "";
    size_t i = 0;
    for (RK_EACH(rk, e, v)) {
        const char *at = rk->fmt(k->ps, "%s[%zu]", where, i++), *line;
        if (!rk->str(e, "/name", "")[0] || too_deep(rk, e, 1))
            kr_lossy(k, at, "has no name, or is no entry; left out");
        else if (!(line = env_line(k, e)))
            kr_lossy(k, at, MOST);
        else
            all = rk->fmt(k->ps, "%s\n%s", all, line);
    }
    if (all[0])
        kr_put(k, SITE, "env", all, where);
}

static void sidecars(struct kr *k, const char *where, const rk_json *v, const char *option)
{
    const rk_api *rk = k->rk;
    rk_json *list = rk->new_array(k->ps);
    size_t i = 0;
    for (RK_EACH(rk, c, v)) {
        const char *at = rk->fmt(k->ps, "%s[%zu]", where, i++);
        if (!rk->str(c, "/name", "")[0] || too_deep(rk, c, 2))
            kr_lossy(k, at, "has no name, or is no container; left out");
        else if (!kr_json(k, c, 1))
            kr_lossy(k, at, MOST);
        else
            rk->push(k->ps, list, rk->copy(k->ps, c));
    }
    if (rk->len(list, "") > 0)
        kr_put(k, SITE, option, kr_json(k, list, 1), where);
}

void kr_head_sidecars(struct kr *k, const char *where, const rk_json *v)
{
    sidecars(k, where, v, "head-sidecars");
}

void kr_worker_sidecars(struct kr *k, const char *where, const rk_json *v)
{
    sidecars(k, where, v, "worker-sidecars");
}
