/* core/base/map (its .c is included, to reach the hash) and heap: both against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/heap.h"
#include "core/base/map.c"

static int freed;

static void count_free(void *value)
{
    freed++;
    rk_free(value);
}

static uint32_t next_random(uint32_t *x)
{
    *x = *x * 1664525u + 1013904223u;
    return *x >> 8;
}

static void siphash_matches_its_published_vectors(void **state)
{
    (void)state;
    /* SipHash-2-4, key 00..0f, inputs "", 00, 00..06, 00..07, 00..0e, from the paper's test program. */
    static const struct {
        size_t n;
        uint64_t want;
    } table[] = {{0, 0x726fdb47dd0e0e31u},
                 {1, 0x74f839c593dc67fdu},
                 {7, 0xab0200f58b01d137u},
                 {8, 0x93f5f5799a932462u},
                 {15, 0xa129ca6149be45e5u}};
    const uint64_t key[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    unsigned char input[15];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(sip_hash(input, table[i].n, key, 2, 4) == table[i].want);
}

static void the_public_hash_never_changes(void **state)
{
    (void)state;
    /* Names are made from it: a change would make second pods. */
    assert_true(rk_hash64("", 0, 0) == 0x4cc5cc97655553a6u);
    assert_true(rk_hash64("demo/head", 9, 7) == 0xcb3aca50e750306cu);
    assert_true(rk_hash64("demo/head", 9, 8) != rk_hash64("demo/head", 9, 7));
}

static void it_agrees_with_a_plain_table(void **state)
{
    (void)state;
    enum { KEYS = 300 };
    static int model[KEYS];
    struct rk_map m;
    rk_map_init(&m, count_free);
    uint32_t x = 1;
    for (int step = 0; step < 60000; step++) {
        uint32_t k = next_random(&x) % KEYS;
        char key[16];
        (void)snprintf(key, sizeof key, "key-%u", k);
        switch (next_random(&x) % 3) {
        case 0: {
            int *value = rk_alloc(sizeof *value);
            *value = model[k] = step + 1;
            rk_map_put(&m, key, value);
            break;
        }
        case 1:
            assert_int_equal(rk_map_del(&m, key), model[k] != 0);
            model[k] = 0;
            break;
        default: {
            int *value = rk_map_get(&m, key);
            assert_int_equal(value ? *value : 0, model[k]);
        }
        }
    }
    size_t live_keys = 0, seen = 0;
    for (size_t k = 0; k < KEYS; k++)
        live_keys += model[k] != 0;
    assert_int_equal(m.count, live_keys);
    const char *key;
    void *value;
    for (size_t i = 0; rk_map_next(&m, &i, &key, &value); seen++)
        assert_int_equal(*(int *)value, model[strtoul(key + 4, NULL, 10)]);
    assert_int_equal(seen, live_keys);
    assert_true(m.cap <= 1024); /* graves are swept, not hoarded */
    rk_map_done(&m);
}

static void values_are_freed_once_unless_taken(void **state)
{
    (void)state;
    struct rk_map m;
    rk_map_init(&m, count_free);
    freed = 0;
    int *first = rk_alloc(4);
    rk_map_put(&m, "a", first);
    rk_map_put(&m, "a", first);
    assert_int_equal(freed, 0);
    rk_map_put(&m, "a", rk_alloc(4));
    assert_int_equal(freed, 1);
    void *taken = rk_map_take(&m, "a");
    assert_non_null(taken);
    assert_int_equal(freed, 1);
    rk_free(taken);
    assert_null(rk_map_take(&m, "a"));
    assert_false(rk_map_del(&m, "a"));
    rk_map_put(&m, "b", rk_alloc(4));
    rk_map_done(&m);
    assert_int_equal(freed, 2);
    rk_map_put(&m, "c", rk_alloc(4)); /* usable again, and still frees */
    rk_map_done(&m);
    assert_int_equal(freed, 3);
}

static void the_visited_key_may_be_deleted(void **state)
{
    (void)state;
    struct rk_map m;
    rk_map_init(&m, NULL);
    static int value;
    for (int i = 0; i < 100; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        rk_map_put(&m, key, &value);
    }
    const char *key;
    size_t seen = 0;
    for (size_t i = 0; rk_map_next(&m, &i, &key, NULL); seen++)
        assert_true(rk_map_del(&m, key));
    assert_int_equal(seen, 100);
    assert_int_equal(m.count, 0);
    rk_map_done(&m);
}

static void a_key_is_its_whole_length(void **state)
{
    (void)state;
    struct rk_map m;
    rk_map_init(&m, NULL);
    static int a, b;
    rk_map_put(&m, "ab", &a);
    rk_map_put(&m, "abc", &b);
    rk_map_put(&m, "", &b);
    assert_ptr_equal(rk_map_getn(&m, "abcd", 2), &a);
    assert_ptr_equal(rk_map_getn(&m, "abcd", 3), &b);
    assert_null(rk_map_getn(&m, "abcd", 4));
    assert_null(rk_map_getn(&m, "ab\0", 3));
    assert_ptr_equal(rk_map_get(&m, ""), &b);
    rk_map_done(&m);
}

static void the_heap_agrees_with_a_scan(void **state)
{
    (void)state;
    enum { N = 64 };
    static struct rk_heap_node nodes[N];
    struct rk_heap h;
    rk_heap_init(&h);
    uint32_t x = 5;
    for (int step = 0; step < 20000; step++) {
        struct rk_heap_node *n = &nodes[next_random(&x) % N];
        if (next_random(&x) % 3)
            rk_heap_put(&h, n, (int64_t)(next_random(&x) % 20) - 10);
        else
            rk_heap_del(&h, n);
        struct rk_heap_node *least = NULL;
        size_t count = 0;
        for (size_t i = 0; i < N; i++) {
            if (!nodes[i].at)
                continue;
            count++;
            if (!least || nodes[i].due < least->due ||
                (nodes[i].due == least->due && nodes[i].seq < least->seq))
                least = &nodes[i];
        }
        assert_int_equal(h.count, count);
        assert_ptr_equal(rk_heap_min(&h), least);
    }
    rk_heap_done(&h);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(nodes[i].at, 0);
}

static void equal_times_leave_in_order_of_insertion(void **state)
{
    (void)state;
    struct rk_heap_node nodes[20] = {{0}};
    struct rk_heap h;
    rk_heap_init(&h);
    assert_null(rk_heap_pop(&h));
    for (size_t i = 0; i < 20; i++)
        rk_heap_put(&h, &nodes[i], 5);
    rk_heap_put(&h, &nodes[0], 5); /* put again: now the youngest */
    for (size_t i = 1; i < 20; i++)
        assert_ptr_equal(rk_heap_pop(&h), &nodes[i]);
    assert_ptr_equal(rk_heap_pop(&h), &nodes[0]);
    rk_heap_del(&h, &nodes[3]);
    assert_null(rk_heap_min(&h));
    rk_heap_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_matches_its_published_vectors),
        cmocka_unit_test(the_public_hash_never_changes),
        cmocka_unit_test(it_agrees_with_a_plain_table),
        cmocka_unit_test(values_are_freed_once_unless_taken),
        cmocka_unit_test(the_visited_key_may_be_deleted),
        cmocka_unit_test(a_key_is_its_whole_length),
        cmocka_unit_test(the_heap_agrees_with_a_scan),
        cmocka_unit_test(equal_times_leave_in_order_of_insertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
