/* Counting; the page is in metrics_page.c. Counters begin anew with each worker, as Prometheus
 * expects of a process that was restarted. */
#include "core/loop/metrics.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/http.h"
#include "core/loop/master.h"

#define CLIENTS 16
#define KEEP_MS \
    1000 /* a page of a large site is some megabytes: one is made a second, and all read that */

const int64_t rk_metrics_bounds_us[RK_METRICS_BOUNDS] = {
    1000,   5000,    10000,   25000,   50000,   100000,   250000,   500000,
    750000, 1000000, 2500000, 5000000, 7500000, 10000000, 30000000, 60000000};

static void observe(struct rk_histogram *h, int64_t us)
{
    size_t i = 0;
    while (i < RK_METRICS_BOUNDS && us > rk_metrics_bounds_us[i])
        i++;
    h->n[i]++;
    h->sum_us += us;
}

static struct rk_hook_tally *hook_tally(struct rk_metrics *m, const struct rk_plugged_hook *h)
{
    return &m->hooks[(size_t)h->plug->index * RK_METRICS_PHASES + (size_t)h->hook.phase];
}

static unsigned page(void *ctx, const struct rk_http_ask *ask, struct rk_buf *text)
{
    if (strcmp(ask->path, "/metrics") != 0) {
        (void)rk_buf_adds(text, "here is /metrics\n"); /* fits */
        return 404;
    }
    rk_metrics_page(ctx, text);
    return 200;
}

int rk_metrics_start(struct rk_worker *w, struct rk_err *err)
{
    struct rk_metrics *m = w->metrics = rk_alloc(sizeof(*m));
    m->started_us = rk_clock_wall_us();
    m->hooks = rk_alloc_array(w->plugins->n * RK_METRICS_PHASES, sizeof(*m->hooks));
    for (size_t h = 0; h < w->plugins->n_hooks; h++)
        hook_tally(m, &w->plugins->hooks[h])->any = true;
    m->kinds = rk_alloc_array(w->plugins->n_kinds, sizeof(*m->kinds));
    for (size_t k = 0; k < w->plugins->n_kinds; k++) {
        const rk_kind *kind = &w->plugins->kinds[k];
        char *name = m->kinds[k].controller;
        rk_str_cut(name, sizeof(m->kinds[k].controller), strrchr(kind->gvk, '/') + 1);
        if (rk_plugins_kind_yields(w->plugins, kind)) /* two series of one name are none */
            rk_str_cut(name, sizeof(m->kinds[k].controller), kind->gvk);
        for (; *name; name++)
            *name = (char)tolower((unsigned char)*name);
    }
    if (!w->shared->pages)
        return 0;
    if (fcntl(RK_WORKER_PAGES_FD, F_SETFD, FD_CLOEXEC) != 0)
        return rk_err_set(err, RK_E_IO, "[metrics]: the master handed over no socket");
    if (rk_http_new(w->poll, RK_WORKER_PAGES_FD, "text/plain; version=0.0.4; charset=utf-8",
                    CLIENTS, page, w, &m->http, err) != 0)
        return rk_err_wrap(err, "[metrics]");
    rk_http_keep(m->http, KEEP_MS);
    return 0;
}

void rk_metrics_free(struct rk_metrics *m)
{
    if (!m)
        return;
    rk_http_free(m->http);
    rk_free(m->kinds);
    rk_free(m->hooks);
    rk_free(m);
}

/* The time between two calls is of the hook that ran: one inside of another takes its own. */
void rk_metrics_hook_runs(struct rk_worker *w, const struct rk_plugged_hook *h)
{
    struct rk_metrics *m = w->metrics;
    int64_t now = rk_clock_us();
    if (m->running)
        hook_tally(m, m->running)->us += now - m->since_us;
    m->running = h;
    m->since_us = now;
}

void rk_metrics_hook_ended(struct rk_worker *w, const struct rk_plugged_hook *h, int32_t verdict)
{
    enum rk_hook_end end = verdict < 0          ? RK_HOOK_FAILED
                           : verdict == RK_WAIT ? RK_HOOK_WAIT
                           : verdict == RK_DONE ? RK_HOOK_DONE
                                                : RK_HOOK_OK;
    hook_tally(w->metrics, h)->ends[end]++;
}

void rk_metrics_taken(struct rk_worker *w, struct rk_owner *o, int64_t waited_ms)
{
    struct rk_tally *t = &w->metrics->kinds[o->kind];
    o->taken_us = rk_clock_us();
    t->in_hand++;
    observe(&t->waited, waited_ms * 1000);
}

void rk_metrics_settled(struct rk_worker *w, const struct rk_owner *o, enum rk_flight_end end)
{
    struct rk_tally *t = &w->metrics->kinds[o->kind];
    t->in_hand--;
    t->ends[end]++;
    observe(&t->took, rk_clock_us() - o->taken_us);
}

/* One block: the texts behind the rows. */
void rk_metrics_sampled(struct rk_owner *o, const struct rk_plan *plan)
{
    size_t bytes = 0;
    for (size_t i = 0; i < plan->n_gauges; i++)
        bytes += strlen(plan->gauges[i].labels) + strlen(plan->gauges[i].value) + 2;
    rk_free(o->samples);
    o->samples = NULL;
    if (plan->n_gauges == 0)
        return;
    struct rk_samples *s = rk_alloc(sizeof(*s) + plan->n_gauges * sizeof(s->at[0]) + bytes);
    char *text = (char *)&s->at[plan->n_gauges];
    s->n = plan->n_gauges;
    for (size_t i = 0; i < s->n; i++) {
        const char *from[] = {plan->gauges[i].labels, plan->gauges[i].value};
        const char **to[] = {&s->at[i].labels, &s->at[i].value};
        s->at[i].name = plan->gauges[i].name;
        for (size_t k = 0; k < 2; k++) {
            size_t n = strlen(from[k]) + 1;
            memcpy(text, from[k], n); /* counted above */
            *to[k] = text;
            text += n;
        }
    }
    o->samples = s;
}
