/* Tombs: uids that are gone, kept while echoes of them may come: a watch that lags behind a 404, a response that arrives behind the
 * DELETED event, an event that is replayed. The oldest makes room; what escapes then is swept by the next list. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/version.h"
#include "core/view/view_in.h"

struct tomb {
    struct rk_heap_node age;
    uint32_t epoch; /* lists begun later know better */
    int kind;
    bool any; /* a 404 said so: no version brings it back */
    char *rv; /* behind the key */
    char key[];
};

#define KEY_MAX (RK__TEXT_MAX + 16)

static void tomb_key(int kind, const char *uid, char key[KEY_MAX])
{
    /* Cannot be cut: uids are shorter than RK__TEXT_MAX. */
    (void)snprintf(key, KEY_MAX, "%d/%s", kind, uid);
}

static void tomb_del(struct rk_view *v, struct tomb *t)
{
    rk_heap_del(&v->tomb_ages, &t->age);
    (void)rk_map_take(&v->tombs, t->key); /* it is t */
    rk_free(t);
}

void rk__tomb_put(struct rk_view *v, int kind, const char *uid, const char *rv)
{
    char key[KEY_MAX];
    if (!uid[0] || strlen(uid) >= RK__TEXT_MAX)
        return;
    tomb_key(kind, uid, key);
    struct tomb *t = rk_map_get(&v->tombs, key);
    if (t)
        tomb_del(v, t);
    if (v->tombs.count == RK__TOMBS)
        tomb_del(v,
                 (struct tomb *)(void *)rk_heap_min(&v->tomb_ages)); /* age is its first member */
    size_t key_n = strlen(key) + 1, rv_n = rv ? strlen(rv) + 1 : 1;
    t = rk_alloc(sizeof *t + key_n + rv_n);
    t->epoch = v->epoch;
    t->kind = kind;
    t->any = rv == NULL;
    memcpy(t->key, key, key_n);
    t->rv = t->key + key_n;
    memcpy(t->rv, rv ? rv : "", rv_n);
    rk_map_put(&v->tombs, key, t);
    rk_heap_put(&v->tomb_ages, &t->age, 0); /* equal times: in order of insertion */
}

bool rk__tomb_blocks(struct rk_view *v, enum rk_view_source source, const struct rk__scope *s)
{
    if (v->tombs.count == 0)
        return false;
    char key[KEY_MAX];
    tomb_key(v->in.kind, v->in.uid_text, key);
    struct tomb *t = rk_map_get(&v->tombs, key);
    if (!t)
        return false;
    bool back = false;
    if (source == RK_FROM_LIST && s && s->listing && s->epoch > t->epoch)
        back = true;
    else if (source != RK_FROM_RESPONSE && !t->any) {
        /* It had only left the selector (client.md 24) and is in it again. */
        int c = rk_version_cmp(v->in.rv, t->rv);
        back = c == 1 || (c == RK_VERSION_NONE && source == RK_FROM_WATCH);
    }
    if (back)
        tomb_del(v, t);
    return !back;
}

bool rk__tomb_holds(const struct rk_view *v, const struct rk__rec *r)
{
    char uid[RK__TEXT_MAX], key[KEY_MAX];
    rk__rec_uid_text(r, uid);
    tomb_key(r->kind, uid, key);
    const struct tomb *t = rk_map_get(&v->tombs, key);
    return t && (t->any || rk_version_cmp(rk__rec_rv(r), t->rv) != 1);
}

void rk__tomb_clear(struct rk_view *v, int kind)
{
    void *value;
    for (size_t pos = 0; rk_map_next(&v->tombs, &pos, NULL, &value);) {
        struct tomb *t = value;
        if (kind < 0 || t->kind == kind)
            tomb_del(v, t);
    }
}
