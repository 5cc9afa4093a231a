/* The small texts of descriptors: word lists, names, kinds, kept paths. */
#include "core/plug/room.h"

#include <string.h>

#include "core/base/str.h"

const char *const *rk__plug_words(struct rk_arena *a, const char *text, char sep)
{
    if (!text)
        return NULL;
    size_t n = 1;
    for (const char *s = text; *s; s++)
        n += *s == sep;
    const char **words = rk_arena_alloc(a, (n + 1) * sizeof *words);
    struct rk_span rest = rk_span_of(text), word;
    n = 0;
    while (rk_span_next(&rest, sep, &word)) {
        word = rk_span_trim(word);
        if (word.n > 0)
            words[n++] = rk_arena_strndup(a, word.p, word.n);
    }
    return words;
}

bool rk__plug_has(const char *const *words, const char *word)
{
    for (; words && *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static bool is_low(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool rk__plug_is_label(const char *s)
{
    size_t n = s ? strlen(s) : 0;
    if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (; *s; s++)
        if (!is_low(*s) && !is_digit(*s) && *s != '-')
            return false;
    return true;
}

static bool is_domain(struct rk_span s)
{
    struct rk_span label;
    if (s.n == 0 || s.n > 253)
        return false;
    while (rk_span_next(&s, '.', &label)) {
        char text[64];
        if (rk_str_copyn(text, sizeof text, label.p, label.n) < 0 || !rk__plug_is_label(text))
            return false;
    }
    return true;
}

static bool is_kind(struct rk_span s)
{
    if (s.n == 0 || s.n > 63 || s.p[0] < 'A' || s.p[0] > 'Z')
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_low(s.p[i]) && !is_digit(s.p[i]) && (s.p[i] < 'A' || s.p[i] > 'Z'))
            return false;
    return true;
}

bool rk__plug_is_gvk(const char *s)
{
    struct rk_span part[4], rest = rk_span_of(s);
    size_t n = 0;
    while (n < 4 && rk_span_next(&rest, '/', &part[n]))
        n++;
    if (n < 2 || n > 3 || (n == 3 && !is_domain(part[0])))
        return false;
    return part[n - 2].n > 1 && part[n - 2].p[0] == 'v' && is_domain(part[n - 2]) &&
           is_kind(part[n - 1]);
}

const char *rk__plug_paths(struct rk_arena *a, const char *keep)
{
    if (!keep)
        return NULL;
    char *out = rk_arena_alloc(a, strlen(keep) + 1), *w = out;
    struct rk_span rest = rk_span_of(keep), line;
    while (rk_span_next(&rest, '\n', &line)) {
        line = rk_span_trim(line);
        while (line.n > 0 && line.p[0] == '/')
            line = (struct rk_span){line.p + 1, line.n - 1};
        if (line.n == 0)
            continue;
        if (w != out)
            *w++ = '\n';
        memcpy(w, line.p, line.n);
        w += line.n;
    }
    *w = '\0';
    return out;
}
