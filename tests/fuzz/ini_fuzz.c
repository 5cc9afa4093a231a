/* Fuzz target: INI files. A file either has problems, each told in words, or none; then every line of every value stands in the file as it
 * is, so that nothing was cut, joined or made up on the way (client-rules 64). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/str.h"
#include "core/conf/conf.h"
#include "tests/fuzz/fuzz.h"

const char *const rk_fuzz_words[] = {
    "[a]\n",
    "[plugin:x]\n",
    "text = ",
    "list = ",
    "number = ",
    "size = ",
    "time = ",
    "flag = yes",
    "; note\n",
    " ; note",
    " # note",
    "    more",
    "\r\n",
    "\xef\xbb\xbf",
    "=",
    "[",
    "]",
    "text: x",
    "10m",
    "64Mi",
    "9999999999999999999",
    "-0",
    "on",
    "text = x\n\n",
    "\ttab\n ",
    "one, two,",
    "a=b=c\n[a]\n",
    NULL,
};

struct target {
    const char *text, *list, *word, *quantity;
    int64_t number, size, time;
    bool flag;
};
static const struct rk_opt_def table[] = {
    {"text", "none", "A text.", NULL, RK_OPT_STR, offsetof(struct target, text), 0, 0},
    {"list", "", "A list.", NULL, RK_OPT_LIST, offsetof(struct target, list), 0, 0},
    {"word", "one", "A word.", "one|two", RK_OPT_ENUM, offsetof(struct target, word), 0, 0},
    {"quantity", "1Gi", "A quantity.", NULL, RK_OPT_QUANTITY, offsetof(struct target, quantity), 0,
     0},
    {"number", "7", "A number.", NULL, RK_OPT_INT, offsetof(struct target, number), 0, 9},
    {"size", "1Mi", "A size.", NULL, RK_OPT_SIZE, offsetof(struct target, size), 0, 0},
    {"time", "1s", "A time.", NULL, RK_OPT_DURATION, offsetof(struct target, time), 0, 0},
    {"flag", "no", "A flag.", NULL, RK_OPT_BOOL, offsetof(struct target, flag), 0, 0},
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The path of a file with these bytes; the same one each time. */
static const char *file_of(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("ini", MFD_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* fits */
    }
    check(fd >= 0 && ftruncate(fd, 0) == 0);
    check(pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

static void check_value(const struct rk_conf *c, const char *section, const char *key,
                        const uint8_t *data, size_t size)
{
    const char *value = rk_conf_raw(c, section, key, NULL);
    struct rk_span rest = rk_span_of(value), line;
    while (value && rk_span_next(&rest, '\n', &line))
        check(line.n == 0 || memmem(data, size, line.p, line.n) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct target t = {0};
    struct rk_conf *c = rk_conf_new();
    struct rk_buf out;
    rk_buf_init(&out, (size_t)4 << 20);
    rk_conf_read(c, file_of(data, size), NULL);
    rk_conf_bind(c, "a", table, sizeof table / sizeof table[0], &t);
    size_t pos = 0;
    for (const char *section; rk_conf_next_section(c, "plugin:", &pos, &section);)
        check(strncmp(section, "plugin:", 7) == 0);
    int rc = rk_conf_check(c, &out);
    check(rc == 0 ? out.len == 0 : rc == RK_E_INVAL && out.len > 0);
    check(t.text && t.list && t.word && t.quantity && t.number >= 0 && t.number <= 9);
    check(strcmp(t.word, "one") == 0 || strcmp(t.word, "two") == 0);
    if (rc == 0)
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
            check_value(c, "a", table[i].key, data, size);
    rk_buf_clear(&out);
    rk_conf_dump(c, &out);
    for (int form = RK_CONF_INI; form <= RK_CONF_MDOC; form++)
        rk_conf_document(c, (enum rk_conf_form)form, &out);
    rk_conf_free(c);
    rk_buf_done(&out);
    return 0;
}
