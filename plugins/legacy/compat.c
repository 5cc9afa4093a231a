/* The Service of the old operator's name over the new head: clients that were given that name go on. */
#include "convert.h"

static const rk_json *head_ports(struct lg *c)
{
    const rk_api *rk = c->rk;
    const char *head = rk->str(c->from, "/spec/headPodType", "");
    for (RK_EACH(rk, it, rk->at(c->from, "/spec/podTypes"))) {
        const struct lg_type t = {.is = it};
        if (rk_is(rk->str(it, "/name", NULL), head))
            return rk->at(lg_container(c, &t), "/ports");
    }
    return NULL;
}

/* `cluster`: the new one's name, which another name may have been chosen for. */
rk_json *lg_compat(const rk_api *rk, rk_pass *ps, const rk_json *legacy, const char *cluster)
{
    static const struct lg_how how;
    struct lg_notes notes = lg_notes_new(rk, ps);
    struct lg c = {.rk = rk, .ps = ps, .how = &how, .n = &notes, .from = legacy};
    const char *name = rk->str(legacy, "/metadata/name", ""),
               *ns = rk->str(legacy, "/metadata/namespace", "");
    rk_json *out = rk->new_object(ps), *meta = rk->new_object(ps), *spec = rk->new_object(ps),
            *selector = rk->new_object(ps), *ports = rk->new_array(ps);
    rk->put(ps, out, "apiVersion", rk->new_str(ps, "v1"));
    rk->put(ps, out, "kind", rk->new_str(ps, "Service"));
    rk->put(ps, meta, "name", rk->new_str(ps, rk->fmt(ps, "%s-ray-head", name)));
    if (ns[0])
        rk->put(ps, meta, "namespace", rk->new_str(ps, ns));
    rk->put(ps, out, "metadata", meta);
    rk->put(ps, selector, RAY_L_CLUSTER, rk->new_str(ps, cluster));
    rk->put(ps, selector, RAY_L_TYPE, rk->new_str(ps, "head"));
    rk->put(ps, spec, "type", rk->new_str(ps, "ClusterIP"));
    rk->put(ps, spec, "selector", selector);
    for (RK_EACH(rk, p, lg_service_ports(&c))) {
        const rk_json *target = rk->at(p, "/targetPort");
        rk_json *port = rk->copy(ps, p);
        int64_t to = lg_target(&c, p, head_ports(&c)); /* names of ports may be others now */
        if (to)
            rk->put(ps, port, "targetPort", rk->new_num(ps, to));
        else
            rk->put(ps, port, "targetPort", rk->new_str(ps, lg_port_name(rk->str(target, "", ""))));
        rk->push(ps, ports, port);
    }
    rk->put(ps, spec, "ports", ports);
    rk->put(ps, out, "spec", spec);
    return out;
}

rk_json *lg_compat_service(const rk_api *rk, rk_pass *ps, const rk_json *legacy)
{
    return lg_compat(rk, ps, legacy, rk->str(legacy, "/metadata/name", ""));
}
