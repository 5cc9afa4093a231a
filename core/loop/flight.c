/* A plan in flight: its writes go out wave by wave, one group's creates concurrently (1, 2, 4 ... in flight), each settled before the plan is.
 *
 * Settled means: we know whether it happened. A create whose outcome is unknown is sent again under the same name until the answer tells (201, or 409 and
 * the object is ours); a delete likewise under its uid. Only a shut gate ends a flight with something unsettled: the names then stay `unresolved` in
 * shared memory, and the next plan of the same intent chooses the same names (client.md 34, 36-38). */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/fault.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/path.h"
#include "core/json/scan.h"
#include "core/kube/verbs.h"
#include "core/loop/worker.h"

#define WINDOW_MAX 64
#define BODY_MAX   (3u << 20) /* the API server's own bound (client.md 42) */
#define RESEND_MS  1000
#define RESEND_MAX                                                                                 \
    60 /* then the flight gives up and the key backs off; the name stays unresolved */
#define STATUS_QUIET_MS    1000 /* counters at most once a second (client.md 40) */
#define STATUS_COALESCE_MS 200  /* conditions at once, but one start-up's changes together */

struct rk_flight;

struct step { /* one op under way */
    struct rk_flight *f;
    const struct rk_op *op;
    rk_call *call;
    struct rk_timer again;
    uint32_t tries;
    bool resolving; /* a GET after 409 */
};

struct tally { /* events of one reason are folded */
    const char *reason, *action;
    bool warning;
    size_t n;
    struct rk_buf names;
};

struct rk_flight {
    struct rk_worker *w;
    struct rk_owner *owner;
    struct rk_plan *plan;
    struct step *steps; /* one per op */
    size_t next, in_flight, window, settled_ok, settled_bad;
    int wave;
    bool wave_failed, aborted, raced; /* raced: a precondition failed, look again at once */
    struct tally tallies[8];
    size_t n_tallies;
    struct rk_timer finish;
};

static void advance(struct rk_flight *f);
static void send_step(struct step *s);

void rk_flight_free(struct rk_flight *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->plan->n_ops; i++) {
        if (f->steps[i].call)
            rk_client_cancel(f->w->client, f->steps[i].call);
        rk_timer_del(f->w->poll, &f->steps[i].again);
    }
    rk_timer_del(f->w->poll, &f->finish);
    for (size_t i = 0; i < f->n_tallies; i++)
        rk_buf_done(&f->tallies[i].names);
    rk_free(f->steps);
    rk_plan_free(f->plan);
    rk_free(f);
}

static void tally(struct rk_flight *f, const struct rk_op *op, bool ok, const char *message)
{
    const char *reason = ok ? op->ok_reason : op->fail_reason;
    if (!reason)
        return;
    struct tally *t = NULL;
    for (size_t i = 0; i < f->n_tallies && !t; i++)
        if (f->tallies[i].warning == !ok && strcmp(f->tallies[i].reason, reason) == 0)
            t = &f->tallies[i];
    if (!t) {
        if (f->n_tallies == sizeof(f->tallies) / sizeof(f->tallies[0]))
            return; /* more kinds of children than a plan has reasons for: the log has the rest */
        t = &f->tallies[f->n_tallies++];
        t->reason = reason;
        t->action = op->action ? op->action : (op->verb == RK_OP_DELETE ? "Delete" : "Create");
        t->warning = !ok;
        rk_buf_init(&t->names, 900);
    }
    if (t->n++ < 8)
        (void)rk_buf_addf(&t->names, "%s%s/%s", t->n > 1 ? ", " : "", op->ns,
                          op->name); /* cut past the bound */
    if (!ok && t->n == 1)
        (void)rk_buf_addf(&t->names, ": %s", message);
    else if (ok && t->n == 1 && op->verb == RK_OP_DELETE && op->note)
        (void)rk_buf_addf(&t->names, ": %s", op->note);
}

