/* `raykeeper crds check` and `diff`: a cluster's definitions beside ours. */
#include "core/cmd/crds.h"

#include <stdio.h>
#include <string.h>

#include "core/base/map.h"
#include "core/json/schema.h"

#define TOLD_MAX  200 /* fields of one definition; then their number */
#define VALUE_MAX 160 /* bytes of a value in a line of diff */

struct look {
    struct rk_crds *c;
    const struct rk_crd *crd;
    const char *version;
    struct rk_map needs;  /* paths */
    size_t lacks, others; /* fields that it needs; fields that it does not */
    size_t lines;
};

static void look_begin(struct look *l, struct rk_crds *c, const struct rk_crd *crd)
{
    struct rk_span rest = rk_span_of(crd->needs), path;
    *l = (struct look){.c = c, .crd = crd};
    rk_map_init(&l->needs, NULL);
    while (rk_span_next(&rest, '\n', &path))
        rk_map_put(&l->needs, rk_arena_strndup(&c->a, path.p, path.n), l);
}

/* NULL: it is not there, or cannot be read, which is told. */
static const cJSON *live_of(struct rk_crds *c, const struct rk_crd *crd, const char *absent)
{
    struct rk_err err = RK_ERR_INIT;
    cJSON *live = NULL;
    if (rk_crds_get(c, crd, &c->a, &live, &err) != 0) {
        fprintf(stderr, "%s: %s (%s, %s)\n", crd->name, err.text, c->live.server, c->live.whence);
        return NULL;
    }
    if (!live)
        printf("%s%s\n", crd->name, absent);
    return live;
}

/* ---- check ---- */

/* It, or something below it that it takes along: lists of fields need not name what only leads to them. */
static bool is_needed(const struct look *l, const char *path)
{
    size_t n = strlen(path), pos = 0;
    const char *need;
    void *value;
    if (!l->crd->needs || rk_map_get(&l->needs, path))
        return true;
    while (rk_map_next(&l->needs, &pos, &need, &value))
        if (strncmp(need, path, n) == 0 && (need[n] == '.' || need[n] == '['))
            return true;
    return false;
}

static void lacking(void *ctx, const struct rk_schema_change *change)
{
    struct look *l = ctx;
    if (change->what != RK_SCHEMA_ADDED || change->kept)
        return;
    if (!is_needed(l, change->path)) {
        l->others++;
        return;
    }
    l->lacks++;
    if (l->lacks <= TOLD_MAX)
        printf("%s: %s lacks %s\n", l->crd->name, l->version, change->path);
}

/* Fields of one version; a definition of before 1.16 may drop no field at all. */
static void check_version(struct look *l, const cJSON *ours, const cJSON *live)
{
    l->version = rk_json_str(rk_json_get(ours, "name"), "");
    const cJSON *theirs = rk_crd_version(live, l->version);
    if (!theirs || !cJSON_IsTrue(rk_json_get(theirs, "served"))) {
        printf("%s: %s is not served\n", l->crd->name, l->version);
        l->lacks++;
        return;
    }
    size_t before = l->lacks;
    if (!cJSON_IsTrue(rk_json_get(rk_json_get(live, "spec"), "preserveUnknownFields")))
        rk_schema_compare(rk_crd_schema(theirs), rk_crd_schema(ours), lacking, l);
    if (l->lacks - before > TOLD_MAX)
        printf("%s: %s lacks %zu fields more\n", l->crd->name, l->version,
               l->lacks - before - TOLD_MAX);
}

/* What is no lack, and worth knowing before `apply`. */
static void notes(const struct look *l, const cJSON *live)
{
    size_t pos = 0;
    const char *name;
    while ((name = rk_crd_foreign(l->crd, live, &pos)) != NULL)
        printf("%s: objects may be stored as %s: apply will want --migrate-storage\n", l->crd->name,
               name);
    if (l->others > 0)
        printf(
            "%s: drops %zu fields of Kubernetes' own types that this version's definition keeps\n",
            l->crd->name, l->others);
}

