/* What the API server said to a write, and what follows: the cache, outcome and events, a resend, a look at whose the name is. */
#include "core/loop/flight_in.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/fault.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/json/scan.h"
#include "core/kube/verbs.h"

#define WINDOW_MAX 64
#define BARRED_MS  30000
#define RESEND_MS  1000

/* The object of a good answer goes into the cache: the next pass reads its own writes. */
static void apply(struct rk_leg *s, const struct rk_resp *resp)
{
    const struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    int kind = rk_view_kind_find(f->w->view, op->verb == RK_OP_STATUS ? f->plan->gvk : op->gvk);
    s->seen = kind < 0; /* what nobody watches needs no sight of it */
    if (kind < 0)
        return;
    struct rk_span body = resp->body, uid = rk_scan_get(body, "metadata/uid");
    /* Gone is what a 404 or a Status says, or an object that is to go and has no time left. */
    bool gone = resp->http == 404 || rk_span_is(rk_scan_get(body, "kind"), "\"Status\"") ||
                (uid.p && !rk_scan_get(body, "metadata/deletionTimestamp").p);
    if (op->verb == RK_OP_DELETE && gone) {
        rk_view_forget(f->w->view, kind, op->ns, op->name, op->uid);
        s->seen = true;
        return;
    }
    if (!body.p || !uid.p)
        return;
    struct rk_err err = RK_ERR_INIT;
    s->seen = rk_view_apply(f->w->view, kind, RK_VIEW_UPSERT, RK_FROM_RESPONSE, body, &err) == 0;
    if (!s->seen)
        rk_log_debug("answer not applied, the watch will tell", RK_KV("err", err.text));
}

void rk__flight_weighed(struct rk_leg *s, bool gone)
{
    if (!s->weighs)
        return;
    s->weighs = false;
    struct rk_breaker *b = &s->f->w->breaker;
    struct rk_owner *o = s->f->owner;
    b->flying--;
    if (!gone || !rk_breaker_counts(o))
        return;
    if (o->charged_since != b->since_ms)
        o->charged = 0;
    o->charged_since = b->since_ms;
    o->charged++;
    b->deleted++;
}

void rk__flight_settled(struct rk_leg *s, bool ok, const struct rk_resp *resp)
{
    struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    f->in_flight--;
    rk__flight_weighed(s, ok);
    /* A name is free again only when we know that its POST did nothing. And used only when the cache has its object: an answer that was
     * none (a login page under 200) leaves the next pass without it, and another name would make a second pod. */
    bool unknown = ok ? !s->seen : resp->unknown || (resp->unsent && s->tries > 1);
    if (op->verb == RK_OP_CREATE && op->group[0] && !unknown) {
        rk_shared_open_clear(f->w->shared, f->plan->uid, op->group, op->member);
        rk_shared_name_set(f->w->shared, op->gvk, op->ns, op->name,
                           ok ? RK_NAME_USED : RK_NAME_FREE);
    }
    if (f->aborted) {
        rk_decide_wrote(f->w, f->owner, f->plan, op,
                        unknown ? "unknown"
                        : ok    ? "done"
                                : "not sent",
                        NULL, resp);
        if (f->in_flight == 0)
            rk__flight_finish_soon(f);
        return;
    }
    static const char *const verbs[] = {[RK_OP_CREATE] = "create",
                                        [RK_OP_DELETE] = "delete",
                                        [RK_OP_PATCH] = "patch",
                                        [RK_OP_STATUS] = "patch status"};
    if (op->verb != RK_OP_STATUS)
        rk_outcome_note(f->owner, op->gvk, op->group, verbs[op->verb], resp);
    rk__flight_tally(f, op, ok, resp->message);
    rk_decide_wrote(f->w, f->owner, f->plan, op,
                    ok        ? "done"
                    : unknown ? "unknown"
                              : "failed",
                    NULL, resp);
    if (ok) {
        f->settled_ok++;
        if (f->window < WINDOW_MAX)
            f->window *= 2;
        if (f->w->decisions != RK_DECIDE_LOG) /* that line has all of this one */
            rk_log_info(verbs[op->verb], RK_KV("name", op->name), RK_KV("kind", op->gvk),
                        RK_KV("object", f->owner->key), RK_KV("why", op->note),
                        RK_KN("ms", resp->took_ms));
    } else {
        f->settled_bad++;
        s->failed = true;
        if (!op->apart)
            rk__flight_failed(f, op->wave);
        rk_log_warn("write failed", RK_KV("object", f->owner->key), RK_KV("verb", verbs[op->verb]),
                    RK_KV("kind", op->gvk), RK_KV("name", op->name), RK_KN("http", resp->http),
                    RK_KV("err", resp->message));
    }
    rk__flight_advance(f);
}

