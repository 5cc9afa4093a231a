/* Dies, hangs or eats, as the annotation test.raykeeper.io/poison of the object tells; without one, or with `immune`, it does nothing. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <raykeeper/sugar.h>

#define POISON "/metadata/annotations/test.raykeeper.io~1poison"

struct conf {
    const char *note;
    uint8_t immune, check;
};

static volatile int zero;
static volatile uint8_t *volatile nowhere;

static int deeper(volatile const char *above, int n)
{
    volatile char room[4096];
    room[0] = above ? above[0] : (char)n;
    return n < 0 ? 0 : deeper(room, n + 1) + room[0];
}

static void burn(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}

static void rest(void)
{
    for (;;)
        pause();
}

static void eat_ours(void)
{
    for (size_t size = (size_t)64 << 20; size > 8;) {
        void *p = malloc(size);
        if (p)
            memset(p, 1, size);
        else
            size /= 2;
    }
}

static int32_t run(const rk_api *rk, rk_pass *ps, void *self)
{
    const struct conf *conf = self;
    const char *what = rk->str(rk->object(ps), POISON, "");
    if (conf->immune || !*what)
        return RK_OK;
    rk->log(ps, 1, "poison", NULL, 0);
    if (rk_is(what, "segv"))
        *nowhere = 1;
    else if (rk_is(what, "abrt"))
        abort();
    else if (rk_is(what, "fpe"))
        zero = 7 / zero; /* not every machine minds */
    else if (rk_is(what, "ill"))
        __builtin_trap();
    else if (rk_is(what, "bus"))
        (void)raise(SIGBUS);
    else if (rk_is(what, "stack"))
        zero = deeper(NULL, 0);
    else if (rk_is(what, "exit"))
        exit(78);
    else if (rk_is(what, "burn"))
        burn();
    else if (rk_is(what, "rest"))
        rest();
    else if (rk_is(what, "alloc"))
        for (;;)
            memset(rk->alloc(ps, (size_t)1 << 20), 1, (size_t)1 << 20);
    else if (rk_is(what, "malloc"))
        eat_ours();
    return RK_OK;
}

/* Crashes while it is loaded. */
static int32_t check(const void *self, char *err, size_t err_size)
{
    const struct conf *conf = self;
    (void)err, (void)err_size;
    if (conf->check)
        abort();
    return RK_OK;
}

static const rk_opt opts[] = {
    {.key = "note",
     .dflt = "",
     .help = "any text",
     .type = RK_T_STR,
     .offset = offsetof(struct conf, note)},
    {.key = "immune",
     .dflt = "no",
     .help = "do nothing",
     .type = RK_T_BOOL,
     .offset = offsetof(struct conf, immune)},
    {.key = "check",
     .dflt = "no",
     .help = "crash while loaded",
     .type = RK_T_BOOL,
     .offset = offsetof(struct conf, check)},
};
static const rk_hook hooks[] = {
    {.phase = RK_PHASE_PLAN, .rank = 50, .run = run, .title = "does harm"},
};

const rk_plugin rk_plugin_v0 = {
    RK_PLUGIN_SIZES, .self_size = sizeof(struct conf), .name = "poison", .version = "1",
    .hooks = hooks,  .n_hooks = RK_COUNT(hooks),       .opts = opts,     .n_opts = RK_COUNT(opts),
    .check = check};
