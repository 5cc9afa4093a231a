/* Events as the API server wants them: events.k8s.io/v1, every text within the bounds of its
 * validation. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/json/json.h"
#include "core/kube/events_in.h"

#define NOTE_MAX 1024u /* bytes */
#define WORD_MAX 128u  /* reason, action, reportingInstance */

/* The longest beginning of whole characters. A byte that is not UTF-8 is written as U+FFFD: three. */
static size_t cut(const char *s, size_t max)
{
    size_t n = 0, len = strlen(s);
    while (n < len) {
        size_t step = rk_str_utf8_char(s + n, len - n);
        size_t cost = step ? step : 3;
        if (cost > max)
            break;
        max -= cost;
        n += step ? step : 1;
    }
    return n;
}

/* May this stand at the beginning of a name? Some kinds allow more in theirs than events do. */
static bool is_name(const char *s)
{
    return s[0] && s[0] != '-' && s[0] != '.' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(s);
}

void rk__event_name(char out[RK__EVENT_NAME_MAX], const char *regarding, uint64_t unique)
{
    if (!is_name(regarding))
        regarding = "event";
    size_t n = strlen(regarding), room = RK__EVENT_NAME_MAX - 1 - 17;
    if (n > room)
        n = room;
    /* What is cut must not leave a label that ends in '-' or '.'. */
    while (n > 0 && (regarding[n - 1] == '-' || regarding[n - 1] == '.'))
        n--;
    int len = snprintf(out, RK__EVENT_NAME_MAX, "%.*s.%016" PRIx64, (int)n, regarding, unique);
    assert(len > 0 && len < RK__EVENT_NAME_MAX);
    (void)len;
}

static int add_key(struct rk_buf *out, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *s = parts[i] ? parts[i] : "";
        if (rk_buf_addf(out, "%zu:%s", strlen(s), s) != 0)
            return RK_E_LIMIT;
    }
    return 0;
}

int rk__event_object_key(struct rk_buf *out, const struct rk_event *e)
{
    const char *parts[] = {e->kind, e->ns, e->name, e->uid};
    return add_key(out, parts, sizeof parts / sizeof *parts);
}

int rk__event_key(struct rk_buf *out, const struct rk_event *e)
{
    /* The object's version is part of the key, as in the peer's recorder: what happens to a changed object is news, not a repetition. So is the
     * note: a series keeps only its first one, and a name that is told nowhere helps nobody. */
    const char *parts[] = {e->warning ? "W" : "N", e->reason, e->action,
                           e->controller,          e->rv,     e->note};
    int rc = rk__event_object_key(out, e);
    return rc ? rc : add_key(out, parts, sizeof parts / sizeof *parts);
}

/* ,"key":"text" with text cut to max bytes; nothing when it is NULL. Failures are in out->full. */
static void member(struct rk_buf *out, const char *key, const char *text, size_t max)
{
    if (!text)
        return;
    (void)rk_buf_addf(out, ",\"%s\":", key); /* see above */
    rk_json_escape(out, text, cut(text, max));
}

int rk__event_body(struct rk_buf *out, const struct rk_event *e, const char *name,
                   const char *instance)
{
    char now[RK_TIME_TEXT];
    if (!e->kind || !e->name || !*e->name || !e->reason || !*e->reason || !e->controller ||
        !*e->controller)
        return RK_E_INVAL;
    rk_time_text_micro(rk_clock_wall_us(), now);
    const char *action =
        e->action && *e->action ? e->action : e->reason; /* the server insists on one */
    /* The results of these are in out->full. */
    (void)rk_buf_addf(
        out,
        "{\"apiVersion\":\"events.k8s.io/v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"%s\"",
        name);
    member(out, "namespace", e->ns && *e->ns ? e->ns : "default", RK__EVENT_NAME_MAX);
    (void)rk_buf_addf(out, "},\"eventTime\":\"%s\",\"type\":\"%s\"", now,
                      e->warning ? "Warning" : "Normal");
    member(out, "reportingController", e->controller, RK__EVENT_NAME_MAX);
    member(out, "reportingInstance", instance, WORD_MAX);
    member(out, "reason", e->reason, WORD_MAX);
    member(out, "action", action, WORD_MAX);
    member(out, "note", e->note ? e->note : "", NOTE_MAX);
    (void)rk_buf_adds(out, ",\"regarding\":{\"kind\":"); /* see above */
    rk_json_escape(out, e->kind, strlen(e->kind));
    member(out, "apiVersion", e->api_version, RK__EVENT_NAME_MAX);
    member(out, "namespace", e->ns && *e->ns ? e->ns : NULL, RK__EVENT_NAME_MAX);
    member(out, "name", e->name, RK__EVENT_NAME_MAX);
    member(out, "uid", e->uid, RK__EVENT_NAME_MAX);
    member(out, "resourceVersion", e->rv, RK__EVENT_NAME_MAX);
    (void)rk_buf_adds(out, "}"); /* see above */
    return out->full ? RK_E_LIMIT : 0;
}

void rk__event_series(struct rk_buf *out, uint64_t count, int64_t last_us)
{
    char last[RK_TIME_TEXT];
    rk_time_text_micro(last_us, last);
    assert(count >= 2); /* the server's validation */
    (void)rk_buf_addf(out, "\"series\":{\"count\":%" PRIu64 ",\"lastObservedTime\":\"%s\"}",
                      count > INT32_MAX ? (uint64_t)INT32_MAX : count,
                      last); /* out->full is looked at by the caller */
}
