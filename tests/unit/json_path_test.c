/* core/json/path*.c: what a path means, what it refuses, and that every place has one address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/path.h"

#include "tests/unit/arena_kit.h"

static cJSON *read_text(const char *text)
{
    cJSON *v = NULL;
    struct rk_err err = RK_ERR_INIT;
    int r = rk_json_parse(&arena, text, strlen(text), NULL, &v, &err);
    if (r < 0)
        print_error("%s: %s\n", text, err.text);
    assert_int_equal(r, 0);
    return v;
}

static const char pod_text[] =
    "{\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"a/b\":\"1\",\"c~d\":\"2\",\"0\":\"3\",\"[x]\":\"4\",\"\":\"5\"}},"
    "\"spec\":{\"containers\":["
    "{\"name\":\"main\",\"args\":[\"x\",\"y\"],\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B[0]\",\"value\":\"2\"},"
    "{\"name\":\"A\",\"value\":\"3\"},{\"value\":\"4\"}],"
    "\"ports\":[{\"containerPort\":80},{\"containerPort\":80,\"protocol\":\"UDP\"},{\"containerPort\":\"81\"},"
    "{\"containerPort\":82,\"protocol\":\"tcp\"}],"
    "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/dev/shm\"}]},"
    "{\"name\":\"side\"}],\"tolerations\":[{\"key\":\"k\"}],\"nothing\":null}}";

static void paths_are_taken_apart(void **state)
{
    (void)state;
    struct rk_path p;
    assert_int_equal(rk_path_parse("", &p, NULL), 0);
    assert_int_equal(p.n, 0);
    assert_int_equal(rk_path_parse("/", &p, NULL), 0);
    assert_int_equal(p.n, 1);
    assert_string_equal(p.tok[0].text, "");
    assert_int_equal(rk_path_parse("/a~1b~0~2/0/01/10/-/[a/b]/[a[b]c]/[~3]/x[y", &p, NULL), 0);
    static const struct rk_path_token want[] = {
        {RK_PATH_KEY, "a/b~["},       {RK_PATH_INDEX_OR_KEY, "0"}, {RK_PATH_KEY, "01"},
        {RK_PATH_INDEX_OR_KEY, "10"}, {RK_PATH_KEY, "-"},          {RK_PATH_SELECT, "a/b"},
        {RK_PATH_SELECT, "a[b]c"},    {RK_PATH_SELECT, "]"},       {RK_PATH_KEY, "x[y"},
    };
    assert_int_equal(p.n, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < p.n; i++) {
        assert_int_equal(p.tok[i].kind, want[i].kind);
        assert_string_equal(p.tok[i].text, want[i].text);
    }
}

static void malformed_paths_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "a",     "a/b",   "/~",  "/~4",     "/a~", "/[",    "/[a",     "/[a]b",
        "/[a]]", "/[[a]", "/[]", "/[a]/[b", "/[~", "/\xff", "/\xc3/a",
    };
    struct rk_path p;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_err err = RK_ERR_INIT;
        if (rk_path_parse(cases[i], &p, &err) != RK_E_INVAL)
            fail_msg("%s was taken", cases[i]);
        assert_true(strncmp(err.text, "path: ", 6) == 0);
        assert_null(rk_path_get(read_text("{\"a\":{}}"), cases[i]));
    }
    char text[RK_PATH_MAX + 2];
    memset(text, 'x', sizeof text);
    text[0] = '/';
    const size_t most = sizeof p.tok[0].text;
    text[most] = '\0';
    assert_int_equal(rk_path_parse(text, &p, NULL), 0);
    text[most] = 'x';
    text[most + 1] = '\0';
    assert_int_equal(rk_path_parse(text, &p, NULL), RK_E_INVAL);
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 40 == 0 ? '/' : 'x';
    text[RK_PATH_MAX] = '\0';
    assert_int_equal(rk_path_parse(text, &p, NULL), 0);
    text[RK_PATH_MAX] = 'x';
    text[RK_PATH_MAX + 1] = '\0';
    assert_int_equal(rk_path_parse(text, &p, NULL), RK_E_INVAL);
    for (size_t i = 0; i < 33; i++)
        memcpy(text + 2 * i, "/a", 3);
    assert_int_equal(rk_path_parse(text, &p, NULL), RK_E_INVAL);
    text[64] = '\0';
    assert_int_equal(rk_path_parse(text, &p, NULL), 0);
}

static void get_follows_keys_indexes_and_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/kind", "\"Pod\""},
        {"/metadata/labels/a~1b", "\"1\""},
        {"/metadata/labels/c~0d", "\"2\""},
        {"/metadata/labels/0", "\"3\""},
        {"/metadata/labels/~2x]", "\"4\""},
        {"/metadata/labels/", "\"5\""},
        {"/spec/containers/1/name", "\"side\""},
        {"/spec/containers/[side]/name", "\"side\""},
        {"/spec/containers/[main]/args/1", "\"y\""},
        {"/spec/containers/[main]/env/[A]/value", "\"1\""},
        {"/spec/containers/[main]/env/[B[0]]/value", "\"2\""},
        {"/spec/containers/[main]/env/[B~20~3]/value", "\"2\""},
        {"/spec/containers/0/volumeMounts/[/dev/shm]/name", "\"v\""},
        {"/spec/containers/0/ports/[80]", "{\"containerPort\":80}"},
        {"/spec/containers/0/ports/[80/TCP]", "{\"containerPort\":80}"},
        {"/spec/containers/0/ports/[80/UDP]", "{\"containerPort\":80,\"protocol\":\"UDP\"}"},
        {"/spec/nothing", "null"},
        /* absent */
        {"/Kind", NULL},
        {"/spec/containers/2", NULL},
        {"/spec/containers/-", NULL},
        {"/spec/containers/00", NULL},
        {"/spec/containers/99999999999999999999", NULL},
        {"/spec/containers/main", NULL},
        {"/spec/containers/[x]", NULL},
        {"/spec/[containers]", NULL},
        {"/spec/tolerations/[k]", NULL},
        {"/spec/containers/0/ports/[81]", NULL},
        {"/spec/containers/0/ports/[080]", NULL},
        {"/spec/containers/0/ports/[82]", NULL},
        {"/spec/containers/0/ports/[http]", NULL},
        {"/kind/x", NULL},
        {"/spec/nothing/x", NULL},
    };
    cJSON *pod = read_text(pod_text);
    assert_ptr_equal(rk_path_get(pod, ""), pod);
    assert_null(rk_path_get(NULL, ""));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *v = rk_path_get(pod, cases[i][0]);
        if (cases[i][1] == NULL ? v != NULL : v == NULL)
            fail_msg("%s", cases[i][0]);
        if (v)
            assert_string_equal(rk_json_text(&arena, v), cases[i][1]);
    }
}