static void record(struct rk_flight *f, bool warning, const char *reason, const char *action,
                   const char *note)
{
    const struct rk_plan *p = f->plan;
    const char *slash = strrchr(p->gvk, '/');
    char api_version[256];
    if (!slash ||
        rk_str_copyn(api_version, sizeof(api_version), p->gvk, (size_t)(slash - p->gvk)) != 0)
        return;
    struct rk_event ev = {.controller = p->controller,
                          .api_version = api_version,
                          .kind = slash + 1,
                          .ns = p->ns,
                          .name = p->name,
                          .uid = p->uid,
                          .rv = p->rv,
                          .warning = warning,
                          .reason = reason,
                          .action = action,
                          .note = note};
    rk_recorder_add(f->w->recorder, &ev, f->w->epoch);
}

static void tell(struct rk_flight *f)
{
    for (size_t i = 0; i < f->n_tallies; i++) {
        struct tally *t = &f->tallies[i];
        char note[1024];
        const char *verb = t->warning                         ? "Failed"
                           : strcmp(t->action, "Delete") == 0 ? "Deleted"
                                                              : "Created";
        int n = t->n == 1 ? snprintf(note, sizeof(note), "%s %s", verb, rk_buf_text(&t->names))
                          : snprintf(note, sizeof(note), "%s %zu: %s%s", verb, t->n,
                                     rk_buf_text(&t->names), t->n > 8 ? ", ..." : "");
        (void)n; /* cut when too long */
        record(f, t->warning, t->reason, t->action, note);
    }
}

static void finish(void *ctx)
{
    struct rk_flight *f = ctx;
    struct rk_worker *w = f->w;
    struct rk_owner *o = f->owner;
    if (!f->aborted)
        tell(f);
    bool failed = f->settled_bad > 0 || f->plan->failed;
    bool again = f->raced || f->plan->n_held > 0;
    if (f->plan->again_ms >= 0)
        rk_queue_add_after(w->queue, o->key, RK_PRIO_NORMAL, rk_clock_ms(), f->plan->again_ms);
    if (f->aborted) {
        failed = false;
        again = true; /* whoever leads next, we too, looks afresh */
    }
    o->flight = NULL;
    w->flights--;
    rk_flight_free(f);
    rk_drive_finished(w, o, failed, again);
}

static void finish_soon(struct rk_flight *f)
{
    rk_timer_in(f->w->poll, &f->finish, 0, finish, f);
}

/* The object of a good answer goes into the cache: the next pass reads its own writes. */
static void apply(struct rk_flight *f, const struct rk_op *op, const struct rk_resp *resp)
{
    int kind = rk_view_kind_find(f->w->view, op->verb == RK_OP_STATUS ? f->plan->gvk : op->gvk);
    if (kind < 0)
        return;
    struct rk_span body = resp->body, uid = rk_scan_get(body, "metadata/uid");
    if (op->verb == RK_OP_DELETE &&
        (!body.p || !uid.p || !rk_scan_get(body, "metadata/deletionTimestamp").p)) {
        rk_view_forget(f->w->view, kind, op->ns, op->name, op->uid);
        return;
    }
    if (!body.p || !uid.p)
        return;
    struct rk_err err = RK_ERR_INIT;
    if (rk_view_apply(f->w->view, kind, RK_VIEW_UPSERT, RK_FROM_RESPONSE, body, &err) != 0)
        rk_log_debug("answer not applied, the watch will tell", RK_KV("err", err.text));
}

static void settled(struct step *s, bool ok, const struct rk_resp *resp)
{
    struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    f->in_flight--;
    if (op->verb == RK_OP_CREATE && op->group[0] && !f->aborted)
        rk_shared_name_set(f->w->shared, op->gvk, op->ns, op->name,
                           ok ? RK_NAME_USED : RK_NAME_FREE);
    if (f->aborted) {
        if (f->in_flight == 0)
            finish_soon(f);
        return;
    }
    static const char *const verbs[] = {[RK_OP_CREATE] = "create",
                                        [RK_OP_DELETE] = "delete",
                                        [RK_OP_PATCH] = "patch",
                                        [RK_OP_STATUS] = "patch status"};
    if (op->verb != RK_OP_STATUS)
        rk_outcome_note(f->owner, op->gvk, op->group, verbs[op->verb], resp);
    tally(f, op, ok, resp->message);
    if (ok) {
        f->settled_ok++;
        if (f->window < WINDOW_MAX)
            f->window *= 2;
        rk_log_info(verbs[op->verb], RK_KV("object", f->owner->key), RK_KV("kind", op->gvk),
                    RK_KV("name", op->name), RK_KV("why", op->note), RK_KN("ms", resp->took_ms));
    } else {
        f->settled_bad++;
        f->wave_failed = true;
        rk_log_warn("write failed", RK_KV("object", f->owner->key), RK_KV("verb", verbs[op->verb]),
                    RK_KV("kind", op->gvk), RK_KV("name", op->name), RK_KN("http", resp->http),
                    RK_KV("err", resp->message));
    }
    advance(f);
}

