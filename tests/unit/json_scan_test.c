/* Streaming scanner: what comes out must not depend on how the bytes came in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/json/scan.h"

/* Everything emitted, one line each: "I body", "M body", "O body", "!I prefix" for skipped. */
struct record {
    struct rk_buf log;
    int stop_at; /* fail at the n-th call; 0 = never */
    int calls;
};

static int note(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                struct rk_err *err)
{
    struct record *r = ctx;
    if (++r->calls == r->stop_at)
        return rk_err_set(err, RK_E_FAIL, "enough");
    assert_non_null(body.p);
    (void)rk_buf_addf(&r->log, "%s%c ", skipped ? "!" : "", "IMO"[what]);
    (void)rk_buf_add(&r->log, body.p, body.n);
    return rk_buf_addc(&r->log, '\n');
}

/* Feed `text` in pieces cut at `a` and `b`; each piece is a copy of its own, so that a stale
 * borrow is seen by the sanitizer. */
static int scan_cut(enum rk_scan_mode mode, size_t max, const char *text, size_t n, size_t a,
                    size_t b, struct record *r, struct rk_err *err)
{
    struct rk_scan *s = rk_scan_new(mode, max, note, r);
    size_t cut[] = {0, a, b, n};
    int rc = 0;
    for (int i = 0; i < 3 && rc == 0; i++) {
        char *piece = rk_strndup(text + cut[i], cut[i + 1] - cut[i]);
        rc = rk_scan_feed(s, piece, cut[i + 1] - cut[i], err);
        rk_free(piece);
    }
    if (rc == 0)
        rc = rk_scan_end(s, err);
    else
        assert_int_equal(rk_scan_feed(s, " ", 1, NULL), rc);
    rk_scan_free(s);
    return rc;
}

static void check_n(enum rk_scan_mode mode, size_t max, const char *text, size_t n, int want_rc,
                    const char *want)
{
    for (size_t a = 0; a <= n; a++) {
        for (size_t b = a; b <= n; b += b + 3 > n || b < a + 3 ? 1 : 3) {
            struct record r = {.calls = 0};
            struct rk_err err = RK_ERR_INIT;
            rk_buf_init(&r.log, 1 << 20);
            int rc = scan_cut(mode, max, text, n, a, b, &r, &err);
            if (rc != want_rc || strcmp(rk_buf_text(&r.log), want) != 0)
                fail_msg("cut at %zu and %zu: rc %d (%s)\n%s\nfor %.*s", a, b, rc, err.text,
                         rk_buf_text(&r.log), (int)n, text);
            rk_buf_done(&r.log);
        }
    }
}

static void check(enum rk_scan_mode mode, size_t max, const char *text, int want_rc,
                  const char *want)
{
    check_n(mode, max, text, strlen(text), want_rc, want);
}

static void a_list_gives_its_items_and_then_its_metadata(void **state)
{
    (void)state;
    check(RK_SCAN_LIST, 1000,
          "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[{\"a\":1},"
          "{\"b\":[{\"c\":\"}\\\"]\"}]}]}\n",
          0, "I {\"a\":1}\nI {\"b\":[{\"c\":\"}\\\"]\"}]}\nM {\"resourceVersion\":\"7\"}\n");
}

static void metadata_behind_the_items_is_found_too(void **state)
{
    (void)state;
    check(
        RK_SCAN_LIST, 1000,
        " {\"items\" : [ {} , {\"a\":-1.5e+3} ] , \"x\":[[{}]],\"metadata\" : {\"continue\":\"\"} } ",
        0, "I {}\nI {\"a\":-1.5e+3}\nM {\"continue\":\"\"}\n");
}

static void empty_and_null_items_are_an_empty_list(void **state)
{
    (void)state;
    check(RK_SCAN_LIST, 1000, "{\"metadata\":{},\"items\":[]}", 0, "M {}\n");
    check(RK_SCAN_LIST, 1000, "{\"metadata\":{},\"items\":null}", 0, "M {}\n");
    check(RK_SCAN_LIST, 1000, "{\"items\":null,\"metadata\":null}", 0, "");
    check(RK_SCAN_LIST, 1000, "{\"items\":[ ]}", 0, "");
}

