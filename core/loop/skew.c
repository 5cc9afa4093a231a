/* See skew.h. One request at a time: the index, then the documents that have changed. */
#include "core/loop/skew.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/json/scan.h"
#include "core/json/schema.h"

#define TIMEOUT_MS 30000
#define FAILED_MS  60000
#define TEXT_MAX   1024 /* of the paths that are named */
#define URL_MAX    1024

struct kind_skew {
    char *api, *version, *kind;        /* "example.io", "v1", "Thing" */
    char *name;                        /* of the definition; NULL: it is not looked at */
    char want[URL_MAX], have[URL_MAX]; /* its document: as the index has it, as it was compared */
    bool known, tells;                 /* compared; its status has conditions */
    size_t missing;
    char text[TEXT_MAX]; /* what is missing, for people; "" = nothing */
};

struct rk_skew {
    struct rk_worker *w;
    struct rk_timer timer;
    rk_call *call;
    struct kind_skew *kinds; /* as plugins->kinds */
    size_t n;
};

int rk_needs_read(const char *dir, const char *name, struct rk_buf *out)
{
    char path[4096], chunk[4096];
    int n = snprintf(path, sizeof path, "%s/fields/%s.txt", dir, name);
    FILE *f = n > 0 && (size_t)n < sizeof path ? fopen(path, "re") : NULL;
    size_t got;
    if (!f)
        return errno == ENOENT ? RK_E_NOENT : RK_E_IO;
    while ((got = fread(chunk, 1, sizeof chunk, f)) > 0 && rk_buf_add(out, chunk, got) == 0)
        ;
    int r = out->full ? RK_E_LIMIT : ferror(f) ? RK_E_IO : 0;
    fclose(f);
    return r;
}

/* ---- one kind ---- */

/* "example.io", "v1", "Thing" -> components/schemas/io.example.v1.Thing */
static struct rk_span schema_of(const struct kind_skew *k, struct rk_span document)
{
    char path[URL_MAX];
    size_t end = strlen(k->api);
    struct rk_buf b;
    rk_buf_init(&b, sizeof path);
    (void)rk_buf_adds(&b, "components/schemas/"); /* a full buffer finds nothing */
    for (size_t i = end; i-- > 0;)
        if (i == 0 || k->api[i - 1] == '.') {
            (void)rk_buf_addf(&b, "%.*s.", (int)(end - i), k->api + i);
            end = i > 0 ? i - 1 : 0;
        }
    (void)rk_buf_addf(&b, "%s.%s", k->version, k->kind);
    struct rk_span found = {0};
    if (!b.full)
        found = rk_scan_get(document, rk_buf_text(&b));
    rk_buf_done(&b);
    return found;
}

static bool is_below(struct rk_span path, struct rk_span field)
{
    return field.n > 0 && path.n > field.n && memcmp(path.p, field.p, field.n) == 0 &&
           (path.p[field.n] == '.' || path.p[field.n] == '[');
}

/* As many as fit; then how many more. */
static void name_field(struct kind_skew *k, struct rk_buf *text, struct rk_span path, size_t *named)
{
    if (text->len + path.n + 32 > TEXT_MAX)
        return;
    (void)rk_buf_addf(text, "%s%.*s", k->missing > 1 ? ", " : "", (int)path.n, path.p); /* fits */
    (*named)++;
}

static void compare(struct kind_skew *k, const cJSON *schema, const char *needs)
{
    struct rk_span rest = rk_span_of(needs), path, last = {0};
    struct rk_buf text;
    size_t named = 0;
    rk_buf_init(&text, TEXT_MAX);
    k->missing = 0;
    while (rk_span_next(&rest, '\n', &path)) {
        if (path.n == 0 || path.p[0] == '#' || is_below(path, last) || rk_schema_has(schema, path))
            continue;
        last = path;
        k->missing++;
        name_field(k, &text, path, &named);
    }
    if (k->missing > named)
        (void)rk_buf_addf(&text, " and %zu more", k->missing - named); /* there is room */
    rk_str_cut(k->text, sizeof k->text, rk_buf_text(&text));
    k->tells = rk_schema_has(schema, rk_span_of("status.conditions"));
    k->known = true;
    rk_buf_done(&text);
}

