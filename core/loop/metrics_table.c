/* Every family of the page: what the page says of it is what docs/metrics.md says. Plugins' gauges come behind. */
#include "core/loop/metrics.h"

#include <string.h>

const struct rk_metric_def rk_metric_defs[RK_METRICS] = {
    [RK_METRIC_PASSES] =
        {"controller_runtime_reconcile_total", "counter", "controller, result", RK_METRIC_OF_WORK,
         "passes over objects with their writes, by how they ended: success (also a look at an object "
         "in quarantine, which gets no pass), requeue (more is to be done at once), requeue_after (a "
         "race was lost, deletions are held, or it is not its turn), error"},
    [RK_METRIC_PASS_ERRORS] = {"controller_runtime_reconcile_errors_total", "counter", "controller",
                               RK_METRIC_OF_WORK, "passes that failed and are tried again later"},
    [RK_METRIC_PASS_TIME] = {"controller_runtime_reconcile_time_seconds", "histogram", "controller",
                             RK_METRIC_OF_WORK,
                             "from an object taken up to all its writes answered"},
    [RK_METRIC_IN_HAND] = {"controller_runtime_active_workers", "gauge", "controller",
                           RK_METRIC_OF_WORK, "objects in hand now, at most 256"},
    [RK_METRIC_DEPTH] =
        {"workqueue_depth", "gauge", "controller, name", RK_METRIC_OF_WORK,
         "objects that wait to be taken up; those that back off are not among them"},
    [RK_METRIC_WAITED] = {"workqueue_queue_duration_seconds", "histogram", "controller, name",
                          RK_METRIC_OF_WORK, "how long objects waited until they were taken up"},
    [RK_METRIC_REQUESTS] = {"rest_client_requests_total", "counter", "method, host, code",
                            RK_METRIC_OF_WORK,
                            "requests of the worker to the API server that ended, by status code; "
                            "code <error>: no answer"},
    [RK_METRIC_LEADS] = {"leader_election_master_status", "gauge", "name", RK_METRIC_OF_WORK,
                         "1 while this operator leads"},
    [RK_METRIC_HOOK_CALLS] =
        {"raykeeper_hook_calls_total", "counter", "plugin, phase, result", RK_METRIC_OF_PLUGINS,
         "calls of plugins' hooks: ok, wait (not yet), done (nothing is to be done with the object), "
         "failed (the object is told why)"},
    [RK_METRIC_HOOK_TIME] = {"raykeeper_hook_seconds_total", "counter", "plugin, phase",
                             RK_METRIC_OF_PLUGINS,
                             "time spent in them; hooks do no IO, so it is nearly all CPU time"},
    [RK_METRIC_CPU] = {"process_cpu_seconds_total", "counter", "", RK_METRIC_OF_PROCESS,
                       "CPU time of the worker"},
    [RK_METRIC_MEMORY] = {"process_resident_memory_bytes", "gauge", "", RK_METRIC_OF_PROCESS,
                          "resident memory of the worker"},
    [RK_METRIC_START] = {"process_start_time_seconds", "gauge", "", RK_METRIC_OF_PROCESS,
                         "when the worker began, since 1970"},
    [RK_METRIC_BUILD] = {"raykeeper_build_info", "gauge", "version", RK_METRIC_OF_PROCESS,
                         "1; its label is the version"},
    [RK_METRIC_OBJECTS] = {"raykeeper_objects", "gauge", "", RK_METRIC_OF_PROCESS,
                           "objects that this worker takes care of"},
    [RK_METRIC_QUARANTINED] = {"raykeeper_objects_quarantined", "gauge", "", RK_METRIC_OF_PROCESS,
                               "objects that get no passes, because plugins crashed or hung over "
                               "them"},
    [RK_METRIC_DIRTY] =
        {"raykeeper_objects_dirty", "gauge", "", RK_METRIC_OF_PROCESS,
         "objects of which something is known that is not carried out yet: they wait, "
         "are in hand, or back off"},
    [RK_METRIC_OLDEST_DIRTY] = {"raykeeper_oldest_dirty_seconds", "gauge", "", RK_METRIC_OF_PROCESS,
                                "for how long the oldest of them has been so; 0 without one"},
    [RK_METRIC_STALE] = {"raykeeper_watches_stale", "gauge", "", RK_METRIC_OF_PROCESS,
                         "watches that have lost touch, or have not listed yet: deletions wait for "
                         "them"},
    [RK_METRIC_HELD] = {"raykeeper_deletions_held_total", "counter", "", RK_METRIC_OF_PROCESS,
                        "deletions of pods that the breaker held back, each time it was asked"},
    [RK_METRIC_CACHE] = {"raykeeper_cache_bytes", "gauge", "", RK_METRIC_OF_PROCESS,
                         "what the caches of objects hold"},
    [RK_METRIC_CRD_FIELDS] =
        {"raykeeper_crd_missing_fields", "gauge", "kind", RK_METRIC_OF_PROCESS,
         "fields that this version needs and the API server drops, since its definition (CRD) of the "
         "kind is older; no sample of a kind that could not be compared"},
};

