/* What the worker tells of itself through shared memory: whole or not at all, whatever happened to the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/loop/shared.h"

static struct rk_shared *s;
static int fd;

static int map(void **state)
{
    struct rk_err err = RK_ERR_INIT;
    (void)state;
    return rk_shared_create(&s, &fd, &err);
}

static int unmap(void **state)
{
    (void)state;
    rk_shared_close(s);
    return close(fd);
}

static void expect(const char *wanted)
{
    size_t n;
    int64_t at_ms;
    char *told = rk_shared_told(s, &n, &at_ms);
    if (!wanted) {
        assert_null(told);
        assert_int_equal(n, 0);
        return;
    }
    assert_non_null(told);
    assert_string_equal(told, wanted);
    assert_int_equal(n, strlen(wanted));
    assert_true(at_ms > 0);
    rk_free(told);
}

static void what_was_told_last_is_there(void **state)
{
    (void)state;
    expect(NULL);
    assert_int_equal(rk_shared_tell(s, "first", 5), 0);
    expect("first");
    assert_int_equal(rk_shared_tell(s, "2nd", 3), 0);
    expect("2nd");
}

static void what_is_too_long_leaves_the_last_in_its_place(void **state)
{
    (void)state;
    char *all = rk_alloc(RK_SHARED_TOLD + 1);
    memset(all, 'x', RK_SHARED_TOLD + 1);
    assert_int_equal(rk_shared_tell(s, "small", 5), 0);
    assert_int_equal(rk_shared_tell(s, all, RK_SHARED_TOLD + 1), RK_E_LIMIT);
    expect("small");
    assert_int_equal(rk_shared_tell(s, all, RK_SHARED_TOLD), 0);
    rk_free(all);
}

static void a_writer_that_died_half_way_is_not_read_and_its_successor_is(void **state)
{
    (void)state;
    assert_int_equal(rk_shared_tell(s, "old", 3), 0);
    atomic_fetch_add(&s->told.seq, 1);
    expect(NULL);
    assert_int_equal(rk_shared_tell(s, "new", 3), 0);
    expect("new");
}

static void a_length_that_somebody_spoilt_is_not_believed(void **state)
{
    (void)state;
    assert_int_equal(rk_shared_tell(s, "text", 4), 0);
    atomic_store(&s->told.n, RK_SHARED_TOLD + 1);
    expect(NULL);
}

int main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, map, unmap)
    const struct CMUnitTest tests[] = {
        WITH(what_was_told_last_is_there),
        WITH(what_is_too_long_leaves_the_last_in_its_place),
        WITH(a_writer_that_died_half_way_is_not_read_and_its_successor_is),
        WITH(a_length_that_somebody_spoilt_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
