/* The layout of everything that host and plugin share, on 64-bit machines. A line that fails
 * here is a break: major + 1 once the ABI is frozen; until then minor + 1 and a line in
 * plugin.h's list. Appending changes sizes only. */
#include <raykeeper/plugin.h>

#define AT(type, field, offset) \
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")

AT(rk_plugin, size, 0);
AT(rk_plugin, self_size, 20);
AT(rk_plugin, major, 24);
AT(rk_plugin, minor, 26);
AT(rk_plugin, name, 32);
AT(rk_plugin, after, 56);
AT(rk_plugin, owns, 64);
AT(rk_plugin, hooks, 72);
AT(rk_plugin, n_hooks, 104);
AT(rk_plugin, check, 120);
AT(rk_plugin, gauges, 128);
AT(rk_plugin, commands, 144);
AT(rk_plugin, n_commands, 152);
SIZE(rk_plugin, 160);

AT(rk_hook, phase, 0);
AT(rk_hook, kinds, 8);
AT(rk_hook, run, 24);
SIZE(rk_hook, 40);

AT(rk_opt, key, 0);
AT(rk_opt, type, 32);
AT(rk_opt, min, 40);
SIZE(rk_opt, 56);

AT(rk_kind, optional, 32);
SIZE(rk_kind, 40);
AT(rk_watch, keep, 40);
AT(rk_watch, optional, 48);
AT(rk_watch, metadata_only, 52);
SIZE(rk_watch, 56);
SIZE(rk_gauge, 16);

AT(rk_group, members, 72);
SIZE(rk_group, 96);
AT(rk_member, key, 8);
SIZE(rk_member, 32);
AT(rk_outcome, verb, 16);
SIZE(rk_outcome, 56);
SIZE(rk_kv, 16);
AT(rk_ask, path, 8);
SIZE(rk_ask, 24);
AT(rk_answer, body, 16);
SIZE(rk_answer, 32);
AT(rk_step, title, 8);
AT(rk_step, uid, 48);
AT(rk_step, body, 56);
SIZE(rk_step, 72);
AT(rk_command, opts, 24);
AT(rk_command, reads, 40);
AT(rk_command, run, 56);
SIZE(rk_command, 64);

AT(rk_api, size, 0);
AT(rk_api, alloc, 8);
AT(rk_api, release, 8 + 8 * 71);
AT(rk_api, shape, 8 + 8 * 72);
AT(rk_api, gauge, 8 + 8 * 74);
AT(rk_api, announce_update, 8 + 8 * 75);
AT(rk_api, annotate, 8 + 8 * 76);
AT(rk_api, ask, 8 + 8 * 77);
AT(rk_api, step, 8 + 8 * 82);
AT(rk_api, yaml, 8 + 8 * 83);
