/* The work queue: a map of keys, and three heaps over the same entries: what waits (by due time), what is ready (by priority, then in
 * order of arrival), and what is ready by age. An entry lives as long as the key is somewhere or has failures to remember. */
#include "core/queue/queue.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/heap.h"
#include "core/base/map.h"
#include "core/base/mem.h"

#define BACKOFF_FIRST_MS ((int64_t)100)
#define BACKOFF_MAX_MS   ((int64_t)60000)
#define AGE_EACH         8 /* every eighth pick takes the oldest: strict priority starves (client.md 45) */

enum state { IDLE, WAITING, READY, IN_HAND };

struct entry {
    struct rk_heap_node wait;  /* due: when to become ready */
    struct rk_heap_node order; /* due: minus priority */
    struct rk_heap_node age;   /* due: ready since */
    enum state state;
    int priority;
    uint32_t failures;
    bool backoff; /* the wait (or the coming one) is one of rk_queue_retry */
    bool again;   /* IN_HAND: run once more after done, at next_due */
    int next_priority;
    int64_t next_due;
    char key[];
};

struct rk_queue {
    struct rk_map entries; /* key -> struct entry */
    struct rk_heap waiting, order, age;
    size_t in_hand;
    unsigned picks;
    uint64_t dice;
};

#define ENTRY_OF(node, member) \
    ((struct entry *)(void *)((char *)(node)-offsetof(struct entry, member)))

struct rk_queue *rk_queue_new(void)
{
    struct rk_queue *q = rk_alloc(sizeof *q);
    rk_map_init(&q->entries, rk_free);
    rk_heap_init(&q->waiting);
    rk_heap_init(&q->order);
    rk_heap_init(&q->age);
    /* Without entropy the jitter is the same in every process: no harm to correctness. */
    if (rk_random(&q->dice, sizeof q->dice) != 0)
        q->dice = 1;
    return q;
}

void rk_queue_free(struct rk_queue *q)
{
    if (!q)
        return;
    rk_heap_done(&q->waiting);
    rk_heap_done(&q->order);
    rk_heap_done(&q->age);
    rk_map_done(&q->entries);
    rk_free(q);
}

static struct entry *entry_find(const struct rk_queue *q, const char *key)
{
    return rk_map_get(&q->entries, key);
}

static struct entry *entry_get(struct rk_queue *q, const char *key)
{
    struct entry *e = entry_find(q, key);
    if (e)
        return e;
    size_t n = strlen(key) + 1;
    e = rk_alloc(sizeof *e + n);
    memcpy(e->key, key, n);
    rk_map_put(&q->entries, e->key, e);
    return e;
}

static void entry_release(struct rk_queue *q, struct entry *e)
{
    if (e->state == IDLE && e->failures == 0)
        (void)rk_map_del(&q->entries, e->key); /* it is there: nobody else takes entries out */
}

static int64_t later(int64_t now_ms, int64_t delay_ms)
{
    int64_t due;
    if (delay_ms <= 0)
        return now_ms;
    return __builtin_add_overflow(now_ms, delay_ms, &due) ? INT64_MAX : due;
}

static void leave(struct rk_queue *q, struct entry *e)
{
    rk_heap_del(&q->waiting, &e->wait);
    rk_heap_del(&q->order, &e->order);
    rk_heap_del(&q->age, &e->age);
    if (e->state == IN_HAND)
        q->in_hand--;
    e->state = IDLE;
}

static void make_ready(struct rk_queue *q, struct entry *e, int priority, int64_t since_ms)
{
    leave(q, e);
    e->state = READY;
    e->priority = priority;
    e->backoff = false;
    rk_heap_put(&q->order, &e->order, -(int64_t)priority);
    rk_heap_put(&q->age, &e->age, since_ms);
}

static void make_wait(struct rk_queue *q, struct entry *e, int priority, int64_t due_ms)
{
    leave(q, e);
    e->state = WAITING;
    e->priority = priority;
    rk_heap_put(&q->waiting, &e->wait, due_ms);
}

static void place(struct rk_queue *q, struct entry *e, int priority, int64_t due_ms, int64_t now_ms)
{
    if (due_ms <= now_ms)
        make_ready(q, e, priority, now_ms);
    else
        make_wait(q, e, priority, due_ms);
}

