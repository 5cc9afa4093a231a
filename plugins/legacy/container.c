/* The Ray container: cleaned of what the old operator needed and the new one brings itself. */
#include "convert.h"

/* kubectl exec chose the first one, but for an annotation; the old chart's is called ray-node. */
static size_t ray_index(struct lg *c, const struct lg_type *t)
{
    const rk_api *rk = c->rk;
    const char *noted = rk->str(
        t->is, rk_under(rk, c->ps, "/podConfig/metadata/annotations", DEFAULT_CONTAINER), NULL);
    size_t i = 0, found = 0;
    for (RK_EACH(rk, it, rk->at(t->is, "/podConfig/spec/containers"))) {
        const char *name = rk->str(it, "/name", "");
        if (noted ? rk_is(name, noted) : rk_is(name, "ray-node"))
            found = i;
        i++;
    }
    return found;
}

const rk_json *lg_container(struct lg *c, const struct lg_type *t)
{
    return c->rk->item(c->rk->at(t->is, "/podConfig/spec/containers"), ray_index(c, t));
}

const char *lg_container_place(struct lg *c, const struct lg_type *t)
{
    return c->rk->fmt(c->ps, "%s.podConfig.spec.containers[%zu]", t->where, ray_index(c, t));
}

int lg_is_container(struct lg *c, const struct lg_type *t, const char *name)
{
    static const char *const lists[] = {"containers", "initContainers"};
    const rk_api *rk = c->rk;
    for (size_t i = 0; i < RK_COUNT(lists); i++)
        for (RK_EACH(rk, it, rk->at(t->is, rk->fmt(c->ps, "/podConfig/spec/%s", lists[i]))))
            if (rk_is(rk->str(it, "/name", ""), name))
                return 1;
    return 0;
}

/* ray-node says nothing of which one it is; every other name is somebody's choice. */
static const char *container_name(struct lg *c, const struct lg_shape *s)
{
    const rk_api *rk = c->rk;
    const char *name = rk->str(lg_container(c, s->t), "/name", ""),
               *ours = s->head ? "ray-head" : "ray-worker";
    if (name[0] && !rk_is(name, "ray-node"))
        return name;
    return lg_is_container(c, s->t, ours) ? name[0] ? name : "ray-node" : ours;
}

static rk_json *env(struct lg *c, const rk_json *list, const struct lg_shape *s)
{
    static const char threads[] = "RAY_gcs_server_rpc_server_thread_num",
                      files[] = "RAY_START_ULIMIT_OPEN_FILES";
    const rk_api *rk = c->rk;
    rk_json *out = rk->new_array(c->ps);
    int said = 0;
    for (RK_EACH(rk, e, list)) {
        const char *name = rk->str(e, "/name", "");
        said |= rk_is(name, files);
        if (rk_is(name, threads))
            c->cleaned |= LG_THREADS;
        else
            rk->push(c->ps, out, lg_copy(c, e));
    }
    if (s->start->open_files && !said)
        rk->push(c->ps, out, rk_env_value(rk, c->ps, files, s->start->open_files));
    return rk->len(out, "") ? out : NULL;
}

static rk_json *mounts(struct lg *c, const rk_json *list, const struct lg_shape *s)
{
    rk_json *out = c->rk->new_array(c->ps);
    for (RK_EACH(c->rk, m, list))
        if (!rk_is(c->rk->str(m, "/name", ""), s->volume))
            c->rk->push(c->ps, out, lg_copy(c, m));
    return c->rk->len(out, "") ? out : NULL;
}

static rk_json *ports(struct lg *c, const rk_json *list, const char *where, struct lg_shape *s)
{
    size_t i = 0;
    for (RK_EACH(c->rk, p, list)) {
        int64_t n = c->rk->num(p, "/containerPort", 0);
        if (n < 1 || n > 65535)
            lg_bad(c, c->rk->fmt(c->ps, "%s.ports[%zu].containerPort", where, i),
                   "is not the number of a port, 1 to 65535");
        i++;
    }
    return s->head ? lg_head_ports(c, list, &s->service) : lg_worker_ports(c, list);
}

