/* One of two files that hold a plugin of the same name. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "twin"};
