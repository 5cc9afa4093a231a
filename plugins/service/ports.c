/* The ports of the head Service: the user's, then those of the head that are not among them. */
#include <stdlib.h>

#include "service.h"

struct port {
    const char *name;
    int64_t number; /* of a TCP port; -1 = another */
    uint32_t at;    /* place in its list */
};

/* The first of one name stays the first. */
static int by_name(const void *x, const void *y)
{
    const struct port *a = x, *b = y;
    int d = strcmp(a->name, b->name);
    return d ? d : (a->at > b->at) - (a->at < b->at);
}

/* Ports of the head's Ray container or the field's five, by name. metrics always, but where the user
 * has 8080 under another name: the peer doubles it and is refused. */
static struct port *ports(const rk_api *rk, rk_pass *ps, uint32_t *ret_n)
{
    static const struct port usual[] = {{"client", 10001, 0},
                                        {"dashboard", 8265, 0},
                                        {"gcs-server", 6379, 0},
                                        {"metrics", 8080, 0},
                                        {"serve", 8000, 0}};
    const rk_json *own = rk->at(rk->object(ps), RAY_HEAD_SPEC "/template" RAY_C0 "/ports");
    struct port *p = rk->alloc(ps, (rk->len(own, "") + RK_COUNT(usual) + 1) * sizeof(*p));
    uint32_t n = 0;
    int metrics = 0;
    for (RK_EACH(rk, it, own)) {
        int64_t number = rk->num(it, "/containerPort", 0);
        const char *name = rk->str(it, "/name", "");
        p[n] =
            (struct port){name[0] ? name : rk->fmt(ps, "%lld-port", (long long)number), number, n};
        metrics |= rk_is(p[n++].name, "metrics") || number == usual[3].number;
    }
    if (n == 0)
        for (; n < RK_COUNT(usual); n++)
            p[n] = usual[n];
    else if (!metrics)
        p[n++] = usual[3];
    qsort(p, n, sizeof(*p), by_name);
    *ret_n = n;
    return p;
}

/* Ports that the Service has: the user's come first. */
struct taken {
    struct port *p;
    uint32_t n;
};

/* What headService brings, with room for `more`. */
static struct taken users_ports(const rk_api *rk, rk_pass *ps, const rk_json *list, uint32_t more)
{
    struct taken t = {.p = rk->alloc(ps, (rk->len(list, "") + more + 1) * sizeof(*t.p))};
    for (RK_EACH(rk, it, list)) {
        int tcp = rk_is(rk->str(it, "/protocol", "TCP"), "TCP");
        t.p[t.n] = (struct port){rk->str(it, "/name", ""), tcp ? rk->num(it, "/port", 0) : -1, t.n};
        t.n++;
    }
    return t;
}

static int has_port(const struct taken *t, const struct port *p)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (t->p[i].number == p->number || rk_is(t->p[i].name, p->name))
            return 1;
    return 0;
}

int32_t service_ports(const rk_api *rk, rk_pass *ps, rk_obj *svc)
{
    uint32_t n;
    const struct port *p = ports(rk, ps, &n);
    struct taken t = users_ports(rk, ps, rk->at(rk->tree(svc), "/spec/ports"), n);
    for (uint32_t i = 0; i < n; i++) {
        if (has_port(&t, &p[i]))
            continue;
        t.p[t.n++] = p[i];
        rk_json *it = rk->new_object(ps);
        rk->put(ps, it, "name", rk->new_str(ps, p[i].name));
        rk->put(ps, it, "port", rk->new_num(ps, p[i].number));
        rk->put(ps, it, "appProtocol", rk->new_str(ps, "tcp"));
        RK_TRY(rk->append(svc, "/spec/ports", it));
    }
    return RK_OK;
}
