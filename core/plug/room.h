/* Shared inside the plug room only: one load in progress. */
#ifndef RK_PLUG_ROOM_H
#define RK_PLUG_ROOM_H

#include "core/plug/plug.h"

struct rk__plug_load {
    struct rk_plugins *p;
    struct rk_conf *conf; /* NULL = defaults only */
    const struct rk_plug_conf *pc;
    struct rk_buf problems; /* one per line */
    size_t n_problems;
};

/* plug.c: collect "WHERE: what". */
void rk__plug_problem(struct rk__plug_load *l, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* words.c: trimmed, non-empty words between `sep`, ended by NULL, in the arena. NULL in, NULL
 * out. */
const char *const *rk__plug_words(struct rk_arena *a, const char *text, char sep);
bool rk__plug_has(const char *const *words, const char *word);
bool rk__plug_is_label(const char *s); /* DNS label */
bool rk__plug_is_gvk(const char *s);   /* "v1/Pod", "example.io/v1/Thing" */
/* one path per line, no blanks, no leading slashes; NULL in, NULL out */
const char *rk__plug_paths(struct rk_arena *a, const char *keep);

/* open.c */
struct rk__plug_file {
    const rk_plugin *desc;
    size_t known; /* bytes of the descriptor that the file's symbol table vouches for */
    uint8_t digest[32];
};
int rk__plug_open(const char *file, const struct rk_plug_conf *pc, struct rk__plug_file *ret,
                  struct rk_err *err);
/* plug.c: told around every call into a plugin; NULL = over */
void rk__plug_hand(const struct rk_plug_conf *pc, const char *plugin, const char *what);
/* check.c: copy a descriptor into *plug (name, info, arrays, word lists). False when there were
 * problems; then it must not be used. */
bool rk__plug_take(struct rk__plug_load *l, const rk_plugin *desc, size_t known, const char *file,
                   struct rk_plug *plug);
/* bind.c: self, options, `after` of the INI, check(). */
void rk__plug_bind(struct rk__plug_load *l, struct rk_plug *plug);
/* order.c: p->later, p->order, p->hooks. */
void rk__plug_order(struct rk__plug_load *l);

#endif
