/* Phases: who runs, in which order, and how returns combine. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static char trace[512];

static int32_t note(const char *what, int32_t r)
{
    size_t n = strlen(trace);
    (void)snprintf(trace + n, sizeof trace - n, "%s%s", n ? " " : "", what); /* cut when too long */
    return r;
}

#define HOOK(name, what, r)                                        \
    static int32_t name(const rk_api *rk, rk_pass *ps, void *self) \
    {                                                              \
        (void)rk, (void)ps, (void)self;                            \
        return note(what, r);                                      \
    }
HOOK(validate, "V", RK_OK)
HOOK(dflt, "D", RK_OK)
HOOK(pod, "Po", RK_OK)
HOOK(object, "O", RK_OK)
HOOK(status, "S", RK_OK)
HOOK(finalize, "F", RK_OK)
HOOK(wait_f, "Fw", RK_WAIT)
HOOK(done, "X", RK_DONE)
HOOK(junk, "J", 37)
HOOK(broken, "B", RK_EFAIL)

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    static const rk_member one = {.size = sizeof one, .key = "0"};
    (void)self;
    rk_group g = {.size = sizeof g,
                  .n_members = 1,
                  .member_size = sizeof(rk_member),
                  .role = "worker",
                  .group = "g",
                  .pod_template = rk->at(rk->object(ps), "/spec/template"),
                  .name_prefix = "demo-",
                  .members = &one};
    RK_TRY(rk_set_str(rk, ps, rk->want(ps, SERVICE, "svc", RK_POLICY_ONCE), "/spec/type",
                      "ClusterIP"));
    return note("P", rk->pods(ps, &g));
}

static void all_phases(struct stage *st, rk_plugin *p)
{
    trace[0] = '\0';
    stage_hook(st, p, RK_PHASE_STATUS, 100, status);
    stage_hook(st, p, RK_PHASE_OBJECT, 100, object);
    stage_hook(st, p, RK_PHASE_POD, 100, pod);
    stage_hook(st, p, RK_PHASE_PLAN, 100, plan);
    stage_hook(st, p, RK_PHASE_DEFAULT, 100, dflt);
    stage_hook(st, p, RK_PHASE_VALIDATE, 100, validate);
    stage_hook(st, p, RK_PHASE_FINALIZE, 100, finalize);
}

STAGE_TEST(phases_run_in_order_and_children_before_pods)
{
    all_phases(st, stage_plugin(st, "a"));
    stage_run(st);
    assert_string_equal(trace, "V D P O Po O S");
    assert_int_equal(st->plan->n_ops, 2);
    assert_string_equal(st->plan->ops[0].plural, "services");
    assert_string_equal(st->plan->ops[1].plural, "pods");
    assert_true(st->plan->ops[0].wave < st->plan->ops[1].wave);
    assert_string_equal(st->plan->controller, "thing-controller");
    assert_null(st->plan->problem);
}

STAGE_TEST(a_deleting_object_meets_only_finalize_and_status)
{
    all_phases(st, stage_plugin(st, "a"));
    st->snap.deleting = true;
    stage_run(st);
    assert_string_equal(trace, "F S");
    assert_int_equal(st->plan->n_ops, 0);
}

STAGE_TEST(a_disabled_plugin_runs_only_finalize)
{
    all_phases(st, stage_plugin(st, "a"));
    st->disable = "a";
    stage_run(st);
    assert_string_equal(trace, "");
    st->snap.deleting = true;
    stage_run(st);
    assert_string_equal(trace, "F");
}

static int32_t refuse_two(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    (void)(rk->fail)(ps, RK_EINVAL, "/spec/size", "must be %d", 3);
    return rk->fail_text(ps, RK_EINVAL, "/spec/name", "must not be");
}

static int32_t refuse_again(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return (rk->fail)(ps, RK_EINVAL, "", "third");
}

static int32_t tell_failures(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *field, *text;
    (void)self;
    for (size_t i = 0; i < rk->failures(ps); i++) {
        assert_int_equal(rk->failure(ps, i, &field, &text), RK_EINVAL);
        (void)note(text, 0);
    }
    return RK_OK;
}

STAGE_TEST(all_validations_run_then_only_status)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    stage_hook(st, a, RK_PHASE_VALIDATE, 50, refuse_two);
    stage_hook(st, stage_plugin(st, "b"), RK_PHASE_VALIDATE, 200, refuse_again);
    stage_hook(st, a, RK_PHASE_STATUS, 200, tell_failures);
    stage_run(st);
    assert_string_equal(trace, "V S must be 3 must not be third");
    assert_true(st->plan->invalid);
    assert_false(st->plan->failed);
    assert_string_equal(st->plan->problem, "a: VALIDATE: /spec/size: must be 3");
    assert_int_equal(st->plan->n_events, 0); /* a hook asked for the failures: it reports them */
    assert_null(stage_op(st, RK_OP_STATUS, 0));
}

