/* The bytes of list and watch: what a framed event or list element means to the watcher.
 *
 * An RV is taken from list metadata, from bookmarks and from events after the initial ones,
 * never from the initial ones: their order is not RV order (client.md 18). */
#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/kube/watch_in.h"

/* client.md 23: digits only, no leading zero, any length. */
static bool rv_numeric(const char *rv, size_t n)
{
    if (n == 0 || rv[0] == '0')
        return n == 1;
    return strspn(rv, "0123456789") == n;
}

int rk_rv_cmp(const char *a, const char *b)
{
    if (!a || !b)
        return a == b ? 0 : -2;
    size_t na = strlen(a), nb = strlen(b);
    if (na == nb && memcmp(a, b, na) == 0)
        return 0;
    if (!rv_numeric(a, na) || !rv_numeric(b, nb))
        return -2;
    if (na != nb)
        return na > nb ? 1 : -1;
    return memcmp(a, b, na) > 0 ? 1 : -1;
}

/* Take an RV from the stream; an older one is ignored. */
static void reach(struct rk_watcher *w, const char *rv)
{
    if (!*rv || rk_rv_cmp(rv, w->rv) == -1)
        return;
    int rc = rk_str_copy(w->rv, sizeof w->rv, rv);
    assert(rc == 0); /* every RV went through text_of with this size */
    (void)rc;
    if (w->def.progress)
        w->def.progress(w->def.ctx, w->rv);
}

/* The text at `path`, or "". */
static void text_of(struct rk_span object, const char *path, char *dst, size_t dst_size)
{
    struct rk_span raw = rk_scan_get(object, path);
    if (!raw.p || rk_scan_text(raw, dst, dst_size) != 0)
        dst[0] = '\0';
}

static bool is_true(struct rk_span raw)
{
    return rk_span_is(raw, "\"true\"");
}

/* A Status in the place of an event, inside one, or as the whole body: why the stream is about
 * to end. */
static void take_status(struct rk__stream *s, struct rk_span status)
{
    char reason[64], message[160];
    int64_t code = 0;
    text_of(status, "reason", reason, sizeof reason);
    text_of(status, "message", message, sizeof message);
    if (rk_str_int(rk_scan_get(status, "code"), 100, 599, &code) != 0)
        code = strcmp(reason, "Expired") == 0 || strcmp(reason, "Gone") == 0 ? 410 : 500;
    s->status = (int)code;
    s->too_new = memmem(status.p, status.n, "ResourceVersionTooLarge", 23) != NULL ||
                 strstr(message, "Too large resource version") != NULL;
    rk__watch_error(s->w, "%d %s: %s", s->status, reason, message);
}

/* An event that is over our bounds is known by its first bytes only. A delete needs no more than
 * the names. */
static void skipped_event(struct rk__stream *s, struct rk_span event, bool deleted)
{
    struct rk_watcher *w = s->w;
    char rv[RK__RV_MAX];
    text_of(event, "object/metadata/resourceVersion", rv, sizeof rv);
    /* The receiver is told of objects, so cut off what stands before this one. */
    struct rk_span object = event;
    const char *at = memmem(event.p, event.n, "\"object\"", 8);
    const char *brace = at ? memchr(at, '{', event.n - (size_t)(at - event.p)) : NULL;
    if (brace)
        object = (struct rk_span){brace, event.n - (size_t)(brace - event.p)};
    struct rk_span name = rk_scan_get(object, "metadata/name");
    struct rk_span ns = rk_scan_get(object, "metadata/namespace");
    struct rk_span uid = rk_scan_get(object, "metadata/uid");
    if (deleted && name.p && uid.p && *rv) {
        struct rk_buf b;
        rk_buf_init(&b, 4096);
        (void)rk_buf_addf(&b, "{\"metadata\":{\"name\":%.*s,\"namespace\":%.*s,", (int)name.n,
                          name.p, ns.p ? (int)ns.n : 2,
                          ns.p ? ns.p : "\"\""); /* b.full is looked at below */
        (void)rk_buf_addf(&b, "\"uid\":%.*s,\"resourceVersion\":\"%s\"}}", (int)uid.n, uid.p, rv);
        if (!b.full)
            w->def.item(w->def.ctx, RK_WATCH_DELETED, false, (struct rk_span){b.data, b.len});
        rk_buf_done(&b);
    } else if (w->def.skipped) {
        w->def.skipped(w->def.ctx, object);
    }
    if (s->kind == RK__STREAM_LIVE)
        reach(w, rv);
}

/* The stream works. */
static void good(struct rk_watcher *w)
{
    w->bad_since_ms = 0;
    w->failing = false;
}

