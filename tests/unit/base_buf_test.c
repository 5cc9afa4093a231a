/* core/base/buf and mem: a maximum that holds, an error that sticks, memory that aborts rather than lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"

static void an_empty_buffer_is_an_empty_text(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 10);
    assert_string_equal(rk_buf_text(&b), "");
    assert_int_equal(rk_buf_add(&b, NULL, 0), 0);
    assert_string_equal(rk_buf_text(&b), "");
    rk_buf_done(&b);
}

static void it_grows_to_its_maximum_and_not_a_byte_further(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max += 37) {
        struct rk_buf b;
        rk_buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(rk_buf_addc(&b, (char)('a' + i % 26)), 0);
        assert_false(b.full);
        assert_int_equal(b.len, max);
        assert_int_equal(strlen(rk_buf_text(&b)), max);
        assert_int_equal(rk_buf_addc(&b, 'x'), RK_E_LIMIT);
        assert_true(b.full);
        assert_int_equal(b.len, max);
        rk_buf_done(&b);
    }
}

static void full_sticks_until_it_is_cleared(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 4);
    assert_int_equal(rk_buf_adds(&b, "12345"), RK_E_LIMIT);
    assert_int_equal(rk_buf_adds(&b, "1"), RK_E_LIMIT);
    assert_int_equal(rk_buf_add(&b, "", 0), RK_E_LIMIT);
    rk_buf_clear(&b);
    assert_int_equal(rk_buf_adds(&b, "1234"), 0);
    assert_string_equal(rk_buf_text(&b), "1234");
    rk_buf_done(&b);
}

static void formatting_is_exact_around_the_first_try(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 100000);
    char want[300];
    for (size_t n = 250; n < 262; n++) {
        memset(want, 'x', n);
        want[n] = '\0';
        rk_buf_clear(&b);
        assert_int_equal(rk_buf_adds(&b, "<"), 0);
        assert_int_equal(rk_buf_addf(&b, "%s>", want), 0);
        assert_int_equal(b.len, n + 2);
        assert_memory_equal(b.data + 1, want, n);
        assert_string_equal(b.data + n + 1, ">");
    }
    rk_buf_done(&b);
    rk_buf_init(&b, 255);
    assert_int_equal(rk_buf_addf(&b, "%s", want), RK_E_LIMIT);
    assert_int_equal(b.len, 0);
    rk_buf_done(&b);
}

static void take_moves_the_bytes(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, 100);
    size_t n = 77;
    char *text = rk_buf_take(&b, &n);
    assert_string_equal(text, "");
    assert_int_equal(n, 0);
    rk_free(text);
    assert_int_equal(rk_buf_add(&b, "a\0b", 3), 0);
    text = rk_buf_take(&b, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(text, "a\0b", 4);
    assert_string_equal(rk_buf_text(&b), "");
    rk_free(text);
    assert_int_equal(rk_buf_adds(&b, "again"), 0);
    rk_buf_done(&b);
}

static void no_maximum_still_refuses_what_cannot_be(void **state)
{
    (void)state;
    struct rk_buf b;
    rk_buf_init(&b, SIZE_MAX);
    assert_int_equal(rk_buf_adds(&b, "abc"), 0);
    assert_int_equal(rk_buf_add(&b, "x", SIZE_MAX), RK_E_LIMIT);
    rk_buf_done(&b);
}

static void copies_end_in_nul_and_null_stays_null(void **state)
{
    (void)state;
    assert_null(rk_strdup(NULL));
    char *s = rk_strdup("");
    assert_string_equal(s, "");
    s = rk_realloc(s, 100);
    assert_string_equal(s, "");
    rk_free(s);
    s = rk_strndup("abc", 2);
    assert_string_equal(s, "ab");
    rk_wipe(s, 2);
    assert_memory_equal(s, "\0\0", 3);
    rk_free(s);
    rk_free(NULL);
    rk_wipe(NULL, 0);
    unsigned char *zero = rk_alloc_array(10, 10);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zero[i], 0);
    rk_free(zero);
    void *nothing = rk_alloc(0);
    assert_non_null(nothing);
    rk_free(nothing);
}

static void an_overflowing_count_aborts(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        volatile size_t many = SIZE_MAX / 4;
        rk_free(rk_alloc_array(many, 8));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(it_grows_to_its_maximum_and_not_a_byte_further),
        cmocka_unit_test(full_sticks_until_it_is_cleared),
        cmocka_unit_test(formatting_is_exact_around_the_first_try),
        cmocka_unit_test(take_moves_the_bytes),
        cmocka_unit_test(no_maximum_still_refuses_what_cannot_be),
        cmocka_unit_test(copies_end_in_nul_and_null_stays_null),
        cmocka_unit_test(an_overflowing_count_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
