/* What pods get (reference 4.11): certificate and key, the env that names them, and a first init container that
 * waits until the certificate names the pod's own address, which nobody knows before the pod is there. */
#include "tls.h"

#define LOOK_AGAIN_MS 30000 /* certificates wake us; this is for what they do not say */

/* The clean-up Job of a cluster that goes needs no certificate: it talks to Redis. */
int32_t tls_gate(const rk_api *rk, rk_pass *ps, void *self)
{
    (void)self;
    if (!tls_on(rk, ps) || rk->deleting(ps) || !rk->served(ps, ""))
        return RK_OK;
    const char *why = tls_pending(rk, ps);
    return why[0] ? rk->wait(ps, LOOK_AGAIN_MS, why) : RK_OK;
}

/* openssl compares addresses, not texts: an IPv6 one has several. */
static const char *script(const rk_api *rk, rk_pass *ps, const struct tls *me)
{
    return rk->fmt(ps,
                   "command -v openssl >/dev/null || { echo 'there is no openssl in this image: it "
                   "looks for the address of the pod in the certificate'; exit 1; }\n"
                   "until openssl x509 -noout -checkip \"$POD_IP\" -in %s/tls.crt 2>/dev/null | "
                   "grep -q 'does match'; do\n"
                   "  echo \"waiting for $POD_IP in the certificate\"\n"
                   "  sleep %lld\n"
                   "done\n"
                   "echo \"the certificate names $POD_IP\"\n",
                   me->mount, (long long)(me->interval_ms / 1000));
}

static rk_json *mount(const rk_api *rk, rk_pass *ps, const struct tls *me)
{
    rk_json *m = rk->new_object(ps);
    rk->put(ps, m, "mountPath", rk->new_str(ps, me->mount));
    rk->put(ps, m, "name", rk->new_str(ps, TLS_VOLUME));
    rk->put(ps, m, "readOnly", rk->new_bool(ps, 1));
    return m;
}

/* A list of one. */
static rk_json *one(const rk_api *rk, rk_pass *ps, rk_json *entry)
{
    rk_json *list = rk->new_array(ps);
    rk->push(ps, list, entry);
    return list;
}

static rk_json *waiting(const rk_api *rk, rk_pass *ps, const struct tls *me, const rk_json *c0)
{
    static const char *const as_rays[] = {"imagePullPolicy", "securityContext"};
    static const char *const sh[] = {"sh", "-c"};
    const char *text = script(rk, ps, me);
    rk_json *c = rk->new_object(ps), *resources = rk->new_object(ps);
    rk->put(ps, resources, "limits", ray_amounts(rk, ps, me->cpu, me->memory));
    rk->put(ps, resources, "requests", ray_amounts(rk, ps, me->cpu, me->memory));
    rk->put(ps, c, "name", rk->new_str(ps, TLS_WAIT));
    rk->put(ps, c, "image", rk->new_str(ps, me->image[0] ? me->image : rk->str(c0, "/image", "")));
    for (size_t i = 0; i < RK_COUNT(as_rays); i++) {
        const rk_json *v = rk->at(c0, rk_under(rk, ps, "", as_rays[i]));
        if (v)
            rk->put(ps, c, as_rays[i], rk->copy(ps, v));
    }
    rk->put(ps, c, "command", rk_words(rk, ps, sh, RK_COUNT(sh)));
    rk->put(ps, c, "args", rk_words(rk, ps, &text, 1));
    rk->put(ps, c, "env", one(rk, ps, rk_env_from_field(rk, ps, "POD_IP", "status.podIP")));
    rk->put(ps, c, "resources", resources);
    rk->put(ps, c, "volumeMounts", one(rk, ps, mount(rk, ps, me)));
    return c;
}

/* The list is set as a whole, for an entry can only be added behind others; what the user has in it stays in
 * its order. */
int32_t tls_wait(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char inits[] = "/spec/initContainers";
    const rk_json *now = rk->tree(rk->subject(ps));
    if (!tls_on(rk, ps) || rk->deleting(ps))
        return RK_OK;
    rk_json *all = one(rk, ps, waiting(rk, ps, self, rk->at(now, RAY_C0)));
    for (RK_EACH(rk, c, rk->at(now, inits)))
        rk->push(ps, all, rk->copy(ps, c));
    return rk->set(rk->subject(ps), inits, all);
}

static int32_t give(const rk_api *rk, rk_pass *ps, const void *self, const char *path)
{
    static const char *const files[][2] = {{"RAY_TLS_SERVER_CERT", "tls.crt"},
                                           {"RAY_TLS_SERVER_KEY", "tls.key"},
                                           {"RAY_TLS_CA_CERT", "ca.crt"}};
    const struct tls *me = self;
    rk_obj *pod = rk->subject(ps);
    RK_TRY(rk_env_offer(rk, ps, pod, path, "RAY_USE_TLS", "1"));
    for (size_t i = 0; i < RK_COUNT(files); i++)
        RK_TRY(rk_env_offer(rk, ps, pod, path, files[i][0],
                            rk->fmt(ps, "%s/%s", me->mount, files[i][1])));
    return rk->offer(pod, rk->fmt(ps, "%s/volumeMounts/[%s]", path, me->mount), mount(rk, ps, me));
}

int32_t tls_pod(const rk_api *rk, rk_pass *ps, void *self)
{
    static const char volume[] = "/spec/volumes/[" TLS_VOLUME "]/secret";
    const struct tls *me = self;
    rk_obj *pod = rk->subject(ps);
    if (!tls_on(rk, ps))
        return RK_OK;
    RK_TRY(rk_offer_str(rk, ps, pod, rk_under(rk, ps, volume, "secretName"),
                        tls_name(rk, ps, rk->role(ps), "secret")));
    if (rk->deleting(ps)) /* the Secret may never have been there, or be gone already */
        RK_TRY(rk->offer(pod, rk_under(rk, ps, volume, "optional"), rk->new_bool(ps, 1)));
    return ray_containers(rk, ps, me->beside, give, me);
}
