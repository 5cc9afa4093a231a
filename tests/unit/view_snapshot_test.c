/* Kinds, indexes and snapshots of core/view, and the packing of records. */
#include "core/view/view_in.h"
#include "tests/unit/view_kit.h"

#define UUID_1 "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ab"

static const char *json_of(const struct rk_seen *s)
{
    static char text[4096];
    assert_true(s->json.n < sizeof text);
    memcpy(text, s->json.p, s->json.n);
    text[s->json.n] = '\0';
    return text;
}

static void a_snapshot_is_ordered_copied_and_survives_changes(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    UP(k->thing, WATCH, thing("t1", UUID_1, 1, 1, "", "before"));
    UP(k->secret, WATCH,
       "{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns1\",\"uid\":\"s\",\"ownerReferences\":[{\"apiVersion\":\"example.io/v1\","
       "\"kind\":\"Thing\",\"name\":\"t1\",\"uid\":\"" UUID_1
       "\",\"controller\":true}]},\"data\":{}}");
    UP(k->pod, WATCH, pod("p10", "u10", 10, "t1", "Running"));
    UP(k->pod, WATCH, pod("p9", "u9", 9, "t1", "Running"));
    UP(k->pod, WATCH, pod("p1", "u1", 8, "t1", "Running"));
    UP(k->pod, WATCH, pod("other", "uo", 11, "t2", "Running"));
    struct rk_arena a;
    struct rk_snapshot s;
    rk_arena_init(&a, 0);
    assert_int_equal(rk_view_snapshot(k->v, THING, "ns1", "t1", &a, &s), 0);
    GONE(k->thing, WATCH, thing("t1", UUID_1, 20, 1, "", ""));
    GONE(k->secret, WATCH, "{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns1\",\"uid\":\"s\"}}");
    UP(k->pod, WATCH, pod("p1", "u1", 21, "t2", "Failed"));
    rk_view_free(k->v);

    assert_string_equal(s.gvk, THING);
    assert_string_equal(s.ns, "ns1");
    assert_string_equal(s.name, "t1");
    assert_string_equal(s.uid, UUID_1);
    assert_string_equal(s.rv, "1");
    assert_false(s.deleting);
    assert_non_null(strstr(s.object.p, "before"));
    assert_int_equal(s.n_seen, 4);
    static const char *const names[] = {"p1", "p10", "p9", "a"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(s.seen[i].name, names[i]);
        assert_string_equal(s.seen[i].ns, "ns1");
        assert_string_equal(s.seen[i].gvk, i < 3 ? POD : "v1/Secret");
        assert_int_equal(s.seen[i].mine, i == 3);
    }
    assert_string_equal(s.seen[0].uid, "u1");
    assert_string_equal(s.seen[0].rv, "8");
    assert_string_equal(
        json_of(&s.seen[0]),
        "{\"metadata\":{\"name\":\"p1\",\"labels\":{\"example.io/thing\":\"t1\"},\"uid\":\"u1\"},"
        "\"status\":{\"phase\":\"Running\"}}");
    rk_arena_done(&a);
}

static void an_object_of_nobody_is_found_by_its_name_in_its_namespace(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct rk_arena a;
    struct rk_seen s;
    rk_arena_init(&a, 0);
    assert_false(rk_view_find(k->v, POD, "ns1", "p1", &a, &s));
    UP(k->pod, WATCH, pod("p1", "u1", 8, "", "Running"));
    assert_true(rk_view_find(k->v, POD, "ns1", "p1", &a, &s));
    assert_false(rk_view_find(k->v, POD, "ns2", "p1", &a, &(struct rk_seen){0}));
    assert_false(rk_view_find(k->v, POD, "ns1", "p2", &a, &(struct rk_seen){0}));
    assert_false(rk_view_find(k->v, "v1/Secret", "ns1", "p1", &a, &(struct rk_seen){0}));
    assert_false(rk_view_find(k->v, "no/such/Kind", "ns1", "p1", &a, &(struct rk_seen){0}));
    GONE(k->pod, WATCH, pod("p1", "u1", 9, "", "Running"));
    assert_false(rk_view_find(k->v, POD, "ns1", "p1", &a, &(struct rk_seen){0}));
    rk_view_free(k->v);
    assert_string_equal(s.gvk, POD); /* a copy: it outlives the view */
    assert_string_equal(s.ns, "ns1");
    assert_string_equal(s.name, "p1");
    assert_string_equal(s.uid, "u1");
    assert_string_equal(s.rv, "8");
    assert_false(s.mine);
    assert_false(s.terminating);
    assert_non_null(strstr(json_of(&s), "\"phase\":\"Running\""));
    rk_arena_done(&a);
}

