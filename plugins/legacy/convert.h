/* What the files of the conversion share. */
#ifndef RK_PLUGIN_LEGACY_CONVERT_H
#define RK_PLUGIN_LEGACY_CONVERT_H

#include "legacy.h"

#define LG_CHART_NAME "raycluster-example" /* of a cluster whose values say none */

/* Says which container kubectl means. */
#define DEFAULT_CONTAINER "kubectl.kubernetes.io/default-container"

/* What was taken out of pod templates, told once at the end. */
#define LG_IDLE     1u
#define LG_SHM      2u
#define LG_RESTART  4u
#define LG_PORTS    8u
#define LG_THREADS  16u
#define LG_ACCOUNT  32u
#define LG_LABELS   64u
#define LG_IDENTITY 128u

/* One conversion in hand. */
struct lg {
    const rk_api *rk;
    rk_pass *ps;
    const struct lg_how *how;
    struct lg_notes *n;
    const rk_json *from; /* the legacy object */
    const char *name;    /* of the cluster that comes out */
    const char *version; /* of Ray */
    const char *port;    /* of the head's GCS */
    unsigned cleaned;    /* LG_IDLE ... */
    uint8_t bad;         /* something was refused */
    uint8_t memory;      /* the peer will count more memory than the old operator did */
};

/* One of podTypes. */
struct lg_type {
    const rk_json *is;
    const char *where; /* "spec.podTypes[1]" */
    const char *name;
    const char *group; /* its name as a worker group; NULL = it is none */
    int64_t min, max;
    int head;
};

/* What start lines say. */
struct lg_start {
    const char *where;
    rk_json *params;        /* of `ray start`: texts */
    rk_json *before;        /* shell texts that run before it */
    const char *open_files; /* of ulimit -n; NULL = what everybody has */
};

/* A piece of a shell line, and what stands behind it: ";", "&&", ";;", a line break or nothing. */
struct lg_part {
    const char *text, *sep;
};
struct lg_word {
    const char *raw, *plain; /* as written, and without its quotes */
};

/* notes.c */
/* A text that grows: what is put together of many pieces takes no more memory than twice itself. */
struct lg_text {
    char *at;
    size_t n, room;
};
void lg_add_n(struct lg *c, struct lg_text *t, const char *more, size_t n);
void lg_add(struct lg *c, struct lg_text *t, const char *more);
const char *lg_text(const struct lg_text *t);
void lg_bad(struct lg *c, const char *where, const char *text);
void lg_tell(struct lg *c, int lossy, const char *where, const char *text);
const char *lg_dot(struct lg *c, const char *where, const char *key);
/* An integer from 0 to INT32_MAX; absent or null is dflt. What is none is told, and dflt then. */
int64_t lg_count(struct lg *c, const rk_json *v, const char *where, int64_t dflt);

/* A copy without null, which means nothing in a map; depth is bounded by whoever read the file. */
rk_json *lg_copy(struct lg *c, const rk_json *v);

/* check.c: types of all that is read, and what nobody reads. */
void lg_check(struct lg *c);
/* strange.c: tells what is in none of the fields. */
void lg_strange(struct lg *c);
/* What of a map is none of `n` known keys, and not null: told as lossy, with this text. */
void lg_strangers(struct lg *c, const rk_json *map, const char *where, const char *const *known,
                  size_t n, const char *text);

/* meta.c */
const char *lg_name(struct lg *c);
rk_json *lg_metadata(struct lg *c);
const char *lg_version(struct lg *c, const rk_json *head, const char *where);
/* First x.y.z in the tag of an image; NULL = there is none. */
const char *lg_tag_version(struct lg *c, const char *image);

/* types.c */
struct lg_type *lg_types(struct lg *c, size_t *ret_n);

/* The program that a word names, wherever it lies. */
static inline const char *lg_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
/* shell.c; NULL: told. */
const struct lg_part *lg_split(struct lg *c, const char *text, const char *where, size_t *ret_n);
const struct lg_word *lg_words(struct lg *c, const char *text, size_t *ret_n);
const char *lg_between(const char *sep);
const char *lg_unfolded(struct lg *c, const char *text);
int lg_breaks(const char *raw);
/* Names what carries a secret in plain words; NULL = nothing does. */
const char *lg_secret(struct lg *c, const char *text);
const char *lg_literal(struct lg *c, const char *text);
/* A text that can stand between others with && around it. */
const char *lg_grouped(struct lg *c, const char *text);

