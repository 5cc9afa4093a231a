/* Whose each field of a shaped object is at the end: subtrees, lists whose entries move, names that change, nulls, what went
 * and came back, offers that yielded, templates that DEFAULT hooks or plugins wrote, what the core adds. */
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

/* A write in JSON text. */
struct line {
    char verb; /* s, o, a, d, f */
    const char *path, *json;
};

static const struct line *lines[STAGE_PLUGS];
static const rk_member *members;
static uint32_t n_members;
static bool own_template, ask, as_child, shaped;

static int32_t play(const rk_api *rk, rk_pass *ps, rk_obj *o, const struct line *l)
{
    for (; l && l->verb; l++) {
        const rk_json *v = l->json ? rk->parse(ps, l->json, strlen(l->json)) : NULL;
        int32_t r = l->verb == 's'   ? rk->set(o, l->path, v)
                    : l->verb == 'o' ? rk->offer(o, l->path, v)
                    : l->verb == 'a' ? rk->append(o, l->path, v)
                    : l->verb == 'f' ? rk->fill(o, l->path, "random32")
                                     : rk->drop(o, l->path);
        if (r < 0)
            return r;
    }
    return RK_OK;
}

static int32_t play_a(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (ask)
        (void)rk->member(ps);
    return play(rk, ps, rk->subject(ps), lines[0]);
}

static int32_t play_b(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return play(rk, ps, rk->subject(ps), lines[1]);
}

static int32_t play_default(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    return play(rk, ps, rk->subject(ps), lines[2]);
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char made[] = "{\"spec\":{\"containers\":[{\"name\":\"made\"}]}}";
    const rk_json *template =
        own_template ? rk->parse(ps, made, strlen(made)) : rk->at(rk->object(ps), "/spec/template");
    rk_group g = {.size = sizeof g,
                  .n_members = n_members,
                  .member_size = sizeof(rk_member),
                  .role = "worker",
                  .group = "g",
                  .pod_template = template,
                  .name_prefix = "demo-",
                  .members = members};
    (void)self;
    if (shaped) {
        const rk_json *v = rk->shape(ps, &g);
        rk_obj *child = rk->want(ps, SERVICE, "child", RK_POLICY_ONCE);
        return v ? rk->set(child, "/spec/template", v) : RK_EFAIL;
    }
    if (as_child)
        return play(rk, ps, rk->want(ps, SERVICE, "child", RK_POLICY_OWNED), lines[0]);
    return rk->pods(ps, &g);
}

static const rk_member one = {.size = sizeof one, .key = "0"};

/* Plugin a writes at rank 300, b at 400; p wants the pods, and writes in DEFAULT. */
static void begin(struct stage *st, const char *object, const struct line *a, const struct line *b)
{
    lines[0] = a;
    lines[1] = b;
    lines[2] = NULL;
    members = &one;
    n_members = 1;
    own_template = ask = as_child = shaped = false;
    if (object)
        st->object = rk_arena_fmt(
            &st->arena,
            "{\"apiVersion\":\"example.io/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"demo\",\"namespace\":\"ns\"},"
            "\"spec\":{\"template\":%s}}",
            object);
    rk_plugin *p = stage_plugin(st, "p");
    stage_hook(st, p, RK_PHASE_DEFAULT, 50, play_default);
    stage_hook(st, p, RK_PHASE_PLAN, 100, plan);
    stage_hook(st, stage_plugin(st, "a"), RK_PHASE_POD, 300, play_a);
    stage_hook(st, stage_plugin(st, "b"), RK_PHASE_POD, 400, play_b);
    st->conf.record = true;
}

static const struct rk_plan_field *find(const struct stage *st, const char *name)
{
    const struct rk_plan_shape *s = &st->plan->shapes[0];
    const struct rk_plan_field *found = NULL;
    for (size_t i = 0; i < s->n_fields; i++)
        if (strcmp(s->fields[i].name, name) == 0) {
            assert_null(found); /* each field once */
            found = &s->fields[i];
        }
    return found;
}

static const struct rk_plan_field *field(const struct stage *st, const char *name)
{
    assert_null(st->plan->problem);
    assert_true(st->plan->n_shapes > 0);
    const struct rk_plan_field *f = find(st, name);
    if (!f)
        fail_msg("no field %s", name);
    return f;
}

