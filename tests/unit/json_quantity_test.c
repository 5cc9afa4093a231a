/* core/json/quantity.c against what k8s.io/apimachinery v0.36.3 answers: the tables were made by its resource package. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/json/quantity.h"

static struct rk_quantity parse(const char *text)
{
    struct rk_quantity q = {0, RK_QUANTITY_DECIMAL_SI};
    struct rk_err err = RK_ERR_INIT;
    if (rk_quantity_parse(text, &q, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return q;
}

static void expect(const char *what, struct rk_quantity q, const char *text)
{
    char out[RK_QUANTITY_TEXT];
    rk_quantity_text(q, out);
    if (strcmp(out, text) != 0)
        fail_msg("%s gives %s, not %s", what, out, text);
}

static void canonical_text_and_value_are_those_of_go(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
        int64_t value;
    } cases[] = {
        {"0", "0", 0},
        {"-0", "0", 0},
        {"00", "0", 0},
        {"0.0", "0", 0},
        {"0Gi", "0", 0},
        {"1", "1", 1},
        {"+1", "1", 1},
        {"-1", "-1", -1},
        {"007", "7", 7},
        {"5.", "5", 5},
        {".5", "500m", 1},
        {"0.5", "500m", 1},
        {"-0.5", "-500m", -1},
        {"0.25", "250m", 1},
        {"1.5", "1500m", 2},
        {"1.050", "1050m", 2},
        {"100m", "100m", 1},
        {"0.1", "100m", 1},
        {"1000m", "1", 1},
        {"1500m", "1500m", 2},
        {"-1500m", "-1500m", -2},
        {"1000", "1k", 1000},
        {"1024", "1024", 1024},
        {"1025", "1025", 1025},
        {"10000", "10k", 10000},
        {"1500", "1500", 1500},
        {"1234567", "1234567", 1234567},
        {"1000000", "1M", 1000000},
        {"1k", "1k", 1000},
        {"1.5k", "1500", 1500},
        {"0.5k", "500", 500},
        {"0.0005k", "500m", 1},
        {"12M", "12M", 12000000},
        {"1.5M", "1500k", 1500000},
        {"1G", "1G", 1000000000},
        {"2.5T", "2500G", 2500000000000},
        {"3P", "3P", 3000000000000000},
        {"4E", "4E", 4000000000000000000},
        {"100E", "100E", INT64_MAX},
        {"1n", "1n", 1},
        {"0.5n", "1n", 1},
        {"1500n", "1500n", 1},
        {"1000n", "1u", 1},
        {"1u", "1u", 1},
        {"1000u", "1m", 1},
        {"999999999n", "999999999n", 1},
        {"0.000000001", "1n", 1},
        {"0.0000000001", "1n", 1},
        {"-0.0000000001", "-1n",
         -1}, /* Go's Value() says 1 here, -2 for -1500m: one rule is enough */
        {"1.0000000001", "1000000001n", 2},
        {"1e3", "1e3", 1000},
        {"1E3", "1e3", 1000},
        {"1e+3", "1e3", 1000},
        {"1e-3", "1e-3", 1},
        {"12e6", "12e6", 12000000},
        {"1.5e4", "15e3", 15000},
        {"1e0", "1", 1},
        {"1e1", "10", 10},
        {"1e2", "100", 100},
        {"1e-1", "100e-3", 1},
        {"1e-9", "1e-9", 1},
        {"1e-10", "1e-9", 1},
        {"1e18", "1e18", 1000000000000000000},
        {"123e-4", "12300e-6", 1},
        {"1Ki", "1Ki", 1024},
        {"1Mi", "1Mi", 1048576},
        {"1Gi", "1Gi", 1073741824},
        {"1Ti", "1Ti", 1099511627776},
        {"1Pi", "1Pi", 1125899906842624},
        {"1Ei", "1Ei", 1152921504606846976},
        {"7Ei", "7Ei", 8070450532247928832},
        {"8Ei", "9223372036854775807", INT64_MAX},
        {"16Ei", "9223372036854775807", INT64_MAX},
        {"1000Ei", "9223372036854775807", INT64_MAX},
        {"-8Ei", "-9223372036854775807", -INT64_MAX},
        {"1.5Gi", "1536Mi", 1610612736},
        {"0.5Ki", "512", 512},
        {"0.5Mi", "512Ki", 524288},
        {"1023Ki", "1023Ki", 1047552},
        {"1024Ki", "1Mi", 1048576},
        {"1025Ki", "1025Ki", 1049600},
        {"2048Mi", "2Gi", 2147483648},
        {"1536Mi", "1536Mi", 1610612736},
        {"0.001Ki", "1024m", 2},
        {"0.0009Ki", "921600u", 1},
        {"0.1Ki", "102400m", 103},
        {"1.0001Ki", "1024102400u", 1025},
        {"2.25Ki", "2304", 2304},
        {"1.7Gi", "1825361100800m", 1825361101},
        {"0.1Gi", "107374182400m", 107374183},
        {"6442450944", "6442450944", 6442450944},
        {"3.7Mi", "3879731200m", 3879732},
        {"1.0000000001Ki", "1024000000103n", 1025},
        {"-1.5Ki", "-1536", -1536},
        {"512Mi", "512Mi", 536870912},
        {"0.3Mi", "314572800m", 314573},
        {"9223372036854775807", "9223372036854775807", INT64_MAX},
        {"9.223372036854775807E", "9223372036854775807", INT64_MAX},
        {"123456789012345678", "123456789012345678", 123456789012345678},
        {"1234567890123456789.123456789", "1234567890123456789123456789n", 1234567890123456790},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_quantity q = parse(cases[i].text);
        expect(cases[i].text, q, cases[i].canonical);
        if (rk_quantity_ceil(q) != cases[i].value)
            fail_msg("%s", cases[i].text);
        /* The canonical text means the same again. */
        struct rk_quantity again = parse(cases[i].canonical);
        assert_int_equal(rk_quantity_cmp(q, again), 0);
        expect(cases[i].canonical, again, cases[i].canonical);
    }
}