STAGE_TEST(what_no_status_hook_reports_the_core_reports)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_VALIDATE, 50, refuse_two);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_STATUS, 0);
    assert_string_equal(stage_at(st, op, "/status/conditions/[raykeeper.io/HookFailed]/message"),
                        "\"a: VALIDATE: /spec/size: must be 3 (and 1 more)\"");
    assert_int_equal(st->plan->n_events, 2);
    assert_true(st->plan->events[0].warning);
    assert_string_equal(st->plan->events[0].reason, "HookFailed");
}

STAGE_TEST(done_means_nothing_is_written)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    stage_hook(st, a, RK_PHASE_PLAN, 200, done);
    stage_run(st);
    assert_string_equal(trace, "V D P X");
    assert_true(st->plan->done);
    assert_int_equal(st->plan->n_ops, 0);
}

static int32_t refuse(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->fail_text(ps, RK_EFAIL, "", "some other time");
}

STAGE_TEST(what_failed_on_an_object_that_is_not_ours_is_not_tried_again)
{
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_VALIDATE, 1, refuse);
    stage_hook(st, a, RK_PHASE_VALIDATE, 2, done);
    stage_run(st);
    assert_true(st->plan->done);
    assert_false(st->plan->failed);
    assert_null(st->plan->problem);
    assert_int_equal(st->plan->n_events, 0);
}

static int32_t wait_5s(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->wait(ps, 5000, "for the head");
}

static int32_t wait_3s(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    (void)rk->wait(ps, 3000, "sooner"); /* said, not returned: only a due time */
    return RK_OK;
}

STAGE_TEST(wait_ends_the_phase_and_the_earliest_time_counts)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    stage_hook(st, a, RK_PHASE_PLAN, 150, wait_3s);
    stage_hook(st, a, RK_PHASE_PLAN, 200, wait_5s);
    stage_hook(st, a, RK_PHASE_PLAN, 300, broken);
    stage_run(st);
    assert_string_equal(trace, "V D P O Po O S"); /* what was said before the wait is carried out */
    assert_int_equal(st->plan->again_ms, 3000);
    assert_string_equal(st->plan->again_why, "sooner");
    assert_false(st->plan->failed);
}

STAGE_TEST(a_failing_plan_writes_only_status)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    stage_hook(st, a, RK_PHASE_PLAN, 200, broken);
    stage_run(st);
    assert_string_equal(trace, "V D P B S");
    assert_true(st->plan->failed);
    assert_string_equal(st->plan->problem, "a: PLAN: returned -4 without a word");
    assert_int_equal(st->plan->n_ops, 1);
    assert_int_equal(st->plan->ops[0].verb, RK_OP_STATUS);
    assert_true(st->plan->conditions_changed);
}

STAGE_TEST(a_hook_that_returns_junk_has_failed)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    stage_hook(st, a, RK_PHASE_POD, 200, junk);
    stage_run(st);
    assert_true(st->plan->failed);
    assert_contains(st->plan->problem, "a: POD: returned 37");
    assert_int_equal(stage_count(st, RK_OP_CREATE),
                     1); /* the service; the group's pods are left out */
}

STAGE_TEST(all_must_agree_to_finalize)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    stage_hook(st, stage_plugin(st, "b"), RK_PHASE_FINALIZE, 50, wait_f);
    st->snap.deleting = true;
    st->object =
        "{\"metadata\":{\"name\":\"demo\",\"finalizers\":[\"example.io/hold\",\"other/x\"]}}";
    stage_run(st);
    assert_string_equal(trace, "Fw F S");
    assert_int_equal(st->plan->n_ops, 0);
}

STAGE_TEST(hooks_are_filtered_by_kind_and_role)
{
    rk_plugin *a = stage_plugin(st, "a");
    all_phases(st, a);
    trace[0] = '\0';
    for (size_t i = 0; i < a->n_hooks; i++) {
        rk_hook *h = &st->hooks[0][i];
        if (h->phase == RK_PHASE_POD)
            h->roles = "head, other";
        if (h->phase == RK_PHASE_VALIDATE)
            h->kinds = "example.io/v1/Other";
        if (h->phase == RK_PHASE_DEFAULT)
            h->kinds = "example.io/v1/Other," THING;
    }
    stage_run(st);
    assert_string_equal(trace, "D P O O S");
}

static int32_t greedy(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    (void)rk->alloc(ps, 200000);
    return RK_OK;
}

STAGE_TEST(too_much_memory_fails_the_object_by_name)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 50, greedy);
    st->conf.arena_cap = 100000;
    stage_run(st);
    assert_true(st->plan->failed);
    assert_string_equal(
        st->plan->problem,
        rk_arena_fmt(&st->arena, "a: PLAN: example.io/v1/Thing ns/demo needs more than %zu bytes",
                     100000 + 48 * strlen(st->object))); /* its own tree is not counted */
}

STAGE_TEST(wanting_belongs_to_plan)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_VALIDATE, 50, plan);
    stage_run(st);
    assert_string_equal(st->plan->problem, "a: VALIDATE: want in phase VALIDATE");
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
}

