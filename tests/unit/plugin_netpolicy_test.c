/* The netpolicy plugin over an observed world: policies of others, and those that nobody wants any more. Its
 * sources are included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/netpolicy/netpolicy.c"
#include "plugins/netpolicy/policies.c"
#include "plugins/netpolicy/validate.c"

#define SPEC                                                                                   \
    "{\"networkPolicy\":{},\"headGroupSpec\":{\"template\":{\"spec\":{\"containers\":[{}]}}}," \
    "\"workerGroupSpecs\":[{\"groupName\":\"g\",\"template\":{\"spec\":{\"containers\":[{}]}}}]}"

static struct rk_seen *see(struct world *w, const char *name, bool mine)
{
    struct rk_seen *s = world_put(
        w, name, rk_arena_fmt(&w->arena, "{\"metadata\":{\"name\":\"%s\"},\"spec\":{}}", name));
    s->gvk = NETPOLICY;
    s->mine = mine;
    return s;
}

static void somebody_elses_policy_is_told_and_left_alone(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)see(&w, "c-head", false);
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_true(p->failed);
    assert_non_null(strstr(p->problem, "c-head is there and belongs to someone else"));
    size_t told = 0;
    for (size_t i = 0; i < p->n_events; i++)
        told +=
            p->events[i].warning && strcmp(p->events[i].reason, "NetworkPolicyNameCollision") == 0;
    assert_int_equal(told, 1);
    /* and no pod is open to all meanwhile: nothing else is made either */
    for (size_t i = 0; i < p->n_ops; i++)
        assert_int_equal(p->ops[i].verb, RK_OP_STATUS);
    close_world(&w);
}

static void a_policy_of_ours_that_nobody_wants_goes_and_no_other(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)see(&w, "c-workers-before", true);
    (void)see(&w, "theirs", false);
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_CREATE), 2);
    assert_int_equal(world_count(p, RK_OP_DELETE), 1);
    assert_non_null(world_deleted(p, "c-workers-before"));
    /* and all of them with the field */
    p = world_run(&w, "{\"headGroupSpec\":{}}");
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_CREATE), 0);
    assert_non_null(world_deleted(p, "c-workers-before"));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somebody_elses_policy_is_told_and_left_alone),
        cmocka_unit_test(a_policy_of_ours_that_nobody_wants_goes_and_no_other),
    };
    return cmocka_run_group_tests_name("plugin netpolicy", tests, NULL, NULL);
}