static int check_one(struct rk_crds *c, const struct rk_crd *crd)
{
    struct look l;
    const cJSON *live = live_of(c, crd, ": is not there");
    if (!live)
        return 1;
    const cJSON *ours = rk_json_get(rk_json_get(crd->doc, "spec"), "versions");
    look_begin(&l, c, crd);
    for (const cJSON *v = rk_json_is_array(ours) ? ours->child : NULL; v; v = v->next)
        check_version(&l, v, live);
    if (l.lacks == 0)
        printf("%s: has all that is needed\n", crd->name);
    notes(&l, live);
    rk_map_done(&l.needs);
    return l.lacks > 0;
}

int rk_crds_check(struct rk_crds *c)
{
    int code = 0;
    for (size_t i = 0; i < c->n; i++)
        code |= check_one(c, &c->at[i]);
    return code;
}

/* ---- diff ---- */

static const char *shown(struct rk_crds *c, const cJSON *v)
{
    const char *text = v ? rk_json_text(&c->a, v) : "nothing";
    size_t n = strlen(text);
    if (n <= VALUE_MAX)
        return text;
    for (n = VALUE_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
        ;
    return rk_arena_fmt(&c->a, "%.*s...", (int)n, text);
}

static void differing(void *ctx, const struct rk_schema_change *d)
{
    struct look *l = ctx;
    const char *at = d->path[0] ? d->path : "the object";
    if (l->lines++ == 0)
        printf("%s\n", l->crd->name);
    if (d->what == RK_SCHEMA_CHANGED)
        printf("  ~ %s %s: %s: %s -> %s\n", l->version, at, d->word, shown(l->c, d->from),
               shown(l->c, d->to));
    else
        printf("  %c %s %s\n", d->what == RK_SCHEMA_ADDED ? '+' : '-', l->version, at);
}

/* Members of two objects but the schemas, one level deep. A member that only the cluster has is there by default, or nobody's wish. */
static void members(struct look *l, const char *where, const cJSON *live, const cJSON *ours)
{
    for (const cJSON *v = ours ? ours->child : NULL; v; v = v->next) {
        const cJSON *is = rk_json_get(live, v->string);
        if (strcmp(v->string, "versions") == 0 || strcmp(v->string, "schema") == 0 ||
            (is && rk_json_equal(is, v)))
            continue;
        if (l->lines++ == 0)
            printf("%s\n", l->crd->name);
        printf("  ~ %s%s: %s -> %s\n", where, v->string, shown(l->c, is), shown(l->c, v));
    }
}

static void lone_version(struct look *l, char sign, const cJSON *version)
{
    if (l->lines++ == 0)
        printf("%s\n", l->crd->name);
    printf("  %c version %s\n", sign, rk_json_str(rk_json_get(version, "name"), ""));
}

static void diff_versions(struct look *l, const cJSON *live)
{
    const cJSON *ours = rk_json_get(rk_json_get(l->crd->doc, "spec"), "versions"),
                *theirs = rk_json_get(rk_json_get(live, "spec"), "versions");
    for (const cJSON *v = rk_json_is_array(ours) ? ours->child : NULL; v; v = v->next) {
        l->version = rk_json_str(rk_json_get(v, "name"), "");
        const cJSON *is = rk_crd_version(live, l->version);
        if (!is) {
            lone_version(l, '+', v);
            continue;
        }
        members(l, rk_arena_fmt(&l->c->a, "%s ", l->version), is, v);
        rk_schema_compare(rk_crd_schema(is), rk_crd_schema(v), differing, l);
    }
    for (const cJSON *v = rk_json_is_array(theirs) ? theirs->child : NULL; v; v = v->next)
        if (!rk_crd_version(l->crd->doc, rk_json_str(rk_json_get(v, "name"), "")))
            lone_version(l, '-', v);
}

static int diff_one(struct rk_crds *c, const struct rk_crd *crd)
{
    struct look l = {.c = c, .crd = crd};
    const cJSON *live = live_of(c, crd, "\n  + the definition");
    if (!live)
        return 1;
    members(&l, "", rk_json_get(live, "spec"), rk_json_get(crd->doc, "spec"));
    diff_versions(&l, live);
    return l.lines > 0;
}

int rk_crds_diff(struct rk_crds *c)
{
    int code = 0;
    for (size_t i = 0; i < c->n; i++)
        code |= diff_one(c, &c->at[i]);
    return code;
}
