/* The work queue: promises of core/queue/queue.h, and a long random run against a model that is too simple to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/queue/queue.h"

#define HIGH   RK_PRIO_HIGH
#define NORMAL RK_PRIO_NORMAL
#define LOW    RK_PRIO_LOW

static void expect_next(struct rk_queue *q, int64_t now, const char *want)
{
    const char *key = rk_queue_next(q, now, NULL, NULL);
    if (!want) {
        assert_null(key);
        return;
    }
    assert_non_null(key);
    assert_string_equal(key, want);
}

static void run(struct rk_queue *q, int64_t now, const char *want)
{
    expect_next(q, now, want);
    rk_queue_forget(q, want);
    rk_queue_done(q, want, now);
}

static void a_key_added_twice_runs_once(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "a", NORMAL, 0);
    rk_queue_add(q, "a", NORMAL, 1);
    assert_int_equal(rk_queue_depth(q), 1);
    run(q, 2, "a");
    expect_next(q, 2, NULL);
    rk_queue_free(q);
}

static void what_is_ready_is_counted_by_the_beginning_of_its_keys(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "cat tom", NORMAL, 0);
    rk_queue_add(q, "cat kit", HIGH, 0);
    rk_queue_add(q, "dog rex", NORMAL, 0);
    rk_queue_add_after(q, "cat later", NORMAL, 0, 10);
    assert_int_equal(rk_queue_depth_of(q, "cat "), 2);
    expect_next(q, 0, "cat kit");
    assert_int_equal(rk_queue_depth_of(q, "cat "), 1);
    assert_int_equal(rk_queue_depth_of(q, "dog "), 1);
    assert_int_equal(rk_queue_depth_of(q, "cow "), 0);
    rk_queue_done(q, "cat kit", 0);
    rk_queue_free(q);
}

static void a_key_added_in_hand_runs_once_more_after_done(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "a", NORMAL, 0);
    expect_next(q, 0, "a");
    rk_queue_add(q, "a", LOW, 1);
    rk_queue_add(q, "a", HIGH, 2);
    rk_queue_add(q, "a", LOW, 3);
    expect_next(q, 3, NULL);
    assert_int_equal(rk_queue_in_hand(q), 1);
    rk_queue_done(q, "a", 4);
    int priority;
    int64_t waited;
    assert_string_equal(rk_queue_next(q, 9, &priority, &waited), "a");
    assert_int_equal(priority, HIGH);
    assert_int_equal(waited, 5);
    rk_queue_done(q, "a", 9);
    expect_next(q, 100, NULL);
    assert_int_equal(rk_queue_in_hand(q), 0);
    rk_queue_free(q);
}

static void readding_keeps_the_higher_priority_and_the_earlier_time(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add_after(q, "a", HIGH, 0, 100);
    rk_queue_add_after(q, "a", LOW, 0, 50);
    rk_queue_add_after(q, "a", LOW, 0, 200);
    assert_int_equal(rk_queue_due_ms(q), 50);
    assert_int_equal(rk_queue_waiting(q), 1);
    expect_next(q, 49, NULL);
    int priority;
    assert_string_equal(rk_queue_next(q, 50, &priority, NULL), "a");
    assert_int_equal(priority, HIGH);
    assert_true(rk_queue_due_ms(q) == INT64_MAX);
    rk_queue_free(q);
}

static void an_add_ends_a_planned_wait(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add_after(q, "a", NORMAL, 0, 1000);
    rk_queue_add(q, "a", LOW, 10);
    int priority;
    assert_string_equal(rk_queue_next(q, 10, &priority, NULL), "a");
    assert_int_equal(priority, NORMAL);
    rk_queue_free(q);
}

static void order_is_priority_then_arrival_and_a_promoted_key_goes_to_the_tail(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "low", LOW, 0);
    rk_queue_add(q, "promoted", LOW, 0);
    rk_queue_add(q, "n1", NORMAL, 1);
    rk_queue_add(q, "h1", HIGH, 2);
    rk_queue_add(q, "n2", NORMAL, 3);
    rk_queue_add(q, "promoted", NORMAL, 4);
    rk_queue_add(q, "n1", NORMAL, 5); /* no loss of place */
    run(q, 6, "h1");
    run(q, 6, "n1");
    run(q, 6, "n2");
    run(q, 6, "promoted");
    run(q, 6, "low");
    rk_queue_free(q);
}

