/* The built plugins, all of them, as `raykeeper` loads them: for what more than one plugin makes of a cluster, and
 * for options. The test includes core/conf, core/json, core/pass, core/plug and core/view. */
#ifndef PLUGIN_BUILT_H
#define PLUGIN_BUILT_H

#include "plugin_world.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/conf/conf.h"
#include "core/json/path.h"

struct built {
    struct rk_arena arena;
    struct rk_plugins *plugins;
    struct rk_plan *plan;
    struct rk_conf *conf;
};

/* build/plugins or, where everything is in one folder, <build>/plugins, beside build/release/unit or <build>/unit. */
static inline const char *built_folder(struct rk_arena *a)
{
    static char exe[4096];
    const char *set = getenv("RK_BUILD");
    if (set)
        return rk_arena_fmt(a, "%s/plugins", set);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    assert_true(n > 0);
    exe[n] = '\0';
    for (int up = 0; up < 2; up++) {
        assert_non_null(strrchr(exe, '/'));
        *strrchr(exe, '/') = '\0';
    }
    const char *here = rk_arena_fmt(a, "%s/plugins", exe);
    return access(here, X_OK) == 0 ? here : rk_arena_fmt(a, "%s/../plugins", exe);
}

static inline void built_stop(const char *what, const char *why)
{
    print_error("%s: %s\n", what, why);
    assert_true(false);
}

/* set: one option, "plugin:x.key=value"; NULL = all have their defaults. */
static inline void open_built(struct built *b, const char *set)
{
    const rk_plugin *descs[RK_PLUGINS_MAX];
    struct rk_err err = RK_ERR_INIT;
    glob_t files;
    *b = (struct built){0};
    rk_arena_init(&b->arena, 0);
    const char *where = built_folder(&b->arena);
    if (glob(rk_arena_fmt(&b->arena, "%s/*.so", where), 0, NULL, &files) != 0)
        built_stop(where, "no plugin is there: make tests-build");
    assert_true(files.gl_pathc <= RK_PLUGINS_MAX);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        void *so = dlopen(files.gl_pathv[i], RTLD_NOW | RTLD_LOCAL);
        descs[i] = so ? dlsym(so, "rk_plugin_v0") : NULL;
        if (!descs[i])
            built_stop(files.gl_pathv[i], dlerror());
    }
    b->conf = rk_conf_new();
    if (set)
        rk_conf_set(b->conf, set);
    if (rk_plugins_from(descs, files.gl_pathc, b->conf, NULL, &b->plugins, &err) < 0)
        built_stop("plugins", err.text);
    struct rk_buf wrong;
    rk_buf_init(&wrong, 1u << 16);
    if (rk_conf_check(b->conf, &wrong) < 0)
        built_stop("options", rk_buf_text(&wrong));
    rk_buf_done(&wrong);
    globfree(&files);
}

static inline void close_built(struct built *b)
{
    rk_plan_free(b->plan);
    rk_plugins_free(b->plugins);
    rk_conf_free(b->conf);
    rk_arena_done(&b->arena);
}

static inline bool built_served(void *ctx, const char *gvk)
{
    (void)ctx, (void)gvk;
    return true;
}

/* A first pass over a cluster of which nothing is there yet. */
static inline void run_built(struct built *b, const char *ns, const char *name, const char *notes,
                             const char *spec)
{
    const struct rk_pass_conf conf = {.slice = 64};
    const char *text = rk_arena_fmt(
        &b->arena,
        "{\"apiVersion\":\"ray.io/v1\",\"kind\":\"RayCluster\",\"metadata\":{\"name\":\"%s\","
        "\"namespace\":\"%s\",\"uid\":\"u\",\"generation\":1,\"annotations\":{%s}},\"spec\":%s}",
        name, ns, notes, spec);
    const struct rk_snapshot snap = {.gvk = RAY_CLUSTER,
                                     .ns = ns,
                                     .name = name,
                                     .uid = "u",
                                     .rv = "7",
                                     .object = rk_span_of(text),
                                     .served = built_served,
                                     .now_us = WORLD_NOW_US};
    struct rk_err err = RK_ERR_INIT;
    rk_plan_free(b->plan);
    b->plan = NULL;
    assert_int_equal(rk_pass_run(b->plugins, &conf, &snap, &b->plan, &err), 0);
    if (b->plan->problem)
        built_stop(name, b->plan->problem);
}

/* The one create of this kind, by its name or of this group; both may be NULL. */
static inline const struct rk_op *made(struct built *b, const char *gvk, const char *name,
                                       const char *group)
{
    const struct rk_op *found = NULL;
    for (size_t i = 0; i < b->plan->n_ops; i++) {
        const struct rk_op *op = &b->plan->ops[i];
        if (op->verb != RK_OP_CREATE || strcmp(op->gvk, gvk) != 0 ||
            (name && strcmp(op->name, name) != 0) || (group && strcmp(op->group, group) != 0))
            continue;
        assert_null(found);
        found = op;
    }
    assert_non_null(found);
    return found;
}

static inline const cJSON *body(struct built *b, const struct rk_op *op)
{
    struct rk_buf text;
    struct rk_err err = RK_ERR_INIT;
    cJSON *v = NULL;
    rk_buf_init(&text, 1u << 20);
    assert_true(rk_op_body(op, &text) >= 0);
    assert_int_equal(rk_json_parse(&b->arena, rk_buf_text(&text), text.len, NULL, &v, &err), 0);
    rk_buf_done(&text);
    return v;
}

#define C0(more) \
    "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"" more "}]}}"
#define HEAD(more) "\"headGroupSpec\":{" more C0("") "}"

#endif
