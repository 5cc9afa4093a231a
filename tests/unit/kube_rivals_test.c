/* Leases of other namespaces against a scripted API server: who lives, by our own clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "core/base/clock.h"
#include "core/kube/rivals.c"
#include "tests/lib/fakeapi.c"

#define NAME "ray-operator-leader"

struct world {
    struct rk_poll *poll;
    struct fakeapi *api;
    struct rk_creds creds;
    struct rk_client *client;
    struct rk_rivals *r;
    int changes, wanted;
};

static void on_change(void *ctx)
{
    ((struct world *)ctx)->changes++;
}

static void open_world(struct world *w, const char *namespaces)
{
    struct rk_err err = RK_ERR_INIT;
    const struct rk_client_conf cc = {.user_agent = "test", .request_ms = 3000};
    *w = (struct world){.poll = rk_poll_new(&err)};
    w->api = fakeapi_new(w->poll);
    w->creds.server = (char *)(uintptr_t)fakeapi_url(w->api);
    w->client = rk_client_new(w->poll, &w->creds, &cc, &err);
    const struct rk_rivals_conf conf = {.name = NAME,
                                        .own_ns = "ours",
                                        .namespaces = namespaces,
                                        .look_ms = 40,
                                        .near_ms = 20,
                                        .changed = on_change,
                                        .ctx = w};
    if (rk_rivals_new(w->poll, w->client, &conf, &w->r, &err) != 0)
        fail_msg("%s", err.text);
}

static void close_world(struct world *w)
{
    rk_rivals_free(w->r);
    rk_client_free(w->client);
    fakeapi_free(w->api);
    rk_poll_free(w->poll);
}

static bool changed(void *ctx)
{
    const struct world *w = ctx;
    return w->changes >= w->wanted;
}

static void wait_change(struct world *w, int n)
{
    w->wanted = n;
    assert_true(fakeapi_until(w->api, changed, w, FAKEAPI_WAIT_MS));
}

static void answer(struct world *w, const char *items)
{
    fakeapi_reply(
        fakeapi_next_of(w->api, "GET", "/leases?"), 200, NULL,
        "{\"kind\":\"LeaseList\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[%s]}", items);
}

/* renewed: any text; another one is a sign of life. */
static const char *lease(char *out, size_t size, const char *ns, const char *holder, int seconds,
                         const char *renewed)
{
    int n = snprintf(
        out, size,
        "{\"metadata\":{\"name\":\"" NAME
        "\",\"namespace\":\"%s\",\"uid\":\"u-%s\",\"resourceVersion\":\"1\"},"
        "\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,\"renewTime\":\"%s\"}}",
        ns, ns, holder, seconds, renewed);
    assert_true(n > 0 && (size_t)n < size);
    return out;
}

static void one_request_asks_for_the_name_in_all_namespaces(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, "");
    struct fakeapi_call *c = fakeapi_next_of(w.api, "GET", NULL);
    assert_string_equal(c->target,
                        "/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3D" NAME);
    assert_false(rk_rivals_known(w.r));
    fakeapi_reply(c, 200, NULL, "{\"metadata\":{},\"items\":null}");
    wait_change(&w, 1);
    assert_true(rk_rivals_known(w.r));
    close_world(&w);
}

static void our_own_lease_and_other_names_are_no_rivals(void **state)
{
    struct world w;
    struct rk_rival who;
    char own[512], other[512], both[1100];
    (void)state;
    open_world(&w, "");
    lease(own, sizeof(own), "ours", "me", 15, "t");
    (void)snprintf(
        other, sizeof(other),
        "{\"metadata\":{\"name\":\"x\",\"namespace\":\"theirs\",\"resourceVersion\":\"1\"},\"spec\":{\"holderIdentity\":\"y\",\"leaseDurationSeconds\":15}}");
    (void)snprintf(both, sizeof(both), "%s,%s", own, other);
    answer(&w, both);
    wait_change(&w, 1);
    assert_true(rk_rivals_known(w.r));
    assert_false(rk_rivals_live(w.r, &who));
    close_world(&w);
}

static void a_holder_lives_from_its_first_sight_until_its_time_is_over(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "");
    lease(one, sizeof(one), "theirs", "host_1", 1, "long ago");
    int64_t first = rk_clock_ms();
    answer(&w, one);
    wait_change(&w, 1);
    assert_true(rk_rivals_live(w.r, &who));
    assert_string_equal(who.ns, "theirs");
    assert_string_equal(who.holder, "host_1");
    assert_string_equal(who.uid, "u-theirs");
    while (w.changes == 1)
        answer(&w, one);
    assert_false(rk_rivals_live(w.r, &who));
    assert_true(rk_clock_ms() - first >= 1000);
    close_world(&w);
}

