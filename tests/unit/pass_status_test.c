/* Status: written only when something differs, as a merge patch of what differs. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

#define THING_WITH(status)                                                                                       \
    "{\"metadata\":{\"name\":\"demo\",\"uid\":\"u-1\",\"resourceVersion\":\"7\"},\"spec\":{},\"status\":" status \
    "}"
#define OLD_READY \
    "{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"R\",\"message\":\"m\",\"lastTransitionTime\":\"2020-01-01T00:00:00Z\"}"

static int32_t counts(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    RK_TRY(rk_set_num(rk, ps, rk->status(ps), "/ready", 2));
    RK_TRY(rk->drop(rk->status(ps), "/stale"));
    return rk->stamp(ps, "/lastUpdateTime");
}

STAGE_TEST(what_differs_is_patched_and_stamped_without_a_version)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, counts);
    st->object = THING_WITH("{\"ready\":1,\"stale\":\"x\",\"same\":{\"a\":1}}");
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_STATUS, 0);
    assert_string_equal(
        stage_at(st, op, ""),
        "{\"status\":{\"ready\":2,\"lastUpdateTime\":\"2026-01-02T03:04:05Z\",\"stale\":null}}");
    assert_string_equal(op->plural, "things");
    assert_string_equal(op->patch_type, "merge");
    assert_false(st->plan->conditions_changed);
    assert_ptr_equal(op, &st->plan->ops[st->plan->n_ops - 1]);
}

STAGE_TEST(a_stamp_alone_writes_nothing)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, counts);
    st->object = THING_WITH("{\"ready\":2,\"lastUpdateTime\":\"2020-01-01T00:00:00Z\"}");
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
}

static const char *truth, *reason;
static int32_t ready(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk->condition(ps, "Ready", "Unknown", "Thinking", "");
    rk->condition(ps, "Ready", truth, reason, "m");
    return RK_OK;
}

STAGE_TEST(conditions_travel_whole_with_the_version)
{
    truth = "False";
    reason = "R";
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, ready);
    st->object =
        THING_WITH("{\"conditions\":[{\"type\":\"Other\",\"status\":\"True\"}," OLD_READY "]}");
    stage_run(st);
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_STATUS, 0), ""),
        "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"conditions\":[{\"type\":\"Other\",\"status\":\"True\"},"
        "{\"type\":\"Ready\",\"status\":\"False\",\"reason\":\"R\",\"message\":\"m\","
        "\"lastTransitionTime\":\"2026-01-02T03:04:05Z\"}]}}");
    assert_true(st->plan->conditions_changed);
}

STAGE_TEST(another_reason_keeps_the_transition_time_and_no_change_is_none)
{
    truth = "True";
    reason = "Other";
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, ready);
    st->object = THING_WITH("{\"conditions\":[" OLD_READY "]}");
    stage_run(st);
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions/0/lastTransitionTime"),
        "\"2020-01-01T00:00:00Z\"");
    reason = "R";
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
}

static int32_t talk(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    char *text = rk->alloc(ps, 40001);
    for (size_t i = 0; i < 40000; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    rk->condition(ps, "Ready", "True", "R", text);
    return RK_OK;
}

STAGE_TEST(a_message_ends_before_the_schema_refuses_it)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, talk);
    stage_run(st);
    const char *text = rk_json_str(
        rk_path_get(stage_body(st, stage_op(st, RK_OP_STATUS, 0)), "/status/conditions/0/message"),
        "");
    assert_in_range(strlen(text), 32766, 32768);
    assert_string_equal(text + strlen(text) - 5, "\xc3\xa4...");
}

static int32_t drop_ready(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk->drop_condition(ps, "Ready");
    rk->drop_condition(ps, "NeverThere");
    return RK_OK;
}

STAGE_TEST(a_dropped_condition_leaves)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, drop_ready);
    st->object = THING_WITH("{\"conditions\":[" OLD_READY "]}");
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions"), "[]");
}

static int32_t broken(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->fail_text(ps, RK_EFAIL, "/spec", "no");
}

STAGE_TEST(a_failed_hook_is_a_condition_until_all_is_well)
{
    char *status;
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 100, broken);
    stage_hook(st, a, RK_PHASE_STATUS, 100,
               broken); /* failures of STATUS are told too, and stop nobody */
    stage_hook(st, stage_plugin(st, "b"), RK_PHASE_STATUS, 200, counts);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_STATUS, 0);
    assert_string_equal(stage_at(st, op, "/status/ready"), "2");
    assert_string_equal(stage_at(st, op, "/status/conditions/0/message"),
                        "\"a: PLAN: /spec: no (and 1 more)\"");
    status = rk_json_text(&st->arena, rk_json_get(stage_body(st, op), "status"));
    st->object =
        rk_arena_fmt(&st->arena, "{\"metadata\":{\"name\":\"demo\"},\"status\":%s}", status);
    stage_run(st);
    assert_null(stage_op(st, RK_OP_STATUS, 0)); /* told already */
    a->n_hooks = 0;
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions"), "[]");
}

