/* Plugin legacy, live: what is made of an object of the old operator, when nothing is, and what stays the autoscaler's. */
#include "core/conf/conf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_built.h"

#define OLD       "cluster.ray.io/v1/RayCluster"
#define SEEN_MOST 4

#define POD(name)                                                                             \
    "{\"name\":\"" name "\",\"podConfig\":{\"metadata\":{\"generateName\":\"" name "-\"},"    \
    "\"spec\":{\"containers\":[{\"name\":\"ray-node\",\"image\":\"rayproject/ray:2.9.0\","    \
    "\"command\":[\"/bin/bash\",\"-c\",\"--\"],\"args\":[\"trap : TERM INT; sleep infinity &" \
    " wait;\"],\"resources\":{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"},"                 \
    "\"requests\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}]}}"
#define SPEC                                                                          \
    "{\"headPodType\":\"head\",\"maxWorkers\":5,\"podTypes\":[" POD("head") "}," POD( \
        "small") ",\"minWorkers\":1,\"maxWorkers\":5}]}"

struct stand {
    struct built b;
    const char *meta, *status, *spec; /* JSON; meta begins with a comma, "" = none */
    const char *pods, *deployments;   /* bodies of answers; NULL = there is none yet */
    int http;
    int64_t age_us;
    struct rk_seen seen[SEEN_MOST];
    size_t n_seen;
    const struct rk_snap_outcome *outcome; /* NULL = none */
    bool offline, deleting;
    size_t asked;
};

static bool answer(void *ctx, const char *path, struct rk_snap_answer *ret)
{
    struct stand *s = ctx;
    const char *body = strstr(path, "/deployments") ? s->deployments : s->pods;
    s->asked++;
    if (!body)
        return false;
    *ret = (struct rk_snap_answer){.http = s->http,
                                   .at_us = WORLD_NOW_US - s->age_us,
                                   .body = rk_span_of(body),
                                   .error = s->http == 200 ? "" : "no"};
    return true;
}

static int open_stand(void **state)
{
    static struct stand s;
    s = (struct stand){.meta = "",
                       .status = "{}",
                       .spec = SPEC,
                       .pods = "{\"items\":[]}",
                       .deployments = "{\"items\":[]}",
                       .http = 200};
    open_built(&s.b, NULL);
    *state = &s;
    return 0;
}

static int close_stand(void **state)
{
    close_built(&((struct stand *)*state)->b);
    return 0;
}

static const struct rk_plan *run(struct stand *s)
{
    const struct rk_pass_conf conf = {.slice = 64, .arena_cap = 64u << 20};
    const char *text = rk_arena_fmt(
        &s->b.arena,
        "{\"apiVersion\":\"cluster.ray.io/v1\",\"kind\":\"RayCluster\",\"metadata\":{"
        "\"name\":\"c\",\"namespace\":\"ns\",\"uid\":\"u\",\"generation\":2%s%s},"
        "\"spec\":%s,\"status\":%s}",
        s->deleting ? ",\"deletionTimestamp\":\"" WORLD_NOW "\"" : "", s->meta, s->spec, s->status);
    const struct rk_snapshot snap = {.gvk = OLD,
                                     .ns = "ns",
                                     .name = "c",
                                     .uid = s->offline ? "" : "u",
                                     .rv = "7",
                                     .object = rk_span_of(text),
                                     .deleting = s->deleting,
                                     .seen = s->seen,
                                     .n_seen = s->n_seen,
                                     .served = built_served,
                                     .outcomes = s->outcome,
                                     .n_outcomes = s->outcome != NULL,
                                     .answer = answer,
                                     .now_us = WORLD_NOW_US,
                                     .ctx = s};
    struct rk_err err = RK_ERR_INIT;
    rk_plan_free(s->b.plan);
    s->b.plan = NULL;
    assert_int_equal(rk_pass_run(s->b.plugins, &conf, &snap, &s->b.plan, &err), 0);
    return s->b.plan;
}

static void see(struct stand *s, const char *gvk, const char *name, const char *json, bool mine)
{
    s->seen[s->n_seen++] = (struct rk_seen){.gvk = gvk,
                                            .ns = "ns",
                                            .name = name,
                                            .uid = name,
                                            .rv = "5",
                                            .mine = mine,
                                            .json = rk_span_of(json)};
}