static void set_makes_what_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *from, *path, *value, *to;
    } cases[] = {
        {"Pod", "{}", "/a", "1", "{\"a\":1}"},
        {"Pod", "{}", "/a/b/c", "1", "{\"a\":{\"b\":{\"c\":1}}}"},
        {"Pod", "{\"a\":1,\"b\":2}", "/a", "9", "{\"a\":9,\"b\":2}"},
        {"Pod", "{\"a\":null}", "/a/b", "1", "{\"a\":{\"b\":1}}"},
        {"Pod", "{}", "/a/0", "1", "{\"a\":{\"0\":1}}"},
        {"Pod", "{}", "/a/-", "1", "{\"a\":[1]}"},
        {"Pod", "{\"a\":[1]}", "/a/-", "2", "{\"a\":[1,2]}"},
        {"Pod", "{\"a\":[1,2]}", "/a/1", "3", "{\"a\":[1,3]}"},
        {"Pod", "{\"a\":[null]}", "/a/0/b", "3", "{\"a\":[{\"b\":3}]}"},
        {"Pod", "{}", "/spec/containers/[m]/env/[A]/value", "\"v\"",
         "{\"spec\":{\"containers\":[{\"name\":\"m\",\"env\":[{\"name\":\"A\",\"value\":\"v\"}]}]}}"},
        {"Pod", "{\"spec\":{\"containers\":[{\"name\":\"u\"}]}}", "/spec/containers/[m]/image",
         "\"i\"",
         "{\"spec\":{\"containers\":[{\"name\":\"u\"},{\"name\":\"m\",\"image\":\"i\"}]}}"},
        {"Pod", "{\"spec\":{\"containers\":[{\"name\":\"u\"}]}}", "/spec/containers/[u]/image",
         "\"i\"", "{\"spec\":{\"containers\":[{\"name\":\"u\",\"image\":\"i\"}]}}"},
        {"Pod", "{\"spec\":{\"containers\":[{\"name\":\"u\"}]}}", "/spec/containers/0/image",
         "\"i\"", "{\"spec\":{\"containers\":[{\"name\":\"u\",\"image\":\"i\"}]}}"},
        {"Pod", "{\"spec\":{\"containers\":[{\"name\":\"u\"}]}}", "/spec/containers/0",
         "{\"name\":\"u\",\"x\":1}", "{\"spec\":{\"containers\":[{\"name\":\"u\",\"x\":1}]}}"},
        {"Pod", "{\"spec\":{\"containers\":[{\"name\":\"u\"}]}}", "/spec/containers/-",
         "{\"name\":\"u\"}", "{\"spec\":{\"containers\":[{\"name\":\"u\"},{\"name\":\"u\"}]}}"},
        {"Pod", "{\"spec\":{\"volumes\":[]}}", "/spec/volumes/[v]", "{\"emptyDir\":{}}",
         "{\"spec\":{\"volumes\":[{\"emptyDir\":{},\"name\":\"v\"}]}}"},
        {"Pod", "{\"spec\":{\"volumes\":[{\"name\":\"v\",\"x\":1},{\"name\":\"w\"}]}}",
         "/spec/volumes/[v]", "{\"name\":\"v\",\"emptyDir\":{}}",
         "{\"spec\":{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}},{\"name\":\"w\"}]}}"},
        {"Pod", "{\"volumeMounts\":[]}", "/volumeMounts/[/dev/shm]/name", "\"shm\"",
         "{\"volumeMounts\":[{\"mountPath\":\"/dev/shm\",\"name\":\"shm\"}]}"},
        {"Pod", "{}", "/containers/[m]/ports/[80]/name", "\"http\"",
         "{\"containers\":[{\"name\":\"m\",\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\",\"name\":\"http\"}]}]}"},
        {"Pod", "{}", "/containers/[m]/ports/[80/UDP]", "{\"name\":\"dns\"}",
         "{\"containers\":[{\"name\":\"m\",\"ports\":[{\"name\":\"dns\",\"containerPort\":80,\"protocol\":\"UDP\"}]}]}"},
        {"Pod", "{}", "/containers/[m]/ports/[80/UDP]", "{\"containerPort\":80}",
         "{\"containers\":[{\"name\":\"m\",\"ports\":[{\"containerPort\":80,\"protocol\":\"UDP\"}]}]}"},
        {"Pod", "{}", "/containers/[m]/ports/[80]", "{\"containerPort\":80}",
         "{\"containers\":[{\"name\":\"m\",\"ports\":[{\"containerPort\":80}]}]}"},
        {"Pod", "{}", "/containers/[m]/name", "\"m\"", "{\"containers\":[{\"name\":\"m\"}]}"},
        {"Service", "{\"spec\":{\"ports\":[{\"port\":80,\"name\":\"a\"}]}}",
         "/spec/ports/[80]/targetPort", "8080",
         "{\"spec\":{\"ports\":[{\"port\":80,\"name\":\"a\",\"targetPort\":8080}]}}"},
        {"Service", "{}", "/spec/ports/[80/UDP]/name", "\"n\"",
         "{\"spec\":{\"ports\":[{\"port\":80,\"protocol\":\"UDP\",\"name\":\"n\"}]}}"},
        {"Any", "{}", "/status/conditions/[Ready]/status", "\"True\"",
         "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}"},
        {NULL, "{\"kind\":\"Service\"}", "/spec/ports/[80]/name", "\"n\"",
         "{\"kind\":\"Service\",\"spec\":{\"ports\":[{\"port\":80,\"protocol\":\"TCP\",\"name\":\"n\"}]}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_err err = RK_ERR_INIT;
        cJSON *root = read_text(cases[i].from);
        cJSON *value = read_text(cases[i].value);
        int r = rk_path_set(&arena, root, cases[i].kind, cases[i].path, value, &err);
        if (r < 0)
            print_error("%s: %s\n", cases[i].path, err.text);
        assert_int_equal(r, 0);
        assert_string_equal(err.text, "");
        assert_string_equal(rk_json_text(&arena, root), cases[i].to);
    }
}

