/* Which pods must go: dead ones, those of a group that is no more, those that the autoscaler named,
 * and those too many (reference 6.2). Sorted lists throughout: a cluster may have twenty thousand workers, and
 * comparing each with each would take longer than a hook may run. */
#include <stdlib.h>

#include "worker.h"

int64_t worker_number(const rk_api *rk, rk_pass *ps, const rk_json *pod, const char *label)
{
    int64_t n = -1;
    const char *text = ray_label(rk, ps, pod, label);
    return text[0] && rk->qty_value(text, &n) == RK_OK && n >= 0 ? n : -1;
}

static int by_group(const void *x, const void *y)
{
    const struct pod *a = x, *b = y;
    int d = strcmp(a->group, b->group);
    return d ? d : strcmp(a->name, b->name);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

struct names {
    const char **name;
    size_t n;
};

/* The texts at `path` of each item, sorted. */
static struct names names_of(const rk_api *rk, rk_pass *ps, const rk_json *list, const char *path)
{
    struct names s = {.name = rk->alloc(ps, (rk->len(list, "") + 1) * sizeof(*s.name))};
    for (RK_EACH(rk, it, list))
        if (rk->str(it, path, NULL))
            s.name[s.n++] = rk->str(it, path, NULL);
    qsort(s.name, s.n, sizeof(*s.name), by_text);
    return s;
}

static int has(const struct names *s, const char *name)
{
    return bsearch(&name, s->name, s->n, sizeof(*s->name), by_text) != NULL;
}

/* A group that was removed or renamed leaves pods that nobody counts any more. One without a group
 * is none of its making. */
static void mark_removed(const rk_api *rk, rk_pass *ps, struct pods *p)
{
    const struct names s =
        names_of(rk, ps, rk->at(rk->object(ps), "/spec/workerGroupSpecs"), "/groupName");
    const char *why = NULL;
    for (size_t i = 0; i < p->n; i++) {
        const char *group = p->pod[i].group;
        if (i == 0 || strcmp(group, p->pod[i - 1].group) != 0)
            why = !group[0] || has(&s, group)
                      ? NULL
                      : rk->fmt(ps, "group %s is not in the spec any more", group);
        if (why && !p->pod[i].going)
            p->pod[i].why = why;
    }
}

struct pods worker_collect(const rk_api *rk, rk_pass *ps)
{
    const rk_json *all = rk->list(ps, RAY_POD);
    struct pods p = {.pod = rk->alloc(ps, (rk->len(all, "") + 1) * sizeof(*p.pod))};
    for (RK_EACH(rk, pod, all)) {
        if (!ray_is(rk, ps, pod, "worker"))
            continue;
        int going = ray_terminating(rk, pod);
        p.pod[p.n++] = (struct pod){.json = pod,
                                    .name = rk->str(pod, "/metadata/name", ""),
                                    .group = ray_label(rk, ps, pod, RAY_L_GROUP),
                                    .created = rk->str(pod, "/metadata/creationTimestamp", ""),
                                    .why = going ? "is being deleted" : ray_dead(rk, ps, pod),
                                    .replica = "",
                                    .index = worker_number(rk, ps, pod, RAY_L_INDEX),
                                    .host = -1,
                                    .going = going};
    }
    qsort(p.pod, p.n, sizeof(*p.pod), by_group);
    mark_removed(rk, ps, &p);
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

static void mark_named(const rk_api *rk, rk_pass *ps, struct pods *p, const rk_json *list)
{
    const struct names s = names_of(rk, ps, list, "");
    for (size_t i = 0; i < p->n; i++)
        if (!p->pod[i].why && has(&s, p->pod[i].name))
            p->pod[i].why = "named in workersToDelete";
}

struct pods worker_of_group(const rk_api *rk, rk_pass *ps, const struct pods *all,
                            const rk_json *group)
{
    const char *name = rk->str(group, "/groupName", "");
    struct pods p = {.pod = all->pod + begin(all, name)};
    while (p.pod + p.n < all->pod + all->n && rk_is(p.pod[p.n].group, name))
        p.n++;
    const char *rests =
        ray_suspended(rk, group) ? rk->fmt(ps, "group %s is suspended", name) : NULL;
    for (size_t i = 0; rests && i < p.n; i++)
        if (!p.pod[i].going)
            p.pod[i].why = rests;
    mark_named(rk, ps, &p, rk->at(group, "/scaleStrategy/workersToDelete"));
    return p;
}

struct candidate {
    struct pod *pod;
    int rank;
};

/* Who goes first of too many: pending, then not ready, then the youngest (reference users 7). */
int worker_rank(const rk_api *rk, const rk_json *pod)
{
    if (!rk_is(rk->str(pod, "/status/phase", ""), "Running"))
        return 0;
    return ray_ready(rk, pod) ? 2 : 1;
}

static int by_loss(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int d = strcmp(b->pod->created, a->pod->created);
    return d ? d : strcmp(a->pod->name, b->pod->name);
}

/* The autoscaler knows what runs on them; only who says so in the configuration takes that from it. */
int worker_may_choose(const rk_api *rk, rk_pass *ps, const struct worker *me)
{
    return me->delete_surplus || !ray_autoscaling(rk, ps);
}

void worker_shrink(const rk_api *rk, rk_pass *ps, struct pods *p, size_t surplus)
{
    struct candidate *c = rk->alloc(ps, (p->n + 1) * sizeof(*c));
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!p->pod[i].why)
            c[n++] = (struct candidate){&p->pod[i], worker_rank(rk, p->pod[i].json)};
    qsort(c, n, sizeof(*c), by_loss);
    for (size_t i = 0; i < n && i < surplus; i++)
        c[i].pod->why = "more workers than wanted";
}
