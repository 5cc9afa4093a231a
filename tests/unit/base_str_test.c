/* core/base/str, by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/base/err.h"
#include "core/base/str.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void spans_split_as_the_header_says(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fields[4];
    } table[] = {
        {"a,,b", {"a", "", "b"}}, {"", {NULL}}, {"a", {"a"}}, {"a,", {"a"}},
        {",a", {"", "a"}},        {",", {""}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct rk_span rest = rk_span_of(table[i].text), field;
        size_t n = 0;
        while (rk_span_next(&rest, ',', &field))
            assert_true(rk_span_is(field, table[i].fields[n++]));
        assert_null(table[i].fields[n]);
    }
    struct rk_span absent = rk_span_of(NULL), field;
    assert_false(rk_span_next(&absent, ',', &field));
}

static void absent_and_empty_are_two_things(void **state)
{
    (void)state;
    assert_true(rk_span_eq(rk_span_of(NULL), rk_span_of(NULL)));
    assert_false(rk_span_eq(rk_span_of(NULL), rk_span_of("")));
    assert_true(rk_span_is(rk_span_of(""), ""));
    assert_false(rk_span_is((struct rk_span){"abc", 2}, "abc"));
    assert_true(rk_span_is((struct rk_span){"abc", 2}, "ab"));
    assert_true(rk_str_eq(NULL, NULL));
    assert_false(rk_str_eq(NULL, ""));
    assert_false(rk_str_ieq(NULL, NULL));
    assert_true(rk_str_ieq("TrUe", "tRuE"));
    assert_false(rk_str_ieq("true", "tru"));
    assert_false(rk_str_ieq("[", "{")); /* 0x20 apart, but no letters */
    assert_true(rk_str_starts("abc", "ab"));
    assert_true(rk_str_starts("abc", ""));
    assert_false(rk_str_starts("ab", "abc"));
    assert_true(rk_str_ends("abc", "bc"));
    assert_false(rk_str_ends("c", "bc"));
    assert_false(rk_str_ends(NULL, "bc"));
}

static void trimming_takes_white_space_at_both_ends(void **state)
{
    (void)state;
    assert_true(rk_span_is(rk_span_trim(rk_span_of(" \t a b\r\n")), "a b"));
    assert_int_equal(rk_span_trim(rk_span_of(" \n ")).n, 0);
}

static void a_copy_that_does_not_fit_leaves_an_empty_text(void **state)
{
    (void)state;
    char out[4] = "zzz";
    assert_int_equal(rk_str_copy(out, sizeof out, "abcd"), RK_E_LIMIT);
    assert_string_equal(out, "");
    assert_int_equal(rk_str_copy(out, sizeof out, "abc"), 0);
    assert_string_equal(out, "abc");
    assert_int_equal(rk_str_copyn(out, 0, "", 0), RK_E_LIMIT);
    assert_string_equal(out, "abc");
}

static void a_cut_takes_what_fits_and_needs_no_end(void **state)
{
    (void)state;
    static const char endless[4] = {'a', 'b', 'c', 'd'};
    char out[4] = "zzz";
    rk_str_cut(out, sizeof out, endless);
    assert_string_equal(out, "abc");
    rk_str_cut(out, sizeof out, "x");
    assert_string_equal(out, "x");
    rk_str_cut(out, 1, "x");
    assert_string_equal(out, "");
}

