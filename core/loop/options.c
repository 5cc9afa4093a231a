/* The tables: parser, defaults, help and documentation of what the loop can be told. */
#include "core/loop/options.h"

#include <stddef.h>
#include <string.h>

#include "core/base/str.h"
#include "core/loop/local.h"

#define AT(section, field) (uint32_t) offsetof(struct rk_options, section.field)

static const struct rk_opt_def operator_opts[] = {
    {"watch", "", "namespaces to serve, comma separated; empty: all", NULL, RK_OPT_LIST,
     AT(op, watch), 0, 0},
    {"kubeconfig", "", "file; empty: $KUBECONFIG, the pod's service account, ~/.kube/config", NULL,
     RK_OPT_STR, AT(op, kubeconfig), 0, 0},
    {"context", "", "kubeconfig context; empty: its current one", NULL, RK_OPT_STR, AT(op, context),
     0, 0},
    {"log-level", "info", "least level that is written", "debug|info|warn|error", RK_OPT_ENUM,
     AT(op, log_level), 0, 0},
    {"log-format", "json", "one JSON object a line, or text for people", "json|text", RK_OPT_ENUM,
     AT(op, log_format), 0, 0},
    {"log-decisions", "off",
     "a line for each create, delete and patch, with its reason, and for what is held or skipped: off, "
     "log (among the other lines), or a file (JSON, appended to; rotate it with copytruncate)",
     NULL, RK_OPT_STR, AT(op, decisions), 0, 0},
    {"sweep", "30m", "every object is looked at again after this time, +-10 %", NULL,
     RK_OPT_DURATION, AT(op, sweep_ms), 60000, 86400000},
};

static const struct rk_opt_def election_opts[] = {
    {"enabled", "true", "hold a Lease while working; false only where nobody else can run", NULL,
     RK_OPT_BOOL, AT(le, enabled), 0, 0},
    {"namespace", "", "of the Lease; empty: our own, or `default` outside a cluster", NULL,
     RK_OPT_STR, AT(le, ns), 0, 0},
    /* The name is the peer's, so that the two exclude each other (client.md 49); it is set here and not in core's code. */
    {"lease-name", RK_DEFAULT_LEASE, "name of the Lease", NULL, RK_OPT_STR, AT(le, lease_name), 0,
     0},
    {"identity", "", "our name in the Lease; empty: <host>_<random>", NULL, RK_OPT_STR,
     AT(le, identity), 0, 0},
    {"lease", "15s", "how long others wait after our last renewal", NULL, RK_OPT_DURATION,
     AT(le, lease_ms), 1000, 600000},
    {"renew", "10s", "we stop writing this long after our last renewal", NULL, RK_OPT_DURATION,
     AT(le, renew_ms), 500, 600000},
    {"retry", "2s", "time between tries", NULL, RK_OPT_DURATION, AT(le, retry_ms), 100, 60000},
    {"force-adopt", "false",
     "write also while an operator lives that holds a Lease of this name in another namespace",
     NULL, RK_OPT_BOOL, AT(le, force_adopt), 0, 0},
};

static const struct rk_opt_def api_opts[] = {
    {"qps", "0", "ceiling of requests per second; 0: the API server's own limits decide", NULL,
     RK_OPT_INT, AT(api, qps), 0, 100000},
    {"burst", "0", "requests that may exceed qps at once; 0: twice qps", NULL, RK_OPT_INT,
     AT(api, burst), 0, 100000},
    {"window-min", "16", "requests in flight when the server is slow", NULL, RK_OPT_INT,
     AT(api, window_min), 1, 1000},
    {"window-max", "64", "requests in flight when the server is quick", NULL, RK_OPT_INT,
     AT(api, window_max), 1, 1000},
    {"connect-timeout", "5s", "to open a connection", NULL, RK_OPT_DURATION, AT(api, connect_ms),
     100, 60000},
    {"request-timeout", "30s", "of one request, watches and long lists excepted", NULL,
     RK_OPT_DURATION, AT(api, request_ms), 1000, 60000},
    {"http2", "false", "use HTTP/2 where libcurl is at least 8.4", NULL, RK_OPT_BOOL,
     AT(api, http2), 0, 0},
};

