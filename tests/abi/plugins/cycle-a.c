/* Says that it runs after cycle-b, which says the opposite. */
#include <raykeeper/plugin.h>

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "cycle-a", .after = "cycle-b"};
