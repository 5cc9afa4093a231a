/* A cluster, for commands that look at what is there, or change it on a person's word. Internal to cmd/. */
#ifndef RK_CMD_LIVE_H
#define RK_CMD_LIVE_H

#include "core/cmd/cmd.h"
#include "core/json/json.h"
#include "core/kube/verbs.h"

struct rk_live {
    struct rk_poll *poll;
    struct rk_creds *creds;
    struct rk_client *client;
    int64_t bound_ms;            /* of one request, beyond which it is given up */
    const char *whence, *server; /* for messages: the credentials' source; borrowed until close */
    char ns[256];                /* of the kubeconfig's context, else default */
};
/* `agent`: the command's name, for the audit log. RK_E_*: err tells; nothing is open then. */
int rk_live_open(const struct rk_setup *s, const char *agent, struct rk_arena *a,
                 struct rk_live *ret, struct rk_err *err);
void rk_live_close(struct rk_live *l); /* zeroed is fine */

/* The answer to one request, waited for. */
struct rk_live_answer {
    int code, http;
    bool done;
    struct rk_buf
        body; /* as large as an answer may be; the caller's to free, also after a failure */
    char message[1024];
};
void rk_live_answer_init(struct rk_live_answer *w);
/* Hand these to a verb as done and ctx, then wait. RK_E_IO when no answer came; else 0: read w->code. */
void rk_live_done(void *answer, const struct rk_resp *resp);
int rk_live_wait(struct rk_live *l, rk_call *call, struct rk_live_answer *w, struct rk_err *err);
/* For so long nothing is asked. */
int rk_live_rest(struct rk_live *l, int64_t ms, struct rk_err *err);

/* "example.io/v1" of "example.io/v1/Thing"; in the arena. */
const char *rk_live_api_version(struct rk_arena *a, const char *gvk);
/* One GET. The text into out; problems on stderr with object, namespace, server and
 * kubeconfig. Takes as long as a request may take, at most. ns NULL = of the kubeconfig's context, else default; *ret_ns in the arena. */
int rk_live_get(const struct rk_setup *s, const rk_kind *kind, const char *name, const char *ns,
                struct rk_arena *a, struct rk_buf *out, const char **ret_ns);
/* All objects of a kind (gvk, plural, selector, optional of `what`), page by page, each with its apiVersion and kind: of all namespaces, or where
 * that is forbidden of `ns`. In the arena. */
int rk_live_list(struct rk_live *l, const rk_watch *what, const char *ns, struct rk_arena *a,
                 cJSON **ret_array, struct rk_err *err);
/* One step of a command's plan. */
int rk_live_step(struct rk_live *l, const rk_step *step, struct rk_err *err);

#endif
