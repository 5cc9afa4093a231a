/* Finalizers: held before anything is made, released when all agree. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

#define HELD \
    "{\"metadata\":{\"name\":\"demo\",\"finalizers\":[\"other/x\",\"example.io/hold\"]},\"spec\":{}}"

static const char *finalizer;
static int32_t verdict;

static int32_t hold(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->hold(ps, finalizer);
}

static int32_t want_service(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    RK_TRY(rk_set_str(rk, ps, rk->want(ps, SERVICE, "svc", RK_POLICY_ONCE), "/spec/type", "x"));
    return verdict;
}

static int32_t count(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk_set_num(rk, ps, rk->status(ps), "/n", 1);
}

static int32_t let_go(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->release(ps, "example.io/hold");
}

static void set_up(struct stage *st)
{
    finalizer = "example.io/hold";
    verdict = RK_OK;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, count);
}

STAGE_TEST(a_missing_finalizer_is_all_that_is_written)
{
    set_up(st);
    stage_hook(st, &st->plugs[0], RK_PHASE_PLAN, 100, want_service);
    stage_hook(st, &st->plugs[0], RK_PHASE_PLAN, 200, hold);
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 1);
    const struct rk_op *op = stage_op(st, RK_OP_PATCH, 0);
    assert_string_equal(
        stage_at(st, op, ""),
        "{\"metadata\":{\"resourceVersion\":\"7\",\"finalizers\":[\"example.io/hold\"]}}");
    assert_string_equal(op->gvk, THING);
    assert_string_equal(op->name, "demo");
    st->object = HELD;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
    assert_int_equal(stage_count(st, RK_OP_STATUS), 1);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 0);
}

STAGE_TEST(a_whole_run_shows_what_comes_after_the_finalizer)
{
    set_up(st);
    stage_hook(st, &st->plugs[0], RK_PHASE_PLAN, 100, hold);
    stage_hook(st, &st->plugs[0], RK_PHASE_PLAN, 200, want_service);
    st->conf.whole = true;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 0);
}

STAGE_TEST(an_undeclared_finalizer_cannot_be_held)
{
    set_up(st);
    finalizer = "example.io/other";
    stage_hook(st, &st->plugs[0], RK_PHASE_PLAN, 200, hold);
    stage_run(st);
    assert_contains(
        st->plan->problem,
        "plugin a holds finalizer example.io/other, which it does not declare for example.io/v1/Thing");
    assert_null(stage_op(st, RK_OP_PATCH, 0));
}

STAGE_TEST(a_finalizer_no_longer_needed_is_released_while_alive)
{
    set_up(st);
    st->object = HELD;
    stage_hook(st, &st->plugs[0], RK_PHASE_PLAN, 200, let_go);
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), ""),
                        "{\"metadata\":{\"resourceVersion\":\"7\",\"finalizers\":[\"other/x\"]}}");
    assert_null(stage_op(st, RK_OP_STATUS, 0));
}

STAGE_TEST(a_wait_in_finalize_keeps_the_finalizer_and_makes_its_children)
{
    set_up(st);
    st->object = HELD;
    st->snap.deleting = true;
    verdict = RK_WAIT;
    stage_hook(st, &st->plugs[0], RK_PHASE_FINALIZE, 100, let_go);
    stage_hook(st, &st->plugs[0], RK_PHASE_FINALIZE, 200, want_service);
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 0);
    assert_int_equal(stage_count(st, RK_OP_STATUS), 1);
    verdict = RK_OK;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 1);
}

STAGE_TEST(what_a_disabled_plugin_held_is_released)
{
    set_up(st);
    st->object = HELD;
    st->snap.deleting = true;
    st->disable = "a";
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/metadata/finalizers"),
                        "[\"other/x\"]");
}

STAGE_TEST(a_finalizer_that_no_plugin_serves_is_reported)
{
    set_up(st);
    st->object = "{\"metadata\":{\"name\":\"demo\",\"finalizers\":[\"example.io/lost\"]}}";
    st->snap.deleting = true;
    stage_run(st);
    assert_contains(st->plan->problem, "no plugin serves the finalizer example.io/lost");
    assert_int_equal(st->plan->n_events, 1);
    assert_true(st->plan->invalid);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_finalizer_is_all_that_is_written),
        cmocka_unit_test(a_whole_run_shows_what_comes_after_the_finalizer),
        cmocka_unit_test(an_undeclared_finalizer_cannot_be_held),
        cmocka_unit_test(a_finalizer_no_longer_needed_is_released_while_alive),
        cmocka_unit_test(a_wait_in_finalize_keeps_the_finalizer_and_makes_its_children),
        cmocka_unit_test(what_a_disabled_plugin_held_is_released),
        cmocka_unit_test(a_finalizer_that_no_plugin_serves_is_reported),
    };
    return cmocka_run_group_tests_name("pass finalizers", tests, NULL, NULL);
}
