/* Fault tolerance over an observed world: the deadline that a cluster asks for. The plugin's sources are
 * included: a plugin exports one symbol only. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/gcsft/claim.c"
#include "plugins/gcsft/cleanup.c"
#include "plugins/gcsft/pods.c"
#include "plugins/gcsft/validate.c"

#include "plugins/gcsft/gcsft.c" /* last: others have variables that are called as its tables */

#define SPEC                                                                              \
    "{\"gcsFaultToleranceOptions\":{\"redisAddress\":\"redis:6379\"},\"headGroupSpec\":{" \
    "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\"}]}}}}"

/* What an event of the pass says; NULL = there is none of that reason. */
static const char *told(const struct rk_plan *p, const char *reason)
{
    for (size_t i = 0; i < p->n_events; i++)
        if (strcmp(p->events[i].reason, reason) == 0)
            return p->events[i].note;
    return NULL;
}

/* A pass over a cluster with this deadline; one that is going has been so for five seconds. */
static const struct rk_plan *with_deadline(struct world *w, const char *text, bool going)
{
    w->meta = rk_arena_fmt(&w->arena,
                           "\"annotations\":{\"ray.io/gcs-ft-deletion-timeout\":\"%s\"},"
                           "\"finalizers\":[\"ray.io/gcs-ft-redis-cleanup-finalizer\"]%s",
                           text, going ? ",\"deletionTimestamp\":\"2026-01-02T03:04:00Z\"" : "");
    return world_run(w, SPEC);
}

static void a_deadline_is_obeyed_or_warned_of(void **state)
{
    static const struct {
        const char *text;
        bool good, passed;
    } cases[] = {{"1", true, true},        {"5", true, true},          {"6", true, false},
                 {"9999999", true, false}, {"10000000", false, false}, {"99999999", false, false},
                 {"03", false, false},     {"0", false, false},        {"", false, false},
                 {"-1", false, false},     {"3s", false, false},       {"1e0", false, false}};
    struct world w;
    (void)state;
    open_world(&w, &rk_plugin_v0, 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *warned = told(with_deadline(&w, cases[i].text, false), "InvalidRayClusterSpec");
        assert_int_equal(warned == NULL, cases[i].good);
        if (warned)
            assert_int_equal(strncmp(warned, "ns/c: annotation ", 17), 0);
        const struct rk_plan *p = with_deadline(&w, cases[i].text, true);
        assert_int_equal(told(p, "ForceDeletedStuckCluster") != NULL, cases[i].passed);
    }
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_is_obeyed_or_warned_of),
    };
    return cmocka_run_group_tests_name("plugin gcsft", tests, NULL, NULL);
}
