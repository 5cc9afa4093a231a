/* Records and the owners they belong to: one allocation per record, and the index from an owner's name to its children. */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/view/view_in.h"

/* Layout behind the header. */

static const uint8_t *tail(const struct rk__rec *r)
{
    return (const uint8_t *)(r->links + r->n_links);
}

const uint8_t *rk__rec_uid(const struct rk__rec *r)
{
    return tail(r);
}

const uint8_t *rk__rec_ctl(const struct rk__rec *r)
{
    return tail(r) + r->uid_n;
}

const char *rk__rec_name(const struct rk__rec *r)
{
    return (const char *)rk__rec_ctl(r) + r->ctl_n;
}

const char *rk__rec_rv(const struct rk__rec *r)
{
    return rk__rec_name(r) + r->name_n + 1;
}

struct rk_span rk__rec_packed(const struct rk__rec *r)
{
    return (struct rk_span){rk__rec_rv(r) + r->rv_n + 1, r->packed_n};
}

size_t rk__rec_bytes(const struct rk__rec *r)
{
    struct rk_span packed = rk__rec_packed(r);
    return (size_t)(packed.p + packed.n - (const char *)r);
}

void rk__rec_plain(const struct rk__rec *r, char *dst)
{
    rk__unpack(r->base, rk__rec_packed(r), dst, r->plain_n);
}

bool rk__rec_same_uid(const struct rk__rec *a, const struct rk__rec *b)
{
    return ((a->flags ^ b->flags) & RK__UID_TEXT) == 0 && a->uid_n == b->uid_n &&
           memcmp(rk__rec_uid(a), rk__rec_uid(b), a->uid_n) == 0;
}

void rk__rec_uid_text(const struct rk__rec *r, char out[RK__TEXT_MAX])
{
    rk__uid_format(rk__rec_uid(r), r->uid_n, r->flags & RK__UID_TEXT, out);
}

/* Finding. */

struct key {
    const struct rk__ns *ns;
    const char *name;
    size_t n;
    int type;
};

static bool rec_same(const void *entry, const void *key)
{
    const struct rk__rec *r = entry;
    const struct key *k = key;
    return r->ns == k->ns && r->name_n == k->n && memcmp(rk__rec_name(r), k->name, k->n) == 0;
}

struct rk__rec *rk__rec_find(const struct rk_view *v, int kind, const char *ns, const char *name)
{
    struct key k = {rk__ns_find(v, ns), name, strlen(name), 0};
    if (!k.ns)
        return NULL;
    return rk__table_find(&v->kinds[kind].recs, rk__hash(v, k.ns->hash, name, k.n), rec_same, &k);
}

/* Owners. */

int rk__type_find(const struct rk_view *v, const char *gvk)
{
    for (int i = 0; i < v->n_types; i++)
        if (strcmp(v->types[i].gvk, gvk) == 0)
            return i;
    return -1;
}

static bool owner_same(const void *entry, const void *key)
{
    const struct rk__owner *o = entry;
    const struct key *k = key;
    return o->type == k->type && o->ns == k->ns && o->name_n == k->n &&
           memcmp(o->name, k->name, k->n) == 0;
}

static uint32_t owner_hash(const struct rk_view *v, const struct key *k)
{
    return rk__hash(v, k->ns->hash ^ ((uint64_t)k->type + 1) << 32, k->name, k->n);
}

struct rk__owner *rk__owner_find(const struct rk_view *v, int type, const char *ns,
                                 const char *name)
{
    struct key k = {rk__ns_find(v, ns), name, strlen(name), type};
    return k.ns ? rk__table_find(&v->owners, owner_hash(v, &k), owner_same, &k) : NULL;
}

static struct rk__owner *owner_get(struct rk_view *v, int type, struct rk__ns *ns, const char *name)
{
    struct rk__owner *o = rk__owner_find(v, type, ns->text, name);
    if (o)
        return o;
    struct key k = {rk__ns_get(v, ns->text), name, strlen(name), type};
    o = rk_alloc(sizeof *o + k.n + 1);
    o->hash = owner_hash(v, &k);
    o->type = (uint16_t)type;
    o->ns = ns;
    o->name_n = (uint16_t)k.n;
    memcpy(o->name, name, k.n + 1);
    rk__table_put(&v->owners, o);
    return o;
}

static void owner_put(struct rk_view *v, struct rk__owner *o)
{
    if (!o || --o->refs > 0)
        return;
    assert(o->n == 0);
    rk__table_del(&v->owners, o);
    rk__ns_put(v, o->ns);
    rk_free(o->kids);
    rk_free(o);
}