static void a_refused_set_names_the_token_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *from, *path, *value, *error;
    } cases[] = {
        {"Pod", "{}", "", "1", "path: the root cannot be replaced"},
        {"Pod", "{\"a\":1}", "/a/b", "1", "/a/b: nothing can stand below a number"},
        {"Pod", "{\"a\":[1]}", "/a/1", "1", "/a/1: beyond the end: the list has 1 entries"},
        {"Pod", "{\"a\":[1]}", "/a/b", "1", "/a/b: an array takes an index, [x] or -"},
        {"Pod", "{\"a\":[1]}", "/a/-/b", "1", "/a/-: - is only good at the end of a path"},
        {"Pod", "{}", "/a/-/b", "1", "/a/-: - is only good at the end of a path"},
        {"Pod", "{\"a\":{}}", "/a/[x]", "{}", "/a/[x]: [x] selects in an array, this is an object"},
        {"Pod", "{}", "/spec/tolerations/[x]/key", "1",
         "/spec/tolerations/[x]: this list's entries have no names"},
        {"Pod", "{\"tolerations\":[]}", "/tolerations/[x]/key", "1",
         "/tolerations/[x]: this list's entries have no names"},
        {"Pod", "{\"spec\":{\"ports\":[]}}", "/spec/ports/[80]", "{}",
         "/spec/ports/[80]: this list's entries have no names"},
        {"Pod", "{}", "/x/containers/foo/image", "1",
         "/x/containers/foo: an array takes an index, [x] or -"},
        {"Pod", "{}", "/x/containers/0/image", "1",
         "/x/containers/0: beyond the end: the list has 0 entries"},
        {"Pod", "{}", "/x/containers/[m]", "1",
         "/x/containers/[m]: a list entry is an object, not a number"},
        {"Pod", "{}", "/x/containers/[m]/[n]/a", "1",
         "/x/containers/[m]/[n]: a list entry is an object, not an array"},
        {"Pod", "{}", "/x/containers/[m]/-", "1",
         "/x/containers/[m]/-: a list entry is an object, not an array"},
        {"Pod", "{}", "/x/containers/[m]", "{\"name\":\"n\"}",
         "/x/containers/[m]: the value has another name"},
        {"Pod", "{}", "/x/containers/[m]/name", "\"n\"",
         "/x/containers/[m]: the value has another name"},
        {"Pod", "{}", "/x/containers/[m]/name/y", "\"m\"",
         "/x/containers/[m]: the value has another name"},
        {"Pod", "{}", "/containers/[m]/ports/[80]/protocol/y", "1",
         "/containers/[m]/ports/[80]: the value has another containerPort"},
        {"Pod", "{}", "/containers/[m]/ports/[80]", "{\"protocol\":\"UDP\"}",
         "/containers/[m]/ports/[80]: the value has another containerPort"},
        {"Pod", "{}", "/containers/[m]/ports/[http]/name", "1",
         "/containers/[m]/ports/[http]: not a containerPort of this list"},
        {"Pod", "{}", "/containers/[m]/ports/[80/tcp]/name", "1",
         "/containers/[m]/ports/[80/tcp]: not a containerPort of this list"},
        {"Pod", "{\"containers\":[{\"name\":\"u\"}]}", "/containers/0", "{\"name\":\"v\"}",
         "/containers/0: the place of u: an entry cannot be put before it"},
        {"Pod", "{\"containers\":[{\"name\":\"u\"}]}", "/containers/0", "{}",
         "/containers/0: the place of u: an entry cannot be put before it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_err err = RK_ERR_INIT;
        cJSON *root = read_text(cases[i].from);
        cJSON *value = read_text(cases[i].value);
        assert_int_equal(rk_path_set(&arena, root, cases[i].kind, cases[i].path, value, &err),
                         RK_E_INVAL);
        assert_string_equal(err.text, cases[i].error);
        assert_string_equal(rk_json_text(&arena, root), cases[i].from);
        assert_string_equal(rk_json_text(&arena, value), cases[i].value);
        assert_null(value->prev);
    }
}

