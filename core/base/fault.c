/* Fault points. RK_FAULT is read once; a text that does not parse kills the process, for a test that injects nothing would
 * pass without having tested anything. */
#include "core/base/fault.h"

#ifdef RK_FAULTS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/str.h"

#define FAULTS_MAX 32

enum action { ACT_FAIL, ACT_KILL, ACT_ABORT, ACT_STOP };
static const char *const action_names[] = {"fail", "kill", "abort", "stop"};

static struct fault {
    struct rk_span point;
    int64_t left; /* times still to come; 0 = spent */
    enum action action;
} faults[FAULTS_MAX];
static size_t n_faults;

/* "point:3:kill" */
static int parse_one(struct rk_span text, struct fault *ret)
{
    struct rk_span point, count, action, more;
    if (!rk_span_next(&text, ':', &point) || !rk_span_next(&text, ':', &count) ||
        !rk_span_next(&text, ':', &action) || rk_span_next(&text, ':', &more) || !point.n)
        return RK_E_INVAL;
    if (rk_str_int(count, 1, INT64_MAX, &ret->left))
        return RK_E_INVAL;
    ret->point = point;
    for (size_t i = 0; i < sizeof action_names / sizeof *action_names; i++)
        if (rk_span_is(action, action_names[i])) {
            ret->action = (enum action)i;
            return 0;
        }
    return RK_E_INVAL;
}

static int parse(const char *text)
{
    struct rk_span rest = rk_span_of(text), one;
    n_faults = 0;
    while (rk_span_next(&rest, ',', &one)) {
        if (n_faults == FAULTS_MAX || parse_one(one, &faults[n_faults]))
            return RK_E_INVAL;
        n_faults++;
    }
    return 0;
}

static void load(void)
{
    static char copy[4096]; /* the environment may change under us */
    const char *text = getenv("RK_FAULT");
    if (!text)
        return;
    if (rk_str_copy(copy, sizeof copy, text) == 0 && parse(copy) == 0)
        return;
    (void)fprintf(stderr, "raykeeper: RK_FAULT: expected point:count:fail|kill|abort|stop,...\n");
    abort();
}

static bool act(enum action action)
{
    switch (action) {
    case ACT_FAIL:
        return true;
    case ACT_ABORT:
        abort();
    case ACT_KILL:
        (void)raise(SIGKILL); /* cannot fail for our own process */
        return false;
    case ACT_STOP:
        (void)raise(SIGSTOP); /* the same; we go on after SIGCONT */
        return false;
    }
    return false;
}

bool rk_fault(const char *point)
{
    static bool loaded;
    if (!loaded) {
        loaded = true;
        load();
    }
    bool failed = false;
    for (size_t i = 0; i < n_faults; i++) {
        struct fault *f = &faults[i];
        if (f->left && rk_span_is(f->point, point) && --f->left == 0)
            failed |= act(f->action);
    }
    return failed;
}

#endif
