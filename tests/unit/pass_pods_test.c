/* Pods: what is created of a group, under which names, shaped once or one by one; which pods go. */
#include "core/base/str.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static rk_member members[100];
static uint32_t n_members;
static const char *fixed, *avoid, *drop_name;
static const char *prefix = "demo-g-worker-";
static int shaped;

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_group g = {.size = sizeof g,
                  .n_members = n_members,
                  .member_size = sizeof(rk_member),
                  .role = "worker",
                  .group = "g",
                  .pod_template = rk->at(rk->object(ps), "/spec/template"),
                  .name_prefix = prefix,
                  .members = members,
                  .fixed_name = fixed,
                  .created = "CreatedWorkerPod",
                  .failed = "FailedToCreateWorkerPod",
                  .spec = rk->at(rk->object(ps), "/spec")};
    if (avoid)
        g.avoid = rk->parse(ps, avoid, strlen(avoid));
    if (drop_name)
        RK_TRY(
            rk->drop_pod(ps, drop_name, "too many", "DeletedWorkerPod", "FailedToDeleteWorkerPod"));
    return rk->pods(ps, &g);
}

static int32_t shape(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    shaped++;
    assert_string_equal(rk->role(ps), "worker");
    assert_string_equal(rk->group_name(ps), "g");
    assert_int_equal(rk->num(rk->group(ps), "/size", 0), 2);
    assert_null(rk->at(rk->tree(rk->subject(ps)), "/metadata/name"));
    return rk_set_str(rk, ps, rk->subject(ps), "/metadata/labels/role", "r");
}

static int32_t shape_member(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk_set_str(rk, ps, rk->subject(ps), "/spec/hostname", rk->member(ps)->key);
}

static void set_up(struct stage *st, uint32_t n)
{
    static char keys[100][8];
    for (uint32_t i = 0; i < 100; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "%u", (unsigned)i); /* two digits */
        members[i] = (rk_member){.size = sizeof(rk_member), .key = keys[i]};
    }
    n_members = n;
    fixed = avoid = drop_name = NULL;
    prefix = "demo-g-worker-";
    shaped = 0;
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 100, plan);
    stage_hook(st, a, RK_PHASE_POD, 100, shape);
}

STAGE_TEST(a_group_is_shaped_once_and_each_pod_gets_its_name_and_labels)
{
    static const rk_kv labels[] = {{"index", "0"}, {"x/y", "q\"q"}};
    set_up(st, 3);
    members[0].labels = labels;
    members[0].n_labels = 2;
    stage_run(st);
    assert_null(st->plan->problem);
    assert_int_equal(shaped, 1);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 3);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0), *op1 = stage_op(st, RK_OP_CREATE, 1);
    assert_ptr_equal(op->tail.p, op1->tail.p);
    assert_string_equal(rk_json_str(rk_path_get(stage_body(st, op), "/metadata/name"), ""),
                        op->name);
    assert_string_equal(stage_at(st, op, "/metadata/labels"),
                        "{\"index\":\"0\",\"x/y\":\"q\\\"q\",\"user\":\"yes\",\"role\":\"r\"}");
    assert_string_equal(stage_at(st, op1, "/metadata/labels"), "{\"user\":\"yes\",\"role\":\"r\"}");
    assert_string_equal(stage_at(st, op, "/metadata/namespace"), "\"ns\"");
    assert_string_equal(
        stage_at(st, op, "/metadata/ownerReferences"),
        "[{\"apiVersion\":\"example.io/v1\",\"kind\":\"Thing\",\"name\":\"demo\",\"uid\":\"u-1\",\"controller\":true,"
        "\"blockOwnerDeletion\":true}]");
    assert_string_equal(op->group, "g");
    assert_string_equal(op->role, "worker");
    assert_string_equal(op->member, "0");
    assert_string_equal(op->ok_reason, "CreatedWorkerPod");
    assert_string_equal(op->action, "Create");
    assert_string_equal(op->api_version, "v1");
    assert_string_not_equal(op->name, op1->name);
}

STAGE_TEST(names_are_a_function_of_intent)
{
    char first[64];
    set_up(st, 1);
    stage_run(st);
    (void)rk_str_copy(first, sizeof first, stage_op(st, RK_OP_CREATE, 0)->name); /* fits */
    assert_int_equal(strlen(first), strlen("demo-g-worker-") + 5);
    stage_run(st);
    assert_string_equal(stage_op(st, RK_OP_CREATE, 0)->name, first);
    members[0].key = "other";
    stage_run(st);
    assert_string_not_equal(stage_op(st, RK_OP_CREATE, 0)->name, first);
}

static const char *used;
static bool name_used(void *ctx, const char *gvk, const char *ns, const char *name)
{
    (void)ctx, (void)gvk, (void)ns;
    return strcmp(name, used) == 0;
}