/* Two edges may lead to one owner (two labels, or a label and a reference): it is one child all the same. */
static void link_to(struct rk_view *v, struct rk__rec *r, size_t edge, const char *name)
{
    r->links[edge] = (struct rk__link){NULL, RK__NO_KID};
    if (!name[0])
        return;
    struct rk__owner *o = owner_get(v, v->kinds[r->kind].edges[edge].type, r->ns, name);
    o->refs++;
    for (size_t i = 0; i < edge; i++)
        if (r->links[i].owner == o) {
            o->refs--;
            return;
        }
    r->links[edge].owner = o;
}

/* Making. */

static uint8_t *put(uint8_t *at, const void *p, size_t n)
{
    if (n > 0)
        memcpy(at, p, n);
    return at + n;
}

struct rk__rec *rk__rec_make(struct rk_view *v)
{
    const struct rk__in *in = &v->in;
    struct rk__kind *k = &v->kinds[in->kind];
    size_t name_n = strlen(in->name), rv_n = strlen(in->rv);
    struct rk_span packed = in->json;
    struct rk__base *base = NULL;
    if (k->packer) {
        rk_buf_clear(&v->packed);
        base = rk__pack(k->packer, in->json, &v->packed);
        packed = (struct rk_span){rk_buf_text(&v->packed), v->packed.len};
    }
    assert(packed.n <= RK__OBJECT_MAX * 2 && name_n < RK__NAME_MAX && rv_n < RK__TEXT_MAX);
    size_t size = sizeof(struct rk__rec) + k->n_edges * sizeof(struct rk__link) + in->uid.n +
                  in->ctl.n + name_n + 1 + rv_n + 1 + packed.n;
    struct rk__rec *r = rk_alloc(size);
    r->kind = (uint8_t)in->kind;
    r->flags = (uint8_t)((in->terminating ? RK__TERMINATING : 0) | (in->failed ? RK__FAILED : 0) |
                         (in->uid.text ? RK__UID_TEXT : 0) |
                         (in->ctl.n && in->ctl.text ? RK__CTL_TEXT : 0));
    r->n_links = k->n_edges;
    r->ctl_edge = in->ctl_edge;
    r->ns = rk__ns_get(v, in->ns);
    r->hash = rk__hash(v, r->ns->hash, in->name, name_n);
    r->base = base;
    r->parts = in->parts;
    r->plain_n = (uint32_t)in->json.n;
    r->packed_n = (uint32_t)packed.n;
    r->name_n = (uint16_t)name_n;
    r->uid_n = in->uid.n;
    r->ctl_n = in->ctl.n;
    r->rv_n = (uint8_t)rv_n;
    uint8_t *at = (uint8_t *)(r->links + r->n_links);
    at = put(at, in->uid.b, in->uid.n);
    at = put(at, in->ctl.b, in->ctl.n);
    at = put(at, in->name, name_n + 1);
    at = put(at, in->rv, rv_n + 1);
    at = put(at, packed.p, packed.n);
    assert(at == (uint8_t *)r + size);
    v->bytes += size;
    for (size_t i = 0; i < r->n_links; i++)
        link_to(v, r, i, in->owner[i]);
    return r;
}

void rk__rec_free(struct rk_view *v, struct rk__rec *r)
{
    v->bytes -= rk__rec_bytes(r);
    for (size_t i = 0; i < r->n_links; i++)
        owner_put(v, r->links[i].owner);
    rk__base_put(r->base);
    rk__ns_put(v, r->ns);
    rk_free(r);
}

/* Children. */

void rk__rec_enter(struct rk__rec *r, size_t edge)
{
    struct rk__link *l = &r->links[edge];
    struct rk__owner *o = l->owner;
    assert(l->at == RK__NO_KID);
    if (!o)
        return;
    if (o->n == o->cap) {
        assert(o->cap <= UINT32_MAX / 2);
        o->cap = o->cap ? o->cap + o->cap / 2 + 1 : 2;
        o->kids = rk_realloc(o->kids, o->cap * sizeof *o->kids);
    }
    l->at = o->n;
    o->kids[o->n++] = r;
}

void rk__rec_leave(struct rk__rec *r, size_t edge)
{
    struct rk__link *l = &r->links[edge];
    struct rk__owner *o = l->owner;
    if (!o)
        return;
    assert(l->at < o->n && o->kids[l->at] == r);
    struct rk__rec *last = o->kids[--o->n];
    o->kids[l->at] = last; /* the hole is filled from the end */
    for (size_t i = 0; i < last->n_links; i++)
        if (last->links[i].owner == o)
            last->links[i].at = l->at;
    l->at = RK__NO_KID;
}

void rk__rec_succeed(struct rk__rec *old, struct rk__rec *r, size_t edge)
{
    struct rk__link *l = &r->links[edge], *was = &old->links[edge];
    assert(l->owner && l->owner == was->owner && was->owner->kids[was->at] == old);
    l->at = was->at;
    l->owner->kids[l->at] = r;
    was->at = RK__NO_KID;
}
