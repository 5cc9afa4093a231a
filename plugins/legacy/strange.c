/* What stands in a legacy object and in none of its fields: the API server dropped it, and so do we, but not in silence. */
#include "convert.h"

static const char *const top[] = {"apiVersion", "kind", "metadata", "spec", "status"};
static const char *const spec[] = {
    "maxWorkers", "upscalingSpeed",   "idleTimeoutMinutes",   "headPodType",
    "podTypes",   "headServicePorts", "headStartRayCommands", "workerStartRayCommands"};
static const char *const type[] = {"name",         "minWorkers",    "maxWorkers",
                                   "rayResources", "setupCommands", "workerSetupCommands",
                                   "podConfig"};
static const char *const pod[] = {"apiVersion", "kind", "metadata", "spec", "status"};
static const char *const port[] = {"name", "port", "targetPort"};

void lg_strangers(struct lg *c, const rk_json *map, const char *where, const char *const *known,
                  size_t n, const char *text)
{
    for (RK_EACH_MEMBER(c->rk, it, map))
        if (c->rk->type(it) != RK_JSON_NULL && !rk_among(c->rk->key(it), known, n))
            lg_tell(c, 1, lg_dot(c, where, c->rk->key(it)), text);
}

void lg_strange(struct lg *c)
{
    static const char never[] = "is no field of the old CRD: it never took effect; left out";
    const rk_api *rk = c->rk;
    size_t i = 0;
    lg_strangers(c, c->from, "", top, RK_COUNT(top), never);
    lg_strangers(c, rk->at(c->from, "/spec"), "spec", spec, RK_COUNT(spec), never);
    for (RK_EACH(rk, it, rk->at(c->from, "/spec/podTypes"))) {
        const char *at = rk->fmt(c->ps, "spec.podTypes[%zu]", i++);
        lg_strangers(c, it, at, type, RK_COUNT(type), never);
        lg_strangers(c, rk->at(it, "/podConfig"), lg_dot(c, at, "podConfig"), pod, RK_COUNT(pod),
                     never);
    }
    i = 0;
    for (RK_EACH(rk, it, rk->at(c->from, "/spec/headServicePorts")))
        lg_strangers(c, it, rk->fmt(c->ps, "spec.headServicePorts[%zu]", i++), port, RK_COUNT(port),
                     "the old operator's Service had no such field, only TCP: left out");
}
