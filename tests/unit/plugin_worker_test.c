/* The worker plugin over an observed world: who fills which place, who goes. Its sources are
 * included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/worker/choose.c"
#include "plugins/worker/lost.c"
#include "plugins/worker/multihost.c"
#include "plugins/worker/replica.c"
#include "plugins/worker/worker.c"

#define MANY 20000

/* Names rise with their number, as the view's records do. index NULL: without that label. */
static void see(struct world *w, const char *group, const char *index, const char *phase, int age)
{
    struct rk_arena *a = &w->arena;
    const char *label =
        index ? rk_arena_fmt(a, ",\"ray.io/worker-group-replica-index\":\"%s\"", index) : "";
    (void)world_pod(w, rk_arena_fmt(a, "p%05zu", w->n), "worker",
                    rk_arena_fmt(a, "\"ray.io/group\":\"%s\"%s", group, label), phase,
                    rk_arena_fmt(a, "2026-01-01T00:%02d:00Z", age % 60));
}

static const struct rk_plan *run(struct world *w, const char *groups)
{
    return world_run(
        w, rk_arena_fmt(&w->arena, "{\"headGroupSpec\":{},\"workerGroupSpecs\":[%s]}", groups));
}

static const char *group(struct world *w, const char *name, int replicas, const char *more)
{
    return rk_arena_fmt(
        &w->arena,
        "{\"groupName\":\"%s\",\"replicas\":%d%s,\"template\":{\"spec\":{\"containers\":[{\"name\":"
        "\"ray\",\"image\":\"i\"}]}}}",
        name, replicas, more);
}

static void workers_without_an_index_or_with_one_twice_fill_their_places(void **state)
{
    static const char *const index[] = {NULL, NULL, "1", "1", "junk", "900"};
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    for (size_t i = 0; i < 6; i++)
        see(&w, "g", index[i], "Running", 0);
    const struct rk_plan *p = run(&w, group(&w, "g", 6, ""));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 0);
    p = run(&w, group(&w, "g", 8, ""));
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_CREATE), 2);
    assert_string_equal(p->ops[0].member, "0");
    assert_string_equal(p->ops[1].member, "2");
    close_world(&w);
}

static void pending_workers_go_first_then_the_youngest(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    see(&w, "g", "0", "Running", 1);
    see(&w, "g", "1", "Running", 9);
    see(&w, "g", "2", "Pending", 0);
    see(&w, "other", "0", "Pending", 0);
    const struct rk_plan *p =
        run(&w, rk_arena_fmt(&w.arena, "%s,%s", group(&w, "g", 1, ""), group(&w, "other", 1, "")));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 2);
    assert_string_equal(p->ops[0].name, "p00001");
    assert_string_equal(p->ops[1].name, "p00002");
    close_world(&w);
}

static void with_the_autoscaler_we_choose_only_where_the_configuration_says_so(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    see(&w, "g", "0", "Running", 1);
    see(&w, "g", "1", "Pending", 9);
    const char *spec = rk_arena_fmt(
        &w.arena,
        "{\"enableInTreeAutoscaling\":true,\"headGroupSpec\":{},\"workerGroupSpecs\":[%s]}",
        group(&w, "g", 1, ""));
    assert_int_equal(world_run(&w, spec)->n_ops, 0);
    ((struct worker *)w.plugins->plugs[0].self)->delete_surplus = 1;
    const struct rk_plan *p = world_run(&w, spec);
    assert_int_equal(p->n_ops, 1);
    assert_string_equal(p->ops[0].name, "p00001");
    close_world(&w);
}

static void a_named_worker_goes_from_its_own_group_only(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    see(&w, "a", "0", "Running", 0);
    see(&w, "b", "0", "Running", 0);
    static const char both[] =
        ",\"scaleStrategy\":{\"workersToDelete\":[\"p00001\",\"nobody\",7,\"p00000\"]}";
    const struct rk_plan *p =
        run(&w, rk_arena_fmt(&w.arena, "%s,%s", group(&w, "a", 0, both), group(&w, "b", 1, "")));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 1);
    assert_int_equal(p->ops[0].verb, RK_OP_DELETE);
    assert_string_equal(p->ops[0].name, "p00000");
    assert_string_equal(p->ops[0].note, "named in workersToDelete");
    close_world(&w);
}

static void senseless_counts_neither_overflow_nor_make_pods(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 1);
    const struct rk_plan *p =
        run(&w, group(&w, "g", 2, ",\"numOfHosts\":9223372036854775807,\"minReplicas\":-9"));
    assert_true(p->invalid);
    assert_int_equal(world_count(p, RK_OP_CREATE), 0);
    p = run(&w, group(&w, "g", -5, ",\"minReplicas\":-5,\"maxReplicas\":-1"));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 0);
    close_world(&w);
}

static void the_workers_of_a_removed_or_renamed_group_go_and_no_others(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    see(&w, "a", "0", "Running", 0);
    see(&w, "b", "0", "Running", 0);
    see(&w, "b", "1", "Running", 0);
    world_end(&w, "p00002");
    see(&w, "", "0", "Running", 0); /* of no group: not of our making */
    see(&w, "c", "0", "Running", 0);
    w.seen[4].mine = false;
    (void)world_pod(&w, "p00005", "head", "\"ray.io/group\":\"b\"", "Running", WORLD_NOW);
    for (int autoscaling = 0; autoscaling < 2; autoscaling++) {
        const struct rk_plan *p =
            world_run(&w, rk_arena_fmt(&w.arena,
                                       "{\"headGroupSpec\":{},\"enableInTreeAutoscaling\":%s,"
                                       "\"workerGroupSpecs\":[%s]}",
                                       autoscaling ? "true" : "false", group(&w, "a", 1, "")));
        assert_null(p->problem);
        assert_int_equal(p->n_ops, 1);
        assert_string_equal(world_deleted(p, "p00001"), "group b is not in the spec any more");
        assert_string_equal(p->ops[0].ok_reason, "DeletedWorkerPod");
    }
    const struct rk_plan *p = world_run(&w, "{\"headGroupSpec\":{}}");
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 2);
    assert_non_null(world_deleted(p, "p00000"));
    close_world(&w);
}

