/* A shared object that is no plugin. */
#include <raykeeper/plugin.h>

extern RK_EXPORT const int something_else;
const int something_else = 1;
