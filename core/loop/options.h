/* Option tables of the INI sections that belong to the loop: [operator] [leader-election] [api] [health] [metrics] [debug] [breaker] [crds]. */
#ifndef RK_LOOP_OPTIONS_H
#define RK_LOOP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/conf/conf.h"
#include "core/plug/plug.h"

struct rk_options {
    struct {
        const char *watch; /* namespaces, one per line; "" = all */
        const char *kubeconfig, *context;
        const char *log_level, *log_format;
        const char *decisions; /* "off", "log", or a file */
        int64_t sweep_ms;
    } op;
    struct {
        bool enabled, force_adopt;
        const char *ns, *lease_name, *identity;
        int64_t lease_ms, renew_ms, retry_ms;
    } le;
    struct {
        int64_t qps, burst, window_min, window_max, connect_ms, request_ms;
        bool http2;
    } api;
    struct {
        const char *address;
    } health, metrics;
    struct {
        const char *socket; /* a path; "" = none */
    } debug;
    struct {
        bool enabled;
        int64_t window_ms, percent, floor;
    } breaker;
    struct {
        const char *path;
        int64_t look_ms;
    } crds;
    struct rk_plug_conf plugins;
};

/* Bind every section above (and [plugins]) of conf to *o. Problems are collected in conf. */
void rk_options_bind(struct rk_conf *conf, struct rk_options *o);

#endif
