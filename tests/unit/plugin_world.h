/* A world for tests of one plugin: observed pods, a RayCluster, one pass; and what a plan does, done to
 * the world. The test includes the plugin's sources: a plugin exports one symbol only. */
#ifndef PLUGIN_WORLD_H
#define PLUGIN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"

#undef fail /* cmocka's: the function table has a member of that name */
#include <raykeeper/ray.h>

#define WORLD_NOW_US 1767323045000000 /* 2026-01-02T03:04:05Z */
#define WORLD_NOW    "2026-01-02T03:04:05Z"

struct world {
    struct rk_arena arena;
    struct rk_seen *seen;
    size_t n, most;
    struct rk_plugins *plugins;
    struct rk_plan *plan;
    const char *status;                         /* of the cluster, JSON; NULL = none */
    const char *name;                           /* of the cluster; NULL = "c" */
    bool (*served)(void *ctx, const char *gvk); /* see rk_snapshot */
    const char *meta; /* more of its metadata: `"labels":{...}`; NULL = none */
    struct rk_snap_outcome outcome;
    size_t made, gone; /* pods, by world_do */
};

static inline void open_world(struct world *w, const rk_plugin *desc, size_t most)
{
    const rk_plugin *const descs[] = {desc};
    struct rk_err err = RK_ERR_INIT;
    memset(w, 0, sizeof *w);
    rk_arena_init(&w->arena, 0);
    w->seen = rk_arena_alloc(&w->arena, most * sizeof *w->seen);
    w->most = most;
    assert_int_equal(rk_plugins_from(descs, 1, NULL, NULL, &w->plugins, &err), 0);
}

static inline void close_world(struct world *w)
{
    rk_plan_free(w->plan);
    rk_plugins_free(w->plugins);
    rk_arena_done(&w->arena);
}

static inline struct rk_seen *world_put(struct world *w, const char *name, const char *json)
{
    assert_true(w->n < w->most);
    w->seen[w->n] = (struct rk_seen){.gvk = RAY_POD,
                                     .ns = "ns",
                                     .name = name,
                                     .uid = name,
                                     .rv = "5",
                                     .mine = true,
                                     .json = rk_span_of(json)};
    return &w->seen[w->n++];
}

/* A pod of the cluster; labels: more of them, `"key":"value",...` or "". */
static inline struct rk_seen *world_pod(struct world *w, const char *name, const char *type,
                                        const char *labels, const char *phase, const char *created)
{
    return world_put(
        w, name,
        rk_arena_fmt(&w->arena,
                     "{\"metadata\":{\"name\":\"%s\",\"creationTimestamp\":\"%s\",\"labels\":{"
                     "\"ray.io/cluster\":\"c\",\"ray.io/node-type\":\"%s\"%s%s}},\"spec\":{"
                     "\"containers\":[{\"name\":\"ray\"}]},\"status\":{\"phase\":\"%s\"}}",
                     name, created, type, labels[0] ? "," : "", labels, phase));
}

static inline struct rk_seen *world_find(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->seen[i].name, name) == 0)
            return &w->seen[i];
    return NULL;
}

static inline void world_remove(struct world *w, const char *name)
{
    struct rk_seen *s = world_find(w, name);
    assert_non_null(s);
    *s = w->seen[--w->n];
}

/* It is being deleted from now on. */
static inline void world_end(struct world *w, const char *name)
{
    struct rk_seen *s = world_find(w, name);
    assert_non_null(s);
    static const char at[] = "\"metadata\":{";
    const char *meta = strstr(s->json.p, at);
    assert_non_null(meta);
    size_t n = (size_t)(meta - s->json.p) + sizeof at - 1;
    s->json = rk_span_of(rk_arena_fmt(&w->arena, "%.*s\"deletionTimestamp\":\"%s\",%s", (int)n,
                                      s->json.p, WORLD_NOW, s->json.p + n));
    s->terminating = true;
}

