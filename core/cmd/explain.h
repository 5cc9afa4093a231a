/* The parts of `raykeeper explain`. Internal to cmd/. */
#ifndef RK_CMD_EXPLAIN_H
#define RK_CMD_EXPLAIN_H

#include "core/cmd/cmd.h"
#include "core/cmd/manifest.h"

#define RK_QUERY_WORDS 32
#define RK_MISS_WORDS  64

/* explain_field.c: FIELD taken apart. */
struct rk_query {
    const char *text; /* NULL = no FIELD: everything */
    bool anchored;    /* begins at the object's root; else it may begin anywhere */
    size_t n;
    /* escaped as in a path: the word itself, and as a list entry's [name] */
    const char *word[RK_QUERY_WORDS], *entry[RK_QUERY_WORDS];
    const char *whole; /* the whole text as one word, when not anchored */
};
/* What there is where FIELD leads to nothing. */
struct rk_miss {
    size_t depth;   /* so many of its words lead somewhere */
    const char *at; /* there */
    const char *word[RK_MISS_WORDS];
    size_t n;
};
/* RK_E_INVAL: no path, no dotted path. Texts in the arena. */
int rk_query_parse(struct rk_arena *a, const char *text, struct rk_query *ret, struct rk_err *err);
/* Is this leaf the field, or in it? Both of its paths, see rk_plan_field; `path` may be NULL. */
bool rk_query_match(const struct rk_query *q, const char *path, const char *name);
void rk_query_miss(const struct rk_query *q, struct rk_arena *a, const struct rk_plan_field *f,
                   struct rk_miss *m);
void rk_query_tell(const struct rk_query *q, const struct rk_miss *m, struct rk_buf *out);

/* One object of one owner: its leaves, and which of them are wanted. */
struct rk_section {
    const struct rk_plan *plan;
    const struct rk_plan_shape *shape;
    const char *object, *where;
    const bool *field, *lost; /* by number: wanted? */
    size_t n_field, n_lost;   /* wanted ones */
    bool all;                 /* no FIELD: long values are cut */
};
/* Full buffers are sticky and told by who owns them. */
void rk_explain_text(const struct rk_section *s, struct rk_buf *out);
/* fields and removed: members of two JSON arrays, each with a comma in front but for the first. */
void rk_explain_json(const struct rk_section *s, struct rk_buf *fields, struct rk_buf *removed);

#endif
