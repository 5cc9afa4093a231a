/* The kind's own plugin over an observed world: the status of a cluster (section 7 of the reference). Its sources
 * are included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/json/path.h"
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

#define C0(more) \
    "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"" more "}]}}"
#define HEAD     "\"headGroupSpec\":{" C0("") "}"
#define GROUP(n) "{\"groupName\":\"g\",\"replicas\":" n "," C0("") "}"
#define WORKER   "\"ray.io/group\":\"g\""

/* What this pass writes at a path of the status, as text; "" = nothing, or null. */
static const char *at(struct world *w, const char *spec, const char *path)
{
    struct rk_err err = RK_ERR_INIT;
    cJSON *v = NULL;
    assert_null(world_run(w, spec)->problem);
    const char *text = world_status(w);
    if (!text[0])
        return "";
    assert_int_equal(rk_json_parse(&w->arena, text, strlen(text), NULL, &v, &err), 0);
    const cJSON *it = rk_path_get(v, rk_arena_fmt(&w->arena, "/status%s", path));
    return !it || cJSON_IsNull(it) ? "" : rk_json_str(it, rk_json_text(&w->arena, it));
}

static const char *condition(struct world *w, const char *spec, const char *type, const char *field)
{
    return at(w, spec, rk_arena_fmt(&w->arena, "/conditions/[%s]/%s", type, field));
}

static void see_head(struct world *w, const char *status)
{
    (void)world_put(
        w, "h",
        rk_arena_fmt(
            &w->arena,
            "{\"metadata\":{\"name\":\"h\",\"creationTimestamp\":\"%s\",\"labels\":{"
            "\"ray.io/cluster\":\"c\",\"ray.io/node-type\":\"head\",\"ray.io/group\":"
            "\"headgroup\"}},\"spec\":{\"containers\":[{\"name\":\"ray\"}]},\"status\":%s}",
            WORLD_NOW, status));
}

#define READY(status, more) "{\"type\":\"Ready\",\"status\":\"" status "\"" more "}"
#define NOT_READY \
    READY("False", ",\"reason\":\"ContainersNotReady\",\"message\":\"not ready: [ray]\"")

static void head_pod_ready_is_the_pods_own_word_or_its_containers(void **state)
{
    static const struct {
        const char *head, *status, *reason, *message;
    } cases[] = {
        {NULL, "False", "HeadPodNotFound", "Head Pod not found"},
        {"{\"phase\":\"Pending\"}", "False", "Unknown", ""},
        {"{\"conditions\":[" READY("True", "") "]}", "True", "HeadPodRunningAndReady", ""},
        {"{\"conditions\":[" READY("False", "") "]}", "False", "Unknown", ""},
        {"{\"conditions\":[" READY("Unknown", ",\"reason\":\"NodeLost\",\"message\":\"m\"") "]}",
         "Unknown", "NodeLost", "m"},
        {"{\"conditions\":[" NOT_READY "]}", "False", "ContainersNotReady", "not ready: [ray]"},
        /* the first container that waits or has ended says why */
        {"{\"conditions\":[" NOT_READY
         "],\"containerStatuses\":[{\"name\":\"side\",\"state\":{\"running\":{}}},{\"name\":\"ray\","
         "\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"no such image\"}}},"
         "{\"name\":\"last\",\"state\":{\"terminated\":{\"reason\":\"Error\"}}}]}",
         "False", "ImagePullBackOff", "not ready: [ray]; ray: no such image"},
        {"{\"conditions\":[" READY(
             "False",
             ",\"reason\":\"ContainersNotReady\"") "],\"containerStatuses\":[{\"name\":\"ray\",\"state\":{\"terminated\":{\"reason\":"
                                                   "\"OOMKilled\",\"message\":\"137\"}}}]}",
         "False", "OOMKilled", "ray: 137"},
        /* what is no word would make the whole status be refused */
        {"{\"conditions\":[" NOT_READY
         "],\"containerStatuses\":[{\"name\":\"ray\",\"state\":{\"waiting\":{\"reason\":"
         "\"two words\"}}}]}",
         "False", "ContainersNotReady", "not ready: [ray]; ray: "},
        {"{\"conditions\":[" READY("True", ",\"reason\":\"7\"") "]}", "True",
         "HeadPodRunningAndReady", ""},
    };
    (void)state;
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        struct world w;
        open_world(&w, &rk_plugin_v0, 8);
        (void)world_service(&w, "c-head-svc");
        if (cases[i].head)
            see_head(&w, cases[i].head);
        static const char type[] = "HeadPodReady", spec[] = "{" HEAD "}";
        assert_string_equal(condition(&w, spec, type, "status"), cases[i].status);
        assert_string_equal(condition(&w, spec, type, "reason"), cases[i].reason);
        assert_string_equal(condition(&w, spec, type, "message"), cases[i].message);
        close_world(&w);
    }
}

