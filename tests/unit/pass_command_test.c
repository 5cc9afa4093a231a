/* Commands that plugins bring, from inside: what is kept of what they say, and what is refused. */
#include "core/base/str.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "pass_stage.h"

static int32_t (*does)(const rk_api *rk, rk_pass *ps); /* of the test */
static int32_t said;

static int32_t run(const rk_api *rk, rk_pass *ps, const void *opts, const rk_json *inputs)
{
    (void)opts;
    (void)inputs;
    said = does(rk, ps);
    return said;
}

struct heard {
    size_t n_failures, n_comments, n_notices, n_steps;
    char failure[512];
    rk_step step;
    bool legible;
};

static void hear(void *ctx, const struct rk_command_result *r)
{
    struct heard *h = ctx;
    *h = (struct heard){.n_failures = r->n_failures,
                        .n_comments = r->n_comments,
                        .n_notices = r->n_notices,
                        .n_steps = r->n_steps,
                        .legible = true};
    if (r->n_failures)
        rk_str_cut(h->failure, sizeof h->failure, r->failures[0].text);
    if (r->n_steps)
        h->step = r->steps[0];
    for (size_t i = 0; i < r->n_comments; i++)
        h->legible &= rk_str_utf8(r->comments[i].text, strlen(r->comments[i].text));
    for (size_t i = 0; i < r->n_notices; i++)
        h->legible &= rk_str_utf8(r->notices[i].text, strlen(r->notices[i].text));
}

/* What a command that does this has said. */
static struct heard heard(int32_t (*f)(const rk_api *rk, rk_pass *ps))
{
    static const rk_command commands[] = {{.name = "tell", .run = run}};
    static const rk_plugin plugin = {RK_PLUGIN_SIZES, .name = "teller", .version = "1",
                                     .commands = commands, .n_commands = 1};
    const rk_plugin *const all[] = {&plugin};
    const struct rk_pass_conf conf = {.arena_cap = 16u << 20};
    struct rk_plugins *p = NULL;
    const struct rk_plug *plug = NULL;
    struct rk_arena a;
    struct rk_err err = RK_ERR_INIT;
    struct heard h = {0};
    rk_arena_init(&a, 0);
    assert_int_equal(rk_plugins_from(all, 1, NULL, NULL, &p, &err), 0);
    const rk_command *c = rk_plugins_command(p, "tell", &plug);
    assert_non_null(c);
    does = f;
    rk_pass_command(p, &conf, plug, c, NULL, rk_json_array(&a), NOW_US, hear, &h);
    rk_plugins_free(p);
    rk_arena_done(&a);
    return h;
}

static const char *letter; /* its bound is inside one of these */
static size_t before;      /* so many of another are in front */

static int32_t says_much(const rk_api *rk, rk_pass *ps)
{
    size_t n = strlen(letter);
    char *text = rk->alloc(ps, 20001);
    memset(text, 'a', before);
    for (size_t i = before; i + n < 20000; i += n)
        memcpy(text + i, letter, n);
    RK_TRY(rk->comment(ps, rk->new_object(ps), "", text));
    return rk->notice_text(ps, RK_NOTE_TELL, "", text);
}

static void a_text_that_is_cut_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const letters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < RK_COUNT(letters); i++)
        for (before = 0; before < 4; before++) {
            letter = letters[i];
            struct heard h = heard(says_much);
            assert_int_equal(h.n_failures, 0);
            assert_int_equal(h.n_comments, 1);
            assert_int_equal(h.n_notices, 1);
            assert_true(h.legible);
        }
}

/* ---- steps ---- */

static rk_step made;

static int32_t steps(const rk_api *rk, rk_pass *ps)
{
    rk_step s = made;
    s.body = s.body ? rk->new_object(ps) : NULL;
    return rk->step(ps, &s);
}

static const rk_json *const a_body = (const rk_json *)&made; /* an object in its place */

static void make(uint32_t verb)
{
    made = (rk_step){.size = sizeof made,
                     .verb = verb,
                     .title = "t",
                     .gvk = "v1/Pod",
                     .plural = "pods",
                     .ns = "ns",
                     .name = "x",
                     .uid = "u",
                     .body = a_body,
                     .limit_ms = 1000};
}

