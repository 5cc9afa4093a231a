/* One run of a program beside the event loop: two pipes and a pidfd that the loop watches, a time
 * limit, and a group of its own so that it can be killed with whatever it started.
 *
 * Who reaps it: we, by the pidfd. Where somebody in this process reaps any child (a master does),
 * either of us may come first; then that one hands the status on (rk__exec_run_reaped). A pid is
 * only signalled while it is not reaped, so it is never another's. */
#include "core/kube/creds_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fault.h"
#include "core/base/mem.h"

#define LOOK_MS    20   /* without a pidfd */
#define GIVE_UP_MS 5000 /* after a kill; a process in the kernel's hands may not die */
#define ABANDON_MS 100

static void start_limit(struct rk__exec_run *r, int64_t ms);

/* --- The end ------------------------------------------------------------ */

static void close_end(struct rk__exec_run *r, int *fd)
{
    if (*fd < 0)
        return;
    rk_poll_fd_del(r->poll, *fd);
    (void)close(*fd); /* it was only read */
    *fd = -1;
}

static void forget(struct rk__exec_run *r)
{
    close_end(r, &r->out);
    close_end(r, &r->complain);
    close_end(r, &r->pidfd);
    rk_timer_del(r->poll, &r->limit);
    rk_timer_del(r->poll, &r->look);
    if (r->text)
        rk_wipe(r->text, RK__EXEC_OUT_MAX + 1);
    rk_free(r->text);
    rk_wipe(r->tail, sizeof r->tail);
    r->text = NULL;
    r->n = r->tail_n = 0;
    r->killed = NULL;
    r->pid = 0;
}

static void kill_group(struct rk__exec_run *r)
{
    /* The group is there as soon as the spawn has returned. */
    if (r->pid > 0 && kill(-r->pid, SIGKILL) != 0)
        (void)kill(r->pid, SIGKILL); /* it has gone to a group of its own choice */
}

static void end_it(struct rk__exec_run *r, const char *why)
{
    if (r->killed)
        return;
    r->killed = why;
    kill_group(r);
    start_limit(r, GIVE_UP_MS);
}

static void drain_out(struct rk__exec_run *r);
static void drain_complain(struct rk__exec_run *r);

/* status -1 = nobody knows it. */
static void ended(struct rk__exec_run *r, int status)
{
    char why[128] = "";
    int n = 0;
    r->pid = 0;
    drain_out(r); /* what somebody else still holds open is not waited for */
    drain_complain(r);
    if (r->killed)
        n = snprintf(why, sizeof why, "%s", r->killed);
    else if (status == -1)
        n = snprintf(why, sizeof why, "its exit status is not known");
    else if (WIFSIGNALED(status))
        n = snprintf(why, sizeof why, "killed by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        n = snprintf(why, sizeof why, "exit code %d", WEXITSTATUS(status));
    (void)n; /* short texts of ours */
    r->done(r->ctx, why);
    forget(r);
}

void rk__exec_run_reaped(struct rk__exec_run *r, pid_t pid, int status)
{
    if (r->pid > 0 && r->pid == pid)
        ended(r, status);
}

/* Has it ended? Then it is reaped, and told. */
static void look(void *ctx)
{
    struct rk__exec_run *r = ctx;
    int status;
    pid_t got = r->pid > 0 ? waitpid(r->pid, &status, WNOHANG) : 0;
    if (got == r->pid && got > 0)
        ended(r, status);
    else if (got < 0 && errno == ECHILD)
        ended(r, -1);
    else if (r->pid > 0 && r->pidfd < 0)
        rk_timer_in(r->poll, &r->look, LOOK_MS, look, r);
}

static void pidfd_ready(void *ctx, int fd, unsigned events)
{
    (void)fd, (void)events; /* readable is the only thing it can become */
    look(ctx);
}

static void limit_over(void *ctx)
{
    struct rk__exec_run *r = ctx;
    if (!r->killed) {
        end_it(r, "no answer in time");
        return;
    }
    ended(r, -1); /* it does not even die: whoever reaps strangers gets it */
}

static void start_limit(struct rk__exec_run *r, int64_t ms)
{
    rk_timer_in(r->poll, &r->limit, ms, limit_over, r);
}

void rk__exec_run_stop(struct rk__exec_run *r)
{
    if (r->pid <= 0)
        return;
    kill_group(r);
    struct pollfd gone = {.fd = r->pidfd, .events = POLLIN};
    (void)poll(&gone, 1, r->pidfd < 0 ? 0 : ABANDON_MS); /* at once, as a rule */
    (void)waitpid(r->pid, NULL, WNOHANG);                /* else init has it */
    forget(r);
}

/* --- What it prints ----------------------------------------------------- */

static void drain_out(struct rk__exec_run *r)
{
    while (r->out >= 0 && r->n <= RK__EXEC_OUT_MAX) {
        ssize_t got = read(r->out, r->text + r->n, RK__EXEC_OUT_MAX + 1 - r->n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            break;
        r->n += (size_t)got;
    }
    close_end(r, &r->out);
    if (r->n <= RK__EXEC_OUT_MAX)
        return;
    if (r->pid > 0)
        end_it(r, "it printed more than 1 MiB");
    else if (!r->killed)
        r->killed = "it printed more than 1 MiB";
}

/* The end counts; the rest is dropped. At most a piece a turn: nobody can keep the loop busy. */
static void drain_complain(struct rk__exec_run *r)
{
    char piece[RK__EXEC_TAIL_MAX];
    if (r->complain < 0)
        return;
    ssize_t got = read(r->complain, piece, sizeof piece);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0) {
        close_end(r, &r->complain);
        return;
    }
    size_t n = (size_t)got, keep = r->tail_n + n > sizeof r->tail ? sizeof r->tail - n : r->tail_n;
    memmove(r->tail, r->tail + r->tail_n - keep, keep);
    memcpy(r->tail + keep, piece, n);
    r->tail_n = keep + n;
    rk_wipe(piece, sizeof piece);
}

static void out_ready(void *ctx, int fd, unsigned events)
{
    (void)fd, (void)events; /* reading tells */
    drain_out(ctx);
}

static void complain_ready(void *ctx, int fd, unsigned events)
{
    (void)fd, (void)events; /* reading tells */
    drain_complain(ctx);
}

/* --- The start ---------------------------------------------------------- */

/* A pipe above the standard descriptors, so that no dup2 in the child meets the other's end. Only our
 * end does not block. */
static int open_pipe(int ends[2], struct rk_err *err)
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return rk_err_errno(err, errno, "pipe");
    for (int i = 0; i < 2; i++) {
        int high = ends[i] > STDERR_FILENO ? ends[i] : fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
        int saved = errno;
        if (high != ends[i])
            (void)close(ends[i]); /* nothing went through it */
        ends[i] = high;
        if (high < 0) {
            (void)close(ends[1 - i]); /* likewise */
            return rk_err_errno(err, saved, "pipe");
        }
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* a pipe takes it */
    return 0;
}

/* Nothing of ours goes along: no descriptors, no blocked or ignored signals. */
static int spawn(struct rk__exec_run *r, const char *command, char **argv, char **env, int out,
                 int complain)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none, all;
    (void)sigemptyset(&none); /* cannot fail */
    (void)sigfillset(&all);   /* likewise */
    int rc = posix_spawn_file_actions_init(&fa);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&at);
    if (rc != 0) {
        (void)posix_spawn_file_actions_destroy(&fa); /* cannot fail */
        return rc;
    }
    rc = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&fa, complain, STDERR_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(&fa, STDERR_FILENO + 1);
    rc = rc ? rc : posix_spawnattr_setsigmask(&at, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(&at, &all);
    rc = rc ? rc : posix_spawnattr_setpgroup(&at, 0);
    rc = rc ? rc
            : posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                POSIX_SPAWN_SETPGROUP);
    rc = rc ? rc : posix_spawnp(&r->pid, command, &fa, &at, argv, env);
    (void)posix_spawn_file_actions_destroy(&fa); /* cannot fail */
    (void)posix_spawnattr_destroy(&at);          /* likewise */
    if (rc != 0)
        r->pid = 0;
    return rc;
}

