/* The document of /debug/state for people: one screen. Lists show the first few, and how many there are. */
#include "core/cmd/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"

#define SHOWN 5 /* rows of a list */

/* The buffer's bound is far above what can be told of a document that was read. */

static const char *text(const cJSON *o, const char *key)
{
    return rk_json_str(rk_json_get(o, key), "");
}

static int64_t number(const cJSON *o, const char *key)
{
    int64_t n = 0;
    (void)rk_json_int64(rk_json_get(o, key), &n); /* none is 0 */
    return n;
}

static bool is_true(const cJSON *o, const char *key)
{
    return cJSON_IsTrue(rk_json_get(o, key));
}

/* "1.5 s", "12 min", "3 h", "2 d": two digits or so are enough to judge by. */
static const char *span(int64_t ms, char out[32])
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
    int n = snprintf(out, 32, "%" PRId64 " ms", ms);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (ms >= units[i].ms) {
            n = ms < 10 * units[i].ms
                    ? snprintf(out, 32, "%" PRId64 ".%" PRId64 " %s", ms / units[i].ms,
                               ms % units[i].ms * 10 / units[i].ms, units[i].unit)
                    : snprintf(out, 32, "%" PRId64 " %s", ms / units[i].ms, units[i].unit);
            break;
        }
    (void)n; /* fits */
    return out;
}

static void head(struct rk_buf *b, const char *name)
{
    (void)rk_buf_addf(b, "%-12s", name);
}

static void processes(const cJSON *doc, struct rk_buf *b)
{
    const cJSON *p = rk_json_get(doc, "processes"), *hand = rk_json_get(p, "inHand");
    char s[32];
    head(b, "processes");
    (void)rk_buf_addf(b, "master %" PRId64, number(p, "master"));
    if (number(p, "worker"))
        (void)rk_buf_addf(b, ", worker %" PRId64 " for %s%s", number(p, "worker"),
                          span(number(p, "workerUptimeMs"), s),
                          is_true(p, "answers") ? "" : ", which does not answer");
    else
        (void)rk_buf_adds(b, ", no worker");
    (void)rk_buf_addf(b, ", %" PRId64 " restarts\n", number(p, "restarts"));
    if (number(p, "endedAgoMs")) {
        head(b, "");
        (void)rk_buf_addf(b, "the last worker ended %s ago: %s\n", span(number(p, "endedAgoMs"), s),
                          text(p, "endedHow"));
    }
    if (hand) {
        head(b, "");
        (void)rk_buf_addf(b, "in hand: %s, hook %s, over %s\n", text(hand, "plugin"),
                          text(hand, "hook"), text(hand, "object"));
    }
}

static void leadership(const cJSON *doc, struct rk_buf *b)
{
    const cJSON *l = rk_json_get(doc, "leadership");
    char s[32];
    head(b, "leadership");
    if (!is_true(l, "elected"))
        (void)rk_buf_adds(b, "no election");
    else
        (void)rk_buf_addf(b, "lease %s/%s, holder %s", text(l, "namespace"), text(l, "lease"),
                          text(l, "holder")[0] ? text(l, "holder") : "not known");
    (void)rk_buf_addf(b, ", epoch %" PRId64, number(l, "epoch"));
    if (rk_json_get(l, "renewedAgoMs"))
        (void)rk_buf_addf(b, ", renewed %s ago", span(number(l, "renewedAgoMs"), s));
    if (text(l, "heldBy")[0])
        (void)rk_buf_addf(b, "; held by %s", text(l, "heldBy"));
    (void)rk_buf_addf(b, "%s\n", is_true(l, "mayWrite") ? "" : "; writes nothing");
}