static int read_kind(const struct rk_skew *s, struct kind_skew *k, struct rk_span document,
                     struct rk_err *err)
{
    struct rk_span part = schema_of(k, document);
    const struct rk_json_limits limits = {16u << 20, 1000000, 128};
    struct rk_arena a;
    struct rk_buf needs;
    cJSON *schema = NULL;
    if (!part.p) { /* its definition was deleted: the watch tells */
        k->known = false;
        k->missing = 0;
        k->text[0] = '\0';
        return 0;
    }
    rk_arena_init(&a, 0);
    rk_buf_init(&needs, RK_NEEDS_MAX);
    int r = rk_needs_read(s->w->o->crds.path, k->name, &needs);
    if (r != 0)
        (void)rk_err_set(err, r, "the list of its fields cannot be read");
    if (r == 0)
        r = rk_json_parse(&a, part.p, part.n, &limits, &schema, err);
    if (r == 0)
        compare(k, schema, rk_buf_text(&needs));
    rk_buf_done(&needs);
    rk_arena_done(&a);
    return r;
}

static void tell(struct rk_skew *s, const struct kind_skew *k, const struct kind_skew *was)
{
    if (was->missing == k->missing && strcmp(was->text, k->text) == 0)
        return;
    if (k->missing > 0)
        rk_log_warn(
            "fields that are needed are dropped: the CRD is older than this version, or not ours",
            RK_KV("crd", k->name), RK_KN("missing", k->missing), RK_KV("fields", k->text),
            RK_KV("do", "raykeeper crds apply"));
    else if (was->missing > 0)
        rk_log_info("the CRD has all fields that are needed", RK_KV("crd", k->name));
    if (s->w->leads)
        rk_drive_all(s->w, NULL);
}

/* ---- requests ---- */

static void look(void *ctx);
static void step(struct rk_skew *s);

static void rest(struct rk_skew *s, int64_t ms)
{
    uint32_t r = 0;
    (void)rk_random(&r, sizeof r); /* without it all replicas look at the same time */
    rk_timer_in(s->w->poll, &s->timer, ms - ms / 10 + (int64_t)(r % 1000) * (ms / 5) / 1000, look,
                s);
}

static void failed(struct rk_skew *s, const char *what, const char *why)
{
    rk_log_info("CRDs could not be compared with what is needed", RK_KV("what", what),
                RK_KV("err", why));
    rest(s, s->w->o->crds.look_ms < FAILED_MS ? s->w->o->crds.look_ms : FAILED_MS);
}

static void get(struct rk_skew *s, const char *path, const char *query,
                void (*done)(void *ctx, const struct rk_resp *resp))
{
    const struct rk_req req = {.lane = RK_LANE_LEASE,
                               .method = "GET",
                               .path = path,
                               .query = query,
                               .timeout_ms = TIMEOUT_MS,
                               .hearsay = true,
                               .done = done,
                               .ctx = s};
    s->call = rk_client_send(s->w->client, &req);
}

static struct kind_skew *next_kind(struct rk_skew *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->kinds[i].name && s->kinds[i].want[0] &&
            strcmp(s->kinds[i].want, s->kinds[i].have) != 0)
            return &s->kinds[i];
    return NULL;
}

static void on_document(void *ctx, const struct rk_resp *resp)
{
    struct rk_skew *s = ctx;
    struct kind_skew *first = next_kind(s);
    struct rk_err err = RK_ERR_INIT;
    char url[URL_MAX];
    s->call = NULL;
    if (resp->code != 0 || !first) {
        failed(s, first ? first->name : "", resp->message);
        return;
    }
    rk_str_cut(url, sizeof url, first->want);
    for (size_t i = 0; i < s->n; i++) {
        struct kind_skew *k = &s->kinds[i], was = *k;
        if (!k->name || strcmp(k->want, url) != 0)
            continue;
        rk_str_cut(k->have, sizeof k->have, url); /* read or not: not again before it changes */
        if (read_kind(s, k, resp->body, &err) != 0)
            rk_log_warn("a CRD could not be compared with what is needed", RK_KV("crd", k->name),
                        RK_KV("err", err.text));
        tell(s, k, &was);
    }
    step(s);
}

