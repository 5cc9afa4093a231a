/* The streaming framer: bytes of a LIST or watch body in, items out, in the order they stand
 * there.
 *
 * Nothing is built: what is wanted of a value is its extent. An item that lies in one piece of
 * input is handed out where it stands; only one that is split is collected. This file knows what
 * the two kinds of bodies are made of; scan_grammar.c checks JSON. */
#include "core/json/scan.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/json/scan_state.h"

#define KEEP_MEMORY \
    (256u * 1024u) /* a collecting buffer larger than this is given back after use */

const char *rk__scan_fail(struct rk_scan *s, const char *at, const char *what)
{
    uint64_t offset = s->before + (uint64_t)(at - s->piece);
    unsigned char c = (unsigned char)*at;
    if (c > 0x20 && c < 0x7f)
        s->failed =
            rk_err_set(s->err, RK_E_SYNTAX, "byte %" PRIu64 ": %s, found '%c'", offset, what, c);
    else
        s->failed =
            rk_err_set(s->err, RK_E_SYNTAX, "byte %" PRIu64 ": %s, found 0x%02x", offset, what, c);
    return NULL;
}

/* Collecting the bytes of one value. */

static void capture_start(struct rk__scan_capture *c, const char *at)
{
    rk_buf_clear(&c->buf);
    c->from = at;
    c->total = 0;
    c->skipped = false;
    c->on = true;
}

static void capture_keep(struct rk__scan_capture *c, const char *end)
{
    size_t n = (size_t)(end - c->from), room = c->buf.max - c->buf.len;
    c->total += n;
    int rc = rk_buf_add(&c->buf, c->from, n < room ? n : room);
    assert(rc == 0);
    (void)rc; /* cannot fail: never more than there is room for */
    c->from = end;
}

static void capture_drop(struct rk__scan_capture *c)
{
    c->on = false;
    if (c->buf.cap > KEEP_MEMORY)
        rk_buf_done(&c->buf);
    else
        rk_buf_clear(&c->buf);
}

static bool emit(struct rk_scan *s, enum rk_scan_what what, struct rk__scan_capture *c,
                 const char *end)
{
    struct rk_span body = {c->from, (size_t)(end - c->from)};
    if (c->buf.len > 0 || c->from == NULL) {
        if (c->from != NULL)
            capture_keep(c, end);
        body = (struct rk_span){rk_buf_text(&c->buf), c->buf.len};
    } else {
        c->total = body.n;
        if (body.n > s->item_max)
            body.n = s->item_max;
    }
    bool skipped = c->skipped || c->total > s->item_max;
    int rc = s->fn(s->ctx, what, body, skipped, s->err);
    capture_drop(c);
    if (rc < 0)
        s->failed = rc;
    return rc >= 0;
}

/* What a LIST body is made of. */

static bool key_is(const struct rk_scan *s, const char *word)
{
    if (s->key_len > sizeof s->key)
        return false;
    return rk__scan_key_is((struct rk_span){s->key, s->key_len}, rk_span_of(word));
}

static bool top_member_starts(struct rk_scan *s, char c, const char *at)
{
    bool items = key_is(s, "items"), meta = key_is(s, "metadata");
    if ((items && s->saw_items) || (meta && s->saw_meta))
        return rk__scan_fail(s, at, items ? "a second \"items\"" : "a second \"metadata\"") != NULL;
    s->saw_items |= items;
    s->saw_meta |= meta;
    if (meta && c == '{')
        capture_start(&s->meta, at);
    if (items && (c == '[' || c == 'n')) {
        s->is_list = true;
        s->in_items = c == '[';
        capture_drop(&s->doc);
    }
    return true;
}

/* Called for values at depth <= shallow only. */
bool rk__scan_value_starts(struct rk_scan *s, char c, const char *at)
{
    if (s->depth == 0) {
        if (c != '{')
            return rk__scan_fail(s, at, "expected an object") != NULL;
        capture_start(s->mode == RK_SCAN_WATCH ? &s->item : &s->doc, at);
    } else if (s->depth == 1) {
        return top_member_starts(s, c, at);
    } else if (s->in_items) {
        if (c != '{')
            return rk__scan_fail(s, at, "expected an object as element of \"items\"") != NULL;
        capture_start(&s->item, at);
    }
    return true;
}

/* Called behind a closing bracket that brought us to depth <= shallow. */
bool rk__scan_value_ends(struct rk_scan *s, const char *end)
{
    if (s->mode == RK_SCAN_WATCH) {
        s->st = ST_TOP;
        return emit(s, RK_SCAN_ITEM, &s->item, end);
    }
    if (s->depth == 2)
        return !s->item.on || emit(s, RK_SCAN_ITEM, &s->item, end);
    if (s->depth == 1) {
        if (s->meta.on && s->meta.from != NULL) {
            capture_keep(&s->meta, end);
            s->meta.from = NULL; /* complete; handed out at the end */
        }
        s->in_items = false;
        return true;
    }
    s->st = ST_DONE;
    if (!s->is_list)
        return emit(s, RK_SCAN_OTHER, &s->doc, end);
    return !s->meta.on || emit(s, RK_SCAN_META, &s->meta, end);
}

struct rk_scan *rk_scan_new(enum rk_scan_mode mode, size_t item_max, rk_scan_fn *fn, void *ctx)
{
    assert(item_max > 0 && fn != NULL);
    struct rk_scan *s = rk_alloc(sizeof *s);
    s->mode = mode;
    s->item_max = item_max;
    s->fn = fn;
    s->ctx = ctx;
    s->shallow = mode == RK_SCAN_LIST ? 2 : 0;
    /* A list item stands two levels down, a watched object inside its event. */
    s->depth_max = RK__SCAN_DEPTH + (mode == RK_SCAN_LIST ? 2 : 1);
    rk_buf_init(&s->item.buf, item_max);
    rk_buf_init(&s->meta.buf, item_max);
    rk_buf_init(&s->doc.buf, item_max);
    return s;
}

void rk_scan_free(struct rk_scan *s)
{
    if (s == NULL)
        return;
    rk_buf_done(&s->item.buf);
    rk_buf_done(&s->meta.buf);
    rk_buf_done(&s->doc.buf);
    rk_free(s);
}

int rk_scan_feed(struct rk_scan *s, const char *p, size_t n, struct rk_err *err)
{
    if (s->failed < 0)
        return rk_err_set(err, s->failed, "the stream had failed before");
    if (n == 0)
        return 0;
    s->piece = p;
    s->err = err;
    struct rk__scan_capture *open[] = {&s->item, &s->meta, &s->doc};
    for (size_t i = 0; i < 3; i++)
        if (open[i]->on && open[i]->from != NULL)
            open[i]->from = p;
    rk__scan_run(s, p, p + n);
    for (size_t i = 0; i < 3; i++)
        if (s->failed == 0 && open[i]->on && open[i]->from != NULL)
            capture_keep(open[i], p + n);
    s->before += n;
    s->err = NULL;
    return s->failed;
}

int rk_scan_end(struct rk_scan *s, struct rk_err *err)
{
    if (s->failed < 0)
        return rk_err_set(err, s->failed, "the stream had failed before");
    if (s->st == (s->mode == RK_SCAN_LIST ? ST_DONE : ST_TOP))
        return 0;
    s->failed = RK_E_SYNTAX;
    return rk_err_set(err, RK_E_SYNTAX, "truncated after %" PRIu64 " bytes%s", s->before,
                      s->item.on ? ", inside an item" : "");
}
