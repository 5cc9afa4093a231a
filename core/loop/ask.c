/* See ask.h. A question has a turn in the heap, or is being asked; who asked it is linked with it, both ways. */
#include "core/loop/ask.h"

#include <string.h>
#include <sys/queue.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/heap.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/json/scan.h"

#define QUESTIONS_MAX  4096
#define BYTES_MAX      (32u << 20)
#define ANSWER_MAX     (1u << 20)
#define FLYING_MAX     8
#define EACH_MS        20   /* fifty a second ... */
#define BURST_MS       1000 /* ... over so long */
#define TIMEOUT_MS     10000
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000

struct link { /* one who wants to know one thing */
    TAILQ_ENTRY(link) of_question, of_asker;
    struct question *question;
    struct asker *asker;
    int64_t fresh_ms;
};
TAILQ_HEAD(links, link);

struct asker {
    char *owner;
    struct links links;
};

struct question {
    struct rk_asks *asks;
    char *path;
    struct links links;
    struct rk_heap_node turn; /* not while it is asked */
    rk_call *call;
    struct rk_buf coming;
    int64_t fresh_ms; /* the least of links; of some that are gone, until it is answered */
    int64_t tried_ms, backoff_ms;
    bool told, word; /* there is an answer; of a server, and not for want of one */
    struct rk_snap_answer last;
    int64_t came_ms;
    uint64_t hash; /* of its body */
};

struct rk_asks {
    struct rk_asks_conf conf;
    struct rk_map questions, askers; /* by path; by owner */
    struct rk_heap turns;
    struct rk_timer timer;
    size_t flying, bytes;
    int64_t next_ms; /* when the next one may be sent, were there no burst */
    uint64_t seed;
    struct rk_buf scratch;
};

/* ---- answers ---- */

/* A list has another version whenever anything in the cluster was written, and its token holds one. */
static uint64_t body_hash(struct rk_asks *a, struct rk_span body)
{
    static const char *const versions[] = {"metadata/resourceVersion", "metadata/continue"};
    rk_buf_clear(&a->scratch);
    if (rk_scan_without(body, versions, 2, &a->scratch, NULL) == 0)
        body = (struct rk_span){rk_buf_text(&a->scratch), a->scratch.len};
    return rk_hash64(body.p, body.n, a->seed);
}

static void forget_answer(struct question *q)
{
    q->asks->bytes -= q->last.body.n;
    rk_free((void *)(uintptr_t)q->last.body.p); /* ours, as the next one */
    rk_free((void *)(uintptr_t)q->last.error);
    q->last = (struct rk_snap_answer){0};
}

static void tell(struct question *q, int http, const char *error, struct rk_span body)
{
    struct rk_asks *a = q->asks;
    uint64_t hash = body_hash(a, body);
    bool news = !q->told || q->last.http != http || q->hash != hash;
    forget_answer(q);
    q->told = true;
    q->hash = hash;
    q->came_ms = rk_clock_ms();
    q->last = (struct rk_snap_answer){.http = http,
                                      .at_us = rk_clock_wall_us(),
                                      .body = {rk_strndup(body.p, body.n), body.n},
                                      .error = rk_strdup(error)};
    a->bytes += body.n;
    for (const struct link *l = news ? TAILQ_FIRST(&q->links) : NULL; l;
         l = TAILQ_NEXT(l, of_question))
        a->conf.wake(a->conf.ctx, l->asker->owner);
}

static bool is_too_large(const struct rk_resp *resp)
{
    return resp->code == RK_E_LIMIT && resp->http < 300;
}

/* Did a server say something to the question itself? */
static bool is_word(const struct rk_resp *resp)
{
    return resp->code == 0 || is_too_large(resp) ||
           (resp->http >= 300 && resp->http != 401 && resp->http != 408 && resp->http != 429);
}

/* Returns whether it is to be left alone for a while. */
static bool take_answer(struct question *q, const struct rk_resp *resp)
{
    const struct rk_asks *a = q->asks;
    struct rk_span none = rk_span_of(""), body = resp->body;
    bool word = is_word(resp);
    if (!word && q->word)
        return true;
    q->word = word;
    if (resp->code == 0)
        body = (struct rk_span){rk_buf_text(&q->coming), q->coming.len};
    if (is_too_large(resp)) {
        tell(q, 0, "no answer: it is larger than 1 MiB", none);
        return true;
    }
    if (a->bytes - q->last.body.n + body.n > a->conf.bytes) {
        tell(q, 0, "no answer: all that is asked takes too much memory", none);
        return true;
    }
    if (resp->code == 0)
        tell(q, resp->http, "", body);
    else
        tell(q, resp->http >= 300 ? resp->http : 0, resp->message, word ? body : none);
    return !word || resp->http >= 500;
}

