/* Watches feed the view: one watch per kind and namespace served. */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/json/scan.h"
#include "core/loop/worker.h"

static void on_begin(void *ctx)
{
    struct rk_feed *f = ctx;
    rk_view_list_begin(f->w->view, f->kind, f->ns);
}

/* A pod that is there has used its name, whoever made it: what another leader made is not made anew under the same name when it is gone. */
static void remember_name(const struct rk_feed *f, struct rk_span object)
{
    char name[512] = "", ns[256] = "";
    if (rk_scan_text(rk_scan_get(object, "metadata/name"), name, sizeof(name)) != 0)
        return;
    /* Cluster-scoped objects have no namespace. */
    (void)rk_scan_text(rk_scan_get(object, "metadata/namespace"), ns, sizeof(ns));
    rk_shared_name_set(f->w->shared, f->child_gvk, ns, name, RK_NAME_USED);
}

static void on_item(void *ctx, enum rk_watch_event what, bool listed, struct rk_span object)
{
    struct rk_feed *f = ctx;
    struct rk_err err = RK_ERR_INIT;
    if (what == RK_WATCH_ADDED && f->child_gvk && strcmp(f->child_gvk, RK_POD_GVK) == 0)
        remember_name(f, object);
    if (rk_view_apply(f->w->view, f->kind,
                      what == RK_WATCH_DELETED ? RK_VIEW_DELETE : RK_VIEW_UPSERT,
                      listed ? RK_FROM_LIST : RK_FROM_WATCH, object, &err) != 0)
        rk_log_warn("malformed object ignored", RK_KV("err", err.text));
}

static void on_skipped(void *ctx, struct rk_span prefix)
{
    struct rk_feed *f = ctx;
    char name[256] = "", ns[256] = "";
    /* A name that cannot be told stays empty; the object is then only counted. */
    (void)rk_scan_text(rk_scan_get(prefix, "metadata/name"), name, sizeof(name));
    (void)rk_scan_text(rk_scan_get(prefix, "metadata/namespace"), ns, sizeof(ns));
    rk_log_error("object over our bounds ignored", RK_KV("ns", ns), RK_KV("name", name),
                 RK_KN("kind", f->kind));
}

static void on_synced(void *ctx, const char *rv)
{
    struct rk_feed *f = ctx;
    bool first = !f->synced;
    rk_view_list_end(f->w->view, f->kind, f->ns, rv);
    f->synced = true;
    /* A namespace that we may read only now: its owners were seen, and left alone. */
    if (first && f->ns && f->w->leads && rk_feeds_whole(f->w, f->ns))
        rk_drive_all(f->w, f->ns);
}

static void on_progress(void *ctx, const char *rv)
{
    struct rk_feed *f = ctx;
    rk_view_progress(f->w->view, f->kind, f->ns, rv);
}

static void split_gvk(struct rk_arena *a, const char *gvk, const char **ret_api_version,
                      const char **ret_kind)
{
    const char *slash = strrchr(gvk, '/');
    *ret_kind = slash ? slash + 1 : gvk;
    *ret_api_version = slash ? rk_arena_strndup(a, gvk, (size_t)(slash - gvk)) : "";
}

static int kind_add(struct rk_worker *w, struct rk_arena *a, const char *gvk, const char *plural,
                    const rk_watch *watch, struct rk_err *err)
{
    struct rk_view_kind k = {.gvk = gvk, .plural = plural};
    split_gvk(a, gvk, &k.api_version, &k.kind);
    const char **keep = NULL;
    if (watch) {
        k.owner_gvk = watch->owner;
        k.index_label = watch->index_label;
        size_t n = 0;
        struct rk_span rest = rk_span_of(watch->keep), line;
        for (size_t i = 0; watch->keep && watch->keep[i]; i++)
            n += watch->keep[i] == '\n';
        keep = watch->keep ? rk_arena_alloc(a, (n + 2) * sizeof(*keep)) : NULL;
        while (keep && rk_span_next(&rest, '\n', &line)) {
            line = rk_span_trim(line);
            if (line.n > 0 && line.p[0] == '/')
                line = (struct rk_span){line.p + 1, line.n - 1};
            if (line.n > 0)
                keep[k.n_keep++] = rk_arena_strndup(a, line.p, line.n);
        }
        k.keep = keep;
    }
    return rk_view_kind_add(w->view, &k, err);
}

/* One who wants more than metadata gets it for all, and an owner is wanted whole. */
bool rk_feeds_metadata_only(const struct rk_worker *w, const char *gvk)
{
    const struct rk_plugins *p = w->plugins;
    bool only = false;
    if (rk_plugins_kind(p, gvk))
        return false;
    for (size_t i = 0; i < p->n_watches; i++) {
        if (strcmp(p->watches[i].gvk, gvk) != 0)
            continue;
        if (!p->watches[i].metadata_only)
            return false;
        only = true;
    }
    return only;
}

