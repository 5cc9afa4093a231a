/* The stamp of a set of plugins: equal for equal sets, another one for every difference that may change what they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include <raykeeper/plugin.h>

#include "core/conf/conf.h"
#include "core/plug/plug.h"

struct self {
    const char *text;
    int64_t number;
    uint8_t yes;
};

static const rk_opt opts[] = {
    {.key = "text", .dflt = "", .type = RK_T_STR, .offset = offsetof(struct self, text)},
    {.key = "number", .dflt = "1", .type = RK_T_INT, .offset = offsetof(struct self, number)},
    {.key = "yes", .dflt = "no", .type = RK_T_BOOL, .offset = offsetof(struct self, yes)},
};
static const rk_plugin one = {RK_PLUGIN_SIZES, .name = "one",
                              .version = "1",  .self_size = sizeof(struct self),
                              .opts = opts,    .n_opts = 3};
static const rk_plugin newer = {RK_PLUGIN_SIZES, .name = "one",
                                .version = "2",  .self_size = sizeof(struct self),
                                .opts = opts,    .n_opts = 3};
static const rk_plugin two = {RK_PLUGIN_SIZES, .name = "two", .version = "1"};

static char stamps[16][RK_PLUGINS_STAMP];
static size_t n_stamps;

struct case_ {
    const rk_plugin *first, *second;
    const char *set, *disable, *host;
    uint8_t file; /* a byte of the file's digest */
};

static const char *stamp(struct case_ c)
{
    const rk_plugin *const descs[] = {c.first, c.second};
    const struct rk_plug_conf pc = {.disable = c.disable};
    struct rk_conf *conf = rk_conf_new();
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    char *out = stamps[n_stamps++];
    if (c.set)
        rk_conf_set(conf, c.set);
    assert_int_equal(rk_plugins_from(descs, c.second ? 2 : 1, conf, &pc, &p, &err), 0);
    p->plugs[0].digest[0] = c.file;
    rk_plugins_stamp(p, c.host ? c.host : "host", out);
    rk_plugins_free(p);
    rk_conf_free(conf);
    return out;
}

static void equal_sets_have_equal_stamps(void **state)
{
    (void)state;
    n_stamps = 0;
    const char *a =
        stamp((struct case_){.first = &one, .second = &two, .set = "plugin:one.text=x"});
    const char *b =
        stamp((struct case_){.first = &one, .second = &two, .set = "plugin:one.text=x"});
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), RK_PLUGINS_STAMP - 1);
    assert_int_equal(strspn(a, "0123456789abcdef"), RK_PLUGINS_STAMP - 1);
}

static void every_difference_changes_it(void **state)
{
    (void)state;
    n_stamps = 0;
    stamp((struct case_){.first = &one, .second = &two});
    stamp((struct case_){.first = &two, .second = &one});
    stamp((struct case_){.first = &one});
    stamp((struct case_){.first = &newer, .second = &two});
    stamp((struct case_){.first = &one, .second = &two, .file = 1});
    stamp((struct case_){.first = &one, .second = &two, .host = "newer host"});
    stamp((struct case_){.first = &one, .second = &two, .disable = "two"});
    stamp((struct case_){.first = &one, .second = &two, .set = "plugin:one.text=x"});
    stamp((struct case_){.first = &one, .second = &two, .set = "plugin:one.number=2"});
    stamp((struct case_){.first = &one, .second = &two, .set = "plugin:one.yes=true"});
    stamp((struct case_){.first = &one, .second = &two, .set = "plugin:one.after=two"});
    for (size_t i = 0; i < n_stamps; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(stamps[i], stamps[k]) == 0)
                fail_msg("cases %zu and %zu look the same", k, i);
}

static char told[256];
static void in_hand(void *ctx, const char *plugin, const char *what)
{
    (void)ctx;
    (void)strncat(told, plugin ? plugin : "-", sizeof told - strlen(told) - 1);
    (void)strncat(told, plugin ? what : "", sizeof told - strlen(told) - 1);
}

static int32_t check(const void *self, char *err, size_t err_size)
{
    (void)self, (void)err, (void)err_size;
    assert_string_equal(told, "checkedcheck");
    return RK_OK;
}

static void a_check_is_told_while_it_runs(void **state)
{
    (void)state;
    static const rk_plugin checked = {RK_PLUGIN_SIZES, .name = "checked", .version = "1",
                                      .check = check};
    const rk_plugin *const descs[] = {&checked};
    const struct rk_plug_conf pc = {.in_hand = in_hand};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_plugins_from(descs, 1, NULL, &pc, &p, &err), 0);
    assert_string_equal(told, "checkedcheck-");
    rk_plugins_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_sets_have_equal_stamps),
        cmocka_unit_test(every_difference_changes_it),
        cmocka_unit_test(a_check_is_told_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
