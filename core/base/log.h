/* Log: one line per fact, constant message plus pairs. JSON by default, `text` for people.
 *
 *   rk_log_info("pod created", RK_KV("ns", ns), RK_KV("name", name));
 *
 * Never pass env values, tokens or Secret data. Libraries (base..view) log at debug only; loop and cmd speak (style.md 5).
 * Equal (level, message, first pair) within 10 s are suppressed at warning and below and counted: the next one says "repeated": n.
 * The table of what was said is bounded: after many different lines an old count is forgotten, never a line.
 *
 * A line is one write() of at most RK_LOG_LINE_MAX bytes; what does not fit is cut at a character and the line says "cut":true.
 * Bytes that are not UTF-8 become U+FFFD. A line the descriptor does not take at once (EAGAIN) is lost: the log never blocks us.
 * Not for several threads. errno is kept. */
#ifndef RK_BASE_LOG_H
#define RK_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#define RK_LOG_LINE_MAX 8192

enum rk_log_level { RK_LOG_DEBUG, RK_LOG_INFO, RK_LOG_WARN, RK_LOG_ERROR };
enum rk_log_format { RK_LOG_JSON, RK_LOG_TEXT };

struct rk_log_kv {
    const char *key;
    const char *text; /* NULL = use num */
    int64_t num;
};
/* A NULL text prints as "". A function, so that the value is evaluated once and arrays do not warn. */
static inline const char *rk_log_text(const char *text)
{
    return text ? text : "";
}
#define RK_KV(k, v) ((struct rk_log_kv){(k), rk_log_text(v), 0})
#define RK_KN(k, v) ((struct rk_log_kv){(k), NULL, (int64_t)(v)})

void rk_log_setup(enum rk_log_level level, enum rk_log_format format, int fd,
                  const char *process); /* process: "master", "worker" ... */
void rk_log_write(enum rk_log_level level, const char *msg, const struct rk_log_kv *kv, size_t n);
/* A line for a record: at every level, never held back, always JSON when it goes to a descriptor of its own (fd >= 0); -1: among
 * the log's lines, in their format. */
void rk_log_record(int fd, const char *msg, const struct rk_log_kv *kv, size_t n);
int rk_log_level_parse(const char *text, enum rk_log_level *ret); /* debug info warn error */

/* The first argument is the message, the others are pairs. A last empty pair is added and not counted, because C11 wants an array
 * and a variadic macro to have something in them. */
#define RK_LOG_MSG(msg, ...)   (msg)
#define RK_LOG_PAIRS(msg, ...) ((const struct rk_log_kv[]){__VA_ARGS__})
#define RK_LOG_END             ((struct rk_log_kv){NULL, NULL, 0})
#define RK_LOG_CALL(level, msg, pairs) \
    rk_log_write((level), msg, pairs, sizeof pairs / sizeof(struct rk_log_kv) - 1)
#define rk_log_at(level, ...) \
    RK_LOG_CALL(level, RK_LOG_MSG(__VA_ARGS__, RK_LOG_END), RK_LOG_PAIRS(__VA_ARGS__, RK_LOG_END))
#define rk_log_debug(...) rk_log_at(RK_LOG_DEBUG, __VA_ARGS__)
#define rk_log_info(...)  rk_log_at(RK_LOG_INFO, __VA_ARGS__)
#define rk_log_warn(...)  rk_log_at(RK_LOG_WARN, __VA_ARGS__)
#define rk_log_error(...) rk_log_at(RK_LOG_ERROR, __VA_ARGS__)

#endif
