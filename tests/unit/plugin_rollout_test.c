/* The rollout plugin over an observed world: which outdated pods are told, and which may go. Its sources
 * are included: a plugin exports one symbol only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"

#undef fail /* cmocka's: the function table has a member of that name */
#include "plugins/rollout/roll.c"
#include "plugins/rollout/rollout.c"

#define PODS 64

/* The kind's own plugin: without it the object has no owner of its status. */
static const rk_kind owner_kind[] = {
    {.gvk = RAY_CLUSTER, .plural = "rayclusters", .controller = "raycluster-controller"}};
static const rk_plugin owner = {RK_PLUGIN_SIZES, .name = "raycluster", .version = "1",
                                .kinds = owner_kind, .n_kinds = 1};

struct world {
    struct rk_arena arena;
    struct rk_seen seen[PODS];
    size_t n;
    struct rk_plugins *plugins;
    struct rk_plan *plan;
};

static void open_world(struct world *w)
{
    const rk_plugin *const descs[] = {&owner, &rk_plugin_v0};
    struct rk_err err = RK_ERR_INIT;
    memset(w, 0, sizeof *w);
    rk_arena_init(&w->arena, 0);
    assert_int_equal(rk_plugins_from(descs, 2, NULL, NULL, &w->plugins, &err), 0);
}

static void close_world(struct world *w)
{
    rk_plan_free(w->plan);
    rk_plugins_free(w->plugins);
    rk_arena_done(&w->arena);
}

static struct rk_seen *see(struct world *w, const char *type, const char *group, const char *bucket,
                           const char *hash, bool ready)
{
    struct rk_arena *a = &w->arena;
    const char *name = rk_arena_fmt(a, "p%02zu", w->n);
    const char *note =
        hash ? rk_arena_fmt(a, "\"annotations\":{\"raykeeper.io/template-hash\":\"%s\"},", hash)
             : "";
    const char *json = rk_arena_fmt(
        a,
        "{\"metadata\":{\"name\":\"%s\",%s\"labels\":{\"ray.io/cluster\":\"c\",\"ray.io/node-type\":\"%s\","
        "\"ray.io/group\":\"%s\",\"ray.io/worker-group-replica-name\":\"%s\"}},\"spec\":{\"containers\":"
        "[{\"name\":\"ray\"}]},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\","
        "\"status\":\"%s\"}]}}",
        name, note, type, group, bucket, ready ? "True" : "False");
    w->seen[w->n] = (struct rk_seen){.gvk = RAY_POD,
                                     .ns = "ns",
                                     .name = name,
                                     .uid = name,
                                     .rv = "5",
                                     .mine = true,
                                     .json = rk_span_of(json)};
    return &w->seen[w->n++];
}

static const struct rk_plan *run(struct world *w, const char *annotations, const char *groups)
{
    struct rk_err err = RK_ERR_INIT;
    const char *object = rk_arena_fmt(
        &w->arena,
        "{\"apiVersion\":\"ray.io/v1\",\"kind\":\"RayCluster\",\"metadata\":{\"name\":\"c\",\"namespace\":\"ns\","
        "\"annotations\":{%s},\"uid\":\"u\",\"resourceVersion\":\"7\"},\"spec\":{\"headGroupSpec\":"
        "{\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"new\"}]}}},"
        "\"workerGroupSpecs\":[%s]}}",
        annotations, groups);
    const struct rk_snapshot snap = {.gvk = RAY_CLUSTER,
                                     .ns = "ns",
                                     .name = "c",
                                     .uid = "u",
                                     .rv = "7",
                                     .object = rk_span_of(object),
                                     .seen = w->seen,
                                     .n_seen = w->n,
                                     .now_us =
                                         INT64_C(1767323045000000)}; /* 2026-01-02T03:04:05Z */
    const struct rk_pass_conf conf = {.arena_cap = 16u << 20, .slice = 64};
    rk_plan_free(w->plan);
    w->plan = NULL;
    assert_int_equal(rk_pass_run(w->plugins, &conf, &snap, &w->plan, &err), 0);
    return w->plan;
}

static const char group_of_3[] =
    "{\"groupName\":\"g\",\"replicas\":3,\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\"}]}}}";
static const char hosts_of_2[] =
    "{\"groupName\":\"g\",\"replicas\":2,\"numOfHosts\":2,\"template\":{\"spec\":{\"containers\":[{\"name\":"
    "\"ray\"}]}}}";

/* Names of what goes, in order: "p00 p02". */
static const char *gone(struct world *w)
{
    const char *all = "";
    for (size_t i = 0; i < w->plan->n_ops; i++)
        if (w->plan->ops[i].verb == RK_OP_DELETE)
            all = rk_arena_fmt(&w->arena, "%s%s%s", all, *all ? " " : "", w->plan->ops[i].name);
    return all;
}

