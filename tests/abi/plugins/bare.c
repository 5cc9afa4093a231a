/* Only what a plugin must have: everything optional is NULL or zero. It must load. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "bare"};
