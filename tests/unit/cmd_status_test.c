/* The document of /debug/state for people: what the first line says, and what is said of what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/cmd/status.h"

static struct rk_arena arena;
static struct rk_buf out;

static int set_up(void **state)
{
    (void)state;
    rk_arena_init(&arena, 0);
    rk_buf_init(&out, 65536);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rk_buf_done(&out);
    rk_arena_done(&arena);
    return 0;
}

static void tell(const char *json)
{
    struct rk_err err = RK_ERR_INIT;
    cJSON *doc;
    assert_int_equal(rk_json_parse(&arena, json, strlen(json), NULL, &doc, &err), 0);
    rk_buf_clear(&out);
    rk_status_text(doc, &out);
    assert_false(out.full);
}

static void has(const char *wanted)
{
    if (!strstr(rk_buf_text(&out), wanted))
        fail_msg("'%s' is not in:\n%s", wanted, rk_buf_text(&out));
}

static void the_first_line_says_how_it_is_and_for_how_long(void **state)
{
    (void)state;
    tell("{\"well\":true,\"words\":\"leading\",\"leadership\":{\"sinceMs\":7200000}}");
    assert_true(rk_buf_text(&out) == strstr(rk_buf_text(&out), "leading, for 2.0 h\n"));
    tell("{\"well\":false,\"words\":\"not synced: watch of pods in team-a: forbidden\"}");
    assert_true(rk_buf_text(&out) ==
                strstr(rk_buf_text(&out), "NOT WELL: not synced: watch of pods in team-a"));
}

static void times_are_as_exact_as_people_want_them(void **state)
{
    static const struct {
        const char *ms, *text;
    } spans[] = {{"999", "for 999 ms"},       {"1000", "for 1.0 s"},    {"59900", "for 59 s"},
                 {"60000", "for 1.0 min"},    {"719999", "for 11 min"}, {"86400000", "for 1.0 d"},
                 {"8640000000", "for 100 d"}, {"0", "for 0 ms"}};
    (void)state;
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        char json[256];
        (void)snprintf(json, sizeof(json),
                       "{\"well\":true,\"words\":\"leading\",\"leadership\":{\"sinceMs\":%s}}",
                       spans[i].ms);
        tell(json);
        has(spans[i].text);
    }
}

static void only_watches_that_are_not_synced_have_a_line(void **state)
{
    (void)state;
    tell("{\"work\":{\"watches\":{\"total\":3,\"notSynced\":1,\"absent\":1,\"list\":["
         "{\"resource\":\"pods\",\"apiVersion\":\"v1\",\"namespace\":\"a\",\"state\":\"stale\","
         "\"sinceMs\":5000,\"lastError\":\"reset\"},"
         "{\"resource\":\"services\",\"apiVersion\":\"v1\",\"state\":\"synced\"}]}}}");
    has("3, 1 not synced, 1 of kinds that the API does not have\n");
    has("v1 pods in a: stale for 5.0 s: reset\n");
    assert_null(strstr(rk_buf_text(&out), "services"));
}

static void what_waits_fails_or_is_quarantined_is_named_and_counted(void **state)
{
    (void)state;
    tell(
        "{\"work\":{\"held\":{\"total\":1,\"list\":[{\"object\":\"x/v1/Thing ns/a\",\"deletions\":40,"
        "\"sinceMs\":1000,\"why\":\"too many\"}]},\"breaker\":{\"release\":\"edit it\"},"
        "\"quarantine\":{\"total\":9,\"list\":[{\"object\":\"x/v1/Thing ns/b\",\"plugin\":\"acme\","
        "\"hook\":\"shapes\",\"how\":\"Aborted\"}]},"
        "\"errors\":{\"total\":1,\"list\":[{\"object\":\"x/v1/Thing ns/c\",\"what\":\"create\","
        "\"kind\":\"v1/Pod\",\"message\":\"exceeded quota\"}]}}}");
    has("x/v1/Thing ns/a: 40 deletions for 1.0 s: too many\n");
    has("edit it\n");
    has("x/v1/Thing ns/b: plugin acme, hook shapes: Aborted\n");
    has("and 8 more: --json\n");
    has("x/v1/Thing ns/c: create v1/Pod: exceeded quota\n");
}

static void what_a_worker_told_that_does_not_answer_is_called_old(void **state)
{
    (void)state;
    tell("{\"processes\":{\"master\":1,\"worker\":2,\"answers\":false,\"restarts\":3},"
         "\"workAgoMs\":4000,\"workOfThisWorker\":false,\"work\":{}}");
    has("worker 2 for 0 ms, which does not answer, 3 restarts\n");
    has("The following was told 4.0 s ago, by one that is gone:\n");
    tell("{\"processes\":{\"master\":1,\"worker\":0},\"workMissing\":\"nothing yet\"}");
    has("no worker");
    has("nothing yet\n");
}

static void what_others_wrote_stays_in_its_line_and_moves_no_cursor(void **state)
{
    (void)state;
    tell(
        "{\"work\":{\"errors\":{\"total\":1,\"list\":[{\"object\":\"x/v1/Thing ns/c\",\"what\":\"pass\","
        "\"message\":\"a\\nwell\\u001b[2J\\r\\u007f\\u009bK \\u00e4\"}]}}}");
    has("x/v1/Thing ns/c: pass: a well [2J    K \xc3\xa4\n");
}

static void a_document_of_another_make_does_no_harm(void **state)
{
    (void)state;
    tell("{}");
    tell("{\"work\":{\"watches\":7,\"queue\":[],\"plugins\":\"x\",\"held\":{\"total\":5}}}");
    tell("{\"work\":{\"errors\":{\"total\":1,\"list\":[1,\"a\",null]}}}");
}

int main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(the_first_line_says_how_it_is_and_for_how_long),
        WITH(times_are_as_exact_as_people_want_them),
        WITH(only_watches_that_are_not_synced_have_a_line),
        WITH(what_waits_fails_or_is_quarantined_is_named_and_counted),
        WITH(what_a_worker_told_that_does_not_answer_is_called_old),
        WITH(what_others_wrote_stays_in_its_line_and_moves_no_cursor),
        WITH(a_document_of_another_make_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