static const char *body(struct world *w, enum rk_op_verb verb, size_t nth)
{
    for (size_t i = 0; i < w->plan->n_ops; i++)
        if (w->plan->ops[i].verb == verb && nth-- == 0)
            return rk_arena_strndup(&w->arena, w->plan->ops[i].head.p, w->plan->ops[i].head.n);
    return "";
}

static void without_being_asked_outdated_pods_are_told_and_stay(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    see(&w, "head", "headgroup", "", "m1:OLD", true);
    see(&w, "worker", "g", "", "m1:OLD", true);
    see(&w, "worker", "g", "", NULL, true);
    run(&w, "", group_of_3);
    assert_string_equal(gone(&w), "");
    assert_non_null(
        strstr(body(&w, RK_OP_STATUS, 0), "\"type\":\"OutdatedPods\",\"status\":\"True\""));
    assert_non_null(strstr(body(&w, RK_OP_STATUS, 0), "headgroup: 1 of 1, g: 1 of 2"));
    assert_string_equal(body(&w, RK_OP_PATCH, 0), "");
    close_world(&w);
}

static void one_outdated_worker_goes_at_a_time(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    for (int i = 0; i < 3; i++)
        see(&w, "worker", "g", "", "m1:OLD", true);
    run(&w, "\"raykeeper.io/rolling-update\":\"true\"", group_of_3);
    assert_string_equal(gone(&w), "p00");
    run(&w, "\"raykeeper.io/rolling-update\":\"2\"", group_of_3);
    assert_string_equal(gone(&w), "p00 p01");
    run(&w, "\"raykeeper.io/rolling-update\":\"70%\"", group_of_3);
    assert_string_equal(gone(&w), "p00 p01");
    close_world(&w);
}

static void while_one_is_missing_no_ready_worker_goes(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    see(&w, "worker", "g", "", "m1:OLD", true);
    see(&w, "worker", "g", "", "m1:OLD", true);
    run(&w, "\"raykeeper.io/rolling-update\":\"1\"", group_of_3);
    assert_string_equal(gone(&w), "");
    see(&w, "worker", "g", "", "m1:OLD", false); /* not ready: costs nothing */
    run(&w, "\"raykeeper.io/rolling-update\":\"1\"", group_of_3);
    assert_string_equal(gone(&w), "p02");
    close_world(&w);
}

static void a_replica_of_several_hosts_goes_by_one_name(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    for (int i = 0; i < 4; i++)
        see(&w, "worker", "g", i < 2 ? "a" : "b", "m1:OLD", true);
    run(&w, "\"raykeeper.io/rolling-update\":\"1\"", hosts_of_2);
    assert_string_equal(gone(&w), "p00");
    run(&w, "\"raykeeper.io/rolling-update\":\"4\"", hosts_of_2);
    assert_string_equal(gone(&w), "p00 p02");
    close_world(&w);
}

static void pods_of_unknown_origin_are_stamped_before_anything_rolls(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    see(&w, "worker", "g", "", NULL, true);
    run(&w, "\"raykeeper.io/rolling-update\":\"1\"", group_of_3);
    assert_string_equal(gone(&w), "");
    assert_non_null(strstr(body(&w, RK_OP_PATCH, 0),
                           "{\"metadata\":{\"uid\":\"p00\",\"annotations\":{"
                           "\"raykeeper.io/template-hash\":\"m1:"));
    close_world(&w);
}

static void pods_with_a_hash_of_another_algorithm_are_stamped_and_stay(void **state)
{
    static const char *const others[] = {"1:OLD", "m2:OLD", "m1", ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct world w;
        (void)state;
        open_world(&w);
        see(&w, "worker", "g", "", others[i], true);
        run(&w, "\"raykeeper.io/rolling-update\":\"1\"", group_of_3);
        assert_string_equal(gone(&w), "");
        assert_non_null(strstr(body(&w, RK_OP_PATCH, 0), "\"raykeeper.io/template-hash\":\"m1:"));
        close_world(&w);
    }
}

static void the_head_goes_last_and_only_where_that_is_asked_for(void **state)
{
    static const char both[] =
        "\"raykeeper.io/rolling-update\":\"1\",\"raykeeper.io/rolling-update-head\":\"last\"";
    struct world w;
    (void)state;
    open_world(&w);
    see(&w, "head", "headgroup", "", "m1:OLD", true);
    see(&w, "worker", "g", "", "m1:OLD", true);
    run(&w, both, group_of_3);
    assert_string_equal(gone(&w), "");
    close_world(&w);
    open_world(&w);
    see(&w, "head", "headgroup", "", "m1:OLD", true);
    run(&w, both, "");
    assert_string_equal(gone(&w), "p00");
    run(&w, "\"raykeeper.io/rolling-update\":\"1\"", "");
    assert_string_equal(gone(&w), "");
    close_world(&w);
}