static void keys_with_escapes_are_the_keys_they_mean(void **state)
{
    (void)state;
    check(RK_SCAN_LIST, 1000,
          "{\"\\u0069te\\u006Ds\":[{\"x\":\"\\u00e9\\n\"}],\"meta\\u0064ata\":{\"r\":1}}", 0,
          "I {\"x\":\"\\u00e9\\n\"}\nM {\"r\":1}\n");
    check(RK_SCAN_LIST, 1000,
          "{\"\\u006D\\u0065\\u0074\\u0061\\u0064\\u0061\\u0074\\u0061\":{},\"items\":[]}", 0,
          "M {}\n");
    /* Longer than any way to write a key that is looked for. */
    check(
        RK_SCAN_LIST, 1000,
        "{\"itemsitemsitemsitemsitemsitemsitemsitemsitemsitemsitemsitemsitems\":[{}],\"items\":[]}",
        0, "");
}

static void only_the_top_level_counts(void **state)
{
    (void)state;
    check(
        RK_SCAN_LIST, 1000,
        "{\"x\":{\"items\":[{\"no\":1}],\"metadata\":{}},\"items\":[{\"items\":[{}],\"metadata\":{\"n\":1}}]}",
        0, "I {\"items\":[{}],\"metadata\":{\"n\":1}}\n");
}

static void a_status_comes_out_whole(void **state)
{
    (void)state;
    const char *text =
        "{\"kind\":\"Status\",\"metadata\":{},\"code\":410,\"details\":{\"causes\":[{}]}}";
    char want[200];
    (void)snprintf(want, sizeof want, "O %s\n", text);
    check(RK_SCAN_LIST, 1000, text, 0, want);
    check(RK_SCAN_LIST, 1000, "{\"items\":{\"a\":1}}", 0, "O {\"items\":{\"a\":1}}\n");
    check(RK_SCAN_LIST, 10, "{\"kind\":\"Status\"}", 0, "!O {\"kind\":\"S\n");
}

static void a_watch_is_framed_by_braces_with_any_or_no_separator(void **state)
{
    (void)state;
    const char *want = "I {\"type\":\"ADDED\",\"object\":{}}\nI {\"s\":\"{\"}\nI {}\n";
    check(RK_SCAN_WATCH, 1000, "{\"type\":\"ADDED\",\"object\":{}}{\"s\":\"{\"}{}", 0, want);
    check(RK_SCAN_WATCH, 1000, "{\"type\":\"ADDED\",\"object\":{}}\n{\"s\":\"{\"}\n{}\n", 0, want);
    check(RK_SCAN_WATCH, 1000, "{\"type\":\"ADDED\",\"object\":{}}\r\n{\"s\":\"{\"}\r\n\r\n{}", 0,
          want);
    check(RK_SCAN_WATCH, 1000, "", 0, "");
    check(RK_SCAN_WATCH, 1000, "{\n\"a\" :\n1\n}\n", 0, "I {\n\"a\" :\n1\n}\n");
}

static void an_overlong_item_is_skipped_with_its_prefix_and_the_next_goes_on(void **state)
{
    (void)state;
    check(RK_SCAN_WATCH, 8, "{\"n\":12}{\"n\":123}{\"m\":1}", 0,
          "I {\"n\":12}\n!I {\"n\":123\nI {\"m\":1}\n");
    check(RK_SCAN_LIST, 8, "{\"items\":[{\"n\":12},{\"n\":123},{\"m\":1}]}", 0,
          "I {\"n\":12}\n!I {\"n\":123\nI {\"m\":1}\n");
    check(RK_SCAN_LIST, 8, "{\"metadata\":{\"n\":123},\"items\":[]}", 0, "!M {\"n\":123\n");
}