/* The world moved under the plan: plan again on the new one; not a failure. */
static void raced(struct rk_leg *s, const struct rk_resp *resp)
{
    struct rk_flight *f = s->f;
    rk_decide_wrote(f->w, f->owner, f->plan, s->op, "raced", NULL, resp);
    rk__flight_weighed(s, false);
    f->raced = true;
    s->failed = true;
    f->in_flight--;
    rk__flight_failed(f, s->op->wave);
    rk__flight_advance(f);
}

static bool owned_by(struct rk_span object, const char *uid)
{
    struct rk_span owners = rk_scan_get(object, "metadata/ownerReferences");
    struct rk_buf needle;
    if (!owners.p || !uid[0])
        return false;
    rk_buf_init(&needle, 512);
    (void)rk_buf_addf(&needle, "\"uid\":\"%s\"", uid); /* a uid fits */
    bool ours = memmem(owners.p, owners.n, rk_buf_text(&needle), needle.len) != NULL;
    rk_buf_done(&needle);
    return ours;
}

/* An answer under 200 that holds no object of that name (a proxy's login page) says nothing of what has become of the request. */
static struct rk_resp no_answer(const struct rk_resp *resp)
{
    struct rk_resp r = *resp;
    r.code = RK_E_IO;
    r.unknown = true;
    (void)rk_str_copy(r.message, sizeof(r.message),
                      "the answer holds no object of that name"); /* fits */
    return r;
}

static bool is_of(struct rk_span body, const struct rk_op *op)
{
    char name[512] = "";
    return body.p && rk_scan_get(body, "metadata/uid").p &&
           rk_scan_text(rk_scan_get(body, "metadata/name"), name, sizeof(name)) == 0 &&
           strcmp(name, op->name) == 0;
}

/* Somebody else's object does as well: nothing was made, and nothing is to be told. */
static void found(struct rk_leg *s, const struct rk_resp *resp)
{
    struct rk_flight *f = s->f;
    rk_owner_found(f->owner, s->op->gvk, s->op->name);
    rk_outcome_note(f->owner, s->op->gvk, s->op->group, "create", resp);
    rk_decide_wrote(f->w, f->owner, f->plan, s->op, "not needed", "another's serves as well", resp);
    f->in_flight--;
    rk__flight_advance(f);
}

/* Whose is the object that holds the name? Ours: our POST had arrived before. */
static void resolved(void *ctx, const struct rk_resp *resp)
{
    struct rk_leg *s = ctx;
    struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    s->call = NULL;
    if (f->aborted || resp->unsent) {
        struct rk_resp open = *resp;
        open.unknown = true; /* we still do not know whose it is: the name stays as it is */
        rk__flight_settled(s, false, &open);
        return;
    }
    if (resp->code == RK_E_NOENT && s->tries < RK_FLIGHT_TRIES_SILENT) {
        rk__flight_again(s, 0); /* deleted between the two answers: the name is free again */
        return;
    }
    if (resp->code == 0 && !is_of(resp->body, op)) {
        const struct rk_resp none = no_answer(resp);
        rk__flight_settled(s, false, &none);
        return;
    }
    if (resp->code == 0 && owned_by(resp->body, f->plan->uid)) {
        apply(s, resp);
        rk__flight_settled(s, true, resp);
        return;
    }
    if (resp->code == 0 && op->anyones) {
        found(s, resp);
        return;
    }
    if (resp->code == 0 && op->group[0] && f->owner->races < RK_FLIGHT_TRIES_ANSWERED) {
        /* Somebody else's: for us the name is used, the next plan takes another. A fixed name ends on the failing path below. */
        rk_shared_open_clear(f->w->shared, f->plan->uid, op->group, op->member);
        rk_shared_name_set(f->w->shared, op->gvk, op->ns, op->name, RK_NAME_USED);
        raced(s, resp);
        return;
    }
    struct rk_resp foreign = *resp;
    if (resp->code == 0) {
        foreign.code = RK_E_CONFLICT;
        foreign.http = 409;
        (void)rk_str_copy(foreign.reason, sizeof(foreign.reason), "AlreadyExists");
        int n = snprintf(foreign.message, sizeof(foreign.message),
                         "%s %s/%s exists and is not ours", op->gvk, op->ns, op->name);
        (void)n; /* cut when too long */
    }
    rk__flight_settled(s, false, &foreign);
}

