/* raykeeper/sugar.h - inline helpers over plugin.h; no ABI of its own, compiled into the plugin. */
#ifndef RAYKEEPER_SUGAR_H
#define RAYKEEPER_SUGAR_H

#include <string.h>

#include "raykeeper/plugin.h"

#define RK_COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))
/* Leave the hook with what `call` returned when that is an error; a yielded offer is none. */
#define RK_TRY(call)                \
    do {                            \
        int32_t rk_try_rc = (call); \
        if (rk_try_rc < 0)          \
            return rk_try_rc;       \
    } while (0)
/* for (RK_EACH(rk, item, array_or_object)) */
#define RK_EACH(rk, it, in)                  \
    const rk_json *it = (rk)->item((in), 0); \
    it;                                      \
    it = (rk)->next(it)
/* The same over an object only, so that each item has a key: nothing is visited of a list or a
 * text that a user put where a map is wanted. */
#define RK_EACH_MEMBER(rk, it, in)                                                     \
    const rk_json *it = (rk)->type(in) == RK_JSON_OBJECT ? (rk)->item((in), 0) : NULL; \
    it;                                                                                \
    it = (rk)->next(it)

static inline int rk_is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* ASCII case ignored, as the field's "true" and "TRUE" are one. */
static inline int rk_is_ci(const char *a, const char *b)
{
    if (!a || !b)
        return 0;
    for (; *a && *b; a++, b++) {
        char x = (char)(*a >= 'A' && *a <= 'Z' ? *a + 32 : *a),
             y = (char)(*b >= 'A' && *b <= 'Z' ? *b + 32 : *b);
        if (x != y)
            return 0;
    }
    return *a == *b;
}

/* Is it one of `n` words? */
static inline int rk_among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rk_is(word, words[i]))
            return 1;
    return 0;
}

/* Is this one of the lines of an option of type RK_T_LIST? */
static inline int rk_listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strcspn(at, "\n") == n && strncmp(at, word, n) == 0)
            return 1;
    return 0;
}

/* An array of `n` texts; a NULL among them ends it. */
static inline rk_json *rk_words(const rk_api *rk, rk_pass *ps, const char *const *words, size_t n)
{
    rk_json *list = rk->new_array(ps);
    for (size_t i = 0; i < n && words[i]; i++)
        rk->push(ps, list, rk->new_str(ps, words[i]));
    return list;
}

/* set and offer of a text, number or boolean, with the same returns. A NULL text is no value: the hook
 * fails. */
static inline int32_t rk_set_str(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *path,
                                 const char *s)
{
    return rk->set(o, path, rk->new_str(ps, s));
}
static inline int32_t rk_set_num(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *path,
                                 int64_t n)
{
    return rk->set(o, path, rk->new_num(ps, n));
}
static inline int32_t rk_set_bool(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *path, int b)
{
    return rk->set(o, path, rk->new_bool(ps, b));
}
static inline int32_t rk_offer_str(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *path,
                                   const char *s)
{
    return rk->offer(o, path, rk->new_str(ps, s));
}
static inline int32_t rk_offer_num(const rk_api *rk, rk_pass *ps, rk_obj *o, const char *path,
                                   int64_t n)
{
    return rk->offer(o, path, rk->new_num(ps, n));
}

/* One key of a map under `prefix`, with `/` and `~` in the key escaped: labels and annotations.
 * What has no key (an item of a list) counts as the empty one. */
static inline const char *rk_under(const rk_api *rk, rk_pass *ps, const char *prefix,
                                   const char *key)
{
    key = key ? key : "";
    size_t n = strlen(prefix), extra = 0;
    for (const char *p = key; *p; p++)
        extra += *p == '/' || *p == '~';
    char *out = (char *)rk->alloc(ps, n + 1 + strlen(key) + extra + 1), *w = out + n;
    memcpy(out, prefix, n);
    *w++ = '/';
    for (const char *p = key; *p; p++) {
        if (*p == '/' || *p == '~') {
            *w++ = '~';
            *w++ = *p == '/' ? '1' : '0';
        } else {
            *w++ = *p;
        }
    }
    return out;
}

/* Environment of a container: `container` is its path ("/spec/containers/0"). */
static inline const char *rk_env_path(const rk_api *rk, rk_pass *ps, const char *container,
                                      const char *name)
{
    return rk->fmt(ps, "%s/env/[%s]", container, name);
}
/* An entry {name, value}; {name, valueFrom} a field of the pod. */
static inline rk_json *rk_env_value(const rk_api *rk, rk_pass *ps, const char *name,
                                    const char *value)
{
    rk_json *e = rk->new_object(ps);
    rk->put(ps, e, "name", rk->new_str(ps, name));
    rk->put(ps, e, "value", rk->new_str(ps, value));
    return e;
}
static inline rk_json *rk_env_from_field(const rk_api *rk, rk_pass *ps, const char *name,
                                         const char *field_path)
{
    rk_json *e = rk->new_object(ps), *from = rk->new_object(ps), *ref = rk->new_object(ps);
    rk->put(ps, e, "name", rk->new_str(ps, name));
    rk->put(ps, ref, "fieldPath", rk->new_str(ps, field_path));
    rk->put(ps, from, "fieldRef", ref);
    rk->put(ps, e, "valueFrom", from);
    return e;
}
/* When no entry of that name exists. */
static inline int32_t rk_env_offer(const rk_api *rk, rk_pass *ps, rk_obj *pod,
                                   const char *container, const char *name, const char *value)
{
    return rk->offer(pod, rk_env_path(rk, ps, container, name), rk_env_value(rk, ps, name, value));
}
/* Ours, at the end of the list, whoever had set that name before: the effective value is the last one's either way, and a list
 * without duplicates can be server-side applied. */
static inline int32_t rk_env_force_json(const rk_api *rk, rk_pass *ps, rk_obj *pod,
                                        const char *container, const char *name, rk_json *entry)
{
    RK_TRY(rk->drop(pod, rk_env_path(rk, ps, container, name)));
    return rk->set(pod, rk_env_path(rk, ps, container, name), entry);
}
static inline int32_t rk_env_force(const rk_api *rk, rk_pass *ps, rk_obj *pod,
                                   const char *container, const char *name, const char *value)
{
    return rk_env_force_json(rk, ps, pod, container, name, rk_env_value(rk, ps, name, value));
}
static inline int32_t rk_env_field(const rk_api *rk, rk_pass *ps, rk_obj *pod,
                                   const char *container, const char *name, const char *field_path)
{
    return rk_env_force_json(rk, ps, pod, container, name,
                             rk_env_from_field(rk, ps, name, field_path));
}

#endif
