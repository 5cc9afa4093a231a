/* One write of a flight leaves: its body, its name in shared memory, its verb. */
#include "core/loop/flight_in.h"

#include <stdio.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/fault.h"
#include "core/base/mem.h"
#include "core/json/path.h"
#include "core/kube/verbs.h"

#define BODY_MAX (3u << 20) /* the API server's own bound (client.md 42) */

static void again_fired(void *ctx)
{
    struct rk_leg *s = ctx;
    if (s->f->aborted) {
        s->f->in_flight--;
        if (s->f->in_flight == 0)
            rk__flight_finish_soon(s->f);
        return;
    }
    rk__flight_send(s);
}

void rk__flight_again(struct rk_leg *s, int64_t after_ms)
{
    rk_timer_in(s->f->w->poll, &s->again, after_ms, again_fired, s);
}

/* Random content is made here and nowhere else; an existing value stays. */
static int fill(struct rk_flight *f, const struct rk_op *op, struct rk_buf *body,
                struct rk_err *err)
{
    uint8_t raw[32];
    char b64[64];
    cJSON *tree;
    struct rk_arena a;
    (void)f;
    if (!rk_str_eq(op->fill_how, "random32"))
        return rk_err_set(err, RK_E_NOTSUP, "fill '%s'", op->fill_how);
    rk_arena_init(&a, 0);
    int rc = rk_json_parse(&a, body->data, body->len, NULL, &tree, err);
    if (rc == 0 && !rk_path_get(tree, op->fill_path)) {
        rc = rk_random(raw, sizeof(raw));
        rk_base64(raw, sizeof(raw), b64);
        if (rc == 0)
            rc = rk_path_set(&a, tree, strrchr(op->gvk, '/') + 1, op->fill_path,
                             rk_json_string(&a, b64), err);
        if (rc == 0) {
            rk_buf_clear(body);
            rc = rk_json_print(tree, body);
        }
        rk_wipe(raw, sizeof(raw));
        rk_wipe(b64, sizeof(b64));
    }
    rk_arena_done(&a);
    return rc;
}

/* Both before it leaves: whoever comes after us must know. */
static void open_create(struct rk_leg *s)
{
    const struct rk_op *op = s->op;
    struct rk_shared *shared = s->f->w->shared;
    rk_shared_open_set(shared, s->f->plan->uid, op->group, op->member, op->name);
    rk_shared_name_set(shared, op->gvk, op->ns, op->name, RK_NAME_UNRESOLVED);
}

void rk__flight_send(struct rk_leg *s)
{
    struct rk_flight *f = s->f;
    struct rk_worker *w = f->w;
    const struct rk_op *op = s->op;
    const struct rk_target t = {op->api_version, op->plural, op->ns, op->name,
                                rk_feeds_metadata_only(w, op->gvk)};
    const struct rk_write wr = {.epoch = w->epoch,
                                .priority = op->verb == RK_OP_STATUS ? RK_PRIO_LOW : RK_PRIO_NORMAL,
                                .done = rk__flight_answered,
                                .ctx = s};
    struct rk_err err = RK_ERR_INIT;
    struct rk_buf body;
    rk_buf_init(&body, BODY_MAX);
    int rc = op->verb == RK_OP_DELETE ? 0 : rk_op_body(op, &body);
    if (rc == 0 && op->fill_path)
        rc = fill(f, op, &body, &err);
    if (rc != 0) {
        struct rk_resp r = {.code = RK_E_LIMIT, .retry_after_ms = -1};
        int n = snprintf(r.message, sizeof(r.message), "body over %u bytes %s", BODY_MAX, err.text);
        (void)n; /* cut when too long */
        rk_buf_done(&body);
        rk__flight_settled(s, false, &r);
        return;
    }
    if (op->verb == RK_OP_DELETE && op->pod && !op->willed && rk_breaker_counts(f->owner) &&
        !s->weighs) {
        s->weighs = true;
        w->breaker.flying++;
    }
    s->tries++;
    atomic_fetch_add(&w->shared->writes, 1);
    const struct rk_span b = {body.data, body.len};
    switch (op->verb) {
    case RK_OP_CREATE:
        if (op->group[0])
            open_create(s);
        s->call = rk_kube_create(w->client, &t, b, &wr);
        break;
    case RK_OP_DELETE:
        s->call = rk_kube_delete(w->client, &t, op->uid, op->rv, -1, &wr);
        break;
    case RK_OP_PATCH:
        s->call = rk_kube_patch(w->client, &t, op->patch_type, NULL, b, &wr);
        break;
    case RK_OP_STATUS:
        s->call = rk_kube_patch(w->client, &t, op->patch_type, "status", b, &wr);
        break;
    }
    if (op->fill_path)
        rk_wipe(body.data, body.len);
    rk_buf_done(&body);
    (void)rk_fault("write-sent");
}
