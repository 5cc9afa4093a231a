/* See blame.h. */
#include "core/loop/blame.h"

#include <string.h>

#include "core/base/str.h"

#define FORGET_MS  3600000
#define FREE_TRIES 2 /* quarantines after which an edit is still looked at at once */
#define WAIT_MS    5000
#define WAIT_MAX   300000

bool rk_blame_quarantined(const struct rk_blame *b)
{
    return b && b->count >= RK_BLAME_TIMES;
}

/* The table lies where a plugin that runs wild can write: nothing in it is believed. */
static uint32_t used(const struct rk_blames *t)
{
    return t->used < RK_BLAME_ROWS ? t->used : RK_BLAME_ROWS;
}

static struct rk_blame *row_of(struct rk_blames *t, const char *uid)
{
    for (uint32_t i = 0; i < used(t); i++)
        if (t->row[i].object[0] && strncmp(t->row[i].uid, uid, RK_BLAME_UID) == 0)
            return &t->row[i];
    return NULL;
}

void rk_blame_release(struct rk_blame *b)
{
    b->count = RK_BLAME_TIMES - 1;
    b->told = false;
}

/* False: nothing is left of it. */
static bool refresh(struct rk_blame *b, int64_t generation, int64_t now_ms)
{
    bool quarantined = rk_blame_quarantined(b);
    bool edited = b->generation != generation;
    if (edited && quarantined)
        rk_blame_release(b);
    b->generation = generation;
    /* An hour is measured from the last end, whoever looks: a try that came late does not last longer. */
    if ((edited && b->quarantines == 0) ||
        (!rk_blame_quarantined(b) && now_ms - b->last_ms > FORGET_MS)) {
        b->object[0] = '\0';
        return false;
    }
    return true;
}

struct rk_blame *rk_blame_find(struct rk_blames *t, const char *uid, int64_t generation,
                               int64_t now_ms)
{
    struct rk_blame *b = row_of(t, uid);
    return b && refresh(b, generation, now_ms) ? b : NULL;
}

/* Which row is missed least: a free one; one that the object's own status tells; one with a single end; the oldest. */
static int worth(const struct rk_blame *b)
{
    return !b->object[0] ? 0 : b->told ? 1 : !rk_blame_quarantined(b) ? 2 : 3;
}

static struct rk_blame *room(struct rk_blames *t)
{
    struct rk_blame *least = NULL;
    t->used = used(t);
    for (uint32_t i = 0; i < t->used; i++) {
        struct rk_blame *b = &t->row[i];
        if (!least || worth(b) < worth(least) ||
            (worth(b) == worth(least) && b->last_ms < least->last_ms))
            least = b;
    }
    if ((!least || least->object[0]) && t->used < RK_BLAME_ROWS)
        least = &t->row[t->used++];
    memset(least, 0, sizeof(*least));
    return least;
}

const struct rk_blame *rk_blame_add(struct rk_blames *t, const struct rk_hand *hand, bool hung,
                                    const char *how, int64_t now_ms)
{
    if (!hand->object[0])
        return NULL;
    struct rk_blame *b = rk_blame_find(t, hand->uid, hand->generation, now_ms);
    if (!b) {
        b = room(t);
        rk_str_cut(b->uid, sizeof(b->uid), hand->uid);
        b->generation = hand->generation;
    }
    rk_str_cut(b->object, sizeof(b->object), hand->object);
    rk_str_cut(b->plugin, sizeof(b->plugin), hand->plugin);
    rk_str_cut(b->hook, sizeof(b->hook), hand->hook);
    rk_str_cut(b->how, sizeof(b->how), how);
    b->hung = hung;
    b->last_ms = now_ms;
    b->count++;
    b->told = false; /* whatever was told was of an earlier end */
    if (rk_blame_quarantined(b))
        b->quarantines++;
    return b;
}

int64_t rk_blame_due_ms(const struct rk_blame *b)
{
    if (!b || b->quarantines <= FREE_TRIES)
        return 0;
    int64_t wait = WAIT_MS;
    for (uint32_t i = FREE_TRIES + 1; i < b->quarantines && wait < WAIT_MAX; i++)
        wait *= 2;
    return b->last_ms + (wait < WAIT_MAX ? wait : WAIT_MAX);
}

void rk_blame_drop(struct rk_blames *t, const char *object)
{
    for (uint32_t i = 0; i < used(t); i++)
        if (strncmp(t->row[i].object, object, RK_BLAME_OBJECT) == 0)
            t->row[i].object[0] = '\0';
}
