/* core/json/node.c and read.c: edits keep order and links, reads take NULL, integers are exact. */
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

/* The list in both directions, and the text. */
static void expect(const cJSON *v, const char *text)
{
    assert_string_equal(rk_json_text(&arena, v), text);
    const cJSON *last = NULL;
    for (const cJSON *c = v->child; c; last = c, c = c->next)
        if (last)
            assert_ptr_equal(c->prev, last);
    if (last)
        assert_ptr_equal(v->child->prev, last);
}

static void nodes_print_as_made(void **state)
{
    (void)state;
    cJSON *o = rk_json_object(&arena);
    rk_json_set(&arena, o, "s", rk_json_string(&arena, "x\"y"));
    rk_json_set(&arena, o, "i", rk_json_int(&arena, INT64_MIN));
    rk_json_set(&arena, o, "n", rk_json_number_text(&arena, "1.50"));
    rk_json_set(&arena, o, "b", rk_json_bool(&arena, true));
    rk_json_set(&arena, o, "z", rk_json_null(&arena));
    cJSON *a = rk_json_array(&arena);
    rk_json_push(a, rk_json_bool(&arena, false));
    rk_json_add(&arena, o, "a", a);
    expect(
        o,
        "{\"s\":\"x\\\"y\",\"i\":-9223372036854775808,\"n\":1.50,\"b\":true,\"z\":null,\"a\":[false]}");
}

