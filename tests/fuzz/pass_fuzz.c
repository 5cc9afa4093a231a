/* Fuzz target: from an object to a plan, with all bundled plugins ($RK_BUILD/plugins). The documents of the input stand between bytes
 * 0x1e: an owner, then what is there of it. They go through the view as in life. Whatever they say: no hook returns junk or writes what
 * it may not, the plan is the same a second time, its bodies are JSON, its deletes name what was seen, its names can be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/conf/conf.h"
#include "core/json/json.h"
#include "core/json/scan.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "tests/fuzz/fuzz.h"

const char *const rk_fuzz_words[] = {
    "null",
    "0",
    "1",
    "-1",
    "2",
    "1.5",
    "1e400",
    "2147483647",
    "2147483648",
    "-9223372036854775808",
    "\"\"",
    "\"x\"",
    "\"10Gi\"",
    "\"-3\"",
    "\"1.5\"",
    "\"$(A)\"",
    "\"a\\u0000b\"",
    "\"\\ud83d\\ude00\"",
    "{}",
    "[]",
    "[null]",
    "[{}]",
    "[[]]",
    "[1]",
    "true",
    "false",
    "{\"\":null}",
    "\"minReplicas\":3,",
    "\"maxReplicas\":1,",
    "\"numOfHosts\":2,",
    "\"suspend\":true,",
    "\"enableInTreeAutoscaling\":true,",
    "\"rayStartParams\":{\"num-cpus\":\"2\",\"block\":\"false\",\"port\":\"x\"},",
    "\"scaleStrategy\":{\"workersToDelete\":[\"d-small-worker-bbbbb\"]},",
    "\"env\":[{\"name\":\"RAY_IP\"},{\"name\":\"RAY_IP\",\"value\":\"1\"}],",
    "\"command\":[\"a\"],",
    "\"args\":[null,\"b\"],",
    "\"ports\":[{\"containerPort\":8080,\"name\":\"metrics\"},{\"containerPort\":\"x\"}],",
    "\"volumes\":[{\"name\":\"shared-mem\"}],",
    "\"volumeMounts\":[{\"mountPath\":\"/dev/shm\",\"name\":\"m\"}],",
    "\"initContainers\":[{\"name\":\"i\"}],",
    "\"resources\":{\"limits\":{\"cpu\":\"1\",\"memory\":\"1e40\",\"nvidia.com/gpu\":\"-1\"}},",
    "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",",
    "\"annotations\":{\"ray.io/overwrite-container-cmd\":\"true\"},",
    "\"phase\":\"Failed\",",
    "\"labels\":{\"ray.io/node-type\":\"worker\",\"ray.io/group\":\"small\",\"ray.io/cluster\":\"d\"},",
    NULL,
};

#define NOW_US 1767323045000000 /* 2026-01-02T03:04:05Z */

static struct rk_conf *conf; /* the plugins' options live in it */
static struct rk_plugins *plugins;
static struct rk_arena texts; /* of the kinds of a view, as long as it */

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "pass_fuzz: %s\n", what);
    abort();
}

/* What share of the inputs went how far: a target that refuses all of them looks at nothing. */
static struct {
    unsigned long inputs, owners, plans, writes;
} count;

static void unload(void)
{
    (void)printf("pass_fuzz: %lu inputs, %lu owners, %lu plans, %lu with pods or children\n",
                 count.inputs, count.owners, count.plans / 2, count.writes / 2);
    rk_plugins_free(plugins);
    rk_conf_free(conf);
    rk_arena_done(&texts);
}

static void load(void)
{
    const char *build = getenv("RK_BUILD");
    struct rk_err err = RK_ERR_INIT;
    rk_log_setup(RK_LOG_ERROR, RK_LOG_TEXT, 2, "fuzz");
    rk_arena_init(&texts, 0);
    const struct rk_plug_conf pc = {
        .path = rk_arena_fmt(&texts, "%s/plugins", build && *build ? build : "build"),
        .any_owner = true};
    conf = rk_conf_new();
    check(rk_plugins_load(conf, &pc, &plugins, &err) == 0, err.text);
    (void)atexit(unload); /* for the leak checker only */
    check(plugins->n_kinds > 0, "no plugin introduces a kind: where are they?");
}

static const char *api_version_of(const char *gvk)
{
    return rk_arena_strndup(&texts, gvk, (size_t)(strrchr(gvk, '/') - gvk));
}

static void add_watch(struct rk_view *v, const rk_watch *w)
{
    struct rk_view_kind k = {.gvk = w->gvk,
                             .api_version = api_version_of(w->gvk),
                             .kind = strrchr(w->gvk, '/') + 1,
                             .plural = w->plural,
                             .owner_gvk = w->owner,
                             .index_label = w->index_label};
    const char **keep = rk_arena_alloc(&texts, 256 * sizeof *keep);
    struct rk_span rest = rk_span_of(w->keep ? w->keep : ""), line;
    while (rk_span_next(&rest, '\n', &line)) {
        line = rk_span_trim(line);
        if (line.n > 0 && k.n_keep < 256)
            keep[k.n_keep++] =
                rk_arena_strndup(&texts, line.p + (line.p[0] == '/'), line.n - (line.p[0] == '/'));
    }
    k.keep = w->keep ? keep : NULL;
    check(rk_view_kind_add(v, &k, NULL) >= 0, "a watch that the view does not take");
}

static void ignore_wake(void *ctx, const char *gvk, const char *ns, const char *name,
                        enum rk_view_cause cause)
{
    (void)ctx, (void)gvk, (void)ns, (void)name, (void)cause;
}

