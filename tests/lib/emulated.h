/* Under qemu-user (config/arm64/run sets RK_EMULATED) some of what a test looks at in /proc, or expects of a system call, is qemu's and not ours. */
#ifndef TESTS_LIB_EMULATED_H
#define TESTS_LIB_EMULATED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Ends the test as skipped, and says why, when it cannot work there. */
static inline void rk_not_emulated(const char *why)
{
    if (getenv("RK_EMULATED")) {
        print_message("not under emulation: %s\n", why);
        skip();
    }
}

#endif