/* counts: members before the template; limits: members of that map. */
static const char *group(struct world *w, const char *name, const char *counts, const char *limits)
{
    return rk_arena_fmt(&w->arena,
                        "{\"groupName\":\"%s\",%s\"template\":{\"spec\":{\"containers\":[{\"name\":"
                        "\"ray\",\"image\":\"i\",\"resources\":{\"limits\":{%s}}}]}}}",
                        name, counts, limits);
}

/* Amounts are of the raw replicas, counts of the clamped ones; requests come before limits, by name. */
static void amounts_are_summed_over_containers_hosts_and_replicas(void **state)
{
    static const char head[] =
        "{\"template\":{\"spec\":{"
        "\"initContainers\":[{\"name\":\"init\",\"resources\":{\"limits\":{\"cpu\":\"64\"}}}],"
        "\"containers\":[{\"name\":\"ray\",\"image\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"500m\"},"
        "\"limits\":{\"cpu\":\"2\",\"memory\":\"1Gi\"}}},{\"name\":\"side\",\"image\":\"i\","
        "\"resources\":{\"limits\":{\"cpu\":\"250m\"}}}]}}}";
    static const char *const want[][2] = {
        {"/desiredCPU", "4750m"},     {"/desiredMemory", "5Gi"},       {"/desiredGPU", "8"},
        {"/desiredTPU", "16"},        {"/desiredWorkerReplicas", "7"}, {"/minWorkerReplicas", "4"},
        {"/maxWorkerReplicas", "13"},
    };
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)world_service(&w, "c-head-svc");
    const char *over = group(&w, "over", "\"replicas\":4,\"minReplicas\":1,\"maxReplicas\":2,",
                             "\"cpu\":\"1\",\"memory\":\"1Gi\",\"nvidia.com/gpu\":\"1\""),
               *tpu = group(&w, "tpu",
                            "\"replicas\":2,\"minReplicas\":1,\"maxReplicas\":3,\"numOfHosts\":2,",
                            "\"google.com/tpu\":4,\"nvidia.com/mig-1g.5gb\":\"1\""),
               *unsaid =
                   group(&w, "unsaid", "\"minReplicas\":1,\"maxReplicas\":5,", "\"cpu\":\"100\""),
               *rests =
                   group(&w, "rests",
                         "\"replicas\":3,\"minReplicas\":3,\"maxReplicas\":9,\"suspend\":true,",
                         "\"cpu\":\"100\"");
    const char *spec =
        rk_arena_fmt(&w.arena, "{\"headGroupSpec\":%s,\"workerGroupSpecs\":[%s,%s,%s,%s]}", head,
                     over, tpu, unsaid, rests);
    for (size_t i = 0; i < RK_COUNT(want); i++)
        assert_string_equal(at(&w, spec, want[i][0]), want[i][1]);
    /* without maxReplicas there is no bound but the field's own */
    spec = rk_arena_fmt(&w.arena, "{" HEAD ",\"workerGroupSpecs\":[%s,%s]}",
                        group(&w, "g", "\"replicas\":1,", ""), group(&w, "h", "", ""));
    assert_string_equal(at(&w, spec, "/maxWorkerReplicas"), "2147483647");
    assert_string_equal(at(&w, spec, "/desiredCPU"), "0");
    close_world(&w);
}

static void endpoints_and_head_are_of_the_first_service_and_the_pod(void **state)
{
    static const char spec[] = "{" HEAD "}";
    static const char *const want[][2] = {
        {"/endpoints/dashboard", "30265"},
        {"/endpoints/client", "10001"},
        {"/endpoints/serve", "http"},
        {"/head/serviceName", "c-head-svc"},
        {"/head/serviceIP", "10.0.0.9"},
        {"/head/podIP", "10.1.1.1"},
        {"/head/podName", "h"},
    };
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    struct rk_seen *s = world_service(&w, "c-head-svc");
    const char *text = s->json.p, *ip = strstr(text, "\"clusterIP\":\"None\"");
    s->json = rk_span_of(rk_arena_fmt(
        &w.arena,
        "%.*s\"clusterIP\":\"10.0.0.9\",\"ports\":[{\"name\":\"dashboard\",\"nodePort\":30265,"
        "\"targetPort\":8265},{\"name\":\"client\",\"targetPort\":10001},{\"name\":\"serve\","
        "\"targetPort\":\"http\"},{\"targetPort\":7}]}}",
        (int)(ip - text), text));
    see_head(&w, "{\"phase\":\"Running\",\"podIP\":\"10.1.1.1\"}");
    for (size_t i = 0; i < RK_COUNT(want); i++)
        assert_string_equal(at(&w, spec, want[i][0]), want[i][1]);
    assert_string_equal(at(&w, spec, "/endpoints/"), "");
    /* of a headless one the pod's address is told, once there is one */
    s->json = rk_span_of(text);
    assert_string_equal(at(&w, spec, "/head/serviceIP"), "10.1.1.1");
    world_remove(&w, "h");
    assert_string_equal(at(&w, spec, "/head/serviceIP"), "");
    assert_string_equal(at(&w, spec, "/head/podIP"), "");
    close_world(&w);
}

