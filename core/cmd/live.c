/* One object of a cluster: for commands that look at what is there. A single GET, nothing is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/cmd/explain.h"
#include "core/kube/verbs.h"

#define GRACE_MS 5000 /* beyond the client's own limit, which tells more */

struct asking {
    struct rk_buf *out;
    int code, http;
    char message[1024];
    bool done;
};

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct asking *q = ctx;
    q->done = true;
    q->code = resp->code;
    q->http = resp->http;
    (void)rk_str_copy(q->message, sizeof q->message, resp->message); /* same size */
    if (resp->code == 0)
        (void)rk_buf_add(q->out, resp->body.p, resp->body.n); /* as large as an answer may be */
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

static const char *what(struct rk_arena *a, const struct asking *q, const char *ns)
{
    switch (q->code) {
    case RK_E_NOENT:
        return rk_arena_fmt(a, "not found in namespace %s: %s", ns, q->message);
    case RK_E_AUTH:
        return rk_arena_fmt(a, "%s: %s", q->http == 403 ? "forbidden" : "not authorized",
                            q->message);
    case RK_E_IO:
    case RK_E_BUSY:
        return rk_arena_fmt(a, "no answer: %s", q->message);
    default:
        return q->message;
    }
}

static int ask(struct rk_client *c, struct rk_poll *poll, const struct rk_target *t,
               int64_t bound_ms, struct asking *q, struct rk_err *err)
{
    int64_t end = rk_clock_ms() + bound_ms;
    rk_call *call = rk_kube_get(c, t, 0, on_done, q);
    while (!q->done && rk_clock_ms() < end)
        if (rk_poll_turn(poll, 100, err) != 0)
            return err->code;
    if (q->done)
        return 0;
    rk_client_cancel(c, call);
    return rk_err_set(err, RK_E_IO, "no answer within %lld s", (long long)(bound_ms / 1000));
}

static int get(const struct rk_setup *s, struct rk_creds *creds, const struct rk_target *t,
               struct asking *q, struct rk_err *err)
{
    struct rk_poll *poll = rk_poll_new(err);
    if (!poll)
        return err->code;
    const struct rk_client_conf cc = {.user_agent = "raykeeper/" RK_VERSION " (explain)",
                                      .connect_ms = s->o.api.connect_ms,
                                      .request_ms = s->o.api.request_ms};
    struct rk_client *c = rk_client_new(poll, creds, &cc, err);
    int r = c ? ask(c, poll, t, s->o.api.request_ms + GRACE_MS, q, err) : err->code;
    rk_client_free(c);
    rk_poll_free(poll);
    return r;
}

static const char *opt(const char *text)
{
    return text && text[0] ? text : NULL;
}

int rk_live_get(const struct rk_setup *s, const rk_kind *kind, const char *name, const char *ns,
                struct rk_arena *a, struct rk_buf *out, const char **ret_ns)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_creds *creds = NULL;
    struct asking q = {.out = out};
    const char *kubeconfig = opt(s->o.op.kubeconfig), *slash = strrchr(kind->gvk, '/');
    if (rk_creds_load(kubeconfig, opt(s->o.op.context), &creds, &err) != 0) {
        fprintf(stderr, "%s/%s: %s\n", kind->plural, name, err.text);
        return -1;
    }
    ns = rk_arena_strdup(a, ns ? ns : opt(creds->ns) ? creds->ns : "default");
    const struct rk_target t = {.api_version =
                                    rk_arena_strndup(a, kind->gvk, (size_t)(slash - kind->gvk)),
                                .plural = kind->plural,
                                .ns = ns,
                                .name = name};
    int r = get(s, creds, &t, &q, &err);
    if (r != 0 || q.code != 0)
        fprintf(stderr, "%s/%s: %s (%s, %s)\n", kind->plural, name, r ? err.text : what(a, &q, ns),
                creds->server, whence(a, kubeconfig));
    rk_creds_free(creds);
    *ret_ns = ns;
    return r ? r : q.code;
}
