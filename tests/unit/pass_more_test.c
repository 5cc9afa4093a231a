/* What 0.2 of the ABI brought: flags of wants, shaped templates, kinds that the API may lack, gauges. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static uint32_t policy;
static int32_t answer; /* of the POD hook */
static const char *sample_name, *sample_value;
static int has, is_there;

static int32_t want_service(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_obj *svc = rk->want(ps, SERVICE, "svc", policy);
    rk->announce(ps, svc, "CreatedService", "FailedToCreateService");
    rk->announce_update(ps, svc, "UpdatedService", "FailedToUpdateService");
    return rk_set_str(rk, ps, svc, "/spec/type", "ClusterIP");
}

static void set_up(struct stage *st, uint32_t p)
{
    policy = p;
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 100, want_service);
    stage_hook(st, a, RK_PHASE_PLAN, 200, stage_want_pod);
}

STAGE_TEST(pods_wait_for_a_child_that_belongs_to_someone_else_but_not_for_one_apart)
{
    set_up(st, RK_POLICY_SUBSET);
    stage_see(st, SERVICE, "svc", "{}")->mine = false;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
    policy = RK_POLICY_SUBSET | RK_WANT_APART;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
    assert_string_equal(stage_op(st, RK_OP_CREATE, 0)->gvk, POD);
    assert_contains(st->plan->problem, "belongs to someone else");
}

STAGE_TEST(a_child_apart_says_so_to_who_sends_it)
{
    set_up(st, RK_POLICY_ONCE | RK_WANT_APART);
    stage_run(st);
    assert_true(stage_op(st, RK_OP_CREATE, 0)->apart);
    assert_false(stage_op(st, RK_OP_CREATE, 1)->apart);
}

STAGE_TEST(an_update_has_reasons_of_its_own)
{
    set_up(st, RK_POLICY_SUBSET);
    stage_see(st, SERVICE, "svc", "{\"spec\":{\"type\":\"NodePort\"}}");
    stage_run(st);
    assert_string_equal(stage_op(st, RK_OP_PATCH, 0)->ok_reason, "UpdatedService");
    assert_string_equal(stage_op(st, RK_OP_PATCH, 0)->fail_reason, "FailedToUpdateService");
    assert_string_equal(stage_op(st, RK_OP_PATCH, 0)->action, "Update");
}

STAGE_TEST(what_outlives_its_owner_is_created_without_a_reference)
{
    set_up(st, RK_POLICY_ONCE | RK_WANT_UNOWNED);
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/metadata/ownerReferences"),
                        "");
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_CREATE, 1), "/metadata/ownerReferences/0/uid"), "\"u-1\"");
}

STAGE_TEST(a_reference_of_ours_is_taken_away_when_it_shall_outlive_us)
{
    set_up(st, RK_POLICY_ONCE | RK_WANT_UNOWNED);
    struct rk_seen *s =
        stage_see(st, SERVICE, "svc",
                  "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"else\"},{\"uid\":\"u-1\","
                  "\"controller\":true}]}}");
    stage_run(st);
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_PATCH, 0), ""),
        "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"else\"}],\"resourceVersion\":\"5\"}}");
    s->mine = false;
    s->json = rk_span_of("{\"metadata\":{\"ownerReferences\":[{\"uid\":\"else\"}]}}");
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 0);
}

STAGE_TEST(what_nobody_controls_is_adopted_and_what_somebody_does_is_not)
{
    set_up(st, RK_POLICY_ONCE | RK_WANT_ADOPT);
    struct rk_seen *s =
        stage_see(st, SERVICE, "svc", "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"else\"}]}}");
    s->mine = false;
    stage_run(st);
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/metadata/ownerReferences/1/uid"), "\"u-1\"");
    s->json =
        rk_span_of("{\"metadata\":{\"ownerReferences\":[{\"uid\":\"else\",\"controller\":true}]}}");
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_PATCH), 0);
    assert_contains(st->plan->problem, "belongs to someone else");
}

static bool taken(void *ctx, const char *gvk, const char *name)
{
    (void)ctx;
    return strcmp(gvk, SERVICE) == 0 && strcmp(name, "svc") == 0;
}

STAGE_TEST(anyones_object_serves_seen_or_told_by_a_refused_create)
{
    set_up(st, RK_POLICY_SUBSET | RK_WANT_ANYONES);
    stage_run(st);
    assert_true(stage_op(st, RK_OP_CREATE, 0)->anyones);
    st->snap.taken = taken;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
    assert_string_equal(stage_op(st, RK_OP_CREATE, 0)->gvk, POD);
    st->snap.taken = NULL;
    stage_see(st, SERVICE, "svc", "{\"spec\":{\"type\":\"NodePort\"}}")->mine = false;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 1);
    assert_null(st->plan->problem);
}

/* ---- shape ---- */

static int32_t shape_job(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_group g = {
        .size = sizeof g, .role = "main", .pod_template = rk->at(rk->object(ps), "/spec/template")};
    const rk_json *pod = rk->shape(ps, &g);
    if (!pod)
        return RK_EFAIL;
    rk_obj *svc = rk->want(ps, SERVICE, "svc", RK_POLICY_ONCE);
    return rk->set(svc, "/spec/template", pod);
}

