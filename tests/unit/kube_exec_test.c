/* Credentials that a program gives: what is run and how, what counts of what it prints, when it runs
 * again, and what requests do meanwhile. The programs are shell scripts that the tests write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/digest.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/json/json.h"
#include "core/kube/client.h"
#include "core/kube/client_room.h"
#include "core/kube/creds_exec.h"

#include "tests/lib/emulated.h"
#include "tests/lib/fakehttp.c"
#include "tests/lib/pems.c"
#include "tests/unit/kube_kit.h"

#define V1 "client.authentication.k8s.io/v1"

struct world {
    struct rk_poll *poll;
    struct fake server;
    struct rk_creds *creds;
    struct rk_client *client;
    char dir[64];
    int heard; /* ends of runs */
    struct rk_creds_ear ear;
    int log[2];
};

struct seen {
    int done;
    struct rk_resp resp;
};

static struct pem_pair first, second;

static int make_pairs(void **state)
{
    (void)state;
    pem_make(&first, "first", NULL, NULL);
    pem_make(&second, "second", NULL, NULL);
    return 0;
}

/* In one step: what runs at the moment keeps its text. */
static void put(const struct world *w, const char *name, const char *text, mode_t mode)
{
    char next[160];
    (void)snprintf(next, sizeof next, "%s.new", in_dir(w->dir, name));
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(rename(next, in_dir(w->dir, name)), 0);
}

