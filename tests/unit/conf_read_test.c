/* Reading configuration: what files, drop-ins and --set give, and that nothing wrong goes by in
 * silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"

static char dir[64];
static struct rk_arena arena;

static int begin(void **state)
{
    (void)state;
    rk_arena_init(&arena, 0);
    (void)snprintf(dir, sizeof dir, "/tmp/conf-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r -- %s", dir);
    rk_arena_done(&arena);
    FILE *p = popen(command, "r");
    return p && pclose(p) == 0 ? 0 : -1;
}

static const char *in_dir(const char *name)
{
    return rk_arena_fmt(&arena, "%s/%s", dir, name);
}

static const char *file_n(const char *name, const char *text, size_t n)
{
    const char *path = in_dir(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return path;
}

static const char *file(const char *name, const char *text)
{
    return file_n(name, text, strlen(text));
}

struct target {
    const char *text, *list;
    int64_t number;
};
static const struct rk_opt_def table[] = {
    {"text", "none", "A text.", NULL, RK_OPT_STR, offsetof(struct target, text), 0, 0},
    {"list", "", "A list.", NULL, RK_OPT_LIST, offsetof(struct target, list), 0, 0},
    {"number", "7", "A number.", NULL, RK_OPT_INT, offsetof(struct target, number), 0, 9},
};

/* Bind [a] and check; the problems, with the directory's name as D. "" = none. */
static const char *bind(struct rk_conf *c, struct target *t)
{
    struct rk_buf out;
    rk_buf_init(&out, 1 << 20);
    rk_conf_bind(c, "a", table, 3, t);
    int rc = rk_conf_check(c, &out);
    assert_int_equal(rc, out.len > 0 ? RK_E_INVAL : 0);
    const char *text = "", *rest = rk_buf_text(&out);
    for (const char *at; (at = strstr(rest, dir)) != NULL; rest = at + strlen(dir))
        text = rk_arena_fmt(&arena, "%s%.*sD", text, (int)(at - rest), rest);
    text = rk_arena_fmt(&arena, "%s%s", text, rest);
    rk_buf_done(&out);
    return text;
}

static const char *problems_of(const char *text, size_t n)
{
    struct rk_conf *c = rk_conf_new();
    struct target t = {0};
    rk_conf_read(c, file_n("f.ini", text, n), NULL);
    const char *problems = bind(c, &t);
    rk_conf_free(c);
    return problems;
}

static void is_refused(const char *text, const char *problems)
{
    assert_string_equal(problems_of(text, strlen(text)), problems);
}

/* The value of [a] text; fails when there is any problem. */
static const char *text_of(const char *ini)
{
    struct rk_conf *c = rk_conf_new();
    struct target t = {0};
    rk_conf_read(c, file("f.ini", ini), NULL);
    assert_string_equal(bind(c, &t), "");
    const char *text = rk_arena_strdup(&arena, t.text);
    rk_conf_free(c);
    return text;
}

static void a_plain_file_is_read(void **state)
{
    (void)state;
    assert_string_equal(text_of("; head\n\n[a] ; why\n  # more\ntext = a b = c:d  \n"),
                        "a b = c:d");
    assert_string_equal(text_of("\xEF\xBB\xBF[a]\r\ntext=x\r\n"), "x");
    assert_string_equal(text_of("[a]\ntext ="), "");
    assert_string_equal(text_of("[a]\ntext =;x#y;z"), ";x#y;z");
    assert_string_equal(text_of("[a]\ntext\t=\tx\n[a]\nnumber = 1\n"), "x");
    assert_string_equal(text_of(""), "none");
    assert_string_equal(text_of("[a]\ntext = \"quotes stay\""), "\"quotes stay\"");
}

static void indented_lines_continue_the_value(void **state)
{
    (void)state;
    assert_string_equal(text_of("[a]\ntext = one\n  two;\n\n\t; a comment\n  three=3\nnumber = 3"),
                        "one\ntwo;\nthree=3");
}

/* No line that inih would cut gets cut: every length around its buffer, with blanks and comment
 * signs at the seams. */