static void provisioned_waits_for_all_wanted_pods_and_ready_stays_the_state(void **state)
{
    static const char spec[] = "{" HEAD ",\"workerGroupSpecs\":[" GROUP("1") "]}",
                      type[] = "RayClusterProvisioned";
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    assert_string_equal(at(&w, spec, "/state"), "");
    assert_string_equal(world_status(&w), ""); /* nothing is told before the Service */
    (void)world_service(&w, "c-head-svc");
    see_head(&w, "{\"phase\":\"Running\",\"conditions\":[" READY("True", "") "]}");
    assert_string_equal(condition(&w, spec, type, "status"), "False"); /* a lone head */
    assert_string_equal(condition(&w, spec, type, "reason"), "RayClusterPodsProvisioning");
    assert_string_equal(at(&w, spec, "/state"), "");
    (void)world_pod(&w, "w", "worker", WORKER, "Pending", WORLD_NOW);
    assert_string_equal(condition(&w, spec, type, "status"), "False");
    world_remove(&w, "w");
    (void)world_pod(&w, "w", "worker", WORKER, "Running", WORLD_NOW);
    assert_string_equal(condition(&w, spec, type, "status"),
                        "True"); /* no Ready condition passes */
    assert_string_equal(condition(&w, spec, type, "reason"), "AllPodRunningAndReadyFirstTime");
    assert_string_equal(at(&w, spec, "/state"), "ready");
    assert_string_equal(at(&w, spec, "/stateTransitionTimes/ready"), WORLD_NOW);
    assert_string_equal(at(&w, spec, "/availableWorkerReplicas"), "1");
    assert_string_equal(at(&w, spec, "/readyWorkerReplicas"), "");
    /* what is true stays so while a worker is missing */
    world_remove(&w, "w");
    w.status =
        "{\"state\":\"ready\",\"conditions\":[{\"type\":\"RayClusterProvisioned\",\"status\":"
        "\"True\",\"reason\":\"A\",\"message\":\"\",\"lastTransitionTime\":\"" WORLD_NOW "\"}]}";
    assert_string_equal(condition(&w, spec, type, "status"), "True");
    assert_string_equal(condition(&w, spec, type, "reason"), "A");
    assert_string_equal(at(&w, spec, "/state"), "");
    close_world(&w);
}

static void replica_failure_names_what_failed_and_goes_with_it(void **state)
{
    static const char spec[] = "{" HEAD ",\"workerGroupSpecs\":[" GROUP("1") "]}",
                      type[] = "ReplicaFailure";
    static const char *const cases[][3] = {
        {"headgroup", "create", "FailedCreateHeadPod"},
        {"g", "create", "FailedCreateWorkerPod"},
        {"", "delete", "FailedDeleteAllPods"}, /* deletes tell no group */
    };
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    (void)world_service(&w, "c-head-svc");
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        w.outcome = (struct rk_snap_outcome){.gvk = RAY_POD,
                                             .group = cases[i][0],
                                             .verb = cases[i][1],
                                             .reason = "Forbidden",
                                             .message = "no more",
                                             .http = 403,
                                             .failures = 1};
        assert_string_equal(condition(&w, spec, type, "status"), "True");
        assert_string_equal(condition(&w, spec, type, "reason"), cases[i][2]);
        assert_string_equal(condition(&w, spec, type, "message"),
                            rk_arena_fmt(&w.arena, "%s\nno more", cases[i][2]));
    }
    w.outcome.failures = 0;
    w.status = "{\"conditions\":[{\"type\":\"ReplicaFailure\",\"status\":\"True\",\"reason\":\"R\","
               "\"message\":\"\",\"lastTransitionTime\":\"" WORLD_NOW "\"}]}";
    assert_string_equal(condition(&w, spec, type, "status"), "");
    assert_non_null(strstr(world_status(&w), "\"conditions\":["));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_pod_ready_is_the_pods_own_word_or_its_containers),
        cmocka_unit_test(amounts_are_summed_over_containers_hosts_and_replicas),
        cmocka_unit_test(endpoints_and_head_are_of_the_first_service_and_the_pod),
        cmocka_unit_test(provisioned_waits_for_all_wanted_pods_and_ready_stays_the_state),
        cmocka_unit_test(replica_failure_names_what_failed_and_goes_with_it),
    };
    return cmocka_run_group_tests_name("plugin status", tests, NULL, NULL);
}
