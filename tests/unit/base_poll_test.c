/* The event loop: order, generations, timers, later calls, signals. Everything is driven turn by
 * turn; nothing sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/poll.h"

struct pair {
    struct rk_poll *p;
    int fd[2];
    int other; /* a descriptor to remove when called */
    int calls;
    unsigned events;
};

static void open_pair(struct rk_poll *p, struct pair *x)
{
    *x = (struct pair){.p = p, .other = -1};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, x->fd), 0);
}

static void close_pair(struct pair *x)
{
    (void)close(x->fd[0]); /* test descriptors */
    (void)close(x->fd[1]);
}

static void note(void *ctx, int fd, unsigned events)
{
    struct pair *x = ctx;
    assert_int_equal(fd, x->fd[0]);
    x->calls++;
    x->events = events;
    if (x->other >= 0)
        rk_poll_fd_del(x->p, x->other);
}

static void turn(struct rk_poll *p, int64_t wait_ms)
{
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_turn(p, wait_ms, &err), 0);
}

static void watch(struct rk_poll *p, struct pair *x, unsigned events)
{
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_fd(p, x->fd[0], events, note, x, &err), 0);
}

static void bytes_are_reported_until_they_are_read_and_interest_can_change(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct pair x;
    open_pair(p, &x);
    watch(p, &x, RK_POLL_IN);
    turn(p, 0);
    assert_int_equal(x.calls, 0);
    assert_int_equal(write(x.fd[1], "a", 1), 1);
    turn(p, 1000);
    turn(p, 1000);
    assert_int_equal(x.calls, 2);
    assert_int_equal(x.events, RK_POLL_IN);
    watch(p, &x, RK_POLL_OUT);
    turn(p, 1000);
    assert_int_equal(x.events, RK_POLL_OUT);
    watch(p, &x, 0);
    turn(p, 0);
    assert_int_equal(x.calls, 3);
    rk_poll_fd_del(p, x.fd[0]);
    rk_poll_fd_del(p, x.fd[0]);
    rk_poll_fd_del(p, 12345);
    close_pair(&x);
    rk_poll_free(p);
}

static void a_hang_up_is_an_error_even_without_interest(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct pair x;
    open_pair(p, &x);
    watch(p, &x, 0);
    (void)close(x.fd[1]); /* the peer goes */
    turn(p, 1000);
    assert_int_equal(x.events, RK_POLL_ERR);
    watch(p, &x, RK_POLL_IN);
    turn(p, 1000);
    assert_int_equal(x.events, RK_POLL_ERR | RK_POLL_IN);
    (void)close(x.fd[0]);
    rk_poll_free(p);
}

static void a_descriptor_removed_in_a_batch_gets_no_event_of_that_batch(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct pair x, y;
    open_pair(p, &x);
    open_pair(p, &y);
    x.other = y.fd[0];
    y.other = x.fd[0];
    watch(p, &x, RK_POLL_IN);
    watch(p, &y, RK_POLL_IN);
    assert_int_equal(write(x.fd[1], "a", 1), 1);
    assert_int_equal(write(y.fd[1], "a", 1), 1);
    turn(p, 1000);
    assert_int_equal(x.calls + y.calls, 1);
    close_pair(&x);
    close_pair(&y);
    rk_poll_free(p);
}

struct swap {
    struct pair *old, *fresh;
    struct rk_poll *p;
};

/* Closes the other descriptor and opens a new one under the same number, as libcurl may within a
 * batch. */
static void reuse(void *ctx, int fd, unsigned events)
{
    struct swap *s = ctx;
    (void)fd;
    (void)events;
    int number = s->old->fd[0];
    assert_int_equal(dup2(s->fresh->fd[0], number), number);
    (void)close(s->fresh->fd[0]); /* it lives on under the old number */
    s->fresh->fd[0] = number;
    watch(s->p, s->fresh, RK_POLL_IN);
    rk_poll_fd_del(s->p, s->fresh->other);
    s->fresh->other = -1;
}

