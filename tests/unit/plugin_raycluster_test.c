/* The kind's own plugin over an observed world: what it tells of a cluster. Its sources are included: a
 * plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/raycluster/conditions.c"
#include "plugins/raycluster/gauges.c"
#include "plugins/raycluster/options.c"
#include "plugins/raycluster/raycluster.c"
#include "plugins/raycluster/ready.c"
#include "plugins/raycluster/report.c"
#include "plugins/raycluster/status.c"
#include "plugins/raycluster/types.c"
#include "plugins/raycluster/validate.c"

#define TEMPLATE "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"}]}}"
#define HEAD     "\"headGroupSpec\":{" TEMPLATE "}"
#define ALONE    "{" HEAD "}"
#define WHO      "name=\"c\",namespace=\"ns\",uid=\"u\""

/* ---- gauges ---- */

static const char *value(const struct rk_plan *p, const char *name, const char *labels)
{
    for (size_t i = 0; i < p->n_gauges; i++)
        if (strcmp(p->gauges[i].name, name) == 0 && strcmp(p->gauges[i].labels, labels) == 0)
            return p->gauges[i].value;
    return NULL;
}

static void a_cluster_that_is_provisioned_says_how_long_it_took(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)world_service(&w, "c-head-svc");
    (void)world_pod(&w, "h", "head", "\"ray.io/group\":\"headgroup\"", "Pending", WORLD_NOW);
    w.meta = "\"creationTimestamp\":\"2026-01-02T03:03:05Z\"";
    const struct rk_plan *p = world_run(&w, ALONE);
    assert_null(p->problem);
    assert_int_equal(p->n_gauges, 2);
    assert_string_equal(value(p, "kuberay_cluster_info", WHO ",owner_kind=\"None\""), "1");
    assert_string_equal(
        value(p, "kuberay_cluster_condition_provisioned", WHO ",condition=\"false\""), "1");
    /* in the very pass that makes the condition true */
    world_remove(&w, "h");
    (void)world_pod(&w, "h", "head", "\"ray.io/group\":\"headgroup\"", "Running", WORLD_NOW);
    p = world_run(&w, ALONE);
    assert_int_equal(p->n_gauges, 3);
    assert_string_equal(
        value(p, "kuberay_cluster_condition_provisioned", WHO ",condition=\"true\""), "1");
    assert_string_equal(value(p, "kuberay_cluster_provisioned_duration_seconds", WHO), "60");
    /* and ever after, from what stands there */
    w.status = "{\"conditions\":[{\"type\":\"RayClusterProvisioned\",\"status\":\"True\","
               "\"lastTransitionTime\":\"2026-01-02T03:03:20Z\"}]}";
    w.meta = "\"creationTimestamp\":\"2026-01-02T03:03:05Z\",\"labels\":{"
             "\"ray.io/originated-from-crd\":\"RayJob\"}";
    p = world_run(&w, ALONE);
    assert_string_equal(value(p, "kuberay_cluster_provisioned_duration_seconds", WHO), "15");
    assert_string_equal(value(p, "kuberay_cluster_info", WHO ",owner_kind=\"RayJob\""), "1");
    close_world(&w);
}

static void times_that_say_nothing_give_no_duration(void **state)
{
    static const char *const metas[] = {NULL, "\"creationTimestamp\":7",
                                        "\"creationTimestamp\":\"soon\""};
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.status = "{\"conditions\":[{\"type\":\"RayClusterProvisioned\",\"status\":\"True\","
               "\"lastTransitionTime\":\"2026-01-02T03:03:20Z\"}]}";
    for (size_t i = 0; i < sizeof metas / sizeof *metas; i++) {
        w.meta = metas[i];
        assert_int_equal(world_run(&w, ALONE)->n_gauges, 2);
    }
    w.meta = "\"creationTimestamp\":\"2026-01-02T03:05:00Z\""; /* clocks that differ */
    assert_string_equal(
        value(world_run(&w, ALONE), "kuberay_cluster_provisioned_duration_seconds", WHO), "0");
    close_world(&w);
}

static void what_goes_or_is_anothers_has_no_gauges(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    assert_int_equal(
        world_run(&w, "{\"managedBy\":\"kueue.x-k8s.io/multikueue\"," HEAD "}")->n_gauges, 0);
    w.meta = "\"deletionTimestamp\":\"2026-01-02T03:04:00Z\"";
    assert_int_equal(world_run(&w, ALONE)->n_gauges, 0);
    close_world(&w);
}

/* ---- the head's Service ---- */

static void a_service_that_stays_is_told_rather_than_one_that_goes(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)world_service(&w, "a");
    world_end(&w, "a");
    world_run(&w, ALONE);
    assert_non_null(strstr(world_status(&w), "\"serviceName\":\"a\""));
    (void)world_service(&w, "b");
    world_run(&w, ALONE);
    assert_non_null(strstr(world_status(&w), "\"serviceName\":\"b\""));
    close_world(&w);
}

/* ---- what was refused ---- */