STAGE_TEST(a_name_that_is_observed_avoided_or_used_before_is_not_given_again)
{
    char first[64], list[80];
    set_up(st, 1);
    stage_run(st);
    (void)rk_str_copy(first, sizeof first, stage_op(st, RK_OP_CREATE, 0)->name); /* fits */
    (void)snprintf(list, sizeof list, "[\"x\",\"%s\"]", first);                  /* fits */
    avoid = list;
    stage_run(st);
    assert_string_not_equal(stage_op(st, RK_OP_CREATE, 0)->name, first);
    avoid = NULL;
    used = first;
    st->snap.name_used = name_used;
    stage_run(st);
    assert_string_not_equal(stage_op(st, RK_OP_CREATE, 0)->name, first);
    st->snap.name_used = NULL;
    stage_see(st, POD, first, "{}")->terminating = true;
    stage_run(st);
    assert_string_not_equal(stage_op(st, RK_OP_CREATE, 0)->name, first);
}

static const char *pending;
static const char *unresolved(void *ctx, const char *group, const char *member)
{
    (void)ctx;
    return strcmp(group, "g") == 0 && strcmp(member, "0") == 0 ? pending : NULL;
}

STAGE_TEST(a_create_of_unknown_outcome_keeps_its_name_whatever_is_edited)
{
    set_up(st, 2);
    pending = "demo-g-worker-aaaaa";
    st->snap.unresolved = unresolved;
    for (int edit = 0; edit < 2; edit++) {
        prefix = edit ? "renamed-" : prefix;
        stage_run(st);
        assert_string_equal(stage_op(st, RK_OP_CREATE, 0)->name, pending);
        assert_string_not_equal(stage_op(st, RK_OP_CREATE, 1)->name, pending);
    }
    stage_see(st, POD, pending, "{}")->terminating = true;
    stage_run(st);
    assert_string_not_equal(stage_op(st, RK_OP_CREATE, 0)->name, pending);
}

STAGE_TEST(a_long_prefix_is_cut_so_that_the_name_is_legal)
{
    static char longer[300];
    set_up(st, 1);
    memset(longer, 'x', sizeof longer - 1);
    prefix = longer;
    stage_run(st);
    assert_int_equal(strlen(stage_op(st, RK_OP_CREATE, 0)->name), 253);
}

STAGE_TEST(a_fixed_name_waits_until_its_former_bearer_is_gone)
{
    set_up(st, 1);
    fixed = "demo-head";
    stage_run(st);
    assert_string_equal(stage_op(st, RK_OP_CREATE, 0)->name, "demo-head");
    stage_see(st, POD, "demo-head", "{}")->terminating = true;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    assert_null(st->plan->problem);
    st->seen[0].mine = false;
    stage_run(st);
    assert_string_equal(st->plan->problem,
                        "a: PLAN: pod demo-head of group g exists and belongs to someone else");
}

STAGE_TEST(only_missing_members_are_created)
{
    set_up(st, 3);
    stage_see(st, POD, "p1", "{}");
    members[0].is = members[1].is = "p1";
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
    assert_string_equal(stage_op(st, RK_OP_CREATE, 0)->member, "2");
    members[2].is = "p1";
    shaped = 0;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    assert_int_equal(shaped, 0);
}

STAGE_TEST(asking_for_the_member_shapes_pod_by_pod)
{
    set_up(st, 3);
    stage_hook(st, &st->plugs[0], RK_PHASE_POD, 200, shape_member);
    stage_run(st);
    assert_int_equal(shaped, 3);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/spec/hostname"), "\"0\"");
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 2), "/spec/hostname"), "\"2\"");
}

STAGE_TEST(a_members_label_wins_over_the_templates)
{
    static const rk_kv labels[] = {{"user", "mine"}};
    set_up(st, 2);
    members[0].labels = labels;
    members[0].n_labels = 1;
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/metadata/labels"),
                        "{\"user\":\"mine\",\"role\":\"r\"}");
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 1), "/metadata/labels"),
                        "{\"user\":\"yes\",\"role\":\"r\"}");
}

STAGE_TEST(a_slice_bounds_creates_and_deletes_and_counts_the_rest)
{
    set_up(st, 10);
    st->conf.slice = 4;
    drop_name = "old";
    stage_see(st, POD, "old", "{}");
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_DELETE), 1);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 3);
    assert_int_equal(st->plan->n_held, 7);
    assert_int_equal(st->plan->ops[0].verb, RK_OP_DELETE);
    st->conf.whole = true;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 10);
    assert_int_equal(st->plan->n_held, 0);
}

STAGE_TEST(a_dropped_pod_goes_by_uid_and_with_its_reasons)
{
    set_up(st, 0);
    drop_name = "old";
    struct rk_seen *s = stage_see(st, POD, "old", "{}");
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_DELETE, 0);
    assert_string_equal(op->uid, "uid-old");
    assert_true(op->pod); /* the loop may hold it back */
    assert_null(op->rv);
    assert_string_equal(op->note, "too many");
    assert_string_equal(op->author, "a");
    assert_string_equal(op->ok_reason, "DeletedWorkerPod");
    assert_string_equal(op->action, "Delete");
    s->terminating = true;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    s->terminating = false;
    s->mine = false;
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    drop_name = "never-seen";
    stage_run(st);
    assert_int_equal(st->plan->n_ops, 0);
    assert_null(st->plan->problem);
}