/* Once more under the same name, or has it been asked often enough? */
static bool ask_again(struct rk_leg *s, const struct rk_resp *resp)
{
    uint32_t most = resp->http ? RK_FLIGHT_TRIES_ANSWERED : RK_FLIGHT_TRIES_SILENT;
    bool repeatable = s->op->verb == RK_OP_CREATE || s->op->verb == RK_OP_DELETE;
    if (!repeatable || !(resp->unknown || resp->code == RK_E_BUSY) || s->tries >= most)
        return false;
    rk_log_info("outcome unknown, asking again", RK_KV("name", s->op->name),
                RK_KV("object", s->f->owner->key), RK_KN("http", resp->http),
                RK_KV("err", resp->message));
    rk__flight_again(s, resp->retry_after_ms > 0 ? resp->retry_after_ms : RESEND_MS);
    return true;
}

static void good(struct rk_leg *s, const struct rk_resp *resp)
{
    struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    char rv[128] = "";
    apply(s, resp);
    if (!s->seen) {
        const struct rk_resp none = no_answer(resp);
        if (!ask_again(s, &none))
            rk__flight_settled(s, false, &none);
        return;
    }
    (void)rk_scan_text(rk_scan_get(resp->body, "metadata/resourceVersion"), rv,
                       sizeof(rv)); /* one that cannot be told equals none */
    if (op->verb == RK_OP_PATCH && op->rv && rv[0] && strcmp(rv, op->rv) == 0) {
        /* The API server drops the field, or a webhook puts it back: once more would be for ever. */
        struct rk_resp vain = *resp;
        vain.code = RK_E_INVAL;
        (void)rk_str_copy(vain.message, sizeof(vain.message),
                          "the API server took the patch and changed nothing"); /* fits */
        rk__flight_settled(s, false, &vain);
        return;
    }
    if (op->verb == RK_OP_STATUS)
        f->owner->status_ms = rk_clock_ms();
    rk__flight_settled(s, true, resp);
}

void rk__flight_answered(void *ctx, const struct rk_resp *resp)
{
    struct rk_leg *s = ctx;
    struct rk_flight *f = s->f;
    const struct rk_op *op = s->op;
    s->call = NULL;
    (void)rk_fault("write-answered");
    /* Unsent behind a shut gate ends the flight; unsent for another reason (no connection, an illegal name) is a failure like any. */
    if (f->aborted || (resp->unsent && !rk_shared_gate(f->w->shared, f->w->epoch))) {
        f->aborted = true;
        rk__flight_settled(s, false, resp);
        return;
    }
    if (resp->code == 0) {
        good(s, resp);
        return;
    }
    if (ask_again(s, resp))
        return;
    if (op->verb == RK_OP_CREATE && resp->http == 409 &&
        strcmp(resp->reason, "AlreadyExists") == 0) {
        const struct rk_target t = {op->api_version, op->plural, op->ns, op->name,
                                    rk_feeds_metadata_only(f->w, op->gvk)};
        s->call = rk_kube_get(f->w->client, &t, RK_PRIO_HIGH, resolved, s);
        return;
    }
    if (op->verb == RK_OP_DELETE && resp->code == RK_E_NOENT) {
        apply(s, resp);
        rk__flight_settled(s, true, resp);
        return;
    }
    /* A namespace that goes takes no new objects, and never comes back: each of its pods that ends would have us try again. */
    if (resp->http == 403 && resp->body.p &&
        memmem(resp->body.p, resp->body.n, "NamespaceTerminating", 20))
        rk_breaker_pardon(f->w, f->owner, rk_clock_ms() + BARRED_MS);
    if (resp->code == RK_E_CONFLICT || (op->verb == RK_OP_STATUS && resp->code == RK_E_NOENT)) {
        raced(s, resp);
        return;
    }
    rk__flight_settled(s, false, resp);
}