static void drop_removes_one_place(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int r;
        const char *to_or_error;
    } cases[] = {
        {"/a", 0, "{\"containers\":[{\"name\":\"m\"},{\"name\":\"n\"}],\"l\":[1]}"},
        {"/containers/[n]", 0, "{\"a\":1,\"containers\":[{\"name\":\"m\"}],\"l\":[1]}"},
        {"/containers/0", 0, "{\"a\":1,\"containers\":[{\"name\":\"n\"}],\"l\":[1]}"},
        {"/containers/[m]/name", 0, "{\"a\":1,\"containers\":[{},{\"name\":\"n\"}],\"l\":[1]}"},
        {"/l/0", 0, "{\"a\":1,\"containers\":[{\"name\":\"m\"},{\"name\":\"n\"}],\"l\":[]}"},
        {"/b", RK_E_NOENT, "/b: not there"},
        {"/a/b/c", RK_E_NOENT, "/a/b: not there"},
        {"/containers/[x]", RK_E_NOENT, "/containers/[x]: not there"},
        {"/l/1", RK_E_NOENT, "/l/1: not there"},
        {"/l/-", RK_E_NOENT, "/l/-: not there"},
        {"/l/[x]", RK_E_INVAL, "/l/[x]: this list's entries have no names"},
        {"", RK_E_INVAL, "path: the root cannot be removed"},
        {"a", RK_E_INVAL, "path: must begin with '/': \"a\""},
    };
    const char *from = "{\"a\":1,\"containers\":[{\"name\":\"m\"},{\"name\":\"n\"}],\"l\":[1]}";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_err err = RK_ERR_INIT;
        cJSON *root = read_text(from);
        assert_int_equal(rk_path_drop(root, cases[i].path, &err), cases[i].r);
        assert_string_equal(cases[i].r == 0 ? rk_json_text(&arena, root) : err.text,
                            cases[i].to_or_error);
        if (cases[i].r < 0)
            assert_string_equal(rk_json_text(&arena, root), from);
    }
}

