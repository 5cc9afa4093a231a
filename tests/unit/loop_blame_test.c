/* Whom a worker died over: two at one generation are a quarantine; what gives new tries, and what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/loop/blame.c"
#include "core/loop/shared.h"

#define HOUR 3600000

static struct rk_blames rows;

static struct rk_hand hand(const char *uid, int64_t generation)
{
    struct rk_hand h = {.plugin = "acme", .hook = "shapes", .generation = generation};
    (void)snprintf(h.uid, sizeof h.uid, "%s", uid);
    (void)snprintf(h.object, sizeof h.object, "example.io/v1/Thing ns/%s", uid);
    return h;
}

static const struct rk_blame *died(const char *uid, int64_t generation, int64_t at)
{
    const struct rk_hand h = hand(uid, generation);
    return rk_blame_add(&rows, &h, false, "Segmentation fault", at);
}

static int fresh(void **state)
{
    (void)state;
    memset(&rows, 0, sizeof rows);
    return 0;
}

static void twice_at_one_generation_is_a_quarantine(void **state)
{
    (void)state;
    assert_false(rk_blame_quarantined(died("a", 1, 1000)));
    assert_false(rk_blame_quarantined(died("b", 1, 2000)));
    const struct rk_blame *b = died("a", 1, 3000);
    assert_true(rk_blame_quarantined(b));
    assert_string_equal(b->object, "example.io/v1/Thing ns/a");
    assert_string_equal(b->plugin, "acme");
    assert_string_equal(b->how, "Segmentation fault");
    assert_int_equal(b->count, 2);
    assert_false(rk_blame_quarantined(rk_blame_find(&rows, "b", 1, 3000)));
    assert_true(rk_blame_quarantined(rk_blame_find(&rows, "a", 1, 3000)));
    assert_null(rk_blame_find(&rows, "c", 1, 3000));
}

static void without_an_object_nobody_is_blamed(void **state)
{
    (void)state;
    const struct rk_hand none = {.plugin = "acme", .hook = "check"};
    assert_null(rk_blame_add(&rows, &none, false, "Aborted", 1000));
    assert_null(rk_blame_add(&rows, &none, false, "Aborted", 2000));
    assert_null(rk_blame_find(&rows, "", 0, 2000));
}

static void an_edit_after_one_end_forgets_it(void **state)
{
    (void)state;
    died("a", 1, 1000);
    assert_null(rk_blame_find(&rows, "a", 2, 2000));
    assert_false(rk_blame_quarantined(died("a", 2, 3000)));
    assert_true(rk_blame_quarantined(died("a", 2, 4000)));
    assert_false(rk_blame_quarantined(died("b", 1, 1000)));
    assert_false(rk_blame_quarantined(died("b", 2, 2000))); /* nobody looked in between */
}

static void an_edit_of_what_is_quarantined_gives_one_try(void **state)
{
    (void)state;
    died("a", 1, 1000);
    died("a", 1, 2000);
    assert_false(rk_blame_quarantined(rk_blame_find(&rows, "a", 2, 3000)));
    assert_true(rk_blame_quarantined(died("a", 2, 4000)));
    /* Once that try went well, another edit does not make it innocent at once. */
    assert_non_null(rk_blame_find(&rows, "a", 3, 5000));
}

static void a_release_gives_one_try_and_takes_back_what_was_told(void **state)
{
    (void)state;
    died("a", 1, 1000);
    died("a", 1, 2000);
    struct rk_blame *b = rk_blame_find(&rows, "a", 1, 3000);
    b->told = true;
    rk_blame_release(b);
    assert_false(rk_blame_quarantined(b));
    assert_false(b->told);
    const struct rk_blame *again = died("a", 1, 4000);
    assert_true(rk_blame_quarantined(again));
    assert_false(again->told);
}

static void time_forgets_one_end_and_never_a_quarantine(void **state)
{
    (void)state;
    died("a", 1, 1000);
    died("b", 1, 1000);
    died("b", 1, 1000);
    assert_non_null(rk_blame_find(&rows, "a", 1, 1000 + HOUR));
    assert_null(rk_blame_find(&rows, "a", 1, 1001 + HOUR));
    assert_false(rk_blame_quarantined(died("a", 1, 1002 + HOUR)));
    assert_true(rk_blame_quarantined(rk_blame_find(&rows, "b", 1, 1000 + 100 * (int64_t)HOUR)));
}

static void who_is_edited_again_and_again_waits_longer_and_longer(void **state)
{
    (void)state;
    int64_t waits[12], at = 1000;
    assert_int_equal(rk_blame_due_ms(NULL), 0);
    assert_int_equal(rk_blame_due_ms(died("a", 1, at)), 0);
    for (int64_t i = 0; i < 12; i++) {
        const struct rk_blame *b = died("a", 1 + i, at += 1000);
        assert_true(rk_blame_quarantined(b));
        waits[i] = rk_blame_due_ms(b) ? rk_blame_due_ms(b) - at : 0;
    }
    assert_int_equal(waits[0], 0);
    assert_int_equal(waits[1], 0);
    assert_int_equal(waits[2], 5000);
    assert_int_equal(waits[3], 10000);
    assert_int_equal(waits[11], 300000);
}