static void watches(const cJSON *work, struct rk_buf *b)
{
    const cJSON *w = rk_json_get(work, "watches"), *list = rk_json_get(w, "list"), *row;
    char s[32];
    int shown = 0;
    head(b, "watches");
    (void)rk_buf_addf(b, "%" PRId64 ", %" PRId64 " not synced", number(w, "total"),
                      number(w, "notSynced"));
    if (number(w, "absent"))
        (void)rk_buf_addf(b, ", %" PRId64 " of kinds that the API does not have",
                          number(w, "absent"));
    (void)rk_buf_addc(b, '\n');
    for (row = list ? list->child : NULL; row && shown < SHOWN; row = row->next) {
        if (strcmp(text(row, "state"), "synced") == 0 || strcmp(text(row, "state"), "absent") == 0)
            continue;
        shown++;
        head(b, "");
        (void)rk_buf_addf(b, "%s %s in %s: %s for %s%s%s\n", text(row, "apiVersion"),
                          text(row, "resource"),
                          text(row, "namespace")[0] ? text(row, "namespace") : "all namespaces",
                          text(row, "state"), span(number(row, "sinceMs"), s),
                          text(row, "lastError")[0] ? ": " : "", text(row, "lastError"));
    }
}

static void queue(const cJSON *work, struct rk_buf *b)
{
    const cJSON *q = rk_json_get(work, "queue"), *list = rk_json_get(q, "list"), *row;
    char s[32];
    int shown = 0;
    head(b, "queue");
    (void)rk_buf_addf(b, "%" PRId64 " ready", number(q, "ready"));
    if (number(q, "ready"))
        (void)rk_buf_addf(b, " (the oldest for %s)", span(number(q, "oldestMs"), s));
    (void)rk_buf_addf(b, ", %" PRId64 " in hand, %" PRId64 " back off, %" PRId64 " later\n",
                      number(q, "inHand"), number(q, "backingOff"), number(q, "later"));
    for (row = list ? list->child : NULL; row && shown < SHOWN; row = row->next) {
        if (!rk_json_get(row, "nextInMs"))
            continue;
        shown++;
        head(b, "");
        (void)rk_buf_addf(b, "%s: %" PRId64 " failures, again in %s\n", text(row, "object"),
                          number(row, "failures"), span(number(row, "nextInMs"), s));
    }
}

static void requests(const cJSON *work, struct rk_buf *b)
{
    const cJSON *w = rk_json_get(work, "window"), *f = rk_json_get(work, "flights"), *row,
                *list = rk_json_get(work, "requests");
    char s[32];
    int64_t all = 0, bad = 0;
    for (row = list ? list->child : NULL; row; row = row->next) {
        all += number(row, "n");
        bad += number(row, "code") >= 400 || number(row, "code") == 0 ? number(row, "n") : 0;
    }
    head(b, "requests");
    (void)rk_buf_addf(b,
                      "%" PRId64 " (%" PRId64 " refused or unanswered), window %" PRId64
                      ", %" PRId64 " under way, %" PRId64 " plans in flight",
                      all, bad, number(w, "size"), number(w, "requests"), number(f, "total"));
    if (number(w, "pausedMs"))
        (void)rk_buf_addf(b, ", paused for %s: %s", span(number(w, "pausedMs"), s),
                          text(w, "pausedWhy"));
    (void)rk_buf_addc(b, '\n');
}

/* A list that is empty most of the time: nothing is said then. */
static void list(const cJSON *work, const char *key, const char *name, struct rk_buf *b,
                 void (*line)(const cJSON *row, struct rk_buf *b))
{
    const cJSON *o = rk_json_get(work, key), *rows = rk_json_get(o, "list"), *row;
    int shown = 0;
    if (number(o, "total") == 0)
        return;
    head(b, name);
    (void)rk_buf_addf(b, "%" PRId64 "\n", number(o, "total"));
    for (row = rows ? rows->child : NULL; row && shown < SHOWN; row = row->next, shown++) {
        head(b, "");
        line(row, b);
        (void)rk_buf_addc(b, '\n');
    }
    if (number(o, "total") > shown) {
        head(b, "");
        (void)rk_buf_addf(b, "and %" PRId64 " more: --json\n", number(o, "total") - shown);
    }
}

