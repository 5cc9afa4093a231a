/* Lines, pairs and tolerations in the texts of options. */
#include "site.h"

static int blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct site_word trimmed(const char *p, size_t n)
{
    while (n > 0 && blank(*p)) {
        p++;
        n--;
    }
    while (n > 0 && blank(p[n - 1]))
        n--;
    return (struct site_word){p, n};
}

int site_line(const char **rest, struct site_word *ret)
{
    while (**rest) {
        size_t n = strcspn(*rest, "\n");
        *ret = trimmed(*rest, n);
        *rest += n + ((*rest)[n] == '\n');
        if (ret->n > 0)
            return 1;
    }
    return 0;
}

int site_word_is(struct site_word w, const char *text)
{
    return strlen(text) == w.n && memcmp(w.p, text, w.n) == 0;
}

int site_split(struct site_word w, const char *mark, struct site_word *before,
               struct site_word *after)
{
    size_t m = strlen(mark);
    for (size_t i = 0; i + m <= w.n; i++)
        if (memcmp(w.p + i, mark, m) == 0) {
            *before = trimmed(w.p, i);
            *after = trimmed(w.p + i + m, w.n - i - m);
            return 1;
        }
    return 0;
}

int site_toleration(struct site_word w, struct site_toleration *ret)
{
    static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
    struct site_word rest, seconds, value;
    struct site_toleration t = {.key = w, .seconds = -1};
    int timed = 0, known = 1;
    if (site_split(w, ":", &t.key, &rest)) {
        t.effect = rest;
        timed = site_split(rest, ":", &t.effect, &seconds);
        known = 0;
    }
    for (size_t i = 0; i < RK_COUNT(effects); i++)
        known |= site_word_is(t.effect, effects[i]);
    if (timed && (!site_word_is(t.effect, "NoExecute") || seconds.n == 0 || seconds.n > 9))
        return 0;
    for (size_t i = 0; timed && i < seconds.n; i++) {
        if (seconds.p[i] < '0' || seconds.p[i] > '9')
            return 0;
        t.seconds = (t.seconds < 0 ? 0 : t.seconds) * 10 + (seconds.p[i] - '0');
    }
    if (site_split(t.key, "=", &t.key, &value))
        t.value = value;
    *ret = t;
    return known && t.key.n > 0;
}

const char *site_text(const rk_api *rk, rk_pass *ps, struct site_word w)
{
    return rk->fmt(ps, "%.*s", (int)w.n, w.p);
}
