/* Option tables: every type, its bounds, its errors; what is unknown; what is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"

#include "tests/unit/arena_kit.h"

struct target {
    const char *str, *list, *word, *quantity;
    int64_t number, wait, size;
    bool flag;
    int64_t after; /* nothing writes here */
};

#define AT(field) offsetof(struct target, field)
static const struct rk_opt_def table[] = {
    {"str", "a text", "Any text.", NULL, RK_OPT_STR, AT(str), 0, 0},
    {"list", "x,y", "Words.", NULL, RK_OPT_LIST, AT(list), 0, 0},
    {"level", "info", "How much is said.", "debug|info|warn", RK_OPT_ENUM, AT(word), 0, 0},
    {"memory", "", "Empty: what the pod has.", NULL, RK_OPT_QUANTITY, AT(quantity), 0, 0},
    {"number", "5", "A number.", NULL, RK_OPT_INT, AT(number), -3, 9},
    {"wait", "15s", "A time.", NULL, RK_OPT_DURATION, AT(wait), 1000, 90000},
    {"size", "64Mi", "Bytes.", NULL, RK_OPT_SIZE, AT(size), 4096, INT64_MAX},
    {"flag", "yes", "On or off.", NULL, RK_OPT_BOOL, AT(flag), 0, 0},
};
#define N_TABLE (sizeof table / sizeof *table)

static const char *check(struct rk_conf *c)
{
    struct rk_buf out;
    rk_buf_init(&out, 1 << 16);
    int rc = rk_conf_check(c, &out);
    assert_int_equal(rc, out.len > 0 ? RK_E_INVAL : 0);
    const char *text = rk_arena_strdup(&arena, rk_buf_text(&out));
    rk_buf_done(&out);
    return text;
}

static void read_text(struct rk_conf *c, const char *text)
{
    char path[] = "/tmp/conf-bind-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    rk_conf_read(c, path, NULL);
    assert_int_equal(unlink(path), 0);
}

/* [s] KEY=VALUE by --set; the problem without its origin, "" = none. */
static const char *try_value(const char *key, const char *value, struct target *t)
{
    struct rk_conf *c = rk_conf_new();
    memset(t, 0, sizeof *t);
    rk_conf_set(c, rk_arena_fmt(&arena, "s.%s=%s", key, value));
    rk_conf_bind(c, "s", table, N_TABLE, t);
    const char *problem = check(c);
    if (problem[0] != '\0') {
        const char *head = rk_arena_fmt(&arena, "--set: [s] %s = %s: ", key, value);
        assert_int_equal(strncmp(problem, head, strlen(head)), 0);
        problem += strlen(head);
    }
    t->str = rk_arena_strdup(&arena, t->str); /* outlive c */
    t->list = rk_arena_strdup(&arena, t->list);
    t->word = rk_arena_strdup(&arena, t->word);
    t->quantity = rk_arena_strdup(&arena, t->quantity);
    rk_conf_free(c);
    return problem;
}

static void without_a_word_the_defaults_hold(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t = {.after = 77};
    rk_conf_bind(c, "s", table, N_TABLE, &t);
    assert_string_equal(check(c), "");
    assert_string_equal(t.str, "a text");
    assert_string_equal(t.list, "x\ny");
    assert_string_equal(t.word, "info");
    assert_string_equal(t.quantity, "");
    assert_int_equal(t.number, 5);
    assert_int_equal(t.wait, 15000);
    assert_int_equal(t.size, 64 << 20);
    assert_true(t.flag);
    assert_int_equal(t.after, 77);
    rk_conf_free(c);
}

