/* Order of hooks: phase, rank, `after`, load order; strides of grown plugins; options from the
 * INI. */
#include "core/conf/conf.h"
#include "core/plug/plug.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <raykeeper/sugar.h>

static int32_t nothing(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)rk, (void)ps, (void)self;
    return RK_OK;
}

static const rk_hook pod_300[] = {
    {.phase = RK_PHASE_POD, .rank = 300, .run = nothing, .title = "first"},
    {.phase = RK_PHASE_POD, .rank = 300, .run = nothing, .title = "second"},
    {.phase = RK_PHASE_PLAN, .rank = 900, .run = nothing},
    {.phase = RK_PHASE_FINALIZE, .rank = 1, .run = nothing}};
static const rk_hook pod_200[] = {{.phase = RK_PHASE_POD,
                                   .rank = 200,
                                   .run = nothing,
                                   .roles = "head,worker",
                                   .kinds = "v1/Pod"}};

#define PLUGIN(var, text, after_text, table)                                          \
    static const rk_plugin var = {RK_PLUGIN_SIZES, .name = text, .after = after_text, \
                                  .hooks = table, .n_hooks = RK_COUNT(table)}

static void told(const struct rk_plugins *p, char *out, size_t n)
{
    *out = '\0';
    for (size_t i = 0; i < p->n_hooks; i++) {
        size_t at = strlen(out);
        (void)snprintf(out + at, n - at, "%s%s/%s", i ? " " : "", p->hooks[i].plug->name,
                       p->hooks[i].hook.title); /* cut */
    }
}

static void hooks_follow_phase_rank_after_and_load_order(void **state)
{
    (void)state;
    PLUGIN(a, "a", "c, not-loaded", pod_300);
    PLUGIN(b, "b", NULL, pod_200);
    PLUGIN(c, "c", NULL, pod_300);
    const rk_plugin *all[] = {&a, &b, &c};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    char text[512];
    assert_int_equal(rk_plugins_from(all, 3, NULL, NULL, &p, &err), 0);
    told(p, text, sizeof text);
    assert_string_equal(text, "c/ a/ b/ c/first c/second a/first a/second c/ a/");
    assert_true(rk_plug_later(p, rk_plugins_find(p, "a"), rk_plugins_find(p, "c")));
    assert_false(rk_plug_later(p, rk_plugins_find(p, "c"), rk_plugins_find(p, "a")));
    assert_string_equal(p->hooks[2].roles[1], "worker");
    assert_null(p->hooks[2].roles[2]);
    assert_string_equal(p->hooks[2].kinds[0], "v1/Pod");
    rk_plugins_free(p);
}

static void after_reaches_through_others(void **state)
{
    (void)state;
    PLUGIN(a, "a", "b", pod_300);
    PLUGIN(b, "b", "c", pod_300);
    PLUGIN(c, "c", NULL, pod_300);
    const rk_plugin *all[] = {&a, &b, &c};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_plugins_from(all, 3, NULL, NULL, &p, &err), 0);
    assert_true(rk_plug_later(p, &p->plugs[0], &p->plugs[2]));
    rk_plugins_free(p);
}

static void a_cycle_is_named(void **state)
{
    (void)state;
    PLUGIN(a, "a", "b", pod_300);
    PLUGIN(b, "b", "x, c", pod_300);
    PLUGIN(c, "c", "a", pod_300);
    const rk_plugin *all[] = {&a, &b, &c};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_plugins_from(all, 3, NULL, NULL, &p, &err), RK_E_INVAL);
    assert_string_equal(err.text,
                        "built in: plugin a: runs after itself: a after b after c after a");
}

static void a_disabled_plugin_keeps_only_finalize(void **state)
{
    (void)state;
    PLUGIN(a, "a", NULL, pod_300);
    PLUGIN(b, "b", NULL, pod_200);
    const rk_plugin *all[] = {&a, &b};
    const struct rk_plug_conf pc = {.disable = "a"};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_plugins_from(all, 2, NULL, &pc, &p, &err), 0);
    assert_int_equal(p->n_hooks, 2);
    assert_int_equal(p->hooks[1].hook.phase, RK_PHASE_FINALIZE);
    assert_true(p->plugs[0].disabled);
    rk_plugins_free(p);
}

