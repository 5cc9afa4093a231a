/* The definitions that lie beside the program: a folder of YAML files, one definition each. What lies in folders below it is other people's, and
 * wanted only by name. */
#include "core/cmd/crds.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cmd/manifest.h"
#include "core/json/yaml.h"
#include "core/loop/skew.h"

#define FILE_MAX_BYTES (4u << 20)
#define FILES_MAX      64

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const cJSON *rk_crd_version(const cJSON *crd, const char *version)
{
    const cJSON *all = rk_json_get(rk_json_get(crd, "spec"), "versions");
    for (const cJSON *v = rk_json_is_array(all) ? all->child : NULL; v; v = v->next)
        if (rk_str_eq(rk_json_str(rk_json_get(v, "name"), NULL), version))
            return v;
    return NULL;
}

const char *rk_crd_stored(const cJSON *crd)
{
    const cJSON *all = rk_json_get(rk_json_get(crd, "spec"), "versions");
    for (const cJSON *v = rk_json_is_array(all) ? all->child : NULL; v; v = v->next)
        if (cJSON_IsTrue(rk_json_get(v, "storage")))
            return rk_json_str(rk_json_get(v, "name"), "");
    return "";
}

int64_t rk_crd_generation(const cJSON *live)
{
    int64_t n = 0;
    (void)rk_json_int64(rk_json_get(rk_json_get(live, "metadata"), "generation"), &n); /* else 0 */
    return n;
}

const cJSON *rk_crd_schema(const cJSON *version)
{
    return rk_json_get(rk_json_get(version, "schema"), "openAPIV3Schema");
}

const char *rk_crd_foreign(const struct rk_crd *ours, const cJSON *live, size_t *pos)
{
    const cJSON *all = rk_json_get(rk_json_get(live, "status"), "storedVersions"), *v;
    while ((v = rk_json_at(all, *pos)) != NULL) {
        (*pos)++;
        const char *name = rk_json_str(v, "");
        if (!rk_crd_version(ours->doc, name))
            return name;
    }
    return NULL;
}

static void read_needs(struct rk_crds *c, struct rk_crd *crd)
{
    struct rk_buf b;
    rk_buf_init(&b, RK_NEEDS_MAX);
    if (rk_needs_read(c->s.o.crds.path, crd->name, &b) == 0)
        crd->needs = rk_arena_strdup(&c->a, rk_buf_text(&b));
    rk_buf_done(&b);
}

static bool is_definition(const cJSON *doc)
{
    return rk_str_eq(rk_json_str(rk_json_get(doc, "kind"), NULL), "CustomResourceDefinition") &&
           rk_json_str(rk_json_get(rk_json_get(doc, "metadata"), "name"), "")[0];
}

static int add(struct rk_crds *c, const char *file, const char *text, const cJSON *doc, bool apart)
{
    if (c->n == FILES_MAX) {
        fprintf(stderr, "%s: more than %d definitions\n", file, FILES_MAX);
        return -1;
    }
    struct rk_crd *crd = &c->at[c->n++];
    *crd = (struct rk_crd){.file = file, .doc = doc, .apart = apart};
    crd->name = rk_json_str(rk_json_get(rk_json_get(doc, "metadata"), "name"), "");
    crd->text = rk_arena_strdup(&c->a, text);
    read_needs(c, crd);
    return 0;
}

/* 0, or -1: told. In a folder below there may be other things. */
static int read_one(struct rk_crds *c, const char *file, bool apart)
{
    struct rk_buf b;
    struct rk_yaml_doc *docs = NULL;
    struct rk_err err = RK_ERR_INIT;
    size_t n = 0;
    rk_buf_init(&b, FILE_MAX_BYTES);
    int r = rk_manifest_read(file, &b);
    if (r == 0 && rk_yaml_parse(&c->a, file, rk_buf_text(&b), b.len, &docs, &n, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        r = -1;
    }
    if (r == 0 && n == 1 && is_definition(docs[0].root)) {
        r = add(c, file, rk_buf_text(&b), docs[0].root, apart);
    } else if (r == 0 && !apart) {
        fprintf(stderr, "%s: not one CustomResourceDefinition\n", file);
        r = -1;
    }
    rk_buf_done(&b);
    return r;
}

/* Sorted; -1: told. Of what is no folder there is nothing in a folder below. */
static int names_in(struct rk_crds *c, const char *dir, bool apart, const char **names, size_t *n)
{
    DIR *d = opendir(dir);
    *n = 0;
    if (!d && apart && errno == ENOTDIR)
        return 0;
    if (!d) {
        fprintf(stderr, "%s: %s (option crds.path)\n", dir, strerror(errno));
        return -1;
    }
    bool full = false;
    for (const struct dirent *e; !full && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        full = *n == FILES_MAX; /* which of them came first is chance: none is left out unsaid */
        if (!full)
            names[(*n)++] = rk_arena_strdup(&c->a, e->d_name);
    }
    (void)closedir(d); /* only read */
    qsort(names, *n, sizeof *names, by_bytes);
    if (full)
        fprintf(stderr, "%s: more than %d files (option crds.path)\n", dir, FILES_MAX);
    return full ? -1 : 0;
}

static int read_folder(struct rk_crds *c, const char *dir, bool apart)
{
    const char *names[FILES_MAX];
    size_t n;
    int r = names_in(c, dir, apart, names, &n);
    for (size_t i = 0; r == 0 && i < n; i++) {
        const char *file = rk_arena_fmt(&c->a, "%s/%s", dir, names[i]);
        if (rk_str_ends(file, ".yaml"))
            r = read_one(c, file, apart);
        else if (!apart)
            r = read_folder(c, file, true);
    }
    return r;
}

static bool is_called(const struct rk_crd *crd, const char *word)
{
    const cJSON *names = rk_json_get(rk_json_get(crd->doc, "spec"), "names");
    if (rk_str_ieq(crd->name, word))
        return true;
    return !crd->apart && (rk_str_ieq(rk_json_str(rk_json_get(names, "plural"), ""), word) ||
                           rk_str_ieq(rk_json_str(rk_json_get(names, "singular"), ""), word) ||
                           rk_str_ieq(rk_json_str(rk_json_get(names, "kind"), ""), word));
}

static int unknown(const struct rk_crds *c, const char *word)
{
    fprintf(stderr, "raykeeper crds: no definition is called '%s'; there are:", word);
    for (size_t i = 0; i < c->n; i++)
        fprintf(stderr, " %s", c->at[i].name);
    fputs("\n", stderr);
    return 2;
}

int rk_crds_choose(struct rk_crds *c, char **words, int n_words)
{
    bool wanted[FILES_MAX] = {false};
    size_t n = 0;
    c->at = rk_arena_alloc(&c->a, FILES_MAX * sizeof *c->at);
    if (read_folder(c, c->s.o.crds.path, false) != 0)
        return 1;
    for (int w = 0; w < n_words; w++) {
        bool found = false;
        for (size_t i = 0; i < c->n; i++)
            if (is_called(&c->at[i], words[w]))
                wanted[i] = found = true;
        if (!found)
            return unknown(c, words[w]);
    }
    for (size_t i = 0; i < c->n; i++)
        if (n_words > 0 ? wanted[i] : !c->at[i].apart)
            c->at[n++] = c->at[i];
    c->n = n;
    if (n == 0)
        fprintf(stderr, "%s: holds no definition (option crds.path)\n", c->s.o.crds.path);
    return n > 0 ? 0 : 1;
}