static size_t nest(char *to, int depth)
{
    size_t n = 0;
    for (int i = 0; i < depth; i++, n += 5)
        memcpy(to + n, "{\"a\":", 5);
    memcpy(to + n, "\"[\\\"\"", 5);
    n += 5;
    memset(to + n, '}', (size_t)depth);
    return n + (size_t)depth;
}

static void an_item_nested_too_deep_is_skipped_and_the_next_goes_on(void **state)
{
    (void)state;
    char text[4096], want[4096];
    for (int depth = 127; depth <= 140; depth++) {
        size_t n = 0;
        memcpy(text, "{\"items\":[", 10);
        n = 10 + nest(text + 10, depth);
        size_t item = n - 10;
        memcpy(text + n, ",{}]}", 5);
        n += 5;
        size_t w = depth > 128 ? 3 : 2;
        memcpy(want, depth > 128 ? "!I " : "I ", w);
        memcpy(want + w, text + 10, item);
        memcpy(want + w + item, "\nI {}\n", 7);
        struct record r = {.calls = 0};
        rk_buf_init(&r.log, 1 << 20);
        assert_int_equal(scan_cut(RK_SCAN_LIST, 4096, text, n, n / 3, n / 2, &r, NULL), 0);
        assert_string_equal(rk_buf_text(&r.log), want);
        rk_buf_done(&r.log);
    }
    /* An event may hold an object of the full depth. */
    struct record r = {.calls = 0};
    rk_buf_init(&r.log, 1 << 20);
    size_t n = nest(text, 129);
    assert_int_equal(scan_cut(RK_SCAN_WATCH, 4096, text, n, 1, 600, &r, NULL), 0);
    assert_int_equal(rk_buf_text(&r.log)[0], 'I');
    n = nest(text, 130);
    assert_int_equal(scan_cut(RK_SCAN_WATCH, 4096, text, n, 1, 600, &r, NULL), 0);
    assert_non_null(strstr(rk_buf_text(&r.log), "\n!I "));
    rk_buf_done(&r.log);
}

static void a_partial_tail_is_a_truncation_never_an_item(void **state)
{
    (void)state;
    const char *text = "{\"metadata\":{\"r\":\"1\"},\"items\":[{\"a\":\"\\u00e9\"},{\"b\":true}]}";
    for (size_t n = 0; n < strlen(text); n++) {
        struct record r = {.calls = 0};
        struct rk_err err = RK_ERR_INIT;
        rk_buf_init(&r.log, 1 << 20);
        assert_int_equal(scan_cut(RK_SCAN_LIST, 100, text, n, n / 2, n / 2, &r, &err), RK_E_SYNTAX);
        assert_non_null(strstr(err.text, "truncated"));
        assert_null(strchr(rk_buf_text(&r.log), 'M'));
        assert_true(r.calls == (n >= strlen(text) - 2 ? 2 : n >= strlen(text) - 13 ? 1 : 0));
        rk_buf_done(&r.log);
    }
    check(RK_SCAN_WATCH, 100, "{\"a\":1}{\"b\":", RK_E_SYNTAX, "I {\"a\":1}\n");
    check(RK_SCAN_WATCH, 100, "{\"a\":1}{", RK_E_SYNTAX, "I {\"a\":1}\n");
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xEF\xBB\xBF{}",
        "[]",
        "1",
        "\"a\"",
        "null",
        "404 page not found",
        "<html>",
        "}",
        ",",
        "{a:1}",
        "{'a':1}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1}",
        "{\"a\":{]}",
        "{\"a\":1]",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":nulll}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\x01\"}",
        "{\"a\tb\":1}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":\"0123456789abcdef\x1f\"}",
        "{\"a\":1 2}",
        "{\"a\"::1}",
        "{\"a\":--1}",
        "{{}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(RK_SCAN_LIST, 100, bad[i], RK_E_SYNTAX, "");
        check(RK_SCAN_WATCH, 100, bad[i], RK_E_SYNTAX, "");
    }
    check_n(RK_SCAN_WATCH, 100, "{\"a\":\"b\0c\"}", 11, RK_E_SYNTAX, "");
    check_n(RK_SCAN_WATCH, 100, "{}\0", 3, RK_E_SYNTAX, "I {}\n");
}

