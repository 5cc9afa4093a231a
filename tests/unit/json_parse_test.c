/* core/json/parse*.c: what is read, what is refused, and where an error is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/json.h"

#include "tests/unit/arena_kit.h"

static void accepted_documents_come_back_as_written(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", "{}"},
        {" [ ] \n", "[]"},
        {"null", "null"},
        {"true", "true"},
        {"false", "false"},
        {"\"\"", "\"\""},
        {"0", "0"},
        {"-0", "-0"},
        {"1.50", "1.50"},
        {"9007199254740993", "9007199254740993"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"1E+400", "1E+400"},
        {"[1,-2.5e-3 ,3]", "[1,-2.5e-3,3]"},
        {"{\"b\":1,\"a\":[true,null,{\"\":\"x\"}]}", "{\"b\":1,\"a\":[true,null,{\"\":\"x\"}]}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0041\\u00e4\\u20ac\\ud83d\\ude00\"", "\"A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\"\\u001f\x7f\"", "\"\\u001f\x7f\""},
        {"\"long enough for a whole word \\u0041 and more after it\"",
         "\"long enough for a whole word A and more after it\""},
        {"{\"A\":1,\"a\":2}", "{\"A\":1,\"a\":2}"},
        {"{\"k\":{\"k\":{\"k\":1}}}", "{\"k\":{\"k\":{\"k\":1}}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *v = NULL;
        struct rk_err err = RK_ERR_INIT;
        int r = rk_json_parse(&arena, cases[i][0], strlen(cases[i][0]), NULL, &v, &err);
        if (r != 0)
            print_error("%s: %s\n", cases[i][0], err.text);
        assert_int_equal(r, 0);
        assert_string_equal(rk_json_text(&arena, v), cases[i][1]);
    }
}

static void refused_documents_name_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "line 1 column 1: expected a value, found the end of the text"},
        {"  \n ", "line 2 column 2: expected a value, found the end of the text"},
        {"{} x", "line 1 column 4: expected nothing behind the document, found 'x'"},
        {"[1]\n[2]", "line 2 column 1: expected nothing behind the document, found '['"},
        {"01", "line 1 column 1: number with a leading zero"},
        {"[-]", "line 1 column 2: '-' without a digit"},
        {"[1.]", "line 1 column 2: number without a digit behind the point"},
        {"[.5]", "line 1 column 2: expected a value, found '.'"},
        {"[+1]", "line 1 column 2: expected a value, found '+'"},
        {"1e", "line 1 column 1: number without a digit in the exponent"},
        {"NaN", "line 1 column 1: expected a value, found 'N'"},
        {"[-Infinity]", "line 1 column 2: '-' without a digit"},
        {"nul", "line 1 column 1: expected a value, found 'n'"},
        {"True", "line 1 column 1: expected a value, found 'T'"},
        {"nullx", "line 1 column 5: expected nothing behind the document, found 'x'"},
        {"\"a\nb\"", "line 1 column 3: control character in a string (it must be escaped)"},
        {"\"abc", "line 1 column 1: string without an end"},
        {"\"abc\\", "line 1 column 5: unknown escape in a string"},
        {"\"\\x41\"", "line 1 column 2: unknown escape in a string"},
        {"\"\\u12g4\"", "line 1 column 2: \\u needs four hexadecimal digits"},
        {"\"\\u0000\"", "line 1 column 2: \\u0000 in a string"},
        {"\"\\ud800\"", "line 1 column 2: high surrogate without a low one"},
        {"\"\\ud800\\u0041\"", "line 1 column 2: high surrogate without a low one"},
        {"\"\\udc00\"", "line 1 column 2: low surrogate without a high one"},
        {"\"\xc3\xa4\xff\"", "line 1 column 3: bad UTF-8 in a string"},
        {"\"\xc0\x80\"", "line 1 column 2: bad UTF-8 in a string"},
        {"\"\xed\xa0\x80\"", "line 1 column 2: bad UTF-8 in a string"},
        {"\"\xf4\x90\x80\x80\"", "line 1 column 2: bad UTF-8 in a string"},
        {"\"\xe2\x82", "line 1 column 2: bad UTF-8 in a string"},
        {"\xef\xbb\xbf{}", "line 1 column 1: expected a value, found byte 0xef"},
        {"// no\n{}", "line 1 column 1: expected a value, found '/'"},
        {"{\"a\":1,}", "line 1 column 8: expected a key in quotes, found '}'"},
        {"[1,]", "line 1 column 4: expected a value, found ']'"},
        {"[1 2]", "line 1 column 4: expected ',' or ']', found '2'"},
        {"{\"a\" 1}", "line 1 column 6: expected ':', found '1'"},
        {"{\"a\":1 \"b\":2}", "line 1 column 8: expected ',' or '}', found '\"'"},
        {"{a:1}", "line 1 column 2: expected a key in quotes, found 'a'"},
        {"{\n \"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2}}", "line 3 column 16: duplicate key \"c\""},
        {"{\"a\":1,\"\\u0061\":2}", "line 1 column 8: duplicate key \"a\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *v = NULL;
        struct rk_err err = RK_ERR_INIT;
        int r = rk_json_parse(&arena, cases[i].text, strlen(cases[i].text), NULL, &v, &err);
        assert_int_equal(r, RK_E_SYNTAX);
        assert_string_equal(err.text, cases[i].error);
        assert_null(v);
        assert_int_equal(
            rk_json_parse(&arena, cases[i].text, strlen(cases[i].text), NULL, &v, NULL),
            RK_E_SYNTAX);
    }
}

static void a_nul_byte_is_no_end_of_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}\0{}", "\"a\0b\"", "[1,\0]", "12\0"};
    static const size_t lengths[] = {5, 5, 5, 3};
    for (size_t i = 0; i < 4; i++) {
        cJSON *v = NULL;
        assert_int_equal(rk_json_parse(&arena, texts[i], lengths[i], NULL, &v, NULL), RK_E_SYNTAX);
    }
}

static void every_prefix_of_a_document_is_refused(void **state)
{
    (void)state;
    const char text[] =
        "{\"a\":[1.5e3,\"x\\u00e4\\ud83d\\ude00\xc3\xa4\",true,false,null,{\"b\":{}}]}";
    cJSON *v = NULL;
    for (size_t n = 0; n < sizeof text - 1; n++)
        assert_int_equal(rk_json_parse(&arena, text, n, NULL, &v, NULL), RK_E_SYNTAX);
    assert_int_equal(rk_json_parse(&arena, text, sizeof text - 1, NULL, &v, NULL), 0);
}

static void limits_are_errors_of_their_own(void **state)
{
    (void)state;
    struct rk_json_limits lim = {.bytes = 20, .nodes = 4, .depth = 3};
    struct rk_err err = RK_ERR_INIT;
    cJSON *v = NULL;
    assert_int_equal(rk_json_parse(&arena, "[[[]]]", 6, &lim, &v, &err), 0);
    assert_int_equal(rk_json_parse(&arena, "[[[[]]]]", 8, &lim, &v, &err), RK_E_LIMIT);
    assert_string_equal(err.text, "line 1 column 4: nested deeper than 3");
    assert_int_equal(rk_json_parse(&arena, "[1,2,3]", 7, &lim, &v, &err), 0);
    assert_int_equal(rk_json_parse(&arena, "[1,2,3,4]", 9, &lim, &v, &err), RK_E_LIMIT);
    assert_string_equal(err.text, "line 1 column 8: more than 4 values");
    assert_int_equal(rk_json_parse(&arena, "[                     ]", 23, &lim, &v, &err),
                     RK_E_LIMIT);
    assert_string_equal(err.text, "23 bytes of JSON, at most 20 are read");
}

/* {"k0":0,...,"k<n-1>":0} with one more member in front of the end. */
static void many_keys(struct rk_buf *b, unsigned n, const char *last)
{
    (void)rk_buf_addc(b, '{');
    for (unsigned i = 0; i < n; i++)
        (void)rk_buf_addf(b, "\"k%u\":0,", i);
    (void)rk_buf_addf(b, "\"%s\":0}", last);
    assert_false(b->full);
}

