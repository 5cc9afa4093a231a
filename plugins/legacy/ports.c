/* Ports of the Ray container. The head's Service is made from the names of the head's ports, so these are chosen for it. */
#include "convert.h"

static const struct lg_known *known_number(int64_t number)
{
    for (size_t i = 0; i < LG_KNOWN; i++)
        if (lg_known[i].number == number)
            return &lg_known[i];
    return NULL;
}

static int tcp(struct lg *c, const rk_json *p)
{
    return rk_is(c->rk->str(p, "/protocol", "TCP"), "TCP");
}

/* Is it one of Ray's usual ports, under no name of its own? */
static int usual(struct lg *c, const rk_json *p)
{
    const char *name = c->rk->str(p, "/name", "");
    const struct lg_known *k = known_number(c->rk->num(p, "/containerPort", 0));
    return k && tcp(c, p) && !c->rk->at(p, "/hostPort") && !c->rk->at(p, "/hostIP") &&
           (!name[0] || rk_is(name, k->name) || rk_is(name, k->old));
}

rk_json *lg_worker_ports(struct lg *c, const rk_json *ports)
{
    rk_json *out = c->rk->new_array(c->ps);
    for (RK_EACH(c->rk, p, ports)) {
        if (usual(c, p))
            c->cleaned |= LG_PORTS;
        else
            c->rk->push(c->ps, out, lg_copy(c, p));
    }
    return c->rk->len(out, "") ? out : NULL;
}

/* Nothing but what the operator brings when a head has no ports at all. */
static int all_usual(struct lg *c, const rk_json *ports, const rk_json *service)
{
    for (RK_EACH(c->rk, p, ports))
        if (!usual(c, p))
            return 0;
    for (RK_EACH(c->rk, p, service)) {
        const struct lg_known *k = known_number(c->rk->num(p, "/port", 0));
        if (!k || !rk_is(k->old, c->rk->str(p, "/name", "")) ||
            c->rk->num(p, "/targetPort", 0) != k->number)
            return 0;
    }
    return 1;
}

/* A head's ports while they are put together. */
struct chosen {
    rk_json *ports;   /* of the container */
    rk_json *service; /* what only a Service can say */
    rk_json *wanted;  /* number -> name that the Service has for it */
    rk_json *names;   /* that are taken */
};

static const char *number_key(struct lg *c, int64_t number)
{
    return c->rk->fmt(c->ps, "/%lld", (long long)number);
}

int64_t lg_target(struct lg *c, const rk_json *entry, const rk_json *ports)
{
    const rk_json *v = c->rk->at(entry, "/targetPort");
    const char *name = c->rk->str(v, "", NULL);
    if (!name)
        return c->rk->num(v, "", c->rk->num(entry, "/port", 0));
    for (RK_EACH(c->rk, p, ports))
        if (rk_is(c->rk->str(p, "/name", NULL), name))
            return c->rk->num(p, "/containerPort", 0);
    return 0;
}

/* Of a port of the old Service: can a port of the container say it, or must the new Service? */
static void place(struct lg *c, struct chosen *x, const rk_json *entry, const rk_json *ports)
{
    const rk_api *rk = c->rk;
    const char *name = lg_port_name(rk->str(entry, "/name", ""));
    int64_t port = rk->num(entry, "/port", 0), to = lg_target(c, entry, ports);
    if (port == to && lg_port_label(name, 15)) {
        rk->put(c->ps, x->wanted, number_key(c, port) + 1, rk->new_str(c->ps, name));
    } else {
        rk_json *p = rk->new_object(c->ps);
        rk->put(c->ps, p, "name", rk->new_str(c->ps, name));
        rk->put(c->ps, p, "port", rk->new_num(c->ps, port));
        rk->put(c->ps, p, "targetPort",
                to ? rk->new_num(c->ps, to) : lg_copy(c, rk->at(entry, "/targetPort")));
        rk->push(c->ps, x->service, p);
    }
    rk->put(c->ps, x->names, name, rk->new_bool(c->ps, 1));
}

/* A port of the container, under the name that the Service has for it. */
static void take(struct lg *c, struct chosen *x, const rk_json *own)
{
    const rk_api *rk = c->rk;
    int64_t number = rk->num(own, "/containerPort", 0);
    const char *wanted = tcp(c, own) ? rk->str(x->wanted, number_key(c, number), NULL) : NULL,
               *name = rk->str(own, "/name", "");
    if (wanted && !wanted[0])
        lg_tell(c, 1, "",
                rk->fmt(c->ps, "port %lld stands twice in the head's container: once is left out",
                        (long long)number));
    if (wanted ? !wanted[0] : usual(c, own))
        return; /* there already; or open all the same, and no part of the Service */
    rk_json *p = rk->new_object(c->ps);
    for (RK_EACH_MEMBER(rk, m, own))
        if (!rk_is(rk->key(m), "name"))
            rk->put(c->ps, p, rk->key(m), lg_copy(c, m));
    if (!wanted && name[0] && !rk->at(x->names, rk_under(rk, c->ps, "", name)))
        wanted = name;
    if (wanted)
        rk->put(c->ps, p, "name", rk->new_str(c->ps, wanted));
    rk->push(c->ps, x->ports, p);
    if (tcp(c, own))
        rk->put(c->ps, x->wanted, number_key(c, number) + 1, rk->new_str(c->ps, ""));
}

rk_json *lg_head_ports(struct lg *c, const rk_json *ports, rk_json **ret_service)
{
    const rk_api *rk = c->rk;
    const rk_json *old = lg_service_ports(c);
    struct chosen x = {rk->new_array(c->ps), rk->new_array(c->ps), rk->new_object(c->ps),
                       rk->new_object(c->ps)};
    if (all_usual(c, ports, old)) {
        c->cleaned |= rk->len(ports, "") ? LG_PORTS : 0u;
        return NULL;
    }
    for (RK_EACH(rk, e, old))
        place(c, &x, e, ports);
    if (!rk->at(x.wanted, "/6379") && !rk->at(x.names, "/gcs-server"))
        rk->put(c->ps, x.wanted, "6379", rk->new_str(c->ps, "gcs-server"));
    for (RK_EACH(rk, p, ports))
        take(c, &x, p);
    for (RK_EACH_MEMBER(rk, w, x.wanted)) {
        if (!rk->str(w, "", "")[0])
            continue; /* the container had it */
        rk_json *p = rk->new_object(c->ps);
        const char *key = rk->key(w);
        rk->put(c->ps, p, "containerPort", rk->parse(c->ps, key, strlen(key)));
        rk->put(c->ps, p, "name", lg_copy(c, w));
        rk->push(c->ps, x.ports, p);
    }
    *ret_service = rk->len(x.service, "") ? x.service : NULL;
    return x.ports;
}
