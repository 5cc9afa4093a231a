/* YAML in: typed as the Kubernetes tools type it. The scalar table is what sigs.k8s.io/yaml
 * v1.6.0 (go.yaml.in/yaml/v2) answered; numbers are compared by value, for ours keep the digits.
 * YAML out: whatever is printed reads back as the same tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/yaml.h"

#include "tests/unit/arena_kit.h"

/* All documents as minified JSON, one a line; or "error: text". */
static const char *read_n(const char *text, size_t n)
{
    struct rk_yaml_doc *doc = NULL;
    size_t count = 99;
    struct rk_err err = RK_ERR_INIT;
    int rc = rk_yaml_parse(&arena, "f.yaml", text, n, &doc, &count, &err);
    if (rc < 0) {
        assert_int_equal(rc, err.code);
        assert_null(doc);
        return rk_arena_fmt(&arena, "error%s: %s", rc == RK_E_LIMIT ? " limit" : "", err.text);
    }
    const char *all = "";
    for (size_t i = 0; i < count; i++)
        all = rk_arena_fmt(&arena, "%s%s%s", all, i ? "\n" : "", rk_json_text(&arena, doc[i].root));
    return all;
}

static void reads_as(const char *text, const char *want)
{
    assert_string_equal(read_n(text, strlen(text)), want);
}

static void is_error(const char *text, const char *part)
{
    const char *got = read_n(text, strlen(text));
    if (strncmp(got, "error", 5) != 0 || strstr(got, part) == NULL)
        fail_msg("%s\nwanted an error with \"%s\"\ngot %s", text, part, got);
}

