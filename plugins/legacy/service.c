/* Ports of the old operator's Service: three of its own, changed and added to by name. */
#include "convert.h"

const struct lg_known lg_known[LG_KNOWN] = {{6379, "gcs-server", NULL},
                                            {10001, "client", "client"},
                                            {8265, "dashboard", "dashboard"},
                                            {8000, "serve", "ray-serve"}};

/* The name that KubeRay has for what the old Service called so. */
const char *lg_port_name(const char *old)
{
    return rk_is(old, "ray-serve") ? "serve" : old;
}

static rk_json *entry(struct lg *c, const char *name, int64_t number)
{
    rk_json *p = c->rk->new_object(c->ps);
    c->rk->put(c->ps, p, "name", c->rk->new_str(c->ps, name));
    c->rk->put(c->ps, p, "port", c->rk->new_num(c->ps, number));
    return p;
}

static int64_t port_number(struct lg *c, const rk_json *v, const char *where)
{
    int64_t n = c->rk->num(v, "", 0);
    if (n < 1 || n > 65535)
        lg_bad(c, where, "is not the number of a port, 1 to 65535");
    return n;
}

int lg_port_label(const char *s, size_t max)
{
    size_t n = strlen(s);
    int letter = 0;
    for (size_t i = 0; i < n; i++) {
        int az = s[i] >= 'a' && s[i] <= 'z', dash = s[i] == '-';
        letter |= az;
        if ((!az && !dash && (s[i] < '0' || s[i] > '9')) ||
            (dash && (i == 0 || i + 1 == n || (max == 15 && s[i + 1] == '-'))))
            return 0;
    }
    return n > 0 && n <= max && (letter || max > 15);
}

static void own_port(struct lg *c, const rk_json *p, const char *where, rk_json *by_name)
{
    const rk_api *rk = c->rk;
    const char *name = rk->str(p, "/name", "");
    const rk_json *target = rk->at(p, "/targetPort");
    rk_json *out = entry(c, name, port_number(c, rk->at(p, "/port"), lg_dot(c, where, "port")));
    if (!lg_port_label(name, 63))
        lg_bad(c, lg_dot(c, where, "name"), "is no name of a Service's port");
    if (rk->type(target) == RK_JSON_NUMBER)
        (void)port_number(c, target, lg_dot(c, where, "targetPort")); /* told there */
    else if (!lg_port_label(lg_port_name(rk->str(target, "", "")), 15))
        lg_bad(c, lg_dot(c, where, "targetPort"), "is neither a number nor the name of a port");
    if (target)
        rk->put(c->ps, out, "targetPort", rk->copy(c->ps, target));
    rk->put(c->ps, by_name, name, out);
}

rk_json *lg_service_ports(struct lg *c)
{
    const rk_api *rk = c->rk;
    rk_json *by_name = rk->new_object(c->ps), *list = rk->new_array(c->ps);
    size_t k = 0;
    for (size_t i = 0; i < LG_KNOWN; i++)
        if (lg_known[i].old) {
            rk_json *p = entry(c, lg_known[i].old, lg_known[i].number);
            rk->put(c->ps, p, "targetPort", rk->new_num(c->ps, lg_known[i].number));
            rk->put(c->ps, by_name, lg_known[i].old, p);
        }
    for (RK_EACH(rk, p, rk->at(c->from, "/spec/headServicePorts")))
        own_port(c, p, rk->fmt(c->ps, "spec.headServicePorts[%zu]", k++), by_name);
    for (RK_EACH_MEMBER(rk, p, by_name)) {
        for (RK_EACH(rk, other, list))
            if (rk->num(other, "/port", 0) == rk->num(p, "/port", -1))
                lg_bad(c, "spec.headServicePorts",
                       rk->fmt(c->ps, "'%s' and '%s' are both port %lld", rk->key(p),
                               rk->str(other, "/name", ""), (long long)rk->num(p, "/port", 0)));
        rk->push(c->ps, list, rk->copy(c->ps, p));
    }
    return list;
}
