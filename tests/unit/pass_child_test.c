/* Wanted children: policies against what exists, unwanted ones, fills. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static uint32_t policy;
static const char *spec_text;
static const char *unwanted;

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (unwanted)
        RK_TRY(rk->unwant(ps, SERVICE, unwanted, "no longer asked for"));
    if (!spec_text)
        return RK_OK;
    rk_obj *svc = rk->want(ps, SERVICE, "svc", policy);
    rk->announce(ps, svc, "CreatedService", "FailedToCreateService");
    RK_TRY(rk_set_str(rk, ps, svc, "/metadata/labels/app", "x"));
    return rk->set(svc, "/spec", rk->parse(ps, spec_text, strlen(spec_text)));
}

static void set_up(struct stage *st, uint32_t p, const char *spec)
{
    policy = p;
    spec_text = spec;
    unwanted = NULL;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, plan);
}

STAGE_TEST(a_missing_child_is_created_with_identity_owner_and_reasons)
{
    set_up(st, RK_POLICY_ONCE, "{\"type\":\"ClusterIP\"}");
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    assert_string_equal(
        stage_at(st, op, ""),
        "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"svc\",\"namespace\":\"ns\","
        "\"ownerReferences\":[{\"apiVersion\":\"example.io/v1\",\"kind\":\"Thing\",\"name\":\"demo\",\"uid\":\"u-1\","
        "\"controller\":true,\"blockOwnerDeletion\":true}],\"labels\":{\"app\":\"x\"}},"
        "\"spec\":{\"type\":\"ClusterIP\"}}");
    assert_string_equal(op->ok_reason, "CreatedService");
    assert_string_equal(op->fail_reason, "FailedToCreateService");
    assert_string_equal(op->plural, "services");
}

STAGE_TEST(once_leaves_what_exists_alone_whoever_owns_it)
{
    set_up(st, RK_POLICY_ONCE, "{\"type\":\"ClusterIP\"}");
    stage_see(st, SERVICE, "svc", "{\"spec\":{\"type\":\"NodePort\"}}")->mine = false;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    assert_null(st->plan->problem);
}

STAGE_TEST(subset_patches_only_the_named_fields_that_differ)
{
    set_up(st, RK_POLICY_SUBSET,
           "{\"type\":\"ClusterIP\",\"ports\":[{\"port\":1}],\"selector\":{\"a\":\"b\"}}");
    struct rk_seen *s = stage_see(
        st, SERVICE, "svc",
        "{\"metadata\":{\"labels\":{\"app\":\"x\",\"other\":\"y\"}},\"spec\":{\"type\":\"NodePort\","
        "\"clusterIP\":\"1.2.3.4\",\"ports\":[{\"port\":1,\"protocol\":\"TCP\"}],\"selector\":{\"a\":\"b\"}}}");
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_PATCH, 0);
    assert_string_equal(stage_at(st, op, ""), "{\"spec\":{\"type\":\"ClusterIP\"}}");
    assert_string_equal(op->patch_type, "merge");
    spec_text = "{\"type\":\"NodePort\",\"ports\":[{\"port\":1}]}";
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    s->mine = false;
    stage_run(st);
    assert_string_equal(st->plan->problem,
                        "a: PLAN: v1/Service svc exists and belongs to someone else");
    assert_true(st->plan->failed);
}

STAGE_TEST(owned_also_removes_what_is_no_longer_named)
{
    set_up(st, RK_POLICY_OWNED, "{\"type\":\"ClusterIP\",\"selector\":{\"a\":\"b\",\"c\":\"d\"}}");
    stage_run(st);
    char *created = rk_json_text(&st->arena, stage_body(st, stage_op(st, RK_OP_CREATE, 0)));
    assert_contains(
        created,
        "\"raykeeper.io/applied\":\"1\\n/metadata/labels/app\\n/spec/type\\n/spec/selector/a\\n/spec/selector/c\"");
    stage_see(st, SERVICE, "svc", created);
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    spec_text = "{\"type\":\"ClusterIP\",\"selector\":{\"a\":\"b\"}}";
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_PATCH, 0);
    assert_string_equal(stage_at(st, op, "/spec"), "{\"selector\":{\"c\":null}}");
    assert_string_equal(stage_at(st, op, "/metadata/annotations/raykeeper.io~1applied"),
                        "\"1\\n/metadata/labels/app\\n/spec/type\\n/spec/selector/a\"");
}

STAGE_TEST(a_field_that_goes_inside_of_a_list_is_seen_though_the_rest_of_it_is_there)
{
    set_up(st, RK_POLICY_OWNED,
           "{\"ports\":[{\"port\":1,\"name\":\"a\",\"hosts\":[\"x\"]}],\"ips\":[\"y\"]}");
    stage_run(st);
    char *created = rk_json_text(&st->arena, stage_body(st, stage_op(st, RK_OP_CREATE, 0)));
    assert_contains(created, " /spec/ports\\n/spec/ips\"");
    stage_see(st, SERVICE, "svc", created);
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    spec_text = "{\"ports\":[{\"port\":1,\"hosts\":[\"x\"]}],\"ips\":[\"y\"]}";
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/spec"),
                        "{\"ports\":[{\"port\":1,\"hosts\":[\"x\"]}]}");
}

STAGE_TEST(a_patch_that_replaces_a_list_is_bound_to_the_version_that_was_seen)
{
    set_up(st, RK_POLICY_SUBSET, "{\"type\":\"ClusterIP\",\"ports\":[{\"port\":1}]}");
    struct rk_seen *s =
        stage_see(st, SERVICE, "svc",
                  "{\"metadata\":{\"labels\":{\"app\":\"x\"}},\"spec\":{\"type\":\"NodePort\","
                  "\"ports\":[{\"port\":1}]}}");
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/metadata"), "");
    spec_text = "{\"ports\":[{\"port\":2}]}";
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/metadata"),
                        "{\"resourceVersion\":\"5\"}");
    s->rv = "";
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/metadata"), "");
}

STAGE_TEST(a_named_null_is_nothing_to_write)
{
    set_up(st, RK_POLICY_SUBSET, "{\"type\":null,\"ports\":[{\"port\":1,\"name\":null}]}");
    stage_see(st, SERVICE, "svc",
              "{\"metadata\":{\"labels\":{\"app\":\"x\"}},\"spec\":{\"ports\":[{\"port\":1}]}}");
    stage_run(st);
    assert_null(st->plan->problem);
    assert_int_equal(st->plan->n_ops, 0);
}

STAGE_TEST(what_was_an_object_and_is_a_text_now_is_written_as_that)
{
    set_up(st, RK_POLICY_OWNED, "{\"type\":{\"old\":1}}");
    stage_run(st);
    stage_see(st, SERVICE, "svc",
              rk_json_text(&st->arena, stage_body(st, stage_op(st, RK_OP_CREATE, 0))));
    spec_text = "{\"type\":\"new\"}";
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_PATCH, 0), "/spec"), "{\"type\":\"new\"}");
}

STAGE_TEST(a_field_that_no_watch_keeps_cannot_be_kept_as_named)
{
    set_up(st, RK_POLICY_SUBSET, "{\"type\":\"ClusterIP\"}");
    st->watches[0][1].keep = "metadata\nspec/ports";
    stage_see(st, SERVICE, "svc", "{\"metadata\":{\"labels\":{\"app\":\"x\"}},\"spec\":{}}");
    stage_run(st);
    assert_string_equal(
        st->plan->problem,
        "a: PLAN: v1/Service svc: /spec/type is kept by no watch and cannot be compared");
    assert_null(stage_op(st, RK_OP_PATCH, 0));
}

STAGE_TEST(an_unwanted_child_goes_by_uid)
{
    set_up(st, RK_POLICY_ONCE, NULL);
    unwanted = "old";
    struct rk_seen *s = stage_see(st, SERVICE, "old", "{}");
    stage_run(st);
    assert_string_equal(stage_op(st, RK_OP_DELETE, 0)->uid, "uid-old");
    assert_string_equal(stage_op(st, RK_OP_DELETE, 0)->note, "no longer asked for");
    assert_string_equal(stage_op(st, RK_OP_DELETE, 0)->author, "a");
    s->mine = false;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
}

static int32_t unwant_svc(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->unwant(ps, SERVICE, "svc", "b says so");
}

STAGE_TEST(wanted_by_one_and_unwanted_by_another_is_a_conflict)
{
    set_up(st, RK_POLICY_ONCE, "{}");
    stage_hook(st, stage_plugin(st, "b"), RK_PHASE_PLAN, 200, unwant_svc);
    stage_see(st, SERVICE, "svc", "{}");
    stage_run(st);
    assert_string_equal(st->plan->problem,
                        "a: PLAN: wants v1/Service svc, which plugin b wants gone");
    assert_null(stage_op(st, RK_OP_DELETE, 0));
}

static int32_t want_unwatched(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk_set_str(rk, ps, rk->want(ps, "v1/Secret", "s", RK_POLICY_ONCE), "/type", "Opaque");
}

STAGE_TEST(what_nobody_watches_cannot_be_wanted)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 200, want_unwatched);
    stage_run(st);
    assert_string_equal(st->plan->problem, "a: PLAN: wants a v1/Secret, which no plugin watches");
    assert_null(stage_op(st, RK_OP_CREATE, 0));
}

static int32_t fill_token(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    char how[] = "random32"; /* on the stack: gone when the plan is made */
    int32_t r = rk->fill(rk->want(ps, SERVICE, "svc", RK_POLICY_ONCE), "/spec/token", how);
    memset(how, 'x', sizeof how - 1);
    return r;
}

