/* Texts to typed fields, and types in words. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/conf/conf_room.h"
#include "core/json/quantity.h"

#define NUMBER_TEXT 32

/* The shortest exact form: 90000 ms is 90s, 0 is 0. */
static void duration_text(int64_t ms, char out[NUMBER_TEXT])
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    (void)snprintf(out, NUMBER_TEXT, "%" PRId64 "%s", ms / units[i].ms,
                   ms == 0 ? "" : units[i].unit);
}

static void size_text(int64_t bytes, char out[NUMBER_TEXT])
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t i = 0;
    for (; i < 6 && bytes != 0 && bytes % 1024 == 0; i++)
        bytes /= 1024;
    (void)snprintf(out, NUMBER_TEXT, "%" PRId64 "%s", bytes, units[i]);
}

static void number_text(uint32_t type, int64_t v, char out[NUMBER_TEXT])
{
    if (type == RK_OPT_DURATION)
        duration_text(v, out);
    else if (type == RK_OPT_SIZE)
        size_text(v, out);
    else
        (void)snprintf(out, NUMBER_TEXT, "%" PRId64, v);
}

static bool bounded(const struct rk_opt_def *def)
{
    return def->min != 0 || def->max != 0;
}

/* ", 1s to 10m", ", at least 1", or nothing. */
static void range_text(const struct rk_opt_def *def, char *out, size_t out_size)
{
    char low[NUMBER_TEXT], high[NUMBER_TEXT];
    out[0] = '\0';
    if (!bounded(def))
        return;
    number_text(def->type, def->min, low);
    number_text(def->type, def->max, high);
    if (def->max == INT64_MAX)
        (void)snprintf(out, out_size, ", at least %s", low);
    else
        (void)snprintf(out, out_size, ", %s to %s", low, high);
}

void rk__conf_type_text(const struct rk_opt_def *def, char *out, size_t out_size)
{
    static const char *const names[] = {
        [RK_OPT_STR] = "text",           [RK_OPT_INT] = "integer",
        [RK_OPT_BOOL] = "true or false", [RK_OPT_DURATION] = "duration",
        [RK_OPT_SIZE] = "size",          [RK_OPT_LIST] = "list",
        [RK_OPT_ENUM] = "one of",        [RK_OPT_QUANTITY] = "quantity",
    };
    char range[2 * NUMBER_TEXT + 16];
    assert(def->type >= RK_OPT_STR && def->type <= RK_OPT_QUANTITY);
    if (def->type == RK_OPT_ENUM) {
        (void)snprintf(out, out_size, "one of %s", def->choices); /* a long list is cut */
        return;
    }
    bool number =
        def->type == RK_OPT_INT || def->type == RK_OPT_DURATION || def->type == RK_OPT_SIZE;
    range_text(def, range, sizeof range);
    (void)snprintf(out, out_size, "%s%s", names[def->type], number ? range : ""); /* fits */
}

/* "expected duration (15s, 1h30m), 1s to 10m". */
static int expected(const struct rk_opt_def *def, const char *example, char *why, size_t why_size)
{
    char type[256];
    rk__conf_type_text(def, type, sizeof type);
    (void)snprintf(why, why_size, "expected %s%s", type, example); /* may be cut */
    return RK_E_INVAL;
}

static int parse_number(const struct rk_opt_def *def, const char *text, int64_t *ret, char *why,
                        size_t why_size)
{
    struct rk_quantity q;
    struct rk_span s = rk_span_of(text);
    int64_t v = 0;
    if (def->type == RK_OPT_INT) {
        if (rk_str_int(s, INT64_MIN, INT64_MAX, &v) < 0)
            return expected(def, "", why, why_size);
    } else if (def->type == RK_OPT_DURATION) {
        if (rk_str_duration_ms(s, &v) < 0)
            return expected(def, ", such as 500ms, 15s or 1h30m", why, why_size);
    } else {
        if (rk_quantity_parse(text, &q, NULL) < 0)
            return expected(def, ", such as 512Ki, 64Mi or 1G", why, why_size);
        v = rk_quantity_ceil(q);
    }
    if (bounded(def) && (v < def->min || v > def->max))
        return expected(def, "", why, why_size);
    *ret = v;
    return 0;
}

