/* Heads that fail again and again (an image that does not start, a command that ends): replacing each
 * at once would go on for ever, and take the reason along. The condition HeadCrashLooping counts them;
 * over the budget it turns True, and a dead head stays for a while, longer each time, with its log.
 *
 * The count must survive the pod and us, so it stands in the condition's message: first the count is
 * written, then the dead head goes. A head that has been ready for long enough ends it. */
#include "head.h"

#define COUNT_MS 250 /* the status is written by then */

struct count {
    int64_t failed, at_ms; /* how many; when the last one was seen */
    const char *last; /* its uid; "" = unknown: an earlier version told no more than its name */
};

static const char words[] = " head pods failed one after the other; the last was ";

/* With a fixed name all heads have the same one. */
static const char *identity(const rk_api *rk, const rk_json *head)
{
    return rk->str(head, "/metadata/uid", rk->str(head, "/metadata/name", ""));
}

/* "3 head pods failed ...; the last was demo-head-x2b4q (<uid>) at 2026-01-02T03:04:05Z" */
static struct count read_count(const rk_api *rk, rk_pass *ps)
{
    struct count c = {.last = ""};
    const char *text =
                   rk->str(rk->object(ps), "/status/conditions/[" HEAD_CONDITION "]/message", ""),
               *tail = strstr(text, words), *at = tail ? strstr(tail, " at ") : NULL,
               *open = tail ? strstr(tail, " (") : NULL;
    if (!at || rk->qty_value(rk->fmt(ps, "%.*s", (int)strspn(text, "0123456789"), text),
                             &c.failed) != RK_OK)
        return c;
    c.at_ms = ray_time_ms(at + 4);
    if (open && open < at && at[-1] == ')')
        c.last = rk->fmt(ps, "%.*s", (int)(at - open) - 3, open + 2);
    return c;
}

static int64_t delay_ms(const struct head *me, int64_t failed)
{
    int64_t ms = me->delay_ms;
    for (int64_t over = failed - me->budget; over > 0 && ms < me->delay_max_ms; over--)
        ms *= 2;
    return ms < me->delay_max_ms ? ms : me->delay_max_ms;
}

int head_may_go(const rk_api *rk, rk_pass *ps, const struct head *me, const rk_json *dead)
{
    struct count c = read_count(rk, ps);
    if (me->budget == 0)
        return 1;
    if (!rk_is(c.last, identity(rk, dead))) {
        /* The time counts, not the verdict, here and below. */
        (void)rk->wait(ps, COUNT_MS, "the failed head is counted first");
        return 0;
    }
    int64_t due = c.at_ms + delay_ms(me, c.failed), now = rk->now_ms(ps);
    if (c.failed < me->budget || now >= due)
        return 1;
    (void)rk->wait(ps, due - now, "the head fails again and again");
    return 0;
}

/* Since when the head is ready; 0 = it is not. */
static int64_t ready_since(const rk_api *rk, const rk_json *head)
{
    const rk_json *ready = rk->at(head, "/status/conditions/[Ready]");
    return rk_is(rk->str(ready, "/status", NULL), "True")
               ? ray_time_ms(rk->str(ready, "/lastTransitionTime", ""))
               : 0;
}

int32_t head_status(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct head *me = self;
    const rk_json *head = NULL;
    if (me->budget == 0 || rk->deleting(ps))
        return RK_OK;
    for (RK_EACH(rk, pod, rk->list(ps, RAY_POD)))
        if (ray_is(rk, ps, pod, "head") && !ray_terminating(rk, pod))
            head = pod;
    struct count c = read_count(rk, ps);
    const char *name = rk->str(head, "/metadata/name", ""), *at = rk->now_text(ps),
               *uid = identity(rk, head);
    int64_t since = head ? ready_since(rk, head) : 0;
    if (head && ray_dead(rk, ps, head) && !rk_is(c.last, uid)) {
        c.failed++;
        rk->condition(
            ps, HEAD_CONDITION, c.failed >= me->budget ? "True" : "False",
            c.failed >= me->budget ? "TooManyFailures" : "HeadFailed",
            rk->fmt(ps, "%lld%s%s (%s) at %s", (long long)c.failed, words, name, uid, at));
        return RK_OK;
    }
    if (c.failed == 0 || !since)
        return RK_OK;
    int64_t left = since + me->calm_ms - rk->now_ms(ps);
    if (left <= 0)
        rk->drop_condition(ps, HEAD_CONDITION);
    else
        (void)rk->wait(ps, left, "the head has been well for a while then");
    return RK_OK;
}