static const struct rk_opt_def health_opts[] = {
    {"address", "0.0.0.0:8082",
     "of /healthz and /readyz; port 0: one the system chooses, logged; empty: none", NULL,
     RK_OPT_STR, AT(health, address), 0, 0},
};

static const struct rk_opt_def metrics_opts[] = {
    {"address", "0.0.0.0:8080",
     "of /metrics, for Prometheus; port 0: one the system chooses, logged; empty: none", NULL,
     RK_OPT_STR, AT(metrics, address), 0, 0},
};

static const struct rk_opt_def debug_opts[] = {
    {"socket", "/run/raykeeper/state.sock",
     "Unix socket of /debug/state, which `raykeeper status` reads, for our own user and root; a "
     "directory that is not there is warned of; empty: none",
     NULL, RK_OPT_STR, AT(debug, socket), 0, 0},
};

static const struct rk_opt_def breaker_opts[] = {
    {"enabled", "true", "hold unexpected mass deletions of pods", NULL, RK_OPT_BOOL,
     AT(breaker, enabled), 0, 0},
    {"window", "2m", "counted over this time, and while we lead for less than it", NULL,
     RK_OPT_DURATION, AT(breaker, window_ms), 1000, 3600000},
    {"percent", "20", "share of the known pods that may go without a user's edit", NULL, RK_OPT_INT,
     AT(breaker, percent), 0, 100},
    {"floor", "20", "this many may always go", NULL, RK_OPT_INT, AT(breaker, floor), 0, 100000},
};

static const struct rk_opt_def crds_opts[] = {
    {"path", "",
     "folder of the definitions (CRDs) that this version brings; empty: share/raykeeper/crd beside the program",
     NULL, RK_OPT_STR, AT(crds, path), 0, 0},
    {"look", "10m",
     "how often the API server is asked whether its definitions have all fields that are needed; 0: never",
     NULL, RK_OPT_DURATION, AT(crds, look_ms), 0, 86400000},
};

/* What the API server takes for the name of a namespace: RFC 1123. */
static bool is_namespace(struct rk_span s)
{
    bool good = s.n >= 1 && s.n <= 63 && s.p[0] != '-' && s.p[s.n - 1] != '-';
    for (size_t i = 0; good && i < s.n; i++)
        good =
            (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-';
    return good;
}

static bool named_before(const char *list, struct rk_span name)
{
    struct rk_span rest = rk_span_of(list), other;
    while (rk_span_next(&rest, '\n', &other) && other.p != name.p)
        if (rk_span_eq(other, name))
            return true;
    return false;
}

/* A namespace that is named twice is a slip of the pen for another one, which nobody would serve. */
static void check_namespaces(struct rk_conf *conf, const struct rk_options *o)
{
    struct rk_span rest = rk_span_of(o->op.watch), ns;
    while (rk_span_next(&rest, '\n', &ns)) {
        if (!is_namespace(ns))
            rk_conf_reject(conf, "operator", "watch", "'%.*s' cannot be the name of a namespace",
                           (int)ns.n, ns.p);
        else if (named_before(o->op.watch, ns))
            rk_conf_reject(conf, "operator", "watch", "'%.*s' stands there twice", (int)ns.n, ns.p);
    }
}

#define BIND(name, table) rk_conf_bind(conf, name, table, sizeof(table) / sizeof(table[0]), o)

void rk_options_bind(struct rk_conf *conf, struct rk_options *o)
{
    BIND("operator", operator_opts);
    BIND("leader-election", election_opts);
    BIND("api", api_opts);
    BIND("health", health_opts);
    BIND("metrics", metrics_opts);
    BIND("debug", debug_opts);
    BIND("breaker", breaker_opts);
    BIND("crds", crds_opts);
    rk_conf_bind(conf, "plugins", rk_plug_opts, rk_plug_n_opts, &o->plugins);
    check_namespaces(conf, o);
    if (strcmp(o->op.decisions, "off") != 0 && strcmp(o->op.decisions, "log") != 0 &&
        !strchr(o->op.decisions, '/'))
        rk_conf_reject(conf, "operator", "log-decisions",
                       "'%s' is neither off nor log nor a path with a slash", o->op.decisions);
    if (strlen(o->debug.socket) > RK_LOCAL_PATH_MAX)
        rk_conf_reject(conf, "debug", "socket", "a socket's path has at most %d bytes",
                       RK_LOCAL_PATH_MAX);
}