static void lacks(const char *what)
{
    struct heard h = heard(steps);
    assert_int_equal(said, RK_EFAIL);
    assert_int_equal(h.n_steps, 0);
    assert_int_equal(h.n_failures, 1);
    if (!strstr(h.failure, what))
        print_error("%s\nlacks %s\n", h.failure, what);
    assert_non_null(strstr(h.failure, what));
}

static void a_step_that_cannot_be_taken_is_refused(void **state)
{
    static char long_kind[20000];
    (void)state;
    for (uint32_t verb = RK_STEP_CREATE; verb <= RK_STEP_TELL; verb++) {
        make(verb);
        assert_int_equal(heard(steps).n_steps, 1);
        made.title = "";
        lacks("a title");
        make(verb);
        made.size = 8;
        lacks("has 8 bytes");
        if (verb == RK_STEP_TELL)
            continue;
        make(verb);
        made.name = NULL;
        lacks("a name");
        make(verb);
        made.plural = NULL;
        lacks("a plural");
        make(verb);
        made.gvk = "Pod";
        lacks("a kind");
        make(verb);
        memset(long_kind, 'x', sizeof long_kind - 1);
        memcpy(long_kind + sizeof long_kind - 5, "/Pod", 4);
        made.gvk = long_kind;
        lacks("a kind");
    }
    make(0);
    lacks("a verb");
    make(RK_STEP_TELL + 1);
    lacks("a verb");
    make(RK_STEP_CREATE);
    made.body = NULL;
    lacks("a body");
    make(RK_STEP_PATCH);
    made.body = NULL;
    lacks("a body");
    make(RK_STEP_PATCH);
    made.uid = NULL;
    lacks("a uid");
    make(RK_STEP_DELETE);
    made.uid = "";
    lacks("a uid");
    make(RK_STEP_GONE);
    made.limit_ms = 0;
    lacks("a limit");
}

static void a_step_waits_for_a_day_at_most(void **state)
{
    (void)state;
    make(RK_STEP_GONE);
    assert_int_equal(heard(steps).step.limit_ms, 1000);
    made.limit_ms = INT64_MAX;
    assert_int_equal(heard(steps).step.limit_ms, 86400000);
}

/* ---- what it may not do, and how it ends ---- */

static int32_t waits(const rk_api *rk, rk_pass *ps)
{
    return rk->wait(ps, 1, "w");
}

static int32_t fails(const rk_api *rk, rk_pass *ps)
{
    (void)rk;
    (void)ps;
    return RK_EFAIL;
}

static int32_t asks(const rk_api *rk, rk_pass *ps)
{
    const rk_ask q = {.size = sizeof q, .path = "/api/v1/pods"};
    return rk->ask(ps, &q, NULL);
}

static int32_t emits_a_number(const rk_api *rk, rk_pass *ps)
{
    return rk->emit(ps, rk->new_num(ps, 1));
}

static int32_t emits_nothing(const rk_api *rk, rk_pass *ps)
{
    return rk->emit(ps, NULL);
}

static int32_t shouts(const rk_api *rk, rk_pass *ps)
{
    return rk->notice_text(ps, 7, "", "x");
}

static int32_t needs_much(const rk_api *rk, rk_pass *ps)
{
    return rk->alloc(ps, 32u << 20) ? RK_OK : RK_EFAIL;
}

static void what_no_command_may_do_fails_it(void **state)
{
    static const struct {
        int32_t (*f)(const rk_api *rk, rk_pass *ps);
        const char *words;
    } cases[] = {{waits, "returned"},
                 {fails, "without a word"},
                 {asks, "ask in phase"},
                 {emits_a_number, "a document is"},
                 {emits_nothing, "a document is"},
                 {shouts, "there is no level 7"},
                 {needs_much, "needs more than"}};
    (void)state;
    for (size_t i = 0; i < RK_COUNT(cases); i++) {
        struct heard h = heard(cases[i].f);
        assert_true(h.n_failures > 0);
        if (!strstr(h.failure, cases[i].words))
            print_error("%s\nlacks %s\n", h.failure, cases[i].words);
        assert_non_null(strstr(h.failure, cases[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_that_is_cut_is_cut_between_characters),
        cmocka_unit_test(a_step_that_cannot_be_taken_is_refused),
        cmocka_unit_test(a_step_waits_for_a_day_at_most),
        cmocka_unit_test(what_no_command_may_do_fails_it),
    };
    return cmocka_run_group_tests_name("pass command", tests, NULL, NULL);
}