static int32_t shape_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (answer != RK_OK)
        return (rk->fail)(ps, answer, "/spec", "not today");
    return rk_set_str(rk, ps, rk->subject(ps), "/spec/schedulerName", rk->role(ps));
}

STAGE_TEST(a_shaped_template_is_a_pod_without_identity_and_makes_none)
{
    rk_plugin *a = stage_plugin(st, "a"), *b = stage_plugin(st, "b");
    answer = RK_OK;
    stage_hook(st, a, RK_PHASE_PLAN, 100, shape_job);
    stage_hook(st, b, RK_PHASE_POD, 100, shape_pod);
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 1);
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/spec/template"),
        "{\"metadata\":{\"labels\":{\"user\":\"yes\"}},\"spec\":{\"containers\":[{\"name\":"
        "\"main\",\"image\":\"i\",\"env\":[{\"name\":\"U\",\"value\":\"user\"}]}],"
        "\"schedulerName\":\"main\"}}");
}

STAGE_TEST(a_template_that_cannot_be_shaped_fails_the_hook_that_asked_and_names_the_other)
{
    rk_plugin *a = stage_plugin(st, "a"), *b = stage_plugin(st, "b");
    answer = RK_EFAIL;
    stage_hook(st, a, RK_PHASE_PLAN, 100, shape_job);
    stage_hook(st, b, RK_PHASE_POD, 100, shape_pod);
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
    assert_contains(st->plan->problem, "b: POD: /spec: not today");
}

/* ---- served ---- */

static int32_t ask_served(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    has = rk->served(ps, SERVICE);
    is_there = rk->served(ps, "");
    return RK_OK;
}

static bool nothing_served(void *ctx, const char *gvk)
{
    (void)ctx;
    (void)gvk;
    return false;
}

STAGE_TEST(offline_an_api_has_all_kinds_but_the_optional_ones)
{
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 100, ask_served);
    stage_run(st);
    assert_int_equal(has, 1);
    assert_int_equal(is_there, 0);
    st->watches[0][1].optional = 1;
    stage_run(st);
    assert_int_equal(has, 0);
    st->watches[0][1].optional = 0;
    st->snap.served = nothing_served;
    stage_run(st);
    assert_int_equal(has, 0);
    assert_int_equal(is_there, 1); /* an API it is all the same */
}

static int32_t ask_served_thing(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    has = rk->served(ps, THING);
    return RK_OK;
}

STAGE_TEST(offline_a_kind_of_owners_is_there_unless_it_is_optional)
{
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 100, ask_served_thing);
    stage_run(st);
    assert_int_equal(has, 1);
    st->kinds[0][0].optional = 1;
    stage_run(st);
    assert_int_equal(has, 0);
}

/* ---- gauges ---- */

static int32_t sample(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_kv labels[] = {{"name", "a\"b\\c\nd"}, {"namespace", rk->ns(ps)}};
    (void)self;
    return rk->gauge(ps, sample_name, labels, 2, sample_value);
}

STAGE_TEST(a_sample_of_a_declared_gauge_stands_in_the_plan_escaped)
{
    static const rk_gauge gauges[] = {{.name = "things_info", .help = "about things"}};
    rk_plugin *a = stage_plugin(st, "a");
    a->gauges = gauges;
    a->n_gauges = 1;
    stage_hook(st, a, RK_PHASE_STATUS, 100, sample);
    sample_name = "things_info";
    sample_value = "1.5";
    stage_run(st);
    assert_int_equal(st->plan->n_gauges, 1);
    assert_string_equal(st->plan->gauges[0].name, "things_info");
    assert_string_equal(st->plan->gauges[0].help, "about things");
    assert_string_equal(st->plan->gauges[0].value, "1.5");
    assert_string_equal(st->plan->gauges[0].labels, "name=\"a\\\"b\\\\c\\nd\",namespace=\"ns\"");
    sample_value = "1e5";
    stage_run(st);
    assert_int_equal(st->plan->n_gauges, 0);
    assert_contains(st->plan->problem, "no number");
    sample_name = "other";
    sample_value = "1";
    stage_run(st);
    assert_contains(st->plan->problem, "declares no such one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pods_wait_for_a_child_that_belongs_to_someone_else_but_not_for_one_apart),
        cmocka_unit_test(a_child_apart_says_so_to_who_sends_it),
        cmocka_unit_test(an_update_has_reasons_of_its_own),
        cmocka_unit_test(what_outlives_its_owner_is_created_without_a_reference),
        cmocka_unit_test(a_reference_of_ours_is_taken_away_when_it_shall_outlive_us),
        cmocka_unit_test(what_nobody_controls_is_adopted_and_what_somebody_does_is_not),
        cmocka_unit_test(anyones_object_serves_seen_or_told_by_a_refused_create),
        cmocka_unit_test(a_shaped_template_is_a_pod_without_identity_and_makes_none),
        cmocka_unit_test(
            a_template_that_cannot_be_shaped_fails_the_hook_that_asked_and_names_the_other),
        cmocka_unit_test(offline_an_api_has_all_kinds_but_the_optional_ones),
        cmocka_unit_test(offline_a_kind_of_owners_is_there_unless_it_is_optional),
        cmocka_unit_test(a_sample_of_a_declared_gauge_stands_in_the_plan_escaped),
    };
    return cmocka_run_group_tests_name("pass more", tests, NULL, NULL);
}