static void two_ways_to_one_place_have_one_address(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"/metadata/labels/a~1b", "/metadata/labels/a~1b"},
        {"/metadata/labels/~2x~3", "/metadata/labels/~2x]"},
        {"/metadata/labels/0", "/metadata/labels/0"},
        {"/spec/containers/0/env/0", "/spec/containers/[main]/env/[A]"},
        {"/spec/containers/[main]/env/[A]/value", "/spec/containers/[main]/env/[A]/value"},
        {"/spec/containers/0/env/[B[0]]", "/spec/containers/[main]/env/[B~20~3]"},
        {"/spec/containers/0/env/2", "/spec/containers/[main]/env/2"}, /* the second A */
        {"/spec/containers/0/env/3", "/spec/containers/[main]/env/3"}, /* has no name */
        {"/spec/containers/0/ports/0", "/spec/containers/[main]/ports/[80]"},
        {"/spec/containers/0/ports/[80/TCP]", "/spec/containers/[main]/ports/[80]"},
        {"/spec/containers/0/ports/1/protocol", "/spec/containers/[main]/ports/[80/UDP]/protocol"},
        {"/spec/containers/0/ports/2", "/spec/containers/[main]/ports/2"},
        {"/spec/containers/0/ports/3", "/spec/containers/[main]/ports/3"},
        {"/spec/containers/0/args/1", "/spec/containers/[main]/args/1"},
        {"/spec/containers/0/volumeMounts/0", "/spec/containers/[main]/volumeMounts/[/dev/shm]"},
        {"/spec/tolerations/0/key", "/spec/tolerations/0/key"},
    };
    cJSON *pod = read_text(pod_text);
    struct rk_buf b;
    rk_buf_init(&b, 2000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rk_buf_clear(&b);
        assert_int_equal(rk_path_canonical(pod, "Pod", cases[i][0], &b, NULL), 0);
        assert_string_equal(rk_buf_text(&b), cases[i][1]);
        assert_ptr_equal(rk_path_get(pod, rk_buf_text(&b)), rk_path_get(pod, cases[i][0]));
    }
    rk_buf_clear(&b);
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_path_canonical(pod, "Pod", "/spec/containers/0/x/y", &b, &err), RK_E_NOENT);
    assert_string_equal(err.text, "/spec/containers/0/x: not there");
    assert_int_equal(rk_path_canonical(pod, "Pod", "/spec/tolerations/[k]", &b, &err), RK_E_INVAL);
    assert_int_equal(b.len, 0);
    rk_buf_done(&b);
}

static void an_entry_is_pushed_as_its_address(void **state)
{
    (void)state;
    static const struct {
        const char *list, *entry, *want;
    } cases[] = {
        {"/spec/containers", "/spec/containers/1", "/spec/containers/[side]"},
        {"/spec/containers/0/env", "/spec/containers/0/env/1", "/spec/containers/0/env/[B~20~3]"},
        {"/spec/containers/0/env", "/spec/containers/0/env/2", "/spec/containers/0/env/2"},
        {"/spec/containers/0/ports", "/spec/containers/0/ports/1",
         "/spec/containers/0/ports/[80/UDP]"},
        {"/spec/tolerations", "/spec/tolerations/0", "/spec/tolerations/0"},
    };
    cJSON *pod = read_text(pod_text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_buf b;
        rk_buf_init(&b, RK_PATH_MAX);
        (void)rk_buf_adds(&b, cases[i].list);
        rk_path_push_entry(&b, "Pod", rk_path_get(pod, cases[i].list),
                           rk_path_get(pod, cases[i].entry));
        assert_string_equal(rk_buf_text(&b), cases[i].want);
        assert_ptr_equal(rk_path_get(pod, rk_buf_text(&b)), rk_path_get(pod, cases[i].entry));
        rk_buf_done(&b);
    }
}

