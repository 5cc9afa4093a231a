/* Questions of hooks: what comes back, what stands in the plan, and what nobody may ask. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

#define PODS   "/api/v1/pods?labelSelector=a%3Db"
#define SECOND 1000000

static rk_ask asked[40];
static size_t n_asked;
static int32_t said[40];
static rk_answer got[40];

static void ask_for(const char *path, int64_t fresh_ms)
{
    asked[n_asked++] = (rk_ask){.size = sizeof(rk_ask), .path = path, .fresh_ms = fresh_ms};
}

static int32_t ask_all(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    for (size_t i = 0; i < n_asked; i++) {
        got[i] = (rk_answer){.size = sizeof got[i]};
        said[i] = rk->ask(ps, &asked[i], &got[i]);
    }
    return RK_OK;
}

/* The answers of the test: any path, the same one. */
static struct rk_snap_answer given;
static size_t looked;

static bool answer(void *ctx, const char *path, struct rk_snap_answer *ret)
{
    (void)ctx;
    (void)path;
    looked++;
    *ret = given;
    return given.error != NULL;
}

static rk_plugin *set_up(struct stage *st, int phase)
{
    n_asked = looked = 0;
    given = (struct rk_snap_answer){0};
    st->snap.answer = answer;
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, phase, 100, ask_all);
    return a;
}

static void give(int http, const char *body, const char *error)
{
    given = (struct rk_snap_answer){
        .http = http, .at_us = NOW_US - 3 * SECOND, .body = rk_span_of(body), .error = error};
}

STAGE_TEST(a_question_waits_for_its_answer_and_stands_in_the_plan)
{
    set_up(st, RK_PHASE_PLAN);
    ask_for(PODS, 5000);
    stage_run(st);
    assert_int_equal(said[0], RK_WAIT);
    assert_int_equal(got[0].http, 0);
    assert_null(got[0].error); /* nothing was written */
    assert_int_equal(st->plan->n_asks, 1);
    assert_string_equal(st->plan->asks[0].path, PODS);
    assert_int_equal(st->plan->asks[0].fresh_ms, 5000);
    assert_int_equal(st->plan->again_ms, -1);
    assert_null(st->plan->problem);
}

STAGE_TEST(offline_there_never_is_an_answer)
{
    set_up(st, RK_PHASE_PLAN);
    st->snap.answer = NULL;
    ask_for(PODS, 5000);
    stage_run(st);
    assert_int_equal(said[0], RK_WAIT);
    assert_null(st->plan->problem);
}

STAGE_TEST(an_answer_is_read_with_its_age_and_asked_for_all_the_same)
{
    set_up(st, RK_PHASE_STATUS);
    give(200, "{\"items\":[{\"a\":1.50}]}", "");
    ask_for(PODS, 5000);
    stage_run(st);
    assert_int_equal(said[0], RK_OK);
    assert_int_equal(got[0].http, 200);
    assert_int_equal(got[0].age_ms, 3000);
    assert_string_equal(got[0].error, "");
    assert_non_null(got[0].body);
    assert_int_equal(st->plan->n_asks, 1);
    given.at_us = NOW_US + SECOND; /* clocks go back */
    stage_run(st);
    assert_int_equal(got[0].age_ms, 0);
}

static char found[64];

static int32_t read_body(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_answer a = {.size = sizeof a};
    if (rk->ask(ps, &asked[0], &a) != RK_OK)
        return RK_EFAIL;
    (void)snprintf(found, sizeof found, "%s of %zu", rk->str(a.body, "/items/1/name", "-"),
                   rk->len(a.body, "/items"));
    return RK_OK;
}

STAGE_TEST(the_body_is_json_like_any_other)
{
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    stage_hook(st, a, RK_PHASE_PLAN, 200, read_body);
    give(200, "{\"items\":[{},{\"name\":\"x\"}]}", "");
    ask_for(PODS, 5000);
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(found, "x of 2");
}

STAGE_TEST(a_refusal_is_an_answer_and_fails_nobody)
{
    set_up(st, RK_PHASE_PLAN);
    give(403, "{\"kind\":\"Status\"}", "pods is forbidden");
    ask_for(PODS, 5000);
    stage_run(st);
    assert_int_equal(said[0], RK_OK);
    assert_int_equal(got[0].http, 403);
    assert_string_equal(got[0].error, "pods is forbidden");
    assert_null(st->plan->problem);
    assert_false(st->plan->failed);
}

