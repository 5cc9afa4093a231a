/* The parser's state, shared by parse.c (structure) and parse_scalar.c (strings, numbers, error places). */
#ifndef RK_JSON_PARSE_H
#define RK_JSON_PARSE_H

#include "core/json/json.h"

struct rk__json_parser {
    struct rk_arena *arena;
    char *base; /* the copy; base[-1] exists, and 16 zero bytes follow its end */
    char *at;
    char *end;
    const char *text;
    const struct rk_json_limits *lim;
    size_t nodes;
    int depth;
    struct rk_err *err;
};

/* "line 3 column 7: ...", for a place in the copy. Returns code. */
int rk__json_fail(const struct rk__json_parser *p, const char *where, int code, const char *fmt,
                  ...) __attribute__((format(printf, 4, 5)));
/* Syntax error at p->at that says what was wanted and what was found. */
int rk__json_unexpected(const struct rk__json_parser *p, const char *wanted);

/* p->at on the opening quote. The text is unescaped and terminated where it stands. */
int rk__json_scan_string(struct rk__json_parser *p, char **ret);
/* p->at on the first character. The text is terminated in place, one byte further left. */
int rk__json_scan_number(struct rk__json_parser *p, char **ret);

#endif
