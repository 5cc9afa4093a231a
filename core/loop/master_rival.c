/* Operators of the same kinds that are installed elsewhere: while one lives, nothing is written,
 * unless [leader-election] force-adopt says so.
 *
 * Who waits waits for everybody. Who holds its own Lease gives it back to one that knows nothing of
 * us, and to another raykeeper whose namespace sorts before ours: of two that see each other one
 * goes on. The other is to be gone soon; one that stays does not see us, and then we go. */
#include "core/loop/master_in.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"

#define BESIDE_MS 30000 /* whoever sees us has given its Lease back by then */

static bool yields_to(const struct rk_master *m, const struct rk_rival *who, int64_t now)
{
    return !m->leads || !m->elector || rk_rival_is_stranger(who->holder) ||
           strcmp(who->ns, m->ns) < 0 || (m->beside_ms && now - m->beside_ms > BESIDE_MS);
}

static void tell(struct rk_master *m, const struct rk_rival *who)
{
    char note[768];
    int n = snprintf(note, sizeof(note),
                     "%s holds this Lease, and lives: raykeeper of namespace %s writes nothing "
                     "until it is gone, or [leader-election] force-adopt is true",
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

static void be_held(struct rk_master *m, const struct rk_rival *who)
{
    char by[sizeof(m->held_by)];
    int n = snprintf(by, sizeof(by), "%s %s", who->ns, who->holder);
    (void)n; /* a cut text still differs from another's */
    m->held = RK_HELD_BY;
    if (strcmp(by, m->held_by) != 0)
        tell(m, who);
    memcpy(m->held_by, by, sizeof(by));
}

/* Who lives beside us while we lead, and is to give way. */
static void mind(struct rk_master *m, const struct rk_rival *who, int64_t now)
{
    if (m->beside_ms)
        return;
    m->beside_ms = now;
    rk_log_warn("an operator in another namespace lives, and is to wait for us",
                RK_KV("namespace", who->ns), RK_KV("holder", who->holder));
}

void rk__master_look_around(struct rk_master *m, int64_t now)
{
    struct rk_rival who, beside = {0};
    if (!m->rivals)
        return;
    for (size_t i = 0; rk_rivals_next(m->rivals, &i, &who);) {
        if (yields_to(m, &who, now)) {
            be_held(m, &who);
            return;
        }
        beside = who;
    }
    if (beside.ns)
        mind(m, &beside, now);
    else
        m->beside_ms = 0;
    if (m->held == RK_HELD_BY)
        rk_log_info("no operator that we wait for lives in another namespace any more");
    m->held_by[0] = '\0';
    m->held = !m->leads && rk_rivals_unknown(m->rivals) ? RK_HELD_UNKNOWN : RK_HELD_NO;
}

bool rk__master_alone(const struct rk_master *m)
{
    struct rk_rival who;
    size_t i = 0;
    return !m->rivals ||
           (rk_rivals_known_ms(m->rivals) >= m->term_ms && !rk_rivals_next(m->rivals, &i, &who));
}

static void looked(void *ctx)
{
    rk__master_want(ctx);
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
                                        .looked = looked,
                                        .ctx = m};
    m->held = RK_HELD_UNKNOWN;
    return rk_rivals_new(m->poll, m->client, &conf, &m->rivals, err);
}
