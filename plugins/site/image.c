/* Images from a mirror: the part of a name before and behind a prefix. */
#include "site.h"

/* Names without a registry are those of docker.io, and of its library when they have no folder. */
static const char *full_name(const rk_api *rk, rk_pass *ps, const char *image)
{
    size_t n = strcspn(image, "/");
    if (!image[n])
        return rk->fmt(ps, "docker.io/library/%s", image);
    int host = memchr(image, '.', n) || memchr(image, ':', n) ||
               (n == 9 && memcmp(image, "localhost", n) == 0);
    return host ? image : rk->fmt(ps, "docker.io/%s", image);
}

/* What remains behind the prefix, which ends where a part of the name ends; NULL = another name. */
static const char *behind(const char *image, struct site_word from)
{
    if (strncmp(image, from.p, from.n) != 0)
        return NULL;
    const char *rest = image + from.n;
    return from.p[from.n - 1] == '/' || *rest == '\0' || strchr("/:@", *rest) ? rest : NULL;
}

/* The longest prefix wins. NULL = none fits. */
static const char *mirrored(const rk_api *rk, rk_pass *ps, const char *rules, const char *image)
{
    const char *full = full_name(rk, ps, image), *found = NULL;
    size_t longest = 0;
    struct site_word line, from, to;
    while (site_line(&rules, &line)) {
        const char *rest = site_split(line, "->", &from, &to) ? behind(full, from) : NULL;
        if (!rest || from.n <= longest)
            continue;
        longest = from.n;
        found = rk->fmt(ps, "%.*s%s", (int)to.n, to.p, rest);
    }
    return found;
}

int32_t site_images(const rk_api *rk, rk_pass *ps, const struct site *me)
{
    static const char *const lists[] = {"/spec/containers", "/spec/initContainers"};
    rk_obj *pod = rk->subject(ps);
    for (size_t l = 0; l < RK_COUNT(lists) && me->mirror[0]; l++)
        for (size_t i = 0; i < rk->len(rk->tree(pod), lists[l]); i++) {
            const char *path = rk->fmt(ps, "%s/%zu/image", lists[l], i);
            const char *image = rk->str(rk->tree(pod), path, "");
            const char *other = image[0] ? mirrored(rk, ps, me->mirror, image) : NULL;
            if (other)
                RK_TRY(rk_set_str(rk, ps, pod, path, other));
        }
    return RK_OK;
}