static void every_eighth_pick_takes_the_oldest(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "old", LOW, 0);
    int64_t now = 1;
    unsigned picks = 0;
    for (;; now++) {
        rk_queue_add(q, "x", HIGH, now);
        rk_queue_add(q, "y", HIGH, now);
        const char *key = rk_queue_next(q, now, NULL, NULL);
        assert_non_null(key);
        picks++;
        if (strcmp(key, "old") == 0)
            break;
        rk_queue_done(q, key, now);
        assert_true(picks < 8);
    }
    assert_int_equal(picks, 8);
    rk_queue_free(q);
}

static void backoff_doubles_from_100_ms_to_60_s_with_a_tenth_of_jitter(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    int64_t base = 100, now = 0;
    int differing = 0;
    rk_queue_add(q, "a", NORMAL, now);
    for (int i = 0; i < 200; i++) {
        expect_next(q, now, "a");
        int64_t delay = rk_queue_retry(q, "a", now);
        assert_in_range(delay, base - base / 10, base + base / 10);
        differing += delay != base;
        assert_int_equal(rk_queue_failures(q, "a"), i + 1);
        rk_queue_done(q, "a", now);
        assert_int_equal(rk_queue_due_ms(q), now + delay);
        expect_next(q, now + delay - 1, NULL);
        now += delay;
        base = base * 2 > 60000 ? 60000 : base * 2;
    }
    assert_true(differing > 100);
    expect_next(q, now, "a");
    rk_queue_forget(q, "a");
    assert_int_equal(rk_queue_failures(q, "a"), 0);
    assert_in_range(rk_queue_retry(q, "a", now), 90, 110);
    rk_queue_free(q);
}

static void only_a_high_add_shortens_a_backoff(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "a", LOW, 0);
    expect_next(q, 0, "a");
    int64_t delay = rk_queue_retry(q, "a", 0);
    rk_queue_done(q, "a", 0);
    rk_queue_add(q, "a", NORMAL, 1);
    rk_queue_add_after(q, "a", NORMAL, 1, 5);
    expect_next(q, delay - 1, NULL);
    rk_queue_add(q, "a", HIGH, delay - 1);
    run(q, delay - 1, "a");
    rk_queue_free(q);
}

static void a_change_during_a_failing_run_waits_for_the_backoff_unless_high(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    for (int before = 0; before < 2; before++) { /* added before and after retry */
        rk_queue_add(q, "a", NORMAL, 0);
        expect_next(q, 0, "a");
        if (before)
            rk_queue_add(q, "a", NORMAL, 0);
        (void)rk_queue_retry(q, "a", 0);
        if (!before)
            rk_queue_add(q, "a", NORMAL, 0);
        rk_queue_done(q, "a", 0);
        expect_next(q, 0, NULL);
        assert_int_equal(rk_queue_waiting(q), 1);
        rk_queue_drop(q, "a");

        rk_queue_add(q, "a", NORMAL, 0);
        expect_next(q, 0, "a");
        if (before)
            rk_queue_add(q, "a", HIGH, 0);
        (void)rk_queue_retry(q, "a", 0);
        if (!before)
            rk_queue_add(q, "a", HIGH, 0);
        rk_queue_done(q, "a", 0);
        run(q, 0, "a");
    }
    rk_queue_free(q);
}

static void a_retry_keeps_the_priority(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "a", HIGH, 0);
    expect_next(q, 0, "a");
    (void)rk_queue_retry(q, "a", 0);
    rk_queue_done(q, "a", 0);
    int priority;
    assert_string_equal(rk_queue_next(q, 1000, &priority, NULL), "a");
    assert_int_equal(priority, HIGH);
    rk_queue_free(q);
}

