/* Configuration: INI files (inih) read into typed option tables. The table is parser, default, validator, help, `raykeeper conf` and config/raykeeper.ini.
 *
 * Sources, later wins: defaults < main file < drop-in files (raykeeper.d/ *.ini, byte order) < --set SECTION.KEY=VALUE (sections with a colon:
 * plugin:shm.size=1Gi). Each value remembers where it came from ("raykeeper.ini:12", "--set", "default").
 * Start errors, all reported together, each with file:line: unknown section or key (with the nearest spelling), bad value (with what would be legal), a key given twice in
 * one file, a line longer than our bound or one that inih would cut (client.md 64: we check lines ourselves before inih sees them), ` ;` or ` #` inside a value
 * (inih would cut it), text before the first section, NUL bytes, a BOM is fine. Indented lines continue the value above (joined by a newline). */
#ifndef RK_CONF_CONF_H
#define RK_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum rk_opt_type {
    RK_OPT_STR = 1,   /* const char * */
    RK_OPT_INT,       /* int64_t in [min, max] */
    RK_OPT_BOOL,      /* bool */
    RK_OPT_DURATION,  /* int64_t milliseconds in [min, max] */
    RK_OPT_SIZE,      /* int64_t bytes (quantity text: 64Mi) in [min, max] */
    RK_OPT_LIST,      /* const char *: comma or newline separated words, normalised to one word per line */
    RK_OPT_ENUM,      /* const char *: one of `choices` ("a|b|c") */
    RK_OPT_QUANTITY,  /* const char *: a Kubernetes quantity, checked, text kept */
};
/* The numeric values of rk_opt_type are the plugin ABI's too (plugin.h RK_T_*). */

struct rk_opt_def {
    const char *key, *dflt, *help;  /* dflt is text and goes through the same parser; help is one line */
    const char *choices;            /* RK_OPT_ENUM only */
    uint32_t type;
    uint32_t offset;                /* of the field in the target struct */
    int64_t min, max;               /* both 0 = no bound */
};

struct rk_conf;

struct rk_conf *rk_conf_new(void);
void rk_conf_free(struct rk_conf *c);
/* Read files; nothing is interpreted yet except syntax. main_file NULL = none. dropin_dir NULL or absent = none. Problems are collected. */
void rk_conf_read(struct rk_conf *c, const char *main_file, const char *dropin_dir);
void rk_conf_set(struct rk_conf *c, const char *assignment);             /* "SECTION.KEY=VALUE": the last dot before '=' separates */
/* Bind one section to a struct: parses every option (given or default) into target+offset. Strings live as long as c. Problems are collected. */
void rk_conf_bind(struct rk_conf *c, const char *section, const struct rk_opt_def *opts, size_t n, void *target);
/* A section family whose member names are open, e.g. "plugin:": visit names of sections given that start with prefix. */
bool rk_conf_next_section(const struct rk_conf *c, const char *prefix, size_t *pos, const char **ret_section);
/* One raw value given by the user, or NULL (for the few things needed before tables are known, such as [plugin:x] file). Marks nothing as used. */
const char *rk_conf_raw(const struct rk_conf *c, const char *section, const char *key, const char **ret_origin);
/* After all binds: everything given but never bound is unknown. Returns 0, or RK_E_INVAL with all problems in `out`, one per line
 * "FILE:LINE: what (did you mean 'x'?)". */
int rk_conf_check(struct rk_conf *c, struct rk_buf *out);
/* The effective configuration: every bound option, value and origin; for `raykeeper conf`. Options whose name suggests a secret are not special: no option holds one. */
void rk_conf_dump(const struct rk_conf *c, struct rk_buf *out);
/* The annotated file: every bound option commented out with help, type, default; for config/raykeeper.ini. */
void rk_conf_document(const struct rk_conf *c, struct rk_buf *out);

#endif
