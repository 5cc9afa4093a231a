/* Writing: set, offer, append, drop; who wrote what over whom; when two plugins conflict. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static const rk_member one = {.size = sizeof one, .key = "0"};

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    rk_group g = {.size = sizeof g,
                  .n_members = 1,
                  .member_size = sizeof(rk_member),
                  .role = "worker",
                  .group = "g",
                  .pod_template = rk->at(rk->object(ps), "/spec/template"),
                  .name_prefix = "demo-",
                  .members = &one};
    return rk->pods(ps, &g);
}

/* A write in JSON text: what a plugin of a test does in POD. */
struct line {
    char verb; /* s, o, a, d */
    const char *path, *json;
    int32_t expect;
};

static const struct line *lines_a, *lines_b;

static int32_t play(const rk_api *rk, rk_pass *ps, const struct line *l)
{
    rk_obj *pod = rk->subject(ps);
    for (; l && l->verb; l++) {
        const rk_json *v = l->json ? rk->parse(ps, l->json, strlen(l->json)) : NULL;
        int32_t r = l->verb == 's'   ? rk->set(pod, l->path, v)
                    : l->verb == 'o' ? rk->offer(pod, l->path, v)
                    : l->verb == 'a' ? rk->append(pod, l->path, v)
                                     : rk->drop(pod, l->path);
        assert_int_equal(r, l->expect);
        if (r < 0)
            return r;
    }
    return RK_OK;
}

static int32_t play_a(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return play(rk, ps, lines_a);
}

static int32_t play_b(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return play(rk, ps, lines_b);
}

/* Plugin a at rank 300, plugin b at `rank_b`; returns b's descriptor for tests that change it. */
static rk_plugin *two(struct stage *st, const struct line *a, const struct line *b, int rank_b)
{
    lines_a = a;
    lines_b = b;
    rk_plugin *pa = stage_plugin(st, "a");
    stage_hook(st, pa, RK_PHASE_PLAN, 100, plan);
    stage_hook(st, pa, RK_PHASE_POD, 300, play_a);
    rk_plugin *pb = stage_plugin(st, "b");
    stage_hook(st, pb, RK_PHASE_POD, rank_b, play_b);
    st->conf.record = true;
    return pb;
}

static const struct rk_write_record *record_of(const struct stage *st, const char *path,
                                               const char *author)
{
    const struct rk_write_record *r = NULL, *found = NULL;
    size_t n = rk_plan_writes(st->plan, "g", &r);
    for (size_t i = 0; i < n; i++)
        if (strcmp(r[i].path, path) == 0 && strcmp(r[i].author, author) == 0)
            found = &r[i];
    return found;
}

STAGE_TEST(set_wins_over_the_user_and_is_on_record)
{
    static const struct line a[] = {{'s', "/spec/containers/0/image", "\"mine\"", RK_OK},
                                    {'s', "/spec/containers/0/env/[N]/value", "\"1\"", RK_OK},
                                    {'s', "/metadata/labels/x~1y", "\"z\"", RK_OK},
                                    {'s', "/spec/containers/0/name", "\"main\"", RK_OK},
                                    {0}};
    two(st, a, NULL, 300);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    assert_null(st->plan->problem);
    assert_string_equal(stage_at(st, op, "/spec/containers/0/image"), "\"mine\"");
    assert_string_equal(stage_at(st, op, "/spec/containers/0/env"),
                        "[{\"name\":\"U\",\"value\":\"user\"},{\"name\":\"N\",\"value\":\"1\"}]");
    assert_string_equal(stage_at(st, op, "/metadata/labels"), "{\"user\":\"yes\",\"x/y\":\"z\"}");
    const struct rk_write_record *r = record_of(st, "/spec/containers/[main]/image", "a");
    assert_non_null(r);
    assert_string_equal(r->over, "user");
    assert_int_equal(r->verb, RK_WROTE_SET);
    assert_int_equal(r->rank, 300);
    assert_null(record_of(st, "/spec/containers/[main]/env/[N]/value", "a")->over);
    assert_null(record_of(st, "/spec/containers/[main]/name", "a")
                    ->over); /* the same value replaces nobody's */
}