static void duplicates_are_found_at_any_size(void **state)
{
    (void)state;
    static const unsigned sizes[] = {1, 15, 16, 17, 100, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct rk_buf b;
        struct rk_err err = RK_ERR_INIT;
        cJSON *v = NULL;
        rk_buf_init(&b, (size_t)4 << 20);
        many_keys(&b, sizes[i], "other");
        assert_int_equal(rk_json_parse(&arena, rk_buf_text(&b), b.len, NULL, &v, &err), 0);
        assert_int_equal(rk_json_len(v), sizes[i] + 1);
        rk_buf_clear(&b);
        many_keys(&b, sizes[i], "k0");
        assert_int_equal(rk_json_parse(&arena, rk_buf_text(&b), b.len, NULL, &v, &err),
                         RK_E_SYNTAX);
        assert_non_null(strstr(err.text, "duplicate key \"k0\""));
        rk_buf_done(&b);
    }
}

static void an_error_text_shows_a_key_escaped_and_cut(void **state)
{
    (void)state;
    struct rk_err err = RK_ERR_INIT;
    cJSON *v = NULL;
    const char *text = "{\"a\\nb\":1,\"a\\nb\":2}";
    assert_int_equal(rk_json_parse(&arena, text, strlen(text), NULL, &v, &err), RK_E_SYNTAX);
    assert_string_equal(err.text, "line 1 column 11: duplicate key \"a\\nb\"");
    char key[300];
    memset(key, 'x', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    text = rk_arena_fmt(&arena, "{\"%s\":1,\"%s\":2}", key, key);
    assert_int_equal(rk_json_parse(&arena, text, strlen(text), NULL, &v, &err), RK_E_SYNTAX);
    assert_true(strlen(err.text) < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(accepted_documents_come_back_as_written),
        T(refused_documents_name_line_and_column),
        T(a_nul_byte_is_no_end_of_text),
        T(every_prefix_of_a_document_is_refused),
        T(limits_are_errors_of_their_own),
        T(duplicates_are_found_at_any_size),
        T(an_error_text_shows_a_key_escaped_and_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
