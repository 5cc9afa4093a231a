/* spec.suspend of a cluster: each stage as the conditions tell it, what a pass does in it
 * and which one follows. The plugin's source is included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/suspend.c"

#define WANTED "{\"suspend\":true}"
#define LIFTED "{\"suspend\":false}"
#define ABSENT "{}"

#define COND(type, status, reason, message)                                 \
    "{\"type\":\"" type "\",\"status\":\"" status "\",\"reason\":\"" reason \
    "\",\"message\":\"" message "\",\"lastTransitionTime\":\"" WORLD_NOW "\"}"

static const char *conditions(struct world *w, const char *is_suspended, const char *is_suspending)
{
    return rk_arena_fmt(&w->arena,
                        "{\"conditions\":[" COND("HeadPodReady", "True", "A", "") "," COND(
                            "RayClusterProvisioned", "True", "A",
                            "") "," COND("RayClusterSuspended", "%s", "RayClusterSuspended",
                                         "") "," COND("RayClusterSuspending", "%s",
                                                      "RayClusterSuspending", "") "]}",
                        is_suspended, is_suspending);
}

/* What a plan writes into the status; "" = nothing. */
static const char *written(const struct rk_plan *p, struct world *w)
{
    for (size_t i = 0; i < p->n_ops; i++)
        if (p->ops[i].verb == RK_OP_STATUS)
            return rk_arena_strndup(&w->arena, p->ops[i].head.p, p->ops[i].head.n);
    return "";
}

static bool says(const struct rk_plan *p, struct world *w, const char *type, const char *status)
{
    const char *at = strstr(written(p, w), rk_arena_fmt(&w->arena, "\"type\":\"%s\"", type));
    const char *is = at ? strstr(at, "\"status\":\"") : NULL;
    return is && strncmp(is + 10, status, strlen(status)) == 0;
}

static void two_pods(struct world *w)
{
    (void)world_pod(w, "h", "head", "\"ray.io/group\":\"headgroup\"", "Running", WORLD_NOW);
    (void)world_pod(w, "w", "worker", "\"ray.io/group\":\"g\"", "Running", WORLD_NOW);
}

static void a_suspension_is_noted_before_a_pod_goes(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    two_pods(&w);
    w.status = conditions(&w, "False", "False");
    const struct rk_plan *p = world_run(&w, WANTED);
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_DELETE), 0);
    assert_true(says(p, &w, suspending, "True"));
    assert_true(p->again_ms >= 0);
    close_world(&w);
}

static void then_every_pod_goes_and_only_ours(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    two_pods(&w);
    world_pod(&w, "x", "worker", "\"ray.io/group\":\"g\"", "Running", WORLD_NOW)->mine = false;
    w.status = conditions(&w, "False", "True");
    const struct rk_plan *p = world_run(&w, WANTED);
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 2);
    assert_string_equal(world_deleted(p, "h"), "the cluster is suspended");
    assert_non_null(world_deleted(p, "w"));
    assert_string_equal(p->ops[0].ok_reason, "DeletedPod");
    close_world(&w);
}

/* Flipping back and forth meanwhile changes nothing. */
static void what_has_begun_comes_to_its_end(void **state)
{
    static const char *const specs[] = {WANTED, LIFTED, ABSENT};
    struct world w;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        open_world(&w, &rk_plugin_v0, 8);
        two_pods(&w);
        world_end(&w, "h");
        w.status = conditions(&w, "False", "True");
        const struct rk_plan *p = world_run(&w, specs[i]);
        assert_int_equal(world_count(p, RK_OP_DELETE), 1);
        assert_string_equal(written(p, &w), "");
        world_end(&w, "w"); /* a pod that ends may run for a while yet */
        p = world_run(&w, specs[i]);
        assert_int_equal(p->n_ops, 0);
        world_remove(&w, "h");
        world_remove(&w, "w");
        p = world_run(&w, specs[i]);
        assert_true(says(p, &w, suspended, "True"));
        assert_true(says(p, &w, suspending, "False"));
        assert_true(says(p, &w, "RayClusterProvisioned", "False"));
        assert_non_null(strstr(written(p, &w), "RayCluster has been suspended"));
        assert_non_null(strstr(written(p, &w), "\"state\":\"suspended\""));
        assert_true(p->again_ms >= 0); /* it may have been lifted meanwhile */
        close_world(&w);
    }
}