STAGE_TEST(offer_yields_to_the_user_and_to_earlier_authors)
{
    static const struct line a[] = {{'o', "/spec/containers/0/image", "\"mine\"", RK_YIELDED},
                                    {'o', "/spec/priority", "1", RK_OK},
                                    {0}};
    static const struct line b[] = {{'o', "/spec/priority", "2", RK_YIELDED}, {0}};
    two(st, a, b, 300);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    assert_null(st->plan->problem);
    assert_string_equal(stage_at(st, op, "/spec/containers/0/image"), "\"i\"");
    assert_string_equal(stage_at(st, op, "/spec/priority"), "1");
    assert_int_equal(record_of(st, "/spec/priority", "b")->verb, RK_WROTE_YIELD);
}

STAGE_TEST(a_higher_rank_overrides_and_the_record_names_whom)
{
    static const struct line a[] = {{'s', "/spec/containers/0/image", "\"a\"", RK_OK}, {0}};
    static const struct line b[] = {{'s', "/spec/containers/[main]/image", "\"b\"", RK_OK}, {0}};
    two(st, a, b, 400);
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/spec/containers/0/image"),
                        "\"b\"");
    assert_string_equal(record_of(st, "/spec/containers/[main]/image", "b")->over, "a");
}

STAGE_TEST(forcing_an_env_entry_keeps_whom_it_replaced)
{
    static const struct line a[] = {
        {'d', "/spec/containers/0/env/[U]", NULL, RK_OK},
        {'s', "/spec/containers/0/env/[U]", "{\"name\":\"U\",\"value\":\"v\"}", RK_OK},
        {0}};
    two(st, a, NULL, 400);
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(record_of(st, "/spec/containers/[main]/env/[U]", "a")->over, "user");
    assert_int_equal(record_of(st, "/spec/containers/[main]/env/[U]", "a")->verb, RK_WROTE_SET);
}

STAGE_TEST(append_never_removes_duplicates_and_makes_the_list)
{
    static const struct line a[] = {
        {'a', "/spec/containers/0/env", "{\"name\":\"U\",\"value\":\"2\"}", RK_OK},
        {'a', "/spec/tolerations", "{\"key\":\"k\"}", RK_OK},
        {'s', "/spec/tolerations/-", "{\"key\":\"l\"}", RK_OK},
        {0}};
    two(st, a, NULL, 400);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    assert_string_equal(stage_at(st, op, "/spec/containers/0/env/1/value"), "\"2\"");
    assert_string_equal(stage_at(st, op, "/spec/tolerations"), "[{\"key\":\"k\"},{\"key\":\"l\"}]");
}

STAGE_TEST(nothing_goes_before_the_users_container)
{
    static const struct line a[] = {{'s', "/spec/containers/0", "{\"name\":\"other\"}", RK_EINVAL},
                                    {0}};
    two(st, a, NULL, 400);
    stage_run(st);
    assert_true(st->plan->invalid);
    assert_contains(st->plan->problem, "a: POD: /spec/containers/0: ");
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
}

STAGE_TEST(identity_is_not_a_plugins_to_write)
{
    static const struct line a[] = {{'s', "/metadata/name", "\"x\"", RK_ECONFLICT}, {0}};
    two(st, a, NULL, 400);
    stage_run(st);
    assert_string_equal(st->plan->problem, "a: POD: Pod /metadata/name is not a plugin's to write");
}

STAGE_TEST(a_pod_keeps_its_owner)
{
    static const struct line a[] = {{'s', "/metadata/ownerReferences", "[]", RK_ECONFLICT}, {0}};
    static const struct line b[] = {{'d', "/metadata/ownerReferences/0/uid", NULL, RK_ECONFLICT},
                                    {0}};
    two(st, a, b, 400);
    stage_run(st);
    assert_string_equal(st->plan->problem,
                        "a: POD: Pod /metadata/ownerReferences is not a plugin's to write");
    assert_int_equal(stage_count(st, RK_OP_CREATE), 0);
}

struct clash {
    const char *what;
    struct line a[4], b[4];
    bool conflict;
};