static const struct {
    const char *scalar, *json; /* json NULL = an error */
} scalars[] = {
    {"y", "true"},
    {"Y", "true"},
    {"n", "false"},
    {"N", "false"},
    {"yes", "true"},
    {"Yes", "true"},
    {"YES", "true"},
    {"no", "false"},
    {"No", "false"},
    {"NO", "false"},
    {"on", "true"},
    {"On", "true"},
    {"ON", "true"},
    {"off", "false"},
    {"Off", "false"},
    {"OFF", "false"},
    {"true", "true"},
    {"True", "true"},
    {"TRUE", "true"},
    {"false", "false"},
    {"False", "false"},
    {"FALSE", "false"},
    {"yEs", "\"yEs\""},
    {"tRUE", "\"tRUE\""},
    {"oN", "\"oN\""},
    {"nO", "\"nO\""},
    {"~", "null"},
    {"null", "null"},
    {"Null", "null"},
    {"NULL", "null"},
    {"nULL", "\"nULL\""},
    {"None", "\"None\""},
    {"nil", "\"nil\""},
    {"--", "\"--\""},
    {"+", "\"+\""},
    {".", "\".\""},
    {"..", "\"..\""},
    {"...", "\"...\""},
    {"=", "\"=\""},
    {"<", "\"<\""},
    {"0", "0"},
    {"1", "1"},
    {"-1", "-1"},
    {"+1", "1"},
    {"00", "0"},
    {"01", "1"},
    {"007", "7"},
    {"010", "8"},
    {"017", "15"},
    {"0o17", "15"},
    {"0O17", "15"},
    {"0o8", "\"0o8\""},
    {"0o", "\"0o\""},
    {"-0o17", "-15"},
    {"+0o17", "15"},
    {"08", "8"},
    {"09", "9"},
    {"018", "18"},
    {"-017", "-15"},
    {"+017", "15"},
    {"0x10", "16"},
    {"0X10", "16"},
    {"0xff", "255"},
    {"0xFF", "255"},
    {"0x", "\"0x\""},
    {"-0x1F", "-31"},
    {"+0x1F", "31"},
    {"0xg", "\"0xg\""},
    {"0b101", "5"},
    {"0B101", "5"},
    {"0b", "\"0b\""},
    {"-0b101", "-5"},
    {"+0b101", "5"},
    {"0b2", "\"0b2\""},
    {"0b102", "\"0b102\""},
    {"1_000", "1000"},
    {"1__0", "10"},
    {"_1", "\"_1\""},
    {"1_", "1"},
    {"0x_1F", "31"},
    {"0_8", "8"},
    {"1_000.5", "1000.5"},
    {"1_0e1_0", "100000000000"},
    {"-_1", "-1"},
    {"0b1_0", "2"},
    {"0o_7", "7"},
    {"-0", "0"},
    {"+0", "0"},
    {"-0.0", "-0"},
    {"+0.0", "0"},
    {"0.0", "0"},
    {"0.", "0"},
    {".0", "0"},
    {"1.", "1"},
    {"1.0", "1"},
    {"1.5", "1.5"},
    {"1.50", "1.5"},
    {"-1.5", "-1.5"},
    {"+1.5", "1.5"},
    {".5", "0.5"},
    {"-.5", "-0.5"},
    {"+.5", "0.5"},
    {"00.5", "0.5"},
    {"012.5", "12.5"},
    {"1.e3", "1000"},
    {"1e3", "1000"},
    {"1E3", "1000"},
    {"1e+3", "1000"},
    {"1e-3", "0.001"},
    {"1.5e3", "1500"},
    {"-1e3", "-1000"},
    {"+1e3", "1000"},
    {".5e1", "5"},
    {"012e3", "12000"},
    {"1e", "\"1e\""},
    {"1e+", "\"1e+\""},
    {"1.5.2", "\"1.5.2\""},
    {"1..2", "\"1..2\""},
    {"e3", "\"e3\""},
    {"1e3.5", "\"1e3.5\""},
    {"0x1p3", "\"0x1p3\""},
    {"0x1.8", "\"0x1.8\""},
    {".5_0", "0.5"},
    {"5_.5", "5.5"},
    {"1.2.3", "\"1.2.3\""},
    {"v1.2", "\"v1.2\""},
    {"1.2.3.4", "\"1.2.3.4\""},
    {"10.0.0.1", "\"10.0.0.1\""},
    {"9223372036854775807", "9223372036854775807"},
    {"9223372036854775808", "9223372036854775808"},
    {"18446744073709551615", "18446744073709551615"},
    {"18446744073709551616", "18446744073709551616"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"-9223372036854775809", "-9223372036854775809"},
    {"123456789012345678901234567890", "123456789012345678901234567890"},
    {"0xffffffffffffffff", "18446744073709551615"},
    {"0x10000000000000000", "\"0x10000000000000000\""},
    {"-0x8000000000000000", "-9223372036854775808"},
    {"-0x8000000000000001", "\"-0x8000000000000001\""},
    {"01777777777777777777777", "18446744073709551615"},
    {"02000000000000000000000", "2e+21"},
    {"1e400", "\"1e400\""},
    {"-1e400", "\"-1e400\""},
    {"1e308", "1e+308"},
    {"1e-400", "0"},
    {".5e400", "\".5e400\""},
    {".inf", NULL},
    {".Inf", NULL},
    {".INF", NULL},
    {"+.inf", NULL},
    {"-.inf", NULL},
    {"-.INF", NULL},
    {".iNF", "\".iNF\""},
    {".nan", NULL},
    {".NaN", NULL},
    {".NAN", NULL},
    {".Nan", "\".Nan\""},
    {"inf", "\"inf\""},
    {"nan", "\"nan\""},
    {"+inf", "\"+inf\""},
    {"-inf", "\"-inf\""},
    {"NaN", "\"NaN\""},
    {"Infinity", "\"Infinity\""},
    {"2001-01-01", "\"2001-01-01\""},
    {"2001-1-1", "\"2001-1-1\""},
    {"2001-01-01T00:00:00Z", "\"2001-01-01T00:00:00Z\""},
    {"2026-13-01", "\"2026-13-01\""},
    {"2001-01-", "\"2001-01-\""},
    {"1:30", "\"1:30\""},
    {"1:30:00", "\"1:30:00\""},
    {"12:30", "\"12:30\""},
    {"190:20:30", "\"190:20:30\""},
    {"20:30.5", "\"20:30.5\""},
    {"1,000", "\"1,000\""},
    {"1,5", "\"1,5\""},
    {"500m", "\"500m\""},
    {"1Gi", "\"1Gi\""},
    {"100m", "\"100m\""},
    {"1k", "\"1k\""},
    {"0.5Gi", "\"0.5Gi\""},
    {"1e3m", "\"1e3m\""},
    {"1G", "\"1G\""},
    {"4%", "\"4%\""},
    {"1.5Gi", "\"1.5Gi\""},
    {"2d", "\"2d\""},
    {"0xZ", "\"0xZ\""},
    {"1-2", "\"1-2\""},
    {"1/2", "\"1/2\""},
    {"a", "\"a\""},
    {"abc", "\"abc\""},
    {"foo-bar", "\"foo-bar\""},
    {"foo.bar", "\"foo.bar\""},
    {"foo:bar", "\"foo:bar\""},
    {"http://x:80/y", "\"http://x:80/y\""},
    {"a#b", "\"a#b\""},
    {"x=1", "\"x=1\""},
    {"<<", "\"<<\""},
    {"a b", "\"a b\""},
    {"yes no", "\"yes no\""},
    {"1 2", "\"1 2\""},
    {"2001-12-14 21:59:43", "\"2001-12-14 21:59:43\""},
    {"", "null"},
};

