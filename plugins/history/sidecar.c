/* The collector's container, and what the Ray container needs for it (reference 4.12, 4.3 step 4,
 * 4.6 item 15). */
#include "history.h"

#define SIDECAR "/spec/containers/[" HISTORY_NAME "]"

static void put_env(const rk_api *rk, rk_pass *ps, rk_json *list, const char *name,
                    const char *value)
{
    rk->push(ps, list, rk_env_value(rk, ps, name, value));
}

static rk_json *env(const rk_api *rk, rk_pass *ps, const struct history *me)
{
    const char *fqdn = rk->str(rk->tree(rk->start(ps)), RAY_START_FQDN, NULL);
    const rk_json *labels = rk->at(rk->object(ps), "/metadata/labels");
    const char *kind = rk->str(labels, rk_under(rk, ps, "", RAY_L_ORIGIN), ""),
               *owner = rk->str(labels, rk_under(rk, ps, "", RAY_L_ORIGIN_NAME), "");
    int head = rk_is(rk->role(ps), "head");
    rk_json *list = rk->new_array(ps);
    rk->push(ps, list, rk_env_from_field(rk, ps, "POD_IP", "status.podIP"));
    put_env(rk, ps, list, "RAY_CLUSTER_NAME", rk->name(ps));
    put_env(rk, ps, list, "RAY_CLUSTER_NAMESPACE", rk->ns(ps));
    put_env(rk, ps, list, "RAY_ROLE", head ? "Head" : "Worker");
    put_env(rk, ps, list, "EVENTS_PORT", rk->fmt(ps, "%lld", (long long)me->port));
    if (fqdn)
        put_env(rk, ps, list, "FQ_RAY_IP", fqdn);
    if (kind[0] && owner[0]) {
        put_env(rk, ps, list, "OWNER_KIND", kind);
        put_env(rk, ps, list, "OWNER_NAME", owner);
    }
    if (head && !rk->at(rk->object(ps), HISTORY_COLLECTOR "/env/[RAY_DASHBOARD_ADDRESS]"))
        put_env(rk, ps, list, "RAY_DASHBOARD_ADDRESS", me->dashboard);
    for (RK_EACH(rk, e, rk->at(rk->object(ps), HISTORY_COLLECTOR "/env")))
        rk->push(ps, list, rk->copy(ps, e));
    return list;
}

int32_t history_sidecar(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct history *me = self;
    const rk_json *o = rk->at(rk->object(ps), HISTORY_COLLECTOR),
                  *resources = rk->at(o, "/resources");
    const char *image = rk->str(o, "/image", ""), *policy = rk->str(o, "/imagePullPolicy", "");
    if (!history_wanted(rk, ps))
        return RK_OK;
    rk_json *c = rk->new_object(ps);
    rk->put(ps, c, "name", rk->new_str(ps, HISTORY_NAME));
    rk->put(ps, c, "image", rk->new_str(ps, image[0] ? image : me->image));
    rk->put(ps, c, "imagePullPolicy", rk->new_str(ps, policy[0] ? policy : me->pull_policy));
    rk->put(ps, c, "env", env(rk, ps, me));
    if (rk->type(resources) == RK_JSON_OBJECT) {
        rk->put(ps, c, "resources", rk->copy(ps, resources));
    } else {
        rk_json *ours = rk->new_object(ps);
        rk->put(ps, ours, "limits", ray_amounts(rk, ps, me->cpu_limit, me->memory_limit));
        rk->put(ps, ours, "requests", ray_amounts(rk, ps, me->cpu, me->memory));
        rk->put(ps, c, "resources", ours);
    }
    return rk->append(rk->subject(ps), "/spec/containers", c);
}

int32_t history_logs(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct history *me = self;
    return history_wanted(rk, ps) ? ray_share_logs(rk, ps, SIDECAR, me->folder) : RK_OK;
}

int32_t history_env(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char *const lists[] = {
        "RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES",
        "RAY_DASHBOARD_AGGREGATOR_AGENT_PUBLISHER_HTTP_ENDPOINT_EXPOSABLE_EVENT_TYPES"};
    const struct history *me = self;
    rk_obj *pod = rk->subject(ps);
    if (!history_wanted(rk, ps))
        return RK_OK;
    char *types = rk->alloc(ps, strlen(me->events) + 1);
    for (size_t i = 0; me->events[i]; i++)
        types[i] = (char)(me->events[i] == '\n' ? ',' : me->events[i]);
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_enable_ray_event", "true"));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_enable_core_worker_ray_event_to_aggregator",
                        "true"));
    RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, "RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR",
                        rk->fmt(ps, "http://localhost:%lld/v1/events", (long long)me->port)));
    for (size_t i = 0; i < RK_COUNT(lists); i++)
        RK_TRY(rk_env_offer(rk, ps, pod, RAY_C0, lists[i], types));
    return RK_OK;
}
