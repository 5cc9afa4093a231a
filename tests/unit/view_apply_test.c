/* The apply rules of core/view/view.h, and who is woken by what. */
#include "core/view/view.h"
#include "tests/unit/view_kit.h"

static struct kit *with_owner(void)
{
    struct kit *k = kit_new();
    UP(k->thing, WATCH, thing("t1", "owner-1", 1, 1, "", ""));
    UP(k->thing, WATCH, thing("t2", "owner-2", 2, 1, "", ""));
    (void)kit_wakes(k);
    return k;
}

/* Versions. */

static void an_event_that_is_not_newer_changes_nothing(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running"));
    WAKES("CHILD t1");
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Pending"));
    UP(k->pod, WATCH, pod("p", "u1", 9, "t1", "Pending"));
    UP(k->pod, REPLY, pod("p", "u1", 9, "t1", "Pending"));
    WAKES("");
    assert_string_equal(pod_state(k, "t1", "p"), "u1@10");
    UP(k->pod, WATCH, pod("p", "u1", 100, "t1", "Pending"));
    WAKES("CHILD t1");
    assert_string_equal(pod_state(k, "t1", "p"), "u1@100");
    rk_view_free(k->v);
}

static void versions_that_do_not_compare_are_always_applied(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH,
       "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns1\",\"uid\":\"u1\",\"resourceVersion\":\"beta\","
       "\"labels\":{\"example.io/thing\":\"t1\"}}}");
    UP(k->pod, WATCH,
       "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns1\",\"uid\":\"u1\",\"resourceVersion\":\"alpha\","
       "\"labels\":{\"example.io/thing\":\"t1\"}}}");
    assert_string_equal(pod_state(k, "t1", "p"), "u1@alpha");
    rk_view_list_begin(k->v, k->pod, NULL);
    rk_view_list_end(k->v, k->pod, NULL, "gamma");
    assert_true(rk_view_reached(k->v, k->pod, "ns1", "omega"));
    assert_string_equal(pod_state(k, "t1", "p"), "");
    rk_view_free(k->v);
}

static void a_new_uid_under_an_old_name_is_delete_and_add(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running"));
    (void)kit_wakes(k);
    UP(k->pod, WATCH, pod("p", "u2", 12, "t2", "Running"));
    WAKES("CHILD_GONE t1, CHILD t2");
    /* Echoes of the first life. */
    UP(k->pod, WATCH, pod("p", "u1", 11, "t1", "Running"));
    GONE(k->pod, WATCH, pod("p", "u1", 11, "t1", "Running"));
    WAKES("");
    assert_string_equal(pod_state(k, "t2", "p"), "u2@12");
    assert_int_equal(rk_view_count(k->v, k->pod), 1);
    rk_view_free(k->v);
}

static void the_end_of_an_unseen_later_life_ends_the_known_one(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running"));
    GONE(k->pod, WATCH, pod("p", "u2", 20, "t1", "Running"));
    assert_int_equal(rk_view_count(k->v, k->pod), 0);
    rk_view_free(k->v);
}

/* Responses. */

static void a_response_is_seen_at_once_and_its_echo_wakes_nobody(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    rk_view_list_begin(k->v, k->pod, NULL);
    rk_view_list_end(k->v, k->pod, NULL, "5");
    UP(k->pod, REPLY, pod("p", "u1", 10, "t1", "Pending"));
    WAKES("CHILD t1");
    assert_string_equal(pod_state(k, "t1", "p"), "u1@10");
    assert_false(rk_view_reached(k->v, k->pod, "ns1", "10"));
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Pending"));
    rk_view_progress(k->v, k->pod, NULL, "10");
    WAKES("");
    assert_true(rk_view_reached(k->v, k->pod, "ns1", "10"));
    rk_view_free(k->v);
}

static void a_response_behind_the_watch_does_not_bring_the_dead_back(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    rk_view_list_begin(k->v, k->pod, NULL);
    rk_view_list_end(k->v, k->pod, NULL, "5");
    rk_view_progress(k->v, k->pod, NULL, "20");
    UP(k->pod, REPLY, pod("p", "u1", 10, "t1", "Pending")); /* made at 10, deleted by 20 */
    assert_int_equal(rk_view_count(k->v, k->pod), 0);
    /* The same before any progress, by the event alone. */
    UP(k->pod, WATCH, pod("q", "u2", 30, "t1", "Pending"));
    GONE(k->pod, WATCH, pod("q", "u2", 35, "t1", "Pending"));
    UP(k->pod, REPLY, pod("q", "u2", 31, "t1", "Pending"));
    assert_int_equal(rk_view_count(k->v, k->pod), 0);
    rk_view_free(k->v);
}

