/* Descriptors: what is refused, with which words, and what may be left out. */
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

/* One good plugin, which each case spoils in one place. */
struct made {
    rk_plugin d;
    rk_hook hook[1];
    rk_opt opt[2];
    rk_kind kind[1];
    rk_watch watch[1];
};

static void make(struct made *m)
{
    memset(m, 0, sizeof *m);
    m->hook[0] = (rk_hook){.phase = RK_PHASE_POD, .rank = 100, .run = nothing};
    m->opt[0] =
        (rk_opt){.key = "size", .dflt = "3", .type = RK_T_INT, .offset = 8, .min = 1, .max = 9};
    m->opt[1] = (rk_opt){.key = "on", .dflt = "yes", .type = RK_T_BOOL, .offset = 17};
    m->kind[0] =
        (rk_kind){.gvk = "example.io/v1/Thing", .plural = "things", .finalizers = "example.io/x"};
    m->watch[0] = (rk_watch){.gvk = "v1/Pod",
                             .plural = "pods",
                             .owner = "example.io/v1/Thing",
                             .keep = "/status/phase\n  /metadata/labels\n"};
    m->d = (rk_plugin){RK_PLUGIN_SIZES,  .self_size = 24, .name = "good",      .version = "1.2",
                       .hooks = m->hook, .n_hooks = 1,    .opts = m->opt,      .n_opts = 2,
                       .kinds = m->kind, .n_kinds = 1,    .watches = m->watch, .n_watches = 1};
}

static int load(const rk_plugin *a, const rk_plugin *b, const struct rk_plug_conf *pc,
                struct rk_plugins **ret, struct rk_err *err)
{
    const rk_plugin *both[] = {a, b};
    rk_err_clear(err);
    return rk_plugins_from(both, b ? 2 : 1, NULL, pc, ret, err);
}

static void a_good_plugin_is_taken_and_its_options_are_bound(void **state)
{
    (void)state;
    struct made m;
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    make(&m);
    if (load(&m.d, NULL, NULL, &p, &err) < 0)
        fail_msg("%s", err.text);
    int64_t size;
    memcpy(&size, (char *)p->plugs[0].self + 8, sizeof size);
    assert_int_equal(size, 3);
    assert_int_equal(((uint8_t *)p->plugs[0].self)[17], 1);
    assert_string_equal(p->watches[0].keep, "status/phase\nmetadata/labels");
    assert_string_equal(p->hooks[0].hook.title, "");
    assert_null(p->hooks[0].kinds);
    assert_null(p->plugs[0].owns);
    assert_null(p->plugs[0].after[0]);
    assert_ptr_equal(rk_plugins_kind(p, "example.io/v1/Thing"), &p->kinds[0]);
    rk_plugins_free(p);
}

static void a_plugin_with_nothing_but_a_name_is_taken(void **state)
{
    (void)state;
    const rk_plugin bare = {RK_PLUGIN_SIZES, .name = "bare"};
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(load(&bare, NULL, NULL, &p, &err), 0);
    assert_int_equal(p->n_hooks, 0);
    assert_string_equal(p->plugs[0].info.version, "");
    rk_plugins_free(p);
}