static void a_long_canonical_form_is_refused_whole(void **state)
{
    (void)state;
    char name[RK_PATH_MAX];
    memset(name, '~', 250);
    name[250] = '\0';
    cJSON *root = rk_json_object(&arena);
    cJSON *at = root;
    for (int i = 0; i < 4; i++) {
        cJSON *list = rk_json_array(&arena);
        cJSON *entry = rk_json_object(&arena);
        rk_json_set(&arena, entry, "name", rk_json_string(&arena, name));
        rk_json_push(list, entry);
        rk_json_set(&arena, at, "env", list);
        at = entry;
    }
    struct rk_buf b;
    rk_buf_init(&b, 5000);
    assert_int_equal(rk_path_canonical(root, NULL, "/env/0/env/0/env/0/env/0", &b, NULL),
                     RK_E_LIMIT);
    assert_int_equal(b.len, 0);
    assert_int_equal(rk_path_canonical(root, NULL, "/env/0", &b, NULL), 0);
    rk_buf_done(&b);
}

static void keys_are_pushed_so_that_they_read_back(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "",  "a/b", "~",   "~1",      "[x]",
                                       "]", "-", "0",   "a[b", "\xc3\xa4"};
    struct rk_buf b;
    rk_buf_init(&b, 100);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        rk_path_push(&b, keys[i]);
    struct rk_path p;
    assert_int_equal(rk_path_parse(rk_buf_text(&b), &p, NULL), 0);
    assert_int_equal(p.n, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < p.n; i++) {
        assert_string_equal(p.tok[i].text, keys[i]);
        assert_true(p.tok[i].kind != RK_PATH_SELECT);
    }
    rk_buf_done(&b);
}

static void merge_keys_depend_on_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *path, *key;
    } cases[] = {
        {"Pod", "/spec/containers", "name"},
        {"Pod", "/spec/initContainers", "name"},
        {"Pod", "/spec/ephemeralContainers", "name"},
        {"Pod", "/spec/containers/[m]/env", "name"},
        {"Pod", "/spec/containers/0/ports", "containerPort"},
        {"Pod", "/spec/initContainers/[m]/ports", "containerPort"},
        {"Any", "/spec/group/template/spec/containers/3/volumeMounts", "mountPath"},
        {"Pod", "/spec/containers/0/volumeDevices", "devicePath"},
        {"Pod", "/spec/volumes", "name"},
        {"Pod", "/spec/imagePullSecrets", "name"},
        {"Pod", "/spec/hostAliases", "ip"},
        {"Pod", "/spec/topologySpreadConstraints", "topologyKey"},
        {"Pod", "/spec/resourceClaims", "name"},
        {"Any", "/metadata/ownerReferences", "uid"},
        {"Any", "/status/conditions", "type"},
        {"Service", "/spec/ports", "port"},
        {NULL, "/spec/ports", "port"},
        {"Any", "/spec/inner/spec/ports", "port"},
        {"Pod", "/spec/ports", NULL},
        {"Pod", "/spec/tolerations", NULL},
        {"Pod", "/spec/containers/0/args", NULL},
        {"Pod", "/spec/containers/0/command", NULL},
        {"Pod", "/spec/containers/[env]", NULL},
        {"Pod", "", NULL},
        {"Pod", "bad", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *key = rk_path_merge_key(cases[i].kind, cases[i].path);
        if (!rk_str_eq(key, cases[i].key))
            fail_msg("%s: %s", cases[i].path, key ? key : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(paths_are_taken_apart),
        T(malformed_paths_are_refused),
        T(get_follows_keys_indexes_and_names),
        T(set_makes_what_is_missing),
        T(a_refused_set_names_the_token_and_changes_nothing),
        T(drop_removes_one_place),
        T(two_ways_to_one_place_have_one_address),
        T(an_entry_is_pushed_as_its_address),
        T(a_long_canonical_form_is_refused_whole),
        T(keys_are_pushed_so_that_they_read_back),
        T(merge_keys_depend_on_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