static void is(const struct stage *st, const char *name, const char *author, const char *over)
{
    const struct rk_plan_field *f = field(st, name);
    if (strcmp(f->author, author) != 0 || !rk_str_eq(f->over, over))
        fail_msg("%s: by %s over %s", name, f->author, f->over ? f->over : "nobody");
    assert_true((f->phase != 0) == (strcmp(author, "user") != 0 && strcmp(author, "core") != 0));
}

static const struct rk_plan_lost *lost(const struct stage *st, const char *name)
{
    const struct rk_plan_shape *s = &st->plan->shapes[0];
    for (size_t i = 0; i < s->n_lost; i++)
        if (strcmp(s->lost[i].name, name) == 0)
            return &s->lost[i];
    return NULL;
}

#define POD_OF(spec) "{\"spec\":{\"containers\":[{\"name\":\"main\"}]," spec "}}"

STAGE_TEST(a_subtree_is_over_the_user_where_it_differs_and_tells_what_went)
{
    static const struct line a[] = {{'s', "/spec/s", "{\"same\":1,\"other\":3,\"new\":4}"}, {0}};
    begin(st, POD_OF("\"s\":{\"same\":1,\"other\":2,\"gone\":{\"x\":5}}"), a, NULL);
    stage_run(st);
    is(st, "/spec/s/same", "a", NULL);
    is(st, "/spec/s/other", "a", "user");
    is(st, "/spec/s/new", "a", NULL);
    const struct rk_plan_lost *l = lost(st, "/spec/s/gone/x");
    assert_non_null(l);
    assert_string_equal(l->was, "user");
    assert_string_equal(l->author, "a");
    assert_int_equal(l->rank, 300);
    assert_null(lost(st, "/spec/s/same"));
    assert_null(find(st, "/spec/s/gone/x"));
}

STAGE_TEST(a_scalar_over_a_subtree_and_back_is_over_its_author)
{
    static const struct line a[] = {{'s', "/spec/x", "1"}, {'s', "/spec/y", "{\"z\":1}"}, {0}};
    begin(st, POD_OF("\"x\":{\"k\":1},\"y\":2"), a, NULL);
    stage_run(st);
    is(st, "/spec/x", "a", "user");
    is(st, "/spec/y/z", "a", "user");
    assert_int_equal(st->plan->shapes[0].n_lost, 0);
}

STAGE_TEST(each_author_in_a_chain_is_over_the_one_before)
{
    static const struct line a[] = {{'s', "/spec/x", "2"}, {0}}, b[] = {{'s', "/spec/x", "3"}, {0}};
    begin(st, POD_OF("\"x\":1"), a, b);
    stage_run(st);
    is(st, "/spec/x", "b", "a");
    assert_int_equal(field(st, "/spec/x")->rank, 400);
}

STAGE_TEST(writing_twice_is_still_over_the_user)
{
    static const struct line a[] = {{'s', "/spec/x", "2"}, {'s', "/spec/x", "3"}, {0}};
    begin(st, POD_OF("\"x\":1"), a, NULL);
    stage_run(st);
    is(st, "/spec/x", "a", "user");
}

STAGE_TEST(what_b_writes_inside_of_what_a_wrote_is_bs_alone)
{
    static const struct line a[] = {{'s', "/spec/s", "{\"k\":1,\"l\":{\"m\":1}}"}, {0}},
                             b[] = {{'s', "/spec/s/l/n", "2"}, {'s', "/spec/s/k", "3"}, {0}};
    begin(st, POD_OF("\"t\":1"), a, b);
    stage_run(st);
    is(st, "/spec/s/k", "b", "a");
    is(st, "/spec/s/l/m", "a", NULL);
    is(st, "/spec/s/l/n", "b", NULL);
    is(st, "/spec/t", "user", NULL);
}

STAGE_TEST(what_is_made_on_the_way_is_its_makers)
{
    static const struct line a[] = {{'s', "/spec/volumes/[v]/emptyDir/medium", "\"Memory\""},
                                    {'s', "/spec/containers/0/ports/[80]/name", "\"web\""},
                                    {'s', "/spec/containers/0/env/[E]/value", "\"1\""},
                                    {0}};
    begin(st, POD_OF("\"t\":1"), a, NULL);
    stage_run(st);
    is(st, "/spec/volumes/[v]/name", "a", NULL);
    is(st, "/spec/volumes/[v]/emptyDir/medium", "a", NULL);
    is(st, "/spec/containers/[main]/ports/[80]/containerPort", "a", NULL);
    is(st, "/spec/containers/[main]/ports/[80]/protocol", "a", NULL);
    is(st, "/spec/containers/[main]/env/[E]/name", "a", NULL);
    is(st, "/spec/containers/[main]/name", "user", NULL);
}

