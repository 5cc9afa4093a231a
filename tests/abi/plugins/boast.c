/* A descriptor that says it is whole, in a symbol that is not. */
#include <raykeeper/plugin.h>

extern RK_EXPORT const unsigned char rk_plugin_v0_bytes[];
const unsigned char rk_plugin_v0_bytes[32] __asm__("rk_plugin_v0") = {
    sizeof(rk_plugin), [24] = RK_ABI_MAJOR, [26] = RK_ABI_MINOR};