static void who_is_switched_off_and_releases_nothing_watches_nothing(void **state)
{
    (void)state;
    static const rk_watch watch = {.gvk = "v1/Pod", .plural = "pods", .owner = "v1/Pod"};
    rk_plugin a = {RK_PLUGIN_SIZES, .name = "a",       .hooks = pod_300,
                   .n_hooks = 4,    .watches = &watch, .n_watches = 1};
    rk_plugin b = a;
    b.name = "b";
    b.hooks = pod_200;
    b.n_hooks = 1;
    const rk_plugin *all[] = {&a, &b};
    const struct rk_plug_conf pc = {.disable = "a\nb"};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_plugins_from(all, 2, NULL, &pc, &p, &err), 0);
    assert_int_equal(p->n_watches, 1);
    assert_string_equal(p->watch_plug[0]->name, "a");
    rk_plugins_free(p);
}

struct grown_hook {
    rk_hook hook;
    const char *more[2];
};

static void a_grown_plugin_is_read_by_its_own_strides(void **state)
{
    (void)state;
    static const struct grown_hook hooks[] = {
        {{.phase = RK_PHASE_POD, .rank = 2, .run = nothing, .title = "two"}, {"x", "y"}},
        {{.phase = RK_PHASE_POD, .rank = 1, .run = nothing, .title = "one"}, {"x", "y"}}};
    static const struct {
        rk_plugin d;
        const char *more;
    } grown = {{.size = sizeof grown,
                .hook_size = sizeof(struct grown_hook),
                .opt_size = sizeof(rk_opt),
                .major = RK_ABI_MAJOR,
                .minor = RK_ABI_MINOR,
                .name = "grown",
                .hooks = &hooks[0].hook,
                .n_hooks = 2},
               "z"};
    const rk_plugin *all[] = {&grown.d};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    char text[64];
    if (rk_plugins_from(all, 1, NULL, NULL, &p, &err) < 0)
        fail_msg("%s", err.text);
    told(p, text, sizeof text);
    assert_string_equal(text, "grown/one grown/two");
    rk_plugins_free(p);
}

struct self {
    const char *text;
    int64_t wait_ms;
    uint8_t on;
};

static void options_and_after_come_from_the_ini(void **state)
{
    (void)state;
    static const rk_opt opts[] = {
        {.key = "text", .dflt = "d", .type = RK_T_STR, .offset = offsetof(struct self, text)},
        {.key = "wait",
         .dflt = "1s",
         .type = RK_T_DURATION,
         .offset = offsetof(struct self, wait_ms)},
        {.key = "on", .dflt = "no", .type = RK_T_BOOL, .offset = offsetof(struct self, on)}};
    static const rk_plugin a = {RK_PLUGIN_SIZES, .name = "a", .self_size = sizeof(struct self),
                                .opts = opts,    .n_opts = 3, .hooks = pod_200,
                                .n_hooks = 1};
    PLUGIN(b, "b", NULL, pod_200);
    const rk_plugin *all[] = {&a, &b};
    struct rk_conf *conf = rk_conf_new();
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    struct rk_buf out;
    rk_conf_set(conf, "plugin:a.wait=2m");
    rk_conf_set(conf, "plugin:a.on=yes");
    rk_conf_set(conf, "plugin:a.after=b, c");
    assert_int_equal(rk_plugins_from(all, 2, conf, NULL, &p, &err), 0);
    const struct self *self = p->plugs[0].self;
    assert_string_equal(self->text, "d");
    assert_int_equal(self->wait_ms, 120000);
    assert_int_equal(self->on, 1);
    assert_string_equal(p->hooks[0].plug->name, "b");
    rk_buf_init(&out, 4096);
    assert_int_equal(rk_conf_check(conf, &out), 0);
    rk_buf_clear(&out);
    rk_plugins_print(p, &out);
    assert_non_null(strstr(rk_buf_text(&out), "POD"));
    rk_buf_done(&out);
    rk_plugins_free(p);
    rk_conf_free(conf);
}