static void an_unknown_owner_has_children_but_no_snapshot(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct rk_arena a;
    struct rk_snapshot s;
    rk_arena_init(&a, 0);
    UP(k->pod, WATCH, pod("p1", "u1", 8, "late", "Running"));
    assert_int_equal(rk_view_snapshot(k->v, THING, "ns1", "late", &a, &s), RK_E_NOENT);
    assert_int_equal(rk_view_snapshot(k->v, "no/such/Kind", "ns1", "late", &a, &s), RK_E_NOENT);
    assert_int_equal(rk_view_snapshot(k->v, THING, "no namespace", "late", &a, &s), RK_E_NOENT);
    assert_int_equal(rk_view_children(k->v, THING, "ns1", "late", k->pod), 1);
    assert_int_equal(rk_view_children(k->v, THING, "ns1", "late", k->secret), 0);
    assert_int_equal(rk_view_children(k->v, THING, "ns1", "late", -1), 1);
    UP(k->thing, WATCH, thing("late", "o", 9, 1, "", ""));
    assert_int_equal(rk_view_snapshot(k->v, THING, "ns1", "late", &a, &s), 0);
    assert_int_equal(s.n_seen, 1);
    GONE(k->thing, WATCH, thing("late", "o", 10, 1, "", ""));
    assert_int_equal(rk_view_children(k->v, THING, "ns1", "late", k->pod), 1);
    GONE(k->pod, WATCH, pod("p1", "u1", 12, "late", "Running"));
    assert_int_equal(rk_view_children(k->v, THING, "ns1", "late", -1), 0);
    assert_int_equal(rk_view_bytes(k->v), 0);
    rk_arena_done(&a);
    rk_view_free(k->v);
}

static void mine_is_decided_by_the_controllers_uid(void **state)
{
    (void)state;
    static const struct {
        const char *api, *kind, *name, *uid, *controller;
        bool child, mine;
    } t[] = {
        {"example.io/v1", "Thing", "t1", UUID_1, "true", true, true},
        {"example.io/v1alpha1", "Thing", "t1", UUID_1, "true", true, true},
        {"example.io/v1", "Thing", "t1", "an-older-life", "true", true, false},
        {"example.io/v1", "Thing", "t1", UUID_1, "false", false, false},
        {"example.io/v1", "Other", "t1", UUID_1, "true", false, false},
        {"example.com/v1", "Thing", "t1", UUID_1, "true", false, false},
        {"v1", "Thing", "t1", UUID_1, "true", false, false},
        {"example.io/v1", "Thing", "t2", UUID_1, "true", false, false},
    };
    struct kit *k = kit_new();
    UP(k->thing, WATCH, thing("t1", UUID_1, 1, 1, "", ""));
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        char json[1024];
        (void)snprintf(
            json, sizeof json,
            "{\"metadata\":{\"name\":\"s\",\"namespace\":\"ns1\",\"uid\":\"u\",\"resourceVersion\":\"%zu\",\"ownerReferences\":["
            "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"name\":\"n\",\"uid\":\"n\"},"
            "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",\"uid\":\"%s\",\"controller\":%s}]}}",
            i + 1, t[i].api, t[i].kind, t[i].name, t[i].uid, t[i].controller);
        UP(k->secret, WATCH, json);
        struct rk_arena a;
        struct rk_snapshot s;
        rk_arena_init(&a, 0);
        assert_int_equal(rk_view_snapshot(k->v, THING, "ns1", "t1", &a, &s), 0);
        assert_int_equal(s.n_seen, t[i].child);
        if (t[i].child)
            assert_int_equal(s.seen[0].mine, t[i].mine);
        rk_arena_done(&a);
    }
    rk_view_free(k->v);
}