STAGE_TEST(entries_that_move_keep_their_authors_and_sources)
{
    static const struct line a[] = {{'a', "/spec/tolerations", "{\"key\":\"a\"}"},
                                    {'d', "/spec/tolerations/0", NULL},
                                    {0}},
                             b[] = {{'a', "/spec/tolerations", "{\"key\":\"b\"}"},
                                    {'d', "/spec/tolerations/0", NULL},
                                    {0}};
    begin(st, POD_OF("\"tolerations\":[{\"key\":\"u\"},{\"key\":\"v\"},{\"key\":\"w\"}]"), a, b);
    stage_run(st);
    is(st, "/spec/tolerations/0/key", "user", NULL);
    assert_string_equal(field(st, "/spec/tolerations/0/key")->source,
                        "/spec/template/spec/tolerations/2/key");
    is(st, "/spec/tolerations/1/key", "a", NULL);
    is(st, "/spec/tolerations/2/key", "b", NULL);
    assert_int_equal(field(st, "/spec/tolerations/1/key")->verb, RK_WROTE_APPEND);
    assert_int_equal(st->plan->shapes[0].n_lost, 2); /* both were at place 0 when they went */
    assert_string_equal(st->plan->shapes[0].lost[0].author, "a");
    assert_string_equal(st->plan->shapes[0].lost[1].author, "b");
}

STAGE_TEST(an_entry_that_is_forced_to_the_end_is_over_the_user)
{
    static const struct line a[] = {
        {'d', "/spec/containers/0/env/[U]", NULL},
        {'s', "/spec/containers/0/env/[U]", "{\"name\":\"U\",\"value\":\"2\"}"},
        {0}};
    begin(st,
          "{\"spec\":{\"containers\":[{\"name\":\"main\",\"env\":[{\"name\":\"U\",\"value\":\"1\"},"
          "{\"name\":\"V\",\"value\":\"1\"}]}]}}",
          a, NULL);
    stage_run(st);
    is(st, "/spec/containers/[main]/env/[U]/value", "a", "user");
    is(st, "/spec/containers/[main]/env/[U]/name", "a", NULL);
    assert_string_equal(field(st, "/spec/containers/[main]/env/[V]/value")->source,
                        "/spec/template/spec/containers/0/env/1/value");
    assert_string_equal(field(st, "/spec/containers/[main]/env/[V]/value")->path,
                        "/spec/containers/0/env/0/value");
    assert_int_equal(st->plan->shapes[0].n_lost, 0);
}

STAGE_TEST(two_entries_of_one_name_are_two)
{
    static const struct line a[] = {
        {'a', "/spec/containers/0/env", "{\"name\":\"U\",\"value\":\"2\"}"},
        {'d', "/spec/containers/0/env/[U]", NULL},
        {0}};
    begin(
        st,
        "{\"spec\":{\"containers\":[{\"name\":\"main\",\"env\":[{\"name\":\"U\",\"value\":\"1\"}]}]}}",
        a, NULL);
    stage_run(st);
    is(st, "/spec/containers/[main]/env/[U]/value", "a",
       NULL); /* the second one is the first now */
    assert_string_equal(lost(st, "/spec/containers/[main]/env/[U]/value")->was, "user");
}

STAGE_TEST(a_container_with_another_name_is_still_whose_it_was)
{
    static const struct line a[] = {{'s', "/spec/containers/0/env/[E]/value", "\"1\""},
                                    {'s', "/spec/containers/0/name", "\"other\""},
                                    {0}},
                             b[] = {{'s', "/spec/containers/0/env/[E]/value", "\"2\""}, {0}};
    begin(st, NULL, a, b);
    stage_run(st);
    is(st, "/spec/containers/[other]/name", "a", "user");
    is(st, "/spec/containers/[other]/image", "user", NULL);
    is(st, "/spec/containers/[other]/env/[E]/value", "b", "a");
    is(st, "/spec/containers/[other]/env/[E]/name", "a", NULL);
    assert_int_equal(st->plan->shapes[0].n_lost, 1); /* the template's own name of the pod */
}