static void values_are_typed(void **state)
{
    (void)state;
    struct target t;
    static const struct {
        const char *key, *value;
        int64_t want;
    } numbers[] = {
        {"number", "-3", -3},     {"number", "9", 9},    {"wait", "1s", 1000},
        {"wait", "1m30s", 90000}, {"size", "4Ki", 4096}, {"size", "1G", 1000000000},
        {"size", "10000", 10000}, {"flag", "off", 0},    {"flag", "TRUE", 1},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_string_equal(try_value(numbers[i].key, numbers[i].value, &t), "");
        int64_t got = numbers[i].key[0] == 'n'   ? t.number
                      : numbers[i].key[0] == 'w' ? t.wait
                      : numbers[i].key[0] == 's' ? t.size
                                                 : t.flag;
        assert_int_equal(got, numbers[i].want);
    }
    assert_string_equal(try_value("str", "", &t), "");
    assert_string_equal(t.str, "");
    assert_string_equal(try_value("list", " a, b c ,,\n d\n\n", &t), "");
    assert_string_equal(t.list, "a\nb c\nd");
    assert_string_equal(try_value("list", "", &t), "");
    assert_string_equal(t.list, "");
    assert_string_equal(try_value("level", "warn", &t), "");
    assert_string_equal(t.word, "warn");
    assert_string_equal(try_value("memory", "1.50Gi", &t), "");
    assert_string_equal(t.quantity, "1.50Gi");
}

static void a_bad_value_says_what_would_be_legal_and_leaves_the_default(void **state)
{
    (void)state;
    struct target t;
    assert_string_equal(try_value("number", "10", &t), "expected integer, -3 to 9\n");
    assert_int_equal(t.number, 5);
    assert_string_equal(try_value("number", "x", &t), "expected integer, -3 to 9\n");
    assert_string_equal(try_value("number", "", &t), "expected integer, -3 to 9\n");
    assert_string_equal(try_value("wait", "15", &t),
                        "expected duration, 1s to 90s, such as 500ms, 15s or 1h30m\n");
    assert_string_equal(try_value("wait", "2m", &t), "expected duration, 1s to 90s\n");
    assert_int_equal(t.wait, 15000);
    assert_string_equal(try_value("size", "1", &t), "expected size, at least 4Ki\n");
    assert_string_equal(try_value("size", "1KB", &t),
                        "expected size, at least 4Ki, such as 512Ki, 64Mi or 1G\n");
    assert_string_equal(try_value("flag", "maybe", &t), "expected true or false\n");
    assert_true(t.flag);
    assert_string_equal(try_value("level", "wran", &t),
                        "expected one of debug|info|warn (did you mean 'warn'?)\n");
    assert_string_equal(try_value("level", "", &t), "expected one of debug|info|warn\n");
    assert_string_equal(try_value("memory", "lots", &t),
                        "expected quantity, such as 500m, 2 or 6Gi\n");
}

static void a_wrong_default_is_a_problem_of_its_table(void **state)
{
    (void)state;
    static const struct rk_opt_def bad[] = {{"n", "many", NULL, NULL, RK_OPT_INT, AT(number), 0, 0},
                                            {"m", NULL, NULL, NULL, RK_OPT_INT, AT(size), 0, 0}};
    struct rk_conf *c = rk_conf_new();
    struct target t = {.number = 1, .size = 2};
    rk_conf_bind(c, "s", bad, 2, &t);
    assert_string_equal(check(c), "[s] n: its default 'many' is wrong: expected integer\n");
    assert_int_equal(t.size, 2);
    rk_conf_free(c);
}

static void what_nobody_knows_is_reported_with_the_nearest_name(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t;
    static const struct rk_opt_def other[] = {
        {"lease", "1s", "", NULL, RK_OPT_DURATION, AT(wait), 0, 0}};
    rk_conf_set(c, "s.numbr=1");
    rk_conf_set(c, "s.lease=1s");
    rk_conf_set(c, "s.whatever=1");
    rk_conf_set(c, "plugin:smh.size=1");
    rk_conf_set(c, "s.number=11");
    rk_conf_bind(c, "s", table, N_TABLE, &t);
    rk_conf_bind(c, "leader", other, 1, &t);
    rk_conf_bind(c, "plugin:shm", other, 0, &t);
    rk_conf_bind(c, "plugin:shm", other, 1, &t);
    assert_string_equal(check(c),
                        "--set: [s] number = 11: expected integer, -3 to 9\n"
                        "--set: unknown key 'numbr' in [s] (did you mean 'number'?)\n"
                        "--set: unknown key 'lease' in [s]\n"
                        "--set: unknown key 'whatever' in [s]\n"
                        "--set: unknown section [plugin:smh] (did you mean [plugin:shm]?)\n");
    rk_conf_free(c);
    c = rk_conf_new();
    rk_conf_set(c, "s.lease=1s");
    rk_conf_bind(c, "s", table, N_TABLE, &t);
    rk_conf_bind(c, "leader", other, 1, &t);
    assert_string_equal(check(c), "--set: unknown key 'lease' in [s] (it belongs to [leader])\n");
    assert_string_equal(
        check(c),
        "--set: unknown key 'lease' in [s] (it belongs to [leader])\n"); /* asking changes nothing */
    rk_conf_free(c);
}

