/* The page: families one after the other, each with all its samples, as the format wants it. */
#include "core/loop/metrics.h"
#include "core/loop/skew.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/str.h"

/* What does not fit is marked in the buffer, for all of this file. */

/* Its name. */
static const char *family(struct rk_buf *b, enum rk_metric which)
{
    const struct rk_metric_def *d = &rk_metric_defs[which];
    (void)rk_buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", d->name, d->help, d->name, d->type);
    return d->name;
}

static void plain(struct rk_buf *b, enum rk_metric which, uint64_t value)
{
    (void)rk_buf_addf(b, "%s %" PRIu64 "\n", family(b, which), value);
}

static void seconds(struct rk_buf *b, int64_t us)
{
    (void)rk_buf_addf(b, "%" PRId64 ".%06" PRId64 "\n", us / 1000000, us % 1000000);
}

/* ---- what controller-runtime's operators tell ---- */

static const char *const results[RK_FLIGHT_ENDS] = {[RK_FLIGHT_SETTLED] = "success",
                                                    [RK_FLIGHT_MORE] = "requeue",
                                                    [RK_FLIGHT_RACED] = "requeue_after",
                                                    [RK_FLIGHT_FAILED] = "error"};

static void passes(const struct rk_worker *w, struct rk_buf *b)
{
    size_t n = w->plugins->n_kinds;
    const struct rk_tally *t = w->metrics->kinds;
    const char *name = family(b, RK_METRIC_PASSES);
    for (size_t k = 0; k < n; k++)
        for (size_t e = 0; e < RK_FLIGHT_ENDS; e++)
            (void)rk_buf_addf(b, "%s{controller=\"%s\",result=\"%s\"} %" PRIu64 "\n", name,
                              t[k].controller, results[e], t[k].ends[e]);
    name = family(b, RK_METRIC_PASS_ERRORS);
    for (size_t k = 0; k < n; k++)
        (void)rk_buf_addf(b, "%s{controller=\"%s\"} %" PRIu64 "\n", name, t[k].controller,
                          t[k].ends[RK_FLIGHT_FAILED]);
    name = family(b, RK_METRIC_IN_HAND);
    for (size_t k = 0; k < n; k++)
        (void)rk_buf_addf(b, "%s{controller=\"%s\"} %" PRIu64 "\n", name, t[k].controller,
                          t[k].in_hand);
}

static void histogram(struct rk_buf *b, const char *name, const char *labels,
                      const struct rk_histogram *h)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < RK_METRICS_BOUNDS; i++) {
        sum += h->n[i];
        (void)rk_buf_addf(b, "%s_bucket{%s,le=\"%g\"} %" PRIu64 "\n", name, labels,
                          (double)rk_metrics_bounds_us[i] / 1e6, sum);
    }
    sum += h->n[RK_METRICS_BOUNDS];
    (void)rk_buf_addf(b, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n%s_sum{%s} ", name, labels, sum,
                      name, labels);
    seconds(b, h->sum_us);
    (void)rk_buf_addf(b, "%s_count{%s} %" PRIu64 "\n", name, labels, sum);
}

static void times(const struct rk_worker *w, struct rk_buf *b)
{
    size_t n = w->plugins->n_kinds;
    const struct rk_tally *t = w->metrics->kinds;
    char labels[2 * sizeof(t->controller) + 32];
    const char *name = family(b, RK_METRIC_PASS_TIME);
    for (size_t k = 0; k < n; k++) {
        (void)snprintf(labels, sizeof(labels), "controller=\"%s\"", t[k].controller); /* fits */
        histogram(b, name, labels, &t[k].took);
    }
    name = family(b, RK_METRIC_WAITED);
    for (size_t k = 0; k < n; k++) {
        (void)snprintf(labels, sizeof(labels), "controller=\"%s\",name=\"%s\"", t[k].controller,
                       t[k].controller); /* fits */
        histogram(b, name, labels, &t[k].waited);
    }
}

static void queue(const struct rk_worker *w, struct rk_buf *b)
{
    const char *name = family(b, RK_METRIC_DEPTH);
    for (size_t k = 0; k < w->plugins->n_kinds; k++) {
        const char *controller = w->metrics->kinds[k].controller;
        char prefix[256];
        int n = snprintf(prefix, sizeof(prefix), "%s ", w->plugins->kinds[k].gvk);
        (void)n; /* a kind's name is far shorter */
        (void)rk_buf_addf(b, "%s{controller=\"%s\",name=\"%s\"} %zu\n", name, controller,
                          controller, rk_queue_depth_of(w->queue, prefix));
    }
}

/* Without scheme and path, and without what may be a password. */
static void host_of(const char *server, char *out, size_t size)
{
    const char *from = strstr(server, "://");
    from = from ? from + 3 : server;
    rk_str_cut(out, size, from);
    out[strcspn(out, "/")] = '\0';
    const char *at = strrchr(out, '@');
    if (at)
        memmove(out, at + 1, strlen(at));
}

static void requests(const struct rk_worker *w, struct rk_buf *b)
{
    const struct rk_client_tally *t;
    size_t n = rk_client_tallies(w->client, &t);
    char host[256];
    host_of(w->creds->server, host, sizeof(host));
    const char *name = family(b, RK_METRIC_REQUESTS);
    for (size_t i = 0; i < n; i++) {
        (void)rk_buf_addf(b, "%s{method=\"%s\",host=\"", name, t[i].method);
        rk_gauge_escape(b, host);
        (void)rk_buf_addf(b, "\",code=\"");
        if (t[i].http)
            (void)rk_buf_addf(b, "%d", t[i].http);
        else
            (void)rk_buf_adds(b, "<error>"); /* client-go's word */
        (void)rk_buf_addf(b, "\"} %" PRIu64 "\n", t[i].n);
    }
}

