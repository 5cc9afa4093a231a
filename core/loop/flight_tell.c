/* Events of a flight, folded: one per reason ("Created 3: a, b, c"). */
#include "core/loop/flight_in.h"

#include <stdio.h>
#include <string.h>

#include "core/base/str.h"

void rk__flight_tally(struct rk_flight *f, const struct rk_op *op, bool ok, const char *message)
{
    const char *reason = ok ? op->ok_reason : op->fail_reason;
    if (!reason)
        return;
    struct rk_tally *t = NULL;
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

void rk__flight_tell(struct rk_flight *f)
{
    for (size_t i = 0; i < f->n_tallies; i++) {
        struct rk_tally *t = &f->tallies[i];
        char note[1024];
        const char *verb = t->warning                         ? "Failed"
                           : strcmp(t->action, "Delete") == 0 ? "Deleted"
                           : strcmp(t->action, "Update") == 0 ? "Updated"
                                                              : "Created";
        int n = t->n == 1 ? snprintf(note, sizeof(note), "%s %s", verb, rk_buf_text(&t->names))
                          : snprintf(note, sizeof(note), "%s %zu: %s%s", verb, t->n,
                                     rk_buf_text(&t->names), t->n > 8 ? ", ..." : "");
        (void)n; /* cut when too long */
        record(f, t->warning, t->reason, t->action, note);
    }
}
