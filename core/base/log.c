/* Log lines, built in one static buffer and written by one write(): lines of master and worker, which share a descriptor,
 * must not mix. No allocation, so that the log works when memory does not. */
#include "core/base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/err.h"
#include "core/base/map.h"
#include "core/base/str.h"

static enum rk_log_level min_level = RK_LOG_INFO;
static enum rk_log_format line_format = RK_LOG_JSON;
static int out_fd = STDERR_FILENO;
static char process_name[32];

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* --- the line --- */

#define TAIL_MAX 64 /* kept free for `,"repeated":N`, `,"cut":true`, the brace and the newline */
#define NUM_MAX  24 /* any int64 as text */
#define REPLACED "\xEF\xBF\xBD"

struct line {
    size_t len, max; /* max excludes the tail until the tail is written */
    bool cut;
    char text[RK_LOG_LINE_MAX];
};

/* All of it or nothing. After the first thing that did not fit nothing fits: a line is cut at one place only. */
static bool put(struct line *l, const char *p, size_t n)
{
    if (l->cut || l->len + n > l->max) {
        l->cut = true;
        return false;
    }
    memcpy(l->text + l->len, p, n);
    l->len += n;
    return true;
}

static bool put_text(struct line *l, const char *s)
{
    return put(l, s, strlen(s));
}

static void put_num(struct line *l, int64_t num)
{
    char text[NUM_MAX];
    int n = snprintf(text, sizeof text, "%lld", (long long)num);
    if (n > 0)
        (void)put(l, text, (size_t)n); /* a cut is remembered in the line */
}

/* One character of a quoted text, as JSON wants it. Returns the bytes consumed. */
static size_t put_char(struct line *l, const char *p, size_t n)
{
    size_t k = rk_str_utf8_char(p, n);
    if (!k) {
        (void)put_text(l, REPLACED); /* a cut is remembered in the line, here and below */
        return 1;
    }
    unsigned char c = (unsigned char)*p;
    if (c == '"' || c == '\\') {
        (void)put(l, (const char[]){'\\', *p}, 2);
    } else if (c < 0x20 || c == 0x7F) {
        static const char hex[] = "0123456789abcdef";
        const char *shorthand = c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : NULL;
        if (shorthand)
            (void)put_text(l, shorthand);
        else
            (void)put(l, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
    } else {
        (void)put(l, p, k);
    }
    return k;
}

/* A quoted text; one byte is kept back while the quote is open, so that the closing one always fits. */
static void put_quoted(struct line *l, const char *s)
{
    l->max--;
    if (!put_text(l, "\"")) {
        l->max++;
        return;
    }
    for (size_t n = strlen(s); n && !l->cut;) {
        size_t k = put_char(l, s, n);
        s += k;
        n -= k;
    }
    l->max++;
    l->text[l->len++] = '"';
}

/* A key with what stands before it: all of it or nothing. Room for any number is asked for beyond, so that no key is left
 * without a value when the line is full: a short value fits, a long one is cut inside its quotes. */
static bool put_key(struct line *l, const char *key)
{
    size_t start = l->len;
    l->max -= NUM_MAX;
    if (line_format == RK_LOG_JSON) {
        (void)put_text(l, ",");
        put_quoted(l, key);
        (void)put_text(l, ":");
    } else {
        (void)put_text(l, " ");
        (void)put_text(l, key);
        (void)put_text(l, "=");
    }
    l->max += NUM_MAX;
    if (l->cut)
        l->len = start;
    return !l->cut;
}

/* In text lines a value is quoted only when it must be. */
static bool plain(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7F || *s == '"' || *s == '=' ||
            *s == '\\')
            return false;
    return true;
}

static void put_pair(struct line *l, const struct rk_log_kv *kv)
{
    if (!put_key(l, kv->key ? kv->key : ""))
        return;
    if (!kv->text)
        put_num(l, kv->num);
    else if (line_format == RK_LOG_TEXT && plain(kv->text))
        (void)put_text(l, kv->text); /* a cut is remembered in the line */
    else
        put_quoted(l, kv->text);
}

static void put_head(struct line *l, enum rk_log_level level, const char *msg)
{
    char now[RK_TIME_TEXT];
    rk_time_text_micro(rk_clock_wall_us(), now);
    if (line_format == RK_LOG_JSON) {
        (void)put_text(l, "{\"ts\":\""); /* the head always fits */
        (void)put_text(l, now);
        (void)put_text(l, "\",\"level\":\"");
        (void)put_text(l, level_names[level]);
        (void)put_text(l, "\"");
        if (*process_name)
            put_pair(l, &RK_KV("process", process_name));
        put_pair(l, &RK_KV("msg", msg));
        return;
    }
    (void)put_text(l, now);
    (void)put_text(l, " ");
    (void)put_text(l, level_names[level]);
    (void)put_text(l, " ");
    (void)put_text(l, process_name);
    (void)put_text(l, *process_name ? ": " : "");
    for (size_t n = strlen(msg); n && !l->cut;) {
        size_t k = put_char(l, msg, n);
        msg += k;
        n -= k;
    }
}