STAGE_TEST(random_content_is_a_declaration)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 200, fill_token);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    assert_string_equal(op->fill_path, "/spec/token");
    assert_string_equal(op->fill_how, "random32");
    assert_string_equal(stage_at(st, op, "/spec"), "");
}

static int32_t add_label(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    assert_null(rk->role(ps));
    return rk_set_str(rk, ps, rk->subject(ps), "/metadata/labels/site", "s");
}

static int32_t break_child(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->fail_text(ps, RK_EFAIL, "/spec", "not this one");
}

STAGE_TEST(object_hooks_shape_children_and_a_failure_leaves_the_child_out)
{
    set_up(st, RK_POLICY_ONCE, "{}");
    stage_hook(st, &st->plugs[0], RK_PHASE_OBJECT, 100, add_label);
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/metadata/labels"),
                        "{\"app\":\"x\",\"site\":\"s\"}");
    stage_hook(st, &st->plugs[0], RK_PHASE_OBJECT, 200, break_child);
    stage_run(st);
    assert_null(stage_op(st, RK_OP_CREATE, 0));
    assert_string_equal(st->plan->problem, "a: OBJECT: /spec: not this one");
}

#define BINDING "rbac.authorization.k8s.io/v1/RoleBinding"

static int32_t bind_first(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk->want(ps, BINDING, "b", RK_POLICY_ONCE);
    rk->want(ps, SERVICE, "a", RK_POLICY_ONCE);
    return RK_OK;
}