static void a_section_without_options_is_known_too(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t;
    read_text(c, "[bare]\n");
    rk_conf_bind(c, "bare", table, 0, &t);
    assert_string_equal(check(c), "");
    rk_conf_set(c, "bare.x=1");
    assert_string_equal(check(c), "--set: unknown key 'x' in [bare]\n");
    rk_conf_free(c);
}

static void an_overridden_value_is_no_unknown_key(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t;
    read_text(c, "[s]\nnumber = 99\n");
    rk_conf_set(c, "s.number=1");
    rk_conf_set(c, "s.number=2");
    rk_conf_bind(c, "s", table, N_TABLE, &t);
    assert_string_equal(check(c), "");
    assert_int_equal(t.number, 2);
    rk_conf_free(c);
}

static void a_key_swallowed_by_indentation_is_noticed(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t;
    read_text(c, "[s]\nlist = a\n  number=1\n  b\n  wait = 3s\n");
    rk_conf_bind(c, "s", table, N_TABLE, &t);
    const char *problems = check(c);
    assert_non_null(
        strstr(problems, ":2: an indented line below 'list' looks like the key 'wait'"));
    assert_null(strstr(problems, "'number'"));
    rk_conf_free(c);
}

static void the_dump_shows_values_with_their_origin(void **state)
{
    (void)state;
    struct rk_conf *c = rk_conf_new();
    struct target t;
    struct rk_buf out;
    rk_buf_init(&out, 1 << 16);
    rk_conf_set(c, "s.number=2");
    rk_conf_set(c, "s.list=p\nq");
    rk_conf_bind(c, "s", table + 1, 1, &t);
    rk_conf_bind(c, "t", table + 7, 1, &t);
    rk_conf_bind(c, "s", table + 4, 2, &t);
    rk_conf_dump(c, &out);
    assert_string_equal(
        rk_buf_text(&out),
        "[s]\nlist =      ; --set\n    p\n    q\nnumber = 2  ; --set\nwait = 15s  ; default\n"
        "\n[t]\nflag = yes  ; default\n");
    rk_buf_done(&out);
    rk_conf_free(c);
}

/* Take the semicolon off every `;key = value` and `;    continued` line. */
static const char *uncomment(const char *text)
{
    char *out = rk_arena_alloc(&arena, strlen(text) + 1);
    size_t n = 0;
    for (const char *p = text; *p; p++)
        if (*p != ';' || (p > text && p[-1] != '\n') || (p[1] == ' ' && p[2] != ' '))
            out[n++] = *p;
    return out;
}

