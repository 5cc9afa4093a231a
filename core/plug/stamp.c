/* Which plugins these are and what they were told, short enough for a message. */
#include "core/plug/room.h"

#include <stdio.h>
#include <string.h>

#include "core/base/digest.h"

#define TEXT_MAX (16u << 20)

/* With its length, so that two texts cannot be taken for two others. */
static void add(struct rk_buf *b, const void *p, size_t n)
{
    (void)rk_buf_addf(b, "%zu:", n); /* options are far below the bound; a cut text is as good */
    (void)rk_buf_add(b, p, n);
}

static void add_text(struct rk_buf *b, const char *text)
{
    add(b, text ? text : "", text ? strlen(text) : 0);
}

static void add_option(struct rk_buf *b, const struct rk_plug *plug, const rk_opt *o)
{
    const char *field = (const char *)plug->self + o->offset;
    const char *text;
    add_text(b, o->key);
    switch (o->type) {
    case RK_T_BOOL:
        add(b, field, 1);
        break;
    case RK_T_INT:
    case RK_T_DURATION:
    case RK_T_SIZE:
        add(b, field, sizeof(int64_t));
        break;
    default:
        memcpy(&text, field, sizeof text);
        add_text(b, text);
    }
}

static void add_plug(struct rk_buf *b, const struct rk_plug *plug)
{
    add_text(b, plug->name);
    add_text(b, plug->info.version);
    add(b, plug->digest, sizeof plug->digest);
    add(b, &plug->disabled, sizeof plug->disabled);
    for (uint32_t i = 0; i < plug->info.n_opts; i++)
        add_option(b, plug, &plug->opts[i]);
    for (const char *const *after = plug->after; *after; after++)
        add_text(b, *after);
}

void rk_plugins_stamp(const struct rk_plugins *p, const char *host, char out[RK_PLUGINS_STAMP])
{
    uint8_t digest[RK_SHA256_LEN];
    struct rk_buf b;
    rk_buf_init(&b, TEXT_MAX);
    add_text(&b, host);
    for (size_t i = 0; i < p->n; i++)
        add_plug(&b, &p->plugs[i]);
    rk_sha256(rk_buf_text(&b), b.len, digest);
    rk_buf_done(&b);
    for (size_t i = 0; i < RK_PLUGINS_STAMP / 2; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]); /* fits */
}
