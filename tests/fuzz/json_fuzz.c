/* Fuzz target: documents. A byte 0x1e parts two of them. What is read must print, read back and compare as itself; a patch made from
 * two documents must turn the first into the second. */
#include <stdlib.h>
#include <string.h>

#include "core/json/json.h"
#include "tests/fuzz/fuzz.h"

const char *const rk_fuzz_seeds[] = {
    "{\"a\":[1,2.50,-0,1e3],\"b\":{\"c\":null,\"d\":true,\"e\":false},\"f\":\"x\\n\\u00e4\\ud83d\\ude00\xc3\xa4\"}",
    "{\"a\":1,\"b\":{\"c\":2,\"d\":[1]}}\x1e{\"b\":{\"d\":[1,2],\"c\":null},\"e\":1.0}",
    "{\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,\"k9\":9,\"ka\":1,\"kb\":2,\"kc\":3,\"kd\":4,"
    "\"ke\":5,\"kf\":6,\"kg\":7,\"kh\":8,\"ki\":9}\x1e{\"k2\":2,\"k1\":1,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,"
    "\"k9\":{\"x\":null},\"ka\":1,\"kb\":2,\"kc\":3,\"kd\":4,\"ke\":5,\"kf\":6,\"kg\":7,\"kh\":8,\"kj\":9}",
    "[[[[[[[[[[]]]]]]]]]]",
    " [ 0 , 9007199254740993 , 0.10 , 1E+400 , 1e-400 , 9223372036854775808 ] ",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001f\"",
    NULL,
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static cJSON *parse(struct rk_arena *a, const char *text, size_t n)
{
    cJSON *v = NULL;
    struct rk_err err = RK_ERR_INIT;
    int r = rk_json_parse(a, text, n, NULL, &v, &err);
    check(r == 0 || ((r == RK_E_SYNTAX || r == RK_E_LIMIT) && err.code == r &&
                     err.text[0] != '\0' && v == NULL));
    return v;
}

static void check_links(const cJSON *v)
{
    const cJSON *last = NULL;
    for (const cJSON *c = v->child; c; last = c, c = c->next) {
        check(!last || c->prev == last);
        check(rk_json_is_object(v) == (c->string != NULL));
        check_links(c);
    }
    check(!last || v->child->prev == last);
    int64_t n;
    if (rk_json_int64(v, &n)) {
        struct rk_arena a;
        rk_arena_init(&a, 0);
        check(rk_json_equal(v, rk_json_int(&a, n)));
        rk_arena_done(&a);
    }
}

static void check_one(struct rk_arena *a, const cJSON *v)
{
    check_links(v);
    const char *text = rk_json_text(a, v);
    const cJSON *again = parse(a, text, strlen(text));
    check(again && rk_json_equal(v, again) && rk_json_equal(again, v));
    check(strcmp(rk_json_text(a, again), text) == 0);
    check(strcmp(rk_json_digest(a, v), rk_json_digest(a, again)) == 0);
    check(rk_json_merge_diff(a, v, again) == NULL);
    const cJSON *copy = rk_json_copy(a, v);
    check_links(copy);
    check(rk_json_equal(copy, v));
    struct rk_buf pretty;
    rk_buf_init(&pretty, (size_t)64 << 20);
    if (rk_json_print_pretty(v, &pretty) == 0)
        check(rk_json_equal(parse(a, rk_buf_text(&pretty), pretty.len), v));
    rk_buf_done(&pretty);
}

static void check_two(struct rk_arena *a, const cJSON *from, const cJSON *to)
{
    const char *before = rk_json_text(a, from);
    const cJSON *patch = rk_json_merge_diff(a, from, to);
    cJSON *got = rk_json_merge_apply(a, from, patch);
    check_links(got);
    check(rk_json_merge_diff(a, got, to) == NULL);
    check(strcmp(rk_json_text(a, from), before) == 0);
    check(rk_json_equal(from, to) == rk_json_equal(to, from));
    check(!rk_json_equal(from, to) || patch == NULL);
    got = rk_json_merge_apply(a, from, to); /* any document is a patch */
    check_links(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_arena a;
    rk_arena_init(&a, 0);
    const char *text = (const char *)data;
    const char *cut = size ? memchr(text, 0x1e, size) : NULL;
    const cJSON *first = parse(&a, text, cut ? (size_t)(cut - text) : size);
    if (first)
        check_one(&a, first);
    if (first && cut) {
        const cJSON *second = parse(&a, cut + 1, size - (size_t)(cut + 1 - text));
        if (second) {
            check_two(&a, first, second);
            check_two(&a, second, first);
        }
    }
    rk_arena_done(&a);
    return 0;
}
