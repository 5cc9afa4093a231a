/* Command and args of the Ray container. The old operator's containers did nothing but wait for it: KubeRay would wait for the end of
 * that before it starts Ray, which never comes. */
#include "convert.h"

/* All words of both lists. */
static const char **all_words(struct lg *c, const rk_json *container, size_t *ret_n)
{
    const rk_api *rk = c->rk;
    const rk_json *lists[] = {rk->at(container, "/command"), rk->at(container, "/args")};
    const char **words =
        rk->alloc(c->ps, (rk->len(lists[0], "") + rk->len(lists[1], "") + 1) * sizeof(*words));
    size_t n = 0;
    for (size_t i = 0; i < RK_COUNT(lists); i++)
        for (RK_EACH(rk, w, lists[i]))
            words[n++] = rk->str(w, "", "");
    *ret_n = n;
    return words;
}

/* The text that a shell is given; NULL = there is no shell, or more than one text. */
static const char *shell_text(const char *const *words, size_t n)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "zsh"};
    size_t i = 1;
    int shell = n > 0 && rk_among(lg_base(words[0]), shells, RK_COUNT(shells));
    if (n == 1)
        return strchr(words[0], ' ') ? words[0] : NULL;
    if (!shell)
        return NULL;
    while (i < n && words[i][0] == '-' && words[i][1])
        i++;
    return i > 1 && i + 1 == n ? words[i] : NULL;
}

static const char *joined(struct lg *c, const rk_json *before)
{
    struct lg_text text = {NULL, 0, 0};
    for (RK_EACH(c->rk, b, before)) {
        lg_add(c, &text, text.n ? " && " : "");
        lg_add(c, &text, lg_grouped(c, c->rk->str(b, "", "")));
    }
    return lg_text(&text);
}

static void one_word(struct lg *c, rk_json *out, const char *text)
{
    rk_json *words = c->rk->new_array(c->ps);
    c->rk->push(c->ps, words, c->rk->new_str(c->ps, text));
    c->rk->put(c->ps, out, "command", words);
}

static const char *single_quoted(struct lg *c, const char *word)
{
    struct lg_text out = {NULL, 0, 0};
    lg_add(c, &out, "'");
    for (size_t n; *word; word += n + (word[n] != '\0')) {
        n = strcspn(word, "'");
        lg_add_n(c, &out, word, n);
        lg_add(c, &out, word[n] ? "'\\''" : "");
    }
    lg_add(c, &out, "'");
    return lg_text(&out);
}

/* The words of a command of its own. The operator puts them into one line of a shell with a blank between them: each is quoted where
 * a shell would read more than one word, but for a line that it takes as it is. */
static void own_words(struct lg *c, const rk_json *container, int as_is, const char *more,
                      rk_json *out)
{
    static const char *const keys[] = {"command", "args"};
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "._:/,@%+=-";
    const rk_api *rk = c->rk;
    rk_json *words = NULL;
    for (size_t i = 0; i < RK_COUNT(keys); i++) {
        const rk_json *list = rk->at(container, rk->fmt(c->ps, "/%s", keys[i]));
        words = rk->new_array(c->ps);
        for (RK_EACH(rk, w, list)) {
            const char *word = rk->str(w, "", "");
            int plain = as_is || (word[0] && !word[strspn(word, safe)]);
            rk->push(c->ps, words, rk->new_str(c->ps, plain ? word : single_quoted(c, word)));
        }
        if (i == 1 && more[0])
            rk->push(c->ps, words, rk->new_str(c->ps, rk->fmt(c->ps, "&& %s", more)));
        if (rk->len(words, ""))
            rk->put(c->ps, out, keys[i], words);
    }
}

void lg_command_line(struct lg *c, const rk_json *container, const char *where,
                     const rk_json *before, rk_json *out)
{
    const rk_api *rk = c->rk;
    size_t n;
    const char *const *words = (const char *const *)all_words(c, container, &n);
    const char *text = shell_text(words, n),
               *kept = text ? lg_beside_waiting(c, text, where) : NULL, *more = joined(c, before);
    if (!text && n > 0 && (rk_is(lg_base(words[0]), "sleep") || rk_is(lg_base(words[0]), "tail")))
        kept = "";
    if (n == 0 || kept) {
        c->cleaned |= n ? LG_IDLE : 0u;
        if (kept && kept[0]) {
            lg_tell(c, 0, where, "what stands in its command beside the waiting runs before Ray");
            kept = lg_grouped(c, kept);
            more = more[0] ? rk->fmt(c->ps, "%s && %s", kept, more) : kept;
        }
        if (strstr(more, "ray start"))
            lg_bad(c, where,
                   "what runs before Ray has `ray start` in it: the operator would take it for the "
                   "whole command");
        if (more[0])
            one_word(c, out, more);
        return;
    }
    int starts = 0;
    for (size_t i = 0; i < n; i++)
        starts |= strstr(words[i], "ray start") != NULL;
    lg_tell(c, 1, where,
            starts
                ? "its command starts Ray by itself: nothing is put in front of it or behind"
                : "its command is kept, and is none that only waits: Ray starts when it has ended");
    if (text && !starts)
        one_word(c, out,
                 rk->fmt(c->ps, "%s%s%s", lg_grouped(c, text), more[0] ? " && " : "", more));
    else
        own_words(c, container, starts, starts ? "" : more, out);
}