static const struct clash clashes[] = {
    {"two values", {{'s', "/spec/x", "1", RK_OK}}, {{'s', "/spec/x", "2", RK_OK}}, true},
    {"one value", {{'s', "/spec/x", "1", RK_OK}}, {{'s', "/spec/x", "1", RK_OK}}, false},
    {"two addresses of one place",
     {{'s', "/spec/containers/0/image", "1", RK_OK}},
     {{'s', "/spec/containers/[main]/image", "2", RK_OK}},
     true},
    {"a subtree over a leaf",
     {{'s', "/spec/s/a", "1", RK_OK}},
     {{'s', "/spec/s", "{\"b\":1}", RK_OK}},
     true},
    {"a subtree that keeps the leaf",
     {{'s', "/spec/s/a", "1", RK_OK}},
     {{'s', "/spec/s", "{\"b\":1,\"a\":1}", RK_OK}},
     false},
    {"a leaf in a subtree",
     {{'s', "/spec/s", "{\"a\":1}", RK_OK}},
     {{'s', "/spec/s/a", "2", RK_OK}},
     true},
    {"another leaf in a subtree",
     {{'s', "/spec/s", "{\"a\":1}", RK_OK}},
     {{'s', "/spec/s/b", "2", RK_OK}},
     false},
    {"a drop of what was set",
     {{'s', "/spec/x", "1", RK_OK}},
     {{'d', "/spec/x", NULL, RK_OK}},
     true},
    {"a set of what was dropped",
     {{'d', "/spec/x", NULL, RK_OK}},
     {{'s', "/spec/x", "1", RK_OK}},
     true},
    {"two drops", {{'d', "/spec/x", NULL, RK_OK}}, {{'d', "/spec/x", NULL, RK_OK}}, false},
    {"a drop above", {{'s', "/spec/s/a", "1", RK_OK}}, {{'d', "/spec/s", NULL, RK_OK}}, true},
    {"drop and set to the same",
     {{'s', "/spec/containers/0/env/[N]", "{\"name\":\"N\",\"value\":\"1\"}", RK_OK}},
     {{'d', "/spec/containers/0/env/[N]", NULL, RK_OK},
      {'s', "/spec/containers/0/env/[N]", "{\"name\":\"N\",\"value\":\"1\"}", RK_OK}},
     false},
    {"drop and set to another",
     {{'s', "/spec/containers/0/env/[N]", "{\"name\":\"N\",\"value\":\"1\"}", RK_OK}},
     {{'d', "/spec/containers/0/env/[N]", NULL, RK_OK},
      {'s', "/spec/containers/0/env/[N]", "{\"name\":\"N\",\"value\":\"2\"}", RK_OK}},
     true},
    {"two appends", {{'a', "/spec/l", "1", RK_OK}}, {{'a', "/spec/l", "2", RK_OK}}, false},
    {"an append to a list that was set",
     {{'s', "/spec/l", "[1]", RK_OK}},
     {{'a', "/spec/l", "2", RK_OK}},
     true},
    {"an append inside a subtree",
     {{'s', "/spec/s", "{\"l\":[1]}", RK_OK}},
     {{'a', "/spec/s/l", "2", RK_OK}},
     true},
    {"an append beside an entry that was set",
     {{'s', "/spec/volumes/[v]/emptyDir/medium", "\"Memory\"", RK_OK}},
     {{'a', "/spec/volumes", "{\"name\":\"w\"}", RK_OK}},
     false},
    {"a set over an append",
     {{'a', "/spec/l", "1", RK_OK}},
     {{'s', "/spec/l", "[2]", RK_OK}},
     true},
    {"an offer is no claim", {{'o', "/spec/x", "1", RK_OK}}, {{'s', "/spec/x", "2", RK_OK}}, false},
    {"an offer yields", {{'s', "/spec/x", "1", RK_OK}}, {{'o', "/spec/x", "2", RK_YIELDED}}, false},
    {"neighbours by prefix",
     {{'s', "/spec/x", "1", RK_OK}},
     {{'s', "/spec/xy", "2", RK_OK}},
     false},
};

static void equals_conflict_by_what_they_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof clashes / sizeof *clashes; i++) {
        const struct clash *c = &clashes[i];
        struct stage st;
        stage_open(&st);
        two(&st, c->a, c->b, 300);
        stage_run(&st);
        if (c->conflict != (st.plan->problem != NULL))
            fail_msg("%s: %s", c->what, st.plan->problem ? st.plan->problem : "no conflict");
        if (c->conflict) {
            assert_contains(
                st.plan->problem,
                "plugin a and plugin b want different things there at phase POD, rank 300");
            assert_true(st.plan->failed);
            assert_int_equal(stage_count(&st, RK_OP_CREATE), 0);
        }
        stage_close(&st);
    }
}

