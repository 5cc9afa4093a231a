/* core/json/schema.c: which fields a schema keeps, and what differs between two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/schema.h"

#include "tests/unit/arena_kit.h"

static cJSON *read_text(const char *text)
{
    cJSON *v = NULL;
    assert_int_equal(rk_json_parse(&arena, text, strlen(text), NULL, &v, NULL), 0);
    return v;
}

static const char things[] =
    "{\"type\":\"object\",\"properties\":{"
    "\"spec\":{\"type\":\"object\",\"properties\":{"
    "\"groups\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"hosts\":{\"type\":\"integer\"}}}},"
    "\"labels\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}},"
    "\"loose\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,\"properties\":{\"b\":{\"type\":\"object\"}}},"
    "\"grid\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"x\":{}}}}}"
    "}}}}";

static void a_path_is_followed_through_lists_and_maps(void **state)
{
    (void)state;
    const cJSON *schema = read_text(things);
    static const char *const there[] = {"spec",
                                        "spec.groups",
                                        "spec.groups[]",
                                        "spec.groups[].hosts",
                                        "spec.labels.*",
                                        "spec.labels.*.a",
                                        "spec.loose.b",
                                        "spec.loose.other.deep",
                                        "spec.loose.list[].x",
                                        "spec.grid[][].x",
                                        ""};
    static const char *const not_there[] = {"status",
                                            "spec.group",
                                            "spec.groups.hosts",
                                            "spec.groups[].host",
                                            "spec.labels.a",
                                            "spec.labels.*.b",
                                            "spec.loose.b.c",
                                            "spec.groups[][].hosts",
                                            "spec.groups[].hosts.deep"};
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        if (!rk_schema_has(schema, rk_span_of(there[i])))
            fail_msg("%s is there", there[i]);
    for (size_t i = 0; i < sizeof not_there / sizeof not_there[0]; i++)
        if (rk_schema_has(schema, rk_span_of(not_there[i])))
            fail_msg("%s is not there", not_there[i]);
    assert_false(rk_schema_has(NULL, rk_span_of("spec")));
    assert_false(rk_schema_has(read_text("7"), rk_span_of("spec")));
    assert_false(rk_schema_has(read_text("{\"properties\":[1]}"), rk_span_of("spec")));
}

static struct rk_buf told;

static void tell(void *ctx, const struct rk_schema_change *c)
{
    (void)ctx;
    (void)rk_buf_addf(&told, "%c%s%s", "+-~"[c->what], c -> kept ? "(kept)" : "", c->path);
    if (c->what == RK_SCHEMA_CHANGED)
        (void)rk_buf_addf(&told, ":%s=%s>%s", c->word, c->from ? rk_json_text(&arena, c->from) : "",
                          c->to ? rk_json_text(&arena, c->to) : "");
    (void)rk_buf_addc(&told, ' ');
}

static const char *changes(const char *from, const char *to)
{
    rk_buf_clear(&told);
    rk_schema_compare(read_text(from), read_text(to), tell, NULL);
    return rk_buf_text(&told);
}

static void what_differs_is_told_by_path_and_nothing_below_what_is_new(void **state)
{
    (void)state;
    rk_buf_init(&told, 1u << 16);
    assert_string_equal(changes(things, things), "");
    assert_string_equal(
        changes("{\"properties\":{\"a\":{\"type\":\"string\",\"description\":\"x\"}}}",
                "{\"properties\":{\"a\":{\"type\":\"string\",\"description\":\"y\"}}}"),
        "");
    assert_string_equal(
        changes(
            "{\"properties\":{\"a\":{},\"b\":{\"type\":\"string\",\"minLength\":1}}}",
            "{\"properties\":{\"b\":{\"type\":\"integer\",\"default\":1.0},\"c\":{\"properties\":{\"d\":{}}}}}"),
        "~b:type=\"string\">\"integer\" ~b:default=>1.0 ~b:minLength=1> +c -a ");
    assert_string_equal(
        changes(
            "{\"properties\":{\"l\":{\"items\":{\"properties\":{\"m\":{\"additionalProperties\":{\"properties\":{}}}}}}}}",
            "{\"properties\":{\"l\":{\"items\":{\"properties\":{\"m\":{\"additionalProperties\":{\"properties\":{\"n\":{}}}}}}}}}"),
        "+l[].m.*.n ");
    assert_string_equal(
        changes("{\"x-kubernetes-preserve-unknown-fields\":true}",
                "{\"x-kubernetes-preserve-unknown-fields\":true,\"properties\":{\"a\":{}}}"),
        "+(kept)a ");
    assert_string_equal(changes("{\"items\":true}", "{\"items\":{\"type\":\"string\"}}"),
                        "~:items=true>{\"type\":\"string\"} ");
    assert_string_equal(
        changes("{\"properties\":{\"l\":{\"items\":{}},\"m\":{}}}",
                "{\"properties\":{\"l\":{},\"m\":{\"additionalProperties\":{\"properties\":{}}}}}"),
        "-l[] +m.* ");
    assert_string_equal(changes("{\"x-kubernetes-preserve-unknown-fields\":true}",
                                "{\"x-kubernetes-preserve-unknown-fields\":true,\"items\":{}}"),
                        "+(kept)[] ");
    assert_string_equal(changes("7", "{}"), "");
    rk_buf_done(&told);
}

static void what_is_too_deep_or_too_long_is_left_out_and_the_rest_told(void **state)
{
    struct rk_buf deep;
    char text[200];
    (void)state;
    rk_buf_init(&deep, 1u << 16);
    rk_buf_init(&told, 1u << 16);
    for (int i = 0; i < 100; i++)
        (void)rk_buf_adds(&deep, "{\"properties\":{\"a\":");
    (void)rk_buf_adds(&deep, "{}");
    for (int i = 0; i < 100; i++)
        (void)rk_buf_adds(&deep, ",\"z\":{}}}");
    struct rk_json_limits limits = {1u << 20, 10000, 512};
    cJSON *to = NULL, *from = NULL;
    assert_int_equal(rk_json_parse(&arena, rk_buf_text(&deep), deep.len, &limits, &to, NULL), 0);
    from = rk_json_copy(&arena, to);
    rk_json_unset(rk_json_get(from, "properties"), "z");
    rk_schema_compare(from, to, tell, NULL);
    assert_string_equal(rk_buf_text(&told), "+z ");
    /* What stands beside the first that is too deep has its own path. */
    cJSON *last = rk_json_get(from, "properties");
    rk_buf_clear(&told);
    rk_buf_clear(&deep);
    (void)rk_buf_addc(&deep, '+');
    for (int i = 0; i < 64; i++) {
        last = rk_json_get(rk_json_get(last, "a"), "properties");
        (void)rk_buf_adds(&deep, "a.");
    }
    rk_json_unset(last, "z");
    (void)rk_buf_adds(&deep, "z +z ");
    rk_schema_compare(from, to, tell, NULL);
    assert_string_equal(rk_buf_text(&told), rk_buf_text(&deep));
    memset(text, 'n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rk_buf_clear(&deep);
    for (int i = 0; i < 8; i++)
        (void)rk_buf_addf(&deep, "{\"properties\":{\"%s\":", text);
    (void)rk_buf_adds(&deep, "{\"type\":\"string\"}");
    for (int i = 0; i < 8; i++)
        (void)rk_buf_adds(&deep, "}}");
    char *other = rk_arena_strdup(&arena, rk_buf_text(&deep));
    memcpy(strstr(other, "string"), "number", 6);
    assert_string_equal(changes(rk_buf_text(&deep), other), "");
    rk_buf_done(&deep);
    rk_buf_done(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_path_is_followed_through_lists_and_maps),
        T(what_differs_is_told_by_path_and_nothing_below_what_is_new),
        T(what_is_too_deep_or_too_long_is_left_out_and_the_rest_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