static void feed_add(struct rk_worker *w, struct rk_arena *a, const char *gvk, const char *plural,
                     const rk_watch *watch, struct rk_span ns)
{
    struct rk_feed *f = rk_arena_alloc(a, sizeof(*f));
    struct rk_watcher_def d = {.plural = plural,
                               .selector = watch ? watch->selector : NULL,
                               .optional = rk_plugins_optional(w->plugins, gvk),
                               .metadata_only = watch && rk_feeds_metadata_only(w, gvk),
                               .begin = on_begin,
                               .item = on_item,
                               .skipped = on_skipped,
                               .synced = on_synced,
                               .progress = on_progress};
    const char *kind;
    split_gvk(a, gvk, &d.api_version, &kind);
    f->w = w;
    f->kind = rk_view_kind_find(w->view, gvk);
    f->child_gvk = watch ? gvk : NULL;
    f->ns = ns.p ? rk_arena_strndup(a, ns.p, ns.n) : NULL;
    d.ns = f->ns;
    f->api_version = d.api_version;
    f->plural = d.plural;
    f->selector = d.selector;
    d.ctx = f;
    f->watcher = rk_watcher_new(w->poll, w->client, &d);
    w->feeds = rk_realloc(w->feeds, (w->n_feeds + 1) * sizeof(*w->feeds));
    w->feeds[w->n_feeds++] = f;
}

static void feed_scopes(struct rk_worker *w, struct rk_arena *a, const char *gvk,
                        const char *plural, const rk_watch *watch)
{
    struct rk_span rest = rk_span_of(w->o->op.watch), ns;
    bool any = false;
    while (rk_span_next(&rest, '\n', &ns)) {
        ns = rk_span_trim(ns);
        if (ns.n == 0)
            continue;
        any = true;
        feed_add(w, a, gvk, plural, watch, ns);
    }
    if (!any)
        feed_add(w, a, gvk, plural, watch, (struct rk_span){NULL, 0});
}

/* One kind has one watch: plugins that share it must agree on what it selects, or one would not see what it asked for. Of a kind of owners all are watched. */
static int same_selector(const struct rk_plugins *p, size_t i, struct rk_err *err)
{
    if (p->watches[i].selector && rk_plugins_kind(p, p->watches[i].gvk))
        return rk_err_set(err, RK_E_INVAL,
                          "selector '%s', but it is a kind of owners: all of them are watched",
                          p->watches[i].selector);
    for (size_t k = 0; k < i; k++) {
        const char *a = p->watches[k].selector, *b = p->watches[i].selector;
        if (strcmp(p->watches[k].gvk, p->watches[i].gvk) == 0 && !rk_str_eq(a, b))
            return rk_err_set(err, RK_E_INVAL, "selector '%s', but plugin %s has '%s'", b ? b : "",
                              p->watch_plug[k]->name, a ? a : "");
    }
    return 0;
}

int rk_feeds_start(struct rk_worker *w, struct rk_err *err)
{
    const struct rk_plugins *p = w->plugins;
    for (size_t i = 0; i < p->n_kinds; i++) {
        if (kind_add(w, &w->forever, p->kinds[i].gvk, p->kinds[i].plural, NULL, err) < 0)
            return rk_err_wrap(err, "plugin %s: kind %s", p->kind_plug[i]->name, p->kinds[i].gvk);
        feed_scopes(w, &w->forever, p->kinds[i].gvk, p->kinds[i].plural, NULL);
    }
    for (size_t i = 0; i < p->n_watches; i++) {
        bool known = rk_view_kind_find(w->view, p->watches[i].gvk) >= 0;
        if (kind_add(w, &w->forever, p->watches[i].gvk, p->watches[i].plural, &p->watches[i], err) <
                0 ||
            same_selector(p, i, err) != 0)
            return rk_err_wrap(err, "plugin %s: watch %s", p->watch_plug[i]->name,
                               p->watches[i].gvk);
        if (!known)
            feed_scopes(w, &w->forever, p->watches[i].gvk, p->watches[i].plural, &p->watches[i]);
    }
    for (size_t i = 0; i < w->n_feeds; i++)
        rk_watcher_start(w->feeds[i]->watcher);
    return 0;
}

void rk_feeds_free(struct rk_worker *w)
{
    for (size_t i = 0; i < w->n_feeds; i++)
        rk_watcher_free(w->feeds[i]->watcher);
    rk_free(w->feeds);
    w->feeds = NULL;
    w->n_feeds = 0;
}

/* A kind that the API does not have is as good as listed. */
static bool is_there(const struct rk_feed *f)
{
    struct rk_watcher_state st;
    if (f->synced)
        return true;
    rk_watcher_state(f->watcher, &st);
    return st.absent;
}

/* One of several namespaces, and we may not read it: that is its matter, the others go on. */
static bool is_lacking(const struct rk_feed *f)
{
    struct rk_watcher_state st;
    rk_watcher_state(f->watcher, &st);
    return f->ns && st.forbidden;
}

