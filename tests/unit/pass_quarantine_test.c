/* Quarantine in an object's status: written without any plugin, read back, and gone after a pass that came to its end. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

#define SET "1a2b3c4d5e6f"
#define OTHER_CONDITION                                                                                  \
    "{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"R\",\"message\":\"m\",\"lastTransitionTime\":" \
    "\"2020-01-01T00:00:00Z\"}"
#define THING_WITH(generation, conditions)                                                                  \
    "{\"metadata\":{\"name\":\"demo\",\"uid\":\"u-1\",\"resourceVersion\":\"7\",\"generation\":" generation \
    "},\"spec\":{},\"status\":{\"conditions\":[" conditions "]}}"
#define HELD(status, observed, set)                               \
    "{\"type\":\"raykeeper.io/Quarantined\",\"status\":\"" status \
    "\",\"reason\":\"PluginCrashed\",\"message\":\"x (set " set   \
    ")\",\"observedGeneration\":" observed ",\"lastTransitionTime\":\"2020-01-01T00:00:00Z\"}"

static int runs;
static int32_t counts(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)rk, (void)ps, (void)self;
    runs++;
    return RK_OK;
}

static bool says(const char *object, const char *set)
{
    const struct rk_snapshot snap = {.object = rk_span_of(object)};
    return rk_pass_quarantined(&snap, set);
}

STAGE_TEST(the_condition_names_plugin_hook_and_way_out_and_is_read_back)
{
    const struct rk_quarantine q = {.plugin = "acme",
                                    .hook = "shapes pods",
                                    .how = "Segmentation fault",
                                    .times = 2,
                                    .set = SET};
    struct rk_plan *told = NULL;
    struct rk_err err = RK_ERR_INIT;
    runs = 0;
    rk_plugin *a = stage_plugin(st, "a");
    for (int phase = RK_PHASE_VALIDATE; phase <= RK_PHASE_FINALIZE; phase++)
        stage_hook(st, a, phase, 100, counts);
    st->object = THING_WITH("3", OTHER_CONDITION);
    stage_run(st);
    runs = 0;
    assert_int_equal(rk_pass_quarantine(st->p, &st->conf, &st->snap, &q, &told, &err), 0);
    rk_plan_free(st->plan);
    st->plan = told;
    assert_int_equal(runs, 0);
    assert_int_equal(told->n_ops, 1);
    const struct rk_op *op = stage_op(st, RK_OP_STATUS, 0);
    assert_string_equal(stage_at(st, op, "/metadata"), "{\"resourceVersion\":\"7\"}");
    assert_string_equal(stage_at(st, op, "/status/conditions/0/type"), "\"Ready\"");
    assert_string_equal(stage_at(st, op, "/status/conditions/1/type"),
                        "\"raykeeper.io/Quarantined\"");
    assert_string_equal(stage_at(st, op, "/status/conditions/1/status"), "\"True\"");
    assert_string_equal(stage_at(st, op, "/status/conditions/1/reason"), "\"PluginCrashed\"");
    assert_string_equal(stage_at(st, op, "/status/conditions/1/observedGeneration"), "3");
    assert_string_equal(stage_at(st, op, "/status/conditions/1/lastTransitionTime"),
                        "\"2026-01-02T03:04:05Z\"");
    const char *message = stage_at(st, op, "/status/conditions/1/message");
    assert_contains(message, "plugin acme crashed in 'shapes pods': Segmentation fault; 2 times");
    assert_contains(message, "until its spec is edited");
    assert_int_equal(told->n_events, 1);
    assert_true(told->events[0].warning);
    assert_string_equal(told->events[0].reason, "Quarantined");
    assert_contains(told->events[0].note, "acme");
    assert_string_equal(told->controller, "thing-controller");
    /* Written into the object, it keeps it. */
    const char *now = rk_arena_fmt(&st->arena, "{\"metadata\":{\"generation\":3},\"status\":%s}",
                                   stage_at(st, op, "/status"));
    assert_true(says(now, SET));
    assert_false(says(now, "ffffffffffff"));
}

STAGE_TEST(a_hang_has_a_reason_of_its_own)
{
    const struct rk_quarantine q = {
        .plugin = "acme", .hook = "h", .how = "busy", .times = 2, .hung = true, .set = SET};
    struct rk_plan *told = NULL;
    struct rk_err err = RK_ERR_INIT;
    stage_plugin(st, "a");
    stage_run(st);
    assert_int_equal(rk_pass_quarantine(st->p, &st->conf, &st->snap, &q, &told, &err), 0);
    rk_plan_free(st->plan);
    st->plan = told;
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions/0/reason"),
                        "\"PluginHung\"");
}

STAGE_TEST(it_holds_at_that_generation_under_those_plugins_and_while_true)
{
    (void)st;
    assert_true(says(THING_WITH("3", HELD("True", "3", SET)), SET));
    assert_true(says(THING_WITH("3", OTHER_CONDITION "," HELD("True", "3", SET)), SET));
    assert_false(says(THING_WITH("4", HELD("True", "3", SET)), SET));
    assert_false(says(THING_WITH("3", HELD("True", "4", SET)), SET));
    assert_false(says(THING_WITH("3", HELD("True", "3", "000000000000")), SET));
    assert_false(says(THING_WITH("3", HELD("False", "3", SET)), SET));
    assert_false(says(THING_WITH("3", HELD("Unknown", "3", SET)), SET));
    assert_false(says(THING_WITH("3", HELD("True", "\"3\"", SET)), SET));
    assert_false(says(THING_WITH("3", OTHER_CONDITION), SET));
    assert_false(says(THING_WITH("3", "\"raykeeper.io/Quarantined\""), SET));
    assert_false(says("{\"metadata\":{\"generation\":3}}", SET));
    assert_false(says(
        "{\"metadata\":{\"generation\":3},\"status\":{\"conditions\":\"raykeeper.io/Quarantined\"}}",
        SET));
    assert_false(says("", SET));
}

static int32_t fails(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return (rk->fail)(ps, RK_EFAIL, "", "not now");
}

STAGE_TEST(a_pass_that_comes_to_its_end_lifts_it)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, counts);
    st->object = THING_WITH("4", OTHER_CONDITION "," HELD("True", "3", SET));
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions"),
                        "[" OTHER_CONDITION "]");
    assert_int_equal(st->plan->n_events, 1);
    assert_false(st->plan->events[0].warning);
    assert_string_equal(st->plan->events[0].reason, "QuarantineLifted");
}

STAGE_TEST(a_hook_that_fails_has_come_back_too)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, fails);
    st->object = THING_WITH("4", HELD("False", "3", SET));
    stage_run(st);
    const char *text = stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions");
    assert_null(strstr(text, "Quarantined"));
    assert_contains(text, "raykeeper.io/HookFailed");
}

STAGE_TEST(what_was_never_quarantined_hears_nothing_of_it)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, counts);
    st->object = THING_WITH("3", OTHER_CONDITION);
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    assert_int_equal(st->plan->n_events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_condition_names_plugin_hook_and_way_out_and_is_read_back),
        cmocka_unit_test(a_hang_has_a_reason_of_its_own),
        cmocka_unit_test(it_holds_at_that_generation_under_those_plugins_and_while_true),
        cmocka_unit_test(a_pass_that_comes_to_its_end_lifts_it),
        cmocka_unit_test(a_hook_that_fails_has_come_back_too),
        cmocka_unit_test(what_was_never_quarantined_hears_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
