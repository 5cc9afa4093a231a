/* Manifests: files, the owners in them, the pass over each. Problems go to stderr with file and line. */
#include "core/cmd/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "core/json/yaml.h"

#define FILE_MAX_BYTES (16u << 20)

int rk_manifest_read(const char *file, struct rk_buf *b)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    char chunk[65536];
    size_t n;
    if (!f) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return -1;
    }
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0 && rk_buf_add(b, chunk, n) == 0)
        ;
    bool bad = ferror(f) != 0;
    if (f != stdin)
        fclose(f);
    if (bad || b->full) {
        if (b->full)
            fprintf(stderr, "%s: larger than %zu MiB\n", file, b->max >> 20);
        else
            fprintf(stderr, "%s: cannot be read\n", file);
        return -1;
    }
    return 0;
}

static bool is_owner(const struct rk_manifest *m, const char *gvk)
{
    for (size_t i = 0; i < m->plugins->n_kinds; i++)
        if (strcmp(m->plugins->kinds[i].gvk, gvk) == 0)
            return true;
    return false;
}

void rk_manifest_object(struct rk_manifest *m, struct rk_arena *a, const char *where,
                        const cJSON *doc, const char *gvk)
{
    const cJSON *meta = rk_json_get(doc, "metadata");
    const char *name = rk_json_str(rk_json_get(meta, "name"), NULL);
    struct rk_err err = RK_ERR_INIT;
    struct rk_plan *plan = NULL;
    if (!name || !name[0]) {
        fprintf(stderr, "%s: /metadata/name: a name is needed\n", where);
        m->failed = true;
        return;
    }
    const char *text = rk_json_text(a, doc);
    const struct rk_snapshot snap = {.gvk = gvk,
                                     .ns = rk_json_str(rk_json_get(meta, "namespace"), m->ns),
                                     .name = name,
                                     .uid =
                                         m->live ? rk_json_str(rk_json_get(meta, "uid"), "") : "",
                                     .rv = "",
                                     .object = {text, strlen(text)},
                                     .now_us = m->now_us};
    const struct rk_pass_conf pc = {.arena_cap = 256u << 20, .whole = true, .record = m->record};
    int rc = rk_pass_run(m->plugins, &pc, &snap, &plan, &err);
    bool bad = rc != 0 || plan->problem;
    if (bad) {
        fprintf(stderr, "%s: %s/%s: %s\n", where, snap.ns, name, rc ? err.text : plan->problem);
        m->failed = true;
    }
    for (size_t i = 0; rc == 0 && i < plan->n_events; i++) /* also of what is legal */
        if (plan->events[i].warning)
            fprintf(stderr, "%s: %s/%s: %s: %s\n", where, snap.ns, name, plan->events[i].reason,
                    plan->events[i].note);
    if (!bad)
        m->made(m->ctx, plan, a, where);
    rk_plan_free(plan);
}

static void document(struct rk_manifest *m, struct rk_arena *a, const char *where, const cJSON *doc,
                     size_t *owners)
{
    const char *gv = rk_json_str(rk_json_get(doc, "apiVersion"), ""),
               *kind = rk_json_str(rk_json_get(doc, "kind"), "");
    const cJSON *items = rk_json_get(doc, "items");
    const char *gvk = rk_arena_fmt(a, "%s/%s", gv, kind);
    if (!rk_json_is_object(doc) || !gv[0] || !kind[0]) {
        fprintf(stderr, "%s: not a Kubernetes object: apiVersion and kind are needed\n", where);
        m->failed = true;
    } else if (rk_str_ends(kind, "List") && rk_json_is_array(items)) {
        for (const cJSON *it = items->child; it; it = it->next)
            if (!rk_str_ends(rk_json_str(rk_json_get(it, "kind"), ""), "List"))
                document(m, a, where, it, owners);
    } else if (is_owner(m, gvk)) {
        (*owners)++;
        rk_manifest_object(m, a, where, doc, gvk);
    }
}

void rk_manifest_file(struct rk_manifest *m, const char *file)
{
    struct rk_buf b;
    struct rk_arena a;
    struct rk_yaml_doc *docs;
    size_t n, owners = 0;
    struct rk_err err = RK_ERR_INIT;
    rk_buf_init(&b, FILE_MAX_BYTES);
    rk_arena_init(&a, 0);
    if (rk_manifest_read(file, &b) != 0) {
        m->failed = true;
    } else if (rk_yaml_parse(&a, file, rk_buf_text(&b), b.len, &docs, &n, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        m->failed = true;
    } else {
        for (size_t i = 0; i < n; i++)
            document(m, &a, rk_arena_fmt(&a, "%s:%d", file, docs[i].line), docs[i].root, &owners);
        if (owners == 0 && !m->failed) {
            fprintf(stderr, "%s: no object of a kind that the loaded plugins serve\n", file);
            m->failed = true;
        }
    }
    rk_arena_done(&a);
    rk_buf_done(&b);
}
