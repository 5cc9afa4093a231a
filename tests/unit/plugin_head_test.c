/* The head plugin over an observed world: heads that fail one after the other. Its sources are included: a
 * plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/head/budget.c"
#include "plugins/head/head.c"

#define SPEC "{\"headGroupSpec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\"}]}}}}"

/* A pass over a dead head of this uid, `last` being what the condition says by then. */
static const struct rk_plan *dead_head(struct world *w, const char *uid, const char *last)
{
    w->n = 0;
    world_pod(w, "c-head", "head", "\"ray.io/group\":\"headgroup\"", "Failed", WORLD_NOW)->uid =
        uid;
    w->status = last ? rk_arena_fmt(&w->arena,
                                    "{\"conditions\":[{\"type\":\"HeadCrashLooping\",\"status\":"
                                    "\"False\",\"reason\":\"HeadFailed\",\"message\":\"%s\"}]}",
                                    last)
                     : NULL;
    const struct rk_plan *p = world_run(w, SPEC);
    assert_null(p->problem);
    return p;
}

static const char *told(struct world *w, int n, int last)
{
    return rk_arena_fmt(&w->arena,
                        "%d head pods failed one after the other; the last was c-head (u-%d) "
                        "at " WORLD_NOW,
                        n, last);
}

static void heads_of_one_name_are_told_apart_by_their_uids(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    for (int i = 0; i < 7; i++) {
        const char *uid = rk_arena_fmt(&w.arena, "u-%d", i),
                   *before = i ? told(&w, i, i - 1) : NULL, *after = told(&w, i + 1, i);
        assert_null(world_deleted(dead_head(&w, uid, before), "c-head"));
        assert_non_null(strstr(world_status(&w), after));
        assert_int_equal(strstr(world_status(&w), "TooManyFailures") != NULL, i >= 4);
        /* counted: it goes at once within the budget of five, else it stays for a while */
        const char *why = world_deleted(dead_head(&w, uid, after), "c-head");
        assert_int_equal(why != NULL, i < 4);
        assert_string_equal(world_status(&w), "");
    }
    close_world(&w);
}

static void a_message_without_a_uid_counts_and_names_nobody(void **state)
{
    static const char *const old[] = {
        "4 head pods failed one after the other; the last was c-head at 2026-01-02T03:00:00Z",
        "4 head pods failed one after the other; the last was c-head (at 2026-01-02T03:00:00Z",
        "4 head pods failed one after the other; the last was c-head () at 2026-01-02T03:00:00Z",
        "4 head pods failed one after the other; the last was ) at ",
    };
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    for (size_t i = 0; i < sizeof old / sizeof *old; i++) {
        assert_null(world_deleted(dead_head(&w, "c-head", old[i]), "c-head"));
        assert_non_null(strstr(world_status(&w), " head pods failed"));
        assert_non_null(strstr(world_status(&w), "(c-head) at " WORLD_NOW));
    }
    close_world(&w);
}

static size_t creates(const struct rk_plan *p)
{
    size_t n = 0;
    assert_null(p->problem);
    for (size_t i = 0; i < p->n_ops; i++)
        n += p->ops[i].verb == RK_OP_CREATE;
    return n;
}

#define PROVISIONED(status) \
    "{\"conditions\":[{\"type\":\"RayClusterProvisioned\",\"status\":\"" status "\"}]}"

static void a_head_that_is_not_to_come_back_is_made_once(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.meta = "\"annotations\":{\"ray.io/disable-provisioned-head-restart\":\"true\"}";
    assert_int_equal(creates(world_run(&w, SPEC)), 1);
    w.status = PROVISIONED("False");
    assert_int_equal(creates(world_run(&w, SPEC)), 1);
    w.status = PROVISIONED("True");
    assert_int_equal(creates(world_run(&w, SPEC)), 0);
    w.meta = "\"annotations\":{\"ray.io/disable-provisioned-head-restart\":\"True\"}";
    assert_int_equal(creates(world_run(&w, SPEC)), 1); /* the peer's word, as it spells it */
    close_world(&w);
}

static void a_dead_one_of_these_goes_as_any_other(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.meta = "\"annotations\":{\"ray.io/disable-provisioned-head-restart\":\"true\"}";
    (void)dead_head(&w, "u-0", told(&w, 1, 0));
    assert_non_null(world_deleted(w.plan, "c-head"));
    assert_int_equal(creates(w.plan), 0);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_of_one_name_are_told_apart_by_their_uids),
        cmocka_unit_test(a_message_without_a_uid_counts_and_names_nobody),
        cmocka_unit_test(a_head_that_is_not_to_come_back_is_made_once),
        cmocka_unit_test(a_dead_one_of_these_goes_as_any_other),
    };
    return cmocka_run_group_tests_name("plugin head", tests, NULL, NULL);
}