static void drop_takes_a_key_out_of_every_state(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_drop(q, "never seen");
    rk_queue_add(q, "ready", NORMAL, 0);
    rk_queue_drop(q, "ready");
    rk_queue_add_after(q, "waiting", NORMAL, 0, 10);
    rk_queue_drop(q, "waiting");
    rk_queue_add(q, "hand", NORMAL, 0);
    expect_next(q, 0, "hand");
    rk_queue_add(q, "hand", NORMAL, 0);
    (void)rk_queue_retry(q, "hand", 0);
    rk_queue_drop(q, "hand");
    assert_int_equal(rk_queue_failures(q, "hand"), 0);
    rk_queue_done(q, "hand", 0);
    assert_int_equal(rk_queue_depth(q) + rk_queue_waiting(q) + rk_queue_in_hand(q), 0);
    expect_next(q, 1000000, NULL);
    /* Made anew while the old run is in hand. */
    rk_queue_add(q, "hand", NORMAL, 0);
    expect_next(q, 0, "hand");
    rk_queue_drop(q, "hand");
    rk_queue_add(q, "hand", NORMAL, 0);
    rk_queue_done(q, "hand", 0);
    run(q, 0, "hand");
    rk_queue_free(q);
}

static void done_accepts_the_borrowed_key_and_ignores_strangers(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "a", NORMAL, 0);
    rk_queue_done(q, "a", 0); /* not in hand */
    const char *key = rk_queue_next(q, 0, NULL, NULL);
    rk_queue_done(q, key, 0);
    rk_queue_done(q, "b", 0);
    assert_int_equal(rk_queue_in_hand(q), 0);
    rk_queue_free(q);
}

static void the_oldest_ready_key_tells_its_age(void **state)
{
    (void)state;
    struct rk_queue *q = rk_queue_new();
    assert_int_equal(rk_queue_oldest_ms(q, 5), 0);
    rk_queue_add(q, "a", LOW, 10);
    rk_queue_add(q, "b", HIGH, 20);
    rk_queue_add(q, "a", HIGH, 25); /* promoted: the age stays */
    assert_int_equal(rk_queue_oldest_ms(q, 30), 20);
    run(q, 30, "b");
    run(q, 30, "a");
    assert_int_equal(rk_queue_oldest_ms(q, 40), 0);
    rk_queue_add_after(q, "far", LOW, 40, INT64_MAX);
    assert_true(rk_queue_due_ms(q) == INT64_MAX);
    rk_queue_free(q);
}

/* --- the model: an array, linear searches, no heaps --- */

enum { KEYS = 12, STEPS = 200000 };

struct model_key {
    enum { GONE, WAIT, READY_, HAND } at;
    int priority, next_priority;
    int64_t due, since;  /* since: when it became ready */
    uint64_t order, age; /* tie breakers: arrival at the level, arrival at the ready set */
    bool backoff, again;
    uint32_t failures;
};

struct model {
    struct model_key k[KEYS];
    uint64_t seq;
    unsigned picks;
};

static void m_ready(struct model *m, struct model_key *k, int priority, int64_t since)
{
    k->at = READY_;
    k->priority = priority;
    k->since = since;
    k->backoff = false;
    k->order = k->age = ++m->seq;
}

static void m_wait(struct model *m, struct model_key *k, int priority, int64_t due)
{
    k->at = WAIT;
    k->priority = priority;
    k->due = due;
    k->order = ++m->seq;
}

static void m_add(struct model *m, struct model_key *k, int priority, int64_t now, int64_t delay)
{
    int64_t due = now + delay;
    bool held = k->backoff && priority < HIGH;
    if (k->at == GONE) {
        k->backoff = false;
        if (delay)
            m_wait(m, k, priority, due);
        else
            m_ready(m, k, priority, now);
    } else if (k->at == READY_) {
        if (priority > k->priority) {
            k->priority = priority;
            k->order = ++m->seq;
        }
    } else if (k->at == WAIT) {
        if (due < k->due && !held) {
            k->due = due;
            k->backoff = false;
        }
        if (priority < k->priority)
            priority = k->priority;
        if (k->due <= now)
            m_ready(m, k, priority, k->due);
        else
            m_wait(m, k, priority, k->due);
    } else if (!k->again) {
        k->again = true;
        k->backoff = false;
        k->next_priority = priority;
        k->due = due;
    } else {
        if (due < k->due && !held) {
            k->due = due;
            k->backoff = false;
        }
        if (priority > k->next_priority)
            k->next_priority = priority;
    }
}