/* The due time after a request for `due_ms`: the earlier one, but a backoff is shortened by priority HIGH only. */
static int64_t merge_due(struct entry *e, int64_t was, int64_t due_ms, int priority)
{
    if (due_ms >= was || (e->backoff && priority < RK_PRIO_HIGH))
        return was;
    e->backoff = false;
    return due_ms;
}

static void add_in_hand(struct entry *e, int priority, int64_t due_ms)
{
    if (!e->again) {
        e->again = true;
        e->backoff = false;
        e->next_priority = priority;
        e->next_due = due_ms;
        return;
    }
    e->next_due = merge_due(e, e->next_due, due_ms, priority);
    if (priority > e->next_priority)
        e->next_priority = priority;
}

void rk_queue_add_after(struct rk_queue *q, const char *key, int priority, int64_t now_ms,
                        int64_t delay_ms)
{
    struct entry *e = entry_get(q, key);
    int64_t due = later(now_ms, delay_ms);
    switch (e->state) {
    case IDLE:
        e->backoff = false;
        place(q, e, priority, due, now_ms);
        break;
    case WAITING:
        due = merge_due(e, e->wait.due, due, priority);
        if (priority < e->priority)
            priority = e->priority;
        if (due <= now_ms)
            make_ready(q, e, priority, due); /* ready since it was due, not since we look */
        else
            make_wait(q, e, priority, due);
        break;
    case READY:
        if (priority <= e->priority)
            break;
        /* To the tail of the new level; the age stays (client.md 44). */
        e->priority = priority;
        rk_heap_put(&q->order, &e->order, -(int64_t)priority);
        break;
    case IN_HAND:
        add_in_hand(e, priority, due);
        break;
    }
}

void rk_queue_add(struct rk_queue *q, const char *key, int priority, int64_t now_ms)
{
    rk_queue_add_after(q, key, priority, now_ms, 0);
}

/* 0 .. n-1 (xorshift64*). */
static int64_t roll(struct rk_queue *q, int64_t n)
{
    if (q->dice == 0)
        q->dice = 1;
    q->dice ^= q->dice >> 12;
    q->dice ^= q->dice << 25;
    q->dice ^= q->dice >> 27;
    return (int64_t)((q->dice * 0x2545F4914F6CDD1Du >> 33) % (uint64_t)n);
}

int64_t rk_queue_retry(struct rk_queue *q, const char *key, int64_t now_ms)
{
    struct entry *e = entry_get(q, key);
    int64_t delay = BACKOFF_FIRST_MS;
    for (uint32_t i = 0; i < e->failures && delay < BACKOFF_MAX_MS; i++)
        delay *= 2;
    if (delay > BACKOFF_MAX_MS)
        delay = BACKOFF_MAX_MS;
    delay += roll(q, delay / 5 + 1) - delay / 10;
    if (e->failures < UINT32_MAX)
        e->failures++;
    int64_t due = later(now_ms, delay);

    if (e->state == IN_HAND) {
        /* A change that came meanwhile waits for the backoff too, unless it is urgent: else an object that fails and whose
         * failure makes events would spin. */
        if (e->again && e->next_priority >= RK_PRIO_HIGH)
            return delay;
        if (!e->again || e->next_priority < e->priority)
            e->next_priority = e->priority;
        e->again = true;
        e->next_due = due;
        e->backoff = true;
        return delay;
    }
    if (e->state == READY && e->priority >= RK_PRIO_HIGH)
        return delay;
    make_wait(q, e, e->state == IDLE ? RK_PRIO_NORMAL : e->priority, due);
    e->backoff = true;
    return delay;
}

void rk_queue_forget(struct rk_queue *q, const char *key)
{
    struct entry *e = entry_find(q, key);
    if (!e)
        return;
    e->failures = 0;
    entry_release(q, e);
}

void rk_queue_drop(struct rk_queue *q, const char *key)
{
    struct entry *e = entry_find(q, key);
    if (!e)
        return;
    e->failures = 0;
    e->again = false;
    if (e->state == IN_HAND)
        return; /* the key is borrowed until done */
    leave(q, e);
    entry_release(q, e);
}