/* --explicit: Ray leaves the cluster before its pod ends. */
static void explicit_stop(struct lg *c, rk_json *out)
{
    static const char *const words[] = {"/bin/sh", "-c", "ray stop"};
    const rk_api *rk = c->rk;
    const rk_json *old = rk->at(out, "/lifecycle");
    if (!c->how->say_all || rk->at(old, "/preStop"))
        return;
    rk_json *exec = rk->new_object(c->ps), *stop = rk->new_object(c->ps),
            *life = old ? lg_copy(c, old) : rk->new_object(c->ps);
    rk->put(c->ps, exec, "command", rk_words(rk, c->ps, words, RK_COUNT(words)));
    rk->put(c->ps, stop, "exec", exec);
    rk->put(c->ps, life, "preStop", stop);
    rk->put(c->ps, out, "lifecycle", life);
}

static int64_t numbered(struct lg *c, const rk_json *ports, const char *name)
{
    for (RK_EACH(c->rk, p, ports))
        if (rk_is(c->rk->str(p, "/name", NULL), name))
            return c->rk->num(p, "/containerPort", 0);
    return 0;
}

/* Of a probe or a hook: the port that it calls by a name which is there no more, by its number. */
static rk_json *by_number(struct lg *c, const rk_json *v, const rk_json *old, const rk_json *now)
{
    const rk_api *rk = c->rk;
    rk_json *out = rk->new_object(c->ps);
    for (RK_EACH_MEMBER(rk, m, v)) {
        const char *name = rk->str(m, "", NULL);
        int64_t n = name && rk_is(rk->key(m), "port") && !numbered(c, now, name)
                        ? numbered(c, old, name)
                        : 0;
        rk->put(c->ps, out, rk->key(m),
                n                               ? rk->new_num(c->ps, n)
                : rk->type(m) == RK_JSON_OBJECT ? by_number(c, m, old, now)
                                                : lg_copy(c, m));
    }
    return out;
}

static void called_ports(struct lg *c, const rk_json *from, rk_json *out)
{
    static const char *const all[] = {"livenessProbe", "readinessProbe", "startupProbe",
                                      "lifecycle"};
    const rk_api *rk = c->rk;
    for (size_t i = 0; i < RK_COUNT(all); i++) {
        const rk_json *v = rk->at(from, rk->fmt(c->ps, "/%s", all[i]));
        if (rk->type(v) == RK_JSON_OBJECT)
            rk->put(c->ps, out, all[i],
                    by_number(c, lg_copy(c, v), rk->at(from, "/ports"), rk->at(out, "/ports")));
    }
}

/* Of what is made anew here nothing is copied. */
static int made_anew(const char *key)
{
    static const char *const all[] = {"name", "command", "args", "env", "ports", "volumeMounts"};
    return rk_among(key, all, RK_COUNT(all));
}

static void put_some(struct lg *c, rk_json *out, const char *key, rk_json *value)
{
    if (value)
        c->rk->put(c->ps, out, key, value);
}

rk_json *lg_shaped(struct lg *c, struct lg_shape *s)
{
    const rk_api *rk = c->rk;
    const rk_json *from = lg_container(c, s->t);
    const char *where = lg_container_place(c, s->t);
    rk_json *out = rk->new_object(c->ps), *before = rk->new_array(c->ps);
    rk->put(c->ps, out, "name", rk->new_str(c->ps, container_name(c, s)));
    for (RK_EACH_MEMBER(rk, m, from))
        if (!made_anew(rk->key(m)) && rk->type(m) != RK_JSON_NULL)
            rk->put(c->ps, out, rk->key(m), lg_copy(c, m));
    if (!s->head || !s->t->group)
        lg_setup(c, s->t, before);
    for (RK_EACH(rk, b, s->start->before))
        rk->push(c->ps, before, lg_copy(c, b));
    if (!s->head)
        before = lg_head_address(c, s->t, s->start, before);
    lg_command_line(c, from, lg_dot(c, where, "command"), before, out);
    put_some(c, out, "env", env(c, rk->at(from, "/env"), s));
    put_some(c, out, "ports", ports(c, rk->at(from, "/ports"), where, s));
    put_some(c, out, "volumeMounts", mounts(c, rk->at(from, "/volumeMounts"), s));
    called_ports(c, from, out);
    explicit_stop(c, out);
    return out;
}
