/* A plugin of another major version, with a size that its time may have had. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {
    .size = 64, .major = RK_ABI_MAJOR + 1, .minor = RK_ABI_MINOR, .name = "major"};