/* A definition that does not know a count drops it; one that knows it gives it a default. */
static void workers_stay_when_an_old_definition_drops_all_counts_and_go_when_one_is_there(
    void **state)
{
    static const char bare[] = "{\"groupName\":\"g\"%s,\"template\":{\"spec\":{\"containers\":[{"
                               "\"name\":\"ray\",\"image\":\"i\"}]}}}";
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    for (int i = 0; i < 4; i++)
        see(&w, "g", i == 0 ? "0" : i == 1 ? "1" : i == 2 ? "2" : "3", "Running", i);
    char text[512];
    (void)snprintf(text, sizeof text, bare, "");
    const struct rk_plan *p = run(&w, text);
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 0);
    see(&w, "g", "4", "Failed", 5); /* goes, and no successor comes in each pass until it is gone */
    p = run(&w, text);
    assert_int_equal(world_count(p, RK_OP_DELETE), 1);
    assert_int_equal(world_count(p, RK_OP_CREATE), 0);
    world_remove(&w, w.seen[w.n - 1].name);
    (void)snprintf(text, sizeof text, bare, ",\"minReplicas\":1");
    assert_int_equal(world_count(run(&w, text), RK_OP_DELETE), 3);
    (void)snprintf(text, sizeof text, bare, ",\"replicas\":0");
    assert_int_equal(world_count(run(&w, text), RK_OP_DELETE), 4);
    close_world(&w);
}

static void the_workers_of_a_suspended_group_go_and_come_back(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    see(&w, "a", "0", "Running", 0);
    see(&w, "a", "1", "Failed", 0);
    see(&w, "b", "0", "Running", 0);
    const char *b = group(&w, "b", 1, "");
    const struct rk_plan *p =
        run(&w, rk_arena_fmt(&w.arena, "%s,%s", group(&w, "a", 2, ",\"suspend\":true"), b));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 2);
    assert_string_equal(world_deleted(p, "p00000"), "group a is suspended");
    assert_string_equal(world_deleted(p, "p00001"), "group a is suspended");
    world_remove(&w, "p00000");
    world_remove(&w, "p00001");
    p = run(&w, rk_arena_fmt(&w.arena, "%s,%s", group(&w, "a", 2, ",\"suspend\":true"), b));
    assert_int_equal(p->n_ops, 0);
    p = run(&w, rk_arena_fmt(&w.arena, "%s,%s", group(&w, "a", 2, ",\"suspend\":false"), b));
    assert_int_equal(world_count(p, RK_OP_CREATE), 2);
    close_world(&w);
}

static void a_suspended_group_with_the_autoscaler_is_refused(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    see(&w, "a", "0", "Running", 0);
    const struct rk_plan *p =
        world_run(&w, rk_arena_fmt(&w.arena,
                                   "{\"headGroupSpec\":{},\"enableInTreeAutoscaling\":true,"
                                   "\"workerGroupSpecs\":[%s]}",
                                   group(&w, "a", 1, ",\"suspend\":true")));
    assert_true(p->invalid);
    assert_non_null(strstr(p->problem, "/spec/workerGroupSpecs/0/suspend"));
    assert_int_equal(world_count(p, RK_OP_DELETE), 0);
    close_world(&w);
}

/* A hook may burn 5 s: what grows with the square of the workers would not end in time. */
static void many_workers_in_many_groups_take_no_time(void **state)
{
    struct world w;
    struct rk_buf groups;
    (void)state;
    open_world(&w, &rk_plugin_v0, MANY);
    rk_buf_init(&groups, 4u << 20);
    for (int i = 0; i < MANY; i++)
        see(&w, rk_arena_fmt(&w.arena, "g%03d", i % 500), "0", "Running", i);
    for (int i = 0; i < 500; i++)
        (void)rk_buf_addf(&groups, "%s%s", i ? "," : "", /* asked below */
                          group(&w, rk_arena_fmt(&w.arena, "g%03d", i), 1, ""));
    assert_false(groups.full);
    clock_t before = clock();
    const struct rk_plan *p = run(&w, rk_buf_text(&groups));
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_DELETE), MANY - 500);
    w.n = 0;
    for (int i = 0; i < MANY; i++)
        see(&w, "g", "0", "Running", i);
    p = run(&w, group(&w, "g", 1, ""));
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_DELETE), MANY - 1);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 20); /* by squares it were minutes */
    rk_buf_done(&groups);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_without_an_index_or_with_one_twice_fill_their_places),
        cmocka_unit_test(pending_workers_go_first_then_the_youngest),
        cmocka_unit_test(with_the_autoscaler_we_choose_only_where_the_configuration_says_so),
        cmocka_unit_test(a_named_worker_goes_from_its_own_group_only),
        cmocka_unit_test(senseless_counts_neither_overflow_nor_make_pods),
        cmocka_unit_test(the_workers_of_a_removed_or_renamed_group_go_and_no_others),
        cmocka_unit_test(
            workers_stay_when_an_old_definition_drops_all_counts_and_go_when_one_is_there),
        cmocka_unit_test(the_workers_of_a_suspended_group_go_and_come_back),
        cmocka_unit_test(a_suspended_group_with_the_autoscaler_is_refused),
        cmocka_unit_test(many_workers_in_many_groups_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
