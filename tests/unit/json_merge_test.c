/* core/json/equal.c, merge.c and digest.c: what is the same, what differs, and how to get from one to the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/json.h"

#include "tests/unit/arena_kit.h"

static cJSON *read_text(const char *text)
{
    cJSON *v = NULL;
    assert_int_equal(rk_json_parse(&arena, text, strlen(text), NULL, &v, NULL), 0);
    return v;
}

static void equality_is_of_values_not_of_texts(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"c\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
        {"{\"a\":null}", "{}", false},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1,2]", true},
        {"[1]", "[1,2]", false},
        {"[]", "{}", false},
        {"1", "\"1\"", false},
        {"true", "false", false},
        {"null", "null", true},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"A\"", false},
        {"1", "1.0", true},
        {"1e3", "1000", true},
        {"1.5e1", "15", true},
        {"0", "-0.0e7", true},
        {"-1", "1", false},
        {"1e400", "10e399", true},
        {"1e400", "1e401", false},
        {"123456789012345678901234567890", "123456789012345678901234567890.0", true},
        {"123456789012345678901234567890", "123456789012345678901234567891", false},
        {"9007199254740993", "9007199254740992", false},
        {"1.2345e4", "12345", true},
        {"1.2346e4", "12345", false},
        {"1.5", "1.5", true},
        {"1.5", "1.50", false},
        {"1e99999999999999999998", "1e99999999999999999999", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cJSON *a = read_text(cases[i].a);
        const cJSON *b = read_text(cases[i].b);
        if (rk_json_equal(a, b) != cases[i].equal || rk_json_equal(b, a) != cases[i].equal)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
    }
    assert_true(rk_json_equal(NULL, NULL));
    assert_false(rk_json_equal(NULL, read_text("null")));
}

/* Keys k0..k<n-1> upwards or downwards. */
static cJSON *many(int n, bool down)
{
    cJSON *o = rk_json_object(&arena);
    for (int i = 0; i < n; i++) {
        int k = down ? n - 1 - i : i;
        rk_json_add(&arena, o, rk_arena_fmt(&arena, "k%d", k), rk_json_int(&arena, k));
    }
    return o;
}

static void large_objects_in_other_order_are_matched(void **state)
{
    (void)state;
    cJSON *up = many(100000, false);
    cJSON *down = many(100000, true);
    assert_true(rk_json_equal(up, down));
    assert_null(rk_json_merge_diff(&arena, up, down));
    assert_string_equal(rk_json_digest(&arena, up), rk_json_digest(&arena, down));
    assert_true(rk_json_unset(down, "k50000"));
    rk_json_add(&arena, down, "new", rk_json_null(&arena));
    assert_false(rk_json_equal(up, down));
    assert_true(rk_json_unset(down, "new"));
    cJSON *patch = rk_json_merge_diff(&arena, up, down);
    assert_string_equal(rk_json_text(&arena, patch), "{\"k50000\":null}");
    /* A patch of every key over an object of every key. */
    cJSON *all = rk_json_merge_apply(&arena, up, many(100000, true));
    assert_true(rk_json_equal(all, up));
}

static void a_patch_turns_one_tree_into_the_other(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *patch;
    } cases[] = {
        {"{}", "{}", NULL},
        {"{\"a\":1}", "{\"a\":1.0}", NULL},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", NULL},
        {"{\"a\":1}", "{\"a\":2}", "{\"a\":2}"},
        {"{\"a\":1}", "{}", "{\"a\":null}"},
        {"{}", "{\"a\":1}", "{\"a\":1}"},
        {"{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1,\"c\":3}}", "{\"a\":{\"c\":3}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":{\"b\":null}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":1}", "{\"a\":1}"},
        {"{\"a\":1}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
        {"{\"a\":[1,2]}", "{\"a\":[1,3]}", "{\"a\":[1,3]}"},
        {"{\"a\":[{\"b\":null}]}", "{\"a\":[{\"b\":null},1]}", "{\"a\":[{\"b\":null},1]}"},
        {"{\"a\":1}", "[1]", "[1]"},
        {"[1]", "{\"a\":1}", "{\"a\":1}"},
        {"1", "2", "2"},
        {"{\"a\":null}", "{}", "{\"a\":null}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cJSON *from = read_text(cases[i].from);
        const cJSON *to = read_text(cases[i].to);
        cJSON *patch = rk_json_merge_diff(&arena, from, to);
        if (!cases[i].patch) {
            assert_null(patch);
            continue;
        }
        assert_string_equal(rk_json_text(&arena, patch), cases[i].patch);
        assert_true(rk_json_equal(rk_json_merge_apply(&arena, from, patch), to));
        assert_string_equal(rk_json_text(&arena, from), cases[i].from);
    }
}

static void null_in_the_wanted_tree_means_absent(void **state)
{
    (void)state;
    assert_null(rk_json_merge_diff(&arena, read_text("{}"), read_text("{\"a\":null}")));
    cJSON *patch = rk_json_merge_diff(&arena, read_text("{\"a\":1}"), read_text("{\"a\":null}"));
    assert_string_equal(rk_json_text(&arena, patch), "{\"a\":null}");
    assert_null(rk_json_merge_diff(&arena, NULL, NULL));
    assert_string_equal(rk_json_text(&arena, rk_json_merge_diff(&arena, read_text("{}"), NULL)),
                        "null");
    assert_string_equal(rk_json_text(&arena, rk_json_merge_diff(&arena, NULL, read_text("{}"))),
                        "{}");
}

/* The examples of RFC 7386, appendix A. */
static void patches_apply_as_the_rfc_says(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *got = rk_json_merge_apply(&arena, read_text(cases[i][0]), read_text(cases[i][1]));
        assert_string_equal(rk_json_text(&arena, got), cases[i][2]);
    }
    assert_string_equal(rk_json_text(&arena, rk_json_merge_apply(&arena, read_text("{}"), NULL)),
                        "{}");
    assert_string_equal(
        rk_json_text(&arena, rk_json_merge_apply(&arena, NULL, read_text("{\"a\":1}"))),
        "{\"a\":1}");
}

static void a_digest_ignores_order_and_nothing_else(void **state)
{
    (void)state;
    const char *known = "1:7IBJ4DOVHJPKL1OA0HGU6E9QNF10245T";
    assert_string_equal(
        rk_json_digest(&arena, read_text("{\"a\":[1.50,\"x\"],\"b\":{\"c\":null,\"d\":true}}")),
        known);
    assert_string_equal(
        rk_json_digest(&arena,
                       read_text("{\"b\":{\"d\":true,\"c\":null},\"a\":[1.50,\"\\u0078\"]}")),
        known);
    static const char *const others[] = {
        "{\"a\":[1.5,\"x\"],\"b\":{\"c\":null,\"d\":true}}",
        "{\"a\":[\"x\",1.50],\"b\":{\"c\":null,\"d\":true}}",
        "{\"a\":[1.50,\"x\"],\"b\":{\"c\":null,\"d\":\"true\"}}",
        "{\"a\":[1.50,\"x\"],\"b\":{\"c\":null}}",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_string_not_equal(rk_json_digest(&arena, read_text(others[i])), known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(equality_is_of_values_not_of_texts),    T(large_objects_in_other_order_are_matched),
        T(a_patch_turns_one_tree_into_the_other), T(null_in_the_wanted_tree_means_absent),
        T(patches_apply_as_the_rfc_says),         T(a_digest_ignores_order_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
