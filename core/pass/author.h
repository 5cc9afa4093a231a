/* Inside the pass room: whose each value of a shaped tree is (author.c, origin.c), and telling it (fields.c). */
#ifndef RK_PASS_AUTHOR_H
#define RK_PASS_AUTHOR_H

#include "core/pass/room.h"

/* Visits the leaves of a tree, which are its scalars and what is empty, with their paths: places as
 * indexes, and as names where lists have merge keys. */
struct rk__walk {
    const char *kind;
    struct rk_buf path, name;
    void (*leaf)(struct rk__walk *w, cJSON *leaf);
};
struct rk__walk_at {
    size_t path, name;
};
/* `path` is where the tree begins in its object. `leaf` is the caller's to set. */
void rk__walk_init(struct rk__walk *w, const char *kind, const char *path);
void rk__walk_done(struct rk__walk *w);
void rk__walk_leaves(struct rk__walk *w, cJSON *v);
/* One step down, and back to where one was. */
void rk__walk_enter(struct rk__walk *w, const cJSON *parent, const cJSON *child, size_t index);
struct rk__walk_at rk__walk_at(const struct rk__walk *w);
void rk__walk_back(struct rk__walk *w, struct rk__walk_at at);
/* Walk from v to this very node: true with its paths in w. */
bool rk__walk_find(struct rk__walk *w, const cJSON *v, const cJSON *wanted);

/* A leaf that stood where a write goes. */
struct rk__old {
    const char *path, *rest; /* rest: below the place of the write */
    const cJSON *value;
    const char *was; /* whose word it was, seen from the hook in hand; NULL = nobody else's */
    bool own, kept;  /* own: the hook's plugin wrote it; kept: it has a successor */
    struct rk__old *next;
};

/* Returns the mark for it. */
int rk__author_stamp(struct rk_obj *o, const struct rk__stamp *s);
/* The core's when the node has no mark. */
const struct rk__stamp *rk__author_of(const struct rk_obj *o, const cJSON *v);
/* Mark every node of v that has no mark. */
void rk__author_new(cJSON *v, int mark);
/* A leaf has gone; `mark`: who took it. Nothing when it was the taker's own. */
void rk__author_lose(struct rk_obj *o, const struct rk__old *old, int mark);
/* "core", "user" or the plugin's name */
const char *rk__author_word(const struct rk__stamp *s);

#endif
