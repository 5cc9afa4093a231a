/* raykeeper migrate: files of the old operator's world in, ray.io/v1 out. */
#include "convert.h"

struct run {
    const rk_api *rk;
    rk_pass *ps;
    const struct lg_how *how;
    rk_json *values; /* merged so far; NULL = none */
    rk_json *said;   /* notices that were printed */
    size_t clusters, done;
    int chart; /* documents without a kind are values */
};

static void say(struct run *r, const struct lg_notes *n)
{
    const rk_api *rk = r->rk;
    for (RK_EACH(rk, it, n->notices)) {
        const char *where = rk->str(it, "/where", ""), *text = rk->str(it, "/text", "");
        int lossy = rk->truth(it, "/lossy", 0), again = 0;
        /* What is true of every cluster is told of the first. */
        for (RK_EACH(rk, other, where[0] ? NULL : r->said))
            again |= rk_is(rk->str(other, "", NULL), text);
        if (again)
            continue;
        if (!where[0])
            rk->push(r->ps, r->said, rk->new_str(r->ps, text));
        (void)rk->notice_text(r->ps, lossy ? RK_NOTE_LOSSY : RK_NOTE_TELL, where,
                              text); /* fails in a hook only */
    }
}

static void tell(struct run *r, const char *where, const char *text)
{
    (void)r->rk->notice_text(r->ps, RK_NOTE_LOSSY, where, text); /* as above */
}

static int32_t convert(struct run *r, const rk_json *legacy, struct lg_notes *n)
{
    const rk_api *rk = r->rk;
    rk_json *out = lg_convert(rk, r->ps, legacy, r->how, n);
    if (!out)
        return RK_EINVAL;
    for (RK_EACH(rk, it, n->comments))
        RK_TRY(rk->comment(r->ps, out, rk->str(it, "/path", ""), rk->str(it, "/text", "")));
    RK_TRY(rk->emit(r->ps, out));
    const char *old = rk->str(legacy, "/metadata/name", "");
    if (r->how->compat_service &&
        (old[0] < 'a' || !lg_port_label(rk->fmt(r->ps, "%s-ray-head", old), 63))) {
        lg_note(rk, r->ps, n, 1, "metadata.name",
                "no Service can be called so: --compat-service makes none");
    } else if (r->how->compat_service) {
        rk_json *service = lg_compat(rk, r->ps, legacy, rk->str(out, "/metadata/name", ""));
        RK_TRY(rk->comment(r->ps, service, "", "the old name of the head's Service"));
        RK_TRY(rk->emit(r->ps, service));
    }
    r->done++;
    say(r, n);
    return RK_OK;
}

/* ---- what a document is ---- */

static int is_cluster(struct run *r, const rk_json *d)
{
    return strncmp(r->rk->str(d, "/apiVersion", ""), "cluster.ray.io/", 15) == 0 &&
           rk_is(r->rk->str(d, "/kind", ""), "RayCluster");
}

static const rk_json *items(struct run *r, const rk_json *d)
{
    const char *kind = r->rk->str(d, "/kind", "");
    size_t n = strlen(kind);
    return n >= 4 && rk_is(kind + n - 4, "List") ? r->rk->at(d, "/items") : NULL;
}

static int is_values(struct run *r, const rk_json *d)
{
    static const char *const keys[] = {"/podTypes", "/headPodType", "/operatorOnly",
                                       "/operatorImage"};
    int found = rk_is(r->how->from, "helm");
    for (size_t i = 0; i < RK_COUNT(keys); i++)
        found |= r->rk->at(d, keys[i]) != NULL;
    return found && r->rk->type(d) == RK_JSON_OBJECT && !r->rk->at(d, "/kind");
}

static void look(struct run *r, const rk_json *d)
{
    r->clusters += is_cluster(r, d) != 0;
    r->chart |= is_values(r, d) && !rk_is(r->how->from, "cr");
    for (RK_EACH(r->rk, it, items(r, d)))
        r->clusters += is_cluster(r, it) != 0;
}

