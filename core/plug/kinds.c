/* Kinds by the words that people and metrics have for them. Two groups may have a kind of the same name. */
#include "core/plug/room.h"

#include <string.h>

#include "core/base/str.h"

static const char *kind_of(const rk_kind *k)
{
    return strrchr(k->gvk, '/') + 1; /* checked when it came */
}

static bool is_full(const rk_kind *k, const char *word)
{
    size_t plural = strlen(k->plural), group = strcspn(k->gvk, "/");
    return strlen(word) == plural + 1 + group && strncmp(word, k->plural, plural) == 0 &&
           word[plural] == '.' && strncmp(word + plural + 1, k->gvk, group) == 0;
}

const rk_kind *rk_plugins_kind_called(const struct rk_plugins *p, const char *word)
{
    const rk_kind *found = NULL;
    for (size_t i = 0; i < p->n_kinds; i++) {
        const rk_kind *k = &p->kinds[i];
        if (is_full(k, word))
            return k;
        bool called = rk_str_ieq(word, kind_of(k)) || rk_str_ieq(word, k->plural);
        if (called && (!found || (found->optional && !k->optional)))
            found = k;
    }
    return found;
}

bool rk_plugins_kind_yields(const struct rk_plugins *p, const rk_kind *kind)
{
    return rk_plugins_kind_called(p, kind_of(kind)) != kind;
}

bool rk_plugins_optional(const struct rk_plugins *p, const char *gvk)
{
    const rk_kind *k = rk_plugins_kind(p, gvk);
    bool optional = !k || k->optional;
    for (size_t i = 0; i < p->n_watches; i++)
        if (strcmp(p->watches[i].gvk, gvk) == 0)
            optional = optional && p->watches[i].optional;
    return optional;
}
