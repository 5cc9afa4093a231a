/* Watches of a worker against a scripted API server: kinds that it may lack, kinds that are owners and owned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/kube/watch_in.h"
#include "core/loop/worker.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "tests/lib/fakeapi.c"

#include <raykeeper/sugar.h>

#define THING "example.io/v1/Thing"
#define JOB   "example.io/v1/Job"

struct world {
    struct rk_creds creds;
    struct fakeapi *api;
    struct rk_options o;
    struct rk_worker w;
    rk_kind kinds[2][2];
    rk_watch watches[2][1];
    rk_plugin plugs[2];
    char wakes[256];
    int rc;
    struct rk_err err;
};

static void wake(void *ctx, const char *gvk, const char *ns, const char *name,
                 enum rk_view_cause cause)
{
    struct world *x = ctx;
    size_t n = strlen(x->wakes);
    (void)ns, (void)cause;
    (void)snprintf(x->wakes + n, sizeof(x->wakes) - n, "%s/%s ", gvk, name); /* fits */
}

/* Plugin a has a kind Thing, plugin b a kind Job. */
static void set_up(struct world *x)
{
    *x = (struct world){.rc = 1};
    x->kinds[0][0] = (rk_kind){.gvk = THING, .plural = "things"};
    x->kinds[1][0] = (rk_kind){.gvk = JOB, .plural = "jobs"};
    for (size_t i = 0; i < 2; i++)
        x->plugs[i] = (rk_plugin){RK_PLUGIN_SIZES, .name = i ? "b" : "a", .kinds = x->kinds[i],
                                  .n_kinds = 1, .watches = x->watches[i]};
    x->o.op.watch = "";
}

static void watches(struct world *x, size_t plugin, rk_watch w)
{
    x->watches[plugin][0] = w;
    x->plugs[plugin].n_watches = 1;
}

static void start(struct world *x)
{
    const rk_plugin *both[] = {&x->plugs[0], &x->plugs[1]};
    const struct rk_client_conf cc = {.user_agent = "test", .request_ms = 3000};
    struct rk_worker *w = &x->w;
    rk__watch_list_only = true;
    w->o = &x->o;
    w->poll = rk_poll_new(&x->err);
    x->api = fakeapi_new(w->poll);
    x->creds.server = (char *)(uintptr_t)fakeapi_url(x->api);
    w->client = rk_client_new(w->poll, &x->creds, &cc, &x->err);
    w->view = rk_view_new(wake, x);
    rk_arena_init(&w->forever, 0);
    if (rk_plugins_from(both, 2, NULL, NULL, &w->plugins, &x->err) != 0)
        fail_msg("%s", x->err.text);
    x->rc = rk_feeds_start(w, &x->err);
}

static void close_world(struct world *x)
{
    rk_feeds_free(&x->w);
    rk_client_free(x->w.client);
    fakeapi_free(x->api);
    rk_view_free(x->w.view);
    rk_plugins_free(x->w.plugins);
    rk_arena_done(&x->w.forever);
    rk_poll_free(x->w.poll);
}

static void list(struct world *x, const char *plural, const char *items)
{
    fakeapi_reply(fakeapi_next_of(x->api, "GET", plural), 200, NULL,
                  "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[%s]}",
                  items);
}

static bool synced(void *ctx)
{
    return rk_feeds_synced(&((struct world *)ctx)->w);
}

static void jobs_are_missing(struct world *x)
{
    fakeapi_reply(fakeapi_next_of(x->api, "GET", "/jobs"), 404, NULL, "404 page not found");
}

static void an_optional_kind_of_owners_that_the_api_lacks_holds_nobody_up(void **state)
{
    struct world x;
    char why[256] = "";
    (void)state;
    set_up(&x);
    x.kinds[1][0].optional = 1;
    start(&x);
    assert_int_equal(x.rc, 0);
    jobs_are_missing(&x);
    assert_false(synced(&x));
    list(&x, "/things", "");
    assert_true(fakeapi_until(x.api, synced, &x, FAKEAPI_WAIT_MS));
    assert_false(rk_feeds_stale(&x.w, why, sizeof(why)));
    assert_true(rk_feeds_whole(&x.w, "ns"));
    assert_true(rk_feeds_served(&x.w, THING));
    assert_false(rk_feeds_served(&x.w, JOB));
    close_world(&x);
}