static int bookmark(struct rk__stream *s, struct rk_span object, struct rk_err *err)
{
    struct rk_watcher *w = s->w;
    char rv[RK__RV_MAX];
    text_of(object, "metadata/resourceVersion", rv, sizeof rv);
    if (!*rv)
        return rk_err_set(err, RK_E_SYNTAX, "bookmark without a resourceVersion");
    w->bookmarks++;
    w->bookmarks_come = true;
    good(w);
    if (s->kind == RK__STREAM_LIVE) {
        reach(w, rv);
        return 0;
    }
    if (!is_true(rk_scan_get(object, "metadata/annotations/k8s.io~1initial-events-end")))
        return 0;
    /* Unconditionally: after a restore of etcd the new RVs are lower (client.md 23). */
    (void)rk_str_copy(w->rv, sizeof w->rv, rv); /* fits: same size */
    rk__watch_initial_end(s);
    return 0;
}

static void change(struct rk__stream *s, enum rk_watch_event what, struct rk_span object)
{
    struct rk_watcher *w = s->w;
    char rv[RK__RV_MAX] = "";
    if (s->kind == RK__STREAM_LIVE) {
        text_of(object, "metadata/resourceVersion", rv, sizeof rv);
        int newer = rk_rv_cmp(rv, s->floor);
        if (*rv && (newer == 0 || newer == -1))
            return; /* a replay of what came before this stream (or from the one that it replaced) */
    }
    w->events++;
    good(w);
    w->def.item(w->def.ctx, what, s->kind != RK__STREAM_LIVE && what != RK_WATCH_DELETED, object);
    if (!*rv && s->kind == RK__STREAM_LIVE)
        rk__watch_error(w, "event without a resourceVersion");
    if (s->kind == RK__STREAM_LIVE)
        reach(w, rv);
}

int rk__watch_on_event(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                       struct rk_err *err)
{
    struct rk__stream *s = ctx;
    struct rk_watcher *w = s->w;
    if (what != RK_SCAN_ITEM)
        return 0;
    if (s->dead)
        return rk_err_set(err, RK_E_FAIL,
                          "superseded"); /* a receiver asked for a relist in mid batch */
    if (s == w->spare)
        rk__stream_promote(s);
    s->events++;
    struct rk_span type = rk_scan_get(body, "type");
    if (skipped) {
        skipped_event(s, body, rk_span_is(type, "\"DELETED\""));
        return 0;
    }
    struct rk_span object = rk_scan_get(body, "object");
    if (rk_span_is(type, "\"ERROR\"") ||
        (!type.p && rk_span_is(rk_scan_get(body, "kind"), "\"Status\""))) {
        take_status(s, object.p ? object : body);
        return rk_err_set(err, RK_E_FAIL, "%s", w->last_error);
    }
    if (!type.p || !object.p || object.n == 0 || object.p[0] != '{')
        return rk_err_set(err, RK_E_SYNTAX, "not a watch event");
    if (rk_span_is(type, "\"BOOKMARK\""))
        return bookmark(s, object, err);
    if (rk_span_is(type, "\"ADDED\""))
        change(s, RK_WATCH_ADDED, object);
    else if (rk_span_is(type, "\"MODIFIED\""))
        change(s, RK_WATCH_MODIFIED, object);
    else if (rk_span_is(type, "\"DELETED\""))
        change(s, RK_WATCH_DELETED, object);
    else
        rk__watch_error(w, "unknown event type %.*s", (int)(type.n < 40 ? type.n : 40), type.p);
    return 0;
}

static int page_meta(struct rk__stream *s, struct rk_span meta, struct rk_err *err)
{
    struct rk_watcher *w = s->w;
    char rv[RK__RV_MAX];
    text_of(meta, "resourceVersion", rv, sizeof rv);
    if (!*rv)
        return rk_err_set(err, RK_E_SYNTAX, "list without a resourceVersion");
    /* All pages of one list are of one moment. Should a server differ, the first is the one that
     * loses nothing. */
    if (!*w->page_rv)
        (void)rk_str_copy(w->page_rv, sizeof w->page_rv, rv); /* fits: same size */
    w->cont[0] = '\0';
    struct rk_span token = rk_scan_get(meta, "continue");
    if (token.p) {
        int rc = rk_scan_text(token, w->cont, sizeof w->cont);
        if (rc < 0)
            return rk_err_set(err, rc, "continue token of %zu bytes", token.n);
    }
    s->has_meta = true;
    return 0;
}

int rk__watch_on_page(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                      struct rk_err *err)
{
    struct rk__stream *s = ctx;
    struct rk_watcher *w = s->w;
    switch (what) {
    case RK_SCAN_ITEM:
        s->events++;
        if (!skipped) {
            w->events++;
            w->def.item(w->def.ctx, RK_WATCH_ADDED, true, body);
        } else if (w->def.skipped) {
            w->def.skipped(w->def.ctx, body);
        }
        return 0;
    case RK_SCAN_META:
        return page_meta(s, body, err);
    case RK_SCAN_OTHER:
        take_status(s, body);
        return rk_err_set(err, RK_E_FAIL, "%s", w->last_error);
    }
    return 0;
}