static void long_values_come_through_whole(void **state)
{
    (void)state;
    static const char *const fill[] = {"x", "xy ", "a;", "b#", "w  ", "\xc3\xa9"};
    for (size_t len = 1; len < 8100; len += len < 620 ? 1 : 997) {
        const char *unit = fill[len % 6];
        char *value = rk_arena_alloc(&arena, len + 4);
        for (size_t n = 0; n < len; n += strlen(unit))
            (void)snprintf(value + n, len + 4 - n, "%s", unit);
        size_t n = strlen(value);
        while (value[n - 1] == ' ')
            value[--n] = '\0';
        assert_string_equal(text_of(rk_arena_fmt(&arena, "[a]\ntext = %s\nnumber = 3\n", value)),
                            value);
        const char *two = rk_arena_fmt(&arena, "%s\n%s", value, value);
        const char *ini = rk_arena_fmt(&arena, "[a]\ntext = %s\n  %s\n", value, value);
        assert_string_equal(text_of(ini), two);
    }
    char blanks[400];
    memset(blanks, ' ', sizeof blanks);
    for (int n = 150; n < 399; n++) {
        const char *wide = rk_arena_fmt(&arena, "x%.*sx", n, blanks);
        assert_string_equal(text_of(rk_arena_fmt(&arena, "[a]\ntext = %s\n", wide)), wide);
        assert_string_equal(text_of(rk_arena_fmt(&arena, "[a]\ntext =%.*s%s\n", n, blanks, wide)),
                            wide);
    }
    memset(blanks, ';', sizeof blanks);
    is_refused(
        rk_arena_fmt(&arena, "[a]\ntext = x%.*sx\nnumber = 99\n", 399, blanks),
        "D/f.ini:2: cannot be read: too many blanks, ; or # in a row\nD/f.ini:3: [a] number = 99: expected integer, 0 to 9\n");
    const char *comment = rk_arena_fmt(&arena, "[a]\n;%0999d = 1\ntext = x\n", 5);
    assert_string_equal(text_of(comment), "x");
}

static void every_syntax_error_is_told_with_its_line(void **state)
{
    (void)state;
    is_refused("x = 1\ny\n[a]\n", "D/f.ini:1: text before the first section\n");
    is_refused("  x = 1\n[a]\n", "D/f.ini:1: text before the first section\n");
    is_refused(
        "[a]\n  text = 1\n  number = 2\n",
        "D/f.ini:2: an indented line continues a value, and none is above; keys are not indented\n");
    is_refused("[a]\ntext\n", "D/f.ini:2: expected key = value\n");
    is_refused(
        "[a]\ntext: 1\n\nnumber: x = 2\n",
        "D/f.ini:2: expected key = value, found a colon\nD/f.ini:4: expected key = value, found a colon\n");
    is_refused("[a]\n= 1\n", "D/f.ini:2: a key without a name\n");
    is_refused("[a]\nte xt = 1\n", "D/f.ini:2: 'te xt' is no name for a key: it has a blank\n");
    is_refused("[a\ntext = 1\n", "D/f.ini:1: a section without ']'\n");
    is_refused("[]\n", "D/f.ini:1: a section without a name\n");
    is_refused("[ a ]\ntext = 1\n", "D/f.ini:1: ' a ' is no name for a section: it has a blank\n");
    is_refused("[a] text = 1\n", "D/f.ini:1: text behind ']'\n");
    is_refused(
        "[a]\ntext = x ; y\n",
        "D/f.ini:2: ';' behind a blank inside a value; comments stand on lines of their own\n");
    is_refused(
        "[a]\ntext = x\t# y\n",
        "D/f.ini:2: '#' behind a blank inside a value; comments stand on lines of their own\n");
    is_refused(
        "[a]\ntext = ;\n",
        "D/f.ini:2: ';' behind a blank inside a value; comments stand on lines of their own\n");
    is_refused(
        "[a]\ntext = x\n y ;z\n",
        "D/f.ini:3: ';' behind a blank inside a value; comments stand on lines of their own\n");
    is_refused("[a]\ntext = x\x01\n", "D/f.ini:2: column 9: a control character (0x01)\n");
    is_refused("[a]\ntext = \xff\n", "D/f.ini:2: not UTF-8\n");
    is_refused(
        "[a]\ntext = 1\n[other]\n[a]\ntext = 2\n",
        "D/f.ini:5: key 'text' is given twice, first at D/f.ini:2\nD/f.ini:3: unknown section [other]\n");
    assert_string_equal(problems_of("[a]\ntext = x\0y\n", 15),
                        "D/f.ini:2: column 9: a control character (0x00)\n");
    const char *name50 = "01234567890123456789012345678901234567890123456789";
    is_refused(
        rk_arena_fmt(&arena, "[a]\n%s = 1\n", name50),
        rk_arena_fmt(&arena, "D/f.ini:2: '%s' is no name for a key: over 49 bytes\n", name50));
    is_refused(
        rk_arena_fmt(&arena, "[%s]\n", name50),
        rk_arena_fmt(&arena, "D/f.ini:1: '%s' is no name for a section: over 49 bytes\n", name50));
    is_refused(rk_arena_fmt(&arena, "[a]\n%s = 1\n", name50 + 1),
               rk_arena_fmt(&arena, "D/f.ini:2: unknown key '%s' in [a]\n", name50 + 1));
}

