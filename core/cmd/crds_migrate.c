/* `raykeeper crds apply --migrate-storage`: a version is dropped that objects may be stored in.
 *
 * First the definition has both, ours and what was there, and stores ours. Then every object is sent an empty patch: what is stored in another
 * version is written again, and what is stored as it should costs no write. When none is left the list of stored versions is cut down, if nobody
 * has edited the definition since the first object. Every step may be the last one
 * that is done, and is done again by the next run. */
#include "core/cmd/crds.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE       200
#define SETTLE_MS  3000 /* other API servers take up which version is stored */
#define AGAIN_MAX  5    /* lists that ran out of time */
#define FAILS_TOLD 10

struct migration {
    struct rk_crds *c;
    const struct rk_crd *crd;
    const char *gv, *plural, *version;
    const char *more; /* continue token; "" */
    size_t seen, failed;
    int64_t left; /* -1 = unknown */
};

/* Ours, and the versions of the cluster's definition that ours has not, stored no more. */
static cJSON *both(struct migration *m, const cJSON *live)
{
    struct rk_arena *a = &m->c->a;
    cJSON *doc = rk_json_copy(a, m->crd->doc);
    cJSON *versions = rk_json_get(rk_json_get(doc, "spec"), "versions");
    const cJSON *theirs = rk_json_get(rk_json_get(live, "spec"), "versions");
    for (const cJSON *v = rk_json_is_array(theirs) ? theirs->child : NULL; v; v = v->next) {
        if (rk_crd_version(m->crd->doc, rk_json_str(rk_json_get(v, "name"), "")))
            continue;
        cJSON *kept = rk_json_copy(a, v);
        rk_json_set(a, kept, "storage", rk_json_bool(a, false));
        rk_json_push(versions, kept);
    }
    return doc;
}

/* ---- objects ---- */

static int patch_object(struct migration *m, struct rk_arena *a, const cJSON *meta,
                        struct rk_err *err)
{
    const char *ns = rk_json_str(rk_json_get(meta, "namespace"), NULL),
               *name = rk_json_str(rk_json_get(meta, "name"), "");
    char path[RK_URL_MAX];
    cJSON *body = rk_json_object(a), *with = rk_json_object(a);
    rk_json_set(a, body, "metadata", with);
    rk_json_set(a, with, "uid", rk_json_string(a, rk_json_str(rk_json_get(meta, "uid"), "")));
    int r = rk_url(path, m->gv, m->plural, ns, name, NULL);
    const struct rk_req req = {.method = "PATCH",
                               .path = path,
                               .content_type = "application/merge-patch+json",
                               .body = rk_span_of(rk_json_text(a, body)),
                               .metadata_only = true,
                               .write = true};
    if (r == 0)
        r = rk_crds_send(m->c, &req, NULL, NULL, err);
    if (r == RK_E_NOENT ||
        r == RK_E_CONFLICT) { /* gone, or another object by now: new ones are stored right */
        rk_err_clear(err);
        r = 0;
    }
    if (r != 0)
        return rk_err_wrap(err, "%s%s%s", ns ? ns : "", ns ? "/" : "", name);
    return 0;
}

/* Who answers 403 for one object is an admission webhook or a policy; who may not patch, or is not known, may not patch the next one either. */
static bool is_the_end(int code, const struct rk_err *err)
{
    return code == RK_E_IO || code == RK_E_BUSY ||
           (code == RK_E_AUTH && !strstr(err->text, " denied "));
}

/* Objects that the API server refuses are told, up to a number; it goes on with the others. A failure to reach it ends the run. */
static int patch_all(struct migration *m, const cJSON *page, struct rk_err *err)
{
    const cJSON *items = rk_json_get(page, "items");
    struct rk_arena a;
    int r = 0;
    rk_arena_init(&a, 0);
    for (const cJSON *it = rk_json_is_array(items) ? items->child : NULL; r == 0 && it;
         it = it->next) {
        struct rk_err one = RK_ERR_INIT;
        rk_arena_reset(&a);
        int code = patch_object(m, &a, rk_json_get(it, "metadata"), &one);
        m->seen++;
        if (code == 0)
            continue;
        m->failed++;
        if (m->failed <= FAILS_TOLD)
            fprintf(stderr, "%s: %s\n", m->crd->name, one.text);
        if (is_the_end(code, &one)) {
            *err = one;
            r = code;
        }
    }
    rk_arena_done(&a);
    return r;
}

static int get_page(struct migration *m, struct rk_arena *a, cJSON **ret, struct rk_err *err)
{
    char path[RK_URL_MAX];
    struct rk_buf query;
    rk_buf_init(&query, 8192);
    (void)rk_buf_addf(&query, "limit=%d", PAGE); /* a full buffer is told below */
    if (m->more[0]) {
        (void)rk_buf_adds(&query, "&continue=");
        rk_url_escape(&query, m->more);
    }
    int r = rk_url(path, m->gv, m->plural, NULL, NULL, NULL);
    if (r != 0 || query.full)
        r = rk_err_set(err, RK_E_INVAL, "%s: not a legal name", m->plural);
    const struct rk_req req = {
        .method = "GET", .path = path, .query = rk_buf_text(&query), .metadata_only = true};
    if (r == 0)
        r = rk_crds_send(m->c, &req, a, ret, err);
    rk_buf_done(&query);
    return r;
}