/* start.c: words behind `ray start` into parameters. */
void lg_start_options(struct lg *c, struct lg_start *s, const char *where, const struct lg_word *w,
                      size_t n);
/* lines.c */
struct lg_start lg_start_lines(struct lg *c, const char *key, int head);
/* What workers were told of the head's address is there under another name: `before`, with that in front where it is used. */
rk_json *lg_head_address(struct lg *c, const struct lg_type *t, const struct lg_start *s,
                         rk_json *before);
/* setupCommands of a type, into `before`. */
void lg_setup(struct lg *c, const struct lg_type *t, rk_json *before);

/* custom.c */
#define LG_NONE -1
int64_t lg_whole(struct lg *c, const rk_json *v, const char *where);
void lg_given(struct lg *c, const struct lg_type *t, rk_json *said, rk_json *custom);
const char *lg_custom_text(struct lg *c, const rk_json *custom);
void lg_custom_put(struct lg *c, rk_json *custom, const rk_json *it, const char *where);
void lg_custom_of_line(struct lg *c, const rk_json *params, rk_json *custom, const char *where);

/* resources.c: rayStartParams of a group; `path`: of the group in the output. */
rk_json *lg_params(struct lg *c, const struct lg_type *t, int head, const struct lg_start *s,
                   const char *path);

/* waiting.c: what a line does beside waiting; NULL = it does not wait, or not only. */
const char *lg_beside_waiting(struct lg *c, const char *text, const char *where);

/* idle.c: command and args of the Ray container, from what it had and what has to run before Ray. */
void lg_command_line(struct lg *c, const rk_json *container, const char *where,
                     const rk_json *before, rk_json *out);

/* container.c: the Ray container of a template; ret_service: of the head, what only a Service can say. */
struct lg_shape {
    const struct lg_type *t;
    const struct lg_start *start;
    const char *volume; /* the one at /dev/shm, that the operator brings; NULL = none */
    rk_json *service;
    int head;
};
rk_json *lg_shaped(struct lg *c, struct lg_shape *s);
/* Has a container or init container of the pod this name? */
int lg_is_container(struct lg *c, const struct lg_type *t, const char *name);

/* podmeta.c; `container`: name of the Ray container. */
void lg_template_metadata(struct lg *c, const struct lg_type *t, int head, const char *container,
                          rk_json *template);

/* pod.c: template of a group: the head's, or one of workers; into out also headService, where the head needs one. */
void lg_template(struct lg *c, const struct lg_type *t, int head, const struct lg_start *start,
                 rk_json *out);
/* The container that the old operator ran Ray in, and its place. */
const rk_json *lg_container(struct lg *c, const struct lg_type *t);
const char *lg_container_place(struct lg *c, const struct lg_type *t);

/* service.c: ports that Ray has anyway, and {"port", "name", "targetPort"} of those that the old Service had. */
struct lg_known {
    int64_t number;
    const char *name, *old; /* ours, and how the old Service called it; NULL = it had none */
};
#define LG_KNOWN 4
extern const struct lg_known lg_known[LG_KNOWN];
const char *lg_port_name(const char *old);
int lg_port_label(const char *name, size_t max);
rk_json *lg_service_ports(struct lg *c);

/* ports.c: ports of the Ray container; NULL = none are needed. Of the head also what only a Service can say. */
rk_json *lg_head_ports(struct lg *c, const rk_json *ports, rk_json **ret_service);
rk_json *lg_worker_ports(struct lg *c, const rk_json *ports);
/* The number that the target of an entry of the Service is; 0 = a name of no port of the container. */
int64_t lg_target(struct lg *c, const rk_json *entry, const rk_json *ports);

/* differences.c */
void lg_differences(struct lg *c);

/* merge.c: a member by its key, whatever that looks like. */
const rk_json *lg_member(const rk_api *rk, const rk_json *map, const char *key);

/* options.c */
#define LG_OPTIONS 11
extern const rk_opt lg_options[LG_OPTIONS];

/* compat.c: lg_compat_service for a cluster that is called otherwise now. */
rk_json *lg_compat(const rk_api *rk, rk_pass *ps, const rk_json *legacy, const char *cluster);

#endif
