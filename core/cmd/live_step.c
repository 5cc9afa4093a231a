/* What a command's plan needs of a cluster: lists, and its steps. */
#include "core/cmd/live.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/str.h"

#define PAGE      "limit=500"
#define QUERY_MAX 8192
#define LOOK_MS   500

/* ---- lists ---- */

struct listing {
    struct rk_live *l;
    const rk_watch *what;
    struct rk_arena *a;
    cJSON *all;
    const char *more; /* continue token; "" */
};

static int send_page(struct listing *k, const char *ns, struct rk_live_answer *w,
                     struct rk_err *err)
{
    char path[RK_URL_MAX];
    struct rk_buf query;
    if (rk_url(path, rk_live_api_version(k->a, k->what->gvk), k->what->plural, ns, NULL, NULL) != 0)
        return rk_err_set(err, RK_E_INVAL, "%s in %s: not a legal name", k->what->plural,
                          ns ? ns : "all namespaces");
    rk_buf_init(&query, QUERY_MAX);
    (void)rk_buf_adds(&query, PAGE); /* a full buffer is told below */
    if (k->what->selector) {
        (void)rk_buf_adds(&query, "&labelSelector=");
        rk_url_escape(&query, k->what->selector);
    }
    if (k->more[0]) {
        (void)rk_buf_adds(&query, "&continue=");
        rk_url_escape(&query, k->more);
    }
    int r =
        query.full ? rk_err_set(err, RK_E_LIMIT, "%s: the query is too long", k->what->plural) : 0;
    const struct rk_req req = {.lane = RK_LANE_UNARY,
                               .method = "GET",
                               .path = path,
                               .query = rk_buf_text(&query),
                               .done = rk_live_done,
                               .ctx = w};
    if (r == 0)
        r = rk_live_wait(k->l, rk_client_send(k->l->client, &req), w, err);
    rk_buf_done(&query);
    return r;
}

/* Items of a list are without what they are. */
static void take_items(struct listing *k, cJSON *page)
{
    const char *kind = strrchr(k->what->gvk, '/') + 1;
    cJSON *items = rk_json_get(page, "items"), *next;
    for (cJSON *it = rk_json_is_array(items) ? items->child : NULL; it; it = next) {
        next = it->next;
        rk_json_remove(items, it);
        rk_json_set(k->a, it, "apiVersion",
                    rk_json_string(k->a, rk_live_api_version(k->a, k->what->gvk)));
        rk_json_set(k->a, it, "kind", rk_json_string(k->a, kind));
        rk_json_push(k->all, it);
    }
    k->more = rk_json_str(rk_json_get(rk_json_get(page, "metadata"), "continue"), "");
}

/* One page; *ret_http: what the server said when it is no list. */
static int page(struct listing *k, const char *ns, int *ret_http, struct rk_err *err)
{
    struct rk_live_answer w;
    cJSON *tree = NULL;
    rk_live_answer_init(&w);
    int r = send_page(k, ns, &w, err);
    *ret_http = w.http;
    if (r == 0 && w.code != 0)
        r = rk_err_set(err, w.code, "%s in %s: %s", k->what->plural, ns ? ns : "all namespaces",
                       w.message);
    const struct rk_json_limits limits = {16u << 20, 4000000, 128};
    if (r == 0)
        r = rk_json_parse(k->a, rk_buf_text(&w.body), w.body.len, &limits, &tree, err);
    if (r == 0)
        take_items(k, tree);
    rk_buf_done(&w.body);
    return r;
}

static int list_scope(struct listing *k, const char *ns, int *ret_http, struct rk_err *err)
{
    int r;
    k->more = "";
    do
        r = page(k, ns, ret_http, err);
    while (r == 0 && k->more[0]);
    return r;
}