static void the_document_reads_back_when_uncommented(void **state)
{
    (void)state;
    static const struct rk_opt_def more[] = {
        {"words", "one\ntwo", "Two.", NULL, RK_OPT_LIST, AT(list), 0, 0},
        {"none", NULL, "", NULL, RK_OPT_INT, AT(number), 0, 0}};
    struct rk_conf *c = rk_conf_new();
    struct target a = {0}, b = {0};
    struct rk_buf out;
    rk_buf_init(&out, 1 << 16);
    rk_conf_set(c, "s.number=2"); /* the document speaks of defaults only */
    rk_conf_bind(c, "s", table, N_TABLE, &a);
    rk_conf_bind(c, "plugin:x", more, 2, &a);
    rk_conf_document(c, RK_CONF_INI, &out);
    const char *text = rk_buf_text(&out);
    assert_non_null(strstr(text, "[s]\n\n; Any text.\n; (text)\n;str = a text\n"));
    assert_non_null(strstr(text, "; A time.\n; (duration, 1s to 90s)\n;wait = 15s\n"));
    assert_non_null(strstr(text, "; (one of debug|info|warn)\n;level = info\n"));
    assert_non_null(strstr(
        text,
        "\n[plugin:x]\n\n; Two.\n; (list)\n;words =\n;    one\n;    two\n\n; (integer)\n;none =\n"));
    rk_conf_free(c);

    for (int uncommented = 0; uncommented < 2; uncommented++) {
        c = rk_conf_new();
        read_text(c, uncommented ? uncomment(rk_buf_text(&out)) : rk_buf_text(&out));
        rk_conf_bind(c, "s", table, N_TABLE, &b);
        assert_string_equal(b.list, "x\ny");
        assert_int_equal(b.number, 5);
        rk_conf_bind(c, "plugin:x", more, 2, &b);
        assert_string_equal(b.list, "one\ntwo");
        assert_string_equal(check(c), "");
        const char *origin = "none";
        assert_int_equal(rk_conf_raw(c, "s", "wait", &origin) != NULL, uncommented);
        rk_conf_free(c);
    }
    rk_buf_done(&out);
}

static char *document(enum rk_conf_form form)
{
    static const struct rk_opt_def odd[] = {
        {"mode", "a|b", "<one>|*two*\nthree", "a|b|`c`", RK_OPT_STR, AT(str), 0, 0},
        {"tick", "a `b`", ".TH is \\no request", NULL, RK_OPT_STR, AT(str), 0, 0},
        {"level", "info", "", "debug|info", RK_OPT_ENUM, AT(word), 0, 0}};
    struct rk_conf *c = rk_conf_new();
    struct target a = {0};
    struct rk_buf out;
    size_t n;
    rk_buf_init(&out, 1 << 16);
    rk_conf_bind(c, "s", odd, 3, &a);
    rk_conf_bind(c, "plugin:x", table, 1, &a);
    rk_conf_document(c, form, &out);
    rk_conf_free(c);
    return rk_buf_take(&out, &n);
}

static void tables_of_options_keep_their_cells(void **state)
{
    (void)state;
    char *text = document(RK_CONF_MARKDOWN);
    assert_string_equal(
        text, "### [s]\n\n| option | type | default | meaning |\n|---|---|---|---|\n"
              "| `mode` | text | `a\\|b` | \\<one\\>\\|\\*two\\* three |\n"
              "| `tick` | text | a \\`b\\` | .TH is \\\\no request |\n"
              "| `level` | one of debug\\|info | `info` |  |\n"
              "\n### [plugin:x]\n\n| option | type | default | meaning |\n|---|---|---|---|\n"
              "| `str` | text | `a text` | Any text. |\n");
    rk_free(text);
}

static void manual_pages_of_options_hold_no_requests_of_strangers(void **state)
{
    (void)state;
    char *text = document(RK_CONF_MDOC);
    assert_string_equal(
        text, ".Ss \"[s]\"\n.Bl -tag -width Ds\n"
              ".It Cm mode\n<one>|*two*\nthree\n.br\nType: text.\n.br\nDefault: a|b\n"
              ".It Cm tick\n\\&.TH is \\eno request\n.br\nType: text.\n.br\nDefault: a `b`\n"
              ".It Cm level\nType: one of debug|info.\n.br\nDefault: info\n"
              ".El\n.Ss \"[plugin:x]\"\n.Bl -tag -width Ds\n"
              ".It Cm str\nAny text.\n.br\nType: text.\n.br\nDefault: a text\n.El\n");
    rk_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(without_a_word_the_defaults_hold),
        T(values_are_typed),
        T(a_bad_value_says_what_would_be_legal_and_leaves_the_default),
        T(a_wrong_default_is_a_problem_of_its_table),
        T(what_nobody_knows_is_reported_with_the_nearest_name),
        T(a_section_without_options_is_known_too),
        T(an_overridden_value_is_no_unknown_key),
        T(a_key_swallowed_by_indentation_is_noticed),
        T(the_dump_shows_values_with_their_origin),
        T(the_document_reads_back_when_uncommented),
        T(tables_of_options_keep_their_cells),
        T(manual_pages_of_options_hold_no_requests_of_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