static const struct rk_op *op_of(const struct rk_plan *p, enum rk_op_verb verb, const char *gvk)
{
    for (size_t i = 0; i < p->n_ops; i++)
        if (p->ops[i].verb == verb && strcmp(p->ops[i].gvk, gvk) == 0)
            return &p->ops[i];
    return NULL;
}

static const char *at(struct stand *s, const struct rk_op *op, const char *path)
{
    assert_non_null(op);
    const cJSON *v = rk_path_get(body(&s->b, op), path);
    return v ? rk_json_text(&s->b.arena, v) : "";
}

static bool told(const struct rk_plan *p, const char *reason)
{
    for (size_t i = 0; i < p->n_events; i++)
        if (strcmp(p->events[i].reason, reason) == 0)
            return true;
    return false;
}

static void held(struct stand *s, const char *reason)
{
    const struct rk_plan *p = run(s);
    assert_null(op_of(p, RK_OP_CREATE, RAY_CLUSTER));
    assert_null(op_of(p, RK_OP_PATCH, RAY_CLUSTER));
    assert_null(op_of(p, RK_OP_CREATE, RAY_SERVICE));
    assert_true(p->again_ms >= 0);
    assert_int_equal(told(p, reason), reason[0] != '\0');
    const struct rk_op *status = op_of(p, RK_OP_STATUS, OLD);
    assert_int_equal(status != NULL, reason[0] != '\0');
    if (!status)
        return;
    assert_string_equal(at(s, status, "/status/conditions/0/reason"),
                        rk_arena_fmt(&s->b.arena, "\"%s\"", reason));
    assert_string_equal(at(s, status, "/status/phase"), "");
}

static void a_free_object_becomes_a_cluster_and_a_service(void **state)
{
    struct stand *s = *state;
    const struct rk_plan *p = run(s);
    const struct rk_op *made = op_of(p, RK_OP_CREATE, RAY_CLUSTER),
                       *svc = op_of(p, RK_OP_CREATE, RAY_SERVICE);
    assert_null(p->problem);
    assert_string_equal(at(s, made, "/metadata/name"), "\"c\"");
    assert_string_equal(at(s, made, "/metadata/ownerReferences/0/apiVersion"),
                        "\"cluster.ray.io/v1\"");
    assert_string_equal(at(s, made, "/spec/workerGroupSpecs/0/replicas"), "1");
    assert_string_equal(at(s, svc, "/metadata/name"), "\"c-ray-head\"");
    assert_string_equal(at(s, op_of(p, RK_OP_STATUS, OLD), "/status/phase"), "\"Updating\"");
    assert_string_equal(at(s, op_of(p, RK_OP_STATUS, OLD), "/status/observedGeneration"), "2");
}

static void nothing_is_made_before_it_is_known_that_the_old_operator_is_gone(void **state)
{
    struct stand *s = *state;
    s->deployments = NULL;
    held(s, "");
    s->deployments = "{\"items\":[]}";
    s->age_us = 60000000; /* a word of a minute ago is none */
    held(s, "");
    s->age_us = 0;
    s->meta =
        ",\"creationTimestamp\":\"2026-01-02T03:04:04Z\""; /* of before the object was there */
    held(s, "");
    s->meta = ",\"creationTimestamp\":\"2026-01-02T03:04:02Z\"";
    assert_non_null(op_of(run(s), RK_OP_CREATE, RAY_CLUSTER));
    s->meta = "";
    s->http = 500;
    held(s, "LegacyOperatorUnknown");
    s->http = 403;
    held(s, "LegacyOperatorUnknown");
}

static void nothing_is_made_beside_the_old_operator(void **state)
{
    struct stand *s = *state;
    s->pods = "{\"items\":[{\"metadata\":{\"name\":\"x\",\"namespace\":\"y\"}}]}";
    held(s, "LegacyOperatorAlive");
    s->deployments = NULL; /* one is enough */
    held(s, "LegacyOperatorAlive");
    s->pods = "{\"items\":[]}";
#define DEPLOYMENT(more)                                                                          \
    "{\"items\":[{\"spec\":{" more "\"template\":{\"metadata\":{\"labels\":{\"cluster.ray.io/com" \
    "ponent\":\"operator\"}}}}}]}"
    s->deployments = DEPLOYMENT("");
    held(s, "LegacyOperatorAlive");
    s->deployments = DEPLOYMENT("\"replicas\":0,");
    assert_non_null(op_of(run(s), RK_OP_CREATE, RAY_CLUSTER));
}

