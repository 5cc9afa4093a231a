/* `raykeeper status`: asks the operator on this machine how it is, over its local socket, and says so. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "core/cmd/cmd.h"
#include "core/cmd/status.h"

#define LIMIT_MS  5000 /* the operator answers within a second, whatever its worker does */
#define BYTES_MAX ((size_t)2 << 20)

static const char help[] =
    "usage: raykeeper status [--json] [--socket PATH] [--config FILE] [--set SECTION.KEY=VALUE]...\n\n"
    "Says how the operator that runs on this machine is: `kubectl exec deploy/raykeeper -- raykeeper status`.\n"
    "Reads its local socket: --socket, else [debug] socket of the configuration.\n"
    "--json: the document as it is.\n\n"
    "exit codes: 0 it is well, 1 it is not or cannot be asked, 2 wrong use, 78 wrong configuration\n";

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
    struct rk_buf *b = ctx;
    return rk_buf_add(b, p, size * n) == 0 ? size * n : 0; /* 0 ends the transfer */
}

/* 0, or the exit code, told on stderr. */
static int ask(const char *socket, struct rk_buf *answer)
{
    char why[CURL_ERROR_SIZE] = "";
    long http = 0, os = 0;
    CURL *c = curl_easy_init();
    CURLcode rc = c ? CURLE_OK : CURLE_FAILED_INIT;
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_URL, "http://localhost/debug/state");
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_PROXY, ""); /* whatever the environment says */
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)LIMIT_MS);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
    if (rc == CURLE_OK)
        rc = curl_easy_perform(c);
    if (rc == CURLE_OK)
        rc = curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &http);
    else if (c)
        (void)curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &os); /* then curl's own word serves */
    curl_easy_cleanup(c);
    if (rc == CURLE_OK && http == 200)
        return 0;
    fprintf(stderr, "raykeeper status: %s: ", socket);
    if (answer->full)
        fprintf(stderr, "the answer has more than %zu bytes\n", BYTES_MAX);
    else if (rc == CURLE_OK)
        fprintf(stderr, "the answer is %ld: is this raykeeper's socket?\n", http);
    else
        fprintf(stderr, "%s (does the operator run here, as the same user?)\n",
                rc == CURLE_COULDNT_CONNECT && os ? strerror((int)os)
                : why[0]                          ? why
                                                  : curl_easy_strerror(rc));
    return 1;
}

static int tell(const char *socket, bool json)
{
    struct rk_err err = RK_ERR_INIT;
    struct rk_arena a;
    struct rk_buf answer, out;
    cJSON *doc = NULL;
    rk_arena_init(&a, 0);
    rk_buf_init(&answer, BYTES_MAX);
    rk_buf_init(&out, 4 * BYTES_MAX);
    int code = ask(socket, &answer);
    if (code == 0 && rk_json_parse(&a, rk_buf_text(&answer), answer.len, NULL, &doc, &err) != 0) {
        fprintf(stderr, "raykeeper status: %s: the answer is no JSON: %s\n", socket, err.text);
        code = 1;
    }
    if (code == 0) {
        if (json)
            (void)rk_json_print_pretty(doc, &out); /* the bound holds it: four times what came in */
        else
            rk_status_text(doc, &out);
        fputs(rk_buf_text(&out), stdout);
        code = cJSON_IsTrue(rk_json_get(doc, "well")) ? 0 : 1;
    }
    rk_buf_done(&out);
    rk_buf_done(&answer);
    rk_arena_done(&a);
    return code;
}

int rk_cmd_status(int argc, char **argv)
{
    static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
                                          {"socket", required_argument, NULL, 'S'},
                                          RK_SETUP_OPTIONS,
                                          {0}};
    struct rk_setup s = {0};
    const char *socket = NULL;
    bool json = false, wrong = false;
    int opt, code = 0;
    while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (opt == 'j')
            json = true;
        else if (opt == 'S')
            socket = optarg;
        else if (opt == 'h') {
            fputs(help, stdout);
            rk_setup_done(&s);
            return 0;
        } else
            wrong = wrong || !rk_setup_option(&s, opt, optarg);
    }
    if (wrong || optind < argc || (socket && !socket[0])) {
        fputs(help, stderr);
        rk_setup_done(&s);
        return 2;
    }
    code = socket ? 0 : rk_setup_load(&s, false, false);
    if (code == 0 && !socket)
        socket = s.o.debug.socket;
    if (code == 0 && !socket[0]) {
        fprintf(stderr, "raykeeper status: [debug] socket is empty: there is nobody to ask\n");
        code = 1;
    } else if (code == 0) {
        code = tell(socket, json);
    }
    rk_setup_done(&s);
    return code;
}