static void held(const cJSON *row, struct rk_buf *b)
{
    char s[32];
    (void)rk_buf_addf(b, "%s: %" PRId64 " deletions for %s: %s", text(row, "object"),
                      number(row, "deletions"), span(number(row, "sinceMs"), s), text(row, "why"));
}

static void quarantined(const cJSON *row, struct rk_buf *b)
{
    (void)rk_buf_addf(b, "%s: ", text(row, "object"));
    if (text(row, "plugin")[0])
        (void)rk_buf_addf(b, "plugin %s, hook %s: ", text(row, "plugin"), text(row, "hook"));
    (void)rk_buf_adds(b, text(row, "how"));
}

static void error(const cJSON *row, struct rk_buf *b)
{
    (void)rk_buf_addf(b, "%s: %s%s%s: %s", text(row, "object"), text(row, "what"),
                      text(row, "kind")[0] ? " " : "", text(row, "kind"), text(row, "message"));
}

static void rest(const cJSON *work, struct rk_buf *b)
{
    const cJSON *c = rk_json_get(work, "caches"), *row, *plugins = rk_json_get(work, "plugins");
    bool any = false;
    list(work, "held", "held", b, held);
    if (number(rk_json_get(work, "held"), "total")) {
        head(b, "");
        (void)rk_buf_addf(b, "%s\n", text(rk_json_get(work, "breaker"), "release"));
    }
    list(work, "quarantine", "quarantine", b, quarantined);
    list(work, "errors", "errors", b, error);
    head(b, "caches");
    (void)rk_buf_addf(b, "%" PRId64 " KiB, %" PRId64 " objects, %" PRId64 " of them owners\n",
                      number(c, "bytes") / 1024, number(c, "objects"), number(work, "owners"));
    head(b, "plugins");
    (void)rk_buf_addf(b, "%zu loaded", rk_json_len(plugins));
    for (row = plugins ? plugins->child : NULL; row; row = row->next)
        if (is_true(row, "disabled")) {
            (void)rk_buf_addf(b, "%s%s", any ? ", " : "; off: ", text(row, "name"));
            any = true;
        }
    (void)rk_buf_addc(b, '\n');
}

/* Texts are other people's: an object's, an API server's. One that moves the cursor or begins a line could say anything in our name. */
static void flatten(cJSON *v)
{
    for (unsigned char *p = (unsigned char *)(v ? v->valuestring : NULL); p && *p; p++) {
        bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* controls of two bytes */
        if (*p < 0x20 || *p == 0x7f || c1)
            *p = ' ';
        if (c1)
            *++p = ' ';
    }
    for (cJSON *child = v ? v->child : NULL; child; child = child->next)
        flatten(child); /* as deep as a document may be */
}

void rk_status_text(cJSON *doc, struct rk_buf *b)
{
    const cJSON *work = rk_json_get(doc, "work");
    char s[32];
    flatten(doc);
    if (is_true(doc, "well"))
        (void)rk_buf_addf(b, "%s, for %s\n", text(doc, "words"),
                          span(number(rk_json_get(doc, "leadership"), "sinceMs"), s));
    else
        (void)rk_buf_addf(b, "NOT WELL: %s\n", text(doc, "words"));
    (void)rk_buf_addf(b, "\n%-12s%s, up for %s\n", "raykeeper", text(doc, "version"),
                      span(number(doc, "uptimeMs"), s));
    processes(doc, b);
    leadership(doc, b);
    if (!work) {
        head(b, "work");
        (void)rk_buf_addf(b, "%s\n", text(doc, "workMissing"));
        return;
    }
    if (!is_true(rk_json_get(doc, "processes"), "answers"))
        (void)rk_buf_addf(b, "\nThe following was told %s ago, by %s:\n",
                          span(number(doc, "workAgoMs"), s),
                          is_true(doc, "workOfThisWorker") ? "this worker" : "one that is gone");
    watches(work, b);
    queue(work, b);
    requests(work, b);
    rest(work, b);
}