static void a_kind_may_be_owned_by_several_and_be_an_owner_itself(void **state)
{
    (void)state;
    static struct kit k;
    memset(&k, 0, sizeof k);
    k.v = rk_view_new(kit_wake, &k);
    struct rk_err err = RK_ERR_INIT;
    static const char *const keep_a[] = {"spec/a"}, *const keep_b[] = {"spec/b", "spec/a"};
    int thing_kind = rk_view_kind_add(k.v, &(struct rk_view_kind){.gvk = THING}, &err);
    assert_int_equal(rk_view_kind_add(k.v,
                                      &(struct rk_view_kind){.gvk = THING,
                                                             .owner_gvk = "example.io/v1/Job",
                                                             .keep = keep_a,
                                                             .n_keep = 1},
                                      &err),
                     thing_kind);
    int both = rk_view_kind_add(
        k.v, &(struct rk_view_kind){.gvk = POD, .owner_gvk = THING, .keep = keep_a, .n_keep = 1},
        &err);
    assert_int_equal(rk_view_kind_add(k.v,
                                      &(struct rk_view_kind){.gvk = POD,
                                                             .owner_gvk = THING,
                                                             .index_label = "thing",
                                                             .keep = keep_b,
                                                             .n_keep = 2},
                                      &err),
                     both);
    assert_int_equal(rk_view_kind_add(k.v,
                                      &(struct rk_view_kind){.gvk = POD,
                                                             .owner_gvk = THING,
                                                             .index_label = "x~y/z",
                                                             .keep = keep_b,
                                                             .n_keep = 2},
                                      &err),
                     both);
    assert_int_equal(rk_view_kind_add(k.v,
                                      &(struct rk_view_kind){.gvk = POD,
                                                             .owner_gvk = "example.io/v1/Job",
                                                             .index_label = "job",
                                                             .keep = keep_b,
                                                             .n_keep = 2},
                                      &err),
                     both);
    const char *json =
        "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":{\"thing\":\"t\",\"x~y/z\":\"t\",\"job\":\"j\"}},\"spec\":{\"a\":1,\"b\":1.50,\"c\":3}}";
    assert_int_equal(kit_apply(&k, both, RK_VIEW_UPSERT, WATCH, json), 0);
    assert_string_equal(kit_wakes(&k), "CHILD t, CHILD j");
    assert_int_equal(rk_view_children(k.v, THING, "", "t", -1),
                     1); /* two labels lead there: one child */
    json =
        "{\"metadata\":{\"name\":\"t\",\"uid\":\"u\",\"ownerReferences\":[{\"apiVersion\":\"example.io/v1\",\"kind\":\"Job\",\"name\":\"j\",\"uid\":\"j\",\"controller\":true}]}}";
    assert_int_equal(kit_apply(&k, thing_kind, RK_VIEW_UPSERT, WATCH, json), 0);
    assert_string_equal(kit_wakes(&k), "CHILD j, USER t");
    struct rk_arena a;
    struct rk_snapshot s;
    rk_arena_init(&a, 0);
    assert_int_equal(rk_view_snapshot(k.v, THING, "", "t", &a, &s), 0);
    assert_string_equal(
        json_of(&s.seen[0]),
        "{\"metadata\":{\"name\":\"p\",\"uid\":\"u\"},\"spec\":{\"a\":1,\"b\":1.50}}");
    rk_arena_done(&a);
    rk_view_free(k.v);
}

/* Two owners of one name and of kinds of one name, in two groups; their pods have the same label too. */
static void owners_of_one_name_in_two_groups_are_told_apart(void **state)
{
    (void)state;
    static struct kit k;
    memset(&k, 0, sizeof k);
    k.v = rk_view_new(kit_wake, &k);
    static const char *const gvks[] = {"old.example.io/v1/Thing", THING};
    static const char *const apis[] = {"old.example.io/v1", "example.io/v1"};
    struct rk_err err = RK_ERR_INIT;
    int kinds[2], pods = -1;
    for (int i = 0; i < 2; i++)
        kinds[i] = rk_view_kind_add(k.v, &(struct rk_view_kind){.gvk = gvks[i]}, &err);
    for (int i = 0; i < 2; i++)
        pods = rk_view_kind_add(
            k.v, &(struct rk_view_kind){.gvk = POD, .owner_gvk = gvks[i], .index_label = "thing"},
            &err);
    assert_string_equal(err.text, "");
    for (int i = 0; i < 2; i++)
        assert_int_equal(kit_apply(&k, kinds[i], RK_VIEW_UPSERT, WATCH,
                                   thing("t", i ? "new" : "old", 1, 1, "", "")),
                         0);
    (void)kit_wakes(&k);
    for (int i = 0; i < 4; i++) { /* with the label, and without */
        char json[1024];
        (void)snprintf(
            json, sizeof json,
            "{\"metadata\":{\"name\":\"p%d\",\"namespace\":\"ns1\",\"uid\":\"u%d\",\"resourceVersion\":\"1\",%s\"ownerReferences\":["
            "{\"apiVersion\":\"%s\",\"kind\":\"Thing\",\"name\":\"t\",\"uid\":\"%s\",\"controller\":true}]}}",
            i, i, i < 2 ? "\"labels\":{\"thing\":\"t\"}," : "", apis[i % 2], i % 2 ? "new" : "old");
        assert_int_equal(kit_apply(&k, pods, RK_VIEW_UPSERT, WATCH, json), 0);
        if (i >= 2) { /* the reference alone leads to the one that it names */
            assert_int_equal(k.n_wakes, 1);
            assert_string_equal(k.wakes[0].gvk, gvks[i % 2]);
        }
        k.n_wakes = 0;
    }
    for (int i = 0; i < 2; i++) {
        struct rk_arena a;
        struct rk_snapshot s;
        rk_arena_init(&a, 0);
        assert_int_equal(rk_view_snapshot(k.v, gvks[i], "ns1", "t", &a, &s), 0);
        assert_int_equal(s.n_seen, 3);
        for (size_t j = 0; j < s.n_seen; j++)
            assert_int_equal(s.seen[j].mine, (s.seen[j].name[1] - '0') % 2 == i);
        rk_arena_done(&a);
    }
    rk_view_free(k.v);
}

static void kinds_are_refused_with_a_reason(void **state)
{
    (void)state;
    struct rk_view *v = rk_view_new(NULL, NULL);
    static const char *const bad_path[] = {"metadata//x"};
    static const struct {
        struct rk_view_kind k;
        const char *text;
    } t[] = {
        {{.gvk = NULL}, "a kind without a name"},
        {{.gvk = ""}, "a kind without a name"},
        {{.gvk = "v1/A", .owner_gvk = "Thing"}, "v1/A: owner 'Thing' is not group/version/kind"},
        {{.gvk = "v1/A", .owner_gvk = THING, .keep = bad_path, .n_keep = 1},
         "v1/A: path 'metadata//x': an empty, long or surplus word"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct rk_err err = RK_ERR_INIT;
        assert_int_equal(rk_view_kind_add(v, &t[i].k, &err), RK_E_INVAL);
        assert_string_equal(err.text, t[i].text);
    }
    static char names[RK_VIEW_KINDS + 1][16];
    for (int i = 0; i <= RK_VIEW_KINDS; i++) {
        (void)snprintf(names[i], sizeof names[i], "v1/K%d", i);
        assert_int_equal(rk_view_kind_add(v, &(struct rk_view_kind){.gvk = names[i]}, NULL),
                         i < RK_VIEW_KINDS ? i : RK_E_LIMIT);
    }
    assert_int_equal(rk_view_kind_find(v, "v1/K7"), 7);
    assert_int_equal(rk_view_kind_find(v, "v1/nothing"), -1);
    assert_int_equal(rk_view_apply(v, 0, RK_VIEW_UPSERT, WATCH,
                                   rk_span_of("{\"metadata\":{\"name\":\"a\"}}"), NULL),
                     0);
    assert_int_equal(rk_view_kind_add(v, &(struct rk_view_kind){.gvk = "v1/K7"}, NULL), RK_E_INVAL);
    rk_view_free(v);
}

static void all_owners_are_visited_once(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    for (int i = 0; i < 500; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "t%d", i);
        UP(k->thing, WATCH, thing(name, name, i + 1, 1, "", ""));
    }
    for (int i = 0; i < 500; i += 2) {
        char name[16];
        (void)snprintf(name, sizeof name, "t%d", i);
        rk_view_forget(k->v, k->thing, "ns1", name, NULL);
    }
    bool met[500] = {false};
    const char *ns, *name;
    size_t n = 0;
    for (size_t pos = 0; rk_view_next_owner(k->v, k->thing, &pos, &ns, &name); n++) {
        int64_t i;
        assert_string_equal(ns, "ns1");
        assert_int_equal(rk_str_int(rk_span_of(name + 1), 0, 499, &i), 0);
        assert_false(met[i]);
        met[i] = true;
    }
    assert_int_equal(n, 250);
    rk_view_free(k->v);
}

static void any_uid_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char *const uids[] = {"",
                                       "x",
                                       UUID_1,
                                       "0A1B2C3D-4E5F-4A6B-8C7D-0123456789AB",
                                       "0a1b2c3d-4e5f-4a6b-8c7d-0123456789a",
                                       "0a1b2c3d-4e5f-4a6b-8c7d-0123456789abc",
                                       "0a1b2c3d-4e5f-4a6b-8c7d-0123456789ag",
                                       "0a1b2c3d04e5f-4a6b-8c7d-0123456789ab",
                                       "----",
                                       "\303\244"};
    for (size_t i = 0; i < sizeof uids / sizeof *uids; i++) {
        struct rk__uid u;
        char text[RK__TEXT_MAX];
        rk__uid_parse(uids[i], &u);
        assert_int_equal(u.text, i != 2);
        rk__uid_format(u.b, u.n, u.text, text);
        assert_string_equal(text, uids[i]);
    }
}