static void a_number_that_was_closed_and_opened_again_gets_no_event_of_its_predecessor(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct pair first, old, fresh;
    open_pair(p, &first);
    open_pair(p, &old);
    open_pair(p, &fresh);
    fresh.other = first.fd[0];
    struct swap s = {&old, &fresh, p};
    /* The kernel reports in order of readiness: `first` before `old`. */
    assert_int_equal(rk_poll_fd(p, first.fd[0], RK_POLL_IN, reuse, &s, NULL), 0);
    watch(p, &old, RK_POLL_IN);
    assert_int_equal(write(first.fd[1], "a", 1), 1);
    assert_int_equal(write(old.fd[1], "a", 1), 1);
    turn(p, 1000);
    assert_int_equal(old.calls, 0);
    assert_int_equal(fresh.calls, 0);
    assert_int_equal(write(fresh.fd[1], "a", 1), 1);
    turn(p, 1000);
    assert_int_equal(fresh.calls, 1);
    assert_int_equal(old.calls, 0);
    close_pair(&first);
    (void)close(old.fd[1]);
    close_pair(&fresh);
    rk_poll_free(p);
}

/* client-rules 2: libcurl may close before it tells. */
static void a_descriptor_that_is_closed_already_is_forgotten_quietly(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct pair x, y;
    open_pair(p, &x);
    open_pair(p, &y);
    watch(p, &x, RK_POLL_IN);
    watch(p, &y, RK_POLL_IN);
    assert_int_equal(close(x.fd[0]), 0);
    rk_poll_fd_del(p, x.fd[0]); /* EBADF */
    rk_poll_fd_del(p, x.fd[0]); /* unknown by now */
    rk_poll_fd_del(p, 4000);
    assert_int_equal(dup2(y.fd[1], y.fd[0]), y.fd[0]); /* closed and opened again, unseen: ENOENT */
    rk_poll_fd_del(p, y.fd[0]);
    watch(p, &y, RK_POLL_OUT);
    turn(p, 0);
    assert_true(y.events & RK_POLL_OUT);
    x.fd[0] = dup(y.fd[1]); /* for the end */
    close_pair(&x);
    close_pair(&y);
    rk_poll_free(p);
}

static void a_bad_descriptor_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct pair x = {.p = p, .other = -1};
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_fd(p, 4000, RK_POLL_IN, note, &x, &err), RK_E_IO);
    assert_non_null(strstr(err.text, "4000"));
    assert_int_equal(rk_poll_fd(p, -1, RK_POLL_IN, note, &x, &err), RK_E_IO);
    rk_poll_free(p);
}

struct tick {
    struct rk_poll *p;
    struct rk_timer timer;
    struct rk_timer *kill;
    char *log;
    char name;
    int again;
};

static void ticked(void *ctx)
{
    struct tick *t = ctx;
    size_t n = strlen(t->log);
    t->log[n] = t->name;
    t->log[n + 1] = '\0';
    if (t->kill)
        rk_timer_del(t->p, t->kill);
    if (t->again-- > 0)
        rk_timer_in(t->p, &t->timer, 0, ticked, t);
}

static void timers_run_by_due_time_then_age_and_can_be_moved_and_deleted(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    char log[32] = "";
    struct tick t[5];
    memset(t, 0, sizeof t);
    int64_t past = rk_clock_ms() - 10;
    for (int i = 0; i < 5; i++) {
        t[i].p = p;
        t[i].log = log;
        t[i].name = (char)('a' + i);
        assert_false(rk_timer_active(&t[i].timer));
        rk_timer_set(p, &t[i].timer, past, ticked, &t[i]);
    }
    rk_timer_set(p, &t[0].timer, past + 5, ticked, &t[0]);
    rk_timer_set(p, &t[4].timer, past - 5, ticked, &t[4]);
    t[1].kill = &t[2].timer;
    rk_timer_del(p, &t[3].timer);
    rk_timer_del(p, &t[3].timer);
    turn(p, -1);
    assert_string_equal(log, "eba");
    assert_false(rk_timer_active(&t[0].timer));
    rk_poll_free(p);
}

static void a_timer_that_sets_itself_again_for_now_waits_for_the_next_turn(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    char log[32] = "";
    struct tick t = {.p = p, .log = log, .name = 'x', .again = 3};
    rk_timer_in(p, &t.timer, 0, ticked, &t);
    turn(p, -1);
    assert_string_equal(log, "x");
    turn(p, -1);
    turn(p, -1);
    turn(p, -1);
    assert_string_equal(log, "xxxx");
    assert_int_equal(rk_poll_turns(p), 4);
    rk_poll_free(p);
}