static void an_object_that_is_gone_leaves_nothing(void **state)
{
    (void)state;
    died("a", 1, 1000);
    died("b", 1, 1000);
    rk_blame_drop(&rows, "example.io/v1/Thing ns/a");
    assert_null(rk_blame_find(&rows, "a", 1, 1000));
    assert_non_null(rk_blame_find(&rows, "b", 1, 1000));
}

static void a_full_table_forgets_what_the_object_itself_tells_first(void **state)
{
    (void)state;
    char uid[32];
    for (unsigned i = 0; i < RK_BLAME_ROWS; i++) {
        (void)snprintf(uid, sizeof uid, "u%u", i);
        died(uid, 1, 1000 + i);
        if (i != 5) /* that one died once */
            died(uid, 1, 1000 + i);
    }
    rk_blame_find(&rows, "u7", 1, 2000)->told = true;
    died("x", 1, 3000);
    died("x", 1, 3000);
    assert_null(rk_blame_find(&rows, "u7", 1, 3000));
    died("y", 1, 3000);
    died("y", 1, 3000);
    assert_null(rk_blame_find(&rows, "u5", 1, 3000));
    died("z", 1, 3000);
    assert_null(rk_blame_find(&rows, "u0", 1, 3000)); /* the oldest */
    assert_true(rk_blame_quarantined(rk_blame_find(&rows, "x", 1, 3000)));
    assert_true(rk_blame_quarantined(rk_blame_find(&rows, "y", 1, 3000)));
    assert_true(rk_blame_quarantined(rk_blame_find(&rows, "u1", 1, 3000)));
}

static void long_texts_are_cut_and_end(void **state)
{
    (void)state;
    struct rk_hand h = hand("a", 1);
    memset(h.object, 'o', sizeof h.object - 1);
    memset(h.plugin, 'p', sizeof h.plugin - 1);
    char how[200];
    memset(how, 'h', sizeof how - 1);
    how[sizeof how - 1] = '\0';
    const struct rk_blame *b = rk_blame_add(&rows, &h, true, how, 1000);
    assert_int_equal(strlen(b->object), sizeof b->object - 1);
    assert_int_equal(strlen(b->how), sizeof b->how - 1);
    assert_true(b->hung);
    rk_blame_drop(&rows, h.object);
    assert_null(rk_blame_find(&rows, "a", 1, 1000));
}

/* ---- shared memory ---- */

static void what_is_in_hand_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct rk_shared *s;
    struct rk_hand h;
    struct rk_err err = RK_ERR_INIT;
    int fd;
    assert_int_equal(rk_shared_create(&s, &fd, &err), 0);
    assert_false(rk_shared_in_hand(s, &h));
    rk_shared_subject(s, "example.io/v1/Thing ns/a", "u-1", 7);
    assert_false(rk_shared_in_hand(s, &h));
    rk_shared_hand(s, "acme", "shapes");
    assert_true(rk_shared_in_hand(s, &h));
    assert_string_equal(h.object, "example.io/v1/Thing ns/a");
    assert_string_equal(h.uid, "u-1");
    assert_int_equal(h.generation, 7);
    uint64_t first = h.seq;
    rk_shared_hand(s, RK_HAND_CORE, "pass"); /* without a word in between: the hook has returned */
    assert_true(rk_shared_in_hand(s, &h));
    assert_string_equal(h.plugin, "core");
    assert_true(h.seq != first);
    rk_shared_subject(s, NULL, NULL, 0);
    assert_false(rk_shared_in_hand(s, &h));
    rk_shared_hand(s, "acme", "check");
    assert_true(rk_shared_in_hand(s, &h));
    assert_string_equal(h.object, "");
    rk_shared_hand(s, NULL, NULL);
    assert_false(rk_shared_in_hand(s, &h));
    rk_shared_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(twice_at_one_generation_is_a_quarantine, fresh),
        cmocka_unit_test_setup(without_an_object_nobody_is_blamed, fresh),
        cmocka_unit_test_setup(an_edit_after_one_end_forgets_it, fresh),
        cmocka_unit_test_setup(an_edit_of_what_is_quarantined_gives_one_try, fresh),
        cmocka_unit_test_setup(a_release_gives_one_try_and_takes_back_what_was_told, fresh),
        cmocka_unit_test_setup(time_forgets_one_end_and_never_a_quarantine, fresh),
        cmocka_unit_test_setup(who_is_edited_again_and_again_waits_longer_and_longer, fresh),
        cmocka_unit_test_setup(an_object_that_is_gone_leaves_nothing, fresh),
        cmocka_unit_test_setup(a_full_table_forgets_what_the_object_itself_tells_first, fresh),
        cmocka_unit_test_setup(long_texts_are_cut_and_end, fresh),
        cmocka_unit_test(what_is_in_hand_is_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
