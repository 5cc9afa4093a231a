/* One file's bytes to entries, through inih.
 *
 * inih (as packaged) splits lines over 199 bytes and parses the rest as a new key, cuts names at
 * 49 bytes and values at ` ;`, and says nothing (client.md 64). So every line is looked at here
 * first; what inih would mangle is reported and not shown to it, and long values are shown in
 * pieces: "key = first part", " second part" ..., which it takes for continuation lines. */
#include <ini.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/conf/conf_room.h"

#define LINE_MAX_BYTES 8192u
#define LINES_MAX      4096u
#define VALUE_MAX      (1024u * 1024u) /* as a file */

enum kind { NOTHING, SECTION, KEY, MORE }; /* NOTHING: blank, comment, or reported */

struct file {
    struct rk_conf *c;
    const char *name;
    enum rk__conf_rank rank;
    struct rk_span rest; /* lines not yet looked at */
    size_t line;
    enum kind above;   /* what an indented line would continue; KEY also behind continuations */
    bool inside, told; /* in a section; what stands outside has been reported */

    enum kind kind;      /* the line inih has in hand, */
    struct rk_span left; /* what it has not yet been shown of it, */
    struct rk_span gap;  /* blanks at a seam: inih drops them, */
    bool first;          /* and whether it sees its beginning */

    char section[RK__CONF_NAME_MAX + 1], key[RK__CONF_NAME_MAX + 1];
    size_t key_line; /* 0 = no value is being collected */
    struct rk_buf value;
    size_t first_entry; /* of this file */
};

static void problem(struct file *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void problem(struct file *f, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap); /* a long one is cut */
    va_end(ap);
    rk__conf_problem(f->c, "%s:%zu: %s", f->name, f->line, what);
}

/* The value above is complete: a key or section follows, or the end. */
static void keep_value(struct file *f)
{
    if (f->key_line == 0)
        return;
    const char *origin = rk_arena_fmt(&f->c->arena, "%s:%zu", f->name, f->key_line);
    rk__conf_add(f->c, f->section, f->key, rk_buf_text(&f->value), origin, f->rank);
    f->key_line = 0;
}

/* Looking at lines. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(struct rk_span s)
{
    return s.n > 0 && (s.p[0] == ';' || s.p[0] == '#');
}

/* Would inih, or a reader of the file, take what comes behind a blank for a comment? */
static bool has_comment(struct file *f, struct rk_span s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (!is_blank(s.p[i - 1]) || (s.p[i] != ';' && s.p[i] != '#'))
            continue;
        problem(f, "'%c' behind a blank inside a value; comments stand on lines of their own",
                s.p[i]);
        return true;
    }
    return false;
}

static bool bytes_are_fine(struct file *f, struct rk_span line)
{
    if (line.n > LINE_MAX_BYTES) {
        problem(f, "a line of %zu bytes, at most %u (indented lines continue a value)", line.n,
                LINE_MAX_BYTES);
        return false;
    }
    for (size_t i = 0; i < line.n; i++) {
        unsigned char b = (unsigned char)line.p[i];
        if ((b < 0x20 && b != '\t') || b == 0x7f) {
            problem(f, "column %zu: a control character (0x%02x)", i + 1, b);
            return false;
        }
    }
    if (!rk_str_utf8(line.p, line.n)) {
        problem(f, "not UTF-8");
        return false;
    }
    return true;
}

static bool name_is_fine(struct file *f, const char *what, struct rk_span name)
{
    bool blank = false;
    for (size_t i = 0; i < name.n; i++)
        blank = blank || is_blank(name.p[i]);
    if (name.n > 0 && name.n <= RK__CONF_NAME_MAX && !blank)
        return true;
    if (name.n == 0)
        problem(f, "a %s without a name", what);
    else
        problem(f, "'%.*s' is no name for a %s: %s", (int)(name.n < 80 ? name.n : 80), name.p, what,
                blank ? "it has a blank" : "over 49 bytes");
    return false;
}

static enum kind look_section(struct file *f, struct rk_span s)
{
    const char *end = memchr(s.p, ']', s.n);
    keep_value(f);
    f->inside = false;
    f->told =
        true; /* of a section with a wrong name the keys go unread, and nothing more is said */
    if (end == NULL) {
        problem(f, "a section without ']'");
        return NOTHING;
    }
    struct rk_span name = {s.p + 1, (size_t)(end - s.p) - 1};
    struct rk_span tail = rk_span_trim((struct rk_span){end + 1, s.n - name.n - 2});
    if (tail.n > 0 && !is_comment(tail)) {
        problem(f, "text behind ']'");
        return NOTHING;
    }
    if (!name_is_fine(f, "section", name))
        return NOTHING;
    memcpy(f->section, name.p, name.n);
    f->section[name.n] = '\0';
    f->left = (struct rk_span){s.p, name.n + 2};
    f->inside = true;
    rk__conf_add(f->c, f->section, NULL, NULL,
                 rk_arena_fmt(&f->c->arena, "%s:%zu", f->name, f->line), f->rank);
    return SECTION;
}