static void a_kind_is_optional_when_all_who_name_it_say_so(void **state)
{
    (void)state;
    struct made a, b;
    struct rk_err err = RK_ERR_INIT;
    for (uint32_t i = 0; i < 4; i++) {
        struct rk_plugins *p = NULL;
        make(&a);
        make(&b);
        b.d.name = "other";
        a.kind[0].optional = i & 1;
        b.kind[0].optional = i >> 1;
        if (load(&a.d, &b.d, NULL, &p, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(p->n_kinds, 1);
        assert_int_equal(p->kinds[0].optional, i == 3);
        rk_plugins_free(p);
    }
}

typedef void spoil_fn(struct made *m);
#define SPOIL(name, line)            \
    static void name(struct made *m) \
    {                                \
        line;                        \
    }
SPOIL(major, m->d.major = 1)
SPOIL(minor, m->d.minor = RK_ABI_MINOR + 1)
SPOIL(short_size, m->d.size = sizeof(rk_plugin) - 8)
SPOIL(tiny_size, m->d.size = 4)
SPOIL(short_stride, m->d.hook_size = sizeof(rk_hook) - 8)
SPOIL(no_array, m->d.opts = NULL)
SPOIL(name_case, m->d.name = "Good")
SPOIL(no_name, m->d.name = NULL)
SPOIL(phase, m->hook[0].phase = 9)
SPOIL(no_run, m->hook[0].run = NULL)
SPOIL(kinds, m->hook[0].kinds = "Pod")
SPOIL(no_kinds, m->hook[0].kinds = " , ")
SPOIL(roles, (m->hook[0].roles = "head", m->hook[0].phase = RK_PHASE_PLAN))
SPOIL(opt_type, m->opt[0].type = 11)
SPOIL(opt_far, m->opt[0].offset = 24)
SPOIL(opt_crooked, m->opt[0].offset = 4)
SPOIL(opt_key, m->opt[1].key = "On")
SPOIL(opt_twice, m->opt[1].key = "size")
SPOIL(opt_ours, m->opt[1].key = "after")
SPOIL(opt_choices, m->opt[0].type = RK_T_ENUM)
SPOIL(opt_bounds, m->opt[0].min = 10)
SPOIL(kind_gvk, m->kind[0].gvk = "example.io/Thing/")
SPOIL(finalizer, m->kind[0].finalizers = "example.io/x, y")
SPOIL(watch_owner, m->watch[0].owner = NULL)
SPOIL(watch_keep, m->watch[0].keep = "\n /\n")
static char many_paths[129 * 3 + 1];
SPOIL(watch_of_metadata_keeps_more, {
    m->watch[0].metadata_only = 1;
    m->watch[0].keep = "/metadata/labels\n/data";
})
SPOIL(watch_of_metadata_keeps_all, {
    m->watch[0].metadata_only = 1;
    m->watch[0].keep = NULL;
})
SPOIL(gauge_of_the_core, {
    static const rk_gauge odd[] = {{.name = "workqueue_depth"}};
    m->d.gauges = odd;
    m->d.n_gauges = 1;
})
SPOIL(gauge_help, {
    static rk_gauge odd[1];
    odd[0].name = "things";
    odd[0].help = "two\nlines";
    m->d.gauges = odd;
    m->d.n_gauges = 1;
})
SPOIL(gauge_name, {
    static const rk_gauge odd[] = {{.name = "things info"}};
    m->d.gauges = odd;
    m->d.n_gauges = 1;
})
static int32_t told(const rk_api *rk, rk_pass *ps, const void *opts, const rk_json *inputs)
{
    (void)rk, (void)ps, (void)opts, (void)inputs;
    return RK_OK;
}
static void bring(struct made *m, const char *name, const char *option)
{
    static rk_command command[1];
    static rk_opt opt[1];
    opt[0] = (rk_opt){.key = option, .type = RK_T_STR};
    command[0] = (rk_command){.name = name, .opts = opt, .n_opts = 1, .opts_size = 8, .run = told};
    m->d.commands = command;
    m->d.n_commands = 1;
}
SPOIL(command_name, bring(m, "Tell", "word"))
SPOIL(command_of_the_host, bring(m, "render", "word"))
SPOIL(command_option_of_the_host, bring(m, "tell", "plan"))
SPOIL(command_option_far, {
    static rk_command small[1];
    bring(m, "tell", "word");
    small[0] = m->d.commands[0];
    small[0].opts_size = 4;
    m->d.commands = small;
})
SPOIL(watch_keeps_too_much, {
    for (size_t i = 0; i < 129; i++)
        memcpy(many_paths + 3 * i, "/a\n", 3);
    m->watch[0].keep = many_paths;
})
SPOIL(owns, m->d.owns = "spec/x")
SPOIL(after_self, m->d.after = "good")

static int32_t refuse(const void *self, char *err, size_t err_size)
{
    (void)self;
    (void)snprintf(err, err_size, "size and on do not go together"); /* fits */
    return RK_EINVAL;
}
SPOIL(check, m->d.check = refuse)

static const struct {
    spoil_fn *spoil;
    const char *words;
} cases[] = {
    {major, "built in: is for plugin ABI 1.3, this host speaks 0.3"},
    {minor, "is for plugin ABI 0.4, this host speaks 0.3"},
    {short_size, "the descriptor has"},
    {tiny_size, "the descriptor has 4 bytes"},
    {short_stride, "built in: plugin good: entries of hooks have"},
    {no_array, "2 opts, but no array of them"},
    {name_case, "its name \"Good\" is not a DNS label"},
    {no_name, "its name \"\" is not a DNS label"},
    {phase, "hook 0: there is no phase 9"},
    {no_run, "hook 0 (POD): it has no function"},
    {kinds, "hook 0 (POD): \"Pod\" is not group/version/Kind"},
    {no_kinds, "an empty list of kinds serves nothing"},
    {roles, "hook 0 (PLAN): only POD and OBJECT hooks have roles"},
    {opt_type, "option size: there is no type 11"},
    {opt_far, "option size: offset 24 is not a place for it in a self of 24 bytes"},
    {opt_crooked, "option size: offset 4 is not a place"},
    {opt_key, "option 1: its key \"On\""},
    {opt_twice, "option size: there twice"},
    {opt_ours, "option after: the host has an option of that name"},
    {opt_choices, "option size: a choice without choices"},
    {opt_bounds, "option size: its least value is above its greatest"},
    {kind_gvk, "is not group/version/Kind"},
    {finalizer, "finalizer \"y\" must be domain/name"},
    {watch_owner, "watch v1/Pod: its owner \"\" is not"},
    {watch_keep, "watch v1/Pod: keeps no path"},
    {watch_of_metadata_keeps_more, "watch v1/Pod: of metadata only, but it keeps other paths"},
    {watch_of_metadata_keeps_all, "watch v1/Pod: of metadata only, but it keeps other paths"},
    {gauge_of_the_core, "gauge workqueue_depth: names that begin with workqueue_ are the core's"},
    {gauge_help, "gauge things: its help is one line without backslashes"},
    {gauge_name, "gauge 0: \"things info\" is not a metric's name"},
    {command_name, "command 0: its name \"Tell\" is not of a-z, 0-9, -"},
    {command_of_the_host, "command render: the host has a command of that name"},
    {command_option_of_the_host, "option plan: the host has an option of that name"},
    {command_option_far, "option word: offset 0 is not a place for it in a self of 4 bytes"},
    {watch_keeps_too_much, "watch v1/Pod: keeps 129 paths, at most 128 are possible"},
    {owns, "owns \"spec/x\", which does not begin with /"},
    {after_self, "plugin good: runs after itself: good after good"},
    {check, "built in: plugin good: refuses its options: size and on do not go together"},
};

static void what_is_wrong_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made m;
        struct rk_plugins *p = NULL;
        struct rk_err err = RK_ERR_INIT;
        make(&m);
        cases[i].spoil(&m);
        assert_int_equal(load(&m.d, NULL, NULL, &p, &err), RK_E_INVAL);
        if (!strstr(err.text, cases[i].words))
            fail_msg("\"%s\" is not in \"%s\"", cases[i].words, err.text);
        assert_null(p);
    }
}

