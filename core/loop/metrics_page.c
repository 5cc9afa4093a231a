/* The page: families one after the other, each with all its samples, as the format wants it. */
#include "core/loop/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/str.h"

/* What does not fit is marked in the buffer, for all of this file. */

static void family(struct rk_buf *b, const char *name, const char *type, const char *help)
{
    (void)rk_buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void plain(struct rk_buf *b, const char *name, const char *type, const char *help,
                  uint64_t value)
{
    family(b, name, type, help);
    (void)rk_buf_addf(b, "%s %" PRIu64 "\n", name, value);
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
    family(b, "controller_runtime_reconcile_total", "counter",
           "passes over objects with their writes, by how they ended");
    for (size_t k = 0; k < n; k++)
        for (size_t e = 0; e < RK_FLIGHT_ENDS; e++)
            (void)rk_buf_addf(b,
                              "controller_runtime_reconcile_total{controller=\"%s\",result=\"%s\"} "
                              "%" PRIu64 "\n",
                              t[k].controller, results[e], t[k].ends[e]);
    family(b, "controller_runtime_reconcile_errors_total", "counter",
           "passes that failed and are tried again later");
    for (size_t k = 0; k < n; k++)
        (void)rk_buf_addf(
            b, "controller_runtime_reconcile_errors_total{controller=\"%s\"} %" PRIu64 "\n",
            t[k].controller, t[k].ends[RK_FLIGHT_FAILED]);
    family(b, "controller_runtime_active_workers", "gauge", "objects in hand now");
    for (size_t k = 0; k < n; k++)
        (void)rk_buf_addf(b, "controller_runtime_active_workers{controller=\"%s\"} %" PRIu64 "\n",
                          t[k].controller, t[k].in_hand);
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
    family(b, "controller_runtime_reconcile_time_seconds", "histogram",
           "from an object taken up to all its writes answered");
    for (size_t k = 0; k < n; k++) {
        (void)snprintf(labels, sizeof(labels), "controller=\"%s\"", t[k].controller); /* fits */
        histogram(b, "controller_runtime_reconcile_time_seconds", labels, &t[k].took);
    }
    family(b, "workqueue_queue_duration_seconds", "histogram",
           "how long objects waited until they were taken up");
    for (size_t k = 0; k < n; k++) {
        (void)snprintf(labels, sizeof(labels), "controller=\"%s\",name=\"%s\"", t[k].controller,
                       t[k].controller); /* fits */
        histogram(b, "workqueue_queue_duration_seconds", labels, &t[k].waited);
    }
}

static void queue(const struct rk_worker *w, struct rk_buf *b)
{
    family(b, "workqueue_depth", "gauge", "objects that wait to be taken up");
    for (size_t k = 0; k < w->plugins->n_kinds; k++) {
        const char *controller = w->metrics->kinds[k].controller;
        char prefix[256];
        int n = snprintf(prefix, sizeof(prefix), "%s ", w->plugins->kinds[k].gvk);
        (void)n; /* a kind's name is far shorter */
        (void)rk_buf_addf(b, "workqueue_depth{controller=\"%s\",name=\"%s\"} %zu\n", controller,
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
    family(b, "rest_client_requests_total", "counter",
           "requests to the API server that ended, by status code");
    for (size_t i = 0; i < n; i++) {
        (void)rk_buf_addf(b, "rest_client_requests_total{method=\"%s\",host=\"", t[i].method);
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
    family(b, "process_cpu_seconds_total", "counter", "CPU time of the worker");
    if (getrusage(RUSAGE_SELF, &u) == 0) {
        (void)rk_buf_adds(b, "process_cpu_seconds_total ");
        seconds(b, (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
                       u.ru_stime.tv_usec);
    }
    plain(b, "process_resident_memory_bytes", "gauge", "resident memory of the worker", resident());
    family(b, "process_start_time_seconds", "gauge", "when the worker began, since 1970");
    (void)rk_buf_adds(b, "process_start_time_seconds ");
    seconds(b, w->metrics->started_us);
}

static void ours(const struct rk_worker *w, struct rk_buf *b)
{
    size_t quarantined = 0;
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);)
        quarantined += ((struct rk_owner *)value)->quarantined;
    family(b, "leader_election_master_status", "gauge", "1 while this operator leads");
    (void)rk_buf_adds(b, "leader_election_master_status{name=\"");
    rk_gauge_escape(b, w->o->le.lease_name);
    (void)rk_buf_addf(b, "\"} %d\n", w->leads);
    family(b, "raykeeper_build_info", "gauge", "1; its label is the version");
    (void)rk_buf_adds(b, "raykeeper_build_info{version=\"" RK_VERSION "\"} 1\n");
    plain(b, "raykeeper_objects", "gauge", "objects that this worker takes care of",
          w->owners.count);
    plain(b, "raykeeper_objects_quarantined", "gauge",
          "objects that get no passes, because plugins crashed or hung over them", quarantined);
    plain(b, "raykeeper_watches_stale", "gauge",
          "watches that have lost touch, or have not listed yet", rk_feeds_n_stale(w));
    plain(b, "raykeeper_deletions_held_total", "counter",
          "deletions of pods that the breaker held back, each time it was asked", w->breaker.held);
    plain(b, "raykeeper_cache_bytes", "gauge", "what the caches of objects hold",
          rk_view_bytes(w->view));
}

/* ---- what plugins tell ---- */

static bool told_before(const struct rk_plugins *ps, size_t plug, const char *name)
{
    for (size_t i = 0; i < plug; i++)
        for (uint32_t g = 0; g < ps->plugs[i].info.n_gauges; g++)
            if (strcmp(ps->plugs[i].gauges[g].name, name) == 0)
                return true;
    return false;
}

static void gauge(const struct rk_worker *w, struct rk_buf *b, const rk_gauge *g)
{
    const char *key;
    void *value;
    family(b, g->name, "gauge", g->help ? g->help : "");
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
    const struct rk_plugins *ps = w->plugins;
    passes(w, b);
    times(w, b);
    queue(w, b);
    requests(w, b);
    process(w, b);
    ours(w, b);
    for (size_t i = 0; i < ps->n; i++)
        for (uint32_t g = 0; g < ps->plugs[i].info.n_gauges; g++)
            if (!told_before(ps, i, ps->plugs[i].gauges[g].name))
                gauge(w, b, &ps->plugs[i].gauges[g]);
}