static void m_retry(struct model *m, struct model_key *k, int64_t due)
{
    k->failures++;
    if (k->at == HAND) {
        if (k->again && k->next_priority >= HIGH)
            return;
        if (!k->again || k->next_priority < k->priority)
            k->next_priority = k->priority;
        k->again = k->backoff = true;
        k->due = due;
    } else if (k->at != READY_ || k->priority < HIGH) {
        m_wait(m, k, k->at == GONE ? NORMAL : k->priority, due);
        k->backoff = true;
    }
}

static void m_done(struct model *m, struct model_key *k, int64_t now)
{
    if (k->at != HAND)
        return;
    k->at = GONE;
    if (k->again && k->due <= now)
        m_ready(m, k, k->next_priority, now);
    else if (k->again)
        m_wait(m, k, k->next_priority, k->due);
    k->again = false;
}

static struct model_key *m_next(struct model *m, int64_t now)
{
    for (;;) { /* promote in order of due time */
        struct model_key *first = NULL;
        for (int i = 0; i < KEYS; i++) {
            struct model_key *k = &m->k[i];
            if (k->at == WAIT && k->due <= now &&
                (!first || k->due < first->due ||
                 (k->due == first->due && k->order < first->order)))
                first = k;
        }
        if (!first)
            break;
        m_ready(m, first, first->priority, first->due);
    }
    struct model_key *best = NULL, *oldest = NULL;
    for (int i = 0; i < KEYS; i++) {
        struct model_key *k = &m->k[i];
        if (k->at != READY_)
            continue;
        if (!best || k->priority > best->priority ||
            (k->priority == best->priority && k->order < best->order))
            best = k;
        if (!oldest || k->since < oldest->since ||
            (k->since == oldest->since && k->age < oldest->age))
            oldest = k;
    }
    if (!best)
        return NULL;
    m->picks = (m->picks + 1) % 8;
    struct model_key *k = m->picks ? best : oldest;
    k->at = HAND;
    k->again = false;
    return k;
}

static uint64_t dice;
static unsigned roll_dice(unsigned n)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % n;
}

static void compare_sizes(const struct rk_queue *q, const struct model *m)
{
    size_t n[4] = {0};
    int64_t due = INT64_MAX;
    for (int i = 0; i < KEYS; i++) {
        n[m->k[i].at]++;
        if (m->k[i].at == WAIT && m->k[i].due < due)
            due = m->k[i].due;
        char key[2] = {(char)('a' + i), '\0'};
        assert_int_equal(rk_queue_failures(q, key), m->k[i].failures);
    }
    assert_int_equal(rk_queue_waiting(q), n[WAIT]);
    assert_int_equal(rk_queue_depth(q), n[READY_]);
    assert_int_equal(rk_queue_in_hand(q), n[HAND]);
    assert_true(rk_queue_due_ms(q) == due);
}

static void model_step(struct rk_queue *q, struct model *m, int64_t now)
{
    static const int priorities[] = {LOW, NORMAL, HIGH};
    int i = (int)roll_dice(KEYS);
    char key[2] = {(char)('a' + i), '\0'};
    struct model_key *k = &m->k[i];
    int priority = priorities[roll_dice(3)];
    int64_t delay = (int64_t)roll_dice(400);
    switch (roll_dice(10)) {
    case 0:
    case 1:
        rk_queue_add(q, key, priority, now);
        m_add(m, k, priority, now, 0);
        break;
    case 2:
        rk_queue_add_after(q, key, priority, now, delay);
        m_add(m, k, priority, now, delay);
        break;
    case 3:
        m_retry(m, k, now + rk_queue_retry(q, key, now));
        break;
    case 4:
        rk_queue_forget(q, key);
        k->failures = 0;
        break;
    case 5:
        if (roll_dice(4) == 0) {
            rk_queue_drop(q, key);
            k->failures = 0;
            k->again = false;
            if (k->at != HAND)
                k->at = GONE;
        }
        break;
    case 6:
    case 7:
        rk_queue_done(q, key, now);
        m_done(m, k, now);
        break;
    default: {
        int got_priority = 0;
        int64_t waited = 0;
        const char *got = rk_queue_next(q, now, &got_priority, &waited);
        struct model_key *want = m_next(m, now);
        assert_int_equal(got != NULL, want != NULL);
        if (got) {
            assert_ptr_equal(want, &m->k[got[0] - 'a']);
            assert_int_equal(got_priority, want->priority);
            assert_int_equal(waited, now - want->since);
        }
    }
    }
}