static void again_fired(void *ctx)
{
    struct step *s = ctx;
    if (s->f->aborted) {
        s->f->in_flight--;
        if (s->f->in_flight == 0)
            finish_soon(s->f);
        return;
    }
    send_step(s);
}

static void send_again(struct step *s, int64_t after_ms)
{
    s->resolving = false;
    rk_timer_in(s->f->w->poll, &s->again, after_ms, again_fired, s);
}

/* Whose is the object that holds the name? Ours: our POST had arrived before. */
static void resolved(void *ctx, const struct rk_resp *resp)
{
    struct step *s = ctx;
    struct rk_flight *f = s->f;
    s->call = NULL;
    if (f->aborted || resp->unsent) {
        settled(s, false, resp);
        return;
    }
    if (resp->code == RK_E_NOENT && s->tries < RESEND_MAX) {
        send_again(s, 0); /* deleted between the two answers: the name is free again */
        return;
    }
    char uid[128] = "";
    struct rk_span owners = rk_scan_get(resp->body, "metadata/ownerReferences");
    bool ours = false;
    if (resp->code == 0 && owners.p && f->plan->uid[0]) {
        struct rk_buf needle;
        rk_buf_init(&needle, 512);
        (void)rk_buf_addf(&needle, "\"uid\":\"%s\"", f->plan->uid);
        ours = memmem(owners.p, owners.n, rk_buf_text(&needle), needle.len) != NULL;
        rk_buf_done(&needle);
    }
    (void)rk_scan_text(rk_scan_get(resp->body, "metadata/uid"), uid,
                       sizeof(uid)); /* only for the cache below */
    if (resp->code == 0)
        apply(f, s->op, resp);
    if (ours) {
        settled(s, true, resp);
        return;
    }
    struct rk_resp foreign = *resp;
    if (resp->code == 0) {
        foreign.code = RK_E_CONFLICT;
        foreign.http = 409;
        (void)rk_str_copy(foreign.reason, sizeof(foreign.reason), "AlreadyExists");
        int n = snprintf(foreign.message, sizeof(foreign.message),
                         "%s %s/%s exists and is not ours", s->op->gvk, s->op->ns, s->op->name);
        (void)n;                            /* cut when too long */
        f->raced = s->op->group[0] != '\0'; /* a pod takes another name at once */
    }
    settled(s, false, &foreign);
}

