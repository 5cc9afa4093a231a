/* Shared by the tests of core/kube that load kubeconfigs: a directory of theirs, files in it, and
 * turns of the loop until something holds. */
#ifndef RK_TESTS_KUBE_KIT_H
#define RK_TESTS_KUBE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/kube/client.h"

#define BOUND_MS 20000

static inline void turn(struct rk_poll *poll)
{
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_turn(poll, 50, &err), 0);
}

/* `w` has the poll that is turned. */
#define WAIT(w, what)                                                                   \
    do {                                                                                \
        for (int64_t end_ = rk_clock_ms() + BOUND_MS; !(what) && rk_clock_ms() < end_;) \
            turn((w)->poll);                                                            \
        assert_true(what);                                                              \
    } while (0)

static inline void make_dir(char dir[64], const char *name)
{
    (void)snprintf(dir, 64, "/tmp/rk-%s-XXXXXX", name);
    assert_non_null(mkdtemp(dir));
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static inline void remove_dir(const char *dir)
{
    assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Path of a file in the directory; a few are kept at a time. */
static inline const char *in_dir(const char *dir, const char *name)
{
    static char kept[4][128];
    static unsigned at;
    char *p = kept[at++ % 4];
    (void)snprintf(p, sizeof kept[0], "%s/%s", dir, name);
    return p;
}

static inline const char *put_file(const char *dir, const char *name, const char *text)
{
    const char *path = in_dir(dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    return path;
}

/* The file `config` with one cluster and one user: their fields as YAML in flow style. */
static inline const char *put_kubeconfig(const char *dir, const char *cluster, const char *user)
{
    char text[32768];
    int n = snprintf(text, sizeof text,
                     "current-context: c\n"
                     "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
                     "clusters: [{name: k, cluster: {%s}}]\n"
                     "users: [{name: u, user: {%s}}]\n",
                     cluster, user);
    assert_in_range(n, 1, sizeof text - 1);
    return put_file(dir, "config", text);
}

#endif
