/* What one setting of KubeRay is here, each a knob of the table in knobs.c. */
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

static void address(struct kr *k, const char *where, const rk_json *v, const char *section)
{
    const char *is = k->rk->str(v, "", ""), *port = strrchr(is, ':');
    if (port && strncmp(is, "localhost:", 10) == 0)
        is = k->rk->fmt(k->ps, "127.0.0.1%s", port);
    else if (port == is)
        is = k->rk->fmt(k->ps, "0.0.0.0%s", is);
    if (port || rk_is(is, "0"))
        kr_put(k, section, "address", port ? is : "", where);
    else
        kr_lossy(k, where, "is not host:port; left out");
}

void kr_metrics_address(struct kr *k, const char *where, const rk_json *v)
{
    address(k, where, v, "metrics");
}

void kr_health_address(struct kr *k, const char *where, const rk_json *v)
{
    address(k, where, v, "health");
}

void kr_election(struct kr *k, const char *where, const rk_json *v)
{
    kr_bool(k, where, v, "leader-election", "enabled");
}

void kr_election_namespace(struct kr *k, const char *where, const rk_json *v)
{
    if (k->rk->str(v, "", "")[0])
        kr_put(k, "leader-election", "namespace", k->rk->str(v, "", ""), where);
}

void kr_concurrency(struct kr *k, const char *where, const rk_json *v)
{
    if (k->rk->num(v, "", 1) != 1)
        kr_tell(
            k, where,
            "has no place and needs none: one thread serves all clusters, many requests are under way at once");
}

/* RFC 1123; the start is refused for another, and for one that stands there twice. */
static int is_namespace(const char *s, size_t n)
{
    int good = n >= 1 && n <= 63 && s[0] != '-' && s[n - 1] != '-';
    for (size_t i = 0; good && i < n; i++)
        good = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-';
    return good;
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
    for (RK_EACH(k->rk, ns, v))
        all = with_namespaces(k, where, all, k->rk->str(ns, "", ""));
    if (all[0]) {
        kr_put_list(k, "operator", "watch", all, where);
        kr_tell(k, where, "rights for single namespaces are in config/rbac/namespaced");
    }
}

void kr_single(struct kr *k, const char *where, const rk_json *v)
{
    if (kr_truth(k, v) == 1)
        kr_lossy(k, where,
                 "the namespace of the release is not in the values: write it as [operator] watch");
}

void kr_other_kinds(struct kr *k, const char *where, const rk_json *v)
{
    if (kr_truth(k, v) == 1)
        k->rk->put(k->ps, k->kinds, where, k->rk->new_bool(k->ps, 1));
}

void kr_metrics(struct kr *k, const char *where, const rk_json *v)
{
    if (kr_truth(k, v) == 0)
        kr_tell(
            k, where,
            "is off: KubeRay then serves the page without its own families, raykeeper always serves all of them; an empty [metrics] address closes the page");
}

static void pace(struct kr *k, const char *where, const rk_json *v, const char *key)
{
    const char *text = k->rk->number_text(v) ? k->rk->number_text(v) : k->rk->str(v, "", "");
    char *end;
    double is = strtod(text, &end);
    if (end == text || *end || !(is <= 100000)) {
        kr_lossy(k, where, "is not a number up to 100000; left out");
        return;
    }
    long long whole = is > 0 ? (long long)is : 0;
    kr_put(k, "api", key, k->rk->fmt(k->ps, "%lld", whole + (whole < is)), where);
    if (is <= 0)
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