/* The whole text of a file; a few are kept. "" when it is not there. */
static const char *get(const struct world *w, const char *name)
{
    static char kept[2][65536];
    static unsigned at;
    char *text = kept[at++ % 2];
    text[0] = '\0';
    int fd = open(in_dir(w->dir, name), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return text;
    ssize_t n = read(fd, text, sizeof kept[0] - 1);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_int_equal(close(fd), 0);
    return text;
}

static int runs(const struct world *w)
{
    int n = 0;
    for (const char *p = get(w, "runs"); *p; p++)
        n += *p == '\n';
    return n;
}

/* Every program notes that it ran. */
static void put_program(const struct world *w, const char *body)
{
    char text[16384];
    int n = snprintf(text, sizeof text, "#!/bin/sh\necho run >> %s/runs\ncd %s\n%s\n", w->dir,
                     w->dir, body);
    assert_in_range(n, 1, sizeof text - 1);
    put(w, "give", text, 0700);
}

/* A program that prints a token, good for `life_ms` (0 = no word about it). */
static void put_token(const struct world *w, const char *token, int64_t life_ms)
{
    char body[1024], until[RK_TIME_TEXT], expires[96] = "";
    rk_time_text_micro(rk_clock_wall_us() + life_ms * 1000, until);
    if (life_ms)
        (void)snprintf(expires, sizeof expires, ", \"expirationTimestamp\": \"%s\"", until);
    (void)snprintf(body, sizeof body,
                   "echo '{\"apiVersion\": \"" V1
                   "\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"%s\"%s}}'",
                   token, expires);
    put_program(w, body);
}

static void put_config(const struct world *w, const char *cluster, const char *exec)
{
    char user[16384];
    int n = snprintf(user, sizeof user, "exec: {%s}", exec);
    assert_in_range(n, 1, sizeof user - 1);
    (void)put_kubeconfig(w->dir, cluster, user);
}

#define EXEC "apiVersion: " V1 ", command: ./give, interactiveMode: Never"

static void heard(void *ctx)
{
    ((struct world *)ctx)->heard++;
}

static void load(struct world *w, const char *exec)
{
    char cluster[128];
    (void)snprintf(cluster, sizeof cluster, "server: 'http://127.0.0.1:%d'", w->server.port);
    put_config(w, cluster, exec);
    struct rk_err err = RK_ERR_INIT;
    if (rk_creds_load(in_dir(w->dir, "config"), NULL, &w->creds, &err) != 0)
        fail_msg("%s", err.text);
    w->ear = (struct rk_creds_ear){.fn = heard, .ctx = w};
    rk_creds_listen(w->creds, &w->ear);
    w->creds->exec->backoff.min_ms = w->creds->exec->backoff.max_ms = 200; /* 1 s to 60 s */
}

static void open_dir(struct world *w)
{
    memset(w, 0, sizeof *w);
    make_dir(w->dir, "exec");
    w->poll = rk_poll_new(NULL);
    assert_non_null(w->poll);
    fake_open(&w->server, w->poll);
    assert_int_equal(pipe2(w->log, O_CLOEXEC | O_NONBLOCK), 0);
    rk_log_setup(RK_LOG_INFO, RK_LOG_JSON, w->log[1], "test");
}

static void start(struct world *w, const char *exec)
{
    load(w, exec);
    rk_creds_start(w->creds, w->poll);
}

static void open_client(struct world *w, const struct rk_client_conf *conf)
{
    struct rk_err err = RK_ERR_INIT;
    load(w, EXEC);
    w->client = rk_client_new(w->poll, w->creds, conf ? conf : &(struct rk_client_conf){0}, &err);
    if (!w->client)
        fail_msg("%s", err.text);
}

static void close_world(struct world *w)
{
    rk_client_free(w->client);
    rk_creds_free(w->creds);
    fake_shut(&w->server);
    rk_poll_free(w->poll);
    rk_log_setup(RK_LOG_INFO, RK_LOG_JSON, STDERR_FILENO, "test");
    assert_int_equal(close(w->log[0]), 0);
    assert_int_equal(close(w->log[1]), 0);
    remove_dir(w->dir);
}

/* All that was logged since the last call. */
static const char *logged(const struct world *w)
{
    static char text[65536];
    ssize_t n = read(w->log[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void on_done(void *ctx, const struct rk_resp *resp)
{
    struct seen *s = ctx;
    s->done++;
    s->resp = *resp;
}

static struct rk_req get_req(struct seen *s)
{
    return (struct rk_req){
        .lane = RK_LANE_UNARY, .method = "GET", .path = "/version", .done = on_done, .ctx = s};
}

static void send_get(struct world *w, struct seen *s)
{
    struct rk_req r = get_req(s);
    assert_non_null(rk_client_send(w->client, &r));
}

/* No zombie and no child is left. */
static void assert_childless(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* --- The kubeconfig ----------------------------------------------------- */

static void what_cannot_be_run_is_refused_with_file_and_field(void **state)
{
    (void)state;
    static const struct {
        const char *exec;
        int code;
        const char *field, *why;
    } cases[] = {
        {"command: ./give", RK_E_INVAL, "exec.apiVersion", "not set"},
        {"apiVersion: client.authentication.k8s.io/v1alpha1, command: ./give", RK_E_NOTSUP,
         "exec.apiVersion", "v1alpha1 is not supported"},
        {"apiVersion: " V1, RK_E_INVAL, "exec.command", "not set"},
        {"apiVersion: " V1 ", command: [a]", RK_E_INVAL, "exec.command", "want a string"},
        {"apiVersion: " V1 ", command: ./give, interactiveMode: Always", RK_E_NOTSUP,
         "exec.interactiveMode", "nobody sits at a terminal"},
        {"apiVersion: " V1 ", command: ./give, interactiveMode: never", RK_E_INVAL,
         "exec.interactiveMode", "want Never"},
        {"apiVersion: " V1 ", command: ./give, provideClusterInfo: 1", RK_E_INVAL,
         "exec.provideClusterInfo", "true or false"},
        {"apiVersion: " V1 ", command: ./give, args: x", RK_E_INVAL, "exec.args", "list"},
        {"apiVersion: " V1 ", command: ./give, args: [1]", RK_E_INVAL, "exec.args", "list"},
        {"apiVersion: " V1 ", command: ./give, env: [{value: x}]", RK_E_INVAL, "exec.env", "name"},
        {"apiVersion: " V1 ", command: ./give, env: [{name: A, value: 1}]", RK_E_INVAL,
         "exec.env[A]", "want a string"},
        {"apiVersion: " V1 ", command: ./gone, installHint: 'dnf install gone'", RK_E_NOENT,
         "exec.command", "dnf install gone"},
        {"apiVersion: " V1 ", command: rk-no-such-program, installHint: 'get it'", RK_E_NOENT,
         "exec.command", "no such program in PATH; get it"},
        {"apiVersion: " V1 ", command: ./plain", RK_E_NOENT, "exec.command", "no such program"},
    };
    struct world w;
    open_dir(&w);
    put_program(&w, "true");
    put(&w, "plain", "not to be run", 0600);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rk_err err = RK_ERR_INIT;
        struct rk_creds *c = NULL;
        put_config(&w, "server: 'https://h'", cases[i].exec);
        assert_int_equal(rk_creds_load(in_dir(w.dir, "config"), NULL, &c, &err), cases[i].code);
        assert_null(c);
        if (!strstr(err.text, in_dir(w.dir, "config")) || !strstr(err.text, cases[i].field) ||
            !strstr(err.text, cases[i].why))
            fail_msg("%zu: %s", i, err.text);
    }
    assert_int_equal(runs(&w), 0); /* loading runs nothing */
    close_world(&w);
}

static void a_user_who_has_a_token_is_not_asked_for_another(void **state)
{
    (void)state;
    struct world w;
    open_dir(&w);
    put(&w, "config",
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
        "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"
        "users: [{name: u, user: {token: t, exec: {command: ./gone}}}]\n",
        0600);
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_creds_load(in_dir(w.dir, "config"), NULL, &w.creds, &err), 0);
    assert_true(rk_creds_ready(w.creds));
    assert_string_equal(w.creds->token, "t");
    rk_creds_start(w.creds, w.poll);
    assert_false(rk_creds_fetching(w.creds));
    close_world(&w);
}

/* --- One run ------------------------------------------------------------ */

static void the_program_gets_its_arguments_and_environment_and_nothing_of_ours(void **state)
{
    (void)state;
    rk_not_emulated("qemu ignores signals for itself");
    struct world w;
    open_dir(&w);
    put(&w, "ca", first.cert, 0600);
    put_program(&w, "printf '%s|' \"$@\" > args\n"
                    "printf '%s' \"$KUBERNETES_EXEC_INFO\" > info\n"
                    "printf '%s|%s|%s' \"$ONE\" \"$TWO\" \"$OURS\" > env\n"
                    "readlink /proc/self/fd/0 > stdin\n"
                    "ls /proc/$$/fd > fds\n"
                    "grep -E '^Sig(Blk|Ign)' /proc/self/status > signals\n"
                    "cut -d' ' -f5 /proc/$$/stat > group; echo $$ > pid\n"
                    "ulimit -d > data\n"
                    "exit 3");
    put_config(
        &w,
        "server: 'https://h:1/', certificate-authority: ca, tls-server-name: t, "
        "proxy-url: 'http://q', extensions: [{name: client.authentication.k8s.io/exec, "
        "extension: {audience: 'a\"b', more: 1.50}}]",
        "apiVersion: client.authentication.k8s.io/v1beta1, command: ./give, args: ['a b', ''], "
        "provideClusterInfo: true, env: [{name: ONE, value: first}, {name: ONE, value: '1=1'}, "
        "{name: TWO}]");
    assert_int_equal(setenv("ONE", "ours", 1), 0);
    assert_int_equal(setenv("OURS", "kept", 1), 0);
    assert_int_equal(setenv("KUBERNETES_EXEC_INFO", "stale", 1), 0);
    assert_int_equal(dup2(w.log[0], 77), 77); /* like the descriptors that a worker is born with */
    sigset_t block;
    assert_int_equal(sigemptyset(&block) | sigaddset(&block, SIGUSR1), 0);
    assert_int_equal(sigprocmask(SIG_BLOCK, &block, NULL), 0);
    assert_true(signal(SIGTERM, SIG_IGN) != SIG_ERR);
    struct rlimit limit, low;
    assert_int_equal(getrlimit(RLIMIT_DATA, &limit), 0);
    low = limit;
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory alone is over any limit */
    low.rlim_cur = (rlim_t)1 << 40;
#endif
    assert_int_equal(setrlimit(RLIMIT_DATA, &low), 0);
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_creds_load(in_dir(w.dir, "config"), NULL, &w.creds, &err), 0);
    w.ear = (struct rk_creds_ear){.fn = heard, .ctx = &w};
    rk_creds_listen(w.creds, &w.ear);
    rk_creds_start(w.creds, w.poll);
    assert_true(rk_creds_fetching(w.creds));
    WAIT(&w, w.heard == 1);
    assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
    assert_true(signal(SIGTERM, SIG_DFL) != SIG_ERR);
    assert_int_equal(sigprocmask(SIG_UNBLOCK, &block, NULL), 0);
    assert_int_equal(close(77), 0);
    assert_string_equal(get(&w, "args"), "a b||");
    assert_string_equal(get(&w, "env"), "1=1||kept");
    assert_string_equal(get(&w, "stdin"), "/dev/null\n");
    const char *fds = get(&w, "fds"); /* a shell has a few of its own */
    assert_true(strncmp(fds, "0\n1\n", 4) == 0 && !strstr(fds, "77"));
    if (limit.rlim_max == RLIM_INFINITY)
        assert_string_equal(get(&w, "data"), "unlimited\n");
    unsigned long blocked = 1, ignored = 1; /* the C library keeps two signals to itself */
    assert_int_equal(sscanf(get(&w, "signals"), "SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
    assert_int_equal(blocked | (ignored & ~0x180000000UL), 0);
    assert_int_equal(strtol(get(&w, "group"), NULL, 10), strtol(get(&w, "pid"), NULL, 10));
    struct rk_arena a;
    cJSON *info = NULL;
    rk_arena_init(&a, 0);
    const char *text = get(&w, "info");
    assert_int_equal(rk_json_parse(&a, text, strlen(text), NULL, &info, &err), 0);
    const cJSON *spec = rk_json_get(info, "spec"), *cluster = rk_json_get(spec, "cluster");
    assert_string_equal(rk_json_str(rk_json_get(info, "kind"), ""), "ExecCredential");
    assert_string_equal(rk_json_str(rk_json_get(info, "apiVersion"), ""),
                        "client.authentication.k8s.io/v1beta1");
    assert_string_equal(rk_json_text(&a, rk_json_get(spec, "interactive")), "false");
    assert_string_equal(rk_json_str(rk_json_get(cluster, "server"), ""), "https://h:1");
    assert_string_equal(rk_json_str(rk_json_get(cluster, "tls-server-name"), ""), "t");
    assert_string_equal(rk_json_str(rk_json_get(cluster, "proxy-url"), ""), "http://q");
    assert_string_equal(rk_json_text(&a, rk_json_get(cluster, "config")),
                        "{\"audience\":\"a\\\"b\",\"more\":1.50}");
    char ca[8192];
    rk_base64((const uint8_t *)first.cert, strlen(first.cert), ca);
    assert_string_equal(rk_json_str(rk_json_get(cluster, "certificate-authority-data"), ""), ca);
    rk_arena_done(&a);
    assert_string_equal(rk_creds_problem(w.creds) + strlen(rk_creds_problem(w.creds)) - 11,
                        "exit code 3");
    assert_int_equal(unsetenv("KUBERNETES_EXEC_INFO") | unsetenv("ONE") | unsetenv("OURS"), 0);
    assert_childless();
    close_world(&w);
}

static void the_cluster_is_told_only_to_who_asks_for_it(void **state)
{
    (void)state;
    struct world w;
    open_dir(&w);
    put_program(&w, "printf '%s' \"$KUBERNETES_EXEC_INFO\" > info; exit 1");
    start(&w, EXEC);
    WAIT(&w, w.heard == 1);
    assert_string_equal(get(&w, "info"), "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
                                         "\",\"spec\":{\"interactive\":false}}");
    close_world(&w);
}

static void a_command_without_a_slash_is_looked_for_in_path(void **state)
{
    (void)state;
    struct world w;
    char path[8192], old[4096];
    open_dir(&w);
    put_token(&w, "tok", 0);
    (void)snprintf(old, sizeof old, "%s", getenv("PATH"));
    (void)snprintf(path, sizeof path, "/nowhere:%s:%s", w.dir, old);
    assert_int_equal(setenv("PATH", path, 1), 0);
    start(&w, "apiVersion: " V1 ", command: give");
    WAIT(&w, w.heard == 1);
    assert_int_equal(setenv("PATH", old, 1), 0);
    assert_true(rk_creds_ready(w.creds));
    assert_string_equal(w.creds->token, "tok");
    close_world(&w);
}

#define CRED(status) "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":" status "}"

static void only_a_whole_credential_of_the_right_version_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why; /* why NULL = good */
    } cases[] = {
        {CRED("{\"token\":\"tok\"}"), NULL},
        {"  \n" CRED("{\"token\":\" tok\\n\",\"more\":{}}") "\n", NULL},
        {"kind: ExecCredential\napiVersion: " V1 "\nstatus: {token: tok}\n", NULL},
        {CRED("{\"token\":\"tok\",\"clientCertificateData\":null,\"expirationTimestamp\":"
              "\"2031-01-01T00:00:00+02:00\"}"),
         NULL},
        {"", "printed nothing"},
        {"  \n", "printed nothing"},
        {"s3cr3t", "no ExecCredential"},
        {"{\"s3cr3t\"", "not JSON"},
        {CRED("{\"token\":\"tok\"}") CRED("{}"), "not JSON"},
        {CRED("{\"token\":\"s3cr3t\",\"token\":\"s3cr3t\"}"), "not JSON"},
        {"[]", "no ExecCredential"},
        {"{\"kind\":\"Secret\",\"apiVersion\":\"" V1 "\"}", "no ExecCredential"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\","
         "\"status\":{\"token\":\"s3cr3t\"}}",
         "apiVersion client.authentication.k8s.io/v1beta1, want " V1},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"s3cr3t\",\"status\":{\"token\":\"t\"}}",
         "apiVersion of something else"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\"}", "no status"},
        {CRED("null"), "no status"},
        {CRED("{}"), "neither token nor"},
        {CRED("{\"token\":\"\"}"), "neither token nor"},
        {CRED("{\"token\":17}"), "status.token: want a string"},
        {CRED("{\"token\":\"s3cr3t x\"}"), "status.token: the token has characters"},
        {CRED("{\"token\":\"t\",\"expirationTimestamp\":\"s3cr3t\"}"),
         "status.expirationTimestamp: not a time"},
        {CRED("{\"clientCertificateData\":\"s3cr3t\"}"), "without clientKeyData"},
        {CRED("{\"token\":\"t\",\"clientKeyData\":\"s3cr3t\"}"), "without clientCertificateData"},
        {CRED("{\"clientCertificateData\":\"s3cr3t\",\"clientKeyData\":\"s3cr3t\"}"),
         "status.clientCertificateData: no PEM certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rk__exec_cred k = {.token = NULL};
        struct rk_err err = RK_ERR_INIT;
        int rc = rk__exec_read(V1, cases[i].text, strlen(cases[i].text), &k, &err);
        if ((rc == 0) != !cases[i].why || (cases[i].why && !strstr(err.text, cases[i].why)) ||
            strstr(err.text, "s3cr3t"))
            fail_msg("%zu: %d %s", i, rc, err.text);
        if (rc == 0)
            assert_string_equal(k.token, "tok");
        assert_true(rc == 0 || !k.token);
        rk__exec_cred_drop(&k);
    }
}

/* What a program prints that gives a certificate and a key. */
static const char *pair_answer(struct rk_arena *a, const char *cert, const char *key)
{
    cJSON *status = rk_json_object(a);
    rk_json_set(a, status, "clientCertificateData", rk_json_string(a, cert));
    rk_json_set(a, status, "clientKeyData", rk_json_string(a, key));
    return rk_arena_fmt(a, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\",\"status\":%s}",
                        rk_json_text(a, status));
}

static void certificate_and_key_must_belong_together(void **state)
{
    (void)state;
    struct rk_arena a;
    rk_arena_init(&a, 0);
    for (int good = 0; good < 2; good++) {
        const char *text = pair_answer(&a, first.cert, good ? first.key : second.key);
        struct rk__exec_cred k = {.token = NULL};
        struct rk_err err = RK_ERR_INIT;
        assert_int_equal(rk__exec_read(V1, text, strlen(text), &k, &err), good ? 0 : RK_E_INVAL);
        if (good)
            assert_string_equal(k.key, first.key);
        else
            assert_non_null(strstr(err.text, "do not belong together"));
        rk__exec_cred_drop(&k);
    }
    rk_arena_done(&a);
}

static void the_last_line_is_shown_without_what_may_be_a_secret(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", ""},
        {"\n \n", ""},
        {"first\nnot logged in, run: aws sso login\n\n", "not logged in, run: aws sso login"},
        {"tab\there\x01!", "tab here !"},
        {"bad token=abc", "bad token=***"},
        {"Password: hunter2 and, more", "Password: ***"},
        {"Authorization: Bearer abc", "Authorization: ***"},
        {"usage: get --password hunter2 x", "usage: get --password ***"},
        {"a password is needed", "a password is needed"},
        {"got eyJhbGciOiJSUzI1NiIsImtpZCI6Ij.eyJzdWIi0", "got ***"},
        {"AKIAIOSFODNN7EXAMPLE is unknown", "*** is unknown"},
        {"https://h/?x=0123456789abcdef0123", "https://h/?x=***"},
        {"the current one is t0k", "the current one is ***"},
        {"internationalization failed", "internationalization failed"},
        {"expired 2026-01-02", "expired 2026-01-02"},
    };
    char line[RK__EXEC_LINE_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rk__exec_last_line(cases[i].text, strlen(cases[i].text), "t0k", line, sizeof line);
        assert_string_equal(line, cases[i].want);
    }
    char big[1000];
    memset(big, 'x', sizeof big);
    rk__exec_last_line(big, sizeof big, NULL, line, sizeof line);
    assert_int_equal(strlen(line), sizeof line - 1);
}

/* --- Runs that go wrong ------------------------------------------------- */

struct ran {
    int done;
    char why[128];
    bool no_pidfd;
};

static void on_run(void *ctx, const char *why)
{
    struct ran *r = ctx;
    r->done++;
    (void)snprintf(r->why, sizeof r->why, "%s", why);
}

/* One run of /bin/sh with this script; what is left of it is gone when it is over. */
static void run_script(struct world *w, const char *script, int64_t limit_ms, struct ran *ret)
{
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)script,
                    NULL};
    char *env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};
    struct rk__exec_run run = {.poll = w->poll, .done = on_run, .ctx = ret};
    struct rk_err err = RK_ERR_INIT;
    *ret = (struct ran){0};
    if (rk__exec_run_start(&run, "sh", argv, env, limit_ms, &err) != 0)
        fail_msg("%s", err.text);
    ret->no_pidfd = run.pidfd < 0;
    WAIT(w, ret->done);
    assert_int_equal(run.pid, 0);
    assert_null(run.text);
    assert_childless();
}

