/* Shared by tests that need an arena: each test has an empty one. */
#ifndef RK_TESTS_ARENA_KIT_H
#define RK_TESTS_ARENA_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/arena.h"

static struct rk_arena arena;

static inline int begin(void **state)
{
    (void)state;
    rk_arena_init(&arena, 0);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    rk_arena_done(&arena);
    return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
