/* Pages: kept for a while and shared, waited for, asked for in full; more clients than places. Real sockets, one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/loop/http.h"

#define BOUND_MS 20000
#define PLACES   4
#define LARGE    ((size_t)4 << 20)

static struct rk_poll *loop;
static struct rk_http *http;
static int port, made; /* pages so far */
static bool unknown;

static unsigned page(void *ctx, const struct rk_http_ask *ask, struct rk_buf *text)
{
    (void)ctx;
    if (unknown)
        return 0;
    made++;
    if (strcmp(ask->path, "/large") == 0) {
        for (size_t i = 0; i < LARGE / 16; i++)
            (void)rk_buf_adds(text, "0123456789abcde\n");
        return 200;
    }
    (void)rk_buf_addf(text, "page %d of %s%s.", made, ask->path, ask->verbose ? ", in full" : "");
    return strcmp(ask->path, "/none") == 0 ? 404 : 200;
}

static int start(void **state)
{
    struct rk_err err = RK_ERR_INIT;
    int fd;
    (void)state;
    made = 0;
    unknown = false;
    loop = rk_poll_new(&err);
    if (!loop || rk_http_listen("127.0.0.1:0", &fd, &port, &err) != 0)
        return -1;
    return rk_http_new(loop, fd, "text/plain", PLACES, page, NULL, &http, &err);
}

static int stop(void **state)
{
    (void)state;
    rk_http_free(http);
    rk_poll_free(loop);
    return 0;
}

static void turn(void)
{
    struct rk_err err = RK_ERR_INIT;
    assert_int_equal(rk_poll_turn(loop, 20, &err), 0);
}

static int client(const char *request)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
    return fd;
}

#define GET(path) "GET " path " HTTP/1.0\r\n\r\n"

/* Up to the end of the connection; false when nothing came within the bound. */
static bool answer(int fd, char *out, size_t size, size_t *ret_n, int64_t bound_ms)
{
    static char rest[65536];
    int64_t end = rk_clock_ms() + bound_ms;
    size_t n = 0;
    for (;;) {
        bool room = n + 1 < size;
        ssize_t got =
            recv(fd, room ? out + n : rest, room ? size - 1 - n : sizeof(rest), MSG_DONTWAIT);
        if (got == 0)
            break;
        if (got > 0) {
            n += (size_t)got;
            if (n < size)
                out[n] = '\0';
            continue;
        }
        assert_int_equal(errno, EAGAIN);
        if (rk_clock_ms() > end)
            return false;
        turn();
    }
    if (ret_n)
        *ret_n = n;
    close(fd);
    return true;
}

static void expect(int fd, const char *wanted)
{
    char text[2048] = "";
    assert_true(answer(fd, text, sizeof(text), NULL, BOUND_MS));
    if (!strstr(text, wanted))
        fail_msg("'%s' is not in: %s", wanted, text);
}

static void each_reader_has_a_page_of_his_own_unless_it_is_kept(void **state)
{
    (void)state;
    expect(client(GET("/a")), "page 1 of /a.");
    expect(client(GET("/a")), "page 2 of /a.");
    rk_http_keep(http, BOUND_MS);
    expect(client(GET("/a")), "page 3 of /a.");
    expect(client(GET("/a")), "page 3 of /a.");
    expect(client(GET("/b")), "page 4 of /b.");
    expect(client(GET("/none")), "404");
    expect(client(GET("/b")), "page 4 of /b.");
    rk_http_keep(http, 0);
    expect(client(GET("/b")), "page 6 of /b.");
}

static void slow_readers_share_one_page_and_get_all_of_it(void **state)
{
    int fd[PLACES - 1];
    size_t n;
    char head[256];
    (void)state;
    rk_http_keep(http, BOUND_MS);
    for (size_t i = 0; i < PLACES - 1; i++)
        fd[i] = client(GET("/large"));
    for (int i = 0; i < 50; i++)
        turn(); /* as far as the sockets take it; nobody reads */
    assert_int_equal(made, 1);
    expect(client(GET("/b")), "page 2 of /b."); /* it is forgotten while they still read it */
    for (size_t i = 0; i < PLACES - 1; i++) {
        assert_true(answer(fd[i], head, sizeof(head), &n, BOUND_MS));
        assert_true(n > LARGE);
    }
}

static void who_asks_for_what_is_not_known_yet_waits_until_it_is(void **state)
{
    (void)state;
    unknown = true;
    int first = client(GET("/a")), second = client(GET("/b"));
    char text[64];
    assert_false(answer(first, text, sizeof(text), NULL, 200));
    rk_http_wake(http); /* still not: they go on waiting */
    assert_false(answer(second, text, sizeof(text), NULL, 100));
    unknown = false;
    rk_http_wake(http);
    expect(first, "of /a.");
    expect(second, "of /b.");
}

static void an_end_while_somebody_waits_is_an_end(void **state)
{
    char text[64];
    (void)state;
    unknown = true;
    int fd = client(GET("/a"));
    assert_false(answer(fd, text, sizeof(text), NULL, 100));
    rk_http_free(http);
    http = NULL;
    assert_int_equal(recv(fd, text, sizeof(text), 0), 0);
    close(fd);
}

static void verbose_is_a_word_behind_a_question_mark(void **state)
{
    (void)state;
    expect(client(GET("/a?verbose")), "of /a, in full.");
    expect(client(GET("/a?verbose=1&b=2")), "of /a, in full.");
    expect(client(GET("/a?other")), "of /a.");
    expect(client("POST /a HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), "405");
}

static void who_finds_no_place_is_served_when_there_is_one(void **state)
{
    int silent[PLACES], fd;
    char text[64];
    (void)state;
    for (size_t i = 0; i < PLACES; i++)
        silent[i] = client("GET /a HT");
    turn();
    fd = client(GET("/late"));
    assert_false(answer(fd, text, sizeof(text), NULL, 200));
    close(silent[0]);
    expect(fd, "of /late.");
    for (size_t i = 1; i < PLACES; i++)
        close(silent[i]);
}

int main(void)
{
#define WITH(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        WITH(each_reader_has_a_page_of_his_own_unless_it_is_kept),
        WITH(slow_readers_share_one_page_and_get_all_of_it),
        WITH(who_asks_for_what_is_not_known_yet_waits_until_it_is),
        WITH(an_end_while_somebody_waits_is_an_end),
        WITH(verbose_is_a_word_behind_a_question_mark),
        WITH(who_finds_no_place_is_served_when_there_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