static void while_suspended_nothing_is_made_and_what_is_there_goes(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.status =
        "{\"state\":\"suspended\",\"conditions\":[" COND("HeadPodReady", "False", "A", "") "," COND(
            "RayClusterProvisioned", "False", "RayClusterPodsProvisioning",
            "RayCluster has been suspended") "," COND("RayClusterSuspended", "True",
                                                      "RayClusterSuspended",
                                                      "") "," COND("RayClusterSuspending", "False",
                                                                   "RayClusterSuspending", "") "]}";
    const struct rk_plan *p = world_run(&w, WANTED);
    assert_int_equal(p->n_ops, 0);
    assert_true(p->again_ms < 0);
    two_pods(&w);
    p = world_run(&w, WANTED);
    assert_int_equal(world_count(p, RK_OP_DELETE), 2);
    close_world(&w);
}

static void it_is_lifted_by_false_and_by_removing_the_field(void **state)
{
    static const char *const specs[] = {LIFTED, ABSENT};
    struct world w;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        open_world(&w, &rk_plugin_v0, 8);
        w.status = conditions(&w, "True", "False");
        const struct rk_plan *p = world_run(&w, specs[i]);
        assert_true(says(p, &w, suspended, "False"));
        assert_true(p->again_ms >= 0);
        w.status = conditions(&w, "False", "False");
        p = world_run(&w, specs[i]);
        assert_int_equal(p->n_ops, 0);
        assert_true(p->again_ms < 0);
        close_world(&w);
    }
}

static void both_conditions_at_once_are_a_suspension_that_has_begun(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    two_pods(&w);
    w.status = conditions(&w, "True", "True");
    const struct rk_plan *p = world_run(&w, LIFTED);
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_DELETE), 2);
    assert_true(says(p, &w, suspended, "False"));
    close_world(&w);
}

/* What the peer leaves when it keeps no conditions: the state alone. */
static void a_state_without_conditions_is_taken_over(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.status = "{\"state\":\"suspended\",\"conditions\":[{\"type\":\"HeadPodReady\",\"status\":"
               "\"False\",\"reason\":\"A\",\"message\":\"\"}]}";
    const struct rk_plan *p = world_run(&w, WANTED);
    assert_true(says(p, &w, suspending, "True"));
    assert_int_equal(p->n_ops, 1);
    w.status = "{\"state\":\"suspended\",\"conditions\":[{\"type\":\"HeadPodReady\",\"status\":"
               "\"False\",\"reason\":\"A\",\"message\":\"\"},{\"type\":\"RayClusterSuspending\","
               "\"status\":\"True\",\"reason\":\"RayClusterSuspending\",\"message\":\"\"}]}";
    p = world_run(&w, WANTED);
    assert_true(says(p, &w, suspended, "True"));
    close_world(&w);
}

static void before_there_is_a_status_none_is_begun(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    const struct rk_plan *p = world_run(&w, WANTED);
    assert_int_equal(p->n_ops, 0);
    assert_true(p->again_ms >= 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspension_is_noted_before_a_pod_goes),
        cmocka_unit_test(then_every_pod_goes_and_only_ours),
        cmocka_unit_test(what_has_begun_comes_to_its_end),
        cmocka_unit_test(while_suspended_nothing_is_made_and_what_is_there_goes),
        cmocka_unit_test(it_is_lifted_by_false_and_by_removing_the_field),
        cmocka_unit_test(both_conditions_at_once_are_a_suspension_that_has_begun),
        cmocka_unit_test(a_state_without_conditions_is_taken_over),
        cmocka_unit_test(before_there_is_a_status_none_is_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
