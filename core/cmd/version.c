/* `raykeeper version`. */
#include <stdio.h>

#include <raykeeper/plugin.h>

#include "core/cmd/cmd.h"

int rk_cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("raykeeper %s (build %s, plugin ABI %d.%d)\n", RK_VERSION, RK_BUILD_ID, RK_ABI_MAJOR,
           RK_ABI_MINOR);
    return 0;
}
