/* Says that it runs after cycle-a, which says the opposite. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "cycle-b", .after = "not-loaded, cycle-a"};