STAGE_TEST(null_is_nobodys_word)
{
    static const struct line a[] = {{'o', "/spec/n", "1"},
                                    {'a', "/spec/list", "1"},
                                    {'s', "/spec/deep/k", "1"},
                                    {'d', "/spec/m", NULL},
                                    {0}};
    begin(st, POD_OF("\"n\":null,\"list\":null,\"deep\":null,\"m\":null,\"left\":null"), a, NULL);
    stage_run(st);
    is(st, "/spec/n", "a", NULL);
    is(st, "/spec/list/0", "a", NULL);
    is(st, "/spec/deep/k", "a", NULL);
    is(st, "/spec/left", "user", NULL);
    assert_int_equal(st->plan->shapes[0].n_lost, 0);
}

STAGE_TEST(a_list_that_was_emptied_is_the_droppers)
{
    static const struct line a[] = {{'d', "/spec/l/0", NULL}, {0}};
    begin(st, POD_OF("\"l\":[1],\"e\":[]"), a, NULL);
    stage_run(st);
    is(st, "/spec/l", "a", "user");
    assert_int_equal(field(st, "/spec/l")->verb, RK_WROTE_DROP);
    is(st, "/spec/e", "user", NULL);
    assert_string_equal(lost(st, "/spec/l/0")->author, "a");
}

STAGE_TEST(what_went_and_was_written_again_is_over_who_took_it)
{
    static const struct line a[] = {{'d', "/spec/x", NULL}, {'d', "/spec/y", NULL}, {0}},
                             b[] = {{'s', "/spec/x", "2"}, {0}};
    begin(st, POD_OF("\"x\":1,\"y\":1"), a, b);
    stage_run(st);
    is(st, "/spec/x", "b", "a");
    assert_null(lost(st, "/spec/x"));
    assert_string_equal(lost(st, "/spec/y")->was, "user");
}

STAGE_TEST(ones_own_that_went_is_not_told_but_whom_it_had_replaced_is)
{
    static const struct line a[] = {{'s', "/spec/mine", "1"},
                                    {'d', "/spec/mine", NULL},
                                    {'s', "/spec/x", "2"},
                                    {'d', "/spec/x", NULL},
                                    {0}};
    begin(st, POD_OF("\"x\":1"), a, NULL);
    stage_run(st);
    assert_null(lost(st, "/spec/mine"));
    assert_string_equal(lost(st, "/spec/x")->was, "user");
}

STAGE_TEST(an_offer_that_yielded_is_told_where_the_value_is_now)
{
    static const struct line a[] = {{'o', "/spec/tolerations/1", "1"},
                                    {'o', "/spec/s", "{}"},
                                    {'o', "/spec/x", "2"},
                                    {0}},
                             b[] = {{'d', "/spec/tolerations/0", NULL}, {'s', "/spec/x", "3"}, {0}};
    begin(st, POD_OF("\"tolerations\":[\"u\",\"v\"],\"s\":{\"k\":1,\"l\":2},\"x\":1"), a, b);
    stage_run(st);
    const struct rk_plan_field *f = field(st, "/spec/tolerations/0");
    assert_int_equal(f->n_yielded, 1);
    assert_string_equal(f->yielded[0].author, "a");
    assert_int_equal(f->yielded[0].rank, 300);
    assert_int_equal(f->yielded[0].phase, RK_PHASE_POD);
    assert_int_equal(field(st, "/spec/s/k")->n_yielded, 1); /* to the whole, so to each */
    assert_int_equal(field(st, "/spec/s/l")->n_yielded, 1);
    assert_int_equal(field(st, "/spec/x")->n_yielded, 1); /* the user's, that b replaced later */
    is(st, "/spec/x", "b", "user");
}

STAGE_TEST(what_is_filled_when_it_is_sent_has_an_author_and_no_value)
{
    static const struct line a[] = {{'f', "/spec/token", NULL}, {0}},
                             b[] = {{'s', "/spec/t", "1"}, {0}},
                             c[] = {{'s', "/spec/token", "\"known\""}, {0}};
    begin(st, POD_OF("\"u\":1"), a, b);
    stage_run(st);
    is(st, "/spec/token", "a", NULL);
    assert_null(field(st, "/spec/token")->value);
    assert_string_equal(field(st, "/spec/token")->fill, "random32");
    lines[1] = c;
    stage_run(st);
    is(st, "/spec/token", "b", NULL);
    assert_null(field(st, "/spec/token")->fill);
}

