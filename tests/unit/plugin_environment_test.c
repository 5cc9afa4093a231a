/* Section 8.3 of the reference: what the peer reads from its environment is an option here. Those that `render` shows
 * are in tests/golden/configured; these are not seen there. */
#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "core/json/json.h"
#include "core/json/path.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_built.h"

static size_t creates(const struct built *b, const char *gvk)
{
    size_t n = 0;
    for (size_t i = 0; i < b->plan->n_ops; i++)
        n += b->plan->ops[i].verb == RK_OP_CREATE && strcmp(b->plan->ops[i].gvk, gvk) == 0;
    return n;
}

/* USE_INGRESS_ON_OPENSHIFT */
static void where_the_api_has_routes_an_ingress_is_made_only_when_asked_for(void **state)
{
    static const char spec[] = "{" HEAD("\"enableIngress\":true,") "}",
                      ingress[] = "networking.k8s.io/v1/Ingress",
                      route[] = "route.openshift.io/v1/Route";
    struct built b;
    (void)state;
    open_built(&b, NULL);
    run_built(&b, "ns", "c", "", spec);
    assert_int_equal(creates(&b, route), 1);
    assert_int_equal(creates(&b, ingress), 0);
    close_built(&b);
    open_built(&b, "plugin:ingress.ingress-on-openshift=true");
    run_built(&b, "ns", "c", "", spec);
    assert_int_equal(creates(&b, route), 0);
    assert_int_equal(creates(&b, ingress), 1);
    close_built(&b);
}

/* ENABLE_GCS_FT_REDIS_CLEANUP */
static void without_the_clean_up_no_finalizer_holds_a_cluster(void **state)
{
    static const char spec[] =
        "{\"gcsFaultToleranceOptions\":{\"redisAddress\":\"redis:6379\"}," HEAD("") "}";
    struct built b;
    (void)state;
    open_built(&b, NULL);
    run_built(&b, "ns", "c", "", spec);
    assert_int_equal(b.plan->n_ops, 1); /* first of all, and alone */
    assert_int_equal(b.plan->ops[0].verb, RK_OP_PATCH);
    assert_string_equal(
        rk_json_str(rk_path_get(body(&b, &b.plan->ops[0]), "/metadata/finalizers/0"), ""),
        "ray.io/gcs-ft-redis-cleanup-finalizer");
    close_built(&b);
    open_built(&b, "plugin:gcsft.cleanup=false");
    run_built(&b, "ns", "c", "", spec);
    assert_int_equal(creates(&b, RAY_POD), 1);
    for (size_t i = 0; i < b.plan->n_ops; i++)
        assert_int_not_equal(b.plan->ops[i].verb, RK_OP_PATCH);
    close_built(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_the_api_has_routes_an_ingress_is_made_only_when_asked_for),
        cmocka_unit_test(without_the_clean_up_no_finalizer_holds_a_cluster),
    };
    return cmocka_run_group_tests_name("plugin environment", tests, NULL, NULL);
}