static void put_tail(struct line *l, uint64_t repeated)
{
    bool cut = l->cut;
    l->cut = false;
    l->max = sizeof l->text;
    if (repeated)
        put_pair(l, &RK_KN("repeated", repeated));
    if (cut)
        (void)put_text(l, line_format == RK_LOG_JSON ? ",\"cut\":true"
                                                     : " cut=true"); /* TAIL_MAX holds it */
    (void)put_text(l, line_format == RK_LOG_JSON ? "}\n" : "\n");
}

static void emit(const struct line *l, int fd)
{
    for (size_t at = 0; at < l->len;) {
        ssize_t n = write(fd, l->text + at, l->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nowhere to report it */
        at += (size_t)n;
    }
}

/* --- repeats --- */

#define WINDOW_MS 10000
#define SETS      64
#define WAYS      4

/* What was said, by hash; a set of four, of which the oldest gives way. */
static struct said {
    uint64_t hash;
    int64_t since_ms;
    uint64_t held; /* lines not written since since_ms */
    bool used;
} said[SETS][WAYS];

static uint64_t line_hash(enum rk_log_level level, const char *msg, const struct rk_log_kv *kv,
                          size_t n)
{
    static uint64_t seed;
    if (!seed && rk_random(&seed, sizeof seed) != 0)
        seed = 1; /* only the protection against aimed collisions is gone */
    uint64_t hash = rk_hash64(msg, strlen(msg), seed + (uint64_t)level);
    if (!n)
        return hash;
    hash = rk_hash64(kv->key ? kv->key : "", kv->key ? strlen(kv->key) : 0, hash);
    return kv->text ? rk_hash64(kv->text, strlen(kv->text), hash)
                    : rk_hash64(&kv->num, sizeof kv->num, ~hash);
}

/* Is this line to be held back? Otherwise *ret_repeated says how many equal ones were held before it. */
static bool hold(uint64_t hash, int64_t now_ms, uint64_t *ret_repeated)
{
    struct said *set = said[hash % SETS], *slot = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].used && set[i].hash == hash) {
            slot = &set[i];
            break;
        }
        if (slot->used && (!set[i].used || set[i].since_ms < slot->since_ms))
            slot = &set[i];
    }
    bool known = slot->used && slot->hash == hash;
    if (known && now_ms - slot->since_ms < WINDOW_MS) {
        slot->held++;
        return true;
    }
    *ret_repeated = known ? slot->held : 0;
    *slot = (struct said){hash, now_ms, 0, true};
    return false;
}

/* --- the door --- */

static void say(int fd, enum rk_log_level level, const char *msg, const struct rk_log_kv *kv,
                size_t n, uint64_t repeated)
{
    static struct line l;
    l.len = 0;
    l.max = sizeof l.text - TAIL_MAX;
    l.cut = false;
    put_head(&l, level, msg);
    for (size_t i = 0; i < n; i++)
        put_pair(&l, &kv[i]);
    put_tail(&l, repeated);
    emit(&l, fd);
}

void rk_log_setup(enum rk_log_level level, enum rk_log_format format, int fd, const char *process)
{
    min_level = level;
    line_format = format;
    out_fd = fd;
    /* Too long a name is left out rather than cut. */
    (void)rk_str_copy(process_name, sizeof process_name, process ? process : "");
}

void rk_log_write(enum rk_log_level level, const char *msg, const struct rk_log_kv *kv, size_t n)
{
    if (level < min_level || level > RK_LOG_ERROR)
        return;
    int saved_errno = errno;
    uint64_t repeated = 0;
    if (level < RK_LOG_ERROR && hold(line_hash(level, msg, kv, n), rk_clock_ms(), &repeated)) {
        errno = saved_errno;
        return;
    }
    say(out_fd, level, msg, kv, n, repeated);
    errno = saved_errno;
}

void rk_log_record(int fd, const char *msg, const struct rk_log_kv *kv, size_t n)
{
    int saved_errno = errno;
    enum rk_log_format format = line_format;
    if (fd >= 0)
        line_format = RK_LOG_JSON;
    say(fd >= 0 ? fd : out_fd, RK_LOG_INFO, msg, kv, n, 0);
    line_format = format;
    errno = saved_errno;
}

int rk_log_level_parse(const char *text, enum rk_log_level *ret)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
        if (rk_str_eq(text, level_names[i])) {
            *ret = (enum rk_log_level)i;
            return 0;
        }
    return RK_E_INVAL;
}
