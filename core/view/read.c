/* An object as it came from the API, taken apart: what the header of a record needs, and the bytes that are kept. */
#include <string.h>

#include "core/json/scan.h"
#include "core/view/view_in.h"

#define MANAGED_FIELDS "metadata/managedFields"
#define LAST_APPLIED   "metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"

static const char *const dropped[] = {MANAGED_FIELDS, LAST_APPLIED};

/* uids. */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool uuid(const char *text, uint8_t b[16])
{
    size_t n = 0;
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int high = hex(text[i]), low = high < 0 ? -1 : hex(text[i + 1]);
        if (low < 0)
            return false;
        b[n++] = (uint8_t)(high << 4 | low);
        i++;
    }
    return true;
}

/* Only what formats back to the same text is kept as 16 bytes: 8-4-4-4-12 digits, lower case. Any other text stays one. */
void rk__uid_parse(const char *text, struct rk__uid *ret)
{
    size_t n = strnlen(text, RK__TEXT_MAX - 1);
    ret->text = !(n == 36 && uuid(text, ret->b));
    ret->n = ret->text ? (uint8_t)n : 16;
    if (ret->text)
        memcpy(ret->b, text, n);
}

void rk__uid_format(const uint8_t *b, size_t n, bool text, char out[RK__TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    if (text) {
        memcpy(out, b, n);
        out[n] = '\0';
        return;
    }
    char *p = out;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[b[i] >> 4];
        *p++ = digits[b[i] & 15];
    }
    *p = '\0';
}

/* Owners. */

static bool is_type(const struct rk__type *t, const char *api_version, const char *kind)
{
    /* The group decides, not the version: objects made through an older version of the owner's API keep naming that one. */
    const char *slash = strchr(api_version, '/');
    struct rk_span group = {api_version, slash ? (size_t)(slash - api_version) : 0};
    return rk_span_eq(group, t->group) && rk_span_is(t->kind, kind);
}

static void read_controller(struct rk_view *v, const cJSON *ref)
{
    const struct rk__kind *k = &v->kinds[v->in.kind];
    const char *api_version = rk_json_str(rk_json_get(ref, "apiVersion"), "");
    const char *kind = rk_json_str(rk_json_get(ref, "kind"), "");
    const char *name = rk_json_str(rk_json_get(ref, "name"), "");
    const char *uid = rk_json_str(rk_json_get(ref, "uid"), "");
    if (strlen(uid) >= RK__TEXT_MAX || strlen(name) >= RK__NAME_MAX)
        return;
    for (uint8_t i = 0; i < k->n_edges; i++) {
        if (!is_type(&v->types[k->edges[i].type], api_version, kind))
            continue;
        if (v->in.ctl_edge == RK__NO_EDGE) {
            v->in.ctl_edge = i;
            rk__uid_parse(uid, &v->in.ctl);
        }
        if (!v->in.owner[i][0])
            memcpy(v->in.owner[i], name, strlen(name) + 1);
    }
}

static int read_owners(struct rk_view *v, struct rk_span slim, struct rk_err *err)
{
    const struct rk__kind *k = &v->kinds[v->in.kind];
    for (uint8_t i = 0; i < k->n_edges; i++)
        if (k->edges[i].label_path) /* absent or no text: the controller reference decides */
            (void)rk_scan_text(rk_scan_get(slim, k->edges[i].label_path), v->in.owner[i],
                               RK__NAME_MAX);
    struct rk_span refs =
        k->n_edges ? rk_scan_get(slim, "metadata/ownerReferences") : (struct rk_span){0};
    if (!refs.p)
        return 0;
    cJSON *list;
    rk_arena_reset(&v->arena);
    int rc = rk_json_parse(&v->arena, refs.p, refs.n, NULL, &list, err);
    if (rc < 0)
        return rk_err_wrap(err, "metadata.ownerReferences");
    if (!rk_json_is_array(list))
        return 0;
    for (const cJSON *ref = list->child; ref; ref = ref->next) {
        const cJSON *controller = rk_json_get(ref, "controller");
        if (rk_json_is_bool(controller) && cJSON_IsTrue(controller))
            read_controller(v, ref);
    }
    return 0;
}