static void all_problems_are_told_at_once(void **state)
{
    (void)state;
    struct made m, o;
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    make(&m);
    make(&o);
    phase(&m);
    no_run(&m);
    name_case(&o);
    assert_int_equal(load(&m.d, &o.d, NULL, &p, &err), RK_E_INVAL);
    assert_non_null(strstr(err.text, "no phase 9\n"));
    assert_non_null(strstr(err.text, "it has no function\n"));
    assert_non_null(strstr(err.text, "\"Good\" is not a DNS label"));
}

static void two_plugins_of_one_name_are_refused(void **state)
{
    (void)state;
    struct made m;
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    make(&m);
    assert_int_equal(load(&m.d, &m.d, NULL, &p, &err), RK_E_INVAL);
    assert_string_equal(err.text, "built in: plugin good: built in has a plugin of that name too");
}

static void one_kind_may_be_named_by_several(void **state)
{
    (void)state;
    struct made m, o;
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    make(&m);
    make(&o);
    o.d.name = "other";
    o.kind[0].finalizers = "example.io/y";
    o.kind[0].controller = "thing-controller";
    assert_int_equal(load(&m.d, &o.d, NULL, &p, &err), 0);
    assert_int_equal(p->n_kinds, 1);
    assert_string_equal(p->kinds[0].finalizers, "example.io/x,example.io/y");
    assert_string_equal(p->kinds[0].controller, "thing-controller");
    assert_int_equal(p->n_watches, 2);
    rk_plugins_free(p);
    o.kind[0].plural = "thingies";
    assert_int_equal(load(&m.d, &o.d, NULL, &p, &err), RK_E_INVAL);
    assert_non_null(strstr(err.text, "has plural thingies, plugin good says things"));
}

static void an_unknown_disabled_plugin_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    struct made m;
    struct rk_plugins *p = NULL;
    struct rk_err err = RK_ERR_INIT;
    const struct rk_plug_conf pc = {.disable = "god"};
    make(&m);
    assert_int_equal(load(&m.d, NULL, &pc, &p, &err), RK_E_INVAL);
    assert_string_equal(err.text,
                        "[plugins] disable: there is no plugin 'god' (did you mean 'good'?)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_plugin_is_taken_and_its_options_are_bound),
        cmocka_unit_test(a_plugin_with_nothing_but_a_name_is_taken),
        cmocka_unit_test(a_kind_is_optional_when_all_who_name_it_say_so),
        cmocka_unit_test(what_is_wrong_is_refused_by_name),
        cmocka_unit_test(all_problems_are_told_at_once),
        cmocka_unit_test(two_plugins_of_one_name_are_refused),
        cmocka_unit_test(one_kind_may_be_named_by_several),
        cmocka_unit_test(an_unknown_disabled_plugin_is_refused_with_the_nearest_name),
    };
    return cmocka_run_group_tests_name("plug check", tests, NULL, NULL);
}
