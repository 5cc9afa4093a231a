/* The cases that section 9 of the reference gives. Unlike other tests of plugins it takes the built ones, all of
 * them, as `raykeeper` does: three Services of one cluster are made by three plugins. */
#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "core/json/json.h"
#include "core/json/path.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_built.h"

/* ---- names: the helpers of ray.h, asked inside a hook ---- */

#define TEN   "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
    const char *(*helper)(const rk_api *rk, rk_pass *ps, const char *text);
    const char *text, *want;
} names[] = {
    /* the reference's: its last 50 begin with a digit */
    {ray_check_name, "72fbcc7e-a661-4b18e-ca41-e903-fc3ae634b18e-lazer090scholar-director-s",
     "rca41-e903-fc3ae634b18e-lazer090scholar-director-s"},
    {ray_check_name, FIFTY, FIFTY},
    {ray_check_name, "x" FIFTY, FIFTY},
    {ray_check_name, "7" TEN, "r" TEN},
    {ray_check_name, "x7bcdefghij" TEN TEN TEN TEN, "rbcdefghij" TEN TEN TEN TEN},
    {ray_check_name, "x.bcdefghij" TEN TEN TEN TEN, "rbcdefghij" TEN TEN TEN TEN},
    {ray_check_name, "", ""},
    /* a label's value may begin with a digit */
    {ray_check_label, "abc" TEN FIFTY, "abc" TEN FIFTY},
    {ray_check_label, "x7bc" TEN FIFTY, "7bc" TEN FIFTY},
    {ray_check_label, "x-bc" TEN FIFTY, "rbc" TEN FIFTY},
};

static struct rk_arena *to; /* what a hook is given goes with its pass */
static const char *got[RK_COUNT(names)];

static int32_t ask(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    for (size_t i = 0; i < RK_COUNT(names); i++)
        got[i] = rk_arena_strdup(to, names[i].helper(rk, ps, names[i].text));
    return RK_OK;
}

static void a_name_keeps_its_last_fifty_characters_and_begins_with_a_letter(void **state)
{
    static const rk_hook hooks[] = {
        {.phase = RK_PHASE_PLAN, .rank = 100, .kinds = RAY_CLUSTER, .run = ask}};
    static const rk_kind kinds[] = {{.gvk = RAY_CLUSTER, .plural = "rayclusters"}};
    static const rk_plugin asks = {
        RK_PLUGIN_SIZES, .name = "asks", .version = RK_VERSION, .hooks = hooks,
        .n_hooks = 1,    .kinds = kinds, .n_kinds = 1,
    };
    struct world w;
    (void)state;
    open_world(&w, &asks, 1);
    to = &w.arena;
    assert_null(world_run(&w, "{}")->problem);
    for (size_t i = 0; i < RK_COUNT(names); i++)
        assert_string_equal(got[i], names[i].want);
    close_world(&w);
}

/* ---- clusters ---- */

static void a_route_has_what_the_namespace_leaves_of_its_name(void **state)
{
    struct built b;
    (void)state;
    open_built(&b, NULL);
    run_built(&b, "development-namespace", "cv-traffic-training-202402090958", "",
              "{" HEAD("\"enableIngress\":true,") "}");
    const struct rk_op *route = made(&b, "route.openshift.io/v1/Route", NULL, NULL);
    assert_string_equal(route->name, "cv-traffic-training-2024020909");
    const cJSON *v = body(&b, route);
    assert_string_equal(rk_json_str(rk_path_get(v, "/spec/to/name"), ""),
                        "cv-traffic-training-202402090958-head-svc");
    assert_string_equal(rk_json_str(rk_path_get(v, "/spec/port/targetPort"), ""), "dashboard");
    assert_string_equal(rk_json_str(rk_path_get(v, "/spec/wildcardPolicy"), ""), "None");
    close_built(&b);
}

