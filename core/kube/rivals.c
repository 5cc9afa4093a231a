/* See rivals.h. One list a place (a namespace, or all of them) by the name alone; a Lease is remembered by its namespace. */
#include "core/kube/rivals.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/kube/lease_in.h"

#define LOOK_MS 10000
#define NEAR_MS 2000

struct place {
    struct rk_rivals *r;
    char *ns; /* NULL = all */
    char path[RK_URL_MAX];
    rk_call *call;
    bool answered, refused;
};

struct seen {
    struct rk__lease lease;
    char uid[64];
    bool listed; /* in the list that is being read */
};

struct rk_rivals {
    struct rk_poll *poll;
    struct rk_client *client;
    char *name, *own_ns, query[RK_URL_MAX];
    int64_t look_ms, near_ms;
    void (*changed)(void *ctx);
    void *ctx;
    struct place *places;
    size_t n, asked;    /* places; of them under way */
    struct rk_map seen; /* namespace -> struct seen */
    struct rk_timer timer;
    bool known;
    char told[RK__HOLDER_MAX]; /* "ns holder" of who lived when changed() was last called; "" */
};

static void seen_free(void *p)
{
    struct seen *s = p;
    rk__lease_done(&s->lease);
    rk_free(s);
}

static struct seen *seen_get(struct rk_rivals *r, const char *ns)
{
    struct seen *s = rk_map_get(&r->seen, ns);
    if (s)
        return s;
    s = rk_alloc(sizeof(*s));
    rk__lease_init(&s->lease);
    rk_map_put(&r->seen, ns, s);
    return s;
}

bool rk_rivals_known(const struct rk_rivals *r)
{
    return r->known;
}

bool rk_rivals_live(const struct rk_rivals *r, struct rk_rival *ret)
{
    const char *ns;
    void *value;
    int64_t now = rk_clock_ms();
    bool any = false;
    for (size_t i = 0; rk_map_next(&r->seen, &i, &ns, &value);) {
        const struct seen *s = value;
        if (!rk__lease_valid(&s->lease, now) || (any && strcmp(ret->ns, ns) < 0))
            continue;
        *ret = (struct rk_rival){.ns = ns, .uid = s->uid, .holder = s->lease.holder};
        any = true;
    }
    return any;
}

/* ---- one list ---- */

static int on_item(void *ctx, enum rk_scan_what what, struct rk_span item, bool skipped,
                   struct rk_err *err)
{
    struct rk_rivals *r = ctx;
    char ns[256], name[256];
    struct rk_err odd = RK_ERR_INIT;
    (void)err;
    if (what != RK_SCAN_ITEM || skipped ||
        rk_scan_text(rk_scan_get(item, "metadata/namespace"), ns, sizeof(ns)) != 0 ||
        rk_scan_text(rk_scan_get(item, "metadata/name"), name, sizeof(name)) != 0 ||
        strcmp(ns, r->own_ns) == 0 || strcmp(name, r->name) != 0)
        return 0;
    struct seen *s = seen_get(r, ns);
    s->listed = true;
    if (rk__lease_observe(&s->lease, item, rk_clock_ms(), &odd) != 0)
        rk_log_warn("a Lease cannot be read", RK_KV("namespace", ns), RK_KV("err", odd.text));
    if (rk_scan_text(rk_scan_get(item, "metadata/uid"), s->uid, sizeof(s->uid)) != 0)
        s->uid[0] = '\0';
    return 0;
}

/* Of all namespaces, or of the one of this place. */
static void forget_gone(struct rk_rivals *r, const char *only_ns)
{
    const char *ns;
    void *value;
    for (size_t i = 0; rk_map_next(&r->seen, &i, &ns, &value);)
        if (!((struct seen *)value)->listed && (!only_ns || strcmp(ns, only_ns) == 0))
            (void)rk_map_del(&r->seen, ns); /* it is there */
}

static int read_list(struct place *p, struct rk_span body, struct rk_err *err)
{
    struct rk_rivals *r = p->r;
    const char *ns;
    void *value;
    for (size_t i = 0; rk_map_next(&r->seen, &i, &ns, &value);)
        ((struct seen *)value)->listed = false;
    struct rk_scan *scan = rk_scan_new(RK_SCAN_LIST, RK__LEASE_OBJECT_MAX, on_item, r);
    int rc = rk_scan_feed(scan, body.p, body.n, err);
    if (rc == 0)
        rc = rk_scan_end(scan, err);
    rk_scan_free(scan);
    return rc;
}

/* ---- rounds ---- */

static void look(void *ctx);