STAGE_TEST(what_is_no_json_has_no_body)
{
    static char deep[1000];
    memset(deep, '[', sizeof deep - 1);
    const char *const bodies[] = {"", "ok", "{\"a\":1", "{\"a\":1,\"a\":2}", deep};
    set_up(st, RK_PHASE_PLAN);
    ask_for(PODS, 5000);
    for (size_t i = 0; i < RK_COUNT(bodies); i++) {
        give(200, bodies[i], "");
        stage_run(st);
        assert_int_equal(said[0], RK_OK);
        assert_int_equal(got[0].http, 200);
        assert_null(got[0].body);
        assert_null(st->plan->problem);
    }
}

STAGE_TEST(one_path_is_one_question_looked_up_once_with_the_shortest_time)
{
    set_up(st, RK_PHASE_PLAN);
    give(200, "{}", "");
    ask_for(PODS, 5000);
    ask_for(PODS, 1);
    ask_for(PODS, 70000);
    ask_for("/apis/example.io/v1/things", INT64_MAX);
    stage_run(st);
    assert_int_equal(st->plan->n_asks, 2);
    assert_int_equal(st->plan->asks[0].fresh_ms, 1000); /* the least there is */
    assert_int_equal(st->plan->asks[1].fresh_ms, 86400000);
    assert_int_equal(looked, 2);
    assert_ptr_equal(got[0].body, got[1].body);
}

STAGE_TEST(what_is_no_path_of_the_api_fails_the_hook)
{
    static char longest[2049 + 1];
    memset(longest, 'a', sizeof longest - 1);
    memcpy(longest, "/api/", 5);
    const char *const paths[] = {
        NULL,        "",          "/metrics", "/api",        "api/v1/pods",   "/apis",
        "/api/v1 x", "/api/v1\n", longest,    "/api/v1/p#x", "http://a/api/", "/api/\xc3\xa4"};
    set_up(st, RK_PHASE_PLAN);
    for (size_t i = 0; i < RK_COUNT(paths); i++) {
        n_asked = 0;
        ask_for(paths[i], 5000);
        stage_run(st);
        assert_int_equal(said[0], RK_EFAIL);
        assert_int_equal(st->plan->n_asks, 0);
        assert_contains(st->plan->problem, "a: PLAN: asks for what is no path of the API");
    }
    longest[2048] = '\0';
    n_asked = 0;
    ask_for(longest, 5000);
    stage_run(st);
    assert_int_equal(said[0], RK_WAIT);
    asked[0].size = 8;
    stage_run(st);
    assert_int_equal(said[0], RK_EFAIL);
}

static int32_t ask_nothing(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->ask(ps, NULL, NULL);
}

STAGE_TEST(no_question_at_all_fails_the_hook)
{
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    stage_hook(st, a, RK_PHASE_PLAN, 200, ask_nothing);
    stage_run(st);
    assert_contains(st->plan->problem, "no path of the API");
}

static int32_t ask_blindly(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk->ask(ps, &asked[0], NULL);
}

STAGE_TEST(a_plugin_may_ask_without_reading)
{
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    stage_hook(st, a, RK_PHASE_PLAN, 200, ask_blindly);
    give(200, "{}", "");
    ask_for(PODS, 5000);
    stage_run(st);
    assert_null(st->plan->problem);
}

STAGE_TEST(a_pass_has_thirty_two_questions)
{
    static char paths[33][32];
    set_up(st, RK_PHASE_PLAN);
    for (int i = 0; i < 33; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "/api/v1/x%d", i);
        ask_for(paths[i], 5000);
    }
    stage_run(st);
    assert_int_equal(st->plan->n_asks, 32);
    assert_int_equal(said[31], RK_WAIT);
    assert_int_equal(said[32], RK_EFAIL);
    assert_contains(st->plan->problem, "more than 32 questions");
}

STAGE_TEST(only_plan_status_and_finalize_ask)
{
    static const struct {
        int phase;
        bool may;
    } cases[] = {{RK_PHASE_VALIDATE, false}, {RK_PHASE_DEFAULT, false}, {RK_PHASE_PLAN, true},
                 {RK_PHASE_POD, false},      {RK_PHASE_OBJECT, false},  {RK_PHASE_STATUS, true},
                 {RK_PHASE_FINALIZE, true}};
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    ask_for(PODS, 5000);
    stage_hook(st, a, RK_PHASE_PLAN, 200, stage_want_pod);
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        st->hooks[0][0].phase = (uint16_t)cases[i].phase;
        st->snap.deleting = cases[i].phase == RK_PHASE_FINALIZE;
        said[0] = 99;
        stage_run(st);
        assert_int_equal(said[0], cases[i].may ? RK_WAIT : RK_EFAIL);
        if (!cases[i].may)
            assert_contains(st->plan->problem, "ask in phase ");
        assert_int_equal(st->plan->n_asks, cases[i].may);
    }
}

