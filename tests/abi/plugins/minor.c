/* A plugin of a newer minor version: while the ABI is not frozen, both must agree exactly. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {.size = sizeof(rk_plugin) + 16,
                                .major = RK_ABI_MAJOR,
                                .minor = RK_ABI_MINOR + 1,
                                .name = "minor"};
