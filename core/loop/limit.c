/* The container's memory limit, and ours below it (DESIGN 4). */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/log.h"
#include "core/base/str.h"
#include "core/loop/worker.h"

#define SHARE_PERCENT \
    85 /* of the container's limit; the master and the page cache live on the rest */
#define UNLIMITED (INT64_C(1) << 50) /* cgroup v1 says "none" with a huge number */

static bool read_limit(const char *file, int64_t *ret)
{
    char text[64] = "";
    FILE *f = fopen(file, "re");
    if (!f)
        return false;
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    return rk_str_int(rk_span_trim(rk_span_of(text)), 1, UNLIMITED, ret) ==
           0; /* "max" is no number */
}

void rk_limit_memory(void)
{
    int64_t limit;
#ifdef __SANITIZE_ADDRESS__
    return; /* its shadow memory alone is over any limit */
#endif
    if (!read_limit("/sys/fs/cgroup/memory.max", &limit) &&
        !read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes", &limit))
        return;
    struct rlimit r;
    if (getrlimit(RLIMIT_DATA, &r) == 0 && r.rlim_cur > (rlim_t)(limit / 100 * SHARE_PERCENT)) {
        r.rlim_cur = (rlim_t)(limit / 100 * SHARE_PERCENT);
        if (setrlimit(RLIMIT_DATA, &r) == 0)
            rk_log_debug("memory limit", RK_KN("bytes", r.rlim_cur));
    }
}