static int32_t too_long(const void *self, char *err, size_t err_size)
{
    const struct self *me = self;
    (void)snprintf(err, err_size, "%s", me->on ? "text: is too long" : "texture: is too rough");
    return RK_EINVAL;
}

static void what_check_says_of_an_option_is_told_with_its_place(void **state)
{
    (void)state;
    static const rk_opt opts[] = {
        {.key = "text", .dflt = "d", .type = RK_T_STR, .offset = offsetof(struct self, text)},
        {.key = "on", .dflt = "no", .type = RK_T_BOOL, .offset = offsetof(struct self, on)}};
    static const rk_plugin a = {RK_PLUGIN_SIZES, .name = "a", .self_size = sizeof(struct self),
                                .opts = opts,    .n_opts = 2, .check = too_long};
    const rk_plugin *all[] = {&a};
    static const char *const told_as[] = {
        "built in: plugin a: refuses its options: texture: is too rough",
        "--set: plugin a: refuses its options: text: is too long"};
    for (int on = 0; on < 2; on++) {
        struct rk_conf *conf = rk_conf_new();
        struct rk_plugins *p = NULL;
        struct rk_err err = RK_ERR_INIT;
        rk_conf_set(conf, "plugin:a.text=long");
        rk_conf_set(conf, on ? "plugin:a.on=yes" : "plugin:a.on=no");
        assert_int_equal(rk_plugins_from(all, 1, conf, NULL, &p, &err), RK_E_INVAL);
        assert_string_equal(err.text, told_as[on]);
        rk_conf_free(conf);
    }
}

static void a_word_means_the_kind_that_the_api_cannot_lack(void **state)
{
    (void)state;
    static const rk_kind kinds_a[] = {
        {.gvk = "old.example.io/v1/Thing", .plural = "things", .optional = 1},
        {.gvk = "old.example.io/v1/Other", .plural = "others", .optional = 1}};
    static const rk_kind kinds_b[] = {{.gvk = "example.io/v1/Thing", .plural = "things"}};
    static const rk_plugin a = {RK_PLUGIN_SIZES, .name = "a", .kinds = kinds_a, .n_kinds = 2},
                           b = {RK_PLUGIN_SIZES, .name = "b", .kinds = kinds_b, .n_kinds = 1};
    const rk_plugin *all[] = {&a, &b};
    static const struct {
        const char *word, *gvk;
    } cases[] = {{"thing", "example.io/v1/Thing"},
                 {"Things", "example.io/v1/Thing"},
                 {"things.example.io", "example.io/v1/Thing"},
                 {"things.old.example.io", "old.example.io/v1/Thing"},
                 {"other", "old.example.io/v1/Other"},
                 {"nothing", NULL}};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_plugins_from(all, 2, NULL, NULL, &p, &err), 0);
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        const rk_kind *k = rk_plugins_kind_called(p, cases[i].word);
        if (!cases[i].gvk)
            assert_null(k);
        else
            assert_string_equal(k->gvk, cases[i].gvk);
    }
    assert_true(rk_plugins_kind_yields(p, rk_plugins_kind(p, "old.example.io/v1/Thing")));
    assert_false(rk_plugins_kind_yields(p, rk_plugins_kind(p, "example.io/v1/Thing")));
    assert_false(rk_plugins_kind_yields(p, rk_plugins_kind(p, "old.example.io/v1/Other")));
    rk_plugins_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_means_the_kind_that_the_api_cannot_lack),
        cmocka_unit_test(hooks_follow_phase_rank_after_and_load_order),
        cmocka_unit_test(after_reaches_through_others),
        cmocka_unit_test(a_cycle_is_named),
        cmocka_unit_test(a_disabled_plugin_keeps_only_finalize),
        cmocka_unit_test(who_is_switched_off_and_releases_nothing_watches_nothing),
        cmocka_unit_test(what_check_says_of_an_option_is_told_with_its_place),
        cmocka_unit_test(a_grown_plugin_is_read_by_its_own_strides),
        cmocka_unit_test(options_and_after_come_from_the_ini),
    };
    return cmocka_run_group_tests_name("plug order", tests, NULL, NULL);
}