static void a_kind_that_somebody_needs_is_waited_for(void **state)
{
    (void)state;
    for (int who = 0; who < 3; who++) {
        struct world x;
        set_up(&x);
        x.kinds[1][0].optional = who != 0;
        if (who == 1) /* another plugin names the kind, and says nothing */
            x.kinds[0][1] = x.kinds[1][0], x.kinds[0][1].optional = 0, x.plugs[0].n_kinds = 2;
        if (who == 2) /* or watches it */
            watches(&x, 0, (rk_watch){.gvk = JOB, .plural = "jobs", .owner = THING});
        start(&x);
        assert_int_equal(x.rc, 0);
        jobs_are_missing(&x);
        list(&x, "/things", "");
        fakeapi_idle(x.api, 100);
        assert_false(synced(&x));
        close_world(&x);
    }
}

static void a_kind_of_owners_that_is_owned_too_has_one_watch_and_wakes_both(void **state)
{
    struct world x;
    (void)state;
    set_up(&x);
    watches(&x, 1, (rk_watch){.gvk = THING, .plural = "things", .owner = JOB, .keep = "/status"});
    start(&x);
    assert_int_equal(x.rc, 0);
    assert_int_equal(x.w.n_feeds, 2);
    list(&x, "/jobs", "{\"metadata\":{\"name\":\"j\",\"namespace\":\"n\",\"uid\":\"uj\"}}");
    list(
        &x, "/things?",
        "{\"metadata\":{\"name\":\"free\",\"namespace\":\"n\",\"uid\":\"u1\"}},"
        "{\"metadata\":{\"name\":\"t\",\"namespace\":\"n\",\"uid\":\"u2\",\"ownerReferences\":[{\"apiVersion\":"
        "\"example.io/v1\",\"kind\":\"Job\",\"name\":\"j\",\"uid\":\"uj\",\"controller\":true}]}}");
    assert_true(fakeapi_until(x.api, synced, &x, FAKEAPI_WAIT_MS));
    assert_non_null(strstr(x.wakes, JOB "/j "));
    assert_non_null(strstr(x.wakes, THING "/free "));
    assert_non_null(strstr(x.wakes, JOB "/j " THING "/t "));
    struct rk_arena a;
    struct rk_snapshot s;
    rk_arena_init(&a, 0);
    assert_int_equal(rk_view_snapshot(x.w.view, JOB, "n", "j", &a, &s), 0);
    assert_int_equal(s.n_seen, 1);
    assert_true(s.seen[0].mine);
    assert_string_equal(s.seen[0].name, "t");
    rk_arena_done(&a);
    close_world(&x);
}

static void of_a_kind_of_owners_nobody_may_watch_a_part(void **state)
{
    struct world x;
    (void)state;
    set_up(&x);
    watches(&x, 1, (rk_watch){.gvk = THING, .plural = "things", .owner = JOB, .selector = "a=b"});
    start(&x);
    assert_int_equal(x.rc, RK_E_INVAL);
    assert_string_equal(x.err.text, "plugin b: watch " THING
                                    ": selector 'a=b', but it is a kind of owners: all of them are "
                                    "watched");
    close_world(&x);
}

/* An answer to a write goes into the view: one of metadata only would be an owner without a spec. */
static void of_a_kind_of_owners_no_answer_is_less_than_whole(void **state)
{
    struct world x;
    (void)state;
    set_up(&x);
    watches(&x, 1,
            (rk_watch){.gvk = THING,
                       .plural = "things",
                       .owner = JOB,
                       .keep = "/metadata/labels",
                       .metadata_only = 1});
    start(&x);
    assert_int_equal(x.rc, 0);
    assert_false(rk_feeds_metadata_only(&x.w, THING));
    close_world(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_optional_kind_of_owners_that_the_api_lacks_holds_nobody_up),
        cmocka_unit_test(a_kind_that_somebody_needs_is_waited_for),
        cmocka_unit_test(a_kind_of_owners_that_is_owned_too_has_one_watch_and_wakes_both),
        cmocka_unit_test(of_a_kind_of_owners_nobody_may_watch_a_part),
        cmocka_unit_test(of_a_kind_of_owners_no_answer_is_less_than_whole),
    };
    return cmocka_run_group_tests_name("loop feed", tests, NULL, NULL);
}
