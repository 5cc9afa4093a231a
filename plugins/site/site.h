/* site: what its files share. */
#ifndef SITE_H
#define SITE_H

#include <raykeeper/ray.h>

struct site {
    const char *namespaces, *wins, *env, *labels, *annotations, *node_selector[3], *tolerations[3],
        *mirror, *pull_secrets, *priority_class, *scheduler, *runtime_class, *security,
        *sidecars[2];
};

/* Indexes of options that a role may have of its own: those of head and worker come first. */
#define SITE_HEAD   0
#define SITE_WORKER 1
#define SITE_BOTH   2

/* A piece of an option's text; not ended by a zero. */
struct site_word {
    const char *p;
    size_t n;
};

/* key[=value][:Effect[:seconds]] */
struct site_toleration {
    struct site_word key, value, effect; /* value.p NULL: any; effect.n 0: all */
    int64_t seconds;                     /* -1 = for ever */
};

/* words.c. The next line that is not blank, trimmed; 0 at the end. *rest begins as the text. */
int site_line(const char **rest, struct site_word *ret);
int site_word_is(struct site_word w, const char *text);
/* What stands before and after `mark`, trimmed; 0 when it is not there. */
int site_split(struct site_word w, const char *mark, struct site_word *before,
               struct site_word *after);
int site_toleration(struct site_word w, struct site_toleration *ret); /* 0: it is none */
const char *site_text(const rk_api *rk, rk_pass *ps, struct site_word w);

/* json.c: an object, or a list of objects, each with a `name`; NULL, or what is wrong with it. */
const char *site_json_object(struct site_word w);
const char *site_json_list(const char *text);

/* check.c: refuses options that make no legal pod */
int32_t site_check(const void *self, char *err, size_t err_size);

/* pod.c: POD */
int32_t site_sidecars(const rk_api *rk, rk_pass *ps, void *self);
int32_t site_env(const rk_api *rk, rk_pass *ps, void *self);
int32_t site_pod(const rk_api *rk, rk_pass *ps, void *self);
/* image.c */
int32_t site_images(const rk_api *rk, rk_pass *ps, const struct site *me);
/* security.c */
int32_t site_security(const rk_api *rk, rk_pass *ps, const struct site *me);

#endif
