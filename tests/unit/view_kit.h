/* Shared by the tests of core/view: a view of three kinds, a log of wakes, and short ways to make objects. */
#ifndef RK_TESTS_VIEW_KIT_H
#define RK_TESTS_VIEW_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/view/view.h"

#define THING "example.io/v1/Thing"
#define POD   "v1/Pod"

enum { MAX_WAKES = 4096 };

struct wake {
    char gvk[64], ns[64], name[64];
    enum rk_view_cause cause;
};

struct kit {
    struct rk_view *v;
    int thing, pod, secret;
    struct wake wakes[MAX_WAKES];
    size_t n_wakes;
};

static const char *const pod_keep[] = {"metadata/labels", "status/phase", "status/podIP"};

static void kit_wake(void *ctx, const char *gvk, const char *ns, const char *name,
                     enum rk_view_cause cause)
{
    struct kit *k = ctx;
    assert_true(k->n_wakes < MAX_WAKES);
    struct wake *w = &k->wakes[k->n_wakes++];
    assert_int_equal(rk_str_copy(w->gvk, sizeof w->gvk, gvk), 0);
    assert_int_equal(rk_str_copy(w->ns, sizeof w->ns, ns), 0);
    assert_int_equal(rk_str_copy(w->name, sizeof w->name, name), 0);
    w->cause = cause;
}

static struct kit *kit_new(void)
{
    static struct kit kit;
    memset(&kit, 0, sizeof kit);
    kit.v = rk_view_new(kit_wake, &kit);
    struct rk_err err = RK_ERR_INIT;
    kit.thing = rk_view_kind_add(kit.v, &(struct rk_view_kind){.gvk = THING}, &err);
    kit.pod = rk_view_kind_add(kit.v,
                               &(struct rk_view_kind){.gvk = POD,
                                                      .owner_gvk = THING,
                                                      .index_label = "example.io/thing",
                                                      .keep = pod_keep,
                                                      .n_keep = 3},
                               &err);
    kit.secret = rk_view_kind_add(
        kit.v, &(struct rk_view_kind){.gvk = "v1/Secret", .owner_gvk = THING}, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(kit.thing, 0);
    assert_int_equal(kit.secret, 2);
    return &kit;
}

static inline int kit_apply(struct kit *k, int kind, enum rk_view_what what,
                            enum rk_view_source source, const char *json)
{
    struct rk_err err = RK_ERR_INIT;
    return rk_view_apply(k->v, kind, what, source, rk_span_of(json), &err);
}

/* "CHILD t1, USER t2": what woke since the last call; namespaces are not shown. */
static inline const char *kit_wakes(struct kit *k)
{
    static const char *const names[] = {"LIST", "CHILD", "CHILD_GONE", "USER", "DELETED", "STATUS"};
    static char text[8192];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < k->n_wakes; i++) {
        int m = snprintf(text + n, sizeof text - n, "%s%s %s", i ? ", " : "",
                         names[k->wakes[i].cause], k->wakes[i].name);
        assert_true(m > 0 && (size_t)m < sizeof text - n);
        n += (size_t)m;
    }
    k->n_wakes = 0;
    return text;
}

/* A pod of namespace ns1. owner: label's value and name of the controller reference; NULL = neither. */
static inline const char *pod(const char *name, const char *uid, int rv, const char *owner,
                              const char *phase)
{
    static char text[2048];
    char labels[256] = "";
    if (owner)
        (void)snprintf(labels, sizeof labels, "\"labels\":{\"example.io/thing\":\"%s\"},", owner);
    (void)snprintf(
        text, sizeof text,
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns1\",%s\"uid\":\"%s\",\"resourceVersion\":\"%d\","
        "\"managedFields\":[{\"manager\":\"x\",\"time\":\"%d\"}]},\"spec\":{\"n\":%d},\"status\":{\"phase\":\"%s\"}}",
        name, labels, uid, rv, rv, rv, phase);
    return text;
}

static inline const char *thing(const char *name, const char *uid, int rv, int generation,
                                const char *more_meta, const char *status)
{
    static char text[2048];
    (void)snprintf(
        text, sizeof text,
        "{\"kind\":\"Thing\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns1\",\"uid\":\"%s\",\"resourceVersion\":\"%d\","
        "\"generation\":%d%s},\"spec\":{},\"status\":{\"s\":\"%s\"}}",
        name, uid, rv, generation, more_meta, status);
    return text;
}

#define UP(kind, source, json) assert_int_equal(kit_apply(k, kind, RK_VIEW_UPSERT, source, json), 0)
#define GONE(kind, source, json) \
    assert_int_equal(kit_apply(k, kind, RK_VIEW_DELETE, source, json), 0)
#define WAKES(text) assert_string_equal(kit_wakes(k), text)
#define LIST        RK_FROM_LIST
#define WATCH       RK_FROM_WATCH
#define REPLY       RK_FROM_RESPONSE

/* uid of a pod of ns1 and owner t1, "" when it is not there. Makes the owner's snapshot, so t1 must be there. */
static inline const char *pod_state(struct kit *k, const char *owner, const char *name)
{
    static char text[512];
    struct rk_arena a;
    struct rk_snapshot s;
    rk_arena_init(&a, 0);
    text[0] = '\0';
    if (rk_view_snapshot(k->v, THING, "ns1", owner, &a, &s) == 0)
        for (size_t i = 0; i < s.n_seen; i++)
            if (strcmp(s.seen[i].name, name) == 0)
                (void)snprintf(text, sizeof text, "%s@%s%s", s.seen[i].uid, s.seen[i].rv,
                               s.seen[i].terminating ? " terminating" : "");
    rk_arena_done(&a);
    return text;
}

#endif