/* Our own ceiling of memory is not meant for it; it stays below the hard one, and the container's. */
static void lift_limit(pid_t pid)
{
    struct rlimit data;
    if (prlimit(pid, RLIMIT_DATA, NULL, &data) != 0 || data.rlim_cur == data.rlim_max)
        return;
    data.rlim_cur = data.rlim_max;
    (void)prlimit(pid, RLIMIT_DATA, &data, NULL); /* then it has to do with ours */
}

static int watch(struct rk__exec_run *r, struct rk_err *err)
{
    r->pidfd = rk_fault("kube-exec-pidfd") ? -1 : pidfd_open(r->pid, 0); /* close-on-exec */
    int rc = rk_poll_fd(r->poll, r->out, RK_POLL_IN, out_ready, r, err);
    rc = rc ? rc : rk_poll_fd(r->poll, r->complain, RK_POLL_IN, complain_ready, r, err);
    if (rc == 0 && r->pidfd >= 0)
        rc = rk_poll_fd(r->poll, r->pidfd, RK_POLL_IN, pidfd_ready, r, err);
    else if (rc == 0) /* kernels before 5.3 */
        rk_timer_in(r->poll, &r->look, LOOK_MS, look, r);
    return rc;
}

int rk__exec_run_start(struct rk__exec_run *r, const char *command, char **argv, char **env,
                       int64_t limit_ms, struct rk_err *err)
{
    int out[2], complain[2];
    int rc = open_pipe(out, err);
    if (rc != 0)
        return rc;
    rc = open_pipe(complain, err);
    if (rc != 0) {
        (void)close(out[0]); /* nothing went through */
        (void)close(out[1]); /* likewise */
        return rc;
    }
    int failed = spawn(r, command, argv, env, out[1], complain[1]);
    (void)close(out[1]);      /* the child has its own */
    (void)close(complain[1]); /* likewise */
    r->out = out[0];
    r->complain = complain[0];
    r->pidfd = -1;
    if (failed) {
        forget(r);
        return rk_err_errno(err, failed, "%s", command);
    }
    r->text = rk_alloc(RK__EXEC_OUT_MAX + 1);
    lift_limit(r->pid);
    rc = watch(r, err);
    if (rc != 0)
        rk__exec_run_stop(r);
    else
        start_limit(r, limit_ms);
    return rc;
}
