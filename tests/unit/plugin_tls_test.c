/* The tls plugin over an observed world: what cert-manager has issued, pods that have addresses. Its sources are
 * included: a plugin exports one symbol only. A second plugin asks for a head and a worker. */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/pass/pass.h"
#include "core/plug/plug.h"
#include "core/view/view.h"
#include "plugin_world.h"

#include "plugins/tls/pki.c"
#include "plugins/tls/pod.c"
#include "plugins/tls/sets.c"
#include "plugins/tls/state.c"
#include "plugins/tls/tls.c"
#include "plugins/tls/validate.c"

#define TEMPLATE "\"template\":{\"spec\":{\"containers\":[{\"name\":\"ray\",\"image\":\"i\"}]}}"
#define SPEC     "{\"tlsOptions\":{\"enabled\":true},\"headGroupSpec\":{" TEMPLATE "}}"
#define IN_CLEAR "{\"headGroupSpec\":{" TEMPLATE "}}"
#define ISSUED   "\"notAfter\":\"2026-03-01T00:00:00Z\",\"conditions\":["
#define READY(status, generation)                                                      \
    "{\"type\":\"Ready\",\"status\":\"" status "\",\"observedGeneration\":" generation \
    ",\"reason\":\"R\",\"message\":\"said so\"}"
#define ISSUING(since) \
    "{\"type\":\"Issuing\",\"status\":\"True\",\"lastTransitionTime\":\"" since "\"}"

/* ---- the second plugin ---- */

static const char *shaped; /* of FINALIZE, text in `to` */
static struct rk_arena *to;

static rk_group group_of(const rk_api *rk, rk_pass *ps, const char *role)
{
    static const rk_member member = {.size = sizeof member, .key = "0"};
    return (rk_group){.size = sizeof(rk_group),
                      .role = role,
                      .group = role,
                      .pod_template = rk->at(rk->object(ps), "/spec/headGroupSpec/template"),
                      .name_prefix = role,
                      .members = &member,
                      .n_members = 1,
                      .member_size = sizeof member};
}

static int32_t ask_pods(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_group head = group_of(rk, ps, "head"), worker = group_of(rk, ps, "worker");
    (void)self;
    RK_TRY(rk->pods(ps, &head));
    return rk->pods(ps, &worker);
}

static int32_t ask_shape(const rk_api *rk, rk_pass *ps, void *self)
{
    const rk_group head = group_of(rk, ps, "head");
    const rk_json *pod = rk->shape(ps, &head);
    (void)self;
    shaped = pod ? rk_arena_strdup(to, rk->print(ps, pod)) : NULL;
    return RK_OK;
}

static bool everything(void *ctx, const char *gvk)
{
    (void)ctx;
    (void)gvk;
    return true;
}

static void open_tls(struct world *w)
{
    static const rk_hook asking[] = {
        {.phase = RK_PHASE_PLAN, .rank = 300, .kinds = RAY_CLUSTER, .run = ask_pods},
        {.phase = RK_PHASE_FINALIZE, .rank = 100, .kinds = RAY_CLUSTER, .run = ask_shape}};
    static const rk_kind kinds[] = {{.gvk = RAY_CLUSTER, .plural = "rayclusters"}};
    static const rk_plugin asks = {
        RK_PLUGIN_SIZES, .name = "asks", .version = RK_VERSION, .hooks = asking,
        .n_hooks = 2,    .kinds = kinds, .n_kinds = 1,
    };
    const rk_plugin *const both[] = {&rk_plugin_v0, &asks};
    struct rk_err err = RK_ERR_INIT;
    open_world(w, &rk_plugin_v0, 32);
    rk_plugins_free(w->plugins);
    assert_int_equal(rk_plugins_from(both, 2, NULL, NULL, &w->plugins, &err), 0);
    w->served = everything;
    to = &w->arena;
}

/* ---- what is there, and what is written ---- */

