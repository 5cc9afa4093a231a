/* Shared by the yaml*.c files only: what a plain scalar means to the reader that the Kubernetes
 * tools use. */
#ifndef RK_JSON_YAML_ROOM_H
#define RK_JSON_YAML_ROOM_H

#include <stdbool.h>
#include <stddef.h>

enum rk__yaml_type {
    RK__YAML_STR,
    RK__YAML_NULL,
    RK__YAML_TRUE,
    RK__YAML_FALSE,
    RK__YAML_INT,
    RK__YAML_FLOAT,
    RK__YAML_ENDLESS, /* .inf and .nan: floats that JSON has no text for */
    RK__YAML_MERGE,   /* << */
};

/* A text longer than this is never taken for a number. */
#define RK__YAML_NUMBER_MAX 400
#define RK__YAML_NUMBER_BUF (RK__YAML_NUMBER_MAX + 4)

/* Type of a plain scalar. For INT and FLOAT `number` receives the JSON text: integers exactly,
 * of floats the digits as they stood. */
enum rk__yaml_type rk__yaml_resolve(const char *text, char number[RK__YAML_NUMBER_BUF]);
/* The text that a plain scalar has as a key: true for yes, 16 for 0x10, 1.5 for 1.50. NULL: such
 * a key is refused. `out` may hold the result; else it is `text` itself or a constant. */
const char *rk__yaml_key_text(const char *text, char out[RK__YAML_NUMBER_BUF]);
/* Would some YAML reader (1.1 or 1.2) take this plain text for anything but a string? */
bool rk__yaml_ambiguous(const char *text);

#endif
