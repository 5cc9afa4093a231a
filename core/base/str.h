/* Text: spans (pointer and length, not terminated), bounded copies, parsing of numbers and durations, nearest spelling. */
#ifndef RK_BASE_STR_H
#define RK_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rk_span {
    const char *p; /* borrowed; NULL = absent (an empty text has p != NULL, n = 0) */
    size_t n;
};

struct rk_span rk_span_of(const char *s);            /* NULL gives the absent span */
bool rk_span_is(struct rk_span s, const char *text); /* equal, bytewise */
bool rk_span_eq(struct rk_span a, struct rk_span b);
struct rk_span rk_span_trim(struct rk_span s); /* without ASCII white space at both ends */
/* Cut the next field before `sep` off *rest; false when *rest is used up. "a,,b" gives "a", "", "b"; "" gives
 * nothing, and neither does what follows a separator at the end: "a," gives "a". */
bool rk_span_next(struct rk_span *rest, char sep, struct rk_span *ret_field);

bool rk_str_eq(const char *a, const char *b);  /* NULL equals only NULL */
bool rk_str_ieq(const char *a, const char *b); /* ASCII case ignored; NULL is never equal */
bool rk_str_starts(const char *s, const char *prefix);
bool rk_str_ends(const char *s, const char *suffix);
/* Bounded copy; returns RK_E_LIMIT and leaves "" when it does not fit. */
int rk_str_copy(char *dst, size_t dst_size, const char *src);
int rk_str_copyn(char *dst, size_t dst_size, const char *src, size_t n);
/* As much as fits, of a text that may lack its end within dst_size bytes: for people, and for memory that another process writes. */
void rk_str_cut(char *dst, size_t dst_size, const char *src);
/* Whole text must be a decimal integer in [min, max]; RK_E_INVAL otherwise, *ret untouched. */
int rk_str_int(struct rk_span s, int64_t min, int64_t max, int64_t *ret);
/* "15s", "100ms", "2m", "1h30m", "0" -> milliseconds; units h, m, s, ms, each smaller than the one before. RK_E_INVAL otherwise. */
int rk_str_duration_ms(struct rk_span s, int64_t *ret_ms);
/* true/yes/on/1, false/no/off/0 in any case. RK_E_INVAL otherwise. */
int rk_str_bool(struct rk_span s, bool *ret);
/* The candidate with the smallest edit distance to `word` if that is at most a third of its length (at least 1), else NULL. */
const char *rk_str_nearest(const char *word, const char *const *candidates, size_t n);
/* Length (1..4) of the well-formed UTF-8 character at p, of n bytes at most; 0 when there is none (n = 0, or bad bytes). */
size_t rk_str_utf8_char(const char *p, size_t n);
/* Is the text well-formed UTF-8 (no surrogates, no overlong forms)? */
bool rk_str_utf8(const char *p, size_t n);

#endif