static void a_record_that_changes_keeps_its_holder_alive(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512], text[32];
    (void)state;
    open_world(&w, "");
    int64_t end = rk_clock_ms() + 1500;
    for (int i = 0; rk_clock_ms() < end; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        answer(&w, lease(one, sizeof(one), "theirs", "host_1", 1, text));
    }
    assert_true(rk_rivals_live(w.r, &who));
    assert_int_equal(w.changes, 1);
    close_world(&w);
}

static void a_lease_that_is_let_go_or_deleted_holds_nothing(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "");
    answer(&w, lease(one, sizeof(one), "theirs", "host_1", 3600, "t"));
    wait_change(&w, 1);
    answer(&w, lease(one, sizeof(one), "theirs", "", 1, "t"));
    wait_change(&w, 2);
    assert_false(rk_rivals_live(w.r, &who));
    answer(&w, lease(one, sizeof(one), "theirs", "host_2", 3600, "t"));
    wait_change(&w, 3);
    assert_true(rk_rivals_live(w.r, &who));
    answer(&w, "");
    wait_change(&w, 4);
    assert_false(rk_rivals_live(w.r, &who));
    close_world(&w);
}

static void what_may_not_be_read_holds_nothing(void **state)
{
    struct world w;
    struct rk_rival who;
    (void)state;
    open_world(&w, "");
    fakeapi_status(fakeapi_next_of(w.api, "GET", "/leases?"), 403, "Forbidden", "no");
    wait_change(&w, 1);
    assert_true(rk_rivals_known(w.r));
    assert_false(rk_rivals_live(w.r, &who));
    close_world(&w);
}

static void an_answer_that_makes_no_sense_is_no_answer(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "");
    fakeapi_reply(fakeapi_next_of(w.api, "GET", "/leases?"), 200, NULL, "<html>");
    struct fakeapi_call *again = fakeapi_next_of(w.api, "GET", "/leases?");
    assert_false(rk_rivals_known(w.r));
    fakeapi_reply(again, 200, NULL, "{\"metadata\":{},\"items\":[%s]}",
                  lease(one, sizeof(one), "theirs", "host_1", 3600, "t"));
    wait_change(&w, 1);
    fakeapi_reply(fakeapi_next_of(w.api, "GET", "/leases?"), 200, NULL,
                  "{\"metadata\":{},\"items\":[");
    fakeapi_idle(w.api, 60);
    assert_true(rk_rivals_live(w.r, &who)); /* what was known stays */
    close_world(&w);
}

static void single_namespaces_are_asked_one_by_one_but_for_our_own(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "team-a\nours\nteam-b");
    struct fakeapi_call *b = fakeapi_next_of(w.api, "GET", "/namespaces/team-b/leases"),
                        *a = fakeapi_next_of(w.api, "GET", "/namespaces/team-a/leases");
    assert_false(fakeapi_pending(w.api, "GET", "/namespaces/ours/"));
    fakeapi_status(a, 403, "Forbidden", "no");
    fakeapi_idle(w.api, 30);
    assert_false(rk_rivals_known(w.r));
    fakeapi_reply(b, 200, NULL, "{\"metadata\":{},\"items\":[%s]}",
                  lease(one, sizeof(one), "team-b", "host_1", 3600, "t"));
    wait_change(&w, 1);
    assert_true(rk_rivals_known(w.r) && rk_rivals_live(w.r, &who));
    assert_string_equal(who.ns, "team-b");
    close_world(&w);
}

static void alone_in_our_own_namespace_nobody_is_asked(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, "ours");
    assert_true(rk_rivals_known(w.r));
    fakeapi_idle(w.api, 60);
    assert_false(fakeapi_pending(w.api, NULL, NULL));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_asks_for_the_name_in_all_namespaces),
        cmocka_unit_test(our_own_lease_and_other_names_are_no_rivals),
        cmocka_unit_test(a_holder_lives_from_its_first_sight_until_its_time_is_over),
        cmocka_unit_test(a_record_that_changes_keeps_its_holder_alive),
        cmocka_unit_test(a_lease_that_is_let_go_or_deleted_holds_nothing),
        cmocka_unit_test(what_may_not_be_read_holds_nothing),
        cmocka_unit_test(an_answer_that_makes_no_sense_is_no_answer),
        cmocka_unit_test(single_namespaces_are_asked_one_by_one_but_for_our_own),
        cmocka_unit_test(alone_in_our_own_namespace_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
