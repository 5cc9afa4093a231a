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
    int looks, wanted;
};

static void on_look(void *ctx)
{
    ((struct world *)ctx)->looks++;
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
                                        .look_ms = 20,
                                        .looked = on_look,
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

static bool looked(void *ctx)
{
    const struct world *w = ctx;
    return w->looks >= w->wanted;
}

/* One more round is over. */
static void wait_look(struct world *w)
{
    w->wanted = w->looks + 1;
    assert_true(fakeapi_until(w->api, looked, w, FAKEAPI_WAIT_MS));
}

static bool lives(struct world *w, struct rk_rival *ret)
{
    size_t i = 0;
    return rk_rivals_next(w->r, &i, ret);
}

static bool known(const struct world *w)
{
    return rk_rivals_known_ms(w->r) > 0;
}

static void answer(struct world *w, const char *items)
{
    fakeapi_reply(
        fakeapi_next_of(w->api, "GET", "/leases?"), 200, NULL,
        "{\"kind\":\"LeaseList\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[%s]}", items);
    wait_look(w);
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
    int64_t before = rk_clock_ms();
    struct fakeapi_call *c = fakeapi_next_of(w.api, "GET", NULL);
    assert_string_equal(c->target,
                        "/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.name%3D" NAME);
    assert_true(rk_rivals_unknown(w.r) && !known(&w));
    fakeapi_reply(c, 200, NULL, "{\"metadata\":{},\"items\":null}");
    wait_look(&w);
    assert_true(known(&w) && rk_rivals_known_ms(w.r) <= before);
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
    assert_false(lives(&w, &who));
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
    assert_true(lives(&w, &who));
    assert_string_equal(who.ns, "theirs");
    assert_string_equal(who.holder, "host_1");
    assert_string_equal(who.uid, "u-theirs");
    while (lives(&w, &who))
        answer(&w, one);
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
    assert_true(lives(&w, &who));
    close_world(&w);
}

static void a_lease_that_is_let_go_or_deleted_holds_nothing(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "");
    answer(&w, lease(one, sizeof(one), "theirs", "host_1", 15, "t"));
    assert_true(lives(&w, &who));
    answer(&w, lease(one, sizeof(one), "theirs", "", 1, "t"));
    assert_false(lives(&w, &who));
    answer(&w, lease(one, sizeof(one), "theirs", "host_2", 15, "t"));
    assert_true(lives(&w, &who));
    answer(&w, "");
    assert_false(lives(&w, &who));
    close_world(&w);
}

static void all_who_live_are_told(void **state)
{
    struct world w;
    struct rk_rival who;
    char a[512], b[512], both[1100];
    size_t pos = 0;
    (void)state;
    open_world(&w, "");
    (void)snprintf(both, sizeof(both), "%s,%s", lease(a, sizeof(a), "one", "host_1", 15, "t"),
                   lease(b, sizeof(b), "two", "host_2", 15, "t"));
    answer(&w, both);
    assert_true(rk_rivals_next(w.r, &pos, &who) && rk_rivals_next(w.r, &pos, &who));
    assert_false(rk_rivals_next(w.r, &pos, &who));
    close_world(&w);
}

static void who_is_not_seen_is_not_dead(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "");
    answer(&w, lease(one, sizeof(one), "theirs", "host_1", 1, "t"));
    int64_t end = rk_clock_ms() + 1500, last = rk_rivals_known_ms(w.r);
    for (int i = 0; rk_clock_ms() < end; i++) {
        struct fakeapi_call *c = fakeapi_next_of(w.api, "GET", "/leases?");
        if (i % 3 == 0)
            fakeapi_status(c, 429, "TooManyRequests", "no"); /* asked on all the same */
        else if (i % 3 == 1)
            fakeapi_status(c, 500, "InternalError", "no");
        else
            fakeapi_reply(c, 200, NULL, "{\"metadata\":{},\"items\":[");
    }
    assert_true(lives(&w, &who));
    assert_int_equal(rk_rivals_known_ms(w.r), last);
    assert_true(rk_rivals_unknown(w.r));
    answer(&w, one);
    assert_false(lives(&w, &who)); /* its time is over, and it has not moved */
    close_world(&w);
}