STAGE_TEST(a_template_that_a_default_hook_changed_is_that_hooks)
{
    static const struct line d[] = {{'s', "/spec/template/spec/x", "2"},
                                    {'d', "/spec/template/spec/y", NULL},
                                    {'s', "/spec/template/spec/s/k", "1"},
                                    {0}};
    begin(st, POD_OF("\"x\":1,\"y\":1,\"z\":1"), NULL, NULL);
    lines[2] = d;
    stage_run(st);
    is(st, "/spec/x", "p", "user");
    is(st, "/spec/s/k", "p", NULL);
    is(st, "/spec/z", "user", NULL);
    assert_int_equal(field(st, "/spec/x")->phase, RK_PHASE_DEFAULT);
    assert_string_equal(field(st, "/spec/x")->source, "/spec/template/spec/x");
    assert_string_equal(lost(st, "/spec/y")->author, "p");
}

STAGE_TEST(a_template_that_a_plugin_made_is_that_plugins)
{
    begin(st, NULL, NULL, NULL);
    own_template = true;
    stage_run(st);
    is(st, "/spec/containers/[made]/name", "p", NULL);
    assert_int_equal(field(st, "/spec/containers/[made]/name")->phase, RK_PHASE_PLAN);
    assert_null(field(st, "/spec/containers/[made]/name")->source);
}

STAGE_TEST(identity_is_the_cores)
{
    begin(
        st,
        "{\"metadata\":{\"name\":\"x\",\"namespace\":\"other\",\"ownerReferences\":[]},\"spec\":{\"c\":1}}",
        NULL, NULL);
    stage_run(st);
    is(st, "/apiVersion", "core", NULL);
    is(st, "/metadata/name", "core", NULL);
    is(st, "/metadata/namespace", "core", "user");
    is(st, "/metadata/ownerReferences/[u-1]/name", "core", "user");
    is(st, "/metadata/labels", "core", NULL); /* empty */
    assert_string_equal(lost(st, "/metadata/name")->author, "core");
}

STAGE_TEST(labels_of_a_member_are_of_the_hook_that_wants_it)
{
    static const rk_kv l[] = {{"index", "0"}, {"user", "no"}}, k[] = {{"index", "1"}};
    static const rk_member two[] = {
        {.size = sizeof(rk_member), .key = "0", .labels = l, .n_labels = 2},
        {.size = sizeof(rk_member), .key = "1", .labels = k, .n_labels = 1}};
    begin(st, NULL, NULL, NULL);
    members = two;
    n_members = 2;
    stage_run(st);
    assert_int_equal(st->plan->n_shapes, 1);
    assert_int_equal(st->plan->shapes[0].pods, 2);
    is(st, "/metadata/labels/index", "p", NULL);
    is(st, "/metadata/labels/user", "p", "user");
    assert_true(field(st, "/metadata/labels/index")->each);
    assert_true(field(st, "/metadata/name")->each);
    assert_false(field(st, "/metadata/namespace")->each);
    assert_int_equal(field(st, "/metadata/labels/index")->phase, RK_PHASE_PLAN);
    assert_string_equal(st->plan->shapes[0].name, st->plan->ops[0].name);
}

STAGE_TEST(a_group_that_is_shaped_pod_by_pod_is_told_pod_by_pod)
{
    static const rk_member two[] = {{.size = sizeof(rk_member), .key = "0"},
                                    {.size = sizeof(rk_member), .key = "1"}};
    begin(st, NULL, NULL, NULL);
    members = two;
    n_members = 2;
    ask = true;
    stage_run(st);
    assert_int_equal(st->plan->n_shapes, 2);
    assert_string_equal(st->plan->shapes[1].member, "1");
    assert_int_equal(st->plan->shapes[1].pods, 1);
    assert_false(field(st, "/metadata/name")->each);
}

STAGE_TEST(a_child_is_its_plugins_and_the_note_of_what_we_named_the_cores)
{
    static const struct line a[] = {{'a', "/spec/ports", "{\"port\":80}"}, {0}};
    begin(st, NULL, a, NULL);
    as_child = true;
    stage_run(st);
    assert_string_equal(st->plan->shapes[0].gvk, SERVICE);
    is(st, "/spec/ports/[80]/port", "p", NULL);
    is(st, "/metadata/name", "core", NULL);
    is(st, "/metadata/annotations/raykeeper.io~1applied", "core", NULL);
}