static void a_head_that_is_down_does_not_wait_for_the_workers(void **state)
{
    static const char both[] =
        "\"raykeeper.io/rolling-update\":\"1\",\"raykeeper.io/rolling-update-head\":\"last\"";
    struct world w;
    (void)state;
    open_world(&w);
    struct rk_seen *head = see(&w, "head", "headgroup", "", "m1:OLD", false);
    const char *json = head->json.p;
    const char *brief =
        rk_arena_fmt(&w.arena, "%.*s,\"lastTransitionTime\":\"2026-01-02T02:59:06Z\"}]}}",
                     (int)strlen(json) - 4, json);
    head->json = rk_span_of(brief);
    run(&w, both, group_of_3); /* its node may be back in a moment */
    assert_string_equal(gone(&w), "");
    assert_int_equal(w.plan->again_ms, 1000);
    head->json = rk_span_of(json); /* not for five minutes */
    run(&w, both, group_of_3);     /* no worker: they wait for the head */
    assert_string_equal(gone(&w), "p00");
    run(&w, "\"raykeeper.io/rolling-update\":\"1\"", group_of_3);
    assert_string_equal(gone(&w), "");
    close_world(&w);
}

static void none_may_be_missing_is_no_rolling_update(void **state)
{
    static const char *const none[] = {"0", "0%", "000", "false"};
    struct world w;
    (void)state;
    open_world(&w);
    for (int i = 0; i < 3; i++)
        see(&w, "worker", "g", "", "m1:OLD", i > 0);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const char *note =
            rk_arena_fmt(&w.arena, "\"raykeeper.io/rolling-update\":\"%s\"", none[i]);
        assert_false(run(&w, note, group_of_3)->invalid);
        assert_string_equal(gone(&w), "");
    }
    run(&w, "\"raykeeper.io/rolling-update\":\"1%\"", group_of_3);
    assert_string_equal(gone(&w), "p00");
    close_world(&w);
}

static void what_is_ready_of_a_replica_that_goes_is_charged(void **state)
{
    struct world w;
    (void)state;
    open_world(&w);
    for (int i = 0; i < 4; i++)
        see(&w, "worker", "g", i < 2 ? "a" : "b", "m1:OLD", i != 3);
    /* b goes at once, its ready host with it: then three are missing, and a has to stay */
    run(&w, "\"raykeeper.io/rolling-update\":\"3\"", hosts_of_2);
    assert_string_equal(gone(&w), "p03");
    run(&w, "\"raykeeper.io/rolling-update\":\"4\"", hosts_of_2);
    assert_string_equal(gone(&w), "p03 p00");
    close_world(&w);
}

static void of_many_outdated_groups_ten_are_named(void **state)
{
    struct world w;
    const char *groups = "";
    (void)state;
    open_world(&w);
    for (int i = 0; i < 13; i++) {
        const char *name = rk_arena_fmt(&w.arena, "g%d", i);
        see(&w, "worker", name, "", "m1:OLD", true);
        groups = rk_arena_fmt(&w.arena,
                              "%s%s{\"groupName\":\"%s\",\"replicas\":1,\"template\":{\"spec\":{"
                              "\"containers\":[{\"name\":\"ray\"}]}}}",
                              groups, i ? "," : "", name);
    }
    run(&w, "", groups);
    assert_non_null(strstr(body(&w, RK_OP_STATUS, 0), "g8: 1 of 1, g9: 1 of 1, and 3 more\""));
    close_world(&w);
}

static void an_unreadable_annotation_is_an_invalid_object(void **state)
{
    static const char *const wrong[] = {"\"raykeeper.io/rolling-update\":\"some\"",
                                        "\"raykeeper.io/rolling-update\":\"1 %\"",
                                        "\"raykeeper.io/rolling-update-head\":\"first\""};
    struct world w;
    (void)state;
    open_world(&w);
    see(&w, "worker", "g", "", "m1:OLD", true);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_true(run(&w, wrong[i], group_of_3)->invalid);
        assert_string_equal(gone(&w), "");
    }
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_being_asked_outdated_pods_are_told_and_stay),
        cmocka_unit_test(one_outdated_worker_goes_at_a_time),
        cmocka_unit_test(while_one_is_missing_no_ready_worker_goes),
        cmocka_unit_test(a_replica_of_several_hosts_goes_by_one_name),
        cmocka_unit_test(pods_of_unknown_origin_are_stamped_before_anything_rolls),
        cmocka_unit_test(pods_with_a_hash_of_another_algorithm_are_stamped_and_stay),
        cmocka_unit_test(the_head_goes_last_and_only_where_that_is_asked_for),
        cmocka_unit_test(a_head_that_is_down_does_not_wait_for_the_workers),
        cmocka_unit_test(none_may_be_missing_is_no_rolling_update),
        cmocka_unit_test(what_is_ready_of_a_replica_that_goes_is_charged),
        cmocka_unit_test(of_many_outdated_groups_ten_are_named),
        cmocka_unit_test(an_unreadable_annotation_is_an_invalid_object),
    };
    return cmocka_run_group_tests_name("plugin rollout", tests, NULL, NULL);
}