static char hand[256];
static void in_hand(void *ctx, const char *plugin, const char *hook)
{
    (void)ctx;
    size_t n = strlen(hand);
    (void)snprintf(hand + n, sizeof hand - n, "%s:%s ", plugin ? plugin : "-",
                   hook ? hook : "-"); /* cut when too long */
}

STAGE_TEST(shared_memory_is_told_what_is_in_hand)
{
    hand[0] = '\0';
    st->conf.in_hand = in_hand;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 50, wait_3s)->title = "waits";
    stage_run(st);
    assert_string_equal(hand, "a:waits -:- ");
}

static void hook_runs(void *ctx, const struct rk_plugged_hook *h)
{
    (void)ctx;
    size_t n = strlen(hand);
    (void)snprintf(hand + n, sizeof hand - n, "%s ",
                   h ? h->hook.title : "-"); /* cut when too long */
}

static void hook_ended(void *ctx, const struct rk_plugged_hook *h, int32_t verdict)
{
    (void)ctx;
    size_t n = strlen(hand);
    (void)snprintf(hand + n, sizeof hand - n, "%s=%d ", h->hook.title, (int)verdict);
}

static int32_t does_nothing(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)rk, (void)ps, (void)self;
    return RK_OK;
}

static int32_t shapes(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    const rk_group g = {
        .size = sizeof g, .role = "main", .pod_template = rk->at(rk->object(ps), "/spec/template")};
    assert_non_null(rk->shape(ps, &g));
    return RK_WAIT;
}

static int32_t fails_mildly(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    (void)(rk->fail)(ps, RK_EINVAL, "/spec", "%s", "no");
    return RK_OK; /* it said so, which counts */
}

STAGE_TEST(who_counts_is_told_which_hook_runs_and_what_each_came_to)
{
    hand[0] = '\0';
    st->conf.hook_runs = hook_runs;
    st->conf.hook_ended = hook_ended;
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 50, shapes)->title = "outer";
    stage_hook(st, a, RK_PHASE_POD, 50, does_nothing)->title = "inner";
    stage_run(st);
    assert_string_equal(hand, "outer inner - inner=0 outer - outer=2 ");
    hand[0] = '\0';
    st->hooks[0][0].run = fails_mildly;
    stage_run(st);
    assert_string_equal(hand, "outer - outer=-1 ");
}

STAGE_TEST(an_object_that_is_not_json_gives_no_plan)
{
    struct rk_plan *none = NULL;
    struct rk_err err = RK_ERR_INIT;
    stage_plugin(st, "a");
    stage_run(st);
    st->snap.object = rk_span_of("{\"metadata\":");
    assert_int_equal(rk_pass_run(st->p, &st->conf, &st->snap, &none, &err), RK_E_SYNTAX);
    assert_null(none);
    assert_contains(err.text, "example.io/v1/Thing ns/demo: line 1");
}

static int32_t default_size(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    RK_TRY(rk_offer_num(rk, ps, rk->subject(ps), "/spec/size", 9));
    return rk_offer_num(rk, ps, rk->subject(ps), "/spec/more", 4);
}

static int32_t read_size(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    assert_int_equal(rk->num(rk->object(ps), "/spec/size", 0), 2);
    assert_int_equal(rk->num(rk->object(ps), "/spec/more", 0), 4);
    assert_null(rk->subject(ps));
    return RK_OK;
}

STAGE_TEST(defaults_complete_the_copy_that_later_phases_read)
{
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_DEFAULT, 100, default_size);
    stage_hook(st, a, RK_PHASE_PLAN, 100, read_size);
    stage_run(st);
    assert_null(st->plan->problem);
    assert_int_equal(st->plan->n_ops, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phases_run_in_order_and_children_before_pods),
        cmocka_unit_test(a_deleting_object_meets_only_finalize_and_status),
        cmocka_unit_test(a_disabled_plugin_runs_only_finalize),
        cmocka_unit_test(all_validations_run_then_only_status),
        cmocka_unit_test(what_no_status_hook_reports_the_core_reports),
        cmocka_unit_test(done_means_nothing_is_written),
        cmocka_unit_test(what_failed_on_an_object_that_is_not_ours_is_not_tried_again),
        cmocka_unit_test(wait_ends_the_phase_and_the_earliest_time_counts),
        cmocka_unit_test(a_failing_plan_writes_only_status),
        cmocka_unit_test(a_hook_that_returns_junk_has_failed),
        cmocka_unit_test(all_must_agree_to_finalize),
        cmocka_unit_test(hooks_are_filtered_by_kind_and_role),
        cmocka_unit_test(too_much_memory_fails_the_object_by_name),
        cmocka_unit_test(wanting_belongs_to_plan),
        cmocka_unit_test(shared_memory_is_told_what_is_in_hand),
        cmocka_unit_test(who_counts_is_told_which_hook_runs_and_what_each_came_to),
        cmocka_unit_test(an_object_that_is_not_json_gives_no_plan),
        cmocka_unit_test(defaults_complete_the_copy_that_later_phases_read),
    };
    return cmocka_run_group_tests_name("pass phases", tests, NULL, NULL);
}