/* ---- docs/metrics.md ---- */

static const char *const groups[] = {
    [RK_METRIC_OF_WORK] =
        "Of the work\n\nNames of controller-runtime and client-go, which boards and alerts read. "
        "`controller` is a kind in lower case.",
    [RK_METRIC_OF_PLUGINS] =
        "Of the plugins' hooks\n\nOne row for each plugin and phase that it has hooks in "
        "(`raykeeper plugin list`), whatever the number of objects.",
    [RK_METRIC_OF_PROCESS] = "Of the operator\n\nOf the worker; the master is not counted."};

static void head(struct rk_buf *b, const char *text)
{
    (void)rk_buf_addf(b, "\n## %s\n\n| name | type | labels | meaning |\n|---|---|---|---|\n",
                      text); /* what does not fit is marked in the buffer, here and below */
}

/* A pipe would end the cell, and a bracket begin a tag. */
static void cell(struct rk_buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '<')
            (void)rk_buf_addc(b, '\\');
        (void)rk_buf_addc(b, *text);
    }
}

static void row(struct rk_buf *b, const char *name, const char *type, const char *labels,
                const char *help)
{
    (void)rk_buf_addf(b, "| `%s` | %s | %s%s| ", name, type, labels, *labels ? " " : "");
    cell(b, help);
    (void)rk_buf_adds(b, " |\n");
}

const rk_gauge *rk_metrics_gauge(const struct rk_plugins *ps, size_t *plug, uint32_t *at)
{
    for (; *plug < ps->n; ++*plug, *at = 0)
        for (; *at < ps->plugs[*plug].info.n_gauges;) {
            const rk_gauge *g = &ps->plugs[*plug].gauges[(*at)++];
            bool before = false;
            for (size_t i = 0; i < *plug && !before; i++)
                for (uint32_t k = 0; k < ps->plugs[i].info.n_gauges && !before; k++)
                    before = strcmp(ps->plugs[i].gauges[k].name, g->name) == 0;
            if (!before)
                return g;
        }
    return NULL;
}

void rk_metrics_document(const struct rk_plugins *ps, struct rk_buf *b)
{
    const rk_gauge *g;
    size_t plug = 0;
    uint32_t at = 0;
    (void)rk_buf_adds(
        b,
        "# Metrics\n\nGenerated by `raykeeper metrics --document`; do not edit.\n\n"
        "The worker serves `/metrics` in Prometheus' text format where `[metrics] address` says "
        "(`0.0.0.0:8080`; empty: nowhere). The socket is the master's, so that\n"
        "a worker that is started anew answers on the same port. Counters begin at zero with each "
        "worker. A page is made once a second at most, and all who ask meanwhile\n"
        "get that one. A standby serves its own page: it leads nothing and tells of no object.\n");
    head(
        b,
        "Of the objects\n\nFrom plugins: those that this program brings are listed. Labels are in the meaning.");
    while ((g = rk_metrics_gauge(ps, &plug, &at)))
        row(b, g->name, "gauge", "", g->help ? g->help : "");
    for (size_t group = 0; group < sizeof(groups) / sizeof(groups[0]); group++) {
        head(b, groups[group]);
        for (size_t i = 0; i < RK_METRICS; i++)
            if (rk_metric_defs[i].group == group)
                row(b, rk_metric_defs[i].name, rk_metric_defs[i].type, rk_metric_defs[i].labels,
                    rk_metric_defs[i].help);
    }
}
