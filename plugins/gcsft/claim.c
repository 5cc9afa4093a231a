/* The claim that RocksDB writes to: the user's own, or ours, made once and never changed (reference
 * 4.9). */
#include "gcsft.h"

#define STORAGE       GCSFT_OPTIONS "/storage"
#define LOOK_AGAIN_MS 10000 /* a claim that the user will make: nothing else wakes us */

const char *gcsft_claim_name(const rk_api *rk, rk_pass *ps)
{
    const char *own = rk->str(rk->object(ps), STORAGE "/claimName", "");
    return own[0] ? own : rk->fmt(ps, "%s-gcs-pvc", rk->name(ps));
}

/* Pods are made all the same: the scheduler keeps them waiting, and says for what. */
static int32_t users_claim(const rk_api *rk, rk_pass *ps, const char *name)
{
    if (rk->uid(ps)[0] == '\0' || rk->seen(ps, GCSFT_CLAIM, name))
        return RK_OK; /* offline nothing is seen */
    rk->event(
        ps, 1, "FailedToCreatePVC", "Validate",
        rk->fmt(ps, "%s/%s: PersistentVolumeClaim %s, which storage.claimName names, is not there",
                rk->ns(ps), rk->name(ps), name));
    (void)rk->wait(ps, LOOK_AGAIN_MS, "for the claim"); /* the time counts, not the verdict */
    return RK_OK;
}

static int same_size(const rk_api *rk, const rk_json *a, const char *b)
{
    int64_t x = 0, y = 0;
    return rk->qty_value(rk->str(a, "", rk->number_text(a)), &x) == RK_OK &&
           rk->qty_value(b, &y) == RK_OK && x == y;
}

static size_t count(const rk_api *rk, const rk_json *list, const char *word)
{
    size_t n = 0;
    for (RK_EACH(rk, it, list))
        n += rk_is(rk->str(it, "", NULL), word) != 0;
    return n;
}

/* The same words, in any order. */
static int same_modes(const rk_api *rk, const rk_json *a, const rk_json *b)
{
    if (rk->len(a, "") != rk->len(b, ""))
        return 0;
    for (RK_EACH(rk, it, a))
        if (count(rk, a, rk->str(it, "", "")) != count(rk, b, rk->str(it, "", "")))
            return 0;
    return 1;
}

/* A claim cannot be changed under a running head: what differs is told. */
static void drift(const rk_api *rk, rk_pass *ps, const rk_json *there, const char *size,
                  const rk_json *modes)
{
    const char *class = rk->str(rk->object(ps), STORAGE "/storageClassName", NULL), *what = "";
    if (!same_size(rk, rk->at(there, "/spec/resources/requests/storage"), size))
        what = " size";
    if (class && !rk_is(rk->str(there, "/spec/storageClassName", ""), class))
        what = rk->fmt(ps, "%s storageClassName", what);
    if (!same_modes(rk, rk->at(there, "/spec/accessModes"), modes))
        what = rk->fmt(ps, "%s accessModes", what);
    if (what[0])
        rk->event(
            ps, 1, "FailedToCreatePVC", "Update",
            rk->fmt(ps,
                    "%s/%s: PersistentVolumeClaim %s is not as storage says, and stays as it is:%s",
                    rk->ns(ps), rk->name(ps), gcsft_claim_name(rk, ps), what));
}

int32_t gcsft_claim(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct gcsft *me = self;
    const rk_json *storage = rk->at(rk->object(ps), STORAGE), *size = rk->at(storage, "/size");
    const char *name = gcsft_claim_name(rk, ps),
               *class = rk->str(storage, "/storageClassName", NULL),
               *text = rk->str(size, "", rk->number_text(size));
    if (!ray_ft_enabled(rk, ps) || !gcsft_rocksdb(rk, ps))
        return RK_OK;
    if (rk->str(storage, "/claimName", "")[0])
        return users_claim(rk, ps, name);
    rk_json *modes = rk->len(storage, "/accessModes")
                         ? rk->copy(ps, rk->at(storage, "/accessModes"))
                         : rk->new_array(ps);
    if (rk->len(modes, "") == 0)
        rk->push(ps, modes, rk->new_str(ps, "ReadWriteOnce"));
    const rk_json *there = rk->seen(ps, GCSFT_CLAIM, name);
    if (there)
        drift(rk, ps, there, text ? text : me->size, modes);
    int retain = rk_is(rk->str(storage, "/deletionPolicy", ""), "Retain");
    rk_obj *o = rk->want(ps, GCSFT_CLAIM, name,
                         RK_POLICY_ONCE | (retain ? RK_WANT_UNOWNED : RK_WANT_ADOPT));
    rk->announce(ps, o, "CreatedPVC", "FailedToCreatePVC");
    RK_TRY(
        rk_set_str(rk, ps, o, rk_under(rk, ps, "/metadata/labels", RAY_L_CLUSTER), rk->name(ps)));
    RK_TRY(rk->set(o, "/spec/accessModes", modes));
    if (class)
        RK_TRY(rk_set_str(rk, ps, o, "/spec/storageClassName", class));
    return rk_set_str(rk, ps, o, "/spec/resources/requests/storage", text ? text : me->size);
}
