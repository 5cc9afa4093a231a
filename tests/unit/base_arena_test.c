/* core/base/arena, both ways it is built: the checked one of the library, and the bumping one compiled in here under other
 * names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/arena.h"

/* The release build's arena beside the checked one. */
#undef RK_DEBUG
#define rk_arena_block   bump_block
#define rk_arena_init    bump_init
#define rk_arena_reset   bump_reset
#define rk_arena_done    bump_done
#define rk_arena_wipe    bump_wipe
#define rk_arena_alloc   bump_alloc
#define rk_arena_strdup  bump_strdup
#define rk_arena_strndup bump_strndup
#define rk_arena_fmt     bump_fmt
#define rk_arena_vfmt    bump_vfmt
#define rk_arena         bump
#undef RK_BASE_ARENA_H
#include "core/base/arena.c"
#undef rk_arena_block
#undef rk_arena_init
#undef rk_arena_reset
#undef rk_arena_done
#undef rk_arena_wipe
#undef rk_arena_alloc
#undef rk_arena_strdup
#undef rk_arena_strndup
#undef rk_arena_fmt
#undef rk_arena_vfmt
#undef rk_arena

static void memory_is_zeroed_and_aligned_also_after_reset(void **state)
{
    (void)state;
    struct bump a;
    bump_init(&a, 0);
    struct rk_arena b;
    rk_arena_init(&b, 0);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 3000; n = n * 2 + 1) {
            unsigned char *p = bump_alloc(&a, n), *q = rk_arena_alloc(&b, n);
            assert_int_equal((uintptr_t)p % 16, 0);
            assert_int_equal((uintptr_t)q % 16, 0);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(p[i], 0);
                assert_int_equal(q[i], 0);
            }
            memset(p, 0xAA, n);
            memset(q, 0xAA, n);
        }
        bump_reset(&a);
        rk_arena_reset(&b);
    }
    bump_done(&a);
    rk_arena_done(&b);
}

static void allocations_do_not_overlap_across_blocks(void **state)
{
    (void)state;
    struct bump a;
    bump_init(&a, 0);
    enum { N = 400 };
    unsigned char *all[N];
    for (size_t i = 0; i < N; i++) {
        all[i] = bump_alloc(&a, i * 17);
        memset(all[i], (int)(i & 0xFF), i * 17);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < i * 17; k++)
            assert_int_equal(all[i][k], i & 0xFF);
    bump_done(&a);
}

static void reset_keeps_the_largest_block_only(void **state)
{
    (void)state;
    struct bump a;
    bump_init(&a, 0);
    (void)bump_alloc(&a, 10);
    void *large = bump_alloc(&a, 3000000);
    (void)bump_alloc(&a, 2000000);
    bump_reset(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(a.head);
    assert_null(a.head->next);
    assert_ptr_equal(bump_alloc(&a, 100), large);
    bump_done(&a);
    assert_null(a.head);
}

static void the_cap_is_soft_and_reset_forgives(void **state)
{
    (void)state;
    struct bump a;
    struct rk_arena b;
    bump_init(&a, 1000);
    rk_arena_init(&b, 1000);
    (void)bump_alloc(&a, 992);
    (void)rk_arena_alloc(&b, 992);
    assert_false(a.over || b.over);
    (void)bump_alloc(&a, 1);
    (void)rk_arena_alloc(&b, 1);
    assert_true(a.over && b.over);
    assert_int_equal(a.used, 1008);
    assert_int_equal(b.used, 1008);
    bump_reset(&a);
    rk_arena_reset(&b);
    assert_false(a.over || b.over);
    assert_int_equal(a.used + b.used, 0);
    bump_done(&a);
    rk_arena_done(&b);
}

static int in_child(void (*work)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        work();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void allocate_past_eight_caps(void)
{
    struct bump a;
    bump_init(&a, 1024);
    for (int i = 0; i < 9; i++)
        (void)bump_alloc(&a, 1024);
}

static void allocate_the_address_space(void)
{
    struct bump a;
    bump_init(&a, 0);
    (void)bump_alloc(&a, SIZE_MAX - 8);
}

static void running_away_aborts(void **state)
{
    (void)state;
    int status = in_child(allocate_past_eight_caps);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    status = in_child(allocate_the_address_space);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void texts_are_copied_and_formatted(void **state)
{
    (void)state;
    struct rk_arena a;
    rk_arena_init(&a, 0);
    assert_null(rk_arena_strdup(&a, NULL));
    assert_string_equal(rk_arena_strdup(&a, "abc"), "abc");
    assert_string_equal(rk_arena_strndup(&a, "abcdef", 2), "ab");
    assert_memory_equal(rk_arena_strndup(&a, "a\0b", 3), "a\0b", 4);
    for (size_t n = 250; n < 262; n++) { /* around the size that is tried first */
        char want[300];
        memset(want, 'x', n);
        want[n] = '\0';
        assert_string_equal(rk_arena_fmt(&a, "%s", want), want);
    }
    rk_arena_done(&a);
}

static void wiping_leaves_nothing_of_what_was_handed_out(void **state)
{
    (void)state;
    static const char zeros[64];
    struct rk_arena a;
    struct bump b;
    rk_arena_init(&a, 0);
    bump_init(&b, 0);
    char *one = rk_arena_strdup(&a, "secret"), *two = bump_strdup(&b, "secret");
    (void)bump_alloc(&b, (size_t)64 * 1024); /* a second block */
    char *three = bump_strdup(&b, "secret");
    rk_arena_wipe(&a);
    bump_wipe(&b);
    assert_memory_equal(one, zeros, sizeof "secret");
    assert_memory_equal(two, zeros, sizeof "secret");
    assert_memory_equal(three, zeros, sizeof "secret");
    rk_arena_done(&a);
    bump_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_also_after_reset),
        cmocka_unit_test(allocations_do_not_overlap_across_blocks),
        cmocka_unit_test(reset_keeps_the_largest_block_only),
        cmocka_unit_test(the_cap_is_soft_and_reset_forgives),
        cmocka_unit_test(running_away_aborts),
        cmocka_unit_test(texts_are_copied_and_formatted),
        cmocka_unit_test(wiping_leaves_nothing_of_what_was_handed_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
