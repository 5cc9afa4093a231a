/* Lists of a certificate that are sets: names, and the addresses of the pods that live. */
#include "tls.h"

#include <stdlib.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once; returns how many are left. */
static size_t sorted(const char **all, size_t n)
{
    size_t kept = 0;
    qsort(all, n, sizeof(*all), by_text);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(all[kept - 1], all[i]) != 0)
            all[kept++] = all[i];
    return kept;
}

/* A list that says the same in another order stays: nothing is issued anew for that. */
rk_json *tls_unordered(const rk_api *rk, rk_pass *ps, const rk_json *there, const char **words,
                       size_t n)
{
    size_t have = 0, most = rk->len(there, "");
    const char **is = rk->alloc(ps, (most + 1) * sizeof(*is));
    n = sorted(words, n);
    for (RK_EACH(rk, it, there))
        is[have++] = rk->str(it, "", "");
    have = sorted(is, have);
    int same = there && have == n;
    for (size_t i = 0; same && i < n; i++)
        same = strcmp(is[i], words[i]) == 0;
    return same ? rk->copy(ps, there) : rk_words(rk, ps, words, n);
}

/* 127.0.0.1, and what the pods of this type have that live. */
rk_json *tls_addresses(const rk_api *rk, rk_pass *ps, const char *type, const rk_json *there)
{
    const rk_json *pods = rk->list(ps, RAY_POD);
    size_t n = 1, most = 1;
    for (RK_EACH(rk, pod, pods))
        most += rk->len(pod, "/status/podIPs");
    const char **all = rk->alloc(ps, most * sizeof(*all));
    all[0] = "127.0.0.1";
    for (RK_EACH(rk, pod, pods)) {
        const char *phase = rk->str(pod, "/status/phase", "");
        if (!ray_is(rk, ps, pod, type) || ray_terminating(rk, pod) || rk_is(phase, "Failed") ||
            rk_is(phase, "Succeeded"))
            continue;
        for (RK_EACH(rk, ip, rk->at(pod, "/status/podIPs")))
            if (rk->str(ip, "/ip", "")[0])
                all[n++] = rk->str(ip, "/ip", "");
    }
    return tls_unordered(rk, ps, there, all, n);
}
