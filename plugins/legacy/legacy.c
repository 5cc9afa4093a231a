/* legacy: the world of the old Ray operator (cluster.ray.io/v1) becomes ray.io/v1: `raykeeper migrate`. */
#include "legacy.h"

RK_EXPORT const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES,         .name = "legacy",
    .version = RK_VERSION,   .summary = "what the old Ray operator served becomes ray.io/v1",
    .commands = &lg_command, .n_commands = 1,
};
