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

struct rk_metrics {
    struct rk_http *http;   /* NULL: nobody is to ask */
    struct rk_tally *kinds; /* as plugins->kinds */
    int64_t started_us;     /* rk_clock_wall_us */
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

/* The whole page. A text that does not fit is left to rk_buf's own mark. */
void rk_metrics_page(const struct rk_worker *w, struct rk_buf *b);

#endif