static void packed_bytes_unpack_to_what_they_were(void **state)
{
    (void)state;
    static struct rk__packer packer;
    static char text[40000], back[40000];
    struct rk_buf out;
    rk_buf_init(&out, 1u << 20);
    uint64_t dice = 7;
    memset(&packer, 0, sizeof packer);
    for (int round = 0; round < 3000; round++) {
        size_t n = 0, want = dice % (round % 50 == 0 ? sizeof text : 3000);
        while (n < want) { /* runs of old text and new letters, in any mixture */
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            size_t run = (dice >> 33) % 700 + 1, from = (dice >> 20) % (n + 1);
            for (size_t i = 0; i < run && n < want; i++, n++) {
                uint64_t letter = (dice >> (i % 50)) % (1 + (uint64_t)round % 26);
                text[n] = dice >> 63 && from + i < n ? text[from + i] : (char)('a' + (char)letter);
            }
        }
        rk_buf_clear(&out);
        struct rk__base *base = rk__pack(&packer, (struct rk_span){text, n}, &out);
        assert_false(out.full);
        memset(back, 0, n);
        rk__unpack(base, (struct rk_span){out.data, out.len}, back, n);
        assert_memory_equal(back, text, n);
        rk__base_put(base);
        dice++;
    }
    rk__base_put(packer.base);
    rk_buf_done(&out);
}

