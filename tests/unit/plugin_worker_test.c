/* The worker plugin over an observed world: who fills which place, who goes. Its sources are
 * included: a plugin exports one symbol only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"

#undef fail /* cmocka's: the function table has a member of that name */
#include "plugins/worker/choose.c"
#include "plugins/worker/worker.c"

#define MANY 20000

struct world {
    struct rk_arena arena;
    struct rk_seen *seen;
    size_t n;
    struct rk_plugins *plugins;
    struct rk_plan *plan;
};

static void open_world(struct world *w, size_t most)
{
    const rk_plugin *const descs[] = {&rk_plugin_v0};
    struct rk_err err = RK_ERR_INIT;
    memset(w, 0, sizeof *w);
    rk_arena_init(&w->arena, 0);
    w->seen = rk_arena_alloc(&w->arena, most * sizeof *w->seen);
    assert_int_equal(rk_plugins_from(descs, 1, NULL, NULL, &w->plugins, &err), 0);
}

static void close_world(struct world *w)
{
    rk_plan_free(w->plan);
    rk_plugins_free(w->plugins);
    rk_arena_done(&w->arena);
}

/* Names rise with their number, as the view's records do. index NULL: without that label. */
static void see(struct world *w, const char *group, const char *index, const char *phase, int age)
{
    struct rk_arena *a = &w->arena;
    const char *name = rk_arena_fmt(a, "p%05zu", w->n);
    const char *label =
        index ? rk_arena_fmt(a, ",\"ray.io/worker-group-replica-index\":\"%s\"", index) : "";
    const char *json = rk_arena_fmt(
        a,
        "{\"metadata\":{\"name\":\"%s\",\"creationTimestamp\":\"2026-01-01T00:%02d:00Z\",\"labels\":"
        "{\"ray.io/cluster\":\"c\",\"ray.io/node-type\":\"worker\",\"ray.io/group\":\"%s\"%s}},"
        "\"spec\":{\"containers\":[{\"name\":\"ray\"}]},\"status\":{\"phase\":\"%s\"}}",
        name, age % 60, group, label, phase);
    w->seen[w->n++] = (struct rk_seen){.gvk = RAY_POD,
                                       .ns = "ns",
                                       .name = name,
                                       .uid = name,
                                       .rv = "5",
                                       .mine = true,
                                       .json = rk_span_of(json)};
}

static const struct rk_plan *run(struct world *w, const char *groups)
{
    const struct rk_pass_conf conf = {.slice = MANY + 64};
    const char *text = rk_arena_fmt(
        &w->arena,
        "{\"apiVersion\":\"ray.io/v1\",\"kind\":\"RayCluster\",\"metadata\":{\"name\":\"c\",\"namespace\":"
        "\"ns\",\"uid\":\"u\",\"generation\":1},\"spec\":{\"headGroupSpec\":{},\"workerGroupSpecs\":[%s]}}",
        groups);
    const struct rk_snapshot snap = {.gvk = RAY_CLUSTER,
                                     .ns = "ns",
                                     .name = "c",
                                     .uid = "u",
                                     .rv = "7",
                                     .object = rk_span_of(text),
                                     .seen = w->seen,
                                     .n_seen = w->n,
                                     .now_us = 1767323045000000};
    struct rk_err err = RK_ERR_INIT;
    rk_plan_free(w->plan);
    w->plan = NULL;
    assert_int_equal(rk_pass_run(w->plugins, &conf, &snap, &w->plan, &err), 0);
    return w->plan;
}

static const char *group(struct world *w, const char *name, int replicas, const char *more)
{
    return rk_arena_fmt(
        &w->arena,
        "{\"groupName\":\"%s\",\"replicas\":%d%s,\"template\":{\"spec\":{\"containers\":[{\"name\":"
        "\"ray\",\"image\":\"i\"}]}}}",
        name, replicas, more);
}

static size_t count(const struct rk_plan *p, enum rk_op_verb verb)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_ops; i++)
        n += p->ops[i].verb == verb;
    return n;
}

static void workers_without_an_index_or_with_one_twice_fill_their_places(void **state)
{
    static const char *const index[] = {NULL, NULL, "1", "1", "junk", "900"};
    struct world w;
    (void)state;
    open_world(&w, 8);
    for (size_t i = 0; i < 6; i++)
        see(&w, "g", index[i], "Running", 0);
    const struct rk_plan *p = run(&w, group(&w, "g", 6, ""));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 0);
    p = run(&w, group(&w, "g", 8, ""));
    assert_null(p->problem);
    assert_int_equal(count(p, RK_OP_CREATE), 2);
    assert_string_equal(p->ops[0].member, "0");
    assert_string_equal(p->ops[1].member, "2");
    close_world(&w);
}

static void pending_workers_go_first_then_the_youngest(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, 8);
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

static void a_named_worker_goes_from_its_own_group_only(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, 8);
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
    open_world(&w, 1);
    const struct rk_plan *p =
        run(&w, group(&w, "g", 2, ",\"numOfHosts\":9223372036854775807,\"minReplicas\":-9"));
    assert_true(p->invalid);
    assert_int_equal(count(p, RK_OP_CREATE), 0);
    p = run(&w, group(&w, "g", -5, ",\"minReplicas\":-5,\"maxReplicas\":-1"));
    assert_null(p->problem);
    assert_int_equal(p->n_ops, 0);
    close_world(&w);
}

/* A hook may burn 5 s: what grows with the square of the workers would not end in time. */
static void many_workers_in_many_groups_take_no_time(void **state)
{
    struct world w;
    struct rk_buf groups;
    (void)state;
    open_world(&w, MANY);
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
    assert_int_equal(count(p, RK_OP_DELETE), MANY - 500);
    w.n = 0;
    for (int i = 0; i < MANY; i++)
        see(&w, "g", "0", "Running", i);
    p = run(&w, group(&w, "g", 1, ""));
    assert_null(p->problem);
    assert_int_equal(count(p, RK_OP_DELETE), MANY - 1);
    assert_true((clock() - before) / CLOCKS_PER_SEC < 20); /* by squares it were minutes */
    rk_buf_done(&groups);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_without_an_index_or_with_one_twice_fill_their_places),
        cmocka_unit_test(pending_workers_go_first_then_the_youngest),
        cmocka_unit_test(a_named_worker_goes_from_its_own_group_only),
        cmocka_unit_test(senseless_counts_neither_overflow_nor_make_pods),
        cmocka_unit_test(many_workers_in_many_groups_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