static int32_t document(struct run *r, const rk_json *d, const char *where)
{
    const rk_api *rk = r->rk;
    if (is_cluster(r, d) && !rk_is(r->how->from, "helm")) {
        struct lg_notes n = lg_notes_new(rk, r->ps);
        n.file = r->clusters > 1 || r->chart ? where : NULL;
        return convert(r, d, &n);
    }
    if (r->chart && rk->type(d) == RK_JSON_OBJECT && !rk->at(d, "/kind"))
        r->values = r->values ? lg_merge(rk, r->ps, r->values, d) : rk->copy(r->ps, d);
    else if (rk->type(d) > RK_JSON_NULL)
        tell(r, where,
             rk->at(d, "/kind")
                 ? rk->fmt(r->ps, "a %.100s of %.100s is not converted: left out",
                           rk->str(d, "/kind", "thing"), rk->str(d, "/apiVersion", "no version"))
                 : "is neither values of the old chart nor an object: left out");
    return RK_OK;
}

static int32_t input(struct run *r, const rk_json *in)
{
    const rk_api *rk = r->rk;
    const rk_json *d = rk->at(in, "/document"), *list = items(r, d);
    const char *where =
        rk->fmt(r->ps, "%s:%lld", rk->str(in, "/file", ""), (long long)rk->num(in, "/line", 1));
    size_t i = 0;
    int32_t worst = RK_OK;
    if (!list)
        return document(r, d, where);
    for (RK_EACH(rk, it, list)) {
        int32_t rc = document(r, it, rk->fmt(r->ps, "%s items[%zu]", where, i++));
        worst = rc < worst ? rc : worst;
    }
    return worst;
}

static int32_t chart(struct run *r)
{
    const rk_api *rk = r->rk;
    const char *set = r->how->set ? r->how->set : "";
    struct lg_notes n = lg_notes_new(rk, r->ps);
    if (!r->values)
        return set[0] ? rk->fail(r->ps, RK_EINVAL, "--set", "there are no values to set it in")
                      : RK_OK;
    rk_json *values = set[0] ? lg_set(rk, r->ps, r->values, set) : r->values;
    rk_json *legacy = values ? lg_values(rk, r->ps, values, r->how, &n) : NULL;
    if (!legacy)
        return RK_EINVAL;
    if (rk->len(legacy, "") > 0)
        return convert(r, legacy, &n);
    say(r, &n);
    r->done++;
    return RK_OK;
}

static int32_t run(const rk_api *rk, rk_pass *ps, const void *opts, const rk_json *inputs)
{
    struct run r = {.rk = rk, .ps = ps, .how = opts, .said = rk->new_array(ps)};
    const rk_json *live = NULL;
    int32_t worst = RK_OK, rc;
    int kuberay = rk_is(r.how->from, "kuberay-values"), others = 0;
    for (RK_EACH(rk, in, inputs)) {
        live = rk->at(in, "/live") ? in : live;
        look(&r, rk->at(in, "/document"));
        others |= rk_is(r.how->from, "auto") && lg_is_kuberay(rk, rk->at(in, "/document"));
    }
    if (kuberay || (others && !r.chart && r.clusters == 0))
        return lg_kuberay(rk, ps, r.how, inputs);
    if (live && rk->len(inputs, "") > 1)
        return rk->fail(ps, RK_EINVAL, "", "--plan and --apply read the cluster, and no FILE");
    if (live)
        return lg_cutover(rk, ps, r.how, rk->at(live, "/live"), rk->str(live, "/namespace", ""));
    if (r.how->name && r.how->name[0] && r.clusters + (r.chart != 0) > 1)
        return rk->fail(ps, RK_EINVAL, "--name", "there are %zu clusters, and one name",
                        r.clusters + (r.chart != 0));
    for (RK_EACH(rk, in, inputs)) {
        rc = input(&r, in);
        worst = rc < worst ? rc : worst;
    }
    rc = chart(&r);
    worst = rc < worst ? rc : worst;
    if (worst == RK_OK && r.done == 0)
        return rk->fail(
            ps, RK_EINVAL, "",
            "there are neither values with podTypes nor a RayCluster of cluster.ray.io");
    return worst;
}

const rk_command lg_command = {
    .name = "migrate",
    .args = "FILE...",
    .help = "make ray.io/v1 of the old Ray operator's values or RayClusters\n"
            "Several values files are merged in their order, as helm does. Notices on stderr say "
            "what is lost or other than before (docs/migrate.md).",
    .opts = lg_options,
    .n_opts = LG_OPTIONS,
    .opts_size = sizeof(struct lg_how),
    .reads = lg_reads,
    .n_reads = LG_N_READS,
    .run = run,
};