static void a_record_like_the_one_before_costs_a_fraction(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    char labels[1500], json[2500];
    size_t n = 0, one;
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(labels + n, sizeof labels - n, ",\"label-%d\":\"value-%d\"", i,
                              i * i * 7919);
    for (int i = 0; i < 2; i++) {
        one = rk_view_bytes(k->v);
        (void)snprintf(
            json, sizeof json,
            "{\"metadata\":{\"name\":\"p%d\",\"uid\":\"u%d\",\"labels\":{\"a\":\"b\"%s}}}", i, i,
            labels);
        UP(k->pod, WATCH, json);
        one = rk_view_bytes(k->v) - one;
    }
    assert_in_range(one, 1, 200);
    rk_view_free(k->v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_ordered_copied_and_survives_changes),
        cmocka_unit_test(an_object_of_nobody_is_found_by_its_name_in_its_namespace),
        cmocka_unit_test(an_unknown_owner_has_children_but_no_snapshot),
        cmocka_unit_test(mine_is_decided_by_the_controllers_uid),
        cmocka_unit_test(a_kind_may_be_owned_by_several_and_be_an_owner_itself),
        cmocka_unit_test(owners_of_one_name_in_two_groups_are_told_apart),
        cmocka_unit_test(kinds_are_refused_with_a_reason),
        cmocka_unit_test(all_owners_are_visited_once),
        cmocka_unit_test(any_uid_comes_back_as_it_was),
        cmocka_unit_test(packed_bytes_unpack_to_what_they_were),
        cmocka_unit_test(a_record_like_the_one_before_costs_a_fraction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
