/* core/base/err: texts read from the outside in, nothing overflows, no half characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/base/err.h"

static void the_text_reads_from_the_outside_in(void **state)
{
    (void)state;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_err_set(&err, RK_E_CONFLICT, "%d %s", 409, "already exists"),
                     RK_E_CONFLICT);
    assert_int_equal(rk_err_wrap(&err, "create"), RK_E_CONFLICT);
    assert_int_equal(rk_err_wrap(&err, "pod %s", "head"), RK_E_CONFLICT);
    assert_string_equal(err.text, "pod head: create: 409 already exists");
}

static void an_error_nobody_wants_still_returns_its_code(void **state)
{
    (void)state;
    assert_int_equal(rk_err_set(NULL, RK_E_GONE, "x"), RK_E_GONE);
    assert_int_equal(rk_err_wrap(NULL, "x"), RK_E_FAIL);
    assert_int_equal(rk_err_errno(NULL, ENOENT, "x"), RK_E_NOENT);
    rk_err_clear(NULL);
}

static void wrapping_never_turns_into_success(void **state)
{
    (void)state;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_err_wrap(&err, "pod"), RK_E_FAIL);
    assert_int_equal(err.code, RK_E_FAIL);
}

static void an_argument_may_be_the_old_text(void **state)
{
    (void)state;
    struct rk_err err = RK_ERR_INIT;
    (void)rk_err_set(&err, RK_E_FAIL, "inner");
    (void)rk_err_set(&err, RK_E_IO, "outer (%s)", err.text);
    assert_string_equal(err.text, "outer (inner)");
    (void)rk_err_wrap(&err, "%s", err.text);
    assert_string_equal(err.text, "outer (inner): outer (inner)");
}

static void errno_gives_its_text_and_a_code(void **state)
{
    (void)state;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_err_errno(&err, ENOENT, "open %s", "/x"), RK_E_NOENT);
    assert_string_equal(err.text, "open /x: No such file or directory");
    assert_int_equal(rk_err_errno(&err, ECONNRESET, "read"), RK_E_IO);
    assert_string_equal(err.text, "read: Connection reset by peer");
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    /* Every alignment of a two-, three- and four-byte character against the end. */
    static const char *const characters[] = {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t c = 0; c < 3; c++) {
        size_t k = strlen(characters[c]);
        for (size_t pad = 0; pad < k; pad++) {
            char text[2 * RK_ERR_TEXT_MAX];
            size_t n = 0;
            while (n < pad)
                text[n++] = 'x';
            for (; n + k < sizeof text; n += k)
                memcpy(text + n, characters[c], k);
            text[n] = '\0';
            struct rk_err err = RK_ERR_INIT;
            (void)rk_err_set(&err, RK_E_FAIL, "%s", text);
            size_t len = strlen(err.text);
            assert_in_range(len, RK_ERR_TEXT_MAX - 4, RK_ERR_TEXT_MAX - 1);
            assert_int_equal((len - pad) % k, 0);
            (void)rk_err_wrap(&err, "y");
            assert_memory_equal(err.text, "y: ", 3);
            assert_int_equal((strlen(err.text) - 3 - pad) % k, 0);
        }
    }
}

static void clear_makes_it_fresh(void **state)
{
    (void)state;
    struct rk_err err = RK_ERR_INIT;
    (void)rk_err_set(&err, RK_E_FAIL, "x");
    rk_err_clear(&err);
    assert_int_equal(err.code, RK_E_OK);
    assert_string_equal(err.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_reads_from_the_outside_in),
        cmocka_unit_test(an_error_nobody_wants_still_returns_its_code),
        cmocka_unit_test(wrapping_never_turns_into_success),
        cmocka_unit_test(an_argument_may_be_the_old_text),
        cmocka_unit_test(errno_gives_its_text_and_a_code),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
        cmocka_unit_test(clear_makes_it_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
