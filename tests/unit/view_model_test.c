/* A fake cluster makes random histories; the view hears of them by watches, replays, late responses, 404s, relists and restored
 * backups. At quiescence it must equal the cluster; no change of what an owner sees may go without a wake, and no wake without a
 * change; a snapshot taken on the way must not move. */

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/view/view.h"
#include "tests/unit/view_kit.h"

enum {
    KINDS = 2,
    NAMES = 5,
    NSS = 2,
    SLOTS = NSS * NAMES,
    HISTORY = 4000,
    REPLIES = 64,
    STEPS = 3000,
    RUNS = 12,
    FIRST_RV = 90,
    MAX_SCOPES = KINDS * NSS
};

struct event {
    int kind, slot;
    bool deleted;
    int rv;
    char uid[48];
    char json[700];
};

struct object { /* what the cluster holds */
    bool there, terminating;
    int life, owner, owner_life; /* owner: index of a thing of the same namespace; -1 = none */
    int phase, generation, noise;
};

struct scope { /* one watch */
    int kind;
    const char *ns; /* NULL = all */
    int next;       /* index into the history */
    bool broken;    /* must list again */
    int listing;    /* -1, or the next slot to list */
    int list_at;    /* the list is of the state before this event */
};

struct cluster {
    struct object objects[KINDS][SLOTS];
    struct event history[HISTORY];
    int n, rv, lives;
    struct event replies[REPLIES];
    int n_replies;
    struct scope scopes[MAX_SCOPES];
    int n_scopes;
};

static struct cluster cluster;
static struct object past[HISTORY + 1][KINDS][SLOTS]; /* state before each event */
static uint64_t dice;

static int roll(int n)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (int)((dice >> 33) % (uint64_t)n);
}

static const char *const namespaces[] = {"ns1", "ns2"};
static const char *const phases[] = {"Pending", "Running", "Failed"};

static const char *ns_of(int slot)
{
    return namespaces[slot / NAMES];
}

static void uid_text(int kind, int slot, int life, char out[48])
{
    (void)snprintf(out, 48, life % 3 ? "%08x-0000-4000-8000-%04x%08x" : "text-%x-%x-%x", kind, slot,
                   life);
}

