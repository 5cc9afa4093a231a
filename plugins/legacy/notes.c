/* What a conversion has to say: kept in lists, for whoever prints them or makes events of them. */
#include "convert.h"

struct lg_notes lg_notes_new(const rk_api *rk, rk_pass *ps)
{
    return (struct lg_notes){
        .notices = rk->new_array(ps), .comments = rk->new_array(ps), .places = rk->new_object(ps)};
}

/* The longest beginning of `where` that has a place of its own. */
const char *lg_place(const rk_api *rk, rk_pass *ps, const struct lg_notes *n, const char *where)
{
    const rk_json *best = NULL;
    size_t len = 0;
    for (RK_EACH_MEMBER(rk, p, n->places)) {
        size_t k = strlen(rk->key(p));
        if (k >= len && strncmp(where, rk->key(p), k) == 0 && strchr(".[", where[k])) {
            best = p;
            len = k;
        }
    }
    if (best)
        where = rk->fmt(ps, "%s%s", rk->str(best, "", ""), where + len);
    return n->file && where[0] ? rk->fmt(ps, "%s: %s", n->file, where) : where;
}

/* Several groups have the same to say of what they share: it is told once. */
static int told(const rk_api *rk, const struct lg_notes *n, const char *where, const char *text)
{
    for (RK_EACH(rk, it, n->notices))
        if (rk_is(rk->str(it, "/where", NULL), where) && rk_is(rk->str(it, "/text", NULL), text))
            return 1;
    return 0;
}

void lg_note(const rk_api *rk, rk_pass *ps, struct lg_notes *n, int lossy, const char *where,
             const char *text)
{
    where = lg_place(rk, ps, n, where);
    if (n->count < 5000 && told(rk, n, where, text)) /* beyond that nobody reads them */
        return;
    n->count++;
    rk_json *it = rk->new_object(ps);
    rk->put(ps, it, "lossy", rk->new_bool(ps, lossy));
    rk->put(ps, it, "where", rk->new_str(ps, where));
    rk->put(ps, it, "text", rk->new_str(ps, text));
    rk->push(ps, n->notices, it);
}

void lg_comment(const rk_api *rk, rk_pass *ps, struct lg_notes *n, const char *path,
                const char *text)
{
    rk_json *it = rk->new_object(ps);
    rk->put(ps, it, "path", rk->new_str(ps, path));
    rk->put(ps, it, "text", rk->new_str(ps, text));
    rk->push(ps, n->comments, it);
}

void lg_bad(struct lg *c, const char *where, const char *text)
{
    c->bad = 1;
    (void)c->rk->fail_text(c->ps, RK_EINVAL, lg_place(c->rk, c->ps, c->n, where),
                           text); /* `bad` says it again */
}

void lg_tell(struct lg *c, int lossy, const char *where, const char *text)
{
    lg_note(c->rk, c->ps, c->n, lossy, where, text);
}

const char *lg_dot(struct lg *c, const char *where, const char *key)
{
    if (key[0] && !strpbrk(key, "./ \"[]"))
        return c->rk->fmt(c->ps, "%s%s%s", where, where[0] ? "." : "", key);
    return c->rk->fmt(c->ps, "%s[\"%s\"]", where, key);
}

void lg_add_n(struct lg *c, struct lg_text *t, const char *more, size_t n)
{
    if (t->room - t->n <= n) { /* one is for the end */
        size_t room = 2 * (t->n + n) + 64;
        char *at = c->rk->alloc(c->ps, room);
        if (t->n)
            memcpy(at, t->at, t->n);
        t->at = at;
        t->room = room;
    }
    memcpy(t->at + t->n, more, n);
    t->n += n;
    t->at[t->n] = '\0';
}

void lg_add(struct lg *c, struct lg_text *t, const char *more)
{
    lg_add_n(c, t, more, strlen(more));
}

const char *lg_text(const struct lg_text *t)
{
    return t->n ? t->at : "";
}

int64_t lg_count(struct lg *c, const rk_json *v, const char *where, int64_t dflt)
{
    const rk_api *rk = c->rk;
    int64_t n = rk->num(v, "", -1);
    if (rk->type(v) <= RK_JSON_NULL)
        return dflt;
    if (n >= 0 && n <= INT32_MAX)
        return n;
    const char *text = rk->number_text(v);
    lg_bad(c, where,
           rk->fmt(c->ps, "%s is not an integer from 0 to %d", text ? text : "what is there",
                   INT32_MAX));
    return dflt;
}

rk_json *lg_copy(struct lg *c, const rk_json *v)
{
    const rk_api *rk = c->rk;
    if ((rk->type(v) != RK_JSON_OBJECT && rk->type(v) != RK_JSON_ARRAY) || rk->len(v, "") > 10000)
        return rk->copy(c->ps, v);
    int map = rk->type(v) == RK_JSON_OBJECT;
    rk_json *out = map ? rk->new_object(c->ps) : rk->new_array(c->ps);
    for (RK_EACH(rk, it, v)) {
        if (!map)
            rk->push(c->ps, out, lg_copy(c, it));
        else if (rk->type(it) != RK_JSON_NULL)
            rk->put(c->ps, out, rk->key(it), lg_copy(c, it));
    }
    return out;
}