static void plain_scalars_have_the_types_that_the_tools_see(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        const char *text = rk_arena_fmt(&arena, "a: %s\n", scalars[i].scalar),
                   *want = scalars[i].json;
        const char *got = read_n(text, strlen(text));
        if (want == NULL) {
            assert_int_equal(strncmp(got, "error: f.yaml:1:4: ", 19), 0);
            continue;
        }
        char shown[256] = "";
        (void)sscanf(got, "{\"a\":%255[^}]", shown); /* what does not match is shown empty */
        bool number = want[0] == '-' || (want[0] >= '0' && want[0] <= '9');
        bool same = number ? shown[0] != '"' && strtod(shown, NULL) == strtod(want, NULL)
                           : strcmp(shown, want) == 0;
        if (number && strpbrk(want, ".eE") == NULL && strpbrk(shown, ".eE") == NULL)
            same = strcmp(shown, want) == 0;
        if (!same || (number && shown[0] == '\0'))
            fail_msg("%s: got %s, want %s", scalars[i].scalar, got, want);
    }
}

static void integers_are_exact_and_floats_keep_their_digits(void **state)
{
    (void)state;
    reads_as(
        "[ 1.50, .5, 1., -.5e3, 012.50, +1.0, 1_0.0_1, 9007199254740993, 123456789012345678901, 0xFFFFFFFFFFFFFFFF ]",
        "[1.50,0.5,1,-0.5e3,12.50,1.0,10.01,9007199254740993,123456789012345678901,18446744073709551615]");
    reads_as("a: !!float 1\n", "{\"a\":1}");
}