int rk_live_list(struct rk_live *l, const rk_watch *what, const char *ns, struct rk_arena *a,
                 cJSON **ret_array, struct rk_err *err)
{
    struct listing k = {.l = l, .what = what, .a = a, .all = rk_json_array(a)};
    int http = 0, r = list_scope(&k, NULL, &http, err);
    if (r != 0 && http == 403) {
        *err = (struct rk_err)RK_ERR_INIT;
        k.all = rk_json_array(a);
        r = list_scope(&k, ns, &http, err);
    }
    if (r != 0 && http == 404 && what->optional) {
        *err = (struct rk_err)RK_ERR_INIT;
        r = 0;
    }
    if (r == 0)
        *ret_array = k.all;
    return r;
}

/* ---- steps ---- */

/* A merge patch with another object's uid is refused by the server: that is its precondition. */
static const char *body_of(struct rk_arena *a, const rk_step *s)
{
    cJSON *body = rk_json_copy(a, (const cJSON *)s->body);
    if (s->verb == RK_STEP_PATCH && s->uid[0]) {
        cJSON *meta = rk_json_get(body, "metadata");
        if (!rk_json_is_object(meta))
            rk_json_set(a, body, "metadata", meta = rk_json_object(a));
        rk_json_set(a, meta, "uid", rk_json_string(a, s->uid));
    }
    return rk_json_text(a, body);
}

static rk_call *begin(struct rk_live *l, const rk_step *s, const struct rk_target *t,
                      struct rk_arena *a, struct rk_live_answer *w)
{
    const struct rk_write write = {.done = rk_live_done, .ctx = w};
    if (s->verb == RK_STEP_GONE)
        return rk_kube_get(l->client, t, 0, rk_live_done, w);
    if (s->verb == RK_STEP_DELETE)
        return rk_kube_delete(l->client, t, s->uid, NULL, -1, &write);
    struct rk_span body = rk_span_of(body_of(a, s));
    return s->verb == RK_STEP_CREATE ? rk_kube_create(l->client, t, body, &write)
                                     : rk_kube_patch(l->client, t, "merge", NULL, body, &write);
}

/* One request; for GONE, is it gone? */
static int once(struct rk_live *l, const rk_step *s, const struct rk_target *t, struct rk_arena *a,
                bool *ret_over, struct rk_err *err)
{
    struct rk_live_answer w;
    cJSON *there = NULL;
    rk_live_answer_init(&w);
    int r = rk_live_wait(l, begin(l, s, t, a, &w), &w, err);
    *ret_over = true;
    if (r == 0 && s->verb == RK_STEP_GONE && w.code == 0) {
        r = rk_json_parse(a, rk_buf_text(&w.body), w.body.len, NULL, &there, err);
        const char *uid = rk_json_str(rk_json_get(rk_json_get(there, "metadata"), "uid"), "");
        *ret_over = r != 0 || (s->uid[0] && strcmp(uid, s->uid) != 0);
    } else if (r == 0 && w.code != 0 && !(s->verb == RK_STEP_GONE && w.code == RK_E_NOENT)) {
        r = rk_err_set(err, w.code, "%s", w.message);
    }
    rk_buf_done(&w.body);
    return r;
}

int rk_live_step(struct rk_live *l, const rk_step *step, struct rk_err *err)
{
    struct rk_arena names, a;
    bool over = false;
    int64_t end = rk_clock_ms() + step->limit_ms;
    if (step->verb == RK_STEP_TELL)
        return 0;
    rk_arena_init(&names, 0);
    rk_arena_init(&a, 0);
    const struct rk_target t = {.api_version = rk_live_api_version(&names, step->gvk),
                                .plural = step->plural,
                                .ns = step->ns[0] ? step->ns : NULL,
                                .name = step->name};
    int r = once(l, step, &t, &a, &over, err);
    while (r == 0 && !over && rk_clock_ms() < end) {
        rk_arena_reset(&a);
        r = rk_live_rest(l, LOOK_MS, err);
        if (r == 0)
            r = once(l, step, &t, &a, &over, err);
    }
    if (r == 0 && !over)
        r = rk_err_set(err, RK_E_IO, "it is still there after %lld s",
                       (long long)(step->limit_ms / 1000));
    rk_arena_done(&a);
    rk_arena_done(&names);
    return r;
}
