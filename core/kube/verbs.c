/* The verbs: which path, which body, which precondition (client.md 36-42). */
#include "core/kube/verbs.h"

#include <assert.h>
#include <string.h>

#include "core/json/json.h"
#include "core/kube/client_room.h"

/* Send to the object, or its collection when `collection`; or report that a name is not legal. */
static rk_call *send_to(struct rk_client *c, const struct rk_target *t, const char *subresource,
                        bool collection, struct rk_req *req)
{
    char path[RK_URL_MAX];
    req->lane = RK_LANE_UNARY;
    req->path = path;
    req->metadata_only = t->metadata_only;
    int rc =
        t->name ? rk_url(path, t->api_version, t->plural, t->ns, t->name, subresource) : RK_E_INVAL;
    if (rc == 0 && collection)
        rc = rk_url(path, t->api_version, t->plural, t->ns, NULL, NULL);
    if (rc != 0)
        return rk__client_refuse(c, req, RK_E_INVAL, "not a legal name, namespace or kind");
    return rk_client_send(c, req);
}

static struct rk_req write_req(const char *method, const struct rk_write *w)
{
    return (struct rk_req){.method = method,
                           .path = "",
                           .priority = w->priority,
                           .write = true,
                           .epoch = w->epoch,
                           .done = w->done,
                           .ctx = w->ctx};
}

rk_call *rk_kube_create(struct rk_client *c, const struct rk_target *t, struct rk_span body,
                        const struct rk_write *w)
{
    struct rk_req req = write_req("POST", w);
    req.body = body;
    return send_to(c, t, NULL, true, &req);
}

/* The buffer is large enough for every legal uid and version; send_to's caller looks at `full`. */
static void delete_options(struct rk_buf *b, const char *uid, const char *rv, int64_t grace_s)
{
    (void)rk_buf_adds(b, "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{");
    (void)rk_buf_adds(b, "\"uid\":");
    rk_json_escape(b, uid, strlen(uid));
    if (rv) {
        (void)rk_buf_adds(b, ",\"resourceVersion\":");
        rk_json_escape(b, rv, strlen(rv));
    }
    (void)rk_buf_adds(b, "}");
    if (grace_s >= 0)
        (void)rk_buf_addf(b, ",\"gracePeriodSeconds\":%lld", (long long)grace_s);
    (void)rk_buf_adds(b, ",\"propagationPolicy\":\"Background\"}");
}

rk_call *rk_kube_delete(struct rk_client *c, const struct rk_target *t, const char *uid,
                        const char *rv, int64_t grace_s, const struct rk_write *w)
{
    struct rk_req req = write_req("DELETE", w);
    req.absent_ok = true;
    /* Without it we might delete somebody's new object of the same name (client.md 38). */
    if (!uid || !uid[0])
        return rk__client_refuse(c, &req, RK_E_INVAL, "a delete needs the object's uid");
    struct rk_buf b;
    rk_buf_init(&b, 4096);
    delete_options(&b, uid, rv, grace_s);
    rk_call *call;
    if (b.full) {
        call = rk__client_refuse(c, &req, RK_E_LIMIT, "uid or resourceVersion is too long");
    } else {
        req.body = (struct rk_span){rk_buf_text(&b), b.len};
        call = send_to(c, t, NULL, false, &req);
    }
    rk_buf_done(&b);
    return call;
}

rk_call *rk_kube_patch(struct rk_client *c, const struct rk_target *t, const char *type,
                       const char *subresource, struct rk_span body, const struct rk_write *w)
{
    bool merge = rk_str_eq(type, "merge");
    assert(merge || rk_str_eq(type, "json"));
    struct rk_req req = write_req("PATCH", w);
    req.content_type = merge ? "application/merge-patch+json" : "application/json-patch+json";
    req.body = body;
    return send_to(c, t, subresource, false, &req);
}

rk_call *rk_kube_get(struct rk_client *c, const struct rk_target *t, int priority, rk_done_fn *done,
                     void *ctx)
{
    struct rk_req req = {
        .method = "GET", .path = "", .priority = priority, .done = done, .ctx = ctx};
    return send_to(c, t, NULL, false, &req);
}
