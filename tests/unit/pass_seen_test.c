/* The observed world as a plugin declared to see it, outcomes of IO, and the JSON part of the
 * table. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static char got[1024];
static const char *gvk;

static int32_t look(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    const rk_json *all = rk->list(ps, gvk);
    got[0] = '\0';
    for (RK_EACH(rk, pod, all)) {
        size_t n = strlen(got);
        (void)snprintf(got + n, sizeof got - n, "%s %s\n", rk->print(ps, pod),
                       rk->mine(ps, pod) ? "mine" : "other"); /* cut */
        assert_ptr_equal(pod, rk->seen(ps, gvk, rk->str(pod, "/metadata/name", "")));
    }
    assert_null(rk->seen(ps, gvk, "never"));
    return RK_OK;
}

STAGE_TEST(each_plugin_sees_only_the_paths_it_declared)
{
    gvk = POD;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, look);
    stage_plugin(st, "b"); /* keeps whole pods: that opens nothing for a */
    st->watches[0][0].keep = "/status/phase\n metadata/labels\n";
    stage_see(
        st, POD, "p2",
        "{\"metadata\":{\"name\":\"p2\",\"labels\":{\"l\":\"1\"}},\"status\":{\"phase\":\"Running\",\"podIP\":\"1\"}}")
        ->mine = false;
    stage_see(st, SERVICE, "s", "{}");
    stage_see(st, POD, "p1", "{\"metadata\":{\"annotations\":{}},\"spec\":{\"x\":1}}");
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(
        got,
        "{\"metadata\":{\"name\":\"p1\",\"namespace\":\"ns\",\"uid\":\"uid-p1\"}} mine\n"
        "{\"metadata\":{\"labels\":{\"l\":\"1\"},\"name\":\"p2\",\"namespace\":\"ns\",\"uid\":\"uid-p2\"},"
        "\"status\":{\"phase\":\"Running\"}} other\n");
}

STAGE_TEST(when_a_record_was_made_and_is_to_go_is_seen_whatever_was_declared)
{
    gvk = POD;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, look);
    st->watches[0][0].keep = "/status/phase";
    stage_see(st, POD, "p",
              "{\"metadata\":{\"name\":\"p\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
              "\"deletionTimestamp\":\"2026-01-02T03:04:06Z\",\"labels\":{\"l\":\"1\"}}}");
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(got, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"uid-p\","
                             "\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
                             "\"deletionTimestamp\":\"2026-01-02T03:04:06Z\"}} mine\n");
}

STAGE_TEST(kept_paths_reach_through_lists_and_escaped_keys)
{
    gvk = POD;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, look);
    st->watches[0][0].keep = "/status/list/*/name\n/metadata/annotations/a~1b\n/spec";
    stage_see(st, POD, "p",
              "{\"metadata\":{\"annotations\":{\"a/b\":\"1\",\"c\":\"2\"}},\"spec\":{\"x\":[1]},"
              "\"status\":{\"list\":[{\"name\":\"n\",\"y\":1},{\"y\":2},3],\"z\":1}}");
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(got, "{\"metadata\":{\"annotations\":{\"a/b\":\"1\"},\"name\":\"p\","
                             "\"namespace\":\"ns\",\"uid\":\"uid-p\"},\"spec\":{\"x\":[1]},"
                             "\"status\":{\"list\":[{\"name\":\"n\"},{},null]}} mine\n");
}

static bool find(void *ctx, const char *kind, const char *ns, const char *name, struct rk_arena *a,
                 struct rk_seen *ret)
{
    (void)ctx;
    if (strcmp(name, "stranger") != 0)
        return false;
    *ret = (struct rk_seen){
        .gvk = rk_arena_strdup(a, kind),
        .ns = ns,
        .name = "stranger",
        .uid = "u-9",
        .json = rk_span_of("{\"metadata\":{\"name\":\"stranger\",\"labels\":{\"l\":\"1\"}},"
                           "\"status\":{\"phase\":\"Running\"}}")};
    return true;
}

