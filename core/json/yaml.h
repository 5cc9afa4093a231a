/* YAML as the Kubernetes tools read it (sigs.k8s.io/yaml over libyaml events; client.md 63), and back.
 *
 * Plain scalars: yes/no/on/off/true/false/y/n in the spellings of YAML 1.1 are booleans; ~, null and
 * nothing are null; 0o17 and 017 are octal, 0x1F hexadecimal, 0b1 binary, 1_000 a thousand, 1:30 and
 * dates are texts; integers are exact, floats keep their digits (.5 becomes 0.5). Keys are typed in
 * the same way and become texts ("true" for yes). Quoted scalars stay texts. `<<` merges mappings;
 * what is written out wins, then the earlier merge.
 *
 * Refused with file, line and column: duplicate keys, null as a key, .inf and .nan, NUL characters,
 * tags other than !!str !!int !!float !!bool !!null !!map !!seq, depth over 64, over 100,000 nodes,
 * aliases that add over 1 MiB, `<<` with anything but mappings, texts over 8 MiB. */
#ifndef RK_JSON_YAML_H
#define RK_JSON_YAML_H

#include "core/json/json.h"

struct rk_yaml_doc {
    cJSON *root; /* in the arena */
    int line;    /* where the document starts, from 1 */
};

/* All documents of a text; *ret is in the arena. Empty documents are skipped. A text that starts with
 * { or [ is tried as JSON first (numbers keep their text, JSON's limits hold); what is not JSON is
 * read as YAML, and if it is not that either the error is JSON's. `file` is only for messages, which
 * read "file:line:column: reason". RK_E_SYNTAX, RK_E_LIMIT. */
int rk_yaml_parse(struct rk_arena *a, const char *file, const char *text, size_t n,
                  struct rk_yaml_doc **ret, size_t *ret_n, struct rk_err *err);
/* Append as YAML in block style; texts that a reader would take for something else are quoted, texts
 * of several lines are literal blocks. What is printed reads back as the same tree, except numbers
 * beyond the range of a double. RK_E_LIMIT when `out` is full. */
int rk_yaml_print(const cJSON *v, struct rk_buf *out);

struct rk_yaml_note { /* words for people above a value */
    const cJSON *at;  /* a node of the tree; one that is not in it is left out */
    const char *text; /* a line feed begins a new line; what no comment may have is a blank */
};
/* The same with comments above the lines where these values, or their keys, begin; several of one line in the order given. */
int rk_yaml_print_noted(const cJSON *v, const struct rk_yaml_note *notes, size_t n,
                        struct rk_buf *out);

#endif
