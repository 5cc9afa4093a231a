/* The event loop: one turn is wait, descriptors, timers, then what was put off until later.
 *
 * epoll reports a (generation, descriptor) pair and a slot per descriptor knows the generation that
 * counts. So an event that was already fetched when its descriptor was removed, or closed and
 * opened again under the same number, finds nobody (client.md 2). Work that a callback starts for
 * "now" waits for the next turn, which does not sleep then: no chain of callbacks can keep the loop
 * from looking at its descriptors. */
#include "core/base/poll.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"

#define BATCH 64

struct slot {
    rk_poll_fd_fn *fn; /* NULL = nobody */
    void *ctx;
    unsigned events;
    uint32_t generation;
};

struct later {
    void (*fn)(void *ctx); /* NULL = dropped */
    void *ctx;
};

struct queue {
    struct later *calls;
    size_t count, cap;
};

struct rk_poll {
    int epoll_fd;
    int signal_fd; /* -1 = none */
    void (*signal_fn)(void *ctx, int signal);
    void *signal_ctx;
    struct slot *slots; /* by descriptor */
    size_t n_slots;
    uint32_t generation;
    struct rk_heap timers;
    struct queue next, running; /* calls put off; those of the turn in hand */
    uint64_t turns;
    bool turning;
};

struct rk_poll *rk_poll_new(struct rk_err *err)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        (void)rk_err_errno(err, errno, "epoll_create1"); /* NULL says that it failed */
        return NULL;
    }
    struct rk_poll *p = rk_alloc(sizeof *p);
    p->epoll_fd = fd;
    p->signal_fd = -1;
    rk_heap_init(&p->timers);
    return p;
}

void rk_poll_free(struct rk_poll *p)
{
    if (!p)
        return;
    assert(!p->turning);
    if (p->signal_fd >= 0)
        (void)close(p->signal_fd); /* nothing was written to it */
    (void)close(p->epoll_fd);      /* likewise */
    rk_heap_done(&p->timers);
    rk_free(p->next.calls);
    rk_free(p->running.calls);
    rk_free(p->slots);
    rk_free(p);
}

static struct slot *slot_of(struct rk_poll *p, int fd)
{
    size_t i = (size_t)fd;
    if (i >= p->n_slots) {
        size_t n = p->n_slots ? p->n_slots : 64;
        while (n <= i)
            n *= 2;
        p->slots = rk_realloc(p->slots, n * sizeof *p->slots);
        memset(p->slots + p->n_slots, 0, (n - p->n_slots) * sizeof *p->slots);
        p->n_slots = n;
    }
    return &p->slots[i];
}

int rk_poll_fd(struct rk_poll *p, int fd, unsigned events, rk_poll_fd_fn *fn, void *ctx,
               struct rk_err *err)
{
    assert(fn);
    if (fd < 0)
        return rk_err_set(err, RK_E_IO, "poll: descriptor %d", fd);
    struct slot *s = slot_of(p, fd);
    bool known = s->fn && s->fn == fn && s->ctx == ctx;
    uint32_t generation = known ? s->generation : ++p->generation;
    struct epoll_event want = {.data.u64 = (uint64_t)generation << 32 | (uint32_t)fd};
    if (events & RK_POLL_IN)
        want.events |= EPOLLIN | EPOLLRDHUP;
    if (events & RK_POLL_OUT)
        want.events |= EPOLLOUT;
    /* Whether the kernel still knows this number is not ours to say: it may have been closed and
     * opened again unseen. */
    int rc = epoll_ctl(p->epoll_fd, s->fn ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &want);
    if (rc != 0 && s->fn && errno == ENOENT) {
        generation = ++p->generation;
        want.data.u64 = (uint64_t)generation << 32 | (uint32_t)fd;
        rc = epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &want);
    } else if (rc != 0 && !s->fn && errno == EEXIST) {
        rc = epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, fd, &want);
    }
    if (rc != 0)
        return rk_err_set(err, RK_E_IO, "poll: descriptor %d: %s", fd, strerror(errno));
    *s = (struct slot){fn, ctx, events, generation};
    return 0;
}

void rk_poll_fd_del(struct rk_poll *p, int fd)
{
    if (fd < 0 || (size_t)fd >= p->n_slots || !p->slots[fd].fn)
        return;
    p->slots[fd].fn = NULL;
    /* EBADF and ENOENT: it was closed before we were told. */
    (void)epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void rk_timer_set(struct rk_poll *p, struct rk_timer *t, int64_t due_ms, void (*fn)(void *),
                  void *ctx)
{
    assert(fn);
    t->fn = fn;
    t->ctx = ctx;
    rk_heap_put(&p->timers, &t->node, due_ms);
}

void rk_timer_in(struct rk_poll *p, struct rk_timer *t, int64_t delay_ms, void (*fn)(void *),
                 void *ctx)
{
    int64_t now = rk_clock_ms(), due;
    if (__builtin_add_overflow(now, delay_ms, &due))
        due = delay_ms < 0 ? now : INT64_MAX;
    rk_timer_set(p, t, due, fn, ctx);
}

void rk_timer_del(struct rk_poll *p, struct rk_timer *t)
{
    rk_heap_del(&p->timers, &t->node);
}

bool rk_timer_active(const struct rk_timer *t)
{
    return t->node.at != 0;
}

void rk_poll_later(struct rk_poll *p, void (*fn)(void *ctx), void *ctx)
{
    assert(fn);
    struct queue *q = &p->next;
    if (q->count == q->cap) {
        q->cap = q->cap ? q->cap * 2 : 16;
        q->calls = rk_realloc(q->calls, q->cap * sizeof *q->calls);
    }
    q->calls[q->count++] = (struct later){fn, ctx};
}

static void drop(struct queue *q, const void *ctx)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->calls[i].ctx == ctx)
            q->calls[i].fn = NULL;
}