/* As cert-manager shows it: the names and addresses that were asked for, and its conditions. */
static struct rk_seen *see_leaf(struct world *w, const char *type, const char *ips,
                                const char *status)
{
    const char *name = rk_arena_fmt(&w->arena, "ray-%s-cert-c", type),
               *dns = strcmp(type, "head") == 0
                          ? "\"c-head-svc.ns.svc.cluster.local\",\"localhost\""
                          : "\"localhost\"";
    struct rk_seen *s = world_put(
        w, name,
        rk_arena_fmt(
            &w->arena,
            "{\"metadata\":{\"name\":\"%s\",\"generation\":2,\"labels\":{\"ray.io/cluster\":\"c\","
            "\"app.kubernetes.io/name\":\"kuberay\",\"app.kubernetes.io/created-by\":"
            "\"kuberay-operator\",\"app.kubernetes.io/component\":\"ray-tls\"}},\"spec\":{"
            "\"secretName\":\"ray-%s-secret-c\",\"secretTemplate\":{\"labels\":{"
            "\"ray.io/cluster\":\"c\"}},\"issuerRef\":{\"name\":\"ray-ca-issuer-c\",\"kind\":"
            "\"Issuer\",\"group\":\"cert-manager.io\"},\"usages\":[\"digital signature\","
            "\"key encipherment\",\"server auth\",\"client auth\"],\"duration\":\"2160h0m0s\","
            "\"renewBefore\":\"360h0m0s\",\"dnsNames\":[%s],\"ipAddresses\":[%s]},\"status\":{%s}}",
            name, type, dns, ips, status));
    s->gvk = RAY_CERTIFICATE;
    return s;
}

static void see_made_once(struct world *w)
{
    static const char *const names[][2] = {{TLS_ISSUER, "ray-selfsigned-issuer-c"},
                                           {TLS_ISSUER, "ray-ca-issuer-c"},
                                           {RAY_CERTIFICATE, "ray-ca-certificate-c"}};
    for (size_t i = 0; i < RK_COUNT(names); i++)
        world_put(w, names[i][1],
                  rk_arena_fmt(&w->arena, "{\"metadata\":{\"name\":\"%s\"}}", names[i][1]))
            ->gvk = names[i][0];
}

static void see_issued(struct world *w)
{
    see_made_once(w);
    (void)see_leaf(w, "head", "\"127.0.0.1\"", ISSUED READY("True", "2") "]");
    (void)see_leaf(w, "worker", "\"127.0.0.1\"", ISSUED READY("True", "2") "]");
}

static struct rk_seen *see_pod(struct world *w, const char *name, const char *type,
                               const char *phase, const char *ips)
{
    return world_put(
        w, name,
        rk_arena_fmt(&w->arena,
                     "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"ray.io/cluster\":\"c\","
                     "\"ray.io/node-type\":\"%s\"}},\"status\":{\"phase\":\"%s\",\"podIPs\":[%s]}}",
                     name, type, phase, ips));
}

static size_t count(const struct rk_plan *p, enum rk_op_verb verb, const char *gvk)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_ops; i++)
        n += p->ops[i].verb == verb && strcmp(p->ops[i].gvk, gvk) == 0;
    return n;
}

/* The body of the one write of this kind to an object whose name begins so. */
static const char *written(struct world *w, enum rk_op_verb verb, const char *gvk, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < w->plan->n_ops; i++) {
        const struct rk_op *op = &w->plan->ops[i];
        if (op->verb != verb || strcmp(op->gvk, gvk) != 0 ||
            strncmp(op->name, name, strlen(name)) != 0)
            continue;
        struct rk_buf b;
        rk_buf_init(&b, 1u << 20);
        assert_null(found);
        assert_true(rk_op_body(op, &b) >= 0);
        found = rk_arena_strdup(&w->arena, rk_buf_text(&b));
        rk_buf_done(&b);
    }
    assert_non_null(found);
    return found;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_error("%s\nlacks %s\n", text, part);
    assert_non_null(strstr(text, part));
}

/* ---- tests ---- */