/* What users (and finalizing controllers) edit; the rest of an owner is status and bookkeeping. The generation stands for the spec. */
static uint64_t hash_parts(const struct rk_view *v, struct rk_span json)
{
    static const char *const parts[] = {"metadata/labels", "metadata/annotations",
                                        "metadata/finalizers"};
    struct rk_span generation = rk_scan_get(json, "metadata/generation");
    struct rk_span spec = generation.p ? generation : rk_scan_get(json, "spec");
    uint64_t h = rk_hash64(spec.p ? spec.p : "", spec.n, v->seed);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct rk_span s = rk_scan_get(json, parts[i]);
        h = rk_hash64(s.p ? s.p : "", s.n, h + i + 1);
    }
    return h;
}

/* Absent is "" where that is allowed; anything that is there must be a text that fits. */
static int read_text(struct rk_span slim, const char *path, char *dst, size_t size,
                     struct rk_err *err)
{
    struct rk_span raw = rk_scan_get(slim, path);
    dst[0] = '\0';
    if (!raw.p || rk_span_is(raw, "null"))
        return 0;
    if (rk_scan_text(raw, dst, size) < 0)
        return rk_err_set(err, RK_E_SYNTAX, "%s is not a text of at most %zu bytes", path,
                          size - 1);
    return 0;
}

static int read_header(struct rk_view *v, struct rk_span slim, struct rk_err *err)
{
    struct rk__in *in = &v->in;
    int rc = read_text(slim, "metadata/name", in->name, sizeof in->name, err);
    if (rc == 0)
        rc = read_text(slim, "metadata/namespace", in->ns, sizeof in->ns, err);
    if (rc == 0)
        rc = read_text(slim, "metadata/uid", in->uid_text, sizeof in->uid_text, err);
    if (rc == 0)
        rc = read_text(slim, "metadata/resourceVersion", in->rv, sizeof in->rv, err);
    if (rc < 0)
        return rc;
    if (!in->name[0])
        return rk_err_set(err, RK_E_SYNTAX, "metadata/name is missing");
    rk__uid_parse(in->uid_text, &in->uid);
    struct rk_span deletion = rk_scan_get(slim, "metadata/deletionTimestamp");
    in->terminating = deletion.p && !rk_span_is(deletion, "null");
    in->failed = rk_span_is(rk_scan_get(slim, "status/phase"), "\"Failed\"");
    return read_owners(v, slim, err);
}

int rk__read(struct rk_view *v, int kind, struct rk_span object, struct rk_err *err)
{
    const struct rk__kind *k = &v->kinds[kind];
    struct rk__in *in = &v->in;
    in->kind = kind;
    in->ctl_edge = RK__NO_EDGE;
    in->ctl.n = 0;
    in->parts = 0;
    for (uint8_t i = 0; i < k->n_edges; i++)
        in->owner[i][0] = '\0';
    rk_buf_clear(&v->slim);
    rk_buf_clear(&v->json);
    int rc = k->whole ? rk_scan_without(object, dropped, 2, &v->slim, err)
                      : rk_scan_project(object, k->slim, k->n_slim, &v->slim, err);
    struct rk_span slim = {rk_buf_text(&v->slim), v->slim.len};
    if (rc == 0 && slim.p[0] != '{')
        rc = rk_err_set(err, RK_E_SYNTAX, "not an object");
    if (rc == 0)
        rc = read_header(v, slim, err);
    in->json = slim;
    if (rc == 0 && !k->whole) {
        rc = rk_scan_project(slim, k->keep, k->n_keep, &v->json, err);
        in->json = (struct rk_span){rk_buf_text(&v->json), v->json.len};
    }
    if (rc < 0)
        return rk_err_wrap(err, "%s", k->gvk);
    if (k->owner)
        in->parts = hash_parts(v, in->json);
    return 0;
}
