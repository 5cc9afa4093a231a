/* Runs a fuzz target without libFuzzer, so that gcc is enough.
 *
 *   x_fuzz FILE...                  each file once: a corpus, or what a fuzzer found
 *   x_fuzz [-n RUNS] [-t SECONDS] [-s SEED] [FILE...]      the files once, then pseudo-random mutations of them and
 *                                                          of the target's own seeds
 *   x_fuzz -s SEED -r RUN [-o FILE] [FILE...]              one of these again, and keep its bytes
 *
 * Run k depends on the seed, the files and k alone. When a run dies, its seed and number are said on stderr. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX 16384
#define FILES_MAX 256

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct bytes {
    const uint8_t *p;
    size_t n;
};

static struct {
    uint64_t seed, run;
    uint64_t state;
    uint8_t input[INPUT_MAX];
    size_t n;
    const char *file;              /* the one that runs; NULL = a mutation */
    struct bytes files[FILES_MAX]; /* of the command line */
    size_t n_files;
} me;

static const char *const plain_seeds[] = {"{\"a\":[1,\"x\",null]}", "", "a: b\n", "/a/b/[c]", NULL};

static const char *const none[] = {NULL};

/* Pieces that mean something to parsers. */
static const char *const words[] = {
    "\"",       "\\",
    "{",        "}",
    "[",        "]",
    ":",        ",",
    "/",        "~0",
    "~1",       "~2",
    "~3",       "\\u0000",
    "\\ud800",  "\\udc00",
    "\xc3",     "\xed\xa0\x80",
    "\x1e",     "null",
    "true",     "-",
    "0",        "1e9",
    "1.0",      "9223372036854775808",
    "\"a\":",   "\"name\":",
    "/[",       "]/",
    "[80/UDP]", "\n",
    "\t",
};

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t z = me.state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return n ? (size_t)(next() % n) : 0;
}

static void insert(size_t at, const void *p, size_t n)
{
    if (n > INPUT_MAX - me.n)
        n = INPUT_MAX - me.n;
    memmove(me.input + at + n, me.input + at, me.n - at);
    memcpy(me.input + at, p, n);
    me.n += n;
}

static void cut(size_t at, size_t n)
{
    if (n > me.n - at)
        n = me.n - at;
    memmove(me.input + at, me.input + at + n, me.n - at - n);
    me.n -= n;
}

