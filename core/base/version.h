/* Order of resource versions (client.md 23): decimal texts of any length, compared without ever becoming a number. */
#ifndef RK_BASE_VERSION_H
#define RK_BASE_VERSION_H

#define RK_VERSION_NONE -2

/* 1 when a is newer, -1 when older, 0 when the texts are equal, RK_VERSION_NONE when they cannot be compared: NULL or "" on either
 * side, or different texts of which one is not digits without a leading 0. Only for versions of one resource type. */
int rk_version_cmp(const char *a, const char *b);

#endif
