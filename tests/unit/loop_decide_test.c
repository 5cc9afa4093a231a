/* The decision log: what a line has, what is told once, what is told each time, and where it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/json/json.h"
#include "core/loop/worker.h"

static struct rk_options o;
static struct rk_worker w;
static struct rk_owner owner;
static struct rk_plan plan;
static struct rk_op op;
static char path[64];
static struct rk_arena arena;

static int set_up(void **state)
{
    struct rk_err err = RK_ERR_INIT;
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/rk-decide-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    rk_arena_init(&arena, 0);
    o.op.decisions = path;
    w = (struct rk_worker){.o = &o, .epoch = 7};
    owner = (struct rk_owner){.generation = 3};
    plan = (struct rk_plan){.gvk = "example.io/v1/Thing", .ns = "ns", .name = "demo", .uid = "u-1"};
    op = (struct rk_op){.verb = RK_OP_DELETE,
                        .gvk = "v1/Pod",
                        .ns = "ns",
                        .name = "demo-abcde",
                        .group = "small",
                        .note = "scaled down",
                        .author = "worker"};
    return rk_decide_open(&w, &err);
}

static int tear_down(void **state)
{
    (void)state;
    rk_decide_close(&w);
    rk_decide_free(owner.decided);
    owner.decided = NULL;
    rk_arena_done(&arena);
    return unlink(path);
}

/* The n-th line; NULL when there are fewer. */
static cJSON *line(size_t n)
{
    char text[65536];
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    size_t got = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    struct rk_span rest = {text, got}, one;
    struct rk_err err = RK_ERR_INIT;
    cJSON *v = NULL;
    while (rk_span_next(&rest, '\n', &one))
        if (n-- == 0) {
            assert_int_equal(rk_json_parse(&arena, one.p, one.n, NULL, &v, &err), 0);
            return v;
        }
    return NULL;
}

static void says(const cJSON *v, const char *key, const char *wanted)
{
    assert_string_equal(rk_json_str(rk_json_get(v, key), "(none)"), wanted);
}

static void number_is(const cJSON *v, const char *key, int64_t wanted)
{
    int64_t n = -1;
    assert_true(rk_json_int64(rk_json_get(v, key), &n));
    assert_int_equal(n, wanted);
}

static void a_line_says_what_of_whom_why_and_by_whom(void **state)
{
    const struct rk_resp resp = {.http = 200, .took_ms = 4};
    (void)state;
    rk_decide_wrote(&w, &owner, &plan, &op, "done", NULL, &resp);
    const cJSON *v = line(0);
    says(v, "msg", "decision");
    says(v, "what", "delete");
    says(v, "kind", "v1/Pod");
    says(v, "namespace", "ns");
    says(v, "name", "demo-abcde");
    says(v, "group", "small");
    says(v, "ownerKind", "example.io/v1/Thing");
    says(v, "owner", "demo");
    says(v, "ownerUid", "u-1");
    number_is(v, "generation", 3);
    says(v, "outcome", "done");
    says(v, "why", "scaled down");
    says(v, "plugin", "worker");
    number_is(v, "epoch", 7);
    number_is(v, "ms", 4);
    assert_null(rk_json_get(v, "err"));
    assert_null(rk_json_get(v, "outcomeWhy"));
    assert_null(line(1));
}

static void no_body_stands_in_a_line(void **state)
{
    (void)state;
    op.verb = RK_OP_CREATE;
    op.head = rk_span_of("{\"spec\":{\"env\":[{\"name\":\"PASSWORD\",\"value\":\"hunter2\"}]}}");
    rk_decide_wrote(&w, &owner, &plan, &op, "done", NULL, NULL);
    assert_null(strstr(rk_json_text(&arena, line(0)), "hunter2"));
    says(line(0), "why", "wanted, and not there");
}

static void status_is_no_decision(void **state)
{
    (void)state;
    op.verb = RK_OP_STATUS;
    rk_decide_wrote(&w, &owner, &plan, &op, "done", NULL, NULL);
    assert_null(line(0));
}

static void what_is_held_pass_after_pass_is_told_once_and_anew_after_a_change(void **state)
{
    (void)state;
    for (int pass = 0; pass < 3; pass++) {
        rk_decide_begin(&w, &owner);
        rk_decide_held(&w, &owner, &plan, &op, "too many");
    }
    says(line(0), "outcome", "held");
    says(line(0), "why", "scaled down");
    says(line(0), "outcomeWhy", "too many");
    assert_null(rk_json_get(line(0), "http"));
    assert_null(line(1));
    rk_decide_begin(&w, &owner);
    rk_decide_held(&w, &owner, &plan, &op, "it may be old");
    says(line(1), "outcomeWhy", "it may be old");
    op.name = "demo-other";
    rk_decide_held(&w, &owner, &plan, &op, "it may be old");
    says(line(2), "name", "demo-other");
    assert_null(line(3));
    rk_decide_begin(&w, &owner); /* a pass that holds nothing */
    rk_decide_begin(&w, &owner);
    rk_decide_held(&w, &owner, &plan, &op, "it may be old");
    says(line(3), "name", "demo-other");
}

static void the_same_failure_is_told_once_and_each_success(void **state)
{
    const struct rk_resp full = {.code = RK_E_AUTH, .http = 403, .message = "exceeded quota"};
    (void)state;
    for (int pass = 0; pass < 4; pass++) {
        rk_decide_begin(&w, &owner);
        rk_decide_wrote(&w, &owner, &plan, &op, "failed", NULL, &full);
    }
    says(line(0), "outcome", "failed");
    says(line(0), "err", "exceeded quota");
    number_is(line(0), "http", 403);
    assert_null(line(1));
    for (int pass = 0; pass < 2; pass++) {
        rk_decide_begin(&w, &owner);
        rk_decide_wrote(&w, &owner, &plan, &op, "done", NULL, NULL);
    }
    assert_non_null(line(2));
    assert_null(line(3));
}

static void what_is_remembered_of_one_plan_is_bounded(void **state)
{
    char name[32];
    (void)state;
    op.name = name;
    rk_decide_begin(&w, &owner);
    for (int i = 0; i < 400; i++) {
        (void)snprintf(name, sizeof(name), "demo-%d", i);
        rk_decide_held(&w, &owner, &plan, &op, "x");
    }
    assert_null(line(400));
    rk_decide_begin(&w, &owner);
    (void)snprintf(name, sizeof(name), "demo-%d", 100);
    rk_decide_held(&w, &owner, &plan, &op, "x");
    assert_null(line(400));
}

static void a_file_that_cannot_be_written_is_a_wrong_configuration(void **state)
{
    struct rk_err err = RK_ERR_INIT;
    (void)state;
    o.op.decisions = "/nowhere/decisions.log";
    assert_int_equal(rk_decide_open(&w, &err), RK_E_INVAL);
    assert_non_null(strstr(err.text, "/nowhere/decisions.log"));
    o.op.decisions = "off";
    assert_int_equal(rk_decide_open(&w, &err), 0);
    rk_decide_held(&w, &owner, &plan, &op, "x");
    assert_null(owner.decided);
    assert_null(line(0));
}

int main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(a_line_says_what_of_whom_why_and_by_whom),
        WITH(no_body_stands_in_a_line),
        WITH(status_is_no_decision),
        WITH(what_is_held_pass_after_pass_is_told_once_and_anew_after_a_change),
        WITH(the_same_failure_is_told_once_and_each_success),
        WITH(what_is_remembered_of_one_plan_is_bounded),
        WITH(a_file_that_cannot_be_written_is_a_wrong_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
