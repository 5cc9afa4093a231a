/* Definitions of a cluster: read, applied, waited for. */
#include "core/cmd/crds.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"

#define API      "apiextensions.k8s.io/v1"
#define PLURAL   "customresourcedefinitions"
#define LOOK_MS  200
#define BUSY_MS  1000
#define BUSY_MAX 30

/* Definitions are large: the limits of one answer, not of one object. */
static const struct rk_json_limits limits = {16u << 20, 4000000, 128};

static int send_once(struct rk_crds *c, const struct rk_req *req, struct rk_arena *a, cJSON **ret,
                     struct rk_err *err)
{
    struct rk_live_answer w;
    struct rk_req mine = *req;
    rk_live_answer_init(&w);
    mine.lane = RK_LANE_UNARY;
    mine.done = rk_live_done;
    mine.ctx = &w;
    int r = rk_live_wait(&c->live, rk_client_send(c->live.client, &mine), &w, err);
    if (r == 0 && w.code != 0)
        r = rk_err_set(err, w.code, "%s", w.message);
    if (r == 0 && ret)
        r = rk_json_parse(a, rk_buf_text(&w.body), w.body.len, &limits, ret, err);
    rk_buf_done(&w.body);
    return r;
}

/* An API server that takes up a definition puts everybody off who asks for objects of the kind. Whatever we send may be sent twice. */
int rk_crds_send(struct rk_crds *c, const struct rk_req *req, struct rk_arena *a, cJSON **ret,
                 struct rk_err *err)
{
    int r = send_once(c, req, a, ret, err);
    for (int i = 0; r == RK_E_BUSY && i < BUSY_MAX; i++) {
        rk_err_clear(err);
        r = rk_live_rest(&c->live, BUSY_MS, err);
        if (r == 0)
            r = send_once(c, req, a, ret, err);
    }
    return r;
}

static int path_of(const struct rk_crd *crd, char *path, struct rk_err *err)
{
    if (rk_url(path, API, PLURAL, NULL, crd->name, NULL) != 0)
        return rk_err_set(err, RK_E_INVAL, "not a legal name");
    return 0;
}

int rk_crds_get(struct rk_crds *c, const struct rk_crd *crd, struct rk_arena *a, cJSON **ret,
                struct rk_err *err)
{
    char path[RK_URL_MAX];
    *ret = NULL;
    int r = path_of(crd, path, err);
    if (r == 0)
        r = rk_crds_send(c, &(struct rk_req){.method = "GET", .path = path}, a, ret, err);
    if (r == RK_E_NOENT) {
        rk_err_clear(err);
        return 0;
    }
    return r;
}

int rk_crds_put(struct rk_crds *c, const struct rk_crd *crd, const cJSON *doc, bool dry,
                struct rk_err *err)
{
    char path[RK_URL_MAX];
    const char *query = rk_arena_fmt(&c->a, "fieldManager=raykeeper&force=%s%s",
                                     c->force ? "true" : "false", dry ? "&dryRun=All" : "");
    int r = path_of(crd, path, err);
    const struct rk_req req = {.method = "PATCH",
                               .path = path,
                               .query = query,
                               .content_type = "application/apply-patch+yaml",
                               .body = rk_span_of(rk_json_text(&c->a, doc)),
                               .write = true};
    if (r == 0)
        r = rk_crds_send(c, &req, NULL, NULL, err);
    if (r == RK_E_CONFLICT && !c->force)
        return rk_err_set(err, r, "%s\nnothing of it was changed; --force-conflicts takes over",
                          rk_arena_strdup(&c->a, err->text));
    return r;
}

/* Why it is not served; NULL: it is. */
static const char *why_not(struct rk_arena *a, const cJSON *live)
{
    const cJSON *all = rk_json_get(rk_json_get(live, "status"), "conditions");
    const char *why = "no condition says so yet";
    for (const cJSON *d = rk_json_is_array(all) ? all->child : NULL; d; d = d->next) {
        const char *type = rk_json_str(rk_json_get(d, "type"), "");
        bool is = rk_str_eq(rk_json_str(rk_json_get(d, "status"), NULL), "True");
        if (strcmp(type, "Established") == 0 && is)
            return NULL;
        bool names = strcmp(type, "NamesAccepted") == 0; /* says more than that it is not served */
        if (!is && (names || (strcmp(type, "Established") == 0 && !strstr(why, "NamesAccepted"))))
            why = rk_arena_fmt(a, "%s: %s", type, rk_json_str(rk_json_get(d, "message"), ""));
    }
    return why;
}

/* One look: *ret_why NULL when it is served. */
static int look(struct rk_crds *c, const struct rk_crd *crd, struct rk_arena *a, cJSON **ret,
                const char **ret_why, struct rk_err *err)
{
    *ret_why = NULL;
    int r = rk_crds_get(c, crd, a, ret, err);
    if (r == 0 && !*ret)
        r = rk_err_set(err, RK_E_NOENT, "it was deleted meanwhile");
    if (r == 0)
        *ret_why = why_not(a, *ret);
    return r;
}

int rk_crds_established(struct rk_crds *c, const struct rk_crd *crd, cJSON **ret,
                        struct rk_err *err)
{
    int64_t end = rk_clock_ms() + c->timeout_ms;
    struct rk_arena a; /* of one look: a definition is large */
    cJSON *live;
    const char *why;
    rk_arena_init(&a, 0);
    int r = look(c, crd, &a, &live, &why, err);
    while (r == 0 && why) {
        if (rk_clock_ms() >= end)
            r = rk_err_set(err, RK_E_IO, "not served after %lld s: %s",
                           (long long)(c->timeout_ms / 1000), why);
        else
            r = rk_live_rest(&c->live, LOOK_MS, err);
        rk_arena_reset(&a);
        if (r == 0)
            r = look(c, crd, &a, &live, &why, err);
    }
    *ret = r == 0 ? rk_json_copy(&c->a, live) : NULL;
    rk_arena_done(&a);
    return r;
}
