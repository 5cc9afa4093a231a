/* Order: phase, rank, `after`, load order. Plugins are ordered once, hooks follow. */
#include "core/plug/room.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/str.h"

const struct rk_plug *rk_plugins_find(const struct rk_plugins *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->plugs[i].name, name) == 0)
            return &p->plugs[i];
    return NULL;
}

bool rk_plug_later(const struct rk_plugins *p, const struct rk_plug *a, const struct rk_plug *b)
{
    return p->later[(size_t)a->index * p->n + (size_t)b->index];
}

/* Direct edges, then their closure. A name that is not loaded orders nothing. */
static void close_after(struct rk_plugins *p)
{
    size_t n = p->n;
    p->later = rk_arena_alloc(&p->arena, n * n * sizeof *p->later);
    for (size_t i = 0; i < n; i++)
        for (const char *const *name = p->plugs[i].after; *name; name++) {
            const struct rk_plug *b = rk_plugins_find(p, *name);
            if (b)
                p->later[i * n + (size_t)b->index] = true;
        }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; p->later[i * n + k] && j < n; j++)
                p->later[i * n + j] |= p->later[k * n + j];
}

static const struct rk_plug *step(const struct rk_plugins *p, const struct rk_plug *at,
                                  const struct rk_plug *to)
{
    for (const char *const *name = at->after; *name; name++) {
        const struct rk_plug *next = rk_plugins_find(p, *name);
        if (next && (next == to || rk_plug_later(p, next, to)))
            return next;
    }
    return NULL;
}

/* "a after b after a". Walks towards `start`; every step keeps it in reach, and no longer than
 * there are plugins. */
static void tell_cycle(struct rk__plug_load *l, const struct rk_plug *start)
{
    struct rk_buf text;
    rk_buf_init(&text, 2048);
    (void)rk_buf_adds(&text, start->name); /* here and below: cut when longer, it is for people */
    const struct rk_plug *at = start;
    for (size_t i = 0; i < l->p->n && at; i++) {
        at = step(l->p, at, start);
        if (at)
            (void)rk_buf_addf(&text, " after %s", at->name);
        if (at == start)
            break;
    }
    rk__plug_problem(l, start->file, "plugin %s: runs after itself: %s", start->name,
                     rk_buf_text(&text));
    rk_buf_done(&text);
}

static bool any_cycle(struct rk__plug_load *l)
{
    const struct rk_plugins *p = l->p;
    for (size_t i = 0; i < p->n; i++)
        if (p->later[i * p->n + i]) {
            tell_cycle(l, &p->plugs[i]); /* one is enough: the others are mostly the same one */
            return true;
        }
    return false;
}

/* The first in load order whose predecessors are all placed, again and again. */
static void place(struct rk_plugins *p, size_t *rank)
{
    bool placed[RK_PLUGINS_MAX] = {false};
    for (size_t done = 0; done < p->n; done++)
        for (size_t i = 0; i < p->n; i++) {
            bool ready = !placed[i];
            for (size_t j = 0; ready && j < p->n; j++)
                ready = !p->later[i * p->n + j] || placed[j];
            if (!ready)
                continue;
            placed[i] = true;
            p->order[done] = i;
            rank[i] = done;
            break;
        }
}

struct sortable {
    struct rk_plugged_hook h;
    size_t plugin_rank, at;
};

static int compare(const void *x, const void *y)
{
    const struct sortable *a = x, *b = y;
    if (a->h.hook.phase != b->h.hook.phase)
        return a->h.hook.phase < b->h.hook.phase ? -1 : 1;
    if (a->h.hook.rank != b->h.hook.rank)
        return a->h.hook.rank < b->h.hook.rank ? -1 : 1;
    if (a->plugin_rank != b->plugin_rank)
        return a->plugin_rank < b->plugin_rank ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

void rk__plug_order(struct rk__plug_load *l)
{
    struct rk_plugins *p = l->p;
    size_t rank[RK_PLUGINS_MAX], total = 0, n = 0;
    close_after(p);
    if (any_cycle(l))
        return;
    p->order = rk_arena_alloc(&p->arena, (p->n + 1) * sizeof *p->order);
    place(p, rank);
    for (size_t i = 0; i < p->n; i++)
        total += p->plugs[i].info.n_hooks;
    struct sortable *all = rk_arena_alloc(&p->arena, (total + 1) * sizeof *all);
    for (size_t i = 0; i < p->n; i++)
        for (uint32_t k = 0; k < p->plugs[i].info.n_hooks; k++) {
            const rk_hook *h = &p->plugs[i].hooks[k];
            if (p->plugs[i].disabled && h->phase != RK_PHASE_FINALIZE)
                continue;
            all[n] = (struct sortable){
                .h = {.plug = &p->plugs[i], .hook = *h}, .plugin_rank = rank[i], .at = n};
            all[n].h.hook.title = h->title ? h->title : "";
            all[n].h.kinds = rk__plug_words(&p->arena, h->kinds, ',');
            all[n].h.roles = rk__plug_words(&p->arena, h->roles, ',');
            n++;
        }
    qsort(all, n, sizeof *all, compare);
    p->hooks = rk_arena_alloc(&p->arena, (n + 1) * sizeof *p->hooks);
    p->n_hooks = n;
    for (size_t i = 0; i < n; i++)
        p->hooks[i] = all[i].h;
}
