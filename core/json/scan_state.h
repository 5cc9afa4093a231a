/* Shared by scan.c and scan_grammar.c only: the state of the streaming framer. scan.c knows what
 * LIST and watch bodies are made of and collects items; scan_grammar.c knows JSON and calls back
 * for values near the top. */
#ifndef RK_JSON_SCAN_STATE_H
#define RK_JSON_SCAN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/json/scan.h"
#include "core/json/scan_lex.h"

#define RK__SCAN_TOP_KEY_MAX 64 /* raw bytes; "metadata" written all in \u escapes takes 48 */
#define RK__SCAN_STACK_MAX   (RK__SCAN_DEPTH + 2)

enum rk__scan_state {
    ST_TOP,  /* before a document */
    ST_DONE, /* LIST: behind the document */
    ST_VALUE,
    ST_VALUE_OR_END, /* behind [ */
    ST_KEY,
    ST_KEY_OR_END, /* behind { */
    ST_COLON,
    ST_AFTER, /* behind a value */
    ST_STRING,
    ST_ESCAPE,
    ST_HEX,
    ST_NUMBER,
    ST_LITERAL,
    ST_DEEP, /* below the depth cap: only strings and bracket counts matter */
};

struct rk__scan_capture {
    struct rk_buf buf; /* what earlier pieces of input held */
    const char *from;  /* where it goes on in this piece */
    size_t total;      /* bytes so far, those over the maximum included */
    bool on, skipped;
};

struct rk_scan {
    enum rk_scan_mode mode;
    enum rk__scan_state st;
    size_t depth, shallow, depth_max, deep;
    char stack[RK__SCAN_STACK_MAX];
    bool in_key; /* the string in hand is a key */
    unsigned hex_left;
    enum rk__scan_num num;
    const char *literal; /* what is left of true, false, null */

    struct rk__scan_capture item, meta, doc;
    bool in_items, saw_items, saw_meta, is_list;
    char key[RK__SCAN_TOP_KEY_MAX]; /* LIST: raw key of the top level */
    size_t key_len;

    size_t item_max;
    rk_scan_fn *fn;
    void *ctx;
    const char *piece; /* input in hand and how many bytes came before it */
    uint64_t before;
    int failed; /* sticky */
    struct rk_err *err;
};

/* Set the sticky error "byte N: what, found 'c'"; always NULL. */
const char *rk__scan_fail(struct rk_scan *s, const char *at, const char *what);
/* scan.c: a value starts at depth <= shallow; a closing bracket brought us to depth <= shallow.
 * False when the scan has failed. */
bool rk__scan_value_starts(struct rk_scan *s, char c, const char *at);
bool rk__scan_value_ends(struct rk_scan *s, const char *end);
/* scan_grammar.c: eat [q, end) or stop at the first error (s->failed). */
void rk__scan_run(struct rk_scan *s, const char *q, const char *end);

#endif
