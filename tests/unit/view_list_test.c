/* Lists, sweeps and progress: promises of core/view/view.h and client-rules 23, 24, 30. */
#include "core/view/view.h"
#include "tests/unit/view_kit.h"

static void begin(struct kit *k)
{
    rk_view_list_begin(k->v, k->pod, NULL);
}

static void end(struct kit *k, const char *rv)
{
    rk_view_list_end(k->v, k->pod, NULL, rv);
}

static struct kit *synced_at_100(void)
{
    struct kit *k = kit_new();
    UP(k->thing, WATCH, thing("t1", "owner-1", 1, 1, "", ""));
    begin(k);
    UP(k->pod, LIST, pod("a", "ua", 10, "t1", "Running"));
    UP(k->pod, LIST, pod("b", "ub", 20, "t1", "Running"));
    end(k, "100");
    (void)kit_wakes(k);
    return k;
}

static void the_first_list_wakes_with_cause_list_and_later_ones_do_not(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    rk_view_list_begin(k->v, k->thing, NULL);
    UP(k->thing, LIST, thing("t1", "o1", 1, 1, "", ""));
    UP(k->thing, LIST,
       thing("t2", "o2", 2, 1, ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", ""));
    rk_view_list_end(k->v, k->thing, NULL, "5");
    WAKES("LIST t1, DELETED t2");
    begin(k);
    UP(k->pod, LIST, pod("a", "ua", 10, "t1", "Failed"));
    end(k, "11");
    WAKES("LIST t1");
    rk_view_list_begin(k->v, k->thing, NULL);
    UP(k->thing, LIST, thing("t1", "o1", 1, 1, "", ""));
    UP(k->thing, LIST,
       thing("t2", "o2", 6, 2, ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", ""));
    UP(k->thing, LIST, thing("t3", "o3", 7, 1, "", ""));
    WAKES("DELETED t2, USER t3");
    rk_view_list_end(k->v, k->thing, NULL, "8");
    WAKES("");
    rk_view_free(k->v);
}

static void a_relist_sweeps_what_it_did_not_show(void **state)
{
    (void)state;
    struct kit *k = synced_at_100();
    begin(k);
    UP(k->pod, LIST, pod("b", "ub", 20, "t1", "Running"));
    WAKES("");
    assert_int_equal(rk_view_count(k->v, k->pod), 2); /* a relist never empties the cache */
    end(k, "110");
    WAKES("CHILD_GONE t1");
    assert_string_equal(pod_state(k, "t1", "a"), "");
    assert_string_equal(pod_state(k, "t1", "b"), "ub@20");
    UP(k->pod, WATCH, pod("a", "ua", 10, "t1", "Running")); /* a replay from before the list */
    UP(k->pod, REPLY, pod("a", "ua", 30, "t1", "Running"));
    assert_string_equal(pod_state(k, "t1", "a"), "");
    rk_view_free(k->v);
}

static void an_aborted_list_counts_for_nothing(void **state)
{
    (void)state;
    struct kit *k = synced_at_100();
    begin(k);
    UP(k->pod, LIST, pod("a", "ua", 10, "t1", "Running"));
    begin(k); /* its pages had expired: from page one */
    UP(k->pod, LIST, pod("b", "ub", 20, "t1", "Running"));
    end(k, "110");
    assert_string_equal(pod_state(k, "t1", "a"), "");
    rk_view_free(k->v);
}

static void a_response_that_overtook_the_list_survives_it(void **state)
{
    (void)state;
    struct kit *k = synced_at_100();
    begin(k);
    UP(k->pod, REPLY, pod("b", "ub", 121, "t1", "Pending"));
    UP(k->pod, REPLY, pod("c", "uc", 120, "t1", "Pending"));
    UP(k->pod, LIST, pod("a", "ua", 10, "t1", "Running"));
    UP(k->pod, LIST, pod("b", "ub", 20, "t1", "Running"));
    end(k, "110");
    assert_string_equal(pod_state(k, "t1", "b"), "ub@121");
    assert_string_equal(pod_state(k, "t1", "c"), "uc@120");
    /* But one that the list is newer than, and does not show, is of something that is gone. */
    begin(k);
    UP(k->pod, REPLY, pod("d", "ud", 125, "t1", "Pending"));
    UP(k->pod, LIST, pod("b", "ub", 121, "t1", "Pending"));
    end(k, "130");
    assert_string_equal(pod_state(k, "t1", "d"), "");
    assert_int_equal(rk_view_count(k->v, k->pod), 1);
    rk_view_free(k->v);
}

static void a_relist_below_what_was_reached_resets_everything(void **state)
{
    (void)state;
    struct kit *k = synced_at_100();
    UP(k->pod, WATCH, pod("a", "ua", 150, "t1", "Failed"));
    UP(k->pod, WATCH, pod("c", "uc", 160, "t1", "Running"));
    GONE(k->pod, WATCH, pod("b", "ub", 170, "t1", "Running"));
    rk_view_progress(k->v, k->pod, NULL, "170");
    (void)kit_wakes(k);
    /* The store comes back from a backup made at 60; since then d was made. */
    begin(k);
    UP(k->pod, LIST, pod("a", "ua", 10, "t1", "Running"));
    UP(k->pod, LIST, pod("b", "ub", 20, "t1", "Running"));
    UP(k->pod, LIST, pod("d", "ud", 61, "t1", "Running"));
    end(k, "62");
    assert_string_equal(pod_state(k, "t1", "a"), "ua@10");
    assert_string_equal(pod_state(k, "t1", "b"), "ub@20");
    assert_string_equal(pod_state(k, "t1", "c"), "");
    assert_string_equal(pod_state(k, "t1", "d"), "ud@61");
    assert_string_equal(rk_view_version(k->v, k->pod, NULL), "62"); /* back where the store is */
    assert_false(rk_view_reached(k->v, k->pod, "ns1", "63"));
    UP(k->pod, WATCH, pod("a", "ua", 63, "t1", "Failed"));
    assert_string_equal(pod_state(k, "t1", "a"), "ua@63");
    rk_view_free(k->v);
}

static void a_list_that_shows_another_history_is_believed(void **state)
{
    (void)state;
    struct kit *k = synced_at_100();
    UP(k->pod, WATCH, pod("a", "ua", 150, "t1", "Failed"));
    UP(k->pod, WATCH, pod("b", "ub", 151, "t1", "Failed"));
    rk_view_progress(k->v, k->pod, NULL, "151");
    /* Restored to 100 and written to 300 before we look: the version of the list is no lower. */
    begin(k);
    UP(k->pod, LIST, pod("a", "ua", 10, "t1", "Running"));  /* as at 100 */
    UP(k->pod, LIST, pod("b", "ub", 151, "t1", "Pending")); /* the same number, another text */
    end(k, "300");
    assert_string_equal(pod_state(k, "t1", "a"), "ua@10");
    (void)kit_wakes(k);
    UP(k->pod, WATCH, pod("b", "ub", 301, "t1", "Pending"));
    WAKES(""); /* it is known as Pending already */
    rk_view_free(k->v);
}

static void scopes_are_listed_and_swept_one_by_one(void **state)
{
    (void)state;
    struct kit *k = kit_new();
#define POD_OF(ns, name)                                                               \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" ns "\",\"uid\":\"" ns name \
    "\",\"resourceVersion\":\"5\"}}"
    rk_view_list_begin(k->v, k->pod, "ns1");
    rk_view_list_begin(k->v, k->pod, "ns2");
    UP(k->pod, LIST, POD_OF("ns1", "a"));
    UP(k->pod, LIST, POD_OF("ns2", "a"));
    rk_view_list_end(k->v, k->pod, "ns2", "9");
    assert_int_equal(rk_view_count(k->v, k->pod), 2);
    assert_true(rk_view_reached(k->v, k->pod, "ns2", "9"));
    assert_false(rk_view_reached(k->v, k->pod, "ns1", "9"));
    rk_view_list_end(k->v, k->pod, "ns1", "8");
    rk_view_list_begin(k->v, k->pod, "ns1");
    rk_view_list_end(k->v, k->pod, "ns1", "10");
    assert_int_equal(rk_view_count(k->v, k->pod), 1);
    rk_view_free(k->v);
}

static void progress_goes_forward_only_and_not_before_the_first_list(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    rk_view_progress(k->v, k->pod, NULL, "7");
    assert_false(rk_view_reached(k->v, k->pod, "ns1", "5"));
    assert_string_equal(rk_view_version(k->v, k->pod, "ns1"), ""); /* before the first list */
    begin(k);
    assert_false(rk_view_reached(k->v, k->pod, "ns1", "5"));
    end(k, "9");
    assert_true(rk_view_reached(k->v, k->pod, "ns1", "9"));
    assert_false(rk_view_reached(k->v, k->pod, "ns1", "10"));
    assert_true(rk_view_reached(k->v, k->pod, "ns1", "not a number"));
    rk_view_progress(k->v, k->pod, NULL, "12");
    rk_view_progress(k->v, k->pod, NULL, "11");
    assert_true(rk_view_reached(k->v, k->pod, "ns1", "12"));
    rk_view_free(k->v);
}

static void a_kind_that_the_api_lost_is_emptied_by_its_empty_list(void **state)
{
    (void)state;
    struct kit *k = synced_at_100();
    begin(k);
    end(k, "");
    assert_int_equal(rk_view_count(k->v, k->pod), 0);
    WAKES("CHILD_GONE t1, CHILD_GONE t1");
    rk_view_free(k->v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_list_wakes_with_cause_list_and_later_ones_do_not),
        cmocka_unit_test(a_relist_sweeps_what_it_did_not_show),
        cmocka_unit_test(an_aborted_list_counts_for_nothing),
        cmocka_unit_test(a_response_that_overtook_the_list_survives_it),
        cmocka_unit_test(a_relist_below_what_was_reached_resets_everything),
        cmocka_unit_test(a_list_that_shows_another_history_is_believed),
        cmocka_unit_test(scopes_are_listed_and_swept_one_by_one),
        cmocka_unit_test(progress_goes_forward_only_and_not_before_the_first_list),
        cmocka_unit_test(a_kind_that_the_api_lost_is_emptied_by_its_empty_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
