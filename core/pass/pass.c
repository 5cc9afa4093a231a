/* One pass: the phases in order, and what their verdicts mean for the plan. */
#include "core/pass/room.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define OBJECT_MAX (3u << 20) /* of one body; the API server takes 3 MiB, etcd 1.5 */

/* What PLAN or FINALIZE said is carried out, shaped; a wait ends the phase, not what was said
 * before it. */
static void carry_out(struct rk_pass *ps)
{
    rk__children(ps);
    rk__pods(ps);
}

static struct rk_obj *owner_object(struct rk_pass *ps)
{
    ps->owner = rk__obj_new(ps, RK__OBJ_OWNER, ps->snap->gvk, ps->snap->name, ps->object);
    rk__author_begin(ps->owner, RK__USERS);
    return ps->owner;
}

/* Returns whether STATUS follows. */
static bool alive(struct rk_pass *ps)
{
    int32_t r = rk__hooks(ps, RK_PHASE_VALIDATE, true);
    if (r == RK_OK) {
        ps->subject = owner_object(ps);
        r = rk__hooks(ps, RK_PHASE_DEFAULT, false);
        ps->subject = NULL;
    }
    if (r == RK_OK) {
        r = rk__hooks(ps, RK_PHASE_PLAN, false);
        if (ps->holds && (r == RK_OK || r == RK_WAIT)) {
            rk__final_emit_hold(ps);
            return false;
        }
        if (r == RK_OK || r == RK_WAIT) {
            carry_out(ps);
            if (rk__final_emit_release(ps, false))
                return false; /* the version moves: STATUS follows in the pass that this wakes */
        }
    }
    ps->plan->done = r == RK_DONE;
    return r != RK_DONE;
}

static bool deleting(struct rk_pass *ps)
{
    int32_t r = rk__hooks(ps, RK_PHASE_FINALIZE, true);
    if (r == RK_DONE) {
        ps->plan->done = true;
        return false;
    }
    if (r == RK_OK || r == RK_WAIT)
        carry_out(ps);
    if (r == RK_OK && !ps->plan->failed && rk__final_emit_release(ps, true))
        return false; /* mostly the object is gone then */
    rk__final_unserved(ps);
    return true;
}

/* Without this a user sees a field that he wrote gone, or a status that lacks half, and nobody says why. */
static void schema_outdated(struct rk_pass *ps)
{
    const char *lacks = ps->snap->lacks;
    if (lacks && lacks[0])
        rk__status_condition(
            ps, RK_SCHEMA_OUTDATED, "True", "FieldsMissing",
            rk_arena_fmt(
                &ps->arena,
                "the definition (CRD) of this kind is older than the operator, or not its own; the API server drops: %s. "
                "`raykeeper crds apply` brings the right one",
                lacks));
    else if (lacks)
        (void)rk__status_drop_condition(ps, RK_SCHEMA_OUTDATED); /* mostly it is not there */
}

static void status(struct rk_pass *ps)
{
    rk__status_begin(ps);
    if (!ps->arena.over)
        (void)rk__hooks(ps, RK_PHASE_STATUS, true); /* failures are told in the plan */
    ps->phase = RK_PHASE_STATUS;
    rk__fail_report(ps);
    rk__quarantine_over(ps);
    schema_outdated(ps);
    rk__status_emit(ps);
}

static void plan_begin(struct rk_pass *ps)
{
    const struct rk_snapshot *s = ps->snap;
    struct rk_plan *p = rk_alloc(sizeof *p);
    rk_arena_init(&p->arena, 0);
    p->gvk = rk_arena_strdup(&p->arena, s->gvk);
    p->ns = rk_arena_strdup(&p->arena, s->ns ? s->ns : "");
    p->name = rk_arena_strdup(&p->arena, s->name);
    p->uid = rk_arena_strdup(&p->arena, s->uid ? s->uid : "");
    p->rv = rk_arena_strdup(&p->arena, s->rv ? s->rv : "");
    const rk_kind *k = rk_plugins_kind(ps->plugins, s->gvk);
    p->controller = k && k->controller ? k->controller : "raykeeper";
    p->again_ms = -1;
    ps->plan = p;
}