static void a_sleeping_turn_wakes_for_the_first_timer(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    char log[32] = "";
    struct tick t = {.p = p, .log = log, .name = 'x'};
    int64_t from = rk_clock_ms();
    rk_timer_in(p, &t.timer, 30, ticked, &t);
    while (!log[0] && rk_clock_ms() < from + 5000)
        turn(p, -1);
    assert_string_equal(log, "x");
    assert_true(rk_clock_ms() >= from + 30);
    rk_timer_in(p, &t.timer, INT64_MAX, ticked, &t);
    turn(p, 0);
    assert_true(rk_timer_active(&t.timer));
    rk_poll_free(p);
    assert_false(rk_timer_active(&t.timer));
}

struct chain {
    struct rk_poll *p;
    char *log;
    char name;
    struct chain *next;
    const void *drop;
};

static void chained(void *ctx)
{
    struct chain *c = ctx;
    size_t n = strlen(c->log);
    c->log[n] = c->name;
    c->log[n + 1] = '\0';
    if (c->next)
        rk_poll_later(c->p, chained, c->next);
    if (c->drop)
        rk_poll_later_drop(c->p, c->drop);
}

static void later_calls_run_in_order_without_sleeping_and_their_own_run_in_the_next_turn(
    void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    char log[32] = "";
    struct chain c = {p, log, 'c', NULL, NULL}, b = {p, log, 'b', NULL, NULL},
                 a = {p, log, 'a', &c, NULL};
    rk_poll_later(p, chained, &a);
    rk_poll_later(p, chained, &b);
    turn(p, -1);
    assert_string_equal(log, "ab");
    turn(p, -1);
    assert_string_equal(log, "abc");
    rk_poll_free(p);
}

static void dropped_later_calls_never_run(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    char log[32] = "";
    struct chain b = {p, log, 'b', NULL, NULL}, a = {p, log, 'a', &b, &b},
                 z = {p, log, 'z', NULL, NULL};
    rk_poll_later(p, chained, &a);
    rk_poll_later(p, chained, &b);
    rk_poll_later(p, chained, &z);
    turn(p, -1);
    turn(p, 0);
    assert_string_equal(log, "az");
    rk_poll_free(p);
}

struct caught {
    int signals[8];
    int n;
};

static void caught_one(void *ctx, int signal)
{
    struct caught *c = ctx;
    c->signals[c->n++] = signal;
}

static void signals_arrive_as_events(void **state)
{
    (void)state;
    struct rk_poll *p = rk_poll_new(NULL);
    struct caught c = {{0}, 0};
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_signals(p, (int[]){SIGUSR1}, 1, caught_one, &c, &err), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    turn(p, 1000);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.signals[0], SIGUSR1);
    assert_int_equal(rk_poll_signals(p, (int[]){SIGUSR1, SIGUSR2}, 2, caught_one, &c, &err), 0);
    assert_int_equal(raise(SIGUSR2), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    turn(p, 1000);
    assert_int_equal(c.n, 3);
    assert_int_equal(rk_poll_signals(p, (int[]){4711}, 1, caught_one, &c, &err), RK_E_IO);
    rk_poll_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_reported_until_they_are_read_and_interest_can_change),
        cmocka_unit_test(a_hang_up_is_an_error_even_without_interest),
        cmocka_unit_test(a_descriptor_removed_in_a_batch_gets_no_event_of_that_batch),
        cmocka_unit_test(
            a_number_that_was_closed_and_opened_again_gets_no_event_of_its_predecessor),
        cmocka_unit_test(a_descriptor_that_is_closed_already_is_forgotten_quietly),
        cmocka_unit_test(a_bad_descriptor_is_an_error_that_names_it),
        cmocka_unit_test(timers_run_by_due_time_then_age_and_can_be_moved_and_deleted),
        cmocka_unit_test(a_timer_that_sets_itself_again_for_now_waits_for_the_next_turn),
        cmocka_unit_test(a_sleeping_turn_wakes_for_the_first_timer),
        cmocka_unit_test(
            later_calls_run_in_order_without_sleeping_and_their_own_run_in_the_next_turn),
        cmocka_unit_test(dropped_later_calls_never_run),
        cmocka_unit_test(signals_arrive_as_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
