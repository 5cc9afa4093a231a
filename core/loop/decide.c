/* The decision log: one line for each decision over a child, constant message and pairs, with its reason and who gave it. What is done has a
 * line each time; what is not done (held, skipped, failed, raced) has one when it is new, as passes say it again and again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/worker.h"

#define TOLD_MAX 256 /* of one plan: two slices of writes and what is held beside them */

#define PAIRS_ALWAYS 13 /* pairs of every line */
#define PAIRS_MAX    17

struct rk_decided { /* hashes of what was not done: of the plan before, and of this one */
    size_t n_before, n_now;
    uint64_t before[TOLD_MAX], now[TOLD_MAX];
};

int rk_decide_open(struct rk_worker *w, struct rk_err *err)
{
    const char *where = w->o->op.decisions;
    w->decisions = strcmp(where, "log") == 0 ? RK_DECIDE_LOG : RK_DECIDE_OFF;
    if (!strchr(where, '/'))
        return 0;
    /* O_NONBLOCK: a pipe that nobody reads must not stop us. */
    int fd = open(where, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
    if (fd < 0)
        return rk_err_set(err, RK_E_INVAL, "[operator] log-decisions: %s: %s", where,
                          strerror(errno));
    w->decisions = fd;
    return 0;
}

void rk_decide_close(struct rk_worker *w)
{
    if (w->decisions >= 0)
        close(w->decisions);
    w->decisions = RK_DECIDE_OFF;
}

void rk_decide_free(struct rk_decided *d)
{
    rk_free(d);
}

void rk_decide_begin(struct rk_worker *w, struct rk_owner *o)
{
    struct rk_decided *d = o->decided;
    if (w->decisions == RK_DECIDE_OFF || !d)
        return;
    memcpy(d->before, d->now, d->n_now * sizeof(d->now[0]));
    d->n_before = d->n_now;
    d->n_now = 0;
    if (d->n_before > 0)
        return;
    rk_free(d); /* two plans in which all was done */
    o->decided = NULL;
}

static uint64_t mix(uint64_t hash, const char *text)
{
    return rk_hash64(text, strlen(text) + 1, hash);
}

/* Did the plan before say the same, or this one already? Remembers it. */
static bool told_before(struct rk_owner *o, uint64_t hash)
{
    struct rk_decided *d = o->decided;
    if (!d)
        d = o->decided = rk_alloc(sizeof(*d));
    bool told = false;
    for (size_t i = 0; i < d->n_before && !told; i++)
        told = d->before[i] == hash;
    for (size_t i = 0; i < d->n_now; i++)
        if (d->now[i] == hash)
            return true;
    if (d->n_now < TOLD_MAX)
        d->now[d->n_now++] = hash;
    return told;
}

static const char *reason_of(const struct rk_op *op)
{
    switch (op->verb) {
    case RK_OP_CREATE:
        return "wanted, and not there";
    case RK_OP_DELETE:
        return op->note ? op->note : "not wanted";
    case RK_OP_PATCH:
    case RK_OP_STATUS:
        break;
    }
    return op->note && op->note[0] ? op->note : "not as wanted";
}

static void tell(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *p,
                 const struct rk_op *op, const char *outcome, const char *why,
                 const struct rk_resp *resp)
{
    static const char *const verbs[] = {[RK_OP_CREATE] = "create",
                                        [RK_OP_DELETE] = "delete",
                                        [RK_OP_PATCH] = "patch",
                                        [RK_OP_STATUS] = "patch status"};
    bool done = strcmp(outcome, "done") == 0, bad = resp && resp->code != 0;
    uint64_t hash = mix(mix(mix(mix(1, verbs[op->verb]), op->name), outcome), op->gvk);
    if (!done && told_before(o, mix(mix(hash, why ? why : ""), bad ? resp->message : "")))
        return;
    struct rk_log_kv pairs[PAIRS_MAX] = {RK_KV("what", verbs[op->verb]),
                                         RK_KV("kind", op->gvk),
                                         RK_KV("namespace", op->ns),
                                         RK_KV("name", op->name),
                                         RK_KV("group", op->group),
                                         RK_KV("ownerKind", p->gvk),
                                         RK_KV("owner", p->name),
                                         RK_KV("ownerUid", p->uid),
                                         RK_KN("generation", o->generation),
                                         RK_KV("outcome", outcome),
                                         RK_KV("why", reason_of(op)),
                                         RK_KV("plugin", op->author),
                                         RK_KN("epoch", w->epoch)};
    size_t n = PAIRS_ALWAYS;
    if (why)
        pairs[n++] = RK_KV("outcomeWhy", why);
    if (resp) {
        pairs[n++] = RK_KN("ms", resp->took_ms);
        pairs[n++] = RK_KN("http", resp->http);
    }
    if (bad && !done)
        pairs[n++] = RK_KV("err", resp->message);
    rk_log_record(w->decisions, "decision", pairs, n);
}

void rk_decide_wrote(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *plan,
                     const struct rk_op *op, const char *outcome, const char *why,
                     const struct rk_resp *resp)
{
    if (w->decisions != RK_DECIDE_OFF && op->verb != RK_OP_STATUS)
        tell(w, o, plan, op, outcome, why, resp);
}

void rk_decide_held(struct rk_worker *w, struct rk_owner *o, const struct rk_plan *plan,
                    const struct rk_op *op, const char *why)
{
    if (w->decisions != RK_DECIDE_OFF)
        tell(w, o, plan, op, "held", why, NULL);
}
