/* What the commands share: where the configuration is, in which order it applies, and what is told when it is wrong. */
#include "core/cmd/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/loop/worker.h"

#define DEFAULT_CONFIG "/etc/raykeeper/raykeeper.ini"

bool rk_setup_option(struct rk_setup *s, int opt, const char *arg)
{
    if (!s->conf)
        s->conf = rk_conf_new();
    if (opt == 'c') {
        s->config = arg;
        return true;
    }
    if (opt == 's') {
        rk_conf_set(s->conf, arg);
        return true;
    }
    return false;
}

/* "raykeeper.ini" -> "raykeeper.d" beside it. */
static const char *dropins(struct rk_arena *a, const char *config)
{
    size_t n = strlen(config);
    if (n > 4 && strcmp(config + n - 4, ".ini") == 0)
        n -= 4;
    return rk_arena_fmt(a, "%.*s.d", (int)n, config);
}

/* What comes with the program lies beside the executable in a build tree, and one folder up from it when installed. */
static const char *bundled(struct rk_arena *a, const char *built, const char *installed)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return built;
    *slash = '\0';
    const char *const places[] = {rk_arena_fmt(a, "%s/%s", exe, built),
                                  rk_arena_fmt(a, "%s/../%s", exe, installed)};
    for (size_t i = 0; i < 2; i++) {
        struct stat st;
        if (stat(places[i], &st) == 0 && S_ISDIR(st.st_mode))
            return places[i];
    }
    return rk_arena_fmt(a, "/usr/%s", installed);
}

static int problems(struct rk_setup *s)
{
    struct rk_buf out;
    rk_buf_init(&out, 1u << 20);
    int rc = rk_conf_check(s->conf, &out);
    if (rc != 0)
        fprintf(stderr, "%s", rk_buf_text(&out));
    rk_buf_done(&out);
    return rc == 0 ? 0 : RK_EXIT_CONFIG;
}

int rk_setup_load(struct rk_setup *s, bool with_plugins, bool check)
{
    static struct rk_arena forever; /* paths that the options point to; as long as the process */
    struct rk_err err = RK_ERR_INIT;
    if (!s->conf)
        s->conf = rk_conf_new();
    const char *config = s->config                           ? s->config
                         : access(DEFAULT_CONFIG, F_OK) == 0 ? DEFAULT_CONFIG
                                                             : NULL;
    rk_conf_read(s->conf, config, config ? dropins(&forever, config) : NULL);
    rk_options_bind(s->conf, &s->o);
    if (s->kubeconfig)
        s->o.op.kubeconfig = s->kubeconfig;
    if (!s->o.plugins.path || !s->o.plugins.path[0])
        s->o.plugins.path = bundled(&forever, "plugins", "lib/raykeeper/plugins");
    if (!s->o.crds.path || !s->o.crds.path[0])
        s->o.crds.path = bundled(&forever, "crd", "share/raykeeper/crd");
    enum rk_log_level level = RK_LOG_INFO;
    (void)rk_log_level_parse(s->o.op.log_level ? s->o.op.log_level : "info",
                             &level); /* the table allows only legal words */
    rk_log_setup(level, rk_str_eq(s->o.op.log_format, "text") ? RK_LOG_TEXT : RK_LOG_JSON, 2,
                 "raykeeper");
    if (with_plugins && rk_plugins_load(s->conf, &s->o.plugins, &s->plugins, &err) != 0) {
        /* Not the configuration's problems as well: the section of a plugin that could not be loaded would be an unknown one. */
        fprintf(stderr, "%s\n", err.text);
        return RK_EXIT_CONFIG;
    }
    return check ? problems(s) : 0;
}

void rk_setup_done(struct rk_setup *s)
{
    rk_plugins_free(s->plugins);
    rk_conf_free(s->conf);
}
