/* Watches and caches, as /debug/state tells them: those that are not in touch first, for the list is bounded. */
#include "core/loop/state.h"

#include <string.h>

#include "core/base/clock.h"

#define WALK_MAX \
    200000 /* records looked at to count those of single namespaces; then no more is counted */

static bool is(const struct rk_feed *f, const char *state)
{
    return f->state && strcmp(f->state, state) == 0;
}

/* A kind that the API does not have is as good as listed. */
static bool in_touch(const struct rk_feed *f)
{
    return is(f, "synced") || is(f, "absent");
}

/* Counting in one namespace walks all records of the kind. */
static void objects(const struct rk_worker *w, const struct rk_feed *f, struct rk_arena *a,
                    cJSON *row, size_t *walked)
{
    size_t all = rk_view_count(w->view, f->kind);
    if (!f->ns) {
        rk_state_int(a, row, "objects", (int64_t)all);
        return;
    }
    *walked += all;
    if (*walked <= WALK_MAX)
        rk_state_int(a, row, "objects", (int64_t)rk_view_count_in(w->view, f->kind, f->ns));
}

static void one(const struct rk_worker *w, const struct rk_feed *f, struct rk_arena *a, cJSON *list,
                size_t *walked)
{
    struct rk_watcher_state st;
    cJSON *row = rk_state_row(a, list);
    rk_watcher_state(f->watcher, &st);
    rk_state_text(a, row, "resource", f->plural);
    rk_state_text(a, row, "apiVersion", f->api_version);
    rk_state_text(a, row, "namespace", f->ns);
    rk_state_text(a, row, "state", f->state ? f->state : "listing");
    rk_state_int(a, row, "sinceMs", f->since_ms ? rk_clock_ms() - f->since_ms : 0);
    rk_state_text(a, row, "phase", st.phase);
    rk_state_int(a, row, "silentMs", st.silent_ms);
    objects(w, f, a, row, walked);
    rk_state_text(a, row, "resourceVersion", rk_view_version(w->view, f->kind, f->ns));
    rk_state_int(a, row, "lists", (int64_t)st.lists);
    rk_state_int(a, row, "events", (int64_t)st.events);
    rk_state_int(a, row, "errors", (int64_t)st.errors);
    rk_state_text(a, row, "lastError", st.last_error);
}

void rk__state_watches(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    cJSON *o = rk_state_object(a, doc, "watches");
    size_t told = 0, walked = 0, bad = 0, absent = 0;
    for (size_t i = 0; i < w->n_feeds; i++) {
        bad += !in_touch(w->feeds[i]);
        absent += is(w->feeds[i], "absent");
    }
    rk_state_int(a, o, "total", (int64_t)w->n_feeds);
    rk_state_int(a, o, "notSynced", (int64_t)bad);
    rk_state_int(a, o, "absent", (int64_t)absent);
    cJSON *list = rk_state_array(a, o, "list");
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < w->n_feeds && told < RK_STATE_ROWS; i++) {
            if (in_touch(w->feeds[i]) != (round == 1))
                continue;
            one(w, w->feeds[i], a, list, &walked);
            told++;
        }
}

void rk__state_caches(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    cJSON *o = rk_state_object(a, doc, "caches");
    size_t records = 0;
    for (size_t i = 0; i < w->n_feeds; i++) {
        bool before = false; /* one cache for all namespaces of a kind */
        for (size_t k = 0; k < i && !before; k++)
            before = w->feeds[k]->kind == w->feeds[i]->kind;
        records += before ? 0 : rk_view_count(w->view, w->feeds[i]->kind);
    }
    rk_state_int(a, o, "bytes", (int64_t)rk_view_bytes(w->view));
    rk_state_int(a, o, "objects", (int64_t)records);
    rk_state_int(a, o, "malformed", (int64_t)rk_view_bad(w->view));
}
