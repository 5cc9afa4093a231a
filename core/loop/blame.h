/* Whom a worker died over: a bounded table in shared memory, by object. It says which object was in hand how often, and which of them get no more passes.
 *
 * The master adds while no worker runs; the worker reads and releases. Two at one generation of an object are a quarantine. An edit gives a quarantined object
 * one more try, any other object two; an hour without another end forgets the first. Pure: time is an argument. */
#ifndef RK_LOOP_BLAME_H
#define RK_LOOP_BLAME_H

#include <stdbool.h>
#include <stdint.h>

#define RK_BLAME_ROWS   128u /* a full table forgets first what the API server remembers for us */
#define RK_BLAME_TIMES  2u   /* in hand so often: quarantined */
#define RK_BLAME_OBJECT 768u
#define RK_BLAME_UID    256u
#define RK_BLAME_WORD   64u

/* What was in hand: enough to tell people, and (uid, generation) to tell it again. */
struct rk_hand {
    char plugin[RK_BLAME_WORD], hook[RK_BLAME_WORD];
    char object[RK_BLAME_OBJECT]; /* "<gvk> <ns>/<name>"; "" = no object, as in check() */
    char uid[RK_BLAME_UID];
    int64_t generation;
    uint64_t seq; /* of shared memory: two equal ones are the same call */
    int64_t cpu_ms;
};

struct rk_blame {
    char object[RK_BLAME_OBJECT]; /* "" = free */
    char uid[RK_BLAME_UID];
    char plugin[RK_BLAME_WORD], hook[RK_BLAME_WORD], how[RK_BLAME_WORD]; /* of the last time */
    int64_t generation, last_ms;
    uint32_t count;       /* ends at this generation; after a quarantine it starts with 1 */
    uint32_t quarantines; /* of this object, as long as the row lives */
    bool hung;            /* it had to be killed; else it crashed */
    bool told;            /* the object's status says it: from then on what stands there counts */
};

struct rk_blames {
    uint32_t used; /* rows behind it were never touched */
    struct rk_blame row[RK_BLAME_ROWS];
};

/* Master: one more end with this in hand. NULL when there was no object. The row stays valid until the next call. */
const struct rk_blame *rk_blame_add(struct rk_blames *t, const struct rk_hand *hand, bool hung,
                                    const char *how, int64_t now_ms);
/* Worker: what is held against the object at this generation; NULL = nothing. Brings the row up to date with generation and time. */
struct rk_blame *rk_blame_find(struct rk_blames *t, const char *uid, int64_t generation,
                               int64_t now_ms);
bool rk_blame_quarantined(const struct rk_blame *b); /* NULL: no */
/* Its user, or other plugins, give it one more try. */
void rk_blame_release(struct rk_blame *b);
/* When that try may be made: at once the first times, later and later for an object that is edited again and again and kills each time (at most 5 min after the
 * last end). NULL: at once. */
int64_t rk_blame_due_ms(const struct rk_blame *b);
/* The object of that text is gone. */
void rk_blame_drop(struct rk_blames *t, const char *object);

#endif
