/* core/base/log (its .c is included, to move its clock back) and fault. Lines are read back from a pipe; JSON lines are read
 * by the strict reader of core/json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/base/log.c"

#include "core/base/fault.h"
#include "core/json/json.h"

static int ends[2];
static char got[4 * RK_LOG_LINE_MAX];

static int open_pipe(void **state)
{
    (void)state;
    memset(said, 0, sizeof said);
    return pipe2(ends, O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    rk_log_setup(RK_LOG_INFO, RK_LOG_JSON, STDERR_FILENO, "");
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

/* All that was written since the last call; "" when nothing was. */
static const char *written(void)
{
    size_t n = 0;
    for (ssize_t k; (k = read(ends[0], got + n, sizeof got - 1 - n)) > 0;)
        n += (size_t)k;
    got[n] = '\0';
    return got;
}

/* The one line written, parsed by our strict reader. */
static cJSON *line(struct rk_arena *a)
{
    const char *text = written();
    assert_true(rk_str_ends(text, "}\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    cJSON *tree = NULL;
    struct rk_err err = RK_ERR_INIT;
    if (rk_json_parse(a, text, strlen(text), NULL, &tree, &err))
        fail_msg("%s: %s", err.text, text);
    return tree;
}

static const char *member(const cJSON *tree, const char *key)
{
    return rk_json_str(rk_json_get(tree, key), "(absent)");
}

static void a_line_holds_message_and_pairs(void **state)
{
    (void)state;
    struct rk_arena a;
    rk_arena_init(&a, 0);
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, ends[1], "worker");
    rk_log_info("pod created", RK_KV("ns", "team-a"), RK_KV("none", NULL), RK_KN("n", INT64_MIN));
    cJSON *tree = line(&a);
    assert_string_equal(member(tree, "level"), "info");
    assert_string_equal(member(tree, "process"), "worker");
    assert_string_equal(member(tree, "msg"), "pod created");
    assert_string_equal(member(tree, "ns"), "team-a");
    assert_string_equal(member(tree, "none"), "");
    assert_string_equal(rk_json_num_text(rk_json_get(tree, "n")), "-9223372036854775808");
    int64_t us;
    assert_int_equal(rk_time_parse(member(tree, "ts"), &us), 0);
    rk_log_error("alone");
    assert_string_equal(member(line(&a), "msg"), "alone");
    rk_arena_done(&a);
}

static void any_bytes_give_valid_json(void **state)
{
    (void)state;
    struct rk_arena a;
    rk_arena_init(&a, 0);
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, ends[1], "w");
    uint32_t x = 3;
    for (int round = 0; round < 3000; round++) {
        char text[40];
        for (size_t i = 0; i < sizeof text - 1; i++) {
            x = x * 1664525u + 1013904223u;
            /* Half of them from the corner where escapes and cut characters live. */
            static const unsigned char corner[] =
                "\"\\\n\r\t\x01\x1F\x7F\x80\xBF\xC2\xE2\x82\xAC\xED\xA0\xF0\x9F\xF4\xFF";
            text[i] = (char)(x >> 30 ? corner[(x >> 8) % (sizeof corner - 1)] : (x >> 9 & 0xFF));
            text[i] = text[i] ? text[i] : 'z';
        }
        text[sizeof text - 1] = '\0';
        rk_log_error(text, RK_KV(text, text));
        (void)line(&a);
        rk_arena_reset(&a);
    }
    rk_log_error("m", RK_KV("k", "a\"\\\n\t\x01\x7F\xE2\x82\xAC\xE2\x82"));
    assert_string_equal(member(line(&a), "k"),
                        "a\"\\\n\t\x01\x7F\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD");
    rk_arena_done(&a);
}

