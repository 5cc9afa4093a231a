/* Files into memory: bounded, regular, in byte order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/conf/conf_room.h"

#define FILE_MAX    (1024u * 1024u)
#define DROPINS_MAX 256u

/* All bytes of an open regular file, one more than allowed at most. */
static int slurp(int fd, struct rk_buf *out)
{
    char piece[16384];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        if (rk_buf_add(out, piece, (size_t)n) < 0)
            return EFBIG;
    }
}

static void read_file(struct rk_conf *c, const char *file, enum rk__conf_rank rank)
{
    /* O_NONBLOCK: a pipe put in the file's place must not hang the start. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        rk__conf_problem(c, "%s: cannot be read: %s", file, strerror(errno));
        return;
    }
    struct stat st;
    struct rk_buf text;
    rk_buf_init(&text, FILE_MAX);
    int failed = fstat(fd, &st) < 0 ? errno : 0;
    if (failed == 0 && S_ISREG(st.st_mode))
        failed = slurp(fd, &text);
    if (failed == EFBIG)
        rk__conf_problem(c, "%s: longer than %u bytes", file, FILE_MAX);
    else if (failed != 0)
        rk__conf_problem(c, "%s: cannot be read: %s", file, strerror(failed));
    else if (!S_ISREG(st.st_mode))
        rk__conf_problem(c, "%s: not a regular file", file);
    else
        rk__conf_ini(c, file, rk_buf_text(&text), text.len, rank);
    rk_buf_done(&text);
    (void)close(fd); /* nothing was written */
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Is this directory entry a drop-in? What cannot be looked at is one: reading it will say why. */
static bool is_dropin(DIR *dir, const char *name)
{
    struct stat st;
    if (name[0] == '.' || !rk_str_ends(name, ".ini"))
        return false;
    return fstatat(dirfd(dir), name, &st, 0) < 0 || S_ISREG(st.st_mode);
}

static void read_dir(struct rk_conf *c, const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        if (errno != ENOENT)
            rk__conf_problem(c, "%s: cannot be read: %s", path, strerror(errno));
        return;
    }
    const char *names[DROPINS_MAX];
    size_t n = 0;
    errno = 0;
    for (const struct dirent *d; (d = readdir(dir)) != NULL; errno = 0) {
        if (!is_dropin(dir, d->d_name))
            continue;
        if (n == DROPINS_MAX) {
            rk__conf_problem(c, "%s: more than %u files", path, DROPINS_MAX);
            break;
        }
        names[n++] = rk_arena_strdup(&c->arena, d->d_name);
    }
    if (errno != 0)
        rk__conf_problem(c, "%s: cannot be read: %s", path, strerror(errno));
    (void)closedir(dir); /* only read */
    qsort(names, n, sizeof *names, by_bytes);
    for (size_t i = 0; i < n; i++)
        read_file(c, rk_arena_fmt(&c->arena, "%s/%s", path, names[i]), RK__CONF_DROPIN);
}

void rk_conf_read(struct rk_conf *c, const char *main_file, const char *dropin_dir)
{
    if (main_file != NULL)
        read_file(c, main_file, RK__CONF_MAIN);
    if (dropin_dir != NULL)
        read_dir(c, dropin_dir);
}