static void a_run_is_bounded_in_time_and_output_and_its_end_is_told_once(void **state)
{
    (void)state;
    struct world w;
    struct ran r;
    open_dir(&w);
    run_script(&w, "echo hello", BOUND_MS, &r);
    assert_string_equal(r.why, "");
    run_script(&w, "kill -9 $$", BOUND_MS, &r);
    assert_string_equal(r.why, "killed by signal 9");
    run_script(&w, "exit 7", BOUND_MS, &r);
    assert_string_equal(r.why, "exit code 7");
    int64_t from = rk_clock_ms();
    run_script(&w, "trap '' TERM INT HUP; exec sleep 1000", 200, &r);
    assert_string_equal(r.why, "no answer in time");
    assert_in_range(rk_clock_ms() - from, 199, BOUND_MS);
    run_script(&w, "exec >&- 2>&-; exec sleep 1000", 200, &r); /* without pipes that could tell */
    assert_string_equal(r.why, "no answer in time");
    run_script(&w, "yes", BOUND_MS, &r);
    assert_string_equal(r.why, "it printed more than 1 MiB");
    run_script(&w, "head -c 1048577 /dev/zero", BOUND_MS, &r);
    assert_string_equal(r.why, "it printed more than 1 MiB");
    run_script(&w, "yes >&2", 300, &r); /* however much it complains, that is no output */
    assert_string_equal(r.why, "no answer in time");
    assert_int_equal(r.done, 1);
    close_world(&w);
}