static inline const struct rk_plan *world_run(struct world *w, const char *spec)
{
    const struct rk_pass_conf conf = {.slice = w->most + 64};
    const char *text = rk_arena_fmt(
        &w->arena,
        "{\"apiVersion\":\"ray.io/v1\",\"kind\":\"RayCluster\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"ns\",\"uid\":\"u\",\"generation\":1%s%s},\"spec\":%s%s%s}",
        w->name ? w->name : "c", w->meta ? "," : "", w->meta ? w->meta : "", spec,
        w->status ? ",\"status\":" : "", w->status ? w->status : "");
    const struct rk_snapshot snap = {.gvk = RAY_CLUSTER,
                                     .ns = "ns",
                                     .name = w->name ? w->name : "c",
                                     .served = w->served,
                                     .uid = "u",
                                     .rv = "7",
                                     .object = rk_span_of(text),
                                     .seen = w->seen,
                                     .n_seen = w->n,
                                     .outcomes = &w->outcome,
                                     .n_outcomes = w->outcome.gvk ? 1 : 0,
                                     .now_us = WORLD_NOW_US};
    struct rk_err err = RK_ERR_INIT;
    rk_plan_free(w->plan);
    w->plan = NULL;
    assert_int_equal(rk_pass_run(w->plugins, &conf, &snap, &w->plan, &err), 0);
    return w->plan;
}

/* One write to pods is carried out: a pod that is made runs, one that is deleted is gone. */
static inline void world_do(struct world *w, const struct rk_op *op)
{
    if (op->verb == RK_OP_DELETE) {
        world_remove(w, op->name);
        w->gone++;
    }
    if (op->verb != RK_OP_CREATE)
        return;
    struct rk_buf b;
    rk_buf_init(&b, 1u << 20);
    assert_true(rk_op_body(op, &b) >= 0);
    static const char at[] = "\"metadata\":{";
    const char *text = rk_buf_text(&b), *meta = strstr(text, at);
    assert_non_null(meta);
    size_t n = (size_t)(meta - text) + sizeof at - 1;
    (void)world_put(w, rk_arena_strdup(&w->arena, op->name),
                    rk_arena_fmt(&w->arena,
                                 "%.*s\"creationTimestamp\":\"%s\",%.*s,\"status\":{\"phase\":"
                                 "\"Running\"}}",
                                 (int)n, text, WORLD_NOW, (int)(b.len - n - 1), text + n));
    w->made++;
    rk_buf_done(&b);
}

static inline size_t world_count(const struct rk_plan *p, enum rk_op_verb verb)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_ops; i++)
        n += p->ops[i].verb == verb;
    return n;
}

/* What the plan writes into the status; "" = nothing. */
static inline const char *world_status(struct world *w)
{
    for (size_t i = 0; i < w->plan->n_ops; i++)
        if (w->plan->ops[i].verb == RK_OP_STATUS)
            return rk_arena_strndup(&w->arena, w->plan->ops[i].head.p, w->plan->ops[i].head.n);
    return "";
}

/* The head's Service, as it is found again. */
static inline struct rk_seen *world_service(struct world *w, const char *name)
{
    struct rk_seen *s = world_put(
        w, name,
        rk_arena_fmt(&w->arena,
                     "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"ray.io/cluster\":\"c\","
                     "\"ray.io/node-type\":\"head\",\"ray.io/identifier\":\"c-head\"}},\"spec\":{"
                     "\"clusterIP\":\"None\"}}",
                     name));
    s->gvk = RAY_SERVICE;
    return s;
}

/* Is this pod deleted by the plan? Returns why. */
static inline const char *world_deleted(const struct rk_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_ops; i++)
        if (p->ops[i].verb == RK_OP_DELETE && strcmp(p->ops[i].name, name) == 0)
            return p->ops[i].note;
    return NULL;
}

#endif