STAGE_TEST(after_decides_between_equals)
{
    static const struct line a[] = {{'s', "/spec/x", "1", RK_OK}, {0}},
                             b[] = {{'s', "/spec/x", "2", RK_OK}, {0}};
    two(st, a, b, 300)->after = "a, unknown";
    stage_run(st);
    assert_null(st->plan->problem);
    assert_string_equal(stage_at(st, stage_op(st, RK_OP_CREATE, 0), "/spec/x"), "2");
    assert_string_equal(record_of(st, "/spec/x", "b")->over, "a");
}

STAGE_TEST(what_a_plugin_owns_bounds_its_writes)
{
    static const struct line good[] = {
        {'s', "/spec/containers/0/env/[X]/value", "\"1\"", RK_OK},
        {'s', "/spec/containers/[main]/env/[Y]/value", "\"1\"", RK_OK},
        {'s', "/metadata/labels/l", "\"1\"", RK_OK},
        {0}};
    static const struct line bad[] = {{'s', "/spec/containers/0/image", "\"1\"", RK_ECONFLICT},
                                      {0}};
    rk_plugin *b = two(st, NULL, good, 300);
    b->owns = "/spec/containers/0/env, /metadata/*";
    stage_run(st);
    assert_null(st->plan->problem);
    lines_b = bad;
    stage_run(st);
    assert_string_equal(
        st->plan->problem,
        "b: POD: writes /spec/containers/[main]/image, which is outside of what it owns");
}

STAGE_TEST(a_refused_write_fails_the_hook_that_ignores_it)
{
    static const struct line a[] = {{'s', "/kind", "\"x\"", RK_ECONFLICT}, {0}};
    two(st, a, NULL, 300);
    stage_run(st);
    assert_true(st->plan->failed);
}

static int32_t scratch_write(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    RK_TRY(rk_set_str(rk, ps, rk->start(ps), "/start/params/port", "6379"));
    assert_int_equal(rk_offer_str(rk, ps, rk->start(ps), "/start/params/port", "1"), RK_YIELDED);
    return rk->append(rk->start(ps), "/start/before", rk->new_str(ps, "echo"));
}

static int32_t scratch_read(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return rk_set_str(rk, ps, rk->subject(ps), "/spec/containers/0/workingDir",
                      rk->print(ps, rk->tree(rk->start(ps))));
}

STAGE_TEST(the_start_scratch_is_shared_and_never_sent)
{
    rk_plugin *a = stage_plugin(st, "a");
    stage_hook(st, a, RK_PHASE_PLAN, 100, plan);
    stage_hook(st, a, RK_PHASE_POD, 300, scratch_write);
    stage_hook(st, a, RK_PHASE_POD, 350, scratch_read);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    assert_string_equal(
        stage_at(st, op, "/spec/containers/0/workingDir"),
        "\"{\\\"start\\\":{\\\"params\\\":{\\\"port\\\":\\\"6379\\\"},\\\"resources\\\":{},\\\"before\\\":[\\\"echo\\\"]}}\"");
    assert_string_equal(stage_at(st, op, "/start"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_wins_over_the_user_and_is_on_record),
        cmocka_unit_test(offer_yields_to_the_user_and_to_earlier_authors),
        cmocka_unit_test(a_higher_rank_overrides_and_the_record_names_whom),
        cmocka_unit_test(forcing_an_env_entry_keeps_whom_it_replaced),
        cmocka_unit_test(append_never_removes_duplicates_and_makes_the_list),
        cmocka_unit_test(nothing_goes_before_the_users_container),
        cmocka_unit_test(identity_is_not_a_plugins_to_write),
        cmocka_unit_test(a_pod_keeps_its_owner),
        cmocka_unit_test(equals_conflict_by_what_they_change),
        cmocka_unit_test(after_decides_between_equals),
        cmocka_unit_test(what_a_plugin_owns_bounds_its_writes),
        cmocka_unit_test(a_refused_write_fails_the_hook_that_ignores_it),
        cmocka_unit_test(the_start_scratch_is_shared_and_never_sent),
    };
    return cmocka_run_group_tests_name("pass writes", tests, NULL, NULL);
}