static void no_pod_is_made_before_both_certificates_are_issued(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem); /* waiting is no failure */
    assert_int_equal(count(p, RK_OP_CREATE, TLS_ISSUER), 2);
    assert_int_equal(count(p, RK_OP_CREATE, RAY_CERTIFICATE), 3);
    assert_int_equal(count(p, RK_OP_CREATE, RAY_POD), 0);
    assert_int_equal(p->again_ms, 30000);
    has(world_status(&w), "\"type\":\"CertificatesReady\",\"status\":\"False\"");
    has(world_status(&w), "ray-head-cert-c is not there yet; ray-worker-cert-c is not there yet");
    see_made_once(&w);
    (void)see_leaf(&w, "head", "\"127.0.0.1\"", ISSUED READY("True", "2") "]");
    /* of what was asked for before */
    struct rk_seen *worker = see_leaf(&w, "worker", "\"127.0.0.1\"", ISSUED READY("True", "1") "]");
    p = world_run(&w, SPEC);
    assert_int_equal(count(p, RK_OP_CREATE, RAY_POD), 0);
    has(world_status(&w), "\"message\":\"ray-worker-cert-c is being issued anew\"");
    world_remove(&w, worker->name);
    (void)see_leaf(&w, "worker", "\"127.0.0.1\"", ISSUED READY("False", "2") "]");
    p = world_run(&w, SPEC);
    assert_int_equal(count(p, RK_OP_CREATE, RAY_POD), 0);
    has(world_status(&w), "\"message\":\"ray-worker-cert-c: said so\"");
    close_world(&w);
}

static void pods_are_made_with_them_once_they_are_issued(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    see_issued(&w);
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_CREATE), 2);
    assert_int_equal(world_count(p, RK_OP_PATCH), 0);
    has(written(&w, RK_OP_CREATE, RAY_POD, "head"),
        "\"secret\":{\"secretName\":\"ray-head-secret-c\"}");
    has(written(&w, RK_OP_CREATE, RAY_POD, "worker"), "\"secretName\":\"ray-worker-secret-c\"");
    has(world_status(&w), "\"type\":\"CertificatesReady\",\"status\":\"True\"");
    /* and without the option, none of it */
    w.status = "{\"conditions\":[{\"type\":\"CertificatesReady\",\"status\":\"True\"}]}";
    p = world_run(&w, IN_CLEAR);
    has(world_status(&w), "\"conditions\":[]");
    assert_int_equal(world_count(p, RK_OP_CREATE), 2);
    assert_null(strstr(written(&w, RK_OP_CREATE, RAY_POD, "head"), "tls"));
    close_world(&w);
}

static void each_is_asked_for_in_full(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    (void)world_run(&w, SPEC);
    has(written(&w, RK_OP_CREATE, TLS_ISSUER, "ray-selfsigned"), "\"spec\":{\"selfSigned\":{}}");
    has(written(&w, RK_OP_CREATE, TLS_ISSUER, "ray-ca"),
        "\"spec\":{\"ca\":{\"secretName\":\"c-ca-secret-u\"}}");
    const char *text = written(&w, RK_OP_CREATE, RAY_CERTIFICATE, "ray-ca");
    has(text, "\"secretName\":\"c-ca-secret-u\"");
    has(text, "\"issuerRef\":{\"name\":\"ray-selfsigned-issuer-c\",\"kind\":\"Issuer\"");
    has(text, "\"isCA\":true,\"commonName\":\"ray-ca-c\"");
    has(text, "\"usages\":[\"cert sign\",\"crl sign\"]");
    has(text, "\"duration\":\"87600h0m0s\",\"renewBefore\":\"720h0m0s\"");
    text = written(&w, RK_OP_CREATE, RAY_CERTIFICATE, "ray-head");
    has(text, "\"issuerRef\":{\"name\":\"ray-ca-issuer-c\"");
    has(text, "\"dnsNames\":[\"c-head-svc.ns.svc.cluster.local\",\"localhost\"]");
    has(text, "\"ipAddresses\":[\"127.0.0.1\"]");
    has(written(&w, RK_OP_CREATE, RAY_CERTIFICATE, "ray-worker"), "\"dnsNames\":[\"localhost\"]");
    close_world(&w);
}

/* Under which reason a failure of this write would be told. */
static const char *reason(const struct rk_plan *p, enum rk_op_verb verb, const char *name)
{
    for (size_t i = 0; i < p->n_ops; i++)
        if (p->ops[i].verb == verb && strcmp(p->ops[i].name, name) == 0)
            return p->ops[i].fail_reason;
    return "not written";
}

