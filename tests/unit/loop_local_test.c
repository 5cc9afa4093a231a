/* The socket in the file system: whose it is, what it replaces, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/loop/local.h"

static char dir[64], path[96];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/rk-local-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/state.sock", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static int listen_there(struct rk_local *l, int *fd)
{
    struct rk_err err = RK_ERR_INIT;
    *l = (struct rk_local){.path = ""};
    return rk_local_listen(path, l, fd, &err);
}

static int reach(void)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
    int rc = connect(fd, (struct sockaddr *)&sa, sizeof(sa));
    close(fd);
    return rc;
}

static void it_is_for_our_user_alone_and_goes_at_the_end(void **state)
{
    struct rk_local l;
    struct stat st;
    int fd;
    (void)state;
    assert_int_equal(listen_there(&l, &fd), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(reach(), 0);
    rk_local_done(&l);
    assert_int_equal(stat(path, &st), -1);
    close(fd);
    rk_local_done(&l); /* once more is fine */
}

static void the_file_of_a_dead_process_is_replaced(void **state)
{
    struct rk_local old, now;
    int fd;
    (void)state;
    assert_int_equal(listen_there(&old, &fd), 0);
    close(fd); /* as the end of a process does */
    assert_int_equal(reach(), -1);
    assert_int_equal(listen_there(&now, &fd), 0);
    assert_int_equal(reach(), 0);
    rk_local_done(&old); /* it is another's by now */
    assert_int_equal(reach(), 0);
    rk_local_done(&now);
    close(fd);
}

static void one_that_lives_keeps_its_socket(void **state)
{
    struct rk_local first, second;
    struct rk_err err = RK_ERR_INIT;
    int fd, other = -1;
    (void)state;
    assert_int_equal(listen_there(&first, &fd), 0);
    second = (struct rk_local){.path = ""};
    assert_int_equal(rk_local_listen(path, &second, &other, &err), RK_E_CONFLICT);
    assert_non_null(strstr(err.text, path));
    rk_local_done(&second);
    assert_int_equal(reach(), 0);
    rk_local_done(&first);
    close(fd);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct rk_local l;
    struct stat st;
    int fd;
    (void)state;
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(listen_there(&l, &fd), RK_E_CONFLICT);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void without_a_directory_or_with_too_long_a_path_it_fails_with_a_word(void **state)
{
    struct rk_local l = {.path = ""};
    struct rk_err err = RK_ERR_INIT;
    char long_path[RK_LOCAL_PATH_MAX + 8];
    int fd;
    (void)state;
    assert_int_equal(rk_local_listen("/nowhere/at/all.sock", &l, &fd, &err), RK_E_NOENT);
    assert_non_null(strstr(err.text, "/nowhere/at"));
    memset(long_path, 'a', sizeof(long_path));
    long_path[0] = '/';
    long_path[sizeof(long_path) - 1] = '\0';
    assert_int_equal(rk_local_listen(long_path, &l, &fd, &err), RK_E_INVAL);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
    const struct CMUnitTest tests[] = {
        IN_DIR(it_is_for_our_user_alone_and_goes_at_the_end),
        IN_DIR(the_file_of_a_dead_process_is_replaced),
        IN_DIR(one_that_lives_keeps_its_socket),
        IN_DIR(what_is_no_socket_is_left_alone),
        IN_DIR(without_a_directory_or_with_too_long_a_path_it_fails_with_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
