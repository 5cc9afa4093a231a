/* Digest of a tree: equal for trees that differ in the order of members only. Number texts count as they stand. */
#include "core/json/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "core/base/mem.h"
#include "core/json/room.h"

static int by_key(const void *a, const void *b)
{
    const cJSON *const *x = a;
    const cJSON *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

static void sorted_text(const cJSON *v, struct rk_buf *out);

static void sorted_object(const cJSON *v, struct rk_buf *out)
{
    size_t n = rk_json_len(v);
    const cJSON *small[RK__JSON_SMALL];
    const cJSON **members = n > RK__JSON_SMALL ? rk_alloc_array(n, sizeof *members) : small;
    size_t i = 0;
    for (const cJSON *c = v->child; c; c = c->next)
        members[i++] = c;
    qsort(members, n, sizeof *members, by_key);
    (void)rk_buf_addc(out, '{'); /* here and below: `full` is sticky */
    for (i = 0; i < n; i++) {
        if (i > 0)
            (void)rk_buf_addc(out, ',');
        rk_json_escape(out, members[i]->string, strlen(members[i]->string));
        (void)rk_buf_addc(out, ':');
        sorted_text(members[i], out);
    }
    (void)rk_buf_addc(out, '}');
    if (members != small)
        rk_free(members);
}

static void sorted_text(const cJSON *v, struct rk_buf *out)
{
    if (rk_json_is_object(v)) {
        sorted_object(v, out);
        return;
    }
    if (!rk_json_is_array(v)) {
        (void)rk_json_print(v, out);
        return;
    }
    (void)rk_buf_addc(out, '[');
    for (const cJSON *c = v->child; c; c = c->next) {
        if (c != v->child)
            (void)rk_buf_addc(out, ',');
        sorted_text(c, out);
    }
    (void)rk_buf_addc(out, ']');
}

char *rk_json_digest(struct rk_arena *a, const cJSON *v)
{
    struct rk_buf text;
    rk_buf_init(&text, SIZE_MAX / 4);
    sorted_text(v, &text);
    assert(!text.full); /* no text reaches that bound */
    uint8_t sum[RK_SHA256_LEN];
    rk_sha256(rk_buf_text(&text), text.len, sum);
    rk_buf_done(&text);
    char digits[33];
    rk_base32hex(sum, 20, digits); /* 160 of 256 bits: 32 characters */
    return rk_arena_fmt(a, "1:%s", digits);
}