/* Not there, or waiting for whoever adopted it to reap it. */
static bool is_gone(pid_t pid)
{
    char name[64], text[256] = "";
    (void)snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_int_equal(close(fd), 0);
    return n <= 0 || strstr(text, ") Z ");
}

static void a_run_that_is_killed_takes_its_children_along(void **state)
{
    (void)state;
    struct world w;
    struct ran r;
    char script[256];
    open_dir(&w);
    (void)snprintf(script, sizeof script, "sleep 1000 & echo $! > %s/child; wait", w.dir);
    run_script(&w, script, 300, &r);
    pid_t child = (pid_t)strtol(get(&w, "child"), NULL, 10);
    assert_true(child > 1);
    WAIT(&w, is_gone(child));
    close_world(&w);
}

static void a_child_that_keeps_the_output_open_is_not_waited_for(void **state)
{
    (void)state;
    struct world w;
    struct ran r;
    char script[256];
    open_dir(&w);
    (void)snprintf(script, sizeof script, "setsid sleep 1000 & echo $! > %s/child; echo hello",
                   w.dir);
    run_script(&w, script, BOUND_MS, &r);
    assert_string_equal(r.why, "");
    assert_int_equal(kill((pid_t)strtol(get(&w, "child"), NULL, 10), SIGKILL), 0);
    close_world(&w);
}

