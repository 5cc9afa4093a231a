/* Fuzz target: paths. The bytes before 0x1e are the path, those behind it the tree (a small Pod when there are none). The canonical
 * address leads to the same node and is its own canonical form; a write that succeeds can be read, one that fails changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "core/json/path.h"
#include "tests/fuzz/fuzz.h"

static const char pod[] =
    "{\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"a/b\":\"1\",\"[x]\":\"2\",\"0\":\"3\"}},\"spec\":{\"containers\":[{\"name\":\"m\","
    "\"env\":[{\"name\":\"A\"},{\"name\":\"B[0]~\"},{\"name\":\"A\"},{}],\"args\":[\"x\",null],"
    "\"ports\":[{\"containerPort\":80},{\"containerPort\":80,\"protocol\":\"UDP\"},{\"containerPort\":\"81\"}],"
    "\"volumeMounts\":[{\"mountPath\":\"/dev/shm\"}]}],\"tolerations\":[{}],\"volumes\":null}}";

const char *const rk_fuzz_seeds[] = {
    "/spec/containers/[m]/env/[A]/value",
    "/spec/containers/0/env/2/name",
    "/spec/containers/[m]/ports/[80/UDP]/name",
    "/spec/containers/[m]/volumeMounts/[/dev/shm]",
    "/spec/containers/[m]/env/[B~20~3~0]",
    "/spec/volumes/[v]/emptyDir/medium",
    "/metadata/labels/a~1b",
    "/metadata/labels/~2x]",
    "/spec/tolerations/-",
    "/spec/containers/[n]/ports/[443]/containerPort",
    "/spec/ports/[80/SCTP]/name\x1e{\"kind\":\"Service\",\"spec\":{\"ports\":[{\"port\":80,\"protocol\":\"SCTP\"}]}}",
    "/env/[a]/env/[b]/env/-\x1e{\"env\":[{\"name\":\"a\"}]}",
    NULL,
};

static void check(bool holds)
{
    if (!holds)
        abort();
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
}

static void check_canonical(const cJSON *root, const char *path)
{
    struct rk_buf one;
    struct rk_buf two;
    rk_buf_init(&one, RK_PATH_MAX);
    rk_buf_init(&two, RK_PATH_MAX);
    const cJSON *node = rk_path_get(root, path);
    int r = rk_path_canonical(root, NULL, path, &one, NULL);
    check(r == RK_E_LIMIT || (r == 0) == (node != NULL));
    if (r == 0) {
        check(rk_path_get(root, rk_buf_text(&one)) == node);
        check(rk_path_canonical(root, NULL, rk_buf_text(&one), &two, NULL) == 0);
        check(strcmp(rk_buf_text(&one), rk_buf_text(&two)) == 0);
    } else {
        check(one.len == 0);
    }
    rk_buf_done(&one);
    rk_buf_done(&two);
}

static void check_set(struct rk_arena *a, const cJSON *tree, const char *path, cJSON *value)
{
    cJSON *root = rk_json_copy(a, tree);
    struct rk_err err = RK_ERR_INIT;
    struct rk_path p;
    int r = rk_path_set(a, root, NULL, path, value, &err);
    check_links(root);
    if (r < 0) {
        check(r == RK_E_INVAL && err.text[0] != '\0' && value->prev == NULL);
        check(strcmp(rk_json_text(a, root), rk_json_text(a, tree)) == 0);
        return;
    }
    check(err.text[0] == '\0');
    check(rk_path_parse(path, &p, NULL) == 0 && p.n > 0);
    bool appended = strcmp(p.tok[p.n - 1].text, "-") == 0;
    bool renamed =
        p.n > 1 &&
        p.tok[p.n - 2].kind == RK_PATH_SELECT; /* perhaps: the entry's name may have been written */
    check(appended || renamed || rk_path_get(root, path) == value);
    check_canonical(root, path);
}

static void check_drop(struct rk_arena *a, const cJSON *tree, const char *path)
{
    cJSON *root = rk_json_copy(a, tree);
    struct rk_err err = RK_ERR_INIT;
    bool there = path[0] != '\0' && rk_path_get(root, path) != NULL;
    int r = rk_path_drop(root, path, &err);
    check_links(root);
    check((r == 0) == there);
    bool same = strcmp(rk_json_text(a, root), rk_json_text(a, tree)) == 0;
    check(same == (r != 0));
    check(r == 0 || ((r == RK_E_NOENT || r == RK_E_INVAL) && err.text[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rk_arena a;
    rk_arena_init(&a, 0);
    const char *cut = size ? memchr(data, 0x1e, size) : NULL;
    size_t n = cut ? (size_t)(cut - (const char *)data) : size;
    const char *path = rk_arena_strndup(&a, (const char *)data, n);
    const char *text = cut ? cut + 1 : pod;
    cJSON *root = NULL;
    if (rk_json_parse(&a, text, cut ? size - n - 1 : sizeof pod - 1, NULL, &root, NULL) == 0) {
        check_canonical(root, path);
        check_set(&a, root, path, rk_json_string(&a, "value"));
        check_set(&a, root, path, rk_json_object(&a));
        cJSON *named = rk_json_object(&a);
        rk_json_set(&a, named, "name", rk_json_string(&a, "m"));
        check_set(&a, root, path, named);
        check_set(&a, root, path, rk_json_int(&a, 80));
        check_drop(&a, root, path);
        (void)rk_path_merge_key("Pod", path); /* only that it does not fall over */
    }
    rk_arena_done(&a);
    return 0;
}