static void a_long_line_is_cut_and_says_so(void **state)
{
    (void)state;
    struct rk_arena a;
    rk_arena_init(&a, 0);
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, ends[1], "w");
    static char text[3 * RK_LOG_LINE_MAX];
    for (size_t n = RK_LOG_LINE_MAX - 300; n < RK_LOG_LINE_MAX + 50; n++) {
        /* First with one byte, then with six for each character that is written. */
        memset(text, n % 2 ? 'x' : '\x01', sizeof text);
        text[n % 2 ? n : n / 6] = '\0';
        rk_log_error("m", RK_KV("long", text), RK_KV("after", "yes"), RK_KN("n", INT64_MIN));
        cJSON *tree = line(&a);
        assert_true(strlen(got) <= RK_LOG_LINE_MAX);
        bool cut = rk_json_get(tree, "cut") != NULL;
        bool whole =
            rk_str_eq(member(tree, "long"), text) && rk_json_is_number(rk_json_get(tree, "n"));
        assert_int_equal(cut, !whole);
        rk_arena_reset(&a);
    }
    memset(text, 'k', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rk_log_error(text, RK_KV("k", "v"));
    assert_true(rk_json_is_bool(rk_json_get(line(&a), "cut")));
    rk_log_error("m", RK_KV(text, "v"));
    assert_string_equal(member(line(&a), "msg"), "m");
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_TEXT, ends[1], "w");
    rk_log_error(text, RK_KV("k", text));
    assert_true(rk_str_ends(written(), " cut=true\n"));
    assert_true(strlen(got) <= RK_LOG_LINE_MAX);
    rk_arena_done(&a);
}

static void text_lines_quote_only_what_needs_it(void **state)
{
    (void)state;
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_TEXT, ends[1], "master");
    rk_log_warn("two\nlines", RK_KV("a", "plain-1.2/x"), RK_KV("b", "a b"), RK_KV("c", ""),
                RK_KV("d", "x=\"y\"\n"), RK_KN("n", -1));
    assert_string_equal(
        written() + strlen("2026-01-02T03:04:05.000000Z"),
        " warn master: two\\nlines a=plain-1.2/x b=\"a b\" c=\"\" d=\"x=\\\"y\\\"\\n\" n=-1\n");
}

static void levels_below_the_set_one_are_silent(void **state)
{
    (void)state;
    rk_log_setup(RK_LOG_WARN, RK_LOG_JSON, ends[1], "w");
    rk_log_debug("x");
    rk_log_info("x");
    assert_string_equal(written(), "");
    rk_log_warn("x");
    assert_string_not_equal(written(), "");
    enum rk_log_level level = RK_LOG_DEBUG;
    assert_int_equal(rk_log_level_parse("error", &level), 0);
    assert_int_equal(level, RK_LOG_ERROR);
    assert_int_equal(rk_log_level_parse("ERROR", &level), RK_E_INVAL);
    assert_int_equal(rk_log_level_parse(NULL, &level), RK_E_INVAL);
}

static void pass_ten_seconds(void)
{
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < WAYS; k++)
            said[i][k].since_ms -= WINDOW_MS;
}

static void repeats_are_held_and_counted(void **state)
{
    (void)state;
    struct rk_arena a;
    rk_arena_init(&a, 0);
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, ends[1], "w");
    for (int i = 0; i < 4; i++)
        rk_log_warn("throttled", RK_KV("ns", "a"), RK_KN("i", i));
    assert_null(rk_json_get(line(&a), "repeated"));
    rk_log_warn("throttled", RK_KV("ns", "b")); /* another first pair is another fact */
    (void)line(&a);
    rk_log_info("throttled", RK_KV("ns", "a")); /* and so is another level */
    (void)line(&a);
    pass_ten_seconds();
    rk_log_warn("throttled", RK_KV("ns", "a"));
    assert_string_equal(rk_json_num_text(rk_json_get(line(&a), "repeated")), "3");
    rk_log_warn("throttled", RK_KV("ns", "a"));
    assert_string_equal(written(), "");
    pass_ten_seconds();
    rk_log_warn("throttled", RK_KV("ns", "a"));
    assert_string_equal(rk_json_num_text(rk_json_get(line(&a), "repeated")), "1");
    for (int i = 0; i < 2; i++) {
        rk_log_error("errors are never held");
        (void)line(&a);
    }
    rk_log_info("numbers", RK_KN("n", 1));
    (void)line(&a);
    rk_log_info("numbers", RK_KN("n", 2));
    (void)line(&a);
    rk_arena_done(&a);
}

