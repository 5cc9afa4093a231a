/* Options that no pod could be made of are refused at the start. */
#include <stdio.h>

#include "site.h"

typedef const char *judge(struct site_word w); /* NULL, or what is wrong with it */

static int alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters and digits at both ends, `inner` between them as well. */
static int made_of(struct site_word w, const char *inner, size_t most)
{
    if (w.n == 0 || w.n > most || !alnum(w.p[0]) || !alnum(w.p[w.n - 1]))
        return 0;
    for (size_t i = 0; i < w.n; i++)
        if (!alnum(w.p[i]) && !strchr(inner, w.p[i]))
            return 0;
    return 1;
}

static const char *dns_name(struct site_word w)
{
    for (size_t i = 0; i < w.n; i++)
        if (w.p[i] >= 'A' && w.p[i] <= 'Z')
            return "is not a name: lower case letters, digits, '-' and '.' are";
    return made_of(w, "-.", 253) ? NULL
                                 : "is not a name: lower case letters, digits, '-' and '.' are";
}

static const char *label_key(struct site_word key)
{
    struct site_word prefix, name = key;
    if (site_split(key, "/", &prefix, &name) && dns_name(prefix))
        return "has no DNS name before the '/'";
    return made_of(name, "-_.", 63) ? NULL : "is not the key of a label";
}

static const char *label(struct site_word w)
{
    struct site_word key, value;
    if (!site_split(w, "=", &key, &value))
        return "has no '=': key=value is wanted";
    const char *bad = label_key(key);
    if (!bad && value.n > 0 && !made_of(value, "-_.", 63))
        bad = "is not the value of a label";
    return bad;
}

/* What selects the pods of a cluster, or tells operators apart, is not the site's to say. */
static const char *own(struct site_word w)
{
    static const char *const ours[] = RAY_OWN_KEYS;
    struct site_word key, value;
    (void)site_split(w, "=", &key, &value); /* it has one */
    for (size_t i = 0; i < RK_COUNT(ours); i++)
        if (site_word_is(key, ours[i]))
            return "is the operator's own";
    return NULL;
}

static const char *pod_label(struct site_word w)
{
    const char *bad = label(w);
    return bad ? bad : own(w);
}

static const char *annotation(struct site_word w)
{
    struct site_word key, value;
    if (!site_split(w, "=", &key, &value))
        return "has no '=': key=value is wanted";
    const char *bad = label_key(key);
    return bad ? bad : own(w);
}

static const char *env(struct site_word w)
{
    struct site_word name, value;
    if (w.p[0] == '{')
        return site_json_object(w);
    if (!site_split(w, "=", &name, &value))
        return "has no '=': NAME=value is wanted, or a JSON object";
    for (size_t i = 0; i < name.n; i++)
        if (!alnum(name.p[i]) && !strchr("-_.", name.p[i]))
            return "is not the name of an environment variable";
    return name.n > 0 && !(name.p[0] >= '0' && name.p[0] <= '9')
               ? NULL
               : "is not the name of an environment variable";
}

static const char *toleration(struct site_word w)
{
    struct site_toleration t;
    if (!site_toleration(w, &t))
        return "is not key[=value][:Effect[:seconds]]; effects are NoSchedule, PreferNoSchedule "
               "and NoExecute, which may have seconds";
    if (t.value.n > 0 && !made_of(t.value, "-_.", 63))
        return "is not the value of a taint";
    return label_key(t.key);
}

static const char *mirror(struct site_word w)
{
    struct site_word from, to;
    if (!site_split(w, "->", &from, &to) || from.n == 0 || to.n == 0)
        return "is not from -> to";
    for (size_t i = 0; i < w.n; i++)
        if (w.p[i] == ' ' && (w.p + i < from.p + from.n || w.p + i > to.p))
            return "has a blank inside a prefix";
    return NULL;
}

static const char *may_win(struct site_word w)
{
    static const char *const keys[] = {"env",           "labels",         "annotations",
                                       "node-selector", "priority-class", "scheduler-name",
                                       "runtime-class"};
    for (size_t i = 0; i < RK_COUNT(keys); i++)
        if (site_word_is(w, keys[i]))
            return NULL;
    return "is none of env, labels, annotations, node-selector, priority-class, scheduler-name, "
           "runtime-class";
}

int32_t site_check(const void *self, char *err, size_t err_size)
{
    const struct site *me = self;
    const struct {
        const char *key, *text;
        judge *of;
        int single;
    } all[] = {
        {"namespaces", me->namespaces, dns_name, 0},
        {"site-wins", me->wins, may_win, 0},
        {"env", me->env, env, 0},
        {"labels", me->labels, pod_label, 0},
        {"annotations", me->annotations, annotation, 0},
        {"node-selector", me->node_selector[SITE_BOTH], label, 0},
        {"head-node-selector", me->node_selector[SITE_HEAD], label, 0},
        {"worker-node-selector", me->node_selector[SITE_WORKER], label, 0},
        {"tolerations", me->tolerations[SITE_BOTH], toleration, 0},
        {"head-tolerations", me->tolerations[SITE_HEAD], toleration, 0},
        {"worker-tolerations", me->tolerations[SITE_WORKER], toleration, 0},
        {"image-mirror", me->mirror, mirror, 0},
        {"image-pull-secrets", me->pull_secrets, dns_name, 0},
        {"priority-class", me->priority_class, dns_name, 1},
        {"scheduler-name", me->scheduler, dns_name, 1},
        {"runtime-class", me->runtime_class, dns_name, 1},
    };
    static const char *const lists[] = {"head-sidecars", "worker-sidecars"};
    struct site_word w;
    for (size_t i = 0; i < RK_COUNT(all); i++)
        for (const char *rest = all[i].text; site_line(&rest, &w);) {
            const char *bad = all[i].of(w);
            if (!bad && *rest && all[i].single)
                bad = "is one of several: one is wanted";
            if (!bad)
                continue;
            int n = w.n > 120 ? 120 : (int)w.n;
            if (all[i].of == env) /* values of the environment are shown to nobody */
                n = w.p[0] == '{' ? 1 : (int)strcspn(w.p, "=\n");
            (void)snprintf(err, err_size, "%s: '%.*s' %s", all[i].key, n, w.p, bad); /* cut */
            return RK_EINVAL;
        }
    for (size_t i = 0; i < RK_COUNT(lists); i++) {
        const char *bad = me->sidecars[i][0] ? site_json_list(me->sidecars[i]) : NULL;
        if (bad) {
            (void)snprintf(err, err_size, "%s: %s", lists[i], bad); /* cut */
            return RK_EINVAL;
        }
    }
    return RK_OK;
}