static bool is_choice(const char *choices, const char *text)
{
    struct rk_span rest = rk_span_of(choices), one;
    while (rk_span_next(&rest, '|', &one))
        if (rk_span_is(one, text))
            return true;
    return false;
}

static int parse_choice(const struct rk_opt_def *def, const char *text, char *why, size_t why_size)
{
    if (is_choice(def->choices, text))
        return 0;
    const char *names[64];
    char words[1024];
    size_t n = 0, used = 0;
    struct rk_span rest = rk_span_of(def->choices), one;
    while (n < 64 && rk_span_next(&rest, '|', &one) && one.n < sizeof words - used) {
        names[n++] = words + used;
        memcpy(words + used, one.p, one.n);
        words[used + one.n] = '\0';
        used += one.n + 1;
    }
    const char *near = rk_str_nearest(text, names, n);
    if (near == NULL)
        return expected(def, "", why, why_size);
    char hint[128];
    (void)snprintf(hint, sizeof hint, " (did you mean '%s'?)", near); /* may be cut */
    return expected(def, hint, why, why_size);
}

/* "a, b\nc,,d" -> "a\nb\nc\nd". */
static const char *parse_list(struct rk_arena *a, const char *text)
{
    struct rk_span rest = rk_span_of(text), line, word;
    char *out = rk_arena_alloc(a, strlen(text) + 1);
    size_t n = 0;
    while (rk_span_next(&rest, '\n', &line)) {
        while (rk_span_next(&line, ',', &word)) {
            word = rk_span_trim(word);
            if (word.n == 0)
                continue;
            if (n > 0)
                out[n++] = '\n';
            memcpy(out + n, word.p, word.n);
            n += word.n;
        }
    }
    out[n] = '\0';
    return out;
}

static void put(void *field, const void *value, size_t n)
{
    if (field != NULL)
        memcpy(field, value, n); /* plugins' structs may hold it unaligned */
}

static int parse_word(struct rk_conf *c, const struct rk_opt_def *def, const char *text,
                      void *field, char *why, size_t why_size)
{
    struct rk_quantity q;
    struct rk_err err = RK_ERR_INIT;
    int rc = 0;
    if (def->type == RK_OPT_ENUM && text[0] != '\0')
        rc = parse_choice(def, text, why, why_size);
    if (def->type == RK_OPT_QUANTITY && text[0] != '\0' && rk_quantity_parse(text, &q, &err) < 0)
        rc = expected(def, ", such as 500m, 2 or 6Gi", why, why_size);
    if (rc < 0)
        return rc;
    const char *kept =
        def->type == RK_OPT_LIST ? parse_list(&c->arena, text) : rk_arena_strdup(&c->arena, text);
    put(field, &kept, sizeof kept);
    return 0;
}

int rk__conf_parse(struct rk_conf *c, const struct rk_opt_def *def, const char *text, void *field,
                   char *why, size_t why_size)
{
    bool empty_is_legal = def->type == RK_OPT_STR || def->type == RK_OPT_LIST ||
                          def->dflt == NULL || def->dflt[0] == '\0';
    if (text[0] == '\0' && !empty_is_legal)
        return expected(def, "", why, why_size);
    bool flag = false;
    int64_t number = 0;
    int rc = 0;
    switch (def->type) {
    case RK_OPT_BOOL:
        if (text[0] != '\0' && rk_str_bool(rk_span_of(text), &flag) < 0)
            return expected(def, "", why, why_size);
        put(field, &flag, sizeof flag);
        return 0;
    case RK_OPT_INT:
    case RK_OPT_DURATION:
    case RK_OPT_SIZE:
        if (text[0] != '\0')
            rc = parse_number(def, text, &number, why, why_size);
        if (rc == 0)
            put(field, &number, sizeof number);
        return rc;
    default:
        return parse_word(c, def, text, field, why, why_size);
    }
}