static void what_is_not_a_list_body_is_refused(void **state)
{
    (void)state;
    check(RK_SCAN_LIST, 100, "{\"items\":[]}{}", RK_E_SYNTAX, "");
    check(RK_SCAN_LIST, 100, "{\"items\":[]} x", RK_E_SYNTAX, "");
    check(RK_SCAN_LIST, 100, "{\"items\":[{}],\"items\":[{}]}", RK_E_SYNTAX, "I {}\n");
    check(RK_SCAN_LIST, 100, "{\"items\":[],\"metadata\":{},\"metadat\\u0061\":{}}", RK_E_SYNTAX,
          "");
    check(RK_SCAN_LIST, 100, "{\"items\":[{},1]}", RK_E_SYNTAX, "I {}\n");
    check(RK_SCAN_LIST, 100, "{\"items\":[null]}", RK_E_SYNTAX, "");
    check(RK_SCAN_LIST, 100, "{\"items\":[[]]}", RK_E_SYNTAX, "");
}

static void an_error_names_the_byte(void **state)
{
    (void)state;
    struct record r = {.calls = 0};
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(scan_cut(RK_SCAN_WATCH, 100, "{\"a\",1}", 7, 2, 3, &r, &err), RK_E_SYNTAX);
    assert_string_equal(err.text, "byte 4: expected ':', found ','");
    assert_int_equal(scan_cut(RK_SCAN_WATCH, 100, "\xEF\xBB\xBF{}", 5, 0, 0, &r, &err),
                     RK_E_SYNTAX);
    assert_string_equal(err.text, "byte 0: expected an object, found 0xef");
}

static void a_callback_can_stop_the_scan(void **state)
{
    (void)state;
    struct record r = {.stop_at = 2};
    struct rk_err err = RK_ERR_INIT;
    rk_buf_init(&r.log, 1000);
    assert_int_equal(scan_cut(RK_SCAN_WATCH, 100, "{}{\"a\":1}{}", 11, 0, 0, &r, &err), RK_E_FAIL);
    assert_string_equal(err.text, "enough");
    assert_string_equal(rk_buf_text(&r.log), "I {}\n");
    rk_buf_done(&r.log);
}

/* rk_scan_get, rk_scan_text */

static void get_is(const char *object, const char *path, const char *want)
{
    struct rk_span v = rk_scan_get(rk_span_of(object), path);
    if (want == NULL) {
        if (v.p != NULL)
            fail_msg("%s in %s: found '%.*s'", path, object, (int)v.n, v.p);
    } else if (!rk_span_is(v, want)) {
        fail_msg("%s in %s: got '%.*s'", path, object, (int)v.n, v.p ? v.p : "");
    }
}

static void a_value_is_found_by_its_path(void **state)
{
    (void)state;
    const char *o =
        " { \"type\" : \"ADDED\" ,\"object\":{\"spec\":{\"uid\":\"no\",\"l\":[1,{\"uid\":2}]},\"metadata\":"
        "{\"uid\":\"u\\\"1\",\"n\":12 ,\"t\":true,\"z\":{ \"a\" : [ ] },\"labels\":{\"app.io/x\":\"y\",\"a~b\":1}}}}";
    get_is(o, "type", "\"ADDED\"");
    get_is(o, "object/metadata/uid", "\"u\\\"1\"");
    get_is(o, "object/metadata/n", "12");
    get_is(o, "object/metadata/t", "true");
    get_is(o, "object/metadata/z", "{ \"a\" : [ ] }");
    get_is(o, "object/metadata/labels/app.io~1x", "\"y\"");
    get_is(o, "object/metadata/labels/a~0b", "1");
    get_is(o, "object/metadata/labels/a~b", NULL);
    get_is(o, "object/metadata/labels/app.io", NULL);
    get_is(o, "object/spec/l/uid", NULL);
    get_is(o, "object/metadata/uid/x", NULL);
    get_is(o, "uid", NULL);
    get_is(o, "obj", NULL);
    get_is("{\"\\u0075id\":1}", "uid", "1");
    get_is("{\"a\":1,\"a\":2}", "a", "1");
    get_is("{\"\":1}", "a", NULL);
    assert_null(rk_scan_get((struct rk_span){NULL, 0}, "a").p);
}

