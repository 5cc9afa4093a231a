/* Work queue of keys: dedupe, priority, delay, backoff, fairness (client.md section 7).
 *
 * A key is in at most one of: waiting (has a due time), ready, in hand. Adding a key in hand makes one more run after done(). Re-adding keeps the
 * higher priority and the earlier due time. Ready order: priority, then age; 1 in 8 picks takes the oldest of all, so that nothing starves. */
#ifndef RK_QUEUE_QUEUE_H
#define RK_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_queue;

#define RK_PRIO_LOW    -100 /* start-up lists, sweeps */
#define RK_PRIO_NORMAL 0
#define RK_PRIO_HIGH   100 /* user edits, deletes, failures */

struct rk_queue *rk_queue_new(void);
void rk_queue_free(struct rk_queue *q);
void rk_queue_add(
    struct rk_queue *q, const char *key, int priority,
    int64_t
        now_ms); /* run as soon as possible (an earlier backoff is kept: it ends only by its time or by priority HIGH) */
void rk_queue_add_after(struct rk_queue *q, const char *key, int priority, int64_t now_ms,
                        int64_t delay_ms);
/* Failed: again after 100 ms x 2^n, at most 60 s, then +-10 % jitter. Returns the delay. A key in hand that was added meanwhile waits for
 * the backoff too (its failure may make events), unless that add was HIGH: then it runs right after done. */
int64_t rk_queue_retry(struct rk_queue *q, const char *key, int64_t now_ms);
void rk_queue_forget(struct rk_queue *q,
                     const char *key); /* success: the failure count is zero again */
void rk_queue_drop(
    struct rk_queue *q,
    const char
        *key); /* the object is gone: from everywhere; in hand it stays borrowed until done */
/* Next key to run, or NULL; the key is in hand until rk_queue_done. Borrowed until then. ret_waited_ms: since it became ready. */
const char *rk_queue_next(struct rk_queue *q, int64_t now_ms, int *ret_priority,
                          int64_t *ret_waited_ms);
void rk_queue_done(struct rk_queue *q, const char *key, int64_t now_ms);
int64_t rk_queue_due_ms(
    const struct rk_queue *q); /* when the next waiting key is due; INT64_MAX when none waits */
size_t rk_queue_depth(const struct rk_queue *q); /* ready */
size_t rk_queue_depth_of(const struct rk_queue *q,
                         const char *prefix); /* ready, of keys that begin so; O(ready) */
size_t rk_queue_waiting(const struct rk_queue *q);
size_t rk_queue_in_hand(const struct rk_queue *q);
uint32_t rk_queue_failures(const struct rk_queue *q, const char *key);
/* Of keys that back off after failures and of ready ones, for people: who backs off, the next first, then who is ready, the oldest first. */
struct rk_queue_row {
    const char *key; /* borrowed until the queue changes */
    bool backs_off;  /* else it is ready */
    int64_t ms;      /* until its time; since it is ready */
    uint32_t failures;
    int priority;
};
/* At most max of them; returns how many, *ret_backing_off how many back off in all. O(keys x max). */
size_t rk_queue_rows(const struct rk_queue *q, int64_t now_ms, struct rk_queue_row *rows,
                     size_t max, size_t *ret_backing_off);
int64_t rk_queue_oldest_ms(const struct rk_queue *q,
                           int64_t now_ms); /* age of the oldest ready key; 0 */

#endif