/* A tree takes up to two dozen times the bytes of its text; every plugin may have one of its own of
 * each observed object, and the owner is copied into what is made of it: that much follows from the
 * input, what goes beyond it is a plugin's. */
static size_t arena_cap(const struct rk_pass_conf *conf, const struct rk_snapshot *snap)
{
    size_t bytes = snap->object.n;
    for (size_t i = 0; i < snap->n_seen; i++)
        bytes += snap->seen[i].json.n + 64;
    return conf->arena_cap == 0 ? 0 : conf->arena_cap + bytes * 48;
}

static void pass_begin(struct rk_pass *ps, const struct rk_plugins *plugins,
                       const struct rk_pass_conf *conf, const struct rk_snapshot *snap)
{
    char now[RK_TIME_TEXT];
    memset(ps, 0, sizeof *ps);
    ps->plugins = plugins;
    ps->conf = conf;
    ps->snap = snap;
    rk_arena_init(&ps->arena, arena_cap(conf, snap));
    rk_buf_init(&ps->buf, OBJECT_MAX);
    rk_map_init(&ps->taken, NULL);
    ps->kind = rk__gvk_kind(snap->gvk);
    ps->api_version = rk__gvk_api_version(&ps->arena, snap->gvk);
    rk_time_text(snap->now_us, now);
    ps->now_text = rk_arena_strdup(&ps->arena, now);
    ps->budget = conf->whole || conf->slice == 0 ? SIZE_MAX : conf->slice;
    ps->wants_end = &ps->wants;
    ps->groups_end = &ps->groups;
    ps->drops_end = &ps->drops;
    ps->unwants_end = &ps->unwants;
}

void rk__pass_done(struct rk_pass *ps)
{
    rk_map_done(&ps->taken);
    rk_buf_done(&ps->buf);
    rk_arena_done(&ps->arena);
}

/* RK_DONE: not ours. Nothing that was said before the verdict is written. */
static void forget(struct rk_plan *p)
{
    p->n_ops = p->n_events = p->n_held = p->n_shapes = p->n_asks = 0;
    p->again_ms = -1;
    p->again_why = NULL;
    p->failed = p->invalid = false; /* of an earlier hook: no reason to come back */
    p->problem = NULL;
}

int rk__pass_open(struct rk_pass *ps, const struct rk_plugins *plugins,
                  const struct rk_pass_conf *conf, const struct rk_snapshot *snap,
                  struct rk_err *err)
{
    pass_begin(ps, plugins, conf, snap);
    int r = rk_json_parse(&ps->arena, snap->object.p ? snap->object.p : "", snap->object.n, NULL,
                          &ps->object, err);
    if (r == 0 && !rk_json_is_object(ps->object))
        r = rk_err_set(err, RK_E_SYNTAX, "not an object but %s", rk_json_type_name(ps->object));
    if (r < 0) {
        (void)rk_err_wrap(err, "%s %s/%s", snap->gvk, snap->ns, snap->name); /* the code is r */
        rk__pass_done(ps);
        return r;
    }
    const cJSON *meta = rk_json_get(ps->object, "metadata");
    ps->deleting = snap->deleting || rk_json_is_string(rk_json_get(meta, "deletionTimestamp"));
    const char *generation = rk_json_num_text(rk_json_get(meta, "generation"));
    ps->generation = generation ? generation : "0";
    plan_begin(ps);
    return 0;
}

int rk_pass_run(const struct rk_plugins *plugins, const struct rk_pass_conf *conf,
                const struct rk_snapshot *snap, struct rk_plan **ret, struct rk_err *err)
{
    struct rk_pass pass, *ps = &pass;
    *ret = NULL;
    int r = rk__pass_open(ps, plugins, conf, snap, err);
    if (r < 0)
        return r;
    if (ps->deleting ? deleting(ps) : alive(ps))
        status(ps);
    if (ps->plan->done)
        forget(ps->plan);
    *ret = ps->plan;
    rk__pass_done(ps);
    return 0;
}