/* ---- of the process, and ours ---- */

static uint64_t resident(void)
{
    char text[128] = "";
    int64_t pages = 0;
    struct rk_span rest, size, word;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    bool read = fgets(text, sizeof(text), f) != NULL;
    fclose(f);
    rest = rk_span_of(text);
    if (!read || !rk_span_next(&rest, ' ', &size) || !rk_span_next(&rest, ' ', &word) ||
        rk_str_int(word, 0, INT64_MAX / 65536, &pages) != 0)
        return 0;
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void process(const struct rk_worker *w, struct rk_buf *b)
{
    struct rusage u;
    const char *name = family(b, RK_METRIC_CPU);
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        (void)rk_buf_addf(b, "%s ", name);
        seconds(b, (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
                       u.ru_stime.tv_usec);
    }
    plain(b, RK_METRIC_MEMORY, resident());
    (void)rk_buf_addf(b, "%s ", family(b, RK_METRIC_START));
    seconds(b, w->metrics->started_us);
}

static void ours(const struct rk_worker *w, struct rk_buf *b)
{
    size_t quarantined = 0, dirty = 0;
    int64_t now = rk_clock_ms(), oldest = now;
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);) {
        const struct rk_owner *o = value;
        quarantined += o->quarantined;
        dirty += o->dirty_ms != 0;
        if (o->dirty_ms && o->dirty_ms < oldest)
            oldest = o->dirty_ms;
    }
    (void)rk_buf_addf(b, "%s{name=\"", family(b, RK_METRIC_LEADS));
    rk_gauge_escape(b, w->o->le.lease_name);
    (void)rk_buf_addf(b, "\"} %d\n", w->leads);
    (void)rk_buf_addf(b, "%s{version=\"" RK_VERSION "\"} 1\n", family(b, RK_METRIC_BUILD));
    plain(b, RK_METRIC_OBJECTS, w->owners.count);
    plain(b, RK_METRIC_QUARANTINED, quarantined);
    plain(b, RK_METRIC_DIRTY, dirty);
    (void)rk_buf_addf(b, "%s ", family(b, RK_METRIC_OLDEST_DIRTY));
    seconds(b, (now - oldest) * 1000);
    plain(b, RK_METRIC_STALE, rk_feeds_n_stale(w));
    plain(b, RK_METRIC_HELD, w->breaker.held);
    plain(b, RK_METRIC_CACHE, rk_view_bytes(w->view));
}

static void crds(const struct rk_worker *w, struct rk_buf *b)
{
    const char *name = family(b, RK_METRIC_CRD_FIELDS);
    for (size_t k = 0; k < w->plugins->n_kinds; k++) {
        size_t n;
        if (rk_skew_count(w->skew, k, &n))
            (void)rk_buf_addf(b, "%s{kind=\"%s\"} %zu\n", name, w->plugins->kinds[k].gvk, n);
    }
}

/* ---- what plugins tell ---- */

static void hooks(const struct rk_worker *w, struct rk_buf *b)
{
    static const char *const ends[RK_HOOK_ENDS] = {[RK_HOOK_OK] = "ok",
                                                   [RK_HOOK_WAIT] = "wait",
                                                   [RK_HOOK_DONE] = "done",
                                                   [RK_HOOK_FAILED] = "failed"};
    size_t n = w->plugins->n * RK_METRICS_PHASES;
    const struct rk_hook_tally *t = w->metrics->hooks;
    const char *name = family(b, RK_METRIC_HOOK_CALLS);
    for (size_t i = 0; i < n; i++)
        for (size_t e = 0; t[i].any && e < RK_HOOK_ENDS; e++)
            (void)rk_buf_addf(b, "%s{plugin=\"%s\",phase=\"%s\",result=\"%s\"} %" PRIu64 "\n", name,
                              w->plugins->plugs[i / RK_METRICS_PHASES].name,
                              rk_phase_name((int)(i % RK_METRICS_PHASES)), ends[e], t[i].ends[e]);
    name = family(b, RK_METRIC_HOOK_TIME);
    for (size_t i = 0; i < n; i++)
        if (t[i].any) {
            (void)rk_buf_addf(b, "%s{plugin=\"%s\",phase=\"%s\"} ", name,
                              w->plugins->plugs[i / RK_METRICS_PHASES].name,
                              rk_phase_name((int)(i % RK_METRICS_PHASES)));
            seconds(b, t[i].us);
        }
}

static void gauge(const struct rk_worker *w, struct rk_buf *b, const rk_gauge *g)
{
    const char *key;
    void *value;
    (void)rk_buf_addf(b, "# HELP %s %s\n# TYPE %s gauge\n", g->name, g->help ? g->help : "",
                      g->name);
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);) {
        const struct rk_samples *s = ((struct rk_owner *)value)->samples;
        for (size_t k = 0; s && k < s->n; k++)
            if (strcmp(s->at[k].name, g->name) == 0)
                (void)rk_buf_addf(b, s->at[k].labels[0] ? "%s{%s} %s\n" : "%s%s %s\n", g->name,
                                  s->at[k].labels, s->at[k].value);
    }
}

void rk_metrics_page(const struct rk_worker *w, struct rk_buf *b)
{
    const rk_gauge *g;
    size_t plug = 0;
    uint32_t at = 0;
    passes(w, b);
    times(w, b);
    queue(w, b);
    requests(w, b);
    hooks(w, b);
    process(w, b);
    ours(w, b);
    crds(w, b);
    while ((g = rk_metrics_gauge(w->plugins, &plug, &at)))
        gauge(w, b, g);
}
