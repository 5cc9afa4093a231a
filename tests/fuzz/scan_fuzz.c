/* Fuzz target: the streaming scanner. First byte: mode, item maximum and how to cut; the rest is
 * the body. Two scans of the same bytes, one whole and one in pieces, must agree on every item
 * and on the outcome; whatever comes out complete must be copied by `without` (the two grammars
 * must accept the same), and asking for paths must not read outside. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int note(void *ctx, enum rk_scan_what what, struct rk_span body, bool skipped,
                struct rk_err *err)
{
    struct rk_buf *log = ctx, copy, again;
    (void)err; /* never fails */
    (void)rk_buf_addf(log, "%d %d %zu ", (int)what, (int)skipped, body.n);
    (void)rk_buf_add(log, body.p, body.n);
    char text[64];
    (void)rk_scan_text(rk_scan_get(body, "metadata/name"), text, sizeof text); /* absent is fine */
    (void)rk_scan_text(rk_scan_get(body, "object/metadata/a~1b"), text, sizeof text);
    if (skipped)
        return 0;
    rk_buf_init(&copy, body.n);
    rk_buf_init(&again, body.n);
    if (rk_scan_without(body, NULL, 0, &copy, NULL) != 0 && what != RK_SCAN_OTHER)
        abort();
    if (copy.len > 0) {
        struct rk_span small = {copy.data, copy.len};
        const char *const drop[] = {"metadata/managedFields", "a/*/b", "*/c"};
        if (rk_scan_without(small, NULL, 0, &again, NULL) != 0 || again.len != copy.len ||
            memcmp(again.data, copy.data, copy.len) != 0)
            abort();
        rk_buf_clear(&again);
        (void)rk_scan_without(small, drop, 3, &again, NULL); /* a doubled key fails, rightly */
        rk_buf_clear(&again);
        (void)rk_scan_project(small, drop, 3, &again, NULL);
    }
    rk_buf_done(&copy);
    rk_buf_done(&again);
    return 0;
}

static int scan(enum rk_scan_mode mode, size_t max, const char *p, size_t n, size_t step,
                struct rk_buf *log)
{
    struct rk_scan *s = rk_scan_new(mode, max, note, log);
    int rc = 0;
    for (size_t at = 0; at < n && rc == 0; at += step) {
        size_t len = n - at < step ? n - at : step;
        char *piece = rk_strndup(p + at, len); /* a copy: a borrow that outlives it is seen */
        rc = rk_scan_feed(s, piece, len, NULL);
        rk_free(piece);
    }
    if (rc == 0)
        rc = rk_scan_end(s, NULL);
    rk_scan_free(s);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum rk_scan_mode mode = data[0] & 1 ? RK_SCAN_WATCH : RK_SCAN_LIST;
    size_t max = data[0] & 2 ? 16 : 4096, step = (size_t)(data[0] >> 2) % 17 + 1;
    const char *body = (const char *)data + 1;
    struct rk_buf whole, pieces;
    rk_buf_init(&whole, 1 << 24);
    rk_buf_init(&pieces, 1 << 24);
    int a = scan(mode, max, body, size - 1, size, &whole);
    int b = scan(mode, max, body, size - 1, step, &pieces);
    if (a != b || whole.len != pieces.len ||
        (whole.len > 0 && memcmp(whole.data, pieces.data, whole.len) != 0))
        abort();
    rk_buf_done(&whole);
    rk_buf_done(&pieces);
    return 0;
}