static void a_delete_response_with_grace_is_an_upsert(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running"));
    (void)kit_wakes(k);
    UP(k->pod, REPLY,
       "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns1\",\"uid\":\"u1\",\"resourceVersion\":\"11\","
       "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"labels\":{\"example.io/thing\":\"t1\"}}}");
    WAKES("CHILD t1");
    assert_string_equal(pod_state(k, "t1", "p"), "u1@11 terminating");
    rk_view_free(k->v);
}

static void forget_takes_a_uid_out_until_a_later_list_shows_it(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running"));
    (void)kit_wakes(k);
    rk_view_forget(k->v, k->pod, "ns1", "p", "another");
    assert_int_equal(rk_view_count(k->v, k->pod), 1);
    rk_view_forget(k->v, k->pod, "ns1", "p", "u1");
    WAKES("CHILD_GONE t1");
    UP(k->pod, WATCH, pod("p", "u1", 12, "t1", "Running")); /* the watch lags behind the 404 */
    UP(k->pod, REPLY, pod("p", "u1", 11, "t1", "Running"));
    GONE(k->pod, WATCH, pod("p", "u1", 13, "t1", "Running"));
    WAKES("");
    rk_view_forget(k->v, k->pod, "ns1", "p", "u1");
    rk_view_list_begin(k->v, k->pod, NULL);
    UP(k->pod, LIST, pod("p", "u1", 14, "t1", "Running"));
    rk_view_list_end(k->v, k->pod, NULL, "15");
    assert_string_equal(pod_state(k, "t1", "p"), "u1@14");
    rk_view_free(k->v);
}

static void a_uid_that_left_the_selector_may_come_back_by_the_watch(void **state)
{
    (void)state;
    struct kit *k = with_owner();
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running"));
    GONE(k->pod, WATCH, pod("p", "u1", 11, "t1", "Running"));
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Running")); /* a replay */
    assert_int_equal(rk_view_count(k->v, k->pod), 0);
    UP(k->pod, WATCH, pod("p", "u1", 12, "t1", "Running"));
    GONE(k->pod, WATCH, pod("p", "u1", 11, "t1", "Running")); /* a replay */
    assert_string_equal(pod_state(k, "t1", "p"), "u1@12");
    rk_view_free(k->v);
}

/* Who is woken. */

static void an_owner_wakes_by_what_changed(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    static const struct {
        int generation;
        const char *meta, *status, *want;
    } t[] = {
        {1, "", "", "USER t1"},
        {1, "", "x", "STATUS t1"},
        {2, "", "x", "USER t1"},
        {2, ",\"labels\":{\"a\":\"b\"}", "x", "USER t1"},
        {2, ",\"labels\":{\"a\":\"b\"},\"managedFields\":[{\"manager\":\"m\"}]", "x", "STATUS t1"},
        {2,
         ",\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\",\"a\":\"1\"},\"labels\":{\"a\":\"b\"}",
         "x", "USER t1"},
        {2, ",\"annotations\":{\"a\":\"1\"},\"labels\":{\"a\":\"b\"}", "x", "STATUS t1"},
        {2, ",\"finalizers\":[\"a/b\"]", "x", "USER t1"},
        {2, ",\"finalizers\":[\"a/b\"],\"deletionTimestamp\":null", "x", "STATUS t1"},
        {2, ",\"finalizers\":[\"a/b\"],\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "x",
         "DELETED t1"},
        {2, ",\"finalizers\":[\"a/b\"],\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "y",
         "STATUS t1"},
        {2, ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "y", "DELETED t1"},
    };
    int rv = 1;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        UP(k->thing, WATCH, thing("t1", "u", rv++, t[i].generation, t[i].meta, t[i].status));
        WAKES(t[i].want);
    }
    GONE(k->thing, WATCH, thing("t1", "u", rv, 2, "", ""));
    WAKES("DELETED t1");
    rk_view_free(k->v);
}

static void without_generation_the_spec_itself_is_compared(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    UP(k->thing, WATCH,
       "{\"metadata\":{\"name\":\"t\",\"uid\":\"u\",\"resourceVersion\":\"1\"},\"spec\":{\"a\":1}}");
    UP(k->thing, WATCH,
       "{\"metadata\":{\"name\":\"t\",\"uid\":\"u\",\"resourceVersion\":\"2\"},\"spec\":{\"a\":1},\"status\":{}}");
    UP(k->thing, WATCH,
       "{\"metadata\":{\"name\":\"t\",\"uid\":\"u\",\"resourceVersion\":\"3\"},\"spec\":{\"a\":2},\"status\":{}}");
    WAKES("USER t, STATUS t, USER t");
    rk_view_free(k->v);
}

