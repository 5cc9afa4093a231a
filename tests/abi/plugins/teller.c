/* A command that does what its options say: what the host makes of documents, comments, notices, failures and steps. */
#include <raykeeper/sugar.h>

struct options {
    const char *word, *set, *step;
    int64_t times;
    uint8_t lossy, bad, odd, live;
};

#define OPT(name, kind, more)                                                                    \
    {                                                                                            \
        .key = #name, .help = #name, .type = kind, .offset = offsetof(struct options, name) more \
    }
#define AND ,
static const rk_opt opts[] = {
    OPT(word, RK_T_ENUM, AND.choices = "well|ill" AND.dflt = "well"),
    OPT(times, RK_T_INT, AND.dflt = "1" AND.min = 1 AND.max = 3),
    OPT(set, RK_T_LIST, ),
    OPT(step, RK_T_STR, ),
    OPT(lossy, RK_T_BOOL, ),
    OPT(bad, RK_T_BOOL, ),
    OPT(odd, RK_T_BOOL, ),
    OPT(live, RK_T_BOOL, ),
};

static int32_t steps(const rk_api *rk, rk_pass *ps, const struct options *o, const rk_json *in)
{
    const rk_json *first = NULL; /* in the namespace that was named */
    for (RK_EACH(rk, it, rk->at(in, "/live/v1~1ConfigMap")))
        if (rk_is(rk->str(it, "/metadata/namespace", ""), rk->str(in, "/namespace", NULL)))
            first = it;
    if (!first)
        return rk->emit(ps, rk->new_str(ps, "there is none\n"));
    rk_json *body = rk->new_object(ps), *data = rk->new_object(ps);
    rk->put(ps, data, "told", rk->new_str(ps, "yes"));
    rk->put(ps, body, "data", data);
    const rk_step patch = {.size = sizeof patch,
                           .verb = RK_STEP_PATCH,
                           .title = "tell it",
                           .gvk = "v1/ConfigMap",
                           .plural = "configmaps",
                           .ns = rk->str(in, "/namespace", ""),
                           .name = rk->str(first, "/metadata/name", ""),
                           .uid = rk_is(o->step, "stale") ? "00000000-0000-0000-0000-000000000000"
                                                          : rk->str(first, "/metadata/uid", ""),
                           .body = body};
    rk_step gone = patch;
    gone.verb = RK_STEP_DELETE;
    gone.title = "take it away";
    RK_TRY(rk->step(ps, &patch));
    RK_TRY(rk->step(ps, &gone));
    gone.verb = RK_STEP_GONE;
    gone.title = "see that it is gone";
    gone.limit_ms = 10000;
    return rk->step(ps, &gone);
}

static int32_t run(const rk_api *rk, rk_pass *ps, const void *options, const rk_json *inputs)
{
    const struct options *o = options;
    if (o->bad)
        return rk->fail(ps, RK_EINVAL, "spec.word", "is %s", o->word);
    if (o->odd)
        return rk->want(ps, "v1/Pod", "x", RK_POLICY_ONCE) ? RK_OK : RK_EFAIL;
    for (RK_EACH(rk, in, inputs)) {
        if (rk->at(in, "/live")) {
            RK_TRY(steps(rk, ps, o, in));
            continue;
        }
        const rk_json *doc = rk->at(in, "/document");
        for (int64_t i = 0; i < o->times; i++)
            RK_TRY(rk->emit(ps, doc));
        RK_TRY(rk->comment(ps, doc, "", rk->str(in, "/file", "")));
        RK_TRY(rk->comment(ps, doc, "/spec/deep/0", "the first one"));
        RK_TRY(rk->comment(ps, doc, "/nowhere", "of what is not there"));
        RK_TRY(rk->notice(ps, RK_NOTE_TELL, "spec", "of line %d", (int)rk->num(in, "/line", 0)));
    }
    if (o->set[0])
        RK_TRY(rk->emit(ps, rk->new_str(ps, rk->fmt(ps, "%s\n", o->set))));
    return o->lossy ? rk->notice_text(ps, RK_NOTE_LOSSY, "spec.x", "is lost") : RK_OK;
}

static const rk_watch reads[] = {
    {.gvk = "v1/ConfigMap", .plural = "configmaps", .selector = "teller=yes"}};
static const rk_command commands[] = {{.name = "teller",
                                       .args = "FILE...",
                                       .help = "tell what comes\nand nothing else",
                                       .opts = opts,
                                       .n_opts = RK_COUNT(opts),
                                       .opts_size = sizeof(struct options),
                                       .reads = reads,
                                       .n_reads = RK_COUNT(reads),
                                       .run = run}};

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "teller", .commands = commands,
                                .n_commands = RK_COUNT(commands)};