static void a_refused_write_of_pods_is_a_replica_failure(void **state)
{
    static const struct {
        const char *gvk, *group, *verb, *reason; /* NULL = none */
    } cases[] = {{RAY_POD, "headgroup", "create", "FailedCreateHeadPod"},
                 {RAY_POD, "g", "create", "FailedCreateWorkerPod"},
                 {RAY_POD, "", "delete", "FailedDeleteAllPods"},
                 {RAY_POD, "", "patch", NULL},
                 {RAY_POD, "other", "create", NULL},
                 {RAY_SERVICE, "", "delete", NULL}};
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)world_service(&w, "c-head-svc");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        w.outcome = (struct rk_snap_outcome){.gvk = cases[i].gvk,
                                             .group = cases[i].group,
                                             .verb = cases[i].verb,
                                             .message = "no such luck",
                                             .http = 403,
                                             .failures = 1};
        world_run(&w, "{" HEAD ",\"workerGroupSpecs\":[{\"groupName\":\"g\"," TEMPLATE "}]}");
        const char *at = strstr(world_status(&w), "\"type\":\"ReplicaFailure\"");
        assert_int_equal(at != NULL, cases[i].reason != NULL);
        if (at)
            assert_non_null(
                strstr(at, rk_arena_fmt(&w.arena, "%s\\nno such luck\"", cases[i].reason)));
    }
    close_world(&w);
}

/* ---- lists without end ---- */

/* `n` times `item` as a list. */
static const char *list_of(struct world *w, size_t n, const char *item)
{
    struct rk_buf b;
    rk_buf_init(&b, 1u << 20);
    (void)rk_buf_addc(&b, '[');
    for (size_t i = 0; i < n; i++)
        (void)rk_buf_addf(&b, "%s%s", i ? "," : "", item);
    (void)rk_buf_addc(&b, ']');
    const char *text = rk_arena_strdup(&w->arena, rk_buf_text(&b));
    rk_buf_done(&b);
    return text;
}

static void lists_that_no_cluster_has_are_refused(void **state)
{
    static const char *const specs[] = {
        "{\"headGroupSpec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"ports\":%s}]}}}}",
        "{\"headGroupSpec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\"}],"
        "\"initContainers\":[{\"name\":\"i\",\"env\":%s}]}}}}",
        "{" HEAD ",\"workerGroupSpecs\":%s}",
        "{\"headGroupSpec\":{\"headService\":{\"spec\":{\"ports\":%s}}," TEMPLATE "}}"};
    static const char *const items[] = {"{\"containerPort\":1}", "{\"name\":\"A\"}",
                                        "{\"groupName\":\"g\"," TEMPLATE "}", "{\"port\":1}"};
    static const char *const where[] = {"/spec/headGroupSpec/template/spec/containers/0/ports",
                                        "/spec/headGroupSpec/template/spec/initContainers/0/env",
                                        "/spec/workerGroupSpecs",
                                        "/spec/headGroupSpec/headService/spec/ports"};
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)world_service(&w, "c-head-svc");
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        const char *cut = strstr(specs[i], "%s"), *list = list_of(&w, 1001, items[i]);
        world_run(
            &w, rk_arena_fmt(&w.arena, "%.*s%s%s", (int)(cut - specs[i]), specs[i], list, cut + 2));
        assert_non_null(
            strstr(world_status(&w),
                   rk_arena_fmt(&w.arena, "%s has 1001 entries, at most 1000", where[i])));
    }
    close_world(&w);
}

/* ---- encryption ---- */

static bool everything(void *ctx, const char *gvk)
{
    (void)ctx;
    (void)gvk;
    return true;
}

static bool nothing(void *ctx, const char *gvk)
{
    (void)ctx;
    (void)gvk;
    return false;
}

static void pods_in_the_clear_are_not_made_where_tls_is_asked_for(void **state)
{
    static const char encrypted[] = "{\"tlsOptions\":{\"enabled\":true}," HEAD "}";
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    w.served = nothing;
    const struct rk_plan *p = world_run(&w, encrypted);
    assert_true(p->invalid);
    assert_non_null(strstr(world_status(&w), "/spec/tlsOptions/enabled needs cert-manager.io/v1"));
    assert_non_null(strstr(world_status(&w), "InvalidRayClusterSpec"));
    assert_int_equal(p->again_ms, 300000); /* it may be installed: nothing else wakes the cluster */
    assert_null(world_run(&w, "{\"tlsOptions\":{\"enabled\":false}," HEAD "}")->problem);
    w.served = everything;
    assert_null(world_run(&w, encrypted)->problem);
    w.served = NULL; /* offline nobody knows */
    assert_null(world_run(&w, encrypted)->problem);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_that_is_provisioned_says_how_long_it_took),
        cmocka_unit_test(times_that_say_nothing_give_no_duration),
        cmocka_unit_test(what_goes_or_is_anothers_has_no_gauges),
        cmocka_unit_test(a_service_that_stays_is_told_rather_than_one_that_goes),
        cmocka_unit_test(a_refused_write_of_pods_is_a_replica_failure),
        cmocka_unit_test(lists_that_no_cluster_has_are_refused),
        cmocka_unit_test(pods_in_the_clear_are_not_made_where_tls_is_asked_for),
    };
    return cmocka_run_group_tests_name("plugin raycluster", tests, NULL, NULL);
}