static void a_long_random_run_equals_the_naive_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        dice = seed;
        struct rk_queue *q = rk_queue_new();
        struct model m = {0};
        int64_t now = 0;
        for (int i = 0; i < STEPS; i++) {
            now += roll_dice(3) == 0 ? roll_dice(60) : 0;
            model_step(q, &m, now);
            compare_sizes(q, &m);
        }
        rk_queue_free(q);
    }
}

static void who_backs_off_and_who_is_ready_are_listed_up_to_a_bound(void **state)
{
    struct rk_queue_row rows[8];
    size_t off;
    (void)state;
    struct rk_queue *q = rk_queue_new();
    rk_queue_add(q, "old", NORMAL, 100);
    rk_queue_add(q, "young", HIGH, 400);
    rk_queue_add_after(q, "sweep", LOW, 0, 60000);
    for (int i = 0; i < 3; i++)
        (void)rk_queue_retry(q, "later", 0);
    (void)rk_queue_retry(q, "sooner", 400);
    assert_int_equal(rk_queue_rows(q, 500, rows, 8, &off), 4);
    assert_int_equal(off, 2);
    assert_string_equal(rows[0].key, "later"); /* 400 ms after 0, a tenth of jitter */
    assert_true(rows[0].backs_off && rows[0].failures == 3 && rows[0].ms < 0);
    assert_string_equal(rows[1].key, "sooner");
    assert_string_equal(rows[2].key, "old");
    assert_true(!rows[2].backs_off && rows[2].ms == 400);
    assert_string_equal(rows[3].key, "young");
    assert_int_equal(rk_queue_rows(q, 500, rows, 3, &off), 3);
    assert_string_equal(rows[2].key, "old");
    assert_int_equal(rk_queue_rows(q, 500, rows, 1, &off), 1);
    assert_string_equal(rows[0].key, "later");
    assert_int_equal(off, 2);
    rk_queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_added_twice_runs_once),
        cmocka_unit_test(what_is_ready_is_counted_by_the_beginning_of_its_keys),
        cmocka_unit_test(a_key_added_in_hand_runs_once_more_after_done),
        cmocka_unit_test(readding_keeps_the_higher_priority_and_the_earlier_time),
        cmocka_unit_test(an_add_ends_a_planned_wait),
        cmocka_unit_test(order_is_priority_then_arrival_and_a_promoted_key_goes_to_the_tail),
        cmocka_unit_test(every_eighth_pick_takes_the_oldest),
        cmocka_unit_test(backoff_doubles_from_100_ms_to_60_s_with_a_tenth_of_jitter),
        cmocka_unit_test(only_a_high_add_shortens_a_backoff),
        cmocka_unit_test(a_change_during_a_failing_run_waits_for_the_backoff_unless_high),
        cmocka_unit_test(a_retry_keeps_the_priority),
        cmocka_unit_test(drop_takes_a_key_out_of_every_state),
        cmocka_unit_test(done_accepts_the_borrowed_key_and_ignores_strangers),
        cmocka_unit_test(the_oldest_ready_key_tells_its_age),
        cmocka_unit_test(who_backs_off_and_who_is_ready_are_listed_up_to_a_bound),
        cmocka_unit_test(a_long_random_run_equals_the_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
