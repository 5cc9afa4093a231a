/* Order of resource versions: the longer text is the newer one, equal lengths compare bytewise (client.md 23). */
#include "core/base/version.h"

#include <stdbool.h>
#include <string.h>

static bool numeric(const char *s, size_t n)
{
    return n > 0 && s[0] != '0' && strspn(s, "0123456789") == n;
}

int rk_version_cmp(const char *a, const char *b)
{
    if (!a || !b || !*a || !*b)
        return RK_VERSION_NONE;
    size_t n = strlen(a), m = strlen(b);
    if (n == m && memcmp(a, b, n) == 0)
        return 0;
    if (!numeric(a, n) || !numeric(b, m))
        return RK_VERSION_NONE;
    if (n != m)
        return n > m ? 1 : -1;
    return memcmp(a, b, n) > 0 ? 1 : -1;
}