static struct bytes any_seed(void)
{
    const char *const *seeds = rk_fuzz_seeds ? rk_fuzz_seeds : me.n_files > 0 ? none : plain_seeds;
    size_t n = 0;
    while (seeds[n])
        n++;
    size_t i = below(n + me.n_files);
    if (i < me.n_files)
        return me.files[i];
    const char *text = seeds[i - me.n_files];
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static const char *any_word(void)
{
    size_t n = 0;
    while (rk_fuzz_words && rk_fuzz_words[n])
        n++;
    size_t i = below(n + sizeof words / sizeof words[0]);
    return i < n ? rk_fuzz_words[i] : words[i - n];
}

/* The value behind the next mark of punctuation, with all that is in it, becomes another: most documents are documents still. */
static void swap_value(size_t at, const char *word)
{
    while (at < me.n && !memchr(":,[", me.input[at], 3))
        at++;
    if (at >= me.n)
        return;
    size_t from = ++at, depth = 0;
    for (bool quoted = false; at < me.n; at++) {
        uint8_t c = me.input[at];
        quoted ^= c == '"';
        if (!quoted && depth == 0 && memchr(",]}\n", c, 4))
            break;
        depth += !quoted && (c == '{' || c == '[');
        depth -= !quoted && (c == '}' || c == ']');
    }
    cut(from, at - from);
    insert(from, word, strlen(word));
}

/* A change that leaves JSON what it is: a value for a value, or a member (a word that ends with a comma) into an object. */
static void mutate_gently(void)
{
    size_t n = 0;
    while (rk_fuzz_words[n])
        n++;
    const char *word = rk_fuzz_words[below(n)];
    size_t at = below(me.n), len = strlen(word);
    if (len == 0 || word[len - 1] != ',') {
        swap_value(at, word);
        return;
    }
    const uint8_t *brace = memchr(me.input + at, '{', me.n - at);
    if (brace)
        insert((size_t)(brace - me.input) + 1, word, len);
}

static void mutate(void)
{
    uint8_t byte = (uint8_t)next();
    size_t at = below(me.n + 1);
    switch (next() % 12) {
    case 0:
        if (at < me.n)
            me.input[at] = (uint8_t)(me.input[at] ^ (1U << (byte & 7)));
        break;
    case 1:
        if (at < me.n)
            me.input[at] = byte;
        break;
    case 2:
        insert(at, &byte, 1);
        break;
    case 3:
        cut(at, 1 + below(byte & 1 ? 4 : me.n));
        break;
    case 4: {
        uint8_t copy[256];
        size_t n = below(me.n - at < sizeof copy ? me.n - at : sizeof copy);
        memcpy(copy, me.input + at, n);
        insert(below(me.n + 1), copy, n);
        break;
    }
    case 5: {
        struct bytes seed = any_seed();
        size_t from = below(seed.n);
        insert(at, seed.p + from, below(seed.n - from + 1));
        break;
    }
    case 6:
    case 7: {
        const char *word = any_word();
        insert(at, word, strlen(word));
        break;
    }
    default:
        swap_value(at, any_word());
    }
}

static void make_input(uint64_t seed, uint64_t run)
{
    me.seed = seed;
    me.run = run;
    me.state = seed * 0x2545f4914f6cdd1dU + run;
    me.n = 0;
    struct bytes start = any_seed();
    insert(0, start.p, start.n);
    /* Three times out of four, where the target has words: a document with other things in it, not a broken one. */
    bool gently = rk_fuzz_words && next() % 4 != 0 && memchr(me.input, '{', me.n);
    for (size_t left = run == 0 ? 0 : 1 + below(8); left > 0; left--)
        gently ? mutate_gently() : mutate();
}

/* Dying: what cannot be written is lost. */
static void say_run(void)
{
    if (me.file)
        (void)dprintf(STDERR_FILENO, "replay: died of %s\n", me.file);
    else
        (void)dprintf(STDERR_FILENO, "replay: died with -s %llu -r %llu\n",
                      (unsigned long long)me.seed, (unsigned long long)me.run);
}

static void on_signal(int sig)
{
    say_run();
    (void)signal(sig, SIG_DFL); /* and die of it */
    (void)raise(sig);
}

/* A copy of exact size, so that AddressSanitizer sees the byte behind it. */
static void run_bytes(const void *p, size_t n)
{
    uint8_t *exact = rk_alloc(n);
    if (n > 0)
        memcpy(exact, p, n);
    (void)LLVMFuzzerTestOneInput(exact, n); /* always 0 */
    rk_free(exact);
}

/* A file's bytes are kept as a seed. */
static int run_file(const char *name, bool run)
{
    FILE *f = fopen(name, "rb");
    if (!f) {
        (void)fprintf(stderr, "replay: %s: %s\n", name, strerror(errno));
        return 1;
    }
    size_t cap = 1 << 16;
    size_t n = 0;
    uint8_t *bytes = rk_alloc(cap);
    for (size_t got; (got = fread(bytes + n, 1, cap - n, f)) > 0;) {
        n += got;
        if (n == cap)
            bytes = rk_realloc(bytes, cap *= 2);
    }
    bool bad = ferror(f) != 0;
    (void)fclose(f); /* only read */
    if (!bad && run) {
        (void)fprintf(stderr, "replay: %s: %zu bytes\n", name, n);
        me.file = name;
        run_bytes(bytes, n);
        me.file = NULL;
    }
    if (!bad && me.n_files < FILES_MAX)
        me.files[me.n_files++] = (struct bytes){bytes, n < INPUT_MAX ? n : INPUT_MAX};
    else
        rk_free(bytes);
    return bad;
}

static void forget_files(void)
{
    while (me.n_files > 0)
        rk_free((void *)(uintptr_t)me.files[--me.n_files].p);
}

static int keep(const char *name)
{
    FILE *f = fopen(name, "wb");
    bool ok = f && fwrite(me.input, 1, me.n, f) == me.n;
    if (f && fclose(f) != 0)
        ok = false;
    if (!ok)
        (void)fprintf(stderr, "replay: %s: %s\n", name, strerror(errno));
    return ok ? 0 : 1;
}

static int mutations(uint64_t seed, uint64_t runs, time_t end)
{
    uint64_t k = 0;
    for (; end ? time(NULL) < end : k < runs; k++) {
        make_input(seed, k);
        run_bytes(me.input, me.n);
    }
    (void)printf("replay: %llu runs, seed %llu\n", (unsigned long long)k, (unsigned long long)seed);
    return 0;
}

static int again(uint64_t seed, uint64_t run, const char *out)
{
    make_input(seed, run);
    if (out && keep(out) != 0)
        return 1;
    run_bytes(me.input, me.n);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t runs = 100000;
    uint64_t seed = 1;
    long long one = -1;
    const char *out = NULL;
    time_t end = 0;
    bool mutate_too = argc == 1;
    for (int opt; (opt = getopt(argc, argv, "n:t:s:r:o:")) != -1;) {
        mutate_too = true;
        if (opt == 'n')
            runs = strtoull(optarg, NULL, 10);
        else if (opt == 't')
            end = time(NULL) + (time_t)strtoull(optarg, NULL, 10);
        else if (opt == 's')
            seed = strtoull(optarg, NULL, 10);
        else if (opt == 'r')
            one = strtoll(optarg, NULL, 10);
        else if (opt == 'o')
            out = optarg;
        else
            return 2;
    }
    int rc = 0;
    (void)signal(SIGABRT, on_signal); /* without them only the number is lost */
    (void)signal(SIGSEGV, on_signal);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(say_run);
    for (int i = optind; i < argc; i++)
        rc |= run_file(argv[i], one < 0);
    if (rc == 0 && mutate_too)
        rc = one >= 0 ? again(seed, (uint64_t)one, out) : mutations(seed, runs, end);
    forget_files();
    return rc;
}