static int32_t look_for_a_stranger(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    const rk_json *s = rk->seen(ps, gvk, "stranger");
    (void)snprintf(got, sizeof got, "%s %s, %zu of ours, %s", rk->print(ps, s),
                   rk->mine(ps, s) ? "mine" : "other", rk->len(rk->list(ps, gvk), ""),
                   rk->seen(ps, gvk, "never") ? "?" : "no other"); /* cut */
    return RK_OK;
}

STAGE_TEST(what_belongs_to_nobody_is_seen_by_its_name_and_only_what_was_declared_of_it)
{
    gvk = POD;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, look_for_a_stranger);
    st->watches[0][0].keep = "/status/phase";
    st->snap.find = find;
    stage_see(st, POD, "p", "{\"metadata\":{\"name\":\"p\"}}");
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(got,
                        "{\"status\":{\"phase\":\"Running\"},\"metadata\":{\"name\":\"stranger\","
                        "\"namespace\":\"ns\",\"uid\":\"u-9\"}} other, 1 of ours, no other");
    st->watches[0][0].keep = NULL;
    stage_run(st);
    assert_contains(got, "\"labels\":{\"l\":\"1\"}");
    gvk = "v1/Secret"; /* nobody declared it: it is not looked for */
    stage_run(st);
    assert_contains(st->plan->problem, "v1/Secret, which it does not watch");
}

STAGE_TEST(reading_an_undeclared_kind_fails_the_hook)
{
    gvk = "v1/Secret";
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, look);
    stage_run(st);
    assert_string_equal(st->plan->problem,
                        "a: PLAN: plugin a reads v1/Secret, which it does not watch");
    assert_true(st->plan->failed);
}

STAGE_TEST(a_record_that_is_not_json_fails_the_hook)
{
    gvk = POD;
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, look);
    stage_see(st, POD, "p1", "{\"metadata\":");
    stage_run(st);
    assert_contains(st->plan->problem, "observed v1/Pod p1 cannot be read");
}

static int32_t outcomes(const rk_api *rk, rk_pass *ps, void *self)
{
    struct {
        rk_outcome o;
        char behind[8];
    } x = {.o = {.size = sizeof(rk_outcome)}, .behind = "behind"};
    rk_outcome old = {.size = offsetof(rk_outcome, verb), .verb = "untouched"};
    (void)self;
    assert_int_equal(rk->outcome(ps, POD, "g", &x.o), 1);
    assert_int_equal(x.o.http, 403);
    assert_int_equal(x.o.failures, 2);
    assert_string_equal(x.o.reason, "Forbidden");
    assert_int_equal(x.o.size, sizeof(rk_outcome));
    assert_string_equal(x.behind, "behind");
    assert_int_equal(rk->outcome(ps, POD, "g", &old), 1);
    assert_int_equal(old.http, 403);
    assert_string_equal(old.verb,
                        "untouched"); /* an older plugin's struct is not written past its end */
    assert_int_equal(rk->outcome(ps, POD, "other", &x.o), 0);
    return RK_OK;
}

STAGE_TEST(a_hook_reads_how_io_went)
{
    const struct rk_snap_outcome o = {.gvk = POD,
                                      .group = "g",
                                      .verb = "create",
                                      .reason = "Forbidden",
                                      .http = 403,
                                      .failures = 2};
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_STATUS, 100, outcomes);
    st->snap.outcomes = &o;
    st->snap.n_outcomes = 1;
    stage_run(st);
    assert_null(st->plan->problem);
}