static void a_cut_object_gives_what_lies_complete_in_it(void **state)
{
    (void)state;
    const char *o = "{\"metadata\":{\"name\":\"demo\",\"uid\":\"u1\"},\"spec\":{\"n\":123}}";
    for (size_t n = 0; n < strlen(o); n++) {
        struct rk_span cut = {o, n};
        struct rk_span name = rk_scan_get(cut, "metadata/name"), count = rk_scan_get(cut, "spec/n");
        assert_int_equal(name.p != NULL, n >= 26);
        assert_int_equal(count.p != NULL, n >= strlen(o) - 1);
        assert_true(name.p == NULL || rk_span_is(name, "\"demo\""));
    }
    static const char *const junk[] = {"",         "{", "{\"a\"",      "{\"a\":",     "{\"a\":}",
                                       "{\"a\":]", "x", "{\"a\":\"\\", "[{\"a\":1}]", "{1:2}"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        get_is(junk[i], "a", NULL);
}

static void text_is_unescaped_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        int rc;
        const char *text;
    } t[] = {
        {"\"\"", 0, ""},
        {"\"abc\"", 0, "abc"},
        {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, "a\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", 0, "A\xc3\xa9\xe2\x82\xac"},
        {"\"\\ud83d\\ude00\"", 0, "\xf0\x9f\x98\x80"},
        {"\"\\u0000\"", RK_E_INVAL, ""},
        {"\"\\ud83d\"", RK_E_INVAL, ""},
        {"\"\\ud83dx\"", RK_E_INVAL, ""},
        {"\"\\ude00\"", RK_E_INVAL, ""},
        {"\"\\ud83d\\u0041\"", RK_E_INVAL, ""},
        {"\"\\u12\"", RK_E_INVAL, ""},
        {"\"\\\"", RK_E_INVAL, ""},
        {"\"a\"b\"", RK_E_INVAL, ""},
        {"1", RK_E_INVAL, ""},
        {"\"", RK_E_INVAL, ""},
        {"\"12345678901\"", 0, "12345678901"},
        {"\"123456789012\"", RK_E_LIMIT, ""},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        char out[12] = "x";
        assert_int_equal(rk_scan_text(rk_span_of(t[i].raw), out, sizeof out), t[i].rc);
        assert_string_equal(out, t[i].text);
    }
    char out[2];
    assert_int_equal(rk_scan_text((struct rk_span){NULL, 0}, out, sizeof out), RK_E_INVAL);
}

/* rk_scan_project, rk_scan_without */

#define KEEP(...)                         \
    ((const char *const[]){__VA_ARGS__}), \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void select_is(bool keep, const char *in, const char *const *paths, size_t n,
                      const char *want)
{
    struct rk_buf out;
    struct rk_err err = RK_ERR_INIT;
    rk_buf_init(&out, 4096);
    int rc = keep ? rk_scan_project(rk_span_of(in), paths, n, &out, &err)
                  : rk_scan_without(rk_span_of(in), paths, n, &out, &err);
    if (rc != 0 || strcmp(rk_buf_text(&out), want) != 0)
        fail_msg("%s\nrc %d (%s)\ngot  %s\nwant %s", in, rc, err.text, rk_buf_text(&out), want);
    rk_buf_done(&out);
}

