/* Configuration: INI files (inih) read into typed option tables. The table is parser, default,
 * validator, help, `raykeeper conf` and config/raykeeper.ini.
 *
 * Sources, later wins: defaults < main file < drop-in files (*.ini of raykeeper.d, byte order) <
 * --set SECTION.KEY=VALUE (sections with a colon: plugin:shm.size=1Gi), in whatever order they
 * are given to us. Each value remembers where it came from ("/etc/raykeeper.ini:12", "--set",
 * "default").
 *
 * Start errors, all reported together, each with file:line: unknown section or key (with the
 * nearest spelling), bad value (with what would be legal), a key given twice in one file, ` ;`
 * or ` #` inside a value (inih would cut it there: comments stand on lines of their own), text
 * before the first section, an indented key, `key: value`, control characters, bytes that are
 * not UTF-8, lines over 8 KiB, over 4,096 lines, files over 1 MiB. A BOM and CRLF are fine.
 * Indented lines continue the value above (joined by a newline). inih's own line limit of 199
 * bytes is hidden: longer lines are handed to it in pieces that it takes for continuations, and
 * joined again (client.md 64). */
#ifndef RK_CONF_CONF_H
#define RK_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum rk_opt_type {
    RK_OPT_STR = 1,  /* const char * */
    RK_OPT_INT,      /* int64_t in [min, max] */
    RK_OPT_BOOL,     /* bool */
    RK_OPT_DURATION, /* int64_t milliseconds in [min, max] */
    RK_OPT_SIZE,     /* int64_t bytes (quantity text: 64Mi) in [min, max] */
    RK_OPT_LIST,     /* const char *: words between commas or newlines; normalised, one a line */
    RK_OPT_ENUM,     /* const char *: one of `choices` ("a|b|c") */
    RK_OPT_QUANTITY, /* const char *: a Kubernetes quantity, checked, text kept */
};
/* The numeric values of rk_opt_type are the plugin ABI's too (plugin.h RK_T_*). */

struct rk_opt_def {
    const char *key, *dflt,
        *help;           /* dflt is text and goes through the same parser; help is one line */
    const char *choices; /* RK_OPT_ENUM only: "a|b|c" */
    uint32_t type;
    uint32_t offset;  /* of the field in the target struct */
    int64_t min, max; /* both 0 = no bound */
};

struct rk_conf;

struct rk_conf *rk_conf_new(void);
void rk_conf_free(struct rk_conf *c);
/* Read files; nothing is interpreted yet except syntax. main_file NULL = none; one that is named
 * must be there. dropin_dir NULL or absent = none; names that start with a dot are not looked
 * at. Symbolic links are followed (a mounted ConfigMap is made of them). Problems are collected. */
void rk_conf_read(struct rk_conf *c, const char *main_file, const char *dropin_dir);
/* "SECTION.KEY=VALUE": the last dot before '=' separates. */
void rk_conf_set(struct rk_conf *c, const char *assignment);
/* The same, in parts, and with an origin of its own ("--name"). A key that is given again has the later value. */
void rk_conf_give(struct rk_conf *c, const char *section, const char *key, const char *value,
                  const char *origin);
/* Bind one section to a struct: parses every option (given or default) into target+offset. Texts
 * live as long as c; the table itself is copied. A bad value is a problem and leaves the
 * default. An empty value is legal where the default is empty (or NULL), for every type: 0,
 * false or ""; a NULL default leaves the field as it is. A section may be bound more than once
 * (the keys add up). Problems are collected. */
void rk_conf_bind(struct rk_conf *c, const char *section, const struct rk_opt_def *opts, size_t n,
                  void *target);
/* A section family whose member names are open, e.g. "plugin:": visit names of sections given
 * that start with prefix, each once, in order of appearance. Start with *pos = 0. Borrowed from
 * c. */
bool rk_conf_next_section(const struct rk_conf *c, const char *prefix, size_t *pos,
                          const char **ret_section);
/* One raw value given by the user, or NULL (for the few things needed before tables are known,
 * such as [plugin:x] file). Marks nothing as used. ret_origin may be NULL. */
const char *rk_conf_raw(const struct rk_conf *c, const char *section, const char *key,
                        const char **ret_origin);
/* A bound value that its type allows and that is wrong all the same: a problem like any other, with
 * the value's origin. */
void rk_conf_reject(struct rk_conf *c, const char *section, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* After all binds: everything given but never bound is unknown. Returns 0, or RK_E_INVAL with all
 * problems in `out`, one per line "FILE:LINE: what (did you mean 'x'?)". */
int rk_conf_check(struct rk_conf *c, struct rk_buf *out);
/* The effective configuration: every bound option, value and origin; for `raykeeper conf`.
 * Options whose name suggests a secret are not special: no option holds one. */
void rk_conf_dump(const struct rk_conf *c, struct rk_buf *out);
/* Every bound option with its help, type, range and default, in one of three forms:
 * RK_CONF_INI       the annotated file, all commented out: `;key = value`, where help starts with `; ` (config/raykeeper.ini)
 * RK_CONF_MARKDOWN  a heading and a table for each section (docs/config.md)
 * RK_CONF_MDOC      the same as a part of a manual page (docs/man/raykeeper.ini.5) */
enum rk_conf_form { RK_CONF_INI = 1, RK_CONF_MARKDOWN, RK_CONF_MDOC };
void rk_conf_document(const struct rk_conf *c, enum rk_conf_form form, struct rk_buf *out);

#endif