static void an_operator_of_another_namespace_alone_holds_nobody_here(void **state)
{
#define CONTAINERS(env) \
    "{\"containers\":[{\"env\":[{\"name\":\"RAY_OPERATOR_POD_NAMESPACE\"" env "}]}]}"
#define FROM ",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.namespace\"}}"
#define POD_IN(ns, env)                                             \
    "{\"items\":[{\"metadata\":{\"name\":\"x\",\"namespace\":\"" ns \
    "\"},\"spec\":" CONTAINERS(env) "}]}"
    struct stand *s = *state;
    s->pods = POD_IN("other", FROM);
    s->deployments =
        "{\"items\":[{\"metadata\":{\"namespace\":\"other\"},\"spec\":{\"template\":{"
        "\"metadata\":{\"labels\":{\"cluster.ray.io/component\":\"operator\"}},\"spec\":" CONTAINERS(
            FROM) "}}}]}";
    assert_non_null(op_of(run(s), RK_OP_CREATE, RAY_CLUSTER));
    s->pods = POD_IN("other", ",\"value\":\"ns\"");
    held(s, "LegacyOperatorAlive");
    s->pods = POD_IN("ns", FROM);
    held(s, "LegacyOperatorAlive");
}

static void an_answer_that_is_no_whole_list_lets_nothing_be_made(void **state)
{
    static const char *const bodies[] = {"{", "[]", "{}", "{\"items\":{}}",
                                         "{\"metadata\":{\"continue\":\"x\"},\"items\":[]}"};
    struct stand *s = *state;
    for (size_t i = 0; i < RK_COUNT(bodies); i++) {
        s->deployments = bodies[i];
        held(s, "LegacyOperatorUnknown");
        s->deployments = "{\"items\":[]}";
        s->pods = bodies[i];
        held(s, "LegacyOperatorUnknown");
        s->pods = "{\"items\":[]}";
    }
}

static void an_object_that_the_old_operator_had_waits_for_the_cut_over(void **state)
{
    struct stand *s = *state;
    s->meta = ",\"finalizers\":[\"kopf.zalando.org/KopfFinalizerMarker\"]";
    held(s, "CutOverNeeded");
    s->meta = ",\"annotations\":{\"kopf.zalando.org/last-handled-configuration\":\"{}\"}";
    held(s, "CutOverNeeded");
}

static void a_cluster_of_somebody_else_is_left_alone(void **state)
{
    struct stand *s = *state;
    see(s, RAY_CLUSTER, "c", "{\"metadata\":{\"name\":\"c\"},\"spec\":{}}", false);
    held(s, "RayClusterExists");
    for (size_t i = 0; i < s->b.plan->n_asks; i++)
        assert_in_range(s->b.plan->asks[i].fresh_ms, 1, 10000); /* it decides, still */
}

static void answers_that_make_no_sense_break_nothing(void **state)
{
    static const char *const bodies[] = {"[]",
                                         "7",
                                         "null",
                                         "{",
                                         "{\"items\":{\"a\":[]}}",
                                         "{\"items\":[7,null,[],{\"spec\":[]}]}",
                                         "{\"items\":[{\"spec\":{\"template\":[]}}]}"};
    struct stand *s = *state;
    for (size_t i = 0; i < RK_COUNT(bodies); i++) {
        s->deployments = bodies[i];
        assert_null(run(s)->problem);
    }
}

#define CHILD(group)                                                                 \
    "{\"metadata\":{\"name\":\"c\"},\"spec\":{\"workerGroupSpecs\":[{\"groupName\":" \
    "\"small\"," group "}]},\"status\":{\"conditions\":[{\"type\":\"HeadPodReady\"," \
    "\"status\":\"%s\"}],\"head\":{\"podName\":\"%s\",\"podIP\":\"%s\"}}}"

static void the_autoscalers_words_stay(void **state)
{
    struct stand *s = *state;
    see(s, RAY_CLUSTER, "c",
        rk_arena_fmt(&s->b.arena,
                     CHILD("\"replicas\":4,\"scaleStrategy\":{\"workersToDelete\":[\"x\"]}"),
                     "True", "h", "1.1.1.1"),
        true);
    const struct rk_op *patch = op_of(run(s), RK_OP_PATCH, RAY_CLUSTER);
    assert_string_equal(at(s, patch, "/spec/workerGroupSpecs/0/replicas"), "4");
    assert_string_equal(at(s, patch, "/spec/workerGroupSpecs/0/scaleStrategy"),
                        "{\"workersToDelete\":[\"x\"]}");
    assert_string_equal(at(s, patch, "/metadata/resourceVersion"), "\"5\"");
    s->seen[0].json =
        rk_span_of(rk_arena_fmt(&s->b.arena, CHILD("\"replicas\":40"), "True", "h", "1.1.1.1"));
    patch = op_of(run(s), RK_OP_PATCH, RAY_CLUSTER);
    assert_string_equal(at(s, patch, "/spec/workerGroupSpecs/0/replicas"), "5");
}

