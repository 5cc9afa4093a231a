/* What a request looks like to libcurl: address, TLS, headers, socket options, and the callbacks
 * during a transfer. */
#include "core/kube/client_room.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"

static bool is_success(long http)
{
    return http >= 200 && http < 300;
}

/* --- During a transfer -------------------------------------------------- */

static size_t collect(struct rk_call *call, long http, const char *p, size_t n)
{
    if (rk_buf_add(&call->body, p, n) == 0)
        return n;
    call->too_big = true;
    return is_success(http) ? 0 : n; /* of a refusal the status is enough */
}

/* client.md 5: never pauses, never blocks. Returning less than n ends the transfer. */
static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
    struct rk_call *call = ctx;
    size_t n = size * count; /* size is 1 by libcurl's word */
    struct rk__lane *l = call->lane;
    rk__lane_moved(l);
    l->client->stats.bytes_in += n;
    if (call->cancelled || call->cut)
        return 0;
    long http = 0;
    if (curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &http) != CURLE_OK)
        return 0;
    if (!call->req.data || !is_success(http))
        return collect(call, http, p, n);
    int rc = call->req.data(call->req.ctx, p, n, &call->data_err);
    if (call->cancelled || call->cut)
        return 0;
    call->data_code = rc < 0 ? rc : 0;
    return rc < 0 ? 0 : n;
}

/* 7.88 takes a connection that closes in the middle of the headers for an answer without a body. */
static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct rk_call *call = ctx;
    size_t n = size * count;
    rk__lane_moved(call->lane);
    call->head_over = n > 0 && (p[0] == '\r' || p[0] == '\n');
    long http = 0;
    if (call->head_over &&
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &http) == CURLE_OK && http > 0 &&
        !(call->req.hearsay && (http == 401 || http >= 500)))
        rk__pace_heard(call->lane->client, (int)http);
    return n;
}

/* The connection stands and nothing of the request is out yet (client.md 11). Called again when
 * libcurl resends on a new connection. */
static int on_ready(void *ctx, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
    (void)peer_ip, (void)local_ip, (void)peer_port, (void)local_port; /* whoever it is */
    struct rk_call *call = ctx;
    struct rk_client *c = call->lane->client;
    rk__lane_moved(call->lane);
    if (call->cancelled || call->cut)
        return CURL_PREREQFUNC_ABORT;
    if (call->req.write && c->conf.gate && !c->conf.gate(c->conf.gate_ctx, call->req.epoch)) {
        call->gate_shut = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->left = true;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)ctx, (void)purpose;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* The loop must forget a descriptor before its number can come back. */
static int on_close(void *ctx, curl_socket_t fd)
{
    struct rk__lane *l = ctx;
    rk_poll_fd_del(l->client->poll, fd);
    return close(fd);
}

/* client.md 7. Kernels that refuse an option still serve; the timers above them hold. */
static int on_socket(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
    (void)purpose;
    const struct rk__lane *l = ctx;
    int on = 1, idle = 20, interval = 5, count = 3, watch_ms = 30000;
    int64_t lost_ms = l->kind == RK_LANE_WATCH ? watch_ms : l->client->conf.user_timeout_ms;
    int lost = lost_ms > watch_ms ? watch_ms : (int)lost_ms;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost, sizeof lost);
    /* What is queued dies with its connection, also when the process is killed: a plain close would
     * go on delivering it. Nothing is lost that somebody waits for. */
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (l->kind == RK_LANE_UNARY)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    return CURL_SOCKOPT_OK;
}

/* --- One request -------------------------------------------------------- */

/* curl_easy_setopt that remembers the first failure in `rc`. */
#define SET(opt, value) (rc = rc ? rc : curl_easy_setopt(h, (opt), (value)))

static CURLcode set_blob(CURL *h, CURLoption opt, char *pem, size_t n)
{
    if (!pem)
        return CURLE_OK;
    struct curl_blob blob = {.data = pem, .len = n, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(h, opt, &blob);
}

/* Blobs are no files: they are not cached for a day, and connections match by content (client.md
 * 13). */
static CURLcode set_tls(CURL *h, const struct rk_creds *k)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (k->insecure) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (k->ca_pem) {
        /* Else the system's authorities would be trusted too. */
        SET(CURLOPT_CAPATH, NULL);
        SET(CURLOPT_CAINFO, NULL);
        rc = rc ? rc : set_blob(h, CURLOPT_CAINFO_BLOB, k->ca_pem, k->ca_len);
        /* An https proxy may be of the cluster's authority or of the system's. */
        rc = rc ? rc : set_blob(h, CURLOPT_PROXY_CAINFO_BLOB, k->ca_pem, k->ca_len);
    }
    rc = rc ? rc : set_blob(h, CURLOPT_SSLCERT_BLOB, k->cert_pem, k->cert_len);
    rc = rc ? rc : set_blob(h, CURLOPT_SSLKEY_BLOB, k->key_pem, k->key_len);
    return rc;
}

static CURLcode set_connection(CURL *h, struct rk_call *call)
{
    struct rk__lane *l = call->lane;
    const struct rk_client *c = l->client;
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)(c->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    SET(CURLOPT_PIPEWAIT, c->http2 ? 1L : 0L);
    SET(CURLOPT_MAXAGE_CONN, (long)((c->conf.idle_ms + 999) / 1000));
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)c->conf.connect_ms);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, l);
    SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
    SET(CURLOPT_SOCKOPTDATA, l);
    if (c->connect_to)
        SET(CURLOPT_CONNECT_TO, c->connect_to);
    if (c->proxy)
        SET(CURLOPT_PROXY, c->proxy);
    if (c->noproxy)
        SET(CURLOPT_NOPROXY, c->noproxy);
    return rc ? rc : set_tls(h, c->creds);
}

