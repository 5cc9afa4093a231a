/* See rivals.h. One list a place by the name alone; a Lease is remembered by its namespace. The
 * first place is all namespaces; the others, one each, are asked while that one is forbidden. */
#include "core/kube/rivals.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/kube/lease_in.h"

#define LOOK_MS     2000
#define LIST_MS     3000
#define LOOK_EACH   500   /* a namespace: what is asked of the API server stays bounded */
#define AGAIN_MS    60000 /* what was forbidden may be allowed by now */
#define DURATION_MS 60000 /* who gives itself more must go on renewing all the same */

struct place {
    struct rk_rivals *r;
    char *ns; /* NULL = all */
    char path[RK_URL_MAX];
    rk_call *call;
    int64_t sent_ms;
    int64_t refused_ms; /* when it was forbidden; 0 = it is not */
    bool answered;      /* in this round */
    bool told;          /* that it is forbidden, or fails */
};

struct seen {
    struct rk__lease lease;
    char uid[64];
    int64_t looked_ms; /* send time of the last good list; 0 = none can be had any more */
    bool listed;       /* in the list that is being read */
};

struct rk_rivals {
    struct rk_poll *poll;
    struct rk_client *client;
    char *name, *own_ns, query[RK_URL_MAX];
    int64_t look_ms;
    void (*looked)(void *ctx);
    void *ctx;
    struct place *places;
    size_t n, at; /* places; the one that is asked, or n */
    struct place *reading;
    struct rk_map seen; /* namespace -> struct seen */
    struct rk_timer timer;
    int64_t round_ms, known_ms; /* begin of this round; of the last that was answered whole */
    bool again;                 /* one more was asked for meanwhile */
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

/* ---- what is known ---- */

int64_t rk_rivals_known_ms(const struct rk_rivals *r)
{
    return r->known_ms;
}

bool rk_rivals_unknown(const struct rk_rivals *r)
{
    return r->known_ms == 0 || rk_clock_ms() - r->known_ms >= 3 * r->look_ms;
}

bool rk_rivals_next(const struct rk_rivals *r, size_t *pos, struct rk_rival *ret)
{
    const char *ns;
    void *value;
    while (rk_map_next(&r->seen, pos, &ns, &value)) {
        const struct seen *s = value;
        if (!rk__lease_valid(&s->lease, s->looked_ms ? s->looked_ms : rk_clock_ms()))
            continue;
        *ret = (struct rk_rival){.ns = ns, .uid = s->uid, .holder = s->lease.holder};
        return true;
    }
    return false;
}

bool rk_rival_is_stranger(const char *holder)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    const char *id = strrchr(holder, '_');
    if (!id || strlen(++id) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] == '-' ? id[i] != '-' : !strchr("0123456789abcdefABCDEF", id[i]))
            return false;
    return true;
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
    s->looked_ms = r->reading->sent_ms;
    if (rk__lease_observe(&s->lease, item, rk_clock_ms(), &odd) != 0)
        rk_log_warn("a Lease cannot be read", RK_KV("namespace", ns), RK_KV("err", odd.text));
    if (s->lease.duration_ms > DURATION_MS)
        s->lease.duration_ms = DURATION_MS;
    if (rk_scan_text(rk_scan_get(item, "metadata/uid"), s->uid, sizeof(s->uid)) != 0)
        s->uid[0] = '\0';
    return 0;
}

static bool is_of(const struct place *p, const char *ns)
{
    return !p->ns || strcmp(p->ns, ns) == 0;
}

static int read_list(struct place *p, struct rk_span body, struct rk_err *err)
{
    struct rk_rivals *r = p->r;
    const char *ns;
    void *value;
    for (size_t i = 0; rk_map_next(&r->seen, &i, &ns, &value);)
        ((struct seen *)value)->listed = false;
    r->reading = p;
    struct rk_scan *scan = rk_scan_new(RK_SCAN_LIST, RK__LEASE_OBJECT_MAX, on_item, r);
    int rc = rk_scan_feed(scan, body.p, body.n, err);
    if (rc == 0)
        rc = rk_scan_end(scan, err);
    rk_scan_free(scan);
    for (size_t i = 0; rc == 0 && rk_map_next(&r->seen, &i, &ns, &value);)
        if (!((struct seen *)value)->listed && is_of(p, ns))
            (void)rk_map_del(&r->seen, ns); /* it is there */
    return rc;
}