static void event_of(int kind, int slot, bool deleted, struct event *e)
{
    const struct object *o = &cluster.objects[kind][slot];
    char meta[300] = "", owner_uid[48];
    size_t n = 0;
    memset(e, 0, sizeof *e);
    e->kind = kind;
    e->slot = slot;
    e->deleted = deleted;
    e->rv = ++cluster.rv;
    uid_text(kind, slot, o->life, e->uid);
    if (o->owner >= 0) {
        uid_text(0, slot / NAMES * NAMES + o->owner, o->owner_life, owner_uid);
        n += (size_t)snprintf(
            meta, sizeof meta,
            "\"labels\":{\"example.io/thing\":\"n%d\"},\"ownerReferences\":[{\"apiVersion\":\"example.io/v1\","
            "\"kind\":\"Thing\",\"name\":\"n%d\",\"uid\":\"%s\",\"controller\":true}],",
            o->owner, o->owner, owner_uid);
    }
    if (o->terminating)
        (void)snprintf(meta + n, sizeof meta - n,
                       "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",");
    int len = snprintf(
        e->json, sizeof e->json,
        "{\"metadata\":{\"name\":\"n%d\",\"namespace\":\"%s\",\"uid\":\"%s\",\"resourceVersion\":\"%d\",%s"
        "\"generation\":%d},\"spec\":{\"noise\":%d},\"status\":{\"phase\":\"%s\"}}",
        slot % NAMES, ns_of(slot), e->uid, e->rv, meta, o->generation, o->noise, phases[o->phase]);
    assert_true(len > 0 && (size_t)len < sizeof e->json);
}

/* One random write to the cluster; now and then it is ours, and its response is under way. */
static void write_something(void)
{
    int kind = roll(3) ? 1 : 0, slot = roll(SLOTS);
    struct object *o = &cluster.objects[kind][slot];
    struct event *e = &cluster.history[cluster.n];
    bool deleted = false;
    memcpy(past[cluster.n], cluster.objects, sizeof past[0]);
    if (!o->there) {
        *o = (struct object){.there = true,
                             .life = ++cluster.lives,
                             .owner = kind ? roll(NAMES + 1) - 1 : -1,
                             .generation = 1};
        if (o->owner >= 0)
            o->owner_life = cluster.objects[0][slot / NAMES * NAMES + o->owner].life;
    } else {
        switch (roll(8)) {
        case 0:
        case 1:
            deleted = true;
            break;
        case 2:
            o->terminating = true;
            break;
        case 3:
            o->generation++;
            break;
        case 4:
            if (kind)
                o->owner = roll(NAMES + 1) - 1;
            break;
        case 5:
            o->phase = roll(3);
            break;
        default:
            o->noise++;
        }
    }
    event_of(kind, slot, deleted, e);
    o->there = !deleted;
    cluster.n++;
    if (!deleted && roll(3) == 0 && cluster.n_replies < REPLIES)
        cluster.replies[cluster.n_replies++] = *e;
}

static bool covers(const struct scope *s, const struct event *e)
{
    return e->kind == s->kind && (!s->ns || strcmp(s->ns, ns_of(e->slot)) == 0);
}

static int kind_id(const struct kit *k, int kind)
{
    return kind ? k->pod : k->thing;
}

static void apply(struct kit *k, const struct event *e, enum rk_view_source source)
{
    assert_int_equal(kit_apply(k, kind_id(k, e->kind), e->deleted ? RK_VIEW_DELETE : RK_VIEW_UPSERT,
                               source, e->json),
                     0);
}

static void rv_text(int rv, char out[16])
{
    (void)snprintf(out, 16, "%d", rv);
}

/* The next event of a live watch; sometimes only a bookmark. */
static void deliver(struct kit *k, struct scope *s)
{
    char rv[16];
    if (s->broken || s->listing >= 0 || s->next >= cluster.n)
        return;
    const struct event *e = &cluster.history[s->next++];
    if (covers(s, e))
        apply(k, e, WATCH);
    rv_text(e->rv, rv);
    if (covers(s, e) || roll(2))
        rk_view_progress(k->v, kind_id(k, s->kind), s->ns, rv);
}

static void replay(struct kit *k, const struct scope *s)
{
    if (s->broken || s->listing >= 0 || s->next == 0)
        return;
    const struct event *e = &cluster.history[roll(s->next)];
    if (covers(s, e))
        apply(k, e, WATCH);
}

/* A 404 on an object that the cluster has not any more. */
static void not_found(struct kit *k)
{
    int kind = roll(KINDS), slot = roll(SLOTS);
    char name[8];
    if (cluster.n == 0)
        return;
    const struct event *e = &cluster.history[roll(cluster.n)];
    kind = e->kind;
    slot = e->slot;
    const struct object *o = &cluster.objects[kind][slot];
    char uid[48];
    uid_text(kind, slot, o->life, uid);
    if (o->there && strcmp(uid, e->uid) == 0)
        return;
    (void)snprintf(name, sizeof name, "n%d", slot % NAMES);
    rk_view_forget(k->v, kind_id(k, kind), ns_of(slot), name, e->uid);
}

static void reply(struct kit *k)
{
    if (cluster.n_replies == 0)
        return;
    int i = roll(cluster.n_replies);
    apply(k, &cluster.replies[i], REPLY);
    cluster.replies[i] = cluster.replies[--cluster.n_replies];
}

static void list_begin(struct kit *k, struct scope *s)
{
    s->broken = false;
    s->listing = 0;
    /* A list is at least as new as what this watch has seen; after a restored backup it is as new as the store. */
    s->list_at =
        s->next > cluster.n || roll(2) ? cluster.n : s->next + roll(cluster.n - s->next + 1);
    rk_view_list_begin(k->v, kind_id(k, s->kind), s->ns);
}

static const struct event *state_of(int kind, int slot, int before)
{
    for (int i = before; i-- > 0;)
        if (cluster.history[i].kind == kind && cluster.history[i].slot == slot)
            return cluster.history[i].deleted ? NULL : &cluster.history[i];
    return NULL;
}

static void list_some(struct kit *k, struct scope *s, int items)
{
    for (; items > 0 && s->listing < SLOTS; s->listing++) {
        const struct event *e = state_of(s->kind, s->listing, s->list_at);
        if (!e || !covers(s, e))
            continue;
        apply(k, e, LIST);
        items--;
    }
    if (s->listing < SLOTS)
        return;
    char rv[16];
    rv_text(s->list_at > 0 ? cluster.history[s->list_at - 1].rv : FIRST_RV, rv);
    s->listing = -1;
    s->next = s->list_at;
    rk_view_list_end(k->v, kind_id(k, s->kind), s->ns, rv);
}

static void settle(struct kit *k)
{
    while (cluster.n_replies > 0)
        reply(k);
    for (int i = 0; i < cluster.n_scopes; i++) {
        struct scope *s = &cluster.scopes[i];
        if (s->broken)
            list_begin(k, s);
        if (s->listing >= 0)
            list_some(k, s, SLOTS);
        while (s->next < cluster.n)
            deliver(k, s);
    }
}

/* The store comes back from a backup. Everybody had seen everything; what they know must not outlive it. */
static void restore(struct kit *k)
{
    settle(k);
    if (cluster.n < 10)
        return;
    cluster.n -= 1 + roll(cluster.n < 60 ? cluster.n - 1 : 60);
    memcpy(cluster.objects, past[cluster.n], sizeof past[0]);
    cluster.rv = cluster.history[cluster.n - 1].rv;
    for (int i = roll(40); i > 0; i--)
        write_something();
    cluster.n_replies = 0;
    for (int i = 0; i < cluster.n_scopes; i++) {
        struct scope *s = &cluster.scopes[i];
        s->broken = true;
        s->next = cluster.n + 1; /* lists are of now */
    }
}

/* What an owner sees, as a number: its object's version and its children without theirs. */
static uint64_t sight(const struct kit *k, int slot)
{
    struct rk_arena a;
    struct rk_snapshot s;
    char name[8];
    uint64_t h = 1;
    (void)snprintf(name, sizeof name, "n%d", slot % NAMES);
    rk_arena_init(&a, 0);
    if (rk_view_snapshot(k->v, THING, ns_of(slot), name, &a, &s) == 0) {
        h = rk_hash64(s.object.p, s.object.n, h);
        for (size_t i = 0; i < s.n_seen; i++) {
            h = rk_hash64(s.seen[i].json.p, s.seen[i].json.n, h);
            h = rk_hash64(s.seen[i].uid, strlen(s.seen[i].uid), h + s.seen[i].terminating);
        }
    }
    rk_arena_done(&a);
    return h;
}

static void look(const struct kit *k, uint64_t out[SLOTS])
{
    for (int i = 0; i < SLOTS; i++)
        out[i] = sight(k, i);
}

static void check_wakes(struct kit *k, const uint64_t before[SLOTS], bool one_object)
{
    uint64_t now[SLOTS];
    bool woken[SLOTS] = {false};
    look(k, now);
    for (size_t i = 0; i < k->n_wakes; i++) {
        assert_string_equal(k->wakes[i].gvk, THING);
        int slot = (strcmp(k->wakes[i].ns, "ns2") == 0 ? NAMES : 0) + (k->wakes[i].name[1] - '0');
        woken[slot] = true;
        /* An owner that is not there sees nothing; its children may wake it all the same. */
        if (one_object)
            assert_true(before[slot] != now[slot] || now[slot] == 1 ||
                        k->wakes[i].cause == RK_CAUSE_CHILD_GONE);
    }
    for (int i = 0; i < SLOTS; i++)
        assert_true(before[i] == now[i] || woken[i]);
    k->n_wakes = 0;
}

static void check_equal(struct kit *k)
{
    size_t n[KINDS] = {0}, children[SLOTS] = {0};
    for (int kind = 0; kind < KINDS; kind++)
        for (int slot = 0; slot < SLOTS; slot++) {
            const struct object *o = &cluster.objects[kind][slot];
            n[kind] += o->there;
            if (kind && o->there && o->owner >= 0)
                children[slot / NAMES * NAMES + o->owner]++;
        }
    assert_int_equal(rk_view_count(k->v, k->thing), n[0]);
    assert_int_equal(rk_view_count(k->v, k->pod), n[1]);
    for (int slot = 0; slot < SLOTS; slot++) {
        struct rk_arena a;
        struct rk_snapshot s;
        char name[8];
        (void)snprintf(name, sizeof name, "n%d", slot % NAMES);
        assert_int_equal(rk_view_children(k->v, THING, ns_of(slot), name, k->pod), children[slot]);
        const struct event *e = state_of(0, slot, cluster.n);
        rk_arena_init(&a, 0);
        int rc = rk_view_snapshot(k->v, THING, ns_of(slot), name, &a, &s);
        assert_int_equal(rc, e ? 0 : RK_E_NOENT);
        if (e) {
            assert_string_equal(s.uid, e->uid);
            assert_int_equal(s.object.n, strlen(e->json));
            assert_memory_equal(s.object.p, e->json, s.object.n);
            assert_int_equal(s.deleting, cluster.objects[0][slot].terminating);
        }
        for (size_t i = 0; e && i < s.n_seen; i++) {
            const struct rk_seen *c = &s.seen[i];
            int child = slot / NAMES * NAMES + (c->name[1] - '0');
            const struct event *ce = state_of(1, child, cluster.n);
            const struct object *o = &cluster.objects[1][child];
            char rv[16];
            assert_non_null(ce);
            rv_text(ce->rv, rv);
            assert_string_equal(c->uid, ce->uid);
            assert_string_equal(c->rv, rv);
            assert_int_equal(c->terminating, o->terminating);
            char owner_uid[48];
            uid_text(0, slot, o->owner_life, owner_uid);
            assert_int_equal(c->mine, strcmp(owner_uid, e->uid) == 0);
            char phase[32];
            (void)snprintf(phase, sizeof phase, "\"phase\":\"%s\"", phases[o->phase]);
            assert_non_null(memmem(c->json.p, c->json.n, phase, strlen(phase)));
        }
        rk_arena_done(&a);
    }
}

struct frozen {
    struct rk_arena a;
    struct rk_snapshot s;
    bool taken;
    uint64_t hash;
};

static uint64_t frozen_hash(const struct rk_snapshot *s)
{
    uint64_t h = rk_hash64(s->object.p, s->object.n, strlen(s->name));
    for (size_t i = 0; i < s->n_seen; i++) {
        h = rk_hash64(s->seen[i].json.p, s->seen[i].json.n, h);
        h = rk_hash64(s->seen[i].name, strlen(s->seen[i].name), h);
        h = rk_hash64(s->seen[i].rv, strlen(s->seen[i].rv), h);
    }
    return h;
}

static void freeze(const struct kit *k, struct frozen *f)
{
    char name[8];
    int slot = roll(SLOTS);
    if (f->taken) {
        assert_true(frozen_hash(&f->s) == f->hash);
        rk_arena_reset(&f->a);
    }
    (void)snprintf(name, sizeof name, "n%d", slot % NAMES);
    f->taken = rk_view_snapshot(k->v, THING, ns_of(slot), name, &f->a, &f->s) == 0;
    if (f->taken)
        f->hash = frozen_hash(&f->s);
}

/* Returns true when at most one object was applied. */
static bool step(struct kit *k, bool restores)
{
    struct scope *s = &cluster.scopes[roll(cluster.n_scopes)];
    switch (roll(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (cluster.n < HISTORY - 100)
            write_something();
        return true;
    case 4:
        reply(k);
        return true;
    case 5:
        replay(k, s);
        return true;
    case 6:
        not_found(k);
        return true;
    case 7:
        if (s->broken || (roll(10) == 0 && s->listing < 0) || (s->listing >= 0 && roll(20) == 0))
            list_begin(k, s);
        return true;
    case 8:
        if (s->listing >= 0)
            list_some(k, s, 1 + roll(4));
        return false;
    case 9:
        if (restores && roll(30) == 0)
            restore(k);
        return false;
    default:
        deliver(k, s);
        return true;
    }
}

static void run(uint64_t seed, bool restores)
{
    dice = seed * 977;
    memset(&cluster, 0, sizeof cluster);
    cluster.rv = FIRST_RV;
    struct kit *k = kit_new();
    for (int kind = 0; kind < KINDS; kind++)
        for (int ns = seed % 2 ? -1 : 0; ns < (seed % 2 ? 0 : NSS); ns++)
            cluster.scopes[cluster.n_scopes++] = (struct scope){
                .kind = kind, .ns = ns < 0 ? NULL : namespaces[ns], .broken = true, .listing = -1};
    struct frozen f = {.taken = false};
    rk_arena_init(&f.a, 0);
    for (int i = 0; i < STEPS; i++) {
        uint64_t before[SLOTS];
        look(k, before);
        bool one_object = step(k, restores);
        check_wakes(k, before, one_object);
        if (roll(50) == 0)
            freeze(k, &f);
        if (roll(100) == 0) {
            settle(k);
            k->n_wakes = 0;
            check_equal(k);
        }
    }
    settle(k);
    check_equal(k);
    rk_arena_done(&f.a);
    rk_view_free(k->v);
}

static void at_quiescence_the_view_equals_the_cluster(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run(seed, false);
}

static void also_when_the_store_comes_back_from_backups(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run(seed, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_quiescence_the_view_equals_the_cluster),
        cmocka_unit_test(also_when_the_store_comes_back_from_backups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
