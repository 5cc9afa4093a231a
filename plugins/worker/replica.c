/* The pods of a group with several hosts a replica, replica by replica: which of them go (reference
 * 6.3).
 *
 * A replica comes and goes as a whole: its hosts work as one, and none of them can be replaced alone.
 * The last host of a replica is made when all others are there (multihost.c). So one that lacks
 * another host but has its last has lost it, and goes. One that lacks its last host is unfinished,
 * when its name says that it is made for what the spec wants today: whoever makes replicas now, after
 * a crash too, finishes it. But when its pods are old by then and no create fails, its last host was
 * lost while nobody looked, and it goes as well. */
#include <stdlib.h>

#include "worker.h"

/* Those without a replica first, and of them those that stay; then by replica, host, age. */
static int by_replica(const void *x, const void *y)
{
    const struct pod *a = x, *b = y;
    int d = strcmp(a->replica, b->replica);
    if (d == 0 && !a->replica[0])
        d = (a->why != NULL) - (b->why != NULL);
    if (d == 0 && a->host != b->host)
        d = a->host < b->host ? -1 : 1;
    if (d == 0)
        d = strcmp(a->created, b->created);
    return d ? d : strcmp(a->name, b->name);
}

static void read_labels(const rk_api *rk, rk_pass *ps, struct pods *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pod *pod = &p->pod[i];
        pod->replica = ray_label(rk, ps, pod->json, RAY_L_REPLICA);
        pod->host = worker_number(rk, ps, pod->json, RAY_L_HOST);
        /* Older operators gave neither; one that has an index only is of a group that had one host. */
        if (!pod->replica[0] && pod->index >= 0 && !pod->why)
            pod->why = "was made when a replica of its group had one host";
    }
    qsort(p->pod, p->n, sizeof(*p->pod), by_replica);
}

/* Lowest host that is not there; -1 = all are. */
static int64_t lacks(const struct replica *r, int64_t hosts)
{
    int64_t next = 0;
    for (size_t i = 0; i < r->n; i++)
        next += r->pod[i].host == next;
    return next < hosts ? next : -1;
}

/* Is it one that we are making: is its name one that we would give, its last host not made, and
 * either its pods are young or there is something that keeps us from making more? */
static int unfinished(const rk_api *rk, rk_pass *ps, const struct worker *me,
                      const struct replicas *in, const struct replica *r)
{
    rk_outcome o = {.size = sizeof(o)};
    const char *youngest = "";
    int ours = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->pod[i].host < 0 || r->pod[i].host >= in->hosts - 1)
            return 0;
        if (strcmp(r->pod[i].created, youngest) > 0)
            youngest = r->pod[i].created;
    }
    for (int k = 0; !ours && r->index >= 0 && k < WORKER_NAMES; k++)
        ours = rk_is(r->name, worker_replica_name(rk, ps, in, r->index, k));
    if (!ours)
        return 0;
    return rk->now_ms(ps) - ray_time_ms(youngest) <= me->replica_ms ||
           (rk->outcome(ps, RAY_POD, in->group, &o) && o.failures > 0);
}

void worker_drop_replica(struct replica *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->pod[i].why)
            r->pod[i].why = r->why;
}

/* Of pods that have one place the oldest that stays has it, and the others have no say in what
 * becomes of the replica. Returns how many have it, from the i-th on. */
static size_t share(const rk_api *rk, rk_pass *ps, struct replica *r, size_t i)
{
    const struct pod *stays = NULL;
    const char *why = NULL;
    size_t n = 0;
    for (; i + n < r->n; n++) {
        struct pod *p = &r->pod[i + n];
        if (n > 0 && (p->host < 0 || p->host != r->pod[i].host))
            break;
        if (stays && !p->why)
            p->why =
                rk->fmt(ps, "host %lld of replica %s is there twice", (long long)p->host, r->name);
        else if (!p->why)
            stays = p;
        else if (!why)
            why = rk->fmt(ps, "replica %s goes as a whole: %s: %s", r->name, p->name, p->why);
    }
    if (!stays && !r->why)
        r->why = why;
    return n;
}

static void judge(const rk_api *rk, rk_pass *ps, const struct worker *me, const struct replicas *in,
                  struct replica *r)
{
    size_t unknown = 0;
    for (size_t i = 0; i < r->n; i += share(rk, ps, r, i))
        unknown += r->pod[i].host < 0;
    int64_t missing = lacks(r, in->hosts);
    if (!r->why && missing >= 0 && !(unknown > 0 && r->n >= (size_t)in->hosts)) {
        r->unfinished = unfinished(rk, ps, me, in, r);
        if (!r->unfinished)
            r->why = rk->fmt(ps, "replica %s goes as a whole: host %lld is missing", r->name,
                             (long long)missing);
    }
    if (r->why)
        worker_drop_replica(r);
}

/* Pods without a replica make up as many as there are whole ones; those left over go. Returns how
 * many pods it has seen to. */
static size_t split_unnamed(const rk_api *rk, rk_pass *ps, struct replicas *out, struct pods *p)
{
    size_t all = 0, live = 0;
    for (; all < p->n && !p->pod[all].replica[0]; all++)
        live += !p->pod[all].why;
    for (size_t i = 0; i + (size_t)out->hosts <= live; i += (size_t)out->hosts)
        out->r[out->n++] =
            (struct replica){.pod = p->pod + i, .n = (size_t)out->hosts, .name = "", .index = -1};
    for (size_t i = live - live % (size_t)out->hosts; i < live; i++)
        p->pod[i].why =
            rk->fmt(ps, "is left over from replicas of %lld hosts", (long long)out->hosts);
    return all;
}

struct replicas worker_split(const rk_api *rk, rk_pass *ps, const struct worker *me,
                             const rk_json *spec, struct pods *p)
{
    struct replicas out = {.group = rk->str(spec, "/groupName", ""),
                           .intent = worker_intent(rk, ps, spec),
                           .hosts = ray_hosts(rk, spec),
                           .r = rk->alloc(ps, (p->n + 1) * sizeof(*out.r))};
    read_labels(rk, ps, p);
    for (size_t i = split_unnamed(rk, ps, &out, p); i < p->n;) {
        struct replica *r = &out.r[out.n++];
        *r = (struct replica){.pod = p->pod + i, .name = p->pod[i].replica, .index = -1};
        for (; i < p->n && rk_is(p->pod[i].replica, r->name); i++, r->n++)
            if (r->index < 0)
                r->index = p->pod[i].index;
        judge(rk, ps, me, &out, r);
    }
    return out;
}