/* Nobody tells of them any more: their time runs by the clock. */
static void lose_sight(struct place *p)
{
    const char *ns;
    void *value;
    for (size_t i = 0; rk_map_next(&p->r->seen, &i, &ns, &value);)
        if (is_of(p, ns))
            ((struct seen *)value)->looked_ms = 0;
}

/* ---- rounds ---- */

static bool forbidden(const struct place *p)
{
    return p->refused_ms && rk_clock_ms() - p->refused_ms < AGAIN_MS;
}

static void on_list(void *ctx, const struct rk_resp *resp);
static void begin(void *rivals);

static void ask(struct place *p)
{
    /* The lane that no Retry-After stops: who is not seen is not dead, and who waits, waits on. It
     * is the Lease's first of all: one at a time, and not for long. */
    const struct rk_req req = {.lane = RK_LANE_LEASE,
                               .method = "GET",
                               .path = p->path,
                               .query = p->r->query,
                               .priority = -1,
                               .timeout_ms = LIST_MS,
                               .done = on_list,
                               .ctx = p};
    p->answered = false;
    p->sent_ms = rk_clock_ms();
    p->call = rk_client_send(p->r->client, &req);
}

static void round_over(struct rk_rivals *r)
{
    bool some = forbidden(&r->places[0]), known = true;
    for (size_t i = some ? 1 : 0; i < (some ? r->n : 1); i++)
        known = known && r->places[i].answered;
    if (known)
        r->known_ms = r->round_ms;
    rk_timer_in(r->poll, &r->timer, r->again ? 0 : r->look_ms, begin, r);
    r->again = false;
    r->looked(r->ctx);
}

/* All namespaces at once or, while that is forbidden, one after the other. */
static void go_on(struct rk_rivals *r)
{
    r->at = r->at == 0 && !forbidden(&r->places[0]) ? r->n : r->at + 1;
    if (r->at < r->n)
        ask(&r->places[r->at]);
    else
        round_over(r);
}

static void begin(void *ctx)
{
    struct rk_rivals *r = ctx;
    r->round_ms = rk_clock_ms();
    r->at = 0;
    if (forbidden(&r->places[0]))
        go_on(r);
    else
        ask(&r->places[0]);
}

static void tell(struct place *p, const char *what, const char *err)
{
    if (!p->told)
        rk_log_warn(what, RK_KV("path", p->path), RK_KV("err", err));
    p->told = true;
}

/* It will not be otherwise soon; 401 has other reasons, and 408 and 429 are no answer. */
static bool refused(int http)
{
    return http >= 400 && http < 500 && http != 401 && http != 408 && http != 429;
}

static void on_list(void *ctx, const struct rk_resp *resp)
{
    struct place *p = ctx;
    struct rk_err err = RK_ERR_INIT;
    p->call = NULL;
    if (resp->code == 0 && read_list(p, resp->body, &err) == 0) {
        p->answered = true;
        p->told = false;
        p->refused_ms = 0;
    } else if (refused(resp->http)) {
        tell(p, "Leases there may not be read: operators there are not seen", resp->message);
        lose_sight(p);
        p->answered = true;
        p->refused_ms = rk_clock_ms();
    } else {
        tell(p, "Leases there were not read", resp->code ? resp->message : err.text);
    }
    go_on(p->r);
}

void rk_rivals_look(struct rk_rivals *r)
{
    if (r->at < r->n) {
        r->again = true;
        return;
    }
    rk_timer_in(r->poll, &r->timer, 0, begin, r);
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
    size_t most = 2;
    for (const char *at = namespaces; (at = strchr(at, '\n')); at++)
        most++;
    r->places = rk_alloc_array(most, sizeof(*r->places));
    int rc = add_place(r, (struct rk_span){NULL, 0});
    while (rc == 0 && namespaces[0] && rk_span_next(&rest, '\n', &ns))
        if (!rk_span_is(ns, r->own_ns) && add_place(r, ns) != 0)
            rk_free(r->places[--r->n].ns); /* there is no such namespace, and no Lease in it */
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
    r->looked = conf->looked;
    r->ctx = conf->ctx;
    rk_map_init(&r->seen, seen_free);
    if (set_up(r, conf->namespaces, err) != 0) {
        rk_rivals_free(r);
        return err->code;
    }
    int64_t each = (int64_t)(r->n - 1) * LOOK_EACH;
    r->look_ms = conf->look_ms ? conf->look_ms : each > LOOK_MS ? each : LOOK_MS;
    begin(r);
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
