/* Plugins: open, check, order, describe. The function table itself is pass's (core/pass/api.c),
 * which hands it to every hook.
 *
 * A file is opened, fstat'ed and dlopen'ed through the descriptor (/proc/self/fd/N), so that
 * what was checked is what is loaded: it and its directory must not be writable by group or
 * others and must belong to root or to us. Nothing is ever dlclose'd. All problems stop the
 * start with file and, for options, INI line. */
#ifndef RK_PLUG_PLUG_H
#define RK_PLUG_PLUG_H

#include <raykeeper/plugin.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/conf/conf.h"

#define RK_PLUGINS_MAX 128

struct rk_plug {
    const rk_plugin *desc; /* as the file has it: sizes may differ, read `info` instead */
    /* copied min(size), missing fields zero; its arrays have the file's strides: use those below */
    rk_plugin info;
    const char *name, *file; /* file: as opened, or "built in" */
    /* zeroed, options bound; their texts belong to the conf that was bound */
    void *self;
    bool disabled;            /* [plugins] disable: only FINALIZE hooks run */
    uint8_t digest[32];       /* SHA-256 of the file; zero for what is built in */
    int index;                /* load order: author number in provenance */
    const char *const *after; /* descriptor's and INI's, ended by NULL; never NULL itself */
    const char *const *owns;  /* path prefixes, ended by NULL; NULL itself = anywhere */
    const rk_kind *kinds;     /* n of them: info.n_kinds; likewise below */
    const rk_watch *watches;  /* `keep` lines without leading slash and blanks */
    const rk_opt *opts;
    const rk_hook *hooks;
    const rk_gauge *gauges;
    const rk_command *commands;
};

struct rk_plugged_hook { /* hooks of all plugins, flattened and ordered */
    struct rk_plug *plug;
    rk_hook hook;             /* copied min(size), missing fields zero; title is never NULL */
    const char *const *kinds; /* ended by NULL; NULL itself = all */
    const char *const *roles; /* ended by NULL; NULL itself = all */
};

struct rk_plugins {
    struct rk_arena arena;
    struct rk_plug *plugs; /* load order */
    size_t n;
    struct rk_plugged_hook *hooks; /* by phase, rank, `after`, load order */
    size_t n_hooks;
    /* introduced by enabled and disabled plugins alike; one per gvk, finalizers of all who name
     * it, optional when all of them say so */
    rk_kind *kinds;
    struct rk_plug **kind_plug; /* the first who named it */
    size_t n_kinds;
    rk_watch *watches;
    struct rk_plug **watch_plug;
    size_t n_watches;
    /* n x n: [a * n + b] = a says `after` b, directly or through others */
    bool *later;
    size_t *order;            /* plugin indexes, `after` before load order */
    struct rk_conf *own_conf; /* made by rk_plugins_from when it was given none */
};

struct rk_plug_conf {    /* [plugins] */
    const char *path;    /* directory of the bundled ones; NULL or "" = none */
    const char *disable; /* one name per line */
    bool any_owner;      /* skip the ownership check: a build tree owned by someone else */
    /* not options: around every call into a plugin's file while it loads (its constructors, its
     * check()), so that a crash can be told; plugin NULL = over. May be NULL */
    void (*in_hand)(void *ctx, const char *plugin, const char *what);
    void *in_hand_ctx;
};
extern const struct rk_opt_def rk_plug_opts[];
extern const size_t rk_plug_n_opts;

/* Load <path>/ *.so in byte order, then every [plugin:x] with `file =`; bind their options from
 * conf; order hooks. A [plugin:x] may carry `after = a, b`, which adds to the descriptor's.
 * `file =` for the name of a bundled plugin replaces <path>/x.so. Fails with RK_E_INVAL and all
 * problems, one per line, in err ("FILE: what"); problems of option values are conf's
 * (rk_conf_check). conf must outlive what is returned. */
int rk_plugins_load(struct rk_conf *conf, const struct rk_plug_conf *pc, struct rk_plugins **ret,
                    struct rk_err *err);
/* The same from descriptors in memory (tests, statically linked plugins). conf NULL = all
 * options have their defaults. */
int rk_plugins_from(const rk_plugin *const *descs, size_t n, struct rk_conf *conf,
                    const struct rk_plug_conf *pc, struct rk_plugins **ret, struct rk_err *err);
void rk_plugins_free(struct rk_plugins *p);
/* Does a declare (directly or through others) `after` b? */
bool rk_plug_later(const struct rk_plugins *p, const struct rk_plug *a, const struct rk_plug *b);
/* NULL when not loaded */
const struct rk_plug *rk_plugins_find(const struct rk_plugins *p, const char *name);
/* NULL when no plugin introduces it */
const rk_kind *rk_plugins_kind(const struct rk_plugins *p, const char *gvk);
/* The kind that is meant by Thing, thing, things or things.example.io. Where two groups have that word, the one that the API cannot
 * lack is, then the one that was named first; NULL when there is none */
const rk_kind *rk_plugins_kind_called(const struct rk_plugins *p, const char *word);
/* May the API lack it? One plugin that needs the kind decides for all, whether its objects are owners or children. */
bool rk_plugins_optional(const struct rk_plugins *p, const char *gvk);
/* Does its short word mean another one? */
bool rk_plugins_kind_yields(const struct rk_plugins *p, const rk_kind *kind);
/* A command that a plugin brings which is not switched off, and whose; NULL when there is none */
const rk_command *rk_plugins_command(const struct rk_plugins *p, const char *name,
                                     const struct rk_plug **ret_plug);
/* Bind a command's options, given as `section` of conf, to a struct of c->opts_size bytes. An option of type
 * RK_T_LIST is taken as it stands: what each use of it gave is one line. */
void rk_plug_bind_command(struct rk_arena *a, const rk_command *c, struct rk_conf *conf,
                          const char *section, void *target);
/* `raykeeper plugin list`: phase, rank, plugin, title, file, version */
void rk_plugins_print(const struct rk_plugins *p, struct rk_buf *out);
/* Which plugins these are and what they were told, in 12 hexadecimal digits: names, versions, the
 * bytes of their files, which are off, their options, their order; and `host`, a text of the
 * caller. Equal sets have equal stamps, wherever they lie. */
#define RK_PLUGINS_STAMP 13
void rk_plugins_stamp(const struct rk_plugins *p, const char *host, char out[RK_PLUGINS_STAMP]);
/* "POD"; "?" when there is none of that number */
const char *rk_phase_name(int phase);

#endif
