/* A stage for pass tests: plugins made of plain functions, an owner of kind example.io/v1/Thing,
 * a world, one pass. */
#ifndef PASS_STAGE_H
#define PASS_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <raykeeper/sugar.h>

#include "core/base/mem.h"
#include "core/json/json.h"
#include "core/json/path.h"
#include "core/pass/pass.h"

#define THING   "example.io/v1/Thing"
#define POD     "v1/Pod"
#define SERVICE "v1/Service"
#define NOW_US  1767323045000000 /* 2026-01-02T03:04:05Z */

/* cmocka has a macro `fail`: in tests the call is written (rk->fail)(...). */
#define STAGE_PLUGS 4
#define STAGE_HOOKS 12
#define STAGE_SEEN  16

struct stage {
    rk_plugin plugs[STAGE_PLUGS];
    rk_hook hooks[STAGE_PLUGS][STAGE_HOOKS];
    rk_kind kinds[STAGE_PLUGS][1];
    rk_watch watches[STAGE_PLUGS][2];
    size_t n;
    const char *disable;
    const char *object;
    struct rk_seen seen[STAGE_SEEN];
    struct rk_snapshot snap;
    struct rk_pass_conf conf;
    struct rk_plugins *p;
    struct rk_plan *plan;
    struct rk_arena arena;
};

static inline void stage_open(struct stage *st)
{
    memset(st, 0, sizeof *st);
    rk_arena_init(&st->arena, 0);
    st->conf = (struct rk_pass_conf){.arena_cap = 16u << 20, .slice = 64};
    st->object =
        "{\"apiVersion\":\"example.io/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"demo\",\"namespace\":\"ns\","
        "\"uid\":\"u-1\",\"resourceVersion\":\"7\",\"generation\":3},\"spec\":{\"size\":2,\"template\":{\"metadata\":"
        "{\"name\":\"ignored\",\"labels\":{\"user\":\"yes\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"i\","
        "\"env\":[{\"name\":\"U\",\"value\":\"user\"}]}]}}}}";
    st->snap = (struct rk_snapshot){
        .gvk = THING, .ns = "ns", .name = "demo", .uid = "u-1", .rv = "7", .now_us = NOW_US};
}

/* A plugin that introduces Thing and watches pods and services of it. */
static inline rk_plugin *stage_plugin(struct stage *st, const char *name)
{
    size_t i = st->n++;
    st->kinds[i][0] = (rk_kind){.gvk = THING,
                                .plural = "things",
                                .controller = "thing-controller",
                                .finalizers = "example.io/hold"};
    st->watches[i][0] =
        (rk_watch){.gvk = POD, .plural = "pods", .owner = THING, .index_label = "thing"};
    st->watches[i][1] = (rk_watch){.gvk = SERVICE, .plural = "services", .owner = THING};
    st->plugs[i] =
        (rk_plugin){RK_PLUGIN_SIZES,       .name = name,          .version = "1",
                    .hooks = st->hooks[i], .kinds = st->kinds[i], .watches = st->watches[i],
                    .n_kinds = 1,          .n_watches = 2};
    return &st->plugs[i];
}

static inline rk_hook *stage_hook(struct stage *st, const rk_plugin *plugin, int phase, int rank,
                                  rk_run *run)
{
    size_t i = (size_t)(plugin - st->plugs);
    rk_hook *h = &st->hooks[i][st->plugs[i].n_hooks++];
    *h = (rk_hook){
        .phase = (uint16_t)phase, .rank = (uint16_t)rank, .run = run, .title = "a hook of a test"};
    return h;
}

static inline struct rk_seen *stage_see(struct stage *st, const char *gvk, const char *name,
                                        const char *json)
{
    struct rk_seen *s = &st->seen[st->snap.n_seen++];
    *s = (struct rk_seen){.gvk = gvk,
                          .ns = "ns",
                          .name = name,
                          .uid = rk_arena_fmt(&st->arena, "uid-%s", name),
                          .rv = "5",
                          .mine = true,
                          .json = rk_span_of(json)};
    return s;
}

static inline struct rk_plan *stage_run(struct stage *st)
{
    const rk_plugin *descs[STAGE_PLUGS];
    struct rk_err err = RK_ERR_INIT;
    const struct rk_plug_conf pc = {.disable = st->disable};
    for (size_t i = 0; i < st->n; i++)
        descs[i] = &st->plugs[i];
    rk_plan_free(st->plan);
    rk_plugins_free(st->p);
    st->plan = NULL;
    st->p = NULL;
    st->snap.object = rk_span_of(st->object);
    st->snap.seen = st->seen;
    if (rk_plugins_from(descs, st->n, NULL, &pc, &st->p, &err) < 0)
        fail_msg("plugins: %s", err.text);
    if (rk_pass_run(st->p, &st->conf, &st->snap, &st->plan, &err) < 0)
        fail_msg("pass: %s", err.text);
    return st->plan;
}

static inline void stage_close(struct stage *st)
{
    rk_plan_free(st->plan);
    rk_plugins_free(st->p);
    rk_arena_done(&st->arena);
}

/* A PLAN hook: one pod of the template. */
static inline int32_t stage_want_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_member m = {.size = sizeof m, .key = "0"};
    (void)self;
    const rk_group g = {.size = sizeof g,
                        .role = "main",
                        .group = "main",
                        .pod_template = rk->at(rk->object(ps), "/spec/template"),
                        .name_prefix = "demo-",
                        .members = &m,
                        .n_members = 1,
                        .member_size = sizeof m};
    return rk->pods(ps, &g);
}

/* The n-th op of a verb, or NULL. */
static inline const struct rk_op *stage_op(const struct stage *st, enum rk_op_verb verb, size_t n)
{
    for (size_t i = 0; i < st->plan->n_ops; i++)
        if (st->plan->ops[i].verb == verb && n-- == 0)
            return &st->plan->ops[i];
    return NULL;
}

static inline size_t stage_count(const struct stage *st, enum rk_op_verb verb)
{
    size_t n = 0;
    while (stage_op(st, verb, n))
        n++;
    return n;
}

static inline cJSON *stage_body(struct stage *st, const struct rk_op *op)
{
    struct rk_buf b;
    cJSON *v = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_non_null(op);
    rk_buf_init(&b, 1u << 20);
    assert_int_equal(rk_op_body(op, &b), 0);
    if (rk_json_parse(&st->arena, rk_buf_text(&b), b.len, NULL, &v, &err) < 0)
        fail_msg("body: %s: %s", err.text, rk_buf_text(&b));
    rk_buf_done(&b);
    return v;
}

/* Text of the value at a path of an op's body; "" when nothing is there. */
static inline const char *stage_at(struct stage *st, const struct rk_op *op, const char *path)
{
    const cJSON *v = rk_path_get(stage_body(st, op), path);
    return v ? rk_json_text(&st->arena, v) : "";
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, text ? text : "(null)");
}

#define STAGE_TEST(name)                     \
    static void name##_on(struct stage *st); \
    static void name(void **state)           \
    {                                        \
        struct stage st;                     \
        (void)state;                         \
        stage_open(&st);                     \
        name##_on(&st);                      \
        stage_close(&st);                    \
    }                                        \
    static void name##_on(struct stage *st)

#endif