static void whoever_reaps_first_the_status_arrives(void **state)
{
    (void)state;
    struct world w;
    open_dir(&w);
    put_token(&w, "tok", 0);
    start(&w, EXEC);
    int status = 0;
    pid_t pid = waitpid(-1, &status, 0); /* as a master does */
    assert_true(pid > 0);
    rk_creds_reaped(w.creds, pid + 1, status);
    assert_true(rk_creds_fetching(w.creds));
    rk_creds_reaped(w.creds, pid, status);
    assert_false(rk_creds_fetching(w.creds));
    rk_creds_reaped(w.creds, pid, status);
    WAIT(&w, w.heard == 1);
    assert_string_equal(w.creds->token, "tok");
    close_world(&w);
}

static void a_status_that_somebody_took_silently_is_a_failure(void **state)
{
    (void)state;
    struct world w;
    open_dir(&w);
    put_token(&w, "tok", 0);
    start(&w, EXEC);
    assert_true(waitpid(-1, NULL, 0) > 0);
    WAIT(&w, w.heard == 1);
    assert_false(rk_creds_ready(w.creds));
    assert_non_null(strstr(rk_creds_problem(w.creds), "not known"));
    WAIT(&w, w.heard == 2); /* and it is tried again */
    assert_true(rk_creds_ready(w.creds));
    close_world(&w);
}