static void keys_are_typed_and_become_texts(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text;
    } t[] = {
        {"1.0e10", "1e+10"},
        {"0.1", "0.1"},
        {"1234567.5", "1.2345675e+06"},
        {"1234567.0", "1.234567e+06"},
        {"100000.0", "100000"},
        {"1e5", "100000"},
        {"1e6", "1e+06"},
        {"1e20", "1e+20"},
        {"1e22", "1e+22"},
        {"1.10", "1.1"},
        {"0.0001", "0.0001"},
        {"0.00001", "1e-05"},
        {"3.14159265358979", "3.1415927"},
        {"1e30", "1e+30"},
        {"16777217.0", "1.6777216e+07"},
        {"1e39", ".inf"},
        {"1e-50", "0"},
        {"-0", "0"},
        {"-0.0", "-0"},
        {"1_000", "1000"},
        {".nan", ".nan"},
        {".inf", ".inf"},
        {"-.inf", "-.inf"},
        {"yes", "true"},
        {"n", "false"},
        {"0x10", "16"},
        {"1", "1"},
        {"1.5", "1.5"},
        {"2001-01-01", "2001-01-01"},
        {"9223372036854775807", "9223372036854775807"},
        {"\"1.50\"", "1.50"},
        {"'y'", "y"},
        {"x", "x"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        reads_as(rk_arena_fmt(&arena, "%s: v\n", t[i].key),
                 rk_arena_fmt(&arena, "{\"%s\":\"v\"}", t[i].text));
    is_error("null: 1", "f.yaml:1:1: null as a key");
    is_error("~: 1", "null as a key");
    is_error("a: {? : 1}", "f.yaml:1:7: null as a key");
    is_error("? [1]\n: 1", "a sequence as a key");
    is_error("? {a: 1}\n: 1", "a mapping as a key");
}

static void quoted_and_tagged_scalars_are_what_they_say(void **state)
{
    (void)state;
    reads_as("[ 'y', \"1\", 'null', '', ! 1, !!str 1, !!str ~, !!str, 'it''s', \"a\\tb\\u00e9\" ]",
             "[\"y\",\"1\",\"null\",\"\",\"1\",\"1\",\"~\",\"\",\"it's\",\"a\\tb\xc3\xa9\"]");
    reads_as("[ !!int '1', !!bool \"yes\", !!null '', !!float 0x10, !!map {}, !!seq [] ]",
             "[1,true,null,16,{},[]]");
    reads_as("a: |\n  x\n  y\nb: >-\n  x\n  y\nc: |+\n  1\n\n",
             "{\"a\":\"x\\ny\\n\",\"b\":\"x y\",\"c\":\"1\\n\\n\"}");
    is_error("a: !!int x", "f.yaml:1:4: \"x\" is no !!int");
    is_error("a: !!int 1.5", "is no !!int");
    is_error("a: !foo x", "f.yaml:1:4: the tag !foo is not supported");
    is_error("a: !!binary aGVsbG8=", "binary is not supported");
    is_error("a: !!set {a}", "set is not supported");
    is_error("a: !!str [1]", "str is not supported for a sequence");
    is_error("a: !!map x", "map is not supported for a scalar");
    is_error("a: \"x\\0y\"", "f.yaml:1:4: a text with a NUL");
}

static void documents_are_told_apart_and_empty_ones_skipped(void **state)
{
    (void)state;
    reads_as("", "");
    reads_as("# only a comment\n", "");
    reads_as("---\n---\n# x\n---\na: 1\n...\n---\n- 2\n---\n", "{\"a\":1}\n[2]");
    reads_as("--- null\n--- ''\n", "null\n\"\"");
    reads_as("\xEF\xBB\xBF"
             "a: 1\r\nb: 2\r\n",
             "{\"a\":1,\"b\":2}");
    reads_as("%YAML 1.1\n---\na: 1\n", "{\"a\":1}");
    reads_as("a: &x 1\n---\na: 2\n", "{\"a\":1}\n{\"a\":2}");
    struct rk_yaml_doc *doc;
    size_t n;
    const char *text = "# head\n\na: 1\n---\n# more\nb: 2\n";
    assert_int_equal(rk_yaml_parse(&arena, "f", text, strlen(text), &doc, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_int_equal(doc[0].line, 3);
    assert_int_equal(doc[1].line, 4);
}

static void json_is_read_as_json_and_flow_yaml_still_works(void **state)
{
    (void)state;
    reads_as(" \n{\"a\":1E400,\"b\":[1.50,\"\\u0041\"]}\n", "{\"a\":1E400,\"b\":[1.50,\"A\"]}");
    reads_as("\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}");
    reads_as("{a: 1, b: [yes]}", "{\"a\":1,\"b\":[true]}");
    reads_as("{\"a\": 1}\n---\n{\"a\": 2}\n", "{\"a\":1}\n{\"a\":2}");
    is_error("{\"a\": 1,\n \"a\": 2}", "f.yaml:2:");
    is_error("\n{\"a\": 1", "f.yaml:2:");
}

static void doubled_keys_are_refused_with_their_place(void **state)
{
    (void)state;
    is_error("a: 1\nb: 2\n\"a\": 3\n", "f.yaml:3:1: key \"a\" is there twice");
    is_error("x:\n  yes: 1\n  true: 2\n", "f.yaml:3:3: key \"true\" is there twice");
    is_error("1: a\n'1': b\n", "key \"1\" is there twice");
    const char *text = "a: 0\n";
    for (int i = 0; i < 40; i++)
        text = rk_arena_fmt(&arena, "%sk%d: 0\n", text, i);
    is_error(rk_arena_fmt(&arena, "%sk39: 1\n", text), "f.yaml:42:1: key \"k39\" is there twice");
    is_error(rk_arena_fmt(&arena, "%sa: 1\n", text), "f.yaml:42:1: key \"a\" is there twice");
}

static void anchors_and_merge_keys_work(void **state)
{
    (void)state;
    reads_as("a: &x {p: 1}\nb: *x\nc: [*x, *x]\n",
             "{\"a\":{\"p\":1},\"b\":{\"p\":1},\"c\":[{\"p\":1},{\"p\":1}]}");
    reads_as("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}");
    reads_as("? &k key\n: *k\n*k2 : 1\n", "error: f.yaml:3:1: no anchor \"k2\" before this alias");
    reads_as("? &k key\n: *k\n", "{\"key\":\"key\"}");
    reads_as("a: &x k\n*x : 1\n", "{\"a\":\"k\",\"k\":1}");
    reads_as("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n",
             "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"p\":1}}");
    reads_as("a: &x {p: 1, q: 2}\nb:\n  q: 3\n  <<: *x\n",
             "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"p\":1}}");
    reads_as("{<<: [{a: 1, c: 5}, {a: 2, b: 3}], c: 4}", "{\"c\":4,\"a\":1,\"b\":3}");
    reads_as("{<<: {a: 1}, <<: {a: 2, b: 1}}", "{\"a\":1,\"b\":1}");
    reads_as("- {<<: &x {a: 1}}\n- *x\n", "[{\"a\":1},{\"a\":1}]");
    reads_as("\"<<\": {a: 1}", "{\"<<\":{\"a\":1}}");
    reads_as("!!str <<: {a: 1}", "{\"<<\":{\"a\":1}}");
    is_error("b:\n  <<: 1\n", "f.yaml:2:3: << takes a mapping or a list of mappings");
    is_error("<<: [{a: 1}, 2]", "<< takes");
    is_error("a: &x [*x]", "contains itself");
    is_error("a: &x {b: {c: *x}}", "contains itself");
    is_error("a: *x", "f.yaml:1:4: no anchor \"x\"");
    is_error("a: &x 1\n---\nb: *x", "f.yaml:3:4: no anchor");
}

static void bad_yaml_says_where(void **state)
{
    (void)state;
    is_error("a: 1\n\tb: 2\n", "f.yaml:2:1: ");
    is_error("a: b: c", "f.yaml:1:5: mapping values are not allowed");
    is_error("a: [1, 2\nb: 3\n", "f.yaml:2:");
    is_error("a:\n  - 1\n b: 2\n", "f.yaml:3:2: while parsing a block mapping from line 1");
    is_error("a: @x", "f.yaml:1:4: ");
    is_error("a: -", "f.yaml:1:4: ");
    is_error("a: 'x", "f.yaml:1:");
    is_error("a: \xff", "f.yaml:1:4: ");
    is_error("x: 1\nb: \x07", "f.yaml:2:4: control characters are not allowed (0x7)");
    assert_int_equal(strncmp(read_n("a: x\0y", 7), "error: f.yaml:1:5: control", 26), 0);
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    char *deep = rk_arena_alloc(&arena, 400);
    memset(deep, '[', 66);
    deep[0] = '-'; /* so that it does not look like JSON */
    deep[1] = ' ';
    memset(deep + 66, ']', 64);
    is_error(deep, "f.yaml:1:66: nested deeper than 64");
    memset(deep + 65, ']', 63);
    deep[128] = '\0';
    reads_as(deep, rk_arena_fmt(&arena, "[%.*s%.*s]", 63, deep + 2, 63, deep + 65));

    const char *bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c < 'i'; c++)
        bomb =
            rk_arena_fmt(&arena, "%s%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", bomb, c,
                         c, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    is_error(bomb, "aliases expand");
    assert_int_equal(strncmp(read_n(bomb, strlen(bomb)), "error limit", 11), 0);

    const char *nest = "a: &a [[[[[[[[[[1]]]]]]]]]]\n";
    for (char c = 'b'; c < 'i'; c++)
        nest = rk_arena_fmt(&arena, "%s%c: &%c [[[[[[[[[*%c]]]]]]]]]\n", nest, c, c, c - 1);
    is_error(nest, "or depth 64");

    char *text = rk_arena_alloc(&arena, 500000);
    for (size_t i = 0; i < 100001; i++)
        memcpy(text + i * 4, "- 1\n", 4);
    is_error(text, "more than 100000 nodes");
    text[4 * 99999] = '\0';
    assert_int_equal(strncmp(read_n(text, strlen(text)), "[1,1,", 5), 0);

    size_t many = 49000, n = 0; /* keys are looked up, not searched: this is quick */
    char *keys = rk_arena_alloc(&arena, many * 10);
    for (size_t i = 0; i < many; i++)
        n += (size_t)snprintf(keys + n, 11, "k%zu: 1\n", i);
    assert_int_equal(strncmp(read_n(keys, n), "{\"k0\":1,", 8), 0);

    char *huge = rk_arena_alloc(&arena, rk_json_default_limits.bytes + 2);
    memset(huge, ' ', rk_json_default_limits.bytes + 1);
    is_error(huge, "bytes, at most");
}

/* Out. */

static void prints_as(const char *json, const char *want)
{
    cJSON *v = NULL;
    struct rk_buf out;
    rk_buf_init(&out, 1 << 16);
    assert_int_equal(rk_json_parse(&arena, json, strlen(json), NULL, &v, NULL), 0);
    assert_int_equal(rk_yaml_print(v, &out), 0);
    if (want != NULL)
        assert_string_equal(rk_buf_text(&out), want);
    const char *back = rk_arena_fmt(&arena, "# not JSON\n%s", rk_buf_text(&out));
    struct rk_yaml_doc *doc;
    size_t n;
    struct rk_err err = RK_ERR_INIT;
    int rc = rk_yaml_parse(&arena, "printed", back, strlen(back), &doc, &n, &err);
    if (rc != 0 || n != 1 || !rk_json_equal(doc[0].root, v))
        fail_msg("%s\ndoes not come back (%s) from\n%s", json, err.text, back);
    rk_buf_done(&out);
}

static void trees_are_printed_in_block_style(void **state)
{
    (void)state;
    prints_as(
        "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"a\",\"args\":[\"x\",\"-y\"]}],\"num\":1.50,\"e\":{},\"l\":[],\"z\":null,\"t\":true}}",
        "kind: Pod\nspec:\n  containers:\n  - name: a\n    args:\n    - x\n    - -y\n  num: 1.50\n  e: {}\n  l: []\n"
        "  z: null\n  t: true\n");
    prints_as("{\"s\":\"#!/bin/sh\\necho a: b\\n\",\"t\":\"a\\nb\"}",
              "s: |\n  #!/bin/sh\n  echo a: b\nt: |-\n  a\n  b\n");
}

static void texts_that_look_like_something_else_are_quoted(void **state)
{
    (void)state;
    prints_as(
        "{\"a\":\"yes\",\"y\":\"1\",\"b\":\"\",\"c\":\"null\",\"d\":\"1:30\",\"e\":\"2001-01-01\",\"f\":\"0o17\",\"g\":\"<<\",\"h\":\"=\",\"i\":\".5\"}",
        "a: \"yes\"\n\"y\": \"1\"\nb: \"\"\nc: \"null\"\nd: \"1:30\"\ne: \"2001-01-01\"\nf: \"0o17\"\ng: \"<<\"\nh: \"=\"\ni: \".5\"\n");
    prints_as("{\"a\":\"500m\",\"b\":\"x: y\",\"c\":\"x #y\",\"d\":\"docker.io/a:1\"}",
              "a: 500m\nb: 'x: y'\nc: 'x #y'\nd: docker.io/a:1\n");
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        struct rk_buf json;
        rk_buf_init(&json, 1000);
        (void)rk_buf_adds(&json, "{\"k\":");
        rk_json_escape(&json, scalars[i].scalar, strlen(scalars[i].scalar));
        (void)rk_buf_addc(&json, ',');
        rk_json_escape(&json, scalars[i].scalar, strlen(scalars[i].scalar));
        (void)rk_buf_adds(&json, ":[1]}");
        prints_as(rk_buf_text(&json), NULL);
        rk_buf_done(&json);
    }
}

static void every_text_comes_back(void **state)
{
    (void)state;
    static const char *const bits[] = {
        " ",       "\\n",     "\\t",     "a",        ":",
        "#",       "-",       "'",       "\\\"",     "\\\\",
        "\\r",     "\\u0085", "\\u2028", "\xc3\xa9", "\xf0\x9f\x98\x80",
        "\\u0001", "\\ufeff", "{",       ",",        "%",
        "? ",      "---",     "|",       "&x",       "!",
        "\\u007f"};
    size_t n = sizeof bits / sizeof *bits;
    for (size_t i = 0; i < n * n * n; i++) {
        const char *s =
            rk_arena_fmt(&arena, "%s%s%s", bits[i % n], bits[i / n % n], bits[i / n / n]);
        prints_as(rk_arena_fmt(&arena, "{\"k\":[\"%s\"],\"x%s\":{\"%s\":\"%s\"}}", s, s, s, s),
                  NULL);
        prints_as(rk_arena_fmt(&arena, "\"%s\"", s), NULL);
        if (i % 1000 == 0)
            rk_arena_reset(&arena);
    }
    char longkey[400];
    memset(longkey, 'k', 399);
    longkey[399] = '\0';
    prints_as(rk_arena_fmt(&arena, "{\"%s\":\"%s %s\"}", longkey, longkey, longkey), NULL);
}

static void comments_stand_above_the_lines_of_their_values(void **state)
{
    (void)state;
    cJSON *v = NULL;
    struct rk_buf out;
    struct rk_err err = RK_ERR_INIT;
    static const char text[] = "{\"a\":{\"b\":[{\"c\":1,\"d\":\"x\\n# y\\nz\\n\"},{}]},\"e\":[]}";
    assert_int_equal(rk_json_parse(&arena, text, sizeof text - 1, NULL, &v, &err), 0);
    const cJSON *b = rk_json_get(rk_json_get(v, "a"), "b");
    const struct rk_yaml_note notes[] = {
        {v, "all\nof it"},
        {b, "a list"},
        {b->child, "its first"},
        {rk_json_get(b->child, "d"), "of three lines"},
        {rk_json_at(b, 1), "empty"},
        {rk_json_get(v, "e"), "the end"},
        {(const cJSON *)&arena, "of what is not there"},
    };
    rk_buf_init(&out, 10000);
    assert_int_equal(rk_yaml_print_noted(v, notes, 7, &out), 0);
    assert_string_equal(rk_buf_text(&out), "# all\n# of it\n"
                                           "a:\n"
                                           "  # a list\n"
                                           "  b:\n"
                                           "  # its first\n"
                                           "  - c: 1\n"
                                           "    # of three lines\n"
                                           "    d: |\n"
                                           "      x\n"
                                           "      # y\n"
                                           "      z\n"
                                           "  # empty\n"
                                           "  - {}\n"
                                           "# the end\n"
                                           "e: []\n");
    rk_buf_done(&out);
    rk_buf_init(&out, 10);
    assert_int_equal(rk_yaml_print_noted(v, notes, 7, &out), RK_E_LIMIT);
    rk_buf_done(&out);
}

/* What is behind a break of another kind would be a line of the document. */
static void a_comment_is_never_more_than_a_comment(void **state)
{
    (void)state;
    cJSON *v = NULL;
    struct rk_buf out;
    struct rk_err err = RK_ERR_INIT;
    static const char text[] = "{\"a\":1}";
    assert_int_equal(rk_json_parse(&arena, text, sizeof text - 1, NULL, &v, &err), 0);
    static const char *const odd[] = {
        "one\rb: 2",
        "one\r\nb: 2",
        "one\xC2\x85"
        "b: 2",
        "one\xE2\x80\xA8"
        "b: 2",
        "one\xE2\x80\xA9"
        "b: 2",
        "a bell \a, a \x7F",
        "\n\n",
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        const struct rk_yaml_note note = {v, odd[i]};
        rk_buf_init(&out, 10000);
        assert_int_equal(rk_yaml_print_noted(v, &note, 1, &out), 0);
        reads_as(rk_buf_text(&out), "{\"a\":1}");
        rk_buf_done(&out);
    }
}

static void a_full_buffer_is_an_error(void **state)
{
    (void)state;
    struct rk_buf out;
    rk_buf_init(&out, 10);
    assert_int_equal(rk_yaml_print(rk_json_string(&arena, "01234567890123456789"), &out),
                     RK_E_LIMIT);
    rk_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(plain_scalars_have_the_types_that_the_tools_see),
        T(integers_are_exact_and_floats_keep_their_digits),
        T(keys_are_typed_and_become_texts),
        T(quoted_and_tagged_scalars_are_what_they_say),
        T(documents_are_told_apart_and_empty_ones_skipped),
        T(json_is_read_as_json_and_flow_yaml_still_works),
        T(doubled_keys_are_refused_with_their_place),
        T(anchors_and_merge_keys_work),
        T(bad_yaml_says_where),
        T(what_is_too_much_is_refused),
        T(trees_are_printed_in_block_style),
        T(texts_that_look_like_something_else_are_quoted),
        T(every_text_comes_back),
        T(comments_stand_above_the_lines_of_their_values),
        T(a_comment_is_never_more_than_a_comment),
        T(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
