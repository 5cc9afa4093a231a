/* Name, labels and annotations of the cluster that comes out, and the version of Ray. */
#include "convert.h"

/* A name that the operator's own objects can be named after: DNS-1035, at most 53 characters. */
static const char *bad_name(struct lg *c, const char *name)
{
    size_t n = strlen(name);
    if (n > 53)
        return c->rk->fmt(c->ps, "has %zu characters, at most 53 are possible", n);
    if (name[0] < 'a' || name[0] > 'z')
        return "does not begin with a lower case letter";
    for (size_t i = 0; i < n; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              (name[i] == '-' && i + 1 < n)))
            return "has more in it than lower case letters, digits and inner '-'";
    return NULL;
}

const char *lg_name(struct lg *c)
{
    const rk_api *rk = c->rk;
    const char *given = c->how->name && c->how->name[0] ? c->how->name : NULL;
    const char *name = given ? given : rk->str(c->from, "/metadata/name", "");
    const char *why = name[0] ? bad_name(c, name) : "is missing";
    if (why)
        lg_bad(c, given ? "--name" : "metadata.name",
               rk->fmt(c->ps, "%s%s%s", name[0] ? rk->fmt(c->ps, "'%.80s' ", name) : "", why,
                       given ? "" : ": give another with --name"));
    return name;
}

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* What tools wrote about the old object, and would be wrong about the new one. */
static int of_tools(const struct lg *c, const rk_json *it)
{
    const char *key = c->rk->key(it);
    return begins(key, "kopf.zalando.org/") || begins(key, "meta.helm.sh/") ||
           rk_is(key, "kubectl.kubernetes.io/last-applied-configuration") ||
           (rk_is(key, "app.kubernetes.io/managed-by") && rk_is(c->rk->str(it, "", NULL), "Helm"));
}

static void copy_map(struct lg *c, const char *path, const char *key, rk_json *out)
{
    const rk_api *rk = c->rk;
    rk_json *map = rk->new_object(c->ps);
    for (RK_EACH_MEMBER(rk, it, rk->at(c->from, path)))
        if (rk->type(it) == RK_JSON_STRING && !of_tools(c, it))
            rk->put(c->ps, map, rk->key(it), lg_copy(c, it));
    if (rk->len(map, ""))
        rk->put(c->ps, out, key, map);
}

rk_json *lg_metadata(struct lg *c)
{
    const rk_api *rk = c->rk;
    rk_json *out = rk->new_object(c->ps);
    const char *ns = rk->str(c->from, "/metadata/namespace", "");
    rk->put(c->ps, out, "name", rk->new_str(c->ps, c->name));
    if (ns[0])
        rk->put(c->ps, out, "namespace", rk->new_str(c->ps, ns));
    copy_map(c, "/metadata/labels", "labels", out);
    copy_map(c, "/metadata/annotations", "annotations", out);
    for (RK_EACH(rk, f, rk->at(c->from, "/metadata/finalizers")))
        if (!rk_is(rk->str(f, "", ""), LG_KOPF_FINALIZER))
            lg_tell(c, 1, "metadata.finalizers",
                    "a finalizer of somebody else is left out: whoever put it there puts it on the "
                    "new object");
    if (rk->len(c->from, "/metadata/ownerReferences"))
        lg_tell(c, 1, "metadata.ownerReferences",
                "left out: whatever owns the old object does not own the new one");
    return out;
}

static int digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Length of "1", "12", ... at text; 0 = there is no number, or one that is none of a version. */
static size_t number(const char *text)
{
    size_t n = 0;
    while (digit(text[n]))
        n++;
    return n <= 5 ? n : 0;
}

static size_t version(const char *text)
{
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t n = number(text + at);
        if (n == 0 || (i < 2 && text[at + n] != '.'))
            return 0;
        at += n + (i < 2);
    }
    return at;
}

const char *lg_tag_version(struct lg *c, const char *image)
{
    image = c->rk->fmt(c->ps, "%.*s", (int)strcspn(image, "@"), image);
    const char *slash = strrchr(image, '/'), *tag = strchr(slash ? slash : image, ':');
    size_t n = tag ? strlen(tag) : 0;
    for (size_t i = 1; i < n; i++) {
        size_t len = digit(tag[i - 1]) ? 0 : version(tag + i);
        if (len && i + len <= n)
            return c->rk->fmt(c->ps, "%.*s", (int)len, tag + i);
    }
    return NULL;
}

const char *lg_version(struct lg *c, const rk_json *head, const char *where)
{
    const rk_api *rk = c->rk;
    const char *given = c->how->ray_version, *image = rk->str(head, "/image", "");
    if (given && given[0]) {
        if (!version(given[0] == 'v' ? given + 1 : given))
            lg_bad(c, "--ray-version", "is not x.y.z");
        return given;
    }
    const char *found = lg_tag_version(c, image);
    if (!found)
        lg_bad(
            c, lg_dot(c, where, "image"),
            rk->fmt(c->ps,
                    "'%.200s' does not tell the version of Ray (no x.y.z in a tag): give it with "
                    "--ray-version",
                    image));
    return found ? found : "0.0.0";
}