static void credentials_may_go_while_their_program_runs(void **state)
{
    (void)state;
    struct world w;
    open_dir(&w);
    put_program(&w, "exec sleep 1000");
    open_client(&w, NULL);
    WAIT(&w, runs(&w) == 1);
    close_world(&w);
    assert_childless();
}

/* --- The credential over time ------------------------------------------- */

static void requests_wait_for_the_first_credential_and_carry_it(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_program(&w, "while [ ! -e go ]; do sleep 0.02; done\n"
                    "echo '" CRED("{\"token\":\"tok\"}") "'");
    open_client(&w, NULL);
    assert_false(rk_creds_ready(w.creds));
    send_get(&w, &s);
    WAIT(&w, runs(&w) == 1);
    for (int i = 0; i < 3; i++)
        turn(w.poll);
    assert_int_equal(w.server.n_requests + (size_t)s.done, 0);
    put(&w, "go", "", 0600);
    WAIT(&w, s.done);
    assert_int_equal(s.resp.code, 0);
    assert_string_equal(fake_header(&w.server, 0, "Authorization"), "Bearer tok");
    assert_int_equal(runs(&w), 1);
    close_world(&w);
}

static void the_wait_for_the_first_credential_is_bounded(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, later = {0};
    open_dir(&w);
    put_program(&w, "exec sleep 1000");
    open_client(&w, &(struct rk_client_conf){.request_ms = 150});
    send_get(&w, &s);
    struct rk_req r = get_req(&later);
    r.timeout_ms = BOUND_MS;
    assert_non_null(rk_client_send(w.client, &r));
    WAIT(&w, s.done);
    assert_int_equal(s.resp.code, RK_E_AUTH);
    assert_true(s.resp.unsent);
    assert_in_range(s.resp.took_ms, 149, BOUND_MS);
    assert_string_equal(s.resp.message, "no credentials yet: exec has not answered");
    assert_int_equal(later.done, 0);
    close_world(&w);
}

static void without_any_credential_requests_fail_with_the_reason_and_the_program_is_asked_again(
    void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, t = {0};
    open_dir(&w);
    put_program(&w, "echo nothing; echo 'log in first' >&2; exit 5");
    open_client(&w, NULL);
    send_get(&w, &s);
    WAIT(&w, s.done);
    assert_int_equal(s.resp.code, RK_E_AUTH);
    assert_true(s.resp.unsent);
    assert_non_null(strstr(s.resp.message, "no credentials yet: exec "));
    assert_non_null(strstr(s.resp.message, "exit code 5"));
    const char *log = logged(&w);
    assert_non_null(strstr(log, "no credentials yet"));
    assert_non_null(strstr(log, "\"stderr\":\"log in first\""));
    WAIT(&w, runs(&w) == 2);
    WAIT(&w, w.heard == 2);
    assert_string_equal(logged(&w), ""); /* the same again is not said again */
    put_token(&w, "tok", 0);
    WAIT(&w, rk_creds_ready(w.creds));
    send_get(&w, &t);
    WAIT(&w, t.done);
    assert_int_equal(t.resp.code, 0);
    assert_int_equal(w.server.n_requests, 1);
    assert_null(rk_creds_problem(w.creds));
    close_world(&w);
}

static void a_credential_is_renewed_before_it_expires(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_token(&w, "one", 6000);
    open_client(&w, NULL);
    send_get(&w, &s);
    WAIT(&w, s.done == 1);
    int64_t from = rk_clock_ms();
    put_token(&w, "two", 3600000);
    WAIT(&w, w.heard == 2);
    assert_true(rk_clock_ms() - from < 6000);
    send_get(&w, &s);
    WAIT(&w, s.done == 2);
    assert_string_equal(fake_header(&w.server, 0, "Authorization"), "Bearer one");
    assert_string_equal(fake_header(&w.server, 1, "Authorization"), "Bearer two");
    assert_int_equal(w.server.n_conns, 1); /* a token is no reason to drop connections */
    assert_int_equal(w.creds->generation, 0);
    assert_int_equal(runs(&w), 2);
    close_world(&w);
}

static void without_expiry_it_is_asked_again_only_after_a_401(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_token(&w, "one", 0);
    open_client(&w, NULL);
    send_get(&w, &s);
    WAIT(&w, s.done == 1);
    w.creds->exec->not_before_ms = 0; /* some time has passed */
    put_token(&w, "two", 0);
    fake_reply(&w.server, 401, "", "{}");
    struct rk_req r = get_req(&s); /* a write, to show that nothing is lost or doubled */
    r.method = "POST";
    r.body = rk_span_of("{\"a\":1}");
    assert_non_null(rk_client_send(w.client, &r));
    WAIT(&w, s.done == 2);
    assert_int_equal(s.resp.code, 0);
    assert_int_equal(w.server.n_requests, 3);
    assert_string_equal(w.server.requests[2].body, "{\"a\":1}");
    assert_string_equal(fake_header(&w.server, 1, "Authorization"), "Bearer one");
    assert_string_equal(fake_header(&w.server, 2, "Authorization"), "Bearer two");
    assert_int_equal(runs(&w), 2);
    assert_int_equal(w.server.n_conns, 1);
    close_world(&w);
}

