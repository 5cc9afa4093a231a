/* Fault points: named places where a test build can be told to fail, stall or die. Compiled to nothing without RK_FAULTS.
 *
 *   RK_FAULT=post-sent:3:kill        the third time `post-sent` is reached, raise SIGKILL
 *   RK_FAULT=a:1:fail,b:2:stop       several; actions: fail (rk_fault returns true), kill, abort, stop (SIGSTOP) */
#ifndef RK_BASE_FAULT_H
#define RK_BASE_FAULT_H

#include <stdbool.h>

#ifdef RK_FAULTS
bool rk_fault(const char *point);
#else
static inline bool rk_fault(const char *point)
{
    (void)point;
    return false;
}
#endif

#endif
