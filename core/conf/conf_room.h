/* Shared inside the conf room only. */
#ifndef RK_CONF_ROOM_H
#define RK_CONF_ROOM_H

#include "core/base/str.h"
#include "core/conf/conf.h"

#define RK__CONF_NAME_MAX 49 /* bytes of a section or key: inih cuts longer ones */

/* Who wins: the higher rank, then the later one. */
enum rk__conf_rank { RK__CONF_MAIN, RK__CONF_DROPIN, RK__CONF_SET };

/* A value that was given. key NULL: only the section's heading. */
struct rk__conf_entry {
    const char *section, *key, *value, *origin;
    enum rk__conf_rank rank;
    bool used;
};

/* An option that was bound. */
struct rk__conf_option {
    const char *section;
    struct rk_opt_def def;
    const char *text, *origin; /* in force */
};

struct rk_conf {
    struct rk_arena arena;
    struct rk__conf_entry *entries;
    size_t n_entries, cap_entries;
    struct rk__conf_option *options;
    size_t n_options, cap_options;
    const char **sections; /* bound, each once */
    size_t n_sections, cap_sections;
    struct rk_buf problems;
    size_t unsaid; /* problems for which there was no room */
};

void rk__conf_problem(struct rk_conf *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Texts are copied. */
void rk__conf_add(struct rk_conf *c, const char *section, const char *key, const char *value,
                  const char *origin, enum rk__conf_rank rank);
/* The entry in force, NULL = none. */
struct rk__conf_entry *rk__conf_find(const struct rk_conf *c, const char *section, const char *key);

/* conf_ini.c: one file's bytes. */
void rk__conf_ini(struct rk_conf *c, const char *file, const char *text, size_t n,
                  enum rk__conf_rank rank);

/* conf_type.c: parse `text` for this option into `field` (NULL = only check; texts go to the
 * arena). On RK_E_INVAL `why` (NUL-terminated) says what would be legal. */
int rk__conf_parse(struct rk_conf *c, const struct rk_opt_def *def, const char *text, void *field,
                   char *why, size_t why_size);
/* The option's type and range in words: "duration, 1s to 10m". */
void rk__conf_type_text(const struct rk_opt_def *def, char *out, size_t out_size);

/* conf_show.c: is option i the first of its section? The next one of i's section behind `at`; n_options at the end. */
bool rk__conf_starts_section(const struct rk_conf *c, size_t i);
size_t rk__conf_next_in_section(const struct rk_conf *c, size_t i, size_t at);
/* conf_show.c: lines of a value that has several, each indented behind `prefix`. */
void rk__conf_put_lines(struct rk_buf *out, const char *text, const char *prefix);

#endif