static void promote_due(struct rk_queue *q, int64_t now_ms)
{
    for (struct rk_heap_node *n; (n = rk_heap_min(&q->waiting)) && n->due <= now_ms;) {
        struct entry *e = ENTRY_OF(n, wait);
        make_ready(q, e, e->priority, n->due);
    }
}

const char *rk_queue_next(struct rk_queue *q, int64_t now_ms, int *ret_priority,
                          int64_t *ret_waited_ms)
{
    promote_due(q, now_ms);
    struct rk_heap_node *first = rk_heap_min(&q->order);
    if (!first)
        return NULL;
    q->picks = (q->picks + 1) % AGE_EACH;
    struct entry *e = q->picks == 0 ? ENTRY_OF(rk_heap_min(&q->age), age) : ENTRY_OF(first, order);
    if (ret_priority)
        *ret_priority = e->priority;
    if (ret_waited_ms)
        *ret_waited_ms = now_ms > e->age.due ? now_ms - e->age.due : 0;
    leave(q, e);
    e->state = IN_HAND;
    e->again = false;
    q->in_hand++;
    return e->key;
}

void rk_queue_done(struct rk_queue *q, const char *key, int64_t now_ms)
{
    struct entry *e = entry_find(q, key);
    if (!e || e->state != IN_HAND)
        return;
    if (e->again) {
        e->again = false;
        place(q, e, e->next_priority, e->next_due, now_ms);
        return;
    }
    leave(q, e);
    entry_release(q, e);
}

int64_t rk_queue_due_ms(const struct rk_queue *q)
{
    const struct rk_heap_node *n = rk_heap_min(&q->waiting);
    return n ? n->due : INT64_MAX;
}

size_t rk_queue_depth(const struct rk_queue *q)
{
    assert(q->order.count == q->age.count);
    return q->order.count;
}

size_t rk_queue_depth_of(const struct rk_queue *q, const char *prefix)
{
    size_t n = 0, len = strlen(prefix);
    for (size_t i = 0; i < q->order.count; i++)
        n += strncmp(ENTRY_OF(q->order.nodes[i], order)->key, prefix, len) == 0;
    return n;
}

size_t rk_queue_waiting(const struct rk_queue *q)
{
    return q->waiting.count;
}

size_t rk_queue_in_hand(const struct rk_queue *q)
{
    return q->in_hand;
}

uint32_t rk_queue_failures(const struct rk_queue *q, const char *key)
{
    const struct entry *e = entry_find(q, key);
    return e ? e->failures : 0;
}

int64_t rk_queue_oldest_ms(const struct rk_queue *q, int64_t now_ms)
{
    const struct rk_heap_node *n = rk_heap_min(&q->age);
    return n && now_ms > n->due ? now_ms - n->due : 0;
}

/* Keeps the first `max` of what it is given, in order of due time: rows[0..*n). */
static void keep_first(struct rk_queue_row *rows, size_t max, size_t *n, struct rk_queue_row row)
{
    size_t at = *n < max ? *n : max;
    while (at > 0 && rows[at - 1].ms > row.ms)
        at--;
    if (at >= max)
        return;
    if (*n < max)
        ++*n;
    memmove(&rows[at + 1], &rows[at], (*n - at - 1) * sizeof *rows);
    rows[at] = row;
}

size_t rk_queue_rows(const struct rk_queue *q, int64_t now_ms, struct rk_queue_row *rows,
                     size_t max, size_t *ret_backing_off)
{
    size_t n = 0, ready = 0, backing_off = 0;
    for (size_t i = 0; i < q->waiting.count; i++) {
        const struct entry *e = ENTRY_OF(q->waiting.nodes[i], wait);
        if (!e->backoff && e->failures == 0)
            continue;
        backing_off++;
        keep_first(rows, max, &n,
                   (struct rk_queue_row){e->key, true, e->wait.due, e->failures, e->priority});
    }
    for (size_t i = 0; i < q->age.count; i++) {
        const struct entry *e = ENTRY_OF(q->age.nodes[i], age);
        keep_first(rows + n, max - n, &ready,
                   (struct rk_queue_row){e->key, false, e->age.due, e->failures, e->priority});
    }
    for (size_t i = 0; i < n + ready; i++)
        rows[i].ms = rows[i].backs_off ? rows[i].ms - now_ms : now_ms - rows[i].ms;
    *ret_backing_off = backing_off;
    return n + ready;
}