static void what_continues_a_wrong_line_is_not_given_to_another_key(void **state)
{
    (void)state;
    is_refused("[a]\ntext = x\nbad\n  more\n\n  = more\nlist = ok\n",
               "D/f.ini:3: expected key = value\n");
    is_refused("[a]\ntext = x\ntext = y\n  more\n",
               "D/f.ini:3: key 'text' is given twice, first at D/f.ini:2\n");
}

static void bounds_are_told(void **state)
{
    (void)state;
    char *text = rk_arena_alloc(&arena, 2u << 20);
    memset(text, 'x', 9000);
    memcpy(text, "[a]\ntext = ", 11);
    memcpy(text + 4 + 8193, "\n", 2);
    is_refused(text,
               "D/f.ini:2: a line of 8193 bytes, at most 8192 (indented lines continue a value)\n");
    memset(text, '\n', 5000);
    text[5000] = '\0';
    is_refused(text, "D/f.ini:4097: more than 4096 lines\n");
    memset(text, ';', (1u << 20) + 1);
    assert_string_equal(problems_of(text, (1u << 20) + 1), "D/f.ini: longer than 1048576 bytes\n");
    memcpy(text, "[a]\n", 4);
    for (size_t i = 0; i < 4095; i++)
        memcpy(text + 4 + i * 3, "q=\n", 3);
    const char *many = problems_of(text, 4 + 4095 * 3); /* more problems than anybody reads */
    assert_non_null(strstr(many, "D/f.ini:3: key 'q' is given twice, first at D/f.ini:2\n"));
    assert_non_null(strstr(many, " more problems\n"));
}

static void unreadable_files_are_named(void **state)
{
    (void)state;
    struct target t = {0};
    struct rk_conf *c = rk_conf_new();
    rk_conf_read(c, in_dir("missing.ini"), in_dir("missing.d"));
    assert_string_equal(bind(c, &t), "D/missing.ini: cannot be read: No such file or directory\n");
    rk_conf_free(c);
    c = rk_conf_new();
    rk_conf_read(c, dir, file("plain", ""));
    assert_string_equal(bind(c, &t),
                        "D: not a regular file\nD/plain: cannot be read: Not a directory\n");
    rk_conf_free(c);
    assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
    c = rk_conf_new();
    rk_conf_read(c, in_dir("pipe"), NULL);
    assert_string_equal(bind(c, &t), "D/pipe: not a regular file\n");
    rk_conf_free(c);
}