static int32_t verdict;
static int32_t drop_and_say(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    RK_TRY(rk->drop_pod(ps, "demo-g-worker-old", "no pods", "DeletedPod", "FailedToDeletePod"));
    return verdict;
}

STAGE_TEST(a_drop_before_a_wait_is_the_objects_will_and_no_matter_of_counts)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, drop_and_say);
    (void)stage_see(st, POD, "demo-g-worker-old", "{}");
    for (int i = 0; i < 2; i++) {
        verdict = i ? RK_WAIT : RK_OK;
        stage_run(st);
        assert_int_equal(stage_count(st, RK_OP_DELETE), 1);
        assert_int_equal(stage_op(st, RK_OP_DELETE, 0)->willed, i);
    }
}

static int32_t object_hook(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    assert_string_equal(rk->subject_gvk(ps), POD);
    return rk_set_str(rk, ps, rk->subject(ps), "/metadata/annotations/seen-role", rk->role(ps));
}

STAGE_TEST(object_hooks_see_shaped_pods)
{
    set_up(st, 1);
    stage_hook(st, &st->plugs[0], RK_PHASE_OBJECT, 200, object_hook);
    stage_run(st);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/metadata/annotations"),
                        "{\"seen-role\":\"worker\"}");
}

STAGE_TEST(offline_there_is_no_uid_in_the_owner_reference)
{
    set_up(st, 1);
    st->snap.uid = "";
    stage_run(st);
    assert_string_equal(
        stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/metadata/ownerReferences/0/uid"), "");
}

STAGE_TEST(two_members_with_one_key_are_refused)
{
    set_up(st, 2);
    members[1].key = "0";
    stage_run(st);
    assert_contains(st->plan->problem, "pods: group g has members without a key of their own");
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
}

STAGE_TEST(a_members_label_without_value_or_there_twice_is_refused)
{
    static const rk_kv none[] = {{"index", NULL}}, twice[] = {{"index", "0"}, {"index", "1"}};
    set_up(st, 1);
    members[0].labels = none;
    members[0].n_labels = 1;
    stage_run(st);
    assert_contains(st->plan->problem, "labels that are none or there twice");
    members[0].labels = twice;
    members[0].n_labels = 2;
    stage_run(st);
    assert_contains(st->plan->problem, "labels that are none or there twice");
}

STAGE_TEST(the_objects_of_a_plan_come_as_trees)
{
    cJSON *all = NULL;
    struct rk_err err = RK_ERR_INIT;
    set_up(st, 2);
    stage_run(st);
    assert_int_equal(rk_plan_objects(st->plan, &st->arena, &all, &err), 0);
    assert_int_equal(rk_json_len(all), 2);
    assert_string_equal(rk_json_str(rk_json_get(rk_json_at(all, 1), "kind"), ""), "Pod");
}

STAGE_TEST(a_whole_run_shapes_what_is_complete_too)
{
    const struct rk_write_record *r;
    set_up(st, 1);
    members[0].is = "p";
    st->conf.whole = true;
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
    assert_int_equal(rk_plan_writes(st->plan, "g", &r), 1);
    assert_string_equal(r[0].author, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_shaped_once_and_each_pod_gets_its_name_and_labels),
        cmocka_unit_test(names_are_a_function_of_intent),
        cmocka_unit_test(a_name_that_is_observed_avoided_or_used_before_is_not_given_again),
        cmocka_unit_test(a_create_of_unknown_outcome_keeps_its_name_whatever_is_edited),
        cmocka_unit_test(a_long_prefix_is_cut_so_that_the_name_is_legal),
        cmocka_unit_test(a_fixed_name_waits_until_its_former_bearer_is_gone),
        cmocka_unit_test(only_missing_members_are_created),
        cmocka_unit_test(asking_for_the_member_shapes_pod_by_pod),
        cmocka_unit_test(a_members_label_wins_over_the_templates),
        cmocka_unit_test(a_slice_bounds_creates_and_deletes_and_counts_the_rest),
        cmocka_unit_test(a_dropped_pod_goes_by_uid_and_with_its_reasons),
        cmocka_unit_test(a_drop_before_a_wait_is_the_objects_will_and_no_matter_of_counts),
        cmocka_unit_test(object_hooks_see_shaped_pods),
        cmocka_unit_test(offline_there_is_no_uid_in_the_owner_reference),
        cmocka_unit_test(two_members_with_one_key_are_refused),
        cmocka_unit_test(a_members_label_without_value_or_there_twice_is_refused),
        cmocka_unit_test(the_objects_of_a_plan_come_as_trees),
        cmocka_unit_test(a_whole_run_shapes_what_is_complete_too),
    };
    return cmocka_run_group_tests_name("pass pods", tests, NULL, NULL);
}
