/* gcswait: workers wait until the head's GCS answers (reference 4.7): an init container
 * `wait-gcs-ready`, last in the list, with the user's own env and mounts. */
#include <raykeeper/ray.h>

struct gcswait {
    const char *cpu, *memory, *image;
    int64_t interval_ms, quiet_ms;
};

static const rk_opt options[] = {
    {.key = "cpu",
     .dflt = "200m",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct gcswait, cpu),
     .help = "request and limit of the init container"},
    {.key = "memory",
     .dflt = "256Mi",
     .type = RK_T_QUANTITY,
     .offset = offsetof(struct gcswait, memory),
     .help = "request and limit of the init container"},
    {.key = "image",
     .dflt = "",
     .type = RK_T_STR,
     .offset = offsetof(struct gcswait, image),
     .help = "empty: the Ray container's"},
    {.key = "interval",
     .dflt = "5s",
     .type = RK_T_DURATION,
     .offset = offsetof(struct gcswait, interval_ms),
     .min = 1000,
     .max = 600000,
     .help = "between two checks"},
    {.key = "quiet",
     .dflt = "2m",
     .type = RK_T_DURATION,
     .offset = offsetof(struct gcswait, quiet_ms),
     .min = 0,
     .max = 86400000,
     .help = "the checks' own output is hidden for so long"},
};

/* Checks for ever: a worker without a head has nothing to do, and its log says what it waits
 * for. */
static const char *script(const rk_api *rk, rk_pass *ps, const struct gcswait *me,
                          const char *address)
{
    return rk->fmt(
        ps,
        "until if (( SECONDS < %lld )); then ray health-check --address %s >/dev/null 2>&1; "
        "else ray health-check --address %s; fi; do\n"
        "  echo \"waiting for the GCS at %s: ${SECONDS} s\"\n"
        "  if (( SECONDS >= %lld )); then echo 'Is the head pod ready? Do name resolution and "
        "network policies let this pod reach it?'; fi\n"
        "  sleep %lld\n"
        "done\n"
        "echo \"the GCS answers after ${SECONDS} s\"\n",
        (long long)(me->quiet_ms / 1000), address, address, address,
        (long long)(me->quiet_ms / 1000), (long long)(me->interval_ms / 1000));
}

static int32_t shape_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char *const copied[] = {"imagePullPolicy", "securityContext", "env",
                                         "volumeMounts"};
    static const char *const bash[] = {"/bin/bash", "-c", "--"};
    const struct gcswait *me = self;
    const rk_json *c0 = rk->at(rk->tree(rk->subject(ps)), RAY_C0), *start = rk->tree(rk->start(ps));
    const char *fqdn = rk->str(start, RAY_START_FQDN, NULL);
    if (!fqdn)
        return RK_OK; /* raystart is switched off: nobody says where the head is */
    const char *address = rk->fmt(ps, "%s:%s", fqdn, rk->str(start, RAY_START_HEAD_PORT, "")),
               *text = script(rk, ps, me, address);
    rk_json *c = rk->new_object(ps), *resources = rk->new_object(ps);
    rk->put(ps, c, "name", rk->new_str(ps, "wait-gcs-ready"));
    rk->put(ps, c, "image", rk->new_str(ps, me->image[0] ? me->image : rk->str(c0, "/image", "")));
    rk->put(ps, c, "command", rk_words(rk, ps, bash, RK_COUNT(bash)));
    rk->put(ps, c, "args", rk_words(rk, ps, &text, 1));
    rk->put(ps, resources, "limits", ray_amounts(rk, ps, me->cpu, me->memory));
    rk->put(ps, resources, "requests", ray_amounts(rk, ps, me->cpu, me->memory));
    rk->put(ps, c, "resources", resources);
    for (size_t i = 0; i < RK_COUNT(copied); i++) {
        const rk_json *v = rk->at(c0, rk_under(rk, ps, "", copied[i]));
        if (v)
            rk->put(ps, c, copied[i], rk->copy(ps, v));
    }
    return rk->append(rk->subject(ps), "/spec/initContainers", c);
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_POD,
     .rank = RK_RANK_ADD,
     .kinds = RAY_CLUSTER,
     .roles = "worker",
     .run = shape_pod,
     .title = "wait for the GCS"},
};

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,
    .self_size = sizeof(struct gcswait),
    .name = "gcswait",
    .version = RK_VERSION,
    .summary = "an init container that waits for the GCS",
    .after = "raystart",
    .owns = "/spec/initContainers",
    .hooks = hooks,
    .n_hooks = RK_COUNT(hooks),
    .opts = options,
    .n_opts = RK_COUNT(options),
};
