/* A cluster, asked one request at a time. */
#include "core/cmd/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/str.h"

#define GRACE_MS   5000 /* beyond the client's own limit, which tells more */
#define ANSWER_MAX (16u << 20)

static const char *opt(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* As rk_creds_load chooses. */
static const char *whence(struct rk_arena *a, const char *kubeconfig)
{
    const char *list = getenv("KUBECONFIG"), *pod = getenv("KUBERNETES_SERVICE_HOST");
    if (kubeconfig)
        return rk_arena_fmt(a, "kubeconfig %s", kubeconfig);
    if (list && list[0])
        return rk_arena_fmt(a, "$KUBECONFIG %s", list);
    return pod && pod[0] ? "the pod's service account" : "kubeconfig ~/.kube/config";
}

int rk_live_open(const struct rk_setup *s, const char *agent, struct rk_arena *a,
                 struct rk_live *ret, struct rk_err *err)
{
    const char *kubeconfig = opt(s->o.op.kubeconfig);
    struct rk_live l = {.bound_ms = s->o.api.request_ms + GRACE_MS,
                        .whence = whence(a, kubeconfig)};
    int r = rk_creds_load(kubeconfig, opt(s->o.op.context), &l.creds, err);
    if (r != 0)
        return r;
    const struct rk_client_conf cc = {.user_agent =
                                          rk_arena_fmt(a, "raykeeper/" RK_VERSION " (%s)", agent),
                                      .connect_ms = s->o.api.connect_ms,
                                      .request_ms = s->o.api.request_ms};
    l.poll = rk_poll_new(err);
    if (l.poll)
        l.client = rk_client_new(l.poll, l.creds, &cc, err);
    if (!l.client) {
        r = err->code;
        rk_live_close(&l);
        return r;
    }
    l.server = l.creds->server;
    if (rk_str_copy(l.ns, sizeof l.ns, opt(l.creds->ns) ? l.creds->ns : "default") != 0) {
        rk_live_close(&l);
        return rk_err_set(err, RK_E_INVAL, "the context's namespace is no name");
    }
    *ret = l;
    return 0;
}

void rk_live_close(struct rk_live *l)
{
    rk_client_free(l->client);
    rk_poll_free(l->poll);
    rk_creds_free(l->creds);
    *l = (struct rk_live){0};
}

void rk_live_answer_init(struct rk_live_answer *w)
{
    *w = (struct rk_live_answer){.code = RK_E_BUSY}; /* until it is there */
    rk_buf_init(&w->body, ANSWER_MAX);
}

void rk_live_done(void *answer, const struct rk_resp *resp)
{
    struct rk_live_answer *w = answer;
    w->http = resp->http;
    w->code = resp->code;
    w->done = true;
    (void)rk_str_copy(w->message, sizeof w->message, resp->message); /* same size */
    if (resp->code == 0)
        (void)rk_buf_add(&w->body, resp->body.p, resp->body.n); /* as large as an answer may be */
}

int rk_live_wait(struct rk_live *l, rk_call *call, struct rk_live_answer *w, struct rk_err *err)
{
    int64_t end = rk_clock_ms() + l->bound_ms;
    while (!w->done && rk_clock_ms() < end)
        if (rk_poll_turn(l->poll, 100, err) != 0)
            return err->code;
    if (w->done)
        return 0;
    rk_client_cancel(l->client, call);
    return rk_err_set(err, RK_E_IO, "no answer within %lld s", (long long)(l->bound_ms / 1000));
}

static void never(void *ctx)
{
    (void)ctx;
}

/* The loop's own timer wakes it; nothing else has to happen meanwhile. */
int rk_live_rest(struct rk_live *l, int64_t ms, struct rk_err *err)
{
    struct rk_timer timer = {0};
    int r = 0;
    rk_timer_in(l->poll, &timer, ms, never, NULL);
    while (r == 0 && rk_timer_active(&timer))
        r = rk_poll_turn(l->poll, ms, err);
    rk_timer_del(l->poll, &timer);
    return r;
}

/* ---- one object ---- */

const char *rk_live_api_version(struct rk_arena *a, const char *gvk)
{
    const char *slash = strrchr(gvk, '/'); /* a gvk has one: it was checked when it came */
    return rk_arena_strndup(a, gvk, (size_t)(slash - gvk));
}

static const char *what(struct rk_arena *a, const struct rk_live_answer *w, const char *ns)
{
    switch (w->code) {
    case RK_E_NOENT:
        return rk_arena_fmt(a, "not found in namespace %s: %s", ns, w->message);
    case RK_E_AUTH:
        return rk_arena_fmt(a, "%s: %s", w->http == 403 ? "forbidden" : "not authorized",
                            w->message);
    case RK_E_IO:
    case RK_E_BUSY:
        return rk_arena_fmt(a, "no answer: %s", w->message);
    default:
        return w->message;
    }
}

int rk_live_get(const struct rk_setup *s, const rk_kind *kind, const char *name, const char *ns,
                struct rk_arena *a, struct rk_buf *out, const char **ret_ns)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_live l = {0};
    struct rk_live_answer w;
    if (rk_live_open(s, "explain", a, &l, &err) != 0) {
        fprintf(stderr, "%s/%s: %s\n", kind->plural, name, err.text);
        return -1;
    }
    ns = rk_arena_strdup(a, ns ? ns : l.ns);
    const struct rk_target t = {.api_version = rk_live_api_version(a, kind->gvk),
                                .plural = kind->plural,
                                .ns = ns,
                                .name = name};
    rk_live_answer_init(&w);
    int r = rk_live_wait(&l, rk_kube_get(l.client, &t, 0, rk_live_done, &w), &w, &err);
    if (r != 0 || w.code != 0)
        fprintf(stderr, "%s/%s: %s (%s, %s)\n", kind->plural, name, r ? err.text : what(a, &w, ns),
                l.server, l.whence);
    else
        (void)rk_buf_add(out, w.body.data, w.body.len); /* the caller's bound is an answer's */
    r = r ? r : w.code;
    rk_buf_done(&w.body);
    rk_live_close(&l);
    *ret_ns = ns;
    return r;
}
