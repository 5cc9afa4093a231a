/* The ingress plugin over an observed world: what the dashboard's Ingress or Route is called. The plugin's
 * source is included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/ingress.c"

#define SPEC                                                                              \
    "{\"headGroupSpec\":{\"enableIngress\":true,\"template\":{\"spec\":{\"containers\":[" \
    "{\"name\":\"ray\"}]}}}}"
#define LETTERS "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"

static bool all_served(void *ctx, const char *gvk)
{
    (void)ctx;
    (void)gvk;
    return true;
}

/* A cluster whose name has `n` letters; what is made is called so. */
static const char *made(struct world *w, int n)
{
    w->name = rk_arena_fmt(&w->arena, "%.*s", n, LETTERS);
    const struct rk_plan *p = world_run(w, SPEC);
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 1);
    assert_int_equal(p->ops[0].verb, RK_OP_CREATE);
    return p->ops[0].name;
}

static void a_routes_name_is_cut_and_is_still_a_name(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.served = all_served;
    assert_string_equal(made(&w, 3), "abc-head-route");
    for (int n = 32; n <= 52; n++) {
        const char *name = made(&w, n);
        assert_in_range(strlen(name), 43, 49); /* with a namespace of two */
        assert_int_not_equal(name[strlen(name) - 1], '-');
        assert_int_equal(strncmp(name, w.name, strlen(name) < (size_t)n ? strlen(name) : (size_t)n),
                         0);
    }
    close_world(&w);
}

static void an_ingress_has_its_whole_name_unless_ours_has_the_cut_one(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    const char *whole = rk_arena_fmt(&w.arena, "%.48s-head-ingress", LETTERS);
    assert_string_equal(made(&w, 48), whole);
    struct rk_seen *cut = world_put(
        &w, whole + strlen(whole) - 50,
        rk_arena_fmt(&w.arena, "{\"metadata\":{\"name\":\"%s\"}}", whole + strlen(whole) - 50));
    cut->gvk = INGRESS;
    cut->mine = false;
    assert_string_equal(made(&w, 48), whole);
    cut->mine = true;
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_int_equal(world_count(p, RK_OP_CREATE), 0);
    assert_string_equal(p->ops[0].name, cut->name);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_routes_name_is_cut_and_is_still_a_name),
        cmocka_unit_test(an_ingress_has_its_whole_name_unless_ours_has_the_cut_one),
    };
    return cmocka_run_group_tests_name("plugin ingress", tests, NULL, NULL);
}
