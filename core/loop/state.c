/* The worker's part of /debug/state: what it knows of itself, its plugins, requests and memory; and how members are made, for master and
 * worker alike. The rest is in state_watch.c and state_work.c. */
#include "core/loop/state.h"

#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"

#define ARENA_MAX ((size_t)4 << 20)

/* Cut at a character: a log shows no half ones either. */
static size_t cut(const char *text)
{
    size_t n = strnlen(text, RK_STATE_WORDS + 1);
    if (n <= RK_STATE_WORDS)
        return n;
    size_t at = 0, k;
    while (at < RK_STATE_WORDS && (k = rk_str_utf8_char(text + at, n - at)) != 0 &&
           at + k <= RK_STATE_WORDS)
        at += k;
    return at;
}

void rk_state_text(struct rk_arena *a, cJSON *o, const char *key, const char *text)
{
    if (!text)
        text = "";
    rk_json_add(a, o, key, rk_json_string(a, rk_arena_strndup(a, text, cut(text))));
}

void rk_state_int(struct rk_arena *a, cJSON *o, const char *key, int64_t n)
{
    rk_json_add(a, o, key, rk_json_int(a, n));
}

void rk_state_bool(struct rk_arena *a, cJSON *o, const char *key, bool b)
{
    rk_json_add(a, o, key, rk_json_bool(a, b));
}

cJSON *rk_state_object(struct rk_arena *a, cJSON *o, const char *key)
{
    cJSON *made = rk_json_object(a);
    rk_json_add(a, o, key, made);
    return made;
}

cJSON *rk_state_array(struct rk_arena *a, cJSON *o, const char *key)
{
    cJSON *made = rk_json_array(a);
    rk_json_add(a, o, key, made);
    return made;
}

cJSON *rk_state_row(struct rk_arena *a, cJSON *array)
{
    cJSON *made = rk_json_object(a);
    rk_json_push(array, made);
    return made;
}

static void plugins(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    cJSON *list = rk_state_array(a, doc, "plugins");
    for (size_t i = 0; i < w->plugins->n; i++) {
        const struct rk_plug *p = &w->plugins->plugs[i];
        cJSON *row = rk_state_row(a, list);
        rk_state_text(a, row, "name", p->name);
        rk_state_text(a, row, "version", p->info.version);
        rk_state_bool(a, row, "disabled", p->disabled);
    }
}

static void requests(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    const struct rk_client_tally *t;
    size_t n = rk_client_tallies(w->client, &t);
    cJSON *list = rk_state_array(a, doc, "requests");
    for (size_t i = 0; i < n; i++) {
        cJSON *row = rk_state_row(a, list);
        rk_state_text(a, row, "method", t[i].method);
        rk_state_int(a, row, "code", t[i].http);
        rk_state_int(a, row, "n", (int64_t)t[i].n);
    }
}

static void window(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    struct rk_client_stats st;
    cJSON *o = rk_state_object(a, doc, "window");
    rk_client_stats(w->client, &st);
    rk_state_int(a, o, "size", st.window);
    rk_state_int(a, o, "min", w->o->api.window_min);
    rk_state_int(a, o, "max", w->o->api.window_max);
    rk_state_int(a, o, "requests", (int64_t)rk_client_busy(w->client, RK_LANE_UNARY, false));
    rk_state_int(a, o, "writes", (int64_t)rk_client_busy(w->client, RK_LANE_UNARY, true));
    rk_state_int(a, o, "pausedMs", st.paused_ms);
    rk_state_text(a, o, "pausedWhy",
                  st.paused_ms == 0 ? ""
                  : st.unreachable  ? "no connection to the API server"
                                    : "the API server asked for it");
    rk_state_int(a, o, "throttled", (int64_t)st.throttled);
}

static void breaker(const struct rk_worker *w, struct rk_arena *a, cJSON *doc)
{
    cJSON *o = rk_state_object(a, doc, "breaker");
    rk_state_bool(a, o, "enabled", w->o->breaker.enabled);
    rk_state_int(a, o, "windowMs", w->o->breaker.window_ms);
    rk_state_int(a, o, "deleted", (int64_t)w->breaker.deleted);
    rk_state_int(a, o, "underWay", (int64_t)w->breaker.flying);
    rk_state_int(a, o, "heldEver", (int64_t)w->breaker.held);
    rk_state_text(
        a, o, "release",
        "ends by itself when [breaker] window is over or the watch is in touch again; an edit of "
        "the object lets its pods go");
}

void rk_state_tell(struct rk_worker *w)
{
    struct rk_arena a;
    struct rk_buf b;
    int64_t start = rk_clock_us();
    rk_arena_init(&a, ARENA_MAX);
    rk_buf_init(&b, RK_SHARED_TOLD);
    cJSON *doc = rk_json_object(&a);
    rk_state_int(&a, doc, "pid", getpid());
    rk_state_int(&a, doc, "uptimeMs", rk_clock_ms() - w->started_ms);
    rk_state_bool(&a, doc, "leads", w->leads);
    rk_state_int(&a, doc, "epoch", (int64_t)w->epoch);
    rk_state_bool(&a, doc, "comparing",
                  w->fence != NULL); /* fence.c: before a leadership's first write */
    rk_state_int(&a, doc, "passes", (int64_t)atomic_load(&w->shared->passes));
    rk_state_int(&a, doc, "writes", (int64_t)atomic_load(&w->shared->writes));
    rk__state_watches(w, &a, doc);
    rk__state_caches(w, &a, doc);
    rk__state_queue(w, &a, doc);
    window(w, &a, doc);
    breaker(w, &a, doc);
    rk__state_owners(w, &a, doc);
    plugins(w, &a, doc);
    requests(w, &a, doc);
    rk_state_int(&a, doc, "toldInUs", rk_clock_us() - start);
    if (rk_json_print(doc, &b) != 0 || rk_shared_tell(w->shared, rk_buf_text(&b), b.len) != 0)
        rk_log_warn("state not told: it is too long", RK_KN("bytes", b.len));
    rk_buf_done(&b);
    rk_arena_done(&a);
}