static void head_is(struct stand *s, const char *ready, const char *pod, const char *ip)
{
    s->n_seen = 0;
    see(s, RAY_CLUSTER, "c", rk_arena_fmt(&s->b.arena, CHILD("\"replicas\":1"), ready, pod, ip),
        true);
}

static void phase_is(struct stand *s, const char *status, const char *phase, const char *retries)
{
    s->status = status;
    const struct rk_op *op = op_of(run(s), RK_OP_STATUS, OLD);
    assert_string_equal(at(s, op, "/status/phase"), phase);
    assert_string_equal(at(s, op, "/status/autoscalerRetries"), retries);
}

static void a_head_is_counted_as_lost_once(void **state)
{
    static const char known[] = "{\"phase\":\"x\",\"autoscalerRetries\":3,\"head\":{\"podName\":"
                                "\"a\",\"podIP\":\"1.1.1.1\"}}";
    struct stand *s = *state;
    head_is(s, "False", "a", "1.1.1.1");
    phase_is(s, "{}", "\"Updating\"", "0");
    phase_is(s, "{\"phase\":\"Running\"}", "\"Updating\"", "0"); /* that was the old operator's */
    phase_is(s, known, "\"AutoscalingExceptionRecovery\"", "");
    head_is(s, "True", "a", "1.1.1.1");
    phase_is(s, "{}", "\"Running\"", "0");
    phase_is(s, known, "\"Running\"", "");
    head_is(s, "True", "b", "1.1.1.2");
    phase_is(s, known, "\"Running\"", "4");
    head_is(s, "True", "a", "1.1.1.2"); /* its name is always the same, where the site wants that */
    phase_is(s, known, "\"Running\"", "4");
    head_is(s, "False", "b", ""); /* on its way */
    phase_is(s, known, "\"AutoscalingExceptionRecovery\"", "");
}

static void what_cannot_be_converted_is_told_and_touches_nothing(void **state)
{
    struct stand *s = *state;
    s->spec = "{\"headPodType\":\"nobody\",\"podTypes\":[" POD("head") "}]}";
    const struct rk_plan *p = run(s);
    assert_int_equal(world_count(p, RK_OP_CREATE) + world_count(p, RK_OP_PATCH), 0);
    assert_true(told(p, "InvalidLegacyCluster") && p->invalid);
    assert_string_equal(at(s, op_of(p, RK_OP_STATUS, OLD), "/status/phase"), "\"Error\"");
    assert_non_null(strstr(at(s, op_of(p, RK_OP_STATUS, OLD), "/status/message"), "headPodType"));
}

static void what_cannot_be_converted_is_looked_at_again_until_it_is_known_whose_it_is(void **state)
{
    struct stand *s = *state;
    s->spec = "{\"headPodType\":\"nobody\",\"podTypes\":[" POD("head") "}]}";
    s->pods = NULL;
    assert_true(run(s)->again_ms >= 0);
    assert_null(op_of(s->b.plan, RK_OP_STATUS, OLD));
}

static void the_old_service_is_turned_to_the_new_head(void **state)
{
    struct stand *s = *state;
    see(s, RAY_SERVICE, "c-ray-head",
        "{\"metadata\":{\"name\":\"c-ray-head\"},\"spec\":{\"ports\":[],\"selector\":{\"cluster."
        "ray.io/component\":\"c-ray-head\"}}}",
        true);
    const struct rk_op *patch = op_of(run(s), RK_OP_PATCH, RAY_SERVICE);
    assert_string_equal(at(s, patch, "/spec/selector"),
                        "{\"ray.io/cluster\":\"c\",\"ray.io/node-type\":\"head\","
                        "\"cluster.ray.io/component\":null}");
}