static enum kind look_key(struct file *f, struct rk_span s, bool indented)
{
    const char *equals = memchr(s.p, '=', s.n), *colon = memchr(s.p, ':', s.n);
    if (!f->inside) {
        if (!f->told)
            problem(f, "text before the first section");
        f->told = true;
        return NOTHING;
    }
    if (indented) {
        problem(f, "an indented line continues a value, and none is above; keys are not indented");
        return NOTHING;
    }
    if (equals == NULL || (colon != NULL && colon < equals)) {
        problem(f, "expected key = value%s", colon != NULL ? ", found a colon" : "");
        return NOTHING;
    }
    struct rk_span key = rk_span_trim((struct rk_span){s.p, (size_t)(equals - s.p)});
    if (!name_is_fine(f, "key", key) ||
        has_comment(f, (struct rk_span){equals + 1, s.n - (size_t)(equals + 1 - s.p)}))
        return NOTHING;
    f->left = s;
    return KEY;
}

/* One line; f->left is what inih shall see of it. */
static enum kind look(struct file *f, struct rk_span line)
{
    bool indented = line.n > 0 && is_blank(line.p[0]);
    struct rk_span s = rk_span_trim(line);
    if (!bytes_are_fine(f, line)) {
        f->above = NOTHING;
        return NOTHING;
    }
    if (s.n == 0 || is_comment(s))
        return NOTHING;
    if (indented && f->above == KEY) {
        if (has_comment(f, s))
            return NOTHING;
        f->left = s;
        return MORE;
    }
    if (indented && f->above == NOTHING && f->inside)
        return NOTHING; /* continues a line that has been reported */
    f->above = s.p[0] == '[' ? look_section(f, s) : look_key(f, s, indented);
    return f->above;
}

static bool next_line(struct file *f)
{
    struct rk_span line;
    while (rk_span_next(&f->rest, '\n', &line)) {
        if (++f->line > LINES_MAX) {
            problem(f, "more than %u lines", LINES_MAX);
            return false;
        }
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        f->kind = look(f, line);
        f->first = true;
        if (f->kind != NOTHING)
            return true;
    }
    return false;
}

/* Showing them to inih. */

/* How much of s can be shown at once so that nothing is lost at the seam: it ends with no blank,
 * and what follows does not look like a comment. 0 = there is no such place. */
static size_t seam(struct rk_span s, size_t room, size_t least)
{
    for (size_t at = room; at > least; at--)
        if (!is_blank(s.p[at - 1]) && s.p[at] != ';' && s.p[at] != '#')
            return at;
    return 0;
}

/* inih's fgets: at most num - 1 bytes and a NUL. */
static char *read_line(char *str, int num, void *stream)
{
    struct file *f = stream;
    while (f->left.n == 0)
        if (!next_line(f))
            return NULL;
    const char *from = f->left.p;
    while (is_blank(*f->left.p)) { /* never its last byte: lines are trimmed */
        f->left.p++;
        f->left.n--;
    }
    f->gap = (struct rk_span){from, (size_t)(f->left.p - from)};
    size_t indent = f->first && f->kind != MORE ? 0 : 1, room = (size_t)num - 1 - indent,
           n = f->left.n;
    if (n > room) {
        const char *equals = f->first && f->kind == KEY ? memchr(f->left.p, '=', n) : NULL;
        size_t least = equals != NULL ? (size_t)(equals - f->left.p) : 0;
        n = least < room ? seam(f->left, room, least) : 0;
        if (n == 0) {
            problem(f, "cannot be read: too many blanks, ; or # in a row");
            n = f->left.n; /* lost, but reported */
            str[0] = '\0';
        }
    }
    if (n <= room) {
        str[0] = ' ';
        memcpy(str + indent, f->left.p, n);
        str[indent + n] = '\0';
    }
    f->left.p += n;
    f->left.n -= n;
    return str;
}

/* Values coming back. */

static void start_value(struct file *f, const char *section, const char *key)
{
    keep_value(f);
    assert(strlen(section) < sizeof f->section && strlen(key) < sizeof f->key);
    for (size_t i = f->first_entry; i < f->c->n_entries; i++) {
        const struct rk__conf_entry *e = &f->c->entries[i];
        if (rk_str_eq(e->key, key) && strcmp(e->section, section) == 0) {
            problem(f, "key '%s' is given twice, first at %s", key, e->origin);
            return;
        }
    }
    (void)snprintf(f->key, sizeof f->key, "%s", key); /* checked to fit */
    rk_buf_clear(&f->value);
    f->key_line = f->line;
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
    struct file *f = user;
    if (f->kind == KEY && f->first)
        start_value(f, section, name);
    else if (f->kind == MORE && f->first)
        (void)rk_buf_addc(&f->value, '\n'); /* a file's values fit: the maximum is a file's */
    if (f->key_line != 0) {
        if (f->value.len > 0) /* else they stand between = and the value */
            (void)rk_buf_add(&f->value, f->gap.p, f->gap.n); /* as above */
        (void)rk_buf_adds(&f->value, value);                 /* as above */
    }
    f->first = false;
    return 1;
}

void rk__conf_ini(struct rk_conf *c, const char *file, const char *text, size_t n,
                  enum rk__conf_rank rank)
{
    struct file f = {.c = c, .name = file, .rank = rank, .first_entry = c->n_entries};
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        n -= 3;
    }
    f.rest = (struct rk_span){text, n};
    rk_buf_init(&f.value, VALUE_MAX);
    int rc = ini_parse_stream(read_line, &f, on_value, &f);
    keep_value(&f);
    if (rc != 0) {
        f.line = rc > 0 ? f.line : 0;
        problem(&f, "cannot be read as INI");
    }
    rk_buf_done(&f.value);
}
