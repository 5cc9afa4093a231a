/* Plugins: open, check, order, describe. The function table itself is pass's (core/pass/api.c), which hands it to every hook.
 *
 * A file is opened, fstat'ed (regular; neither it nor its directory writable by others than owner and root... see plug/README.md) and dlopen'ed through the descriptor
 * (/proc/self/fd/N), so that what was checked is what is loaded. Nothing is ever dlclose'd. All problems stop the start with file and, for options, INI line. */
#ifndef RK_PLUG_PLUG_H
#define RK_PLUG_PLUG_H

#include <raykeeper/plugin.h>

#include "core/base/err.h"
#include "core/conf/conf.h"

struct rk_plug {
    const rk_plugin *desc;       /* as the file has it: read it only through the accessors below, sizes may differ */
    const char *name, *file;
    void *self;                  /* zeroed, options bound */
    bool disabled;               /* [plugins] disable: only FINALIZE hooks run */
    int index;                   /* load order: author number in provenance */
};

struct rk_plugged_hook {         /* hooks of all plugins, flattened and ordered */
    struct rk_plug *plug;
    rk_hook hook;                /* copied min(size), missing fields zero */
    const char *const *kinds;    /* NULL = all */
    const char *const *roles;    /* NULL = all */
};

struct rk_plugins {
    struct rk_plug *plugs;
    size_t n;
    struct rk_plugged_hook *hooks; /* by phase, rank, `after`, INI order */
    size_t n_hooks;
    rk_kind *kinds;              /* introduced by enabled and disabled plugins alike */
    struct rk_plug **kind_plug;
    size_t n_kinds;
    rk_watch *watches;
    struct rk_plug **watch_plug;
    size_t n_watches;
};

struct rk_plug_conf {            /* [plugins] */
    const char *path;            /* directory of the bundled ones */
    const char *disable;         /* one name per line */
    bool any_owner;              /* skip the ownership check: a build tree owned by someone else */
};
extern const struct rk_opt_def rk_plug_opts[];
extern const size_t rk_plug_n_opts;

/* Load <path>/ *.so in byte order, then every [plugin:x] with `file =`; bind their options from conf; order hooks. A [plugin:x] may carry `after = a, b`, which adds to the
 * descriptor's. Fails with all problems told in err ("FILE: what" or "INI:LINE: what"). */
int rk_plugins_load(struct rk_conf *conf, const struct rk_plug_conf *pc, struct rk_plugins **ret, struct rk_err *err);
/* The same from descriptors in memory (tests, statically linked plugins). */
int rk_plugins_from(const rk_plugin *const *descs, size_t n, struct rk_conf *conf, const struct rk_plug_conf *pc, struct rk_plugins **ret, struct rk_err *err);
void rk_plugins_free(struct rk_plugins *p);
bool rk_plug_later(const struct rk_plugins *p, const struct rk_plug *a, const struct rk_plug *b); /* does a declare (directly or through others) `after` b? */
void rk_plugins_print(const struct rk_plugins *p, struct rk_buf *out);     /* `raykeeper plugin list`: phase, rank, plugin, title, file, version */

#endif