static void a_service_of_that_name_that_somebody_made_stays(void **state)
{
    static const char *const theirs[] = {
        "{\"app\":\"x\"}", "{}", "{\"cluster.ray.io/component\":\"d-ray-head\"}",
        "{\"cluster.ray.io/component\":\"c-ray-head\",\"app\":\"x\"}"};
    struct stand *s = *state;
    for (size_t i = 0; i < RK_COUNT(theirs); i++) {
        s->n_seen = 0;
        see(s, RAY_SERVICE, "c-ray-head",
            rk_arena_fmt(&s->b.arena,
                         "{\"metadata\":{\"name\":\"c-ray-head\"},\"spec\":{\"selector\":%s}}",
                         theirs[i]),
            false);
        assert_null(op_of(run(s), RK_OP_PATCH, RAY_SERVICE));
        assert_true(told(s->b.plan, "ServiceExists"));
        assert_non_null(op_of(s->b.plan, RK_OP_CREATE, RAY_CLUSTER));
    }
    s->n_seen = 0; /* the old operator's, that has lost its owner */
    see(s, RAY_SERVICE, "c-ray-head",
        "{\"metadata\":{\"name\":\"c-ray-head\"},\"spec\":{\"selector\":{\"cluster.ray.io/component\":\"c-ray-head\"}}}",
        false);
    assert_string_equal(
        at(s, op_of(run(s), RK_OP_PATCH, RAY_SERVICE), "/metadata/ownerReferences/0/name"),
        "\"c\"");
}

static void a_cluster_that_the_api_server_refuses_is_an_error(void **state)
{
    const struct rk_snap_outcome no = {.gvk = RAY_CLUSTER,
                                       .group = "",
                                       .http = 422,
                                       .failures = 2,
                                       .verb = "create",
                                       .reason = "Invalid",
                                       .message = "spec: no"};
    struct stand *s = *state;
    s->outcome = &no;
    const struct rk_op *status = op_of(run(s), RK_OP_STATUS, OLD);
    assert_string_equal(at(s, status, "/status/phase"), "\"Error\"");
    assert_non_null(strstr(at(s, status, "/status/message"), "spec: no"));
    see(s, RAY_CLUSTER, "c",
        rk_arena_fmt(&s->b.arena, CHILD("\"replicas\":1"), "True", "a", "1.1.1.1"), true);
    status = op_of(run(s), RK_OP_STATUS, OLD); /* an edit was refused, and the cluster runs */
    assert_string_equal(at(s, status, "/status/phase"), "\"Running\"");
    assert_non_null(strstr(at(s, status, "/status/message"), "spec: no"));
}

static void deletion_waits_for_the_old_operator_alone(void **state)
{
    struct stand *s = *state;
    s->deleting = true;
    s->meta = ",\"finalizers\":[\"kopf.zalando.org/KopfFinalizerMarker\"]";
    assert_non_null(op_of(run(s), RK_OP_PATCH, OLD));
    s->pods = "{\"items\":[{\"metadata\":{\"name\":\"x\"}}]}";
    assert_null(op_of(run(s), RK_OP_PATCH, OLD));
    assert_true(s->b.plan->again_ms > 0);
}

static void offline_all_of_it_is_shown(void **state)
{
    struct stand *s = *state;
    s->offline = true;
    s->meta = ",\"finalizers\":[\"kopf.zalando.org/KopfFinalizerMarker\"]";
    assert_non_null(op_of(run(s), RK_OP_CREATE, RAY_CLUSTER));
    assert_int_equal(s->asked, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stand, close_stand)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_free_object_becomes_a_cluster_and_a_service),
        TEST(nothing_is_made_before_it_is_known_that_the_old_operator_is_gone),
        TEST(nothing_is_made_beside_the_old_operator),
        TEST(an_operator_of_another_namespace_alone_holds_nobody_here),
        TEST(an_answer_that_is_no_whole_list_lets_nothing_be_made),
        TEST(an_object_that_the_old_operator_had_waits_for_the_cut_over),
        TEST(a_cluster_of_somebody_else_is_left_alone),
        TEST(answers_that_make_no_sense_break_nothing),
        TEST(the_autoscalers_words_stay),
        TEST(a_head_is_counted_as_lost_once),
        TEST(what_cannot_be_converted_is_told_and_touches_nothing),
        TEST(what_cannot_be_converted_is_looked_at_again_until_it_is_known_whose_it_is),
        TEST(the_old_service_is_turned_to_the_new_head),
        TEST(a_service_of_that_name_that_somebody_made_stays),
        TEST(a_cluster_that_the_api_server_refuses_is_an_error),
        TEST(deletion_waits_for_the_old_operator_alone),
        TEST(offline_all_of_it_is_shown),
    };
    return cmocka_run_group_tests_name("plugin legacy", tests, NULL, NULL);
}
