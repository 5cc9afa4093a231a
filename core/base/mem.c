/* Heap memory that cannot fail: the process says so in one line and ends. State lives in the API server, so dying is
 * cheaper than carrying an error path through every allocation (DESIGN 4). */
#include "core/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not abort(): running out is nobody's fault in particular, and a crash would be blamed on the plugin in hand (DESIGN 4). */
static _Noreturn void run_out(void)
{
    static const char why[] = "raykeeper: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, why, sizeof why - 1); /* nothing else could be done */
    (void)ignored;
    _exit(RK_EXIT_MEMORY);
}

static _Noreturn void die(const char *why)
{
    /* No log line: logging may need what has just run out. The result is ignored because abort follows anyway. */
    ssize_t ignored = write(STDERR_FILENO, why, strlen(why));
    (void)ignored;
    abort();
}

void *rk_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p)
        run_out();
    return p;
}

void *rk_realloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q)
        run_out();
    return q;
}

void *rk_alloc_array(size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        die("raykeeper: allocation size overflows\n");
    return rk_alloc(n);
}

char *rk_strdup(const char *s)
{
    return s ? rk_strndup(s, strlen(s)) : NULL;
}

char *rk_strndup(const char *s, size_t n)
{
    if (n == SIZE_MAX)
        die("raykeeper: allocation size overflows\n");
    char *copy = rk_realloc(NULL, n + 1);
    if (n)
        memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

void rk_free(void *p)
{
    free(p);
}

void rk_wipe(void *p, size_t n)
{
    if (p)
        explicit_bzero(p, n);
}
