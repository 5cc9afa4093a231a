/* How many bytes does the view spend on a pod? 50,000 synthetic pods of about 9 KB (a third of it managedFields), in clusters of 20,
 * with a keep list of the usual size. Prints one JSON object.
 *
 *   view_bench [pods]          default 50000 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/view/view.h"

#define OWNER     "example.io/v1/Thing"
#define PER_OWNER 20

static const char *const keep[] = {
    "metadata/labels", "metadata/ownerReferences", "spec/containers/*/name",   "status/phase",
    "status/podIP",    "status/conditions",        "status/containerStatuses",
};

static uint64_t dice = 42;
static uint64_t roll(void)
{
    dice ^= dice >> 12;
    dice ^= dice << 25;
    dice ^= dice >> 27;
    return dice * 0x2545F4914F6CDD1Du;
}

static void uuid(uint64_t high, uint64_t low, char out[40])
{
    (void)snprintf(out, 40, "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64,
                   high >> 32, high >> 16 & 0xFFFF, high & 0xFFF, low >> 52,
                   low & 0xFFFFFFFFFFFF); /* fits: fixed widths */
}

static void add_conditions(struct rk_buf *b, size_t i)
{
    static const char *const types[] = {"PodReadyToStartContainers", "Initialized", "Ready",
                                        "ContainersReady", "PodScheduled"};
    for (size_t t = 0; t < 5; t++)
        (void)rk_buf_addf(
            b,
            "%s{\"lastProbeTime\":null,\"lastTransitionTime\":\"2026-08-01T%02zu:%02zu:%02zuZ\",\"observedGeneration\":1,"
            "\"status\":\"True\",\"type\":\"%s\"}",
            t ? "," : "", i / 3600 % 24, i / 60 % 60, (i + t * 3) % 60, types[t]);
}

static void add_filler(struct rk_buf *b, size_t from)
{
    /* What the API server adds and nobody here reads. */
    (void)rk_buf_adds(b, ",\"managedFields\":[");
    for (size_t i = 0; b->len < from + 3200; i++)
        (void)rk_buf_addf(
            b,
            "%s{\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:metadata\":{\"f:labels\":{\".\":{},"
            "\"f:example.io/cluster\":{},\"f:example.io/group\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"c%zu\\\"}\":"
            "{\".\":{},\"f:image\":{},\"f:resources\":{\".\":{},\"f:limits\":{\".\":{},\"f:cpu\":{}}}}}}},"
            "\"manager\":\"m%zu\",\"operation\":\"Update\",\"time\":\"2026-08-01T00:00:00Z\"}",
            i ? "," : "", i, i);
    (void)rk_buf_addc(b, ']');
}

static void add_spec(struct rk_buf *b)
{
    size_t from = b->len;
    (void)rk_buf_adds(
        b,
        "\"spec\":{\"containers\":[{\"image\":\"registry.example.com/team/worker:2.46.0\",\"name\":\"worker\",\"env\":[");
    for (size_t i = 0; b->len < from + 3600; i++)
        (void)rk_buf_addf(
            b,
            "%s{\"name\":\"SOME_VARIABLE_%zu\",\"value\":\"some value that is set by the template %zu\"}",
            i ? "," : "", i, i);
    (void)rk_buf_adds(b, "]}],\"nodeName\":\"node\"},");
}

static void make_pod(struct rk_buf *b, size_t i)
{
    char uid[40], owner_uid[40];
    uint8_t id[64];
    size_t c = i / PER_OWNER;
    uuid(roll(), roll(), uid);
    uuid(c * 0x9E3779B97F4A7C15u, c * 0xD1B54A32D192ED03u, owner_uid);
    rk_buf_clear(b);
    (void)rk_buf_addf(
        b,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"cluster-%zu-worker-small-%05zx\",\"namespace\":\"team-%zu\","
        "\"uid\":\"%s\",\"resourceVersion\":\"%zu\",\"creationTimestamp\":\"2026-08-01T%02zu:%02zu:%02zuZ\",\"labels\":{"
        "\"app.kubernetes.io/created-by\":\"some-operator\",\"app.kubernetes.io/name\":\"some\",\"example.io/cluster\":\"cluster-%zu\","
        "\"example.io/cluster-dashboard\":\"cluster-%zu-dashboard\",\"example.io/group\":\"small\",\"example.io/identifier\":\"cluster-%zu-worker\","
        "\"example.io/is-node\":\"yes\",\"example.io/node-type\":\"worker\"},",
        c, i * 7919 % 0xFFFFF, c % 50, uid, 100000 + i, i / 3600 % 24, i / 60 % 60, i % 60, c, c,
        c);
    (void)rk_buf_addf(
        b,
        "\"ownerReferences\":[{\"apiVersion\":\"example.io/v1\",\"blockOwnerDeletion\":true,\"controller\":true,\"kind\":\"Thing\","
        "\"name\":\"cluster-%zu\",\"uid\":\"%s\"}]",
        c, owner_uid);
    add_filler(b, b->len);
    (void)rk_buf_adds(b, "},");
    add_spec(b);
    char hash[65];
    for (size_t k = 0; k < sizeof id; k += 8) {
        uint64_t x = roll();
        memcpy(id + k, &x, 8);
    }
    for (size_t k = 0; k < 32; k++)
        (void)snprintf(hash + 2 * k, 3, "%02x", id[k]); /* fits: two digits */
    (void)rk_buf_addf(
        b, "\"status\":{\"phase\":\"Running\",\"podIP\":\"10.%u.%u.%u\",\"conditions\":[", id[40],
        id[41], id[42]);
    add_conditions(b, i);
    (void)rk_buf_addf(
        b,
        "],\"containerStatuses\":[{\"containerID\":\"containerd://%s\",\"image\":\"registry.example.com/team/worker:2.46.0\","
        "\"imageID\":\"registry.example.com/team/worker@sha256:5d9f0c2b7b6cbd1e3c1be0c5d7f1a5b1c9a8e7d6f5c4b3a2918070605040302f\","
        "\"lastState\":{},\"name\":\"worker\",\"ready\":true,\"restartCount\":0,\"started\":true,"
        "\"state\":{\"running\":{\"startedAt\":\"2026-08-01T%02zu:%02zu:%02zuZ\"}}}],\"hostIP\":\"10.0.0.%u\",\"qosClass\":\"Guaranteed\"}}",
        hash, i / 3600 % 24, i / 60 % 60, (i + 9) % 60, id[43]);
}