static bool is_watch(const struct rk_req *req)
{
    return req->query && (strstr(req->query, "watch=1") || strstr(req->query, "watch=true"));
}

/* client.md 8. A watch has no limit here: its owner's clock decides. */
static CURLcode set_times(CURL *h, const struct rk_call *call)
{
    const struct rk_req *req = &call->req;
    CURLcode rc = CURLE_OK;
    int64_t total = req->timeout_ms;
    if (total <= 0 && !req->data && !is_watch(req))
        total = call->lane->client->conf.request_ms;
    if (total > 0)
        SET(CURLOPT_TIMEOUT_MS, (long)total);
    if (req->data)
        SET(CURLOPT_BUFFERSIZE, 65536L);
    if (req->data && !is_watch(req)) {
        SET(CURLOPT_LOW_SPEED_LIMIT, 1024L);
        SET(CURLOPT_LOW_SPEED_TIME, (long)((call->lane->client->conf.stall_ms + 999) / 1000));
    }
    return rc;
}

/* Names no object: /api/v1/pods, /apis/g/v/namespaces/x/pods. */
static bool is_collection(const char *path)
{
    int words = 0;
    for (const char *p = path; *p; p++)
        words += *p == '/' && p[1] && p[1] != '/';
    words -= strncmp(path, "/apis/", 6) == 0 ? 3 : 2;
    return words == 1 || words == 3;
}

static const char *accept_header(const struct rk_req *req)
{
    if (!req->metadata_only)
        return "Accept: application/json";
    if (strcmp(req->method, "GET") == 0 && !is_watch(req) && is_collection(req->path))
        return "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    return "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

static bool add_header(struct rk_call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    if (!longer)
        return false;
    call->headers = longer;
    return true;
}

static bool make_headers(struct rk_call *call)
{
    const struct rk_creds *k = call->lane->client->creds;
    const struct rk_req *req = &call->req;
    struct rk_buf line;
    rk_buf_init(&line, 64 << 10);
    bool ok = add_header(call, accept_header(req)) && add_header(call, "Expect:");
    if (ok && req->body.p) {
        const char *type = req->content_type ? req->content_type : "application/json";
        ok = rk_buf_addf(&line, "Content-Type: %s", type) == 0 &&
             add_header(call, rk_buf_text(&line));
        rk_buf_clear(&line);
    }
    if (ok && k->token) {
        ok = rk_buf_addf(&line, "Authorization: Bearer %s", k->token) == 0 &&
             add_header(call, rk_buf_text(&line));
        if (line.data)
            rk_wipe(line.data, line.len);
    }
    rk_buf_done(&line);
    return ok;
}

static CURLcode set_request(CURL *h, struct rk_call *call)
{
    const struct rk_req *req = &call->req;
    const struct rk_client *c = call->lane->client;
    CURLcode rc = CURLE_OK;
    struct rk_buf url;
    rk_buf_init(&url, 64 << 10);
    (void)rk_buf_addf(&url, "%s%s%s%s", c->base_url, req->path, req->query ? "?" : "",
                      req->query ? req->query : ""); /* `full` is looked at next */
    rc = url.full ? CURLE_URL_MALFORMAT : rc;
    SET(CURLOPT_URL, rk_buf_text(&url));
    rk_buf_done(&url);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_USERAGENT, c->user_agent);
    if (req->body.p) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body.n);
        SET(CURLOPT_POSTFIELDS, req->body.p);
    }
    SET(CURLOPT_CUSTOMREQUEST, req->method);
    if (!make_headers(call))
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_HTTPHEADER, call->headers);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_PREREQFUNCTION, on_ready);
    SET(CURLOPT_PREREQDATA, call);
    SET(CURLOPT_ERRORBUFFER, call->curl_text);
    SET(CURLOPT_PRIVATE, call);
    return rc;
}

int rk__setup_call(struct rk_call *call)
{
    struct rk_client *c = call->lane->client;
    CURL *h = c->n_pool ? c->pool[--c->n_pool] : curl_easy_init();
    if (!h)
        return RK_E_IO;
    call->easy = h;
    call->curl_text[0] = '\0';
    call->gate_shut = false;
    call->head_over = false;
    call->token_generation = c->creds->token_generation;
    call->tls_generation = c->creds->generation;
    rk_buf_clear(&call->body);
    CURLcode rc = set_request(h, call);
    rc = rc ? rc : set_connection(h, call);
    rc = rc ? rc : set_times(h, call);
    return rc == CURLE_OK ? 0 : RK_E_IO;
}

void rk__setup_undo(struct rk_call *call)
{
    for (struct curl_slist *line = call->headers; line; line = line->next)
        rk_wipe(line->data, strlen(line->data));
    curl_slist_free_all(call->headers);
    call->headers = NULL;
    if (!call->easy)
        return;
    struct rk_client *c = call->lane->client;
    curl_easy_reset(call->easy);
    if (c->n_pool < RK__POOL_MAX)
        c->pool[c->n_pool++] = call->easy;
    else
        curl_easy_cleanup(call->easy);
    call->easy = NULL;
}
