/* Command and args of the Ray container. The old operator's containers did nothing but wait for it: KubeRay would wait for the end of
 * that before it starts Ray, which never comes. */
#include "convert.h"

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* 2 = waits for ever, 1 = belongs to such a line, 0 = does something. */
static int idles(const char *piece)
{
    static const char *const ever[] = {"sleep inf", "tail -f /dev/null", "exec sleep inf",
                                       "exec tail -f /dev/null", "do sleep "};
    static const char *const beside[] = {"trap ", "wait", "while true", "while :", "done"};
    for (size_t i = 0; i < RK_COUNT(ever); i++)
        if (begins(piece, ever[i]))
            return 2;
    for (size_t i = 0; i < RK_COUNT(beside); i++)
        if (begins(piece, beside[i]))
            return 1;
    return 0;
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

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
    int shell = 0;
    for (size_t k = 0; n > 0 && k < RK_COUNT(shells); k++)
        shell |= rk_is(base(words[0]), shells[k]);
    if (n == 1)
        return strchr(words[0], ' ') ? words[0] : NULL;
    if (!shell)
        return NULL;
    while (i < n && words[i][0] == '-' && words[i][1])
        i++;
    return i > 1 && i + 1 == n ? words[i] : NULL;
}

/* What a line does beside waiting; NULL = it does not wait. */
static const char *rest(struct lg *c, const char *text, const char *where)
{
    size_t n;
    const struct lg_part *parts = lg_split(c, text, where, &n);
    const char *kept = "", *sep = "";
    int ever = 0;
    for (size_t i = 0; parts && i < n; i++) {
        int idle = idles(parts[i].text);
        ever |= idle == 2;
        if (idle)
            continue;
        const char *between = !kept[0]           ? ""
                              : rk_is(sep, "&&") ? " && "
                              : rk_is(sep, "\n") ? "\n"
                                                 : "; ";
        kept = c->rk->fmt(c->ps, "%s%s%s", kept, between, parts[i].text);
        sep = parts[i].sep;
    }
    return ever ? kept : NULL;
}

static const char *joined(struct lg *c, const rk_json *before)
{
    const char *text = "";
    for (RK_EACH(c->rk, b, before))
        text = c->rk->fmt(c->ps, "%s%s%s", text, text[0] ? " && " : "",
                          lg_grouped(c, c->rk->str(b, "", "")));
    return text;
}

static void one_word(struct lg *c, rk_json *out, const char *key, const rk_json *list,
                     const char *text)
{
    rk_json *words = list ? c->rk->copy(c->ps, list) : c->rk->new_array(c->ps);
    c->rk->push(c->ps, words, c->rk->new_str(c->ps, text));
    c->rk->put(c->ps, out, key, words);
}

void lg_command_line(struct lg *c, const rk_json *container, const char *where,
                     const rk_json *before, rk_json *out)
{
    const rk_api *rk = c->rk;
    size_t n;
    const char *const *words = (const char *const *)all_words(c, container, &n);
    const char *text = shell_text(words, n), *kept = text ? rest(c, text, where) : NULL,
               *more = joined(c, before);
    const rk_json *command = rk->at(container, "/command"), *args = rk->at(container, "/args");
    if (!text && n > 0 && (rk_is(base(words[0]), "sleep") || rk_is(base(words[0]), "tail")))
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
            one_word(c, out, "command", NULL, more);
        return;
    }
    int starts = 0;
    for (size_t i = 0; i < n; i++)
        starts |= strstr(words[i], "ray start") != NULL;
    lg_tell(c, 1, where,
            starts
                ? "its command starts Ray by itself: nothing is put in front of it or behind"
                : "its command is kept, and is none that only waits: Ray starts when it has ended");
    more = starts ? "" : more;
    if (rk->type(command) == RK_JSON_ARRAY)
        rk->put(c->ps, out, "command", lg_copy(c, command));
    if (more[0])
        one_word(c, out, "args", rk->type(args) == RK_JSON_ARRAY ? args : NULL,
                 rk->fmt(c->ps, "&& %s", more));
    else if (rk->type(args) == RK_JSON_ARRAY)
        rk->put(c->ps, out, "args", rk->copy(c->ps, args));
}