static int64_t longer(const struct question *q, const struct rk_resp *resp)
{
    int64_t ms = q->backoff_ms ? 2 * q->backoff_ms : BACKOFF_MIN_MS;
    ms = ms < resp->retry_after_ms ? resp->retry_after_ms : ms;
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* ---- turns ---- */

static void take_turn(struct question *q)
{
    int64_t due = q->backoff_ms ? q->tried_ms + q->backoff_ms
                  : q->told     ? q->came_ms + q->fresh_ms
                                : rk_clock_ms();
    if (!q->call)
        rk_heap_put(&q->asks->turns, &q->turn, due);
}

static int on_data(void *ctx, const char *p, size_t n, struct rk_err *err)
{
    struct question *q = ctx;
    return rk_buf_add(&q->coming, p, n) == 0 ? 0 : rk_err_set(err, RK_E_LIMIT, "too large");
}

static void pump(void *ctx);

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct question *q = ctx;
    struct rk_asks *a = q->asks;
    q->call = NULL;
    a->flying--;
    q->tried_ms = rk_clock_ms();
    q->backoff_ms = take_answer(q, resp) ? longer(q, resp) : 0;
    rk_buf_done(&q->coming);
    const struct link *l;
    q->fresh_ms = INT64_MAX / 2;
    TAILQ_FOREACH(l, &q->links, of_question)
    {
        if (l->fresh_ms < q->fresh_ms)
            q->fresh_ms = l->fresh_ms;
    }
    take_turn(q);
    pump(a);
}

/* The lane that shares neither window nor pauses with the writes: a slow service behind a proxy must not slow them down. */
static void ask(struct question *q)
{
    struct rk_asks *a = q->asks;
    const struct rk_req req = {.lane = RK_LANE_LEASE,
                               .method = "GET",
                               .path = q->path,
                               .timeout_ms = TIMEOUT_MS,
                               .hearsay = true,
                               .data = on_data,
                               .done = on_done,
                               .ctx = q};
    rk_heap_del(&a->turns, &q->turn);
    a->flying++;
    q->call = rk_client_send(a->conf.client, &req);
}

static void pump(void *ctx)
{
    struct rk_asks *a = ctx;
    struct rk_heap_node *n;
    int64_t now = rk_clock_ms();
    a->next_ms = a->next_ms < now - BURST_MS ? now - BURST_MS : a->next_ms;
    while ((n = rk_heap_min(&a->turns)) != NULL && n->due <= now && a->next_ms <= now &&
           a->flying < FLYING_MAX) {
        a->next_ms += EACH_MS;
        ask((struct question *)(void *)((char *)n - offsetof(struct question, turn)));
    }
    if (!n || a->flying == FLYING_MAX) /* who ends makes room */
        rk_timer_del(a->conf.poll, &a->timer);
    else
        rk_timer_set(a->conf.poll, &a->timer, n->due > a->next_ms ? n->due : a->next_ms, pump, a);
}

/* ---- who asks what ---- */

static void question_free(void *p)
{
    struct question *q = p;
    struct rk_asks *a = q->asks;
    if (q->call) {
        rk_client_cancel(a->conf.client, q->call);
        a->flying--;
    }
    rk_heap_del(&a->turns, &q->turn);
    forget_answer(q);
    rk_buf_done(&q->coming);
    rk_free(q->path);
    rk_free(q);
}

static void asker_free(void *p)
{
    struct asker *o = p;
    rk_free(o->owner);
    rk_free(o);
}

static struct question *question_get(struct rk_asks *a, const char *path)
{
    struct question *q = rk_map_get(&a->questions, path);
    if (q || a->questions.count >= a->conf.questions)
        return q;
    q = rk_alloc(sizeof(*q));
    q->asks = a;
    q->path = rk_strdup(path);
    q->fresh_ms = INT64_MAX / 2;
    TAILQ_INIT(&q->links);
    rk_buf_init(&q->coming, ANSWER_MAX);
    rk_map_put(&a->questions, path, q);
    return q;
}