/* Microseconds for a snapshot of an owner and its PER_OWNER pods; ret_kept: plain bytes of a pod's kept JSON. */
static double measure_snapshot(struct rk_view *v, size_t *ret_kept)
{
    enum { TIMES = 2000 };
    struct rk_arena a;
    struct rk_snapshot s = {.n_seen = 0};
    const char *owner =
        "{\"metadata\":{\"name\":\"cluster-0\",\"namespace\":\"team-0\",\"uid\":\"o\"},\"spec\":{}}";
    int rc = rk_view_apply(v, rk_view_kind_find(v, OWNER), RK_VIEW_UPSERT, RK_FROM_WATCH,
                           rk_span_of(owner), NULL);
    rk_arena_init(&a, 0);
    int64_t from = rk_clock_wall_us();
    for (int i = 0; i < TIMES && rc == 0; i++) {
        rk_arena_reset(&a);
        rc = rk_view_snapshot(v, OWNER, "team-0", "cluster-0", &a, &s);
    }
    double us = (double)(rk_clock_wall_us() - from) / TIMES;
    *ret_kept = 0;
    for (size_t i = 0; i < s.n_seen; i++)
        *ret_kept += s.seen[i].json.n / s.n_seen;
    rk_arena_done(&a);
    return us;
}

int main(int argc, char **argv)
{
    int64_t pods = 50000;
    if (argc > 1 && rk_str_int(rk_span_of(argv[1]), 1, 10000000, &pods) < 0) {
        (void)fprintf(stderr, "view_bench: '%s' is not a number of pods\n",
                      argv[1]); /* nothing else can be done */
        return 2;
    }
    struct rk_view *v = rk_view_new(NULL, NULL);
    struct rk_view_kind def = {.gvk = "v1/Pod",
                               .api_version = "v1",
                               .kind = "Pod",
                               .plural = "pods",
                               .owner_gvk = OWNER,
                               .index_label = "example.io/cluster",
                               .keep = keep,
                               .n_keep = sizeof keep / sizeof *keep};
    struct rk_err err = RK_ERR_INIT;
    int kind = rk_view_kind_add(v, &def, &err);
    if (kind >= 0 && rk_view_kind_add(v, &(struct rk_view_kind){.gvk = OWNER}, &err) < 0)
        kind = -1;
    struct rk_buf b;
    rk_buf_init(&b, 1u << 20);
    make_pod(&b, 0);
    size_t before = mallinfo2().uordblks;
    size_t in = 0;
    int64_t spent = 0;
    if (kind >= 0)
        rk_view_list_begin(v, kind, NULL);
    for (int64_t i = 0; kind >= 0 && i < pods; i++) {
        make_pod(&b, (size_t)i);
        in += b.len;
        int64_t from = rk_clock_wall_us();
        int rc = rk_view_apply(v, kind, RK_VIEW_UPSERT, RK_FROM_LIST,
                               (struct rk_span){b.data, b.len}, &err);
        spent += rk_clock_wall_us() - from;
        if (rc < 0)
            kind = rc;
    }
    if (kind < 0) {
        (void)fprintf(stderr, "view_bench: %s\n", err.text); /* nothing else can be done */
        return 1;
    }
    rk_view_list_end(v, kind, NULL, "999999");
    size_t heap = mallinfo2().uordblks - before, records = rk_view_bytes(v);
    size_t kept;
    double snapshot_us = measure_snapshot(v, &kept);
    (void)printf(
        "{\"pods\":%zu,\"object_bytes\":%zu,\"kept_bytes\":%zu,\"record_bytes\":%zu,\"heap_bytes\":%zu,"
        "\"apply_us\":%.1f,\"snapshot_us\":%.1f}\n",
        rk_view_count(v, kind), in / (size_t)pods, kept, records / (size_t)pods,
        heap / (size_t)pods, (double)spent / (double)pods, snapshot_us);
    rk_buf_done(&b);
    rk_view_free(v);
    return 0;
}