/* Only then the others are held against us. */
static bool all_lacking(const struct rk_worker *w)
{
    for (size_t i = 0; i < w->n_feeds; i++)
        if (!is_lacking(w->feeds[i]))
            return false;
    return true;
}

bool rk_feeds_served(const struct rk_worker *w, const char *gvk)
{
    int kind = rk_view_kind_find(w->view, gvk);
    for (size_t i = 0; i < w->n_feeds; i++) {
        struct rk_watcher_state st;
        rk_watcher_state(w->feeds[i]->watcher, &st);
        if (w->feeds[i]->kind == kind && !st.absent)
            return true;
    }
    return false;
}

bool rk_feeds_whole(const struct rk_worker *w, const char *ns)
{
    for (size_t i = 0; i < w->n_feeds; i++)
        if ((!w->feeds[i]->ns || strcmp(w->feeds[i]->ns, ns) == 0) && !is_there(w->feeds[i]))
            return false;
    return true;
}

bool rk_feeds_synced(const struct rk_worker *w)
{
    bool any = w->n_feeds == 0;
    for (size_t i = 0; i < w->n_feeds; i++) {
        const struct rk_feed *f = w->feeds[i];
        if (!is_there(f) && !is_lacking(f))
            return false;
        if (f->kind == w->feeds[0]->kind) /* each namespace once */
            any = any || !f->ns || rk_feeds_whole(w, f->ns);
    }
    return any;
}

/* Old, or not complete yet? */
static bool is_stale(const struct rk_feed *f, char *why, size_t why_size)
{
    struct rk_watcher_state st;
    rk_watcher_state(f->watcher, &st);
    if (st.absent || (!st.stale && f->synced))
        return false;
    int n = snprintf(why, why_size, "watch of %s in %s: %s: %s", f->plural,
                     f->ns ? f->ns : "all namespaces", st.phase, st.last_error);
    (void)n; /* cut when too long */
    return true;
}

static const char *state_of(const struct rk_feed *f)
{
    struct rk_watcher_state st;
    rk_watcher_state(f->watcher, &st);
    return st.absent      ? "absent"
           : st.forbidden ? "forbidden"
           : !f->synced   ? "listing"
           : st.stale     ? "stale"
                          : "synced";
}

void rk_feeds_look(struct rk_worker *w)
{
    for (size_t i = 0; i < w->n_feeds; i++) {
        struct rk_feed *f = w->feeds[i];
        const char *now = state_of(f);
        if (!f->state || strcmp(now, f->state) != 0)
            f->since_ms = rk_clock_ms();
        f->state = now;
    }
}

size_t rk_feeds_n_stale(const struct rk_worker *w)
{
    char why[RK_SHARED_TEXT];
    size_t n = 0;
    for (size_t i = 0; i < w->n_feeds; i++)
        n += is_stale(w->feeds[i], why, sizeof(why));
    return n;
}

bool rk_feeds_stale(const struct rk_worker *w, char *why, size_t why_size)
{
    bool all = all_lacking(w);
    for (size_t i = 0; i < w->n_feeds; i++)
        if ((all || !is_lacking(w->feeds[i])) && is_stale(w->feeds[i], why, why_size))
            return true;
    return false;
}

bool rk_feeds_stale_of(const struct rk_worker *w, const char *gvk, const char *ns, char *why,
                       size_t why_size)
{
    int kind = rk_view_kind_find(w->view, gvk);
    for (size_t i = 0; i < w->n_feeds; i++) {
        const struct rk_feed *f = w->feeds[i];
        if (f->kind == kind && (!f->ns || strcmp(f->ns, ns) == 0) && is_stale(f, why, why_size))
            return true;
    }
    return false;
}

/* Has an earlier watch of that namespace told it? */
static bool told_before(const struct rk_worker *w, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (rk_str_eq(w->feeds[k]->ns, w->feeds[i]->ns) && is_lacking(w->feeds[k]))
            return true;
    return false;
}

bool rk_feeds_lacking(const struct rk_worker *w, char *text, size_t size)
{
    struct rk_buf b;
    struct rk_watcher_state st;
    rk_buf_init(&b, size - 1);
    for (size_t i = 0; i < w->n_feeds; i++) {
        if (!is_lacking(w->feeds[i]) || told_before(w, i))
            continue;
        rk_watcher_state(w->feeds[i]->watcher, &st);
        /* Cut when too long: the first one has room. */
        if (b.len == 0)
            (void)rk_buf_addf(&b, "%s (%s)", w->feeds[i]->ns, st.last_error);
        else
            (void)rk_buf_addf(&b, ", %s", w->feeds[i]->ns);
    }
    (void)rk_str_copyn(text, size, rk_buf_text(&b), b.len); /* fits: same bound */
    bool any = b.len > 0;
    rk_buf_done(&b);
    return any;
}
