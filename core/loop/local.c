/* See local.h. Two that start at once would both find a dead one's file, and the second would take away the
 * first one's: so the directory is locked from the look until we listen. */
#include "core/loop/local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/str.h"

#define BACKLOG 8
#define NOBODY  (S_IXUSR | S_IRWXG | S_IRWXO) /* what a new file lacks: others need w to connect */

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int lock_directory(const char *path, int *ret, struct rk_err *err)
{
    char dir[RK_LOCAL_PATH_MAX + 1];
    const char *slash = strrchr(path, '/');
    size_t n = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    if (!slash || rk_str_copyn(dir, sizeof(dir), path, n) != 0)
        (void)rk_str_copy(dir, sizeof(dir), "."); /* fits */
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return rk_err_errno(err, errno, "%s", dir);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int saved = errno;
        close(fd);
        return rk_err_errno(err, saved, "%s: another process keeps it locked", dir);
    }
    *ret = fd;
    return 0;
}

/* Whoever listens there lives, also when he is too busy to be connected to. */
static int clear_way(const struct sockaddr_un *sa, struct rk_err *err)
{
    struct stat st;
    if (lstat(sa->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : rk_err_errno(err, errno, "%s", sa->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return rk_err_set(err, RK_E_CONFLICT, "%s is there and is no socket", sa->sun_path);
    int fd = new_socket();
    if (fd < 0)
        return rk_err_errno(err, errno, "socket");
    int rc = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)), saved = errno;
    close(fd);
    if (rc == 0 || saved != ECONNREFUSED)
        return rk_err_set(err, RK_E_CONFLICT, "%s: another process listens there", sa->sun_path);
    if (unlink(sa->sun_path) != 0 && errno != ENOENT)
        return rk_err_errno(err, errno, "%s: of a process that is dead, and cannot be replaced",
                            sa->sun_path);
    return 0;
}

static int bind_there(const struct sockaddr_un *sa, struct rk_local *ret, int *ret_fd,
                      struct rk_err *err)
{
    struct stat st;
    int fd = new_socket();
    if (fd < 0)
        return rk_err_errno(err, errno, "socket");
    mode_t was = umask(NOBODY);
    int rc = bind(fd, (const struct sockaddr *)sa, sizeof(*sa)), saved = errno;
    umask(was);
    if (rc == 0 && (listen(fd, BACKLOG) != 0 || lstat(sa->sun_path, &st) != 0)) {
        rc = -1;
        saved = errno;
        (void)unlink(sa->sun_path); /* what stays is replaced by the next one */
    }
    if (rc != 0) {
        close(fd);
        return rk_err_errno(err, saved, "%s", sa->sun_path);
    }
    ret->dev = st.st_dev;
    ret->ino = st.st_ino;
    ret->made = st.st_mtim;
    (void)rk_str_copy(ret->path, sizeof(ret->path), sa->sun_path); /* fits: same size */
    *ret_fd = fd;
    return 0;
}

int rk_local_listen(const char *path, struct rk_local *ret, int *ret_fd, struct rk_err *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int dir = -1;
    if (rk_str_copy(sa.sun_path, sizeof(sa.sun_path), path) != 0)
        return rk_err_set(err, RK_E_INVAL, "%s: such a path has at most %d bytes", path,
                          RK_LOCAL_PATH_MAX);
    int rc = lock_directory(path, &dir, err);
    if (rc != 0)
        return rc;
    rc = clear_way(&sa, err);
    if (rc == 0)
        rc = bind_there(&sa, ret, ret_fd, err);
    close(dir); /* and with it the lock */
    return rc;
}

void rk_local_done(struct rk_local *l)
{
    struct stat st;
    if (l->path[0] && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino &&
        st.st_mtim.tv_sec == l->made.tv_sec && st.st_mtim.tv_nsec == l->made.tv_nsec)
        (void)unlink(l->path); /* what stays is replaced by the next one */
    l->path[0] = '\0';
}