static void set_replaces_in_place_or_appends(void **state)
{
    (void)state;
    static const struct {
        const char *from, *key, *to;
    } cases[] = {
        {"{}", "a", "{\"a\":9}"},
        {"{\"a\":1}", "a", "{\"a\":9}"},
        {"{\"a\":1}", "b", "{\"a\":1,\"b\":9}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "a", "{\"a\":9,\"b\":2,\"c\":3}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "b", "{\"a\":1,\"b\":9,\"c\":3}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "c", "{\"a\":1,\"b\":2,\"c\":9}"},
        {"{\"a\":1}", "A", "{\"a\":1,\"A\":9}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *o = read_text(cases[i].from);
        rk_json_set(&arena, o, cases[i].key, rk_json_int(&arena, 9));
        expect(o, cases[i].to);
    }
}

static void unset_and_remove_keep_the_list_whole(void **state)
{
    (void)state;
    static const struct {
        const char *from, *key, *to;
    } cases[] = {
        {"{\"a\":1}", "a", "{}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "a", "{\"b\":2,\"c\":3}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "b", "{\"a\":1,\"c\":3}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", "c", "{\"a\":1,\"b\":2}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *o = read_text(cases[i].from);
        assert_true(rk_json_unset(o, cases[i].key));
        assert_false(rk_json_unset(o, cases[i].key));
        expect(o, cases[i].to);
        /* A node taken out can be put back in. */
        cJSON *p = read_text(cases[i].from);
        cJSON *c = rk_json_get(p, cases[i].key);
        assert_true(rk_json_remove(p, c));
        assert_false(rk_json_remove(p, c));
        expect(p, cases[i].to);
        rk_json_set(&arena, p, cases[i].key, c);
        assert_int_equal(rk_json_len(p), rk_json_len(o) + 1);
    }
    assert_false(rk_json_remove(NULL, NULL));
    assert_false(rk_json_unset(NULL, "a"));
}

static void a_copy_shares_nothing(void **state)
{
    (void)state;
    cJSON *o = read_text("{\"a\":[1,{\"b\":\"x\"}]}");
    cJSON *copy = rk_json_copy(&arena, o);
    rk_json_set(&arena, rk_json_at(rk_json_get(o, "a"), 1), "b", rk_json_int(&arena, 2));
    expect(copy, "{\"a\":[1,{\"b\":\"x\"}]}");
    expect(o, "{\"a\":[1,{\"b\":2}]}");
    assert_null(rk_json_copy(&arena, NULL));
}

static void a_mark_moves_with_its_node_and_no_copy_has_it(void **state)
{
    (void)state;
    cJSON *v = read_text("{\"a\":{\"b\":1},\"c\":2}");
    cJSON *a = rk_json_get(v, "a");
    assert_int_equal(rk_json_mark_of(a), 0);
    rk_json_mark(a, 7);
    rk_json_mark(rk_json_get(a, "b"), -3);
    assert_int_equal(rk_json_mark_of(rk_json_get(rk_json_copy(&arena, v), "a")), 0);
    assert_true(rk_json_remove(v, a));
    rk_json_set(&arena, v, "c", a);
    assert_int_equal(rk_json_mark_of(rk_json_get(v, "c")), 7);
    assert_int_equal(rk_json_mark_of(rk_json_get(rk_json_get(v, "c"), "b")), -3);
    expect(v, "{\"c\":{\"b\":1}}"); /* a number is still its text */
}

static void reading_what_is_absent_gives_the_default(void **state)
{
    (void)state;
    int64_t n = 7;
    cJSON *o = read_text("{\"a\":[1],\"s\":\"x\"}");
    assert_null(rk_json_get(NULL, "a"));
    assert_null(rk_json_get(rk_json_get(o, "s"), "a"));
    assert_null(rk_json_get(o, "S"));
    assert_null(rk_json_at(o, 0));
    assert_null(rk_json_at(rk_json_get(o, "a"), 1));
    assert_non_null(rk_json_at(rk_json_get(o, "a"), 0));
    assert_int_equal(rk_json_len(NULL), 0);
    assert_int_equal(rk_json_len(rk_json_get(o, "s")), 0);
    assert_string_equal(rk_json_str(NULL, "d"), "d");
    assert_string_equal(rk_json_str(o, "d"), "d");
    assert_string_equal(rk_json_str(rk_json_get(o, "s"), "d"), "x");
    assert_null(rk_json_num_text(rk_json_get(o, "s")));
    assert_false(rk_json_int64(NULL, &n));
    assert_false(rk_json_int64(rk_json_get(o, "s"), &n));
    assert_int_equal(n, 7);
    assert_false(rk_json_is_object(NULL));
    assert_false(rk_json_is_null(NULL));
}

static void types_have_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", "object"},    {"[]", "array"},      {"\"\"", "string"}, {"1e5", "number"},
        {"true", "boolean"}, {"false", "boolean"}, {"null", "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(rk_json_type_name(read_text(cases[i][0])), cases[i][1]);
    assert_string_equal(rk_json_type_name(NULL), "absent");
    assert_true(rk_json_is_bool(read_text("false")));
    assert_true(rk_json_is_null(read_text("null")));
    assert_true(rk_json_is_number(read_text("1")));
    assert_true(rk_json_is_string(read_text("\"\"")));
    assert_true(rk_json_is_array(read_text("[]")));
}

static void integers_are_read_from_any_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"0.000", true, 0},
        {"0e99999999999999999999", true, 0},
        {"1", true, 1},
        {"-17", true, -17},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"1E+3", true, 1000},
        {"1.5e1", true, 15},
        {"1500e-2", true, 15},
        {"0.0012e4", true, 12},
        {"1000000000000000000000e-3", true, 1000000000000000000},
        {"100.00", true, 100},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9.223372036854775807e18", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551617", false, 0},
        {"1.5", false, 0},
        {"1e-1", false, 0},
        {"15e-1", false, 0},
        {"1e19", false, 0},
        {"1e18", true, 1000000000000000000},
        {"1e99999999999999999999", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"1e9223372036854775807", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t n = 42;
        bool ok = rk_json_int64(read_text(cases[i].text), &n);
        if (ok != cases[i].ok)
            print_error("%s\n", cases[i].text);
        assert_int_equal(ok, cases[i].ok);
        assert_true(n == (ok ? cases[i].value : 42));
    }
}

static void printing_stops_at_the_bound(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 10);
    assert_int_equal(rk_json_print(read_text("[1,2,3]"), &b), 0);
    assert_int_equal(rk_json_print(read_text("[1,2,3]"), &b), RK_E_LIMIT);
    rk_buf_done(&b);
}

static void pretty_text_is_indented_by_two(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 1000);
    assert_int_equal(rk_json_print_pretty(read_text("{\"a\":[1,{}],\"b\":{\"c\":[]}}"), &b), 0);
    assert_string_equal(rk_buf_text(&b),
                        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}");
    rk_buf_done(&b);
}

static void escaping_gives_json_whatever_the_bytes(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 1000);
    rk_json_escape(&b, "a\0\x01\"\\/\xff\xc3\xa4\xe2\x82", 11);
    assert_string_equal(rk_buf_text(&b),
                        "\"a\\u0000\\u0001\\\"\\\\/\\ufffd\xc3\xa4\\ufffd\\ufffd\"");
    rk_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nodes_print_as_made),
        T(set_replaces_in_place_or_appends),
        T(unset_and_remove_keep_the_list_whole),
        T(a_copy_shares_nothing),
        T(a_mark_moves_with_its_node_and_no_copy_has_it),
        T(reading_what_is_absent_gives_the_default),
        T(types_have_names),
        T(integers_are_read_from_any_spelling),
        T(printing_stops_at_the_bound),
        T(pretty_text_is_indented_by_two),
        T(escaping_gives_json_whatever_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