static void a_burst_of_401_is_one_run_and_each_request_is_tried_once_more(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, hold = {0};
    open_dir(&w);
    put_token(&w, "one", 0);
    open_client(&w, &(struct rk_client_conf){.window_min = 8, .window_max = 8});
    send_get(&w, &hold);
    WAIT(&w, hold.done);
    w.creds->exec->not_before_ms = 0;
    put_token(&w, "two", 0);
    for (int i = 0; i < 8; i++)
        fake_step(&w.server, NULL, FAKE_HOLD);
    fake_reply(&w.server, 401, "", "{}"); /* one of them meets another with the new one */
    for (int i = 0; i < 8; i++)
        send_get(&w, &s);
    WAIT(&w, w.server.held == 8);
    fake_release(&w.server, "HTTP/1.1 401 X\r\nContent-Length: 2\r\n\r\n{}");
    WAIT(&w, s.done == 8);
    assert_int_equal(w.server.n_requests, 1 + 8 + 8);
    assert_int_equal(runs(&w), 2);
    struct rk_client_stats st;
    rk_client_stats(w.client, &st);
    assert_int_equal(st.by_code[2], 1 + 7);
    assert_int_equal(st.by_code[4], 8 + 1);
    close_world(&w);
}

static void a_401_that_the_program_cannot_help_is_reported_and_no_reason_to_run_for_ever(
    void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_token(&w, "one", 0);
    open_client(&w, NULL);
    send_get(&w, &s);
    WAIT(&w, s.done == 1);
    w.creds->exec->not_before_ms = 0;
    for (int i = 0; i < 20; i++)
        fake_reply(&w.server, 401, "", "{\"kind\":\"Status\",\"reason\":\"Unauthorized\"}");
    for (int i = 2; i < 12; i++) {
        send_get(&w, &s);
        WAIT(&w, s.done == i);
        assert_int_equal(s.resp.code, RK_E_AUTH);
        assert_string_equal(s.resp.reason, "Unauthorized");
    }
    assert_int_equal(runs(&w), 2); /* the same token again: it is left alone for a while */
    assert_int_equal(w.server.n_requests, 11);
    close_world(&w);
}

static void the_old_credential_stays_while_the_program_fails(void **state)
{
    (void)state;
    rk_not_emulated("posix_spawn does not say that there is no program: the child is a fork");
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_token(&w, "one", 1500);
    open_client(&w, NULL);
    WAIT(&w, rk_creds_ready(w.creds));
    put_program(&w, "echo 'no token=abc for you' >&2; exit 1");
    WAIT(&w, w.heard >= 3); /* and the second failure */
    assert_string_equal(w.creds->token, "one");
    send_get(&w, &s);
    WAIT(&w, s.done == 1);
    assert_int_equal(s.resp.code, 0);
    assert_string_equal(fake_header(&w.server, 0, "Authorization"), "Bearer one");
    const char *log = logged(&w), *said = strstr(log, "the old ones stay");
    assert_non_null(said);
    assert_null(strstr(said + 1, "the old ones stay"));
    assert_non_null(strstr(log, "no token=***"));
    put(&w, "give", "#!/bin/sh\necho '" CRED("{\"token\":\"two\"") "'\n", 0700); /* cut off */
    WAIT(&w, strstr(rk_creds_problem(w.creds), "not JSON"));
    assert_string_equal(w.creds->token, "one");
    assert_int_equal(unlink(in_dir(w.dir, "give")), 0);
    WAIT(&w, strstr(rk_creds_problem(w.creds), "no such program") ||
                 strstr(rk_creds_problem(w.creds), "No such file"));
    close_world(&w);
}

static void while_the_program_hangs_requests_go_on_with_the_old_credential(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_token(&w, "one", 1200);
    open_client(&w, NULL);
    WAIT(&w, rk_creds_ready(w.creds));
    put_program(&w, "exec sleep 1000");
    WAIT(&w, runs(&w) == 2 && rk_creds_fetching(w.creds));
    for (int i = 1; i <= 5; i++) {
        send_get(&w, &s);
        WAIT(&w, s.done == i);
        assert_int_equal(s.resp.code, 0);
        assert_true(s.resp.took_ms < 1000);
    }
    assert_true(rk_creds_fetching(w.creds));
    close_world(&w);
}

/* A credential that is turned away while the program hangs: the wait has the request's own bound, and
 * what can be cancelled otherwise can be cancelled then. */
static void a_request_that_waits_for_the_program_ends_in_its_time_or_when_cancelled(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0}, gone = {0}, cut = {0};
    open_dir(&w);
    put_token(&w, "one", 1200);
    open_client(&w, NULL);
    WAIT(&w, rk_creds_ready(w.creds));
    put_program(&w, "exec sleep 1000");
    WAIT(&w, runs(&w) == 2 && rk_creds_fetching(w.creds));
    for (int i = 0; i < 3; i++)
        fake_reply(&w.server, 401, "", "{}");
    struct rk_req r = get_req(&s), q = get_req(&gone), p = get_req(&cut);
    r.timeout_ms = 200;
    p.method = "POST";
    p.body = rk_span_of("{}");
    p.write = true;
    rk_call *call = rk_client_send(w.client, &q);
    assert_non_null(rk_client_send(w.client, &p));
    assert_non_null(rk_client_send(w.client, &r));
    WAIT(&w, w.server.n_requests == 3);
    WAIT(&w, s.done);
    assert_int_equal(s.resp.http, 401);
    assert_in_range(s.resp.took_ms, 199, BOUND_MS);
    rk_client_cancel(w.client, call);
    rk_client_cut_writes(w.client);
    WAIT(&w, cut.done);
    assert_true(cut.resp.unsent);
    assert_false(cut.resp.unknown);
    assert_int_equal(rk_client_busy(w.client, RK_LANE_UNARY, false), 0);
    assert_int_equal(gone.done, 0);
    close_world(&w);
}