static void integers_are_whole_texts_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t min, max;
        int rc;
        int64_t value;
    } table[] = {
        {"0", 0, 9, 0, 0},
        {"-5", -9, 9, 0, -5},
        {"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, RK_E_INVAL, 0},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, RK_E_INVAL, 0},
        {"10", 0, 9, RK_E_INVAL, 0},
        {"-1", 0, 9, RK_E_INVAL, 0},
        {"", 0, 9, RK_E_INVAL, 0},
        {"-", -9, 9, RK_E_INVAL, 0},
        {"+1", 0, 9, RK_E_INVAL, 0},
        {"1 ", 0, 9, RK_E_INVAL, 0},
        {"0x1", 0, 9, RK_E_INVAL, 0},
        {"1.0", 0, 9, RK_E_INVAL, 0},
        {NULL, 0, 9, RK_E_INVAL, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t value = 0;
        assert_int_equal(rk_str_int(rk_span_of(table[i].text), table[i].min, table[i].max, &value),
                         table[i].rc);
        assert_true(value == table[i].value);
    }
}

static void durations_add_falling_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1 = refused */
    } table[] = {
        {"0", 0},
        {"15s", 15000},
        {"100ms", 100},
        {"2m", 120000},
        {"1h30m", 5400000},
        {"1h1m1s1ms", 3661001},
        {"0s", 0},
        {"", -1},
        {"15", -1},
        {"s", -1},
        {"-1s", -1},
        {"1.5s", -1},
        {"1m1h", -1},
        {"1m1m", -1},
        {"1d", -1},
        {"1s ", -1},
        {" 1s", -1},
        {"1S", -1},
        {NULL, -1},
        {"9223372036854775807h", -1},
        {"9223372036854775807ms", INT64_MAX},
        {"2562047788016h", -1},
        {"1s9223372036854775807ms", -1},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t ms = -1;
        int rc = rk_str_duration_ms(rk_span_of(table[i].text), &ms);
        assert_int_equal(rc, table[i].ms < 0 ? RK_E_INVAL : 0);
        assert_true(ms == table[i].ms);
    }
}

static void booleans_have_eight_words(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "YES", "On", "1"}, *const no[] = {"false", "No",
                                                                                "OFF", "0"};
    static const char *const neither[] = {"", "y", "truee", "2", "yes ", "falsefalse"};
    bool value = false;
    for (size_t i = 0; i < COUNT(yes); i++) {
        assert_int_equal(rk_str_bool(rk_span_of(yes[i]), &value), 0);
        assert_true(value);
        assert_int_equal(rk_str_bool(rk_span_of(no[i]), &value), 0);
        assert_false(value);
    }
    for (size_t i = 0; i < COUNT(neither); i++)
        assert_int_equal(rk_str_bool(rk_span_of(neither[i]), &value), RK_E_INVAL);
    assert_int_equal(rk_str_bool((struct rk_span){"on\0", 3}, &value), RK_E_INVAL);
    assert_int_equal(rk_str_bool(rk_span_of(NULL), &value), RK_E_INVAL);
}

static void the_nearest_word_is_near(void **state)
{
    (void)state;
    static const char *const words[] = {"lease", "renew", "retry", "tolerations", "watch"};
    static const struct {
        const char *word, *want;
    } table[] = {
        {"lesae", "lease"}, {"leas", "lease"},  {"tolerantions", "tolerations"},
        {"wacth", "watch"}, {"retry", "retry"}, {"elephant", NULL},
        {"", NULL},         {"rexxy", NULL},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *got = rk_str_nearest(table[i].word, words, COUNT(words));
        if (table[i].want)
            assert_string_equal(got, table[i].want);
        else
            assert_null(got);
    }
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    const char *const one[] = {endless};
    assert_null(rk_str_nearest(endless, one, 1));
    assert_null(rk_str_nearest("lease", one, 1));
    assert_null(rk_str_nearest("lease", NULL, 0));
}

static void utf8_is_checked_strictly(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xE2\x82",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "\xC2\x41",
                                      "\xF0\x90\x80\x41"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(rk_str_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(rk_str_utf8(bad[i], strlen(bad[i])));
    assert_int_equal(rk_str_utf8_char("\xE2\x82\xAC!", 4), 3);
    assert_int_equal(rk_str_utf8_char("\xE2\x82\xAC", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_split_as_the_header_says),
        cmocka_unit_test(absent_and_empty_are_two_things),
        cmocka_unit_test(trimming_takes_white_space_at_both_ends),
        cmocka_unit_test(a_copy_that_does_not_fit_leaves_an_empty_text),
        cmocka_unit_test(a_cut_takes_what_fits_and_needs_no_end),
        cmocka_unit_test(integers_are_whole_texts_within_bounds),
        cmocka_unit_test(durations_add_falling_units),
        cmocka_unit_test(booleans_have_eight_words),
        cmocka_unit_test(the_nearest_word_is_near),
        cmocka_unit_test(utf8_is_checked_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