static int32_t chatters(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    for (int i = 0; i < 3000; i++)
        rk->event(ps, 1, "Noise", "Talk", "again");
    return RK_OK;
}

STAGE_TEST(a_hook_that_will_not_stop_telling_is_bounded_and_blamed)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, chatters);
    stage_run(st);
    assert_true(st->plan->n_events <= 1024);
    assert_contains(st->plan->problem, "more than 1024 events");
}

#define OLD_OUTDATED                                                                                                \
    "{\"type\":\"raykeeper.io/SchemaOutdated\",\"status\":\"True\",\"reason\":\"FieldsMissing\",\"message\":\"m\"," \
    "\"lastTransitionTime\":\"2020-01-01T00:00:00Z\"}"

STAGE_TEST(what_the_api_drops_of_a_kind_is_a_condition_as_long_as_it_does)
{
    truth = "True";
    reason = "R";
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, ready);
    st->object = THING_WITH("{\"conditions\":[" OLD_READY "]}");
    st->snap.lacks = "spec.a, status.b";
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_STATUS, 0);
    assert_string_equal(stage_at(st, op, "/status/conditions/1/type"),
                        "\"" RK_SCHEMA_OUTDATED "\"");
    assert_contains(stage_at(st, op, "/status/conditions/1/message"), "spec.a, status.b");
    st->object = THING_WITH("{\"conditions\":[" OLD_READY "," OLD_OUTDATED "]}");
    st->snap.lacks = NULL; /* not known: as it is */
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    st->snap.lacks = "";
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_STATUS, 0), "/status/conditions/1"), "");
}

static int32_t status_too_early(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    assert_null(rk->status(ps));
    return RK_OK;
}

STAGE_TEST(status_belongs_to_its_phase)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, status_too_early);
    stage_run(st);
    assert_string_equal(st->plan->problem, "a: PLAN: status in phase PLAN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_patched_and_stamped_without_a_version),
        cmocka_unit_test(a_stamp_alone_writes_nothing),
        cmocka_unit_test(conditions_travel_whole_with_the_version),
        cmocka_unit_test(another_reason_keeps_the_transition_time_and_no_change_is_none),
        cmocka_unit_test(a_message_ends_before_the_schema_refuses_it),
        cmocka_unit_test(a_dropped_condition_leaves),
        cmocka_unit_test(a_failed_hook_is_a_condition_until_all_is_well),
        cmocka_unit_test(a_hook_that_will_not_stop_telling_is_bounded_and_blamed),
        cmocka_unit_test(what_the_api_drops_of_a_kind_is_a_condition_as_long_as_it_does),
        cmocka_unit_test(status_belongs_to_its_phase),
    };
    return cmocka_run_group_tests_name("pass status", tests, NULL, NULL);
}
