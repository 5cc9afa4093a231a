/* What one setting of KubeRay is here, each a knob of the table in kuberay_knobs.c. */
#include <stdlib.h>

#include "kuberay.h"

#define NO_FILE \
    "raykeeper logs to standard error alone: no file is written, what collects logs reads them there"

void kr_log_format(struct kr *k, const char *where, const rk_json *v)
{
    const char *is = k->rk->str(v, "", "");
    if (rk_is(is, "json") || rk_is(is, "console"))
        kr_put(k, "operator", "log-format", rk_is(is, "json") ? "json" : "text", where);
    else
        kr_lossy(k, where, "is neither json nor console; left out");
}

void kr_log_file(struct kr *k, const char *where, const rk_json *v)
{
    if (k->rk->str(v, "", "")[0])
        kr_lossy(k, where, NO_FILE);
}

void kr_ignored(struct kr *k, const char *where, const rk_json *v)
{
    (void)k, (void)where, (void)v;
}

void kr_scheduler(struct kr *k, const char *where, const rk_json *v)
{
    if (kr_truth(k, v) == 1 || (kr_truth(k, v) < 0 && k->rk->str(v, "", "")[0]))
        kr_lossy(k, where,
                 "no batch scheduler is served by this version: pods are scheduled one by one");
}

/* Neither true nor false: told, for it may have been meant. */
static int truth(struct kr *k, const char *where, const rk_json *v)
{
    int is = kr_truth(k, v);
    if (is < 0)
        kr_lossy(k, where, "is neither true nor false; left out");
    return is;
}

/* The start is refused for a name of a host, and for a port that is none. */
static int is_address(const char *s)
{
    static const char digits[] = "0123456789";
    const char *port = strrchr(s, ':');
    size_t host = (size_t)(port - s), n = strlen(port + 1);
    int six = s[0] == '[' && host > 2 && port[-1] == ']';
    size_t good = six ? 2 + strspn(s + 1, "0123456789abcdefABCDEF:.") : strspn(s, "0123456789.");
    return host > 0 && good == host && n > 0 && n <= 5 && !port[1 + strspn(port + 1, digits)] &&
           strtol(port + 1, NULL, 10) <= 65535;
}

static void address(struct kr *k, const char *where, const rk_json *v, const char *section)
{
    const char *is = k->rk->str(v, "", ""), *port = strrchr(is, ':');
    if (port && strncmp(is, "localhost:", 10) == 0)
        is = k->rk->fmt(k->ps, "127.0.0.1%s", port);
    else if (port == is)
        is = k->rk->fmt(k->ps, "0.0.0.0%s", is);
    if (rk_is(is, "0"))
        kr_put(k, section, "address", "", where);
    else if (port && is_address(is))
        kr_put(k, section, "address", is, where);
    else
        kr_lossy(k, where, "is not IP:port; left out");
}

void kr_metrics_address(struct kr *k, const char *where, const rk_json *v)
{
    address(k, where, v, "metrics");
}

void kr_health_address(struct kr *k, const char *where, const rk_json *v)
{
    address(k, where, v, "health");
}

/* RFC 1123; the start is refused for another, and for one that stands there twice. */
static int is_namespace(const char *s, size_t n)
{
    int good = n >= 1 && n <= 63 && s[0] != '-' && s[n - 1] != '-';
    for (size_t i = 0; good && i < n; i++)
        good = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-';
    return good;
}

void kr_election(struct kr *k, const char *where, const rk_json *v)
{
    kr_bool(k, where, v, "leader-election", "enabled");
}

void kr_election_namespace(struct kr *k, const char *where, const rk_json *v)
{
    const char *ns = k->rk->str(v, "", "");
    if (ns[0] && !is_namespace(ns, strlen(ns)))
        kr_lossy(k, where, "cannot be the name of a namespace; left out");
    else if (ns[0])
        kr_put(k, "leader-election", "namespace", ns, where);
}

void kr_concurrency(struct kr *k, const char *where, const rk_json *v)
{
    const char *text = k->rk->number_text(v) ? k->rk->number_text(v) : k->rk->str(v, "", "");
    if (!rk_is(text, "1"))
        kr_tell(
            k, where,
            "has no place and needs none: one thread serves all clusters, many requests are under way at once");
}

static const char *with_namespaces(struct kr *k, const char *where, const char *all,
                                   const char *text)
{
    while (*text) {
        size_t n = strcspn(text, ",");
        const char *at = text, *one;
        text += n + (text[n] == ',');
        for (; n > 0 && *at == ' '; n--)
            at++;
        while (n > 0 && at[n - 1] == ' ')
            n--;
        one = k->rk->fmt(k->ps, "%.*s", (int)n, at);
        if (n > 0 && !is_namespace(at, n))
            kr_lossy(k, where,
                     k->rk->fmt(k->ps, "'%.80s' cannot be the name of a namespace; left out", one));
        else if (n > 0 && !rk_listed(all, one))
            all = k->rk->fmt(k->ps, "%s%s%s", all, all[0] ? "\n" : "", one);
    }
    return all;
}

void kr_watch(struct kr *k, const char *where, const rk_json *v)
{
    const char *all = with_namespaces(k, where, "", k->rk->str(v, "", ""));
    for (RK_EACH(k->rk, ns, v)) {
        if (k->rk->type(ns) != RK_JSON_STRING)
            kr_lossy(k, where, "has an entry that is no text; left out");
        all = with_namespaces(k, where, all, k->rk->str(ns, "", ""));
    }
    if (all[0]) {
        kr_put_list(k, "operator", "watch", all, where);
        kr_tell(k, where, "rights for single namespaces are in config/rbac/namespaced");
    }
}

void kr_single(struct kr *k, const char *where, const rk_json *v)
{
    if (truth(k, where, v) == 1)
        kr_lossy(k, where,
                 "the namespace of the release is not in the values: write it as [operator] watch");
}

void kr_other_kinds(struct kr *k, const char *where, const rk_json *v)
{
    if (truth(k, where, v) == 1)
        k->rk->put(k->ps, k->kinds, where, k->rk->new_bool(k->ps, 1));
}

void kr_metrics(struct kr *k, const char *where, const rk_json *v)
{
    if (truth(k, where, v) == 0)
        kr_tell(
            k, where,
            "is off: KubeRay then serves the page without its own families, raykeeper always serves all of them; an empty [metrics] address closes the page");
}

static void pace(struct kr *k, const char *where, const rk_json *v, const char *key)
{
    const char *text = k->rk->number_text(v) ? k->rk->number_text(v) : k->rk->str(v, "", "");
    int64_t n = 0; /* a fraction is rounded up, as 0 would be no ceiling at all */
    if (!text[0] || text[strspn(text, "+-.0123456789eE")] || k->rk->qty_value(text, &n) != RK_OK ||
        n > 100000) {
        kr_lossy(k, where, "is not a number up to 100000; left out");
        return;
    }
    kr_put(k, "api", key, k->rk->fmt(k->ps, "%lld", (long long)(n > 0 ? n : 0)), where);
    if (n <= 0)
        kr_tell(k, where, "0 is no ceiling of our own: the API server's limits decide");
}

void kr_qps(struct kr *k, const char *where, const rk_json *v)
{
    pace(k, where, v, "qps");
}

void kr_burst(struct kr *k, const char *where, const rk_json *v)
{
    pace(k, where, v, "burst");
}