static void many_different_lines_are_all_written(void **state)
{
    (void)state;
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, ends[1], "w");
    for (int i = 0; i < 5000; i++) {
        rk_log_info("m", RK_KN("i", i));
        assert_string_not_equal(written(), "");
    }
}

static void a_full_pipe_loses_the_line_and_keeps_errno(void **state)
{
    (void)state;
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, ends[1], "w");
    for (int i = 0; i < 3000; i++) {
        errno = ENOTTY;
        rk_log_error("filling the pipe with something", RK_KN("i", i));
        assert_int_equal(errno, ENOTTY);
    }
    rk_log_setup(RK_LOG_DEBUG, RK_LOG_JSON, -1, "w");
    rk_log_error("nowhere");
    assert_int_equal(errno, ENOTTY);
}

/* --- fault points; each in a child, because RK_FAULT is read once --- */

/* Reaches the points a, b, a, a, b and returns as bits which of them failed. */
static int run_with(const char *faults)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        (void)setenv("RK_FAULT", faults, 1);
        int failed = 0;
        static const char *const points[] = {"a", "b", "a", "a", "b"};
        for (int i = 0; i < 5; i++)
            failed |= rk_fault(points[i]) << i;
        _exit(failed);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    if (WIFSTOPPED(status)) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        return 1000 + SIGSTOP;
    }
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void faults_strike_at_their_count(void **state)
{
    (void)state;
    assert_int_equal(run_with(""), 0);
    assert_int_equal(run_with("a:1:fail"), 1);
    assert_int_equal(run_with("a:2:fail,b:2:fail"), 4 | 16);
    assert_int_equal(run_with("a:1:fail,a:3:fail"), 1 | 8);
    assert_int_equal(run_with("a:4:kill,c:1:kill"), 0);
    assert_int_equal(run_with("b:2:kill"), 1000 + SIGKILL);
    assert_int_equal(run_with("b:1:abort"), 1000 + SIGABRT);
    assert_int_equal(run_with("a:3:stop"), 1000 + SIGSTOP);
}

static void a_fault_that_does_not_parse_kills(void **state)
{
    (void)state;
    static const char *const bad[] = {"a",           "a:1",     "a:0:fail",   "a:x:fail",
                                      "a:1:explode", ":1:fail", "a:1:fail:b", "a:1:fail,,"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(run_with(bad[i]), 1000 + SIGABRT);
}

static void a_record_is_always_written_and_json_where_it_has_a_place_of_its_own(void **state)
{
    struct rk_arena a;
    const struct rk_log_kv pairs[] = {RK_KV("what", "delete"), RK_KN("epoch", 7)};
    (void)state;
    rk_arena_init(&a, 0);
    rk_log_setup(RK_LOG_ERROR, RK_LOG_TEXT, STDERR_FILENO, "worker");
    for (int i = 0; i < 3; i++) {
        rk_log_record(ends[1], "decision", pairs, 2);
        const cJSON *v = line(&a);
        assert_string_equal(rk_json_str(rk_json_get(v, "msg"), ""), "decision");
        assert_string_equal(rk_json_str(rk_json_get(v, "what"), ""), "delete");
        assert_null(rk_json_get(v, "repeated"));
    }
    rk_log_setup(RK_LOG_ERROR, RK_LOG_TEXT, ends[1], "worker");
    rk_log_record(-1, "decision", pairs, 2);
    assert_non_null(strstr(written(), " info worker: decision what=delete epoch=7\n"));
    rk_arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_holds_message_and_pairs, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(any_bytes_give_valid_json, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(
            a_record_is_always_written_and_json_where_it_has_a_place_of_its_own, open_pipe,
            close_pipe),
        cmocka_unit_test_setup_teardown(a_long_line_is_cut_and_says_so, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(text_lines_quote_only_what_needs_it, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(levels_below_the_set_one_are_silent, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(repeats_are_held_and_counted, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(many_different_lines_are_all_written, open_pipe,
                                        close_pipe),
        cmocka_unit_test_setup_teardown(a_full_pipe_loses_the_line_and_keeps_errno, open_pipe,
                                        close_pipe),
        cmocka_unit_test(faults_strike_at_their_count),
        cmocka_unit_test(a_fault_that_does_not_parse_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
