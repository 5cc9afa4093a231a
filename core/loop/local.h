/* A listening socket in the file system, for people and programs on this machine. */
#ifndef RK_LOOP_LOCAL_H
#define RK_LOOP_LOCAL_H

#include <sys/types.h>
#include <time.h>

#include "core/base/err.h"

#define RK_LOCAL_PATH_MAX 107 /* bytes that the system takes for such a path */

struct rk_local {
    char path[RK_LOCAL_PATH_MAX + 1]; /* "" = none */
    dev_t dev;
    ino_t ino;
    struct timespec made; /* an inode's number is used again */
};

/* Listens at path, which our user and root may connect to and nobody else. The file of a process that
 * is dead is replaced; RK_E_CONFLICT where one that lives listens, or something that is no socket is
 * in the way. RK_E_NOENT without its directory, RK_E_INVAL for a path that is too long, RK_E_IO. *ret_fd is
 * close-on-exec and the caller's. */
int rk_local_listen(const char *path, struct rk_local *ret, int *ret_fd, struct rk_err *err);
/* Takes the file away, unless another has put his there. What was never bound is fine. */
void rk_local_done(struct rk_local *l);

#endif