static void sums_take_the_format_that_go_gives_them(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *sum;
    } cases[] = {
        {"500m", "500m", "1"},
        {"1", "500m", "1500m"},
        {"1500m", "1500m", "3"},
        {"100m", "1Gi", "1073741824100m"},
        {"1Gi", "100m", "1073741824100m"},
        {"0", "1Gi", "1Gi"},
        {"1Gi", "0", "1Gi"},
        {"0", "1536Mi", "1536Mi"},
        {"0Gi", "2048", "2048"},
        {"1Gi", "1073741824", "2Gi"},
        {"1073741824", "1Gi", "2147483648"},
        {"1024", "1Ki", "2048"},
        {"1Ki", "1024", "2Ki"},
        {"512Mi", "512Mi", "1Gi"},
        {"1.5Gi", "0.5Gi", "2Gi"},
        {"1e3", "1e3", "2e3"},
        {"1e3", "1Ki", "2024"},
        {"1Ki", "1e3", "2024"},
        {"1k", "1e3", "2k"},
        {"1Gi", "-1Gi", "0"},
        {"-1Gi", "512Mi", "-512Mi"},
        {"0.5Ki", "0.5Ki", "1Ki"},
        {"100n", "900n", "1u"},
        {"7Ei", "7Ei", "14Ei"},
        {"0", "0Gi", "0"},
        {"2e-3", "1", "1002e-3"},
        {"1Ki", "1m", "1024001m"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].a, rk_quantity_add(parse(cases[i].a), parse(cases[i].b)), cases[i].sum);
}

static void texts_that_are_no_quantities_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",      "1KB",  "1K",  "1Kib", "1ki", " 1",  "1 ",   "1.2.3", "1e",  "1e+", "1e5m",
        "1e1.5", "--1",  "+-1", "1i",   "abc", "1,5", "0x10", "1mm",   "1mi", "NaN", "inf",
        "1e3Gi", "1Gi ", "1G5", "-",    ".",   "Ki",  "k",    "+m",    "e3",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rk_quantity q = {7, RK_QUANTITY_BINARY_SI};
        struct rk_err err = RK_ERR_INIT;
        if (rk_quantity_parse(cases[i], &q, &err) != RK_E_INVAL)
            fail_msg("'%s' was taken", cases[i]);
        assert_true(err.text[0] != '\0');
        assert_true(q.nano == 7);
    }
    struct rk_quantity q;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_quantity_parse("1KB", &q, &err), RK_E_INVAL);
    assert_string_equal(err.text, "unknown suffix 'KB'");
}

static void values_beyond_the_bound_saturate(void **state)
{
    (void)state;
    struct rk_quantity most = parse("1e999999999999");
    expect("most", most, "170e27");
    expect("most, decimal", parse("999999999999999999999999999999999999999999999E"),
           "170000000000E");
    expect("least", parse("-1e40"), "-170e27");
    expect("nearly nothing", parse("1e-999999999999"), "1e-9");
    expect("no whole exabyte", parse("1000E"), "1000E");
    expect("sum", rk_quantity_add(most, most), "170e27");
    expect("product", rk_quantity_mul(most, -3), "-170e27");
    expect("product", rk_quantity_mul(most, INT64_MIN), "-170e27");
    assert_true(rk_quantity_ceil(most) == INT64_MAX);
    assert_true(rk_quantity_ceil(parse("-1e40")) == INT64_MIN);
    expect("binary sum", rk_quantity_add(parse("7Ei"), parse("1Ei")), "8Ei");
    expect("many exabytes", rk_quantity_mul(parse("1Ei"), 2048), "2048Ei");
}

static void products_keep_the_format(void **state)
{
    (void)state;
    expect("500m x 3", rk_quantity_mul(parse("500m"), 3), "1500m");
    expect("500m x 4", rk_quantity_mul(parse("500m"), 4), "2");
    expect("1536Mi x 2", rk_quantity_mul(parse("1536Mi"), 2), "3Gi");
    expect("1Gi x 0", rk_quantity_mul(parse("1Gi"), 0), "0");
    expect("1e3 x -2", rk_quantity_mul(parse("1e3"), -2), "-2e3");
}

static void comparing_looks_at_the_value_only(void **state)
{
    (void)state;
    assert_int_equal(rk_quantity_cmp(parse("1Ki"), parse("1024")), 0);
    assert_int_equal(rk_quantity_cmp(parse("1000m"), parse("1")), 0);
    assert_int_equal(rk_quantity_cmp(parse("1"), parse("1001m")), -1);
    assert_int_equal(rk_quantity_cmp(parse("-1"), parse("-2")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_and_value_are_those_of_go),
        cmocka_unit_test(sums_take_the_format_that_go_gives_them),
        cmocka_unit_test(texts_that_are_no_quantities_are_refused),
        cmocka_unit_test(values_beyond_the_bound_saturate),
        cmocka_unit_test(products_keep_the_format),
        cmocka_unit_test(comparing_looks_at_the_value_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
