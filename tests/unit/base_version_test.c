/* Order of resource versions: promises of core/base/version.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/version.h"

static void versions_compare_as_decimal_texts_of_any_length(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int want;
    } t[] = {
        {"7", "7", 0},
        {"9", "10", -1},
        {"10", "9", 1},
        {"123456789012345678901234567890", "123456789012345678901234567889", 1},
        {"99999999999999999999", "100000000000000000000", -1},
        {"abc", "abc", 0},
        {"abc", "abd", RK_VERSION_NONE},
        {"12", "abc", RK_VERSION_NONE},
        {"012", "12", RK_VERSION_NONE},
        {"0", "5", RK_VERSION_NONE},
        {"12 ", "12", RK_VERSION_NONE},
        {"-3", "3", RK_VERSION_NONE},
        {"", "3", RK_VERSION_NONE},
        {"", "", RK_VERSION_NONE},
        {NULL, "3", RK_VERSION_NONE},
        {"3", NULL, RK_VERSION_NONE},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        assert_int_equal(rk_version_cmp(t[i].a, t[i].b), t[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_compare_as_decimal_texts_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