static const char pod[] =
    "{ \"kind\": \"Pod\",\n \"metadata\": {\"name\":\"a\",\"n\" : 1.50 , \"managedFields\":[{\"x\":{}}], "
    "\"labels\":{\"a/b\":\"c\",\"d\":\"e\"}},\"spec\":{\"containers\":[{\"name\":\"x\",\"env\":[ {\"name\":\"E\",\"value\":\"{\"} ]},"
    "{\"image\":\"i\"}, 5],\"n\":12345678901234567890}, \"t\\u0061il\":null}";

static void a_projection_keeps_the_named_paths_and_number_texts(void **state)
{
    (void)state;
    select_is(true, pod, KEEP("metadata/name", "metadata/n", "spec/n"),
              "{\"metadata\":{\"name\":\"a\",\"n\":1.50},\"spec\":{\"n\":12345678901234567890}}");
    select_is(true, pod, KEEP("metadata/labels"),
              "{\"metadata\":{\"labels\":{\"a/b\":\"c\",\"d\":\"e\"}}}");
    select_is(true, pod, KEEP("metadata/labels/a~1b"),
              "{\"metadata\":{\"labels\":{\"a/b\":\"c\"}}}");
    select_is(true, pod, KEEP("spec/containers/*/name", "kind"),
              "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"x\"},{}]}}");
    select_is(true, pod, KEEP("spec/containers/*/env/*/name"),
              "{\"spec\":{\"containers\":[{\"env\":[{\"name\":\"E\"}]},{}]}}");
    select_is(true, pod, KEEP("*/name"), "{\"metadata\":{\"name\":\"a\"},\"spec\":{}}");
    select_is(
        true, pod, KEEP("*/name", "metadata/n", "spec/containers"),
        "{\"metadata\":{\"name\":\"a\",\"n\":1.50},\"spec\":{\"containers\":[{\"name\":\"x\",\"env\":[{\"name\":\"E\",\"value\":\"{\"}]},"
        "{\"image\":\"i\"},5]}}");
    select_is(
        true, pod, KEEP("metadata/name", "metadata"),
        "{\"metadata\":{\"name\":\"a\",\"n\":1.50,\"managedFields\":[{\"x\":{}}],\"labels\":{\"a/b\":\"c\",\"d\":\"e\"}}}");
    select_is(true, pod, KEEP("kind/x", "nothing", "metadata/name/x"), "{\"metadata\":{}}");
    select_is(true, pod, KEEP("tail"), "{\"t\\u0061il\":null}");
    select_is(true, pod, NULL, 0, "{}");
    select_is(true, "[{\"a\":1,\"b\":2}]", KEEP("*/b"), "[{\"b\":2}]");
}

static void without_keeps_all_else(void **state)
{
    (void)state;
    select_is(
        false, pod, KEEP("metadata/managedFields", "spec"),
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"n\":1.50,\"labels\":{\"a/b\":\"c\",\"d\":\"e\"}},\"t\\u0061il\":null}");
    select_is(
        false, pod, KEEP("metadata", "spec/containers/*/env", "kind/x", "gone"),
        "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"x\"},{\"image\":\"i\"},5],\"n\":12345678901234567890},\"t\\u0061il\":null}");
    select_is(false, "{\"a\":[1,2],\"b\":{}}", KEEP("a/*"), "{\"a\":[],\"b\":{}}");
    select_is(false, " {\"a\" : [ 1 , 2 ] } ", NULL, 0, "{\"a\":[1,2]}");
}