static struct rk_view *new_view(void)
{
    struct rk_view *v = rk_view_new(ignore_wake, NULL);
    for (size_t i = 0; i < plugins->n_kinds; i++) {
        const rk_kind *k = &plugins->kinds[i];
        const struct rk_view_kind kind = {.gvk = k->gvk,
                                          .api_version = api_version_of(k->gvk),
                                          .kind = strrchr(k->gvk, '/') + 1,
                                          .plural = k->plural};
        check(rk_view_kind_add(v, &kind, NULL) >= 0, "a kind that the view does not take");
    }
    for (size_t i = 0; i < plugins->n_watches; i++)
        add_watch(v, &plugins->watches[i]);
    return v;
}

static int kind_of(const struct rk_view *v, struct rk_span doc)
{
    char kind[64], gvk[128];
    if (rk_scan_text(rk_scan_get(doc, "kind"), kind, sizeof kind) != 0)
        return -1;
    for (size_t i = 0; i < plugins->n_kinds; i++)
        if (strcmp(strrchr(plugins->kinds[i].gvk, '/') + 1, kind) == 0)
            return rk_view_kind_find(v, plugins->kinds[i].gvk);
    (void)snprintf(gvk, sizeof gvk, "v1/%s", kind); /* fits: 64 and 3 */
    return rk_view_kind_find(v, gvk);
}

/* Deletes go to what was seen, under its uid. (Without one it was no object of an API server's, and rk_kube_delete refuses.) */
static void check_delete(const struct rk_snapshot *snap, const struct rk_op *op)
{
    for (size_t i = 0; i < snap->n_seen; i++)
        if (strcmp(snap->seen[i].gvk, op->gvk) == 0 && strcmp(snap->seen[i].name, op->name) == 0 &&
            strcmp(snap->seen[i].uid, op->uid) == 0)
            return;
    check(false, "a delete of what nobody has seen");
}

/* The plan as one text. */
static void write_down(struct rk_arena *a, const struct rk_snapshot *snap, const struct rk_plan *p,
                       struct rk_buf *out)
{
    struct rk_buf body;
    rk_buf_init(&body, (size_t)8 << 20);
    for (size_t i = 0; i < p->n_ops; i++) {
        const struct rk_op *op = &p->ops[i];
        cJSON *tree = NULL;
        check(op->name && op->name[0] && strlen(op->name) < 254,
              "an object without a name, or too long a one");
        (void)rk_buf_addf(out, "%d %s %s/%s ", (int)op->verb, op->gvk, op->ns, op->name);
        if (op->verb == RK_OP_DELETE) {
            check_delete(snap, op);
            continue;
        }
        rk_buf_clear(&body);
        if (rk_op_body(op, &body) == 0)
            check(rk_json_parse(a, rk_buf_text(&body), body.len, NULL, &tree, NULL) == 0,
                  "a body that is no JSON");
        (void)rk_buf_add(out, rk_buf_text(&body), body.len);
    }
    for (size_t i = 0; i < p->n_events; i++)
        (void)rk_buf_addf(out, "\n%s %s", p->events[i].reason, p->events[i].note);
    (void)rk_buf_addf(out, "\n%d %d %d %s", p->failed, p->invalid, p->done,
                      p->problem ? p->problem : "");
    rk_buf_done(&body);
}

static void run(const struct rk_snapshot *snap, struct rk_arena *a, struct rk_buf *out)
{
    const struct rk_pass_conf pc = {.arena_cap = 64u << 20, .slice = 64};
    struct rk_plan *plan = NULL;
    struct rk_err err = RK_ERR_INIT;
    int rc = rk_pass_run(plugins, &pc, snap, &plan, &err);
    check((rc == 0) == (plan != NULL), "a plan and an error, or neither");
    check(rc == 0 || rc == RK_E_SYNTAX || rc == RK_E_LIMIT, "an error of another kind");
    check(rc == 0 || err.text[0], "an error without words");
    count.plans += plan != NULL;
    count.writes += plan && plan->n_ops > 0 && plan->ops[0].verb != RK_OP_STATUS;
    if (plan)
        write_down(a, snap, plan, out);
    rk_plan_free(plan);
}

static void run_all(struct rk_view *v)
{
    const char *ns, *name;
    for (size_t i = 0; i < plugins->n_kinds; i++) {
        int kind = rk_view_kind_find(v, plugins->kinds[i].gvk);
        for (size_t pos = 0; rk_view_next_owner(v, kind, &pos, &ns, &name);) {
            struct rk_arena a;
            struct rk_buf once, twice;
            struct rk_snapshot snap = {0};
            rk_arena_init(&a, 0);
            rk_buf_init(&once, (size_t)64 << 20);
            rk_buf_init(&twice, (size_t)64 << 20);
            check(rk_view_snapshot(v, plugins->kinds[i].gvk, ns, name, &a, &snap) == 0,
                  "an owner without a snapshot");
            snap.now_us = NOW_US;
            count.owners++;
            run(&snap, &a, &once);
            run(&snap, &a, &twice);
            check(strcmp(rk_buf_text(&once), rk_buf_text(&twice)) == 0, "two plans for one world");
            rk_buf_done(&once);
            rk_buf_done(&twice);
            rk_arena_done(&a);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!plugins)
        load();
    count.inputs++;
    struct rk_view *v = new_view();
    struct rk_span rest = {(const char *)data, size}, doc;
    while (size > 0 && rk_span_next(&rest, 0x1e, &doc)) {
        int kind = kind_of(v, doc);
        if (kind >= 0)
            (void)rk_view_apply(v, kind, RK_VIEW_UPSERT, RK_FROM_WATCH, doc,
                                NULL); /* or not: it is counted */
    }
    run_all(v);
    rk_view_free(v);
    rk_arena_reset(&texts);
    return 0;
}
