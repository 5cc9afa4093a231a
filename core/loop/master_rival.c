/* Operators of the same kinds that are installed elsewhere: while one lives, nothing is written, unless [leader-election] force-adopt says so. */
#include "core/loop/master_in.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/str.h"

/* "<host>_<UUID>": a holder that controller-runtime named. */
static bool never_yields(const char *holder)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const char *id = strrchr(holder, '_');
    if (!id || strlen(++id) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == '-' ? id[i] != '-' : !strchr("0123456789abcdefABCDEF", id[i]))
            return false;
    return true;
}

bool rk__master_held(const struct rk_master *m)
{
    struct rk_rival who;
    if (!m->rivals)
        return false;
    if (!rk_rivals_live(m->rivals, &who))
        return !m->leads && !rk_rivals_known(m->rivals);
    /* Who waits waits for everybody. Of two that lead already one must go on: another of our kind waits for us as we would for it. */
    return !m->leads || never_yields(who.holder) || strcmp(who.ns, m->ns) < 0;
}

static void tell(struct rk_master *m, const struct rk_rival *who)
{
    char note[768];
    int n = snprintf(
        note, sizeof(note),
        "%s holds this Lease, and lives: raykeeper of namespace %s writes nothing until it is gone, or [leader-election] "
        "force-adopt is true",
        who->holder, m->ns);
    (void)n; /* cut when too long */
    rk_log_warn("an operator in another namespace lives: nothing is written",
                RK_KV("namespace", who->ns), RK_KV("lease", m->o->le.lease_name),
                RK_KV("holder", who->holder));
    const struct rk_event event = {.controller = "raykeeper",
                                   .api_version = "coordination.k8s.io/v1",
                                   .kind = "Lease",
                                   .ns = who->ns,
                                   .name = m->o->le.lease_name,
                                   .uid = who->uid,
                                   .warning = true,
                                   .reason = "RivalOperator",
                                   .action = "Wait",
                                   .note = note};
    rk_recorder_add(m->recorder, &event, 0); /* the master's client has no gate */
}

static void changed(void *ctx)
{
    struct rk_master *m = ctx;
    struct rk_rival who;
    bool live = rk_rivals_live(m->rivals, &who);
    bool held = live && rk__master_held(m);
    if (held)
        tell(m, &who);
    else if (live)
        rk_log_warn("an operator in another namespace lives, and is to wait for us",
                    RK_KV("namespace", who.ns), RK_KV("holder", who.holder));
    else if (m->held)
        rk_log_info("no operator lives in another namespace any more");
    m->held = held;
    rk__master_want(m);
}

int rk__master_rivals(struct rk_master *m, struct rk_err *err)
{
    char host[256] = "raykeeper";
    if (m->o->le.force_adopt)
        return 0;
    (void)gethostname(host, sizeof(host) - 1); /* the default name serves as well */
    m->recorder = rk_recorder_new(m->poll, m->client, host);
    const struct rk_rivals_conf conf = {.name = m->o->le.lease_name,
                                        .own_ns = m->ns,
                                        .namespaces = m->o->op.watch,
                                        .changed = changed,
                                        .ctx = m};
    return rk_rivals_new(m->poll, m->client, &conf, &m->rivals, err);
}