static void what_may_not_be_read_holds_nothing_and_what_was_read_runs_out(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "");
    answer(&w, lease(one, sizeof(one), "theirs", "host_1", 1, "t"));
    int64_t first = rk_clock_ms();
    fakeapi_status(fakeapi_next_of(w.api, "GET", "/leases?"), 403, "Forbidden", "no");
    wait_look(&w);
    assert_true(lives(&w, &who));
    while (lives(&w, &who))
        wait_look(&w);
    assert_true(rk_clock_ms() - first >= 900);
    assert_false(rk_rivals_unknown(w.r));
    assert_false(fakeapi_pending(w.api, NULL, NULL)); /* and is not asked for again soon */
    close_world(&w);
}

static void where_all_may_not_be_read_namespaces_are_asked_one_by_one_but_for_our_own(void **state)
{
    struct world w;
    struct rk_rival who;
    char one[512];
    (void)state;
    open_world(&w, "team-a\nours\nteam-b");
    fakeapi_status(fakeapi_next_of(w.api, "GET", "/v1/leases?"), 403, "Forbidden", "no");
    fakeapi_status(fakeapi_next_of(w.api, "GET", "/namespaces/team-a/leases?"), 403, "Forbidden",
                   "no");
    struct fakeapi_call *b = fakeapi_next_of(w.api, "GET", "/namespaces/team-b/leases?");
    assert_true(!known(&w) && w.looks == 0);
    fakeapi_reply(b, 200, NULL, "{\"metadata\":{},\"items\":[%s]}",
                  lease(one, sizeof(one), "team-b", "host_1", 15, "t"));
    wait_look(&w);
    assert_true(known(&w) && lives(&w, &who));
    assert_string_equal(who.ns, "team-b");
    (void)fakeapi_next_of(w.api, "GET", "/namespaces/team-a/leases?");
    assert_false(fakeapi_pending(w.api, "GET", "/namespaces/ours/"));
    close_world(&w);
}

static void a_look_that_is_asked_for_begins_at_once_or_after_the_one_under_way(void **state)
{
    struct world w;
    (void)state;
    open_world(&w, "");
    w.r->look_ms = 3600000;
    struct fakeapi_call *first = fakeapi_next_of(w.api, "GET", "/leases?");
    rk_rivals_look(w.r);
    fakeapi_reply(first, 200, NULL, "{\"metadata\":{},\"items\":[]}");
    answer(&w, ""); /* the second, after the first */
    int64_t asked = rk_clock_ms();
    rk_rivals_look(w.r);
    answer(&w, "");
    assert_true(rk_rivals_known_ms(w.r) >= asked);
    close_world(&w);
}

static void a_holder_of_controller_runtime_is_known_by_its_shape(void **state)
{
    static const char id[] = "kuberay-operator-6d5c_7a1c3b0e-53c6-4d62-9a55-0a3f5d9f8f11";
    (void)state;
    assert_true(rk_rival_is_stranger(id));
    assert_false(rk_rival_is_stranger("host_bcdf2456ghjk89zx"));
    assert_false(rk_rival_is_stranger("host_7a1c3b0e-53c6-4d62-9a55-0a3f5d9f8f1"));
    assert_false(rk_rival_is_stranger("host_7a1c3b0e-53c6-4d62-9a55-0a3f5d9f8fxx"));
    assert_false(rk_rival_is_stranger("7a1c3b0e-53c6-4d62-9a55-0a3f5d9f8f11"));
    assert_false(rk_rival_is_stranger(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_asks_for_the_name_in_all_namespaces),
        cmocka_unit_test(our_own_lease_and_other_names_are_no_rivals),
        cmocka_unit_test(a_holder_lives_from_its_first_sight_until_its_time_is_over),
        cmocka_unit_test(a_record_that_changes_keeps_its_holder_alive),
        cmocka_unit_test(a_lease_that_is_let_go_or_deleted_holds_nothing),
        cmocka_unit_test(all_who_live_are_told),
        cmocka_unit_test(who_is_not_seen_is_not_dead),
        cmocka_unit_test(what_may_not_be_read_holds_nothing_and_what_was_read_runs_out),
        cmocka_unit_test(where_all_may_not_be_read_namespaces_are_asked_one_by_one_but_for_our_own),
        cmocka_unit_test(a_look_that_is_asked_for_begins_at_once_or_after_the_one_under_way),
        cmocka_unit_test(a_holder_of_controller_runtime_is_known_by_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