static struct asker *asker_get(struct rk_asks *a, const char *owner)
{
    struct asker *o = rk_map_get(&a->askers, owner);
    if (o)
        return o;
    o = rk_alloc(sizeof(*o));
    o->owner = rk_strdup(owner);
    TAILQ_INIT(&o->links);
    rk_map_put(&a->askers, owner, o);
    return o;
}

static void link_up(struct question *q, struct asker *o, int64_t fresh_ms)
{
    struct link *l = rk_alloc(sizeof(*l));
    *l = (struct link){.question = q, .asker = o, .fresh_ms = fresh_ms};
    TAILQ_INSERT_TAIL(&q->links, l, of_question);
    TAILQ_INSERT_TAIL(&o->links, l, of_asker);
    q->fresh_ms = fresh_ms < q->fresh_ms ? fresh_ms : q->fresh_ms;
    take_turn(q);
}

static void unlink_from(struct links *askers, struct link *l)
{
    TAILQ_REMOVE(&l->question->links, l, of_question);
    TAILQ_REMOVE(askers, l, of_asker);
    rk_free(l);
}

bool rk_asks_note(struct rk_asks *a, const char *owner, const struct rk_plan_ask *asks, size_t n)
{
    struct asker *o = n > 0 ? asker_get(a, owner) : rk_map_get(&a->askers, owner);
    struct links before;
    struct link *l;
    bool all = true;
    if (!o)
        return true;
    TAILQ_INIT(&before);
    TAILQ_CONCAT(&before, &o->links, of_asker);
    for (size_t i = 0; i < n; i++) {
        struct question *q = question_get(a, asks[i].path);
        if (q)
            link_up(q, o, asks[i].fresh_ms);
        all = all && q;
    }
    while ((l = TAILQ_FIRST(&before)) != NULL) { /* after the new ones: what is asked again stays */
        struct question *q = l->question;
        unlink_from(&before, l);
        if (TAILQ_EMPTY(&q->links))
            (void)rk_map_del(&a->questions, q->path); /* it is there */
    }
    if (TAILQ_EMPTY(&o->links))
        (void)rk_map_del(&a->askers, owner); /* likewise */
    pump(a);
    return all;
}

bool rk_asks_answer(const struct rk_asks *a, const char *path, struct rk_snap_answer *ret)
{
    const struct question *q = rk_map_get(&a->questions, path);
    if (!q && a->questions.count >= a->conf.questions) {
        *ret = (struct rk_snap_answer){.at_us = rk_clock_wall_us(),
                                       .error = "no answer: too many questions"};
        return true;
    }
    if (!q || !q->told)
        return false;
    *ret = q->last;
    return true;
}

/* ---- life ---- */

static void open_maps(struct rk_asks *a)
{
    rk_map_init(&a->questions, question_free);
    rk_map_init(&a->askers, asker_free);
}

struct rk_asks *rk_asks_new(const struct rk_asks_conf *conf)
{
    struct rk_asks *a = rk_alloc(sizeof(*a));
    a->conf = *conf;
    a->conf.questions = conf->questions ? conf->questions : QUESTIONS_MAX;
    a->conf.bytes = conf->bytes ? conf->bytes : BYTES_MAX;
    /* Without entropy an answer could be made that looks like the one before; nothing else is lost. */
    if (rk_random(&a->seed, sizeof(a->seed)) != 0)
        a->seed = (uint64_t)(uintptr_t)a;
    rk_heap_init(&a->turns);
    rk_buf_init(&a->scratch, ANSWER_MAX);
    open_maps(a);
    return a;
}

void rk_asks_forget(struct rk_asks *a)
{
    const char *key;
    void *value;
    struct link *l;
    for (size_t i = 0; rk_map_next(&a->askers, &i, &key, &value);)
        while ((l = TAILQ_FIRST(&((struct asker *)value)->links)) != NULL)
            unlink_from(&((struct asker *)value)->links, l);
    rk_map_done(&a->questions);
    rk_map_done(&a->askers);
    rk_buf_done(&a->scratch);
    rk_timer_del(a->conf.poll, &a->timer);
    open_maps(a);
}

void rk_asks_free(struct rk_asks *a)
{
    if (!a)
        return;
    rk_asks_forget(a);
    rk_heap_done(&a->turns);
    rk_free(a);
}
