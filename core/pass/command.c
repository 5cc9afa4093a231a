/* A command that a plugin brings: called once, with the function table of hooks; what it says is kept in order. */
#include <string.h>

#include "core/base/str.h"
#include "core/pass/room.h"

#define DOCUMENTS_MAX 100000
#define SAID_MAX      100000 /* comments, notices, steps: each */
#define TEXT_MAX      8192
#define WAIT_MAX_MS   86400000

static struct rk__command *mine(struct rk_pass *ps, const char *call)
{
    if (!ps->command)
        (void)rk__hook_refuse(ps, RK_EFAIL, "%s: only a command may call it", call);
    return ps->command;
}

/* What is too long ends with a whole character: half of one makes all that is printed with it unreadable. */
static const char *text_of(struct rk_pass *ps, const char *text)
{
    size_t n = text ? strnlen(text, TEXT_MAX) : 0;
    bool cut = n == TEXT_MAX;
    while (cut && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return n ? rk_arena_strndup(&ps->arena, text, n) : "";
}

static int32_t too_many(struct rk_pass *ps, const char *what)
{
    return rk__hook_refuse(ps, RK_EFAIL, "too many %s", what);
}

int32_t rk__command_emit(struct rk_pass *ps, const cJSON *document)
{
    struct rk__command *c = mine(ps, "emit");
    if (!c)
        return RK_EFAIL;
    if (!rk_json_is_object(document) && !rk_json_is_array(document) && !rk_json_is_string(document))
        return rk__hook_refuse(ps, RK_EFAIL, "emit: a document is an object, an array or a text");
    if (c->r.n_documents == DOCUMENTS_MAX)
        return too_many(ps, "documents");
    const cJSON **place = rk__grow(&ps->arena, &c->r.documents, &c->r.n_documents,
                                   &c->cap_documents, sizeof *c->r.documents);
    *place = document;
    return RK_OK;
}

int32_t rk__command_comment(struct rk_pass *ps, const cJSON *document, const char *path,
                            const char *text)
{
    struct rk__command *c = mine(ps, "comment");
    if (!c)
        return RK_EFAIL;
    if (c->r.n_comments == SAID_MAX)
        return too_many(ps, "comments");
    struct rk_comment *place = rk__grow(&ps->arena, &c->r.comments, &c->r.n_comments,
                                        &c->cap_comments, sizeof *c->r.comments);
    *place = (struct rk_comment){document, text_of(ps, path), text_of(ps, text)};
    return RK_OK;
}

int32_t rk__command_notice(struct rk_pass *ps, int32_t level, const char *where, const char *text)
{
    struct rk__command *c = mine(ps, "notice");
    if (!c)
        return RK_EFAIL;
    if (level != RK_NOTE_TELL && level != RK_NOTE_LOSSY)
        return rk__hook_refuse(ps, RK_EFAIL, "notice: there is no level %d", (int)level);
    if (c->r.n_notices == SAID_MAX)
        return too_many(ps, "notices");
    struct rk_told *place =
        rk__grow(&ps->arena, &c->r.notices, &c->r.n_notices, &c->cap_notices, sizeof *c->r.notices);
    *place = (struct rk_told){level == RK_NOTE_LOSSY, text_of(ps, where), text_of(ps, text)};
    return RK_OK;
}

/* What is missing for it to be carried out; NULL = nothing. */
static const char *lacks(const rk_step *s)
{
    bool body = s->verb == RK_STEP_CREATE || s->verb == RK_STEP_PATCH;
    if (s->verb < RK_STEP_CREATE || s->verb > RK_STEP_TELL)
        return "a verb";
    if (!s->title[0])
        return "a title";
    if (s->verb == RK_STEP_TELL)
        return NULL;
    if (!strchr(s->gvk, '/') || !s->plural[0] || !s->name[0])
        return "a kind with a plural, and a name";
    if (body && !rk_json_is_object(rk__in(s->body)))
        return "a body";
    if ((s->verb == RK_STEP_PATCH || s->verb == RK_STEP_DELETE) && !s->uid[0])
        return "a uid";
    return s->verb == RK_STEP_GONE && s->limit_ms <= 0 ? "a limit" : NULL;
}

/* As it is kept: that is what is looked at. */
static rk_step copy_of(struct rk_pass *ps, const rk_step *step)
{
    rk_step s = *step;
    s.title = text_of(ps, step->title);
    s.gvk = text_of(ps, step->gvk);
    s.plural = text_of(ps, step->plural);
    s.ns = text_of(ps, step->ns);
    s.name = text_of(ps, step->name);
    s.uid = text_of(ps, step->uid);
    s.limit_ms = step->limit_ms < WAIT_MAX_MS ? step->limit_ms : WAIT_MAX_MS;
    return s;
}

int32_t rk__command_step(struct rk_pass *ps, const rk_step *step)
{
    struct rk__command *c = mine(ps, "step");
    if (!c)
        return RK_EFAIL;
    if (!step || step->size < sizeof *step)
        return rk__hook_refuse(ps, RK_EFAIL, "step: the struct has %u bytes, this host needs %zu",
                               step ? (unsigned)step->size : 0u, sizeof *step);
    rk_step s = copy_of(ps, step);
    const char *lack = lacks(&s);
    if (lack)
        return rk__hook_refuse(ps, RK_EFAIL, "step \"%.200s\": it has not %s", s.title, lack);
    if (c->r.n_steps == SAID_MAX)
        return too_many(ps, "steps");
    rk_step *place = rk__grow(&ps->arena, &c->r.steps, &c->r.n_steps, &c->cap_steps, sizeof *place);
    *place = s;
    return RK_OK;
}

/* A command is called where a hook would be: so that what a hook must not do, it must not either. */
static int32_t run(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct rk__command *c = ps->command;
    (void)self;
    return c->c->run(rk, ps, c->opts, rk__out(c->inputs));
}

static void keep_failures(struct rk_pass *ps, struct rk_command_result *r)
{
    r->failures = rk_arena_alloc(&ps->arena, (ps->n_failures + 1) * sizeof *r->failures);
    for (size_t i = 0; i < ps->n_failures; i++)
        r->failures[r->n_failures++] =
            (struct rk_told){true, ps->failures[i].field, ps->failures[i].text};
}

void rk_pass_command(const struct rk_plugins *plugins, const struct rk_pass_conf *conf,
                     const struct rk_plug *plug, const rk_command *c, const void *opts,
                     const cJSON *inputs, int64_t now_us,
                     void (*done)(void *ctx, const struct rk_command_result *r), void *ctx)
{
    struct rk_pass pass, *ps = &pass;
    struct rk_err err = RK_ERR_INIT;
    const struct rk_snapshot snap = {.gvk = "command/Command",
                                     .ns = "",
                                     .name = c->name,
                                     .uid = "",
                                     .rv = "",
                                     .object = rk_span_of("{}"),
                                     .now_us = now_us};
    struct rk_plug whose = *plug;
    const struct rk_plugged_hook hook = {.plug = &whose, .hook = {.run = run, .title = c->name}};
    struct rk__command command = {.c = c, .opts = opts, .inputs = inputs};
    struct rk_told failure = {true, "", err.text};
    if (rk__pass_open(ps, plugins, conf, &snap, &err) != 0) {
        done(ctx, &(const struct rk_command_result){.failures = &failure, .n_failures = 1});
        return;
    }
    ps->command = &command;
    int32_t r = rk__hook_run(ps, &hook);
    if (r > RK_OK)
        rk__fail(ps, RK_EFAIL, "", "returned a verdict, which means nothing here");
    keep_failures(ps, &command.r);
    done(ctx, &command.r);
    rk_plan_free(ps->plan);
    rk__pass_done(ps);
}
