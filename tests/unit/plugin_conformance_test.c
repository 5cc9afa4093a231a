/* The cases that section 9 of the reference gives. Unlike other tests of plugins it takes the built ones, all of
 * them, as `raykeeper` does: three Services of one cluster are made by three plugins. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/json/path.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

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

/* ---- clusters: what the built plugins make of them ---- */

struct built {
    struct rk_arena arena;
    struct rk_plugins *plugins;
    struct rk_plan *plan;
};

/* build/plugins or, where everything is in one folder, <build>/plugins, beside build/release/unit or <build>/unit. */
static const char *folder(struct rk_arena *a)
{
    static char exe[4096];
    const char *set = getenv("RK_BUILD");
    if (set)
        return rk_arena_fmt(a, "%s/plugins", set);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    assert_true(n > 0);
    exe[n] = '\0';
    for (int up = 0; up < 2; up++) {
        assert_non_null(strrchr(exe, '/'));
        *strrchr(exe, '/') = '\0';
    }
    const char *here = rk_arena_fmt(a, "%s/plugins", exe);
    return access(here, X_OK) == 0 ? here : rk_arena_fmt(a, "%s/../plugins", exe);
}

static void stop(const char *what, const char *why)
{
    print_error("%s: %s\n", what, why);
    assert_true(false);
}

static void open_built(struct built *b)
{
    const rk_plugin *descs[RK_PLUGINS_MAX];
    struct rk_err err = RK_ERR_INIT;
    glob_t files;
    *b = (struct built){0};
    rk_arena_init(&b->arena, 0);
    const char *where = folder(&b->arena);
    if (glob(rk_arena_fmt(&b->arena, "%s/*.so", where), 0, NULL, &files) != 0)
        stop(where, "no plugin is there: make tests-build");
    assert_true(files.gl_pathc <= RK_PLUGINS_MAX);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        void *so = dlopen(files.gl_pathv[i], RTLD_NOW | RTLD_LOCAL);
        descs[i] = so ? dlsym(so, "rk_plugin_v0") : NULL;
        if (!descs[i])
            stop(files.gl_pathv[i], dlerror());
    }
    assert_int_equal(rk_plugins_from(descs, files.gl_pathc, NULL, NULL, &b->plugins, &err), 0);
    globfree(&files);
}

static void close_built(struct built *b)
{
    rk_plan_free(b->plan);
    rk_plugins_free(b->plugins);
    rk_arena_done(&b->arena);
}

static bool all_served(void *ctx, const char *gvk)
{
    (void)ctx, (void)gvk;
    return true;
}

/* A first pass over a cluster of which nothing is there yet. */
static void run_built(struct built *b, const char *ns, const char *name, const char *notes,
                      const char *spec)
{
    const struct rk_pass_conf conf = {.slice = 64};
    const char *text = rk_arena_fmt(
        &b->arena,
        "{\"apiVersion\":\"ray.io/v1\",\"kind\":\"RayCluster\",\"metadata\":{\"name\":\"%s\","
        "\"namespace\":\"%s\",\"uid\":\"u\",\"generation\":1,\"annotations\":{%s}},\"spec\":%s}",
        name, ns, notes, spec);
    const struct rk_snapshot snap = {.gvk = RAY_CLUSTER,
                                     .ns = ns,
                                     .name = name,
                                     .uid = "u",
                                     .rv = "7",
                                     .object = rk_span_of(text),
                                     .served = all_served,
                                     .now_us = WORLD_NOW_US};
    struct rk_err err = RK_ERR_INIT;
    rk_plan_free(b->plan);
    b->plan = NULL;
    assert_int_equal(rk_pass_run(b->plugins, &conf, &snap, &b->plan, &err), 0);
    if (b->plan->problem)
        stop(name, b->plan->problem);
}

/* The one create of this kind, by its name or of this group; both may be NULL. */
static const struct rk_op *made(struct built *b, const char *gvk, const char *name,
                                const char *group)
{
    const struct rk_op *found = NULL;
    for (size_t i = 0; i < b->plan->n_ops; i++) {
        const struct rk_op *op = &b->plan->ops[i];
        if (op->verb != RK_OP_CREATE || strcmp(op->gvk, gvk) != 0 ||
            (name && strcmp(op->name, name) != 0) || (group && strcmp(op->group, group) != 0))
            continue;
        assert_null(found);
        found = op;
    }
    assert_non_null(found);
    return found;
}

static const cJSON *body(struct built *b, const struct rk_op *op)
{
    struct rk_buf text;
    struct rk_err err = RK_ERR_INIT;
    cJSON *v = NULL;
    rk_buf_init(&text, 1u << 20);
    assert_true(rk_op_body(op, &text) >= 0);
    assert_int_equal(rk_json_parse(&b->arena, rk_buf_text(&text), text.len, NULL, &v, &err), 0);
    rk_buf_done(&text);
    return v;
}

#define C0(more) \
    "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"" more "}]}}"
#define HEAD(more) "\"headGroupSpec\":{" more C0("") "}"

static void a_route_has_what_the_namespace_leaves_of_its_name(void **state)
{
    struct built b;
    (void)state;
    open_built(&b);
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
    open_built(&b);
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
    open_built(&b);
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