static void round_over(struct rk_rivals *r)
{
    struct rk_rival who;
    char now[RK__HOLDER_MAX] = "";
    bool known = true, live = rk_rivals_live(r, &who);
    for (size_t i = 0; i < r->n; i++)
        known = known && r->places[i].answered;
    if (live) {
        int n = snprintf(now, sizeof(now), "%s %s", who.ns, who.holder);
        (void)n; /* a cut text still differs from another's */
    }
    bool news = known != r->known || strcmp(now, r->told) != 0;
    r->known = known;
    memcpy(r->told, now, sizeof(now));
    rk_timer_in(r->poll, &r->timer, live || !known ? r->near_ms : r->look_ms, look, r);
    if (news)
        r->changed(r->ctx);
}

static void on_list(void *ctx, const struct rk_resp *resp)
{
    struct place *p = ctx;
    struct rk_rivals *r = p->r;
    struct rk_err err = RK_ERR_INIT;
    p->call = NULL;
    r->asked--;
    bool may_not = resp->http == 403, none = resp->http == 404;
    if (resp->code == 0 && read_list(p, resp->body, &err) == 0) {
        forget_gone(r, p->ns);
        p->answered = true;
        p->refused = false;
    } else if (may_not || none) {
        if (!p->refused)
            rk_log_info("Leases of other namespaces may not be read: operators there are not seen",
                        RK_KV("path", p->path));
        p->answered = p->refused = true;
    } else {
        rk_log_warn("Leases of other namespaces were not read",
                    RK_KV("err", resp->code ? resp->message : err.text));
    }
    if (r->asked == 0)
        round_over(r);
}

static void look(void *ctx)
{
    struct rk_rivals *r = ctx;
    r->asked = r->n;
    for (size_t i = 0; i < r->n; i++) {
        struct rk_req req = {.lane = RK_LANE_UNARY,
                             .method = "GET",
                             .path = r->places[i].path,
                             .query = r->query,
                             .done = on_list,
                             .ctx = &r->places[i]};
        r->places[i].call = rk_client_send(r->client, &req);
    }
}

/* ---- life ---- */

static int add_place(struct rk_rivals *r, struct rk_span ns)
{
    struct place *p = &r->places[r->n++];
    p->r = r;
    p->ns = ns.p ? rk_strndup(ns.p, ns.n) : NULL;
    return rk_url(p->path, "coordination.k8s.io/v1", "leases", p->ns, NULL, NULL);
}

static int set_up(struct rk_rivals *r, const char *namespaces, struct rk_err *err)
{
    struct rk_span rest = rk_span_of(namespaces), ns;
    struct rk_buf query;
    size_t most = 1;
    int rc = 0;
    for (const char *at = namespaces; (at = strchr(at, '\n')); at++)
        most++;
    r->places = rk_alloc_array(most, sizeof(*r->places));
    if (!namespaces[0])
        rc = add_place(r, (struct rk_span){NULL, 0});
    else
        while (rc == 0 && rk_span_next(&rest, '\n', &ns))
            if (!rk_span_is(ns, r->own_ns))
                rc = add_place(r, ns);
    rk_buf_init(&query, sizeof(r->query) - 1);
    (void)rk_buf_adds(&query, "fieldSelector=metadata.name%3D"); /* fits */
    rk_url_escape(&query, r->name);
    if (rc != 0 || query.full || rk_str_copy(r->query, sizeof(r->query), rk_buf_text(&query)) != 0)
        rc = rk_err_set(err, RK_E_INVAL, "Leases '%.256s' of other namespaces: illegal name",
                        r->name);
    rk_buf_done(&query);
    return rc;
}

int rk_rivals_new(struct rk_poll *poll, struct rk_client *c, const struct rk_rivals_conf *conf,
                  struct rk_rivals **ret, struct rk_err *err)
{
    struct rk_rivals *r = rk_alloc(sizeof(*r));
    r->poll = poll;
    r->client = c;
    r->name = rk_strdup(conf->name);
    r->own_ns = rk_strdup(conf->own_ns);
    r->look_ms = conf->look_ms ? conf->look_ms : LOOK_MS;
    r->near_ms = conf->near_ms ? conf->near_ms : NEAR_MS;
    r->changed = conf->changed;
    r->ctx = conf->ctx;
    rk_map_init(&r->seen, seen_free);
    if (set_up(r, conf->namespaces, err) != 0) {
        rk_rivals_free(r);
        return err->code;
    }
    r->known = r->n == 0;
    if (r->n > 0)
        look(r);
    *ret = r;
    return 0;
}

void rk_rivals_free(struct rk_rivals *r)
{
    if (!r)
        return;
    rk_timer_del(r->poll, &r->timer);
    for (size_t i = 0; i < r->n; i++) {
        if (r->places[i].call)
            rk_client_cancel(r->client, r->places[i].call);
        rk_free(r->places[i].ns);
    }
    rk_free(r->places);
    rk_map_done(&r->seen);
    rk_free(r->name);
    rk_free(r->own_ns);
    rk_free(r);
}