static void step(struct rk_skew *s)
{
    const struct kind_skew *k = next_kind(s);
    char path[URL_MAX];
    if (!k) {
        rest(s, s->w->o->crds.look_ms);
        return;
    }
    rk_str_cut(path, sizeof path, k->want);
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    get(s, path, query, on_document);
}

static void on_index(void *ctx, const struct rk_resp *resp)
{
    struct rk_skew *s = ctx;
    s->call = NULL;
    if (resp->code != 0) {
        failed(s, "/openapi/v3", resp->message);
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        struct kind_skew *k = &s->kinds[i];
        char path[URL_MAX];
        int n =
            snprintf(path, sizeof path, "paths/apis~1%s~1%s/serverRelativeURL", k->api, k->version);
        k->want[0] = '\0';
        if (k->name && n > 0 && (size_t)n < sizeof path) /* one that cannot be taken stays "" */
            (void)rk_scan_text(rk_scan_get(resp->body, path), k->want, sizeof k->want);
        if (k->want[0] != '/')
            k->want[0] = '\0';
    }
    step(s);
}

static void look(void *ctx)
{
    get(ctx, "/openapi/v3", NULL, on_index);
}

/* ---- life ---- */

static bool listed(const struct rk_skew *s, const char *name)
{
    struct rk_buf needs;
    rk_buf_init(&needs, RK_NEEDS_MAX);
    int r = rk_needs_read(s->w->o->crds.path, name, &needs);
    rk_buf_done(&needs);
    return r == 0;
}

static void set_kind(const struct rk_skew *s, struct kind_skew *k, const rk_kind *kind)
{
    const char *version = strchr(kind->gvk, '/'), *name = version ? strchr(version + 1, '/') : NULL;
    char crd[512];
    k->api = rk_strndup(kind->gvk, version ? (size_t)(version - kind->gvk) : 0);
    k->version = rk_strndup(name ? version + 1 : "", name ? (size_t)(name - version - 1) : 0);
    k->kind = rk_strdup(name ? name + 1 : "");
    int n = snprintf(crd, sizeof crd, "%s.%s", kind->plural, k->api);
    if (name && n > 0 && (size_t)n < sizeof crd && listed(s, crd))
        k->name = rk_strdup(crd);
}

struct rk_skew *rk_skew_start(struct rk_worker *w)
{
    struct rk_skew *s = rk_alloc(sizeof *s);
    bool any = false;
    s->w = w;
    s->n = w->plugins->n_kinds;
    s->kinds = rk_alloc((s->n + 1) * sizeof *s->kinds);
    for (size_t i = 0; i < s->n; i++) {
        set_kind(s, &s->kinds[i], &w->plugins->kinds[i]);
        any = any || s->kinds[i].name;
    }
    if (any && w->o->crds.look_ms > 0)
        rk_timer_in(w->poll, &s->timer, 0, look, s);
    return s;
}

void rk_skew_free(struct rk_skew *s)
{
    if (!s)
        return;
    if (s->call)
        rk_client_cancel(s->w->client, s->call);
    rk_timer_del(s->w->poll, &s->timer);
    for (size_t i = 0; i < s->n; i++) {
        rk_free(s->kinds[i].api);
        rk_free(s->kinds[i].version);
        rk_free(s->kinds[i].kind);
        rk_free(s->kinds[i].name);
    }
    rk_free(s->kinds);
    rk_free(s);
}

const char *rk_skew_lacks(const struct rk_skew *s, size_t kind)
{
    return s->kinds[kind].known && s->kinds[kind].tells ? s->kinds[kind].text : NULL;
}

bool rk_skew_count(const struct rk_skew *s, size_t kind, size_t *ret)
{
    *ret = s->kinds[kind].missing;
    return s->kinds[kind].known;
}
