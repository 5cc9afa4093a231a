/* Leases of one name in other namespaces: does somebody hold one, and live? Two operators of the same kinds that are installed in different
 * namespaces do not exclude each other by their Leases; this tells one of the other.
 *
 * A holder lives while its record changes within the time it gives for itself, by our own clock (client-rules 51): one that is seen for the
 * first time lives for that long. The lists are consistent ones: from an old cache everybody would
 * look dead. What may not be read is taken to hold nothing; told once in the log. */
#ifndef RK_KUBE_RIVALS_H
#define RK_KUBE_RIVALS_H

#include "core/kube/client.h"

struct rk_rivals;

struct rk_rivals_conf {
    const char *name;           /* of the Leases; copied, as all texts here */
    const char *own_ns;         /* the Lease there is ours */
    const char *namespaces;     /* one per line; "" = all */
    int64_t look_ms, near_ms;   /* between looks, and while somebody lives; 0: 10,000 and 2,000 */
    void (*changed)(void *ctx); /* rk_rivals_known or rk_rivals_live tell something else now */
    void *ctx;
};

struct rk_rival { /* borrowed until the loop turns */
    const char *ns, *uid, *holder;
};

/* Looks at once, and on and on. RK_E_INVAL for names that cannot be. */
int rk_rivals_new(struct rk_poll *poll, struct rk_client *c, const struct rk_rivals_conf *conf,
                  struct rk_rivals **ret, struct rk_err *err);
void rk_rivals_free(struct rk_rivals *r); /* NULL is fine; not from inside changed() */
/* Has everything been asked for once, and been answered? */
bool rk_rivals_known(const struct rk_rivals *r);
/* Who lives; of several the one whose namespace sorts first. False: nobody. */
bool rk_rivals_live(const struct rk_rivals *r, struct rk_rival *ret);

#endif
