/* shm: a memory-backed /dev/shm for the Ray container's object store (reference 4.3 step 2).
 *
 * Writes the volume `shared-mem` and its mount. Yields when the user mounts something at
 * /dev/shm or moves the store with the start parameter plasma-directory; a volume of that name
 * that the user brought is used as it is. */
#include <raykeeper/ray.h>

#define MOUNT  RAY_C0 "/volumeMounts/[/dev/shm]"
#define VOLUME "/spec/volumes/[shared-mem]"

struct shm {
    const char *size;
};

static const rk_opt options[] = {
    {.key = "size",
     .dflt = "memory-limit",
     .type = RK_T_STR,
     .offset = offsetof(struct shm, size),
     .help = "sizeLimit of the volume: memory-limit (the Ray container's limit, else its request), "
             "none, or a quantity"},
};

/* As Kubernetes writes them: digits, a fraction perhaps, one suffix. */
static int is_quantity(const char *text)
{
    static const char *const suffixes[] = {"",   "k",  "M",  "G",  "T",  "P", "E",
                                           "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t n = strspn(text, "0123456789");
    const char *rest = text + n;
    if (n && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    for (size_t i = 0; n && i < RK_COUNT(suffixes); i++)
        if (rk_is(rest, suffixes[i]))
            return 1;
    return 0;
}

static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct shm *me = self;
    static const char text[] = "size: memory-limit, none or a quantity is wanted";
    if (rk_is(me->size, "memory-limit") || rk_is(me->size, "none") || is_quantity(me->size))
        return RK_OK;
    if (err_size >= sizeof(text))
        memcpy(err, text, sizeof(text));
    return RK_EINVAL;
}

static const char *limit(const rk_api *rk, const struct shm *me, const rk_json *pod)
{
    if (rk_is(me->size, "none"))
        return NULL;
    if (!rk_is(me->size, "memory-limit"))
        return me->size;
    const rk_json *q = rk->at(pod, RAY_C0 "/resources/limits/memory");
    if (!q)
        q = rk->at(pod, RAY_C0 "/resources/requests/memory");
    return rk->str(q, "", rk->number_text(q)); /* a quantity may be written as a number */
}

static int32_t shape_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    rk_obj *pod = rk->subject(ps);
    const rk_json *now = rk->tree(pod);
    if (rk->at(rk->tree(rk->start(ps)), RAY_START_PARAMS "/plasma-directory") || rk->at(now, MOUNT))
        return RK_OK;
    if (!rk->at(now, VOLUME)) {
        const char *size = limit(rk, self, now);
        RK_TRY(rk_set_str(rk, ps, pod, VOLUME "/emptyDir/medium", "Memory"));
        if (size)
            RK_TRY(rk_set_str(rk, ps, pod, VOLUME "/emptyDir/sizeLimit", size));
    }
    return rk_set_str(rk, ps, pod, MOUNT "/name", "shared-mem");
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_INJECT,
     .kinds = RAY_CLUSTER,
     .roles = "head,worker",
     .run = shape_pod,
     .title = "memory-backed /dev/shm"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct shm),
    .name = "shm",
    .version = RK_VERSION,
    .summary = "a memory-backed /dev/shm for the object store",
    .owns = "/spec/volumes,/spec/containers/0/volumeMounts",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
    .check = check,
};