/* One page of them; *m->more leads to the next. */
static int rewrite_page(struct migration *m, struct rk_arena *a, struct rk_err *err)
{
    cJSON *page = NULL;
    int r = get_page(m, a, &page, err);
    if (r != 0)
        return rk_err_wrap(err, "list");
    const cJSON *meta = rk_json_get(page, "metadata");
    m->left = 0;
    (void)rk_json_int64(rk_json_get(meta, "remainingItemCount"), &m->left); /* else the last */
    r = patch_all(m, page, err);
    m->more = rk_arena_strdup(&m->c->a, rk_json_str(rk_json_get(meta, "continue"), ""));
    printf("%s: %zu objects stored as %s, about %" PRId64 " to go\n", m->crd->name,
           m->seen - m->failed, m->version, m->left);
    (void)fflush(stdout); /* looked at in the end */
    return r;
}

static int rewrite(struct migration *m, struct rk_err *err)
{
    struct rk_arena a;
    int r, again = 0;
    rk_arena_init(&a, 0);
    m->more = "";
    do {
        rk_arena_reset(&a);
        r = rewrite_page(m, &a, err);
        if (r == RK_E_GONE &&
            again++ < AGAIN_MAX) { /* from the beginning: what is done costs no write */
            rk_err_clear(err);
            m->more = "";
            m->seen = m->failed = 0;
            r = rewrite_page(m, &a, err);
        }
    } while (r == 0 && m->more[0]);
    rk_arena_done(&a);
    if (r == 0 && m->failed > 0)
        r = rk_err_set(
            err, RK_E_INVAL,
            "%zu objects could not be stored again: the old version stays until they can",
            m->failed);
    return r;
}

/* ---- the definition ---- */

static int cut_once(struct migration *m, const cJSON *live, struct rk_err *err)
{
    struct rk_arena *a = &m->c->a;
    char path[RK_URL_MAX];
    cJSON *body = rk_json_object(a), *meta = rk_json_object(a), *status = rk_json_object(a),
          *list = rk_json_array(a);
    const char *rv = rk_json_str(rk_json_get(rk_json_get(live, "metadata"), "resourceVersion"), "");
    rk_json_set(a, meta, "resourceVersion", rk_json_string(a, rv));
    rk_json_push(list, rk_json_string(a, m->version));
    rk_json_set(a, status, "storedVersions", list);
    rk_json_set(a, body, "metadata", meta);
    rk_json_set(a, body, "status", status);
    int r = rk_url(path, "apiextensions.k8s.io/v1", "customresourcedefinitions", NULL, m->crd->name,
                   "status");
    const struct rk_req req = {.method = "PATCH",
                               .path = path,
                               .content_type = "application/merge-patch+json",
                               .body = rk_span_of(rk_json_text(a, body)),
                               .write = true};
    return r == 0 ? rk_crds_send(m->c, &req, NULL, NULL, err) : r;
}

/* `before`: as it was before the first object was stored. Its status may have moved since, its spec not. */
static int cut_list(struct migration *m, const cJSON *before, struct rk_err *err)
{
    int r = RK_E_CONFLICT;
    for (int i = 0; r == RK_E_CONFLICT && i < AGAIN_MAX; i++) {
        cJSON *live = NULL;
        rk_err_clear(err);
        r = rk_crds_get(m->c, m->crd, &m->c->a, &live, err);
        if (r == 0 && rk_crd_generation(live) != rk_crd_generation(before))
            return rk_err_set(err, RK_E_CONFLICT,
                              "somebody changed the definition meanwhile: run it again");
        if (r == 0)
            r = cut_once(m, live, err);
    }
    return r == 0 ? 0 : rk_err_wrap(err, "status.storedVersions");
}

int rk_crds_migrate(struct rk_crds *c, const struct rk_crd *crd, const cJSON *live,
                    struct rk_err *err)
{
    const cJSON *spec = rk_json_get(crd->doc, "spec");
    struct migration m = {.c = c, .crd = crd, .version = rk_crd_stored(crd->doc), .left = -1};
    m.plural = rk_json_str(rk_json_get(rk_json_get(spec, "names"), "plural"), "");
    m.gv = rk_arena_fmt(&c->a, "%s/%s", rk_json_str(rk_json_get(spec, "group"), ""), m.version);
    bool moved = strcmp(rk_crd_stored(live), m.version) != 0;
    cJSON *now = NULL;
    /* Before anything is changed: will the end of it be a conflict? That the version cannot go yet is no news. */
    int r = rk_crds_put(c, crd, crd->doc, true, err);
    if (r == RK_E_INVAL) {
        rk_err_clear(err);
        r = 0;
    }
    if (r == 0)
        r = rk_crds_put(c, crd, both(&m, live), false, err);
    if (r == 0)
        r = rk_crds_established(c, crd, &now, err);
    if (r == 0 && moved)
        r = rk_live_rest(&c->live, SETTLE_MS, err);
    if (r == 0)
        r = rewrite(&m, err);
    if (r == 0)
        r = cut_list(&m, now, err);
    return r == 0 ? 0 : rk_err_wrap(err, "storage as %s", m.version);
}