static int32_t json(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char text[] = "{\"b\":[1.50,\"x\",true,null],\"a\":{\"n\":3,\"f\":1.5}}";
    static const char *const parts[] = {"a", NULL, "bc"};
    int64_t n = 0;
    (void)self;
    rk_json *v = rk->parse(ps, text, sizeof text - 1);
    static const char yaml[] = "a: [1, x]\n---\nb: 2\n", bad[] = "a: [";
    assert_string_equal(rk->print(ps, rk->yaml(ps, yaml, sizeof yaml - 1)), "{\"a\":[1,\"x\"]}");
    assert_null(rk->yaml(ps, bad, sizeof bad - 1));
    assert_null(rk->yaml(ps, "", 0));
    assert_null(rk->parse(ps, "{", 1));
    assert_int_equal(rk->type(rk->at(v, "/b/3")), RK_JSON_NULL);
    assert_int_equal(rk->type(rk->at(v, "/b/4")), RK_JSON_ABSENT);
    assert_int_equal(rk->type(rk->at(v, "/b/2")), RK_JSON_BOOL);
    assert_int_equal(rk->truth(v, "/b/2", 0), 1);
    assert_null(rk->at(v, "a"));
    assert_null(rk->at(v, "/a/"));
    assert_null(rk->at(v, "/a/nn"));
    assert_null(rk->at(v, "/a/n/x"));
    assert_null(rk->at(v, "/~3"));
    assert_ptr_equal(rk->at(v, "/a/n"), rk->at(rk->at(v, "/a"), "/n"));
    assert_int_equal(rk->truth(v, "/a/n", 7), 7);
    assert_string_equal(rk->number_text(rk->at(v, "/b/0")), "1.50");
    assert_int_equal(rk->num(v, "/a/f", -1), -1);
    assert_int_equal(rk->num(v, "/a/n", -1), 3);
    assert_string_equal(rk->str(NULL, "/a", "d"), "d");
    assert_int_equal(rk->len(v, "/b"), 4);
    assert_string_equal(rk->key(rk->next(rk->item(v, 0))), "a");
    assert_null(rk->item(v, 2));
    assert_null(rk->item(rk->at(v, "/b/1"), 0));
    assert_string_equal(rk->print_sorted(ps, v),
                        "{\"a\":{\"f\":1.5,\"n\":3},\"b\":[1.50,\"x\",true,null]}");
    assert_string_equal(rk->print(ps, v), text);
    assert_string_equal(rk->join(ps, parts, 3), "abc");
    assert_string_equal(rk->fmt(ps, "%s-%d", "x", 4), "x-4");
    assert_string_equal(rk->now_text(ps), "2026-01-02T03:04:05Z");
    assert_int_equal(rk->qty_value("1500m", &n), RK_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rk->qty_value("many", &n), RK_EINVAL);
    assert_string_equal(rk->qty_add(ps, "1Gi", NULL), "1Gi");
    assert_string_equal(rk->qty_mul(ps, "500m", 3), "1500m");
    assert_null(rk->qty_mul(ps, "many", 3));
    /* A value that stands in a tree already is copied, not tied in twice. */
    rk_json *box = rk->new_object(ps), *list = rk->new_array(ps);
    rk->put(ps, box, "list", list);
    rk->put(ps, box, "again", list);
    rk->push(ps, list, rk->new_num(ps, 1));
    assert_string_equal(rk->print(ps, box), "{\"list\":[1],\"again\":[]}");
    assert_int_equal(rk->equal(v, rk->copy(ps, v)), 1);
    assert_string_equal(
        rk->digest(ps, v),
        rk->digest(ps, rk->parse(ps, rk->print_sorted(ps, v), strlen(rk->print_sorted(ps, v)))));
    return RK_OK;
}

STAGE_TEST(json_is_read_and_made_through_the_table)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, json);
    stage_run(st);
    assert_null(st->plan->problem);
}

static int32_t misuse(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk->put(ps, rk->new_array(ps), "k", rk->new_num(ps, 1));
    return RK_OK;
}

STAGE_TEST(misuse_of_the_table_fails_the_hook)
{
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_PLAN, 100, misuse);
    stage_run(st);
    assert_string_equal(st->plan->problem, "a: PLAN: puts a value into array");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_plugin_sees_only_the_paths_it_declared),
        cmocka_unit_test(when_a_record_was_made_and_is_to_go_is_seen_whatever_was_declared),
        cmocka_unit_test(kept_paths_reach_through_lists_and_escaped_keys),
        cmocka_unit_test(
            what_belongs_to_nobody_is_seen_by_its_name_and_only_what_was_declared_of_it),
        cmocka_unit_test(reading_an_undeclared_kind_fails_the_hook),
        cmocka_unit_test(a_record_that_is_not_json_fails_the_hook),
        cmocka_unit_test(a_hook_reads_how_io_went),
        cmocka_unit_test(json_is_read_and_made_through_the_table),
        cmocka_unit_test(misuse_of_the_table_fails_the_hook),
    };
    return cmocka_run_group_tests_name("pass world", tests, NULL, NULL);
}
