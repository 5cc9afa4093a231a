/* Why a worker ended and who is to blame: real children that end or hang in every way, with something in hand and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/loop/child.c"

static struct rk_shared *shared;
static struct rk_child child;
static struct rk_end end;

static int open_shared(void **state)
{
    struct rk_err err = RK_ERR_INIT;
    int fd;
    (void)state;
    return rk_shared_create(&shared, &fd, &err);
}

enum where { IN_HOOK, IN_CORE, IN_CHECK, IN_NOTHING };

static void hold(enum where where)
{
    rk_shared_subject(shared, where == IN_CHECK || where == IN_NOTHING ? NULL : "Thing ns/a", "u-1",
                      3);
    if (where != IN_NOTHING)
        rk_shared_hand(shared, where == IN_CORE ? RK_HAND_CORE : "acme", "shapes");
}

/* Ends by this signal, or exits with -signal. */
static bool blamed(enum where where, int sig)
{
    hold(where);
    pid_t pid = fork();
    if (pid == 0) {
        signal(sig > 0 ? sig : SIGUSR1, SIG_DFL);
        if (sig > 0)
            (void)raise(sig);
        _exit(-sig);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    child.pid = pid;
    return rk_child_report(&child, shared, status, RK_HANG_NO, 0, &end);
}

static void a_crash_in_a_hook_blames_what_is_in_hand(void **state)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    (void)state;
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        assert_true(blamed(IN_HOOK, crashes[i]));
        assert_string_equal(end.how, strsignal(crashes[i]));
        assert_string_equal(end.hand.object, "Thing ns/a");
        assert_string_equal(end.hand.plugin, "acme");
        assert_false(end.hung);
    }
    assert_true(blamed(IN_CORE, SIGSEGV)); /* between two hooks of a pass */
    assert_true(blamed(IN_CHECK, SIGSEGV));
    assert_string_equal(end.hand.object, "");
}

static void whoever_kills_it_and_want_of_memory_blame_nobody(void **state)
{
    (void)state;
    assert_false(blamed(IN_HOOK, SIGKILL));
    assert_false(blamed(IN_HOOK, SIGTERM));
    assert_false(blamed(IN_HOOK, -RK_EXIT_MEMORY));
    assert_false(blamed(IN_NOTHING, SIGSEGV));
    assert_false(blamed(IN_NOTHING, -1));
    assert_false(blamed(IN_CORE, -1));
}

static void a_plugin_that_ends_the_process_is_to_blame(void **state)
{
    (void)state;
    assert_true(blamed(IN_HOOK, -78));
    assert_string_equal(end.how, "it ended the process with code 78");
}

/* A child that does this for ever. */
static void spin(int how)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none behind */
        for (;;)
            if (how == 'S' || how == 'T')
                pause();
    }
    atomic_store(&shared->beat_ms, rk_clock_ms());
    if (how == 'T')
        (void)kill(pid, SIGSTOP);
    child = (struct rk_child){.pid = pid, .link = -1, .looked_ms = rk_clock_ms()};
    for (int i = 0; i < 100000 && state_of(pid) != how; i++)
        ;
    assert_int_equal(state_of(pid), how);
}

static void stop(void)
{
    int status;
    (void)kill(child.pid, SIGKILL);
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
}

/* As if `ms` had passed since the last look. */
static enum rk_hang look(int64_t ms)
{
    child.looked_ms -= ms;
    return rk_child_hangs(&child, shared, false);
}

static enum rk_hang after_a_minute_of_looks(void)
{
    atomic_store(&shared->beat_ms, rk_clock_ms());
    for (int i = 0; i < 120; i++)
        assert_int_equal(look(500), RK_HANG_NO);
    atomic_store(&shared->beat_ms, rk_clock_ms() - HOOK_WALL_MS - 1);
    return look(500);
}

static void a_hook_asleep_for_a_minute_is_to_blame(void **state)
{
    (void)state;
    spin('S');
    hold(IN_HOOK);
    assert_int_equal(look(0), RK_HANG_NO);
    assert_int_equal(after_a_minute_of_looks(), RK_HANG_SLEEPS);
    uint64_t seq = child.hand_seq;
    stop();
    assert_true(rk_child_report(&child, shared, SIGKILL, RK_HANG_SLEEPS, seq, &end));
    assert_true(end.hung);
    /* It was killed, but had gone on to something else by then. */
    assert_false(rk_child_report(&child, shared, SIGKILL, RK_HANG_SLEEPS, seq + 2, &end));
    assert_false(rk_child_report(&child, shared, SIGKILL, RK_HANG_LOOP, seq, &end));
}

static void a_stopped_or_starved_worker_blames_nobody(void **state)
{
    (void)state;
    spin('T');
    hold(IN_HOOK);
    assert_int_equal(look(0), RK_HANG_NO);
    assert_int_equal(after_a_minute_of_looks(), RK_HANG_LOOP);
    stop();
    spin('S');
    assert_int_equal(look(0), RK_HANG_NO);
    atomic_store(&shared->beat_ms, rk_clock_ms() - HOOK_WALL_MS - 1);
    assert_int_equal(look(HOOK_WALL_MS), RK_HANG_LOOP); /* we did not look: nobody knows */
    hold(IN_NOTHING);
    assert_int_equal(look(0), RK_HANG_LOOP);
    assert_int_equal(rk_child_hangs(&child, shared, true), RK_HANG_NO); /* patience */
    stop();
}

static void many_short_sleeps_are_no_long_one(void **state)
{
    (void)state;
    spin('S');
    atomic_store(&shared->beat_ms, rk_clock_ms());
    for (int i = 0; i < 240; i++) {
        hold(IN_HOOK);
        assert_int_equal(look(500), RK_HANG_NO);
    }
    atomic_store(&shared->beat_ms, rk_clock_ms() - HOOK_WALL_MS - 1);
    assert_int_equal(look(500), RK_HANG_LOOP);
    stop();
}

static void cpu_time_counts_from_the_beginning_of_the_call_whatever_the_clock_says(void **state)
{
    (void)state;
    spin('R');
    hold(IN_HOOK);
    atomic_store(&shared->beat_ms, rk_clock_ms());
    atomic_store(&shared->hand_cpu_ms, rk_child_cpu_ms(&child));
    assert_int_equal(rk_child_hangs(&child, shared, true), RK_HANG_NO);
    atomic_store(&shared->hand_cpu_ms, -HOOK_CPU_MS - 1);
    assert_int_equal(rk_child_hangs(&child, shared, true), RK_HANG_BURNS);
    hold(IN_CORE);
    atomic_store(&shared->hand_cpu_ms, -HOOK_CPU_MS - 1);
    assert_int_equal(rk_child_hangs(&child, shared, false), RK_HANG_NO); /* a large plan */
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_in_a_hook_blames_what_is_in_hand),
        cmocka_unit_test(whoever_kills_it_and_want_of_memory_blame_nobody),
        cmocka_unit_test(a_plugin_that_ends_the_process_is_to_blame),
        cmocka_unit_test(a_hook_asleep_for_a_minute_is_to_blame),
        cmocka_unit_test(a_stopped_or_starved_worker_blames_nobody),
        cmocka_unit_test(many_short_sleeps_are_no_long_one),
        cmocka_unit_test(cpu_time_counts_from_the_beginning_of_the_call_whatever_the_clock_says),
    };
    return cmocka_run_group_tests(tests, open_shared, NULL);
}
