/* Types of the fields of options that the spec has beside its groups. */
#include "raycluster.h"

#define AUTOSCALER "/spec/autoscalerOptions"

static const struct rule autoscaler_rules[] = {
    {"", RK_JSON_OBJECT, 0},
    {"/version", RK_JSON_STRING, 0},
    {"/upscalingMode", RK_JSON_STRING, 0},
    {"/idleTimeoutSeconds", RK_JSON_NUMBER, 0},
    {"/image", RK_JSON_STRING, 0},
    {"/imagePullPolicy", RK_JSON_STRING, 0},
    {"/securityContext", RK_JSON_OBJECT, 0},
    {"/resources", RK_JSON_OBJECT, 0},
    {"/resources/limits", RK_JSON_OBJECT, 0},
    {"/resources/requests", RK_JSON_OBJECT, 0},
    {"/env", RK_JSON_ARRAY, 0},
    {"/env/*", RK_JSON_OBJECT, 1},
    {"/env/*/name", RK_JSON_STRING, 1},
    {"/env/*/value", RK_JSON_STRING, 0},
    {"/envFrom", RK_JSON_ARRAY, 0},
    {"/envFrom/*", RK_JSON_OBJECT, 1},
    {"/volumeMounts", RK_JSON_ARRAY, 0},
    {"/volumeMounts/*", RK_JSON_OBJECT, 1},
    {"/volumeMounts/*/name", RK_JSON_STRING, 1},
    {"/volumeMounts/*/mountPath", RK_JSON_STRING, 1},
    {"/command", RK_JSON_ARRAY, 0},
    {"/command/*", RK_JSON_STRING, 1},
    {"/args", RK_JSON_ARRAY, 0},
    {"/args/*", RK_JSON_STRING, 1},
};

void raycluster_option_types(const rk_api *rk, rk_pass *ps)
{
    raycluster_rules(rk, ps, AUTOSCALER, autoscaler_rules, RK_COUNT(autoscaler_rules));
    raycluster_quantities(rk, ps, AUTOSCALER "/resources/limits");
    raycluster_quantities(rk, ps, AUTOSCALER "/resources/requests");
}