static void a_child_wakes_only_by_what_is_kept_of_it(void **state)
{
    (void)state;
    struct kit *k = kit_new(); /* the owner need not be there */
    UP(k->pod, WATCH, pod("p", "u1", 10, "t1", "Pending"));
    WAKES("CHILD t1");
    UP(k->pod, WATCH, pod("p", "u1", 11, "t1", "Pending")); /* spec.n and managedFields changed */
    WAKES("");
    UP(k->pod, WATCH, pod("p", "u1", 12, "t1", "Running"));
    WAKES("CHILD t1");
    UP(k->pod, WATCH, pod("p", "u1", 13, "t1", "Failed"));
    WAKES("CHILD_GONE t1");
    UP(k->pod, WATCH, pod("p", "u1", 14, "t2", "Failed"));
    WAKES("CHILD_GONE t1, CHILD t2");
    UP(k->pod, WATCH, pod("p", "u1", 15, NULL, "Failed"));
    WAKES("CHILD_GONE t2");
    UP(k->pod, WATCH, pod("p", "u1", 16, NULL, "Running"));
    WAKES("");
    UP(k->pod, WATCH, pod("p", "u1", 17, "t1", "Running"));
    GONE(k->pod, WATCH, pod("p", "u1", 18, "t1", "Running"));
    WAKES("CHILD t1, CHILD_GONE t1");
    rk_view_free(k->v);
}

static void a_whole_child_of_another_version_only_wakes_nobody(void **state)
{
    (void)state;
    struct kit *k = kit_new();
#define SECRET(rv, data)                                                                                                                    \
    "{\"metadata\":{\"name\":\"s\",\"namespace\":\"ns1\",\"uid\":\"u\",\"resourceVersion\":\"" rv                                           \
    "\",\"ownerReferences\":["                                                                                                              \
    "{\"apiVersion\":\"example.io/v1beta1\",\"kind\":\"Thing\",\"name\":\"t1\",\"uid\":\"owner-1\",\"controller\":true}]},\"data\":\"" data \
    "\"}"
    UP(k->secret, WATCH, SECRET("1", "x"));
    WAKES("CHILD t1");
    UP(k->secret, WATCH, SECRET("20", "x"));
    WAKES("");
    UP(k->secret, WATCH, SECRET("30", "y"));
    WAKES("CHILD t1");
    rk_view_free(k->v);
}

/* Bad input. */

static void malformed_objects_are_counted_and_change_nothing(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    char long_name[1200];
    memset(long_name, 'n', sizeof long_name);
    memcpy(long_name, "{\"metadata\":{\"name\":\"", 21);
    memcpy(long_name + sizeof long_name - 4, "\"}}", 4);
    const char *bad[] = {"",
                         "{",
                         "[]",
                         "7",
                         "{}",
                         "{\"metadata\":{}}",
                         "{\"metadata\":{\"name\":\"\"}}",
                         "{\"metadata\":{\"name\":7}}",
                         "{\"metadata\":{\"name\":\"a\",\"uid\":{}}}",
                         "{\"metadata\":{\"name\":\"a\"}} x",
                         "{\"metadata\":{\"name\":\"a\\u0000b\"}}",
                         "{\"metadata\":{\"name\":\"a\",\"name\":\"b\"}}",
                         "{\"metadata\":{\"name\":\"a\",\"ownerReferences\":[{\"a\":1,\"a\":2}]}}",
                         long_name};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rk_err err = RK_ERR_INIT;
        int rc = rk_view_apply(k->v, k->pod, RK_VIEW_UPSERT, WATCH, rk_span_of(bad[i]), &err);
        assert_int_equal(rc, RK_E_SYNTAX);
        assert_memory_equal(err.text, "v1/Pod: ", 8);
        assert_int_equal(rk_view_bad(k->v), i + 1);
    }
    assert_int_equal(rk_view_count(k->v, k->pod), 0);
    WAKES("");
    rk_view_free(k->v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_that_is_not_newer_changes_nothing),
        cmocka_unit_test(versions_that_do_not_compare_are_always_applied),
        cmocka_unit_test(a_new_uid_under_an_old_name_is_delete_and_add),
        cmocka_unit_test(the_end_of_an_unseen_later_life_ends_the_known_one),
        cmocka_unit_test(a_response_is_seen_at_once_and_its_echo_wakes_nobody),
        cmocka_unit_test(a_response_behind_the_watch_does_not_bring_the_dead_back),
        cmocka_unit_test(a_delete_response_with_grace_is_an_upsert),
        cmocka_unit_test(forget_takes_a_uid_out_until_a_later_list_shows_it),
        cmocka_unit_test(a_uid_that_left_the_selector_may_come_back_by_the_watch),
        cmocka_unit_test(an_owner_wakes_by_what_changed),
        cmocka_unit_test(without_generation_the_spec_itself_is_compared),
        cmocka_unit_test(a_child_wakes_only_by_what_is_kept_of_it),
        cmocka_unit_test(a_whole_child_of_another_version_only_wakes_nobody),
        cmocka_unit_test(malformed_objects_are_counted_and_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
