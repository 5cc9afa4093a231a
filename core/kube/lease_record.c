/* The Lease object in and out, in the shape of client-go's LeaseLock (client.md 49). */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/json/json.h"
#include "core/json/scan.h"
#include "core/kube/lease_in.h"

#define DURATION_MAX_S INT64_C(86400)

void rk__lease_init(struct rk__lease *l)
{
    *l = (struct rk__lease){0};
    rk_buf_init(&l->object, RK__LEASE_OBJECT_MAX);
    rk_buf_init(&l->spec, RK__LEASE_OBJECT_MAX);
}

void rk__lease_done(struct rk__lease *l)
{
    rk_buf_done(&l->object);
    rk_buf_done(&l->spec);
}

void rk__lease_forget(struct rk__lease *l)
{
    rk_buf_clear(&l->object);
    rk_buf_clear(&l->spec);
    l->rv[0] = l->holder[0] = l->acquire[0] = '\0';
    l->duration_ms = l->transitions = l->stamp_ms = 0;
}

static int64_t number(struct rk_span spec, const char *key, int64_t max)
{
    int64_t n = 0;
    return rk_str_int(rk_scan_get(spec, key), 0, max, &n) == 0 ? n : 0;
}

static void text(struct rk_span object, const char *path, char *dst, size_t dst_size,
                 const char *unreadable)
{
    struct rk_span raw = rk_scan_get(object, path);
    dst[0] = '\0';
    if (!raw.p || rk_span_is(raw, "null"))
        return;
    if (rk_scan_text(raw, dst, dst_size) != 0)
        (void)rk_str_copy(dst, dst_size, unreadable); /* fits: a short literal */
}

int rk__lease_observe(struct rk__lease *l, struct rk_span object, int64_t now_ms,
                      struct rk_err *err)
{
    struct rk_span spec = rk_scan_get(object, "spec"),
                   rv = rk_scan_get(object, "metadata/resourceVersion");
    char rv_text[sizeof l->rv];
    if (object.n > RK__LEASE_OBJECT_MAX)
        return rk_err_set(err, RK_E_LIMIT, "lease of %zu bytes", object.n);
    if (!object.p || !rv.p || rk_scan_text(rv, rv_text, sizeof rv_text) != 0 ||
        (spec.p && spec.n && spec.p[0] != '{'))
        return rk_err_set(err, RK_E_SYNTAX, "not a Lease object");
    if (!spec.p)
        spec = rk_span_of("{}");
    bool changed = l->object.len == 0 ||
                   !rk_span_eq(spec, (struct rk_span){rk_buf_text(&l->spec), l->spec.len});
    if (changed) {
        l->stamp_ms = now_ms;
        l->changes++;
    }
    rk_buf_clear(&l->spec);
    rk_buf_clear(&l->object);
    int rc = rk_buf_add(&l->spec, spec.p, spec.n);
    rc |= rk_buf_add(&l->object, object.p, object.n);
    assert(rc == 0);
    (void)rc; /* cannot fail: sizes were looked at */
    memcpy(l->rv, rv_text, sizeof l->rv);
    /* A holder that we cannot read is somebody else, not nobody. */
    text(spec, "holderIdentity", l->holder, sizeof l->holder, "(unreadable)");
    text(spec, "acquireTime", l->acquire, sizeof l->acquire, "");
    l->duration_ms = number(spec, "leaseDurationSeconds", DURATION_MAX_S) * 1000;
    l->transitions = number(spec, "leaseTransitions", INT32_MAX);
    return 0;
}

bool rk__lease_valid(const struct rk__lease *l, int64_t now_ms)
{
    return l->holder[0] && l->stamp_ms + l->duration_ms > now_ms;
}

/* Times in the record are for people and for client-go; nobody here compares them (client.md
 * 51). */
static void add_spec(struct rk_buf *out, const struct rk__lease_spec *s)
{
    char now[RK_TIME_TEXT];
    rk_time_text_micro(rk_clock_wall_us(), now);
    /* Results are in out->full; whoever sends the body looks there. */
    (void)rk_buf_adds(out, "\"spec\":{\"holderIdentity\":");
    rk_json_escape(out, s->holder, strlen(s->holder));
    (void)rk_buf_addf(out, ",\"leaseDurationSeconds\":%" PRId64 ",\"acquireTime\":", s->duration_s);
    const char *acquire = s->acquire && *s->acquire ? s->acquire : now;
    rk_json_escape(out, acquire, strlen(acquire));
    (void)rk_buf_addf(out, ",\"renewTime\":\"%s\",\"leaseTransitions\":%" PRId64 "}}", now,
                      s->transitions);
}

void rk__lease_post(struct rk_buf *out, const char *ns, const char *name,
                    const struct rk__lease_spec *s)
{
    /* Results are in out->full, see above. */
    (void)rk_buf_adds(
        out,
        "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":");
    rk_json_escape(out, name, strlen(name));
    (void)rk_buf_adds(out, ",\"namespace\":");
    rk_json_escape(out, ns, strlen(ns));
    (void)rk_buf_adds(out, "},");
    add_spec(out, s);
}

int rk__lease_put(struct rk_buf *out, const struct rk__lease *l, const struct rk__lease_spec *s,
                  struct rk_err *err)
{
    static const char *const drop[] = {"spec", "status", "metadata/managedFields"};
    struct rk_span object = {l->object.data, l->object.len};
    assert(object.n); /* only what was seen is written over */
    int rc = rk_scan_without(object, drop, sizeof drop / sizeof *drop, out, err);
    if (rc < 0)
        return rc;
    /* "{...}" with metadata in it: open it again for our spec. */
    assert(out->len > 2 && out->data[out->len - 1] == '}');
    out->data[out->len - 1] = ',';
    add_spec(out, s);
    return out->full ? rk_err_set(err, RK_E_LIMIT, "lease of more than %zu bytes", out->max) : 0;
}
