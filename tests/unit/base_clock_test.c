/* core/base/clock and digest: texts that the API server would write, and published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/err.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void times_go_to_text_and_back(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text, *micro;
    } table[] = {
        {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"},
        {INT64_C(1767323045000006), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000006Z"},
        {INT64_C(1709164800123456), "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.123456Z"},
        {INT64_C(-62167219200000000), "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"},
        {INT64_C(253402300799999999), "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char out[RK_TIME_TEXT];
        rk_time_text(table[i].us, out);
        assert_string_equal(out, table[i].text);
        rk_time_text_micro(table[i].us, out);
        assert_string_equal(out, table[i].micro);
        int64_t back;
        assert_int_equal(rk_time_parse(out, &back), 0);
        assert_true(back == table[i].us);
    }
    char out[RK_TIME_TEXT];
    rk_time_text(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    rk_time_text(INT64_MIN, out);
    assert_string_equal(out, "0000-01-01T00:00:00Z");
}

static void offsets_and_fractions_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } table[] = {
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00.5Z", 500000},
        {"1970-01-01T00:00:00.1234567899Z", 123456},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t us = 1;
        assert_int_equal(rk_time_parse(table[i].text, &us), 0);
        assert_true(us == table[i].us);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-1-02T03:04:05Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T23:59:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:00+01",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t us = 77;
        assert_int_equal(rk_time_parse(bad[i], &us), RK_E_INVAL);
        assert_true(us == 77);
    }
}

static void clocks_move_forward(void **state)
{
    (void)state;
    int64_t a = rk_clock_ms(), b = rk_clock_ms();
    assert_true(a > 0 && b >= a);
    assert_true(rk_clock_wall_us() > INT64_C(1700000000000000));
}

static void sha256_of_abc(void **state)
{
    (void)state;
    static const uint8_t want[RK_SHA256_LEN] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                                0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                                0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                                0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t out[RK_SHA256_LEN];
    rk_sha256("abc", 3, out);
    assert_memory_equal(out, want, sizeof want);
}

static void bytes_go_to_text_as_in_rfc_4648(void **state)
{
    (void)state;
    static const char *const text[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const hex32[] = {"",        "CO",       "CPNG",      "CPNMU",
                                        "CPNMUOG", "CPNMUOJ1", "CPNMUOJ1E8"};
    static const char *const b64[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                      "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < COUNT(text); i++) {
        char out[32];
        rk_base32hex((const uint8_t *)text[i], i, out);
        assert_string_equal(out, hex32[i]);
        rk_base64((const uint8_t *)text[i], i, out);
        assert_string_equal(out, b64[i]);
        uint8_t back[32];
        size_t n = 99;
        assert_int_equal(rk_base64_decode(out, strlen(out), back, &n), 0);
        assert_int_equal(n, i);
        assert_memory_equal(back, text[i], i);
    }
}

static void base64_forgives_space_and_padding_but_no_junk(void **state)
{
    (void)state;
    static const char *const good[] = {"Zm9vYg", "Zm9v\nYg==\n", " Zm9vYg = = "};
    static const char *const bad[] = {
        "Z", "Zm9vY", "Zm9v====", "Zm9v=", "Zg=", "Zg===", "Z=g=", "Zm9-", "Zm9_", "=", "Zm\x80v"};
    uint8_t out[32];
    size_t n;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(rk_base64_decode(good[i], strlen(good[i]), out, &n), 0);
        assert_int_equal(n, 4);
        assert_memory_equal(out, "foob", 4);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(rk_base64_decode(bad[i], strlen(bad[i]), out, &n), RK_E_INVAL);
}

static void suffixes_never_change_and_stay_in_their_alphabet(void **state)
{
    (void)state;
    char out[16];
    rk_suffix(0, out, 5);
    assert_string_equal(out, "kbnk5");
    rk_suffix(UINT64_MAX, out, 8);
    assert_string_equal(out, "9jrbjnzp");
    unsigned used = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        rk_suffix(seed, out, 15);
        assert_int_equal(strspn(out, "bcdfghjklmnpqrstvwxz2456789"), 15);
        used |= 1u << (out[0] & 31);
    }
    assert_true(__builtin_popcount(used) >= 20);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_int_equal(rk_random(a, sizeof a), 0);
    assert_int_equal(rk_random(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_go_to_text_and_back),
        cmocka_unit_test(offsets_and_fractions_are_understood),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(clocks_move_forward),
        cmocka_unit_test(sha256_of_abc),
        cmocka_unit_test(bytes_go_to_text_as_in_rfc_4648),
        cmocka_unit_test(base64_forgives_space_and_padding_but_no_junk),
        cmocka_unit_test(suffixes_never_change_and_stay_in_their_alphabet),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
