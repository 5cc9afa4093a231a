/* raystart: what its files share. */
#ifndef RAYSTART_H
#define RAYSTART_H

#include <raykeeper/ray.h>

struct raystart {
    const char *domain;
    int64_t ulimit;
    uint8_t login_shell;
};

static inline const char *param_path(const rk_api *rk, rk_pass *ps, const char *key)
{
    return rk_under(rk, ps, RAY_START_PARAMS, key);
}
static inline const char *param(const rk_api *rk, rk_pass *ps, const char *key)
{
    return rk->str(rk->tree(rk->start(ps)), param_path(rk, ps, key), NULL);
}
static inline int32_t param_set(const rk_api *rk, rk_pass *ps, const char *key, const char *value)
{
    return rk_set_str(rk, ps, rk->start(ps), param_path(rk, ps, key), value);
}
static inline int32_t param_offer(const rk_api *rk, rk_pass *ps, const char *key, const char *value)
{
    return rk_offer_str(rk, ps, rk->start(ps), param_path(rk, ps, key), value);
}
/* A quantity may be written as a text or as a number: `nvidia.com/gpu: 1`. */
static inline const char *quantity(const rk_api *rk, const rk_json *at, const char *path)
{
    const rk_json *v = rk->at(at, path);
    return rk->str(v, "", rk->number_text(v));
}
static inline int is_head(const rk_api *rk, rk_pass *ps)
{
    return rk_is(rk->role(ps), "head");
}

/* params.c */
int32_t raystart_base(const rk_api *rk, rk_pass *ps,
                      void *self); /* what the spec says, into the scratch */
int32_t raystart_complete(const rk_api *rk,
                          rk_pass *ps); /* defaults and what the container's resources say */
/* command.c */
struct member {
    const char *key;
    const rk_json *value;
};
/* The members of an object in byte order of their keys; of equal keys as they came. */
const struct member *raystart_sorted(const rk_api *rk, rk_pass *ps, const rk_json *object,
                                     size_t *ret_n);
const char *raystart_render(const rk_api *rk, rk_pass *ps);
int32_t raystart_command(const rk_api *rk, rk_pass *ps, const struct raystart *me,
                         const char *start);
int32_t raystart_env(const rk_api *rk, rk_pass *ps, const char *start);

#endif