void rk_poll_later_drop(struct rk_poll *p, const void *ctx)
{
    drop(&p->next, ctx);
    drop(&p->running, ctx);
}

/* Milliseconds that epoll may sleep. */
static int sleep_ms(const struct rk_poll *p, int64_t max_wait_ms)
{
    int64_t wait = max_wait_ms;
    const struct rk_heap_node *first = rk_heap_min(&p->timers);
    if (p->next.count) {
        wait = 0;
    } else if (first) {
        int64_t now = rk_clock_ms();
        int64_t left = first->due > now ? first->due - now : 0;
        if (wait < 0 || left < wait)
            wait = left;
    }
    return wait < 0 ? -1 : wait > INT_MAX ? INT_MAX : (int)wait;
}

static void dispatch(struct rk_poll *p, const struct epoll_event *ev)
{
    int fd = (int)(ev->data.u64 & UINT32_MAX);
    uint32_t generation = (uint32_t)(ev->data.u64 >> 32);
    const struct slot *s = (size_t)fd < p->n_slots ? &p->slots[fd] : NULL;
    if (!s || !s->fn || s->generation != generation)
        return;
    unsigned events = 0;
    if (ev->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
        events |= RK_POLL_IN;
    if (ev->events & EPOLLOUT)
        events |= RK_POLL_OUT;
    events &= s->events; /* an earlier callback of this batch may have lost interest */
    if (ev->events & (EPOLLERR | EPOLLHUP))
        events |= RK_POLL_ERR;
    if (events)
        s->fn(s->ctx, fd, events);
}

/* Timers due when this began, as far as they were set before it began. */
static void run_timers(struct rk_poll *p)
{
    int64_t now = rk_clock_ms();
    uint64_t last = p->timers.seq;
    for (;;) {
        struct rk_heap_node *n = rk_heap_min(&p->timers);
        if (!n || n->due > now || n->seq > last)
            return;
        (void)rk_heap_pop(&p->timers); /* n itself */
        struct rk_timer *t =
            (struct rk_timer *)(void *)((char *)n - offsetof(struct rk_timer, node));
        t->fn(t->ctx);
    }
}

static void run_later(struct rk_poll *p)
{
    struct queue empty = p->running;
    p->running = p->next;
    p->next = empty;
    for (size_t i = 0; i < p->running.count; i++) {
        struct later call = p->running.calls[i];
        if (call.fn)
            call.fn(call.ctx);
    }
    p->running.count = 0;
}

int rk_poll_turn(struct rk_poll *p, int64_t max_wait_ms, struct rk_err *err)
{
    assert(!p->turning);
    struct epoll_event batch[BATCH];
    int n = epoll_wait(p->epoll_fd, batch, BATCH, sleep_ms(p, max_wait_ms));
    if (n < 0 && errno != EINTR)
        return rk_err_set(err, RK_E_IO, "epoll_wait: %s", strerror(errno));
    p->turning = true;
    p->turns++;
    for (int i = 0; i < n; i++)
        dispatch(p, &batch[i]);
    run_timers(p);
    run_later(p);
    p->turning = false;
    return 0;
}

static void signal_ready(void *ctx, int fd, unsigned events)
{
    struct rk_poll *p = ctx;
    (void)events; /* only IN was asked for */
    struct signalfd_siginfo info;
    while (p->signal_fd == fd && read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        p->signal_fn(p->signal_ctx, (int)info.ssi_signo);
}

int rk_poll_signals(struct rk_poll *p, const int *signals, int n, void (*fn)(void *ctx, int signal),
                    void *ctx, struct rk_err *err)
{
    assert(fn);
    sigset_t set;
    (void)sigemptyset(&set); /* cannot fail */
    for (int i = 0; i < n; i++)
        if (sigaddset(&set, signals[i]) != 0)
            return rk_err_set(err, RK_E_IO, "signals: %d is not a signal", signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return rk_err_set(err, RK_E_IO, "sigprocmask: %s", strerror(errno));
    int fd = signalfd(p->signal_fd, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return rk_err_set(err, RK_E_IO, "signalfd: %s", strerror(errno));
    p->signal_fd = fd;
    p->signal_fn = fn;
    p->signal_ctx = ctx;
    return rk_poll_fd(p, fd, RK_POLL_IN, signal_ready, p, err);
}

uint64_t rk_poll_turns(const struct rk_poll *p)
{
    return p->turns;
}