static void later_sources_win_and_are_remembered(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_dir("x.d"), 0700), 0);
    (void)file("x.d/10.ini", "[a]\ntext = ten\nlist = ten\n");
    (void)file("x.d/9.ini", "[a]\ntext = nine\n");
    (void)file("x.d/.hidden.ini", "[a]\ntext = hidden\n");
    (void)file("x.d/note.txt", "nonsense");
    assert_int_equal(mkdir(in_dir("x.d/sub.ini"), 0700), 0);
    assert_int_equal(symlink("dangling", in_dir("x.d/away.ini")), 0);
    assert_int_equal(symlink("../linked", in_dir("x.d/link.ini")), 0);
    (void)file("linked", "[a]\nnumber = 4\n");
    struct target t = {0};
    struct rk_conf *c = rk_conf_new();
    const char *origin = NULL;
    rk_conf_set(c, "a.list=set = 1"); /* before the files: still the last word */
    rk_conf_read(c, file("f.ini", "[a]\ntext = main\nlist = main\nnumber = 2\n"), in_dir("x.d"));
    assert_string_equal(bind(c, &t), "D/x.d/away.ini: cannot be read: No such file or directory\n");
    assert_string_equal(t.text, "nine");
    assert_string_equal(t.list, "set = 1");
    assert_int_equal(t.number, 4);
    assert_string_equal(rk_conf_raw(c, "a", "text", &origin), "nine");
    assert_string_equal(origin, in_dir("x.d/9.ini:2"));
    assert_string_equal(rk_conf_raw(c, "a", "list", &origin), "set = 1");
    assert_string_equal(origin, "--set");
    assert_null(rk_conf_raw(c, "a", "other", NULL));
    rk_conf_free(c);
}

static void set_takes_sections_with_dots_and_colons(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t = {0};
    rk_conf_set(c, "plugin:x.y.size=1.5=a");
    assert_string_equal(rk_conf_raw(c, "plugin:x.y", "size", NULL), "1.5=a");
    static const char *const bad[] = {"", "a", "a.b", "a=b", ".a=b", "a.=b", "=a.b"};
    for (size_t i = 0; i < 7; i++)
        rk_conf_set(c, bad[i]);
    rk_conf_set(c, "a.txet=1");
    rk_conf_set(c, "a.number=12");
    assert_string_equal(
        bind(c, &t),
        "--set : write SECTION.KEY=VALUE\n--set a: write SECTION.KEY=VALUE\n--set a.b: write SECTION.KEY=VALUE\n"
        "--set a=b: write SECTION.KEY=VALUE\n--set .a=b: write SECTION.KEY=VALUE\n--set a.=b: write SECTION.KEY=VALUE\n"
        "--set =a.b: write SECTION.KEY=VALUE\n--set: [a] number = 12: expected integer, 0 to 9\n"
        "--set: unknown section [plugin:x.y]\n--set: unknown key 'txet' in [a] (did you mean 'text'?)\n");
    rk_conf_free(c);
}

static void sections_of_a_family_come_once_in_order(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    rk_conf_read(c, file("f.ini", "[plugin:b]\nx = 1\n[a]\n[plugin:a]\n[plugin:b]\ny = 1\n"), NULL);
    rk_conf_set(c, "plugin:c.z=1");
    const char *name, *all = "";
    for (size_t pos = 0; rk_conf_next_section(c, "plugin:", &pos, &name);)
        all = rk_arena_fmt(&arena, "%s %s", all, name);
    assert_string_equal(all, " plugin:b plugin:a plugin:c");
    rk_conf_free(c);
}

/* Any bytes: no crash, no endless loop, and the same answer twice. */
static void junk_is_survived(void **state)
{
    (void)state;
    static const char bits[] = "[]a=;:# \t\nx\r\"\\\xc3\xa9";
    unsigned seed = 1;
    for (int i = 0; i < 3000; i++) {
        char text[400];
        size_t n = (size_t)(seed >> 8) % sizeof text;
        for (size_t k = 0; k < n; k++) {
            seed = seed * 1103515245u + 12345u;
            text[k] = bits[(seed >> 16) % (sizeof bits - 1)];
        }
        seed = seed * 1103515245u + 12345u;
        assert_string_equal(problems_of(text, n), problems_of(text, n));
        if (i % 100 == 0)
            rk_arena_reset(&arena);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_plain_file_is_read),
        T(indented_lines_continue_the_value),
        T(long_values_come_through_whole),
        T(every_syntax_error_is_told_with_its_line),
        T(what_continues_a_wrong_line_is_not_given_to_another_key),
        T(bounds_are_told),
        T(unreadable_files_are_named),
        T(later_sources_win_and_are_remembered),
        T(set_takes_sections_with_dots_and_colons),
        T(sections_of_a_family_come_once_in_order),
        T(junk_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