STAGE_TEST(a_role_binding_is_made_after_what_it_may_name)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, bind_first);
    st->watches[0][0] = (rk_watch){.gvk = BINDING, .plural = "rolebindings", .owner = THING};
    stage_run(st);
    const struct rk_op *first = stage_op(st, RK_OP_CREATE, 0),
                       *then = stage_op(st, RK_OP_CREATE, 1);
    assert_string_equal(first->gvk, SERVICE);
    assert_string_equal(then->gvk, BINDING);
    assert_true(first->wave < then->wave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_child_is_created_with_identity_owner_and_reasons),
        cmocka_unit_test(once_leaves_what_exists_alone_whoever_owns_it),
        cmocka_unit_test(subset_patches_only_the_named_fields_that_differ),
        cmocka_unit_test(owned_also_removes_what_is_no_longer_named),
        cmocka_unit_test(a_field_that_goes_inside_of_a_list_is_seen_though_the_rest_of_it_is_there),
        cmocka_unit_test(a_patch_that_replaces_a_list_is_bound_to_the_version_that_was_seen),
        cmocka_unit_test(a_named_null_is_nothing_to_write),
        cmocka_unit_test(what_was_an_object_and_is_a_text_now_is_written_as_that),
        cmocka_unit_test(a_field_that_no_watch_keeps_cannot_be_kept_as_named),
        cmocka_unit_test(an_unwanted_child_goes_by_uid),
        cmocka_unit_test(wanted_by_one_and_unwanted_by_another_is_a_conflict),
        cmocka_unit_test(what_nobody_watches_cannot_be_wanted),
        cmocka_unit_test(random_content_is_a_declaration),
        cmocka_unit_test(object_hooks_shape_children_and_a_failure_leaves_the_child_out),
        cmocka_unit_test(a_role_binding_is_made_after_what_it_may_name),
    };
    return cmocka_run_group_tests_name("pass children", tests, NULL, NULL);
}
