/* Leases of one name in other namespaces: who holds one, and lives? Two operators of the same
 * kinds that are installed in different namespaces do not exclude each other by their Leases; this
 * tells one of the other.
 *
 * A holder lives while its record changes within the time it gives for itself, at most 60 s, by our
 * own clock (client-rules 51): one that is seen for the first time lives for that long. It is over
 * by evidence: a list that was sent after its time and shows no change. The lists are consistent
 * ones: from an old cache everybody would look dead.
 *
 * All namespaces are asked for at once; where that is forbidden, those that are named, one by one.
 * What may not be read is taken to hold nothing; told in the log, once. */
#ifndef RK_KUBE_RIVALS_H
#define RK_KUBE_RIVALS_H

#include "core/kube/client.h"

struct rk_rivals;

struct rk_rivals_conf {
    const char *name;       /* of the Leases; copied, as all texts here */
    const char *own_ns;     /* the Lease there is ours */
    const char *namespaces; /* one per line: where all may not be read; "" = none */
    /* Between looks; 0: 2,000, and 500 for each namespace where that is more. */
    int64_t look_ms;
    void (*looked)(void *ctx); /* a round is over: everything was asked, and answered or not */
    void *ctx;
};

struct rk_rival { /* borrowed until the loop turns */
    const char *ns, *uid, *holder;
};

/* Looks at once, and on and on. RK_E_INVAL for a name that cannot be; namespaces that cannot be are
 * left out. */
int rk_rivals_new(struct rk_poll *poll, struct rk_client *c, const struct rk_rivals_conf *conf,
                  struct rk_rivals **ret, struct rk_err *err);
void rk_rivals_free(struct rk_rivals *r); /* NULL is fine; not from inside looked() */
/* A round begins now; after the one that is under way. */
void rk_rivals_look(struct rk_rivals *r);
/* rk_clock_ms before the requests of the last round in which everything was answered went out; 0 =
 * none yet. */
int64_t rk_rivals_known_ms(const struct rk_rivals *r);
/* Is that as long ago as three looks, or longer? */
bool rk_rivals_unknown(const struct rk_rivals *r);
/* Who lives: for (size_t i = 0; rk_rivals_next(r, &i, &who);), in no order. */
bool rk_rivals_next(const struct rk_rivals *r, size_t *pos, struct rk_rival *ret);
/* "<host>_<UUID>": a holder that controller-runtime named. It knows nothing of us. */
bool rk_rival_is_stranger(const char *holder);

#endif
