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

#define HOOK_CPU_MS    5000 /* DESIGN 4 */
#define HOOK_WALL_MS   60000
#define HOOK_CPU_TEXT  "5 s of CPU time"
#define HOOK_ASLEEP_MS 54000 /* of HOOK_WALL_MS: looks and heartbeats come in steps */
#define ABOVE          100   /* descriptors of a start, for a moment */
#define LOOK_MAX_MS    2000  /* between two looks, as far as it counts */

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

/* dup2 onto itself would keep close-on-exec, and a target may be another's source: everything goes through numbers above the targets. */
static int hand_over(posix_spawn_file_actions_t *fa, const int *fds, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (fds[i] >= 0)
            rc = posix_spawn_file_actions_adddup2(fa, fds[i], ABOVE + (int)i);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        if (fds[i] >= 0)
            rc = posix_spawn_file_actions_adddup2(fa, ABOVE + (int)i, RK_WORKER_SHARED_FD + (int)i);
        if (fds[i] >= 0 && rc == 0)
            rc = posix_spawn_file_actions_addclose(fa, ABOVE + (int)i);
    }
    return rc;
}

int rk_child_start(struct rk_child *c, int shared_fd, int pages_fd, char *const *argv,
                   struct rk_err *err)
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
    const int fds[] = {shared_fd, pair[1], pages_fd}; /* RK_WORKER_SHARED_FD and on */
    int rc = posix_spawn_file_actions_init(&fa);
    if (rc == 0)
        rc = posix_spawnattr_init(&at);
    if (rc == 0)
        rc = hand_over(&fa, fds, sizeof(fds) / sizeof(fds[0]));
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
    c->born_ms = c->looked_ms = rk_clock_ms();
    c->hand_seq = 0;
    c->asleep_ms = 0;
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

/* One letter of /proc: R running, S asleep, D waiting for a disk, T stopped; '?' when it cannot be told. */
static char state_of(pid_t pid)
{
    char path[64], text[512];
    int n = snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;
    if (!f)
        return '?';
    size_t got = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[got] = '\0';
    const char *end = strrchr(text, ')'); /* the name before it may hold anything */
    return end && end[1] == ' ' ? end[2] : '?';
}

/* Hooks do no IO: one that sleeps waits for something that will not come. One that is stopped, throttled or waits for a page looks otherwise, and time in
 * which we did not look (we were stopped as well) does not count. */
static void watch_sleep(struct rk_child *c, const struct rk_hand *hand, bool by_plugin)
{
    int64_t now = rk_clock_ms(), since = now - c->looked_ms;
    if (!by_plugin || hand->seq != c->hand_seq)
        c->asleep_ms = 0;
    else if (state_of(c->pid) == 'S')
        c->asleep_ms += since < LOOK_MAX_MS ? since : LOOK_MAX_MS;
    c->hand_seq = hand->seq;
    c->looked_ms = now;
}

static void tell_hang(const struct rk_hand *hand, const char *how)
{
    rk_log_error("worker hangs in a plugin", RK_KV("plugin", hand->plugin),
                 RK_KV("hook", hand->hook), RK_KV("object", hand->object), RK_KV("how", how));
}

enum rk_hang rk_child_sleeps(const struct rk_child *c, const struct rk_shared *s, int64_t ms)
{
    struct rk_hand hand = {0};
    if (!rk_shared_in_hand(s, &hand) || strcmp(hand.plugin, RK_HAND_CORE) == 0 ||
        hand.seq != c->hand_seq || c->asleep_ms < ms)
        return RK_HANG_NO;
    tell_hang(&hand, "asleep");
    return RK_HANG_SLEEPS;
}

enum rk_hang rk_child_hangs(struct rk_child *c, const struct rk_shared *s, bool patient)
{
    struct rk_hand hand = {0};
    bool by_plugin = rk_shared_in_hand(s, &hand) && strcmp(hand.plugin, RK_HAND_CORE) != 0;
    bool burns = by_plugin && rk_child_cpu_ms(c) - hand.cpu_ms > HOOK_CPU_MS;
    watch_sleep(c, &hand, by_plugin);
    bool late = !patient && rk_clock_ms() - atomic_load(&s->beat_ms) > HOOK_WALL_MS;
    if (!burns && !late)
        return RK_HANG_NO;
    if (burns || c->asleep_ms >= HOOK_ASLEEP_MS) {
        tell_hang(&hand, burns ? "busy" : "asleep");
        return burns ? RK_HANG_BURNS : RK_HANG_SLEEPS;
    }
    rk_log_error("worker hangs",
                 RK_KN("pid", c->pid)); /* stopped, throttled or waiting: no plugin is to blame */
    return RK_HANG_LOOP;
}

void rk_child_closed(struct rk_child *c)
{
    if (c->link >= 0)
        close(c->link);
    c->link = -1;
    c->pid = 0;
}

static bool is_crash(int sig)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
        if (sig == crashes[i])
            return true;
    return false;
}

/* Did what was in hand end it? Then *ret says how. */
static bool by_hand(int status, enum rk_hang hang, bool same_call, struct rk_end *ret)
{
    bool plugin = strcmp(ret->hand.plugin, RK_HAND_CORE) != 0;
    int n = 0;
    if (WIFEXITED(status) && plugin && WEXITSTATUS(status) != RK_EXIT_MEMORY)
        n = snprintf(ret->how, sizeof(ret->how), "it ended the process with code %d",
                     WEXITSTATUS(status));
    else if (WIFSIGNALED(status) && is_crash(WTERMSIG(status)))
        n = snprintf(ret->how, sizeof(ret->how), "%s", strsignal(WTERMSIG(status)));
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && same_call &&
             (hang == RK_HANG_BURNS || hang == RK_HANG_SLEEPS)) {
        ret->hung = true;
        n = snprintf(ret->how, sizeof(ret->how), "%s",
                     hang == RK_HANG_BURNS ? "busy for " HOOK_CPU_TEXT : "asleep for a minute");
    }
    return n > 0; /* cut when too long */
}

bool rk_child_report(const struct rk_child *c, const struct rk_shared *s, int status,
                     enum rk_hang hang, uint64_t hang_seq, struct rk_end *ret)
{
    struct rk_end end = {0};
    bool blamed =
        rk_shared_in_hand(s, &end.hand) && by_hand(status, hang, end.hand.seq == hang_seq, &end);
    const char *what = WIFEXITED(status) ? "exit" : strsignal(WTERMSIG(status));
    if (blamed && !end.hung)
        rk_log_error(strcmp(end.hand.plugin, RK_HAND_CORE) == 0 ? "worker crashed in a pass"
                                                                : "worker crashed in a plugin",
                     RK_KN("pid", c->pid), RK_KV("signal", what), RK_KV("plugin", end.hand.plugin),
                     RK_KV("hook", end.hand.hook), RK_KV("object", end.hand.object),
                     RK_KV("how", end.how));
    else if (WIFEXITED(status))
        rk_log_info("worker ended", RK_KN("pid", c->pid), RK_KN("code", WEXITSTATUS(status)));
    else
        rk_log_error("worker killed", RK_KN("pid", c->pid), RK_KV("signal", what));
    *ret = end;
    return blamed;
}