static void what_is_born_expired_is_used_and_not_asked_for_in_circles(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_token(&w, "late", -60000);
    open_client(&w, NULL);
    send_get(&w, &s);
    WAIT(&w, s.done == 1);
    assert_int_equal(s.resp.code, 0);
    int64_t from = rk_clock_ms();
    w.creds->exec->backoff.max_ms = 10000;
    put_token(&w, "later", -60000);
    WAIT(&w, w.heard == 2);
    assert_true(rk_clock_ms() - from >= 1000);
    assert_int_equal(w.creds->exec->backoff.step_ms, 400); /* longer each time, new or not */
    close_world(&w);
}

static void put_pair(const struct world *w, const struct pem_pair *p)
{
    struct rk_arena a;
    rk_arena_init(&a, 0);
    put(w, "answer", pair_answer(&a, p->cert, p->key), 0600);
    rk_arena_done(&a);
    put_program(w, "cat answer");
}

static void a_certificate_from_the_program_raises_the_generation_once_per_change(void **state)
{
    (void)state;
    struct world w;
    struct seen s = {0};
    open_dir(&w);
    put_pair(&w, &first);
    open_client(&w, NULL);
    send_get(&w, &s);
    WAIT(&w, s.done == 1);
    assert_string_equal(w.creds->cert_pem, first.cert);
    assert_string_equal(w.creds->key_pem, first.key);
    assert_int_equal(w.creds->cert_len, strlen(first.cert));
    assert_null(w.creds->token);
    assert_int_equal(w.creds->generation, 1);
    for (int round = 0; round < 2; round++) {
        w.creds->exec->not_before_ms = 0;
        put_pair(&w, &second);
        fake_reply(&w.server, 401, "", "{}");
        send_get(&w, &s);
        WAIT(&w, s.done == 2 + round);
        assert_string_equal(w.creds->cert_pem, second.cert);
        assert_int_equal(w.creds->generation, 2);
    }
    w.creds->exec->not_before_ms = 0;
    put_token(&w, "tok", 0); /* a token in its place: the certificate goes */
    fake_reply(&w.server, 401, "", "{}");
    send_get(&w, &s);
    WAIT(&w, s.done == 4);
    assert_null(w.creds->cert_pem);
    assert_null(w.creds->key_pem);
    assert_int_equal(w.creds->key_len, 0);
    assert_int_equal(w.creds->generation, 3);
    assert_string_equal(w.creds->token, "tok");
    close_world(&w);
}

/* The first run of this process: main() has asked for it. */
static void without_pidfd_the_end_of_a_run_is_found_all_the_same(void **state)
{
    (void)state;
    struct world w;
    struct ran r;
    open_dir(&w);
    run_script(&w, "echo hello", BOUND_MS, &r);
    assert_string_equal(r.why, "");
    assert_true(r.no_pidfd);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_pidfd_the_end_of_a_run_is_found_all_the_same),
        cmocka_unit_test(what_cannot_be_run_is_refused_with_file_and_field),
        cmocka_unit_test(a_user_who_has_a_token_is_not_asked_for_another),
        cmocka_unit_test(the_program_gets_its_arguments_and_environment_and_nothing_of_ours),
        cmocka_unit_test(the_cluster_is_told_only_to_who_asks_for_it),
        cmocka_unit_test(a_command_without_a_slash_is_looked_for_in_path),
        cmocka_unit_test(only_a_whole_credential_of_the_right_version_counts),
        cmocka_unit_test(certificate_and_key_must_belong_together),
        cmocka_unit_test(the_last_line_is_shown_without_what_may_be_a_secret),
        cmocka_unit_test(a_run_is_bounded_in_time_and_output_and_its_end_is_told_once),
        cmocka_unit_test(a_run_that_is_killed_takes_its_children_along),
        cmocka_unit_test(a_child_that_keeps_the_output_open_is_not_waited_for),
        cmocka_unit_test(whoever_reaps_first_the_status_arrives),
        cmocka_unit_test(a_status_that_somebody_took_silently_is_a_failure),
        cmocka_unit_test(credentials_may_go_while_their_program_runs),
        cmocka_unit_test(requests_wait_for_the_first_credential_and_carry_it),
        cmocka_unit_test(the_wait_for_the_first_credential_is_bounded),
        cmocka_unit_test(
            without_any_credential_requests_fail_with_the_reason_and_the_program_is_asked_again),
        cmocka_unit_test(a_credential_is_renewed_before_it_expires),
        cmocka_unit_test(without_expiry_it_is_asked_again_only_after_a_401),
        cmocka_unit_test(a_burst_of_401_is_one_run_and_each_request_is_tried_once_more),
        cmocka_unit_test(
            a_401_that_the_program_cannot_help_is_reported_and_no_reason_to_run_for_ever),
        cmocka_unit_test(the_old_credential_stays_while_the_program_fails),
        cmocka_unit_test(while_the_program_hangs_requests_go_on_with_the_old_credential),
        cmocka_unit_test(a_request_that_waits_for_the_program_ends_in_its_time_or_when_cancelled),
        cmocka_unit_test(what_is_born_expired_is_used_and_not_asked_for_in_circles),
        cmocka_unit_test(a_certificate_from_the_program_raises_the_generation_once_per_change),
    };
    if (setenv("RK_FAULT", "kube-exec-pidfd:1:fail", 1) != 0)
        return 1;
    return cmocka_run_group_tests(tests, make_pairs, NULL);
}
