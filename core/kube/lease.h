/* Leader election over a coordination.k8s.io/v1 Lease (client.md section 8), compatible with client-go's LeaseLock.
 *
 * Who had the lease is waited for by our own clock and our own lease time, also when the object is emptied, shortened, given away or deleted by
 * hand: only a release (nobody, for one second), or a record that was ours, is free at once. With `watch` changes are told as they come (a release
 * is taken up in milliseconds); without the right to watch it looks each retry period.
 *
 * The elector only campaigns while it is wanted (`want` true: our worker is synced). It tells `led` at acquisition, `lost` when it was lost or could not be
 * renewed in time, `renewed` with the send time of every successful renewal: the write gate is open until that + renew_ms. At an
 * acquisition `led` comes first, so that a new term is known before its gate opens. Letting go while leading tells `lost("released")`
 * from inside want() or release(). After a loss it campaigns on while wanted; leading again is a new term and tells `led` again.
 * Callbacks may call want() and release(), not free(). */
#ifndef RK_KUBE_LEASE_H
#define RK_KUBE_LEASE_H

#include "core/kube/client.h"

struct rk_elector;

struct rk_elector_conf {
    const char *ns, *name; /* the INI's default name is the peer's, for mutual exclusion */
    const char *identity;  /* "<host>_<random>" */
    int64_t lease_ms, renew_ms,
        retry_ms; /* 15,000 10,000 2,000; need lease > renew > 1.2 x retry: RK_E_INVAL */
    bool watch;   /* while it is wanted */
    void (*led)(void *ctx);
    void (*renewed)(void *ctx, int64_t send_ms);
    void (*lost)(void *ctx, const char *why);
    void (*waiting)(void *ctx,
                    const char *holder); /* someone else holds it; told once per holder */
    void *ctx;
};

struct rk_elector *rk_elector_new(struct rk_poll *poll, struct rk_client *c,
                                  const struct rk_elector_conf *conf, struct rk_err *err);
void rk_elector_free(struct rk_elector *e); /* no release: the lease runs out */
void rk_elector_want(
    struct rk_elector *e,
    bool want); /* false: stop campaigning; when leading, release (holder "", duration 1) */
void rk_elector_release(
    struct rk_elector *e, void (*done)(void *ctx),
    void *
        ctx); /* for a clean stop: bounded by retry_ms x 2; also what was lost and is ours by the record */
bool rk_elector_leads(const struct rk_elector *e);
int64_t rk_elector_renewed_ms(
    const struct rk_elector *e); /* send time of the last good renewal; 0 = never */

#endif
