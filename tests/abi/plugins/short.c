/* A descriptor that says it is smaller than its version's. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {
    .size = 40, .major = RK_ABI_MAJOR, .minor = RK_ABI_MINOR, .name = "short"};
