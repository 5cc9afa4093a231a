/* Remote facts that plugins ask for (rk_api.ask): a table of questions and their last answers. What an object's latest pass asked is
 * asked again when its answer is as old as the pass allows; what nobody's latest pass asked is forgotten.
 *
 * An answer is what a server says to it, refusals and 5xx too. Where there is no word (no connection, no end, 401, 408, 429) the last answer
 * stands, and grows old. After a 5xx, no word, or an answer for which there is no room it is asked again after 1 s, doubled up to 60 s. */
#ifndef RK_LOOP_ASK_H
#define RK_LOOP_ASK_H

#include "core/kube/client.h"
#include "core/pass/pass.h"

struct rk_asks;

struct rk_asks_conf { /* 0 = the value named here */
    struct rk_poll *poll;
    struct rk_client *client; /* outlives the table */
    /* An answer is there that differs from the one before, and this owner's latest pass asked. It must not change the table. */
    void (*wake)(void *ctx, const char *owner);
    void *ctx;
    size_t questions; /* 4,096 */
    size_t bytes;     /* of all answers: 32 MiB */
};

struct rk_asks *rk_asks_new(const struct rk_asks_conf *conf);
void rk_asks_free(struct rk_asks *a); /* NULL is fine */
/* What a pass gets (rk_snapshot.answer); lent until the loop turns. */
bool rk_asks_answer(const struct rk_asks *a, const char *path, struct rk_snap_answer *ret);
/* What the owner's latest pass asked, in place of what it asked before; n = 0: it asks nothing any more, or is gone. False: the table is full,
 * and some of it found no place. */
bool rk_asks_note(struct rk_asks *a, const char *owner, const struct rk_plan_ask *asks, size_t n);
/* Leadership went: nothing is asked any more. */
void rk_asks_forget(struct rk_asks *a);

#endif
