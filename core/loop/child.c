/* See child.h. */
#include "core/loop/child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/master.h"

#define HOOK_CPU_MS  5000 /* DESIGN 4 */
#define HOOK_WALL_MS 60000

extern char **environ;

/* The environment plus who we are: the worker compares it with getppid() after asking for the death signal, which closes the race of a master that dies between. */
static char **environment(char *slot, size_t slot_size)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **env = rk_alloc_array(n + 2, sizeof(*env));
    for (size_t i = 0; i < n; i++)
        if (!rk_str_starts(environ[i], "RAYKEEPER_MASTER="))
            env[kept++] = environ[i];
    int len = snprintf(slot, slot_size, "RAYKEEPER_MASTER=%d", (int)getpid());
    (void)len; /* a pid fits */
    env[kept] = slot;
    return env;
}

int rk_child_start(struct rk_child *c, int shared_fd, char *const *argv, struct rk_err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return rk_err_errno(err, errno, "worker: socketpair");
    char slot[64];
    char **env = environment(slot, sizeof(slot));
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none;
    sigemptyset(&none);
    /* dup2 onto itself would keep close-on-exec: go through numbers above both targets. */
    int rc = posix_spawn_file_actions_init(&fa);
    if (rc == 0)
        rc = posix_spawnattr_init(&at);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&fa, pair[1], 100);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&fa, shared_fd, RK_WORKER_SHARED_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&fa, 100, RK_WORKER_LINK_FD);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclose(&fa, 100);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(&at, &none);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
    if (rc == 0)
        rc = posix_spawn(&c->pid, "/proc/self/exe", &fa, &at, argv, env);
    (void)posix_spawn_file_actions_destroy(&fa); /* cannot fail with glibc */
    (void)posix_spawnattr_destroy(&at);
    rk_free(env);
    close(pair[1]);
    if (rc != 0) {
        close(pair[0]);
        c->pid = 0;
        return rk_err_errno(err, rc, "worker: start");
    }
    c->link = pair[0];
    c->born_ms = rk_clock_ms();
    return 0;
}

void rk_child_send(struct rk_child *c, char what)
{
    if (c->pid == 0)
        return;
    ssize_t n;
    do
        n = send(c->link, &what, 1, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    /* A worker that cannot take one byte is dead or hangs: SIGCHLD or the heartbeat tells. */
    (void)n;
}

void rk_child_kill(struct rk_child *c, int sig)
{
    if (c->pid > 0)
        (void)kill(c->pid, sig); /* ESRCH: it is ending already */
}

pid_t rk_child_reap(int *ret_status)
{
    pid_t pid = waitpid(-1, ret_status, WNOHANG);
    return pid > 0 ? pid : 0;
}

int64_t rk_child_cpu_ms(const struct rk_child *c)
{
    clockid_t clock;
    struct timespec t;
    if (c->pid == 0 || clock_getcpuclockid(c->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool rk_child_hangs(const struct rk_child *c, const struct rk_shared *s)
{
    char plugin[64], hook[64], object[RK_SHARED_TEXT];
    int64_t since, cpu;
    if (rk_shared_in_hand(s, plugin, hook, object, &since, &cpu) &&
        rk_child_cpu_ms(c) - cpu > HOOK_CPU_MS) {
        rk_log_error("worker hangs in a plugin", RK_KV("plugin", plugin), RK_KV("hook", hook),
                     RK_KV("object", object));
        return true;
    }
    if (rk_clock_ms() - atomic_load(&s->beat_ms) <= HOOK_WALL_MS)
        return false;
    rk_log_error("worker hangs",
                 RK_KN("pid", c->pid)); /* stopped, throttled or waiting: no plugin is to blame */
    return true;
}

void rk_child_closed(struct rk_child *c)
{
    if (c->link >= 0)
        close(c->link);
    c->link = -1;
    c->pid = 0;
}

bool rk_child_report(const struct rk_shared *s, pid_t pid, int status)
{
    if (WIFEXITED(status)) {
        rk_log_info("worker ended", RK_KN("pid", pid), RK_KN("code", WEXITSTATUS(status)));
        return false;
    }
    int sig = WTERMSIG(status);
    bool crash =
        sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT;
    char plugin[64], hook[64], object[RK_SHARED_TEXT];
    int64_t since, cpu;
    if (crash && rk_shared_in_hand(s, plugin, hook, object, &since, &cpu))
        rk_log_error("worker crashed in a plugin", RK_KN("pid", pid),
                     RK_KV("signal", strsignal(sig)), RK_KV("plugin", plugin), RK_KV("hook", hook),
                     RK_KV("object", object));
    else {
        crash = false;
        rk_log_error("worker killed", RK_KN("pid", pid), RK_KV("signal", strsignal(sig)));
    }
    return crash;
}