static void what_cannot_be_written_is_told_by_its_reason(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_string_equal(reason(p, RK_OP_CREATE, "ray-ca-issuer-c"), "FailedToCreateIssuer");
    assert_string_equal(reason(p, RK_OP_CREATE, "ray-ca-certificate-c"),
                        "FailedToCreateCertificate");
    see_issued(&w);
    (void)see_pod(&w, "w1", "worker", "Running", "{\"ip\":\"10.0.0.3\"}");
    p = world_run(&w, SPEC);
    assert_string_equal(reason(p, RK_OP_PATCH, "ray-worker-cert-c"), "FailedToUpdateCertificate");
    close_world(&w);
}

static void certificates_follow_the_addresses_of_the_live_pods(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    see_issued(&w);
    (void)see_pod(&w, "h", "head", "Running", "{\"ip\":\"10.0.0.9\"}");
    (void)see_pod(&w, "w1", "worker", "Running", "{\"ip\":\"10.0.0.3\"},{\"ip\":\"fd00::3\"}");
    (void)see_pod(&w, "w2", "worker", "Pending", "{\"ip\":\"10.0.0.2\"}");
    (void)see_pod(&w, "w3", "worker", "Failed", "{\"ip\":\"10.0.0.4\"}");
    (void)see_pod(&w, "w7", "worker", "Succeeded", "{\"ip\":\"10.0.0.7\"}");
    (void)see_pod(&w, "w4", "worker", "Running", "{\"ip\":\"10.0.0.5\"}");
    (void)see_pod(&w, "w5", "worker", "Pending", "");
    see_pod(&w, "w6", "worker", "Running", "{\"ip\":\"10.0.0.6\"}")->mine = false;
    world_end(&w, "w4");
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_DELETE), 0);
    assert_string_equal(
        written(&w, RK_OP_PATCH, RAY_CERTIFICATE, "ray-head"),
        "{\"spec\":{\"ipAddresses\":[\"10.0.0.9\",\"127.0.0.1\"]},\"metadata\":{\"resourceVersion\":\"5\"}}");
    assert_string_equal(
        written(&w, RK_OP_PATCH, RAY_CERTIFICATE, "ray-worker"),
        "{\"spec\":{\"ipAddresses\":[\"10.0.0.2\",\"10.0.0.3\",\"127.0.0.1\",\"fd00::3\"]},\"metadata\":{\"resourceVersion\":\"5\"}}");
    close_world(&w);
}

static void the_same_addresses_in_another_order_are_left_alone(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    see_made_once(&w);
    (void)see_leaf(&w, "head", "\"127.0.0.1\"", ISSUED READY("True", "2") "]");
    (void)see_leaf(&w, "worker", "\"127.0.0.1\",\"10.0.0.3\",\"10.0.0.2\"",
                   ISSUED READY("True", "2") "]");
    (void)see_pod(&w, "w1", "worker", "Running", "{\"ip\":\"10.0.0.2\"}");
    (void)see_pod(&w, "w2", "worker", "Running", "{\"ip\":\"10.0.0.3\"}");
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem);
    assert_int_equal(world_count(p, RK_OP_PATCH), 0);
    close_world(&w);
}

static void what_is_being_issued_is_not_asked_for_anew_until_it_takes_too_long(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    see_made_once(&w);
    (void)see_leaf(&w, "head", "\"127.0.0.1\"", ISSUED READY("True", "2") "]");
    struct rk_seen *worker = see_leaf(&w, "worker", "\"127.0.0.1\",\"10.0.0.2\"",
                                      ISSUED ISSUING("2026-01-02T03:03:55Z") "]");
    (void)see_pod(&w, "w1", "worker", "Running", "{\"ip\":\"10.0.0.2\"}");
    (void)see_pod(&w, "w2", "worker", "Pending", "{\"ip\":\"10.0.0.3\"}");
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_int_equal(world_count(p, RK_OP_PATCH), 0);
    assert_int_equal(p->again_ms, 20000);
    world_remove(&w, worker->name);
    (void)see_leaf(&w, "worker", "\"127.0.0.1\",\"10.0.0.2\"",
                   ISSUED ISSUING("2026-01-02T03:03:35Z") "]");
    assert_int_equal(world_count(world_run(&w, SPEC), RK_OP_PATCH), 1);
    /* by a clock that is wrong: that would be never */
    world_remove(&w, "ray-worker-cert-c");
    (void)see_leaf(&w, "worker", "\"127.0.0.1\",\"10.0.0.2\"",
                   ISSUED ISSUING("2126-01-02T03:03:35Z") "]");
    assert_int_equal(world_count(world_run(&w, SPEC), RK_OP_PATCH), 1);
    close_world(&w);
}

