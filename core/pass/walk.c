/* Walking a tree with the paths of its nodes. */
#include "core/json/path.h"
#include "core/pass/author.h"

#define PATH_MAX_BYTES (32u << 20) /* no path is longer than twice its document: never full */

static void shorten(struct rk_buf *b, size_t n)
{
    b->len = n;
    if (b->data)
        b->data[n] = '\0';
}

void rk__walk_init(struct rk__walk *w, const char *kind, const char *path)
{
    w->kind = kind;
    rk_buf_init(&w->path, PATH_MAX_BYTES);
    rk_buf_init(&w->name, PATH_MAX_BYTES);
    (void)rk_buf_adds(&w->path, path); /* here and below: see PATH_MAX_BYTES */
    (void)rk_buf_adds(&w->name, path);
}

void rk__walk_done(struct rk__walk *w)
{
    rk_buf_done(&w->path);
    rk_buf_done(&w->name);
}

void rk__walk_enter(struct rk__walk *w, const cJSON *parent, const cJSON *child, size_t index)
{
    if (rk_json_is_array(parent)) {
        (void)rk_buf_addf(&w->path, "/%zu", index);
        rk_path_push_entry(&w->name, w->kind, parent, child);
    } else {
        rk_path_push(&w->path, child->string);
        rk_path_push(&w->name, child->string);
    }
}

struct rk__walk_at rk__walk_at(const struct rk__walk *w)
{
    return (struct rk__walk_at){w->path.len, w->name.len};
}

void rk__walk_back(struct rk__walk *w, struct rk__walk_at at)
{
    shorten(&w->path, at.path);
    shorten(&w->name, at.name);
}

void rk__walk_leaves(struct rk__walk *w, cJSON *v)
{
    size_t i = 0;
    struct rk__walk_at at = rk__walk_at(w);
    if (!v->child) {
        w->leaf(w, v);
        return;
    }
    for (cJSON *c = v->child; c; c = c->next, i++) {
        rk__walk_enter(w, v, c, i);
        rk__walk_leaves(w, c);
        rk__walk_back(w, at);
    }
}

bool rk__walk_find(struct rk__walk *w, const cJSON *v, const cJSON *wanted)
{
    size_t i = 0;
    struct rk__walk_at at = rk__walk_at(w);
    if (v == wanted)
        return true;
    for (const cJSON *c = v->child; c; c = c->next, i++) {
        rk__walk_enter(w, v, c, i);
        if (rk__walk_find(w, c, wanted))
            return true;
        rk__walk_back(w, at);
    }
    return false;
}
