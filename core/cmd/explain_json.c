/* `explain -o json`: one record per leaf, in the order of the objects. */
#include <raykeeper/plugin.h>

#include <string.h>

#include "core/cmd/explain.h"

/* All buffers here are full for good when they are; who owns them asks. */
static void text(struct rk_buf *out, const char *key, const char *value)
{
    (void)rk_buf_addf(out, ",\"%s\":", key);
    if (value)
        rk_json_escape(out, value, strlen(value));
    else
        (void)rk_buf_adds(out, "null");
}

static void value(struct rk_buf *out, const cJSON *v)
{
    (void)rk_buf_adds(out, ",\"value\":");
    if (v)
        (void)rk_json_print(v, out);
    else
        (void)rk_buf_adds(out, "null");
}

static void begin(const struct rk_section *s, struct rk_buf *out)
{
    struct rk_buf owner;
    rk_buf_init(&owner, 2048); /* three bounded names */
    (void)rk_buf_addf(&owner, "%s %s/%s", strrchr(s->plan->gvk, '/') + 1, s->plan->ns,
                      s->plan->name);
    (void)rk_buf_adds(out, out->len ? ",\n{\"owner\":" : "{\"owner\":");
    rk_json_escape(out, rk_buf_text(&owner), owner.len);
    rk_buf_done(&owner);
    text(out, "object", s->object);
    text(out, "group", s->shape->group[0] ? s->shape->group : NULL);
}

static void hook(struct rk_buf *out, const char *author, uint16_t phase, uint16_t rank)
{
    text(out, "author", author);
    text(out, "phase", phase ? rk_phase_name(phase) : NULL);
    (void)rk_buf_addf(out, phase ? ",\"rank\":%u" : ",\"rank\":null", (unsigned)rank);
}

static void field(const struct rk_section *s, const struct rk_plan_field *f, struct rk_buf *out)
{
    static const char *const verbs[] = {[RK_WROTE_SET] = "set",
                                        [RK_WROTE_OFFER] = "offer",
                                        [RK_WROTE_YIELD] = "offer",
                                        [RK_WROTE_APPEND] = "append",
                                        [RK_WROTE_DROP] = "drop"};
    begin(s, out);
    text(out, "path", f->path);
    text(out, "name", f->name);
    value(out, f->value);
    hook(out, f->author, f->phase, f->rank);
    text(out, "hook", f->title);
    text(out, "verb", f->phase ? verbs[f->verb] : NULL);
    text(out, "over", f->over);
    text(out, "source", f->source);
    text(out, "fill", f->fill);
    (void)rk_buf_adds(out, f->each ? ",\"each\":true" : ",\"each\":false");
    (void)rk_buf_adds(out, ",\"yielded\":[");
    for (size_t i = 0; i < f->n_yielded; i++) {
        const struct rk_plan_offer *y = &f->yielded[i];
        (void)rk_buf_adds(out, i ? ",{\"author\":" : "{\"author\":");
        rk_json_escape(out, y->author, strlen(y->author));
        text(out, "phase", rk_phase_name(y->phase));
        (void)rk_buf_addf(out, ",\"rank\":%u}", (unsigned)y->rank);
    }
    (void)rk_buf_adds(out, "]}");
}

void rk_explain_json(const struct rk_section *s, struct rk_buf *fields, struct rk_buf *removed)
{
    for (size_t i = 0; i < s->shape->n_fields; i++)
        if (s->field[i])
            field(s, &s->shape->fields[i], fields);
    for (size_t i = 0; i < s->shape->n_lost; i++) {
        const struct rk_plan_lost *l = &s->shape->lost[i];
        if (!s->lost[i])
            continue;
        begin(s, removed);
        text(removed, "name", l->name);
        value(removed, l->value);
        text(removed, "was", l->was);
        hook(removed, l->author, l->phase, l->rank);
        text(removed, "hook", l->title);
        (void)rk_buf_addc(removed, '}');
    }
}
