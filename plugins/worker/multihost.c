/* Places of a group with several hosts a replica: which replicas are too many, which hosts are to be
 * made (reference 6.3). What goes for other reasons, and what is unfinished, replica.c has found. */
#include <stdlib.h>

#include "worker.h"

#define SUFFIX    5
#define GROUP_MAX 57 /* of the group's name, as a label's value has at most 63 characters */

const char *worker_replica_name(const rk_api *rk, rk_pass *ps, const struct replicas *in,
                                int64_t index, int k)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    rk_json *what = rk->new_object(ps);
    rk->put(ps, what, "for", rk->new_str(ps, in->intent));
    rk->put(ps, what, "index", rk->new_num(ps, index));
    rk->put(ps, what, "k", rk->new_num(ps, k));
    const char *digest = rk->digest(ps, what) + 2; /* "1:" and base 32: two of them, one of ours */
    char suffix[SUFFIX + 1] = "";
    for (size_t i = 0; i < SUFFIX && digest[2 * i] && digest[2 * i + 1]; i++) {
        const char *pair = digest + 2 * i;
        suffix[i] = letters[(size_t)(pair[0] * 43 + pair[1]) % (sizeof(letters) - 1)];
    }
    return rk->fmt(ps, "%.*s-%s", GROUP_MAX, in->group, suffix);
}

const char *worker_intent(const rk_api *rk, rk_pass *ps, const rk_json *spec)
{
    rk_json *what = rk->new_object(ps);
    rk->put(ps, what, "uid", rk->new_str(ps, rk->uid(ps)));
    rk->put(ps, what, "group", rk->new_str(ps, rk->str(spec, "/groupName", "")));
    rk->put(ps, what, "hosts", rk->new_num(ps, ray_hosts(rk, spec)));
    rk->put(ps, what, "template", rk->new_str(ps, rk->digest(ps, rk->at(spec, "/template"))));
    return rk->digest(ps, what);
}

struct surplus {
    struct replica *r;
    int rank;            /* of the host that is worth least */
    const char *created; /* of the youngest */
};

static int by_worth(const void *x, const void *y)
{
    const struct surplus *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int d = strcmp(b->created, a->created);
    return d ? d : strcmp(a->r->pod->name, b->r->pod->name);
}

/* Unfinished ones go first, then as single workers do: pending, not ready, the youngest. */
static void shrink(const rk_api *rk, rk_pass *ps, const struct replicas *all, size_t surplus)
{
    struct surplus *c = rk->alloc(ps, (all->n + 1) * sizeof(*c));
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        struct replica *r = &all->r[i];
        if (r->why)
            continue;
        struct surplus it = {r, r->unfinished ? -1 : 2, ""};
        for (size_t k = 0; k < r->n; k++) {
            int rank = worker_rank(rk, r->pod[k].json);
            it.rank = rank < it.rank ? rank : it.rank;
            if (strcmp(r->pod[k].created, it.created) > 0)
                it.created = r->pod[k].created;
        }
        c[n++] = it;
    }
    qsort(c, n, sizeof(*c), by_worth);
    for (size_t i = 0; i < n && i < surplus; i++) {
        c[i].r->why = "more replicas than wanted";
        worker_drop_replica(c[i].r);
    }
}

static void make(const rk_api *rk, rk_pass *ps, struct members *out, const char *replica,
                 int64_t index, int64_t host)
{
    rk_kv *labels = rk->alloc(ps, 3 * sizeof(*labels));
    labels[0] = (rk_kv){RAY_L_REPLICA, replica};
    labels[1] = (rk_kv){RAY_L_INDEX, rk->fmt(ps, "%lld", (long long)index)};
    labels[2] = (rk_kv){RAY_L_HOST, rk->fmt(ps, "%lld", (long long)host)};
    out->m[out->n++] = (rk_member){.size = sizeof(*out->m),
                                   .key = rk->fmt(ps, "%s/%lld", replica, (long long)host),
                                   .labels = labels,
                                   .n_labels = 3};
}

/* Hosts that an unfinished replica lacks: the last one when it lacks no other. */
static void finish(const rk_api *rk, rk_pass *ps, struct members *out, const struct replica *r,
                   int64_t hosts)
{
    size_t i = 0;
    uint32_t before = out->n;
    for (int64_t host = 0; host < hosts - 1; host++) {
        while (i < r->n && r->pod[i].host < host)
            i++;
        if (i == r->n || r->pod[i].host != host)
            make(rk, ps, out, r->name, r->index, host);
    }
    if (out->n == before)
        make(rk, ps, out, r->name, r->index, hosts - 1);
}

static int by_name(const void *name, const void *replica)
{
    return strcmp(name, ((const struct replica *)replica)->name);
}

/* The first name that no replica has, one that ends included. NULL: so many of them end that one
 * more would not be known again. */
static const char *new_name(const rk_api *rk, rk_pass *ps, const struct replicas *all,
                            int64_t index)
{
    for (int k = 0; k < WORKER_NAMES; k++) {
        const char *name = worker_replica_name(rk, ps, all, index, k);
        if (!bsearch(name, all->r, all->n, sizeof(*all->r), by_name)) /* they are sorted by name */
            return name;
    }
    return NULL;
}

static void add(const rk_api *rk, rk_pass *ps, struct members *out, const struct replicas *all,
                size_t missing)
{
    size_t top = all->n + missing + 1;
    char *taken = rk->alloc(ps, top);
    for (size_t i = 0; i < all->n; i++)
        if (!all->r[i].why && all->r[i].index >= 0 && (size_t)all->r[i].index < top)
            taken[all->r[i].index] = 1;
    /* Offline nothing can come between: all that will be there is shown. */
    int64_t hosts = rk->uid(ps)[0] ? all->hosts - 1 : all->hosts;
    for (size_t at = 0; missing > 0 && at < top; at++) {
        if (taken[at])
            continue;
        const char *name = new_name(rk, ps, all, (int64_t)at);
        for (int64_t host = 0; name && host < hosts; host++)
            make(rk, ps, out, name, (int64_t)at, host);
        missing--;
    }
}

struct members worker_replicas(const rk_api *rk, rk_pass *ps, const struct worker *me,
                               const rk_json *spec, struct pods *p)
{
    const struct replicas all = worker_split(rk, ps, me, spec, p);
    size_t stay = 0, wanted = (size_t)(ray_desired(rk, spec) / all.hosts), making = 0;
    for (size_t i = 0; i < all.n; i++)
        stay += !all.r[i].why;
    if (stay > wanted && worker_may_choose(rk, ps, me))
        shrink(rk, ps, &all, stay - wanted);
    for (size_t i = 0; i < all.n; i++)
        making += !all.r[i].why && all.r[i].unfinished;
    size_t missing = wanted > stay ? wanted - stay : 0;
    size_t most = p->n + (missing + making) * (size_t)all.hosts;
    struct members out = {.m = rk->alloc(ps, (most + 1) * sizeof(*out.m))};
    for (size_t i = 0; i < p->n; i++)
        if (!p->pod[i].why)
            out.m[out.n++] = (rk_member){.size = sizeof(*out.m),
                                         .key = rk->fmt(ps, "pod/%s", p->pod[i].name),
                                         .is = p->pod[i].name};
    for (size_t i = 0; i < all.n; i++)
        if (!all.r[i].why && all.r[i].unfinished)
            finish(rk, ps, &out, &all.r[i], all.hosts); /* begun ones before new ones */
    add(rk, ps, &out, &all, missing);
    return out;
}
