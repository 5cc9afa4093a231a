/* podConfig of a type as the template of a group. */
#include "convert.h"

static int mounts_of(struct lg *c, const rk_json *containers, const char *volume)
{
    int n = 0;
    for (RK_EACH(c->rk, it, containers))
        for (RK_EACH(c->rk, m, c->rk->at(it, "/volumeMounts")))
            n += rk_is(c->rk->str(m, "/name", ""), volume);
    return n;
}

/* The volume at /dev/shm that is what the operator would bring: in memory, of no size, for the Ray container alone. */
static const char *shm_volume(struct lg *c, const struct lg_type *t)
{
    const rk_api *rk = c->rk;
    const rk_json *spec = rk->at(t->is, "/podConfig/spec");
    const char *volume = NULL;
    for (RK_EACH(rk, m, rk->at(lg_container(c, t), "/volumeMounts"))) {
        const char *path = rk->str(m, "/mountPath", "");
        if (rk_is(path, "/dev/shm") || rk_is(path, "/dev/shm/"))
            volume = rk->str(m, "/name", "");
    }
    for (RK_EACH(rk, v, volume ? rk->at(spec, "/volumes") : NULL))
        if (rk_is(rk->str(v, "/name", ""), volume) &&
            rk_is(rk->str(v, "/emptyDir/medium", ""), "Memory") &&
            rk->type(rk->at(v, "/emptyDir/sizeLimit")) <= RK_JSON_NULL &&
            mounts_of(c, rk->at(spec, "/containers"), volume) +
                    mounts_of(c, rk->at(spec, "/initContainers"), volume) ==
                1)
            return volume;
    return NULL;
}

static rk_json *volumes(struct lg *c, const rk_json *list, const char *without)
{
    rk_json *out = c->rk->new_array(c->ps);
    for (RK_EACH(c->rk, v, list))
        if (!rk_is(c->rk->str(v, "/name", ""), without))
            c->rk->push(c->ps, out, lg_copy(c, v));
    return out;
}

static rk_json *containers(struct lg *c, const struct lg_type *t, rk_json *ray)
{
    const rk_api *rk = c->rk;
    const rk_json *own = lg_container(c, t), *list = rk->at(t->is, "/podConfig/spec/containers");
    rk_json *out = rk->new_array(c->ps);
    rk->push(c->ps, out, ray);
    for (RK_EACH(rk, it, list))
        if (it != own)
            rk->push(c->ps, out, lg_copy(c, it));
    if (rk->item(list, 0) != own)
        lg_tell(c, 0, lg_container_place(c, t), "runs Ray: it is the first of the containers now");
    return out;
}

/* What is left out for good; of what is made anew, too. */
static int left_out(struct lg *c, const rk_json *m)
{
    const char *key = c->rk->key(m), *text = c->rk->str(m, "", "");
    unsigned why = rk_is(key, "restartPolicy") && rk_is(text, "Never") ? LG_RESTART
                   : (rk_is(key, "serviceAccountName") || rk_is(key, "serviceAccount")) &&
                           rk_is(text, "autoscaler")
                       ? LG_ACCOUNT
                       : 0;
    c->cleaned |= why;
    return why || rk_is(key, "containers") || rk_is(key, "volumes") ||
           c->rk->type(m) == RK_JSON_NULL;
}

/* --explicit: the wait for the head's GCS. The operator puts one of its own behind it, where gcswait is not switched off. */
static rk_json *waiting(struct lg *c, const struct lg_type *t, const rk_json *ray, const char *port)
{
    const char *name = "wait-for-head";
    while (lg_is_container(c, t, name) && strlen(name) < 63)
        name = c->rk->fmt(c->ps, "%s0", name);
    static const char *const sh[] = {"/bin/bash", "-c", "--"};
    const rk_api *rk = c->rk;
    const char *script = rk->fmt(c->ps,
                                 "until ray health-check --address \"$FQ_RAY_IP:%s\"; do echo "
                                 "\"waiting for the GCS\"; sleep 5; done",
                                 port);
    rk_json *out = rk->new_object(c->ps), *resources = rk->new_object(c->ps);
    rk->put(c->ps, out, "name", rk->new_str(c->ps, name));
    rk->put(c->ps, out, "image", rk->new_str(c->ps, rk->str(ray, "/image", "")));
    rk->put(c->ps, out, "command", rk_words(rk, c->ps, sh, RK_COUNT(sh)));
    rk->put(c->ps, out, "args", rk_words(rk, c->ps, &script, 1));
    rk->put(c->ps, resources, "limits", ray_amounts(rk, c->ps, "200m", "256Mi"));
    rk->put(c->ps, resources, "requests", ray_amounts(rk, c->ps, "200m", "256Mi"));
    rk->put(c->ps, out, "resources", resources);
    return out;
}

static void head_service(struct lg *c, rk_json *ports, rk_json *out)
{
    const rk_api *rk = c->rk;
    rk_json *service = rk->new_object(c->ps), *spec = rk->new_object(c->ps);
    rk->put(c->ps, spec, "ports", ports);
    rk->put(c->ps, service, "metadata", rk->new_object(c->ps));
    rk->put(c->ps, service, "spec", spec);
    rk->put(c->ps, out, "headService", service);
}

static void init_containers(struct lg *c, const rk_json *old, const struct lg_shape *s,
                            const rk_json *ray, rk_json *spec)
{
    const rk_api *rk = c->rk;
    if (s->head || !c->how->say_all)
        return;
    rk_json *list = rk->type(old) == RK_JSON_ARRAY ? lg_copy(c, old) : rk->new_array(c->ps);
    rk->push(c->ps, list, waiting(c, s->t, ray, c->port));
    rk->put(c->ps, spec, "initContainers", list);
}

void lg_template(struct lg *c, const struct lg_type *t, int head, const struct lg_start *start,
                 rk_json *out)
{
    const rk_api *rk = c->rk;
    const rk_json *old = rk->at(t->is, "/podConfig/spec");
    struct lg_shape s = {.t = t, .start = start, .head = head, .volume = shm_volume(c, t)};
    rk_json *template = rk->new_object(c->ps), *spec = rk->new_object(c->ps),
            *ray = lg_shaped(c, &s);
    const char *name = rk->str(ray, "/name", "");
    for (RK_EACH_MEMBER(rk, m, old))
        if (!left_out(c, m))
            rk->put(c->ps, spec, rk->key(m), lg_copy(c, m));
    lg_template_metadata(c, t, head, name, template);
    init_containers(c, rk->at(old, "/initContainers"), &s, ray, spec);
    rk->put(c->ps, spec, "containers", containers(c, t, ray));
    rk_json *kept = volumes(c, rk->at(old, "/volumes"), s.volume);
    if (rk->len(kept, ""))
        rk->put(c->ps, spec, "volumes", kept);
    c->cleaned |= s.volume ? LG_SHM : 0u;
    rk->put(c->ps, template, "spec", spec);
    if (s.service)
        head_service(c, s.service, out);
    rk->put(c->ps, out, "template", template);
}
