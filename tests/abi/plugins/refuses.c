/* Its options do not fit together: check() says so. */
#include <stdio.h>

#include <raykeeper/sugar.h>

struct refuses {
    int64_t least, most;
};

static const rk_opt opts[] = {
    {.key = "least",
     .dflt = "1",
     .help = "lower end",
     .type = RK_T_INT,
     .offset = offsetof(struct refuses, least),
     .max = 9},
    {.key = "most",
     .dflt = "0",
     .help = "upper end",
     .type = RK_T_INT,
     .offset = offsetof(struct refuses, most),
     .max = 9},
};

static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct refuses *me = self;
    if (me->least <= me->most)
        return RK_OK;
    (void)snprintf(err, err_size, "least = %d is above most = %d", (int)me->least,
                   (int)me->most); /* cut when too long */
    return RK_EINVAL;
}

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES,          .self_size = sizeof(struct refuses),
                                .name = "refuses",        .opts = opts,
                                .n_opts = RK_COUNT(opts), .check = check};
