/* Merge keys: which field names an entry of which list (Kubernetes API conventions, patchMergeKey and listMapKeys). What is
 * not in the table is atomic: tolerations, command, args and the like have no entries that could be named. */
#include "core/json/path_room.h"

#include <string.h>

static const struct rk__merge_rule rules[] = {
    {.words = {"env"}, .key = "name"},
    {.words = {"containers"}, .key = "name"},
    {.words = {"volumeMounts"}, .key = "mountPath"},
    {.words = {"volumes"}, .key = "name"},
    {.words = {"initContainers"}, .key = "name"},
    {.words = {"ephemeralContainers"}, .key = "name"},
    {.words = {"imagePullSecrets"}, .key = "name"},
    {.words = {"ports", "*", "containers"}, .key = "containerPort", .port = true},
    {.words = {"ports", "*", "initContainers"}, .key = "containerPort", .port = true},
    {.words = {"ports", "*", "ephemeralContainers"}, .key = "containerPort", .port = true},
    {.kind = "Service", .words = {"ports", "spec"}, .whole = true, .key = "port", .port = true},
    /* A Service inside another object. Of other kinds' own /spec/ports nothing is known. */
    {.words = {"ports", "spec", "*"}, .key = "port", .port = true},
    {.words = {"ownerReferences"}, .key = "uid"},
    {.words = {"conditions"}, .key = "type"},
    {.words = {"hostAliases"}, .key = "ip"},
    {.words = {"topologySpreadConstraints"}, .key = "topologyKey"},
    {.words = {"volumeDevices"}, .key = "devicePath"},
    {.words = {"resourceClaims"}, .key = "name"},
};

static bool matches(const struct rk__merge_rule *rule, const char *kind,
                    const struct rk_path_token *tok, size_t n)
{
    if (rule->kind && kind && strcmp(rule->kind, kind) != 0)
        return false;
    size_t i = 0;
    for (; i < 3 && rule->words[i]; i++) {
        if (i >= n)
            return false;
        const char *word = rule->words[i];
        const struct rk_path_token *t = &tok[n - 1 - i];
        if (strcmp(word, "*") != 0 && (t->kind != RK_PATH_KEY || strcmp(word, t->text) != 0))
            return false;
    }
    return !rule->whole || i == n;
}

const struct rk__merge_rule *rk__merge_rule(const char *kind, const struct rk_path_token *tok,
                                            size_t n)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (matches(&rules[i], kind, tok, n))
            return &rules[i];
    return NULL;
}

static const char *const protocols[] = {"TCP", "UDP", "SCTP"};

/* Digits without a leading zero, 1..65535; *ret_end behind them. 0 = none. */
static unsigned port_of(const char *s, const char **ret_end)
{
    unsigned port = 0;
    if (*s == '0')
        return 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        port = port * 10 + (unsigned)(*s - '0');
        if (port > 65535)
            return 0;
    }
    *ret_end = s;
    return port;
}

static const char *port_name(unsigned port, const char *protocol, char scratch[RK__MERGE_NAME])
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        if (strcmp(protocol, protocols[i]) != 0)
            continue;
        struct rk_buf b;
        rk_buf_init(&b, RK__MERGE_NAME - 1);
        (void)rk_buf_addf(&b, i == 0 ? "%u" : "%u/%s", port,
                          protocol); /* eleven characters at most */
        (void)rk_str_copy(scratch, RK__MERGE_NAME, rk_buf_text(&b));
        rk_buf_done(&b);
        return scratch;
    }
    return NULL;
}

const char *rk__merge_name(const struct rk__merge_rule *rule, const cJSON *entry,
                           char scratch[RK__MERGE_NAME])
{
    const cJSON *field = rk_json_get(entry, rule->key);
    if (!rule->port) {
        const char *name = rk_json_str(field, "");
        size_t n = strnlen(name, RK__MERGE_NAME);
        return n > 0 && n < RK__MERGE_NAME ? name : NULL;
    }
    int64_t port;
    if (!rk_json_int64(field, &port) || port < 1 || port > 65535)
        return NULL;
    const cJSON *protocol = rk_json_get(entry, "protocol");
    if (protocol && !rk_json_is_null(protocol) && !rk_json_is_string(protocol))
        return NULL;
    const char *text = rk_json_str(protocol, "");
    return port_name((unsigned)port, *text ? text : "TCP", scratch);
}

const char *rk__merge_spell(const struct rk__merge_rule *rule, const char *x,
                            char scratch[RK__MERGE_NAME])
{
    if (!rule->port)
        return *x ? x : NULL;
    const char *end = x;
    unsigned port = port_of(x, &end);
    if (port == 0 || (*end != '\0' && *end != '/'))
        return NULL;
    return port_name(port, *end == '/' ? end + 1 : "TCP", scratch);
}

cJSON *rk__merge_find(const struct rk__merge_rule *rule, const cJSON *list, const char *x)
{
    char wanted_text[RK__MERGE_NAME];
    char name_text[RK__MERGE_NAME];
    const char *wanted = rk__merge_spell(rule, x, wanted_text);
    if (!wanted || !rk_json_is_array(list))
        return NULL;
    for (cJSON *c = list->child; c; c = c->next) {
        const char *name = rk__merge_name(rule, c, name_text);
        if (name && strcmp(name, wanted) == 0)
            return c;
    }
    return NULL;
}

void rk__merge_fill(struct rk_arena *a, const struct rk__merge_rule *rule, cJSON *entry,
                    const char *x)
{
    if (!rule->port) {
        rk_json_set(a, entry, rule->key, rk_json_string(a, x));
        return;
    }
    const char *end = x;
    rk_json_set(a, entry, rule->key, rk_json_int(a, port_of(x, &end)));
    rk_json_set(a, entry, "protocol", rk_json_string(a, *end == '/' ? end + 1 : "TCP"));
}
