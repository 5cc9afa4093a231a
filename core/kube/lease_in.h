/* Inside the elector: the Lease as a record (lease_record.c) and who holds it (lease.c). */
#ifndef RK_KUBE_LEASE_IN_H
#define RK_KUBE_LEASE_IN_H

#include "core/kube/lease.h"

#define RK__LEASE_OBJECT_MAX ((size_t)256 * 1024)
#define RK__HOLDER_MAX       512

/* What the API server last showed us. */
struct rk__lease {
    struct rk_buf object; /* the whole Lease; empty = never seen, or gone */
    struct rk_buf spec;   /* its spec as it stood there: any change is a sign of life */
    char rv[64];
    char holder[RK__HOLDER_MAX]; /* "" = nobody */
    char acquire[40];            /* acquireTime as it stood there; "" = none */
    int64_t duration_ms, transitions;
    int64_t stamp_ms; /* our own clock (rk_clock_ms) when the spec was last seen to change */
};

void rk__lease_init(struct rk__lease *l);
void rk__lease_done(struct rk__lease *l);
void rk__lease_forget(struct rk__lease *l); /* the object is gone */
/* Take a Lease object in. RK_E_SYNTAX or RK_E_LIMIT: it cannot be one, `l` is unchanged. */
int rk__lease_observe(struct rk__lease *l, struct rk_span object, int64_t now_ms,
                      struct rk_err *err);
/* Held, and its time is not over by our clock. */
bool rk__lease_valid(const struct rk__lease *l, int64_t now_ms);

struct rk__lease_spec {
    const char *holder;
    const char *acquire; /* NULL = now */
    int64_t duration_s, transitions;
};
/* The body of a POST (ns, name) or of a PUT over what was observed: labels, annotations and
 * owners of the object stay. */
void rk__lease_post(struct rk_buf *out, const char *ns, const char *name,
                    const struct rk__lease_spec *s);
int rk__lease_put(struct rk_buf *out, const struct rk__lease *l, const struct rk__lease_spec *s,
                  struct rk_err *err);

#endif