static void answered(void *ctx, const struct rk_resp *resp)
{
    struct step *s = ctx;
    struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    s->call = NULL;
    (void)rk_fault("write-answered");
    if (f->aborted || resp->unsent) {
        f->aborted = f->aborted || resp->unsent;
        settled(s, false, resp);
        return;
    }
    if (resp->code == 0) {
        apply(f, op, resp);
        if (op->verb == RK_OP_STATUS)
            f->owner->status_ms = rk_clock_ms();
        settled(s, true, resp);
        return;
    }
    bool repeatable = op->verb == RK_OP_CREATE || op->verb == RK_OP_DELETE;
    if (repeatable && (resp->unknown || resp->code == RK_E_BUSY) && s->tries < RESEND_MAX) {
        rk_log_info("outcome unknown, asking again", RK_KV("object", f->owner->key),
                    RK_KV("name", op->name), RK_KN("http", resp->http),
                    RK_KV("err", resp->message));
        send_again(s, resp->retry_after_ms > 0 ? resp->retry_after_ms : RESEND_MS);
        return;
    }
    if (op->verb == RK_OP_CREATE && resp->http == 409 &&
        strcmp(resp->reason, "AlreadyExists") == 0) {
        const struct rk_target t = {op->api_version, op->plural, op->ns, op->name};
        s->resolving = true;
        s->call = rk_kube_get(f->w->client, &t, RK_PRIO_HIGH, resolved, s);
        return;
    }
    if (op->verb == RK_OP_DELETE && resp->code == RK_E_NOENT) {
        apply(f, op, resp);
        settled(s, true, resp);
        return;
    }
    if (resp->code == RK_E_CONFLICT || (op->verb == RK_OP_STATUS && resp->code == RK_E_NOENT)) {
        f->raced =
            true; /* the world moved under the plan: plan again on the new one, not a failure */
        f->in_flight--;
        f->wave_failed = true;
        advance(f);
        return;
    }
    settled(s, false, resp);
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

static void send_step(struct step *s)
{
    struct rk_flight *f = s->f;
    struct rk_worker *w = f->w;
    const struct rk_op *op = s->op;
    const struct rk_target t = {op->api_version, op->plural, op->ns, op->name};
    const struct rk_write wr = {
        .epoch = w->epoch, .priority = RK_PRIO_NORMAL, .done = answered, .ctx = s};
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
        settled(s, false, &r);
        return;
    }
    s->tries++;
    atomic_fetch_add(&w->shared->writes, 1);
    const struct rk_span b = {body.data, body.len};
    switch (op->verb) {
    case RK_OP_CREATE:
        if (op->group[0])
            rk_shared_name_set(w->shared, op->gvk, op->ns, op->name, RK_NAME_UNRESOLVED);
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

/* Status after writes that went well would tell the world before them: the pass that their answers wake tells it right. */
static bool status_later(struct rk_flight *f)
{
    if (f->settled_bad || f->plan->failed || f->plan->invalid)
        return false;
    if (f->settled_ok) {
        f->raced = true;
        return true;
    }
    int64_t now = rk_clock_ms(),
            quiet = f->plan->conditions_changed ? STATUS_COALESCE_MS : STATUS_QUIET_MS;
    int64_t since = now - f->owner->status_ms;
    if (f->owner->status_ms == 0 || since >= quiet)
        return false;
    rk_queue_add_after(f->w->queue, f->owner->key, RK_PRIO_NORMAL, now, quiet - since);
    return true;
}

static void advance(struct rk_flight *f)
{
    struct rk_plan *p = f->plan;
    while (!f->aborted && f->next < p->n_ops && f->in_flight < f->window) {
        const struct rk_op *op = &p->ops[f->next];
        bool status = op->verb == RK_OP_STATUS;
        if ((status || op->wave != f->wave) && f->in_flight > 0)
            break; /* the wave before must be settled */
        if (f->wave_failed && !status) {
            f->next++; /* a failed wave stops itself and the next; status still tells of it */
            continue;
        }
        f->wave = op->wave;
        if (status && status_later(f)) {
            f->next++;
            continue;
        }
        struct step *s = &f->steps[f->next++];
        f->in_flight++;
        send_step(s);
    }
    if (f->in_flight == 0 && (f->aborted || f->next >= p->n_ops))
        finish_soon(f);
}

void rk_flight_start(struct rk_worker *w, struct rk_owner *owner, struct rk_plan *plan)
{
    struct rk_flight *f = rk_alloc(sizeof(*f));
    f->w = w;
    f->owner = owner;
    f->plan = plan;
    f->window = 1;
    f->steps = rk_alloc_array(plan->n_ops + 1, sizeof(*f->steps));
    for (size_t i = 0; i < plan->n_ops; i++) {
        f->steps[i].f = f;
        f->steps[i].op = &plan->ops[i];
    }
    owner->flight = f;
    w->flights++;
    advance(f);
}

void rk_flight_abort_all(struct rk_worker *w)
{
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&w->owners, &i, &key, &value);) {
        struct rk_flight *f = ((struct rk_owner *)value)->flight;
        if (!f || f->aborted)
            continue;
        f->aborted = true;
        for (size_t k = 0; k < f->plan->n_ops; k++)
            if (rk_timer_active(&f->steps[k].again)) {
                rk_timer_del(w->poll, &f->steps[k].again);
                f->in_flight--;
            }
        if (f->in_flight == 0)
            finish_soon(f);
    }
}
