/* `raykeeper version`. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <raykeeper/plugin.h>

#include "core/cmd/cmd.h"

static const char help[] =
    "usage: raykeeper version\n\n"
    "Shows version and build, and which plugins fit: those that were compiled for this plugin ABI.\n\n"
    "exit codes: 0 well, 2 wrong use\n";

int rk_cmd_version(int argc, char **argv)
{
    if (argc > 1) {
        bool asked = strcmp(argv[1], "--help") == 0;
        fputs(help, asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    printf("raykeeper %s (build %s, plugin ABI %d.%d)\n", RK_VERSION, RK_BUILD_ID, RK_ABI_MAJOR,
           RK_ABI_MINOR);
    return 0;
}
