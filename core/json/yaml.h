/* YAML as the Kubernetes tools read it (sigs.k8s.io/yaml over libyaml events; client.md 63), and back.
 * YAML 1.1 typing for plain scalars (yes/no/on/off/true/false in the spellings of the spec are booleans; y and n are too in the reader that
 * the tools use: follow it; 0o17 and 017 octal, 0x1F hex, ~ and empty null, floats), keys become strings, quoted scalars stay strings.
 * Refused with file, line and column: duplicate keys, depth over 64, over 100,000 nodes, aliases that expand to over 1 MiB, tags other than the core ones, merge keys `<<`
 * whose value is not a mapping (a proper merge works), a document that is not a mapping or sequence when it stands alone is fine. */
#ifndef RK_JSON_YAML_H
#define RK_JSON_YAML_H

#include "core/json/json.h"

struct rk_yaml_doc {
    cJSON *root;     /* in the arena */
    int line;        /* where the document starts, from 1 */
};

/* All documents of a text (JSON is YAML; a text that starts with { or [ after white space goes through rk_json_parse so that numbers stay exact
 * and errors are JSON's). Empty documents are skipped. `file` is only for messages. RK_E_SYNTAX, RK_E_LIMIT. *ret is in the arena. */
int rk_yaml_parse(struct rk_arena *a, const char *file, const char *text, size_t n, struct rk_yaml_doc **ret, size_t *ret_n, struct rk_err *err);
/* Append as YAML block style; strings that a reader would take for something else are quoted; long texts as literal blocks. */
int rk_yaml_print(const cJSON *v, struct rk_buf *out);

#endif