static void a_failed_copy_leaves_nothing_behind(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int rc;
    } t[] = {
        {"", RK_E_SYNTAX},
        {"1", RK_E_SYNTAX},
        {"{\"a\":1", RK_E_SYNTAX},
        {"{\"a\":1}x", RK_E_SYNTAX},
        {"{\"a\":1,}", RK_E_SYNTAX},
        {"{\"b\":{\"c\":01}}", RK_E_SYNTAX},
        {"{\"b\":\"\\q\"}", RK_E_SYNTAX},
        {"{\"b\":\"\t\"}", RK_E_SYNTAX},
        {"{\"b\":[1}}", RK_E_SYNTAX},
        {"{\"a\":1,\"\\u0061\":2}", RK_E_SYNTAX},
        {"{\"b\":\"\\u12\"}", RK_E_SYNTAX},
        {"{\"b\":tru", RK_E_SYNTAX},
        {"{\"a\":-}", RK_E_SYNTAX},
        {"{\"a\":\"0123456789012345678901234567890123456789\"}", RK_E_LIMIT},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct rk_buf out;
        struct rk_err err = RK_ERR_INIT;
        rk_buf_init(&out, 32);
        (void)rk_buf_adds(&out, "was here");
        int rc = rk_scan_project(rk_span_of(t[i].in), KEEP("a"), &out, &err);
        if (rc != t[i].rc || strcmp(rk_buf_text(&out), "was here") != 0)
            fail_msg("%s: rc %d (%s), left '%s'", t[i].in, rc, err.text, rk_buf_text(&out));
        rk_buf_done(&out);
    }
}

static void too_deep_or_too_many_paths_are_refused(void **state)
{
    (void)state;
    char text[8192];
    struct rk_buf out;
    rk_buf_init(&out, 8192);
    text[nest(text, 129)] = '\0';
    assert_int_equal(rk_scan_without(rk_span_of(text), NULL, 0, &out, NULL), 0);
    text[nest(text, 130)] = '\0';
    assert_int_equal(rk_scan_without(rk_span_of(text), NULL, 0, &out, NULL), RK_E_LIMIT);
    assert_int_equal(rk_scan_project(rk_span_of(text), NULL, 0, &out, NULL), RK_E_LIMIT);
    const char *many[129];
    for (size_t i = 0; i < 129; i++)
        many[i] = "a";
    assert_int_equal(rk_scan_project(rk_span_of("{}"), many, 129, &out, NULL), RK_E_LIMIT);
    assert_int_equal(rk_scan_project(rk_span_of("{}"), many, 128, &out, NULL), 0);
    assert_int_equal(rk_scan_project(rk_span_of("{}"), KEEP("a//b"), &out, NULL), RK_E_INVAL);
    assert_int_equal(rk_scan_project(rk_span_of("{}"), KEEP(""), &out, NULL), RK_E_INVAL);
    assert_int_equal(
        rk_scan_project(rk_span_of("{}"), KEEP("1/2/3/4/5/6/7/8/9/10/11/12/13"), &out, NULL),
        RK_E_INVAL);
    rk_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_gives_its_items_and_then_its_metadata),
        cmocka_unit_test(metadata_behind_the_items_is_found_too),
        cmocka_unit_test(empty_and_null_items_are_an_empty_list),
        cmocka_unit_test(keys_with_escapes_are_the_keys_they_mean),
        cmocka_unit_test(only_the_top_level_counts),
        cmocka_unit_test(a_status_comes_out_whole),
        cmocka_unit_test(a_watch_is_framed_by_braces_with_any_or_no_separator),
        cmocka_unit_test(an_overlong_item_is_skipped_with_its_prefix_and_the_next_goes_on),
        cmocka_unit_test(an_item_nested_too_deep_is_skipped_and_the_next_goes_on),
        cmocka_unit_test(a_partial_tail_is_a_truncation_never_an_item),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(what_is_not_a_list_body_is_refused),
        cmocka_unit_test(an_error_names_the_byte),
        cmocka_unit_test(a_callback_can_stop_the_scan),
        cmocka_unit_test(a_value_is_found_by_its_path),
        cmocka_unit_test(a_cut_object_gives_what_lies_complete_in_it),
        cmocka_unit_test(text_is_unescaped_or_refused),
        cmocka_unit_test(a_projection_keeps_the_named_paths_and_number_texts),
        cmocka_unit_test(without_keeps_all_else),
        cmocka_unit_test(a_failed_copy_leaves_nothing_behind),
        cmocka_unit_test(too_deep_or_too_many_paths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