/* What `ray start` of the worker is told beyond what every worker is; limits and params: members of a map. */
static const char *start_of(struct built *b, const char *limits, const char *params)
{
    static const char before[] = "--metrics-export-port=8080 ";
    run_built(
        b, "ns", "c", "",
        rk_arena_fmt(
            &b->arena,
            "{" HEAD("") ",\"workerGroupSpecs\":[{\"groupName\":\"g\",\"replicas\":1,"
                         "\"rayStartParams\":{%s}," C0(",\"resources\":{\"limits\":{%s}}") "}]}",
            params, limits));
    const cJSON *v = body(b, made(b, RAY_POD, NULL, "g"));
    const char *args = rk_json_str(rk_path_get(v, "/spec/containers/0/args/0"), ""),
               *start = rk_json_str(
                   rk_path_get(v, "/spec/containers/0/env/[KUBERAY_GEN_RAY_START_CMD]/value"),
                   NULL);
    assert_non_null(start);
    assert_non_null(strstr(args, start)); /* and that is what is run */
    assert_non_null(strstr(start, before));
    return strstr(start, before) + sizeof before - 1;
}

static void accelerators_become_what_ray_calls_them(void **state)
{
    static const struct {
        const char *limits, *params, *want;
    } cases[] = {
        {"\"nvidia.com/mig-2g.32gb\":\"1\"", "", " --num-gpus=1 "},
        {"\"aws.amazon.com/neuroncore\":\"4\",\"google.com/tpu\":\"8\",\"nvidia.com/gpu\":\"1\"",
         "", " --num-gpus=1  --resources='{\"neuron_cores\":4}' "},
        /* in whatever order they are written */
        {"\"nvidia.com/gpu\":\"1\",\"google.com/tpu\":\"8\",\"aws.amazon.com/neuroncore\":\"4\"",
         "", " --num-gpus=1  --resources='{\"neuron_cores\":4}' "},
        {"\"aws.amazon.com/neuroncore\":\"4\"",
         "\"resources\":\"\\\"{\\\"custom_resource\\\":2}\\\"\"",
         " --resources='{\"custom_resource\":2,\"neuron_cores\":4}' "},
        {"", "\"resources\":\"{\"", " --resources={ "},
        /* then nothing is detected at all */
        {"\"google.com/tpu\":\"4\",\"nvidia.com/gpu\":\"1\"", "\"resources\":\"{\"",
         " --resources={ "},
    };
    struct built b;
    (void)state;
    open_built(&b, NULL);
    for (size_t i = 0; i < RK_COUNT(cases); i++)
        assert_string_equal(start_of(&b, cases[i].limits, cases[i].params), cases[i].want);
    close_built(&b);
}

static void the_longest_name_has_three_services_whole(void **state)
{
    static const char name[] = "abc" FIFTY;
    static const char *const services[] = {"head-svc", "headless", "serve-svc"};
    struct built b;
    (void)state;
    open_built(&b, NULL);
    assert_int_equal(strlen(name), 53);
    run_built(&b, "ns", name, "\"ray.io/enable-serve-service\":\"true\"",
              "{" HEAD("") ",\"workerGroupSpecs\":[{\"groupName\":\"g\",\"replicas\":1,"
                           "\"numOfHosts\":2," C0("") "}]}");
    size_t n = 0;
    for (size_t i = 0; i < b.plan->n_ops; i++)
        n += b.plan->ops[i].verb == RK_OP_CREATE && strcmp(b.plan->ops[i].gvk, RAY_SERVICE) == 0;
    assert_int_equal(n, RK_COUNT(services));
    for (size_t i = 0; i < RK_COUNT(services); i++) {
        const char *whole = rk_arena_fmt(&b.arena, "%s-%s", name, services[i]);
        const struct rk_op *op = made(&b, RAY_SERVICE, whole, NULL);
        assert_true(strlen(op->name) <= 63);
        assert_string_equal(
            rk_json_str(rk_path_get(body(&b, op), "/spec/selector/ray.io~1cluster"), ""), name);
    }
    close_built(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_keeps_its_last_fifty_characters_and_begins_with_a_letter),
        cmocka_unit_test(a_route_has_what_the_namespace_leaves_of_its_name),
        cmocka_unit_test(accelerators_become_what_ray_calls_them),
        cmocka_unit_test(the_longest_name_has_three_services_whole),
    };
    return cmocka_run_group_tests_name("plugin conformance", tests, NULL, NULL);
}