static struct rk_seen *see_secret(struct world *w, const char *name, const char *owners)
{
    struct rk_seen *s = world_put(
        w, name,
        rk_arena_fmt(&w->arena, "{\"metadata\":{\"name\":\"%s\",\"ownerReferences\":[%s]}}", name,
                     owners));
    s->gvk = TLS_SECRET;
    s->mine = false;
    return s;
}

static void a_secret_that_nobody_owns_goes_with_the_cluster(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    see_issued(&w);
    (void)see_secret(&w, "ray-head-secret-c", "");
    (void)see_secret(&w, "c-ca-secret-u", "");
    (void)see_secret(&w, "other", "");
    (void)see_secret(&w, "ray-worker-secret-c",
                     "{\"apiVersion\":\"cert-manager.io/v1\",\"kind\":\"Certificate\",\"name\":"
                     "\"ray-worker-cert-c\",\"uid\":\"x\"}");
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem);
    assert_int_equal(count(p, RK_OP_CREATE, TLS_SECRET), 0);
    assert_int_equal(count(p, RK_OP_PATCH, TLS_SECRET), 2);
    has(written(&w, RK_OP_PATCH, TLS_SECRET, "ray-head-secret-c"), "\"uid\":\"u\"");
    has(written(&w, RK_OP_PATCH, TLS_SECRET, "c-ca-secret-u"), "\"uid\":\"u\"");
    close_world(&w);
}

static void the_clean_up_of_a_cluster_that_goes_waits_for_nothing(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    w.meta = "\"deletionTimestamp\":\"" WORLD_NOW "\"";
    (void)world_run(&w, SPEC);
    assert_non_null(shaped);
    has(shaped, "\"RAY_USE_TLS\"");
    has(shaped, "\"secret\":{\"secretName\":\"ray-head-secret-c\",\"optional\":true}");
    assert_null(strstr(shaped, TLS_WAIT));
    assert_string_equal(world_status(&w), ""); /* nor is it told that it has none */
    close_world(&w);
}

/* The garbage collector is slow, and another cluster has the name already: what an authority that goes signs
 * would not fit what the next one signs. */
static void nothing_is_asked_of_an_authority_of_an_earlier_cluster(void **state)
{
    static const char *const names[][2] = {{TLS_ISSUER, "ray-selfsigned-issuer-c"},
                                           {RAY_CERTIFICATE, "ray-ca-certificate-c"},
                                           {TLS_ISSUER, "ray-ca-issuer-c"}};
    for (size_t i = 0; i < RK_COUNT(names); i++) {
        struct world w;
        (void)state;
        open_tls(&w);
        struct rk_seen *s = world_put(
            &w, names[i][1],
            rk_arena_fmt(&w.arena,
                         "{\"metadata\":{\"name\":\"%s\",\"ownerReferences\":[{\"uid\":\"old\"}]}}",
                         names[i][1]));
        s->gvk = names[i][0];
        s->mine = false;
        const struct rk_plan *p = world_run(&w, SPEC);
        assert_true(p->failed);
        has(p->problem, names[i][1]);
        has(p->problem, "belongs to someone else");
        assert_int_equal(world_count(p, RK_OP_CREATE), 0);
        /* one that was left behind on purpose, without an owner, serves */
        s->json = rk_span_of("{\"metadata\":{}}");
        p = world_run(&w, SPEC);
        assert_null(p->problem);
        assert_int_equal(world_count(p, RK_OP_CREATE), 4);
        close_world(&w);
    }
}

static void a_certificate_that_ends_is_told(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    see_made_once(&w);
    (void)see_leaf(&w, "head", "\"127.0.0.1\"", ISSUED READY("True", "2") "]");
    (void)see_leaf(&w, "worker", "\"127.0.0.1\"",
                   "\"notAfter\":\"2026-01-03T03:04:04Z\",\"conditions\":[" READY("True", "2") "]");
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_int_equal(p->n_events, 1);
    assert_string_equal(p->events[0].reason, "CertificateExpiring");
    has(p->events[0].note, "ray-worker-cert-c ends at 2026-01-03T03:04:04Z");
    close_world(&w);
}

