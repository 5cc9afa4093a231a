/* Hands the host what it must not, as the annotation test.raykeeper.io/junk of the object tells. */
#include <limits.h>
#include <string.h>

#include <raykeeper/sugar.h>

#define JUNK "/metadata/annotations/test.raykeeper.io~1junk"

static const char *what_of(const rk_api *rk, rk_pass *ps)
{
    return rk->str(rk->object(ps), JUNK, "");
}

/* A group that is good but for what `what` names. */
static int32_t pods(const rk_api *rk, rk_pass *ps, const char *what)
{
    const rk_kv labels[] = {{"a", NULL}};
    rk_member m[2] = {{.size = sizeof m[0], .key = "0"}, {.size = sizeof m[0], .key = "0"}};
    rk_group g = {.size = sizeof g,
                  .n_members = 1,
                  .member_size = sizeof m[0],
                  .role = "junk",
                  .group = "junk",
                  .pod_template = rk->at(rk->object(ps), "/spec/headGroupSpec/template"),
                  .name_prefix = "junk-",
                  .members = m};
    if (rk_is(what, "group-none"))
        return rk->pods(ps, NULL);
    if (rk_is(what, "group-small"))
        g.size = 4;
    else if (rk_is(what, "group-nameless"))
        g.group = NULL;
    else if (rk_is(what, "group-no-members"))
        g.members = NULL;
    else if (rk_is(what, "group-countless"))
        g.members = NULL, g.n_members = UINT32_MAX;
    else if (rk_is(what, "group-stride"))
        g.member_size = 3;
    else if (rk_is(what, "group-twins"))
        g.n_members = 2;
    else if (rk_is(what, "group-no-template"))
        g.pod_template = rk->at(rk->object(ps), "/metadata");
    else if (rk_is(what, "group-keyless"))
        m[0].key = NULL;
    else if (rk_is(what, "group-labels"))
        m[0].labels = labels, m[0].n_labels = 1;
    else if (rk_is(what, "group-label-count"))
        m[0].n_labels = UINT32_MAX;
    else if (rk_is(what, "group-no-prefix"))
        g.name_prefix = NULL;
    return rk->pods(ps, &g);
}

static int32_t plan(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *what = what_of(rk, ps);
    (void)self;
    if (strncmp(what, "group-", 6) == 0)
        return pods(rk, ps, what);
    if (rk_is(what, "code"))
        return 37;
    if (rk_is(what, "code-min"))
        return INT32_MIN;
    if (rk_is(what, "want-nothing"))
        return rk->set(rk->want(ps, NULL, NULL, 99), NULL, NULL);
    if (rk_is(what, "want-policy"))
        (void)rk->want(ps, "v1/Service", "x", UINT32_MAX);
    if (rk_is(what, "want-unwatched"))
        (void)rk->want(ps, "example.io/v1/Unwatched", "x", 0);
    if (rk_is(what, "fail-code"))
        return rk->fail_text(ps, 5, NULL, NULL);
    if (rk_is(what, "status-early"))
        return rk->set(rk->status(ps), "/state", rk->new_str(ps, "x"));
    if (rk_is(what, "announce-none"))
        rk->announce(ps, NULL, NULL, NULL);
    if (rk_is(what, "put-none"))
        rk->put(ps, NULL, NULL, NULL);
    if (rk_is(what, "push-none"))
        rk->push(ps, rk->new_object(ps), NULL);
    if (rk_is(what, "hold-foreign"))
        return rk->hold(ps, "example.io/foreign");
    if (rk_is(what, "release-none"))
        return rk->release(ps, NULL);
    if (rk_is(what, "unwant-none"))
        return rk->unwant(ps, NULL, NULL, NULL);
    return RK_OK;
}

static int32_t pod(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *what = what_of(rk, ps);
    rk_json *text = rk->new_str(ps, "x");
    rk_obj *o = rk->subject(ps);
    (void)self;
    if (rk_is(what, "path-none"))
        return rk->set(o, NULL, text);
    if (rk_is(what, "path-wild"))
        return rk->set(o, "spec[[]//~9", text);
    if (rk_is(what, "value-none"))
        return rk->set(o, "/metadata/labels/x", NULL);
    if (rk_is(what, "outside"))
        return rk->set(o, "/spec/hostNetwork", rk->new_bool(ps, 1));
    if (rk_is(what, "identity"))
        return rk->set(o, "/metadata/name", text);
    if (rk_is(what, "owner"))
        return rk->drop(o, "/metadata/ownerReferences");
    if (rk_is(what, "fill-how"))
        return rk->fill(o, "/metadata/labels/x", "password");
    if (rk_is(what, "done-late"))
        return RK_DONE;
    return RK_OK;
}

static int32_t status(const rk_api *rk, rk_pass *ps, void *self)
{
    const char *what = what_of(rk, ps);
    (void)self;
    if (rk_is(what, "condition"))
        rk->condition(ps, NULL, "Perhaps", NULL, NULL);
    if (rk_is(what, "status-whole"))
        return rk->drop(rk->status(ps), "");
    if (rk_is(what, "stamp-none"))
        return rk->stamp(ps, NULL);
    return rk_is(what, "wait-late") ? RK_WAIT : RK_OK;
}

static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN, .rank = 350, .run = plan, .title = "plans junk"},
    {.phase = RK_PHASE_POD, .rank = 500, .run = pod, .title = "shapes junk"},
    {.phase = RK_PHASE_STATUS, .rank = 500, .run = status, .title = "tells junk"},
};

const rk_plugin rk_plugin_v0 = {RK_PLUGIN_SIZES, .name = "junk",
                                .version = "1",  .owns = "/metadata/labels",
                                .hooks = hooks,  .n_hooks = RK_COUNT(hooks)};