STAGE_TEST(a_template_that_was_shaped_for_a_plugin_is_told_and_then_that_plugins)
{
    static const struct line a[] = {{'s', "/spec/x", "1"}, {0}};
    begin(st, NULL, a, NULL);
    shaped = own_template = true;
    stage_run(st);
    assert_int_equal(st->plan->n_shapes, 2);
    const struct rk_plan_shape *t = &st->plan->shapes[0];
    assert_true(t->template);
    assert_string_equal(t->group, "g");
    assert_int_equal(t->pods, 0);
    is(st, "/spec/x", "a", NULL);
    is(st, "/spec/containers/[made]/name", "p", NULL);
    assert_null(find(st, "/metadata/name"));
    st->plan->shapes++; /* the child, whose own fields the plugin has all written */
    is(st, "/spec/template/spec/x", "p", NULL);
    is(st, "/metadata/name", "core", NULL);
    st->plan->shapes--;
}

STAGE_TEST(every_leaf_of_what_is_sent_is_told_and_no_other)
{
    static const struct line a[] = {{'s', "/spec/containers/0/env/[N]/value", "\"1\""},
                                    {'s', "/metadata/labels/x~1y", "{}"},
                                    {'d', "/spec/containers/0/image", NULL},
                                    {0}};
    begin(st, NULL, a, NULL);
    stage_run(st);
    const struct rk_op *op = stage_op(st, RK_OP_CREATE, 0);
    const struct rk_plan_shape *s = &st->plan->shapes[0];
    assert_true(rk_json_equal(s->tree, stage_body(st, op)));
    assert_string_equal(rk_json_text(&st->arena, s->tree),
                        rk_json_text(&st->arena, stage_body(st, op))); /* in its order, too */
    for (size_t i = 0; i < s->n_fields; i++) {
        const cJSON *v = rk_path_get(s->tree, s->fields[i].path);
        assert_ptr_equal(v, s->fields[i].value);
        assert_ptr_equal(v, rk_path_get(s->tree, s->fields[i].name));
        assert_null(v->child);
    }
}

STAGE_TEST(without_the_wish_nothing_is_recorded)
{
    begin(st, NULL, NULL, NULL);
    st->conf.record = false;
    st->conf.whole = true;
    stage_run(st);
    assert_int_equal(st->plan->n_shapes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subtree_is_over_the_user_where_it_differs_and_tells_what_went),
        cmocka_unit_test(a_scalar_over_a_subtree_and_back_is_over_its_author),
        cmocka_unit_test(each_author_in_a_chain_is_over_the_one_before),
        cmocka_unit_test(writing_twice_is_still_over_the_user),
        cmocka_unit_test(what_b_writes_inside_of_what_a_wrote_is_bs_alone),
        cmocka_unit_test(what_is_made_on_the_way_is_its_makers),
        cmocka_unit_test(entries_that_move_keep_their_authors_and_sources),
        cmocka_unit_test(an_entry_that_is_forced_to_the_end_is_over_the_user),
        cmocka_unit_test(two_entries_of_one_name_are_two),
        cmocka_unit_test(a_container_with_another_name_is_still_whose_it_was),
        cmocka_unit_test(null_is_nobodys_word),
        cmocka_unit_test(a_list_that_was_emptied_is_the_droppers),
        cmocka_unit_test(what_went_and_was_written_again_is_over_who_took_it),
        cmocka_unit_test(ones_own_that_went_is_not_told_but_whom_it_had_replaced_is),
        cmocka_unit_test(an_offer_that_yielded_is_told_where_the_value_is_now),
        cmocka_unit_test(what_is_filled_when_it_is_sent_has_an_author_and_no_value),
        cmocka_unit_test(a_template_that_a_default_hook_changed_is_that_hooks),
        cmocka_unit_test(a_template_that_a_plugin_made_is_that_plugins),
        cmocka_unit_test(identity_is_the_cores),
        cmocka_unit_test(labels_of_a_member_are_of_the_hook_that_wants_it),
        cmocka_unit_test(a_group_that_is_shaped_pod_by_pod_is_told_pod_by_pod),
        cmocka_unit_test(a_child_is_its_plugins_and_the_note_of_what_we_named_the_cores),
        cmocka_unit_test(a_template_that_was_shaped_for_a_plugin_is_told_and_then_that_plugins),
        cmocka_unit_test(every_leaf_of_what_is_sent_is_told_and_no_other),
        cmocka_unit_test(without_the_wish_nothing_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
