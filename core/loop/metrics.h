/* What the worker counts, and the page that tells it, in Prometheus' text format. Names that
 * boards of controller-runtime's operators read are kept. Internal to loop/. */
#ifndef RK_LOOP_METRICS_H
#define RK_LOOP_METRICS_H

#include "core/loop/worker.h"

#define RK_METRICS_BOUNDS 16

struct rk_histogram {
    uint64_t n[RK_METRICS_BOUNDS + 1]; /* by rk_metrics_bounds; the last is what exceeds them all */
    int64_t sum_us;
};

/* Of one kind of owners; since the worker began. */
struct rk_tally {
    char controller
        [64]; /* the kind in lower case, as controller-runtime names them; all of gvk where that is another kind's */
    uint64_t ends[RK_FLIGHT_ENDS];    /* passes with what they led to, by how that ended */
    uint64_t in_hand;                 /* now */
    struct rk_histogram took, waited; /* from taken up to settled; from ready to taken up */
};

/* The families. */
enum rk_metric {
    RK_METRIC_PASSES,
    RK_METRIC_PASS_ERRORS,
    RK_METRIC_PASS_TIME,
    RK_METRIC_IN_HAND,
    RK_METRIC_DEPTH,
    RK_METRIC_WAITED,
    RK_METRIC_REQUESTS,
    RK_METRIC_LEADS,
    RK_METRIC_HOOK_CALLS,
    RK_METRIC_HOOK_TIME,
    RK_METRIC_CPU,
    RK_METRIC_MEMORY,
    RK_METRIC_START,
    RK_METRIC_BUILD,
    RK_METRIC_OBJECTS,
    RK_METRIC_QUARANTINED,
    RK_METRIC_DIRTY,
    RK_METRIC_OLDEST_DIRTY,
    RK_METRIC_STALE,
    RK_METRIC_HELD,
    RK_METRIC_CACHE,
    RK_METRIC_CRD_FIELDS,
    RK_METRICS
};

enum rk_metric_group { RK_METRIC_OF_WORK, RK_METRIC_OF_PLUGINS, RK_METRIC_OF_PROCESS };

struct rk_metric_def {
    const char *name, *type, *labels; /* labels: for people, "" = none */
    enum rk_metric_group group;
    const char *help; /* one line without backslashes */
};
extern const struct rk_metric_def rk_metric_defs[RK_METRICS];

enum rk_hook_end { RK_HOOK_OK, RK_HOOK_WAIT, RK_HOOK_DONE, RK_HOOK_FAILED, RK_HOOK_ENDS };

#define RK_METRICS_PHASES (RK_PHASE_FINALIZE + 1)

/* Of one plugin in one phase. */
struct rk_hook_tally {
    bool any; /* it has a hook there */
    uint64_t ends[RK_HOOK_ENDS];
    int64_t us;
};

struct rk_metrics {
    struct rk_http *http;                  /* NULL: nobody is to ask */
    struct rk_tally *kinds;                /* as plugins->kinds */
    int64_t started_us;                    /* rk_clock_wall_us */
    struct rk_hook_tally *hooks;           /* by plugin, then phase */
    const struct rk_plugged_hook *running; /* since: rk_clock_us; NULL = none */
    int64_t since_us;
};

/* The samples that the STATUS hooks of one object gave in its last pass. */
struct rk_samples {
    size_t n;
    struct rk_sample {
        const char *name; /* the plugin's */
        const char *labels, *value;
    } at[];
};

extern const int64_t rk_metrics_bounds_us[RK_METRICS_BOUNDS];

/* Gauges of plugins, each name once: size_t plug = 0; uint32_t at = 0; while ((g = rk_metrics_gauge(ps, &plug, &at))). */
const rk_gauge *rk_metrics_gauge(const struct rk_plugins *ps, size_t *plug, uint32_t *at);
/* docs/metrics.md. */
void rk_metrics_document(const struct rk_plugins *ps, struct rk_buf *b);
/* The whole page. A text that does not fit is left to rk_buf's own mark. */
void rk_metrics_page(const struct rk_worker *w, struct rk_buf *b);

#endif