static int32_t ask_small(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_answer a = {.size = offsetof(rk_answer, age_ms), .age_ms = -7};
    int32_t r = rk->ask(ps, &asked[0], &a);
    assert_int_equal(a.size, offsetof(rk_answer, age_ms));
    assert_int_equal(a.http, 200);
    assert_int_equal(a.age_ms, -7);
    return r;
}

STAGE_TEST(an_older_plugins_smaller_answer_is_not_written_over)
{
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    stage_hook(st, a, RK_PHASE_PLAN, 200, ask_small);
    give(200, "{}", "");
    ask_for(PODS, 5000);
    stage_run(st);
    assert_null(st->plan->problem);
}

static int32_t not_ours(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)rk, (void)ps, (void)self;
    return RK_DONE;
}

STAGE_TEST(of_an_object_that_is_done_nothing_is_asked)
{
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    stage_hook(st, a, RK_PHASE_PLAN, 200, not_ours);
    ask_for(PODS, 5000);
    stage_run(st);
    assert_int_equal(st->plan->n_asks, 0);
}

static int32_t wait_for_it(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_answer a = {.size = sizeof a};
    return rk->ask(ps, &asked[0], &a);
}

STAGE_TEST(a_plan_that_waits_makes_nothing_behind_it_and_needs_no_time_of_its_own)
{
    rk_plugin *a = set_up(st, RK_PHASE_PLAN);
    ask_for(PODS, 5000);
    st->hooks[0][0].run = wait_for_it;
    stage_hook(st, a, RK_PHASE_PLAN, 200, stage_want_pod);
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
    assert_int_equal(st->plan->again_ms, -1);
    assert_false(st->plan->failed);
    give(200, "{}", "");
    stage_run(st);
    assert_int_equal(stage_count(st, RK_OP_CREATE), 1);
}

/* A list of so many numbers. */
static void give_numbers(struct rk_buf *b, int n)
{
    rk_buf_init(b, 1u << 20);
    assert_int_equal(rk_buf_adds(b, "[0"), 0);
    for (int i = 1; i < n; i++)
        assert_int_equal(rk_buf_adds(b, ",1"), 0);
    assert_int_equal(rk_buf_adds(b, "]"), 0);
    give(200, rk_buf_text(b), "");
}

STAGE_TEST(what_a_large_answer_takes_is_not_held_against_the_hook)
{
    struct rk_buf b;
    set_up(st, RK_PHASE_PLAN);
    st->conf.arena_cap = 64 * 1024;
    give_numbers(&b, 90000);
    ask_for(PODS, 5000);
    stage_run(st);
    assert_null(st->plan->problem);
    assert_non_null(got[0].body);
    rk_buf_done(&b);
}

STAGE_TEST(an_answer_of_too_many_values_has_no_body)
{
    struct rk_buf b;
    set_up(st, RK_PHASE_PLAN);
    give_numbers(&b, 100001);
    ask_for(PODS, 5000);
    stage_run(st);
    assert_null(st->plan->problem);
    assert_int_equal(got[0].http, 200);
    assert_null(got[0].body);
    rk_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_waits_for_its_answer_and_stands_in_the_plan),
        cmocka_unit_test(offline_there_never_is_an_answer),
        cmocka_unit_test(an_answer_is_read_with_its_age_and_asked_for_all_the_same),
        cmocka_unit_test(the_body_is_json_like_any_other),
        cmocka_unit_test(a_refusal_is_an_answer_and_fails_nobody),
        cmocka_unit_test(what_is_no_json_has_no_body),
        cmocka_unit_test(one_path_is_one_question_looked_up_once_with_the_shortest_time),
        cmocka_unit_test(what_is_no_path_of_the_api_fails_the_hook),
        cmocka_unit_test(no_question_at_all_fails_the_hook),
        cmocka_unit_test(a_plugin_may_ask_without_reading),
        cmocka_unit_test(a_pass_has_thirty_two_questions),
        cmocka_unit_test(only_plan_status_and_finalize_ask),
        cmocka_unit_test(an_older_plugins_smaller_answer_is_not_written_over),
        cmocka_unit_test(of_an_object_that_is_done_nothing_is_asked),
        cmocka_unit_test(a_plan_that_waits_makes_nothing_behind_it_and_needs_no_time_of_its_own),
        cmocka_unit_test(what_a_large_answer_takes_is_not_held_against_the_hook),
        cmocka_unit_test(an_answer_of_too_many_values_has_no_body),
    };
    return cmocka_run_group_tests_name("pass ask", tests, NULL, NULL);
}