static void offline_pods_are_shown_as_they_will_be(void **state)
{
    struct world w;
    (void)state;
    open_tls(&w);
    w.served = NULL;
    const struct rk_plan *p = world_run(&w, SPEC);
    assert_null(p->problem);
    assert_int_equal(count(p, RK_OP_CREATE, RAY_POD), 2);
    has(written(&w, RK_OP_CREATE, RAY_POD, "worker"), TLS_WAIT);
    close_world(&w);
}

/* ---- whatever others write ---- */

static cJSON *nth(cJSON *v, size_t *left)
{
    if ((*left)-- == 0)
        return v;
    cJSON *found = NULL;
    for (cJSON *c = v->child; c && !found; c = c->next)
        found = nth(c, left);
    return found;
}

/* The text with its node `at` replaced by `value`; NULL = it has no more nodes. */
static const char *spoilt(struct world *w, struct rk_span text, size_t at, const char *value)
{
    cJSON *root = NULL, *other = NULL;
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_json_parse(&w->arena, text.p, text.n, NULL, &root, &err), 0);
    assert_int_equal(rk_json_parse(&w->arena, value, strlen(value), NULL, &other, &err), 0);
    cJSON *node = nth(root, &at);
    if (!node)
        return NULL;
    node->type = other->type;
    node->child = other->child;
    node->valuestring = other->valuestring;
    return rk_json_text(&w->arena, root);
}

/* Certificates, Secrets and pods are other people's: each value of them in turn is of another type. */
static void hostile_objects_break_nothing_and_cost_no_pod(void **state)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "7",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[[],{},null,\"x\",5]",
                                         "[{\"type\":[],\"ip\":{}}]",
                                         "{\"type\":\"Ready\",\"ip\":\"1.2.3.4\"}"};
    struct world w;
    size_t tried = 0;
    (void)state;
    open_tls(&w);
    see_issued(&w);
    (void)see_pod(&w, "w1", "worker", "Running", "{\"ip\":\"10.0.0.3\"}");
    world_put(&w, "ray-head-secret-c",
              "{\"metadata\":{\"name\":\"ray-head-secret-c\",\"ownerReferences\":[]}}")
        ->gvk = TLS_SECRET;
    for (size_t i = 0; i < w.n; i++)
        for (size_t v = 0; v < RK_COUNT(values); v++) {
            const struct rk_span well = w.seen[i].json;
            const char *text;
            for (size_t at = 0; (text = spoilt(&w, well, at, values[v])) != NULL; at++) {
                w.seen[i].json = rk_span_of(text);
                const struct rk_plan *p = world_run(&w, SPEC);
                assert_int_equal(world_count(p, RK_OP_DELETE), 0);
                tried++;
            }
            w.seen[i].json = well;
        }
    assert_true(tried > 500);
    assert_int_equal(count(world_run(&w, SPEC), RK_OP_CREATE, RAY_POD), 2);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_pod_is_made_before_both_certificates_are_issued),
        cmocka_unit_test(pods_are_made_with_them_once_they_are_issued),
        cmocka_unit_test(each_is_asked_for_in_full),
        cmocka_unit_test(what_cannot_be_written_is_told_by_its_reason),
        cmocka_unit_test(certificates_follow_the_addresses_of_the_live_pods),
        cmocka_unit_test(the_same_addresses_in_another_order_are_left_alone),
        cmocka_unit_test(what_is_being_issued_is_not_asked_for_anew_until_it_takes_too_long),
        cmocka_unit_test(a_secret_that_nobody_owns_goes_with_the_cluster),
        cmocka_unit_test(the_clean_up_of_a_cluster_that_goes_waits_for_nothing),
        cmocka_unit_test(nothing_is_asked_of_an_authority_of_an_earlier_cluster),
        cmocka_unit_test(a_certificate_that_ends_is_told),
        cmocka_unit_test(offline_pods_are_shown_as_they_will_be),
        cmocka_unit_test(hostile_objects_break_nothing_and_cost_no_pod),
    };
    return cmocka_run_group_tests_name("plugin tls", tests, NULL, NULL);
}
