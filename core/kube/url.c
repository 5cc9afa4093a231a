/* Paths of the Kubernetes API. Names come from users and from the API: what goes into a path is
 * looked at first. */
#include "core/kube/client.h"

#include <string.h>

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A word of a-z, 0-9 and the given other characters, which stand neither first nor last. */
static bool is_word(const char *s, size_t n, size_t max, const char *inner)
{
    if (n == 0 || n > max || !is_plain(s[0]) || !is_plain(s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_plain(s[i]) && !strchr(inner, s[i]))
            return false;
    return true;
}

/* The API's rule for names in paths (some kinds allow more than DNS names): no `/` and `%`, not a
 * dot or two. */
static bool is_name(const char *s)
{
    size_t n = strlen(s);
    if (n == 0 || n > 253 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (s[i] == '/' || s[i] == '%' || (unsigned char)s[i] <= 0x20 || s[i] == 0x7f)
            return false;
    return true;
}

void rk_url_escape(struct rk_buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        bool plain = is_plain(*p) || (*p >= 'A' && *p <= 'Z') || strchr("-._~", *p);
        /* The buffer remembers that something did not fit. */
        if (plain)
            (void)rk_buf_addc(out, *p);
        else
            (void)rk_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*p);
    }
}

static bool is_api_version(const char *s)
{
    const char *slash = strchr(s, '/');
    const char *version = slash ? slash + 1 : s;
    return is_word(version, strlen(version), 63, "") &&
           (!slash || is_word(s, (size_t)(slash - s), 253, "-."));
}

int rk_url(char *out, const char *api_version, const char *plural, const char *ns, const char *name,
           const char *subresource)
{
    out[0] = '\0';
    if (!api_version || !is_api_version(api_version) || !plural ||
        !is_word(plural, strlen(plural), 63, "-") || (ns && !is_word(ns, strlen(ns), 63, "-")) ||
        (name && !is_name(name)) ||
        (subresource && (!name || !is_word(subresource, strlen(subresource), 63, "-"))))
        return RK_E_INVAL;
    struct rk_buf b;
    rk_buf_init(&b, RK_URL_MAX - 1);
    /* Whatever passed above fits (three bytes for each of a name's 253); `full` would tell. */
    (void)rk_buf_addf(&b, "/%s/%s", strchr(api_version, '/') ? "apis" : "api", api_version);
    if (ns)
        (void)rk_buf_addf(&b, "/namespaces/%s", ns);
    (void)rk_buf_addf(&b, "/%s", plural);
    if (name) {
        (void)rk_buf_addc(&b, '/');
        rk_url_escape(&b, name);
    }
    if (subresource)
        (void)rk_buf_addf(&b, "/%s", subresource);
    int rc = b.full ? RK_E_INVAL : rk_str_copy(out, RK_URL_MAX, rk_buf_text(&b));
    rk_buf_done(&b);
    return rc;
}
