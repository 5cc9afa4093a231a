/* Counts that an old definition (CRD) of RayCluster dropped.
 *
 * The definition gives numOfHosts, replicas and minReplicas a default, so one that is absent tells that the API server does not know the field, and
 * not that the user wants one host or no worker. Read so, workers went that nobody wanted gone. What is absent is taken to be as the pods have it. */
#include "worker.h"

/* The largest slices have some thousand hosts; a label that says more was not written by us. */
#define HOSTS_MAX 10000

static int is_absent(const rk_api *rk, const rk_json *group, const char *path)
{
    return rk->type(rk->at(group, path)) == RK_JSON_ABSENT;
}

/* How many workers a group has that live and are to stay, and hosts a replica; 0 of none. A dead one that counted would bring a successor in every pass
 * until it is gone. */
static void count(const rk_api *rk, rk_pass *ps, const struct pods *all, const rk_json *group,
                  int64_t *ret_pods, int64_t *ret_hosts)
{
    const struct pods p = worker_of_group(rk, ps, all, group);
    *ret_pods = *ret_hosts = 0;
    for (size_t i = 0; i < p.n; i++) {
        if (p.pod[i].why)
            continue;
        int64_t host = worker_number(rk, ps, p.pod[i].json, RAY_L_HOST);
        (*ret_pods)++;
        if (host < HOSTS_MAX && host + 1 > *ret_hosts)
            *ret_hosts = host + 1;
    }
}

static int32_t restore(const rk_api *rk, rk_pass *ps, const struct pods *all, const rk_json *group,
                       size_t at)
{
    static const char list[] = "/spec/workerGroupSpecs";
    int64_t pods, hosts;
    count(rk, ps, all, group, &pods, &hosts);
    if (!is_absent(rk, group, "/numOfHosts"))
        hosts = ray_hosts(rk, group);
    else if (hosts > 1)
        RK_TRY(rk->set(rk->subject(ps), rk->fmt(ps, "%s/%zu/numOfHosts", list, at),
                       rk->new_num(ps, hosts)));
    hosts = hosts > 0 ? hosts : 1;
    if (pods > 0 && is_absent(rk, group, "/replicas") && is_absent(rk, group, "/minReplicas"))
        RK_TRY(rk->set(rk->subject(ps), rk->fmt(ps, "%s/%zu/replicas", list, at),
                       rk->new_num(ps, (pods + hosts - 1) / hosts)));
    return RK_OK;
}

int32_t worker_default(const rk_api *rk, rk_pass *ps, void *self)
{
    size_t i = 0, lost = 0;
    (void)self;
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        lost += is_absent(rk, g, "/numOfHosts") || is_absent(rk, g, "/minReplicas");
    if (lost == 0)
        return RK_OK; /* as it nearly always is */
    const struct pods all = worker_collect(rk, ps);
    for (RK_EACH(rk, g, rk->at(rk->object(ps), "/spec/workerGroupSpecs")))
        RK_TRY(restore(rk, ps, &all, g, i++));
    return RK_OK;
}
