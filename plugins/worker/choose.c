/* Which pods of a group must go: dead ones, those that the autoscaler named, and those too many
 * (reference 6.2). Sorted lists throughout: a cluster may have twenty thousand workers, and
 * comparing each with each would take longer than a hook may run. */
#include <stdlib.h>

#include "worker.h"

static int64_t index_of(const rk_api *rk, rk_pass *ps, const rk_json *pod)
{
    int64_t n = -1;
    const char *text = ray_label(rk, ps, pod, RAY_L_INDEX);
    return text[0] && rk->qty_value(text, &n) == RK_OK && n >= 0 ? n : -1;
}

static int by_group(const void *x, const void *y)
{
    const struct pod *a = x, *b = y;
    int d = strcmp(a->group, b->group);
    return d ? d : strcmp(a->name, b->name);
}

struct pods worker_collect(const rk_api *rk, rk_pass *ps)
{
    const rk_json *all = rk->list(ps, RAY_POD);
    struct pods p = {.pod = rk->alloc(ps, (rk->len(all, "") + 1) * sizeof(*p.pod))};
    for (RK_EACH(rk, pod, all))
        if (ray_is(rk, ps, pod, "worker") && !ray_terminating(rk, pod))
            p.pod[p.n++] = (struct pod){.json = pod,
                                        .name = rk->str(pod, "/metadata/name", ""),
                                        .group = ray_label(rk, ps, pod, RAY_L_GROUP),
                                        .why = ray_dead(rk, ps, pod),
                                        .index = index_of(rk, ps, pod)};
    qsort(p.pod, p.n, sizeof(*p.pod), by_group);
    return p;
}

/* Where the pods of a group name begin, or would. */
static size_t begin(const struct pods *all, const char *group)
{
    size_t low = 0, high = all->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(all->pod[mid].group, group) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static void mark_named(const rk_api *rk, rk_pass *ps, struct pods *p, const rk_json *names)
{
    size_t n = 0;
    const char **sorted = rk->alloc(ps, (rk->len(names, "") + 1) * sizeof(*sorted));
    for (RK_EACH(rk, it, names))
        if (rk->str(it, "", NULL))
            sorted[n++] = rk->str(it, "", NULL);
    qsort(sorted, n, sizeof(*sorted), by_text);
    for (size_t i = 0; i < p->n; i++)
        if (!p->pod[i].why && bsearch(&p->pod[i].name, sorted, n, sizeof(*sorted), by_text))
            p->pod[i].why = "named in workersToDelete";
}

struct pods worker_of_group(const rk_api *rk, rk_pass *ps, const struct pods *all,
                            const rk_json *group)
{
    const char *name = rk->str(group, "/groupName", "");
    struct pods p = {.pod = all->pod + begin(all, name)};
    while (p.pod + p.n < all->pod + all->n && rk_is(p.pod[p.n].group, name))
        p.n++;
    mark_named(rk, ps, &p, rk->at(group, "/scaleStrategy/workersToDelete"));
    return p;
}

struct candidate {
    struct pod *pod;
    const char *created;
    int rank;
};

/* Who goes first of too many: pending, then not ready, then the youngest (reference users 7). */
static int rank_of(const rk_api *rk, const rk_json *pod)
{
    if (!rk_is(rk->str(pod, "/status/phase", ""), "Running"))
        return 0;
    for (RK_EACH(rk, c, rk->at(pod, "/status/conditions")))
        if (rk_is(rk->str(c, "/type", NULL), "Ready"))
            return rk_is(rk->str(c, "/status", NULL), "True") ? 2 : 1;
    return 1;
}

static int by_loss(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int d = strcmp(b->created, a->created);
    return d ? d : strcmp(a->pod->name, b->pod->name);
}

void worker_shrink(const rk_api *rk, rk_pass *ps, struct pods *p, size_t surplus)
{
    struct candidate *c = rk->alloc(ps, (p->n + 1) * sizeof(*c));
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!p->pod[i].why)
            c[n++] = (struct candidate){
                .pod = &p->pod[i],
                .created = rk->str(p->pod[i].json, "/metadata/creationTimestamp", ""),
                .rank = rank_of(rk, p->pod[i].json)};
    qsort(c, n, sizeof(*c), by_loss);
    for (size_t i = 0; i < n && i < surplus; i++)
        c[i].pod->why = "more workers than wanted";
}
